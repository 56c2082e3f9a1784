//! The contract of a protocol: one descriptor, one decoder with three methods.
//!
//! The driver (`session`) does framing, resynchronisation, roles and limits once, for all. A decoder says how long the
//! next message is (`measure`), reads one whole message (`read`) and learns that bytes were lost (`gap`).
//! It has no clock: `Context::at` is packet time, and is all the time there is.

use std::net::IpAddr;

use model::{Time, Verb};

use crate::output::Output;

/// All there is to say of a protocol. A row in `protocols::PROTOCOLS` brings probing on any port, reassembly, roll-up,
/// documentation, fuzzing and the laws.
pub struct Protocol {
    /// Stable id: `modbus`. Leaves the program in every record.
    pub id: &'static str,
    /// Name for people: `Modbus TCP`.
    pub title: &'static str,
    /// One sentence for the operator: what it does in a plant.
    pub about: &'static str,
    /// To what depth it is decoded, in a sentence.
    pub depth: &'static str,
    /// The documents it was written from: title, version.
    pub documents: &'static [&'static str],
    /// What carries it. Ports only break ties; they never decide alone.
    pub carriers: &'static [Carrier],
    /// Whether values of its acts are process variables, and its speakers machines of the plant.
    pub is_industrial: bool,
    /// Codes with name and verb, in ascending order of code.
    pub codes: &'static [Code],
    /// Whether bytes are the start of a message of this protocol.
    pub probe: fn(&Probe<'_>) -> Verdict,
    /// A decoder for a new flow.
    pub open: fn(&Opening) -> Box<dyn Decoder>,
}

impl Protocol {
    /// Name and verb of `code`; an unknown code keeps its number in hexadecimal and is `other`.
    pub fn code(&self, code: u32) -> (model::Text, Verb) {
        match self.codes.binary_search_by_key(&code, |c| c.code).ok().and_then(|i| self.codes.get(i)) {
            Some(code) => (model::Text::const_new(code.name), code.verb),
            None => (compact_str::format_compact!("0x{code:02x}"), Verb::Other),
        }
    }
}

impl std::fmt::Debug for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// One code of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The number on the wire.
    pub code: u32,
    /// Its name, lower case, as in the manual.
    pub name: &'static str,
    /// What it does.
    pub verb: Verb,
}

/// Shorthand for a row of a table of codes.
pub const fn code(code: u32, name: &'static str, verb: Verb) -> Code {
    Code { code, name, verb }
}

/// What carries a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// TCP, with its usual ports.
    Tcp(&'static [u16]),
    /// UDP, with its usual ports.
    Udp(&'static [u16]),
    /// Straight on Ethernet, with its ethertypes.
    Ethernet(&'static [u16]),
    /// A SNAP header: organisation and protocol id.
    Snap(u32, u16),
    /// An IP protocol.
    Ip(u8),
    /// Messages of another protocol, by its id; the carrier opens it through `Inner`.
    Inside(&'static str),
}

/// Who speaks, in the roles of the protocol: the client asks, the server answers. For publishers (GOOSE, LLDP …) the
/// publisher is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// Who asks: master, originator, HMI.
    Client,
    /// Who answers: slave, target, controller.
    Server,
}

impl Speaker {
    /// The other one.
    pub const fn other(self) -> Speaker {
        match self {
            Speaker::Client => Speaker::Server,
            Speaker::Server => Speaker::Client,
        }
    }
}

/// The start of what one side said, shown to every row that its carrier may carry.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// At the start of a segment or datagram. On streams that are picked up midway this may be the middle of a message.
    pub bytes: &'a [u8],
    /// Whether it is a stream; a datagram is always whole.
    pub is_stream: bool,
    /// Whether this is known to be the very first byte of the stream.
    pub is_start: bool,
    /// Port of the sender; 0 without.
    pub source_port: u16,
    /// Port of the receiver; 0 without.
    pub destination_port: u16,
    /// Ethertype, SNAP protocol id, or IP protocol number, where that is the carrier.
    pub kind: u16,
    /// IP address of the receiver, where there is one: some protocols have a group of their own.
    pub to: Option<IpAddr>,
}

impl Probe<'_> {
    /// Whether the receiver is the IPv4 or IPv6 group given.
    pub fn is_to(&self, group: [u8; 4], group_6: u128) -> bool {
        match self.to {
            Some(IpAddr::V4(ip)) => ip.octets() == group,
            Some(IpAddr::V6(ip)) => ip.to_bits() == group_6,
            None => false,
        }
    }
}

/// How sure a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It is not this protocol.
    No,
    /// Too few bytes to say; nothing speaks against it.
    More,
    /// Nothing speaks against it, little speaks for it. Taken only on a usual port of the protocol or when both sides match.
    Weak,
    /// Several fields agree.
    Likely,
    /// A magic number or so many fields agree that chance is out of the question.
    Certain,
}

/// A probe's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How sure.
    pub matched: Match,
    /// Who says these bytes, where the bytes tell.
    pub speaker: Option<Speaker>,
}

impl Verdict {
    /// It is not this protocol.
    pub const NO: Verdict = Verdict { matched: Match::No, speaker: None };
    /// Too few bytes to say.
    pub const MORE: Verdict = Verdict { matched: Match::More, speaker: None };

    /// A match whose bytes do not tell who speaks.
    pub const fn of(matched: Match) -> Verdict {
        Verdict { matched, speaker: None }
    }

    /// A match, said by `speaker`.
    pub const fn by(matched: Match, speaker: Speaker) -> Verdict {
        Verdict { matched, speaker: Some(speaker) }
    }
}

/// What a decoder is opened for.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Whether messages come from a stream (TCP) or in datagrams, frames, or messages of a carrier.
    pub is_stream: bool,
    /// Port of the client; 0 without.
    pub client_port: u16,
    /// Port of the server; 0 without.
    pub server_port: u16,
}

/// Where a message was.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Time of the packet that completed the message.
    pub at: Time,
    /// Who said it.
    pub speaker: Speaker,
    /// Number of that packet.
    pub frame: u64,
    /// Whether it comes from a stream.
    pub is_stream: bool,
    /// How long the message was on the wire: more than the bytes given where the snap length cut a datagram, or where
    /// `Measure::Head` asked for the head only.
    pub wire_len: usize,
}

/// How long the next message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// This many bytes; more than zero.
    Whole(usize),
    /// `total` bytes, of which only the first `head` are wanted; the rest is passed over without being kept.
    Head {
        /// Bytes to be given to `read`; more than zero.
        head: usize,
        /// Bytes of the message; at least `head`.
        total: usize,
    },
    /// Cannot be said before this many bytes are there; more than are there now.
    More(usize),
    /// This is not the start of a message: why, in a fragment of a sentence.
    Malformed(&'static str),
}

/// Reads the messages of one flow. Both directions come to the same decoder.
///
/// The laws (`laws.rs`) hold for every row: never panics; bounded memory; the same bytes cut any other way give the same
/// records; after a gap it resynchronises or falls silent but never invents.
pub trait Decoder: Send {
    /// How long the message at the start of `bytes` is. Must be strict: a magic number or a length that cannot be is
    /// `Malformed`, because this is also how the driver finds its way after a gap. Depends on nothing but the bytes,
    /// the speaker and what whole messages said before. Datagrams are measured too: the default takes all of it.
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        Measure::Whole(bytes.len())
    }

    /// Reads one whole message.
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>);

    /// Bytes of `speaker` were lost before the next message: forget half-finished things of that side.
    fn gap(&mut self, _speaker: Speaker) {}

    /// The flow is over: tell what was asked and not answered.
    fn end(&mut self, _out: &mut Output<'_>) {}
}

/// A decoder inside another one: probes the rows that `Carrier::Inside(carrier)` names and hands messages on.
#[derive(Default)]
pub struct Inner {
    chosen: Option<(&'static Protocol, Box<dyn Decoder>)>,
}

impl Inner {
    /// The protocol that was recognised, if any.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.chosen.as_ref().map(|(protocol, _)| *protocol)
    }

    /// Reads a message that `carrier` transported. Says whether a row took it.
    pub fn read(&mut self, carrier: &'static str, message: &[u8], context: &Context, out: &mut Output<'_>) -> bool {
        let probe = Probe {
            bytes: message,
            is_stream: false,
            is_start: false,
            source_port: 0,
            destination_port: 0,
            kind: 0,
            to: None,
        };
        // A carrier may change what it transports (S7comm, then S7comm-plus on one COTP connection).
        if self.chosen.as_ref().is_none_or(|(row, _)| (row.probe)(&probe).matched < Match::Likely) {
            let best = crate::protocols::inside(carrier)
                .map(|row| (row, (row.probe)(&probe)))
                .filter(|(_, verdict)| verdict.matched >= Match::Weak)
                .max_by_key(|(_, verdict)| verdict.matched);
            if let Some((row, _)) = best
                && self.chosen.as_ref().is_none_or(|(current, _)| current.id != row.id)
            {
                if let Some((old, decoder)) = &mut self.chosen {
                    out.within(old, |out| decoder.end(out));
                }
                let opening = Opening { is_stream: false, client_port: 0, server_port: 0 };
                self.chosen = Some((row, (row.open)(&opening)));
            }
        }
        match &mut self.chosen {
            Some((row, decoder)) => {
                out.within(row, |out| decoder.read(message, context, out));
                true
            }
            None => false,
        }
    }

    /// Bytes were lost.
    pub fn gap(&mut self, speaker: Speaker) {
        if let Some((_, decoder)) = &mut self.chosen {
            decoder.gap(speaker);
        }
    }

    /// The flow is over.
    pub fn end(&mut self, out: &mut Output<'_>) {
        if let Some((row, decoder)) = &mut self.chosen {
            out.within(row, |out| decoder.end(out));
        }
    }
}
