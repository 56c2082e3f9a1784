//! The contract of a detector: what there is to say of it, and what it looks at.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher as _};

use model::{
    Act, Address, Asset, Behind, Conversation, Descriptor, Fact, FactKey, Flow, Health, Language, Record, Said,
    Severity, Spoken, Text, Time, Value, Verb, nouns, number_of, said,
};

use crate::findings::Findings;
use crate::inventory::kind::Trait;
use crate::inventory::{Inventory, Key, Machines};
use crate::snapshot::Keep;
use crate::table::Hasher;

/// A detector: one row of the table in `detectors.rs`.
pub struct Detector {
    /// What there is to say of it.
    pub about: Descriptor,
    /// What it looks at, and how it judges.
    pub logic: Logic,
}

/// How a detector judges. The narrowest kind that does is the best: acts come by the million.
pub enum Logic {
    /// Every act with one of these verbs, on its own.
    Act(&'static [Verb], fn(&Act, &View, &mut Hits)),
    /// Every act of these protocols, whatever its verb.
    Protocol(&'static [&'static str], fn(&Act, &View, &mut Hits)),
    /// Every act that did not end well or has a status, whatever its verb.
    Trouble(fn(&Act, &View, &mut Hits)),
    /// Every fact with one of these keys, on its own.
    Fact(&'static [FactKey], fn(&Fact, &View, &mut Hits)),
    /// Every conversation, on its own.
    Conversation(fn(&Conversation, &View, &mut Hits)),
    /// Every health record, on its own.
    Health(fn(&Health, &View, &mut Hits)),
    /// What it `wants`, with a memory.
    Memory(Wants, fn() -> Box<dyn Memory>),
    /// Departures of this kind from the baseline, where there is one.
    Baseline(crate::baseline::Kind),
    /// The machines and their edges, when judgement is asked for.
    Machines(fn(&Plant, &mut Hits)),
}

/// The records that a detector with a memory is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Acts with these verbs.
    pub acts: &'static [Verb],
    /// Acts that did not end well or have a status, whatever their verb.
    pub trouble: bool,
    /// Only acts of these protocols; empty for all.
    pub protocols: &'static [&'static str],
    /// Facts with these keys.
    pub facts: &'static [FactKey],
    /// Conversations.
    pub conversations: bool,
    /// Health records.
    pub health: bool,
}

/// A detector that remembers. What it remembers is bounded by `limits::TRACKED_MAX`.
pub trait Memory: Keep + Send {
    /// Looks at one record of the kinds it wants.
    fn look(&mut self, record: &Record, view: &View, hits: &mut Hits);

    /// Says what can only be said when the records so far are all.
    fn conclude(&self, _plant: &Plant, _hits: &mut Hits) {}
}

/// What a detector may ask while records come in.
pub struct View<'a> {
    pub(crate) inventory: &'a Inventory,
    /// What is known of the protocol of the record.
    pub(crate) traits: Trait,
}

/// What a detector may ask when judgement is asked for.
pub struct Plant<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) machines: &'a Machines,
}

impl Plant<'_> {
    /// The machine at `address`.
    pub fn machine(&self, address: &Address) -> Option<&Asset> {
        self.machines.find(self.inventory, address).map(|number| &self.machines.assets[number])
    }
}

/// One thing a detector found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// In a line, with the names in it; the descriptor's title where empty.
    pub title: Text,
    /// Where it differs from the descriptor's.
    pub severity: Option<Severity>,
    /// Time of the first and of the last occurrence.
    pub first: Time,
    /// Time of the last occurrence.
    pub last: Time,
    /// How many occurrences.
    pub count: u64,
    /// Who did it.
    pub from: Option<Address>,
    /// To whom.
    pub to: Option<Address>,
    /// What behind `to`.
    pub behind: Behind,
    /// Id of the protocol.
    pub protocol: Cow<'static, str>,
    /// What else tells this finding from others of the same detector and machines; empty where nothing.
    pub topic: Text,
    /// What was seen, in a sentence with values.
    pub evidence: Said,
    /// Where.
    pub flow: Option<Flow>,
}

impl Hit {
    /// Something that `act` did.
    pub fn of_act(act: &Act, evidence: impl Into<Said>) -> Hit {
        Hit {
            title: Text::default(),
            severity: None,
            first: act.repeats.first,
            last: act.repeats.last,
            count: act.repeats.count,
            from: Some(act.from),
            to: Some(act.to),
            behind: act.behind.clone(),
            protocol: act.protocol.clone(),
            topic: Text::default(),
            evidence: evidence.into(),
            flow: Some(act.flow),
        }
    }

    /// Something that `fact` says.
    pub fn of_fact(fact: &Fact, evidence: impl Into<Said>) -> Hit {
        Hit {
            behind: fact.behind.clone(),
            protocol: fact.protocol.clone(),
            to: Some(fact.subject),
            flow: Some(fact.flow),
            ..Hit::at(fact.at, evidence)
        }
    }

    /// Something that `conversation` shows.
    pub fn of_conversation(conversation: &Conversation, evidence: impl Into<Said>) -> Hit {
        Hit {
            last: conversation.last,
            from: Some(conversation.from),
            to: Some(conversation.to),
            protocol: conversation.protocol.clone(),
            flow: Some(conversation.flow),
            ..Hit::at(conversation.first, evidence)
        }
    }

    /// Something at a time, without anybody yet.
    pub fn at(at: Time, evidence: impl Into<Said>) -> Hit {
        Hit {
            title: Text::default(),
            severity: None,
            first: at,
            last: at,
            count: 1,
            from: None,
            to: None,
            behind: Behind::Nobody,
            protocol: Cow::Borrowed(""),
            topic: Text::default(),
            evidence: evidence.into(),
            flow: None,
        }
    }

    /// With a title of its own.
    pub fn title(self, title: impl Into<Text>) -> Hit {
        Hit { title: title.into(), ..self }
    }

    /// With a severity of its own.
    pub fn severity(self, severity: Severity) -> Hit {
        Hit { severity: Some(severity), ..self }
    }

    /// Told from other findings of the same detector and machines by `topic`.
    pub fn topic(self, topic: impl Into<Text>) -> Hit {
        Hit { topic: topic.into(), ..self }
    }

    /// From `from` to `to`.
    pub fn between(self, from: Option<Address>, to: Option<Address>) -> Hit {
        Hit { from, to, ..self }
    }
}

/// Where detectors put what they find.
pub struct Hits<'a> {
    pub(crate) findings: &'a mut Findings,
    pub(crate) about: &'static Descriptor,
}

impl Hits<'_> {
    /// Takes one.
    pub fn push(&mut self, hit: Hit) {
        self.findings.add(self.about, hit, None, Said::default);
    }

    /// Takes one whose evidence is put into words only where there is still room for it. For what comes by the million.
    pub fn tell<S: Into<Said>>(&mut self, hit: Hit, evidence: impl FnOnce() -> S) {
        self.findings.add(self.about, hit, None, || evidence().into());
    }

    /// Takes one whose evidence is what `act` did. For acts that come by the million and are nearly all alike.
    pub fn tell_act(&mut self, hit: Hit, act: &Act) {
        self.findings.add(self.about, hit, Some(number_of_clause(act)), || tell(act));
    }
}

/// A number that is the same for acts of which `tell` says the same. Who found two acts with one number could hide the
/// wording of the second, and nothing else.
fn number_of_clause(act: &Act) -> u64 {
    let mut hasher = Hasher::with_seed(3).build_hasher();
    (&act.protocol, &act.name, &act.object, &act.behind, act.outcome as u8, &act.status).hash(&mut hasher);
    hasher.write_u64(act.repeats.count);
    if act.verb.is_change() {
        hasher.write_usize(act.values.len());
        for reading in act.values.iter().take(VALUES_TOLD) {
            match &reading.value {
                Value::Bool(on) => (0_u8, on).hash(&mut hasher),
                Value::Integer(number) => (1_u8, number).hash(&mut hasher),
                Value::Unsigned(number) => (2_u8, number).hash(&mut hasher),
                Value::Float(number) => (3_u8, number.to_bits()).hash(&mut hasher),
                Value::Text(text) => (4_u8, text).hash(&mut hasher),
                Value::Bytes(bytes) => (5_u8, bytes).hash(&mut hasher),
                Value::Time(time) => (6_u8, time.0).hash(&mut hasher),
                Value::Nothing => hasher.write_u8(7),
            }
        }
    }
    hasher.finish()
}

/// Values of one act that its clause names.
const VALUES_TOLD: usize = 4;

/// The name, object and values of an act as a clause of evidence: `s7comm plc stop of rack 0 slot 2: refused (0x8104)`.
pub fn tell(act: &Act) -> Said {
    let say = |language| {
        let mut text = String::new();
        let _ = write(&mut text, act, language);
        Text::from(text)
    };
    Said { en: say(Language::En), fr: say(Language::Fr) }
}

fn write(text: &mut String, act: &Act, language: Language) -> std::fmt::Result {
    use std::fmt::Write;
    let is_french = language == Language::Fr;
    write!(text, "{} {}", act.protocol, act.name)?;
    if !act.object.is_none() {
        let object = act.object.to_string();
        // `stop controller` of `controller 1` says it twice.
        let known = object.split_once(' ').filter(|(first, _)| act.name.rsplit(' ').next() == Some(*first));
        write!(text, " {}", known.map_or(object.as_str(), |(_, rest)| rest))?;
    }
    if !act.behind.is_nobody() {
        write!(text, "{}{}", if is_french { ", " } else { " of " }, Spoken(&act.behind, language))?;
    }
    if act.verb.is_change() && !act.values.is_empty() {
        text.push_str(" = ");
        for (number, reading) in act.values.iter().take(VALUES_TOLD).enumerate() {
            if number > 0 {
                text.push_str(", ");
            }
            write!(text, "{}", reading.value)?;
        }
        if act.values.len() > VALUES_TOLD {
            write!(text, " (+{})", act.values.len() - VALUES_TOLD)?;
        }
    }
    write!(text, "{} {}", if is_french { " :" } else { ":" }, Spoken(&act.outcome, language))?;
    if let Some(status) = &act.status {
        write!(text, " ({})", status.name)?;
    }
    if act.repeats.count > 1 {
        write!(text, ", {}", Spoken(&number_of(act.repeats.count, nouns::TIMES), language))?;
    }
    Ok(())
}

/// What a fact says, as a clause of evidence: `s7comm says run state: stop (szl 0x0424)`.
pub(crate) fn tell_fact(fact: &Fact) -> Said {
    said!(
        "{protocol} says {key}: {value} ({source})",
        "{protocol} indique {key} : {value} ({source})",
        protocol = fact.protocol,
        key = fact.key,
        value = fact.value,
        source = fact.source
    )
}

/// `a, b and c`.
pub(crate) fn all_of<T: AsRef<str>>(names: &[T]) -> Said {
    let join = |and: &str| {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        Text::from(match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} {and} {last}", rest.join(", ")),
            _ => names.join(", "),
        })
    };
    Said { en: join("and"), fr: join("et") }
}

/// The id of a protocol, or that it was not recognised.
pub(crate) fn protocol_said(id: &str) -> Said {
    if id.is_empty() { said!("an unknown protocol", "un protocole inconnu") } else { Said::from(id) }
}

/// A phrase in English and French.
pub const fn phrase(en: &'static str, fr: &'static str) -> model::Phrase {
    model::Phrase { en, fr }
}

/// No phrase: a detector without thresholds.
pub const NOTHING: model::Phrase = phrase("", "");

impl View<'_> {
    /// Whether the machine at `address` was seen answering industrial requests or reporting process values.
    pub fn serves_industry(&self, address: &Address) -> bool {
        self.inventory.node(address).is_some_and(|node| node.serves_industry)
    }

    /// Whether the machine at `address` is known to take part in industrial traffic on either side.
    pub fn is_industrial(&self, address: &Address) -> bool {
        self.inventory.node(address).is_some_and(|node| node.serves_industry || node.asks_industry)
    }
}

impl Plant<'_> {
    /// Something that the edge with `number` shows; the addresses are the first ones of the machines at its ends.
    pub(crate) fn edge_hit(&self, number: usize, evidence: impl Into<Said>) -> Hit {
        let edge = &self.machines.edges[number];
        let (from, to) = self.machines.ends[number];
        let mut target = to.map(|to| self.first_address(to));
        if let (Some(target), [port, ..]) = (&mut target, edge.ports.as_slice()) {
            target.port = Some(*port);
        }
        Hit {
            last: edge.last,
            from: Some(self.first_address(from)),
            to: target,
            protocol: Cow::Owned(edge.protocol.to_string()),
            ..Hit::at(edge.first, evidence)
        }
    }

    /// The address by which a machine was met first, with the hardware address of that interface. Not the lowest one: a
    /// finding must keep its id when the machine shows further addresses.
    fn first_address(&self, number: usize) -> Address {
        let asset = &self.machines.assets[number];
        match self.machines.homes[number] {
            Some(Key::Ip(ip)) => {
                let interface = asset.interfaces.iter().find(|interface| interface.ips.contains(&ip));
                Address { ip: Some(ip), mac: interface.and_then(|interface| interface.mac), ..Address::default() }
            }
            Some(Key::Mac(mac)) => Address { mac: Some(mac), ..Address::default() },
            None => Address { mac: asset.interfaces.iter().find_map(|i| i.mac), ..Address::default() },
        }
    }

    /// The name to show of the machine with `id`; the id where there is none.
    pub(crate) fn name(&self, id: &str) -> Text {
        self.machines.by_id(id).map_or_else(|| Text::from(id), |asset| asset.name.clone())
    }

    /// Something about one machine.
    pub(crate) fn machine_hit(&self, number: usize, evidence: impl Into<Said>) -> Hit {
        let asset = &self.machines.assets[number];
        Hit { last: asset.last, to: Some(self.first_address(number)), ..Hit::at(asset.first, evidence) }
    }
}
