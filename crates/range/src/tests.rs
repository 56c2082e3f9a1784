//! Tests of whole runs: order, sameness, and what tshark says where it is installed.

use std::io::Write as _;
use std::process::Command;

use expect_test::{Expect, expect};

use super::*;

pub fn run(plan: &Plan) -> (Vec<(Time, Vec<u8>)>, Truth) {
    let mut frames = Vec::new();
    let truth = simulate(plan, &mut |at, bytes| frames.push((at, bytes.to_vec())));
    (frames, truth)
}

/// A pcap file with nanoseconds (magic 0xa1b23c4d), link type Ethernet.
fn pcap(frames: &[(Time, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend_from_slice(&u32::to_le_bytes(word));
    }
    for (at, bytes) in frames {
        let length = bytes.len() as u32;
        for word in [(at.0 / 1_000_000_000) as u32, (at.0 % 1_000_000_000) as u32, length, length] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(bytes);
    }
    file
}

/// The lines that tshark prints for a capture; nothing where tshark is not installed.
pub fn tshark(frames: &[(Time, Vec<u8>)], arguments: &[&str]) -> Option<Vec<String>> {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return None;
    }
    let name = format!("vigie-range-{}-{:?}.pcap", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(name.replace(['(', ')'], ""));
    std::fs::File::create(&path).unwrap().write_all(&pcap(frames)).unwrap();
    let output = Command::new("tshark")
        .args([
            "-n",
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
            "-r",
        ])
        .arg(&path)
        .args(arguments)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn same_seed_same_bytes_and_frames_in_time_order() {
    let plan = Plan::new(2, 7);
    let (frames, truth) = run(&plan);
    assert_eq!((&frames, &truth), (&run(&plan).0, &run(&plan).1));
    assert_ne!(frames, run(&Plan::new(2, 8)).0);
    assert!(frames.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    assert!(frames.iter().all(|(at, bytes)| *at >= plan.start && (60..=1514).contains(&bytes.len())));
}

/// What must not be seen: bad bytes, bad checksums, bytes that are missing or out of order.
const FAULTS: &str = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 \
                      || icmp.checksum.status == 0 || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment \
                      || tcp.analysis.out_of_order";

#[test]
fn tshark_finds_nothing_malformed_and_no_wrong_checksum() {
    for (minutes, seed) in [(10, 1), (1, 5)] {
        let (frames, _) = run(&Plan::new(minutes, seed));
        if let Some(lines) = tshark(&frames, &["-Y", FAULTS]) {
            assert_eq!(lines, Vec::<String>::new(), "seed {seed}");
        }
    }
}

#[test]
fn tshark_finds_nothing_wrong_in_bench_inputs() {
    let (frames, _) = run(&Plan::new(1, 5));
    let plan = bench::Repeat { side_by_side: 2, file_bytes_max: 2_000_000, packets_max: u64::MAX };
    let mut inputs = [Vec::new(), Vec::new(), Vec::new()];
    bench::repeat(&frames, &plan, &mut |at, frame| inputs[0].push((at, frame.to_vec())));
    bench::modbus_conversations(300, 5_000, &mut |at, frame| inputs[1].push((at, frame.to_vec())));
    bench::half_open(1_000, &mut |at, frame| inputs[2].push((at, frame.to_vec())));
    for frames in &inputs {
        if let Some(lines) = tshark(frames, &["-Y", FAULTS]) {
            assert_eq!(lines, Vec::<String>::new());
        }
    }
    if let Some(lines) = tshark(&inputs[1], &["-Y", "modbus.func_code == 3"]) {
        assert_eq!(lines.len(), 5_000 - 3 * 300);
    }
}

/// Checks the lines of `what` for seed 1 and ten minutes: how often each value of some fields was seen.
fn check_counts(fields: &[&str], expected: Expect) {
    let (frames, _) = run(&Plan::new(10, 1));
    let mut arguments = vec!["-T", "fields"];
    for field in fields {
        arguments.extend(["-e", field]);
    }
    let Some(lines) = tshark(&frames, &arguments) else { return };
    let mut counts = std::collections::BTreeMap::<(&str, String), u32>::new();
    for line in &lines {
        for (field, values) in fields.iter().zip(line.split('\t')) {
            for value in values.split(',').filter(|value| !value.is_empty()) {
                *counts.entry((field, value.to_owned())).or_default() += 1;
            }
        }
    }
    let text: String = counts.iter().map(|((field, value), count)| format!("{field} {value}: {count}\n")).collect();
    expected.assert_eq(&text);
}

#[test]
fn tshark_counts_the_messages_of_the_plant() {
    check_counts(
        &[
            "modbus.func_code",
            "modbus.exception_code",
            "s7comm.param.func",
            "s7comm.param.userdata.funcgroup",
            "s7comm.param.errcod",
            "enip.command",
            "cip.service",
            "cip.genstat",
            "dnp3.al.func",
        ],
        expect![[r#"
            cip.genstat 0x00: 4420
            cip.service 0x01: 2
            cip.service 0x05: 1
            cip.service 0x07: 1
            cip.service 0x0a: 580
            cip.service 0x4c: 3828
            cip.service 0x4d: 1
            cip.service 0x4e: 1
            cip.service 0x52: 2
            cip.service 0x54: 5
            cip.service 0x55: 1
            cip.service 0x81: 2
            cip.service 0x85: 1
            cip.service 0x87: 1
            cip.service 0x8a: 580
            cip.service 0xcc: 3828
            cip.service 0xcd: 1
            cip.service 0xce: 1
            cip.service 0xd4: 5
            cip.service 0xd5: 1
            dnp3.al.func 0: 39
            dnp3.al.func 1: 128
            dnp3.al.func 129: 146
            dnp3.al.func 13: 1
            dnp3.al.func 130: 7
            dnp3.al.func 2: 6
            dnp3.al.func 20: 2
            dnp3.al.func 21: 2
            dnp3.al.func 23: 4
            dnp3.al.func 3: 1
            dnp3.al.func 4: 1
            dnp3.al.func 5: 1
            enip.command 0x0063: 3
            enip.command 0x0065: 20
            enip.command 0x0066: 3
            enip.command 0x006f: 718
            enip.command 0x0070: 1162
            modbus.exception_code 2: 1
            modbus.func_code 1: 2400
            modbus.func_code 16: 2
            modbus.func_code 2: 2400
            modbus.func_code 3: 2646
            modbus.func_code 4: 2640
            modbus.func_code 43: 2
            modbus.func_code 5: 2
            modbus.func_code 6: 24
            s7comm.param.errcod 0x0000: 45
            s7comm.param.errcod 0xd401: 1
            s7comm.param.func 0x04: 2640
            s7comm.param.func 0x05: 2
            s7comm.param.func 0x1a: 2
            s7comm.param.func 0x1b: 4
            s7comm.param.func 0x1c: 2
            s7comm.param.func 0x1d: 14
            s7comm.param.func 0x1e: 20
            s7comm.param.func 0x1f: 14
            s7comm.param.func 0x28: 4
            s7comm.param.func 0x29: 2
            s7comm.param.func 0xf0: 12
            s7comm.param.userdata.funcgroup 3: 6
            s7comm.param.userdata.funcgroup 4: 78
            s7comm.param.userdata.funcgroup 7: 4
        "#]],
    );
}

#[test]
fn tshark_counts_what_surrounds_the_plant() {
    check_counts(
        &[
            "arp.opcode",
            "icmp.type",
            "lldp.tlv.system.name",
            "stp.type",
            "ntp.stratum",
            "snmp.data",
            "dhcp.option.dhcp",
            "dns.flags.rcode",
            "http.request.method",
            "http.response.code",
            "syslog.level",
        ],
        expect![[r#"
            arp.opcode 1: 362
            arp.opcode 2: 58
            dhcp.option.dhcp 1: 1
            dhcp.option.dhcp 2: 1
            dhcp.option.dhcp 3: 1
            dhcp.option.dhcp 5: 1
            dns.flags.rcode 0: 13
            dns.flags.rcode 3: 22
            http.request.method GET: 6
            http.response.code 200: 6
            icmp.type 0: 59
            icmp.type 8: 59
            lldp.tlv.system.name io-filter: 20
            lldp.tlv.system.name plc-intake: 20
            lldp.tlv.system.name sw-01: 20
            ntp.stratum 0: 40
            ntp.stratum 3: 40
            snmp.data 0: 20
            snmp.data 2: 20
            stp.type 0x00: 300
            syslog.level 5: 1
        "#]],
    );
}

#[test]
fn truth_tells_everything_that_people_did() {
    let (frames, truth) = run(&Plan::new(10, 1));
    let mut text = format!("{} frames, {} bytes\n", frames.len(), frames.iter().map(|f| f.1.len()).sum::<usize>());
    for deed in &truth.deeds {
        let seconds = |at: Time| at.since(Plan::new(10, 1).start) as f64 / 1e9;
        let Deed { id, intent, from, to, .. } = deed;
        text +=
            &format!("{:.1}-{:.1} {intent:?} {id} {from} -> {}\n", seconds(deed.first), seconds(deed.last), to.len());
    }
    expect![[r#"
        42912 frames, 3327610 bytes
        72.0-75.2 Maintenance filter-browse 10.20.1.11 -> 2
        90.0-109.7 Maintenance intake-upload 10.20.1.11 -> 1
        120.8-121.1 Maintenance operate 10.20.1.10 -> 1
        132.0-132.2 Maintenance dosing-check 10.20.1.11 -> 1
        180.0-181.1 Maintenance set-doses 10.20.1.10 -> 1
        210.0-210.2 Maintenance set-intake-level 10.20.1.10 -> 1
        240.0-240.2 Maintenance set-clear-level 10.20.1.10 -> 1
        270.9-271.0 Maintenance operate 10.20.1.10 -> 1
        330.0-335.4 Attack network-scan 10.20.8.21 -> 10
        378.0-403.4 Attack s7-stop 10.20.8.21 -> 1
        415.0-420.6 Attack rogue-machine 10.20.1.99 -> 10
        438.0-439.1 Attack s7-download 10.20.1.99 -> 1
        474.0-480.0 Attack cip-stop-reset 10.20.1.99 -> 1
        510.0-522.2 Attack modbus-write 10.20.1.12 -> 1
        552.0-552.0 Attack dnp3-cold-restart 10.20.1.99 -> 1
    "#]]
    .assert_eq(&text);
    assert_eq!(truth.to_json_lines().lines().count(), truth.deeds.len());
    // A run of one minute tells the same story in a hurry.
    let ids = |truth: &Truth| truth.deeds.iter().map(|deed| deed.id).collect::<Vec<_>>();
    assert_eq!(ids(&truth), ids(&run(&Plan::new(1, 5)).1));
}
