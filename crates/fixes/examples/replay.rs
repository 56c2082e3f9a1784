//! How long 100 million conversation-minutes take: summed up, then a thousand rules replayed over them.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use fixes::recorded::Key;
use fixes::{Deed, Fix, Guard, Recorded};
use model::{Said, Severity, Time};

fn main() {
    let millions: i64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100);
    let (pairs, minutes) = (10_000_i64, millions * 100);
    let host =
        |net: u8, number: i64| IpAddr::V4(Ipv4Addr::new(10, net, (number / 250) as u8, (number % 250 + 1) as u8));
    let start = Instant::now();
    let mut recorded = Recorded::default();
    for minute in 0..minutes {
        for pair in 0..pairs {
            let key = Key { from: host(1, pair / 4), to: host(2, pair % 2_500), transport: 6, port: 502 };
            let at = Time::from_seconds(1_700_000_000 + minute * 60, 0);
            recorded.minute(key, "modbus", at, at, 120, 0, true);
        }
    }
    let summed = start.elapsed();
    let rules: Vec<Fix> = (0..1_000)
        .map(|number| Fix {
            number: number as u32 + 1,
            weakness: "bench".into(),
            detector: "bench".into(),
            severity: Severity::High,
            what: Said::default(),
            guard: Guard {
                server: host(2, number),
                transport: 6,
                port: 502,
                protocol: "modbus".into(),
                clients: vec!["10.1.0.0/17".into()],
                functions: Vec::new(),
            },
        })
        .collect();
    let start = Instant::now();
    let replayed = fixes::replay(&rules, &recorded, &[] as &[Deed]);
    let broken: u64 = replayed.iter().map(|result| result.break_count).sum();
    println!(
        "{} conversation-minutes summed up in {summed:?}; 1000 rules replayed in {:?}; {broken} breaks",
        recorded.minutes(),
        start.elapsed()
    );
}
