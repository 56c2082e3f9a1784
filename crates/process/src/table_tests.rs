//! Tables as historians export them, and what is told of what cannot be read.

use crate::table::{Table, read};

fn rows(table: &Table) -> Vec<String> {
    let row = |(at, row): (model::Time, &[f64])| {
        let cells: Vec<String> =
            row.iter().map(|value| if value.is_nan() { "-".into() } else { value.to_string() }).collect();
        format!("{} {}", &at.to_string()[..19], cells.join(" "))
    };
    table.frame.rows().map(row).collect()
}

fn problems(table: &Table) -> Vec<String> {
    table.problems.iter().map(|problem| format!("{}: {}", problem.line, problem.reason)).collect()
}

#[test]
fn wide_with_decimal_comma_and_labels() {
    let table = read("Horodatage;Niveau;Débit;Pompe;ATT_FLAG\n31/12/2026 10:00;1,5;1 234,25;Marche;-999\n31/12/2026 11:00;1,75;;Arrêt;1\n".as_bytes());
    assert_eq!(table.frame.tags(), ["Niveau", "Débit", "Pompe"]);
    assert_eq!(rows(&table), ["2026-12-31T10:00:00 1.5 1234.25 1", "2026-12-31T11:00:00 1.75 - 0"]);
    assert_eq!(table.labels, Some(vec![false, true]));
    assert_eq!(problems(&table), [] as [&str; 0]);
}

#[test]
fn long_is_turned() {
    let table = read(
        b"Tag,Timestamp,Value,Quality\nFT1,2026-01-01 00:00:00,5,Good\nLT1,2026-01-01 00:00:00,2.5,Good\nFT1,2026-01-01 00:00:10,6,Bad\nLT1,2026-01-01 00:00:10,2.6,Good\n",
    );
    assert_eq!(table.frame.tags(), ["FT1", "LT1"]);
    assert_eq!(rows(&table), ["2026-01-01T00:00:00 5 2.5", "2026-01-01T00:00:10 - 2.6"]);
}

#[test]
fn bad_cells_are_told_and_nothing_else_is_lost() {
    let table = read(b"time,a,b,note\n2026-01-01 00:00,1,2,x\nnever,1,2,x\n2026-01-01 00:02,x1,4,x\n2026-01-01 00:03,5\n2026-01-01 00:01,7,8,x\n");
    assert_eq!(
        rows(&table),
        ["2026-01-01T00:00:00 1 2", "2026-01-01T00:01:00 7 8", "2026-01-01T00:02:00 - 4", "2026-01-01T00:03:00 5 -"]
    );
    assert_eq!(
        problems(&table),
        [
            "3: `never` is not a time; the row is left out",
            "0: column `note` has no numbers; it is left out",
            "0: rows are not in order of time; they were sorted",
            "4: `x1` in column `a` is not a number",
            "5: 2 cells where 4 were expected; those that are there were read",
        ]
    );
}

#[test]
fn without_names_and_times_rows_are_seconds() {
    let table = read(b"0.1,2\n0.2,3\n");
    assert_eq!((table.has_time, table.frame.len(), table.frame.width()), (false, 2, 2));
    assert_eq!(table.frame.tags(), ["column 1", "column 2"]);
}

#[test]
fn encodings_of_spreadsheets() {
    let text = "Temps\tÉtat\n2026-01-01 00:00:00\t1\n2026-01-01 00:00:01\t0\n";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin: Vec<u8> = text.chars().map(|sign| sign as u8).collect();
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
    for bytes in [text.as_bytes().to_vec(), wide, latin, marked] {
        let table = read(&bytes);
        assert_eq!((table.frame.tags(), table.frame.len()), (&["État".to_owned()][..], 2));
    }
}

#[test]
fn nothing_fails_on_noise() {
    for noise in [
        &b""[..],
        b"\n\n",
        b"a",
        b"a,b\n",
        b"\"",
        b"\xff\xfe\x00",
        b",,,\n,,,",
        b"time,v\n,\n",
        b"1e999,2\n",
        b"\xff\xd8\x00,1\n2",
    ] {
        _ = read(noise);
    }
    assert_eq!(problems(&read(b"")), ["0: there is no row"]);
}
