//! The store as a whole: exactly once, through crashes, damage and full disks; and the queries over it.

use std::fs;
use std::time::Duration;

use expect_test::expect;
use model::{Record, Time, Value, Verb};

use crate::testing::{BEGIN, Place, act, after, ask, files, one_of_each, sample, try_ask};
use crate::{History, Kept, Kind, Limits, QueryError, QueryLimits, Writer};

fn open(place: &Place) -> Writer {
    Writer::open(&place.0, Limits::default()).expect("history opens")
}

fn reader(place: &Place) -> History {
    History::open(&place.0).expect("history opens")
}

/// Rows of a table, as written and gathered.
fn count(history: &History, table: &str) -> usize {
    let text = ask(history, &format!("SELECT count(*) FROM {table}"));
    text.lines().nth(1).expect("a line").parse().expect("a number")
}

#[test]
fn what_is_appended_is_in_queries_before_and_after_it_is_written() {
    let place = Place::new("before-and-after");
    let mut writer = open(&place);
    let history = writer.history().expect("history");
    writer.append(0, &one_of_each(1.0)).expect("appended");
    let all = "SELECT at, from_ip, from_port, to_ip, behind, vlan, code, verb, object, \"values\", value, outcome, \
               latency_us, extra, count, last, gap_mean_us, messages, batch, number FROM acts";
    let before = ask(&history, all);
    expect![[r#"
        at,from_ip,from_port,to_ip,behind,vlan,code,verb,object,values,value,outcome,latency_us,extra,count,last,gap_mean_us,messages,batch,number
        2026-03-02T06:00:01.000000000Z,10.0.0.1,50000,10.0.0.2,unit 1,7,3,read,holding 0-1,"[{""object"":""holding 0"",""value"":1200}]",1200.0,done,1500.5,"{""note"":""a \""quoted\"" word""}",2,2026-03-02T06:00:01.500000000Z,1.5,"{""modbus"":{""3"":1}}",0,0
    "#]]
    .assert_eq(&before);
    assert_eq!(count(&reader(&place), "acts"), 0, "another process sees what is written");
    writer.flush().expect("written");
    assert_eq!(ask(&history, all), before);
    assert_eq!(ask(&reader(&place), all), before);
    writer.append(1, &one_of_each(3_700.0)).expect("appended");
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Findings) {
        assert_eq!(count(&history, kind.as_str()), 2, "{kind}: one is written, one is not");
    }
    writer.flush().expect("written");
    expect![[r#"
        acts/date=2026-03-02/hour=06/0000000000.parquet
        acts/date=2026-03-02/hour=07/0000000006.parquet
        conversations/date=2026-03-02/hour=06/0000000003.parquet
        conversations/date=2026-03-02/hour=07/0000000009.parquet
        events/date=2026-03-02/hour=06/0000000005.parquet
        events/date=2026-03-02/hour=07/0000000011.parquet
        facts/date=2026-03-02/hour=06/0000000001.parquet
        facts/date=2026-03-02/hour=07/0000000007.parquet
        health/date=2026-03-02/hour=06/0000000004.parquet
        health/date=2026-03-02/hour=07/0000000010.parquet
        lock
        manifest.json
        samples/date=2026-03-02/hour=06/0000000002.parquet
        samples/date=2026-03-02/hour=07/0000000008.parquet"#]]
    .assert_eq(&files(&place.0).join("\n"));
}

#[test]
fn each_batch_is_there_exactly_once() {
    let place = Place::new("once");
    let mut writer = open(&place);
    for index in [0, 1, 2, 1, 0, 5] {
        writer.append(index, &[act(index as f64, 2, Verb::Read)]).expect("appended");
    }
    assert_eq!(writer.next(), 0, "nothing is lasting yet");
    writer.flush().expect("written");
    assert_eq!(writer.next(), 6);
    writer.append(6, &[act(6.0, 2, Verb::Read)]).expect("appended");
    drop(writer);
    // What was not written is told again; what was is passed over.
    let mut writer = open(&place);
    assert_eq!(writer.next(), 6);
    for index in 0..8 {
        writer.append(index, &[act(index as f64, 2, Verb::Read)]).expect("appended");
    }
    let batches = ask(&writer.history().expect("history"), "SELECT batch FROM acts ORDER BY batch");
    assert_eq!(batches, "batch\n0\n1\n2\n5\n6\n7\n");
}

#[test]
fn there_is_one_writer() {
    let place = Place::new("one-writer");
    let writer = open(&place);
    let second = Writer::open(&place.0, Limits::default());
    assert!(second.err().expect("refused").to_string().contains("another process"));
    drop(writer);
    open(&place);
}

#[test]
fn limits_of_memory_and_packet_time_write_by_themselves() {
    let place = Place::new("limits");
    let limits = Limits { rows_max: 10, seconds_max: 60, ..Limits::default() };
    let mut writer = Writer::open(&place.0, limits).expect("history opens");
    for index in 0..11 {
        writer.append(index, &[act(1.0, 2, Verb::Read)]).expect("appended");
    }
    assert_eq!((writer.next(), writer.pending().rows), (10, 1));
    // A time that a device gave does not move the clock; the packet's does, in both directions.
    let mut records = vec![act(2.0, 2, Verb::Read), sample(1e9, 2, 0, Value::Bool(true))];
    writer.append(11, &records).expect("appended");
    assert_eq!(writer.next(), 10);
    records.truncate(1);
    writer.append(12, &[act(-70.0, 2, Verb::Read)]).expect("appended");
    assert_eq!((writer.next(), writer.pending().rows), (12, 1));
}

#[test]
fn what_a_crash_left_is_taken_away() {
    let place = Place::new("crash");
    let mut writer = open(&place);
    writer.append(0, &one_of_each(1.0)).expect("appended");
    writer.flush().expect("written");
    drop(writer);
    let folder = place.0.join("acts/date=2026-03-02/hour=06");
    // Written, and then the power went before the manifest was.
    fs::copy(folder.join("0000000000.parquet"), folder.join("0000000077.parquet")).expect("copied");
    fs::write(folder.join("0000000078.tmp"), "half").expect("written");
    fs::write(place.0.join("manifest.tmp"), "{\"version\":").expect("written");
    let writer = open(&place);
    assert_eq!(count(&writer.history().expect("history"), "acts"), 1);
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1);
    assert_eq!(writer.problems(), []);
}

#[test]
fn damaged_files_are_set_aside_and_the_rest_goes_on() {
    let place = Place::new("damage");
    let mut writer = open(&place);
    for hour in 0..4 {
        writer.append(hour, &one_of_each(3_600.0 * hour as f64)).expect("appended");
        writer.flush().expect("written");
    }
    drop(writer);
    let acts: Vec<String> = files(&place.0).into_iter().filter(|path| path.starts_with("acts/")).collect();
    // Cut, lost, and one with all bytes of its columns turned over.
    let whole = fs::read(place.0.join(&acts[0])).expect("read");
    fs::write(place.0.join(&acts[0]), &whole[..whole.len() / 2]).expect("written");
    fs::remove_file(place.0.join(&acts[1])).expect("removed");
    let mut turned = fs::read(place.0.join(&acts[2])).expect("read");
    // The last eight bytes are the length of the description before them, and a mark.
    let end = turned.len() - 8;
    let description = u32::from_le_bytes(turned[end..end + 4].try_into().expect("four bytes")) as usize;
    for byte in &mut turned[4..end - description] {
        *byte ^= 0xff;
    }
    fs::write(place.0.join(&acts[2]), &turned).expect("written");

    // A reader of another process's history leaves out what it cannot read, and touches nothing.
    let before = files(&place.0);
    let history = reader(&place);
    let question = "SELECT batch, at, name FROM acts ORDER BY batch";
    let answer = "batch,at,name\n3,2026-03-02T09:00:00.000000000Z,read\n";
    assert_eq!(ask(&history, question), answer);
    assert_eq!(files(&place.0), before);

    let writer = open(&place);
    let history = writer.history().expect("history");
    assert_eq!(ask(&history, question), answer);
    assert_eq!(count(&history, "facts"), 4);
    let problems: Vec<String> = writer.problems().iter().map(|p| format!("{}: {}", p.path, p.reason)).collect();
    let [cut, lost, turned] = problems.as_slice() else { panic!("{problems:#?}") };
    assert!(cut.starts_with(&acts[0]) && cut.contains("set aside"), "{cut}");
    assert!(lost.starts_with(&acts[1]) && lost.contains("is missing"), "{lost}");
    assert!(turned.starts_with(&acts[2]) && turned.contains("is damaged"), "{turned}");
    assert!(files(&place.0).iter().filter(|path| path.ends_with(".damaged")).count() == 2);
    drop((history, writer));
    // It is set aside once.
    assert_eq!(open(&place).problems(), []);
}

#[test]
fn a_damaged_manifest_is_made_anew() {
    let place = Place::new("manifest");
    let mut writer = open(&place);
    for index in 0..3 {
        writer.append(index, &one_of_each(index as f64)).expect("appended");
        writer.flush().expect("written");
    }
    drop(writer);
    for spoiled in ["", "{\"version\":1,\"next\":2", "not json"] {
        fs::write(place.0.join("manifest.json"), spoiled).expect("written");
        let writer = open(&place);
        assert_eq!(writer.next(), 3, "after {spoiled:?}");
        assert_eq!(count(&writer.history().expect("history"), "samples"), 3);
        assert!(writer.problems()[0].reason.contains("made anew"), "{:?}", writer.problems());
    }
    fs::remove_file(place.0.join("manifest.json")).expect("removed");
    assert_eq!(open(&place).next(), 3);
}

#[test]
fn a_failed_writing_leaves_nothing_and_is_made_up_for() {
    let place = Place::new("full");
    let mut writer = Writer::open(&place.0, Limits { bytes_max: 2_000, ..Limits::default() }).expect("opens");
    // A file where a folder should be is to the writer what a full disk is: it cannot create.
    fs::write(place.0.join("samples"), "in the way").expect("written");
    writer.append(0, &one_of_each(0.0)).expect("appended");
    let error = writer.flush().expect_err("cannot be").to_string();
    assert!(error.contains("samples/date=2026-03-02/hour=06"), "{error}");
    assert!(files(&place.0).iter().all(|path| !path.ends_with(".parquet") && !path.ends_with(".tmp")));
    assert!(writer.trouble().is_some());
    let refused = (1..50).find(|index| writer.append(*index, &one_of_each(*index as f64)).is_err());
    let refused = refused.expect("memory is bounded");
    let history = writer.history().expect("history");
    assert_eq!(count(&history, "samples"), refused as usize);
    fs::remove_file(place.0.join("samples")).expect("removed");
    writer.append(refused, &one_of_each(refused as f64)).expect("appended again");
    writer.flush().expect("written");
    assert_eq!(writer.trouble(), None);
    drop((history, writer));
    assert_eq!(count(&reader(&place), "samples"), refused as usize + 1);
}

#[test]
fn small_files_are_joined_and_the_rows_stay() {
    let place = Place::new("join");
    let mut writer = open(&place);
    let history = writer.history().expect("history");
    for index in 0..9 {
        let records: Vec<Record> = (0..3).flat_map(|part| one_of_each(index as f64 * 10.0 + f64::from(part))).collect();
        writer.append(index, &records).expect("appended");
        writer.flush().expect("written");
    }
    let question = "SELECT at, batch, number, object, name FROM acts ORDER BY at, number";
    let before = ask(&history, question);
    let mut held = history.query_blocking("SELECT at FROM acts", QueryLimits::default()).expect("an answer");
    let done = writer.maintain(after(100.0)).expect("maintained");
    assert_eq!(done.joined, 4 * 9, "four kinds a call");
    assert_eq!(writer.maintain(after(100.0)).expect("maintained").joined, 2 * 9, "and the others");
    assert_eq!(ask(&history, question), before);
    let mut rows = 0;
    while let Some(batch) = held.next_blocking() {
        rows += batch.expect("read on").num_rows();
    }
    assert_eq!(rows, 27);
    drop(held);
    // Files go when nobody reads them; the answer above lets go of them in a moment.
    for _ in 0..100 {
        writer.maintain(after(100.0)).expect("maintained");
        if files(&place.0).iter().filter(|path| path.ends_with(".parquet")).count() == 6 {
            break;
        }
        std::thread::yield_now();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(files(&place.0).iter().filter(|path| path.ends_with(".parquet")).count(), 6);
    drop((history, writer));
    let writer = open(&place);
    assert_eq!((writer.next(), writer.problems().len()), (9, 0));
    assert_eq!(ask(&writer.history().expect("history"), question), before);
}

#[test]
fn the_oldest_goes_by_age_and_by_size() {
    let place = Place::new("retention");
    let mut writer = open(&place);
    for hour in 0..6 {
        writer.append(hour, &one_of_each(3_600.0 * hour as f64)).expect("appended");
        writer.flush().expect("written");
    }
    let bytes = |writer: &Writer| {
        writer
            .history()
            .expect("history")
            .stored()
            .iter()
            .filter(|file| file.kind == Kind::Facts)
            .map(|file| file.bytes)
            .sum::<u64>()
    };
    let old = Kept { age_seconds_max: Some(2 * 3_600), bytes_max: None };
    let much = Kept { age_seconds_max: None, bytes_max: Some(bytes(&writer) / 2) };
    writer.set_limits(Limits {
        kept: vec![(Kind::Acts, old), (Kind::Facts, much)],
        kept_else: Kept::default(),
        ..Limits::default()
    });
    let done = writer.maintain(after(5.0 * 3_600.0)).expect("maintained");
    assert_eq!((done.expired, done.rows_expired), (6, 6));
    let history = writer.history().expect("history");
    assert_eq!(ask(&history, "SELECT batch FROM acts ORDER BY batch"), "batch\n3\n4\n5\n");
    assert_eq!(ask(&history, "SELECT batch FROM facts ORDER BY batch"), "batch\n3\n4\n5\n");
    assert_eq!(count(&history, "health"), 6);
}

#[test]
fn clocks_that_leap_fill_few_folders_and_lose_nothing() {
    let place = Place::new("leaps");
    let mut writer = open(&place);
    let mut records: Vec<Record> =
        (0..200).map(|day| sample(86_400.0 * f64::from(day), 2, 0, Value::Bool(true))).collect();
    for at in [i64::MIN, i64::MAX, 0, -1] {
        let Record::Sample(mut odd) = sample(0.0, 2, 0, Value::Nothing) else { unreachable!() };
        odd.at = Time(at);
        records.push(Record::Sample(odd));
    }
    writer.append(0, &records).expect("appended");
    writer.flush().expect("written");
    let parquet = files(&place.0).iter().filter(|path| path.ends_with(".parquet")).count();
    assert!(parquet <= 64, "{parquet} files");
    let history = writer.history().expect("history");
    assert_eq!(count(&history, "samples"), 204);
    assert_eq!(
        ask(&history, "SELECT count(*) FROM samples WHERE at >= '2026-03-02T06:00:00Z' AND at < '2026-03-03'"),
        "count(*)\n1\n"
    );
}

#[test]
fn times_are_easy_to_compare() {
    let place = Place::new("times");
    let mut writer = open(&place);
    for minute in 0..90 {
        writer.append(minute, &[act(60.0 * minute as f64, 2, Verb::Read)]).expect("appended");
        if minute % 40 == 0 {
            writer.flush().expect("written");
        }
    }
    let history = writer.history().expect("history");
    for (condition, wanted) in [
        ("at >= '2026-03-02T07:00:00Z'", 30),
        ("at < '2026-03-02 07:00:00'", 60),
        ("at BETWEEN '2026-03-02T06:10:00Z' AND '2026-03-02T06:19:59.999999999Z'", 10),
        ("at = '2026-03-02T06:10:00Z'", 1),
        ("at > TIMESTAMP '2026-03-02T06:00:00Z' + interval '1 hour'", 29),
        ("date_trunc('hour', at) = '2026-03-02T06:00:00Z'", 60),
        ("last - first = interval '500 milliseconds'", 90),
        ("at > now() - interval '1 hour'", 0),
        ("date_part('minute', at) < 10", 20),
    ] {
        let rows = ask(&history, &format!("SELECT count(*) AS n FROM acts WHERE {condition}"));
        assert_eq!(rows, format!("n\n{wanted}\n"), "{condition}");
    }
    let bins = ask(
        &history,
        "SELECT date_bin(interval '30 minutes', at) AS bin, sum(count) AS n FROM acts GROUP BY bin ORDER BY bin",
    );
    expect![[r#"
        bin,n
        2026-03-02T06:00:00.000000000Z,60
        2026-03-02T06:30:00.000000000Z,60
        2026-03-02T07:00:00.000000000Z,60
    "#]]
    .assert_eq(&bins);
}

#[test]
fn history_can_only_be_read() {
    let place = Place::new("read-only");
    let mut writer = open(&place);
    writer.append(0, &one_of_each(0.0)).expect("appended");
    writer.flush().expect("written");
    let history = writer.history().expect("history");
    let before = files(&place.0);
    let out = place.0.join("out.csv").display().to_string();
    for statement in [
        "DROP TABLE acts".to_owned(),
        "CREATE TABLE mine AS SELECT * FROM acts".into(),
        "CREATE VIEW mine AS SELECT * FROM acts".into(),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{out}'"),
        "CREATE SCHEMA mine".into(),
        "INSERT INTO acts SELECT * FROM acts".into(),
        "UPDATE acts SET verb = 'read'".into(),
        "DELETE FROM acts".into(),
        "TRUNCATE TABLE acts".into(),
        format!("COPY acts TO '{out}'"),
        format!("COPY (SELECT 1) TO '{out}' STORED AS PARQUET"),
        format!("EXPLAIN COPY acts TO '{out}'"),
        format!("EXPLAIN ANALYZE COPY acts TO '{out}'"),
        "EXPLAIN ANALYZE INSERT INTO acts SELECT * FROM acts".into(),
        "SET datafusion.execution.batch_size = 1".into(),
        "RESET datafusion.execution.batch_size".into(),
        "PREPARE p AS SELECT 1".into(),
        "BEGIN".into(),
        "SELECT * INTO mine FROM acts".into(),
        "SELECT 1; DROP TABLE acts".into(),
        format!("SELECT * FROM '{out}'"),
        "SELECT * FROM read_csv('x.csv')".into(),
        "CREATE FUNCTION f() RETURNS INT RETURN 1".into(),
    ] {
        let refused = try_ask(&history, &statement, QueryLimits::default());
        assert!(matches!(refused, Err(QueryError::Wrong(_))), "{statement}: {refused:?}");
    }
    assert_eq!(files(&place.0), before);
    for question in
        ["SHOW TABLES", "DESCRIBE acts", "EXPLAIN SELECT * FROM acts", "WITH a AS (SELECT 1 AS n) SELECT n FROM a;"]
    {
        assert!(try_ask(&history, question, QueryLimits::default()).is_ok(), "{question}");
    }
}

#[test]
fn wrong_questions_are_answered_with_what_is_right() {
    let place = Place::new("wrong");
    let history = open(&place).history().expect("history");
    let says = |sql: &str| try_ask(&history, sql, QueryLimits::default()).expect_err(sql).to_string();
    expect!["there is no column `verbs`; is it `verb`?; `acts` has: at, flow, protocol, from_ip, from_mac, from_port, to_ip, to_mac, to_port, vlan, behind, code, name, verb, object, values, value, outcome, status_code, status, latency_us, extra, count, first, last, gap_min_us, gap_max_us, gap_mean_us, latency_min_us, latency_max_us, messages, batch, number"].assert_eq(&says("SELECT verbs FROM acts"));
    expect!["there is no table `act`; there are: acts, facts, samples, conversations, health, findings, events"]
        .assert_eq(&says("SELECT * FROM act"));
    expect!["this is not SQL that can be read: Expected: an SQL statement, found: SELEC at Line: 1, Column: 1"]
        .assert_eq(&says("SELEC * FROM acts"));
    expect!["there is no query; try `SELECT * FROM acts LIMIT 10`"].assert_eq(&says(" ; "));
    assert!(
        says("SELECT * FROM acts WHERE at > 'yesterday'").contains("times are written like"),
        "{}",
        says("SELECT * FROM acts WHERE at > 'yesterday'")
    );
    assert!(says("SELECT summ(count) FROM acts").contains("summ"));
    assert!(says(&format!("SELECT '{}'", "x".repeat(70_000))).contains("32768"));
}

#[test]
fn queries_have_limits() {
    let place = Place::new("query-limits");
    let mut writer = open(&place);
    let records: Vec<Record> =
        (0_u32..3_000).map(|n| sample(f64::from(n), 2, n.into(), Value::Unsigned(n.into()))).collect();
    writer.append(0, &records).expect("appended");
    let history = writer.history().expect("history");
    let limits = QueryLimits { rows_max: 10, ..QueryLimits::default() };
    let mut answer = history.query_blocking("SELECT value FROM samples ORDER BY value", limits).expect("an answer");
    let mut rows = 0;
    while let Some(batch) = answer.next_blocking() {
        rows += batch.expect("rows").num_rows();
    }
    assert_eq!((rows, answer.is_truncated()), (10, true));
    let mut whole = history.query_blocking("SELECT value FROM samples LIMIT 10", limits).expect("an answer");
    while let Some(batch) = whole.next_blocking() {
        batch.expect("rows");
    }
    assert!(!whole.is_truncated());
    let cross = "SELECT count(*) FROM samples a, samples b, samples c WHERE a.value + b.value * c.value = 7.5";
    let short = QueryLimits { time_max: Duration::from_millis(300), ..QueryLimits::default() };
    assert_eq!(try_ask(&history, cross, short), Err(QueryError::Time(short.time_max)));
    let large = "SELECT count(DISTINCT concat(repeat(a.object, 40), b.object)) FROM samples a, samples b";
    let long = QueryLimits { time_max: Duration::from_secs(120), ..QueryLimits::default() };
    assert_eq!(try_ask(&history, large, long), Err(QueryError::Memory));
    // And it goes on.
    assert_eq!(count(&history, "samples"), 3_000);
}

#[test]
fn deep_questions_do_not_fell_the_program() {
    let place = Place::new("deep");
    let history = open(&place).history().expect("history");
    // Planning does not pause; time is up all the same.
    let long = vec!["code = 1"; 2_000].join(" OR ");
    let short = QueryLimits { time_max: Duration::from_millis(200), ..QueryLimits::default() };
    let sql = format!("SELECT count(*) FROM acts WHERE {long}");
    assert!(matches!(try_ask(&history, &sql, short), Err(QueryError::Time(_)) | Ok(_)));
    let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(try_ask(&history, &deep, QueryLimits::default()).is_err());
    assert_eq!(count(&history, "acts"), 0);
}

#[test]
fn samples_keep_what_they_are() {
    let place = Place::new("samples");
    let mut writer = open(&place);
    let values = [
        Value::Bool(true),
        Value::Integer(-7),
        Value::Unsigned(u64::MAX),
        Value::Float(2.5),
        Value::Text("open".into()),
        Value::Bytes([1, 255].into()),
        Value::Time(Time(BEGIN)),
        Value::Nothing,
    ];
    let records: Vec<Record> =
        values.into_iter().zip(0..).map(|(value, n)| sample(f64::from(n), 2, 0, value)).collect();
    writer.append(0, &records).expect("appended");
    writer.flush().expect("written");
    let text = ask(&writer.history().expect("history"), "SELECT value, text, type FROM samples ORDER BY at");
    expect![[r#"
        value,text,type
        1.0,,boolean
        -7.0,,integer
        1.8446744073709552e19,18446744073709551615,integer
        2.5,,float
        ,open,text
        ,0x01ff,bytes
        ,2026-03-02T06:00:00.000000000Z,time
        ,,nothing
    "#]]
    .assert_eq(&text);
}
