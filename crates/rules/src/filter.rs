//! What a record must have for a rule to be asked at all: decided by comparing numbers, before anything is laid flat.

use model::{EventKind, FactKey, Outcome, Record, Verb};
use serde_norway::Value;

/// The necessary conditions of one rule that can be decided cheaply. All-ones and `None` stand for "any".
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// Ids of protocols; of events, sources.
    pub(crate) protocols: Option<Vec<String>>,
    /// Verbs, by their place in `Verb::ALL`.
    pub(crate) verbs: u32,
    outcomes: u8,
    /// Keys of facts.
    pub(crate) keys: u128,
    kinds: u32,
    codes: Option<Vec<u32>>,
    names: Option<Vec<String>>,
}

impl Filter {
    /// The filter that lets everything pass.
    pub(crate) const ANY: Filter = Filter {
        protocols: None,
        verbs: u32::MAX,
        outcomes: u8::MAX,
        keys: u128::MAX,
        kinds: u32::MAX,
        codes: None,
        names: None,
    };

    /// What `detection` (a mapping of selections and a condition) demands of records of `kind`.
    pub(crate) fn of(detection: &Value, kind: &str) -> Filter {
        let mut filter = Filter::ANY;
        let Some(condition) = detection.get("condition").and_then(Value::as_str) else { return filter };
        for selection in necessary(condition) {
            // A list of mappings is an alternative: nothing in it is necessary by itself.
            if let Some(Value::Mapping(fields)) = detection.get(selection) {
                for (name, value) in fields {
                    if let (Some(name), Some(words)) = (name.as_str(), plain_words(value)) {
                        filter.demand(kind, name, words);
                    }
                }
            }
        }
        filter
    }

    fn demand(&mut self, kind: &str, name: &str, words: Vec<String>) {
        let bits = |all: &[&'static str]| {
            all.iter()
                .enumerate()
                .filter(|(_, word)| words.iter().any(|wanted| wanted.eq_ignore_ascii_case(word)))
                .fold(0_u128, |bits, (place, _)| bits | 1 << place)
        };
        match (kind, name) {
            ("act" | "fact" | "conversation" | "health", "protocol") | ("event", "source") => {
                self.protocols = Some(words.iter().map(|word| word.to_ascii_lowercase()).collect());
            }
            ("act", "verb") => self.verbs &= bits(&Verb::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>()) as u32,
            ("act", "outcome") => {
                self.outcomes &= bits(&Outcome::ALL.iter().map(|o| o.as_str()).collect::<Vec<_>>()) as u8;
            }
            ("fact", "key") => self.keys &= bits(&FactKey::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>()),
            ("event", "kind") => {
                self.kinds &= bits(&EventKind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>()) as u32;
            }
            ("act", "code") => self.codes = words.iter().map(|word| word.parse().ok()).collect(),
            ("act", "name") => self.names = Some(words),
            _ => {}
        }
    }

    /// Whether `record` has what is demanded, but for the protocol, by which rules are looked up.
    pub(crate) fn passes(&self, record: &Record) -> bool {
        match record {
            Record::Act(act) => {
                self.verbs & 1 << act.verb as u32 != 0
                    && self.outcomes & 1 << act.outcome as u8 != 0
                    && self.codes.as_ref().is_none_or(|codes| codes.contains(&act.code))
                    && self.names.as_ref().is_none_or(|names| names.iter().any(|n| n.eq_ignore_ascii_case(&act.name)))
            }
            Record::Fact(fact) => self.keys & 1 << fact.key as u32 != 0,
            Record::Event(event) => self.kinds & 1 << event.kind as u32 != 0,
            _ => true,
        }
    }
}

/// The selections that must hold whatever else holds: members of a plain chain of `and`.
fn necessary(condition: &str) -> Vec<&str> {
    let words: Vec<&str> = condition.split_whitespace().collect();
    let is_plain = !condition.contains(['(', ')', '|']) && !words.iter().any(|word| word.eq_ignore_ascii_case("or"));
    if !is_plain {
        return Vec::new();
    }
    let parts = words.split(|word| word.eq_ignore_ascii_case("and"));
    parts.filter_map(|part| if let [name] = part { Some(*name) } else { None }).collect()
}

/// The words of a value or a list of values, where none of them is a pattern.
fn plain_words(value: &Value) -> Option<Vec<String>> {
    let word = |value: &Value| match value {
        Value::String(text) if !text.contains(['*', '?', '\\']) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Sequence(list) => list.iter().map(word).collect(),
        one => word(one).map(|word| vec![word]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Filter {
        Filter::of(&serde_norway::from_str(text).unwrap(), "act")
    }

    #[test]
    fn only_what_is_necessary_is_demanded() {
        let chain = filter(
            "{a: {protocol: modbus, verb: [stop, mode]}, b: {code: 8}, condition: a and b and not c, c: {verb: read}}",
        );
        assert_eq!(chain.protocols.as_deref(), Some(&["modbus".to_owned()][..]));
        assert_eq!(chain.verbs.count_ones(), 2);
        assert_eq!(chain.codes.as_deref(), Some(&[8][..]));
        for free in [
            "{a: {protocol: modbus}, b: {protocol: dnp3}, condition: a or b}",
            "{a: {protocol: modbus}, b: {protocol: dnp3}, condition: 1 of them}",
            "{a: [{protocol: modbus}, {protocol: dnp3}], condition: a}",
            "{a: {protocol: mod*}, condition: a}",
            "{a: {protocol|contains: modbus}, condition: a}",
            "{a: {protocol: modbus}, condition: not a}",
        ] {
            assert_eq!(filter(free).protocols, None, "{free}");
        }
    }
}
