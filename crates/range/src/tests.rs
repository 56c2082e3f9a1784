//! Tests of whole runs: order, sameness, and what tshark says where it is installed.

use std::io::Write as _;
use std::process::Command;

use super::*;

fn run(plan: &Plan) -> (Vec<(Time, Vec<u8>)>, Truth) {
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
fn tshark(frames: &[(Time, Vec<u8>)], arguments: &[&str]) -> Option<Vec<String>> {
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

#[test]
fn tshark_finds_nothing_malformed_and_no_wrong_checksum() {
    let (frames, _) = run(&Plan::new(10, 1));
    let filter = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 \
                  || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order";
    if let Some(lines) = tshark(&frames, &["-Y", filter]) {
        assert_eq!(lines, Vec::<String>::new());
    }
}
