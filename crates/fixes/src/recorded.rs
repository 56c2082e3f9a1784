//! What was recorded, summed up by who talks to whom over which service: rules are replayed over the sums, so that a
//! hundred million conversation-minutes cost no more than their different conversations.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;

use model::{Outcome, Record, State, Text, Time, Transport, Verb};

use crate::{FUNCTIONS_MAX, TALKS_MAX};

/// Who talks to whom over which service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Who opened it.
    pub from: IpAddr,
    /// Who was called.
    pub to: IpAddr,
    /// 6 TCP, 17 UDP, or another number of IP.
    pub transport: u8,
    /// Port of the server; 0 where there is none.
    pub port: u16,
}

/// What one did over a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Talk {
    /// Id of the protocol, as far as it was recognised.
    pub protocol: Text,
    /// Minutes in which there was something, as recorded.
    pub minutes: u64,
    /// The last minute counted.
    last_minute: Option<i64>,
    /// Conversations.
    pub conversations: u64,
    /// Packets of both directions.
    pub packets: u64,
    /// Time of the first.
    pub first: Time,
    /// Time of the last.
    pub last: Time,
    /// Whether it was ever answered.
    pub is_answered: bool,
    /// Functions asked for: code and name of the protocol, with verb, count and times.
    pub functions: BTreeMap<(Text, u32), Function>,
}

/// A function asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name in the protocol.
    pub name: Text,
    /// What it does.
    pub verb: Verb,
    /// How often.
    pub count: u64,
    /// First time.
    pub first: Time,
    /// Last time.
    pub last: Time,
}

/// A hash that is fast and the same in every process: keys are addresses, and the sums are sorted before they are used.
#[derive(Default)]
pub struct FastHash(u64);

impl Hasher for FastHash {
    fn finish(&self) -> u64 {
        // Upper bits decide the place in the table.
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95);
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }
}

/// Sums of what was recorded.
#[derive(Default)]
pub struct Recorded {
    talks: std::collections::HashMap<Key, Talk, BuildHasherDefault<FastHash>>,
    /// Conversations that found no place.
    pub dropped: u64,
}

impl Recorded {
    /// Takes in one record; acts and conversations between addresses of IP count.
    pub fn record(&mut self, record: &Record) {
        match record {
            Record::Conversation(talk) => {
                let (Some(from), Some(to)) = (talk.from.ip, talk.to.ip) else { return };
                let key = Key { from, to, transport: number(talk.transport), port: talk.to.port.unwrap_or(0) };
                let is_answered = !matches!(talk.state, State::Attempted | State::Rejected | State::OneWay);
                let packets = talk.sent.packets.saturating_add(talk.received.packets);
                let opened = u64::from(talk.is_opening);
                self.minute(key, &talk.protocol, talk.first, talk.last, packets, opened, is_answered);
            }
            Record::Act(act) => {
                let (Some(from), Some(to)) = (act.from.ip, act.to.ip) else { return };
                let transport = match act.flow {
                    model::Flow::Ip { transport, .. } => number(transport),
                    model::Flow::Link { .. } => return,
                };
                // What a server reports unasked goes over the conversation of its client.
                let is_unasked =
                    matches!(act.verb, Verb::Report) && act.from.port < act.to.port && act.from.port.is_some();
                let key = match is_unasked {
                    true => Key { from: to, to: from, transport, port: act.from.port.unwrap_or(0) },
                    false => Key { from, to, transport, port: act.to.port.unwrap_or(0) },
                };
                let is_answered = act.outcome == Outcome::Done;
                let first = act.repeats.first.min(act.at);
                let Some(talk) = self.minute(key, &act.protocol, first, act.repeats.last, 0, 0, is_answered) else {
                    return;
                };
                if is_unasked {
                    return;
                }
                let name = (Text::from(act.protocol.as_ref()), act.code);
                if talk.functions.len() >= FUNCTIONS_MAX && !talk.functions.contains_key(&name) {
                    return;
                }
                let function = talk.functions.entry(name).or_insert_with(|| Function {
                    name: act.name.clone(),
                    verb: act.verb,
                    count: 0,
                    first,
                    last: act.repeats.last,
                });
                function.count = function.count.saturating_add(act.repeats.count);
                function.first = function.first.min(first);
                function.last = function.last.max(act.repeats.last);
            }
            _ => {}
        }
    }

    /// Adds a stretch of time in which one talked to another. Gives the sum, where there is room for it.
    pub fn minute(
        &mut self,
        key: Key,
        protocol: &str,
        first: Time,
        last: Time,
        packets: u64,
        conversations: u64,
        is_answered: bool,
    ) -> Option<&mut Talk> {
        let count = self.talks.len();
        let talk = match self.talks.entry(key) {
            Entry::Occupied(talk) => talk.into_mut(),
            Entry::Vacant(_) if count >= TALKS_MAX => {
                self.dropped += 1;
                return None;
            }
            Entry::Vacant(place) => place.insert(Talk { first, last, ..Talk::default() }),
        };
        let (begin, end) = (first.0.div_euclid(60_000_000_000), last.0.div_euclid(60_000_000_000));
        let begin = talk.last_minute.map_or(begin, |counted| begin.max(counted.saturating_add(1)));
        if end >= begin {
            talk.minutes = talk.minutes.saturating_add(end.abs_diff(begin) + 1);
            talk.last_minute = Some(end);
        }
        talk.first = talk.first.min(first);
        talk.last = talk.last.max(last);
        talk.packets = talk.packets.saturating_add(packets);
        talk.conversations = talk.conversations.saturating_add(conversations);
        talk.is_answered |= is_answered;
        // The deepest protocol is told last; a layer below says less.
        if !protocol.is_empty() && talk.protocol != protocol && !matches!(protocol, "cotp" | "tpkt") {
            talk.protocol = Text::from(protocol);
        }
        Some(talk)
    }

    /// All sums, in order.
    pub fn talks(&self) -> Vec<(&Key, &Talk)> {
        let mut all: Vec<(&Key, &Talk)> = self.talks.iter().collect();
        all.sort_by_key(|(key, _)| *key);
        all
    }

    /// Conversation-minutes in all.
    pub fn minutes(&self) -> u64 {
        self.talks.values().map(|talk| talk.minutes).fold(0, u64::saturating_add)
    }
}

fn number(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Sctp => 132,
        Transport::Ip(number) => number,
        Transport::Ethernet(_) => 0,
    }
}
