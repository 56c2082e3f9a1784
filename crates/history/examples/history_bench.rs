//! Measures history: `write` records per second while it is queried, `query` over many records, `day` the size of one.
//!
//! `cargo run --release -p history --example history_bench -- write|query|day [MILLIONS]`
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use history::{Encoder, Format, History, Kind, Limits, QueryLimits, Writer};
use model::{
    Act, Address, Behind, Flow, Mac, Messages, Object, Outcome, Reading, Record, Repeats, Sample, SampleOrigin, Time,
    Transport, Value, Verb,
};

/// 2026-03-02T00:00:00Z.
const BEGIN: i64 = 1_772_409_600_000_000_000;

/// Small and repeatable.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn machine(number: u64, port: Option<u16>) -> Address {
    let [.., a, b] = number.to_be_bytes();
    Address { mac: Some(Mac([2, 0, 0, 0, a, b])), ip: Some(Ipv4Addr::new(10, 20, a, b).into()), port, vlan: None }
}

/// An act of one of the controllers; `verb` other than read is rare.
fn act(at: Time, controller: u64, channel: u64, count: u64, random: &mut Random) -> Record {
    let from = machine(1 + controller % 4, Some(50_000 + (controller % 1_000) as u16));
    let to = machine(100 + controller, Some(502));
    let verb = match random.below(100_000) {
        0 => Verb::Stop,
        1..=200 => Verb::Write,
        _ => Verb::Read,
    };
    let first = channel * 10;
    let values = (first..first + 10)
        .map(|n| Reading::new(Object::one("holding", n), Value::Unsigned(random.below(500))))
        .collect();
    let jitter = |random: &mut Random| 400_000 + (random.below(2_000) * 1_000) as i64;
    let ends = |address: &Address| (address.ip.expect("an address"), address.port.unwrap_or(0));
    let gaps = (count > 1)
        .then(|| (499_000_000 + jitter(random), 500_000_000 + jitter(random), 500_000_000 + jitter(random) / 100));
    Record::Act(Act {
        at,
        flow: Flow::Ip { transport: Transport::Tcp, source: ends(&from), destination: ends(&to) },
        protocol: Cow::Borrowed("modbus"),
        from,
        to,
        behind: Behind::Unit(1),
        code: 3,
        name: "read holding registers".into(),
        verb,
        object: Object::span("holding", first, 10),
        values,
        outcome: Outcome::Done,
        status: None,
        latency: Some(jitter(random)),
        extra: Vec::new(),
        repeats: Repeats {
            count,
            first: at,
            last: at.plus(60_000_000_000 - jitter(random)),
            gaps,
            latency: (count > 1).then(|| (jitter(random) / 2, jitter(random) * 2)),
        },
        messages: Messages::none(),
    })
}

fn sample(at: Time, controller: u64, register: u64, value: u64) -> Record {
    Record::Sample(Sample {
        at,
        protocol: Cow::Borrowed("modbus"),
        device: machine(100 + controller, None),
        behind: Behind::Unit(1),
        object: Object::one("holding", register),
        value: Value::Unsigned(value),
        quality: None,
        origin: SampleOrigin::Read,
        summary: None,
    })
}

/// A batch as a large plant gives it: two thirds acts, one third samples. `rate` records a second of packet time.
fn batch(begin: u64, size: u64, rate: u64, random: &mut Random) -> Vec<Record> {
    (begin..begin + size)
        .map(|n| {
            let at = Time(BEGIN + (n as i64) * (1_000_000_000 / rate as i64));
            let controller = random.below(400);
            match n % 3 {
                0 => sample(at, controller, random.below(50), random.below(1_000)),
                _ => act(at, controller, random.below(5), 1, random),
            }
        })
        .collect()
}

fn ask(history: &History, sql: &str) -> (Duration, String) {
    let begun = Instant::now();
    let limits = QueryLimits { rows_max: 10_000, time_max: Duration::from_secs(600) };
    let mut text = Vec::new();
    match history.query_blocking(sql, limits) {
        Ok(mut answer) => {
            let mut encoder = Encoder::new(Format::Csv, &answer.schema(), &mut text).expect("an encoder");
            while let Some(batch) = answer.next_blocking() {
                encoder.write(&batch.expect("rows")).expect("written");
            }
            encoder.finish().expect("finished");
        }
        Err(e) => text = e.to_string().into_bytes(),
    }
    (begun.elapsed(), String::from_utf8_lossy(&text).lines().nth(1).unwrap_or_default().to_owned())
}

/// Seconds of processor time of this process (Linux).
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn write(folder: &Path, millions: u64, rate: u64, is_queried: bool) -> Writer {
    let mut writer = Writer::open(folder, Limits::default()).expect("history opens");
    let history = writer.history().expect("history");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut all = Vec::new();
            while is_queried && !is_over.load(Ordering::Relaxed) {
                all.push(ask(&history, "SELECT * FROM acts WHERE verb = 'stop' ORDER BY at DESC LIMIT 20").0);
                std::thread::sleep(Duration::from_millis(500));
            }
            all.sort();
            all
        });
        let (begun, mut made, processor) = (Instant::now(), Duration::ZERO, processor_seconds());
        let (mut random, size) = (Random(1), 8_192);
        let count = millions * 1_000_000 / size;
        for index in 0..count {
            let making = Instant::now();
            let records = batch(index * size, size, rate, &mut random);
            made += making.elapsed();
            writer.append(index, &records).expect("appended");
            if index % 2_000 == 1_999 {
                writer.maintain(Time(BEGIN)).expect("maintained");
            }
        }
        writer.flush().expect("written");
        let elapsed = begun.elapsed() - made;
        is_over.store(true, Ordering::Relaxed);
        let records = (count * size) as f64;
        println!("{records} records, {:.0} a second (their making taken off)", records / elapsed.as_secs_f64());
        println!(
            "{:.1} s of processor time, of which {:.1} s making them",
            processor_seconds() - processor,
            made.as_secs_f64()
        );
        if let Ok(asked) = asked.join() {
            let middle = asked.get(asked.len() / 2);
            println!("{} queries meanwhile, median {middle:?}", asked.len());
        }
    });
    writer
}

fn query(history: &History) {
    let lists = [
        "SELECT count(*) FROM acts",
        "SELECT * FROM acts WHERE verb = 'stop' ORDER BY at DESC LIMIT 20",
        "SELECT count(*) FROM acts WHERE verb = 'stop'",
        "SELECT * FROM acts WHERE to_ip = '10.20.0.101' ORDER BY at DESC LIMIT 100",
        "SELECT count(*), avg(latency_us) FROM acts WHERE to_ip = '10.20.0.101'",
        "SELECT verb, sum(count) FROM acts GROUP BY verb",
        "SELECT max(value) FROM samples WHERE from_ip = '10.20.0.101' AND object = 'holding 7'",
        "SELECT count(*) FROM acts WHERE at >= '2026-03-02T02:00:00Z' AND at < '2026-03-02T02:10:00Z'",
    ];
    for sql in lists {
        let cold = ask(history, sql);
        let mut warm: Vec<Duration> = (0..3).map(|_| ask(history, sql).0).collect();
        warm.sort();
        println!("{:8.3} s first, {:8.3} s again  {sql}  → {}", cold.0.as_secs_f64(), warm[1].as_secs_f64(), cold.1);
    }
}

/// A plant with 1,000 polls a second of 10 registers, of which 1 % change: 100 samples a second, and 500 channels that
/// are told once a minute. `hours` of it.
fn day(folder: &Path, hours: u64) -> Writer {
    let mut writer = Writer::open(folder, Limits::default()).expect("history opens");
    let mut random = Random(1);
    let mut values = vec![500_u64; 5_000];
    for second in 0..hours * 3_600 {
        let begin = BEGIN + second as i64 * 1_000_000_000;
        let mut records = Vec::new();
        for part in 0..100 {
            let register = random.below(5_000);
            let value = &mut values[register as usize];
            *value = (*value + random.below(7)).saturating_sub(3);
            let at = Time(begin + part * 10_000_000 + (random.below(10_000) * 1_000) as i64);
            records.push(sample(at, register / 50, register % 50, *value));
        }
        for channel in (0..500).filter(|channel| channel % 60 == second % 60) {
            let at = Time(begin + (random.below(1_000_000) * 1_000) as i64);
            records.push(act(at, channel / 5, channel % 5, 120, &mut random));
        }
        writer.append(second, &records).expect("appended");
        if second % 60 == 59 {
            writer.maintain(Time(begin)).expect("maintained");
        }
    }
    writer.flush().expect("written");
    for _ in 0..100 {
        writer.maintain(Time(BEGIN + hours as i64 * 3_600_000_000_000 * 2)).expect("maintained");
    }
    writer
}

fn sizes(history: &History) {
    for kind in Kind::ALL {
        let stored = history.stored();
        let files: Vec<_> = stored.iter().filter(|file| file.kind == *kind).collect();
        let (rows, bytes) = files.iter().fold((0, 0), |all, file| (all.0 + file.rows, all.1 + file.bytes));
        if rows > 0 {
            let each = bytes as f64 / rows as f64;
            println!(
                "{kind}: {rows} rows in {} files, {:.1} MB, {each:.1} bytes a row",
                files.len(),
                bytes as f64 / 1e6
            );
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let amount = arguments.next().and_then(|text| text.parse().ok());
    let folder: PathBuf = std::env::temp_dir().join(format!("vigie-history-bench-{}", std::process::id()));
    let writer = match what.as_str() {
        "write" => write(&folder, amount.unwrap_or(20), 300_000, true),
        "query" => write(&folder, amount.unwrap_or(100), 5_000, false),
        "day" => day(&folder, amount.unwrap_or(24)),
        _ => {
            println!("write|query [MILLIONS of records] or day [HOURS]");
            return;
        }
    };
    let history = writer.history().expect("history");
    sizes(&history);
    if what == "query" {
        query(&history);
    }
    drop((history, writer));
    let _ = std::fs::remove_dir_all(&folder);
}
