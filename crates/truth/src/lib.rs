//! Sources of truth: what people and tools declare of a plant, in one model, and how it differs from what was seen.
//!
//! Parsers take text and give [`Declared`], or refuse with the place. Nothing here does I/O. What a parser does not
//! understand is kept as an unknown line and counted: it is never guessed.
#![forbid(unsafe_code)]

mod compare;
mod plants;
mod switches;
mod table;
mod walls;
mod xml;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use model::Mac;
use serde::Serialize;

pub use compare::{Difference, Kind, compare, say, to_csv};
pub use walls::{Action, Rule};

/// Bytes of one source.
pub const SOURCE_BYTES_MAX: usize = 128 << 20;
/// Bytes of one line of text.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Machines, rules and other things taken from one source.
pub const ROWS_MAX: usize = 500_000;
/// Lines that were not understood and are kept; the rest is counted.
pub const UNKNOWN_MAX: usize = 200;

/// Everything declared.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Declared {
    /// Machines.
    pub machines: Vec<Machine>,
    /// Rules of firewalls and routers, each list in its order.
    pub walls: Vec<Wall>,
    /// Where machines are plugged in.
    pub plugs: Vec<Plug>,
    /// Lines that were not understood, bounded.
    pub unknown: Vec<Unknown>,
    /// How many lines were not understood.
    pub unknown_count: u64,
    /// Sources that were read: name and format.
    pub sources: Vec<(String, &'static str)>,
}

/// A machine as declared. Empty texts say nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub ips: Vec<IpAddr>,
    /// Its hardware addresses.
    #[serde(serialize_with = "macs")]
    pub macs: Vec<Mac>,
    /// Maker.
    pub vendor: String,
    /// Product.
    pub model: String,
    /// Order or catalogue number.
    pub order_number: String,
    /// Firmware.
    pub firmware: String,
    /// Serial number.
    pub serial: String,
    /// What it is for, as declared.
    pub role: String,
    /// Where it stands.
    pub location: String,
    /// Programs in it.
    pub programs: Vec<String>,
    /// Its modules: place, order number, firmware.
    pub modules: Vec<(String, String, String)>,
    /// Open services: transport and port.
    pub services: Vec<(String, u16)>,
    /// Where it is declared: source and line or element.
    pub place: String,
}

fn macs<S: serde::Serializer>(macs: &[Mac], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(macs.iter().map(Mac::to_string))
}

/// A list of rules: the first that fits decides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wall {
    /// Source and name of the list.
    pub name: String,
    /// The rules in order.
    pub rules: Vec<Rule>,
    /// What happens to what no rule fits; nothing where the source does not say.
    pub otherwise: Option<Action>,
}

/// A port of a switch and who is behind it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plug {
    /// Source: the switch.
    pub switch: String,
    /// Port of the switch.
    pub port: String,
    /// VLAN; empty where none is told.
    pub vlan: String,
    /// Hardware address seen there.
    pub mac: String,
    /// Name of the neighbour, by LLDP or CDP.
    pub neighbour: String,
    /// Port of the neighbour.
    pub neighbour_port: String,
    /// Address of the neighbour.
    pub neighbour_ip: Option<IpAddr>,
}

/// A line that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Source and line.
    pub place: String,
    /// What stands there, bounded.
    pub text: String,
}

/// Why a source was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Source and line, byte or element.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl std::error::Error for Refused {}

impl Declared {
    /// Reads one source into the model. `name` is its file name; the format is found by content.
    pub fn read(&mut self, name: &str, text: &str) -> Result<(), Refused> {
        let refuse = |place: String, why: &str| Err(Refused { place, why: why.to_owned() });
        if text.len() > SOURCE_BYTES_MAX {
            return refuse(name.to_owned(), "larger than 128 MiB");
        }
        if let Some((number, _)) =
            text.lines().enumerate().find(|(_, line)| line.len() > LINE_BYTES_MAX && !text.starts_with(['<', '{', '[']))
        {
            return refuse(format!("{name}:{}", number + 1), "a line of more than 1 MiB");
        }
        let text = text.trim_start_matches('\u{feff}');
        let format = match text.trim_start() {
            begin if begin.starts_with('<') => plants::xml(self, name, text)?,
            begin
                if begin.starts_with('{')
                    || (begin.starts_with('[') && begin[1..].trim_start().starts_with(['{', ']'])) =>
            {
                plants::netbox(self, name, text)?
            }
            _ => match walls::read(self, name, text)
                .or_else(|| switches::read(self, name, text))
                .or_else(|| plants::eds(self, name, text))
            {
                Some(format) => format,
                None => table::read(self, name, text)?,
            },
        };
        if self.machines.len() > ROWS_MAX || self.plugs.len() > ROWS_MAX {
            return refuse(name.to_owned(), "more than 500,000 rows");
        }
        self.sources.push((name.to_owned(), format));
        Ok(())
    }

    pub(crate) fn not_understood(&mut self, place: String, text: &str) {
        self.unknown_count += 1;
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.push(Unknown { place, text: text.trim().chars().take(200).collect() });
        }
    }
}

/// A hardware address in any of the usual forms: `00:1b:1b:…`, `00-1B-…`, `001b.1b00.0001`, `001b1b000001`.
pub(crate) fn mac(text: &str) -> Option<Mac> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let is_one = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let mut bytes = [0; 6];
    for (number, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(is_one.then_some(&digits)?.get(number * 2..number * 2 + 2)?, 16).ok()?;
    }
    Some(Mac(bytes))
}
