//! Zones of small plants made by hand.

use expect_test::expect;
use model::Severity;

use super::*;
use crate::testing::Plant;

fn plant() -> model::Judgement {
    let mut plant = Plant::new();
    plant.machine("PLC-1", "10.0.1.11", "plc", "1").machine("PLC-2", "10.0.1.12", "plc", "1");
    plant.machine("PLC-3", "10.0.2.11", "plc", "1").machine("PLC-4", "10.0.2.12", "plc", "1");
    plant.machine("SIS-1", "10.0.1.90", "safety controller", "1");
    plant.machine("HMI-1", "10.0.1.21", "hmi", "2").machine("HMI-2", "10.0.2.21", "hmi", "2");
    plant.machine("PC-7", "10.9.0.7", "workstation", "4").machine("PC-8", "10.9.0.8", "workstation", "4");
    plant.edge("HMI-1", "PLC-1", "modbus", 502, "read write").edge("HMI-1", "PLC-2", "modbus", 502, "read");
    plant.edge("HMI-2", "PLC-3", "s7comm", 102, "read").edge("HMI-2", "PLC-4", "s7comm", 102, "read write");
    plant.edge("HMI-1", "SIS-1", "modbus", 502, "read").edge("PC-7", "PC-8", "smb", 445, "file");
    plant.edge("PC-7", "HMI-1", "rdp", 3389, "");
    plant.judgement()
}

#[test]
fn cells_become_zones_and_traffic_becomes_conduits() {
    let judgement = plant();
    let plan = propose(&judgement);
    expect![[r##"
        # Zones and conduits (IEC 62443-3-2). Targets: IAC,UC,SI,DC,RDF,TRE,RA.

        zone safety-1 kind=safety level=1 target=3,3,3,1,3,2,3 "safety 1 10.0.1.0/24"
          member ip-10.0.1.90  # SIS-1, safety controller

        zone control-1 kind=control level=1 target=2,2,2,1,2,2,2 "control 1 10.0.1.0/24"
          member ip-10.0.1.11  # PLC-1, plc
          member ip-10.0.1.12  # PLC-2, plc

        zone control-2 kind=control level=1 target=2,2,2,1,2,2,2 "control 2 10.0.2.0/24"
          member ip-10.0.2.11  # PLC-3, plc
          member ip-10.0.2.12  # PLC-4, plc

        zone supervision-1 kind=supervision level=2 target=3,2,2,2,3,2,2 "supervision 1 10.0.1.0/24"
          member ip-10.0.1.21  # HMI-1, hmi

        zone supervision-2 kind=supervision level=2 target=2,2,2,2,2,2,2 "supervision 2 10.0.2.0/24"
          member ip-10.0.2.21  # HMI-2, hmi

        zone business-1 kind=business level=4 target=1,1,1,2,1,1,1 "business 1 10.9.0.0/24"
          member ip-10.9.0.7  # PC-7, workstation
          member ip-10.9.0.8  # PC-8, workstation

        conduit supervision-1 -> safety-1
          allow modbus port=502 verbs=read

        conduit supervision-1 -> control-1
          allow modbus port=502 verbs=read,write

        conduit supervision-2 -> control-2
          allow s7comm port=102 verbs=read,write

        conduit business-1 -> supervision-1
          allow rdp port=3389
    "##]]
    .assert_eq(&write(&plan, Some(&judgement)));
    assert_eq!(violations(&plan, &judgement), []);
    assert_eq!(propose(&judgement), plan);
}

#[test]
fn the_steps_of_the_standard_are_answered() {
    let judgement = plant();
    let lines: Vec<String> = steps(&propose(&judgement), &judgement)
        .iter()
        .map(|step| {
            format!(
                "{} {}: {}\n",
                step.id,
                step.verdict,
                step.evidence.iter().map(|said| said.en.as_str()).collect::<Vec<_>>().join(" | ")
            )
        })
        .collect();
    expect![[r#"
        ZCR 3.1 met: every machine seen has a zone
        ZCR 3.2 not met: passes directly: PC-7 → HMI-1 (rdp)
        ZCR 3.3 not met: safety controllers share subnets with others: 10.0.1.0/24 | reached by: HMI-1 → SIS-1 (modbus)
        ZCR 3.4 met: no computer that comes and goes was seen to reach control systems
        ZCR 3.5 unknown: no wireless device was recognised; behind a switch they look like others
        ZCR 3.6 met: nothing passes directly between control systems and outside
    "#]]
    .assert_eq(&lines.concat());
}

#[test]
fn a_plan_written_is_read_back_as_text_and_as_json() {
    let judgement = plant();
    let mut plan = propose(&judgement);
    plan.zones.iter_mut().for_each(|zone| zone.reasons.clear());
    assert_eq!(parse(&write(&plan, Some(&judgement))), Ok(plan.clone()));
    assert_eq!(parse(&serde_json::to_string_pretty(&propose(&judgement)).unwrap()), Ok(plan));
}

#[test]
fn what_no_conduit_allows_is_a_finding() {
    let judgement = plant();
    let plan = parse(
        "zone cell kind=control target=2,2,2,1,2,2,2\n member 10.0.1.0/24\n member 10.0.2.0/24\n member 10.7.0.0/16\n\
         zone safety kind=safety \"SIS\"\n member SIS-1\nzone office kind=business\n member 10.9.0.0/16\n\
         conduit cell -> safety\n allow modbus port=503\n",
    )
    .unwrap();
    let lines: Vec<String> = violations(&plan, &judgement)
        .iter()
        .map(|ranked| {
            let said: Vec<&str> = ranked.finding.evidence.iter().map(|said| said.en.as_str()).collect();
            format!("{} {}\n", ranked.finding.severity, said.join(", "))
        })
        .collect();
    expect![[r#"
        high from zone cell to zone safety, modbus on port 502, which is not allowed
        medium from zone office to zone cell, rdp: there is no conduit this way
    "#]]
    .assert_eq(&lines.concat());
    assert_eq!(place(&plan, &judgement).absent, [("cell".into(), "10.7.0.0/16".into())]);
    assert!(violations(&plan, &judgement).iter().all(|ranked| ranked.finding.severity < Severity::Critical));
}

#[test]
fn a_wrong_plan_is_refused_with_its_line() {
    let refused: Vec<String> = [
        "zone a kind=control\nmember\n",
        "member x\n",
        "zone a\n",
        "zone a kind=castle\n",
        "zone a kind=control target=1,2\n",
        "zone a kind=control target=1,2,3,4,5,6,7\n",
        "zone a kind=control\nconduit a -> b\n",
        "zone a kind=control\nzone a kind=control\n",
        "zone a kind=control\nconduit a -> a\nallow modbus verbs=dance\n",
        "hello\n",
        "{\"zones\": [], \"conduits\": 3}",
        "{\"zones\": [{\"id\": \"a\"}]}",
    ]
    .iter()
    .map(|text| format!("{}\n", parse(text).unwrap_err()))
    .collect();
    expect![[r#"
        line 2: write `member MACHINE`
        line 1: a member stands below a zone
        line 1: a zone needs kind=
        line 1: `castle` is no kind of zone; there are safety, control, supervision, operations, border, business, wireless, temporary, external
        line 1: a target has seven levels: IAC,UC,SI,DC,RDF,TRE,RA
        line 1: zone `a`: security levels go from 0 to 4
        line 1: conduit a -> b: no zone is called `b`
        line 1: two zones are called `a`
        line 3: `dance` is no verb
        line 1: `hello`: a line begins with zone, member, conduit or allow
        line 1: invalid type: integer `3`, expected a sequence at line 1 column 27
        line 1: missing field `kind` at line 1 column 22
    "#]].assert_eq(&refused.concat());
}
