//! Exports of historians: separated values, wide or long, with a column of time and perhaps one of labels.
//!
//! Nothing is lost for one bad cell: what cannot be read is told with its line and reason, and the rest is kept.

use std::collections::BTreeMap;

use model::Time;

use crate::frame::Frame;
use crate::moment::Moments;

/// Problems that are told one by one; further ones are counted.
const PROBLEMS_TOLD: usize = 50;
/// Names of columns of time.
const TIME_NAMES: &[&str] = &[
    "time",
    "timestamp",
    "datetime",
    "date_time",
    "date",
    "t",
    "ts",
    "zeit",
    "zeitstempel",
    "horodatage",
    "horodate",
    "date/heure",
    "date heure",
    "date time",
    "utc",
    "time_utc",
    "epoch",
    "heure",
];
/// Names of columns that say whether a row was bad.
const LABEL_NAMES: &[&str] = &[
    "att_flag",
    "anomaly",
    "label",
    "labels",
    "attack",
    "is_attack",
    "is_anomaly",
    "fault",
    "normal/attack",
    "anomalie",
    "attaque",
];
/// Names of columns that are about labels, and neither tags nor labels.
const OTHER_NAMES: &[&str] = &["changepoint"];
/// Names of the columns of a long table.
const TAG_NAMES: &[&str] = &[
    "tag",
    "tagname",
    "tag_name",
    "name",
    "point",
    "pointname",
    "variable",
    "sensor",
    "signal",
    "item",
    "repère",
    "nom",
];
const VALUE_NAMES: &[&str] = &["value", "val", "valeur", "wert", "pv"];
const QUALITY_NAMES: &[&str] = &["quality", "status", "qualité", "qualite", "good"];
/// Words that stand for a value that is missing.
const MISSING: &[&str] = &[
    "",
    "nan",
    "null",
    "none",
    "na",
    "n/a",
    "#n/a",
    "bad",
    "no data",
    "nodata",
    "i/o timeout",
    "bad input",
    "-",
    "?",
    "not connect",
    "pt created",
    "shutdown",
    "configure",
    "comm fail",
];
/// Words that stand for 1 and 0.
const ONES: &[&str] = &["on", "true", "open", "opened", "yes", "running", "marche", "ouvert", "vrai", "oui", "1.0"];
const ZEROS: &[&str] = &["off", "false", "closed", "no", "stopped", "arrêt", "arret", "fermé", "ferme", "faux", "non"];

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1; 0 where it is the whole file.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// A table that was read.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The values.
    pub frame: Frame,
    /// Which rows are labelled as bad, where there is a column of labels.
    pub labels: Option<Vec<bool>>,
    /// Whether times were read; else rows are a second apart, from 0.
    pub has_time: bool,
    /// What could not be read, the first of it one by one.
    pub problems: Vec<Problem>,
    /// Number of problems, with those that are not told.
    pub problem_count: u64,
}

impl Table {
    fn problem(&mut self, line: u64, reason: String) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_TOLD {
            self.problems.push(Problem { line, reason });
        }
    }
}

/// The text of a file: UTF-8, UTF-16 with its mark, else Latin-1.
fn text_of(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], order: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        },
    }
}

/// The separator: the one that cuts the first lines into the most cells, the same number each.
fn separator(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let score = |separator: u8| {
        let counts: Vec<usize> =
            lines.iter().map(|line| line.bytes().filter(|byte| *byte == separator).count()).collect();
        let least = counts.iter().min().copied().unwrap_or(0);
        let is_even = counts.iter().all(|count| *count == counts[0]);
        (usize::from(is_even && least > 0), least)
    };
    // A semicolon or tab beside commas: the commas are decimal.
    b";\t,|"
        .iter()
        .copied()
        .max_by_key(|separator| (score(*separator), *separator == b';', *separator == b'\t'))
        .unwrap_or(b',')
}

/// Reads a number; with a decimal comma where `is_comma`. `Ok(None)` is a value that is missing.
fn value(cell: &str, is_comma: bool) -> Result<Option<f64>, ()> {
    let cell = cell.trim();
    if let Ok(value) = cell.parse::<f64>() {
        return Ok(value.is_finite().then_some(value));
    }
    let lower = cell.to_lowercase();
    if MISSING.contains(&lower.as_str()) {
        return Ok(None);
    }
    if ONES.contains(&lower.as_str()) {
        return Ok(Some(1.0));
    }
    if ZEROS.contains(&lower.as_str()) {
        return Ok(Some(0.0));
    }
    let plain: String = cell.chars().filter(|sign| !matches!(sign, ' ' | '\u{a0}' | '\u{202f}' | '\'')).collect();
    let plain = if is_comma { plain.replace('.', "").replace(',', ".") } else { plain.replace(',', "") };
    plain.parse::<f64>().ok().filter(|value| value.is_finite()).map(Some).ok_or(())
}

/// Whether commas in cells are decimal: some cell is digits, a comma, digits, and the comma does not group thousands.
fn has_decimal_comma(rows: &[csv::StringRecord]) -> bool {
    rows.iter().take(200).flat_map(csv::StringRecord::iter).any(|cell| {
        let cell = cell.trim();
        cell.split_once(',').is_some_and(|(whole, part)| {
            let digits = |text: &str| !text.is_empty() && text.chars().all(|sign| sign.is_ascii_digit());
            digits(whole.trim_start_matches('-')) && digits(part) && (part.len() != 3 || whole == "0" || whole == "-0")
        })
    })
}

fn is_bad_label(cell: &str) -> bool {
    let cell = cell.trim();
    match cell.parse::<f64>() {
        Ok(value) => value > 0.0,
        Err(_) => {
            let lower = cell.to_lowercase();
            lower.contains("attack")
                || lower.contains("anomal")
                || lower == "true"
                || lower == "yes"
                || lower.contains("attaque")
        }
    }
}

/// Reads a table.
pub fn read(bytes: &[u8]) -> Table {
    let text = text_of(bytes);
    let mut table = Table::default();
    let separator = separator(&text);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows: Vec<csv::StringRecord> = Vec::new();
    for row in reader.records() {
        match row {
            Ok(row) if row.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(row) => rows.push(row),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                table.problem(line, format!("not separated values: {error}"));
            }
        }
    }
    let Some(first) = rows.first() else {
        table.problem(0, "there is no row".to_owned());
        return table;
    };
    let is_comma = separator != b',' && has_decimal_comma(&rows);
    // A first line in which nothing is a number or a time is one of names.
    let is_headed = !first.iter().any(|cell| matches!(value(cell, is_comma), Ok(Some(_))) || Moments::is_moment(cell));
    let names: Vec<String> = match is_headed {
        true => first.iter().map(|name| name.trim().to_owned()).collect(),
        false => (1..=first.len()).map(|number| format!("column {number}")).collect(),
    };
    let rows = if is_headed { &rows[1..] } else { &rows[..] };
    if rows.is_empty() {
        table.problem(0, "there is no row after the names".to_owned());
        return table;
    }
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let find = |list: &[&str]| lower.iter().position(|name| list.contains(&name.as_str()));
    let moment_columns = moment_columns(&lower, rows);
    let times = times(rows, &moment_columns, &mut table);
    table.has_time = !moment_columns.is_empty();
    match (find(TAG_NAMES), find(VALUE_NAMES)) {
        (Some(tag), Some(value)) if table.has_time && tag != value => {
            long(rows, &times, tag, value, find(QUALITY_NAMES), is_comma, &mut table);
        }
        _ => wide(rows, &times, &names, &lower, &moment_columns, is_comma, &mut table),
    }
    if table.frame.is_empty() || table.frame.width() == 0 {
        table.problem(0, "no column has numbers".to_owned());
    }
    table
}

/// Which columns hold the time: by name, else the first that reads as times. Two where date and time of day are apart.
fn moment_columns(lower: &[String], rows: &[csv::StringRecord]) -> Vec<usize> {
    let cells = |column: usize| rows.iter().take(20).filter_map(move |row| row.get(column));
    // Most of them: one bad cell must not cost the column.
    let reads = |column: usize| {
        let good = cells(column).filter(|cell| Moments::is_moment(cell)).count();
        good > 0 && good * 5 >= cells(column).filter(|cell| !cell.trim().is_empty()).count() * 3
    };
    let is_number = |column: usize| cells(column).all(|cell| cell.trim().parse::<f64>().is_ok());
    if let (Some(date), Some(time)) = (
        lower.iter().position(|name| matches!(name.as_str(), "date" | "datum" | "jour")),
        lower.iter().position(|name| matches!(name.as_str(), "time" | "heure" | "zeit" | "uhrzeit" | "hour")),
    ) && date != time
        && !is_number(date)
    {
        return vec![date, time];
    }
    let named = lower.iter().position(|name| TIME_NAMES.contains(&name.as_str()) || name.starts_with("timestamp"));
    if let Some(column) = named.filter(|column| reads(*column) || is_number(*column)) {
        return vec![column];
    }
    // A nameless first column of times, but not one of plain numbers.
    let first = (0..lower.len().min(2)).find(|column| reads(*column) && !is_number(*column));
    first.into_iter().collect()
}

/// Times of all rows; `None` where one could not be read.
fn times(rows: &[csv::StringRecord], columns: &[usize], table: &mut Table) -> Vec<Option<Time>> {
    if columns.is_empty() {
        return (0..rows.len()).map(|row| Some(Time::from_seconds(row as i64, 0))).collect();
    }
    let cell = |row: &csv::StringRecord| -> String {
        let parts: Vec<&str> = columns.iter().filter_map(|column| row.get(*column)).map(str::trim).collect();
        parts.join(" ")
    };
    let moments = Moments::learn(rows.iter().map(cell));
    rows.iter()
        .map(|row| {
            let text = cell(row);
            let time = moments.read(&text);
            if time.is_none() {
                table.problem(
                    line_of(row),
                    format!("`{}` is not a time; the row is left out", text.chars().take(40).collect::<String>()),
                );
            }
            time
        })
        .collect()
}

fn line_of(row: &csv::StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// One row a time, one column a tag.
fn wide(
    rows: &[csv::StringRecord],
    times: &[Option<Time>],
    names: &[String],
    lower: &[String],
    moments: &[usize],
    is_comma: bool,
    table: &mut Table,
) {
    let label = lower.iter().position(|name| LABEL_NAMES.contains(&name.as_str()));
    let mut columns = Vec::new();
    for column in (0..names.len()).filter(|column| !moments.contains(column) && Some(*column) != label) {
        if OTHER_NAMES.contains(&lower[column].as_str()) || names[column].is_empty() {
            continue;
        }
        let cells = || rows.iter().filter_map(|row| row.get(column));
        let (mut read, mut wrong) = (0, 0);
        cells().take(2_000).for_each(|cell| match value(cell, is_comma) {
            Ok(Some(_)) => read += 1,
            Ok(None) => {}
            Err(()) => wrong += 1,
        });
        if read > wrong {
            columns.push(column);
        } else if wrong > 0 {
            table.problem(0, format!("column `{}` has no numbers; it is left out", names[column]));
        }
    }
    let mut frame = Frame::new(columns.iter().map(|column| names[*column].clone()).collect());
    let mut labels = Vec::new();
    let mut order: Vec<usize> = (0..rows.len()).filter(|row| times[*row].is_some()).collect();
    if order.windows(2).any(|pair| times[pair[0]] > times[pair[1]]) {
        table.problem(0, "rows are not in order of time; they were sorted".to_owned());
        order.sort_by_key(|row| times[*row]);
    }
    let mut values = vec![f64::NAN; columns.len()];
    for index in order {
        let (row, Some(at)) = (&rows[index], times[index]) else { continue };
        if row.len() != names.len() && row.len() != names.len() + 1 {
            table.problem(
                line_of(row),
                format!("{} cells where {} were expected; those that are there were read", row.len(), names.len()),
            );
        }
        for (place, column) in values.iter_mut().zip(&columns) {
            *place = f64::NAN;
            match row.get(*column).map(|cell| (cell, value(cell, is_comma))) {
                Some((_, Ok(Some(value)))) => *place = value,
                Some((cell, Err(()))) => table.problem(
                    line_of(row),
                    format!(
                        "`{}` in column `{}` is not a number",
                        cell.chars().take(40).collect::<String>(),
                        names[*column]
                    ),
                ),
                _ => {}
            }
        }
        frame.push(at, &values);
        if let Some(label) = label {
            labels.push(row.get(label).is_some_and(is_bad_label));
        }
    }
    table.frame = frame;
    table.labels = label.map(|_| labels);
}

/// One row a value: times of all tags become rows, what a tag does not say then is a hole.
fn long(
    rows: &[csv::StringRecord],
    times: &[Option<Time>],
    tag: usize,
    column: usize,
    quality: Option<usize>,
    is_comma: bool,
    table: &mut Table,
) {
    let mut tags: BTreeMap<String, usize> = BTreeMap::new();
    let mut cells: BTreeMap<Time, Vec<(usize, f64)>> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for (row, at) in rows.iter().zip(times) {
        let (Some(at), Some(name), Some(cell)) = (*at, row.get(tag), row.get(column)) else { continue };
        let is_bad = quality.and_then(|quality| row.get(quality)).is_some_and(|quality| {
            let quality = quality.trim().to_lowercase();
            quality.starts_with("bad") || quality == "false" || quality == "0" || quality.starts_with("uncertain")
        });
        match value(cell, is_comma) {
            Ok(Some(value)) if !is_bad => {
                let name = name.trim();
                let index = match tags.get(name) {
                    Some(index) => *index,
                    None => {
                        tags.insert(name.to_owned(), names.len());
                        names.push(name.to_owned());
                        names.len() - 1
                    }
                };
                cells.entry(at).or_default().push((index, value));
            }
            Ok(_) => {}
            Err(()) => table.problem(
                line_of(row),
                format!("`{}` is not a number", cell.trim().chars().take(40).collect::<String>()),
            ),
        }
    }
    let mut values = vec![f64::NAN; names.len()];
    let mut frame = Frame::new(names);
    for (at, found) in cells {
        values.fill(f64::NAN);
        found.iter().for_each(|(index, value)| values[*index] = *value);
        frame.push(at, &values);
    }
    table.frame = frame;
}
