//! Protocols are recognised by what is said, not by the port it is said on.

use std::path::Path;

use serde_json::Value;

use crate::{corpus, folder, frames, plant, text, vigie, write};

/// Another port for each port, the same in both directions.
const fn other(port: u16) -> u16 {
    // Turns every usual port into an unusual one and keeps distinct ports distinct.
    port ^ 0x5a5a
}

/// Rewrites the ports of TCP and UDP over plain IPv4.
fn rewrite(frame: &mut [u8]) {
    let mut at = 12;
    while frame.get(at..at + 2) == Some(&[0x81, 0x00]) {
        at += 4;
    }
    if frame.get(at..at + 2) != Some(&[0x08, 0x00]) {
        return;
    }
    let ip = at + 2;
    let Some(&[head, _]) = frame.get(ip..ip + 2) else { return };
    if !matches!(frame.get(ip + 9), Some(6 | 17)) {
        return;
    }
    let ports = ip + usize::from(head & 15) * 4;
    for place in [ports, ports + 2] {
        if let Some(bytes) = frame.get_mut(place..place + 2) {
            let port = other(u16::from_be_bytes([bytes[0], bytes[1]]));
            bytes.copy_from_slice(&port.to_be_bytes());
        }
    }
}

/// All acts without ports and what follows from them.
fn acts(path: &Path) -> Vec<Value> {
    let ran = vigie(&["read", "--no-rollup", "--records", "-", text(path)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut acts = ran.records();
    acts.retain(|record| record["record"] == "act");
    for act in &mut acts {
        let act = act.as_object_mut().expect("an object");
        act.remove("flow");
        for end in ["from", "to"] {
            if let Some(end) = act.get_mut(end).and_then(Value::as_object_mut) {
                end.remove("port");
            }
        }
    }
    acts
}

#[test]
fn other_ports_give_the_same_acts() {
    let folder = folder("ports");
    let mut wrong = Vec::new();
    for path in corpus().iter().map(AsRef::as_ref).chain([plant()]) {
        let name = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" of ");
        let mut said = frames(path);
        said.iter_mut().for_each(|(_, frame)| rewrite(frame));
        let rewritten = folder.join("rewritten.pcap");
        write(&rewritten, &said);
        let (expected, found) = (acts(path), acts(&rewritten));
        if let Some(i) = (0..expected.len().max(found.len())).find(|i| expected.get(*i) != found.get(*i)) {
            wrong.push(format!(
                "{name}: {} and {} acts, first other:\n  {:?}\n  {:?}",
                expected.len(),
                found.len(),
                expected.get(i).map(Value::to_string),
                found.get(i).map(Value::to_string)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
