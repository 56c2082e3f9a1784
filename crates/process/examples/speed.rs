//! How long learning a month of seconds of 200 tags takes, and judging: `cargo run --release -p process --example speed`.
#![forbid(unsafe_code)]

use std::time::Instant;

use model::Time;
use process::{Learner, Options, Watch};

fn main() {
    let days: i64 = std::env::args().nth(1).and_then(|days| days.parse().ok()).unwrap_or(30);
    let width = 200;
    let mut random = 88_172_645_463_325_252_u64;
    let mut noise = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    // Tanks that fill and empty, pumps that switch, and flows and pressures that follow.
    let mut levels = vec![5.0_f64; 40];
    let mut pumps = [false; 40];
    let mut row = vec![0.0; width];
    let mut learner = Learner::new((0..width).map(|tag| format!("T{tag}")).collect(), Options::default());
    let (mut made, mut learned) = (0.0, 0.0);
    let mut last = Vec::new();
    for second in 0..days * 86_400 {
        let began = Instant::now();
        for tank in 0..40 {
            if levels[tank] > 9.0 {
                pumps[tank] = true
            } else if levels[tank] < 2.0 {
                pumps[tank] = false
            }
            let flow = if pumps[tank] { -0.004 } else { 0.003 } + 0.002 * noise();
            levels[tank] += flow;
            row[tank] = (levels[tank] * 1_000.0).round() / 1_000.0;
            row[40 + tank] = f64::from(u8::from(pumps[tank]));
            row[80 + tank] = ((flow * 1e4 + noise()) * 100.0).round() / 100.0;
            row[120 + tank] =
                ((levels[tank] * 0.981 + 0.3 * f64::from(u8::from(pumps[tank])) + 0.01 * noise()) * 1_000.0).round()
                    / 1_000.0;
            row[160 + tank] = ((levels[(tank + 1) % 40] + levels[tank] + 0.02 * noise()) * 100.0).round() / 100.0;
        }
        made += began.elapsed().as_secs_f64();
        let began = Instant::now();
        learner.push(Time::from_seconds(second, 0), &row);
        learned += began.elapsed().as_secs_f64();
        if second >= days * 86_400 - 20_000 {
            last.push(row.clone());
        }
    }
    let began = Instant::now();
    let normal = learner.finish().expect("enough rows");
    let fitted = began.elapsed().as_secs_f64();
    println!(
        "{days} days of seconds, {width} tags: taking in {learned:.1} s, fitting {fitted:.1} s (making the data {made:.1} s); a step every {} s, {} formulas, {} conditions",
        normal.interval,
        normal.formulas.len(),
        normal.conditions.len()
    );
    let mut watch = Watch::new(&normal);
    let (mut hits, mut alarms) = (Vec::new(), 0);
    let began = Instant::now();
    for (second, row) in last.iter().enumerate() {
        hits.clear();
        watch.row(&normal, Time::from_seconds(second as i64, 0), row, &mut hits);
        alarms += usize::from(hits.iter().any(process::Hit::is_alarm));
    }
    let each = began.elapsed().as_secs_f64() / last.len() as f64;
    println!("judging: {:.1} µs a row, {alarms} of {} rows in alarm", each * 1e6, last.len());
}
