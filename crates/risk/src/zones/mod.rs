//! Zones and conduits of IEC 62443-3-2: proposed from what was observed, written as text or JSON that people edit, walked
//! through the steps of the standard, and held against the traffic.

mod judge;
mod louvain;
mod propose;
mod say;
mod steps;
mod text;

#[cfg(test)]
mod tests;

use model::{Purdue, Said, Text, Verb, words};
use serde::{Deserialize, Serialize};

pub use judge::{DESCRIPTORS, Placement, place, violations};
pub use propose::propose;
pub use say::text as say;
pub use steps::{Step, Verdict, steps};
pub use text::{PolicyError, parse, write};

/// Zones of a plan, and conduits: people name hundreds, a file that has more is a mistake or an attack.
pub const ZONES_MAX: usize = 2_000;
/// Conduits of a plan.
pub const CONDUITS_MAX: usize = 50_000;
/// Members of all zones.
pub const MEMBERS_MAX: usize = 200_000;
/// Bytes of a plan as a file.
pub const PLAN_BYTES_MAX: usize = 32 << 20;

words! {
    /// What a zone is for. The order is that of the standard's steps: what must be apart from what.
    pub enum Kind {
        /// Safety instrumented systems.
        Safety = "safety",
        /// Controllers and field devices.
        Control = "control",
        /// Supervision: operator stations, SCADA, engineering.
        Supervision = "supervision",
        /// Operation of the site: historians, services of the plant.
        Operations = "operations",
        /// Between plant and enterprise.
        Border = "border",
        /// Business: office and enterprise.
        Business = "business",
        /// Wireless devices.
        Wireless = "wireless",
        /// Devices that come and go: laptops of engineers and vendors.
        Temporary = "temporary",
        /// What is reached over networks of others: the Internet, vendors.
        External = "external",
    }
}

impl Kind {
    /// Whether the zone belongs to the industrial automation and control system.
    pub const fn is_control_system(self) -> bool {
        matches!(self, Kind::Safety | Kind::Control | Kind::Supervision)
    }

    /// Words for people: English and French.
    pub fn said(self) -> Said {
        let (en, fr) = match self {
            Kind::Safety => ("safety", "sécurité des personnes"),
            Kind::Control => ("control", "conduite"),
            Kind::Supervision => ("supervision", "supervision"),
            Kind::Operations => ("site operation", "exploitation du site"),
            Kind::Border => ("border (DMZ)", "frontière (DMZ)"),
            Kind::Business => ("business", "bureautique"),
            Kind::Wireless => ("wireless", "sans fil"),
            Kind::Temporary => ("temporary connections", "raccordements temporaires"),
            Kind::External => ("external networks", "réseaux extérieurs"),
        };
        Said { en: en.into(), fr: fr.into() }
    }
}

/// The seven groups of foundational requirements of IEC 62443-1-1, in their order: identification and authentication,
/// use control, integrity, confidentiality, restricted data flow, timely response, availability.
pub const REQUIREMENT_GROUPS: [&str; 7] = ["IAC", "UC", "SI", "DC", "RDF", "TRE", "RA"];

/// A plan of zones and conduits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The zones.
    pub zones: Vec<Zone>,
    /// What may pass between them: everything else is a violation.
    pub conduits: Vec<Conduit>,
}

/// A zone: machines with the same need of protection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its short name: `control-1`.
    pub id: Text,
    /// Its name for people.
    #[serde(default)]
    pub name: Text,
    /// What it is for.
    pub kind: Kind,
    /// Purdue level, as written; empty where none fits.
    #[serde(default)]
    pub level: Text,
    /// Security level target (SL-T, 0 to 4) of each of [`REQUIREMENT_GROUPS`].
    pub target: [u8; 7],
    /// Its machines: ids or names of machines, addresses, subnets (`10.0.1.0/24`).
    pub members: Vec<Text>,
    /// Why it is proposed.
    #[serde(default, deserialize_with = "passed_over", skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Said>,
}

/// A conduit: what machines of one zone may ask of machines of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conduit {
    /// Id of the zone that opens conversations.
    pub from: Text,
    /// Id of the zone that answers.
    pub to: Text,
    /// What may pass.
    pub allow: Vec<Service>,
}

/// One service that may pass a conduit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Id of the protocol; `*` for any, `unknown` for what was not recognised.
    pub protocol: Text,
    /// Ports of the server; none for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// What may be done; nothing for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<Verb>,
}

/// The Purdue level as plans write it.
pub(crate) fn level_text(level: Purdue) -> Text {
    match level {
        Purdue::Unknown => Text::default(),
        level => Text::from(level.as_str()),
    }
}

/// Reasons are written for people and not read back.
fn passed_over<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Said>, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| Vec::new())
}

/// The verb of a word.
pub(crate) fn verb(word: &str) -> Option<model::Verb> {
    model::Verb::from_word(word)
}
