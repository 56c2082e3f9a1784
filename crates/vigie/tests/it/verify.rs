//! `vigie verify`: what it says, and its exit codes.

use std::fs;
use std::path::Path;

use expect_test::expect;
use ledger::{Entry, Log};
use model::{Health, HealthKind, Record, Time};
use sha2::{Digest, Sha256};
use uplink::{Batch, Journal};

use crate::{folder, text, vigie};

/// A data directory with a journal of batches and their entries in a ledger; the ledger's key.
fn data(path: &Path, batches: u64) -> String {
    let mut journal =
        Journal::open(&path.join("journal"), uplink::limits::JournalLimits::default()).expect("a journal");
    let mut log = Log::open(&path.join("ledger"), "vigie.test/ledger").expect("a log");
    let at = || "2026-01-31T08:00:00.000000000Z".to_owned();
    let start = Entry::Start { at: at(), version: "0.1.0".into(), sources: vec!["eth1".into()] };
    let mut entries = vec![start.to_bytes().expect("an entry")];
    for number in 1..=batches {
        let record = Record::Health(Health {
            at: Time(number as i64),
            kind: HealthKind::Gap,
            protocol: "".into(),
            flow: None,
            count: number,
            detail: "a test".into(),
        });
        let batch = Batch { sensor: "north".into(), number, created: Time(number as i64), records: vec![record] };
        let bytes = batch.to_bytes();
        let sequence = journal.append(batch.created, &bytes).expect("appended");
        let entry = Entry::Batch {
            at: at(),
            sensor: "north".into(),
            number,
            sequence,
            sha256: Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
            bytes: bytes.len() as u64,
            records: 1,
            first: at(),
            last: at(),
        };
        entries.push(entry.to_bytes().expect("an entry"));
    }
    journal.sync().expect("synced");
    log.append(&entries).expect("appended");
    log.publish().expect("published");
    log.key().as_str().to_owned()
}

fn change(path: &Path, from: &str, to: &str) {
    let bytes = fs::read(path).expect("a file");
    let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("it is there");
    fs::write(path, [&bytes[..place], to.as_bytes(), &bytes[place + from.len()..]].concat()).expect("written");
}

#[test]
fn a_good_ledger_and_its_journal() {
    let path = folder("verify-good");
    let key = data(&path, 1500);
    let ran = vigie(&["verify", text(&path), "--key", &key, "--entry", "7"]);
    let said: String = ran
        .out
        .lines()
        .filter(|line| !line.contains("  root ") && !line.contains("  key "))
        .map(|line| {
            let line = line.split("\"bytes\"").next().unwrap_or_default();
            format!("{line}\n")
        })
        .collect();
    expect![[r#"
        Ledger vigie.test/ledger: 1,501 entries
          of them batch 1,500, start 1
        Journal: 1,500 batches as the ledger says

        Entry 7:
          {"at":"2026-01-31T08:00:00.000000000Z",
          proven: 11 hashes lead from it to the signed root of 1,501 entries

        Nothing is wrong.
    "#]]
    .assert_eq(&said);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(vigie(&["verify", text(&path.join("ledger"))]).code, 0);
}

#[test]
fn whatever_was_changed_is_named() {
    let path = folder("verify-bad");
    let key = data(&path, 20);
    change(&path.join("ledger/tile/entries/000.p/21"), "\"number\":7,", "\"number\":8,");
    change(&path.join("journal/00000000000000000001.journal"), "VGB", "VGA");
    let ran = vigie(&["verify", text(&path), "--key", &key]);
    let faults = ran.out.split("2 faults found:\n").nth(1).unwrap_or_default();
    let (ledger, journal) = faults.split_once('\n').unwrap_or_default();
    assert_eq!(ledger, "  tile/entries/000.p/21: entry 7 was changed");
    let expected = "  journal, batch 1: entry 1 speaks of it: 00000000000000000001.journal at byte 16: batch 1 is not what was \
        written";
    assert!(journal.starts_with(expected), "{journal}");
    assert_eq!(ran.code, 1);
}

#[test]
fn another_key_is_a_fault() {
    let (path, other) = (folder("verify-key"), folder("verify-other-key"));
    data(&path, 3);
    let key = data(&other, 3);
    let ran = vigie(&["verify", text(&path), "--key", &key]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("checkpoint: it is not signed by vigie.test/ledger"), "{}", ran.out);
}

#[test]
fn a_proof_is_enough() {
    let path = folder("verify-proof");
    let key = data(&path, 300);
    let proof = path.join("entry.tlog-proof");
    let ran = vigie(&["verify", text(&path), "--entry", "300", "--write-proof", text(&proof)]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let shown = ran.out.split("Entry 300:\n  ").nth(1).and_then(|rest| rest.lines().next()).expect("the entry");
    let content = path.join("entry.json");
    fs::write(&content, shown).expect("written");
    let check = || vigie(&["verify", text(&proof), "--key", &key, "--content", text(&content)]);
    let ran = check();
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "Entry 300 of 301 entries of the ledger vigie.test/ledger is proven.\n")
    );
    change(&content, "\"north\"", "\"south\"");
    let ran = check();
    assert_eq!(ran.code, 1);
    assert_eq!(ran.out, "Nothing is proven: the log that the checkpoint speaks of has another entry at place 300\n");
}

#[test]
fn an_earlier_checkpoint_finds_what_was_cut_off() {
    let (path, short) = (folder("verify-earlier"), folder("verify-short"));
    data(&path, 30);
    let kept = path.join("kept");
    fs::copy(path.join("ledger/checkpoint"), &kept).expect("copied");
    fs::create_dir_all(short.join("ledger")).expect("a folder");
    fs::copy(path.join("ledger/key"), short.join("ledger/key")).expect("copied");
    data(&short, 20);
    let ran = vigie(&["verify", text(&short), "--earlier", text(&kept)]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("it speaks of 31 entries, the log has 21: the log was cut back"), "{}", ran.out);
}

/// While the program runs it signs, replaces partial tiles, and begins segments of the journal.
#[test]
fn a_ledger_that_grows_meanwhile_is_good() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let path = folder("verify-growing");
    let limits = uplink::limits::JournalLimits { segment_bytes_max: 2000 };
    let mut journal = Journal::open(&path.join("journal"), limits).expect("a journal");
    let mut log = Log::open(&path.join("ledger"), "vigie.test/ledger").expect("a log");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0_u64.. {
                let groups: Vec<Vec<u8>> = (0..30).map(|place| format!("{round} {place}").into_bytes()).collect();
                let places = journal.accept(groups.iter().map(|bytes| (Time(0), bytes))).expect("accepted");
                let at = String::new;
                let entries: Vec<Vec<u8>> = places
                    .zip(&groups)
                    .map(|(sequence, bytes)| Entry::Batch {
                        at: at(),
                        sensor: "north".into(),
                        number: sequence,
                        sequence,
                        sha256: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
                        bytes: bytes.len() as u64,
                        records: 1,
                        first: at(),
                        last: at(),
                    })
                    .map(|entry| entry.to_bytes().expect("an entry"))
                    .collect();
                log.append(&entries).expect("accepted");
                if round % 3 == 0 {
                    log.publish().expect("published");
                }
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..12 {
            let ran = vigie(&["verify", text(&path)]);
            if ran.code != 0 {
                is_done.store(true, Ordering::Relaxed);
            }
            assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        }
        is_done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn wrong_usage_is_told() {
    let empty = folder("verify-empty");
    let missing = empty.join("missing");
    for (arguments, message) in [
        (vec!["verify", text(&missing)], "does not exist"),
        (vec!["verify", text(&empty)], "holds no ledger"),
        (vec!["verify", text(&empty), "--key", "nonsense"], "is not a key such as"),
        (vec!["verify"], "Usage"),
    ] {
        let ran = vigie(&arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
}
