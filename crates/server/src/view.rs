//! The last judgement with what is looked up often, and what people laid over it.

use std::collections::HashMap;

use model::{Asset, Attribute, FactKey, Judgement, RankedFinding, Role, Severity, Text, Time};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Decided, FindingState};

/// What a sensor says of itself; whoever runs it sets it ([`crate::Site::set_sensor`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sensor {
    /// Its id.
    pub id: String,
    /// Where it listens, or what it plays.
    pub interface: String,
    /// `listening`, `playing`, `waiting`, `ended`, `failed: …`.
    pub state: String,
    /// Packets so far.
    pub packets: u64,
    /// Bytes so far.
    pub bytes: u64,
    /// Packets in the last second.
    pub packets_per_second: f64,
    /// Packets that the system dropped.
    pub dropped_kernel: u64,
    /// Packets that Vigie dropped.
    pub dropped_user: u64,
    /// Time of the last packet.
    pub last_packet: Option<Time>,
}

/// The last judgement.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Counts the judgements.
    pub number: u64,
    /// It.
    pub judgement: Judgement,
    assets: HashMap<Text, usize>,
    findings: HashMap<Text, usize>,
    /// Machines by IP address, and by hardware address.
    addresses: HashMap<String, usize>,
    /// Numbers of findings by machine.
    findings_of: HashMap<Text, Vec<usize>>,
}

impl View {
    /// Prepares a judgement.
    pub fn new(number: u64, judgement: Judgement) -> View {
        let assets = judgement.assets.iter().enumerate().map(|(number, asset)| (asset.id.clone(), number)).collect();
        let findings =
            judgement.findings.iter().enumerate().map(|(number, ranked)| (ranked.finding.id.clone(), number)).collect();
        let mut findings_of: HashMap<Text, Vec<usize>> = HashMap::new();
        for (number, ranked) in judgement.findings.iter().enumerate() {
            let (from, to) = (
                ranked.from_asset.as_ref(),
                ranked.to_asset.as_ref().filter(|to| Some(*to) != ranked.from_asset.as_ref()),
            );
            for id in from.into_iter().chain(to) {
                findings_of.entry(id.clone()).or_default().push(number);
            }
        }
        let mut addresses = HashMap::new();
        for (number, asset) in judgement.assets.iter().enumerate() {
            for interface in &asset.interfaces {
                addresses.extend(interface.ips.iter().map(|ip| (ip.to_string(), number)));
                addresses.extend(interface.mac.iter().map(|mac| (mac.to_string(), number)));
            }
        }
        View { number, judgement, assets, findings, addresses, findings_of }
    }

    /// A machine.
    pub fn asset(&self, id: &str) -> Option<&Asset> {
        self.judgement.assets.get(*self.assets.get(id)?)
    }

    /// The id of the machine with an IP address; without one, with a hardware address.
    pub fn asset_at(&self, ip: Option<&str>, mac: Option<&str>) -> Option<&str> {
        let number = self.addresses.get(ip.or(mac)?)?;
        self.judgement.assets.get(*number).map(|asset| asset.id.as_str())
    }

    /// A finding.
    pub fn finding(&self, id: &str) -> Option<&RankedFinding> {
        self.judgement.findings.get(*self.findings.get(id)?)
    }

    /// The findings that name a machine.
    pub fn findings_of(&self, id: &str) -> impl Iterator<Item = &RankedFinding> {
        self.findings_of.get(id).into_iter().flatten().filter_map(|number| self.judgement.findings.get(*number))
    }

    /// How many findings that nobody closed name a machine, and the worst of them.
    pub fn trouble(&self, id: &str, decided: &Decided) -> (usize, Option<Severity>) {
        let open = || self.findings_of(id).filter(|ranked| is_shown(ranked, decided) && !is_closed(ranked, decided));
        (open().count(), open().map(|ranked| ranked.finding.severity).max())
    }

    /// A machine as a row of the list.
    pub fn row(&self, asset: &Asset, decided: &Decided) -> Value {
        let edit = |field: &str| edited(asset, decided, field);
        let (count, worst) = self.trouble(&asset.id, decided);
        let ips: Vec<String> =
            asset.interfaces.iter().flat_map(|interface| &interface.ips).map(ToString::to_string).collect();
        let macs: Vec<String> =
            asset.interfaces.iter().filter_map(|interface| interface.mac).map(|mac| mac.to_string()).collect();
        json!({
            "id": asset.id,
            "name": edit("name").unwrap_or(&asset.name),
            "ips": ips,
            "macs": macs,
            "vendor": attribute(asset, FactKey::Vendor).or_else(|| maker(asset)),
            "model": attribute(asset, FactKey::Model),
            "order_number": attribute(asset, FactKey::OrderNumber),
            "firmware": attribute(asset, FactKey::Firmware),
            "role": role(asset, decided),
            "level": asset.purdue.level,
            "importance": edit("importance").unwrap_or(asset.criticality.importance.as_str()),
            "zone": edit("zone"),
            "owner": edit("owner"),
            "known": asset.known,
            "first": asset.first,
            "last": asset.last,
            "is_external": asset.is_external,
            "is_remote": asset.is_remote,
            "findings": count,
            "worst": worst,
        })
    }
}

/// What people say of a field of a machine.
pub fn edited<'a>(asset: &Asset, decided: &'a Decided, field: &str) -> Option<&'a str> {
    Some(decided.edits.get(asset.id.as_str())?.get(field)?.value.as_str())
}

/// The role that people gave, else the strongest claim.
pub fn role<'a>(asset: &Asset, decided: &'a Decided) -> &'a str {
    let seen = asset.roles.first().map_or(Role::Unknown, |claim| claim.role);
    edited(asset, decided, "role").unwrap_or(seen.as_str())
}

/// The value believed of an attribute.
pub fn attribute(asset: &Asset, key: FactKey) -> Option<&str> {
    let found: Option<&Attribute> = asset.attributes.iter().find(|attribute| attribute.key == key);
    found.map(|attribute| attribute.value.as_str())
}

fn maker(asset: &Asset) -> Option<&str> {
    asset.interfaces.iter().find_map(|interface| interface.maker.as_deref())
}

/// Whether the detector of a finding was not switched off.
pub fn is_shown(ranked: &RankedFinding, decided: &Decided) -> bool {
    let disabled = decided.settings.get("disabled_detectors").and_then(Value::as_array);
    !disabled.is_some_and(|ids| ids.iter().any(|id| id == ranked.finding.detector.as_ref()))
}

/// Where a finding stands: one that happened again after it was closed is open.
pub fn state(ranked: &RankedFinding, decided: &Decided) -> (FindingState, bool) {
    match decided.findings.get(ranked.finding.id.as_str()) {
        None => (FindingState::Open, false),
        Some(standing) if standing.state == FindingState::Closed && ranked.finding.count > standing.seen => {
            (FindingState::Open, true)
        }
        Some(standing) => (standing.state, false),
    }
}

fn is_closed(ranked: &RankedFinding, decided: &Decided) -> bool {
    state(ranked, decided).0 == FindingState::Closed
}
