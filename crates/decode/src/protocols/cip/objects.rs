//! Objects of CIP: attributes, identity, addresses, connections, memory, files.

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::connection::{self, Connection, Open};
use super::identity::Identity;
use super::message::{Answer, Around, Request};
use super::{Memory, tables, values};
use crate::words::decimal;
use crate::{About, Draft, Output};

const IDENTITY: u32 = 0x01;
const CONNECTION_MANAGER: u32 = 0x06;
const FILE: u32 = 0x37;
const PROJECT: u32 = 0x64;
const MEMORY: u32 = 0x72;
const CONTROLLER: u32 = 0x8e;
const TCP_IP: u32 = 0xf5;
const ETHERNET: u32 = 0xf6;

/// Vendor id of Rockwell's programs for computers.
const ROCKWELL_SOFTWARE: u16 = 77;

/// Attributes of one list that are told.
const ATTRIBUTES_MAX: u16 = 256;

/// Devices of one flow whose kind is remembered: the modules of a rack.
const IDENTITIES_MAX: usize = 32;

/// Words of memory told of one answer.
const WORDS_MAX: usize = 1_024;

/// Reads what a service of an object carried. Faults end the values; what was read is kept.
pub(super) fn tell(
    memory: &mut Memory,
    request: &Request<'_>,
    answer: Option<&Answer<'_>>,
    text: &Text,
    draft: &mut Draft<'_>,
    readings: &mut Vec<Reading>,
    around: &Around,
    out: &mut Output<'_>,
) {
    let good = answer.filter(|answer| answer.is_good());
    let class = request.path.class.unwrap_or_default();
    let mut place = None;
    let result = match (class, request.service) {
        (CONNECTION_MANAGER, 0x54 | 0x5b) => forward_open(memory, request, good, around, out).map(|(open, behind)| {
            opened(draft, &open, behind);
        }),
        (CONNECTION_MANAGER, 0x4e) => forward_close(memory, request, good).map(|(closed, behind)| {
            if let Some(connection) = closed {
                draft.behind = connection.behind;
                if connection.is_implicit {
                    draft.verb = Verb::Subscribe;
                }
            } else if !behind.is_nobody() {
                draft.behind = behind;
            }
        }),
        (IDENTITY, 0x05) => {
            // No data means: as if switched off and on.
            let kind = match request.data.peek() {
                None | Some(0) => "power cycle",
                Some(1) => "factory defaults",
                Some(2) => "factory defaults except communication",
                Some(_) => "vendor specific",
            };
            draft.note("type", kind);
            Ok(())
        }
        (CONTROLLER, 0x5c) => announced_user(request, out).map(|user| {
            draft.note("user", user);
        }),
        (MEMORY, 0x4b..=0x4e) => memory_words(request, good, readings).map(|object| place = object),
        (FILE, _) => {
            if request.data.left() > 0 {
                draft.note("bytes", Text::from(&*decimal(request.data.left() as u64)));
            }
            Ok(())
        }
        (_, 0x01) => match good {
            Some(answer) => all(memory, request, answer, text, readings, around, out),
            None => Ok(()),
        },
        (_, 0x03) => match good {
            Some(answer) => list(memory, request, answer.data, true, text, readings, around, out),
            None => Ok(()),
        },
        (_, 0x04) => list(memory, request, request.data, false, text, readings, around, out),
        (_, 0x0e) => match good {
            Some(answer) => single(memory, request, answer.data, text, readings, Some(around), out),
            None => Ok(()),
        },
        (_, 0x10) => single(memory, request, request.data, text, readings, None, out),
        (_, service) => {
            other(service, request, good, text, draft, readings);
            Ok(())
        }
    };
    if let Err(short) = result {
        out.short(&short);
    }
    if let Some(object) = place {
        draft.object = object;
    }
}

/// Whom the answer speaks of.
fn about(around: &Around) -> About {
    if around.is_from_server { About::Client } else { About::BehindServer(around.behind.clone()) }
}

/// Services without a known form: their bytes are values where they set something, a size where they move programs.
fn other(
    service: u8,
    request: &Request<'_>,
    good: Option<&Answer<'_>>,
    text: &Text,
    draft: &mut Draft<'_>,
    readings: &mut Vec<Reading>,
) {
    let (_, verb) = tables::service(request.path.class, request.path.is_symbolic, service);
    let sent = request.data.left();
    let received = good.map_or(0, |answer| answer.data.left());
    match verb {
        Verb::Write | Verb::Operate if sent > 0 => {
            readings.push(Reading::new(text.clone(), Value::Bytes(request.data.rest().into())));
        }
        Verb::Read if received > 0 => {
            let bytes = good.map_or(&[][..], |answer| answer.data.rest());
            readings.push(Reading::new(text.clone(), Value::Bytes(bytes.into())));
        }
        Verb::Program | Verb::Firmware | Verb::Configure | Verb::Upload | Verb::File => {
            let bytes = if matches!(verb, Verb::Upload) { received } else { sent };
            if bytes > 0 {
                draft.note("bytes", Text::from(&*decimal(bytes as u64)));
            }
        }
        _ => {}
    }
}

/// An attribute on its own, asked for (`around` is given) or set.
fn single(
    memory: &mut Memory,
    request: &Request<'_>,
    mut r: Reader<'_>,
    text: &Text,
    readings: &mut Vec<Reading>,
    around: Option<&Around>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let class = request.path.class.unwrap_or_default();
    let Some(attribute) = request.path.attribute else { return Ok(()) };
    match around {
        Some(around) if class == IDENTITY => {
            let mut identity = Identity::default();
            identity.set(attribute, r);
            identified(memory, request, identity, around, out);
        }
        Some(around) => facts(memory, request, attribute, r, around, out),
        None => {}
    }
    let known = tables::attribute(class, attribute).filter(|_| request.path.instance != Some(0));
    let object = match known {
        Some(known) => format_compact!("{text} {}", known.name),
        None => text.clone(),
    };
    let value = match known {
        Some(known) => values::attribute(known.kind, &mut r)?,
        None => Value::Bytes(r.take_rest().into()),
    };
    if value != Value::Bytes([].into()) {
        readings.push(Reading::new(object, value));
    }
    Ok(())
}

/// A list of attributes: volume 1, appendix. Answers have a status with each. What comes behind an
/// attribute of unknown size cannot be told apart and stays bytes.
fn list(
    memory: &mut Memory,
    request: &Request<'_>,
    mut r: Reader<'_>,
    is_answer: bool,
    text: &Text,
    readings: &mut Vec<Reading>,
    around: &Around,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let class = request.path.class.unwrap_or_default();
    let is_instance = request.path.instance != Some(0);
    // A partial answer may hold nothing at all.
    if r.is_empty() {
        return Ok(());
    }
    let count = r.u16_le("number of attributes")?;
    let mut identity = Identity::default();
    let mut result = Ok(());
    for index in 0..count.min(ATTRIBUTES_MAX) {
        if r.is_empty() {
            break;
        }
        result = entry(
            memory,
            request,
            &mut r,
            index.saturating_add(1) >= count,
            is_answer,
            &mut identity,
            text,
            readings,
            around,
            out,
        );
        if result.is_err() {
            break;
        }
    }
    if is_answer && class == IDENTITY && is_instance {
        identified(memory, request, identity, around, out);
    }
    result
}

/// One attribute of a list.
fn entry(
    memory: &Memory,
    request: &Request<'_>,
    r: &mut Reader<'_>,
    is_last: bool,
    is_answer: bool,
    identity: &mut Identity,
    text: &Text,
    readings: &mut Vec<Reading>,
    around: &Around,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let class = request.path.class.unwrap_or_default();
    let is_instance = request.path.instance != Some(0);
    let attribute = u32::from(r.u16_le("attribute")?);
    let object = request.path.with_attribute(text, attribute);
    if is_answer {
        let status = r.u16_le("attribute status")?;
        if status != 0 {
            let quality = Some(tables::status(status as u8, None));
            readings.push(Reading { object: object.into(), value: Value::Nothing, quality, at: None });
            return Ok(());
        }
    }
    match tables::attribute(class, attribute).filter(|_| is_instance) {
        Some(known) => {
            match is_answer {
                true if class == IDENTITY => identity.set(attribute, *r),
                true => facts(memory, request, attribute, *r, around, out),
                false => {}
            }
            readings.push(Reading::new(object, values::attribute(known.kind, r)?));
        }
        None => {
            let bytes = Value::Bytes(r.take_rest().into());
            let quality = (!is_last).then(|| Text::const_new("with the attributes that follow"));
            readings.push(Reading { object: object.into(), value: bytes, quality, at: None });
        }
    }
    Ok(())
}

/// All attributes at once.
fn all(
    memory: &mut Memory,
    request: &Request<'_>,
    answer: &Answer<'_>,
    text: &Text,
    readings: &mut Vec<Reading>,
    around: &Around,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let mut r = answer.data;
    // Instance 0 is the class, with other attributes.
    if request.path.instance == Some(0) {
        readings.push(Reading::new(text.clone(), Value::Bytes(r.take_rest().into())));
        return Ok(());
    }
    let attributes: &[u32] = match request.path.class {
        Some(IDENTITY) => {
            let mut identity = Identity::default();
            let result = identity.read(&mut r);
            identity.readings(text, readings);
            identified(memory, request, identity, around, out);
            return result;
        }
        Some(TCP_IP) => &[1, 2, 3, 4, 5, 6],
        Some(ETHERNET) => &[1, 2, 3],
        Some(PROJECT) => &[1],
        _ => {
            if !r.is_empty() {
                readings.push(Reading::new(text.clone(), Value::Bytes(r.take_rest().into())));
            }
            return Ok(());
        }
    };
    for attribute in attributes {
        let known = request.path.class.and_then(|class| tables::attribute(class, *attribute));
        if let Some(known) = known {
            facts(memory, request, *attribute, r, around, out);
            let value = values::attribute(known.kind, &mut r)?;
            readings.push(Reading::new(request.path.with_attribute(text, *attribute), value));
        }
    }
    Ok(())
}

/// Tells who a device is. What its state means depends on what kind of device it is, which may have been told before.
fn identified(
    memory: &mut Memory,
    request: &Request<'_>,
    mut identity: Identity,
    around: &Around,
    out: &mut Output<'_>,
) {
    if request.path.instance == Some(0) {
        return;
    }
    let known = memory.identities.iter().position(|(behind, _, _)| *behind == around.behind);
    match (identity.vendor, identity.device_type, known) {
        (Some(vendor), Some(device_type), Some(index)) => {
            if let Some(place) = memory.identities.get_mut(index) {
                (place.1, place.2) = (vendor, device_type);
            }
        }
        (Some(vendor), Some(device_type), None) if memory.identities.len() < IDENTITIES_MAX => {
            memory.identities.push((around.behind.clone(), vendor, device_type));
        }
        (None, None, Some(index)) => {
            // Known, and not told again: facts are told once.
            if let Some((_, vendor, device_type)) = memory.identities.get(index) {
                (identity.vendor, identity.device_type) = (Some(*vendor), Some(*device_type));
            }
        }
        _ => {}
    }
    identity.tell(&about(around), "identity object", out);
}

/// Facts of one attribute that a device told.
fn facts(
    memory: &Memory,
    request: &Request<'_>,
    attribute: u32,
    mut r: Reader<'_>,
    around: &Around,
    out: &mut Output<'_>,
) {
    let mut fact = |key, value: &str, source: &str| out.fact(about(around), key, value, source, Confidence::Certain);
    match (request.path.class, attribute) {
        (Some(_), _) if request.path.instance == Some(0) => {}
        (Some(TCP_IP), 5) => {
            const SOURCE: &str = "tcp/ip interface configuration";
            let mut address = |key, r: &mut Reader<'_>| {
                if let Ok(address) = values::ipv4(r)
                    && !address.is_unspecified()
                {
                    fact(key, &format_compact!("{address}"), SOURCE);
                }
            };
            address(FactKey::Ip, &mut r);
            address(FactKey::Netmask, &mut r);
            address(FactKey::Gateway, &mut r);
            address(FactKey::NameServer, &mut r);
            address(FactKey::NameServer, &mut r);
            if let Ok(Value::Text(domain)) = values::attribute(values::Kind::String, &mut r) {
                fact(FactKey::Domain, &domain, SOURCE);
            }
        }
        // Modules without a project answer with their own name.
        (Some(PROJECT), 1) if memory.is_known_without_project(&around.behind) => {}
        (Some(PROJECT), 1) => {
            if let Ok(Value::Text(name)) = values::attribute(values::Kind::Logix, &mut r) {
                fact(FactKey::Program, &name, "project name");
            }
        }
        (Some(class), _) => {
            if let Some(known) = tables::attribute(class, attribute)
                && let Some(key) = known.fact
                && let Ok(Value::Text(value)) = values::attribute(known.kind, &mut r)
            {
                fact(key, &value, known.name);
            }
        }
        (None, _) => {}
    }
}

/// Opens a connection. Gives it back with what was granted, and the way it takes.
fn forward_open<'a>(
    memory: &mut Memory,
    request: &Request<'a>,
    good: Option<&Answer<'_>>,
    around: &Around,
    out: &mut Output<'_>,
) -> Result<(Open<'a>, Behind), Short> {
    let mut open = Open::read(request.data, request.service == 0x5b)?;
    let behind = match (open.path.behind(), &around.behind) {
        (Behind::Nobody, before) => before.clone(),
        (behind, _) => behind,
    };
    if !around.is_from_server {
        originator(&open, out);
    }
    if let Some(answer) = good {
        open.grant(answer.data)?;
        memory.connections.add(Connection {
            to_target: open.to_target.id,
            to_originator: Some(open.to_originator.id),
            behind: behind.clone(),
            triad: Some((open.serial, open.vendor, open.originator)),
            is_implicit: open.is_implicit(),
        });
        if open.is_implicit() {
            open.announce(&behind, out);
        }
    }
    Ok((open, behind))
}

/// Facts of the one who opens a connection.
fn originator(open: &Open<'_>, out: &mut Output<'_>) {
    const SOURCE: &str = "originator of a connection";
    let vendor = tables::vendor(open.vendor).unwrap_or_default();
    // Rockwell Software is RSLinx and its successors on somebody's computer, whose maker and serial number it is not.
    if open.vendor == ROCKWELL_SOFTWARE {
        out.fact(
            About::Client,
            FactKey::Software,
            "Rockwell Software (RSLinx, FactoryTalk)",
            SOURCE,
            Confidence::Likely,
        );
        return;
    }
    out.fact(About::Client, FactKey::Vendor, vendor, SOURCE, Confidence::Likely);
    if open.originator != 0 {
        let serial = format_compact!("{:08x}", open.originator);
        out.fact(About::Client, FactKey::Serial, &serial, SOURCE, Confidence::Likely);
    }
}

/// The act of a Forward Open: what is ordered is its object.
fn opened(draft: &mut Draft<'_>, open: &Open<'_>, behind: Behind) {
    draft.object = open.path.object().into();
    draft.behind = behind;
    draft.note("transport class", format_compact!("{}", open.class));
    draft.note("o to t", Open::describe(&open.to_target));
    draft.note("t to o", Open::describe(&open.to_originator));
    let (serial, vendor, originator) = (open.serial, open.vendor, open.originator);
    draft.note("connection", format_compact!("serial {serial} vendor {vendor} originator {originator:08x}"));
    if let Some(product) = connection::expected_product(&open.path) {
        draft.note("expects", product);
    }
    if open.is_implicit() {
        draft.verb = Verb::Subscribe;
    }
}

/// Closes a connection.
fn forward_close(
    memory: &mut Memory,
    request: &Request<'_>,
    good: Option<&Answer<'_>>,
) -> Result<(Option<Connection>, Behind), Short> {
    let mut r = request.data;
    r.skip(2, "priority, time-out ticks")?;
    let triad = (
        r.u16_le("connection serial number")?,
        r.u16_le("originator vendor id")?,
        r.u32_le("originator serial number")?,
    );
    let words = r.u8("connection path size")?;
    r.u8("reserved")?;
    let path = super::path::Path::parse(r.sub_at_most(usize::from(words).saturating_mul(2)).take_rest());
    let closed = good.and_then(|_| memory.connections.close(triad));
    Ok((closed, path.behind()))
}

/// Who sits at the engineering station, as observed: a length, zeros, then user, computer and user again in UTF-16.
fn announced_user(request: &Request<'_>, out: &mut Output<'_>) -> Result<Text, Short> {
    const SOURCE: &str = "announced to a controller";
    let mut r = request.data;
    r.skip(8, "length")?;
    let user = values::wide_string(&mut r)?;
    out.fact(About::Client, FactKey::User, &user, SOURCE, Confidence::Likely);
    let computer = values::wide_string(&mut r)?;
    out.fact(About::Client, FactKey::Hostname, &computer, SOURCE, Confidence::Likely);
    Ok(user)
}

/// Memory of a Logix controller, as observed: address of 32 bits, number of 32-bit words, words. The words are told as
/// unsigned numbers because nothing says their type.
fn memory_words(
    request: &Request<'_>,
    good: Option<&Answer<'_>>,
    readings: &mut Vec<Reading>,
) -> Result<Option<Object>, Short> {
    if request.path.is_symbolic {
        return Ok(None);
    }
    let mut asked = request.data;
    // Writing of an empty message, or in another form: nothing is known of it.
    if asked.left() < 6 {
        return Ok(None);
    }
    let address = asked.u32_le("address")?;
    let _count = asked.u16_le("number of words")?;
    // What a download fills in is the program, not values.
    let is_download = request.path.instance.is_some_and(|instance| instance != 0) && request.service != 0x4c;
    let words = match (request.service, good) {
        _ if is_download => Reader::new(&[]),
        (0x4c, Some(answer)) => answer.data,
        (0x4c, None) => Reader::new(&[]),
        _ => asked,
    };
    let mut at = address;
    for word in words.rest().as_chunks::<4>().0.iter().take(WORDS_MAX) {
        readings
            .push(Reading::new(Object::one("memory", at.into()), Value::Unsigned(u32::from_le_bytes(*word).into())));
        at = at.wrapping_add(4);
    }
    Ok(Some(Object::one("memory", address.into())))
}
