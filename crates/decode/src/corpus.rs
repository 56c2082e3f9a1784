//! The corpus: every capture under `corpus/` beside the records it gives, and its flows for the laws.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use capture::{Chunk, Input, Reader, Selection};
use model::{Address, Flow, Frame, Record, Time, Transport};
use wire::Upper;

use crate::protocol::Protocol;
use crate::session::{Place, Session};
use crate::sink::{Options, Sink};
use crate::{Pipeline, testing};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

/// All captures, in the order of their names.
pub fn captures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the folder `corpus`") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found.retain(|path| path.extension().is_some_and(|ending| ending == "pcap"));
    found.sort();
    assert!(!found.is_empty(), "the corpus is empty");
    found
}

/// `protocol/name` of a capture.
pub fn name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
    format!("{}/{}", parts[1], parts[0])
}

/// Hands the frames of a capture over, a chunk at a time.
pub fn read(path: &Path, mut take: impl FnMut(&Vec<Frame<'_>>)) {
    let mut reader = Reader::new(Input::from_paths([path]), Selection::default());
    let mut chunk = Chunk::new();
    while reader.next_chunk(&mut chunk) {
        let frames: Vec<Frame<'_>> = chunk.frames().collect();
        take(&frames);
    }
    assert!(reader.problems().is_empty(), "{}: {:?}", path.display(), reader.problems());
}

/// The records of a capture.
pub fn records(path: &Path, options: Options) -> Vec<Record> {
    let mut records = Vec::new();
    let mut pipeline = Pipeline::new(options, 1);
    read(path, |frames| pipeline.chunk(frames, || (), &mut |record| records.push(record.clone())));
    pipeline.finish(&mut |record| records.push(record.clone()));
    records
}

/// One flow with payload, ready to be said again.
#[derive(Clone)]
pub struct Talk {
    /// Capture and number of the flow in it.
    pub name: String,
    /// What carries it.
    pub transport: Transport,
    /// Ethertype and SNAP organisation, of frames below IP.
    pub kind: u16,
    /// As above.
    pub snap: Option<u32>,
    /// Source and destination of the first packet.
    pub ends: [Address; 2],
    /// Whether it was seen from its handshake.
    pub is_from_start: bool,
    /// Which side opened it.
    pub opener: usize,
    /// Side (0 sent the first packet) and payload, in the order of the stream.
    pub pieces: Vec<(usize, Vec<u8>)>,
    /// The row that took it, if any.
    pub row: Option<&'static Protocol>,
}

impl Talk {
    /// A session for it, as the partition would make it.
    pub fn session(&self) -> Session {
        let flow = match (self.ends[0].ip, self.ends[1].ip) {
            (Some(from), Some(to)) => Flow::Ip {
                transport: self.transport,
                source: (from, self.ends[0].port.unwrap_or(0)),
                destination: (to, self.ends[1].port.unwrap_or(0)),
            },
            _ => Flow::Link {
                source: self.ends[0].mac.unwrap_or_default(),
                destination: self.ends[1].mac.unwrap_or_default(),
                ethertype: self.kind,
            },
        };
        Session::new(flow, self.transport, self.kind, self.snap, self.ends, self.opener, self.is_from_start)
    }

    /// Whether it is a stream.
    pub fn is_stream(&self) -> bool {
        self.transport == Transport::Tcp
    }
}

/// All flows of the corpus whose streams are without holes.
pub fn talks() -> Vec<Talk> {
    captures().iter().flat_map(|path| talks_of(path)).collect()
}

fn talks_of(path: &Path) -> Vec<Talk> {
    let mut talks: Vec<(Talk, [Option<u32>; 2], bool)> = Vec::new();
    let one = |frame: &Frame<'_>, talks: &mut Vec<(Talk, [Option<u32>; 2], bool)>| {
        let packet = wire::parse(frame);
        let (ports, transport, segment) = match (packet.upper, packet.ip) {
            (Upper::Tcp(segment), _) => {
                ((Some(segment.source), Some(segment.destination)), Transport::Tcp, Some(segment))
            }
            (Upper::Udp(source, destination), _) => ((Some(source), Some(destination)), Transport::Udp, None),
            (_, Some(ip)) => ((None, None), Transport::Ip(ip.protocol), None),
            _ => ((None, None), Transport::Ethernet(packet.ethertype), None),
        };
        let end = |mac, ip, port| Address { mac, ip, port, vlan: packet.vlan };
        let source = end(packet.source_mac, packet.ip.map(|ip| ip.source), ports.0);
        let destination = end(packet.destination_mac, packet.ip.map(|ip| ip.destination), ports.1);
        let is_new = segment.is_some_and(|segment| segment.flags.syn() && !segment.flags.ack());
        let found = talks.iter().rposition(|(talk, ..)| {
            talk.transport == transport
                && (talk.ends == [source, destination] || talk.ends == [destination, source])
                && !is_new
        });
        let index = found.unwrap_or_else(|| {
            let talk = Talk {
                name: format!("{} flow {}", name(path), talks.len()),
                transport,
                kind: packet.ethertype,
                snap: packet.snap.filter(|_| packet.ip.is_none()),
                ends: [source, destination],
                is_from_start: is_new || transport != Transport::Tcp,
                opener: 0,
                pieces: Vec::new(),
                row: None,
            };
            talks.push((talk, [None; 2], false));
            talks.len() - 1
        });
        let (talk, next, is_broken) = &mut talks[index];
        let side = usize::from(talk.ends[0] != source);
        if let Some(segment) = segment {
            let begin = segment.sequence.wrapping_add(u32::from(segment.flags.syn()));
            let expected = *next[side].get_or_insert(begin);
            // A copy is passed over; a hole ends what can be said again.
            *is_broken |= begin.wrapping_sub(expected) as i32 > 0;
            if begin != expected {
                return;
            }
            next[side] = Some(begin.wrapping_add(packet.payload.len() as u32));
        }
        if !packet.payload.is_empty() && !*is_broken {
            talk.pieces.push((side, packet.payload.to_vec()));
        }
    };
    read(path, |frames| frames.iter().for_each(|frame| one(frame, &mut talks)));
    let mut talks: Vec<Talk> = talks.into_iter().map(|(talk, ..)| talk).filter(|t| !t.pieces.is_empty()).collect();
    for talk in &mut talks {
        let mut session = talk.session();
        let mut sink = Sink::new(Options { is_rolled_up: false });
        say(&mut session, talk.is_stream(), &talk.pieces, &|_| false, &mut sink);
        talk.row = session.row();
    }
    talks
}

/// Says pieces to a session, a millisecond from turn to turn: consecutive pieces of one side have one time. `is_lost` says
/// by number which pieces are not in the capture. Gives the time after the last.
pub fn say(
    session: &mut Session,
    is_stream: bool,
    pieces: &[(usize, Vec<u8>)],
    is_lost: &dyn Fn(usize) -> bool,
    sink: &mut Sink,
) -> Time {
    let mut sequences = [1_u32; 2];
    let (mut turn, mut last) = (1, 0);
    for (number, (side, bytes)) in pieces.iter().enumerate() {
        if *side != last {
            (turn, last) = (turn + 1, *side);
        }
        let at = Time(0).plus(turn * 1_000_000);
        let place = Place { at, frame: turn as u64, side: *side, wire_len: bytes.len() as u32 };
        if is_stream {
            if !is_lost(number) {
                // A segment acknowledges what the other side said, also what the capture has not.
                let other = Place { side: side ^ 1, wire_len: 0, ..place };
                if session.has_hole(side ^ 1) {
                    session.acknowledged(other, sequences[side ^ 1], sink);
                }
                session.segment(place, sequences[*side], false, bytes, sink);
            }
            sequences[*side] = sequences[*side].wrapping_add(bytes.len() as u32);
        } else if !is_lost(number) {
            session.datagram(place, bytes, sink);
        }
    }
    Time(0).plus((turn + 1) * 1_000_000)
}

/// The records of one capture as text.
fn transcript(path: &Path) -> String {
    let mut text = String::new();
    for record in records(path, Options { is_rolled_up: false }) {
        match &record {
            // They follow from acts by roll-up and would only say them again.
            Record::Sample(_) => {}
            Record::Conversation(c) => {
                let (sent, received) = (&c.sent, &c.received);
                writeln!(
                    text,
                    "conversation {} > {} {}{} {:?}: {} packets {} bytes, {} packets {} bytes, {} gaps",
                    c.from,
                    c.to,
                    c.protocol,
                    if c.is_guess { "?" } else { "" },
                    c.state,
                    sent.packets,
                    sent.bytes,
                    received.packets,
                    received.bytes,
                    sent.gaps + received.gaps,
                )
                .unwrap();
            }
            other => writeln!(text, "{}", testing::line(other)).unwrap(),
        }
    }
    text
}

#[test]
fn every_capture_gives_the_records_beside_it() {
    let mut wrong = Vec::new();
    for path in captures() {
        let expected = expect_test::expect_file![path.with_extension("snap")];
        let text = transcript(&path);
        if std::panic::catch_unwind(|| expected.assert_eq(&text)).is_err() {
            wrong.push(name(&path));
        }
    }
    assert!(wrong.is_empty(), "other records than before (UPDATE_EXPECT=1 rewrites): {wrong:?}");
}

#[test]
fn every_snap_has_its_capture() {
    for path in captures() {
        assert!(path.with_extension("snap").exists(), "{} has no .snap", name(&path));
    }
    for entry in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(entry).unwrap().map(|file| file.unwrap().path()) {
            let is_snap = file.extension().is_some_and(|ending| ending == "snap");
            assert!(!is_snap || file.with_extension("pcap").exists(), "{} has no capture", name(&file));
        }
    }
}
