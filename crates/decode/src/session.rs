//! One flow's driver: puts streams in order, finds the protocol, cuts messages, finds its way after gaps.
//!
//! Everything here is said once for all protocols. A session knows no time but that of the packets.

use model::{Address, Flow, Time, Transport};
use wire::{Assembler, Placed};

use crate::limits;
use crate::output::{Output, Route};
use crate::protocol::{Carrier, Context, Decoder, Match, Measure, Opening, Probe, Protocol, Speaker};
use crate::protocols;
use crate::sink::Sink;

/// Where a packet is: all that a session learns of it besides its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub at: Time,
    pub frame: u64,
    /// 0 when the sender is the one that sent the first packet of the flow, 1 when it is the other.
    pub side: usize,
    /// Length of the payload on the wire.
    pub wire_len: u32,
}

/// What became of a payload, for the counts of the conversation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fed {
    pub is_old: bool,
    pub missing: u64,
    pub gaps: u64,
}

/// One flow with payload.
pub(crate) struct Session {
    pub(crate) route: Route,
    transport: Transport,
    kind: u16,
    snap: Option<u32>,
    ports: [u16; 2],
    halves: [Half; 2],
    decoding: Decoding,
    /// Which side is the client of the protocol.
    client: usize,
    /// Whether the stream was seen from its first byte.
    is_from_start: bool,
    /// The row that matched weakly, and for which side.
    weak: Option<(&'static Protocol, usize)>,
    /// The datagram that did, read once the other side confirms the row.
    kept: Option<Box<(Place, Vec<u8>)>>,
    /// Match with which the row was taken; resynchronisation asks for no less, and for no more than likely.
    taken_at: Match,
    /// Payload bytes that nobody read.
    pub(crate) undecoded: u64,
}

/// One direction.
#[derive(Default)]
struct Half {
    assembler: Assembler,
    /// Bytes that wait for the rest of their message, or for probes to become sure.
    buffer: Vec<u8>,
    /// Bytes of a message still to be passed over.
    skip: u64,
    /// Framing was lost: only the start of a segment that a probe recognises brings it back.
    is_lost: bool,
    segments: u32,
    /// Time of the last bytes put into `buffer`.
    buffered_at: Time,
    /// Time of the last bytes in order.
    in_order_at: Time,
    /// Time of the bytes that were read last: not before those that stand before them.
    read_at: Time,
}

enum Decoding {
    Unknown,
    Known(&'static Protocol, Box<dyn Decoder>),
    /// The decoder failed: the flow goes on without.
    Failed,
}

/// What probing said.
enum Found {
    Yes,
    Wait,
    /// One row has it weakly; the other side may confirm it.
    Weak,
    No,
}

impl Session {
    /// A flow whose `source` sent the first packet.
    pub(crate) fn new(
        flow: Flow,
        transport: Transport,
        kind: u16,
        snap: Option<u32>,
        ends: [Address; 2],
        client: usize,
        is_from_start: bool,
    ) -> Session {
        let [source, destination] = ends;
        let (client_end, server_end) = if client == 0 { (source, destination) } else { (destination, source) };
        Session {
            route: Route::new(flow, client_end, server_end),
            transport,
            kind,
            snap,
            ports: [source.port.unwrap_or(0), destination.port.unwrap_or(0)],
            halves: [Half::default(), Half::default()],
            decoding: Decoding::Unknown,
            client,
            is_from_start,
            weak: None,
            kept: None,
            taken_at: Match::No,
            undecoded: 0,
        }
    }

    /// Looks at what the next packet will need, so that it is in the cache by then.
    pub(crate) fn approach(&self) -> u64 {
        let [first, second] = &self.halves;
        let halves = u64::from(first.segments).wrapping_add(second.read_at.0 as u64);
        halves.wrapping_add(self.route.client.port.unwrap_or(0).into()).wrapping_add(self.client as u64)
    }

    /// Takes `protocol` as recognised, without a probe.
    pub(crate) fn assume(&mut self, protocol: &'static Protocol) {
        self.take(protocol, self.client, Match::Likely);
    }

    /// The protocol recognised, of the deepest layer that said something.
    pub(crate) fn protocol(&self) -> Option<&'static Protocol> {
        match &self.decoding {
            Decoding::Known(protocol, _) => Some(self.route.deepest.unwrap_or(protocol)),
            _ => self.route.deepest,
        }
    }

    /// The row that decodes the flow, whatever it carries.
    #[cfg(test)]
    pub(crate) fn row(&self) -> Option<&'static Protocol> {
        self.row_taken()
    }

    /// Bytes that wait for the rest of their message, or for a hole to fill.
    #[cfg(test)]
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting()
    }

    /// Whether the decoder failed.
    pub(crate) fn fail(&mut self) -> Option<&'static Protocol> {
        let failed = match &self.decoding {
            Decoding::Known(protocol, _) => Some(*protocol),
            _ => None,
        };
        self.decoding = Decoding::Failed;
        self.halves = [Half::default(), Half::default()];
        failed
    }

    /// Bytes that wait, for the rest of their message, for a hole to fill, or for a protocol to be confirmed.
    pub(crate) fn waiting(&self) -> usize {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.1.len());
        self.halves.iter().fold(kept, |sum, half| sum + half.buffer.len() + half.assembler.held_bytes())
    }

    /// Gives up all bytes that wait: reading goes on with the next segment that starts a message.
    pub(crate) fn shed(&mut self) {
        self.kept = None;
        for side in 0..2 {
            let speaker = self.speaker(side);
            if let Some(half) = self.halves.get_mut(side)
                && half.buffer.len() + half.assembler.held_bytes() > 0
            {
                *half = Half { is_lost: true, segments: half.segments, ..Half::default() };
                if let Decoding::Known(_, decoder) = &mut self.decoding {
                    decoder.gap(speaker);
                }
            }
        }
    }

    /// A datagram or frame.
    pub(crate) fn datagram(&mut self, place: Place, payload: &[u8], sink: &mut Sink) {
        if let Decoding::Unknown = self.decoding {
            let segments = self.halves.get(place.side).map_or(0, |half| half.segments);
            self.bump(place.side);
            if !is_probed(segments) {
                self.undecoded += payload.len() as u64;
                return;
            }
            match self.probe(place.side, payload, true, sink) {
                Found::Yes => {
                    if let Some(kept) = self.kept.take() {
                        let (place, payload) = *kept;
                        self.undecoded = self.undecoded.saturating_sub(payload.len() as u64);
                        self.known_datagram(place, &payload, sink);
                    }
                }
                found => {
                    if matches!(found, Found::Weak) && self.kept.is_none() && payload.len() <= limits::KEPT_BYTES_MAX {
                        self.kept = Some(Box::new((place, payload.to_vec())));
                    }
                    self.undecoded += payload.len() as u64;
                    return;
                }
            }
        }
        self.known_datagram(place, payload, sink);
    }

    /// A datagram or frame of a flow whose protocol is known.
    fn known_datagram(&mut self, place: Place, payload: &[u8], sink: &mut Sink) {
        self.swap_if_told();
        let speaker = self.speaker(place.side);
        let Decoding::Known(protocol, decoder) = &mut self.decoding else {
            self.undecoded += payload.len() as u64;
            return;
        };
        let mut rest = payload;
        let cut = (place.wire_len as usize).saturating_sub(payload.len());
        while !rest.is_empty() {
            let mut out = Output::new(sink, &mut self.route, protocol, place.at, speaker);
            let (head, total) = match decoder.measure(rest, speaker) {
                Measure::Whole(n) => (n, n),
                Measure::Head { head, total } => (head, total),
                // A datagram is all there is: a message that claims more was cut, or lies.
                Measure::More(n) => (rest.len(), n),
                Measure::Malformed(why) => {
                    out.malformed(payload.len() - rest.len(), "message", why);
                    return;
                }
            };
            let taken = head.clamp(1, rest.len());
            let (message, left) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
            let is_last = total >= rest.len();
            let context = Context {
                at: place.at,
                speaker,
                frame: place.frame,
                is_stream: false,
                wire_len: if is_last { rest.len().saturating_add(cut).max(taken) } else { total.max(taken) },
            };
            decoder.read(message, &context, &mut out);
            rest = left.get(total.saturating_sub(taken)..).unwrap_or(&[]);
        }
    }

    /// A TCP segment. Says what became of it.
    pub(crate) fn segment(&mut self, place: Place, sequence: u32, syn: bool, payload: &[u8], sink: &mut Sink) -> Fed {
        let mut fed = Fed::default();
        // Every round frees something (see `Placed::Full`); the bound is for the reader.
        for _ in 0..4 {
            let Some(half) = self.halves.get_mut(place.side) else { return fed };
            match half.assembler.push_at(sequence, syn, payload, place.wire_len, place.at.0) {
                Placed::InOrder(bytes) => {
                    half.in_order_at = place.at;
                    if !bytes.is_empty() {
                        half.read_at = place.at;
                        self.bytes(place, bytes, sink);
                    }
                    self.cut(place, &mut fed);
                    self.pop(place, &mut fed, sink);
                    return fed;
                }
                Placed::Old => {
                    fed.is_old = !payload.is_empty();
                    return fed;
                }
                Placed::Held => {
                    // A sender repeats what was lost before it goes on much later; a capture whose times leap is in
                    // disorder, and no order can be made of it.
                    if place.at.since(half.in_order_at).abs() > limits::HOLE_WAIT {
                        self.skip_hole(place, &mut fed, sink);
                    }
                    return fed;
                }
                Placed::Full => self.skip_hole(place, &mut fed, sink),
            }
        }
        half_restart(self.halves.get_mut(place.side));
        fed
    }

    /// The peer of `place.side` acknowledged `acknowledgement`: holes before it are never going to be filled.
    pub(crate) fn acknowledged(&mut self, place: Place, acknowledgement: u32, sink: &mut Sink) -> Fed {
        let mut fed = Fed::default();
        // One hole after the other, as far as the acknowledgement reaches.
        for _ in 0..wire::limits::STREAM_SEGMENTS_MAX {
            let Some(half) = self.halves.get(place.side) else { return fed };
            if !half.assembler.has_held() || !half.assembler.acknowledged(acknowledgement) {
                return fed;
            }
            self.skip_hole(place, &mut fed, sink);
        }
        fed
    }

    /// Whether `side` waits for a hole to fill.
    pub(crate) fn has_hole(&self, side: usize) -> bool {
        self.halves.get(side).is_some_and(|half| half.assembler.has_held())
    }

    /// The flow is over: holes are given up, and the decoder tells what was never answered.
    pub(crate) fn end(&mut self, at: Time, frame: u64, sink: &mut Sink) -> [Fed; 2] {
        let mut all = [Fed::default(); 2];
        for (side, fed) in all.iter_mut().enumerate() {
            let place = Place { at, frame, side, wire_len: 0 };
            for _ in 0..wire::limits::STREAM_SEGMENTS_MAX {
                if !self.has_hole(side) {
                    break;
                }
                self.skip_hole(place, fed, sink);
            }
        }
        self.swap_if_told();
        if let Decoding::Known(protocol, decoder) = &mut self.decoding {
            let mut out = Output::new(sink, &mut self.route, protocol, at, Speaker::Client);
            decoder.end(&mut out);
        }
        for half in &self.halves {
            if matches!(self.decoding, Decoding::Unknown) {
                self.undecoded += half.buffer.len() as u64;
            }
        }
        self.decoding = match std::mem::replace(&mut self.decoding, Decoding::Failed) {
            Decoding::Known(protocol, _) => {
                self.route.deepest = self.route.deepest.or(Some(protocol));
                Decoding::Failed
            }
            other => other,
        };
        all
    }

    fn bump(&mut self, side: usize) {
        if let Some(half) = self.halves.get_mut(side) {
            half.segments = half.segments.saturating_add(1);
        }
    }

    fn speaker(&self, side: usize) -> Speaker {
        if side == self.client { Speaker::Client } else { Speaker::Server }
    }

    /// A decoder may have found out that the roles are the other way round.
    fn swap_if_told(&mut self) {
        if std::mem::take(&mut self.route.is_swapped) {
            self.client ^= 1;
        }
    }

    /// Bytes cut off by the snap length lie behind what was just delivered.
    fn cut(&mut self, place: Place, fed: &mut Fed) {
        let Some(half) = self.halves.get_mut(place.side) else { return };
        let cut = half.assembler.take_cut();
        if cut > 0 {
            self.lost(place, cut, fed);
        }
    }

    /// Reads what is in order now. Bytes behind a hole were said when they came, not when the hole was given up; bytes
    /// that came before their turn were complete when the last of them came.
    fn pop(&mut self, place: Place, fed: &mut Fed, sink: &mut Sink) {
        while let Some(half) = self.halves.get_mut(place.side)
            && let Some((bytes, arrived)) = half.assembler.pop_at()
        {
            half.read_at = half.read_at.max(Time(arrived));
            let place = Place { at: half.read_at, ..place };
            self.bytes(place, &bytes, sink);
            self.cut(place, fed);
        }
    }

    fn skip_hole(&mut self, place: Place, fed: &mut Fed, sink: &mut Sink) {
        let Some(half) = self.halves.get_mut(place.side) else { return };
        let missing = half.assembler.skip_hole();
        half.in_order_at = place.at;
        if missing > 0 {
            self.lost(place, missing, fed);
        }
        self.pop(place, fed, sink);
    }

    /// `missing` bytes are not in the capture. Inside a message that is passed over anyway this does no harm.
    fn lost(&mut self, place: Place, missing: u64, fed: &mut Fed) {
        fed.missing += missing;
        fed.gaps += 1;
        let speaker = self.speaker(place.side);
        let Some(half) = self.halves.get_mut(place.side) else { return };
        if half.buffer.is_empty() && half.skip >= missing {
            half.skip -= missing;
            return;
        }
        half.skip = 0;
        half.buffer.clear();
        half.is_lost = true;
        if let Decoding::Known(_, decoder) = &mut self.decoding {
            decoder.gap(speaker);
        }
    }

    /// Bytes in order.
    fn bytes(&mut self, place: Place, bytes: &[u8], sink: &mut Sink) {
        let Some(half) = self.halves.get_mut(place.side) else { return };
        let mut bytes = bytes;
        if half.skip > 0 {
            let passed = usize::try_from(half.skip).unwrap_or(usize::MAX).min(bytes.len());
            half.skip -= passed as u64;
            bytes = bytes.get(passed..).unwrap_or(&[]);
            if bytes.is_empty() {
                return;
            }
        }
        if half.buffer.is_empty() {
            half.segments = half.segments.saturating_add(1);
            let used = self.parse(place, bytes, sink);
            self.keep(place, bytes.get(used..).unwrap_or(&[]), used.saturating_sub(bytes.len()));
        } else {
            let mut buffer = std::mem::take(&mut half.buffer);
            if self.is_begun_by(place.side, bytes, sink) {
                // What was kept before was something else.
                self.undecoded += buffer.len() as u64;
                buffer.clear();
            }
            buffer.extend_from_slice(bytes);
            let used = self.parse(place, &buffer, sink);
            let skip = used.saturating_sub(buffer.len());
            buffer.drain(..used.min(buffer.len()));
            if buffer.capacity() > 16 * 1024 && buffer.is_empty() {
                buffer = Vec::new();
            }
            if let Some(half) = self.halves.get_mut(place.side) {
                half.skip += skip as u64;
                half.buffered_at = place.at;
                half.buffer = buffer;
            }
        }
    }

    /// While bytes wait only because little spoke for a row: whether a row recognises `bytes` that come after them, and
    /// it is another one.
    fn is_begun_by(&mut self, side: usize, bytes: &[u8], sink: &mut Sink) -> bool {
        match (&self.decoding, self.weak) {
            (Decoding::Unknown, Some((weak, of))) if of == side => {
                let found = self.probe(side, bytes, false, sink);
                matches!((found, self.row_taken()), (Found::Yes, Some(row)) if row.id != weak.id)
            }
            _ => false,
        }
    }

    fn row_taken(&self) -> Option<&'static Protocol> {
        match &self.decoding {
            Decoding::Known(protocol, _) => Some(protocol),
            _ => None,
        }
    }

    fn keep(&mut self, place: Place, rest: &[u8], skip: usize) {
        if let Some(half) = self.halves.get_mut(place.side) {
            half.skip += skip as u64;
            half.buffered_at = place.at;
            half.buffer.extend_from_slice(rest);
        }
    }

    /// Reads whole messages from the front of `bytes`. Says how many bytes are done with; more than there are means that
    /// the following ones are to be passed over.
    fn parse(&mut self, place: Place, bytes: &[u8], sink: &mut Sink) -> usize {
        let mut used = 0_usize;
        let mut place = place;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            match &self.decoding {
                Decoding::Failed => {
                    self.undecoded += rest.len() as u64;
                    return bytes.len();
                }
                Decoding::Unknown => match self.probe(place.side, rest, false, sink) {
                    Found::Yes => self.catch_up(&mut place, sink),
                    Found::Wait => return used,
                    Found::Weak if rest.len() <= limits::KEPT_BYTES_MAX => return used,
                    Found::Weak | Found::No => {
                        self.undecoded += rest.len() as u64;
                        return bytes.len();
                    }
                },
                Decoding::Known(..) => {}
            }
            self.swap_if_told();
            let speaker = self.speaker(place.side);
            if self.halves.get(place.side).is_some_and(|half| half.is_lost) && !self.is_found_again(place.side, rest) {
                self.undecoded += rest.len() as u64;
                return bytes.len();
            }
            let Decoding::Known(protocol, decoder) = &mut self.decoding else { return bytes.len() };
            let (head, total) = match decoder.measure(rest, speaker) {
                Measure::Whole(n) => (n, n),
                Measure::Head { head, total } => (head.min(total), total),
                Measure::More(n) if n <= limits::MESSAGE_BYTES_MAX => return used,
                Measure::More(_) => (0, 0),
                Measure::Malformed(why) => {
                    let mut out = Output::new(sink, &mut self.route, protocol, place.at, speaker);
                    out.malformed(0, "start of message", why);
                    (0, 0)
                }
            };
            if head == 0 || head > limits::MESSAGE_BYTES_MAX {
                // Not a message, or one that no limit allows: wait for a segment that starts with one.
                if let Some(half) = self.halves.get_mut(place.side) {
                    half.is_lost = true;
                }
                decoder.gap(speaker);
                self.undecoded += rest.len() as u64;
                return bytes.len();
            }
            let Some(message) = rest.get(..head) else { return used };
            let context = Context { at: place.at, speaker, frame: place.frame, is_stream: true, wire_len: total };
            let mut out = Output::new(sink, &mut self.route, protocol, place.at, speaker);
            decoder.read(message, &context, &mut out);
            used = used.saturating_add(total);
        }
        used
    }

    /// The protocol became known: what the other side said meanwhile is read first.
    fn catch_up(&mut self, place: &mut Place, sink: &mut Sink) {
        let other = place.side ^ 1;
        let Some(half) = self.halves.get_mut(other) else { return };
        let bytes = std::mem::take(&mut half.buffer);
        if bytes.is_empty() {
            return;
        }
        let there = Place { at: half.buffered_at, side: other, ..*place };
        let used = self.parse(there, &bytes, sink);
        self.keep(there, bytes.get(used..).unwrap_or(&[]), used.saturating_sub(bytes.len()));
    }

    /// After a loss: whether `rest`, the start of a segment, is the start of a message.
    fn is_found_again(&mut self, side: usize, rest: &[u8]) -> bool {
        let Decoding::Known(protocol, _) = &self.decoding else { return false };
        let verdict = (protocol.probe)(&self.probe_of(side, rest, false));
        let speaker_fits = verdict.speaker.is_none_or(|speaker| speaker == self.speaker(side));
        let is_found = speaker_fits && verdict.matched >= self.taken_at.min(Match::Likely);
        if is_found && let Some(half) = self.halves.get_mut(side) {
            half.is_lost = false;
        }
        is_found
    }

    fn probe_of<'a>(&self, side: usize, bytes: &'a [u8], is_datagram: bool) -> Probe<'a> {
        let [source, destination] = if side == 0 { self.ports } else { [self.ports[1], self.ports[0]] };
        Probe {
            bytes,
            is_stream: !is_datagram,
            is_start: self.is_from_start && self.halves.get(side).is_some_and(|half| half.segments <= 1),
            source_port: source,
            destination_port: destination,
            kind: self.kind,
            to: if side == self.client { self.route.server.ip } else { self.route.client.ip },
        }
    }

    /// Asks every row that this carrier may carry.
    fn probe(&mut self, side: usize, bytes: &[u8], is_datagram: bool, sink: &mut Sink) -> Found {
        let segments = self.halves.get(side).map_or(0, |half| half.segments);
        if !is_datagram && !is_probed(segments) {
            return Found::No;
        }
        if let Some((row, client)) = self.expected(sink) {
            self.take(row, client, Match::Likely);
            return Found::Yes;
        }
        let shown = bytes.get(..limits::PROBE_BYTES_MAX.min(bytes.len())).unwrap_or(bytes);
        let probe = self.probe_of(side, shown, is_datagram);
        let mut best: Option<(&'static Protocol, Match, bool, Option<Speaker>)> = None;
        let mut is_open = false;
        let (rows, usual): (&[&Protocol], _) = match protocols::carried_by(self.transport) {
            Some(carried) => (&carried.rows, Some(carried.usual(self.ports))),
            None => (protocols::PROTOCOLS, None),
        };
        for (number, row) in rows.iter().copied().enumerate() {
            let carried = match usual {
                Some(usual) => Some(usual >> number & 1 == 1),
                None => self.carried_by(row),
            };
            let Some(has_port) = carried else { continue };
            let verdict = (row.probe)(&probe);
            is_open |= verdict.matched == Match::More;
            if verdict.matched >= Match::Weak
                && best.is_none_or(|(_, matched, port, _)| (verdict.matched, has_port) > (matched, port))
            {
                best = Some((row, verdict.matched, has_port, verdict.speaker));
                if has_port && verdict.matched == Match::Certain {
                    // Nothing that comes later can be better.
                    break;
                }
            }
        }
        let is_waiting = is_open && !is_datagram && bytes.len() < limits::PROBE_BYTES_MAX;
        match best {
            Some((row, matched, has_port, speaker)) if matched >= Match::Likely || (!is_waiting && has_port) => {
                self.take(row, self.client_by(speaker, side), matched);
                Found::Yes
            }
            _ if is_waiting => Found::Wait,
            Some((row, matched, _, speaker)) => match self.weak {
                Some((known, other)) if known.id == row.id && other != side => {
                    self.take(row, self.client_by(speaker, side), matched);
                    Found::Yes
                }
                _ => {
                    self.weak = Some((row, side));
                    Found::Weak
                }
            },
            None => Found::No,
        }
    }

    /// Which side is the client when `side` speaks as `speaker`; as assumed so far where the bytes do not tell.
    fn client_by(&self, speaker: Option<Speaker>, side: usize) -> usize {
        match speaker {
            Some(Speaker::Client) => side,
            Some(Speaker::Server) => side ^ 1,
            None => self.client,
        }
    }

    /// A row that another flow announced for this one.
    fn expected(&self, sink: &Sink) -> Option<(&'static Protocol, usize)> {
        let find = |end: &Address| protocols::by_id(&sink.expected(end.ip?, end.port?)?);
        if let Some(row) = find(&self.route.server) {
            return Some((row, self.client));
        }
        find(&self.route.client).map(|row| (row, self.client ^ 1))
    }

    fn take(&mut self, row: &'static Protocol, client: usize, matched: Match) {
        if client != self.client {
            std::mem::swap(&mut self.route.client, &mut self.route.server);
            self.client = client;
        }
        let opening = Opening {
            is_stream: self.transport == Transport::Tcp,
            client_port: self.route.client.port.unwrap_or(0),
            server_port: self.route.server.port.unwrap_or(0),
        };
        self.taken_at = matched;
        self.decoding = Decoding::Known(row, (row.open)(&opening));
    }

    /// Whether this flow may carry `row`; if so, whether on one of its usual ports.
    pub(crate) fn carried_by(&self, row: &Protocol) -> Option<bool> {
        let mut carried = None;
        for carrier in row.carriers {
            let fits = match (carrier, self.transport) {
                (Carrier::Tcp(ports), Transport::Tcp) | (Carrier::Udp(ports), Transport::Udp) => {
                    Some(self.ports.iter().any(|port| ports.contains(port)))
                }
                (Carrier::Ip(number), Transport::Ip(this)) if *number == this => Some(true),
                (Carrier::Ethernet(kinds), Transport::Ethernet(kind))
                    if self.snap.is_none_or(|organisation| organisation == 0) && kinds.contains(&kind) =>
                {
                    Some(true)
                }
                (Carrier::Snap(organisation, id), Transport::Ethernet(kind))
                    if self.snap == Some(*organisation) && *id == kind =>
                {
                    Some(true)
                }
                _ => None,
            };
            carried = carried.max(fits);
        }
        carried
    }
}

/// The first segments are probed one by one, then ever fewer: a flow that nobody knows must not cost a probe a packet.
const fn is_probed(segments: u32) -> bool {
    segments <= limits::PROBE_SEGMENTS_MAX || segments.is_power_of_two()
}

/// A stream that no round could place begins anew with the next segment.
fn half_restart(half: Option<&mut Half>) {
    if let Some(half) = half {
        *half = Half { is_lost: true, ..Half::default() };
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use model::{Address, Flow, Record, Time, Transport};

    use super::{Place, Session};
    use crate::sink::{Options, Sink};

    /// Read 1 holding register of unit 1, and its answer.
    const REQUEST: [u8; 12] = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
    const ANSWER: [u8; 11] = [0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 42];

    fn place(milliseconds: i64, side: usize) -> Place {
        Place { at: Time(milliseconds * 1_000_000), frame: 0, side, wire_len: 0 }
    }

    fn session() -> Session {
        session_on(Transport::Tcp, 502)
    }

    fn session_on(transport: Transport, port: u16) -> Session {
        let end = |port| Address { port: Some(port), ..Address::default() };
        let flow = Flow::Ip {
            transport,
            source: (Ipv4Addr::LOCALHOST.into(), 40_000),
            destination: (Ipv4Addr::LOCALHOST.into(), port),
        };
        Session::new(flow, transport, 0x800, None, [end(40_000), end(port)], 0, true)
    }

    /// When the acts were asked and how long they took, in milliseconds.
    fn times(sink: &mut Sink) -> Vec<(i64, Option<i64>)> {
        let acts = sink.records.drain().filter_map(|(_, record)| match record {
            Record::Act(act) => Some((act.at.0 / 1_000_000, act.latency.map(|latency| latency / 1_000_000))),
            _ => None,
        });
        acts.collect()
    }

    #[test]
    fn what_stands_behind_a_hole_was_said_when_it_came() {
        let (mut session, mut sink) = (session(), Sink::new(Options { is_rolled_up: false }));
        session.segment(place(1, 0), 1, false, &REQUEST, &mut sink);
        session.segment(place(3, 1), 1, false, &ANSWER, &mut sink);
        // Seven bytes of the client are not in the capture. The server acknowledges them only with its answer.
        session.segment(place(10, 0), 20, false, &REQUEST, &mut sink);
        session.acknowledged(place(15, 0), 32, &mut sink);
        session.segment(place(15, 1), 12, false, &ANSWER, &mut sink);
        assert_eq!(times(&mut sink), [(1, Some(2)), (10, Some(5))]);
    }

    #[test]
    fn what_came_before_its_turn_is_complete_when_the_last_of_it_came() {
        let (mut session, mut sink) = (session(), Sink::new(Options { is_rolled_up: false }));
        session.segment(place(1, 0), 1, false, &REQUEST, &mut sink);
        session.segment(place(3, 1), 1, false, &ANSWER, &mut sink);
        session.segment(place(10, 0), 19, false, &REQUEST[6..], &mut sink);
        session.segment(place(12, 0), 13, false, &REQUEST[..6], &mut sink);
        session.segment(place(15, 1), 12, false, &ANSWER, &mut sink);
        assert_eq!(times(&mut sink), [(1, Some(2)), (12, Some(3))]);
    }

    /// Get the event counter of unit 1, and its answer: each alone is hardly Modbus.
    const WEAK_REQUEST: [u8; 8] = [0, 7, 0, 0, 0, 2, 1, 11];
    const WEAK_ANSWER: [u8; 12] = [0, 7, 0, 0, 0, 6, 1, 11, 0, 0, 0, 9];

    #[test]
    fn what_was_hardly_recognised_is_read_when_the_other_side_confirms_it() {
        let (mut session, mut sink) = (session_on(Transport::Tcp, 1_234), Sink::new(Options { is_rolled_up: false }));
        session.segment(place(1, 0), 1, false, &WEAK_REQUEST, &mut sink);
        assert_eq!(session.waiting(), WEAK_REQUEST.len());
        session.segment(place(3, 1), 1, false, &WEAK_ANSWER, &mut sink);
        assert_eq!(times(&mut sink), [(1, Some(2))]);
        let (mut session, mut sink) = (session_on(Transport::Udp, 1_234), Sink::new(Options { is_rolled_up: false }));
        session.datagram(place(1, 0), &WEAK_REQUEST, &mut sink);
        session.datagram(place(3, 1), &WEAK_ANSWER, &mut sink);
        assert_eq!(times(&mut sink), [(1, Some(2))]);
        assert_eq!((session.waiting(), session.undecoded), (0, 0));
    }
}
