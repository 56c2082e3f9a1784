//! Conversations against the baseline: who talks to whom by what, how much, and how well it is transported.

use model::{Act, Conversation, Said, State as TalkState, Time, Verb, nouns, number_of, said};

use super::{Baseline, Channel, Deviation, Kind, Mode, ProtocolKind, State, Strength};
use crate::inventory::kind;
use crate::window::{Distinct, MINUTE};

/// Ports from which on servers of remote procedures and of files take whatever is free (RFC 6335 section 6).
const DYNAMIC_PORTS: u16 = 49_152;

/// New peers of one machine within [`FAN_OUT_WINDOW`] that are one fan-out.
const FAN_OUT: usize = 5;
const FAN_OUT_WINDOW: i64 = 10 * MINUTE;

impl Baseline {
    pub(super) fn talk(&mut self, talk: &Conversation, mode: Mode, out: &mut Vec<Deviation>) {
        self.advance(talk.last, mode, out);
        let turned;
        let talk = if kind::is_reversed(talk) {
            turned =
                Conversation { from: talk.to, to: talk.from, sent: talk.received, received: talk.sent, ..talk.clone() };
            &turned
        } else {
            talk
        };
        let has_answered = talk.received.packets > 0;
        let weight = u64::from(talk.is_opening);
        let Some(from) = self.meet(&talk.from, None, talk.first, weight, true, mode, out) else { return };
        let Some(to) = self.meet(&talk.to, None, talk.first, weight, has_answered, mode, out) else { return };
        let service = if talk.protocol.is_empty() {
            let port = talk.to.port.unwrap_or(0);
            let name = match (talk.transport, port) {
                (transport, 0) => transport.to_string(),
                (transport, DYNAMIC_PORTS..) => format!("{transport}/dynamic"),
                (transport, port) => format!("{transport}/{port}"),
            };
            self.service(&name)
        } else {
            self.service(&talk.protocol)
        };
        let Some(number) = self.channel(from, to, service, talk.first, weight, mode) else { return };
        let settings = self.settings;
        let is_accepted = self.state_of(number).is_accepted();
        if !is_accepted {
            self.stranger_talk(talk, number, out);
        }
        let is_enforced = self.is_enforced;
        let Some(channel) = self.channels.get_mut(number as usize) else { return };
        channel.last = channel.last.max(talk.last);
        let bytes = talk.sent.bytes.saturating_add(talk.received.bytes);
        let packets = talk.sent.packets.saturating_add(talk.received.packets);
        let lost = [&talk.sent, &talk.received].iter().map(|side| side.retransmissions + side.gaps).sum::<u64>();
        let judges = mode != Mode::Learn && is_accepted && (is_enforced || channel.armed.is_some());
        let (hour_max, loss_max) = (channel.hour_bytes_max(), channel.loss_max());
        let in_hour = channel.volume.add(talk.last, bytes, mode == Mode::Learn || (mode == Mode::Live && !judges));
        if mode == Mode::Learn || (mode == Mode::Live && !judges) {
            channel.volume.lose(packets, lost);
            channel.look(&settings);
        }
        if !judges {
            return;
        }
        if let Some(most) = hour_max
            && in_hour > most.saturating_mul(2).max(most.saturating_add(1 << 20))
        {
            let deviation = Deviation::of_conversation(Kind::Volume, Strength::Weak, talk).saying(
                said!("at most {bytes} an hour", "au plus {bytes} par heure", bytes = number_of(most, nouns::BYTES)),
                Said::from_count(in_hour),
            );
            self.say(deviation, out);
        }
        if let Some(most) = loss_max
            && lost.saturating_mul(1_000) > packets.saturating_mul(most.saturating_mul(3).max(10))
        {
            let deviation = Deviation::of_conversation(Kind::Transport, Strength::Firm, talk).saying(
                said!(
                    "at most {most} of 1,000 packets repeated or missing",
                    "au plus {most} paquets sur 1 000 répétés ou manquants",
                    most = most
                ),
                said!("{lost} of {packets}", "{lost} sur {packets}", lost = lost, packets = packets),
            );
            self.say(deviation, out);
        }
    }

    /// The number of the channel; new where it must be. A channel that should have been learned waits for a person.
    pub(super) fn channel(
        &mut self,
        from: u32,
        to: u32,
        service: u16,
        at: Time,
        weight: u64,
        mode: Mode,
    ) -> Option<u32> {
        if let Some(number) = self.by_key.get(&(from, to, service)).copied() {
            let channel = self.channels.get_mut(number as usize)?;
            channel.last = channel.last.max(at);
            if mode != Mode::Judge && weight > 0 {
                let was_once = channel.count == 1;
                channel.count = channel.count.saturating_add(weight);
                if channel.state == State::Waiting && mode == Mode::Learn {
                    channel.state = State::Proposed;
                }
                for id in [from, to] {
                    if let Some(machine) = self.who.machine_mut(id) {
                        machine.began = machine.began.saturating_add(weight);
                        machine.channels_once -= u32::from(was_once && machine.channels_once > 0);
                    }
                }
            }
            return Some(number);
        }
        let judges = mode == Mode::Judge || (mode == Mode::Live && (self.knows_peers(from) || self.knows_peers(to)));
        let state = if judges { State::Waiting } else { State::Proposed };
        let number = self.channels.len() as u32;
        self.by_key.entry((from, to, service), || number)?;
        let mut channel = Channel::new(from, to, service, state, at);
        channel.count = weight;
        self.channels.push(channel);
        if let Some(class) = self.classes.entry((from, service), Vec::new) {
            class.push(number);
        }
        if !judges {
            if let Some(count) = self.pairs.entry((from, to), || 0) {
                *count = count.saturating_add(1);
            }
            for id in [from, to] {
                if let Some(machine) = self.who.machine_mut(id) {
                    machine.began = machine.began.saturating_add(weight);
                    machine.channels_once += u32::from(weight == 1);
                    if id == to && !machine.offers.contains(&service) && machine.offers.len() < 64 {
                        machine.offers.push(service);
                    }
                }
            }
        }
        Some(number)
    }

    /// What a channel that nobody learned is told as, and how strongly.
    fn kind_of_stranger(&self, channel: &Channel) -> (Kind, Strength) {
        let (from, to) = (self.who.machine(channel.from), self.who.machine(channel.to));
        let (Some(from), Some(to)) = (from, to) else { return (Kind::Conversation, Strength::Firm) };
        let kind = self.kind_of(channel.service);
        let weak_network = if kind == ProtocolKind::Network { Strength::Weak } else { Strength::Firm };
        // Of a stranger that was just told as such, only what it does to the process is told again.
        let is_stranger = from.is_told || to.is_told;
        if from.is_external() || to.is_external() {
            return (Kind::External, weak_network);
        }
        if to.is_group {
            return (Kind::Group, weak_network);
        }
        if is_stranger && !to.serves_industry {
            return (Kind::Conversation, Strength::Weak);
        }
        if matches!(kind, ProtocolKind::Remote | ProtocolKind::Tunnel) {
            return (Kind::Remote, Strength::Firm);
        }
        if kind != ProtocolKind::Industrial && self.is_of_peers(channel) {
            return (Kind::Conversation, Strength::Weak);
        }
        if self.pairs.get(&(channel.from, channel.to)).is_some() {
            return (Kind::Protocol, weak_network);
        }
        if !to.offers.contains(&channel.service) && kind != ProtocolKind::Network {
            return (Kind::Service, Strength::Firm);
        }
        (Kind::Conversation, weak_network)
    }

    /// Whether the same two speak the same protocol the other way round: neighbours that serve each other.
    fn is_of_peers(&self, channel: &Channel) -> bool {
        self.by_key
            .get(&(channel.to, channel.from, channel.service))
            .is_some_and(|other| self.state_of(*other).is_accepted())
    }

    fn stranger(&mut self, number: u32, out: &mut Vec<Deviation>, make: impl FnOnce(Kind, Strength) -> Deviation) {
        let Some(channel) = self.channels.get(number as usize) else { return };
        if !(self.is_enforced || self.knows_peers(channel.from) || self.knows_peers(channel.to)) {
            return;
        }
        let (kind, strength) = self.kind_of_stranger(channel);
        let (from, to) = (channel.from, channel.to);
        let service = self.service_name(channel.service).to_owned();
        let at = self.now;
        let label =
            |baseline: &Baseline, id| baseline.who.machine(id).map_or_else(String::new, super::machine::Machine::label);
        if strength > Strength::Weak
            && let Some(novel) = self.novel.entry(from, Distinct::default)
        {
            let peers = novel.add(&to, at, FAN_OUT_WINDOW);
            if peers >= FAN_OUT {
                let deviation = make(Kind::FanOut, Strength::Firm);
                let deviation = Deviation { to: None, behind: model::Behind::Nobody, protocol: "".into(), ..deviation };
                self.say_as(deviation.topic("fan-out"), out, |baseline| {
                    let seen = said!(
                        "{label} began {peers} within 10 minutes that it never had",
                        "{label} en a ouvert {peers} en 10 minutes qu'elle n'avait jamais eues",
                        label = label(baseline, from),
                        peers = number_of(peers, nouns::CONVERSATIONS)
                    );
                    (baseline.peers(from, to), seen)
                });
                return;
            }
        }
        let deviation = make(kind, strength).topic(service.as_str());
        self.say_as(deviation, out, |baseline| {
            let seen = said!(
                "{from} speaks {service} to {to}",
                "{from} parle {service} à {to}",
                from = label(baseline, from),
                service = service,
                to = label(baseline, to)
            );
            (baseline.peers(from, to), seen)
        });
    }

    pub(super) fn stranger_act(&mut self, act: &Act, number: u32, out: &mut Vec<Deviation>) {
        let asks_names = act.verb == Verb::Browse
            && self
                .channels
                .get(number as usize)
                .is_some_and(|channel| self.kind_of(channel.service) == ProtocolKind::Network);
        self.stranger(number, out, |kind, strength| {
            let (kind, strength) = if asks_names { (Kind::NameQuery, Strength::Firm) } else { (kind, strength) };
            Deviation { behind: model::Behind::Nobody, ..Deviation::of_act(kind, strength, act) }
        });
    }

    fn stranger_talk(&mut self, talk: &Conversation, number: u32, out: &mut Vec<Deviation>) {
        let is_attempt = matches!(talk.state, TalkState::Attempted | TalkState::Rejected);
        self.stranger(number, out, |kind, strength| {
            let deviation = Deviation::of_conversation(kind, strength, talk);
            match is_attempt {
                true => Deviation { topic: "attempt".into(), ..deviation },
                false => deviation,
            }
        });
    }

    /// What is known of the two: protocols between them, or else the peers of the first.
    fn peers(&self, from: u32, to: u32) -> Said {
        let accepted = || self.channels.iter().filter(|channel| channel.state.is_accepted() && channel.from == from);
        let mut between: Vec<&str> =
            accepted().filter(|channel| channel.to == to).map(|channel| self.service_name(channel.service)).collect();
        between.sort_unstable();
        between.dedup();
        if !between.is_empty() {
            return said!(
                "only {protocols} between them",
                "seulement {protocols} entre elles",
                protocols = between.join(", ")
            );
        }
        let mut peers: Vec<u32> = accepted().map(|channel| channel.to).collect();
        peers.sort_unstable();
        peers.dedup();
        said!("{peers}, not this one", "{peers}, pas celle-ci", peers = number_of(peers.len(), nouns::MACHINES))
    }
}

trait FromCount {
    fn from_count(bytes: u64) -> Said;
}

impl FromCount for Said {
    fn from_count(bytes: u64) -> Said {
        said!("{bytes} in this hour", "{bytes} dans cette heure", bytes = number_of(bytes, nouns::BYTES))
    }
}
