//! How many entries a second the log accepts and verifies: `cargo run --release -p ledger --example ledger_speed`.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use ledger::{Against, Ledger, Log, verify};

fn entry(number: u64) -> Vec<u8> {
    format!(
        "{{\"at\":\"2026-01-31T08:00:00.000000000Z\",\"bytes\":81234,\"entry\":\"batch\",\"number\":{number},\"records\":8192,\
         \"sensor\":\"north\",\"sha256\":\"{number:064x}\"}}"
    )
    .into_bytes()
}

fn main() {
    let per_second = |start: Instant, count: u64| count as f64 / start.elapsed().as_secs_f64();
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut log = Log::open(folder.path(), "example/ledger").expect("a log");

    let start = Instant::now();
    for number in 0..500 {
        log.append(&[entry(number)]).expect("accepted");
    }
    println!("append   {:>10.0} entries/s, each synced", per_second(start, 500));

    let start = Instant::now();
    for round in 0..200 {
        let entries: Vec<Vec<u8>> = (0..256).map(|place| entry(round * 256 + place)).collect();
        log.append(&entries).expect("accepted");
    }
    println!("append   {:>10.0} entries/s, 256 a sync", per_second(start, 200 * 256));

    let start = Instant::now();
    log.publish().expect("published");
    for number in 0..50 {
        log.append(&[entry(number)]).expect("accepted");
        log.publish().expect("published");
    }
    println!("publish  {:>10.0} checkpoints/s", per_second(start, 51));

    let ledger = Ledger::start(log, Duration::from_secs(1));
    for threads in [1, 4, 32] {
        let start = Instant::now();
        let each = 2000 / threads;
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    (0..each)
                        .for_each(|number| assert_eq!(ledger.append(vec![entry(number)]).expect("accepted").count(), 1))
                });
            }
        });
        println!(
            "append   {:>10.0} entries/s from {threads} threads, each waits for its own",
            per_second(start, threads * each)
        );
    }
    drop(ledger.stop());

    let start = Instant::now();
    let report = verify(folder.path(), &Against::default(), |_, _| {});
    assert!(report.is_good(), "{:?}", report.faults);
    println!("verify   {:>10.0} entries/s", per_second(start, report.size));
}
