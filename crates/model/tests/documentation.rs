//! `docs/records.md` names every word that a record may hold.

use model::{Confidence, FactKey, HealthKind, Outcome, SampleOrigin, Severity, State, Verb};

const RECORDS: &str = include_str!("../../../docs/records.md");

fn assert_named(words: impl IntoIterator<Item = &'static str>, set: &str) {
    for word in words {
        assert!(RECORDS.contains(&format!("`{word}`")), "docs/records.md does not name the {set} `{word}`");
    }
}

#[test]
fn every_word_of_records_is_documented() {
    assert_named(Verb::ALL.iter().map(|word| word.as_str()), "verb");
    assert_named(Outcome::ALL.iter().map(|word| word.as_str()), "outcome");
    assert_named(FactKey::ALL.iter().map(|word| word.as_str()), "key");
    assert_named(Confidence::ALL.iter().map(|word| word.as_str()), "confidence");
    assert_named(SampleOrigin::ALL.iter().map(|word| word.as_str()), "origin");
    assert_named(State::ALL.iter().map(|word| word.as_str()), "state");
    assert_named(HealthKind::ALL.iter().map(|word| word.as_str()), "kind of health");
    assert_named(Severity::ALL.iter().map(|word| word.as_str()), "severity");
}

/// The examples are one JSON object a line, with no field that the text around them does not name.
#[test]
fn fields_of_the_examples_are_documented() {
    let mut examples = 0;
    for block in RECORDS.split("```json\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("an example in docs/records.md is JSON");
            for field in record.as_object().expect("a record is an object").keys() {
                assert!(RECORDS.contains(&format!("`{field}`")), "docs/records.md does not name the field `{field}`");
            }
            examples += 1;
        }
    }
    assert!(examples >= 6, "an example of each kind of record");
}
