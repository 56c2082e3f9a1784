//! The writer is killed at random instants, many times: nothing that was acknowledged is lost, nothing is there twice.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use model::Verb;

use crate::testing::{Place, act, ask, files, one_of_each};
use crate::{Limits, Writer};

/// Says to the child where it writes.
const FOLDER: &str = "VIGIE_HISTORY_CRASH_FOLDER";

/// Times that the child is killed.
const KILLS: u64 = 12;

/// What the child does until it is killed. As a test of its own it does nothing.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let mut writer = Writer::open(folder.as_ref(), Limits::default()).expect("history opens");
    for index in writer.next().. {
        let mut records = one_of_each(index as f64 * 20.0);
        records.push(act(index as f64, 3, Verb::Write));
        writer.append(index, &records).expect("appended");
        if index % 3 == 0 {
            writer.flush().expect("written");
            println!("lasting {}", writer.next());
        }
        if index % 20 == 0 {
            writer.maintain(crate::testing::after(index as f64 * 20.0)).expect("maintained");
        }
    }
}

#[test]
fn killed_at_any_instant_nothing_is_lost_or_doubled() {
    let place = Place::new("kill");
    let mut random = u64::from(std::process::id()) ^ 0x9e37_79b9_7f4a_7c15;
    println!("seed {random}");
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "crash::child", "--nocapture"])
            .env(FOLDER, &place.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (wait, lines) = (Duration::from_micros((random >> 33) % 30_000), (random >> 20) % 12);
        let mut lines =
            out.lines().map_while(Result::ok).filter(|line| line.contains("lasting ")).take(lines as usize + 1);
        for line in &mut lines {
            let number = line.rsplit(' ').next().and_then(|number| number.parse::<u64>().ok());
            acknowledged = acknowledged.max(number.expect("a number"));
        }
        std::thread::sleep(wait);
        child.kill().expect("killed");
        child.wait().expect("ended");

        let writer = Writer::open(&place.0, Limits::default()).expect("history opens");
        let next = writer.next();
        assert!(next >= acknowledged, "round {round}: {next} < {acknowledged}");
        assert_eq!(writer.problems(), [], "round {round}");
        let history = writer.history().expect("history");
        for (table, each) in [("acts", 2), ("facts", 1), ("conversations", 1), ("health", 1)] {
            let sql = format!("SELECT count(*), count(DISTINCT batch), coalesce(max(batch) + 1, 0) FROM {table}");
            let rows = ask(&history, &sql);
            let wanted = format!("{},{next},{next}", next * each);
            assert_eq!(rows.lines().nth(1), Some(wanted.as_str()), "round {round}: {table}");
        }
        assert!(
            files(&place.0).iter().all(|path| !path.ends_with(".tmp")),
            "round {round}: nothing half-written stays"
        );
    }
    assert!(acknowledged > 0);
}
