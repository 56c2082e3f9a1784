//! What floods cost: time and memory for each record, printed; run by hand in a release build.

use model::{Record, State, Verb};

use crate::testing::{act, conversation};
use crate::{Analysis, Settings};

fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

#[test]
#[ignore = "a measurement: cargo test --release -p analyze flood -- --ignored --nocapture --test-threads 1"]
fn flood() {
    let mut half_open = conversation(0.0, "10.0.0.9:1024", "10.0.0.7:502", "", State::Attempted);
    let mut analysis = Analysis::new(Settings::default());
    let start = std::time::Instant::now();
    for number in 0..1_000_000_u32 {
        let source = std::net::Ipv4Addr::from(0x0b00_0000 + number.wrapping_mul(2_654_435_761) % 0x1000_0000);
        half_open.from.ip = Some(source.into());
        half_open.first = crate::testing::at(f64::from(number) / 10_000.0);
        half_open.last = half_open.first;
        analysis.record(&Record::Conversation(half_open.clone()));
    }
    let nanoseconds = start.elapsed().as_nanos() / 1_000_000;
    println!("1 million half-open conversations: {nanoseconds} ns each, {} MB", resident_megabytes());
    let start = std::time::Instant::now();
    let judgement = analysis.finish();
    println!("judgement: {:?}, {} machines, {} MB", start.elapsed(), judgement.assets.len(), resident_megabytes());

    let mut analysis = Analysis::new(Settings::default());
    let polls: Vec<Record> = (0..1_000_u32)
        .map(|n| {
            let to = format!("10.0.{}.{}:502", n / 250, n % 250 + 1);
            Record::Act(act(f64::from(n), "10.9.0.9", &to, "modbus", Verb::Read, "read holding registers").clone())
        })
        .collect();
    let start = std::time::Instant::now();
    for _ in 0..1_000 {
        polls.iter().for_each(|record| analysis.record(record));
    }
    println!("1 million polls of 1000 devices: {} ns each", start.elapsed().as_nanos() / 1_000_000);
    let start = std::time::Instant::now();
    let judgement = analysis.finish();
    println!("judgement: {:?}, {} machines", start.elapsed(), judgement.assets.len());

    let mut analysis = Analysis::new(Settings::default());
    let talks: Vec<Record> = (0..1_000_u32)
        .map(|n| {
            let to = format!("10.0.{}.{}:502", n / 250, n % 250 + 1);
            Record::Conversation(conversation(f64::from(n), "10.9.0.9", &to, "modbus", State::Closed))
        })
        .collect();
    let start = std::time::Instant::now();
    for _ in 0..1_000 {
        talks.iter().for_each(|record| analysis.record(record));
    }
    println!("1 million conversations of 1000 devices: {} ns each", start.elapsed().as_nanos() / 1_000_000);
}
