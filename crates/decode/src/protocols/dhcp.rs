//! DHCP and BOOTP: machines ask for an address and say who they are, servers answer with the settings of the network.
//!
//! Own code over `Reader`: a library refuses what is cut or wrong, and that is what a monitor has to tell.

use std::net::{IpAddr, Ipv4Addr};

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Mac, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Message types: option 53 (IANA "BOOTP and DHCP Parameters"). 0 stands for BOOTP, which has no type.
const CODES: &[Code] = &[
    code(0, "bootp", Verb::Other),
    code(1, "discover", Verb::Other),
    code(2, "offer", Verb::Other),
    code(3, "request", Verb::Other),
    code(4, "decline", Verb::Other),
    code(5, "ack", Verb::Other),
    code(6, "nak", Verb::Other),
    code(7, "release", Verb::Other),
    code(8, "inform", Verb::Other),
    code(9, "force renew", Verb::Other),
    code(10, "lease query", Verb::Browse),
    code(11, "lease unassigned", Verb::Browse),
    code(12, "lease unknown", Verb::Browse),
    code(13, "lease active", Verb::Browse),
    code(14, "bulk lease query", Verb::Browse),
    code(15, "lease query done", Verb::Browse),
    code(16, "active lease query", Verb::Browse),
    code(17, "lease query status", Verb::Browse),
    code(18, "tls", Verb::Other),
];

/// DHCP.
pub static PROTOCOL: Protocol = Protocol {
    id: "dhcp",
    title: "DHCP",
    about: "Gives machines their addresses and settings; every machine that asks says its name and maker.",
    depth: "All message types, requests with their answers where both share a flow, settings given, relays; names and makers of clients.",
    documents: &[
        "RFC 2131 Dynamic Host Configuration Protocol (1997)",
        "RFC 2132 DHCP Options (1997)",
        "RFC 951 Bootstrap Protocol (1985)",
        "RFC 3046 Relay Agent Information (2001)",
        "RFC 4702 Client FQDN (2006)",
    ],
    carriers: &[Carrier::Udp(&[67, 68])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Dhcp::default()),
};

/// The four bytes before the options (RFC 2131, section 3).
const MAGIC: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
const OPTIONS_MAX: usize = 256;

/// Vendor classes (option 60) whose beginning tells the operating system.
const CLASSES: &[(&str, &str)] = &[
    ("MSFT 98", "Windows 98"),
    ("MSFT", "Windows"),
    ("android-dhcp", "Android"),
    ("dhcpcd", "Linux"),
    ("udhcp", "Linux"),
    ("busybox", "Linux"),
    ("FreeBSD", "FreeBSD"),
    ("SUNW", "Solaris"),
    ("AAPLBSDPC", "macOS"),
    ("ciscopnp", "Cisco IOS"),
];

fn probe(probe: &Probe<'_>) -> Verdict {
    let [operation @ 1..=2, hardware, length @ 0..=16, hops, ..] = probe.bytes else { return Verdict::NO };
    if *hardware == 0 && *length != 0 || *hops > 16 {
        return Verdict::NO;
    }
    let speaker = if *operation == 1 { Speaker::Client } else { Speaker::Server };
    match probe.bytes.get(236..240) {
        Some(magic) if *magic == MAGIC => Verdict::by(Match::Certain, speaker),
        _ => Verdict::by(Match::Weak, speaker),
    }
}

/// What the fixed part says.
struct Fixed {
    transaction: u32,
    client: Ipv4Addr,
    yours: Ipv4Addr,
    next_server: Ipv4Addr,
    relay: Ipv4Addr,
    hardware: Option<Mac>,
    is_reply: bool,
}

/// What the options say.
#[derive(Default)]
struct Options<'a> {
    kind: Option<u8>,
    hostname: &'a [u8],
    vendor_class: &'a [u8],
    client_id: &'a [u8],
    fqdn: &'a [u8],
    domain: &'a [u8],
    message: &'a [u8],
    parameters: &'a [u8],
    relay: &'a [u8],
    boot_server: &'a [u8],
    boot_file: &'a [u8],
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    mask: Option<Ipv4Addr>,
    lease: Option<u32>,
    routers: &'a [u8],
    name_servers: &'a [u8],
    netbios_servers: &'a [u8],
    time_servers: &'a [u8],
    log_servers: &'a [u8],
    overload: u8,
}

impl<'a> Options<'a> {
    fn read(&mut self, mut r: Reader<'a>) -> Result<(), Short> {
        for _ in 0..OPTIONS_MAX {
            if r.is_empty() {
                return Ok(());
            }
            let kind = match r.u8("option")? {
                0 => continue,
                255 => return Ok(()),
                kind => kind,
            };
            let length = r.u8("option length")?;
            let bytes = r.bytes(length.into(), "option value")?;
            let ip = || <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from);
            match kind {
                1 => self.mask = ip(),
                3 => self.routers = bytes,
                6 => self.name_servers = bytes,
                7 => self.log_servers = bytes,
                12 => self.hostname = bytes,
                15 => self.domain = bytes,
                42 => self.time_servers = bytes,
                44 => self.netbios_servers = bytes,
                50 => self.requested = ip(),
                51 => self.lease = <[u8; 4]>::try_from(bytes).ok().map(u32::from_be_bytes),
                52 => self.overload = bytes.first().copied().unwrap_or(0),
                53 => self.kind = bytes.first().copied(),
                54 => self.server = ip(),
                55 => self.parameters = bytes,
                56 => self.message = bytes,
                60 => self.vendor_class = bytes,
                61 => self.client_id = bytes,
                66 => self.boot_server = bytes,
                67 => self.boot_file = bytes,
                81 => self.fqdn = bytes,
                82 => self.relay = bytes,
                _ => {}
            }
        }
        Ok(())
    }
}

fn addresses(bytes: &[u8]) -> impl Iterator<Item = Ipv4Addr> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|ip| Ipv4Addr::from(*ip)).filter(|ip| !ip.is_unspecified()).take(4)
}

/// A request that waits for an answer in its own flow.
struct Asked {
    kind: u8,
    client: Address,
    object: Option<Ipv4Addr>,
}

#[derive(Default)]
struct Dhcp {
    exchange: Exchange<u32, Asked>,
}

impl Dhcp {
    fn message(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(bytes);
        let fixed = fixed(&mut r)?;
        let mut options = Options::default();
        let names = r.bytes(192, "server name and file")?;
        let mut result = Ok(());
        if r.array::<4>("magic cookie").is_ok_and(|magic| magic == MAGIC) {
            result = options.read(r);
            // Option 52: the fields of names may hold options too (RFC 2131, section 4.1).
            let (server_name, file) = names.split_at_checked(64).unwrap_or((names, &[]));
            if options.overload & 1 != 0 {
                result = result.and(options.read(Reader::new(file)));
            }
            if options.overload & 2 != 0 {
                result = result.and(options.read(Reader::new(server_name)));
            }
        }
        // The type decides who speaks where the operation lies.
        let is_reply = fixed.is_reply;
        if is_reply == (context.speaker == Speaker::Client) {
            out.swap_roles();
        }
        match is_reply {
            true => self.reply(&fixed, &options, context, out),
            false => self.request(&fixed, &options, context, out),
        }
        result
    }

    fn request(&mut self, fixed: &Fixed, options: &Options<'_>, context: &Context, out: &mut Output<'_>) {
        let flow_client = out.client();
        let known = Some(fixed.client).filter(|ip| !ip.is_unspecified());
        let client = Address {
            mac: fixed.hardware.or(flow_client.mac),
            ip: known.map(IpAddr::V4),
            port: Some(68),
            vlan: flow_client.vlan,
        };
        tell_client(fixed, options, client, out);
        let kind = options.kind.unwrap_or(0);
        let object = options.requested.or(known);
        // What is asked by broadcast is answered in a flow of its own; what must not be answered waits for nothing.
        let is_waiting = matches!(kind, 0 | 1 | 3 | 8 | 10) && !out.is_to_group() && fixed.relay.is_unspecified();
        if is_waiting {
            let asked = Asked { kind, client, object };
            if let Some((_, at, old)) = self.exchange.ask(fixed.transaction, context.at, asked) {
                unanswered(old, at, out);
            }
            return;
        }
        let mut draft = counted(Draft::new(&PROTOCOL, kind.into()), kind).actor(client);
        if let Some(object) = object {
            draft = draft.object(format_compact!("{object}"));
        }
        if !fixed.relay.is_unspecified() {
            draft = draft.extra("relay", format_compact!("{}", fixed.relay));
        }
        out.act(draft);
    }

    fn reply(&mut self, fixed: &Fixed, options: &Options<'_>, context: &Context, out: &mut Output<'_>) {
        let kind = options.kind.unwrap_or(0);
        let flow_client = out.client();
        let yours = [fixed.yours, fixed.client].into_iter().find(|ip| !ip.is_unspecified());
        let client = Address {
            mac: fixed.hardware.or(flow_client.mac.filter(|mac| !mac.is_group())),
            ip: yours.map(IpAddr::V4),
            port: Some(68),
            vlan: flow_client.vlan,
        };
        let asked = self.exchange.answer(&fixed.transaction);
        let mut draft = match (&asked, kind) {
            (Some((at, asked)), _) => {
                counted(Draft::new(&PROTOCOL, asked.kind.into()), asked.kind).actor(asked.client).asked(*at)
            }
            // The refusal is what became of the client's request.
            (None, 6) => Draft::new(&PROTOCOL, 3).actor(client),
            (None, _) => Draft::new(&PROTOCOL, kind.into()).from_server().target(client),
        };
        draft = counted(draft, kind);
        let object = yours.or(options.requested).or(asked.as_ref().and_then(|(_, asked)| asked.object));
        if let Some(object) = object {
            draft = draft.object(format_compact!("{object}"));
        }
        if let Some(lease) = options.lease {
            draft = draft.extra("lease", format_compact!("{lease} s"));
        }
        if let Some(server) = options.server.filter(|server| Some(IpAddr::V4(*server)) != out.server().ip) {
            draft = draft.extra("server", format_compact!("{server}"));
        }
        if !fixed.relay.is_unspecified() {
            draft = draft.extra("relay", format_compact!("{}", fixed.relay));
        }
        if !fixed.next_server.is_unspecified() && Some(IpAddr::V4(fixed.next_server)) != out.server().ip {
            draft = draft.extra("next server", format_compact!("{}", fixed.next_server));
        }
        draft = draft.extra("boot server", printable(options.boot_server));
        draft = draft.extra("boot file", printable(options.boot_file));
        if kind == 6 {
            let why = printable(options.message);
            let why = if why.is_empty() { Text::const_new("nak") } else { why };
            draft = draft.refused(context.at, 6, why);
        } else {
            draft = draft.done(context.at);
        }
        out.act(draft);
        if matches!(kind, 2 | 5) {
            out.fact(About::Server, FactKey::Role, "dhcp server", "dhcp answer", Confidence::Likely);
        }
        if kind == 5 {
            tell_settings(options, client, yours, out);
        }
    }
}

/// Counts a message where it has a type.
fn counted(draft: Draft<'_>, kind: u8) -> Draft<'_> {
    if kind == 0 { draft } else { draft.message(PROTOCOL.id, kind.into()) }
}

fn unanswered(asked: Asked, at: Time, out: &mut Output<'_>) {
    let mut draft = counted(Draft::new(&PROTOCOL, asked.kind.into()), asked.kind).actor(asked.client).asked(at);
    if let Some(object) = asked.object {
        draft = draft.object(format_compact!("{object}"));
    }
    out.act(draft.no_answer());
}

/// The fixed part (RFC 2131, section 2) as far as the client's hardware address.
fn fixed(r: &mut Reader<'_>) -> Result<Fixed, Short> {
    let operation = r.u8("operation")?;
    let hardware_type = r.u8("hardware type")?;
    let hardware_bytes = r.u8("hardware length")?;
    r.skip(1, "hops")?;
    let transaction = r.u32("transaction id")?;
    r.skip(4, "seconds and flags")?;
    let mut ip = |what| r.array::<4>(what).map(Ipv4Addr::from);
    let (client, yours) = (ip("client address")?, ip("your address")?);
    let (next_server, relay) = (ip("next server")?, ip("relay")?);
    let hardware = r.array::<16>("client hardware address")?;
    let [a, b, c, d, e, f, ..] = hardware;
    let mac = Mac([a, b, c, d, e, f]);
    let is_mac = hardware_type == 1 && hardware_bytes == 6 && mac != Mac([0; 6]) && !mac.is_group();
    let hardware = is_mac.then_some(mac);
    Ok(Fixed { transaction, client, yours, next_server, relay, hardware, is_reply: operation == 2 })
}

fn printable(bytes: &[u8]) -> Text {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    crate::ber::text(bytes)
}

/// What a client says of itself.
fn tell_client(fixed: &Fixed, options: &Options<'_>, client: Address, out: &mut Output<'_>) {
    let about = || About::Other(client);
    let certain = Confidence::Certain;
    let name = printable(options.hostname);
    out.fact(about(), FactKey::Hostname, &name, "dhcp option 12 host name", certain);
    // Flags and two result codes come before the name; flag E says that it is in DNS form (RFC 4702, section 2).
    if let Some(([flags, _, _], name)) = options.fqdn.split_first_chunk::<3>() {
        let name = if flags & 0x04 != 0 {
            let mut r = Reader::new(name);
            let mut text = Text::default();
            while let Ok(length @ 1..=63) = r.u8("label length") {
                let Ok(label) = r.bytes(length.into(), "label") else { break };
                if !text.is_empty() {
                    text.push('.');
                }
                super::dns::message::push_printable(&mut text, label);
            }
            text
        } else {
            printable(name)
        };
        out.fact(about(), FactKey::Hostname, &name, "dhcp option 81 client fqdn", certain);
    }
    let class = printable(options.vendor_class);
    if !class.is_empty() {
        out.fact(about(), FactKey::Description, &class, "dhcp option 60 vendor class", Confidence::Likely);
        if let Some((_, os)) = CLASSES.iter().find(|(head, _)| class.starts_with(head)) {
            out.fact(about(), FactKey::Os, os, "dhcp option 60 vendor class", Confidence::Likely);
        }
        if let Some(machine) = class.strip_prefix("dhcpcd-").and_then(|rest| rest.split_once(':')) {
            out.fact(about(), FactKey::OsVersion, machine.1, "dhcp option 60 vendor class", Confidence::Likely);
        }
    }
    if let [1, rest @ ..] = options.client_id
        && let Ok(mac) = <[u8; 6]>::try_from(rest)
        && fixed.hardware != Some(Mac(mac))
        && !Mac(mac).is_group()
        && mac != [0; 6]
    {
        let mac = format_compact!("{}", Mac(mac));
        out.fact(about(), FactKey::Mac, &mac, "dhcp option 61 client id", Confidence::Likely);
    }
    if let (Some(mac), Some(_)) = (fixed.hardware, client.ip) {
        out.fact(about(), FactKey::Mac, &format_compact!("{mac}"), "dhcp client hardware address", certain);
    }
    if !options.parameters.is_empty() {
        let mut print = Text::const_new("dhcp=");
        for (index, parameter) in options.parameters.iter().take(48).enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = std::fmt::Write::write_fmt(&mut print, format_args!("{comma}{parameter}"));
        }
        out.fact(about(), FactKey::Fingerprint, &print, "dhcp option 55 parameter list", Confidence::Likely);
    }
    if !fixed.relay.is_unspecified() {
        let relay = Address { ip: Some(IpAddr::V4(fixed.relay)), ..Address::default() };
        out.fact(About::Other(relay), FactKey::Router, "dhcp relay", "dhcp relay address", Confidence::Likely);
    }
}

/// What a server gave a client.
fn tell_settings(options: &Options<'_>, client: Address, yours: Option<Ipv4Addr>, out: &mut Output<'_>) {
    let about = || About::Other(client);
    let certain = Confidence::Certain;
    if let (Some(ip), Some(mac)) = (yours, client.mac) {
        out.fact(about(), FactKey::Mac, &format_compact!("{mac}"), "dhcp ack", certain);
        let hardware = Address { ip: None, ..client };
        out.fact(About::Other(hardware), FactKey::Ip, &format_compact!("{ip}"), "dhcp ack", certain);
    }
    if let Some(mask) = options.mask {
        out.fact(about(), FactKey::Netmask, &format_compact!("{mask}"), "dhcp option 1", certain);
    }
    out.fact(about(), FactKey::Domain, &printable(options.domain), "dhcp option 15", certain);
    for (bytes, key, source) in [
        (options.routers, FactKey::Gateway, "dhcp option 3"),
        (options.name_servers, FactKey::NameServer, "dhcp option 6"),
        (options.log_servers, FactKey::Logging, "dhcp option 7"),
        (options.time_servers, FactKey::TimeSource, "dhcp option 42"),
        (options.netbios_servers, FactKey::NameServer, "dhcp option 44"),
    ] {
        for ip in addresses(bytes) {
            out.fact(about(), key, &format_compact!("{ip}"), source, certain);
        }
    }
}

impl Decoder for Dhcp {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        while let Some((_, at, asked)) = self.exchange.overdue(context.at) {
            unanswered(asked, at, out);
        }
        if let Err(short) = self.message(message, context, out)
            && context.wire_len <= message.len()
        {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let mut exchange = std::mem::take(&mut self.exchange);
        for (_, at, asked) in exchange.drain() {
            unanswered(asked, at, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, hex, torture};

    /// A message with the fixed part filled in: operation, client, yours, options.
    fn bytes(operation: u8, client: &str, yours: &str, options: &str) -> Vec<u8> {
        let zeros = "00".repeat(202);
        hex(&format!(
            "{operation:02x} 01 06 00 12345678 0000 0000 {client} {yours} 00000000 00000000 0200000000aa {zeros} 63825363 {options} ff"
        ))
    }

    #[test]
    fn a_lease_is_renewed() {
        Dialog::datagrams(&PROTOCOL)
            .says(
                Speaker::Client,
                &bytes(1, "0a000001", "00000000", "350103 0c03686d69 3c084d53465420352e30 3703010306"),
            )
            .says(
                Speaker::Server,
                &bytes(
                    2,
                    "0a000001",
                    "0a000001",
                    "350105 330400000e10 36040a000002 0104ffffff00 03040a0000fe 06040a000035",
                ),
            )
            .end_is(expect![[r#"
                fact C: hostname = hmi (dhcp, dhcp option 12 host name, certain)
                fact C: description = MSFT 5.0 (dhcp, dhcp option 60 vendor class, likely)
                fact C: os = Windows (dhcp, dhcp option 60 vendor class, likely)
                fact C: mac = 02:00:00:00:00:aa (dhcp, dhcp client hardware address, certain)
                fact C: fingerprint = dhcp=1,3,6 (dhcp, dhcp option 55 parameter list, likely)
                C > S dhcp [other] request | 10.0.0.1 -> done in 1000 us lease=3600 s {dhcp 3: 1} {dhcp 5: 1}
                fact S: role = dhcp server (dhcp, dhcp answer, likely)
                fact 02:00:00:00:00:aa: ip = 10.0.0.1 (dhcp, dhcp ack, certain)
                fact C: netmask = 255.255.255.0 (dhcp, dhcp option 1, certain)
                fact C: gateway = 10.0.0.254 (dhcp, dhcp option 3, certain)
                fact C: name_server = 10.0.0.53 (dhcp, dhcp option 6, certain)
            "#]]);
    }

    #[test]
    fn a_request_is_refused() {
        Dialog::datagrams(&PROTOCOL)
            .says(Speaker::Server, &bytes(2, "00000000", "00000000", "350106 36040a000002 38036e6f21"))
            .end_is(expect![[r#"
                02:00:00:00:00:aa > S dhcp [other] request -> refused (6 no!) {dhcp 6: 1}
            "#]]);
    }

    #[test]
    fn nobody_answers() {
        Dialog::datagrams(&PROTOCOL)
            .says(Speaker::Client, &bytes(1, "00000000", "00000000", "350101 32040a000009"))
            .end_is(expect![[r#"
                02:00:00:00:00:aa > S dhcp [other] discover | 10.0.0.9 -> no answer {dhcp 1: 1}
            "#]]);
    }

    #[test]
    fn survives_anything() {
        let text = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        torture(
            &PROTOCOL,
            &[
                &text(bytes(1, "00000000", "00000000", "350101 5106040000 03616263 3d0701020000000000")),
                &text(bytes(2, "00000000", "0a000001", "350105 340103 0304 0a0000fe")),
            ],
        );
    }
}
