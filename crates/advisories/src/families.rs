//! Which product family an order number or catalogue number belongs to, in the words of advisories.
//!
//! The table is `data/families.tsv`. Patterns are over the squeezed number (see [`crate::order`]); every row that covers a
//! number gives the machine one more name.

use std::sync::OnceLock;

use crate::names::covers;
use crate::order::Order;

/// What a product name must say so that a name of the table counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Nothing.
    Plain,
    /// `incl. SIPLUS variants`, or `SIPLUS` itself.
    Siplus,
    /// `incl. related ET200 CPUs`.
    RelatedEt200,
    /// Both.
    SiplusEt200,
}

/// A row of the table.
struct Row {
    vendor: &'static str,
    pattern: &'static [u8],
    name: &'static str,
    variant: Variant,
}

fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        include_str!("../data/families.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let mut columns = line.split('\t');
                let (vendor, pattern, name) = (columns.next()?, columns.next()?, columns.next()?);
                let variant = match columns.next() {
                    Some("related-et200") => Variant::RelatedEt200,
                    _ => Variant::Plain,
                };
                Some(Row { vendor, pattern: pattern.as_bytes(), name, variant })
            })
            .collect()
    })
}

/// A name that a number gives a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The vendor.
    pub vendor: &'static str,
    /// The name, as advisories write it.
    pub name: String,
    /// What a product name must say so that it counts.
    pub variant: Variant,
}

/// The names that an order number gives.
pub fn names(order: &Order) -> Vec<Named> {
    let mut found = Vec::new();
    let mut number = order.squeezed.clone();
    // SIPLUS: 6AG1 instead of 6ES7, 6GK, 6AV; the rest is the number of the plain product.
    let mut is_siplus = false;
    if let Some(rest) = number.strip_prefix("6AG1") {
        is_siplus = true;
        let base = if rest.starts_with("124") || rest.starts_with("123") && rest.as_bytes().get(3) == Some(&b'2') {
            "6AV2"
        } else if ["242", "243", "343", "443", "542", "543"].iter().any(|start| rest.starts_with(start)) {
            "6GK7"
        } else if rest.starts_with("20")
            || rest.starts_with("21") && rest.as_bytes().get(3) == Some(&b'0')
            || rest.starts_with("308")
        {
            "6GK5"
        } else {
            "6ES7"
        };
        number = format!("{base}{rest}");
    }
    for Row { vendor, pattern, name, variant } in rows() {
        if !covers(pattern, number.as_bytes()) {
            continue;
        }
        let variant = match (is_siplus, *variant) {
            (false, variant) => variant,
            (true, Variant::Plain | Variant::Siplus) => Variant::Siplus,
            (true, _) => Variant::SiplusEt200,
        };
        found.push(Named { vendor, name: (*name).to_string(), variant });
    }
    found
}

/// The vendor whose numbering it is.
pub fn vendor(order: &Order) -> Option<&'static str> {
    if order.is_mlfb {
        return Some("siemens");
    }
    names(order).first().map(|named| named.vendor)
}

/// Further names that a name implies: `SCALANCE XC208` belongs to `SCALANCE XC-200`.
pub fn implied(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    if !words.iter().any(|word| word == "scalance") {
        return found;
    }
    let has = |wanted: &str| words.iter().any(|word| word == wanted || word.ends_with(wanted));
    for word in words {
        let letters: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
        let digits = &word[letters.len()..];
        let family = match (letters.as_str(), digits.get(..1).unwrap_or_default()) {
            ("x" | "xf", "2") if has("irt") => "X-200IRT switch",
            ("x" | "xf", "2") if has("rna") => "X-200RNA switch",
            ("xf", "2") if has("2ba") => "XF-200BA",
            ("x" | "xf", "2") => "X-200 switch",
            ("x", "3") => "X-300 switch",
            ("x", "4") if digits.starts_with("408") => "X-300 switch X408",
            ("xb", "2") => "XB-200",
            ("xc", "2") => "XC-200",
            ("xp", "2") => "XP-200",
            ("xr", "3") if digits.contains("wg") || has("wg") => "XR-300WG",
            ("xr", "3") => "X-300 switch",
            ("xm", "4") => "XM-400",
            ("xr", "5") => "XR-500",
            ("w", "7") => "W-700 IEEE 802.11n",
            ("w", "1") => "W-1700 IEEE 802.11ac",
            ("sc", "6") => "SC-600",
            ("m" | "mum", "8") if digits != "875" => "M-800",
            _ => continue,
        };
        if digits.len() >= 3 {
            found.push(format!("SCALANCE {family}"));
        }
    }
    found
}

#[cfg(test)]
mod tests;
