//! Rules as the firewall or sensor that is there reads them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use model::words;
use serde_json::json;

use crate::rule::{Fix, Guard};
use crate::whitelist;

words! {
    /// Forms of rules.
    pub enum Form {
        /// A list of objects that says everything.
        Json = "json",
        /// One rule a line, for tables.
        Csv = "csv",
        /// A table of nftables (Linux).
        Nftables = "nftables",
        /// Rules of Suricata, for prevention (drop) behind a queue, or as alerts.
        Suricata = "suricata",
        /// An extended access list of Cisco IOS.
        Cisco = "cisco",
        /// Policies of FortiGate.
        Fortinet = "fortinet",
        /// Filter rules of Stormshield as `config.filter` lines.
        Stormshield = "stormshield",
    }
}

/// First number of our rules in Suricata: above what public rule sets use.
const SID_FIRST: u32 = 9_100_000;
/// Numbers of Suricata set aside for one fix.
const SIDS_PER_FIX: u32 = 64;

/// All rules in one form.
pub fn write(fixes: &[Fix], form: Form) -> String {
    match form {
        Form::Json => format!("{:#}\n", json!(fixes)),
        Form::Csv => csv(fixes),
        Form::Nftables => nftables(fixes),
        Form::Suricata => suricata(fixes),
        Form::Cisco => cisco(fixes),
        Form::Fortinet => fortinet(fixes),
        Form::Stormshield => stormshield(fixes),
    }
}

fn transport(guard: &Guard) -> &'static str {
    if guard.transport == 17 { "udp" } else { "tcp" }
}

/// Comments hold texts of people and of the network: one line, nothing that ends a comment or a quoted text.
fn comment(text: &str, characters_max: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '"' | '\'' | ';' | '\\' | '|' | '$') { ' ' } else { c })
        .take(characters_max)
        .collect()
}

fn field(text: &str) -> String {
    // A cell that begins like a formula must stay a text.
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn csv(fixes: &[Fix]) -> String {
    let mut out = String::from("number,severity,weakness,server,transport,port,protocol,clients,functions,what,quoi\n");
    for fix in fixes {
        let guard = &fix.guard;
        let functions: Vec<String> =
            guard.functions.iter().map(|f| format!("{} {} {} {}", f.client, f.protocol, f.code, f.name)).collect();
        let row = [
            fix.number.to_string(),
            fix.severity.to_string(),
            fix.weakness.to_string(),
            guard.server.to_string(),
            transport(guard).to_owned(),
            guard.port.to_string(),
            guard.protocol.to_string(),
            guard.clients.join(" "),
            functions.join("; "),
            fix.what.en.to_string(),
            fix.what.fr.to_string(),
        ];
        let row: Vec<String> = row.iter().map(|cell| field(cell)).collect();
        let _ = writeln!(out, "{}", row.join(","));
    }
    out
}

/// Clients of the family of the server.
fn clients(guard: &Guard) -> Vec<&str> {
    guard
        .clients
        .iter()
        .map(|client| client.as_str())
        .filter(|client| client.contains(':') == guard.server.is_ipv6())
        .collect()
}

fn nftables(fixes: &[Fix]) -> String {
    let mut out = String::from(
        "# For a bridge or router between the machines. Load with: nft -f FILE\ntable inet vigie {\n  chain guard {\n    type filter hook forward priority filter; policy accept;\n    ct state established,related accept\n",
    );
    for fix in fixes {
        let guard = &fix.guard;
        let family = if guard.server.is_ipv6() { "ip6" } else { "ip" };
        let _ = writeln!(out, "    # {}: {}", fix.number, comment(&fix.what.en, 300));
        let who = clients(guard);
        let to = format!("{family} daddr {} {} dport {}", guard.server, transport(guard), guard.port);
        if !who.is_empty() {
            let _ = writeln!(out, "    {to} {family} saddr {{ {} }} accept", who.join(", "));
        }
        let _ = writeln!(out, "    {to} counter drop comment \"vigie {}\"", fix.number);
    }
    out.push_str("  }\n}\n");
    out
}

fn suricata(fixes: &[Fix]) -> String {
    let mut out = String::from("# Inline (IPS): as they are. Beside the network (IDS): replace drop by alert.\n");
    for fix in fixes {
        let guard = &fix.guard;
        let who = clients(guard);
        let mut sid = SID_FIRST + fix.number.saturating_mul(SIDS_PER_FIX);
        let end = sid + SIDS_PER_FIX - 1;
        let from = if who.is_empty() { "any".to_owned() } else { format!("![{}]", who.join(",")) };
        let message = comment(&fix.what.en, 200);
        let flow = if guard.transport == 17 { String::new() } else { "flow:to_server; ".to_owned() };
        let _ = writeln!(
            out,
            "drop {} {from} any -> {} {} (msg:\"vigie {}: {message}\"; {flow}sid:{sid}; rev:1;)",
            transport(guard),
            guard.server,
            guard.port,
            fix.number
        );
        if who.is_empty() {
            continue;
        }
        for (name, options) in whitelist::forbidden(guard) {
            sid += 1;
            if sid > end {
                break;
            }
            let application = match options.as_str() {
                options if options.starts_with("modbus") => "modbus",
                options if options.starts_with("cip") => "enip",
                _ => "tcp",
            };
            let _ = writeln!(
                out,
                "drop {application} [{}] any -> {} {} (msg:\"vigie {}: {} was never needed here\"; flow:to_server,established; {options} sid:{sid}; rev:1;)",
                who.join(","),
                guard.server,
                guard.port,
                fix.number,
                comment(&name, 60)
            );
        }
    }
    out
}

/// Address and wildcard of Cisco.
fn cisco_source(client: &str) -> String {
    match client.split_once('/') {
        None if client.contains(':') => format!("host {client}"),
        None => format!("host {client}"),
        Some((base, _)) if client.contains(':') => {
            let _ = base;
            client.to_owned()
        }
        Some((base, bits)) => {
            let bits: u32 = bits.parse().unwrap_or(32);
            let wildcard = u32::MAX.checked_shr(bits).unwrap_or(0);
            format!("{base} {}", std::net::Ipv4Addr::from(wildcard))
        }
    }
}

fn cisco(fixes: &[Fix]) -> String {
    let mut out = String::from("! Put on the interface towards the guarded machines: ip access-group VIGIE out\n");
    for (is_v6, head, tail) in [
        (false, "ip access-list extended VIGIE\n", " permit ip any any\n"),
        (true, "ipv6 access-list VIGIE6\n", " permit ipv6 any any\n"),
    ] {
        let list: Vec<&Fix> = fixes.iter().filter(|fix| fix.guard.server.is_ipv6() == is_v6).collect();
        if list.is_empty() {
            continue;
        }
        out.push_str(head);
        for fix in list {
            let guard = &fix.guard;
            let _ = writeln!(out, " remark {} {}", fix.number, comment(&fix.what.en, 90));
            for client in clients(guard) {
                let _ = writeln!(
                    out,
                    " permit {} {} host {} eq {}",
                    transport(guard),
                    cisco_source(client),
                    guard.server,
                    guard.port
                );
            }
            let _ = writeln!(out, " deny {} any host {} eq {} log", transport(guard), guard.server, guard.port);
        }
        out.push_str(tail);
    }
    out
}

/// A name for an address object.
fn object(prefix: &str, text: &str) -> String {
    format!("{prefix}{}", text.replace(['/', ':'], "_"))
}

fn fortinet(fixes: &[Fix]) -> String {
    let mut addresses: BTreeMap<String, String> = BTreeMap::new();
    let mut services: BTreeMap<String, String> = BTreeMap::new();
    let mut policies = String::new();
    let v4 = |client: &str| -> String {
        let (base, bits) = client.split_once('/').unwrap_or((client, "32"));
        let bits: u32 = bits.parse().unwrap_or(32);
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
        format!("{base} {}", std::net::Ipv4Addr::from(mask))
    };
    let mut skipped = 0;
    for fix in fixes {
        let guard = &fix.guard;
        let IpAddr::V4(server) = guard.server else {
            skipped += 1;
            continue;
        };
        let destination = object("vigie_", &server.to_string());
        addresses.insert(destination.clone(), v4(&server.to_string()));
        let service = format!("vigie_{}_{}", transport(guard), guard.port);
        services.insert(service.clone(), format!("set {}-portrange {}", transport(guard), guard.port));
        let who: Vec<String> = clients(guard)
            .iter()
            .map(|client| {
                let name = object("vigie_", client);
                addresses.insert(name.clone(), v4(client));
                format!("\"{name}\"")
            })
            .collect();
        let remark = comment(&fix.what.en, 200);
        let mut policy = |number: u32, source: &str, action: &str| {
            let _ = write!(
                policies,
                "  edit {number}\n    set name \"vigie-{number}\"\n    set srcintf \"any\"\n    set dstintf \"any\"\n    set srcaddr {source}\n    set dstaddr \"{destination}\"\n    set service \"{service}\"\n    set schedule \"always\"\n    set action {action}\n    set logtraffic all\n    set comments \"{remark}\"\n  next\n"
            );
        };
        if !who.is_empty() {
            policy(90_000 + fix.number * 2, &who.join(" "), "accept");
        }
        policy(90_001 + fix.number * 2, "\"all\"", "deny");
    }
    let mut out = String::from("# Move these policies before those that allow more.\nconfig firewall address\n");
    for (name, subnet) in addresses {
        let _ = write!(out, "  edit \"{name}\"\n    set subnet {subnet}\n  next\n");
    }
    out.push_str("end\nconfig firewall service custom\n");
    for (name, setting) in services {
        let _ = write!(out, "  edit \"{name}\"\n    {setting}\n  next\n");
    }
    let _ = write!(out, "end\nconfig firewall policy\n{policies}end\n");
    if skipped > 0 {
        let _ = writeln!(out, "# {skipped} rules for IPv6 are not written in this form");
    }
    out
}

fn stormshield(fixes: &[Fix]) -> String {
    let mut out = String::from(
        "# Filter policy: rules are read from the top; put them before those that allow more.\n[Filter]\n",
    );
    for fix in fixes {
        let guard = &fix.guard;
        let _ = writeln!(out, "# {}: {}", fix.number, comment(&fix.what.en, 200));
        let who = clients(guard);
        if !who.is_empty() {
            let _ = writeln!(
                out,
                "pass log from {} to {} ipproto {} port {}",
                who.join(","),
                guard.server,
                transport(guard),
                guard.port
            );
        }
        let _ =
            writeln!(out, "block log from any to {} ipproto {} port {}", guard.server, transport(guard), guard.port);
    }
    out
}
