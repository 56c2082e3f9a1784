//! What switches print when asked: tables of hardware addresses, neighbours by LLDP and CDP (Cisco IOS, Hirschmann HiOS,
//! Moxa, Siemens Scalance).

use crate::{Declared, Plug, mac};

/// Reads what looks like the answer of a switch.
pub(crate) fn read(declared: &mut Declared, name: &str, text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["device id:"]) && has(&["interface:"]) {
        neighbours(declared, name, text);
        return Some("cdp neighbours");
    }
    if has(&["chassis id", "system name", "remote port"])
        && has(&["local intf", "local port", "remote data", "port id"])
    {
        neighbours(declared, name, text);
        return Some("lldp neighbours");
    }
    let rows: Vec<(usize, Plug)> =
        text.lines().enumerate().filter_map(|(number, line)| Some((number, row(name, line)?))).collect();
    let is_table = has(&["mac address", "mac-address", "fdb", "address table", "unicast"])
        && !rows.is_empty()
        && !lower.contains(';');
    if !is_table {
        return None;
    }
    declared.plugs.extend(rows.into_iter().map(|(_, plug)| plug));
    Some("mac address table")
}

/// One line of a table of addresses: a hardware address, a VLAN before it or after it, and a port at the end.
fn row(name: &str, line: &str) -> Option<Plug> {
    let words: Vec<&str> = line.split([' ', '\t', '|', ',']).filter(|word| !word.is_empty()).collect();
    let place = words.iter().position(|word| mac(word).is_some() && word.contains(['.', ':', '-']))?;
    let is_vlan = |word: &&&str| word.parse::<u16>().is_ok_and(|number| (1..4095).contains(&number));
    let before = words[..place].iter().rfind(is_vlan);
    let rest = &words[place + 1..];
    const STATES: &[&str] = &[
        "dynamic",
        "static",
        "learned",
        "learnt",
        "self",
        "mgmt",
        "yes",
        "no",
        "active",
        "invalid",
        "permanent",
        "secure",
        "age",
    ];
    let ports: Vec<&&str> = rest.iter().filter(|word| !STATES.contains(&word.to_lowercase().as_str())).collect();
    // A VLAN after the address stands before the port; then a number before the address is an index (Moxa).
    let after = ports.first().filter(|word| ports.len() > 1 && is_vlan(word)).map(|word| **word);
    let vlan = after.or(before.copied());
    let port = ports.last()?;
    Some(Plug {
        switch: name.to_owned(),
        port: (**port).to_string(),
        vlan: vlan.map(|vlan| (*vlan).to_string()).unwrap_or_default(),
        mac: mac(words[place])?.to_string(),
        ..Plug::default()
    })
}

/// Blocks of `key: value`; a block begins with what names the local port or the device.
fn neighbours(declared: &mut Declared, name: &str, text: &str) {
    let mut plug = Plug { switch: name.to_owned(), ..Plug::default() };
    let is_cdp = text.contains("Device ID:");
    let mut done = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let is_border = line.len() > 5 && line.chars().all(|c| c == '-' || c == '=' || c == ' ');
        // CDP writes two on a line: `Interface: Gi0/1,  Port ID (outgoing port): Gi0/2`.
        for part in line.split(",  ").flat_map(|part| part.split(", ").take(2)) {
            let Some((key, value)) = part.split_once(':').or_else(|| part.split_once("....")) else { continue };
            let (key, value) = (key.trim().trim_end_matches('.').to_lowercase(), value.trim_matches(['.', ' ']));
            let begins = if is_cdp {
                key == "device id"
            } else {
                matches!(
                    key.as_str(),
                    "local intf" | "local port" | "local interface" | "remote data" | "local port id"
                )
            };
            if begins && !(plug.port.is_empty() && plug.neighbour.is_empty()) {
                done.push(std::mem::replace(&mut plug, Plug { switch: name.to_owned(), ..Plug::default() }));
            }
            match key.as_str() {
                "local intf" | "local port" | "local interface" | "interface" | "local port id" | "remote data"
                    if plug.port.is_empty() =>
                {
                    plug.port = value.trim_start_matches(['/', ' ']).to_owned()
                }
                "device id" | "system name" | "remote system name" => plug.neighbour = value.to_owned(),
                "port id (outgoing port)" | "port id" | "remote port" | "remote port id" => {
                    plug.neighbour_port = value.to_owned()
                }
                "chassis id" | "remote chassis id" => {
                    plug.mac = mac(value).map(|mac| mac.to_string()).unwrap_or_default()
                }
                "ip" | "ip address" | "management address" | "ipv4 management address"
                    if plug.neighbour_ip.is_none() =>
                {
                    plug.neighbour_ip = value.parse().ok()
                }
                _ => {}
            }
        }
        if is_border && is_cdp && !plug.neighbour.is_empty() {
            done.push(std::mem::replace(&mut plug, Plug { switch: name.to_owned(), ..Plug::default() }));
        }
    }
    done.push(plug);
    for plug in done {
        if !plug.neighbour.is_empty() || !plug.mac.is_empty() {
            declared.plugs.push(plug);
        }
    }
}
