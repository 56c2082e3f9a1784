//! What the API asks of history: records newest first in pages, variables with their last value, and series.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, TimestampNanosecondType};
use model::Time;
use serde_json::{Map, Number, Value, json};

use crate::kind::{Form, Kind};
use crate::query::{History, QueryError, QueryLimits};

/// Records of a page at most.
const PAGE_ROWS_MAX: usize = 1_000;

/// Variables of one list at most.
const VARIABLES_MAX: usize = 10_000;

/// Points of a series at most.
const POINTS_MAX: usize = 10_000;

/// How far back variables are looked for where nothing else is said, in nanoseconds.
const VARIABLES_WINDOW: i64 = 24 * 3_600 * 1_000_000_000;

/// Which records, all conditions together. What is empty or absent asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these IP addresses is at one end.
    pub ips: Vec<String>,
    /// One of these hardware addresses is at one end that has no IP address.
    pub macs: Vec<String>,
    /// At this time or later.
    pub from: Option<Time>,
    /// Before this time.
    pub to: Option<Time>,
    /// Columns and the words of which they have one: `("verb", ["write", "operate"])`. Columns that the kind does not
    /// have are an error.
    pub words: Vec<(&'static str, Vec<String>)>,
}

/// A page of records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The records as in JSON lines, with `batch` (ledger entry) and `number` (place in it).
    pub items: Vec<Value>,
    /// Where the next page begins; absent after the last.
    pub next: Option<String>,
}

/// A process variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Id of the protocol.
    pub protocol: String,
    /// IP address of the machine that has it.
    pub ip: Option<String>,
    /// Hardware address of that machine.
    pub mac: Option<String>,
    /// What behind that machine has it.
    pub behind: Option<String>,
    /// Its name.
    pub object: String,
    /// The last value, as in records.
    pub value: Value,
    /// When it had it.
    pub at: Time,
    /// Number of samples in the time that was looked at.
    pub samples: i64,
    /// Least and greatest value in that time, where values are numbers.
    pub range: Option<(f64, f64)>,
}

/// A stretch of a series: what one pixel of a chart shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Time of the first value in it.
    pub at: Time,
    /// Number of values.
    pub count: i64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Mean of the values.
    pub mean: f64,
    /// The last value.
    pub last: f64,
}

/// A text as an SQL literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn one_of(column: &str, words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
    format!("\"{column}\" IN ({})", words.join(", "))
}

impl Filter {
    /// The conditions of a query over `kind`.
    fn conditions(&self, kind: Kind) -> Result<Vec<String>, QueryError> {
        let mut all = Vec::new();
        let has = |name: &str| kind.column(name).is_some();
        let mut machines = Vec::new();
        for end in ["from", "to"] {
            let (ip, mac) = (format!("{end}_ip"), format!("{end}_mac"));
            if has(&ip) && !self.ips.is_empty() {
                machines.push(one_of(&ip, &self.ips));
            }
            if has(&mac) && !self.macs.is_empty() {
                machines.push(format!("({ip} IS NULL AND {})", one_of(&mac, &self.macs)));
            }
        }
        let asks_for_machine = !self.ips.is_empty() || !self.macs.is_empty();
        if asks_for_machine && machines.is_empty() {
            return Err(QueryError::Wrong(format!("`{kind}` are not about machines")));
        }
        if asks_for_machine {
            all.push(format!("({})", machines.join(" OR ")));
        }
        all.extend(self.from.map(|from| format!("at >= '{from}'")));
        all.extend(self.to.map(|to| format!("at < '{to}'")));
        for (column, words) in self.words.iter().filter(|(_, words)| !words.is_empty()) {
            if !has(column) {
                return Err(QueryError::Wrong(format!("`{kind}` have no `{column}`")));
            }
            all.push(one_of(column, words));
        }
        Ok(all)
    }
}

fn where_all(conditions: &[String]) -> String {
    match conditions.is_empty() {
        true => String::new(),
        false => format!(" WHERE {}", conditions.join(" AND ")),
    }
}

impl History {
    async fn batches(&self, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
        self.query(sql, QueryLimits::default()).await?.all().await
    }

    /// Records of `kind`, the newest first. `cursor` is [`Page::next`] of the page before. Samples have no place in a
    /// batch and no pages: ask for their series.
    pub async fn page(
        &self,
        kind: Kind,
        filter: &Filter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page, QueryError> {
        if kind == Kind::Samples {
            return Err(QueryError::Wrong("samples have no pages: ask for the series of a variable".into()));
        }
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let mut conditions = filter.conditions(kind)?;
        if let Some(cursor) = cursor {
            let place = Place::parse(cursor);
            let Place { at, batch, number } =
                place.ok_or_else(|| QueryError::Wrong(format!("`{cursor}` is not a cursor of this list")))?;
            conditions.push(format!(
                "at <= '{at}' AND (at < '{at}' OR coalesce(batch, -1) < {batch} OR \
                 (coalesce(batch, -1) = {batch} AND number < {number}))"
            ));
        }
        let sql = format!(
            "SELECT * FROM {kind}{} ORDER BY at DESC, coalesce(batch, -1) DESC, number DESC LIMIT {}",
            where_all(&conditions),
            limit + 1
        );
        let mut page = Page::default();
        let mut last = None;
        for batch in self.batches(&sql).await? {
            for row in 0..batch.num_rows() {
                if page.items.len() == limit {
                    page.next = last;
                    return Ok(page);
                }
                page.items.push(record(kind, &batch, row));
                last = Place::of(&batch, row).map(|place| place.to_string());
            }
        }
        Ok(page)
    }

    /// Variables with their last value: those of one machine and with `search` in their name where that is asked for.
    /// Without a `from` in the filter, those of the last day.
    pub async fn variables(&self, filter: &Filter, search: &str, limit: usize) -> Result<Vec<Variable>, QueryError> {
        let mut filter = filter.clone();
        if filter.from.is_none() {
            let end = filter.to.or(self.newest(Kind::Samples).await?);
            filter.from = end.map(|end| end.plus(-VARIABLES_WINDOW));
        }
        let mut conditions = filter.conditions(Kind::Samples)?;
        if !search.is_empty() {
            conditions.push(format!("strpos(lower(object), {}) > 0", literal(&search.to_lowercase())));
        }
        let sql = format!(
            "SELECT protocol, from_ip, from_mac, behind, object, last_value(value ORDER BY at) AS value, \
             last_value(text ORDER BY at) AS text, last_value(type ORDER BY at) AS type, max(at) AS at, \
             count(*) AS samples, min(coalesce(min, value)) AS least, max(coalesce(max, value)) AS greatest \
             FROM samples{} GROUP BY protocol, from_ip, from_mac, behind, object \
             ORDER BY from_ip, from_mac, behind, object, protocol LIMIT {}",
            where_all(&conditions),
            limit.clamp(1, VARIABLES_MAX)
        );
        let mut all = Vec::new();
        for batch in self.batches(&sql).await? {
            for row in 0..batch.num_rows() {
                all.push(Variable {
                    protocol: text(&batch, "protocol", row).unwrap_or_default().to_owned(),
                    ip: text(&batch, "from_ip", row).map(str::to_owned),
                    mac: text(&batch, "from_mac", row).map(str::to_owned),
                    behind: text(&batch, "behind", row).map(str::to_owned),
                    object: text(&batch, "object", row).unwrap_or_default().to_owned(),
                    value: sample_value(&batch, row),
                    at: time(&batch, "at", row).unwrap_or_default(),
                    samples: integer(&batch, "samples", row).unwrap_or(0),
                    range: number(&batch, "least", row).zip(number(&batch, "greatest", row)),
                });
            }
        }
        Ok(all)
    }

    /// Time of the newest row of a table; nothing where it has none. Samples that a device dated later than any other
    /// record do not count.
    async fn newest(&self, kind: Kind) -> Result<Option<Time>, QueryError> {
        let newest = |kind: Kind| async move {
            let batches = self.batches(&format!("SELECT max(at) AS at FROM {kind}")).await?;
            Ok::<_, QueryError>(batches.first().and_then(|batch| time(batch, "at", 0)))
        };
        let found = newest(kind).await?;
        match kind {
            Kind::Samples => Ok(match newest(Kind::Acts).await? {
                Some(acts) => found.map(|found| found.min(acts)),
                None => found,
            }),
            _ => Ok(found),
        }
    }

    /// The values of one variable in at most about `points` stretches of the same length. `filter` says the machine
    /// and the time; `behind` what has it there.
    pub async fn series(
        &self,
        filter: &Filter,
        behind: Option<&str>,
        object: &str,
        points: usize,
    ) -> Result<Vec<Point>, QueryError> {
        let points = i64::try_from(points.clamp(1, POINTS_MAX)).unwrap_or(1);
        let mut conditions = filter.conditions(Kind::Samples)?;
        conditions.push(format!("object = {}", literal(object)));
        conditions.extend(behind.map(|behind| format!("behind = {}", literal(behind))));
        conditions.push("value IS NOT NULL".into());
        let ends = format!("SELECT min(at) AS first, max(at) AS last FROM samples{}", where_all(&conditions));
        let ends = self.batches(&ends).await?;
        let ends = ends.first().and_then(|batch| time(batch, "first", 0).zip(time(batch, "last", 0)));
        let Some((first, last)) = ends else {
            return Ok(Vec::new());
        };
        let (begin, end) = (filter.from.unwrap_or(first).max(first), filter.to.unwrap_or(last).min(last));
        let width = (end.since(begin) / points).saturating_add(1);
        let sql = format!(
            "SELECT (CAST(at AS BIGINT) - ({})) / {width} AS stretch, min(at) AS at, \
             sum(coalesce(count, 1)) AS samples, min(coalesce(min, value)) AS least, \
             max(coalesce(max, value)) AS greatest, \
             sum(coalesce(mean, value) * coalesce(count, 1)) / sum(coalesce(count, 1)) AS mean, \
             last_value(value ORDER BY at) AS last FROM samples{} GROUP BY stretch ORDER BY stretch",
            begin.0,
            where_all(&conditions)
        );
        let mut all = Vec::new();
        for batch in self.batches(&sql).await? {
            for row in 0..batch.num_rows() {
                let number = |name| number(&batch, name, row).unwrap_or(f64::NAN);
                all.push(Point {
                    at: time(&batch, "at", row).unwrap_or_default(),
                    count: integer(&batch, "samples", row).unwrap_or(0),
                    min: number("least"),
                    max: number("greatest"),
                    mean: number("mean"),
                    last: number("last"),
                });
            }
        }
        Ok(all)
    }
}

/// Where a page ended.
struct Place {
    at: Time,
    batch: i64,
    number: i64,
}

impl Place {
    fn of(batch: &RecordBatch, row: usize) -> Option<Place> {
        Some(Place {
            at: time(batch, "at", row)?,
            batch: integer(batch, "batch", row).unwrap_or(-1),
            number: integer(batch, "number", row)?,
        })
    }

    fn parse(text: &str) -> Option<Place> {
        let mut parts = text.split('.');
        let mut next = || parts.next()?.parse::<i64>().ok();
        let place = Place { at: Time(next()?), batch: next()?, number: next()? };
        parts.next().is_none().then_some(place)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.at.0, self.batch, self.number)
    }
}

fn text<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name)?;
    if column.is_null(row) {
        return None;
    }
    match column.as_string_view_opt() {
        Some(texts) => Some(texts.value(row)),
        None => column.as_string_opt::<i32>().map(|texts| texts.value(row)),
    }
}

fn integer(batch: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    (!column.is_null(row)).then(|| column.value(row))
}

fn number(batch: &RecordBatch, name: &str, row: usize) -> Option<f64> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
    (!column.is_null(row)).then(|| column.value(row))
}

fn time(batch: &RecordBatch, name: &str, row: usize) -> Option<Time> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampNanosecondType>()?;
    (!column.is_null(row)).then(|| Time(column.value(row)))
}

fn flag(batch: &RecordBatch, name: &str, row: usize) -> Option<bool> {
    let column = batch.column_by_name(name)?.as_boolean_opt()?;
    (!column.is_null(row)).then(|| column.value(row))
}

/// A number as records have it: whole where it is whole, a text where JSON has no word for it.
fn as_json(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::Number((number as i64).into());
    }
    Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
}

/// The value of a sample, as records have it.
fn sample_value(batch: &RecordBatch, row: usize) -> Value {
    let value = number(batch, "value", row);
    let text = text(batch, "text", row);
    match (crate::lists::text(batch, "type", row).unwrap_or_default(), value, text) {
        ("boolean", Some(value), _) => Value::Bool(value != 0.0),
        ("integer", _, Some(text)) => {
            text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).unwrap_or_default()
        }
        ("integer", Some(value), _) => Value::from(value as i64),
        ("float", Some(value), _) => {
            Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
        }
        (_, _, Some(text)) => Value::String(text.to_owned()),
        _ => Value::Null,
    }
}

/// A row as the record that it was (docs/records.md), with its place in the ledger.
fn record(kind: Kind, batch: &RecordBatch, row: usize) -> Value {
    let mut all = Map::new();
    all.insert("record".into(), Value::from(kind.as_str().trim_end_matches('s')));
    let vlan = integer(batch, "vlan", row);
    for column in kind.columns() {
        let name = column.name;
        let value = match column.form {
            Form::Time => time(batch, name, row).map(|time| Value::String(time.to_string())),
            Form::Text => text(batch, name, row).map(Value::from),
            Form::Integer => integer(batch, name, row).map(Value::from),
            Form::Number => number(batch, name, row).map(as_json),
            Form::Flag => flag(batch, name, row).map(Value::Bool),
        };
        let Some(value) = value else {
            // A conversation always says its protocol, also where none was recognised.
            if (kind, name) == (Kind::Conversations, "protocol") {
                all.insert(name.into(), Value::from(""));
            }
            continue;
        };
        match name {
            "vlan" => {}
            // It is in `values` already.
            "value" if kind == Kind::Acts => {}
            "guess" if value == Value::Bool(false) => {}
            "values" | "extra" | "messages" | "evidence" => {
                let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
                all.insert(name.into(), parsed.unwrap_or(value));
            }
            "status_code" => inner(&mut all, "status", "code", value),
            "status" => inner(&mut all, "status", "name", value),
            _ => match name.split_once('_') {
                Some((end @ ("from" | "to"), part @ ("ip" | "mac" | "port"))) => {
                    inner(&mut all, end, part, value);
                }
                Some((side @ ("sent" | "received"), part)) => {
                    if matches!(part, "packets" | "bytes" | "payload") || value != json!(0) {
                        inner(&mut all, side, part, value);
                    }
                }
                _ => {
                    all.insert(name.into(), value);
                }
            },
        }
    }
    if let Some(vlan) = vlan {
        for end in ["from", "to"] {
            if let Some(Value::Object(end)) = all.get_mut(end) {
                end.insert("vlan".into(), vlan.into());
            }
        }
    }
    Value::Object(all)
}

fn inner(all: &mut Map<String, Value>, name: &str, part: &str, value: Value) {
    let object = all.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(object) = object {
        object.insert(part.into(), value);
    }
}

#[cfg(test)]
mod tests {
    use model::{Record, Value as Reading, Verb};
    use serde_json::json;

    use super::{Filter, as_json};
    use crate::testing::{Place, act, after, one_of_each, sample};
    use crate::{History, Kind, Limits, Writer};

    fn filled(name: &str) -> (Place, Writer, History, tokio::runtime::Runtime) {
        let place = Place::new(name);
        let mut writer = Writer::open(&place.0, Limits::default()).expect("history opens");
        for index in 0..4 {
            let seconds = index as f64 * 10.0;
            let mut records = one_of_each(seconds);
            // Two of the same moment, so that only their place in the batch tells them apart.
            records.push(act(seconds, 3, Verb::Write));
            records.push(act(seconds, 3, Verb::Stop));
            writer.append(index, &records).expect("appended");
            if index == 1 {
                writer.flush().expect("written");
            }
        }
        let history = writer.history().expect("history");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        (place, writer, history, runtime)
    }

    #[test]
    fn rows_become_the_records_that_they_were() {
        let (_place, _writer, history, runtime) = filled("as-they-were");
        let mut wanted = one_of_each(0.0);
        wanted.push(act(0.0, 3, Verb::Stop));
        for record in wanted.iter().filter(|record| !matches!(record, Record::Sample(_))) {
            let page = runtime.block_on(history.page(Kind::of(record), &Filter::default(), 100, None)).expect("a page");
            let without_place = page.items.into_iter().map(|mut item| {
                let item_object = item.as_object_mut().expect("an object");
                assert!(item_object.remove("batch").is_some() && item_object.remove("number").is_some());
                item
            });
            let wanted = serde_json::to_value(record).expect("JSON");
            let all: Vec<_> = without_place.collect();
            assert!(all.contains(&wanted), "{wanted:#}\nis not in\n{all:#?}");
        }
    }

    #[test]
    fn pages_follow_each_other_newest_first() {
        let (_place, _writer, history, runtime) = filled("pages");
        let mut cursor: Option<String> = None;
        let mut seen = Vec::new();
        loop {
            let filter = Filter::default();
            let page = runtime.block_on(history.page(Kind::Acts, &filter, 5, cursor.as_deref())).expect("a page");
            seen.extend(page.items.iter().map(|item| (item["batch"].as_i64(), item["number"].as_i64())));
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let wanted: Vec<_> =
            (0..4).rev().flat_map(|batch| [7, 6, 0].map(|number| (Some(batch), Some(number)))).collect();
        assert_eq!(seen, wanted);
        let wrong = runtime.block_on(history.page(Kind::Acts, &Filter::default(), 5, Some("1.2")));
        assert!(wrong.expect_err("refused").to_string().contains("not a cursor"));
    }

    #[test]
    fn filters_choose() {
        let (_place, _writer, history, runtime) = filled("filters");
        let count = |kind: Kind, filter: Filter| {
            runtime.block_on(history.page(kind, &filter, 100, None)).map(|page| page.items.len())
        };
        let ip = |ip: &str| Filter { ips: vec![ip.into()], ..Filter::default() };
        let words = |column, word: &str| Filter { words: vec![(column, vec![word.into()])], ..Filter::default() };
        assert_eq!(count(Kind::Acts, ip("10.0.0.3")), Ok(8));
        assert_eq!(count(Kind::Acts, ip("10.0.0.1")), Ok(12), "the end that asks counts too");
        assert_eq!(count(Kind::Facts, ip("10.0.0.2")), Ok(4));
        assert_eq!(count(Kind::Acts, words("verb", "stop")), Ok(4));
        assert_eq!(count(Kind::Acts, words("verb", "it's ' OR 1=1 --")), Ok(0));
        let time = Filter { from: Some(after(10.0)), to: Some(after(30.0)), ..Filter::default() };
        assert_eq!(count(Kind::Conversations, time), Ok(2));
        let macs = Filter { macs: vec!["02:00:00:00:00:02".into()], ..Filter::default() };
        assert_eq!(count(Kind::Acts, macs), Ok(0), "they have IP addresses");
        assert!(count(Kind::Facts, words("verb", "stop")).is_err());
        assert!(count(Kind::Health, ip("10.0.0.1")).is_err());
    }

    #[test]
    fn variables_have_their_last_value_and_series_few_points() {
        let place = Place::new("variables");
        let mut writer = Writer::open(&place.0, Limits::default()).expect("history opens");
        let mut records: Vec<Record> =
            (0..1_000_u32).map(|n| sample(f64::from(n), 2, 0, Reading::Unsigned((n % 100).into()))).collect();
        records.push(sample(5.0, 2, 1, Reading::Text("open".into())));
        records.push(sample(6.0, 2, 1, Reading::Text("closed".into())));
        writer.append(0, &records).expect("appended");
        writer.flush().expect("written");
        let history = writer.history().expect("history");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let all = runtime.block_on(history.variables(&Filter::default(), "", 100)).expect("variables");
        let told: Vec<_> = all.iter().map(|v| (v.object.as_str(), v.value.clone(), v.samples, v.range)).collect();
        let wanted = [("holding 0", json!(99), 1_000, Some((0.0, 99.0))), ("holding 1", json!("closed"), 2, None)];
        assert_eq!(told, wanted);
        let found = runtime.block_on(history.variables(&Filter::default(), "HOLDING 1", 100)).expect("variables");
        assert_eq!(found.len(), 1);
        let machine = Filter { ips: vec!["10.0.0.2".into()], ..Filter::default() };
        let series = runtime.block_on(history.series(&machine, Some("unit 1"), "holding 0", 10)).expect("a series");
        assert_eq!(series.len(), 10);
        assert_eq!(series.iter().map(|point| point.count).sum::<i64>(), 1_000);
        let first = series.first().expect("a point");
        assert_eq!((first.at, first.min, first.max, first.mean), (after(0.0), 0.0, 99.0, 49.5));
        let part = Filter { from: Some(after(10.0)), to: Some(after(15.0)), ..machine };
        let series = runtime.block_on(history.series(&part, Some("unit 1"), "holding 0", 100)).expect("a series");
        let told: Vec<_> = series.iter().map(|point| (point.at, point.last)).collect();
        let wanted: Vec<_> = (10..15).map(|n| (after(f64::from(n)), f64::from(n))).collect();
        assert_eq!(told, wanted);
        let none = runtime.block_on(history.series(&part, None, "no such", 100)).expect("a series");
        assert_eq!(none, []);
    }

    #[test]
    fn numbers_are_whole_where_they_are() {
        assert_eq!((as_json(2.0), as_json(2.5), as_json(f64::INFINITY)), (json!(2), json!(2.5), json!("inf")));
    }
}
