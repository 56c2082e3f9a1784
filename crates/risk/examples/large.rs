//! How long attack paths and zones take on a plant of 5,000 machines: `large [MACHINES]`.

use std::time::Instant;

use risk::testing::Plant;

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5_000);
    let mut plant = Plant::new();
    let name = |number: usize| format!("M{number}");
    for number in 0..count {
        let (role, level, net) = match number % 20 {
            0 => ("hmi", "2", 1),
            1 => ("engineering station", "2", 1),
            2..=13 => ("plc", "1", 1),
            _ => ("workstation", "4", 9),
        };
        let cell = number / 100;
        plant.machine(&name(number), &format!("10.{net}.{cell}.{}", number % 100 + 1), role, level);
    }
    for number in 0..count {
        let cell = number / 20 * 20;
        match number % 20 {
            2..=13 => {
                plant.edge(&name(cell), &name(number), "modbus", 502, "read write");
                plant.edge(&name(cell + 1), &name(number), "s7comm", 102, "read program stop");
            }
            14..=19 => {
                plant.edge(&name(number), &name(cell), "rdp", 3389, "");
                plant.edge(&name(number), &name((number + 20) % count / 20 * 20 + 14), "smb", 445, "file");
            }
            _ => {}
        }
    }
    let judgement = plant.judgement();
    let start = Instant::now();
    let plan = risk::zones::propose(&judgement);
    println!(
        "{} machines, {} edges: {} zones in {:?}",
        count,
        judgement.edges.len(),
        plan.zones.len(),
        start.elapsed()
    );
    let start = Instant::now();
    let answer = risk::paths::find(&judgement, &risk::paths::Known::default());
    println!(
        "{} targets, {} paths, risk {:.0}, {} fixes in {:?}",
        answer.targets.len(),
        answer.paths.len(),
        answer.risk,
        answer.fixes.len(),
        start.elapsed()
    );
}
