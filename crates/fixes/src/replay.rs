//! Rules replayed over what was recorded: what each stops, and what it breaks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{Text, Time};
use serde::Serialize;

use crate::recorded::{Key, Recorded};
use crate::rule::Fix;

/// Breaks named for one rule; the rest is counted.
pub const BREAKS_MAX: usize = 50;

/// Something that is known to have been an attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// Its name.
    pub id: Text,
    /// Who did it.
    pub from: IpAddr,
    /// To whom.
    pub to: Vec<IpAddr>,
    /// From when.
    pub first: Time,
    /// Until when.
    pub last: Time,
}

/// What a rule does to what was recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replayed {
    /// Number of the rule.
    pub number: u32,
    /// Attacks that it stops: name, with the number of conversations and of functions refused.
    pub stops: BTreeMap<Text, Stopped>,
    /// Legitimate conversations that it would break.
    pub breaks: Vec<Break>,
    /// How many there are in all.
    pub break_count: u64,
    /// Conversation-minutes that it lets pass.
    pub passes_minutes: u64,
}

/// How much of an attack is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Conversations (by who, whom and service) that are refused.
    pub conversations: u64,
    /// Packets in them.
    pub packets: u64,
    /// Functions refused in conversations that are let in.
    pub functions: u64,
}

/// A conversation that would break.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Break {
    /// Who.
    pub from: IpAddr,
    /// With whom.
    pub to: IpAddr,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Text,
    /// Minutes in which it was seen.
    pub minutes: u64,
    /// The function that is refused; empty where all is.
    pub function: Text,
    /// First time.
    pub first: Time,
    /// Last time.
    pub last: Time,
}

/// Replays every rule. `deeds` are attacks: what belongs to them is stopped, all else is legitimate.
pub fn replay(fixes: &[Fix], recorded: &Recorded, deeds: &[Deed]) -> Vec<Replayed> {
    let mut by_server: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
    for (index, fix) in fixes.iter().enumerate() {
        by_server.entry(fix.guard.server).or_default().push(index);
    }
    let mut out: Vec<Replayed> = fixes
        .iter()
        .map(|fix| Replayed {
            number: fix.number,
            stops: BTreeMap::new(),
            breaks: Vec::new(),
            break_count: 0,
            passes_minutes: 0,
        })
        .collect();
    for (key, talk) in recorded.talks() {
        for index in by_server.get(&key.to).into_iter().flatten() {
            let (guard, replayed) = (&fixes[*index].guard, &mut out[*index]);
            if !guard.concerns(key) {
                continue;
            }
            if !guard.lets_in(key.from) {
                let attacks = belongs(deeds, key, talk.first, talk.last);
                for deed in &attacks {
                    let stopped = replayed.stops.entry(deed.id.clone()).or_default();
                    stopped.conversations += talk.conversations.max(1);
                    stopped.packets += talk.packets;
                }
                if attacks.is_empty() {
                    note(replayed, key, talk.protocol.clone(), talk.minutes, Text::default(), talk.first, talk.last);
                }
                continue;
            }
            replayed.passes_minutes = replayed.passes_minutes.saturating_add(talk.minutes);
            for ((protocol, code), function) in &talk.functions {
                if guard.allows(key.from, protocol, *code) {
                    continue;
                }
                let attacks = belongs(deeds, key, function.first, function.last);
                for deed in &attacks {
                    replayed.stops.entry(deed.id.clone()).or_default().functions += function.count;
                }
                if attacks.is_empty() {
                    let (first, last) = (function.first, function.last);
                    note(replayed, key, protocol.clone(), talk.minutes, function.name.clone(), first, last);
                }
            }
        }
    }
    out
}

fn note(replayed: &mut Replayed, key: &Key, protocol: Text, minutes: u64, function: Text, first: Time, last: Time) {
    replayed.break_count += 1;
    if replayed.breaks.len() < BREAKS_MAX {
        replayed.breaks.push(Break {
            from: key.from,
            to: key.to,
            port: key.port,
            protocol,
            minutes,
            function,
            first,
            last,
        });
    }
}

/// The attacks that something belongs to: it began in one of its two parties and ended in one. Nothing where it began or
/// ended at another time: then it is legitimate, at least in part.
pub(crate) fn belongs<'a>(deeds: &'a [Deed], key: &Key, first: Time, last: Time) -> Vec<&'a Deed> {
    /// Clocks differ, and a conversation is told when it ends: some time after its last packet.
    const BEFORE_NS: i64 = 5_000_000_000;
    const AFTER_NS: i64 = 120_000_000_000;
    let theirs: Vec<&Deed> = deeds.iter().filter(|deed| deed.from == key.from && deed.to.contains(&key.to)).collect();
    let holds = |deed: &Deed, time: Time| {
        time.0 >= deed.first.0.saturating_sub(BEFORE_NS) && time.0 <= deed.last.0.saturating_add(AFTER_NS)
    };
    let is_attack = theirs.iter().any(|deed| holds(deed, first)) && theirs.iter().any(|deed| holds(deed, last));
    match is_attack {
        true => theirs
            .into_iter()
            .filter(|deed| deed.first.0 <= last.0 && first.0 <= deed.last.0.saturating_add(AFTER_NS))
            .collect(),
        false => Vec::new(),
    }
}
