//! TCP conversations as they look on the wire: handshake, sequence numbers, delayed acknowledgements, loss, end.

use model::Time;

use crate::frame;
use crate::network::{FrameId, HostId, MICROSECOND, MILLISECOND, Network, Stack};
use crate::random::Random;

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that opened it.
    Client,
    /// The one that listened.
    Server,
}

impl Side {
    /// The other end.
    pub const fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// An open TCP connection.
#[derive(Debug)]
pub struct Connection {
    ends: [End; 2],
    random: Random,
}

#[derive(Debug)]
struct End {
    host: HostId,
    port: u16,
    /// Sequence number of the next byte to send.
    next: u32,
    window: u16,
    /// An acknowledgement that goes out on its own unless something is sent before.
    owed: Option<(Time, FrameId)>,
    /// When the last segment left: nothing may leave before.
    last: Time,
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// Largest payload of a segment on Ethernet, without options.
const SEGMENT_BYTES_MAX: usize = 1460;

/// How often a request is lost behind the mirror port and sent again.
const LOSS: f64 = 0.0008;

impl Connection {
    /// Opens a connection by the three-way handshake. Gives it with the time when the client may send.
    pub fn open(
        network: &mut Network,
        random: &mut Random,
        at: Time,
        client: HostId,
        server: (HostId, u16),
    ) -> (Connection, Time) {
        let (mut connection, numbers) = Connection::prepare(network, random, at, client, server);
        let at = connection.segment(network, at, Side::Client, SYN, &[]);
        connection.end(Side::Client).next = numbers[0].wrapping_add(1);
        let answer = at.plus(network.answer_time(server.0) / 3);
        let at = connection.segment(network, answer, Side::Server, SYN | ACK, &[]);
        connection.end(Side::Server).next = numbers[1].wrapping_add(1);
        let at = at.plus(connection.random.wait(40 * MICROSECOND, 30 * MICROSECOND));
        let at = connection.segment(network, at, Side::Client, ACK, &[]);
        let ready = at.plus(connection.random.wait(60 * MICROSECOND, 200 * MICROSECOND));
        (connection, ready)
    }

    /// A connection attempt to a closed port: SYN, then RST.
    pub fn refused(
        network: &mut Network,
        random: &mut Random,
        at: Time,
        client: HostId,
        server: (HostId, u16),
    ) -> Time {
        let (mut connection, at) = Connection::half(network, random, at, client, server);
        let answer = at.plus(network.answer_time(server.0) / 4);
        let sequence = std::mem::replace(&mut connection.end(Side::Server).next, 0);
        connection.segment(network, answer, Side::Server, RST | ACK, &[]);
        connection.end(Side::Server).next = sequence;
        answer
    }

    /// A connection attempt to an open port that is torn down at once, as port scanners do.
    pub fn knocked(
        network: &mut Network,
        random: &mut Random,
        at: Time,
        client: HostId,
        server: (HostId, u16),
    ) -> Time {
        let (mut connection, at) = Connection::half(network, random, at, client, server);
        let answer = at.plus(network.answer_time(server.0) / 4);
        connection.segment(network, answer, Side::Server, SYN | ACK, &[]);
        let at = answer.plus(connection.random.wait(60 * MICROSECOND, 40 * MICROSECOND));
        connection.segment(network, at, Side::Client, RST, &[]);
        at
    }

    /// A connection attempt that nothing answers: SYN, and twice again.
    pub fn unanswered(network: &mut Network, random: &mut Random, at: Time, client: HostId, server: (HostId, u16)) {
        let (mut connection, at) = Connection::half(network, random, at, client, server);
        connection.end(Side::Client).next = connection.ends[0].next.wrapping_sub(1);
        let at = connection.segment(network, at.plus(1_000 * MILLISECOND), Side::Client, SYN, &[]);
        connection.segment(network, at.plus(2_000 * MILLISECOND), Side::Client, SYN, &[]);
    }

    /// The first SYN of a connection that may come to nothing.
    fn half(
        network: &mut Network,
        random: &mut Random,
        at: Time,
        client: HostId,
        server: (HostId, u16),
    ) -> (Connection, Time) {
        let (mut connection, numbers) = Connection::prepare(network, random, at, client, server);
        let at = connection.segment(network, at, Side::Client, SYN, &[]);
        connection.end(Side::Client).next = numbers[0].wrapping_add(1);
        (connection, at)
    }

    /// Two ends with their first sequence numbers; nothing is sent yet.
    fn prepare(
        network: &mut Network,
        random: &mut Random,
        at: Time,
        client: HostId,
        server: (HostId, u16),
    ) -> (Connection, [u32; 2]) {
        let port = network.ephemeral_port(client);
        let mut random = Random::new(random.bits());
        let numbers = [random.bits() as u32, random.bits() as u32];
        let end = |host: HostId, port: u16, next: u32| {
            let window = match network.host(host).stack {
                Stack::Windows => 64_240,
                Stack::Linux => 29_200,
                Stack::Embedded { window, .. } => window,
            };
            End { host, port, next, window, owed: None, last: at }
        };
        let ends = [end(client, port, numbers[0]), end(server.0, server.1, numbers[1])];
        (Connection { ends, random }, numbers)
    }

    /// The client's host.
    pub fn client(&self) -> HostId {
        self.ends[0].host
    }

    /// The server's host.
    pub fn server(&self) -> HostId {
        self.ends[1].host
    }

    /// Sends `bytes`; gives when the last segment left.
    pub fn send(&mut self, network: &mut Network, at: Time, side: Side, bytes: &[u8]) -> Time {
        let mut at = at;
        let pieces = bytes.chunks(SEGMENT_BYTES_MAX).count();
        for (index, piece) in bytes.chunks(SEGMENT_BYTES_MAX).enumerate() {
            let flags = if index + 1 == pieces { PSH | ACK } else { ACK };
            at = self.segment(network, at, side, flags, piece);
            self.end(side).next = self.ends[side as usize].next.wrapping_add(piece.len() as u32);
            if index + 1 < pieces {
                at = at.plus(125 * MICROSECOND);
            }
        }
        self.owe(network, at, side.other());
        at
    }

    /// The client asks and the server answers after `latency` (or its usual time); gives when the answer left.
    pub fn exchange(&mut self, network: &mut Network, at: Time, request: &[u8], answer: &[u8]) -> Time {
        let mut at = self.send(network, at, Side::Client, request);
        if request.len() <= SEGMENT_BYTES_MAX && self.random.chance(LOSS) {
            at = self.send_again(network, at, Side::Client, request);
        }
        let answered = at.plus(network.answer_time(self.server()));
        self.send(network, answered, Side::Server, answer)
    }

    /// Ends the connection from the side of the client: FIN, ACK, FIN, ACK.
    pub fn close(mut self, network: &mut Network, at: Time) -> Time {
        let at = self.finish(network, at, Side::Client);
        let at = at.plus(self.random.wait(90 * MICROSECOND, 60 * MICROSECOND));
        let at = self.segment(network, at, Side::Server, ACK, &[]);
        let at = at.plus(self.random.wait(60 * MICROSECOND, 200 * MICROSECOND));
        let at = self.finish(network, at, Side::Server);
        let at = at.plus(self.random.wait(50 * MICROSECOND, 30 * MICROSECOND));
        self.segment(network, at, Side::Client, ACK, &[])
    }

    /// Breaks the connection off from `side`: RST.
    pub fn reset(mut self, network: &mut Network, at: Time, side: Side) -> Time {
        if let Some((due, id)) = self.end(side.other()).owed.take()
            && due >= at
        {
            network.cancel(id);
        }
        self.segment(network, at, side, RST | ACK, &[])
    }

    fn finish(&mut self, network: &mut Network, at: Time, side: Side) -> Time {
        let at = self.segment(network, at, side, FIN | ACK, &[]);
        self.end(side).next = self.ends[side as usize].next.wrapping_add(1);
        at
    }

    /// The segment was lost behind the mirror port: it is seen a second time.
    fn send_again(&mut self, network: &mut Network, at: Time, side: Side, bytes: &[u8]) -> Time {
        if let Some((_, id)) = self.end(side.other()).owed.take() {
            network.cancel(id);
        }
        let again = at.plus(self.random.wait(210 * MILLISECOND, 30 * MILLISECOND));
        self.end(side).next = self.ends[side as usize].next.wrapping_sub(bytes.len() as u32);
        let at = self.segment(network, again, side, PSH | ACK, bytes);
        self.end(side).next = self.ends[side as usize].next.wrapping_add(bytes.len() as u32);
        self.owe(network, at, side.other());
        at
    }

    /// `side` has received something and will acknowledge it on its own, unless it sends before.
    fn owe(&mut self, network: &mut Network, at: Time, side: Side) {
        let delay = match network.host(self.ends[side as usize].host).stack {
            Stack::Windows => self.random.wait(40 * MILLISECOND, 4 * MILLISECOND),
            Stack::Linux => self.random.wait(40 * MILLISECOND, MILLISECOND),
            Stack::Embedded { .. } => self.random.wait(100 * MILLISECOND, 50 * MILLISECOND),
        };
        if let Some((due, id)) = self.end(side).owed.take()
            && due >= at
        {
            network.cancel(id);
        }
        let due = at.plus(delay);
        let last = self.ends[side as usize].last;
        let (due, id) = self.emit(network, due, side, ACK, &[]);
        let end = self.end(side);
        end.last = last;
        end.owed = Some((due, id));
    }

    fn segment(&mut self, network: &mut Network, at: Time, side: Side, flags: u8, payload: &[u8]) -> Time {
        let at = at.max(self.ends[side as usize].last.plus(1));
        if let Some((due, id)) = self.end(side).owed.take()
            && due >= at
        {
            network.cancel(id);
        }
        self.emit(network, at, side, flags, payload).0
    }

    fn emit(&mut self, network: &mut Network, at: Time, side: Side, flags: u8, payload: &[u8]) -> (Time, FrameId) {
        let (mine, other) = (&self.ends[side as usize], &self.ends[side.other() as usize]);
        let (from, to) = (mine.host, other.host);
        let options: &[u8] = match (flags & SYN != 0, network.host(from).stack) {
            (false, _) => &[],
            // Maximum segment size; window scale; selective acknowledgement permitted.
            (true, Stack::Embedded { .. }) => &[2, 4, 0x05, 0xb4],
            (true, _) => &[2, 4, 0x05, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2],
        };
        let header = frame::Tcp {
            source: (network.host(from).ip, mine.port),
            destination: (network.host(to).ip, other.port),
            sequence: mine.next,
            acknowledgement: if flags & ACK != 0 { other.next } else { 0 },
            flags,
            window: mine.window,
            options,
        };
        let sent = network.ip(at, from, to, 6, &frame::tcp(header, payload));
        self.end(side).last = sent.0;
        sent
    }

    fn end(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }
}
