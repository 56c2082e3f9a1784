//! One Sigma rule: what it says of itself, and what it asks of a record.

use std::sync::{LazyLock, Mutex};

use model::{Descriptor, Phrase, Record, Severity};
use serde_norway::Value;

use crate::example::{self, Fields};
use crate::fields;
use crate::filter::Filter;
use crate::techniques;

/// A rule that was read.
#[derive(Debug)]
pub struct Rule {
    /// What there is to say of it; its id is `rule-NAME`, or `rule-UUID` where it has no name.
    pub about: &'static Descriptor,
    /// The kind of records it looks at: `act`, `fact`, `conversation`, `event`, `finding`, `health`.
    pub kind: &'static str,
    /// What Sigma calls false positives: when it fires without harm.
    pub false_positives: Vec<String>,
    /// Detectors that say the same: the rule is silent while one of them works.
    pub covered_by: Vec<String>,
    /// Records that must fire it, and near misses that must not: flat fields.
    pub examples: (Vec<Fields>, Vec<Fields>),
    /// The file it stands in, as it was named.
    pub file: String,
    /// Line of its beginning in that file, from 1.
    pub line: usize,
    pub(crate) filter: Filter,
    sigma: sigma_rust::Rule,
    /// The fields that it asks for; `None` where it looks for words anywhere.
    wanted: Option<Vec<String>>,
}

/// Why a rule was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRule {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1: of the fault where it is known, else of the rule's beginning.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for BadRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

impl Rule {
    /// Reads one document of YAML that begins at `line` of `file`.
    pub(crate) fn parse(text: &str, file: &str, line: usize) -> Result<Rule, BadRule> {
        let bad = |at: usize, reason: String| BadRule { file: file.to_owned(), line: at, reason };
        let mut value: Value = serde_norway::from_str(text).map_err(|e| {
            let at = e.location().map_or(line, |location| line + location.line().saturating_sub(1));
            bad(at, format!("not YAML: {e}"))
        })?;
        let text_of = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let source = value.get("logsource").cloned().unwrap_or_default();
        let kind = kind_of(&source).map_err(|reason| bad(place(text, line, "logsource"), reason))?;
        let sources = sources_of(&source);
        if let Some(detection) = value.get_mut("detection") {
            shorten(detection, kind);
        }
        let mut asked = Vec::new();
        let detection = value.get("detection").cloned().unwrap_or_default();
        let looks_anywhere = ask(&detection, &mut asked);
        if let Some(unknown) = asked.iter().find(|name| !fields::is_known(kind, name)) {
            let reason = format!("records of kind `{kind}` have no field `{unknown}`");
            return Err(bad(place(text, line, unknown), reason));
        }
        let own = value.get("vigie").cloned().unwrap_or_default();
        let sigma: sigma_rust::Rule = serde_norway::from_value(value).map_err(|e| bad(line, e.to_string()))?;
        let mut filter = Filter::of(&detection, kind);
        if !sources.is_empty() {
            filter.protocols = Some(sources);
        }
        let id = match (&sigma.name, &sigma.id) {
            (Some(name), _) if is_word(name) => format!("rule-{name}"),
            (Some(name), _) => {
                let reason = format!("`{name}`: a name is made of small letters, digits and `-`");
                return Err(bad(place(text, line, "name"), reason));
            }
            (None, Some(id)) if is_word(id) => format!("rule-{id}"),
            _ => return Err(bad(line, "a rule needs an `id` (a UUID) or a `name`".into())),
        };
        let severity = match sigma.level {
            Some(ref level) => match format!("{level:?}").as_str() {
                "Informational" => Severity::Info,
                "Low" => Severity::Low,
                "High" => Severity::High,
                "Critical" => Severity::Critical,
                _ => Severity::Medium,
            },
            None => Severity::Medium,
        };
        let description = sigma.description.clone().unwrap_or_default();
        let phrase = |en: Option<String>, fr: Option<String>, fallback: &str| {
            let en = en.filter(|text| !text.is_empty()).unwrap_or_else(|| fallback.to_owned());
            let fr = fr.filter(|text| !text.is_empty()).unwrap_or_else(|| en.clone());
            Phrase { en: keep(en.trim()), fr: keep(fr.trim()) }
        };
        let list = |value: &Value, key: &str| -> Vec<String> {
            match value.get(key) {
                Some(Value::Sequence(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => Vec::new(),
            }
        };
        let tags = sigma.tags.clone().unwrap_or_default();
        let about = Descriptor {
            id: keep(&id),
            title: phrase(Some(sigma.title.clone()), text_of(&own, "title_fr"), ""),
            severity,
            techniques: keep_list(techniques::of_tags(&tags)),
            requirements: keep_list(list(&own, "requirements").iter().map(|text| keep(text)).collect()),
            meaning: phrase(Some(description.clone()), text_of(&own, "description_fr"), &sigma.title),
            action: phrase(text_of(&own, "action"), text_of(&own, "action_fr"), "Ask who did this, and why."),
            caution: phrase(
                text_of(&own, "caution"),
                text_of(&own, "caution_fr"),
                "Do not cut a machine off before you know what depends on it.",
            ),
            covers: keep_list(list(&own, "covers").iter().map(|text| keep(text)).collect()),
            thresholds: Phrase { en: "", fr: "" },
        };
        Ok(Rule {
            about: intern(about),
            kind,
            false_positives: sigma.falsepositives.clone().unwrap_or_default(),
            covered_by: list(&own, "covered_by"),
            examples: (examples(&own, "fires"), examples(&own, "quiet")),
            file: file.to_owned(),
            line,
            filter,
            wanted: (!looks_anywhere).then_some(asked),
            sigma,
        })
    }

    /// Whether `record` is what the rule looks for. Its kind and protocol were compared before.
    pub(crate) fn matches(&self, record: &Record) -> bool {
        if !self.filter.passes(record) {
            return false;
        }
        let mut event = sigma_rust::Event::new();
        match &self.wanted {
            Some(wanted) => {
                for name in wanted {
                    if let Some(cell) = fields::field(record, name) {
                        cell.insert(&mut event, name);
                    }
                }
            }
            None => {
                for (name, cell) in fields::all(record) {
                    cell.insert(&mut event, &name);
                }
            }
        }
        self.sigma.is_match(&event)
    }

    /// Whether the rule would fire on a record on its own.
    pub fn fires(&self, record: &Record) -> bool {
        record.kind() == self.kind
            && self.filter.protocols.as_ref().is_none_or(|ids| ids.iter().any(|id| id == crate::protocol_of(record)))
            && self.matches(record)
    }
}

impl Rule {
    /// Tries the examples that the rule carries, and tells those that came out wrong.
    pub fn try_examples(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (examples, should_fire) in [(&self.examples.0, true), (&self.examples.1, false)] {
            for fields in examples {
                match example::record_of(self.kind, fields) {
                    None => wrong.push(format!("no record of kind `{}` has these fields: {fields:?}", self.kind)),
                    Some(record) if self.fires(&record) != should_fire => {
                        let what = if should_fire { "does not fire on" } else { "fires on the near miss" };
                        wrong.push(format!("{what} {fields:?}"));
                    }
                    Some(_) => {}
                }
            }
        }
        wrong
    }
}

/// The examples under `key`, with `act.` and the like as they stand.
fn examples(own: &Value, key: &str) -> Vec<Fields> {
    let list = own.get(key).cloned().unwrap_or_default();
    let list = if let Value::Mapping(_) = list { Value::Sequence(vec![list]) } else { list };
    serde_norway::from_value(list).unwrap_or_default()
}

/// Line of the first mention of `word` in a document that begins at `line`.
fn place(text: &str, line: usize, word: &str) -> usize {
    line + text.lines().position(|one| one.contains(word)).unwrap_or(0)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The kind of records that a log source stands for. Rules made for other systems look at their events.
fn kind_of(source: &Value) -> Result<&'static str, String> {
    let word = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default();
    if word("product") != "vigie" {
        return match (word("product"), word("category"), word("service")) {
            ("", "", "") => Err("a rule needs a log source: `product: vigie` and a category".into()),
            _ => Ok("event"),
        };
    }
    const KINDS: [&str; 6] = ["act", "fact", "conversation", "event", "finding", "health"];
    let category = word("category");
    KINDS
        .into_iter()
        .find(|kind| *kind == category)
        .ok_or_else(|| format!("no category `{category}` of product vigie; there are: {}", KINDS.join(", ")))
}

/// Of rules made for another system: the sources whose events they look at; empty for all.
fn sources_of(source: &Value) -> Vec<String> {
    let product = source.get("product").and_then(Value::as_str).unwrap_or_default();
    let names: &[&str] = match product {
        "windows" => &["windows", "wazuh"],
        "linux" => &["syslog", "wazuh"],
        "zeek" => &["zeek"],
        "suricata" => &["eve"],
        _ => &[],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Takes `act.` and the like off the names of fields, so that both ways of writing them mean the same.
fn shorten(value: &mut Value, kind: &str) {
    match value {
        Value::Sequence(list) => list.iter_mut().for_each(|one| shorten(one, kind)),
        Value::Mapping(map) => {
            let taken = std::mem::take(map);
            for (name, mut value) in taken {
                shorten(&mut value, kind);
                let short = match name.as_str().and_then(|name| name.strip_prefix(kind)?.strip_prefix('.')) {
                    Some(short) => Value::String(short.to_owned()),
                    None => name,
                };
                map.insert(short, value);
            }
        }
        _ => {}
    }
}

/// Gathers the fields that the selections of `detection` ask for. Says whether one looks for words anywhere.
fn ask(detection: &Value, asked: &mut Vec<String>) -> bool {
    let Value::Mapping(selections) = detection else { return false };
    let mut looks_anywhere = false;
    let mut take = |fields: &serde_norway::Mapping| {
        for name in fields.keys().filter_map(Value::as_str) {
            let name = name.split('|').next().unwrap_or_default().to_owned();
            if !asked.contains(&name) {
                asked.push(name);
            }
        }
    };
    for (_, selection) in selections.iter().filter(|(name, _)| name.as_str() != Some("condition")) {
        match selection {
            Value::Mapping(fields) => take(fields),
            Value::Sequence(list) => {
                for one in list {
                    match one {
                        Value::Mapping(fields) => take(fields),
                        _ => looks_anywhere = true,
                    }
                }
            }
            _ => {}
        }
    }
    looks_anywhere
}

/// Descriptors of rules live as long as the program, as those of detectors do: a rule that is read again is found here.
static DESCRIPTORS: LazyLock<Mutex<Vec<&'static Descriptor>>> = LazyLock::new(Mutex::default);

fn intern(about: Descriptor) -> &'static Descriptor {
    let mut known = DESCRIPTORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // The newest one of an id counts: it is the one that a saved state is read with.
    if let Some(same) = known.iter().rev().find(|one| one.id == about.id).filter(|one| ***one == about) {
        return same;
    }
    let kept: &'static Descriptor = Box::leak(Box::new(about));
    known.push(kept);
    kept
}

/// The descriptor of a rule that was read, by its id.
pub fn descriptor(id: &str) -> Option<&'static Descriptor> {
    let known = DESCRIPTORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.iter().rev().find(|one| one.id == id).copied()
}

fn keep(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn keep_list<T>(list: Vec<T>) -> &'static [T] {
    Box::leak(list.into_boxed_slice())
}
