//! Every shipped rule is shown records: what must fire it, and near misses that must not.

use std::fmt::Write;

use expect_test::expect;

use crate::shipped::FILES;
use crate::{Indicators, Matcher, RuleSet, example, shipped};

#[test]
fn every_shipped_rule_can_be_read() {
    let mut set = RuleSet::default();
    let bad: Vec<String> =
        FILES.iter().flat_map(|(file, text)| set.add(text, file)).map(|bad| bad.to_string()).collect();
    assert_eq!(bad, Vec::<String>::new());
    let own = set.rules().iter().filter(|rule| rule.covered_by.is_empty()).count();
    assert!(own >= 80, "{own} rules that say something new");
}

#[test]
fn every_shipped_rule_fires_and_has_a_near_miss() {
    let mut wrong = Vec::new();
    for rule in shipped().rules() {
        let id = rule.about.id;
        if rule.examples.0.is_empty() || rule.examples.1.is_empty() {
            wrong.push(format!("{id}: needs a record that fires it and a near miss"));
        }
        wrong.extend(rule.try_examples().into_iter().map(|fault| format!("{id}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_shipped_rule_says_everything_in_both_languages() {
    for rule in shipped().rules() {
        let about = rule.about;
        assert!(!about.techniques.is_empty() && !about.requirements.is_empty(), "{}", about.id);
        assert!(!rule.false_positives.is_empty(), "{}", about.id);
        for phrase in [about.title, about.meaning, about.action, about.caution] {
            assert!(phrase.en.len() > 10 && phrase.fr.len() > 10, "{}", about.id);
            assert_ne!(phrase.en, phrase.fr, "{}", about.id);
        }
    }
}

#[test]
fn the_index_finds_what_each_rule_finds_alone() {
    let set = shipped();
    let matcher = Matcher::new(&set, |_| true);
    for rule in set.rules() {
        for fields in &rule.examples.0 {
            let record = example::record_of(rule.kind, fields).unwrap();
            let (mut found, mut alone) = (Vec::new(), Vec::new());
            matcher.judge(&record, |rule| found.push(rule.about.id));
            set.rules().iter().filter(|rule| rule.fires(&record)).for_each(|rule| alone.push(rule.about.id));
            found.sort_unstable();
            alone.sort_unstable();
            assert_eq!(found, alone, "{fields:?}");
        }
    }
}

#[test]
fn a_bad_rule_is_told_with_file_and_line_and_the_others_are_kept() {
    let text = "title: one
id: a-1
logsource: { product: vigie, category: act }
detection:
  selection: { act.verb: stop }
  condition: selection
---
title: two
id: a-2
logsource: { product: vigie, category: act }
detection:
  selection: { verbb: stop }
  condition: selection
---
title: three
id: a-3
logsource: { product: vigie, category: nothing }
detection: { selection: { verb: stop }, condition: selection }
---
title: [four
---
title: five
id: a-5
logsource: { product: vigie, category: act }
detection: { selection: { verb: stop }, condition: selection and other }
---
title: six
id: a-1
logsource: { product: windows, service: security }
detection: { selection: { EventID: 4625 }, condition: selection }
---
title: seven
id: a-7
logsource: { product: windows, service: security }
detection: { selection: { EventID: 4625 }, condition: selection }
";
    let mut set = RuleSet::default();
    let mut told = String::new();
    for bad in set.add(text, "mine.yml") {
        let _ = writeln!(told, "{bad}");
    }
    expect![[r#"
        mine.yml:12: records of kind `act` have no field `verbb`
        mine.yml:17: no category `nothing` of product vigie; there are: act, fact, conversation, event, finding, health
        mine.yml:21: not YAML: did not find expected ',' or ']' at line 2 column 1, while parsing a flow sequence at line 1 column 8
        mine.yml:22: Condition references undefined identifiers: '["other"]'
        mine.yml:27: `rule-a-1` is there already, in mine.yml:1
    "#]]
    .assert_eq(&told);
    let kept: Vec<&str> = set.rules().iter().map(|rule| rule.about.id).collect();
    assert_eq!(kept, ["rule-a-1", "rule-a-7"]);
    let logon = |fields: &str| {
        let fields = serde_json::from_str(fields).unwrap();
        set.rules()[1].fires(&example::record_of("event", &fields).unwrap())
    };
    assert!(logon(r#"{"source":"windows","EventID":"4625"}"#));
    assert!(!logon(r#"{"source":"windows","EventID":"4624"}"#));
    assert!(!logon(r#"{"source":"zeek","EventID":"4625"}"#));
}

#[test]
fn records_are_read_back_from_json_lines() {
    let line = r#"{"record":"act","at":"2026-03-02T06:36:18.016069794Z","flow":"1:x","protocol":"modbus","from":{"ip":"10.20.8.21","port":50593},"to":{"ip":"10.20.1.20","port":502},"behind":"unit 1","code":16,"name":"write multiple registers","verb":"write","object":"holding 0-122","values":[{"object":"holding 0","value":7}],"outcome":"done","latency_us":4468.471,"count":1}"#;
    let (kind, fields) = example::fields_of_json(line).unwrap();
    let record = example::record_of(&kind, &fields).unwrap();
    let mut found = Vec::new();
    Matcher::new(&shipped(), |_| true).judge(&record, |rule| found.push(rule.about.id));
    assert_eq!(found, ["rule-modbus-many-registers-written"]);
}

/// The indicators of `text` that the record of `kind` with `fields` shows.
fn seen(text: &str, kind: &str, fields: &str) -> Vec<String> {
    let mut indicators = Indicators::default();
    indicators.add(text, "list.txt").unwrap();
    let record = example::record_of(kind, &serde_json::from_str(fields).unwrap()).unwrap();
    let mut found = Vec::new();
    indicators.look(&record, |indicator, _, what| {
        found.push(format!(
            "{} {} ({}, {}) by {what}",
            indicator.kind, indicator.value, indicator.source, indicator.about
        ));
    });
    found
}

const TALK: &str = r#"{"at":"2026-03-02T06:00:00Z","from_ip":"10.0.0.1","to_ip":"198.51.100.7","to_port":443}"#;

#[test]
fn indicators_of_csv() {
    let plain = "# a list\n198.51.100.7\nbad.example\n";
    assert_eq!(seen(plain, "conversation", TALK), ["address 198.51.100.7 (list.txt, ) by 198.51.100.7"]);
    let named =
        "type,value,source,about,until\nip,198.51.100.0/24,CERT,C2,2026-06-01\nip,198.51.100.7,CERT,old,2026-01-01\n";
    assert_eq!(seen(named, "conversation", TALK), ["network 198.51.100.0/24 (CERT, C2) by 198.51.100.7"]);
    let query =
        r#"{"at":"2026-03-02T06:00:00Z","protocol":"dns","verb":"browse","name":"query a","object":"a.bad.example"}"#;
    assert_eq!(seen(plain, "act", query), ["domain bad.example (list.txt, ) by a.bad.example"]);
    let other = query.replace("a.bad.example", "notbad.example");
    assert_eq!(seen(plain, "act", &other), Vec::<String>::new());
    let hello = r#"{"at":"2026-03-02T06:00:00Z","key":"fingerprint","protocol":"tls","value":"ja3=0123456789abcdef0123456789abcdef","from_ip":"10.0.0.1"}"#;
    let hashes = "type,value\nja3,0123456789ABCDEF0123456789abcdef\n";
    assert_eq!(seen(hashes, "fact", hello).len(), 1);
}

#[test]
fn indicators_of_stix_and_misp() {
    let stix = r#"{"type":"bundle","id":"bundle--1","objects":[
        {"type":"identity","id":"identity--1","name":"Example CERT"},
        {"type":"indicator","id":"indicator--1","name":"C2 server","pattern_type":"stix","created_by_ref":"identity--1",
         "pattern":"[ipv4-addr:value = '198.51.100.7']","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-04-01T00:00:00Z"},
        {"type":"indicator","id":"indicator--2","name":"not yet","pattern":"[ipv4-addr:value = '198.51.100.7']","valid_from":"2026-05-01T00:00:00Z"},
        {"type":"indicator","id":"indicator--3","name":"withdrawn","revoked":true,"pattern":"[ipv4-addr:value = '198.51.100.7']","valid_from":"2026-01-01T00:00:00Z"}]}"#;
    assert_eq!(seen(stix, "conversation", TALK), ["address 198.51.100.7 (Example CERT, C2 server) by 198.51.100.7"]);
    let misp = r#"{"Event":{"info":"Campaign X","Attribute":[
        {"type":"ip-dst|port","value":"198.51.100.7|443","to_ids":true},{"type":"ip-dst","value":"10.0.0.1","to_ids":false}],
        "Object":[{"name":"file","Attribute":[{"type":"sha256","value":"00","to_ids":true}]}]}}"#;
    assert_eq!(seen(misp, "conversation", TALK), ["address 198.51.100.7 (list.txt, Campaign X) by 198.51.100.7"]);
}

#[test]
fn a_list_that_is_none_is_refused() {
    let refuse = |text: &str| Indicators::default().add(text, "x").unwrap_err();
    assert_eq!(refuse("{}"), "`x` is neither a STIX 2.1 bundle nor a MISP event");
    assert_eq!(refuse("# nothing"), "`x` holds no indicator that a network can show");
    assert!(refuse("{\"a\":").starts_with("`x` is not JSON"));
}
