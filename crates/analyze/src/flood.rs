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

/// A plant as large as the tables allow: what a live server pays each time it asks for a judgement.
#[test]
#[ignore = "a measurement: cargo test --release -p analyze flood -- --ignored --nocapture --test-threads 1"]
fn flood_of_machines() {
    let mut analysis = Analysis::new(Settings::default());
    for host in 0..19_000_u32 {
        let ip = format!("10.{}.{}.{}", host / 50_000, host / 200, host % 200 + 1);
        let mac = format!("00:1b:1b:{:02x}:{:02x}:{:02x}", host >> 16, host >> 8 & 255, host & 255);
        let at = f64::from(host) / 100.0;
        for (key, value) in [
            (model::FactKey::Mac, mac.clone()),
            (model::FactKey::OrderNumber, format!("6ES7 315-2EH14-0AB{}", host % 10)),
            (model::FactKey::Serial, format!("S C-X4U{host}")),
            (model::FactKey::Hostname, format!("plc-{host}")),
            (model::FactKey::Firmware, format!("V3.{}", host % 7)),
        ] {
            analysis.record(&Record::Fact(crate::testing::fact(at, &ip, "s7comm", key, &value)));
        }
        for peer in 0..3 {
            let master = format!("10.9.{}.{}@00:0c:29:00:{:02x}:{:02x}", peer, host % 60 + 1, peer, host % 60);
            let server = format!("{ip}:102@{mac}");
            analysis.record(&Record::Act(act(at, &master, &server, "s7comm", Verb::Read, "read var")));
            analysis.record(&Record::Act(act(at, &master, &server, "s7comm", Verb::Write, "write var")));
            analysis.record(&Record::Conversation(conversation(at, &master, &server, "s7comm", State::Closed)));
        }
    }
    let start = std::time::Instant::now();
    let bytes = analysis.save().unwrap();
    println!("saved: {:?}, {} MB", start.elapsed(), bytes.len() / 1_000_000);
    let start = std::time::Instant::now();
    let loaded = Analysis::load(&Settings::default(), &bytes).unwrap();
    println!("loaded: {:?}, revision {}", start.elapsed(), loaded.revision());
    for round in 0..3 {
        let start = std::time::Instant::now();
        let judgement = analysis.finish();
        println!(
            "judgement {round}: {:?}, {} machines, {} edges, {} findings, {} MB",
            start.elapsed(),
            judgement.assets.len(),
            judgement.edges.len(),
            judgement.findings.len(),
            resident_megabytes()
        );
    }
}
