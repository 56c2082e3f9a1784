//! One partition: its flows, fragments and records. Workers take partitions, so nothing here is shared.

use std::panic::{AssertUnwindSafe, catch_unwind};

use foldhash::fast::RandomState;
use model::{Address, Conversation, Flow, HealthKind, Record, State, Time, Transport};
use wire::{Defragmenter, Layer, Packet, TcpSegment, Upper};

use crate::duplicates::Duplicates;
use crate::flow::{Ends, Entry, Flows};
use crate::limits;
use crate::output::health;
use crate::session::{Fed, Place, Session};
use crate::sink::{Options, Sink};

/// Packets whose bytes and flows are looked at before the first of them is decoded: so many waits for memory pass at the
/// same time.
pub(crate) const AHEAD: usize = 16;

/// The place of a flow that is not known yet.
const NOWHERE: u32 = u32::MAX;

/// Counts of what one partition saw and could not read.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Packets that were copies of others.
    pub duplicates: u64,
    /// Packets whose headers could not be read, by layer and reason.
    pub stops: Vec<((Layer, &'static str), u64)>,
    /// Packets cut by the snap length.
    pub cut: u64,
    /// Flows.
    pub flows: u64,
    /// Decoders that failed.
    pub failures: u64,
    /// Payload bytes that no decoder read.
    pub undecoded: u64,
    /// Times that a flow's waiting bytes were given up because too many waited.
    pub shed: u64,
    /// Bytes of streams that are not in the capture.
    pub missing: u64,
    /// Connections of which only one direction was seen.
    pub one_way: u64,
    /// Bytes of conversations that are encrypted.
    pub encrypted: u64,
}

/// One of the fixed number of parts into which flows are split by their pair of addresses.
pub(crate) struct Partition {
    flows: Flows,
    hasher: RandomState,
    fragments: Defragmenter,
    duplicates: Duplicates,
    pub(crate) sink: Sink,
    pub(crate) counts: Counts,
    idle: Vec<usize>,
    /// Bytes that wait in all sessions.
    waiting: usize,
}

impl Partition {
    /// A partition whose flows are found by the hashes that `hasher` makes.
    pub(crate) fn new(options: Options, hasher: RandomState) -> Partition {
        Partition {
            flows: Flows::new(),
            hasher,
            fragments: Defragmenter::new(),
            duplicates: Duplicates::new(),
            sink: Sink::new(options),
            counts: Counts::default(),
            idle: Vec::new(),
            waiting: 0,
        }
    }

    /// Looks at what the next packets of the flows with these hashes will need, at most `AHEAD` of them, so that it is in
    /// the cache by then. Step by step for all: what one step finds the next one starts from, so within a step nothing
    /// waits for another's memory. Gives the places where the flows most likely are.
    pub(crate) fn approach(&self, hashes: impl Iterator<Item = u64>) -> [u32; AHEAD] {
        let mut entries = [const { None }; AHEAD];
        let mut places = [NOWHERE; AHEAD];
        for ((entry, place), hash) in entries.iter_mut().zip(&mut places).zip(hashes) {
            if let Some((index, found)) = self.flows.approach(hash) {
                (*entry, *place) = (Some(found), index);
            }
        }
        let sessions = entries.map(|entry| entry.and_then(|entry| entry.session.as_deref()));
        let sum = sessions.iter().flatten().fold(0, |sum, session| sum ^ session.approach());
        let channels = sessions.iter().flatten().map(|session| self.sink.approach(session.route.turn));
        std::hint::black_box(channels.fold(sum, |sum, channel| sum ^ channel));
        places
    }

    /// Reads one packet, whose flow has `hash` and is most likely at `place`.
    pub(crate) fn packet(
        &mut self,
        packet: &Packet<'_>,
        hash: u64,
        place: u32,
        at: Time,
        frame: u64,
        frame_wire_len: u32,
    ) {
        self.counts.packets += 1;
        self.sink.frame = frame;
        if let Some(stop) = packet.stop {
            let key = (stop.layer, stop.why);
            match self.counts.stops.iter_mut().find(|(known, _)| *known == key) {
                Some((_, count)) => *count += 1,
                None => self.counts.stops.push((key, 1)),
            }
            if stop.layer == Layer::Unsupported {
                return;
            }
        }
        self.counts.cut += u64::from(packet.payload_wire_len as usize > packet.payload.len());
        if packet.ip.is_some_and(|ip| ip.fragment.is_some()) {
            if let Some(whole) = self.fragments.push(at, packet) {
                let again = wire::parse_upper(whole.protocol, &whole.payload, packet);
                let ends = Ends::of(&again);
                self.whole(&again, &ends, ends.hash(&self.hasher), NOWHERE, at, frame, frame_wire_len);
            }
            return;
        }
        self.whole(packet, &Ends::of(packet), hash, place, at, frame, frame_wire_len);
    }

    /// Reads a packet that is no fragment.
    fn whole(
        &mut self,
        packet: &Packet<'_>,
        ends: &Ends,
        hash: u64,
        place: u32,
        at: Time,
        frame: u64,
        frame_wire_len: u32,
    ) {
        let segment = match packet.upper {
            Upper::Tcp(segment) => Some(segment),
            _ => None,
        };
        let mut found = self.flows.is_at(place, ends).or_else(|| self.flows.find(ends, hash));
        if let Some((index, _)) = found
            && self.is_begun_anew(index, segment.as_ref(), at)
        {
            self.finish(index, at);
            found = None;
        }
        let (index, side) = match found {
            Some(found) => found,
            None => {
                if self.flows.is_full()
                    && let Some(victim) = self.flows.victim()
                {
                    self.flows.evicted += 1;
                    self.finish(victim, at);
                }
                self.counts.flows += 1;
                let opener = opener(segment.as_ref(), &ends.source, &ends.destination);
                (self.flows.insert(ends, hash, opener, at), 0)
            }
        };
        self.flows.seen(index, at);
        let is_copy = !packet.payload.is_empty() && self.duplicates.is_copy(packet, at);
        let Some(entry) = self.flows.get_mut(index) else { return };
        let counts = of_side(&mut entry.sides, side);
        counts.packets += 1;
        counts.bytes += u64::from(frame_wire_len);
        counts.payload += u64::from(packet.payload_wire_len);
        if is_copy {
            counts.duplicates += 1;
            self.counts.duplicates += 1;
            return;
        }
        if let Some(segment) = &segment {
            note_flags(entry, segment, side, packet.payload_wire_len > 0);
        }
        let place = Place { at, frame, side, wire_len: packet.payload_wire_len };
        self.deliver(index, packet, segment.as_ref(), place);
        if let Some(entry) = self.flows.get_mut(index)
            && at.since(entry.first) >= limits::CONVERSATION_INTERVAL
            && let Some(conversation) = entry.take_conversation(at)
        {
            entry.first = at;
            self.tell(conversation);
        }
    }

    /// Hands the payload to the flow's session, and survives whatever its decoder does.
    fn deliver(&mut self, index: usize, packet: &Packet<'_>, segment: Option<&TcpSegment>, place: Place) {
        let Some(entry) = self.flows.get_mut(index) else { return };
        let has_payload = packet.payload_wire_len > 0;
        if entry.session.is_none() {
            if !has_payload {
                return;
            }
            let is_from_start = entry.handshake.syn || entry.transport != Transport::Tcp;
            entry.has_session = true;
            entry.session = Some(Box::new(Session::new(
                entry.flow(),
                entry.transport,
                packet.ethertype,
                packet.snap.filter(|_| packet.ip.is_none()),
                entry.ends,
                usize::from(entry.opener),
                is_from_start,
            )));
        }
        let Some(session) = entry.session.as_deref_mut() else { return };
        let sink = &mut self.sink;
        let waiting_before = session.waiting();
        // Written where they are: given back through the fence they would be copied piece by piece.
        let (mut of_this, mut of_other) = (Fed::default(), Fed::default());
        let fed = catch_unwind(AssertUnwindSafe(|| {
            match segment {
                Some(segment) => {
                    // What the acknowledgement says of the other direction comes first: it was sent before.
                    if segment.flags.ack() && session.has_hole(place.side ^ 1) {
                        let other = Place { side: place.side ^ 1, wire_len: 0, ..place };
                        of_other = session.acknowledged(other, segment.acknowledgement, sink);
                    }
                    if has_payload || segment.flags.syn() {
                        of_this = session.segment(place, segment.sequence, segment.flags.syn(), packet.payload, sink);
                    }
                }
                None => session.datagram(place, packet.payload, sink),
            }
        }));
        let mut waiting = session.waiting();
        if self.waiting.saturating_sub(waiting_before).saturating_add(waiting) > limits::WAITING_BYTES_MAX
            && waiting > 0
        {
            session.shed();
            self.counts.shed += 1;
            waiting = 0;
        }
        self.waiting = self.waiting.saturating_sub(waiting_before).saturating_add(waiting);
        match fed {
            Ok(()) => {
                for (fed, side) in [(&of_this, place.side), (&of_other, place.side ^ 1)] {
                    if fed.is_old || fed.gaps > 0 {
                        let counts = of_side(&mut entry.sides, side);
                        counts.retransmissions += u64::from(fed.is_old);
                        counts.missing += fed.missing;
                        counts.gaps += fed.gaps;
                    }
                }
            }
            Err(_) => self.failed(index, place.at),
        }
        if let Some(entry) = self.flows.get_mut(index)
            && entry.transport == Transport::Tcp
            && entry.handshake.is_over()
        {
            self.close_session(index, place.at);
        }
    }

    fn failed(&mut self, index: usize, at: Time) {
        self.counts.failures += 1;
        let Some(entry) = self.flows.get_mut(index) else { return };
        let protocol = entry.session.as_deref_mut().and_then(Session::fail);
        let record = failure(entry.flow(), protocol, at);
        self.sink.push(record);
    }

    /// Whether a segment begins a new connection between the ends of an old one.
    fn is_begun_anew(&mut self, index: usize, segment: Option<&TcpSegment>, at: Time) -> bool {
        let age = at.since(self.flows.last(index));
        let Some(entry) = self.flows.get_mut(index) else { return false };
        if age > limits::IDLE_MIN && age > entry.idle_max() {
            return true;
        }
        segment.is_some_and(|segment| {
            segment.flags.syn() && !segment.flags.ack() && (entry.handshake.has_data || entry.handshake.is_over())
        })
    }

    /// Ends the decoding of a flow, not its counting.
    fn close_session(&mut self, index: usize, at: Time) {
        let Some(entry) = self.flows.get_mut(index) else { return };
        let Some(mut session) = entry.session.take() else { return };
        self.waiting = self.waiting.saturating_sub(session.waiting());
        let frame = self.sink.frame;
        let sink = &mut self.sink;
        if let Ok(fed) = catch_unwind(AssertUnwindSafe(|| session.end(at, frame, sink))) {
            for (counts, fed) in entry.sides.iter_mut().zip(fed) {
                counts.missing += fed.missing;
                counts.gaps += fed.gaps;
            }
        } else {
            self.counts.failures += 1;
            let failed = failure(entry.flow(), session.fail(), at);
            self.sink.push(failed);
        }
        entry.protocol = session.protocol().or(entry.protocol);
        self.counts.undecoded += session.undecoded;
    }

    /// Ends a flow and tells its conversation.
    fn finish(&mut self, index: usize, at: Time) {
        self.close_session(index, at);
        let last = self.flows.last(index);
        if let Some(mut entry) = self.flows.remove(index)
            && let Some(conversation) = entry.take_conversation(last)
        {
            self.tell(conversation);
        }
    }

    /// Tells a conversation, and counts what of it could not be seen.
    fn tell(&mut self, conversation: Conversation) {
        let (sent, received) = (&conversation.sent, &conversation.received);
        self.counts.missing += sent.missing + received.missing;
        let is_connection = conversation.transport == Transport::Tcp
            && matches!(conversation.state, State::Open | State::Midstream | State::Closed | State::Reset);
        if is_connection && conversation.is_opening && (sent.packets == 0) != (received.packets == 0) {
            self.counts.one_way += 1;
        }
        if matches!(conversation.transport, Transport::Ip(ENCAPSULATING_SECURITY))
            || ENCRYPTED.contains(&conversation.protocol.as_ref())
        {
            self.counts.encrypted += sent.bytes + received.bytes;
        }
        self.sink.push(Record::Conversation(conversation));
    }

    /// The end of a chunk whose last packet was at `now`: what is due is told, idle flows end.
    pub(crate) fn chunk_ends(&mut self, now: Time, frame: u64) {
        self.sink.frame = frame;
        let mut idle = std::mem::take(&mut self.idle);
        self.flows.idle(now, &mut idle);
        for index in idle.drain(..) {
            self.finish(index, now);
        }
        self.idle = idle;
        self.fragments.expire(now);
        self.sink.tell_due(now);
    }

    /// The end of all input: every flow ends, everything merged is told.
    pub(crate) fn end(&mut self, now: Time, frame: u64) {
        self.sink.frame = frame;
        for index in self.flows.all() {
            self.finish(index, now);
        }
        self.sink.tell_all();
    }

    /// Flows that a full table pushed out.
    pub(crate) fn evicted(&self) -> u64 {
        self.flows.evicted
    }

    /// Fragments that never became whole: waiting too long, pushed out, or still waiting.
    pub(crate) fn fragments_lost(&self) -> u64 {
        let counts = self.fragments.counts();
        counts.expired.saturating_add(counts.evicted).saturating_add(self.fragments.len() as u64)
    }
}

/// Protocols whose content is encrypted for the most part.
const ENCRYPTED: &[&str] =
    &["tls", "ssh", "quic", "rdp", "openvpn", "wireguard", "ipsec", "teamviewer", "anydesk", "dtls"];
/// IPsec (RFC 4303).
const ENCAPSULATING_SECURITY: u8 = 50;

/// What belongs to one side; 0 is the first.
fn of_side<T>([first, second]: &mut [T; 2], side: usize) -> &mut T {
    if side == 0 { first } else { second }
}

/// The record of a decoder that failed.
fn failure(flow: Flow, protocol: Option<&'static crate::protocol::Protocol>, at: Time) -> Record {
    let mut record = health(HealthKind::DecoderFailed, at, 1, "the decoder failed; the flow goes on without it");
    if let Record::Health(health) = &mut record {
        health.flow = Some(flow);
        health.protocol = protocol.map_or("", |protocol| protocol.id).into();
    }
    record
}

fn note_flags(entry: &mut Entry, segment: &TcpSegment, side: usize, has_data: bool) {
    let flags = segment.flags;
    let shake = &mut entry.handshake;
    shake.has_data |= has_data;
    if flags.syn() && !flags.ack() {
        shake.syn = true;
        entry.opener = (side & 1) as u8;
    } else if flags.syn() {
        shake.syn_ack = true;
        entry.opener = ((side ^ 1) & 1) as u8;
    }
    *of_side(&mut shake.fin, side) |= flags.fin();
    if flags.rst() {
        *of_side(&mut shake.rst, side) = true;
        of_side(&mut entry.sides, side).resets += 1;
    }
}

/// Which end of the first packet opened the flow: by the handshake; of a connection picked up midway, the end whose port
/// looks like a client's.
fn opener(segment: Option<&TcpSegment>, source: &Address, destination: &Address) -> usize {
    match segment {
        Some(segment) if segment.flags.syn() => usize::from(segment.flags.ack()),
        Some(_) => {
            let (source, destination) = (source.port.unwrap_or(0), destination.port.unwrap_or(0));
            let is_service = |port: u16| port < 1024;
            match (is_service(source), is_service(destination)) {
                (true, false) => 1,
                (false, true) => 0,
                // Ephemeral ports are the high ones (IANA: from 49,152; Linux: from 32,768).
                _ => usize::from(source < 32_768 && destination >= 32_768),
            }
        }
        None => 0,
    }
}
