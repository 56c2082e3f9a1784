//! Who a device says it is: the identity object and its copy in ListIdentity.

use compact_str::format_compact;
use model::{Confidence, FactKey, Reading, Text, Value};
use wire::{Reader, Short};

use super::{tables, values};
use crate::{About, Output};

/// Rockwell Automation.
const ROCKWELL: u16 = 1;
/// Programmable logic controller.
pub(crate) const CONTROLLER: u16 = 0x0e;

/// Attributes 1 to 7 of the identity object (volume 1, section 5-2), as far as they are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub vendor: Option<u16>,
    pub device_type: Option<u16>,
    pub product: Option<u16>,
    pub revision: Option<(u8, u8)>,
    pub status: Option<u16>,
    pub serial: Option<u32>,
    pub name: Option<Text>,
}

impl Identity {
    /// Reads the attributes in their order. What was read before the bytes ended stays in `self`.
    pub(crate) fn read(&mut self, r: &mut Reader<'_>) -> Result<(), Short> {
        self.vendor = Some(r.u16_le("vendor id")?);
        self.device_type = Some(r.u16_le("device type")?);
        self.product = Some(r.u16_le("product code")?);
        self.revision = Some((r.u8("major revision")?, r.u8("minor revision")?));
        self.status = Some(r.u16_le("status")?);
        self.serial = Some(r.u32_le("serial number")?);
        let length = r.u8("product name length")?;
        // Names are cut by some devices; what is there is taken.
        self.name = Some(values::text(r.sub_at_most(length.into()).take_rest()));
        Ok(())
    }

    /// Keeps one attribute that was read on its own.
    pub(crate) fn set(&mut self, attribute: u32, mut r: Reader<'_>) {
        match attribute {
            1 => self.vendor = r.u16_le("vendor id").ok(),
            2 => self.device_type = r.u16_le("device type").ok(),
            3 => self.product = r.u16_le("product code").ok(),
            4 => {
                self.revision = r.array::<2>("revision").ok().map(|[major, minor]| (major, minor));
            }
            5 => self.status = r.u16_le("status").ok(),
            6 => self.serial = r.u32_le("serial number").ok(),
            7 => {
                if let Ok(length) = r.u8("product name length") {
                    self.name = Some(values::text(r.sub_at_most(length.into()).take_rest()));
                }
            }
            _ => {}
        }
    }

    /// Tells what is known.
    pub(crate) fn tell(&self, about: &About, source: &str, out: &mut Output<'_>) {
        let mut tell = |key, value: &str| out.fact(about.clone(), key, value, source, Confidence::Certain);
        if let Some(vendor) = self.vendor {
            match tables::vendor(vendor) {
                Some(name) => tell(FactKey::Vendor, name),
                None => tell(FactKey::Vendor, &format_compact!("cip vendor {vendor}")),
            }
        }
        if let Some(device_type) = self.device_type {
            tell(FactKey::DeviceType, &tables::device_type(device_type));
            if let Some(role) = tables::role(device_type) {
                tell(FactKey::Role, role);
            }
        }
        if let Some(product) = self.product {
            tell(FactKey::DeviceId, &format_compact!("product code {product}"));
        }
        if let Some((major, minor)) = self.revision {
            tell(FactKey::Firmware, &format_compact!("{major}.{minor}"));
        }
        if let Some(serial) = self.serial {
            tell(FactKey::Serial, &format_compact!("{serial:08x}"));
        }
        if let Some(name) = &self.name {
            tell(FactKey::Model, name);
            // Rockwell writes the catalogue number in front: `1756-L61/B LOGIX5561`.
            let first = name.split_whitespace().next().unwrap_or_default();
            let is_catalogue = first.contains('-') && first.starts_with(|c: char| c.is_ascii_digit());
            if is_catalogue && self.vendor.is_none_or(|vendor| vendor == ROCKWELL) {
                tell(FactKey::OrderNumber, first);
            }
        }
        if let Some(status) = self.status {
            if let Some(state) = run_state(status, self.device_type) {
                tell(FactKey::RunState, state);
            }
            if self.vendor == Some(ROCKWELL)
                && self.device_type == Some(CONTROLLER)
                && let Some(position) = key_position(status)
            {
                tell(FactKey::KeyPosition, position);
            }
        }
    }

    /// The attributes as values of an act.
    pub(crate) fn readings(&self, object: &str, readings: &mut Vec<Reading>) {
        let mut push = |attribute: u32, value: Option<Value>| {
            if let (Some(value), Some(known)) = (value, tables::attribute(1, attribute)) {
                readings.push(Reading::new(format_compact!("{object} attribute {attribute} {}", known.name), value));
            }
        };
        push(1, self.vendor.map(|v| Value::Unsigned(v.into())));
        push(2, self.device_type.map(|v| Value::Unsigned(v.into())));
        push(3, self.product.map(|v| Value::Unsigned(v.into())));
        push(4, self.revision.map(|(major, minor)| Value::Text(format_compact!("{major}.{minor}"))));
        push(5, self.status.map(|v| Value::Unsigned(v.into())));
        push(6, self.serial.map(|v| Value::Unsigned(v.into())));
        push(7, self.name.clone().map(Value::Text));
    }
}

/// State that the status word tells (volume 1, table 5-2.3): bits 10 and 11 are major faults, bits 4 to 7 the extended
/// device status. Controllers are in run mode when one of their I/O connections is, in program mode when all are idle.
fn run_state(status: u16, device_type: Option<u16>) -> Option<&'static str> {
    let is_controller = device_type == Some(CONTROLLER);
    match status >> 4 & 0x0f {
        _ if status & 0x0c00 != 0 => Some("faulted"),
        1 => Some("firmware update"),
        5 => Some("faulted"),
        6 => Some("run"),
        7 => Some(if is_controller { "program" } else { "idle" }),
        _ => None,
    }
}

/// Position of the key switch of Logix controllers: bits 12 and 13 (Rockwell, controller status word).
fn key_position(status: u16) -> Option<&'static str> {
    match status >> 12 & 0x03 {
        1 => Some("run"),
        2 => Some("program"),
        3 => Some("remote"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_word_tells_state_and_key() {
        assert_eq!(run_state(0x3060, Some(CONTROLLER)), Some("run"));
        assert_eq!(key_position(0x3060), Some("remote"));
        assert_eq!(run_state(0x3070, Some(CONTROLLER)), Some("program"));
        assert_eq!(key_position(0x1060), Some("run"));
        assert_eq!(run_state(0x0400, None), Some("faulted"));
        assert_eq!(run_state(0x0030, Some(0x0c)), None);
    }
}
