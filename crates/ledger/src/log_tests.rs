//! What was accepted is there, and the log verifies, after a crash at any instant and on a full disk; what was changed is named.

use std::collections::BTreeMap;
use std::fs;

use tempfile::TempDir;

use super::*;
use crate::disk::{Notes, Step};
use crate::note::tests::SECRET;
use crate::proof::ProofFault;
use crate::verify::{Against, Report, verify};

const ORIGIN: &str = "vigie.test/ledger";

fn entry(index: u64) -> Vec<u8> {
    format!("{{\"entry\":\"test\",\"number\":{index},\"text\":\"{}\"}}", "x".repeat(index as usize % 40)).into_bytes()
}

/// A log whose key is known, so that its bytes are always the same.
fn open(directory: &Path) -> Log {
    let path = directory.join("key");
    if !path.exists() {
        fs::create_dir_all(directory).unwrap();
        fs::write(&path, SECRET).unwrap();
    }
    Log::open(directory, ORIGIN).unwrap()
}

fn fill(log: &mut Log, count: u64) {
    let first = log.size();
    let entries: Vec<Vec<u8>> = (first..first + count).map(entry).collect();
    assert_eq!(log.append(&entries).unwrap(), first..first + count);
}

/// A log of as many entries, published in pieces.
fn log_of(directory: &Path, sizes: &[u64]) -> Log {
    let mut log = open(directory);
    for size in sizes {
        let count = size - log.size();
        fill(&mut log, count);
        log.publish().unwrap();
    }
    log
}

/// Verifies; every entry met must be the one that was appended.
fn check(directory: &Path) -> Report {
    let mut next = 0;
    verify(directory, &Against::default(), |index, bytes| {
        assert_eq!((index, bytes), (next, entry(index).as_slice()));
        next += 1;
    })
}

fn assert_good(directory: &Path, size: u64) {
    let report = check(directory);
    assert!(report.is_good(), "{size}: {:?}", report.faults);
    assert_eq!(report.size + report.staged, size);
}

#[test]
fn what_is_appended_is_there_at_every_size() {
    let directory = TempDir::new().unwrap();
    let mut log = open(directory.path());
    assert_good(directory.path(), 0);
    for size in [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1024, 1100] {
        let count = size - log.size();
        fill(&mut log, count);
        assert_good(directory.path(), size);
        log.publish().unwrap();
        assert_good(directory.path(), size);
        assert_eq!((log.published(), log.size()), (size, size));
        drop(log);
        log = open(directory.path());
        assert_eq!((log.published(), log.notes().len()), (size, 0));
    }
    let reader = log.reader();
    for from in [0, 250, 255, 256, 1000, 1099, 1100, 5000] {
        let expected: Vec<Vec<u8>> = (from..(from + 300).min(1100)).map(entry).collect();
        assert_eq!(reader.entries(from, 300).unwrap(), expected);
    }
    assert_eq!(reader.file("checkpoint").as_deref(), Some(log.checkpoint()));
    assert_eq!(reader.file("tile/0/003").map(|bytes| bytes.len()), Some(8192));
    assert_eq!((reader.file("key"), reader.file("tile/../key"), reader.file("tile/0/900")), (None, None, None));
}

/// More than one tile of level 1: the third level begins.
#[test]
fn a_log_of_three_levels() {
    let directory = TempDir::new().unwrap();
    let mut log = log_of(directory.path(), &[30_000, 65_535, 65_537, 66_000]);
    assert!(directory.path().join("tile/1/000").exists() && directory.path().join("tile/2/000.p/1").exists());
    assert_good(directory.path(), 66_000);
    drop(log);
    log = open(directory.path());
    fill(&mut log, 1);
    log.publish().unwrap();
    assert_good(directory.path(), 66_001);
    for index in [0, 255, 256, 65_535, 65_536, 66_000] {
        let proof = log.reader().inclusion(index).unwrap();
        assert_eq!(proof.verify(&entry(index), log.key()).unwrap().size, 66_001);
    }
}

#[test]
fn every_entry_is_proven_and_no_other() {
    let directory = TempDir::new().unwrap();
    let log = log_of(directory.path(), &[100, 300]);
    let (reader, key) = (log.reader(), log.key());
    for index in 0..300 {
        let text = reader.inclusion(index).unwrap().to_text();
        let proof = Proof::parse(&text).unwrap();
        assert_eq!(proof.verify(&entry(index), key).unwrap().size, 300);
        assert_eq!(proof.verify(&entry(index + 1), key), Err(ProofFault::OtherEntry(index)));
        let moved = Proof { index: (index + 1) % 300, ..proof };
        assert!(moved.verify(&entry(index), key).is_err());
    }
    assert!(matches!(reader.inclusion(300), Err(LedgerError::NotThere { .. })));
    assert!(Proof::parse(b"c2sp.org/tlog-proof@v1\nindex 01\n\nx").is_err());
}

#[test]
fn every_earlier_log_is_proven_to_be_a_beginning() {
    let directory = TempDir::new().unwrap();
    let log = log_of(directory.path(), &[600]);
    let reader = log.reader();
    let mut edge = Edge::default();
    let mut roots = vec![edge.root()];
    for index in 0..600 {
        edge.push(record_hash(&entry(index)), |_, _, _| {});
        roots.push(edge.root());
    }
    for (old, new) in [(1, 1), (1, 600), (3, 7), (255, 256), (256, 257), (256, 600), (511, 513), (600, 600), (300, 599)]
    {
        let proof = reader.consistency(old, new).unwrap();
        let (new_root, old_root) = (roots[new as usize], roots[old as usize]);
        tlog_tiles::check_tree(&proof, new, new_root, old, old_root).unwrap();
        assert!(tlog_tiles::check_tree(&proof, new, new_root, old, roots[0]).is_err());
    }
    assert!(reader.consistency(5, 601).is_err());
}

#[test]
fn the_key_is_for_its_owner_only_and_keeps_the_name() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let mode = |name: &str| fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777;
    let log = Log::open(directory.path(), "plant.example/ledger").unwrap();
    assert_eq!((mode("key"), mode("key.pub")), (0o600, 0o644));
    assert!(matches!(Log::open(directory.path(), "plant.example/ledger"), Err(LedgerError::InUse(_))));
    let key = log.key().clone();
    drop(log);
    fs::set_permissions(directory.path().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    let log = Log::open(directory.path(), "another/name").unwrap();
    assert_eq!((log.key(), mode("key"), log.notes().len()), (&key, 0o600, 1));
    drop(log);
    fs::remove_file(directory.path().join("key")).unwrap();
    assert!(matches!(Log::open(directory.path(), "x"), Err(LedgerError::KeyMissing(_))));
    let directory = TempDir::new().unwrap();
    assert!(matches!(Log::open(directory.path(), "not a name"), Err(LedgerError::Name(_))));
}

#[test]
fn a_checkpoint_is_the_one_that_other_implementations_accept() {
    let directory = TempDir::new().unwrap();
    let log = log_of(directory.path(), &[3, 300]);
    let golden = expect_test::expect_file!["../golden/checkpoint-300.txt"];
    golden.assert_eq(std::str::from_utf8(log.checkpoint()).unwrap());
    expect_test::expect_file!["../golden/key.pub"].assert_eq(&format!("{}\n", log.key().as_str()));
    let proof = log.reader().inclusion(42).unwrap();
    expect_test::expect_file!["../golden/entry-42.tlog-proof"]
        .assert_eq(std::str::from_utf8(&proof.to_text()).unwrap());
    expect_test::expect_file!["../golden/entry-42.json"].assert_eq(std::str::from_utf8(&entry(42)).unwrap());
}

/// Files of a log that are checked: not the secret key, the lock, and what is only staged.
fn files(directory: &Path) -> Vec<String> {
    let mut files = vec!["checkpoint".to_owned(), "key.pub".to_owned()];
    let mut folders = vec!["tile".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(directory.join(&folder)).unwrap().flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

fn names(report: &Report, file: &str) -> bool {
    report.faults.iter().any(|fault| fault.file == file || fault.what.contains(file))
}

fn damaged(directory: &Path) -> Report {
    verify(directory, &Against::default(), |_, _| {})
}

#[test]
fn any_flipped_bit_is_found_and_its_file_named() {
    let directory = TempDir::new().unwrap();
    drop(log_of(directory.path(), &[3, 200, 300]));
    for file in files(directory.path()) {
        let path = directory.path().join(&file);
        let whole = fs::read(&path).unwrap();
        let step = (whole.len() / 40).max(1);
        for place in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            fs::write(&path, changed).unwrap();
            let report = damaged(directory.path());
            let is_key = file == "key.pub";
            assert!(!report.is_good(), "{file} byte {place}");
            assert!(
                names(&report, &file) || (is_key && names(&report, "checkpoint")),
                "{file} byte {place}: {:?}",
                report.faults
            );
        }
        fs::write(&path, whole).unwrap();
    }
    assert_good(directory.path(), 300);
}

#[test]
fn any_missing_or_cut_file_is_found_and_named() {
    let directory = TempDir::new().unwrap();
    drop(log_of(directory.path(), &[600]));
    for file in files(directory.path()) {
        let path = directory.path().join(&file);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let report = damaged(directory.path());
        assert!(names(&report, &file), "{file}: {:?}", report.faults);
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let report = damaged(directory.path());
        assert!(names(&report, &file), "{file}: {:?}", report.faults);
        fs::write(&path, whole).unwrap();
    }
    assert_good(directory.path(), 600);
}

fn told(report: &Report) -> String {
    report.faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn faults_name_entry_and_place() {
    let directory = TempDir::new().unwrap();
    drop(log_of(directory.path(), &[600]));
    let change = |file: &str, from: &str, to: &str| {
        let path = directory.path().join(file);
        let bytes = fs::read(&path).unwrap();
        let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let changed = [&bytes[..place], to.as_bytes(), &bytes[place + from.len()..]].concat();
        fs::write(&path, changed).unwrap();
    };
    change("tile/entries/000", "\"number\":17,", "\"number\":71,");
    change("tile/entries/002.p/88", "\"number\":555,", "\"number\":556,");
    let path = directory.path().join("tile/0/001");
    let mut hashes = fs::read(&path).unwrap();
    hashes[5 * 32] ^= 1;
    fs::write(&path, hashes).unwrap();
    expect_test::expect![[r#"
        tile/entries/000: entry 17 was changed
        tile/0/001: hash 5 is not that of entry 261
        tile/entries/002.p/88: entry 555 was changed
    "#]]
    .assert_eq(&told(&damaged(directory.path())));
}

/// Whoever changes an entry and all hashes above it cannot sign; whoever signs anew has another key; whoever has the key
/// cannot change what was noted elsewhere.
#[test]
fn forgers_are_found() {
    let honest = TempDir::new().unwrap();
    let log = log_of(honest.path(), &[200, 300]);
    let key = log.key().clone();
    let kept = log.checkpoint().to_vec();
    drop(log);

    // With the key, another history.
    let forged = TempDir::new().unwrap();
    let mut log = open(forged.path());
    log.append(&(0..300).map(|index| entry(index + 1)).collect::<Vec<_>>()).unwrap();
    log.publish().unwrap();
    drop(log);
    assert!(damaged(forged.path()).is_good(), "nothing in it is wrong");
    let against = Against { key: Some(key.clone()), earlier: vec![("kept.txt".into(), kept.clone())] };
    let report = verify(forged.path(), &against, |_, _| {});
    assert_eq!(
        told(&report),
        "kept.txt: its root is not that of the first 300 entries of this log: one of the two was forged\n"
    );

    // The tiles of one history, the checkpoint of another.
    fs::write(forged.path().join("checkpoint"), &kept).unwrap();
    let report = damaged(forged.path());
    assert!(told(&report).contains("checkpoint: it signs the root "), "{}", told(&report));

    // Another key.
    let other = TempDir::new().unwrap();
    let mut log = Log::open(other.path(), ORIGIN).unwrap();
    fill(&mut log, 300);
    log.publish().unwrap();
    drop(log);
    assert!(damaged(other.path()).is_good());
    let report = verify(other.path(), &Against { key: Some(key.clone()), earlier: Vec::new() }, |_, _| {});
    assert!(names(&report, "key.pub") && names(&report, "checkpoint"), "{}", told(&report));

    // Cut back.
    let short = TempDir::new().unwrap();
    drop(log_of(short.path(), &[200]));
    let report = verify(short.path(), &against, |_, _| {});
    assert_eq!(told(&report), "kept.txt: it speaks of 300 entries, the log has 200: the log was cut back\n");

    // The honest one.
    let mut log = open(honest.path());
    fill(&mut log, 100);
    log.publish().unwrap();
    assert!(verify(honest.path(), &against, |_, _| {}).is_good());
}

#[test]
fn damaged_edge_tiles_are_made_again_and_damaged_entries_are_told() {
    let directory = TempDir::new().unwrap();
    drop(log_of(directory.path(), &[300]));
    for file in ["tile/0/001.p/44", "tile/1/000.p/1"] {
        fs::write(directory.path().join(file), [0; 32]).unwrap();
        assert!(!damaged(directory.path()).is_good());
        let log = open(directory.path());
        assert_eq!(log.notes(), ["tiles at the edge of the log were damaged and made again from its entries"]);
        drop(log);
        assert_good(directory.path(), 300);
    }
    let bundle = directory.path().join("tile/entries/001.p/44");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[12] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let error = Log::open(directory.path(), ORIGIN).unwrap_err();
    assert!(error.to_string().contains("its root is not that of the entries"), "{error}");
}

#[test]
fn an_entry_too_large_is_refused_and_the_others_with_it() {
    let directory = TempDir::new().unwrap();
    let mut log = open(directory.path());
    assert!(matches!(log.append(&[entry(0), vec![b'x'; 65_536]]), Err(LedgerError::TooLarge(65_536))));
    assert_eq!(log.size(), 0);
    assert_eq!(log.append(&[vec![b'x'; 65_535], Vec::new()]).unwrap(), 0..2);
    log.publish().unwrap();
    assert_eq!(log.reader().entries(0, 9).unwrap(), [vec![b'x'; 65_535], Vec::new()]);
    assert!(damaged(directory.path()).is_good());
}

/// Appends and publishes as a program does; gives after which step how many entries were accepted.
fn work(log: &mut Log, steps: impl Fn() -> usize, accepted: &mut Vec<(usize, u64)>) -> Result<(), LedgerError> {
    for round in 0..10 {
        let first = log.size();
        let entries: Vec<Vec<u8>> = (first..first + 37).map(entry).collect();
        log.append(&entries)?;
        accepted.push((steps(), log.size()));
        if round % 3 == 2 {
            log.publish()?;
        }
    }
    log.publish()
}

#[test]
fn a_full_disk_at_any_step_loses_nothing_and_work_goes_on() {
    for room in 0.. {
        let directory = TempDir::new().unwrap();
        let mut log = open(directory.path());
        Notes::set(Notes { room: Some(room), ..Notes::default() });
        let mut accepted = Vec::new();
        let result = work(&mut log, || 0, &mut accepted);
        Notes::set(Notes::default());
        let size = accepted.last().map_or(0, |(_, size)| *size);
        assert_eq!(log.size(), size);
        // What could not be taken back may still lie there: it was not accepted, and may be so at the next start.
        let report = check(directory.path());
        assert!(report.is_good() && report.size + report.staged >= size, "room {room}: {:?}", report.faults);
        if room % 2 == 0 {
            drop(log);
            log = open(directory.path());
            assert!(log.published() >= size);
        }
        fill(&mut log, 20);
        log.publish().unwrap();
        assert_good(directory.path(), log.size());
        match result {
            Ok(()) => return,
            Err(error) => assert!(matches!(error, LedgerError::Full { .. }), "{error}"),
        }
    }
}

/// What a crash leaves of changes that were not made durable.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    /// Nothing.
    Nothing,
    /// Half of the bytes appended, and every file name.
    Half,
    /// Everything.
    Everything,
}

/// Sets up the disk as it is after a crash behind these steps.
fn set_up(root: &Path, target: &Path, steps: &[Step], kept: Kept) {
    #[derive(Clone, Default)]
    struct Node {
        now: Vec<u8>,
        durable: Vec<u8>,
    }
    let mut now: BTreeMap<PathBuf, Node> = BTreeMap::new();
    let mut names: BTreeMap<PathBuf, Node> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Write(path, bytes) => {
                now.insert(path.clone(), Node { now: bytes.clone(), durable: bytes.clone() });
            }
            Step::Append(path, bytes) => now.entry(path.clone()).or_default().now.extend(bytes),
            Step::Truncate(path, length) => now.entry(path.clone()).or_default().now.truncate(*length as usize),
            Step::SyncFile(path) => {
                let node = now.entry(path.clone()).or_default();
                node.durable.clone_from(&node.now);
                // Its name was made durable when it was opened.
                names.insert(path.clone(), node.clone());
            }
            Step::Remove(path) => now.retain(|file, _| !file.starts_with(path)),
            Step::MakeDirectory(_) => {}
            Step::SyncDirectory(path) => {
                names.retain(|file, _| file.parent() != Some(path) || now.contains_key(file));
                for (file, node) in now.iter().filter(|(file, _)| file.parent() == Some(path)) {
                    names.insert(file.clone(), node.clone());
                }
            }
        }
    }
    let files: BTreeMap<PathBuf, Vec<u8>> = match kept {
        Kept::Nothing => names.into_iter().map(|(path, node)| (path, node.durable)).collect(),
        Kept::Everything => now.into_iter().map(|(path, node)| (path, node.now)).collect(),
        Kept::Half => {
            let half = |node: Node| match node.now.strip_prefix(node.durable.as_slice()) {
                Some(rest) => [node.durable.as_slice(), &rest[..rest.len() / 2]].concat(),
                None => node.durable,
            };
            now.into_iter().map(|(path, node)| (path, half(node))).collect()
        }
    };
    for (path, bytes) in files {
        let path = target.join(path.strip_prefix(root).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Power fails behind every single step: the log on disk verifies at once, opens, and has every entry that was accepted.
#[test]
fn a_crash_at_any_instant_loses_nothing_that_was_accepted() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("ledger");
    Notes::set(Notes { steps: Some(Vec::new()), ..Notes::default() });
    let mut log = Log::open(&root, ORIGIN).unwrap();
    let mut accepted = Vec::new();
    let count = || {
        let notes = Notes::set(Notes::default());
        let count = notes.steps.as_ref().map_or(0, Vec::len);
        Notes::set(notes);
        count
    };
    work(&mut log, count, &mut accepted).unwrap();
    drop(log);
    let steps = Notes::set(Notes::default()).steps.unwrap();
    assert!(steps.len() > 70, "{} steps", steps.len());
    for end in 0..=steps.len() {
        for kept in [Kept::Nothing, Kept::Half, Kept::Everything] {
            let target = TempDir::new().unwrap();
            set_up(&root, target.path(), &steps[..end], kept);
            let expected = accepted.iter().rfind(|(step, _)| *step <= end).map_or(0, |(_, size)| *size);
            if target.path().join("checkpoint").exists() {
                let report = check(target.path());
                assert!(report.is_good(), "{end} {kept:?}: {:?}", report.faults);
                assert!(report.size + report.staged >= expected, "{end} {kept:?}");
            }
            let mut log = Log::open(target.path(), ORIGIN).unwrap_or_else(|error| panic!("{end} {kept:?}: {error}"));
            assert!(log.size() >= expected, "{end} {kept:?}: {} of {expected}", log.size());
            let size = log.size();
            assert_good(target.path(), size);
            fill(&mut log, 3);
            log.publish().unwrap();
            assert_good(target.path(), size + 3);
        }
    }
}

#[test]
fn many_threads_share_one_log_and_its_syncs() {
    use crate::shared::{Ledger, Refused};
    use std::time::Duration;
    let directory = TempDir::new().unwrap();
    let ledger = Ledger::start(open(directory.path()), Duration::from_millis(20));
    let mut indexes: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..25).flat_map(|_| ledger.append(vec![b"a".into(), b"b".into()]).unwrap()).collect::<Vec<u64>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    indexes.sort_unstable();
    assert_eq!(indexes, Vec::from_iter(0..400));
    assert!(matches!(ledger.append(vec![vec![0; 70_000]]), Err(Refused::Log(_))));
    ledger.publish().unwrap();
    assert_eq!((ledger.status().published, ledger.status().trouble), (400, None));
    assert_eq!(ledger.reader().entries(398, 2).unwrap(), [b"a".to_vec(), b"b".to_vec()]);
    let other = ledger.clone();
    assert_eq!(ledger.stop().map(|log| log.published()), Some(400));
    assert!(matches!(other.append(vec![b"c".into()]), Err(Refused::Stopped)));
    assert!(damaged(directory.path()).is_good());
}
