//! The journal loses nothing that was accepted: whatever byte is cut or changed, whenever the disk is full.

use std::fs;

use expect_test::expect;
use model::Time;
use tempfile::TempDir;

use super::*;

fn limits(segment_bytes_max: u64) -> JournalLimits {
    JournalLimits { segment_bytes_max }
}

fn open(directory: &TempDir, segment_bytes_max: u64) -> Journal {
    Journal::open(directory.path(), limits(segment_bytes_max)).expect("a journal")
}

/// The bytes of batch `number`.
fn bytes(number: u64) -> Vec<u8> {
    format!("batch {number} {}", "x".repeat(number as usize % 7)).into_bytes()
}

fn fill(journal: &mut Journal, count: u64) {
    for _ in 0..count {
        let number = journal.next();
        assert_eq!(journal.append(Time(number as i64), &bytes(number)).expect("appended"), number);
    }
    assert_eq!(journal.sync().expect("synced"), journal.next());
}

/// What is read, one line each; every batch must be the one that was written.
fn told(entries: Entries) -> Vec<String> {
    entries
        .map(|entry| match entry {
            Ok(stored) => {
                assert_eq!(stored.bytes, bytes(stored.sequence), "batch {}", stored.sequence);
                assert_eq!(stored.at, Time(stored.sequence as i64));
                stored.sequence.to_string()
            }
            Err(mut fault) => {
                fault.segment = fault.segment.file_name().unwrap_or_default().into();
                fault.to_string()
            }
        })
        .collect()
}

fn numbers(from: u64, to: u64) -> Vec<String> {
    (from..=to).map(|number| number.to_string()).collect()
}

fn segments(directory: &TempDir) -> Vec<PathBuf> {
    segment::list(directory.path()).expect("a list").into_iter().map(|(_, path)| path).collect()
}

#[test]
fn what_is_appended_is_read_from_anywhere_also_after_reopening() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 200);
    assert_eq!((journal.next(), journal.oldest()), (1, 1));
    assert_eq!(told(journal.read_from(1)), numbers(1, 0));
    fill(&mut journal, 20);
    assert!(segments(&directory).len() > 3);
    drop(journal);
    let mut journal = open(&directory, 200);
    assert!(journal.faults().is_empty());
    fill(&mut journal, 5);
    for from in 0..=26 {
        assert_eq!(told(journal.read_from(from)), numbers(from.max(1), 25));
    }
    assert_eq!(told(Entries::open(directory.path(), 7)), numbers(7, 25));
}

#[test]
fn there_is_one_writer() {
    let directory = TempDir::new().unwrap();
    let _journal = open(&directory, 200);
    assert!(matches!(Journal::open(directory.path(), limits(200)), Err(JournalError::InUse(_))));
}

#[test]
fn a_batch_too_large_is_refused() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 200);
    assert!(matches!(journal.append(Time(0), &vec![0; FRAME_BYTES_MAX + 1]), Err(JournalError::TooLarge(_))));
    fill(&mut journal, 1);
}

/// A crash may leave any part of what was not synced: every cut of the file leaves all batches that are whole.
#[test]
fn cut_anywhere_the_whole_batches_are_there_and_writing_goes_on() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 1 << 20);
    let mut ends = vec![segment::SEGMENT_HEAD_BYTES];
    for _ in 0..6 {
        fill(&mut journal, 1);
        ends.push(journal.open.as_ref().unwrap().length);
    }
    drop(journal);
    let whole = fs::read(&segments(&directory)[0]).unwrap();
    for cut in 0..=whole.len() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(segment::file_name(1)), &whole[..cut]).unwrap();
        let kept = ends.iter().filter(|end| **end <= cut as u64).count().saturating_sub(1) as u64;
        let is_clean = ends.contains(&(cut as u64));
        let mut journal = open(&directory, 1 << 20);
        assert_eq!((journal.next(), journal.faults().is_empty()), (kept + 1, is_clean), "cut at {cut}");
        fill(&mut journal, 3);
        let mut read = told(journal.read_from(1));
        read.retain(|line| !line.contains("incomplete"));
        assert_eq!(read, numbers(1, kept + 3), "cut at {cut}");
        drop(journal);
        let journal = open(&directory, 1 << 20);
        assert_eq!(journal.next(), kept + 4);
    }
}

/// Power that fails may also leave a tail of zeros or of old bytes.
#[test]
fn a_tail_of_anything_is_passed_over() {
    for tail in [vec![0; 5000], vec![0xff; 40], b"VGFR".repeat(3000)] {
        let directory = TempDir::new().unwrap();
        let mut journal = open(&directory, 1 << 20);
        fill(&mut journal, 3);
        drop(journal);
        let path = &segments(&directory)[0];
        let whole = [fs::read(path).unwrap(), tail].concat();
        fs::write(path, &whole).unwrap();
        let mut journal = open(&directory, 1 << 20);
        assert_eq!((journal.next(), journal.faults().len()), (4, 1));
        fill(&mut journal, 2);
        let mut read = told(journal.read_from(1));
        let fault = read.remove(3);
        assert!(fault.contains("bytes that are no batch"), "{fault}");
        assert_eq!(read, numbers(1, 5));
    }
}

#[test]
fn any_changed_byte_is_told_and_loses_one_batch_at_most() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 1 << 20);
    fill(&mut journal, 5);
    drop(journal);
    let path = segments(&directory)[0].clone();
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        fs::write(&path, &changed).unwrap();
        let read = told(Entries::open(directory.path(), 1));
        let (kept, faults): (Vec<_>, Vec<_>) = read.into_iter().partition(|line| line.parse::<u64>().is_ok());
        // The number that a segment's head repeats is only for people: its file's name says it too.
        let is_spare = (8..16).contains(&place);
        assert!(is_spare || !faults.is_empty(), "place {place} is not told");
        assert!(kept.len() >= 4, "place {place}: {kept:?} {faults:?}");
    }
}

#[test]
fn faults_are_named() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 150);
    fill(&mut journal, 14);
    drop(journal);
    let paths = segments(&directory);
    let change = |path: &PathBuf, place: usize| {
        let mut bytes = fs::read(path).unwrap();
        bytes[place] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    change(&paths[0], 16 + 32 + 2);
    change(&paths[1], 16 + 5);
    fs::remove_file(&paths[2]).unwrap();
    let mut bytes = fs::read(&paths[3]).unwrap();
    bytes.truncate(bytes.len() - 1);
    fs::write(&paths[3], bytes).unwrap();
    expect![[r#"
        00000000000000000001.journal at byte 16: batch 1 is not what was written; 41 bytes passed over
        2
        3
        4
        00000000000000000005.journal at byte 16: bytes that are no batch; 45 bytes passed over
        00000000000000000005.journal at byte 61: batch 5 is missing
        6
        7
        8
        00000000000000000013.journal at byte 0: batches 9 to 12 are missing
        13
        00000000000000000013.journal at byte 63: the last batch is incomplete; 40 bytes passed over"#]]
    .assert_eq(&told(Entries::open(directory.path(), 1)).join("\n"));
    let journal = open(&directory, 150);
    assert_eq!(journal.next(), 14);
}

#[test]
fn a_full_disk_accepts_nothing_half_and_everything_later() {
    for room in 0..150 {
        let directory = TempDir::new().unwrap();
        let mut journal = open(&directory, 1 << 20);
        fill(&mut journal, 2);
        journal.room = Some(room);
        let mut accepted = 2;
        let error = loop {
            match journal.append(Time(accepted as i64 + 1), &bytes(accepted + 1)) {
                Ok(number) => {
                    accepted += 1;
                    assert_eq!(number, accepted);
                }
                Err(error) => break error,
            }
        };
        assert!(error.to_string().starts_with("no room left for "), "{error}");
        assert_eq!(journal.sync().unwrap(), accepted + 1);
        assert_eq!(told(Entries::open(directory.path(), 1)), numbers(1, accepted), "with room for {room}");
        journal.room = None;
        fill(&mut journal, 2);
        assert_eq!(told(journal.read_from(1)), numbers(1, accepted + 2));
    }
}

#[test]
fn a_full_disk_when_a_segment_begins_leaves_no_trace() {
    for room in 0..16 {
        let directory = TempDir::new().unwrap();
        let mut journal = open(&directory, 1 << 20);
        journal.room = Some(room);
        assert!(matches!(journal.append(Time(1), &bytes(1)), Err(JournalError::Full { .. })));
        assert_eq!(segments(&directory).len(), 0);
        journal.room = None;
        fill(&mut journal, 2);
    }
}

/// After a sync that failed nobody knows what is on disk: what was not synced is taken back and appended again.
#[test]
fn a_failed_sync_takes_back_what_was_not_acknowledged() {
    for before in [0, 3] {
        let directory = TempDir::new().unwrap();
        let mut journal = open(&directory, 1 << 20);
        if before > 0 {
            fill(&mut journal, before);
        }
        for number in before + 1..before + 4 {
            journal.append(Time(9), &bytes(number)).unwrap();
        }
        journal.is_sync_failing = true;
        assert!(matches!(journal.sync(), Err(JournalError::Full { .. })));
        assert_eq!((journal.next(), journal.synced()), (before + 1, before + 1));
        assert_eq!(told(journal.read_from(1)), numbers(1, before));
        journal.is_sync_failing = false;
        fill(&mut journal, 4);
        drop(journal);
        let journal = open(&directory, 1 << 20);
        assert_eq!(told(journal.read_from(1)), numbers(1, before + 4));
        assert!(journal.faults().is_empty());
    }
}

#[test]
fn a_group_is_accepted_whole_or_not_at_all() {
    let group = |first: u64, count: u64| (first..first + count).map(|number| (Time(number as i64), bytes(number)));
    // Room for a part of the group, also across the end of a segment.
    for segment in [1 << 20, 150] {
        for room in (0..400).step_by(7) {
            let directory = TempDir::new().unwrap();
            let mut journal = open(&directory, segment);
            assert_eq!(journal.accept(group(1, 2)).unwrap(), 1..3);
            journal.room = Some(room);
            let size = match journal.accept(group(3, 9)) {
                Ok(numbers) => numbers.end - 1,
                Err(error) => {
                    assert!(matches!(error, JournalError::Full { .. }));
                    2
                }
            };
            journal.room = None;
            assert_eq!((journal.next(), told(journal.read_from(1))), (size + 1, numbers(1, size)), "room {room}");
            assert_eq!(journal.accept(group(size + 1, 3)).unwrap(), size + 1..size + 4);
            drop(journal);
            assert_eq!(told(open(&directory, segment).read_from(1)), numbers(1, size + 3));
        }
    }
}

#[test]
fn numbers_that_others_know_are_not_given_again() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 1 << 20);
    fill(&mut journal, 3);
    journal.raise(2).unwrap();
    assert_eq!(journal.next(), 4);
    journal.raise(10).unwrap();
    fill(&mut journal, 2);
    drop(journal);
    let journal = open(&directory, 1 << 20);
    assert_eq!(journal.next(), 12);
    let read = told(journal.read_from(1));
    assert_eq!(read.join(" "), "1 2 3 00000000000000000010.journal at byte 0: batches 4 to 9 are missing 10 11");
}

#[test]
fn old_segments_are_removed_by_time_and_by_size_and_never_what_is_needed() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, 150);
    fill(&mut journal, 14);
    let firsts: Vec<u64> = segment::list(directory.path()).unwrap().into_iter().map(|(first, _)| first).collect();
    assert_eq!(firsts, [1, 5, 9, 13]);
    let everything = u64::MAX;
    assert_eq!(
        journal.trim(Some(Time(5)), everything, everything).unwrap().segments,
        0,
        "the first of the next is not older"
    );
    assert_eq!(journal.trim(Some(Time(12)), everything, 4).unwrap().segments, 0, "batch 4 and up is needed");
    assert_eq!(journal.trim(Some(Time(6)), everything, everything).unwrap().oldest, 5);
    assert_eq!(told(journal.read_from(1)), numbers(5, 14));
    let bytes = journal.bytes().unwrap();
    assert_eq!(journal.trim(None, bytes, everything).unwrap().segments, 0);
    assert_eq!(journal.trim(None, bytes - 1, everything).unwrap().oldest, 9);
    assert_eq!(journal.trim(None, 0, everything).unwrap().oldest, 13, "the segment being written stays");
    assert_eq!((journal.oldest(), told(journal.read_from(1))), (13, numbers(13, 14)));
    fill(&mut journal, 8);
    drop(journal);
    assert_eq!(told(open(&directory, 150).read_from(1)), numbers(13, 22));
}
