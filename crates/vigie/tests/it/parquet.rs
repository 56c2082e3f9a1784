//! Records as Parquet, and SQL over them: with our own engine, and with DuckDB as people have it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{folder, plant, text, vigie};

/// The records of the plant as Parquet.
fn records() -> &'static Path {
    static RECORDS: OnceLock<PathBuf> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let path = folder("parquet").join("records");
        let ran = vigie(&["read", "--records", text(&path), "--format", "parquet", text(plant())]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        path
    })
}

/// How many records of each kind JSON lines have.
fn counts() -> Vec<(&'static str, usize)> {
    let ran = vigie(&["read", "--records", "-", text(plant())]);
    let records = ran.records();
    let count = |kind: &str| records.iter().filter(|record| record["record"] == kind).count();
    [
        ("acts", "act"),
        ("conversations", "conversation"),
        ("events", "event"),
        ("facts", "fact"),
        ("findings", "finding"),
        ("health", "health"),
        ("samples", "sample"),
    ]
    .map(|(table, kind)| (table, count(kind)))
    .to_vec()
}

#[test]
fn every_kind_has_its_file() {
    let mut names: Vec<String> = fs::read_dir(records())
        .expect("the folder")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    let wanted = ["acts", "conversations", "events", "facts", "findings", "health", "samples"]
        .map(|kind| format!("{kind}.parquet"));
    assert_eq!(names, wanted);
}

#[test]
fn parquet_is_refused_where_it_cannot_go() {
    let ran = vigie(&["read", "--records", "-", "--format", "parquet", text(plant())]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("standard output"), "{}", ran.err);
    let file = folder("parquet-file").join("file");
    fs::write(&file, "here already").expect("a file");
    let ran = vigie(&["read", "--records", text(&file), "--format", "parquet", text(plant())]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("needs a folder"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&file).expect("still there"), "here already");
    let below = file.join("below");
    let ran = vigie(&["read", "--records", text(&below), "--format", "parquet", text(plant())]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("could not write"), "{}", ran.err);
}

/// A Python with DuckDB in it, installed once; nothing where it cannot be had.
fn python() -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("duckdb-python");
    let python = home.join("bin/python");
    let has = |python: &Path| {
        Command::new(python).args(["-c", "import duckdb"]).output().is_ok_and(|ran| ran.status.success())
    };
    if has(&python) {
        return Some(python);
    }
    let made = Command::new("python3").args(["-m", "venv", text(&home)]).output();
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "duckdb"];
    let _ = made.and_then(|_| Command::new(&python).args(install).output());
    has(&python).then_some(python)
}

#[test]
fn duckdb_reads_the_files() {
    let Some(python) = python() else {
        println!("skipped: DuckDB could not be installed (no network, or no python3-venv)");
        return;
    };
    let script = r#"
import duckdb, sys
folder = sys.argv[1]
for kind in ["acts", "conversations", "events", "facts", "findings", "health", "samples"]:
    print(kind, duckdb.sql(f"SELECT count(*) FROM '{folder}/{kind}.parquet'").fetchall()[0][0])
types = {name: kind for name, kind, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM '{folder}/acts.parquet'").fetchall()}
print(types["at"], types["verb"], types["code"], types["latency_us"], types["values"])
stop = f"""SELECT CAST("at" AS VARCHAR), from_ip, to_ip, to_port, behind, code, verb, outcome FROM '{folder}/acts.parquet'
    WHERE protocol = 'modbus' AND "values" IS NOT NULL ORDER BY number LIMIT 1"""
print(duckdb.sql(stop).fetchall()[0])
print(duckdb.sql(f"SELECT count(*) > 0 FROM '{folder}/acts.parquet' WHERE json_extract(\"values\", '$[0].value') IS NOT NULL").fetchall()[0][0])
"#;
    let ran = Command::new(python).args(["-c", script, text(records())]).output().expect("python runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    for (kind, count) in counts() {
        assert!(said.contains(&format!("{kind} {count}\n")), "{kind}: {count}, but\n{said}");
    }
    assert!(said.contains("VARCHAR BIGINT DOUBLE VARCHAR"), "{said}");
    assert!(said.contains("TIMESTAMP"), "{said}");
    assert!(said.contains("'modbus'") || said.contains("'read'"), "{said}");
}

fn sql(query: &str, format: &str) -> crate::Ran {
    vigie(&["sql", query, "--records", text(records()), "--format", format])
}

#[test]
fn sql_over_records_answers_in_every_form() {
    for (kind, count) in counts() {
        let ran = sql(&format!("SELECT count(*) AS n FROM {kind}"), "csv");
        assert_eq!((ran.code, ran.out.as_str()), (0, format!("n\n{count}\n").as_str()), "{kind}: {}", ran.err);
    }
    let question =
        "SELECT at, from_ip, verb, code, latency_us FROM acts WHERE verb = 'read' ORDER BY at, number LIMIT 2";
    let rows = sql(question, "json").json();
    let lines = sql(question, "jsonl").records();
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    assert_eq!(rows.as_array(), Some(&lines));
    let at = lines[0]["at"].as_str().expect("a time");
    assert!(at.len() == 30 && at.ends_with('Z'), "as in records: {at}");
    let same = vigie(&["read", "--records", "-", text(plant())]);
    assert!(same.records().iter().any(|record| record["at"] == at && record["verb"] == "read"), "{at}");
    let table = sql(question, "table");
    assert!(table.out.starts_with("+--") && table.out.contains("| read "), "{}", table.out);
    let file = folder("sql").join("answer.parquet");
    let ran = vigie(&["sql", question, "--records", text(records()), "--format", "parquet", "--output", text(&file)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::read(&file).expect("the answer").starts_with(b"PAR1"));
}

#[test]
fn wrong_questions_are_answered_with_what_is_right() {
    let wrong = |query: &str| {
        let ran = sql(query, "table");
        assert_eq!(ran.code, 2, "{query}: {}", ran.out);
        ran.err
    };
    assert!(wrong("SELECT verbs FROM acts").contains("is it `verb`?"));
    assert!(wrong("SELECT * FROM act").contains("there is no table `act`; there are: acts, facts"));
    assert!(wrong("SELEC 1").contains("not SQL"));
    assert!(wrong("DROP TABLE acts").contains("only be read"));
    assert!(wrong("COPY acts TO 'stolen.csv'").contains("only be read"));
    assert!(wrong("SET datafusion.execution.batch_size = 1").contains("only be read"));
    assert!(vigie(&["sql", "SELECT 1"]).code == 2, "it must be said what is asked");
    let cut = vigie(&["sql", "SELECT * FROM acts", "--records", text(records()), "--limit", "3", "--format", "jsonl"]);
    assert_eq!((cut.code, cut.out.lines().count()), (0, 3));
    assert!(cut.err.contains("only the first 3 rows"), "{}", cut.err);
}
