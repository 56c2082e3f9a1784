//! The inventory as files: one machine a row for spreadsheets, and everything with its claims as JSON.

use std::io::{self, Write};

use model::{Asset, FactKey, Judgement};
use serde::Serialize;

use crate::format;
use crate::plant::{self, attribute, role};

/// Columns of the CSV file, in order, with what they hold (docs/inventory.md). Names and words are English in every
/// language, so that a script can rely on them.
pub const COLUMNS: &[(&str, &str)] = &[
    ("id", "stable id of the machine: `mac-…`, or `ip-…` where no hardware address is its own"),
    ("name", "best name: host, station or product name, else the address"),
    ("role", "first role; `unknown` where nothing points anywhere"),
    ("role_confidence", "`guess`, `likely` or `certain`"),
    ("other_roles", "further roles, separated by `; `"),
    ("purdue_level", "`0` to `5`, `3.5`, or `unknown`"),
    ("criticality", "proposed: `low`, `medium`, `high`, `critical`"),
    ("ip_addresses", "separated by `; `"),
    ("mac_addresses", "separated by `; `"),
    ("vlans", "VLAN numbers, separated by `; `"),
    ("manufacturer", "as the machine said, else as registered for its interface"),
    ("model", "product name or family"),
    ("order_number", "order, catalogue or part number"),
    ("firmware", "firmware or software version of the device"),
    ("hardware", "hardware version"),
    ("serial_number", "serial number"),
    ("operating_system", "operating system, or a hint at it"),
    ("hostname", "name on the network"),
    ("location", "as configured in the machine"),
    ("protocols", "protocols offered or used, separated by `; `"),
    ("services", "services offered: `tcp/502 modbus`, separated by `; `; a guess ends with `?`"),
    ("modules", "modules in slots: `rack 0 slot 2 6ES7 …`, separated by `; `"),
    ("devices_behind", "units, link addresses, routes behind it, separated by `; `"),
    ("users", "accounts seen, separated by `; `"),
    ("known_fields", "how many of the fourteen high-priority fields are known"),
    ("missing_fields", "the fields that are not known, separated by `; `"),
    ("is_remote", "`yes` where it stands behind a router"),
    ("is_external", "`yes` where its address is public"),
    ("first_seen", "RFC 3339, UTC"),
    ("last_seen", "RFC 3339, UTC"),
    ("packets_sent", "packets it sent"),
    ("packets_received", "packets it was sent"),
    ("bytes_sent", "bytes it sent"),
    ("bytes_received", "bytes it was sent"),
    ("findings", "number of findings that name it"),
    ("worst_finding", "severity of the worst of them"),
];

/// Writes one row a machine (RFC 4180, UTF-8). A cell that a spreadsheet would take for a formula begins with `'`.
pub fn write_csv(judgement: &Judgement, out: impl Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(COLUMNS.iter().map(|(name, _)| name))?;
    for asset in &judgement.assets {
        let cells = row(judgement, asset);
        debug_assert_eq!(cells.len(), COLUMNS.len());
        writer.write_record(cells.iter().map(|cell| harmless(cell)))?;
    }
    writer.flush()
}

/// A cell without control characters that no spreadsheet runs as a formula: `=`, `+`, `-`, `@` at its beginning (also
/// after spaces, and in their full-width forms) get an apostrophe before them.
fn harmless(cell: &str) -> String {
    let cell = format::clean_to(cell, 32_000);
    match cell.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{cell}"),
        _ => cell,
    }
}

fn joined<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let parts: Vec<String> = parts.into_iter().map(|part| part.as_ref().to_owned()).collect();
    parts.join("; ")
}

fn yes(is: bool) -> String {
    if is { "yes".into() } else { String::new() }
}

fn row(judgement: &Judgement, asset: &Asset) -> Vec<String> {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let fact = |key: FactKey| text(attribute(asset, key));
    let interfaces = &asset.interfaces;
    let mut vlans: Vec<u16> = interfaces.iter().flat_map(|interface| interface.vlans.iter().copied()).collect();
    vlans.sort_unstable();
    vlans.dedup();
    let services = asset.services.iter().map(|service| {
        let name = match service.port {
            Some(port) => format!("{}/{port} {}", service.transport, service.protocol),
            None => format!("{} {}", service.transport, service.protocol),
        };
        format!("{}{}", name.trim(), if service.is_guess { "?" } else { "" })
    });
    let part = |part: &model::Part| {
        let known: Vec<&str> = part.attributes.iter().take(4).map(|attribute| attribute.value.as_str()).collect();
        format!("{} {}", part.behind, known.join(" ")).trim_end().to_owned()
    };
    let concerning = || judgement.findings.iter().filter(|ranked| concerns(ranked, asset));
    let mut behind: Vec<String> = asset.behind.iter().map(part).collect();
    behind.dedup();
    vec![
        asset.id.to_string(),
        asset.name.to_string(),
        role(asset).to_string(),
        asset.roles.first().map_or_else(String::new, |claim| claim.confidence.to_string()),
        joined(asset.roles.iter().skip(1).map(|claim| claim.role.as_str())),
        asset.purdue.level.to_string(),
        asset.criticality.importance.to_string(),
        joined(interfaces.iter().flat_map(|interface| &interface.ips).map(ToString::to_string)),
        joined(interfaces.iter().filter_map(|interface| interface.mac).map(|mac| mac.to_string())),
        joined(vlans.iter().map(ToString::to_string)),
        text(plant::maker(asset)),
        fact(FactKey::Model),
        fact(FactKey::OrderNumber),
        fact(FactKey::Firmware),
        fact(FactKey::Hardware),
        fact(FactKey::Serial),
        text(asset.os.as_deref()),
        fact(FactKey::Hostname),
        fact(FactKey::Location),
        joined(plant::protocols(asset)),
        joined(services),
        joined(asset.modules.iter().map(part)),
        joined(behind),
        joined(&asset.users),
        asset.known.to_string(),
        joined(asset.fields.iter().filter(|field| field.value.is_none()).map(|field| field.name)),
        yes(asset.is_remote),
        yes(asset.is_external),
        asset.first.to_string(),
        asset.last.to_string(),
        asset.packets_sent.to_string(),
        asset.packets_received.to_string(),
        asset.bytes_sent.to_string(),
        asset.bytes_received.to_string(),
        concerning().count().to_string(),
        concerning().map(|ranked| ranked.finding.severity).max().map_or_else(String::new, |worst| worst.to_string()),
    ]
}

/// Whether a finding names `asset`.
pub(crate) fn concerns(ranked: &model::RankedFinding, asset: &Asset) -> bool {
    ranked.from_asset.as_ref() == Some(&asset.id) || ranked.to_asset.as_ref() == Some(&asset.id)
}

#[derive(Serialize)]
struct Inventory<'a> {
    first: Option<model::Time>,
    last: Option<model::Time>,
    assets: &'a [Asset],
    networks: &'a [model::Network],
    edges: &'a [model::Edge],
}

/// Writes the machines with all that was claimed of them, the networks, and who talks to whom: one object.
pub fn write_json(judgement: &Judgement, mut out: impl Write) -> io::Result<()> {
    let inventory = Inventory {
        first: judgement.first,
        last: judgement.last,
        assets: &judgement.assets,
        networks: &judgement.networks,
        edges: &judgement.edges,
    };
    serde_json::to_writer_pretty(&mut out, &inventory)?;
    out.write_all(b"\n")?;
    out.flush()
}
