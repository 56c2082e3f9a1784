//! The fourteen high-priority fields of the OT asset inventory guidance (CISA and partners, August 2025): which of them
//! the network tells, and which only people can.

use model::{Asset, FactKey, Field, Role, Text};

/// Makes the fields of `asset` from all else that is known of it.
pub(crate) fn fields(asset: &Asset) -> Vec<Field> {
    let attribute = |keys: &[FactKey]| {
        keys.iter().find_map(|key| asset.attributes.iter().find(|a| a.key == *key)).map(|a| a.value.clone())
    };
    let mut protocols: Vec<&str> =
        asset.services.iter().chain(&asset.uses).map(|s| s.protocol.as_str()).filter(|p| !p.is_empty()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let ports: Vec<String> = asset
        .services
        .iter()
        .map(|s| match s.port {
            Some(port) => format!("{}/{port} {}", s.transport, s.protocol).trim_end().to_owned(),
            None => s.protocol.to_string(),
        })
        .collect();
    let ips: Vec<String> = asset.interfaces.iter().flat_map(|i| &i.ips).map(ToString::to_string).collect();
    let macs: Vec<String> = asset.interfaces.iter().filter_map(|i| i.mac).map(|mac| mac.to_string()).collect();
    let maker = || asset.interfaces.iter().find_map(|i| i.maker.clone());
    let role = asset.roles.first().filter(|claim| claim.role != Role::Unknown).map(|c| Text::from(c.role.as_str()));

    let from_network =
        |name: &'static str, value: Option<Text>| Field { name, value, is_proposal: false, needs_people: false };
    vec![
        from_network("active/supported communication protocols", list(&protocols)),
        Field {
            name: "asset criticality",
            value: Some(Text::from(asset.criticality.importance.as_str())),
            is_proposal: true,
            needs_people: true,
        },
        Field { name: "asset number", value: None, is_proposal: false, needs_people: true },
        from_network("asset role/type", role),
        from_network("hostname", attribute(&[FactKey::Hostname, FactKey::StationName])),
        from_network("IP address", list(&ips)),
        Field { needs_people: true, ..from_network("logging", attribute(&[FactKey::Logging])) },
        from_network("MAC address", list(&macs)),
        from_network("manufacturer", attribute(&[FactKey::Vendor]).or_else(maker)),
        from_network("model", attribute(&[FactKey::Model, FactKey::OrderNumber])),
        from_network("operating system", asset.os.clone()),
        Field { needs_people: true, ..from_network("physical location/address", attribute(&[FactKey::Location])) },
        from_network("ports/services", list(&ports)),
        Field { needs_people: true, ..from_network("user accounts", list(&asset.users)) },
    ]
}

/// How many of the fields are known: a proposal that people have to confirm does not count.
pub(crate) fn known(fields: &[Field]) -> u32 {
    fields.iter().filter(|field| field.value.is_some() && !field.is_proposal).count() as u32
}

/// The first twelve of `values`, separated by commas; nothing where there are none.
fn list<T: AsRef<str>>(values: &[T]) -> Option<Text> {
    if values.is_empty() {
        return None;
    }
    let shown: Vec<&str> = values.iter().take(12).map(AsRef::as_ref).collect();
    let more = if values.len() > 12 { format!(" (+{})", values.len() - 12) } else { String::new() };
    Some(Text::from(shown.join(", ") + &more))
}
