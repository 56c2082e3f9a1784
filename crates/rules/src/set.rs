//! Many rules: read from files, and sorted so that a record meets only those that may concern it.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use model::Record;

use crate::protocol_of;
use crate::rule::{BadRule, Rule};

/// Rules read from one place.
const RULES_MAX: usize = 20_000;
/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// Rules that were read, in their order; ids are unique.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
}

impl RuleSet {
    /// All rules.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Adds the rules of one file: documents of YAML with `---` between them. What cannot be read is left out and told.
    pub fn add(&mut self, text: &str, file: &str) -> Vec<BadRule> {
        let mut bad = Vec::new();
        for (line, document) in documents(text) {
            match Rule::parse(document, file, line) {
                Ok(rule) if self.rules.len() >= RULES_MAX => bad.push(BadRule {
                    reason: format!("more than {RULES_MAX} rules: `{}` is left out", rule.about.id),
                    file: file.to_owned(),
                    line,
                }),
                // A rule of the user replaces the shipped one with its id; twice in one place is a mistake.
                Ok(rule) => match self.rules.iter().position(|known| known.about.id == rule.about.id) {
                    Some(place) if self.rules[place].file.starts_with("shipped/") && !file.starts_with("shipped/") => {
                        self.rules[place] = Arc::new(rule);
                    }
                    Some(place) => bad.push(BadRule {
                        reason: format!(
                            "`{}` is there already, in {}:{}",
                            rule.about.id, self.rules[place].file, self.rules[place].line
                        ),
                        file: file.to_owned(),
                        line,
                    }),
                    None => self.rules.push(Arc::new(rule)),
                },
                Err(fault) => bad.push(fault),
            }
        }
        bad
    }

    /// Adds the rules of a file, or of all files `.yml` and `.yaml` below a folder, in the order of their names.
    pub fn add_path(&mut self, path: &Path) -> Result<Vec<BadRule>, String> {
        let mut bad = Vec::new();
        for file in files(path)? {
            let shown = file.display().to_string();
            let failed = |e: std::io::Error| format!("could not read `{shown}`: {e}");
            if std::fs::metadata(&file).map_err(failed)?.len() > FILE_BYTES_MAX {
                return Err(format!("`{shown}` is larger than {} MB", FILE_BYTES_MAX >> 20));
            }
            let text = std::fs::read_to_string(&file).map_err(failed)?;
            bad.extend(self.add(&text, &shown));
        }
        Ok(bad)
    }
}

/// The files of rules at `path`.
fn files(path: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let failed = |e: std::io::Error| format!("could not read `{}`: {e}", path.display());
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(failed)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if depth < 16 {
                    folders.push((path, depth + 1));
                }
            } else if path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The documents of `text` that hold something, with the line where each begins.
fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut start_line, mut place) = (0, 1, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let after = place + line.len();
        if line.trim_end() == "---" {
            documents.push((start_line, &text[start..place]));
            (start, start_line) = (after, number + 2);
        }
        place = after;
    }
    documents.push((start_line, &text[start..]));
    documents.retain(|(_, text)| text.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with('#')));
    documents
}

/// Rules for one kind of record and one protocol.
#[derive(Debug, Default)]
struct List {
    /// All that any of them wants: what is not in it concerns none.
    verbs: u32,
    keys: u128,
    rules: Vec<Arc<Rule>>,
}

impl List {
    fn push(&mut self, rule: &Arc<Rule>) {
        self.verbs |= rule.filter.verbs;
        self.keys |= rule.filter.keys;
        self.rules.push(rule.clone());
    }
}

/// Rules for one kind of record.
#[derive(Debug, Default)]
struct Lists {
    /// Rules for any protocol.
    any: List,
    /// Rules for a protocol, with those for any.
    by_protocol: HashMap<String, List, foldhash::fast::FixedState>,
}

/// Rules at work.
#[derive(Debug, Default)]
pub struct Matcher {
    acts: Lists,
    facts: Lists,
    conversations: Lists,
    events: Lists,
    health: Lists,
    findings: Lists,
}

impl Matcher {
    /// With all rules of `set` that `is_wanted`.
    pub fn new(set: &RuleSet, is_wanted: impl Fn(&Rule) -> bool) -> Matcher {
        let mut matcher = Matcher::default();
        let wanted: Vec<&Arc<Rule>> = set.rules.iter().filter(|rule| is_wanted(rule)).collect();
        for rule in &wanted {
            for protocol in rule.filter.protocols.iter().flatten() {
                matcher.lists_mut(rule.kind).by_protocol.entry(protocol.clone()).or_default();
            }
        }
        for rule in wanted {
            let lists = matcher.lists_mut(rule.kind);
            match &rule.filter.protocols {
                Some(protocols) => {
                    for protocol in protocols {
                        if let Some(list) = lists.by_protocol.get_mut(protocol) {
                            list.push(rule);
                        }
                    }
                }
                None => {
                    lists.any.push(rule);
                    lists.by_protocol.values_mut().for_each(|list| list.push(rule));
                }
            }
        }
        matcher
    }

    /// Tells the rules that fire on `record`, in their order.
    #[inline]
    pub fn judge(&self, record: &Record, mut fires: impl FnMut(&Rule)) {
        let lists = match record {
            Record::Act(_) => &self.acts,
            Record::Fact(_) => &self.facts,
            Record::Conversation(_) => &self.conversations,
            Record::Event(_) => &self.events,
            Record::Health(_) => &self.health,
            Record::Finding(_) => &self.findings,
            Record::Sample(_) => return,
        };
        if lists.any.rules.is_empty() && lists.by_protocol.is_empty() {
            return;
        }
        let list = lists.by_protocol.get(protocol_of(record)).unwrap_or(&lists.any);
        let concerns = match record {
            Record::Act(act) => list.verbs & 1 << act.verb as u32 != 0,
            Record::Fact(fact) => list.keys & 1 << fact.key as u32 != 0,
            _ => true,
        };
        if concerns {
            list.rules.iter().filter(|rule| rule.matches(record)).for_each(|rule| fires(rule));
        }
    }

    fn lists_mut(&mut self, kind: &str) -> &mut Lists {
        match kind {
            "act" => &mut self.acts,
            "fact" => &mut self.facts,
            "conversation" => &mut self.conversations,
            "event" => &mut self.events,
            "health" => &mut self.health,
            _ => &mut self.findings,
        }
    }
}
