//! The entry point: records go in one by one, in order; findings come out as they arise, judgement when asked for.

use std::io;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Blindness, FactKey, Finding, Health, Judgement, Outcome, RankedFinding, Record, Verb};

use crate::baseline::{self, Baseline, Deviation, Strength};
use crate::detector::{Hit, Hits, Logic, Memory, Plant, View};
use crate::detectors::DETECTORS;
use crate::findings::Findings;
use crate::inventory::kind::{self, Trait};
use crate::inventory::{Inventory, Machines, assets};
use crate::known::Known;
use crate::sight::Sight;
use crate::{limits, sight, snapshot, surface};

/// What may be chosen.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Ids of detectors that stay silent.
    pub disabled: Vec<String>,
    /// What is known of what is normal.
    pub baseline: Normal,
    /// Rules over single records.
    pub rules: std::sync::Arc<rules::RuleSet>,
    /// Lists of what others know to be bad.
    pub indicators: std::sync::Arc<rules::Indicators>,
}

impl Settings {
    /// As the program is shipped: its rules are at work.
    pub fn shipped() -> Settings {
        Settings { rules: rules::shipped(), ..Settings::default() }
    }
}

/// Where knowledge of what is normal comes from.
#[derive(Clone, Debug, Default)]
pub enum Normal {
    /// Nowhere: nothing is learned and nothing judged against it.
    #[default]
    Unknown,
    /// It is learned as records come, and judged where enough was learned.
    Learned(baseline::Settings),
    /// It was learned before: records are judged against it, and nothing is learned of them.
    Given(Box<Baseline>),
}

/// Analysis over records, in their order.
pub struct Analysis {
    inventory: Inventory,
    sight: Sight,
    findings: Findings,
    /// Detectors by what they look at: rows of the table.
    by_verb: Vec<Vec<Run>>,
    trouble: Vec<Run>,
    /// What wants all acts of a few protocols, and the same by the number of the protocol in the inventory.
    protocols: Vec<(&'static [&'static str], Run)>,
    by_protocol: Vec<Vec<Run>>,
    by_key: Vec<Vec<Run>>,
    conversations: Vec<Run>,
    health: Vec<Run>,
    machines: Vec<usize>,
    memories: Vec<(usize, &'static [&'static str], Box<dyn Memory>)>,
    /// What is normal, and whether it is still learned.
    baseline: Option<(Baseline, bool)>,
    /// Rows of the detectors of the baseline, by kind.
    by_deviation: Vec<Option<usize>>,
    deviations: Vec<Deviation>,
    known: Known,
    revision: u64,
}

/// A detector to run: its row, or the number of its memory.
#[derive(Clone, Copy)]
enum Run {
    Row(usize),
    Memory(usize),
}

impl Analysis {
    /// With nothing seen yet.
    pub fn new(settings: Settings) -> Analysis {
        Analysis::with(&settings)
    }

    fn with(settings: &Settings) -> Analysis {
        let mut analysis = Analysis {
            inventory: Inventory::new(),
            sight: Sight::default(),
            findings: Findings::new(),
            by_verb: vec![Vec::new(); Verb::ALL.len()],
            trouble: Vec::new(),
            protocols: Vec::new(),
            by_protocol: Vec::new(),
            by_key: vec![Vec::new(); FactKey::ALL.len()],
            conversations: Vec::new(),
            health: Vec::new(),
            machines: Vec::new(),
            memories: Vec::new(),
            baseline: match &settings.baseline {
                Normal::Unknown => None,
                Normal::Learned(chosen) => Some((Baseline::new(*chosen), true)),
                Normal::Given(given) => Some(((**given).clone(), false)),
            },
            by_deviation: vec![None; baseline::Kind::ALL.len()],
            deviations: Vec::new(),
            known: Known::new(settings),
            revision: 0,
        };
        for (row, detector) in DETECTORS.iter().enumerate() {
            if settings.disabled.iter().any(|id| id == detector.about.id) {
                continue;
            }
            match &detector.logic {
                Logic::Act(verbs, _) => {
                    verbs.iter().for_each(|verb| analysis.by_verb[*verb as usize].push(Run::Row(row)))
                }
                Logic::Protocol(ids, _) => analysis.protocols.push((ids, Run::Row(row))),
                Logic::Trouble(_) => analysis.trouble.push(Run::Row(row)),
                Logic::Fact(keys, _) => keys.iter().for_each(|key| analysis.by_key[*key as usize].push(Run::Row(row))),
                Logic::Conversation(_) => analysis.conversations.push(Run::Row(row)),
                Logic::Health(_) => analysis.health.push(Run::Row(row)),
                Logic::Machines(_) => analysis.machines.push(row),
                Logic::Baseline(kind) => analysis.by_deviation[*kind as usize] = Some(row),
                Logic::Memory(wants, make) => {
                    let run = Run::Memory(analysis.memories.len());
                    // What wants few protocols is looked up by protocol, so that the others do not pay for it.
                    if wants.acts.len() == Verb::ALL.len() && !wants.protocols.is_empty() {
                        analysis.protocols.push((wants.protocols, run));
                    } else {
                        wants.acts.iter().for_each(|verb| analysis.by_verb[*verb as usize].push(run));
                    }
                    if wants.trouble {
                        analysis.trouble.push(run);
                    }
                    wants.facts.iter().for_each(|key| analysis.by_key[*key as usize].push(run));
                    if wants.conversations {
                        analysis.conversations.push(run);
                    }
                    if wants.health {
                        analysis.health.push(run);
                    }
                    analysis.memories.push((row, wants.protocols, make()));
                }
            }
        }
        analysis
    }

    /// Takes in one record. Findings among them are not taken for evidence of anything.
    pub fn record(&mut self, record: &Record) {
        self.revision += 1;
        match record {
            Record::Act(act) => {
                let protocol = usize::from(self.inventory.act(act));
                while self.by_protocol.len() <= protocol {
                    let id = self.inventory.protocol_name(self.by_protocol.len() as u16);
                    let runs = self.protocols.iter().filter(|(ids, _)| ids.contains(&id)).map(|(_, run)| *run);
                    self.by_protocol.push(runs.collect());
                }
                let traits = self.inventory.protocols[protocol].traits;
                if !self.by_protocol[protocol].is_empty() {
                    let runs = std::mem::take(&mut self.by_protocol[protocol]);
                    runs.iter().for_each(|run| self.run(*run, record, traits));
                    self.by_protocol[protocol] = runs;
                }
                let runs = std::mem::take(&mut self.by_verb[act.verb as usize]);
                runs.iter().for_each(|run| self.run(*run, record, traits));
                self.by_verb[act.verb as usize] = runs;
                if act.status.is_some() || !matches!(act.outcome, Outcome::Done | Outcome::Asked) {
                    let runs = std::mem::take(&mut self.trouble);
                    runs.iter().for_each(|run| self.run(*run, record, traits));
                    self.trouble = runs;
                }
            }
            Record::Fact(fact) => {
                self.inventory.fact(fact);
                let traits = kind::of(&fact.protocol);
                let runs = std::mem::take(&mut self.by_key[fact.key as usize]);
                runs.iter().for_each(|run| self.run(*run, record, traits));
                self.by_key[fact.key as usize] = runs;
            }
            Record::Conversation(conversation) => {
                self.inventory.conversation(conversation);
                self.sight.conversation(conversation);
                let traits = kind::of(&conversation.protocol);
                let runs = std::mem::take(&mut self.conversations);
                runs.iter().for_each(|run| self.run(*run, record, traits));
                self.conversations = runs;
            }
            Record::Sample(sample) => self.inventory.sample(sample),
            Record::Health(health) => self.health(health, record),
            Record::Finding(_) => {}
            // Few come, and what wants them is few: every memory may look.
            Record::Event(_) => {
                let runs: Vec<Run> = (0..self.memories.len()).map(Run::Memory).collect();
                runs.into_iter().for_each(|run| self.run(run, record, Trait::default()));
            }
        }
        self.known.judge(record, &mut self.findings);
        if self.baseline.is_some() {
            self.compare(record);
        }
    }

    /// Compares `record` with what is normal.
    fn compare(&mut self, record: &Record) {
        let Some((baseline, learns)) = &mut self.baseline else { return };
        if *learns {
            baseline.observe(record, &mut self.deviations);
        } else {
            self.deviations = baseline.judge(record);
        }
        for deviation in self.deviations.drain(..) {
            let Some(row) = self.by_deviation[deviation.kind as usize] else { continue };
            let about = &DETECTORS[row].about;
            Hits { findings: &mut self.findings, about }.push(hit_of(deviation));
        }
    }

    /// What is normal, where that is known.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref().map(|(baseline, _)| baseline)
    }

    /// What is normal, to be changed by a person's decision.
    pub fn baseline_mut(&mut self) -> Option<&mut Baseline> {
        self.revision += 1;
        self.baseline.as_mut().map(|(baseline, _)| baseline)
    }

    fn health(&mut self, health: &Health, record: &Record) {
        self.inventory.counts.health += 1;
        if health.kind == model::HealthKind::Malformed {
            self.inventory.malformed(&health.protocol, health.count);
        }
        self.sight.health(health);
        let traits = kind::of(&health.protocol);
        let runs = std::mem::take(&mut self.health);
        runs.iter().for_each(|run| self.run(*run, record, traits));
        self.health = runs;
    }

    fn run(&mut self, run: Run, record: &Record, traits: Trait) {
        let view = View { inventory: &self.inventory, traits };
        match run {
            Run::Row(row) => {
                let mut hits = Hits { findings: &mut self.findings, about: &DETECTORS[row].about };
                match (&DETECTORS[row].logic, record) {
                    (Logic::Act(_, judge) | Logic::Trouble(judge) | Logic::Protocol(_, judge), Record::Act(act)) => {
                        judge(act, &view, &mut hits);
                    }
                    (Logic::Fact(_, judge), Record::Fact(fact)) => judge(fact, &view, &mut hits),
                    (Logic::Conversation(judge), Record::Conversation(conversation)) => {
                        judge(conversation, &view, &mut hits)
                    }
                    (Logic::Health(judge), Record::Health(health)) => judge(health, &view, &mut hits),
                    _ => {}
                }
            }
            Run::Memory(number) => {
                let Some((row, protocols, memory)) = self.memories.get_mut(number) else { return };
                if let Record::Act(act) = record
                    && !protocols.is_empty()
                    && !protocols.contains(&act.protocol.as_ref())
                {
                    return;
                }
                let mut hits = Hits { findings: &mut self.findings, about: &DETECTORS[*row].about };
                memory.look(record, &view, &mut hits);
            }
        }
    }

    /// The whole state as bytes, for [`Analysis::load`]. Equal states give equal bytes.
    pub fn save(&self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.inventory.serialize(&mut body)?;
        self.sight.serialize(&mut body)?;
        self.findings.serialize(&mut body)?;
        self.revision.serialize(&mut body)?;
        self.baseline.serialize(&mut body)?;
        (self.memories.len() as u32).serialize(&mut body)?;
        for (row, _, memory) in &self.memories {
            let mut kept = Vec::new();
            memory.keep(&mut kept)?;
            (DETECTORS[*row].about.id, kept).serialize(&mut body)?;
        }
        Ok(snapshot::seal(&body))
    }

    /// An analysis that goes on exactly where the saved one stopped. Fails where the bytes are damaged or another version
    /// of the program made them: then records have to be replayed. Detectors that were silent begin without a memory.
    pub fn load(settings: &Settings, bytes: &[u8]) -> io::Result<Analysis> {
        let mut body = snapshot::open(bytes)?;
        let mut analysis = Analysis::with(settings);
        analysis.inventory = Inventory::deserialize(&mut body)?;
        analysis.inventory.complete();
        analysis.sight = Sight::deserialize(&mut body)?;
        analysis.findings = Findings::deserialize(&mut body)?;
        analysis.revision = u64::deserialize(&mut body)?;
        let kept = Option::<(Baseline, bool)>::deserialize(&mut body)?;
        // Where learning was begun or ended by the settings, the settings say what is normal.
        if kept.as_ref().map(|(_, learns)| *learns) == analysis.baseline.as_ref().map(|(_, learns)| *learns) {
            analysis.baseline = kept;
        }
        for _ in 0..u32::deserialize(&mut body)? {
            let (id, kept) = <(String, Vec<u8>)>::deserialize(&mut body)?;
            let memory = analysis.memories.iter_mut().find(|(row, ..)| DETECTORS[*row].about.id == id);
            if let Some((_, _, memory)) = memory {
                memory.restore(&kept)?;
            }
        }
        match body.is_empty() {
            true => Ok(analysis),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "state of the analysis: bytes are left over")),
        }
    }

    /// The findings that arose since the last call, each once; `finish` has their final counts.
    pub fn new_findings(&mut self) -> Vec<Finding> {
        self.findings.take_new()
    }

    /// A number that grows with every record: as long as it stands, so does the judgement.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The judgement over everything recorded so far. More records may follow: asking changes nothing, neither this
    /// judgement nor a later one. It costs some 30 µs for each machine with its edges, and is made anew each time.
    pub fn finish(&self) -> Judgement {
        let machines = Machines::of(&self.inventory);
        let mut findings = self.findings.clone();
        let plant = Plant { inventory: &self.inventory, machines: &machines };
        for row in &self.machines {
            if let Logic::Machines(judge) = &DETECTORS[*row].logic {
                judge(&plant, &mut Hits { findings: &mut findings, about: &DETECTORS[*row].about });
            }
        }
        for (row, _, memory) in &self.memories {
            memory.conclude(&plant, &mut Hits { findings: &mut findings, about: &DETECTORS[*row].about });
        }
        let ranked: Vec<RankedFinding> = findings
            .ranked()
            .into_iter()
            .map(|finding| {
                let id = |address: &Option<model::Address>| {
                    address.as_ref().and_then(|address| plant.machine(address)).map(|asset| asset.id.clone())
                };
                RankedFinding { from_asset: id(&finding.from), to_asset: id(&finding.to), finding }
            })
            .collect();
        let mut explanations: Vec<model::Descriptor> = DETECTORS
            .iter()
            .filter(|detector| ranked.iter().any(|ranked| ranked.finding.detector == detector.about.id))
            .map(|detector| detector.about)
            .collect();
        // Rules and indicators stand after the detectors, in the order of their findings.
        for ranked in &ranked {
            let id = ranked.finding.detector.as_ref();
            if !explanations.iter().any(|about| about.id == id) {
                explanations.extend(crate::descriptor(id).copied());
            }
        }
        let unanswered = assets::unanswered(&self.inventory);
        let blind: Vec<Blindness> = sight::judge(&self.sight, &self.inventory, &machines, findings.dropped);
        let (surface, capabilities) = surface::judge(&machines, &ranked);
        let mut assets = machines.assets;
        assets.sort_by_key(|asset| std::cmp::Reverse(asset.criticality.importance));
        debug_assert!(ranked.len() <= limits::FINDINGS_MAX);
        Judgement {
            first: self.inventory.first,
            last: self.inventory.last,
            records: self.inventory.counts,
            assets,
            edges: machines.edges,
            protocols: machines.protocols,
            networks: machines.networks,
            findings: ranked,
            explanations,
            sight: blind,
            surface,
            capabilities,
            unanswered,
        }
    }
}

/// A deviation as a hit of its detector.
fn hit_of(deviation: Deviation) -> Hit {
    Hit {
        title: model::Text::default(),
        severity: (deviation.strength == Strength::Weak).then_some(model::Severity::Info),
        first: deviation.first,
        last: deviation.last,
        count: deviation.count,
        from: deviation.from,
        to: deviation.to,
        behind: deviation.behind,
        protocol: deviation.protocol,
        topic: deviation.topic,
        evidence: model::said!(
            "expected: {expected}; seen: {seen}",
            "attendu : {expected} ; vu : {seen}",
            expected = deviation.expected,
            seen = deviation.seen
        ),
        flow: deviation.flow,
    }
}

#[cfg(test)]
mod tests {
    use model::{FactKey, Record, State, Verb};

    use super::*;
    use crate::testing::{act, conversation, fact};

    fn mixed() -> Vec<Record> {
        let mut records = Vec::new();
        for host in 1..120_u32 {
            let (ip, at) = (format!("10.0.{}.{}", host % 3, host), f64::from(host));
            let mac = format!("00:1b:1b:00:00:{host:02x}");
            records.push(Record::Fact(fact(at, &ip, "arp", FactKey::Mac, &mac)));
            records.push(Record::Fact(fact(at, &ip, "s7comm", FactKey::Serial, &format!("S C-{}", host / 2))));
            records.push(Record::Act(act(at, "10.0.9.9", &format!("{ip}:102"), "s7comm", Verb::Write, "write var")));
            let call = conversation(at, &ip, &format!("93.184.216.{host}:443"), "tls", State::Closed);
            records.push(Record::Conversation(call));
        }
        records
    }

    #[test]
    fn the_same_records_give_the_same_judgement() {
        let judge = || {
            let mut analysis = Analysis::new(Settings::default());
            mixed().iter().for_each(|record| analysis.record(record));
            serde_json::to_string(&analysis.finish()).unwrap()
        };
        assert_eq!(judge(), judge());
    }

    #[test]
    fn findings_are_handed_out_once_and_judgement_may_be_asked_for_again() {
        let mut analysis = Analysis::new(Settings::default());
        let stop = Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:102", "s7comm", Verb::Stop, "plc stop"));
        analysis.record(&stop);
        assert_eq!(analysis.new_findings().len(), 1);
        analysis.record(&stop);
        assert!(analysis.new_findings().iter().all(|finding| finding.detector != "controller-stopped"));
        assert!(
            analysis
                .finish()
                .findings
                .iter()
                .any(|f| f.finding.detector == "controller-stopped" && f.finding.count == 2)
        );
        assert!(
            analysis
                .finish()
                .findings
                .iter()
                .any(|f| f.finding.detector == "controller-stopped" && f.finding.count == 2)
        );
    }

    #[test]
    fn asking_for_a_judgement_changes_no_later_one() {
        let json = |judgement: &Judgement| serde_json::to_string(judgement).unwrap();
        let (mut asked, mut silent) = (Analysis::new(Settings::default()), Analysis::new(Settings::default()));
        for (number, record) in mixed().iter().enumerate() {
            asked.record(record);
            silent.record(record);
            if number % 40 == 0 {
                assert_eq!(json(&asked.finish()), json(&asked.finish()));
            }
        }
        assert_eq!(json(&asked.finish()), json(&silent.finish()));
        let ids = |analysis: &mut Analysis| -> Vec<String> {
            analysis.new_findings().iter().map(|finding| finding.id.to_string()).collect()
        };
        assert_eq!(ids(&mut asked), ids(&mut silent));
        assert_eq!(asked.revision(), mixed().len() as u64);
    }

    #[test]
    fn a_saved_analysis_goes_on_as_if_it_had_never_stopped() {
        let records: Vec<Record> = crate::testing::everything();
        let whole = |records: &[Record]| {
            let mut analysis = Analysis::new(Settings::default());
            records.iter().for_each(|record| analysis.record(record));
            analysis
        };
        for cut in [0, 1, records.len() / 3, records.len() / 2, records.len()] {
            let (before, after) = records.split_at(cut);
            let mut straight = whole(before);
            let bytes = straight.save().unwrap();
            let mut resumed = Analysis::load(&Settings::default(), &bytes).unwrap();
            assert_eq!(resumed.save().unwrap(), bytes);
            for record in after {
                straight.record(record);
                resumed.record(record);
            }
            assert_eq!(straight.save().unwrap(), resumed.save().unwrap(), "cut at {cut}");
            assert_eq!(straight.finish(), resumed.finish());
            assert_eq!(straight.new_findings(), resumed.new_findings());
        }
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let mut analysis = Analysis::new(Settings::default());
        mixed().iter().for_each(|record| analysis.record(record));
        let bytes = analysis.save().unwrap();
        let refuses = |bytes: &[u8]| Analysis::load(&Settings::default(), bytes).is_err();
        assert!(!refuses(&bytes));
        for position in [0, 5, 20, 40, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[position] ^= 1;
            assert!(refuses(&damaged), "byte {position}");
            assert!(refuses(&bytes[..position]), "cut at {position}");
        }
        assert!(refuses(&[]));
    }

    #[test]
    fn a_finding_has_the_same_id_in_every_run() {
        let id = |at: f64, from: &str, to: &str| {
            let stop = Record::Act(act(at, from, to, "s7comm", Verb::Stop, "plc stop"));
            let mut analysis = Analysis::new(Settings::default());
            analysis.record(&stop);
            let found = analysis.new_findings();
            let judged = analysis.finish().findings;
            let id = found.iter().find(|finding| finding.detector == "controller-stopped").unwrap().id.to_string();
            assert!(judged.iter().any(|ranked| ranked.finding.id == id));
            id
        };
        // Neither the time nor the port of the caller makes another finding of it.
        let first = id(0.0, "10.0.0.9:1024", "10.0.0.7:102");
        assert_eq!(first, id(900.0, "10.0.0.9:1999", "10.0.0.7:102"));
        assert_ne!(first, id(0.0, "10.0.0.9:1024", "10.0.0.8:102"));
        // Outside scripts and the server's tables rely on it: a change here is a change of the contract.
        expect_test::expect!["controller-stopped-d52e3f803b456ea5"].assert_eq(&first);
    }

    #[test]
    fn a_finding_keeps_its_id_when_its_machine_shows_another_address() {
        let mac = |ip: &str| Record::Fact(fact(0.0, ip, "arp", FactKey::Mac, "00:1b:1b:00:00:07"));
        let write = |from: &str, to: &str| Record::Act(act(1.0, from, to, "modbus", Verb::Write, "write single coil"));
        let mut analysis = Analysis::new(Settings::default());
        let id = |analysis: &Analysis| {
            let findings = analysis.finish().findings;
            findings.iter().find(|f| f.finding.detector == "several-masters").map(|f| f.finding.id.to_string())
        };
        [mac("10.0.0.70"), write("10.0.0.8", "10.0.0.70:502"), write("10.0.0.9", "10.0.0.70:502")]
            .iter()
            .for_each(|record| analysis.record(record));
        let before = id(&analysis);
        assert!(before.is_some());
        [mac("10.0.0.7"), write("10.0.0.8", "10.0.0.7:502")].iter().for_each(|record| analysis.record(record));
        assert_eq!(analysis.finish().assets.len(), 3);
        assert_eq!(before, id(&analysis));
    }

    #[test]
    fn a_detector_can_be_silenced() {
        let mut analysis =
            Analysis::new(Settings { disabled: vec!["controller-stopped".into()], ..Settings::default() });
        analysis.record(&Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:102", "s7comm", Verb::Stop, "plc stop")));
        assert!(analysis.finish().findings.iter().all(|ranked| ranked.finding.detector != "controller-stopped"));
    }
}
