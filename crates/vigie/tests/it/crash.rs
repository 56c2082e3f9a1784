//! Power cuts while records arrive: what was acknowledged is there afterwards, and everything can be derived again.

use std::time::Duration;

use crate::running::Running;
use crate::{folder, plant, text, vigie};

/// Entries of the ledger that the health page tells: these are on disk.
fn entries(running: &Running) -> u64 {
    running.health()["ledger"]["size"].as_u64().expect("the size of the ledger")
}

#[test]
fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let rounds: u64 = std::env::var("VIGIE_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    // Times of the cuts follow from the seed, which is printed with the test.
    let mut seed: u64 = std::env::var("VIGIE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("{rounds} rounds with VIGIE_SEED={seed}");
    let data = folder("crash");
    let arguments = ["run", "--replay", text(plant()), "--speed", "max", "--sensor", "north", "--evidence", "64M"];
    let mut acknowledged = 0;
    for round in 0..rounds {
        let running = Running::start(&arguments, &data);
        assert!(entries(&running) >= acknowledged, "round {round}: entries are gone");
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let cut = Duration::from_millis(seed >> 33 & 0x1ff);
        let begun = std::time::Instant::now();
        while begun.elapsed() < cut {
            acknowledged = entries(&running);
            std::thread::sleep(Duration::from_millis(3));
        }
        running.kill();
        let verified = vigie(&["verify", text(&data)]);
        assert_eq!(verified.code, 0, "round {round}: {}{}", verified.out, verified.err);
    }
    let running = Running::start(&arguments, &data);
    running.wait("the end of the capture", 120, |health| {
        health["sensors"][0]["state"] == "ended" && health["analysis"]["behind"].as_u64() == Some(0)
    });
    assert!(entries(&running) > acknowledged);
    assert_eq!(running.get("/api/v1/assets").status, 401, "nothing is told to strangers");
    assert!(running.token.is_some(), "the first administrator is made by a link");
    assert!(running.stop().success());
    let rebuilt = vigie(&["rebuild", "--data", text(&data)]);
    assert_eq!(rebuilt.code, 0, "{}{}", rebuilt.out, rebuilt.err);
    assert!(rebuilt.out.contains("every table is what it was"), "{}", rebuilt.out);
}
