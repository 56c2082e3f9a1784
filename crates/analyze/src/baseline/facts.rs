//! What machines say of themselves: firmware, program, key, modules, names, and when one of these is another.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Confidence, Fact, FactKey, Text, Time, said};

use super::{Baseline, Deviation, Kind, Mode, State, Strength};
use crate::limits;

/// One value of one attribute.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct OneValue {
    pub(crate) value: Text,
    pub(crate) state: State,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// The values of one attribute of one machine or part.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Known {
    pub(crate) values: Vec<OneValue>,
    /// Who loaded a program last, where this is the program; and when.
    pub(crate) written: Option<(Text, Time)>,
}

/// The kind of deviation that another value of `key` is; `None` where values change by themselves.
fn kind_of(key: FactKey) -> Option<(Kind, Strength)> {
    Some(match key {
        FactKey::Firmware | FactKey::OsVersion => (Kind::FirmwareVersion, Strength::Certain),
        FactKey::ProgramHash | FactKey::Program => (Kind::Program, Strength::Certain),
        FactKey::KeyPosition => (Kind::Key, Strength::Firm),
        FactKey::Protection => (Kind::Protection, Strength::Firm),
        FactKey::Module => (Kind::Module, Strength::Firm),
        FactKey::Serial | FactKey::OrderNumber | FactKey::Model | FactKey::Hardware | FactKey::Vendor => {
            (Kind::Identity, Strength::Firm)
        }
        FactKey::Hostname | FactKey::StationName => (Kind::Name, Strength::Weak),
        FactKey::Certificate | FactKey::ChannelSecurity => (Kind::Certificate, Strength::Weak),
        FactKey::Gateway | FactKey::NameServer | FactKey::TimeSource | FactKey::Netmask => {
            (Kind::Settings, Strength::Firm)
        }
        FactKey::User => (Kind::User, Strength::Weak),
        _ => return None,
    })
}

/// Names are the same whatever their case.
fn is_same(key: FactKey, a: &str, b: &str) -> bool {
    match key {
        FactKey::Hostname | FactKey::StationName | FactKey::User => a.eq_ignore_ascii_case(b),
        _ => a == b,
    }
}

impl Baseline {
    pub(super) fn fact(&mut self, fact: &Fact, mode: Mode, out: &mut Vec<Deviation>) {
        self.advance(fact.at, mode, out);
        let is_heard = fact.confidence == Confidence::Certain;
        let Some(id) = self.meet(&fact.subject, None, fact.at, 1, is_heard, mode, out) else { return };
        if fact.key == FactKey::Mac
            && fact.protocol == "arp"
            && let (Some(ip), Some(mac)) = (fact.subject.ip, model::Mac::parse(&fact.value))
        {
            self.who.bind(ip, mac);
        }
        if fact.confidence == Confidence::Guess {
            return;
        }
        if matches!(fact.key, FactKey::Hostname | FactKey::StationName)
            && fact.confidence == Confidence::Certain
            && let Some(machine) = self.who.machine_mut(id)
            && machine.name.is_empty()
            && !machine.is_group
        {
            machine.name = fact.value.clone();
        }
        let Some((kind, strength)) = kind_of(fact.key) else { return };
        let key = (id, fact.behind.clone(), fact.key);
        let is_known_machine = self.who.machine(id).is_some_and(|machine| machine.state.is_accepted());
        let is_first = self.known.get(&key).is_none_or(|known| known.values.is_empty());
        let has_siblings = is_first && fact.key == FactKey::Module && mode != Mode::Learn && self.has_modules(id);
        let is_enforced = self.is_enforced;
        let Some(known) = self.known.entry(key, Known::default) else { return };
        if let Some(said) = known.values.iter_mut().find(|said| is_same(fact.key, &said.value, &fact.value)) {
            said.last = said.last.max(fact.at);
            if said.state.is_accepted() || mode == Mode::Learn {
                return;
            }
        }
        let had: Vec<String> =
            known.values.iter().filter(|said| said.state.is_accepted()).map(|said| said.value.to_string()).collect();
        // The first value of an attribute is no change; a module where none was is.
        let is_change = !had.is_empty() || has_siblings;
        let settled =
            known.values.first().is_some_and(|said| is_enforced || fact.at.since(said.first) >= self.settings.span_min);
        let judges = mode != Mode::Learn && is_change && is_known_machine && (settled || is_enforced);
        // What a device is made of is accepted by people only, once it is known.
        let state = if judges { State::Waiting } else { State::Proposed };
        let is_new = !known.values.iter().any(|said| is_same(fact.key, &said.value, &fact.value));
        if is_new && (mode != Mode::Judge || judges) {
            if known.values.len() < limits::BASELINE_VALUES_MAX {
                known.values.push(OneValue { value: fact.value.clone(), state, first: fact.at, last: fact.at });
            } else if mode == Mode::Learn || !judges {
                return;
            }
        }
        if !judges {
            return;
        }
        let expected = match had.is_empty() {
            true => said!("no module there", "aucun module à cet endroit"),
            false => said!("{key}: {had}", "{key} : {had}", key = fact.key, had = had.join(", ")),
        };
        let deviation = Deviation::of_fact(kind, strength, fact)
            .topic(format!("{} {}", fact.key, fact.value))
            .saying(expected, said!("{key}: {value}", "{key} : {value}", key = fact.key, value = fact.value));
        self.say(deviation, out);
    }

    fn has_modules(&self, id: u32) -> bool {
        // Only asked for facts about modules, which are few.
        self.known.iter().any(|((of, _, key), known)| *of == id && *key == FactKey::Module && !known.values.is_empty())
    }

    /// Notes who loaded a program into `to`.
    pub(super) fn programmed(&mut self, to: u32, by: &str, at: Time) {
        let key = (to, model::Behind::Nobody, FactKey::ProgramHash);
        if let Some(known) = self.known.entry(key, Known::default) {
            known.written = Some((Text::from(by), at));
        }
    }
}
