//! The law that a repeated poll costs no allocation, over every poll of the corpus, with an allocator that counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use model::{Record, Time, Verb};

use crate::corpus::{Talk, talks};
use crate::session::{Place, Session};
use crate::sink::{Options, Sink};

/// A flow that is being said.
struct Said {
    session: Session,
    sink: Sink,
    is_stream: bool,
    next: [u32; 2],
    frame: u64,
}

impl Said {
    fn new(talk: &Talk, is_rolled_up: bool) -> Said {
        let sink = Sink::new(Options { is_rolled_up });
        Said { session: talk.session(), sink, is_stream: talk.is_stream(), next: [1, 1], frame: 0 }
    }

    /// Says pieces, a tenth of a millisecond apart.
    fn say(&mut self, pieces: &[(usize, Vec<u8>)]) {
        for (side, bytes) in pieces {
            self.frame += 1;
            let at = Time(self.frame as i64 * 100_000);
            let place = Place { at, frame: self.frame, side: *side, wire_len: bytes.len() as u32 };
            self.sink.frame = self.frame;
            if self.is_stream {
                let sequence = self.next[*side];
                self.session.segment(place, sequence, false, bytes, &mut self.sink);
                self.next[*side] = sequence.wrapping_add(bytes.len() as u32);
            } else {
                self.session.datagram(place, bytes, &mut self.sink);
            }
        }
    }

    fn told(&self) -> usize {
        self.sink.records.iter().count()
    }
}

/// Allocations of a poll said `TIMES` times over, after it was said twice; `None` where it tells something each time.
fn allocations(talk: &Talk, first: usize) -> Option<u64> {
    const TIMES: usize = 20;
    let poll = &talk.pieces[first..first + 2];
    let mut said = Said::new(talk, true);
    said.say(&talk.pieces[..first]);
    (0..12).for_each(|_| said.say(poll));
    let told = said.told();
    let counted = allocation_counter::measure(|| (0..TIMES).for_each(|_| said.say(poll)));
    (said.told() == told).then_some(counted.count_total)
}

/// What a poll reads; `None` where it is none.
fn read(talk: &Talk, first: usize) -> Option<String> {
    let mut said = Said::new(talk, false);
    said.say(&talk.pieces[..first]);
    said.sink.records.clear();
    said.say(&talk.pieces[first..first + 2]);
    let acts: Vec<_> = said
        .sink
        .records
        .iter()
        .filter_map(|(_, record)| match record {
            Record::Act(act) => Some(act),
            _ => None,
        })
        .collect();
    let is_poll = !acts.is_empty() && acts.iter().all(|act| matches!(act.verb, Verb::Read | Verb::Report));
    is_poll.then(|| format!("{} {} {}", acts[0].protocol, acts[0].name, acts[0].object))
}

#[test]
fn a_repeated_poll_allocates_nothing() {
    let mut polls: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for talk in talks() {
        let Some(row) = talk.row.filter(|row| row.is_industrial) else { continue };
        for first in 0..talk.pieces.len().saturating_sub(1).min(400) {
            let [(one, _), (other, _)] = &talk.pieces[first..first + 2] else { continue };
            if one == other || *one != talk.opener {
                continue;
            }
            let Some(what) = read(&talk, first) else { continue };
            let (count, costly) = polls.entry(row.id).or_default();
            match allocations(&talk, first) {
                Some(0) => *count += 1,
                Some(some) => {
                    costly.push(format!("{some} {what} ({} piece {first})", talk.name));
                }
                None => {}
            }
        }
    }
    for (row, (free, costly)) in &polls {
        println!("{row}: {free} polls without allocation, {} with", costly.len());
        costly.iter().for_each(|line| println!("   {line}"));
    }
    for row in ["modbus", "cotp", "enip", "iec104", "opcua"] {
        let (free, costly) = polls.get(row).expect("polls in the corpus");
        assert!(*free > 0 && costly.is_empty(), "{row}: {costly:#?}");
    }
    // A text of more than 24 bytes is not kept in its place: the names of BACnet's properties and long lists of DNP3's
    // objects cost one allocation each time they are said.
    assert!(polls.get("dnp3").is_some_and(|(free, _)| *free > 0));
}
