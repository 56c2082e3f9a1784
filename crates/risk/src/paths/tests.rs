//! Attack paths over small plants made by hand.

use expect_test::expect;
use model::Language;

use super::*;
use crate::testing::Plant;

fn plant() -> model::Judgement {
    let mut plant = Plant::new();
    plant.machine("PLC-1", "10.0.1.11", "plc", "1").machine("SIS-1", "10.0.2.90", "safety controller", "1");
    plant.machine("HMI-1", "10.0.1.21", "hmi", "2").machine("ENG-1", "10.0.1.31", "engineering station", "2");
    plant.machine("PC-7", "10.9.0.7", "workstation", "4").machine("web", "93.184.216.34", "internet host", "5");
    plant.edge("HMI-1", "PLC-1", "modbus", 502, "read write").edge("ENG-1", "PLC-1", "s7comm", 102, "read program");
    plant
        .edge("HMI-1", "SIS-1", "modbus", 502, "read")
        .edge("PC-7", "HMI-1", "rdp", 3389, "")
        .edge("PC-7", "web", "tls", 443, "");
    plant.judgement()
}

#[test]
fn paths_choke_points_and_fixes() {
    let answer = find(&plant(), &Known::default());
    expect![[r#"
        Entries
          Internet: 1 way through which the Internet comes in: services reached from outside, machines that use web or mail
          office: 1 machine of the office
          vendor access: 0 ways of remote access that were seen in use
          removable laptop or memory stick: 3 ways where a laptop or a memory stick can be brought in: engineering stations, subnets with controllers

        What is at stake (2)
           16 %  critical  SIS-1
           24 %  high      PLC-1

        Best paths
          removable laptop or memory stick → SIS-1: 9 %
            1. plug a laptop into 10.0.2.0/24 [T0864 Transient Cyber Asset; possible: same subnet]
            2. command SIS-1 by modbus, without a password (only reads were seen) [T0855 Unauthorized Command Message; possible: same subnet]
          removable laptop or memory stick → PLC-1: 14 %
            1. bring a memory stick to ENG-1 [T0847 Replication Through Removable Media; possible: same subnet]
            2. load another program into PLC-1 by s7comm, without a password [T0843 Program Download; seen]
          office → SIS-1: 5 %
            1. PC-7, a computer of the office, is in wrong hands [T0865 Spearphishing Attachment; seen]
            2. log in to HMI-1 by rdp with a stolen or guessed account [T0886 Remote Services; seen]
            3. command SIS-1 by modbus, without a password (only reads were seen) [T0855 Unauthorized Command Message; seen]
          office → PLC-1: 8 %
            1. PC-7, a computer of the office, is in wrong hands [T0865 Spearphishing Attachment; seen]
            2. change set points of PLC-1 by modbus, without a password [T0836 Modify Parameter; a guess]
          Internet → SIS-1: 3 %
            1. deceive who uses web or mail on PC-7 [T0865 Spearphishing Attachment; seen]
            2. log in to HMI-1 by rdp with a stolen or guessed account [T0886 Remote Services; seen]
            3. command SIS-1 by modbus, without a password (only reads were seen) [T0855 Unauthorized Command Message; seen]
          Internet → PLC-1: 5 %
            1. deceive who uses web or mail on PC-7 [T0865 Spearphishing Attachment; seen]
            2. change set points of PLC-1 by modbus, without a password [T0836 Modify Parameter; a guess]

        Choke points
           49 %  the machine PC-7
           28 %  the machine HMI-1
           28 %  rdp of HMI-1
           22 %  the machine ENG-1

        Risk: 2.8
          1. harden rdp of HMI-1: own passwords, current version, nothing in clear, or a rule before it: 2.8 → 2.2 (−23 %)
          2. let only the machines seen using them reach the industrial services of 10.0.2.0/24: 2.2 → 1.4 (−28 %)
          3. let only the machines seen using them reach the industrial services of 10.0.1.0/24: 1.4 → 0.9 (−17 %)

        Limits
          no configuration of a firewall or router was given: ways between subnets are guessed from the subnets that talk
          no list of vulnerabilities was given: only weaknesses seen in the traffic count
          likelihoods are weights that order paths, not measured frequencies; services that nobody used while this was recorded are missing
    "#]].assert_eq(&say(&answer, Language::En));
    assert!(answer.fixes.windows(2).all(|pair| pair[0].after == pair[1].before));
    assert_eq!(find(&plant(), &Known::default()), answer);
}

#[test]
fn what_a_configuration_allows_is_no_guess_and_what_it_forbids_is_no_way() {
    let way = |reach: Option<Vec<Allowed>>| {
        let answer = find(&plant(), &Known { reach, ..Known::default() });
        let hops = answer.paths.iter().flat_map(|path| &path.steps);
        let mut found: Vec<Basis> = hops.map(|hop| hop.basis).collect();
        found.sort();
        found.dedup();
        found
    };
    assert_eq!(way(None), [Basis::Observed, Basis::Possible, Basis::Guess]);
    assert_eq!(way(Some(Vec::new())), [Basis::Observed, Basis::Possible]);
    let allowed = Allowed { from: "10.9.0.0/24".into(), to: "10.0.1.11".into(), ports: vec![(500, 510)] };
    assert_eq!(way(Some(vec![allowed])), [Basis::Observed, Basis::Declared, Basis::Possible]);
}

#[test]
fn a_weak_point_makes_a_path_likelier() {
    let likelihood = |weak: Vec<WeakPoint>| {
        let answer = find(&plant(), &Known { weak, reach: Some(Vec::new()) });
        answer.paths.iter().filter(|path| path.entry == Entry::Office).map(|path| path.likelihood).fold(0.0, f64::max)
    };
    let weak =
        WeakPoint { asset: "HMI-1".into(), protocol: "rdp".into(), name: "CVE-2019-0708".into(), likelihood: 0.9 };
    assert!(likelihood(vec![weak]) > 2.0 * likelihood(Vec::new()));
}

#[test]
fn nothing_seen_gives_no_path() {
    let answer = find(&model::Judgement::default(), &Known::default());
    assert_eq!((answer.paths.len(), answer.risk, answer.fixes.len()), (0, 0.0, 0));
}
