//! Tests over the whole table of plants: order, sameness, truth, and what tshark and our own decoders say of every frame.

use std::collections::BTreeSet;

use expect_test::expect;
use model::{Frame, HealthKind, LinkType, Record, Time};

use crate::tests::{run, tshark};
use crate::truth::Intent;
use crate::{Attacks, PLANTS, Plan, Truth};

/// A short run of a plant with all that goes wrong there.
fn short(name: &str, minutes: u32) -> (Vec<(Time, Vec<u8>)>, Truth) {
    run(&Plan::new(minutes, 3).with_site(name).unwrap())
}

#[test]
fn every_plant_is_the_same_for_the_same_seed_and_keeps_time_order() {
    for plant in PLANTS {
        let (frames, truth) = short(plant.id, 1);
        assert_eq!((&frames, &truth), (&short(plant.id, 1).0, &short(plant.id, 1).1));
        assert!(frames.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{}", plant.id);
        assert!(frames.iter().all(|(_, bytes)| (60..=1514).contains(&bytes.len())), "{}", plant.id);
    }
}

/// What tshark must not find: bad bytes, bad checksums, errors of any dissector.
const FAULTS: &str = "_ws.malformed || _ws.expert.severity == error || ip.checksum.status == 0 || tcp.checksum.status == 0 \
                      || udp.checksum.status == 0 || icmp.checksum.status == 0";

#[test]
fn tshark_decodes_every_frame_of_every_plant() {
    for plant in PLANTS {
        let (frames, _) = short(plant.id, 3);
        if let Some(lines) = tshark(&frames, &["-Y", FAULTS]) {
            assert_eq!(lines, Vec::<String>::new(), "{}", plant.id);
        }
    }
}

/// What our decoders make of the frames: records, and the ids of the protocols that they found.
fn decoded(frames: &[(Time, Vec<u8>)], is_rolled_up: bool) -> (BTreeSet<&'static str>, Vec<Record>) {
    let mut pipeline = decode::Pipeline::new(decode::Options { is_rolled_up }, 1);
    let mut records = Vec::new();
    let mut tell = |record: &Record| records.push(record.clone());
    let frames: Vec<Frame<'_>> = frames
        .iter()
        .enumerate()
        .map(|(index, (at, bytes))| Frame {
            at: *at,
            link: LinkType::ETHERNET,
            bytes,
            wire_len: bytes.len() as u32,
            number: index as u64 + 1,
        })
        .collect();
    pipeline.chunk(&frames, || {}, &mut tell);
    let totals = pipeline.finish(&mut tell);
    (totals.protocols.keys().copied().collect(), records)
}

/// What could not be read.
fn faults(records: &[Record]) -> Vec<String> {
    let mut faults = Vec::new();
    for record in records {
        if let Record::Health(health) = record
            // Whoever stands between two machines is seen twice, and a remote desktop is not to be read.
            && !matches!(health.kind, HealthKind::Duplicate | HealthKind::Encrypted)
        {
            faults.push(format!("{:?} {} {} {}", health.kind, health.protocol, health.count, health.detail));
        }
    }
    faults
}

#[test]
fn our_decoders_read_every_frame_of_every_plant() {
    let mut industrial = BTreeSet::new();
    for plant in PLANTS {
        let (frames, _) = short(plant.id, 3);
        let (protocols, records) = decoded(&frames, true);
        assert_eq!(faults(&records), Vec::<String>::new(), "{}", plant.id);
        industrial.extend(protocols);
    }
    for id in INDUSTRIAL {
        assert!(industrial.contains(id), "{id} is missing in {industrial:?}");
    }
}

/// Industrial protocols that the plants speak.
const INDUSTRIAL: &[&str] = &[
    "modbus",
    "s7comm",
    "enip",
    "dnp3",
    "bacnet",
    "mqtt",
    "iec104",
    "goose",
    "mms",
    "opcua",
    "profinet-rt",
    "profinet-dcp",
    "profinet-cm",
];

#[test]
fn the_truth_points_at_packets_of_those_who_did_it() {
    for plant in PLANTS {
        let (frames, truth) = short(plant.id, 5);
        let ids: BTreeSet<&str> = truth.deeds.iter().map(|deed| deed.id).collect();
        for attack in plant.attacks {
            assert!(ids.contains(attack.id), "{} is missing", attack.id);
        }
        for routine in plant.routines {
            assert!(ids.contains(routine.id), "{} is missing", routine.id);
        }
        for deed in &truth.deeds {
            let number = deed.packet.unwrap_or_else(|| panic!("{deed:?} has no packet"));
            let (at, frame) = &frames[number as usize - 1];
            assert_eq!(*at, deed.first, "{deed:?}");
            let host = plant.hosts.iter().find(|host| host.ip == deed.from).unwrap();
            assert!(
                frame[6..12] == host.mac.0 || frame.windows(4).any(|bytes| bytes == host.ip.octets()),
                "{deed:?} {frame:02x?}"
            );
            assert!(deed.first <= deed.last, "{deed:?}");
            assert!(deed.intent == Intent::Maintenance || !deed.techniques.is_empty(), "{deed:?}");
            assert_eq!(deed.intent == Intent::Attack, plant.attacks.iter().any(|attack| attack.id == deed.id));
        }
    }
}

#[test]
fn attacks_can_be_chosen_and_left_out() {
    for plant in PLANTS {
        let plan = Plan::new(1, 3).with_site(plant.id).unwrap();
        let (_, truth) = run(&Plan { attacks: Attacks::None, ..plan.clone() });
        assert!(truth.deeds.iter().all(|deed| deed.intent == Intent::Maintenance));
        let name = plant.attacks[0].id.to_owned();
        let (_, truth) = run(&Plan { attacks: Attacks::Named(vec![name.clone()]), ..plan });
        let found: Vec<_> = truth.deeds.iter().filter(|deed| deed.intent == Intent::Attack).map(|d| d.id).collect();
        assert_eq!(found, [name]);
    }
}

#[test]
fn all_plants_together_have_their_own_segments_and_tags() {
    let (frames, truth) = short("all", 1);
    let mut tags = BTreeSet::new();
    for (_, frame) in frames.iter().filter(|(_, frame)| frame[..3] != [0x01, 0x80, 0xc2]) {
        assert_eq!(frame[12..14], [0x81, 0x00], "{frame:02x?}");
        tags.insert(u16::from_be_bytes([frame[14], frame[15]]) & 0x0fff);
    }
    assert!(tags.len() >= 2 * PLANTS.len(), "{tags:?}");
    let attacks = truth.deeds.iter().filter(|deed| deed.intent == Intent::Attack).count();
    assert_eq!(attacks, PLANTS.iter().map(|plant| plant.attacks.len()).sum::<usize>());
    if let Some(lines) = tshark(&frames, &["-Y", FAULTS]) {
        assert_eq!(lines, Vec::<String>::new());
    }
}

#[test]
fn names_and_addresses_are_used_once_and_stories_know_their_attacks() {
    let hosts: Vec<_> = PLANTS.iter().flat_map(|plant| plant.hosts).collect();
    let count = |distinct: BTreeSet<String>| assert_eq!(distinct.len(), hosts.len());
    count(hosts.iter().map(|host| host.name.to_owned()).collect());
    count(hosts.iter().map(|host| host.mac.to_string()).collect());
    count(hosts.iter().map(|host| host.ip.to_string()).collect());
    for plant in PLANTS {
        for id in plant.stories.iter().copied().flatten() {
            assert!(plant.attacks.iter().any(|attack| attack.id == *id), "{id}");
        }
        for other in PLANTS.iter().filter(|other| other.id != plant.id) {
            let (first, initial, _) = plant.process;
            let apart = first + initial.len() <= other.process.0 || first >= other.process.0 + other.process.1.len();
            assert!(apart, "{} and {}", plant.id, other.id);
        }
    }
}

#[test]
fn a_long_run_announces_its_work_and_repairs_what_was_done() {
    // Half a day of the heating network: what is announced carries a work order whose window holds it.
    let (_, truth) = short("heating", 720);
    let announced: Vec<_> = truth.deeds.iter().filter_map(|deed| Some((deed, deed.work_order.as_ref()?))).collect();
    assert!(!announced.is_empty(), "{truth:?}");
    for (deed, order) in announced {
        assert!(order.from <= deed.first && deed.first < order.until, "{deed:?}");
    }
    let place = |id: &str| truth.deeds.iter().position(|deed| deed.id == id).unwrap();
    assert!(place("setpoint-drift") < place("restore-hospital"));
    assert!(place("safety-program") < place("restore-safety"));
}

/// For each attack: what its author told others, as verbs of the vocabulary by protocol.
#[test]
fn attacks_are_seen_as_what_they_are() {
    let mut text = String::new();
    for plant in PLANTS {
        let (frames, truth) = short(plant.id, 5);
        let (_, records) = decoded(&frames, false);
        for deed in truth.deeds.iter().filter(|deed| deed.intent == Intent::Attack) {
            let host = plant.hosts.iter().find(|host| host.ip == deed.from).unwrap();
            let mut verbs = BTreeSet::new();
            for record in &records {
                if let Record::Act(act) = record
                    && (act.from.ip == Some(deed.from.into()) || act.from.mac == Some(host.mac))
                    && act.at >= deed.first
                    && act.at <= deed.last.plus(1_000_000_000)
                    && !matches!(act.protocol.as_ref(), "ntp" | "cotp" | "snmp" | "icmp")
                {
                    verbs.insert(format!("{} {}", act.protocol, act.verb.as_str()));
                }
            }
            let verbs: Vec<String> = verbs.into_iter().collect();
            text += &format!("{} {}: {}\n", plant.id, deed.id, verbs.join(", "));
        }
    }
    expect![[r#"
        water network-scan: 
        water s7-stop: dns browse, s7comm other, s7comm start, s7comm stop
        water rogue-machine: arp other
        water s7-download: s7comm identify, s7comm other, s7comm program, s7comm upload
        water cip-stop-reset: cip identify, cip reset, cip stop, enip other
        water modbus-write: arp other, cip read, enip other, modbus read, modbus write, s7comm read
        water dnp3-cold-restart: dnp3 reset
        heating remote-at-night: rdp other, tls other
        heating safety-program: s7comm browse, s7comm diagnose, s7comm identify, s7comm other, s7comm program, s7comm start, s7comm stop, s7comm upload, s7comm write
        heating mitm-forged-values: arp other, modbus write
        heating setpoint-drift: arp other, bacnet identify, bacnet write
        heating heating-registers: modbus read, modbus write
        substation telecontrol-survey: iec104 read, iec104 subscribe
        substation breakers-opened: iec104 operate, iec104 subscribe
        substation goose-forged: goose report
        substation goose-replayed: goose report
        substation clock-forged: arp other, iec104 subscribe, iec104 time
        substation protection-settings: mms browse, mms configure, mms operate, mms other, mms read
        packaging dhcp-rogue: arp other, dhcp other
        packaging station-renamed: profinet-dcp configure, profinet-dcp identify
        packaging planning-password: opcua browse, opcua login, opcua other, opcua read, opcua write
        packaging line-program: arp other, s7comm identify, s7comm other, s7comm program, s7comm start, s7comm stop, s7comm upload
        packaging packer-firmware: cip firmware, cip identify, cip reset, cip stop, enip other
        packaging ransomware: smb file, smb login, smb other
    "#]].assert_eq(&text);
}
