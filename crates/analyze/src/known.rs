//! What is known to be bad, beside the detectors: rules over single records, and indicators of others.

use model::{Record, Said, Text, said};
use rules::indicators::INDICATOR;
use rules::{Indicators, Matcher};
use std::sync::Arc;

use crate::analysis::Settings;
use crate::detector::{Hit, Hits, tell, tell_fact};
use crate::detectors::DETECTORS;
use crate::findings::Findings;

/// Rules and indicators at work.
pub(crate) struct Known {
    matcher: Matcher,
    indicators: Arc<Indicators>,
}

impl Known {
    /// Those of `settings`. A rule that says what a detector says works only where that detector is silent.
    pub(crate) fn new(settings: &Settings) -> Known {
        let is_off = |id: &str| settings.disabled.iter().any(|disabled| disabled == id);
        let works = |id: &String| DETECTORS.iter().any(|detector| detector.about.id == id) && !is_off(id);
        let indicators = if is_off(INDICATOR.id) { Arc::default() } else { settings.indicators.clone() };
        Known {
            matcher: Matcher::new(&settings.rules, |rule| !is_off(rule.about.id) && !rule.covered_by.iter().any(works)),
            indicators,
        }
    }

    /// Adds what they find in `record`.
    #[inline]
    pub(crate) fn judge(&self, record: &Record, findings: &mut Findings) {
        self.matcher.judge(record, |rule| {
            if let Some(hit) = hit_of(record) {
                Hits { findings: &mut *findings, about: rule.about }.push(hit);
            }
        });
        if !self.indicators.is_empty() {
            self.indicators.look(record, |indicator, end, what| {
                let Some(hit) = hit_of(record) else { return };
                let about = match indicator.about.as_str() {
                    "" => String::new(),
                    about => format!(" ({about})"),
                };
                let evidence = said!(
                    "{what} is on the list {source}{about} as {kind} {value}",
                    "{what} figure sur la liste {source}{about} : {kind} {value}",
                    what = what,
                    source = indicator.source,
                    about = about,
                    kind = indicator.kind,
                    value = indicator.value
                );
                let hit = Hit {
                    evidence,
                    // What is on the list is the other end, where it has an address.
                    to: hit.to.or(end),
                    ..hit
                };
                let topic = format!("{} {} {}", indicator.source, indicator.kind, indicator.value);
                Hits { findings: &mut *findings, about: &INDICATOR }.push(hit.topic(topic));
            });
        }
    }
}

/// A hit on `record` with what it says for evidence.
fn hit_of(record: &Record) -> Option<Hit> {
    Some(match record {
        Record::Act(act) => Hit::of_act(act, tell(act)),
        Record::Fact(fact) => Hit::of_fact(fact, tell_fact(fact)),
        Record::Conversation(talk) => {
            let text = format!(
                "{} {} → {}: {} bytes sent, {} received, {}",
                if talk.protocol.is_empty() { "?" } else { talk.protocol.as_ref() },
                talk.from,
                talk.to,
                talk.sent.bytes,
                talk.received.bytes,
                talk.state
            );
            Hit::of_conversation(talk, Text::from(text))
        }
        Record::Event(event) => {
            let mut who = String::new();
            for (name, value) in [("host", &event.host), ("user", &event.user), ("id", &event.code)] {
                if !value.is_empty() {
                    who.push_str(&format!(", {name} {value}"));
                }
            }
            let product = if event.product.is_empty() { event.source.as_ref() } else { event.product.as_str() };
            let evidence = Text::from(format!("{product}{who}: {}", event.message));
            Hit {
                from: event.from,
                to: event.to,
                // Events without addresses are told apart by the machine that logged them.
                topic: event.host.clone(),
                ..Hit::at(event.at, evidence)
            }
        }
        Record::Health(health) => Hit {
            protocol: health.protocol.clone(),
            flow: health.flow,
            ..Hit::at(health.at, Said::from(health.detail.clone()))
        },
        Record::Sample(_) | Record::Finding(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use model::{Record, Verb};

    use crate::testing::{ActExt, act};
    use crate::{Analysis, Settings};

    fn found(settings: &Settings, records: &[Record]) -> Vec<String> {
        let mut analysis = Analysis::new(settings.clone());
        records.iter().for_each(|record| analysis.record(record));
        let state = analysis.save().unwrap();
        let mut again = Analysis::load(settings, &state).unwrap();
        assert_eq!(again.save().unwrap(), state);
        again.record(&records[0]);
        let judgement = analysis.finish();
        for ranked in &judgement.findings {
            let id = ranked.finding.detector.as_ref();
            assert!(judgement.explanations.iter().any(|about| about.id == id), "{id} is not explained");
        }
        judgement
            .findings
            .iter()
            .map(|ranked| format!("{} ×{}", ranked.finding.detector, ranked.finding.count))
            .collect()
    }

    fn stop() -> Record {
        Record::Act(act(0.0, "10.0.0.9", "10.0.0.7:20000", "dnp3", Verb::Stop, "stop application").code(18))
    }

    #[test]
    fn a_rule_finds_once_and_counts() {
        let delete = |at| Record::Act(act(at, "10.0.0.9", "10.0.0.7:102", "mms", Verb::File, "file delete").code(76));
        assert_eq!(found(&Settings::shipped(), &[delete(0.0), delete(5.0)]), ["rule-mms-file-deleted ×2"]);
    }

    #[test]
    fn a_rule_that_says_what_a_detector_says_is_silent_while_it_works() {
        assert_eq!(found(&Settings::shipped(), &[stop()]), ["controller-stopped ×1"]);
        let without = Settings { disabled: vec!["controller-stopped".into()], ..Settings::shipped() };
        assert_eq!(found(&without, &[stop()]), ["rule-dnp3-application-stopped ×1"]);
    }

    #[test]
    fn an_indicator_is_found_with_its_source() {
        let mut indicators = rules::Indicators::default();
        indicators.add("198.51.100.7", "bad.txt").unwrap();
        let settings = Settings { indicators: indicators.into(), ..Settings::default() };
        let talk = crate::testing::conversation(0.0, "10.0.0.1", "198.51.100.7:443", "tls", model::State::Closed);
        let found = found(&settings, &[Record::Conversation(talk)]);
        assert!(found.contains(&"indicator-match ×1".to_owned()), "{found:?}");
    }

    #[test]
    fn rules_name_detectors_that_are_there() {
        for rule in rules::shipped().rules() {
            for id in &rule.covered_by {
                assert!(crate::detectors::DETECTORS.iter().any(|d| d.about.id == id), "{}: {id}", rule.about.id);
            }
        }
    }
}
