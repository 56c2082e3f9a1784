//! Labels as data sets write them: intervals in JSON or CSV, packets by number, deeds of the simulated plant.

use model::Time;
use serde_json::Value;

use crate::Label;

/// An interval as it is written: how its times are to be read is for the caller to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// What it is called.
    pub id: String,
    /// First and last time, or row, as text.
    pub span: (String, String),
    /// What it was done to.
    pub targets: Vec<String>,
    /// The file that it is about, where several are tested.
    pub file: Option<String>,
}

/// What a file of labels holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Intervals of time or of rows.
    Intervals(Vec<Interval>),
    /// For each packet, from the first, whether it belongs to an attack.
    Packets(Vec<bool>),
    /// Deeds of the simulated plant: the attacks among them.
    Deeds(Vec<Label>),
}

const START: &[&str] = &["start", "begin", "from", "first", "début", "debut", "start_time", "starttime"];
const END: &[&str] = &["end", "stop", "to", "last", "fin", "end_time", "endtime", "until"];
const TARGET: &[&str] = &["target", "targets", "attack_point", "tag", "tags", "cible", "cibles", "to"];
const ID: &[&str] = &["id", "name", "attack", "nom"];
const FILE: &[&str] = &["file", "test", "fichier", "dataset"];

/// Reads a file of labels: JSON (a list, or a list in an object), JSON lines of deeds, packets as `number;0` or intervals as
/// separated values with a line of names.
pub fn read(text: &str) -> Result<Labels, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('[') || text.starts_with('{') {
        return json(text);
    }
    if let Some(packets) = packets(text)? {
        return Ok(Labels::Packets(packets));
    }
    table(text)
}

fn json(text: &str) -> Result<Labels, String> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let list = match &value {
            Value::Array(list) => Some(list),
            Value::Object(object) if object.contains_key("intent") => None,
            Value::Object(object) => object.values().find_map(Value::as_array),
            _ => None,
        };
        if let Some(list) = list {
            let intervals: Result<Vec<Interval>, String> = list.iter().enumerate().map(interval).collect();
            return intervals.map(Labels::Intervals);
        }
    }
    let mut deeds = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value: Value = serde_json::from_str(line).map_err(|e| format!("line {}: {e}", index + 1))?;
        if value["intent"] != "attack" {
            continue;
        }
        let time = |key: &str| {
            let text = value[key].as_str().unwrap_or_default();
            Time::parse(text).ok_or_else(|| format!("line {}: `{text}` is not the time `{key}` of a deed", index + 1))
        };
        deeds.push(Label {
            id: value["id"].as_str().unwrap_or("attack").to_owned(),
            start: time("first")?,
            end: time("last")?,
            targets: texts(&value["to"]),
        });
    }
    Ok(Labels::Deeds(deeds))
}

/// A text, or a list of them; of `state;L_T7` the name.
fn texts(value: &Value) -> Vec<String> {
    let name = |value: &Value| value.as_str().map(|text| text.rsplit(';').next().unwrap_or(text).trim().to_owned());
    match value {
        Value::Array(list) => list.iter().filter_map(name).collect(),
        value => name(value).into_iter().filter(|name| !name.is_empty()).collect(),
    }
}

fn interval((index, value): (usize, &Value)) -> Result<Interval, String> {
    let of = |names: &[&str]| names.iter().map(|name| &value[*name]).find(|value| !value.is_null());
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (Some(start), Some(end)) = (of(START), of(END)) else {
        return Err(format!("interval {} has no start or no end", index + 1));
    };
    Ok(Interval {
        id: of(ID).map_or_else(|| (index + 1).to_string(), text),
        span: (text(start), text(end)),
        targets: of(TARGET).map(texts).unwrap_or_default(),
        file: of(FILE).map(text),
    })
}

/// `number;0|1` for each packet; none where the first line is something else.
fn packets(text: &str) -> Result<Option<Vec<bool>>, String> {
    let split = |line: &str| -> Option<(usize, bool)> {
        let (number, label) = line.trim().split_once([';', ','])?;
        let label = match label.trim().trim_end_matches([';', ',']) {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        number.trim().parse().ok().filter(|number| *number > 0).map(|number| (number, label))
    };
    if text.lines().next().and_then(split).is_none() {
        return Ok(None);
    }
    let mut labels = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (number, label) = split(line)
            .ok_or_else(|| format!("line {}: `{}` is not `number;0` or `number;1`", index + 1, line.trim()))?;
        if number > labels.len() + 10_000_000 {
            return Err(format!("line {}: packet {number} comes after {}", index + 1, labels.len()));
        }
        if labels.len() < number {
            labels.resize(number, false);
        }
        labels[number - 1] = label;
    }
    Ok(Some(labels))
}

fn table(text: &str) -> Result<Labels, String> {
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.contains(';') {
        b';'
    } else if head.contains('\t') {
        b'\t'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let names: Vec<String> =
        reader.headers().map_err(|e| e.to_string())?.iter().map(|name| name.trim().to_lowercase()).collect();
    let place = |list: &[&str], not: Option<usize>| {
        names
            .iter()
            .enumerate()
            .find(|(index, name)| Some(*index) != not && list.contains(&name.as_str()))
            .map(|(index, _)| index)
    };
    let (Some(start), Some(end)) = (place(START, None), place(END, None)) else {
        return Err(format!(
            "neither intervals (columns start,end) nor packets (number;0): the first line is `{head}`"
        ));
    };
    let (id, target, file) = (place(ID, None), place(TARGET, Some(end)), place(FILE, None));
    let mut intervals = Vec::new();
    for (index, row) in reader.records().enumerate() {
        let row = row.map_err(|e| e.to_string())?;
        let cell = |place: usize| row.get(place).map(str::trim).unwrap_or_default().to_owned();
        let targets = target.map(cell).unwrap_or_default();
        intervals.push(Interval {
            id: id.map(cell).filter(|id| !id.is_empty()).unwrap_or_else(|| (index + 1).to_string()),
            span: (cell(start), cell(end)),
            targets: targets.split(['|', ' ', '+']).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            file: file.map(cell).filter(|file| !file.is_empty()),
        });
    }
    Ok(Labels::Intervals(intervals))
}

/// Labels out of a column of the data, named after those of a file that lies nearest: a column says to the sample when,
/// a file says what. Times of the two may be some hours apart, because files often mean another zone.
pub fn name_after(mut labels: Vec<Label>, named: &[Label]) -> Vec<Label> {
    for label in &mut labels {
        let far = |one: &&Label| {
            let middle = |label: &Label| label.start.0 / 2 + label.end.0 / 2;
            (middle(one) - middle(label)).abs()
        };
        if let Some(one) = named.iter().min_by_key(far) {
            let reach = 14 * 3_600 * 1_000_000_000;
            if one.start.0 <= label.end.0 + reach && label.start.0 <= one.end.0 + reach {
                (label.id, label.targets) = (one.id.clone(), one.targets.clone());
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_in_json_and_csv() {
        let json = r#"[{"id": "1", "attack_point": ["state;L_T7"], "start": 1473800400, "end": 1473976800}]"#;
        let one = Interval {
            id: "1".into(),
            span: ("1473800400".into(), "1473976800".into()),
            targets: vec!["L_T7".into()],
            file: None,
        };
        assert_eq!(read(json), Ok(Labels::Intervals(vec![one.clone()])));
        assert_eq!(read("start;end;target\n1473800400;1473976800;L_T7\n"), Ok(Labels::Intervals(vec![one])));
        assert!(read("a,b\n1,2\n").is_err());
        assert!(read(r#"[{"start": 1}]"#).is_err());
    }

    #[test]
    fn packets_by_number() {
        assert_eq!(read("1;0\n2;1\r\n4;0\n"), Ok(Labels::Packets(vec![false, true, false, false])));
        assert_eq!(read("1;0\nx;1\n"), Err("line 2: `x;1` is not `number;0` or `number;1`".into()));
    }

    #[test]
    fn deeds_of_the_simulated_plant() {
        let deed = |intent: &str| {
            format!(
                r#"{{"id":"s7-stop","intent":"{intent}","to":["10.0.0.1"],"first":"2026-01-01T00:00:00Z","last":"2026-01-01T00:01:00Z"}}"#
            )
        };
        let Ok(Labels::Deeds(deeds)) = read(&format!("{}\n{}\n", deed("maintenance"), deed("attack"))) else {
            panic!("deeds")
        };
        assert_eq!((deeds.len(), deeds[0].targets.as_slice()), (1, &["10.0.0.1".to_owned()][..]));
        assert!(matches!(read(&deed("attack")), Ok(Labels::Deeds(deeds)) if deeds.len() == 1));
    }

    #[test]
    fn a_column_says_when_and_a_file_says_what() {
        let label = |id: &str, start: i64, end: i64, targets: &[&str]| Label {
            id: id.into(),
            start: Time::from_seconds(start, 0),
            end: Time::from_seconds(end, 0),
            targets: targets.iter().map(|one| (*one).to_owned()).collect(),
        };
        let column = vec![label("1", 100_000, 110_000, &[]), label("2", 500_000, 510_000, &[])];
        let named = name_after(column, &[label("A", 92_800, 102_800, &["L_T7"])]);
        assert_eq!((named[0].id.as_str(), named[0].targets.len()), ("A", 1));
        assert_eq!((named[1].id.as_str(), named[1].targets.len()), ("2", 0));
    }
}
