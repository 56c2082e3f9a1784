//! How fast records become batches and batches records, how small they are, and how many batches a second the journal takes:
//! `cargo run --release -p uplink --example batch_speed`.
#![forbid(unsafe_code)]

use std::time::Instant;

use model::{
    Act, Address, Behind, Conversation, Flow, Mac, Messages, Object, Outcome, Reading, Record, Repeats, Sample,
    SampleOrigin, Side, State, Time, Transport, Value, Verb,
};
use uplink::{Batch, Journal, limits};

/// Records of a plant: polls rolled up, samples, conversations.
fn record(number: i64) -> Record {
    let at = Time(1_700_000_000_000_000_000 + number * 1_000_003);
    let device = |host: u8, port| Address {
        mac: Some(Mac([2, 0, 0, 0, 0, host])),
        ip: Some([10, 0, 0, host].into()),
        port: Some(port),
        vlan: None,
    };
    let host = (number % 40) as u8 + 10;
    let (from, to) = (device(1, 50_000 + u16::from(host)), device(host, 502));
    let flow = Flow::Ip {
        transport: Transport::Tcp,
        source: ([10, 0, 0, 1].into(), 50_000 + u16::from(host)),
        destination: ([10, 0, 0, host].into(), 502),
    };
    let register = (number % 97) as u64;
    match number % 10 {
        0 => Record::Conversation(Conversation {
            flow,
            transport: Transport::Tcp,
            protocol: "modbus".into(),
            is_guess: false,
            from,
            to,
            sent: Side { packets: 1000, bytes: 66_000, payload: 12_000, ..Side::default() },
            received: Side { packets: 1000, bytes: 86_000, payload: 29_000, ..Side::default() },
            first: at,
            last: at.plus(60_000_000_000),
            is_opening: number % 20 == 0,
            state: State::Open,
        }),
        1..=5 => Record::Sample(Sample {
            at,
            protocol: "modbus".into(),
            device: to,
            behind: Behind::Unit(1),
            object: Object::one("holding", register),
            value: Value::Unsigned(number.unsigned_abs() * 31 % 65_536),
            quality: None,
            origin: SampleOrigin::Read,
            summary: None,
        }),
        _ => Record::Act(Act {
            at,
            flow,
            protocol: "modbus".into(),
            from,
            to,
            behind: Behind::Unit(1),
            code: 3,
            name: "read holding registers".into(),
            verb: Verb::Read,
            object: Object::span("holding", register, 10),
            values: (0..10)
                .map(|index| Reading::new(Object::one("holding", register + index), Value::Unsigned(index * 100)))
                .collect(),
            outcome: Outcome::Done,
            status: None,
            latency: Some(1_200_000 + number % 1000),
            extra: Vec::new(),
            repeats: Repeats {
                count: 60,
                first: at,
                last: at.plus(59_000_000_000),
                gaps: Some((990_000_000, 1_010_000_000, 1_000_000_000)),
                latency: Some((900_000, 2_000_000)),
            },
            messages: Messages::one("modbus", 3),
        }),
    }
}

fn main() {
    const RECORDS: i64 = 8192;
    const ROUNDS: u32 = 40;
    let records: Vec<Record> = (0..RECORDS).map(record).collect();
    let batch = Batch { sensor: "north".into(), number: 1, created: Time(0), records };
    let per_second = |start: Instant, count: f64| count / start.elapsed().as_secs_f64();
    let all = f64::from(ROUNDS) * RECORDS as f64;

    let start = Instant::now();
    let mut bytes = Vec::new();
    for _ in 0..ROUNDS {
        bytes = batch.to_bytes();
    }
    println!(
        "encode   {:>12.0} records/s   {:.1} bytes a record",
        per_second(start, all),
        bytes.len() as f64 / RECORDS as f64
    );

    let start = Instant::now();
    for _ in 0..ROUNDS {
        assert_eq!(Batch::from_bytes(&bytes).expect("a batch").records.len(), RECORDS as usize);
    }
    println!("decode   {:>12.0} records/s", per_second(start, all));

    let folder = tempfile::TempDir::new().expect("a folder");
    let mut journal = Journal::open(folder.path(), limits::JournalLimits::default()).expect("a journal");
    let start = Instant::now();
    for _ in 0..200 {
        journal.append(Time(0), &bytes).expect("appended");
        journal.sync().expect("synced");
    }
    println!("journal  {:>12.0} batches/s, each synced ({} kB)", per_second(start, 200.0), bytes.len() / 1000);

    let start = Instant::now();
    for _ in 0..25 {
        for _ in 0..16 {
            journal.append(Time(0), &bytes).expect("appended");
        }
        journal.sync().expect("synced");
    }
    println!("journal  {:>12.0} batches/s, 16 a sync", per_second(start, 400.0));

    let start = Instant::now();
    let count = journal.read_from(1).filter(Result::is_ok).count();
    println!("read     {:>12.0} batches/s", per_second(start, count as f64));
}
