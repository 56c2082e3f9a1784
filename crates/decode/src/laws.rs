//! The laws of decoding (DESIGN section 5), run over every row of the table and every flow of the corpus.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use model::{Act, Address, Flow, Frame, HealthKind, LinkType, Outcome, Record, Time, Transport, Value};

use crate::corpus::{self, Talk, say};
use crate::fuzz::dialog;
use crate::protocol::{Carrier, Code, Context, Decoder, Match, Measure, Probe, Protocol, Verdict};
use crate::protocols::PROTOCOLS;
use crate::session::{Place, Session};
use crate::sink::{Options, Sink};
use crate::{Output, Pipeline, limits};

/// A generator of numbers (SplitMix64). A failure prints its seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 for an empty range.
    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

fn talks() -> &'static [Talk] {
    static TALKS: OnceLock<Vec<Talk>> = OnceLock::new();
    TALKS.get_or_init(corpus::talks)
}

/// The rows of the table without those of the laws themselves.
fn rows() -> impl Iterator<Item = &'static Protocol> {
    PROTOCOLS.iter().copied().filter(|row| row.id != BROKEN.id)
}

fn is_on_streams(row: &Protocol) -> bool {
    row.carriers.iter().any(|carrier| matches!(carrier, Carrier::Tcp(_)))
}

/// What a row may be told in earnest: the payloads of its own flows; for a row inside another, the messages its probe
/// finds inside them.
fn material(row: &Protocol) -> Vec<Vec<(usize, Vec<u8>)>> {
    let mut found = Vec::new();
    for talk in talks() {
        if talk.row.is_some_and(|known| known.id == row.id) {
            found.push(as_client(talk, talk.pieces.clone()));
        } else if row.carriers.iter().any(|carrier| matches!(carrier, Carrier::Inside(_))) {
            let inner: Vec<(usize, Vec<u8>)> =
                talk.pieces.iter().filter_map(|(side, piece)| Some((*side, inside(row, piece)?))).collect();
            if !inner.is_empty() {
                found.push(as_client(talk, inner));
            }
        }
    }
    found
}

/// `fuzz::dialog` calls the client side 0.
fn as_client(talk: &Talk, mut pieces: Vec<(usize, Vec<u8>)>) -> Vec<(usize, Vec<u8>)> {
    pieces.iter_mut().for_each(|(side, _)| *side ^= talk.opener);
    pieces
}

fn inside(row: &Protocol, piece: &[u8]) -> Option<Vec<u8>> {
    (1..piece.len().min(96)).find_map(|start| {
        let bytes = &piece[start..];
        let probe =
            Probe { bytes, is_stream: false, is_start: false, source_port: 0, destination_port: 0, kind: 0, to: None };
        ((row.probe)(&probe).matched >= Match::Likely).then(|| bytes.to_vec())
    })
}

/// Damages a dialog: bits, bytes, lengths, order.
fn damage(pieces: &mut Vec<(usize, Vec<u8>)>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        if pieces.is_empty() {
            return;
        }
        let index = numbers.below(pieces.len());
        let value = match numbers.below(4) {
            0 => 0,
            1 => 0xff,
            2 => 0x7f,
            _ => numbers.next() as u8,
        };
        let kind = numbers.below(8);
        let count = numbers.below(300);
        let (side, piece) = &mut pieces[index];
        let place = numbers.below(piece.len());
        match kind {
            0 | 1 if !piece.is_empty() => piece[place] ^= 1 << (value & 7),
            // Heads hold the lengths and counts: damage there goes deepest.
            2 | 3 if !piece.is_empty() => {
                let place = place.min(numbers.below(24));
                piece[place] = value;
            }
            4 => piece.truncate(place),
            5 => drop(piece.splice(place..place, std::iter::repeat_n(value, count))),
            6 => *side ^= 1,
            _ => {
                let copy = pieces[index].clone();
                let place = numbers.below(pieces.len());
                pieces.insert(place, copy);
            }
        }
    }
}

#[test]
fn no_row_ever_panics() {
    for row in rows() {
        let material = material(row);
        let runs = 400;
        for seed in 0..runs {
            let mut numbers = Numbers(seed ^ u64::from(row.id.len() as u32) << 32);
            let mut pieces: Vec<(usize, Vec<u8>)> = if material.is_empty() || seed % 4 == 0 {
                (0..12)
                    .map(|_| {
                        let count = 1 + numbers.below(120);
                        (numbers.below(2), numbers.bytes(count))
                    })
                    .collect()
            } else {
                let whole = &material[numbers.below(material.len())];
                let start = numbers.below(whole.len().saturating_sub(4));
                whole.iter().skip(start).take(16).cloned().collect()
            };
            damage(&mut pieces, &mut numbers);
            let is_stream = is_on_streams(row) && seed % 3 != 0;
            let said: Vec<(usize, &[u8])> = pieces.iter().map(|(side, piece)| (*side, piece.as_slice())).collect();
            let result = catch_unwind(AssertUnwindSafe(|| dialog(row, is_stream, &said, seed % 5 == 0)));
            assert!(result.is_ok(), "{} panics: seed {seed}, stream {is_stream}, pieces {pieces:02x?}", row.id);
        }
    }
}

#[test]
fn no_probe_panics_and_none_is_sure_of_noise() {
    let mut sure: HashMap<&str, u32> = HashMap::new();
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let count = 1 + numbers.below(200);
        let bytes = numbers.bytes(count);
        for row in rows() {
            for is_stream in [true, false] {
                let probe = Probe {
                    bytes: &bytes,
                    is_stream,
                    is_start: true,
                    source_port: 0,
                    destination_port: 0,
                    kind: 0,
                    to: None,
                };
                let verdict = catch_unwind(|| (row.probe)(&probe));
                let verdict = verdict.unwrap_or_else(|_| panic!("the probe of {} panics: seed {seed}", row.id));
                if verdict.matched >= Match::Likely && row.carriers.iter().any(is_found_by_content) {
                    *sure.entry(row.id).or_default() += 1;
                }
            }
        }
    }
    assert!(sure.values().all(|count| *count <= 1), "sure of random bytes: {sure:?}");
}

/// Whether probes decide alone; below IP, an ethertype did already.
fn is_found_by_content(carrier: &Carrier) -> bool {
    matches!(carrier, Carrier::Tcp(_) | Carrier::Udp(_))
}

/// The records of a talk said in `pieces`.
fn heard(talk: &Talk, pieces: &[(usize, Vec<u8>)], is_lost: &dyn Fn(usize) -> bool, is_assumed: bool) -> Vec<Record> {
    let mut session = talk.session();
    if is_assumed && let Some(row) = talk.row {
        session.assume(row);
    }
    let mut sink = Sink::new(Options { is_rolled_up: false });
    let end = say(&mut session, talk.is_stream(), pieces, is_lost, &mut sink);
    session.end(end, u64::MAX, &mut sink);
    sink.tell_all();
    sink.records.drain().map(|(_, record)| record).collect()
}

fn lines(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| serde_json::to_string(record).unwrap()).collect()
}

/// Cuts every piece anew, or joins consecutive ones of one side, or both.
fn cut_anew(
    pieces: &[(usize, Vec<u8>)],
    numbers: &mut Numbers,
    is_joined: bool,
    at_most: usize,
) -> Vec<(usize, Vec<u8>)> {
    let mut whole: Vec<(usize, Vec<u8>)> = Vec::new();
    for (side, piece) in pieces {
        match whole.last_mut() {
            Some((last, bytes)) if is_joined && last == side => bytes.extend_from_slice(piece),
            _ => whole.push((*side, piece.clone())),
        }
    }
    let mut cut = Vec::new();
    for (side, bytes) in whole {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let count = (1 + numbers.below(at_most)).min(rest.len());
            cut.push((side, rest[..count].to_vec()));
            rest = &rest[count..];
        }
    }
    cut
}

#[test]
fn the_same_bytes_cut_any_other_way_give_the_same_records() {
    let mut wrong = Vec::new();
    for talk in talks().iter().filter(|talk| talk.is_stream() && talk.row.is_some()) {
        for is_assumed in [true, false] {
            let expected = lines(&heard(talk, &talk.pieces, &|_| false, is_assumed));
            for seed in 0..7 {
                let mut numbers = Numbers(seed);
                // Whole turns; one byte at a time; and random pieces.
                let at_most = [usize::MAX, 1, 2, 7, 40, 300, 2000][seed as usize];
                let pieces = cut_anew(&talk.pieces, &mut numbers, seed % 2 == 0, at_most);
                let found = lines(&heard(talk, &pieces, &|_| false, is_assumed));
                if let Some(place) = (0..found.len().max(expected.len())).find(|i| found.get(*i) != expected.get(*i)) {
                    wrong.push(format!(
                        "{} ({}), recognised before: {is_assumed}, pieces of at most {at_most}, seed {seed}:\n  whole: {:?}\n  cut:   {:?}",
                        talk.name, talk.row.unwrap().id, expected.get(place), found.get(place)
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}

/// What an act claims to have happened. Names, extra fields and latency are left out, and who stands behind: the route
/// may have been told in what was lost.
fn claim(act: &Act) -> String {
    let values: Vec<String> = act.values.iter().map(|v| format!("{}={}", v.object, v.value)).collect();
    format!("{} {} | {} | {} | {}", act.protocol, act.code, act.object, values.join(", "), act.outcome)
}

/// Acts that may be told otherwise after a loss: protocol, code (`None`: all), reason.
const OTHERWISE_AFTER_LOSS: &[(&str, Option<u32>, &str)] = &[
    ("tls", None, "an act sums up the bytes of both sides that were seen"),
    ("opcua", Some(826), "a notification whose monitored item was lost has the item's handle for an object"),
    ("s7comm", Some(260), "a list comes in parts; parts whose first was lost have no object and bytes for values"),
    ("s7comm", Some(30), "an upload whose start was lost knows its number, not its block"),
    ("s7comm", Some(31), "an upload whose start was lost knows its number, not its block"),
];

fn may_be_otherwise(act: &Act) -> bool {
    OTHERWISE_AFTER_LOSS.iter().any(|(id, code, _)| act.protocol == *id && code.is_none_or(|code| act.code == code))
}

#[test]
fn after_a_gap_nothing_is_invented() {
    let mut wrong = Vec::new();
    for talk in talks().iter().filter(|talk| talk.is_stream() && talk.row.is_some()) {
        let whole = heard(talk, &talk.pieces, &|_| false, true);
        let known: HashSet<String> = whole
            .iter()
            .filter_map(|record| match record {
                Record::Act(act) => Some(claim(act)),
                _ => None,
            })
            .collect();
        for seed in 0..60 {
            let mut numbers = Numbers(seed);
            let is_cut = seed % 2 == 1;
            let pieces = if is_cut { cut_anew(&talk.pieces, &mut numbers, false, 40) } else { talk.pieces.clone() };
            let lost = numbers.below(pieces.len());
            let found = heard(talk, &pieces, &|number| number == lost, true);
            for record in &found {
                let is_told = match record {
                    Record::Act(act) if act.outcome == Outcome::Done => {
                        known.contains(&claim(act)) || is_answer_alone(act, &whole) || may_be_otherwise(act)
                    }
                    // A fact is what the inventory believes: it must be one that the whole dialog tells.
                    Record::Fact(fact) => whole.iter().any(|other| match other {
                        Record::Fact(other) => other.key == fact.key && other.value == fact.value,
                        _ => false,
                    }),
                    _ => true,
                };
                if !is_told {
                    wrong.push(format!(
                        "{} ({}), piece {lost} of {} lost, cut {is_cut}, seed {seed}: {}",
                        talk.name,
                        talk.row.unwrap().id,
                        pieces.len(),
                        crate::testing::line(record)
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether an act is an answer whose request was lost: it says no more than an act of the whole run that holds the same
/// messages. Bytes whose type the request told are kept as they are.
fn is_answer_alone(act: &Act, whole: &[Record]) -> bool {
    if act.latency.is_some() {
        return false;
    }
    whole.iter().any(|record| match record {
        Record::Act(known) => {
            known.protocol == act.protocol
                && act.messages.0.iter().all(|message| {
                    known
                        .messages
                        .0
                        .iter()
                        .any(|other| other.protocol == message.protocol && other.code == message.code)
                })
                && act.values.iter().all(|value| {
                    matches!(value.value, Value::Bytes(_))
                        || known.values.iter().any(|other| other.value == value.value)
                })
        }
        _ => false,
    })
}

/// Pairs of rows that may both be sure of the first bytes of a flow, with the reason.
const TWINS: &[(&str, &str, &str)] = &[];

#[test]
fn one_flow_is_claimed_by_one_probe() {
    let mut wrong = Vec::new();
    for talk in talks() {
        for side in [0, 1] {
            let Some((_, bytes)) = talk.pieces.iter().find(|(said, _)| *said == side) else { continue };
            let ports = [talk.ends[side].port.unwrap_or(0), talk.ends[side ^ 1].port.unwrap_or(0)];
            let probe = Probe {
                bytes,
                is_stream: talk.is_stream(),
                is_start: talk.is_from_start,
                source_port: ports[0],
                destination_port: ports[1],
                kind: talk.kind,
                to: None,
            };
            let sure: Vec<&str> = rows()
                .filter(|row| talk.session().carried_by(row).is_some())
                .filter(|row| (row.probe)(&probe).matched >= Match::Likely)
                .map(|row| row.id)
                .collect();
            let is_twin = |a: &str, b: &str| TWINS.iter().any(|(x, y, _)| (*x == a && *y == b) || (*x == b && *y == a));
            let is_one = match sure.as_slice() {
                [] | [_] => true,
                [a, b] => is_twin(a, b),
                _ => false,
            };
            if !is_one {
                wrong.push(format!("{} side {side}: {sure:?}", talk.name));
            }
        }
    }
    assert!(wrong.is_empty(), "claimed by several:\n{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_the_corpus_with_a_row_is_read_by_that_row() {
    for path in corpus::captures() {
        let name = corpus::name(&path);
        let id = name.split('/').next().unwrap();
        if crate::protocols::by_id(id).is_none() {
            continue;
        }
        let records = corpus::records(&path, Options { is_rolled_up: false });
        assert!(
            records.iter().any(|record| matches!(record, Record::Act(act) if act.protocol == id)),
            "no act of {id} in {name}"
        );
    }
}

/// A row of the laws alone: what its decoder does is told by the first byte of each message.
pub(crate) static BROKEN: Protocol = Protocol {
    id: "broken",
    title: "Broken",
    about: "Fails on purpose, for the laws; only in tests.",
    depth: "None.",
    documents: &["DESIGN.md, section 5"],
    carriers: &[Carrier::Tcp(&[]), Carrier::Udp(&[])],
    is_industrial: false,
    codes: &[Code { code: 1, name: "nothing", verb: model::Verb::Other }],
    probe: |probe| match probe.bytes.get(1..8) == Some(b"BROKEN!".as_slice()) {
        true => Verdict::of(Match::Certain),
        false => Verdict::NO,
    },
    open: |_| Box::new(Broken),
};

struct Broken;

impl Decoder for Broken {
    fn measure(&mut self, bytes: &[u8], _: crate::Speaker) -> Measure {
        match bytes[0] {
            // Never enough.
            b'm' => Measure::More(bytes.len() + 1),
            // Longer than any limit.
            b'w' => Measure::Whole(usize::MAX),
            b'h' => Measure::Head { head: 8, total: usize::MAX },
            b'p' => panic!("on purpose: measure"),
            _ => Measure::Whole(bytes.len()),
        }
    }

    fn read(&mut self, message: &[u8], _: &Context, out: &mut Output<'_>) {
        assert!(message[0] != b'r', "on purpose: read");
        out.act(crate::Draft::new(&BROKEN, 1));
    }

    fn gap(&mut self, _: crate::Speaker) {}

    fn end(&mut self, _: &mut Output<'_>) {
        panic!("on purpose: end");
    }
}

fn ethernet_udp(source_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = |n: usize| (n as u16).to_be_bytes();
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0];
    frame.extend(length(28 + payload.len()));
    frame.extend([0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(source_port.to_be_bytes());
    frame.extend(47_000_u16.to_be_bytes());
    frame.extend(length(8 + payload.len()));
    frame.extend([0, 0]);
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn a_decoder_that_fails_loses_its_own_flow_only() {
    let modbus = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2];
    // Flow 1 fails as it reads, flow 2 as it measures, flow 3 at its end; Modbus beside them goes on.
    let said: &[(u16, &[u8])] = &[
        (1, b"rBROKEN!"),
        (502, &modbus),
        (1, b"xBROKEN!"),
        (2, b"pBROKEN!"),
        (3, b"xBROKEN!"),
        (502, &modbus),
        (2, b"xBROKEN!"),
        (3, b"xBROKEN!"),
    ];
    let frames: Vec<Vec<u8>> = said.iter().map(|(port, payload)| ethernet_udp(*port, payload)).collect();
    for workers in [1, 2] {
        let mut records = Vec::new();
        let mut pipeline = Pipeline::new(Options { is_rolled_up: false }, workers);
        let frames: Vec<Frame<'_>> = frames
            .iter()
            .zip(1..)
            .map(|(bytes, number)| Frame {
                at: Time::from_seconds(number as i64, 0),
                link: LinkType::ETHERNET,
                bytes,
                wire_len: bytes.len() as u32,
                number,
            })
            .collect();
        pipeline.chunk(&frames, || (), &mut |record| records.push(record.clone()));
        pipeline.finish(&mut |record| records.push(record.clone()));
        let count = |is: &dyn Fn(&Record) -> bool| records.iter().filter(|record| is(record)).count();
        assert_eq!(count(&|r| matches!(r, Record::Act(act) if act.protocol == "modbus")), 2, "other flows go on");
        assert_eq!(count(&|r| matches!(r, Record::Act(act) if act.protocol == "broken")), 2, "until it failed");
        let failed = |r: &Record| matches!(r, Record::Health(h) if h.kind == HealthKind::DecoderFailed && h.protocol == "broken" && h.flow.is_some());
        assert_eq!(count(&failed), 3, "each failure is told, with its flow: {records:?}");
        assert_eq!(count(&|r| matches!(r, Record::Conversation(_))), 4, "every flow is still counted");
        let undecoded = records.iter().find_map(|record| match record {
            Record::Health(health) if health.kind == HealthKind::Undecoded => Some(health.count),
            _ => None,
        });
        assert_eq!(undecoded, Some(16), "what came after a failure was not read");
    }
}

fn stream_session() -> Session {
    let end = |last, port| Address {
        ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
        port: Some(port),
        ..Address::default()
    };
    let ends = [end(1, 40_000), end(2, 1_000)];
    let flow = Flow::Ip {
        transport: Transport::Tcp,
        source: (ends[0].ip.unwrap(), 40_000),
        destination: (ends[1].ip.unwrap(), 1_000),
    };
    Session::new(flow, Transport::Tcp, 0, None, ends, 0, true)
}

/// Bytes that both directions of a stream may hold: a message and a segment each, and what waits for holes.
const WAITING_MAX: usize = 2 * (limits::MESSAGE_BYTES_MAX + 2_000 + wire::limits::STREAM_BYTES_MAX);

/// Says `segment` again and again; gives the most that ever waited.
fn most_waiting(session: &mut Session, first: &[u8], segment: &[u8], has_holes: bool) -> usize {
    let mut sink = Sink::new(Options { is_rolled_up: false });
    let mut sequences = [1_u32; 2];
    let mut most = 0;
    for number in 0..700_i64 {
        let side = usize::from(number % 7 == 6);
        let bytes = if number == 0 { first } else { segment };
        let place = Place { at: Time(number * 1_000_000), frame: number as u64, side, wire_len: bytes.len() as u32 };
        session.segment(place, sequences[side], false, bytes, &mut sink);
        let hole = if has_holes && number % 3 == 1 { 100 } else { 0 };
        sequences[side] = sequences[side].wrapping_add(bytes.len() as u32 + hole);
        most = most.max(session.waiting_bytes());
        sink.records.clear();
    }
    most
}

#[test]
fn a_stream_never_waits_for_more_than_the_limits() {
    for kind in *b"mwh" {
        for has_holes in [false, true] {
            let first = [&[kind], b"BROKEN!".as_slice()].concat();
            let segment = [first.clone(), vec![kind; 1_400]].concat();
            let mut session = stream_session();
            session.assume(&BROKEN);
            let most = most_waiting(&mut session, &first, &segment, has_holes);
            assert!(most <= WAITING_MAX, "{} with holes {has_holes}: {most} bytes wait", kind as char);
            assert!(session.waiting_bytes() <= WAITING_MAX);
        }
    }
}

#[test]
fn no_row_waits_for_more_than_the_limits() {
    for row in rows().filter(|row| is_on_streams(row)) {
        for seed in 0..3_u64 {
            let mut numbers = Numbers(seed);
            let first = material(row).first().map_or_else(|| numbers.bytes(64), |pieces| pieces[0].1.clone());
            // A head that claims much: bytes of 0xff after the start of a real message.
            let mut segment = first[..numbers.below(first.len() + 1).min(16)].to_vec();
            segment.extend(std::iter::repeat_n(if seed == 0 { 0xff } else { seed as u8 }, 1_400));
            let mut session = stream_session();
            session.assume(row);
            let most = most_waiting(&mut session, &first, &segment, seed == 2);
            assert!(most <= WAITING_MAX, "{}: {most} bytes wait, seed {seed}", row.id);
        }
    }
}

#[test]
fn nobody_waits_for_probes_beyond_the_limits() {
    let mut session = stream_session();
    let most = most_waiting(&mut session, &[0], &[0; 1_400], false);
    assert!(most <= 2 * (limits::PROBE_BYTES_MAX + 2_000), "{most} bytes wait for probes");
}
