//! PROFINET DCP: finding devices, giving them names and addresses, and resetting them; Ethernet only.

use std::net::Ipv4Addr;

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::ber::text;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

/// Service ids: IEC 61158-6-10, section 4.3.1.4 (DCP).
const CODES: &[Code] = &[
    code(3, "get", Verb::Identify),
    code(4, "set", Verb::Configure),
    code(5, "identify", Verb::Identify),
    code(6, "hello", Verb::Identify),
];

/// PROFINET DCP. Its frames share the ethertype, and so the flow, of PROFINET RT, which hands them on.
pub static PROTOCOL: Protocol = Protocol {
    id: "profinet-dcp",
    title: "PROFINET DCP",
    about: "Finds PROFINET devices, gives them their station name and IP address, blinks them, sets them back to factory \
            state; whoever is on the same network may.",
    depth: "Hello, get, set, identify with every block; names, addresses, vendor, device id and role as facts; set errors.",
    documents: &["IEC 61158-6-10:2019, section 4.3", "PROFINET IO Application Layer Protocol V2.4"],
    carriers: &[Carrier::Inside("profinet-rt")],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Dcp::default()),
};

/// Frame ids of DCP.
pub(super) const FRAME_IDS: std::ops::RangeInclusive<u16> = 0xfefc..=0xfeff;

/// Blocks of one message that are read.
const BLOCKS_MAX: usize = 64;

/// Options and sub-options, section 4.3.1.4.
const BLOCKS: &[((u8, u8), &str)] = &[
    ((1, 1), "mac address"),
    ((1, 2), "ip parameter"),
    ((1, 3), "full ip suite"),
    ((2, 1), "type of station"),
    ((2, 2), "name of station"),
    ((2, 3), "device id"),
    ((2, 4), "device role"),
    ((2, 5), "device options"),
    ((2, 6), "alias name"),
    ((2, 7), "device instance"),
    ((2, 8), "oem device id"),
    ((2, 9), "standard gateway"),
    ((2, 10), "rsi properties"),
    ((3, 12), "dhcp host name"),
    ((3, 43), "dhcp vendor specific"),
    ((3, 54), "dhcp server identifier"),
    ((3, 55), "dhcp parameter request list"),
    ((3, 60), "dhcp class identifier"),
    ((3, 61), "dhcp client identifier"),
    ((3, 81), "dhcp fqdn"),
    ((3, 97), "dhcp uuid"),
    ((3, 255), "dhcp control"),
    ((5, 1), "start transaction"),
    ((5, 2), "end transaction"),
    ((5, 3), "signal"),
    ((5, 4), "response"),
    ((5, 5), "factory reset"),
    ((5, 6), "reset to factory"),
    ((6, 1), "device initiative"),
    ((255, 255), "all"),
];

/// Block errors of a set, section 4.3.1.4.
const ERRORS: &[(u8, &str)] = &[
    (1, "option unsupported"),
    (2, "suboption unsupported or no data set available"),
    (3, "suboption not set"),
    (4, "resource error"),
    (5, "set not possible by local reasons"),
    (6, "in operation, set not possible"),
];

/// Vendor ids that PROFIBUS & PROFINET International assigned, the usual ones.
const VENDORS: &[(u16, &str)] = &[
    (0x002a, "Siemens"),
    (0x00b0, "Phoenix Contact"),
    (0x010a, "SEW-Eurodrive"),
    (0x010c, "HMS Industrial Networks"),
    (0x011d, "WAGO"),
    (0x011e, "Hilscher"),
    (0x0120, "Beckhoff"),
];

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [0xfe, 0xfc..=0xff, 3..=6, 0 | 1 | 5, ..] => Verdict::of(Match::Certain),
        _ => Verdict::NO,
    }
}

/// A request that waits.
struct Request {
    service: u8,
    object: Object,
    verb: Verb,
    values: Vec<Reading>,
}

#[derive(Default)]
struct Dcp {
    /// By transaction id and asking side.
    exchange: Exchange<(u32, Speaker), Request>,
}

/// Name of a block.
fn name(option: u8, sub: u8) -> Text {
    let known = BLOCKS.binary_search_by_key(&(option, sub), |(key, _)| *key).ok().and_then(|i| BLOCKS.get(i));
    known.map_or_else(|| format_compact!("block {option}/{sub}"), |(_, name)| Text::const_new(name))
}

/// Name of a vendor id.
pub(super) fn vendor(id: u16) -> Option<&'static str> {
    VENDORS.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

impl Decoder for Dcp {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.frame(message, context, out)
            && context.wire_len <= message.len()
        {
            out.short(&short);
        }
        while let Some(((_, asker), at, request)) = self.exchange.overdue(context.at) {
            unanswered(asker, at, &request, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for ((_, asker), at, request) in self.exchange.drain() {
            unanswered(asker, at, &request, out);
        }
    }
}

/// An act of `asker`.
fn draft<'a>(service: u8, asker: Speaker) -> Draft<'a> {
    let draft = Draft::new(&PROTOCOL, service.into());
    if asker == Speaker::Server { draft.from_server() } else { draft }
}

fn unanswered(asker: Speaker, at: Time, request: &Request, out: &mut Output<'_>) {
    out.act(
        draft(request.service, asker)
            .asked(at)
            .no_answer()
            .verb(request.verb)
            .object(request.object.clone())
            .values(Values::List(&request.values))
            .message("profinet-dcp", request.service.into()),
    );
}

impl Dcp {
    fn frame(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.u16("frame id")?;
        let service = r.u8("service id")?;
        let kind = r.u8("service type")?;
        let head = r.u32("xid").and_then(|xid| {
            r.u16("response delay")?;
            Ok((xid, usize::from(r.u16("data length")?)))
        });
        let (xid, length) = match head {
            Ok(head) => head,
            Err(short) => {
                out.act(draft(service, context.speaker).message("profinet-dcp", service.into()));
                return Err(short);
            }
        };
        let is_cut = r.left() < length;
        let blocks = r.sub_at_most(length);
        if kind & 1 == 0 {
            self.request(service, xid, blocks, context, out);
        } else {
            self.response(service, kind, xid, blocks, context, out);
        }
        if is_cut { Err(r.short("blocks", length)) } else { Ok(()) }
    }

    fn request(&mut self, service: u8, xid: u32, mut r: Reader<'_>, context: &Context, out: &mut Output<'_>) {
        let mut request = Request { service, object: Object::None, verb: Verb::Identify, values: Vec::new() };
        let mut names = Text::default();
        if service == 4 {
            request.verb = Verb::Other;
        }
        for _ in 0..BLOCKS_MAX {
            let Ok([option, sub]) = r.array::<2>("option and suboption") else { break };
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(&name(option, sub));
            if service == 3 {
                continue;
            }
            let Ok(length) = r.u16("block length") else { break };
            let mut block = r.sub_at_most(length.into());
            if service == 4 {
                let qualifier = block.u16("block qualifier").unwrap_or(0);
                request.verb = weightier(request.verb, verb(option, sub));
                if matches!((option, sub), (5, 5 | 6)) {
                    request.values.push(Reading::new(name(option, sub), Value::Text(reset(qualifier))));
                } else if option != 5 {
                    let kept = if qualifier & 1 == 1 { "permanent" } else { "temporary" };
                    let from = request.values.len();
                    values(option, sub, block.take_rest(), &mut request.values);
                    for reading in request.values.iter_mut().skip(from) {
                        reading.quality = Some(Text::const_new(kept));
                    }
                }
            } else {
                // Identify filters carry no block info; those of hello do.
                if service == 6 {
                    let _ = block.u16("block info");
                }
                let data = block.take_rest();
                if service == 6 {
                    facts(option, sub, data, About::Speaker, Confidence::Certain, out);
                }
                values(option, sub, data, &mut request.values);
            }
            if length % 2 == 1 {
                let _ = r.u8("padding");
            }
        }
        request.object = names.into();
        // Identify goes to all: answers come to the asker by themselves, in flows of their own. Nobody answers hello.
        if matches!(service, 3 | 4) {
            if let Some(((_, asker), at, old)) = self.exchange.ask((xid, context.speaker), context.at, request) {
                unanswered(asker, at, &old, out);
            }
            return;
        }
        let act = draft(service, context.speaker)
            .object(request.object)
            .values(Values::List(&request.values))
            .extra("xid", format_compact!("0x{xid:08x}"))
            .message("profinet-dcp", service.into());
        out.act(act);
    }

    fn response(
        &mut self,
        service: u8,
        kind: u8,
        xid: u32,
        mut r: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let asker = context.speaker.other();
        let asked = self.exchange.answer(&(xid, asker));
        let asked = match asked {
            Some((at, old)) if old.service != service => {
                unanswered(asker, at, &old, out);
                None
            }
            asked => asked,
        };
        let mut names = Text::default();
        let mut read = Vec::new();
        let mut error = (kind == 5).then_some((0xff_u8, Text::const_new("service not supported")));
        for _ in 0..BLOCKS_MAX {
            let Ok([option, sub]) = r.array::<2>("option and suboption") else { break };
            let Ok(length) = r.u16("block length") else { break };
            let mut block = r.sub_at_most(length.into());
            if (option, sub) == (5, 4) {
                if let Ok([of, of_sub, code]) = block.array::<3>("response")
                    && code != 0
                    && error.is_none()
                {
                    let reason = ERRORS.iter().find(|(known, _)| *known == code);
                    let reason = reason.map_or_else(|| format_compact!("0x{code:02x}"), |(_, n)| Text::const_new(n));
                    error = Some((code, format_compact!("{}: {reason}", name(of, of_sub))));
                }
            } else {
                let _ = block.u16("block info");
                if !names.is_empty() {
                    names.push_str(", ");
                }
                names.push_str(&name(option, sub));
                let data = block.take_rest();
                facts(option, sub, data, About::Speaker, Confidence::Certain, out);
                values(option, sub, data, &mut read);
            }
            if length % 2 == 1 {
                let _ = r.u8("padding");
            }
        }
        let mut draft = draft(service, asker).extra("xid", format_compact!("0x{xid:08x}"));
        draft = draft.message("profinet-dcp", service.into());
        let request = match asked {
            Some((at, request)) => {
                draft = draft.asked(at).verb(request.verb).message("profinet-dcp", service.into());
                Some(request)
            }
            None => None,
        };
        draft = match &error {
            Some((code, name)) => draft.refused(context.at, (*code).into(), name.clone()),
            None => draft.done(context.at),
        };
        match request {
            Some(request) if service == 4 => {
                if error.is_none() {
                    for reading in &request.values {
                        taken_over(reading, out);
                    }
                }
                out.act(draft.object(request.object).values(Values::List(&request.values)));
            }
            Some(request) => out.act(draft.object(request.object).values(Values::List(&read))),
            None => out.act(draft.object(names).values(Values::List(&read))),
        }
    }
}

/// What setting a block does.
const fn verb(option: u8, sub: u8) -> Verb {
    match (option, sub) {
        (5, 5 | 6) => Verb::Reset,
        (5, 3) => Verb::Diagnose,
        (5, _) => Verb::Other,
        _ => Verb::Configure,
    }
}

/// Of several blocks in one set the weightiest counts.
const fn weightier(one: Verb, other: Verb) -> Verb {
    match (one, other) {
        (Verb::Reset, _) | (_, Verb::Reset) => Verb::Reset,
        (Verb::Configure, _) | (_, Verb::Configure) => Verb::Configure,
        (Verb::Diagnose, _) | (_, Verb::Diagnose) => Verb::Diagnose,
        _ => Verb::Other,
    }
}

/// What a reset sets back: qualifier of the block, section 4.3.1.4.
fn reset(qualifier: u16) -> Text {
    match qualifier >> 1 {
        0 => "factory state".into(),
        1 => "application data".into(),
        2 => "communication parameter".into(),
        3 => "engineering parameter".into(),
        4 => "all stored data".into(),
        8 => "device".into(),
        9 => "reset and restore of data".into(),
        other => format_compact!("0x{other:04x}"),
    }
}

/// The values of one block.
fn values(option: u8, sub: u8, data: &[u8], into: &mut Vec<Reading>) {
    let mut r = Reader::new(data);
    let mut push = |name: &'static str, value: Text| into.push(Reading::new(name, Value::Text(value)));
    let mut address = |what| r.array::<4>(what).map(|bytes| format_compact!("{}", Ipv4Addr::from(bytes)));
    match (option, sub) {
        (1, 2 | 3) => {
            for what in ["ip address", "subnet mask", "gateway"] {
                if let Ok(address) = address(what) {
                    push(what, address);
                }
            }
        }
        (2, 9) => {
            if let Ok(address) = address("standard gateway") {
                push("gateway", address);
            }
        }
        (1, 1) => {
            if let Some(mac) = data.first_chunk::<6>() {
                push("mac address", format_compact!("{}", Mac(*mac)));
            }
        }
        (2, 1) => push("type of station", text(data)),
        (2, 2) => push("name of station", text(data)),
        (2, 6) => push("alias name", text(data)),
        (3, 12) => push("dhcp host name", text(data)),
        (3, 60) => push("dhcp class identifier", text(data)),
        (3, 81) => push("dhcp fqdn", text(data)),
        (2, 3 | 8) => {
            if let Ok((vendor, device)) = r.u16("vendor id").and_then(|v| Ok((v, r.u16("device id")?))) {
                push("device id", format_compact!("vendor 0x{vendor:04x} device 0x{device:04x}"));
            }
        }
        (2, 4) => push("device role", roles(data.first().copied().unwrap_or(0))),
        (2, 5) => {
            let list: Vec<Text> = data.as_chunks::<2>().0.iter().take(BLOCKS_MAX).map(|[o, s]| name(*o, *s)).collect();
            push("device options", list.join(", ").into());
        }
        (2, 7) => {
            if let [high, low, ..] = data {
                push("device instance", format_compact!("{high}.{low}"));
            }
        }
        (6, 1) => push("device initiative", if data.last() == Some(&1) { "issues hello" } else { "none" }.into()),
        (255, 255) => {}
        _ if data.is_empty() => {}
        _ => into.push(Reading::new(name(option, sub), Value::Bytes(data.get(..64).unwrap_or(data).into()))),
    }
}

/// Device roles: a set of bits.
fn roles(bits: u8) -> Text {
    let names = ["io device", "io controller", "io multidevice", "io supervisor"];
    let set: Vec<&str> = names.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, n)| *n).collect();
    set.join(", ").into()
}

/// What one block reveals of a device.
fn facts(option: u8, sub: u8, data: &[u8], about: About, confidence: Confidence, out: &mut Output<'_>) {
    let mut list = Vec::new();
    values(option, sub, data, &mut list);
    for reading in &list {
        let (Object::Text(what), Value::Text(value)) = (&reading.object, &reading.value) else { continue };
        let key = match what.as_str() {
            "ip address" => FactKey::Ip,
            "subnet mask" => FactKey::Netmask,
            "gateway" => FactKey::Gateway,
            "mac address" => FactKey::Mac,
            "type of station" => FactKey::Model,
            "name of station" | "alias name" => FactKey::StationName,
            "dhcp host name" | "dhcp fqdn" => FactKey::Hostname,
            "device id" => FactKey::DeviceId,
            "device role" => FactKey::Role,
            _ => continue,
        };
        // A device without an address says 0.0.0.0.
        if value != "0.0.0.0" {
            out.fact(about.clone(), key, value, &format!("dcp {what}"), confidence);
        }
    }
    if (option, sub) == (2, 3)
        && let Some([high, low]) = data.first_chunk::<2>()
        && let Some(name) = vendor(u16::from_be_bytes([*high, *low]))
    {
        out.fact(about, FactKey::Vendor, name, "dcp device id", confidence);
    }
}

/// What a device has after it took a set.
fn taken_over(reading: &Reading, out: &mut Output<'_>) {
    let (Object::Text(what), Value::Text(value)) = (&reading.object, &reading.value) else { return };
    let key = match what.as_str() {
        "ip address" => FactKey::Ip,
        "subnet mask" => FactKey::Netmask,
        "gateway" => FactKey::Gateway,
        "name of station" => FactKey::StationName,
        _ => return,
    };
    if value != "0.0.0.0" {
        out.fact(About::Speaker, key, value, &format!("dcp set {what}"), Confidence::Certain);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::Dialog;

    #[test]
    fn a_device_is_looked_for_by_name() {
        Dialog::datagrams(&PROTOCOL)
            .client("fefe 05 00 03001c8d 0001 000a 02 02 0005 706e2d696f 00")
            .end_is(expect![[r#"
                C > S profinet-dcp [identify] identify | name of station = pn-io -> asked xid=0x03001c8d {profinet-dcp 5: 1}
            "#]]);
    }

    #[test]
    fn a_device_answers_the_one_who_looked_for_it() {
        // The flow begins with the answer: who speaks first is the client of the flow, but not the asker.
        Dialog::datagrams(&PROTOCOL)
            .client(
                "feff 05 01 03001c8d 0000 003e  02 02 0007 0000 706e2d696f 00  02 01 0009 0000 53372d31323030 00 \
                 02 03 0006 0000 002a 010d  02 04 0004 0000 01 00  01 02 000e 0001 c0a80002 ffffff00 c0a80001",
            )
            .end_is(expect![[r#"
                fact C: station_name = pn-io (profinet-dcp, dcp name of station, certain)
                fact C: model = S7-1200 (profinet-dcp, dcp type of station, certain)
                fact C: device_id = vendor 0x002a device 0x010d (profinet-dcp, dcp device id, certain)
                fact C: vendor = Siemens (profinet-dcp, dcp device id, certain)
                fact C: role = io device (profinet-dcp, dcp device role, certain)
                fact C: ip = 192.168.0.2 (profinet-dcp, dcp ip address, certain)
                fact C: netmask = 255.255.255.0 (profinet-dcp, dcp subnet mask, certain)
                fact C: gateway = 192.168.0.1 (profinet-dcp, dcp gateway, certain)
                S > C profinet-dcp [identify] identify | name of station, type of station, device id, device role, ip parameter = name of station=pn-io, type of station=S7-1200, device id=vendor 0x002a device 0x010d, device role=io device, ip address=192.168.0.2, subnet mask=255.255.255.0, gateway=192.168.0.1 -> done xid=0x03001c8d {profinet-dcp 5: 1}
            "#]]);
    }

    #[test]
    fn names_are_given_and_refused() {
        Dialog::datagrams(&PROTOCOL)
            .client("fefd 04 00 00000001 0000 000c 02 02 0007 0001 706c632d31 00")
            .server("fefd 04 01 00000001 0000 0008 05 04 0003 0202 00 00")
            .client("fefd 04 00 00000002 0000 0012 01 02 000e 0000 0a000002 ffffff00 00000000")
            .server("fefd 04 01 00000002 0000 0008 05 04 0003 0102 06 00")
            .client("fefd 04 00 00000003 0000 0006 05 06 0002 0004")
            .end_is(expect![[r#"
                fact S: station_name = plc-1 (profinet-dcp, dcp set name of station, certain)
                C > S profinet-dcp [configure] set | name of station = plc-1 (permanent) -> done in 1000 us xid=0x00000001 {profinet-dcp 4: 2}
                C > S profinet-dcp [configure] set | ip parameter = ip address=10.0.0.2 (temporary), subnet mask=255.255.255.0 (temporary), gateway=0.0.0.0 (temporary) -> refused (6 ip parameter: in operation, set not possible) in 1000 us xid=0x00000002 {profinet-dcp 4: 2}
                C > S profinet-dcp [reset] set | reset to factory = communication parameter -> no answer {profinet-dcp 4: 1}
            "#]]);
    }

    #[test]
    fn parameters_are_got_and_leds_blink() {
        Dialog::datagrams(&PROTOCOL)
            .server("fefd 03 00 00000007 0000 0004 02 02 01 02")
            .client("fefd 03 01 00000007 0000 001e 02 02 0007 0000 706c632d31 00 01 02 000e 0001 0a000002 ffffff00 00000000")
            .client("fefd 04 00 00000008 0000 0008 05 03 0004 0000 0100")
            .server("fefd 04 01 00000008 0000 0008 05 04 0003 0503 00 00")
            .client("fefc 06 00 00000009 0000 000c 02 02 0007 0000 706c632d31 00")
            .end_is(expect![[r#"
                fact C: station_name = plc-1 (profinet-dcp, dcp name of station, certain)
                fact C: ip = 10.0.0.2 (profinet-dcp, dcp ip address, certain)
                fact C: netmask = 255.255.255.0 (profinet-dcp, dcp subnet mask, certain)
                S > C profinet-dcp [identify] get | name of station, ip parameter = name of station=plc-1, ip address=10.0.0.2, subnet mask=255.255.255.0, gateway=0.0.0.0 -> done in 1000 us xid=0x00000007 {profinet-dcp 3: 2}
                C > S profinet-dcp [diagnose] set | signal -> done in 1000 us xid=0x00000008 {profinet-dcp 4: 2}
                C > S profinet-dcp [identify] hello | name of station = plc-1 -> asked xid=0x00000009 {profinet-dcp 6: 1}
            "#]]);
    }

    #[test]
    fn no_bytes_break_it() {
        let whole = crate::testing::hex("fefd 04 00 00000001 0000 000c 02 02 0007 0001 706c632d31 00");
        for i in 1..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            let mut changed = whole.clone();
            changed[i] ^= 0xff;
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).says(Speaker::Server, &changed).end();
        }
    }
}
