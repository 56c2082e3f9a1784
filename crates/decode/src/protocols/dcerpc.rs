//! DCE/RPC: Windows administration, DCOM and OPC over TCP or named pipes; PROFINET over UDP.

use std::net::{IpAddr, Ipv4Addr};

use compact_str::format_compact;
use model::{Messages, Object, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    Carrier, Code, Context, Decoder, Draft, Exchange, Inner, Match, Measure, Opening, Output, Probe, Protocol, Speaker,
    Verdict, code,
};

pub mod datagram;
pub mod interfaces;
#[cfg(test)]
mod tests;

use datagram::{DATAGRAM_HEADER_BYTES, Datagram, Order};

/// Types of PDU: C706, section 12.6.4; MS-RPCE adds 16.
const CODES: &[Code] = &[
    code(0, "request", Verb::Other),
    code(1, "ping", Verb::Other),
    code(2, "response", Verb::Other),
    code(3, "fault", Verb::Other),
    code(4, "working", Verb::Other),
    code(5, "no call", Verb::Other),
    code(6, "reject", Verb::Other),
    code(7, "acknowledgement", Verb::Other),
    code(8, "cancel", Verb::Other),
    code(9, "fragment acknowledgement", Verb::Other),
    code(10, "cancel acknowledgement", Verb::Other),
    code(11, "bind", Verb::Other),
    code(12, "bind acknowledgement", Verb::Other),
    code(13, "bind refusal", Verb::Other),
    code(14, "alter context", Verb::Other),
    code(15, "alter context response", Verb::Other),
    code(16, "authenticate", Verb::Login),
    code(17, "shutdown", Verb::Other),
    code(18, "cancel", Verb::Other),
    code(19, "orphaned", Verb::Other),
];

/// DCE/RPC.
pub static PROTOCOL: Protocol = Protocol {
    id: "dcerpc",
    title: "DCE/RPC",
    about: "Windows machines administer each other with it (services, registry, accounts, tasks), OPC servers serve with it, \
            PROFINET configures with it.",
    depth: "Bind with interfaces and authentication level, calls by interface and operation, faults, fragments; endpoint \
            mapper answers announce the flows that follow. Arguments are not read.",
    documents: &[
        "The Open Group C706: DCE 1.1 Remote Procedure Call, chapter 12",
        "MS-RPCE, MS-SCMR, MS-SAMR, MS-LSAD, MS-NRPC, MS-DRSR, MS-SRVS, MS-WKST, MS-RRP, MS-TSCH, MS-DCOM, MS-RPRN",
        "OPC Data Access Custom Interface 3.00",
    ],
    carriers: &[Carrier::Tcp(&[135, 593]), Carrier::Udp(&[34964, 135]), Carrier::Inside("smb")],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |opening: &Opening| Box::new(Rpc { is_stream: opening.is_stream, ..Rpc::default() }),
};

/// Bytes of the header of connections.
const HEADER_BYTES: usize = 16;

/// Interfaces of one connection.
const CONTEXTS_MAX: usize = 64;

/// Bytes of one call in datagrams that are put together.
const CALL_BYTES_MAX: usize = 64 * 1024;

fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    match bytes.first() {
        Some(5) => {
            let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
                return if probe.is_stream && bytes.len() < HEADER_BYTES && bytes.get(1).is_none_or(|minor| *minor < 2) {
                    Verdict::MORE
                } else {
                    Verdict::NO
                };
            };
            match Head::read(head) {
                Some(head) => match head.kind {
                    0 | 11 | 14 | 16 | 18 | 19 => Verdict::by(Match::Certain, Speaker::Client),
                    _ => Verdict::by(Match::Certain, Speaker::Server),
                },
                None => Verdict::NO,
            }
        }
        Some(4) if !probe.is_stream => match Datagram::read(&mut Reader::new(bytes)) {
            Ok(Some(head)) => {
                let body = bytes.len().saturating_sub(DATAGRAM_HEADER_BYTES);
                if body < usize::from(head.length) {
                    return Verdict::NO;
                }
                let matched = match interfaces::INTERFACES.iter().any(|known| known.uuid == head.interface) {
                    true => Match::Certain,
                    false => Match::Likely,
                };
                match head.kind {
                    0 | 1 | 8 => Verdict::by(matched, Speaker::Client),
                    2..=6 => Verdict::by(matched, Speaker::Server),
                    _ => Verdict::of(matched),
                }
            }
            _ => Verdict::NO,
        },
        _ => Verdict::NO,
    }
}

/// The header of connections (C706, section 12.6.3.1).
struct Head {
    kind: u8,
    flags: u8,
    order: Order,
    length: usize,
    authentication: usize,
    call: u32,
}

impl Head {
    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Head> {
        let [version, minor, kind, flags, r0, r1, r2, r3, ..] = *bytes;
        let order = Order::new(r0);
        let is_sound = version == 5 && minor < 2 && kind < 20 && !matches!(kind, 1 | 4..=10);
        if !is_sound || r0 & 0xee != 0 || r1 > 3 || r2 != 0 || r3 != 0 {
            return None;
        }
        let mut r = Reader::new(bytes.get(8..)?);
        let length = usize::from(order.u16(&mut r, "fragment length").ok()?);
        let authentication = usize::from(order.u16(&mut r, "authentication length").ok()?);
        let call = order.u32(&mut r, "call id").ok()?;
        let fits = length >= HEADER_BYTES && authentication < length;
        fits.then_some(Head { kind, flags, order, length, authentication, call })
    }
}

/// A call or bind that waits.
struct Call {
    kind: u8,
    name: Text,
    verb: Verb,
    object: Object,
    extra: Vec<(&'static str, Text)>,
    messages: Messages,
    interface: u128,
    operation: u16,
}

/// Fragments of one call that gather.
struct Gathering {
    speaker: Speaker,
    activity: u128,
    sequence: u32,
    next: u16,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Rpc {
    is_stream: bool,
    /// Interface of each context id.
    contexts: Vec<(u16, u128)>,
    /// By call id, or by activity and sequence number; with the asking side.
    exchange: Exchange<(Speaker, u128), Call>,
    gathering: Option<Gathering>,
    profinet: Inner,
}

fn draft<'a>(code: u32, asker: Speaker) -> Draft<'a> {
    let draft = Draft::new(&PROTOCOL, code);
    if asker == Speaker::Server { draft.from_server() } else { draft }
}

/// The act of a call.
fn of_call<'a>(asker: Speaker, at: Time, call: Call) -> Draft<'a> {
    let mut draft = draft(call.kind.into(), asker)
        .renamed(call.name)
        .verb(call.verb)
        .object(call.object)
        .asked(at)
        .messages(call.messages);
    for (name, value) in call.extra {
        draft = draft.extra(name, value);
    }
    draft
}

impl Decoder for Rpc {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        if !self.is_stream && bytes.first() == Some(&4) {
            return Measure::Whole(bytes.len());
        }
        match bytes.first_chunk::<HEADER_BYTES>() {
            Some(head) => match Head::read(head) {
                Some(head) => Measure::Whole(head.length),
                None => Measure::Malformed("no header of DCE/RPC"),
            },
            None if bytes.first().is_some_and(|version| *version != 5) => Measure::Malformed("version is not 5"),
            None => Measure::More(HEADER_BYTES),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let result = match message.first() {
            Some(4) if !self.is_stream => self.datagram(message, context, out),
            _ => self.connection(message, context, out),
        };
        if let Err(short) = result
            && context.wire_len <= message.len()
        {
            out.short(&short);
        }
        while let Some(((asker, _), at, call)) = self.exchange.overdue(context.at) {
            out.act(of_call(asker, at, call).no_answer());
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.gathering = None;
        self.profinet.gap(speaker);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.profinet.end(out);
        for ((asker, _), at, call) in self.exchange.drain() {
            out.act(of_call(asker, at, call).no_answer());
        }
    }
}

impl Rpc {
    fn ask(&mut self, asker: Speaker, key: u128, at: Time, call: Call, out: &mut Output<'_>) {
        if let Some(((asker, _), at, old)) = self.exchange.ask((asker, key), at, call) {
            out.act(of_call(asker, at, old).no_answer());
        }
    }

    /// One PDU of a connection.
    fn connection(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let speaker = context.speaker;
        let mut r = Reader::new(message);
        let head = match Head::read(&r.array::<HEADER_BYTES>("header")?) {
            Some(head) => head,
            None => {
                out.malformed(0, "header", "not one of DCE/RPC");
                return Ok(());
            }
        };
        let key = u128::from(head.call);
        let code = u32::from(head.kind);
        match head.kind {
            11 | 14 => {
                let mut call = self.bind(&head, r)?;
                if let Some((security, level)) = security(&head, message) {
                    call.verb = Verb::Login;
                    call.extra.push(("authentication", security));
                    call.extra.push(("authentication level", level));
                }
                self.ask(speaker, key, context.at, call, out);
            }
            12 | 13 | 15 => self.bound(&head, r, context, out)?,
            0 => {
                // Only the first fragment opens a call.
                if head.flags & 1 == 0 {
                    match self.exchange.find(&(speaker, key)) {
                        Some((_, call)) => call.messages.add("dcerpc", 0, 1),
                        None => out.act(draft(0, speaker).renamed("request fragment").message("dcerpc", 0)),
                    }
                    return Ok(());
                }
                head.order.u32(&mut r, "allocation hint")?;
                let id = head.order.u16(&mut r, "context id")?;
                let operation = head.order.u16(&mut r, "operation")?;
                let known = self.contexts.iter().find(|(known, _)| *known == id).map(|(_, interface)| *interface);
                let interface = known.unwrap_or(0);
                let (name, verb, effect) = interfaces::operation(interface, operation);
                let mut extra = Vec::new();
                if !effect.is_empty() {
                    extra.push(("effect", Text::const_new(effect)));
                }
                let object = match known {
                    Some(interface) => Object::Text(interfaces::name(interface)),
                    None => Object::one("context", id.into()),
                };
                let messages = Messages::one("dcerpc", 0);
                let call = Call { kind: 0, name, verb, object, extra, messages, interface, operation };
                self.ask(speaker, key, context.at, call, out);
            }
            2 | 3 => {
                let asker = speaker.other();
                if head.kind == 2 && head.flags & 2 == 0 {
                    match self.exchange.find(&(asker, key)) {
                        Some((_, call)) => call.messages.add("dcerpc", code, 1),
                        None => out.act(draft(2, asker).renamed("response fragment").message("dcerpc", code)),
                    }
                    return Ok(());
                }
                let mut act = match self.exchange.answer(&(asker, key)) {
                    Some((at, call)) => {
                        if call.interface == 0xe1af8308_5d1f_11c9_91a4_08002b14a0fa && call.operation == 3 {
                            towers(message, out);
                        }
                        of_call(asker, at, call)
                    }
                    None => draft(code, asker),
                };
                act = act.message("dcerpc", code);
                if head.kind == 2 {
                    out.act(act.done(context.at));
                    return Ok(());
                }
                let status = r.skip(8, "hint, context, cancels").and_then(|()| head.order.u32(&mut r, "status"));
                let status = status.unwrap_or(0);
                out.act(act.refused(context.at, status, fault(status)));
            }
            _ => out.act(draft(code, speaker).message("dcerpc", code)),
        }
        Ok(())
    }

    /// Interfaces that are asked for (C706, section 12.6.4.3).
    fn bind(&mut self, head: &Head, mut r: Reader<'_>) -> Result<Call, Short> {
        r.skip(8, "fragment sizes and group")?;
        let count = r.u8("number of contexts")?;
        r.skip(3, "reserved")?;
        let mut names = Text::default();
        for _ in 0..count {
            let id = head.order.u16(&mut r, "context id")?;
            let syntaxes = usize::from(r.u8("number of transfer syntaxes")?);
            r.u8("reserved")?;
            let interface = head.order.uuid(&mut r, "interface")?;
            r.skip(4, "interface version")?;
            r.skip(syntaxes.saturating_mul(20), "transfer syntaxes")?;
            self.contexts.retain(|(known, _)| *known != id);
            if self.contexts.len() < CONTEXTS_MAX {
                self.contexts.push((id, interface));
            }
            let name = interfaces::name(interface);
            if !names.contains(name.as_str()) && names.len() < 200 {
                if !names.is_empty() {
                    names.push_str(", ");
                }
                names.push_str(&name);
            }
        }
        let name = if head.kind == 11 { "bind" } else { "alter context" };
        Ok(Call {
            kind: head.kind,
            name: name.into(),
            verb: Verb::Other,
            object: Object::Text(names),
            extra: Vec::new(),
            messages: Messages::one("dcerpc", head.kind.into()),
            interface: 0,
            operation: 0,
        })
    }

    /// The answer to a bind: results of each context, or a reason.
    fn bound(&mut self, head: &Head, mut r: Reader<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let asker = context.speaker.other();
        let code = u32::from(head.kind);
        let mut act = match self.exchange.answer(&(asker, u128::from(head.call))) {
            Some((at, call)) => of_call(asker, at, call),
            None => draft(if head.kind == 15 { 14 } else { 11 }, asker),
        };
        act = act.message("dcerpc", code);
        if head.kind == 13 {
            let reason = head.order.u16(&mut r, "reason").unwrap_or(0);
            let name = match reason {
                1 => "temporary congestion",
                2 => "local limit exceeded",
                4 => "protocol version not supported",
                8 => "authentication type not recognized",
                9 => "invalid checksum",
                _ => "reason not specified",
            };
            out.act(act.refused(context.at, reason.into(), name));
            return Ok(());
        }
        let mut refusal = None;
        let mut is_any_accepted = false;
        let results = (|| {
            r.skip(8, "fragment sizes and group")?;
            let length = usize::from(head.order.u16(&mut r, "secondary address length")?);
            r.skip(length, "secondary address")?;
            r.skip(r.offset().wrapping_neg() % 4, "padding")?;
            let count = r.u8("number of results")?;
            r.skip(3, "reserved")?;
            for _ in 0..count {
                let result = head.order.u16(&mut r, "result")?;
                let reason = head.order.u16(&mut r, "reason")?;
                r.skip(20, "transfer syntax")?;
                match result {
                    // 3 is the negotiation of features.
                    0 | 3 => is_any_accepted |= result == 0,
                    _ => refusal = refusal.or(Some(reason)),
                }
            }
            Ok::<(), Short>(())
        })();
        act = match refusal {
            Some(reason) if !is_any_accepted => {
                let name = match reason {
                    1 => "abstract syntax not supported",
                    2 => "transfer syntaxes not supported",
                    3 => "local limit exceeded",
                    _ => "reason not specified",
                };
                act.refused(context.at, reason.into(), name)
            }
            _ => act.done(context.at),
        };
        out.act(act);
        results
    }

    /// One PDU of the connectionless protocol.
    fn datagram(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let speaker = context.speaker;
        let mut r = Reader::new(message);
        let Some(head) = Datagram::read(&mut r)? else {
            out.malformed(0, "header", "not one of DCE/RPC");
            return Ok(());
        };
        let code = u32::from(head.kind);
        let body = r.sub_at_most(head.length.into()).take_rest();
        let is_call = matches!(head.kind, 0 | 2);
        if is_call && head.is_fragment() {
            let Some(whole) = self.gather(message, &head, body, speaker) else {
                let name = if head.kind == 0 { "request fragment" } else { "response fragment" };
                let act = draft(code, speaker).renamed(name).object(Object::Text(interfaces::name(head.interface)));
                out.act(act.message("dcerpc", code));
                return Ok(());
            };
            self.whole(&whole, &head, &Context { wire_len: whole.len(), ..*context }, out);
            return Ok(());
        }
        self.whole(message, &head, context, out);
        Ok(())
    }

    /// Puts fragments together that come in order. Gives header and body of the whole call with its last one.
    fn gather(&mut self, message: &[u8], head: &Datagram, body: &[u8], speaker: Speaker) -> Option<Vec<u8>> {
        if head.fragment == 0 {
            let header = message.get(..DATAGRAM_HEADER_BYTES)?;
            self.gathering = Some(Gathering {
                speaker,
                activity: head.activity,
                sequence: head.sequence,
                next: 1,
                bytes: [header, body].concat(),
            });
            return None;
        }
        let gathering = self.gathering.as_mut()?;
        let fits = gathering.speaker == speaker
            && gathering.activity == head.activity
            && gathering.sequence == head.sequence
            && gathering.next == head.fragment
            && gathering.bytes.len().saturating_add(body.len()) <= CALL_BYTES_MAX;
        if !fits {
            return None;
        }
        gathering.next = gathering.next.saturating_add(1);
        gathering.bytes.extend_from_slice(body);
        if head.is_last() { self.gathering.take().map(|gathering| gathering.bytes) } else { None }
    }

    /// A whole call or answer, or something else.
    fn whole(&mut self, message: &[u8], head: &Datagram, context: &Context, out: &mut Output<'_>) {
        let speaker = context.speaker;
        let code = u32::from(head.kind);
        if matches!(head.kind, 0 | 2 | 3 | 6)
            && interfaces::is_profinet(head.interface)
            && self.profinet.read("dcerpc", message, context, out)
        {
            return;
        }
        let key = head.activity.wrapping_add(u128::from(head.sequence));
        match head.kind {
            0 => {
                let (name, verb, effect) = interfaces::operation(head.interface, head.operation);
                let mut extra = Vec::new();
                if !effect.is_empty() {
                    extra.push(("effect", Text::const_new(effect)));
                }
                let call = Call {
                    kind: 0,
                    name,
                    verb,
                    object: Object::Text(interfaces::name(head.interface)),
                    extra,
                    messages: Messages::one("dcerpc", 0),
                    interface: head.interface,
                    operation: head.operation,
                };
                self.ask(speaker, key, context.at, call, out);
            }
            2 | 3 | 6 => {
                let asker = speaker.other();
                let act = match self.exchange.answer(&(asker, key)) {
                    Some((at, call)) => of_call(asker, at, call),
                    None => draft(code, asker).object(Object::Text(interfaces::name(head.interface))),
                };
                let act = act.message("dcerpc", code);
                if head.kind == 2 {
                    return out.act(act.done(context.at));
                }
                let mut r = Reader::new(message.get(DATAGRAM_HEADER_BYTES..).unwrap_or(&[]));
                let status = head.order.u32(&mut r, "status").unwrap_or(0);
                out.act(act.refused(context.at, status, fault(status)));
            }
            _ => out.act(
                draft(code, speaker).object(Object::Text(interfaces::name(head.interface))).message("dcerpc", code),
            ),
        }
    }
}

/// Kind and level of authentication out of the verifier at the end (C706, section 13.2.6.1; MS-RPCE, section 2.2.1.1.7).
fn security(head: &Head, message: &[u8]) -> Option<(Text, Text)> {
    if head.authentication == 0 {
        return None;
    }
    let at = head.length.checked_sub(head.authentication)?.checked_sub(8)?;
    let [kind, level] = *message.get(at..)?.first_chunk::<2>()?;
    let kind = match kind {
        9 => "spnego".into(),
        10 => "ntlm".into(),
        14 => "schannel".into(),
        16 => "kerberos".into(),
        68 => "netlogon".into(),
        other => format_compact!("0x{other:02x}"),
    };
    let level = match level {
        1 => "none".into(),
        2 => "connect".into(),
        3 => "call".into(),
        4 => "packet".into(),
        5 => "integrity".into(),
        6 => "privacy".into(),
        other => format_compact!("0x{other:02x}"),
    };
    Some((kind, level))
}

/// Statuses of faults (C706, appendix E; MS-ERREF).
pub(super) fn fault(status: u32) -> Text {
    match status {
        0x0000_0005 => "access denied".into(),
        0x0000_06f7 => "bad stub data".into(),
        0x0000_06d9 => "endpoint not registered".into(),
        0x1c00_0002 | 0x1c01_0002 => "operation out of range".into(),
        0x1c00_0003 | 0x1c01_0003 => "unknown interface".into(),
        0x1c00_0006 => "invalid bound".into(),
        0x1c00_0008 => "who are you failed".into(),
        0x1c00_0009 => "manager entry unspecified".into(),
        0x1c00_001a | 0x1c01_000b => "protocol error".into(),
        0x1c01_0014 => "server too busy".into(),
        0x1c00_001b => "unspecified".into(),
        0x1c00_001c => "user defined".into(),
        status => format_compact!("0x{status:08x}"),
    }
}

/// Announces what an answer of the endpoint mapper points to: towers with a floor for TCP and one for IP
/// (C706, appendix L).
fn towers(message: &[u8], out: &mut Output<'_>) {
    let mut told = 0;
    for window in message.windows(16) {
        let [1, 0, 7, 2, 0, high, low, 1, 0, 9, 4, 0, a, b, c, d] = *window else { continue };
        let port = u16::from_be_bytes([high, low]);
        let ip = IpAddr::from(Ipv4Addr::new(a, b, c, d));
        let ip = if ip.is_unspecified() { out.server().ip } else { Some(ip) };
        if let Some(ip) = ip
            && port != 0
        {
            out.expect(ip, port, "dcerpc");
        }
        told += 1;
        if told >= 32 {
            break;
        }
    }
}
