//! Judgements made by hand, for tests.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use model::{
    Address, Asset, Attribute, Behind, Blindness, BlindnessKind, Capability, Claim, Confidence, Criticality,
    Descriptor, Edge, Exposure, FactKey, Field, Finding, Importance, Interface, Judgement, Level, Mac, Network, Part,
    Phrase, ProtocolUse, Purdue, RankedFinding, Role, RoleClaim, Service, Severity, Text, Time, Verb, said,
};

use crate::{ProtocolCount, Run};

pub(crate) const SCRIPT_NAME: &str = "<script>alert('x')</script>\"&";

fn at(seconds: i64) -> Time {
    Time::from_seconds(1_772_433_000 + seconds, 0)
}

pub(crate) fn asset(number: u32, name: &str, role: Role, level: Purdue) -> Asset {
    let [_, b, c, d] = number.to_be_bytes();
    let ip = IpAddr::V4(Ipv4Addr::new(10, b, c, d));
    Asset {
        id: Text::from(format!("mac-{number:012x}")),
        name: Text::from(name),
        names: vec![Text::from(name)],
        interfaces: vec![Interface {
            mac: Some(Mac([0, 0x1b, 0x1b, b, c, d])),
            maker: Some("Siemens AG".into()),
            ips: vec![ip],
            vlans: vec![20],
        }],
        attributes: vec![attribute(FactKey::Firmware, &["V3.2.1", "V3.2.0"]), attribute(FactKey::Serial, &["S C-1"])],
        modules: vec![Part {
            behind: Behind::Slot { rack: 0, slot: 2 },
            protocol: "s7comm".into(),
            attributes: vec![attribute(FactKey::OrderNumber, &["6ES7 315-2EH14-0AB0"])],
            acts: 12,
            changes: 1,
            has_answered: true,
            first: at(0),
            last: at(60),
        }],
        behind: Vec::new(),
        services: vec![Service {
            protocol: "s7comm".into(),
            is_guess: false,
            transport: "tcp".into(),
            port: Some(102),
            partners: vec!["mac-000000000001".into()],
            partner_count: 1,
            conversations: 3,
            first: at(0),
            last: at(60),
        }],
        uses: Vec::new(),
        roles: vec![RoleClaim {
            role,
            confidence: Confidence::Likely,
            reasons: vec![said!("it answers S7 on port 102", "il répond en S7 sur le port 102")],
        }],
        purdue: Level { level, reasons: vec![said!("its role", "son rôle")] },
        criticality: Criticality { importance: Importance::High, reasons: vec![said!("it controls", "il commande")] },
        fields: vec![
            Field { name: "manufacturer", value: Some("Siemens".into()), is_proposal: false, needs_people: false },
            Field { name: "asset number", value: None, is_proposal: false, needs_people: true },
        ],
        known: 1,
        users: Vec::new(),
        credentials: Vec::new(),
        os: None,
        is_remote: false,
        is_external: false,
        is_hearsay: false,
        first: at(0),
        last: at(1800),
        packets_sent: 1234,
        packets_received: 1200,
        bytes_sent: 99_000,
        bytes_received: 88_000,
        acts_asked: 0,
        acts_received: 600,
    }
}

fn attribute(key: FactKey, values: &[&str]) -> Attribute {
    let claim = |value: &&str| Claim {
        value: Text::from(*value),
        protocol: "s7comm".into(),
        source: "szl 0x0011".into(),
        confidence: Confidence::Certain,
        first: at(1),
        last: at(9),
        count: 3,
    };
    Attribute {
        key,
        value: Text::from(values[0]),
        is_disputed: values.len() > 1,
        claims: values.iter().map(claim).collect(),
    }
}

pub(crate) const STOPPED: Descriptor = Descriptor {
    id: "controller-stopped",
    title: Phrase { en: "A controller was told to stop", fr: "Un automate a reçu l'ordre de s'arrêter" },
    severity: Severity::High,
    techniques: &[("T0858", "Change Operating Mode")],
    requirements: &["SR 2.1"],
    meaning: Phrase { en: "The process goes on without control.", fr: "Le procédé continue sans contrôle." },
    action: Phrase { en: "Ask who did it.", fr: "Demander qui l'a fait." },
    caution: Phrase { en: "Do not start it from remote.", fr: "Ne pas le redémarrer à distance." },
    covers: &[],
    thresholds: Phrase { en: "", fr: "" },
};

fn edge(from: &Asset, to: &Asset, verbs: Vec<(Verb, u64)>) -> Edge {
    Edge {
        from: from.id.clone(),
        to: to.id.clone(),
        is_group: false,
        protocol: "s7comm".into(),
        is_guess: false,
        ports: vec![102],
        acts: verbs.iter().map(|(_, count)| count).sum(),
        verbs,
        refused: 0,
        unanswered: 2,
        conversations: 3,
        packets: 2434,
        bytes: 187_000,
        first: at(0),
        last: at(1800),
    }
}

/// A station with a hostile name, and a controller that it stops.
pub(crate) fn small() -> Judgement {
    let station = asset(1, SCRIPT_NAME, Role::EngineeringStation, Purdue::Supervision);
    let controller = asset(2, "=INTAKE", Role::Plc, Purdue::Control);
    let mut outside = asset(3, "198.51.100.7", Role::InternetHost, Purdue::Outside);
    outside.is_external = true;
    let address = |asset: &Asset, port| Address {
        mac: asset.interfaces[0].mac,
        ip: Some(asset.interfaces[0].ips[0]),
        port,
        vlan: Some(20),
    };
    let finding = Finding {
        id: "controller-stopped-9f86d081884c7d65".into(),
        detector: Cow::Borrowed(STOPPED.id),
        title: STOPPED.title.en.into(),
        severity: Severity::High,
        first: at(100),
        last: at(100),
        count: 1,
        from: Some(address(&station, None)),
        to: Some(address(&controller, Some(102))),
        behind: Behind::Slot { rack: 0, slot: 2 },
        protocol: Cow::Borrowed("s7comm"),
        evidence: vec![said!(
            "s7comm plc stop of <img src=x onerror=alert(1)>: done",
            "s7comm plc stop de <img src=x onerror=alert(1)> : fait"
        )],
        flow: None,
    };
    Judgement {
        first: Some(at(0)),
        last: Some(at(1800)),
        edges: vec![
            edge(&station, &controller, vec![(Verb::Read, 600), (Verb::Stop, 1)]),
            edge(&station, &outside, vec![(Verb::Read, 2)]),
        ],
        protocols: vec![ProtocolUse {
            protocol: "s7comm".into(),
            acts: 601,
            messages: 1202,
            conversations: 3,
            packets: 2434,
            bytes: 187_000,
            malformed: 0,
            machines: 2,
            verbs: vec![(Verb::Read, 600), (Verb::Stop, 1)],
        }],
        networks: vec![Network {
            prefix: "10.0.0.0/24".into(),
            vlans: vec![20],
            machines: 2,
            controllers: 1,
            is_remote: false,
            is_external: false,
        }],
        findings: vec![RankedFinding {
            from_asset: Some(station.id.clone()),
            to_asset: Some(controller.id.clone()),
            finding,
        }],
        explanations: vec![STOPPED],
        sight: vec![Blindness {
            kind: BlindnessKind::Duration,
            severity: Severity::Medium,
            what: said!("the capture covers 30 min", "la capture couvre 30 min"),
            remedy: said!("capture for a week", "capturer une semaine"),
            count: 1,
            examples: vec![controller.id.clone()],
        }],
        surface: vec![Exposure {
            asset: controller.id.clone(),
            name: controller.name.clone(),
            protocol: "s7comm".into(),
            port: Some(102),
            transport: "tcp".into(),
            score: 70,
            reasons: vec![(30, said!("it obeys anyone", "il obéit à quiconque"))],
            reached_from: vec![station.id.clone()],
            reached_count: 1,
        }],
        capabilities: vec![Capability {
            verb: Verb::Stop,
            sentence: said!("any machine in 10.0.0.0/24 can stop it", "toute machine de 10.0.0.0/24 peut l'arrêter"),
            severity: Severity::High,
            asset: controller.id.clone(),
            protocol: "s7comm".into(),
            seen: 1,
            by: vec![station.id.clone()],
        }],
        assets: vec![station, controller, outside],
        ..Judgement::default()
    }
}

/// A plant of `count` machines on many subnets, each with all that `asset` gives.
pub(crate) fn large(count: u32) -> Judgement {
    let assets: Vec<Asset> = (0..count)
        .map(|number| {
            let (role, level) = match number % 10 {
                0 => (Role::Hmi, Purdue::Supervision),
                1 => (Role::Workstation, Purdue::Enterprise),
                2 => (Role::Unknown, Purdue::Unknown),
                3 => (Role::RemoteIo, Purdue::Process),
                _ => (Role::Plc, Purdue::Control),
            };
            asset(1 + number * 7, &format!("MACHINE-{number}"), role, level)
        })
        .collect();
    let edges = (0..assets.len())
        .flat_map(|number| {
            let partners = [number / 10 * 10, number / 100 * 100];
            partners.into_iter().filter(move |partner| *partner != number).map(move |partner| (number, partner))
        })
        .map(|(number, partner)| {
            let verbs = vec![(Verb::Read, 100), (if number % 5 == 0 { Verb::Write } else { Verb::Browse }, 1)];
            edge(&assets[partner], &assets[number], verbs)
        })
        .collect();
    Judgement { first: Some(at(0)), last: Some(at(3600)), assets, edges, ..Judgement::default() }
}

pub(crate) fn run() -> Run {
    Run {
        inputs: vec!["plant.pcap".into()],
        files: 1,
        packets: 2434,
        bytes: 187_000,
        seconds: 0.05,
        protocols: vec![ProtocolCount {
            id: "s7comm".into(),
            title: "S7 communication".into(),
            messages: 1202,
            acts: 601,
            malformed: 0,
        }],
        conversations: 3,
        version: "0.0.0".into(),
        ..Run::default()
    }
}
