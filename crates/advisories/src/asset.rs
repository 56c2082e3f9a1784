//! Machines out of the inventory of the analysis: the machine itself, its modules in slots, and devices behind it.

use model::{Asset, Attribute, FactKey};

use crate::machine::Machine;

fn value(attributes: &[Attribute], key: FactKey) -> String {
    attributes
        .iter()
        .find(|attribute| attribute.key == key)
        .map_or_else(String::new, |attribute| attribute.value.to_string())
}

fn machine(asset: String, attributes: &[Attribute]) -> Machine {
    Machine {
        asset,
        vendor: value(attributes, FactKey::Vendor),
        product: String::new(),
        model: value(attributes, FactKey::Model),
        order_number: value(attributes, FactKey::OrderNumber),
        firmware: value(attributes, FactKey::Firmware),
        serial: value(attributes, FactKey::Serial),
    }
}

/// What there is to match of an asset: itself first, then each module and device behind it that says what it is.
pub fn machines(asset: &Asset) -> Vec<Machine> {
    let own = machine(asset.name.to_string(), &asset.attributes);
    let mut found = vec![own];
    for part in asset.modules.iter().chain(&asset.behind) {
        let mut module = machine(format!("{} {}", asset.name, part.behind), &part.attributes);
        if module.vendor.is_empty() {
            module.vendor = found[0].vendor.clone();
        }
        let says_what = !(module.order_number.is_empty() && module.model.is_empty());
        let is_same = |other: &Machine| {
            other.order_number == module.order_number
                && other.model == module.model
                && other.firmware == module.firmware
        };
        if says_what && !found.iter().any(is_same) {
            found.push(module);
        }
    }
    found
}
