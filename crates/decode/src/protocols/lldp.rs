//! LLDP: devices tell their neighbours who they are (IEEE 802.1AB), with what PROFINET, 802.1, 802.3 and TIA add.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use crate::ber::text;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Values, Verdict, code,
};

pub mod description;

const CODES: &[Code] = &[
    code(0, "unreadable message", Verb::Identify),
    code(1, "announcement", Verb::Identify),
    code(2, "shutdown", Verb::Identify),
];

const UNREADABLE: u32 = 0;
const ANNOUNCEMENT: u32 = 1;
const SHUTDOWN: u32 = 2;

/// LLDP.
pub static PROTOCOL: Protocol = Protocol {
    id: "lldp",
    title: "LLDP",
    about: "Switches and devices tell whoever is on the same cable their name, model, software and port.",
    depth: "All TLVs of 802.1AB; VLANs (802.1), link (802.3), inventory (TIA-1057), PROFINET names; maker, model and \
            version out of the description.",
    documents: &["IEEE 802.1AB-2016", "ANSI/TIA-1057 (LLDP-MED)", "IEC 61158-6-10, section 4.15 (PROFINET TLVs)"],
    carriers: &[Carrier::Ethernet(&[0x88cc])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Lldp),
};

/// TLVs of one message that are read.
const TLVS_MAX: usize = 128;

fn probe(probe: &Probe<'_>) -> Verdict {
    match (probe.kind, probe.bytes) {
        // The first TLV is the chassis id, with a subtype from 1 to 7.
        (0x88cc, [0x02, _, 1..=7, ..]) => Verdict::by(Match::Certain, Speaker::Client),
        (0x88cc, _) => Verdict::by(Match::Likely, Speaker::Client),
        _ => Verdict::NO,
    }
}

struct Lldp;

/// What one message said.
#[derive(Default)]
struct Said {
    chassis: Text,
    port: Text,
    name: Text,
    lifetime: Option<u16>,
    readings: Vec<Reading>,
}

impl Decoder for Lldp {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut said = Said::default();
        let result = said.read(Reader::new(message), out);
        if let Err(short) = result
            && context.wire_len <= message.len()
        {
            out.short(&short);
        }
        let code = match said.lifetime {
            Some(0) => SHUTDOWN,
            Some(_) => ANNOUNCEMENT,
            None => UNREADABLE,
        };
        if code == UNREADABLE && context.wire_len <= message.len() {
            out.malformed(0, "time to live", "missing");
        }
        let object = match (said.chassis.is_empty(), said.port.is_empty()) {
            (true, true) => Object::None,
            (false, true) => Object::Text(said.chassis.clone()),
            _ => Object::Text(format_compact!("{} {}", said.chassis, said.port)),
        };
        let neighbour = if said.name.is_empty() { &said.chassis } else { &said.name };
        if !said.port.is_empty() && !neighbour.is_empty() {
            let text = format!("{neighbour} port {}", said.port);
            out.fact(About::Client, FactKey::Neighbour, &text, "lldp port id", Confidence::Certain);
        }
        let lifetime = said.lifetime.map(|seconds| format_compact!("{seconds}")).unwrap_or_default();
        let draft = Draft::new(&PROTOCOL, code).object(object).values(Values::List(&said.readings));
        out.act(draft.extra("time to live s", lifetime).message("lldp", code));
    }
}

impl Said {
    /// TLVs: seven bits of type, nine of length (802.1AB, section 8.4).
    fn read(&mut self, mut r: Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        for _ in 0..TLVS_MAX {
            if r.is_empty() {
                break;
            }
            let head = r.u16("tlv type and length")?;
            let length = usize::from(head & 0x01ff);
            let kind = head >> 9;
            if kind == 0 {
                break;
            }
            let tlv = r.sub(length, "tlv value")?;
            // A TLV that is too short for its fields spoils nothing but itself.
            if let Err(short) = self.tlv(kind, tlv, out) {
                out.short(&short);
            }
        }
        Ok(())
    }

    fn put(&mut self, name: &'static str, value: impl Into<Text>) {
        self.readings.push(Reading::new(name, Value::Text(value.into())));
    }

    fn tlv(&mut self, kind: u16, mut r: Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        let me = About::Client;
        match kind {
            1 => {
                let subtype = r.u8("chassis id subtype")?;
                self.chassis = identifier(subtype, 4, 5, r.rest());
                if subtype == 4 {
                    out.fact(me, FactKey::Mac, &self.chassis, "lldp chassis id", Confidence::Certain);
                } else if subtype == 5 {
                    out.fact(me, FactKey::Ip, &self.chassis, "lldp chassis id", Confidence::Certain);
                } else if subtype == 7 && !self.chassis.is_empty() {
                    // PROFINET devices put their name of station here.
                    out.fact(me, FactKey::StationName, &self.chassis, "lldp chassis id", Confidence::Likely);
                }
                self.put("chassis id", self.chassis.clone());
            }
            2 => {
                let subtype = r.u8("port id subtype")?;
                self.port = identifier(subtype, 3, 4, r.rest());
                // `port-001.plc-1`: the port of a PROFINET station.
                if let Some((port, station)) = self.port.split_once('.')
                    && port.starts_with("port-")
                {
                    out.fact(me, FactKey::StationName, station, "lldp port id", Confidence::Certain);
                }
                self.put("port id", self.port.clone());
            }
            3 => self.lifetime = Some(r.u16("time to live")?),
            4 => self.put("port description", text(r.rest())),
            5 => {
                self.name = text(r.rest());
                out.fact(me, FactKey::Hostname, &self.name, "lldp system name", Confidence::Certain);
                self.put("system name", self.name.clone());
            }
            6 => {
                let description = lines(r.rest());
                out.fact(me.clone(), FactKey::Description, &description, "lldp system description", Confidence::Likely);
                description::read(&description, &me, "lldp system description", out);
                self.put("system description", description);
            }
            7 => {
                let able = r.u16("capabilities")?;
                let enabled = r.u16("enabled capabilities")?;
                if let Some(role) = role(enabled) {
                    out.fact(me, FactKey::Role, role, "lldp capabilities", Confidence::Certain);
                }
                self.put("capabilities", capabilities(able));
                self.put("enabled capabilities", capabilities(enabled));
            }
            8 => {
                let length = usize::from(r.u8("management address length")?);
                let mut address = r.sub(length, "management address")?;
                let family = address.u8("management address family")?;
                if let Some(ip) = network_address(family, address.rest()) {
                    out.fact(me, FactKey::Ip, &ip, "lldp management address", Confidence::Certain);
                    self.put("management address", ip);
                }
            }
            127 => {
                let organisation = r.u24("organisation")?;
                let subtype = r.u8("subtype")?;
                self.organisational(organisation, subtype, r, out)?;
            }
            kind => {
                let shown = r.rest().get(..32).unwrap_or(r.rest());
                self.readings.push(Reading::new(format_compact!("tlv {kind}"), Value::Bytes(shown.into())));
            }
        }
        Ok(())
    }

    fn organisational(
        &mut self,
        organisation: u32,
        subtype: u8,
        mut r: Reader<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let me = About::Client;
        match (organisation, subtype) {
            // 802.1, annex D.
            (0x0080c2, 1) => {
                let vlan = r.u16("port vlan")?;
                self.put("port vlan", format_compact!("{vlan}"));
                if vlan != 0 {
                    out.fact(me, FactKey::Vlan, &format!("{vlan}"), "lldp port vlan", Confidence::Certain);
                }
            }
            (0x0080c2, 3) => {
                let vlan = r.u16("vlan")?;
                let length = usize::from(r.u8("vlan name length")?);
                let name = text(r.bytes(length, "vlan name")?);
                out.fact(me, FactKey::Vlan, &format!("{vlan} {name}"), "lldp vlan name", Confidence::Certain);
                self.put("vlan name", format_compact!("{vlan} {name}"));
            }
            // 802.3, clause 79.
            (0x00120f, 1) => {
                let negotiation = r.u8("auto-negotiation")?;
                r.u16("advertised")?;
                let mau = r.u16("operational mau type")?;
                self.put("auto-negotiation", if negotiation & 2 != 0 { "on" } else { "off" });
                self.put("link", link(mau));
            }
            (0x00120f, 4) => self.put("frame bytes", format_compact!("{}", r.u16("maximum frame size")?)),
            // TIA-1057, section 10.2.6: inventory.
            (0x0012bb, 5..=11) => {
                let value = text(r.rest());
                let (name, key) = match subtype {
                    5 => ("hardware revision", Some(FactKey::Hardware)),
                    6 => ("firmware revision", Some(FactKey::Firmware)),
                    7 => ("software revision", Some(FactKey::Software)),
                    8 => ("serial number", Some(FactKey::Serial)),
                    9 => ("manufacturer", Some(FactKey::Vendor)),
                    10 => ("model", Some(FactKey::Model)),
                    _ => ("asset id", None),
                };
                if let Some(key) = key {
                    out.fact(me, key, &value, "lldp-med inventory", Confidence::Certain);
                }
                self.put(name, value);
            }
            // PROFINET.
            (0x000ecf, 2) => {
                let state = r.u16("port status")?;
                self.put("profinet port status", format_compact!("0x{state:04x}"));
            }
            (0x000ecf, 3) => {
                let alias = text(r.rest());
                self.put("profinet alias", alias);
            }
            (0x000ecf, 4) => self.put("media redundancy", "present"),
            (0x000ecf, 5) => {
                let mac = Mac(r.array::<6>("chassis mac")?);
                out.fact(me, FactKey::Mac, &format!("{mac}"), "lldp profinet chassis mac", Confidence::Certain);
                self.put("profinet chassis mac", format_compact!("{mac}"));
            }
            _ => {
                let shown = r.rest().get(..32).unwrap_or(r.rest());
                let name = format_compact!("organisation {organisation:06x} subtype {subtype}");
                self.readings.push(Reading::new(name, Value::Bytes(shown.into())));
            }
        }
        Ok(())
    }
}

/// An id of chassis or port: a hardware address, a network address, else text.
fn identifier(subtype: u8, mac: u8, network: u8, bytes: &[u8]) -> Text {
    if subtype == mac
        && let Some(bytes) = bytes.first_chunk::<6>()
    {
        return format_compact!("{}", Mac(*bytes));
    }
    if subtype == network
        && let Some((family, address)) = bytes.split_first()
        && let Some(ip) = network_address(*family, address)
    {
        return ip;
    }
    text(bytes).trim_end_matches(['\u{fffd}', ' ']).into()
}

/// An address with its IANA family number: 1 IPv4, 2 IPv6.
fn network_address(family: u8, bytes: &[u8]) -> Option<Text> {
    let ip = match family {
        1 => IpAddr::from(Ipv4Addr::from(*bytes.first_chunk::<4>()?)),
        2 => IpAddr::from(Ipv6Addr::from(*bytes.first_chunk::<16>()?)),
        6 => return bytes.first_chunk::<6>().map(|mac| format_compact!("{}", Mac(*mac))),
        _ => return None,
    };
    (!ip.is_unspecified()).then(|| format_compact!("{ip}"))
}

/// A text of several lines as one.
pub(super) fn lines(bytes: &[u8]) -> Text {
    let whole = String::from_utf8_lossy(bytes.get(..1_024).unwrap_or(bytes));
    whole
        .split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
        .into()
}

const CAPABILITIES: [&str; 8] =
    ["other", "repeater", "bridge", "wlan access point", "router", "telephone", "docsis cable device", "station only"];

fn capabilities(bits: u16) -> Text {
    let set: Vec<&str> =
        CAPABILITIES.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, name)| *name).collect();
    set.join(", ").into()
}

/// The weightiest capability that is switched on.
const fn role(enabled: u16) -> Option<&'static str> {
    match enabled {
        bits if bits & 0x20 != 0 => Some("telephone"),
        bits if bits & 0x08 != 0 => Some("access point"),
        bits if bits & 0x10 != 0 => Some("router"),
        bits if bits & 0x04 != 0 => Some("switch"),
        _ => None,
    }
}

/// The usual types of medium attachment unit (RFC 4836).
fn link(mau: u16) -> Text {
    match mau {
        10 => "10 Mbit/s half duplex".into(),
        11 => "10 Mbit/s full duplex".into(),
        15 => "100 Mbit/s half duplex".into(),
        16 => "100 Mbit/s full duplex".into(),
        17 => "100 Mbit/s fibre half duplex".into(),
        18 => "100 Mbit/s fibre full duplex".into(),
        22..=26 | 30 => "1 Gbit/s full duplex".into(),
        29 => "1 Gbit/s half duplex".into(),
        other => format_compact!("mau type {other}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, hex};

    fn tlv(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = (kind << 9 | value.len() as u16).to_be_bytes().to_vec();
        bytes.extend_from_slice(value);
        bytes
    }

    fn message() -> Vec<u8> {
        [
            tlv(1, &hex("04 00192fa7b28d")),
            tlv(2, b"\x05Gi0/13"),
            tlv(3, &hex("0078")),
            tlv(5, b"S2.example"),
            tlv(6, b"Siemens, SIMATIC NET, SCALANCE X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V4.0.1"),
            tlv(7, &hex("0014 0004")),
            tlv(8, &hex("05 01 0a000009 02 00000001 00")),
            tlv(127, &hex("0080c2 01 0001")),
            tlv(127, &hex("00120f 01 03 c036 0010")),
            tlv(127, b"\x00\x12\xbb\x08SN42"),
            tlv(127, &hex("000ecf 05 001b1b000001")),
            vec![0, 0],
        ]
        .concat()
    }

    #[test]
    fn a_switch_announces_itself() {
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &message()).end_is(expect![[r#"
            fact C: mac = 00:19:2f:a7:b2:8d (lldp, lldp chassis id, certain)
            fact C: hostname = S2.example (lldp, lldp system name, certain)
            fact C: description = Siemens, SIMATIC NET, SCALANCE X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V4.0.1 (lldp, lldp system description, likely)
            fact C: vendor = Siemens (lldp, lldp system description, likely)
            fact C: order_number = 6GK5 208-0BA10-2AA3 (lldp, lldp system description, likely)
            fact C: model = SCALANCE X208 (lldp, lldp system description, likely)
            fact C: hardware = 4 (lldp, lldp system description, likely)
            fact C: firmware = V4.0.1 (lldp, lldp system description, likely)
            fact C: role = switch (lldp, lldp capabilities, certain)
            fact C: ip = 10.0.0.9 (lldp, lldp management address, certain)
            fact C: vlan = 1 (lldp, lldp port vlan, certain)
            fact C: serial = SN42 (lldp, lldp-med inventory, certain)
            fact C: mac = 00:1b:1b:00:00:01 (lldp, lldp profinet chassis mac, certain)
            fact C: neighbour = S2.example port Gi0/13 (lldp, lldp port id, certain)
            C > S lldp [identify] announcement | 00:19:2f:a7:b2:8d Gi0/13 = chassis id=00:19:2f:a7:b2:8d, port id=Gi0/13, system name=S2.example, system description=Siemens, SIMATIC NET, SCALANCE X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V4.0.1, capabilities=bridge, router, enabled capabilities=bridge, management address=10.0.0.9, port vlan=1, auto-negotiation=on, link=100 Mbit/s full duplex, serial number=SN42, profinet chassis mac=00:1b:1b:00:00:01 -> asked time to live s=120 {lldp 1: 1}
        "#]]);
    }

    #[test]
    fn a_profinet_station_and_a_cisco_switch() {
        let cisco = b"Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), Version 12.2(44)SE, RELEASE SOFTWARE (fc1)\nCompiled";
        let message =
            [tlv(1, b"\x07plc-1"), tlv(2, b"\x07port-001.plc-1"), tlv(3, &hex("0014")), tlv(6, cisco)].concat();
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &message).end_is(expect![[r#"
            fact C: station_name = plc-1 (lldp, lldp chassis id, likely)
            fact C: description = Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), Version 12.2(44)SE, RELEASE SOFTWARE (fc1); Compiled (lldp, lldp system description, likely)
            fact C: vendor = Cisco (lldp, lldp system description, likely)
            fact C: os = Cisco IOS (lldp, lldp system description, likely)
            fact C: os_version = 12.2(44)SE (lldp, lldp system description, likely)
            fact C: model = C3560 (lldp, lldp system description, likely)
            fact C: neighbour = plc-1 port port-001.plc-1 (lldp, lldp port id, certain)
            C > S lldp [identify] announcement | plc-1 port-001.plc-1 = chassis id=plc-1, port id=port-001.plc-1, system description=Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), Version 12.2(44)SE, RELEASE SOFTWARE (fc1); Compiled -> asked time to live s=20 {lldp 1: 1}
        "#]]);
    }

    #[test]
    fn what_is_short_is_told() {
        Dialog::datagrams(&PROTOCOL).client("0207 04 0019").client("0e02 00").end_is(expect![[r#"
            health malformed lldp x1: tlv value at offset 2: 7 bytes needed, 3 left
            health malformed lldp x1: time to live at offset 0: missing
            C > S lldp [identify] unreadable message -> asked {lldp 0: 1}
            health malformed lldp x1: tlv value at offset 2: 2 bytes needed, 1 left
            C > S lldp [identify] unreadable message -> asked {lldp 0: 1}
        "#]]);
        let whole = message();
        for i in 1..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            let mut changed = whole.clone();
            changed[i] ^= 0xff;
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).end();
        }
    }
}
