//! A process that appends is killed at random instants: the log on disk always verifies, and has every entry of which the
//! process said that it was accepted.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ledger::{Against, Ledger, Log, Refused, verify};

/// Set in the child: the directory of the log.
const CHILD: &str = "LEDGER_TEST_CHILD";
/// Kills; `LEDGER_KILLS` asks for more.
const KILLS: u64 = 25;

fn entry(index: u64) -> Vec<u8> {
    format!("{{\"entry\":\"test\",\"number\":{index}}}").into_bytes()
}

/// Appends until it is killed, and says after each append how many entries were accepted.
#[test]
fn child_that_appends() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let log = Log::open(Path::new(&directory), "vigie.test/killed").expect("a log");
    let mut next = log.size();
    let ledger = Ledger::start(log, Duration::from_millis(3));
    let mut output = std::io::stdout().lock();
    for round in 0_u64.. {
        let entries = (next..next + 1 + round % 50).map(entry).collect();
        let accepted: Result<_, Refused> = ledger.append(entries);
        next = accepted.expect("accepted").end;
        writeln!(output, "accepted {next}").and_then(|()| output.flush()).expect("the parent reads");
    }
}

/// A small generator of pseudo-random numbers (SplitMix64).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn killed_at_any_instant_nothing_accepted_is_lost() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let kills = std::env::var("LEDGER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let mut seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut accepted = 0;
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child_that_appends", "--nocapture"])
            .env(CHILD, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let output = child.stdout.take().expect("its output");
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("accepted ")?.parse::<u64>().ok()).last()
        });
        std::thread::sleep(Duration::from_micros(5_000 + random(&mut seed) % 250_000));
        child.kill().expect("killed");
        child.wait().expect("ended");
        accepted = reader.join().expect("read").unwrap_or(accepted).max(accepted);

        let mut next = 0;
        let report = verify(directory.path(), &Against::default(), |index, bytes| {
            assert_eq!((index, bytes), (next, entry(index).as_slice()));
            next += 1;
        });
        // A child killed before it began leaves nothing to verify.
        if accepted > 0 {
            assert!(report.is_good(), "kill {kill}: {:?}", report.faults);
        }
        assert!(next >= accepted, "kill {kill}: {next} entries, {accepted} were accepted");
    }
    assert!(accepted > 0, "no child came as far as to append");
    let log = Log::open(directory.path(), "vigie.test/killed").expect("a log");
    assert!(log.published() >= accepted);
    println!("{kills} kills, {accepted} entries accepted, {} in the log", log.size());
}
