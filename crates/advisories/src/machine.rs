//! A machine as protocols or a list report it, made ready for matching.

use std::collections::HashMap;

use crate::families::{self, Variant};
use crate::names;
use crate::order::{self, Order};
use crate::version::{Version, words};

/// What is known of a machine, or of one module of it. Empty texts are facts that are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Machine {
    /// What it is called in the plant.
    pub asset: String,
    /// Its maker.
    pub vendor: String,
    /// Product or family.
    pub product: String,
    /// Model.
    pub model: String,
    /// Order number, catalogue number, reference.
    pub order_number: String,
    /// Firmware, or the version of software.
    pub firmware: String,
    /// Serial number.
    pub serial: String,
}

/// Where a name of a machine comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The machine, or the list, says it.
    Told,
    /// The order number gives it, by the table.
    Table,
    /// The order number gives it, by an advisory that names both.
    Learnt,
}

/// One name of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Its words.
    pub words: Vec<String>,
    /// The name.
    pub text: String,
    /// What a product name must say so that it counts.
    pub variant: Variant,
    /// Where it comes from.
    pub source: Source,
}

/// A machine ready for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Canonical vendors.
    pub vendors: Vec<String>,
    /// Order numbers.
    pub orders: Vec<Order>,
    /// Series letter.
    pub series: Option<char>,
    /// Names.
    pub called: Vec<Called>,
    /// The firmware, where it is understood.
    pub firmware: Option<Version>,
    /// Whether there is a firmware text that is not understood.
    pub is_firmware_unclear: bool,
}

/// Names that advisories give order numbers: squeezed number to product name.
pub type Learnt = HashMap<String, String>;

impl Profile {
    /// Makes a machine ready.
    pub fn new(machine: &Machine, learnt: &Learnt) -> Profile {
        let mut orders: Vec<Order> = Vec::new();
        let mut add = |order: Order| {
            if !orders.contains(&order) {
                orders.push(order);
            }
        };
        order::parse(&machine.order_number).into_iter().for_each(&mut add);
        for text in [&machine.model, &machine.product] {
            order::find(text).into_iter().for_each(&mut add);
        }
        if orders.is_empty() {
            // A reference in the column of the model: `BMX P34 2020`.
            for text in [&machine.model, &machine.product] {
                if let Some(order) = order::parse(text)
                    && families::vendor(&order).is_some()
                {
                    orders.push(order);
                }
            }
        }
        let mut vendors = names::vendors(&machine.vendor);
        for order in &orders {
            if let Some(vendor) = families::vendor(order)
                && (vendors.is_empty() || order.is_mlfb)
                && !vendors.iter().any(|v| v == vendor)
            {
                vendors.push(vendor.to_string());
            }
        }
        let joined = format!("{} {}", machine.product, machine.model);
        if vendors.is_empty()
            && let Some(vendor) = names::vendor_of_words(&names::words(&joined))
        {
            vendors.push(vendor.to_string());
        }
        let mut profile = Profile {
            vendors,
            series: orders.iter().find_map(|order| order.series).or_else(|| series(&joined)),
            orders,
            called: Vec::new(),
            firmware: None,
            is_firmware_unclear: false,
        };
        profile.call(joined.trim(), Variant::Plain, Source::Told);
        if !machine.order_number.is_empty() {
            profile.call(&format!("{joined} {}", machine.order_number), Variant::Plain, Source::Told);
        }
        for order in profile.orders.clone() {
            for named in families::names(&order) {
                if profile.vendors.iter().any(|vendor| vendor == named.vendor) {
                    profile.call(&named.name, named.variant, Source::Table);
                }
            }
            if let Some(name) = learnt.get(&order.squeezed) {
                let is_siplus = name.to_ascii_lowercase().contains("siplus");
                profile.call(name, if is_siplus { Variant::Siplus } else { Variant::Plain }, Source::Learnt);
            }
        }
        for called in profile.called.clone() {
            for name in families::implied(&called.words) {
                profile.call(&name, called.variant, called.source);
            }
        }
        let text = machine.firmware.trim();
        profile.firmware = firmware(text);
        profile.is_firmware_unclear = profile.firmware.is_none() && !text.is_empty();
        profile
    }

    fn call(&mut self, text: &str, variant: Variant, source: Source) {
        let words = names::words(text);
        if !words.is_empty() && !self.called.iter().any(|called| called.words == words && called.variant == variant) {
            self.called.push(Called { words, text: text.trim().to_string(), variant, source });
        }
    }
}

fn series(text: &str) -> Option<char> {
    let pieces: Vec<&str> = text.split_whitespace().collect();
    pieces.windows(2).find_map(|pair| {
        let letter = pair[1].chars().next().filter(|c| pair[1].len() == 1 && c.is_ascii_uppercase());
        letter.filter(|_| pair[0].eq_ignore_ascii_case("series") || pair[0].eq_ignore_ascii_case("ser"))
    })
}

/// The version in a firmware text as machines report it (`V4.2.1`, `FW 4.2.1`, `16.020`, `02.07.07(10)`, `V2.8 HF1`).
pub fn firmware(text: &str) -> Option<Version> {
    if let Some(version) = Version::parse(text) {
        return Some(version);
    }
    let all = words(text);
    let (mut version, used) = Version::from_words(&all)?;
    // What stands in brackets behind it says nothing more.
    if all.get(used).is_some_and(|word| word.starts_with('(')) {
        version.text = text.to_string();
        return Some(version);
    }
    None
}

#[cfg(test)]
mod tests;
