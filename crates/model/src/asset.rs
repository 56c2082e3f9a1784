//! A machine of the plant: what it is, what is known of it, and why that is believed.

use std::net::IpAddr;

use serde::Serialize;

use crate::{Behind, Confidence, FactKey, Mac, Text, Time, words};

/// A sentence in the languages of the product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Said {
    /// English.
    pub en: Text,
    /// French.
    pub fr: Text,
}

impl Said {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty() && self.fr.is_empty()
    }
}

/// What needs no translation: names, numbers, words of protocols.
impl From<Text> for Said {
    fn from(text: Text) -> Said {
        Said { fr: text.clone(), en: text }
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Said {
        Said::from(Text::from(text))
    }
}

impl From<String> for Said {
    fn from(text: String) -> Said {
        Said::from(Text::from(text))
    }
}

/// Builds a [`Said`] from an English and a French format string. Variables in braces are written as they are; arguments
/// by name are said in the language of the string: words are translated, numbers grouped, nouns agree
/// ([`Speak`](crate::Speak), [`number_of`](crate::number_of)).
#[macro_export]
macro_rules! said {
    ($en:literal, $fr:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Said {
            en: $crate::Text::from(format!($en $(, $name = $crate::Spoken(&$value, $crate::Language::En))*)),
            fr: $crate::Text::from(format!($fr $(, $name = $crate::Spoken(&$value, $crate::Language::Fr))*)),
        }
    };
}

/// One machine. A machine may have several interfaces, modules in slots, and devices behind it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asset {
    /// Stable name of the machine in files and links: `mac-001b1b0a0b0c`, or `ip-10.0.0.5` where no hardware address
    /// is its own.
    pub id: Text,
    /// The name to show: the best host, station or product name, else the address.
    pub name: Text,
    /// Every name that the machine was given, in order of trust.
    pub names: Vec<Text>,
    /// Its network interfaces.
    pub interfaces: Vec<Interface>,
    /// What is known of it, with who said so; in the order of [`FactKey`].
    pub attributes: Vec<Attribute>,
    /// Modules in slots, in order.
    pub modules: Vec<Part>,
    /// Devices reached through it: units, link addresses, routes; in order.
    pub behind: Vec<Part>,
    /// Services that it offers, as seen answering.
    pub services: Vec<Service>,
    /// Services of others that it uses.
    pub uses: Vec<Service>,
    /// Roles with their reasons, the strongest first.
    pub roles: Vec<RoleClaim>,
    /// Level in the Purdue model.
    pub purdue: Level,
    /// How much the plant depends on it.
    pub criticality: Criticality,
    /// The fourteen high-priority fields of the CISA asset inventory guidance (August 2025).
    pub fields: Vec<Field>,
    /// How many of `fields` are known.
    pub known: u32,
    /// Names of users and accounts seen on it.
    pub users: Vec<Text>,
    /// Kinds of credentials seen, never their content.
    pub credentials: Vec<Text>,
    /// Operating system, where known or hinted at.
    pub os: Option<Text>,
    /// Whether it stands behind a router, so that its hardware address cannot be seen here.
    pub is_remote: bool,
    /// Whether its address is one of the public Internet.
    pub is_external: bool,
    /// Whether only others speak of it: it was never seen sending.
    pub is_hearsay: bool,
    /// Time of the first record that speaks of it.
    pub first: Time,
    /// Time of the last one.
    pub last: Time,
    /// Packets it sent.
    pub packets_sent: u64,
    /// Packets it was sent.
    pub packets_received: u64,
    /// Bytes it sent, as frames on the wire.
    pub bytes_sent: u64,
    /// Bytes it was sent.
    pub bytes_received: u64,
    /// Acts it asked for.
    pub acts_asked: u64,
    /// Acts it was asked for.
    pub acts_received: u64,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Hardware address; absent for a machine behind a router.
    pub mac: Option<Mac>,
    /// Maker of the interface, by the registry of the IEEE.
    pub maker: Option<Text>,
    /// IP addresses, in order.
    pub ips: Vec<IpAddr>,
    /// VLAN numbers it was seen in, in order.
    pub vlans: Vec<u16>,
}

/// One attribute and everything that was claimed of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// Which attribute.
    pub key: FactKey,
    /// The value believed: the surest, and of equally sure ones the latest.
    pub value: Text,
    /// Whether another value was claimed with as much confidence, for an attribute that has only one value.
    pub is_disputed: bool,
    /// All claims, the believed one first.
    pub claims: Vec<Claim>,
}

/// One claim: why something is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The value as the source wrote it.
    pub value: Text,
    /// Id of the protocol that said it.
    pub protocol: Text,
    /// Where in the protocol.
    pub source: Text,
    /// How sure it is.
    pub confidence: Confidence,
    /// When it was said first.
    pub first: Time,
    /// When it was said last.
    pub last: Time,
    /// How often.
    pub count: u64,
}

/// A module in a slot, or a device behind a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Where it is: unit, slot, link address, route.
    #[serde(serialize_with = "shown")]
    pub behind: Behind,
    /// The protocol that reaches it.
    pub protocol: Text,
    /// What is known of it.
    pub attributes: Vec<Attribute>,
    /// Acts it was asked for.
    pub acts: u64,
    /// Of these, how many changed something.
    pub changes: u64,
    /// Whether it ever answered.
    pub has_answered: bool,
    /// Time of the first record that speaks of it.
    pub first: Time,
    /// Time of the last one.
    pub last: Time,
}

fn shown<T: std::fmt::Display, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A service offered or used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Id of the protocol; empty where it was not recognised.
    pub protocol: Text,
    /// Whether the protocol is only guessed by port and content.
    pub is_guess: bool,
    /// What carries it: `tcp`, `udp`, `ethernet-0x88b8` …
    pub transport: Text,
    /// Port of the server.
    pub port: Option<u16>,
    /// Who uses it (of an offered service), or whom it is used of: ids of machines, in order, bounded.
    pub partners: Vec<Text>,
    /// How many partners there are in all.
    pub partner_count: u32,
    /// Number of conversations.
    pub conversations: u64,
    /// Time of the first one.
    pub first: Time,
    /// Time of the last one.
    pub last: Time,
}

words! {
    /// What a machine is for.
    pub enum Role {
        /// Programmable logic controller, or a controller of another make.
        Plc = "plc",
        /// Remote terminal unit of a telecontrol system.
        Rtu = "rtu",
        /// Protection relay or bay controller of a substation.
        Ied = "ied",
        /// Controller of a safety instrumented system.
        SafetyController = "safety controller",
        /// Controller of a building: BACnet.
        BuildingController = "building controller",
        /// Operator panel or station.
        Hmi = "hmi",
        /// Station from which controllers are programmed.
        EngineeringStation = "engineering station",
        /// Server that polls and commands many controllers.
        ScadaServer = "scada server",
        /// Archive of process values.
        Historian = "historian",
        /// Translator between networks or field buses.
        Gateway = "gateway",
        /// Variable speed drive, servo, soft starter.
        Drive = "drive",
        /// Distributed inputs and outputs.
        RemoteIo = "remote i/o",
        /// Instrument or sensor.
        Instrument = "instrument",
        /// Robot controller.
        Robot = "robot",
        /// Power meter.
        Meter = "meter",
        /// Uninterruptible power supply.
        PowerSupply = "power supply",
        /// Ethernet switch.
        Switch = "switch",
        /// Router.
        Router = "router",
        /// Firewall.
        Firewall = "firewall",
        /// Wireless access point.
        AccessPoint = "access point",
        /// Directory and logon server.
        DomainController = "domain controller",
        /// Server of names.
        DnsServer = "dns server",
        /// Server of addresses.
        DhcpServer = "dhcp server",
        /// Server of time.
        TimeServer = "time server",
        /// Server of files.
        FileServer = "file server",
        /// Web server.
        WebServer = "web server",
        /// Mail server.
        MailServer = "mail server",
        /// Data base server.
        DatabaseServer = "database server",
        /// Message broker.
        Broker = "broker",
        /// Collector of logs.
        LogServer = "log server",
        /// Server of another kind.
        Server = "server",
        /// Management of the network: polls by SNMP.
        NetworkManagement = "network management",
        /// A machine that scans.
        Scanner = "scanner",
        /// Printer.
        Printer = "printer",
        /// Camera or video recorder.
        Camera = "camera",
        /// Telephone.
        Phone = "phone",
        /// Phone or tablet computer.
        Mobile = "mobile",
        /// Office or operator computer.
        Workstation = "workstation",
        /// A machine on the Internet.
        InternetHost = "internet host",
        /// Nothing points anywhere.
        Unknown = "unknown",
    }
}

impl Role {
    /// Controllers and field devices: those that act on the process.
    pub const fn is_controller(self) -> bool {
        matches!(self, Role::Plc | Role::Rtu | Role::Ied | Role::SafetyController | Role::BuildingController)
    }

    /// Whether the role belongs to the industrial side.
    pub const fn is_industrial(self) -> bool {
        self.is_controller()
            || matches!(
                self,
                Role::Hmi
                    | Role::EngineeringStation
                    | Role::ScadaServer
                    | Role::Historian
                    | Role::Gateway
                    | Role::Drive
                    | Role::RemoteIo
                    | Role::Instrument
                    | Role::Robot
                    | Role::Meter
            )
    }
}

/// A role and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleClaim {
    /// The role.
    pub role: Role,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why.
    pub reasons: Vec<Said>,
}

words! {
    /// Levels of the Purdue model (ISA-95, IEC 62443-1-1), as they are spoken of.
    pub enum Purdue {
        /// Sensors, actuators, remote inputs and outputs.
        Process = "0",
        /// Controllers.
        Control = "1",
        /// Supervision: operator panels, SCADA, engineering.
        Supervision = "2",
        /// Operation of the site: historians, domain services of the plant.
        Operations = "3",
        /// Between plant and enterprise.
        Border = "3.5",
        /// Office and enterprise.
        Enterprise = "4",
        /// Outside: the Internet.
        Outside = "5",
        /// Not known.
        Unknown = "unknown",
    }
}

/// A level with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// The level.
    pub level: Purdue,
    /// Why.
    pub reasons: Vec<Said>,
}

words! {
    /// How much the plant depends on a machine. A proposal from the network; people decide.
    pub enum Importance {
        /// The plant runs without it.
        Low = "low",
        /// Work is hindered without it.
        Medium = "medium",
        /// Part of the process stops or is blind without it.
        High = "high",
        /// Safety depends on it, or the whole process does.
        Critical = "critical",
    }
}

/// An importance with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Criticality {
    /// The importance.
    pub importance: Importance,
    /// Why.
    pub reasons: Vec<Said>,
}

/// One of the fourteen high-priority inventory fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name: `manufacturer`.
    pub name: &'static str,
    /// Its value; absent where it is not known.
    pub value: Option<Text>,
    /// Whether the network proposes the value and people have to confirm it.
    pub is_proposal: bool,
    /// Whether only people can supply it.
    pub needs_people: bool,
}
