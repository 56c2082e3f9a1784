//! CDP: Cisco's way for devices to tell their neighbours who they are; others speak it too.

use std::net::{Ipv4Addr, Ipv6Addr};

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::lldp::{description, lines};
use crate::ber::text;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Values, Verdict, code,
};

const CODES: &[Code] = &[code(1, "announcement", Verb::Identify), code(2, "announcement", Verb::Identify)];

/// CDP.
pub static PROTOCOL: Protocol = Protocol {
    id: "cdp",
    title: "Cisco Discovery Protocol",
    about: "Cisco switches, routers, phones and wireless stations tell their name, model, software, addresses and VLANs.",
    depth: "Device id, platform, software, addresses, port, capabilities, native VLAN, VTP domain, duplex, management addresses.",
    documents: &[
        "Cisco: Catalyst LAN switching, Understanding CDP (TLVs)",
        "Cisco IOS: Cisco Discovery Protocol version 2",
    ],
    carriers: &[Carrier::Snap(0x00000c, 0x2000)],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Cdp),
};

/// TLVs of one message that are read.
const TLVS_MAX: usize = 128;

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [1 | 2, _, _, _, 0, ..] => Verdict::by(Match::Certain, Speaker::Client),
        _ => Verdict::by(Match::Weak, Speaker::Client),
    }
}

struct Cdp;

#[derive(Default)]
struct Said {
    device: Text,
    port: Text,
    readings: Vec<Reading>,
}

impl Decoder for Cdp {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        let head = r.u8("version").and_then(|version| Ok((version, r.u8("time to live")?, r.u16("checksum")?)));
        let (version, lifetime, _) = match head {
            Ok(head) => head,
            Err(short) => {
                out.short(&short);
                return out.act(Draft::new(&PROTOCOL, 1).message("cdp", 1));
            }
        };
        let mut said = Said::default();
        if let Err(short) = said.read(r, out)
            && context.wire_len <= message.len()
        {
            out.short(&short);
        }
        if !said.device.is_empty() && !said.port.is_empty() {
            let text = format!("{} port {}", said.device, said.port);
            out.fact(About::Client, FactKey::Neighbour, &text, "cdp port id", Confidence::Certain);
        }
        let object = match (said.device.is_empty(), said.port.is_empty()) {
            (true, true) => Object::None,
            (false, true) => Object::Text(said.device.clone()),
            _ => Object::Text(format_compact!("{} {}", said.device, said.port)),
        };
        let draft = Draft::new(&PROTOCOL, version.into()).object(object).values(Values::List(&said.readings));
        out.act(draft.extra("time to live s", format_compact!("{lifetime}")).message("cdp", version.into()));
    }
}

impl Said {
    fn read(&mut self, mut r: Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        for _ in 0..TLVS_MAX {
            if r.is_empty() {
                break;
            }
            let kind = r.u16("tlv type")?;
            let length = usize::from(r.u16("tlv length")?);
            let Some(length) = length.checked_sub(4) else {
                out.malformed(r.offset(), "tlv length", "shorter than its own head");
                break;
            };
            let tlv = r.sub(length, "tlv value")?;
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
            0x01 => {
                self.device = text(r.rest());
                out.fact(me, FactKey::Hostname, &self.device, "cdp device id", Confidence::Certain);
                self.put("device id", self.device.clone());
            }
            0x02 | 0x16 => {
                let name = if kind == 2 { "address" } else { "management address" };
                for _ in 0..r.u32("number of addresses")?.min(16) {
                    let address = address(&mut r)?;
                    if let Some(address) = address {
                        out.fact(me.clone(), FactKey::Ip, &address, "cdp address", Confidence::Certain);
                        self.put(name, address);
                    }
                }
            }
            0x03 => {
                self.port = text(r.rest());
                self.put("port id", self.port.clone());
            }
            0x04 => {
                let bits = r.u32("capabilities")?;
                if let Some(role) = role(bits) {
                    out.fact(me, FactKey::Role, role, "cdp capabilities", Confidence::Certain);
                }
                self.put("capabilities", capabilities(bits));
            }
            0x05 => {
                let version = lines(r.rest());
                out.fact(me.clone(), FactKey::Description, &version, "cdp software version", Confidence::Likely);
                description::read(&version, &me, "cdp software version", out);
                self.put("software version", version);
            }
            0x06 => {
                let platform = text(r.rest());
                let model = platform.strip_prefix("cisco ").unwrap_or(&platform);
                out.fact(me, FactKey::Model, model, "cdp platform", Confidence::Certain);
                self.put("platform", platform.clone());
            }
            0x09 => {
                let domain = text(r.rest());
                if !domain.is_empty() {
                    self.put("vtp domain", domain);
                }
            }
            0x0a => {
                let vlan = r.u16("native vlan")?;
                out.fact(me, FactKey::Vlan, &format!("{vlan} native"), "cdp native vlan", Confidence::Certain);
                self.put("native vlan", format_compact!("{vlan}"));
            }
            0x0b => self.put("duplex", if r.u8("duplex")? == 0 { "half" } else { "full" }),
            0x0e => {
                r.u8("data")?;
                self.put("voice vlan", format_compact!("{}", r.u16("voice vlan")?));
            }
            0x10 => self.put("power mw", format_compact!("{}", r.u16("power consumption")?)),
            0x14 => {
                let name = text(r.rest());
                out.fact(me, FactKey::Hostname, &name, "cdp system name", Confidence::Certain);
                self.put("system name", name);
            }
            0x17 => {
                r.u8("location type")?;
                let location = text(r.rest());
                out.fact(me, FactKey::Location, &location, "cdp location", Confidence::Likely);
                self.put("location", location);
            }
            _ => {}
        }
        Ok(())
    }
}

/// One address: protocol, then the address itself. `None` where it is no IP address or unset.
fn address(r: &mut Reader<'_>) -> Result<Option<Text>, Short> {
    r.u8("protocol type")?;
    let length = usize::from(r.u8("protocol length")?);
    let protocol = r.bytes(length, "protocol")?;
    let length = usize::from(r.u16("address length")?);
    let bytes = r.bytes(length, "address")?;
    Ok(match (protocol, bytes.len()) {
        ([0xcc], 4) => {
            let ip = bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b)).filter(|ip| !ip.is_unspecified());
            ip.map(|ip| format_compact!("{ip}"))
        }
        (_, 16) => {
            let ip = bytes.first_chunk::<16>().map(|b| Ipv6Addr::from(*b)).filter(|ip| !ip.is_unspecified());
            ip.map(|ip| format_compact!("{ip}"))
        }
        _ => None,
    })
}

const CAPABILITIES: [&str; 9] = [
    "router",
    "transparent bridge",
    "source route bridge",
    "switch",
    "host",
    "igmp capable",
    "repeater",
    "voip phone",
    "remotely managed device",
];

fn capabilities(bits: u32) -> Text {
    let set: Vec<&str> =
        CAPABILITIES.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, name)| *name).collect();
    set.join(", ").into()
}

const fn role(bits: u32) -> Option<&'static str> {
    match bits {
        bits if bits & 0x80 != 0 => Some("telephone"),
        bits if bits & 0x08 != 0 => Some("switch"),
        bits if bits & 0x01 != 0 => Some("router"),
        bits if bits & 0x02 != 0 => Some("access point"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, hex};

    const MESSAGE: &str = "02 b4 0bea 0001 0006 5331 0006 0017 636973636f2057532d43333536302d32345453 \
        0002 0011 00000001 01 01 cc 0004 0a000001 0003 000a 4661302f3133 0004 0008 00000028 000a 0006 0001 000b 0005 01";

    #[test]
    fn a_switch_announces_itself() {
        Dialog::datagrams(&PROTOCOL).client(MESSAGE).end_is(expect![[r#"
            fact C: hostname = S1 (cdp, cdp device id, certain)
            fact C: model = WS-C3560-24TS (cdp, cdp platform, certain)
            fact C: ip = 10.0.0.1 (cdp, cdp address, certain)
            fact C: role = switch (cdp, cdp capabilities, certain)
            fact C: vlan = 1 native (cdp, cdp native vlan, certain)
            fact C: neighbour = S1 port Fa0/13 (cdp, cdp port id, certain)
            C > S cdp [identify] announcement | S1 Fa0/13 = device id=S1, platform=cisco WS-C3560-24TS, address=10.0.0.1, port id=Fa0/13, capabilities=switch, igmp capable, native vlan=1, duplex=full -> asked time to live s=180 {cdp 2: 1}
        "#]]);
    }

    #[test]
    fn no_bytes_break_it() {
        Dialog::datagrams(&PROTOCOL).client("02 b4 0bea 0001 0003").client("02").end_is(expect![[r#"
            health malformed cdp x1: tlv length at offset 8: shorter than its own head
            C > S cdp [identify] announcement -> asked time to live s=180 {cdp 2: 1}
            health malformed cdp x1: time to live at offset 1: 1 bytes needed, 0 left
            C > S cdp [identify] announcement -> asked {cdp 1: 1}
        "#]]);
        let whole = hex(MESSAGE);
        for i in 1..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            let mut changed = whole.clone();
            changed[i] ^= 0xff;
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).end();
        }
    }
}
