//! What lies between COTP and MMS: ISO session (8327-1), presentation (8823-1) and ACSE (8650-1).

use compact_str::format_compact;
use model::Text;
use smallvec::SmallVec;
use wire::Reader;

use crate::ber::{Element, Elements};
use crate::{Match, Probe, Speaker, Verdict};

/// Object identifier of the MMS abstract syntax, 1.0.9506.2.1.
const MMS_SYNTAX: [u8; 5] = [0x28, 0xca, 0x22, 0x02, 0x01];

/// Parameters of one session message, values of one presentation message.
const PARTS_MAX: usize = 32;

/// Something that a data unit of the transport said.
pub enum Unit<'a> {
    /// An association is asked for.
    Associate(Association<'a>),
    /// It is granted, or refused by ACSE.
    Associated(Association<'a>),
    /// Refused by session or presentation.
    Refused(&'static str),
    /// The association shall end.
    Release,
    /// It ends.
    Released,
    /// It is broken off.
    Abort(&'static str),
    /// An MMS PDU.
    Mms(Element<'a>),
}

/// What ACSE says when an association begins.
#[derive(Default)]
pub struct Association<'a> {
    title: Text,
    other_title: Text,
    session: Text,
    presentation: Text,
    /// How the caller shows who it is; never with what.
    pub authentication: Option<Text>,
    /// Result other than accepted.
    pub refusal: Option<u32>,
    /// Why.
    pub diagnostic: Text,
    /// Initiate request, response or error.
    pub mms: Option<Element<'a>>,
}

impl Association<'_> {
    /// Fields for an act.
    pub fn fields(&self, side: &'static str, other: &'static str) -> Vec<(&'static str, Text)> {
        let title = match side {
            "calling" => "calling title",
            _ => "responding title",
        };
        let mut fields = vec![(title, self.title.clone())];
        if !other.is_empty() {
            fields.push(("called title", self.other_title.clone()));
            fields.push(("session selectors", self.session.clone()));
            fields.push(("presentation selectors", self.presentation.clone()));
        }
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }
}

/// Whether a data unit is session, or MMS straight on the transport.
pub fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    match bytes {
        // Give tokens and data transfer, both without parameters, then presentation data.
        [0x01, 0x00, 0x01, 0x00, 0x61, ..] => Verdict::of(Match::Certain),
        [kind @ (0x08..=0x0a | 0x0c..=0x0e | 0x19 | 0x1a), length, ..] => {
            let is_long = *length == 0xff;
            let claimed = match bytes {
                [_, 0xff, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])).saturating_add(4),
                _ => usize::from(*length).saturating_add(2),
            };
            if claimed != bytes.len() && !(is_long && claimed > bytes.len()) {
                return Verdict::NO;
            }
            let matched = match bytes.windows(MMS_SYNTAX.len()).any(|window| window == MMS_SYNTAX) {
                true => Match::Certain,
                false => Match::Likely,
            };
            match kind {
                0x0d => Verdict::by(matched, Speaker::Client),
                0x0c | 0x0e => Verdict::by(matched, Speaker::Server),
                _ => Verdict::of(matched),
            }
        }
        _ => match straight(bytes) {
            Some(pdu) if pdu.tag == 8 => Verdict::by(Match::Likely, Speaker::Client),
            Some(pdu) if pdu.tag == 9 => Verdict::by(Match::Likely, Speaker::Server),
            Some(_) => Verdict::of(Match::Likely),
            None => Verdict::NO,
        },
    }
}

/// An MMS PDU without layers in between: exactly one element whose first field is what it must be.
fn straight(bytes: &[u8]) -> Option<Element<'_>> {
    let mut elements = Elements::new(bytes);
    let pdu = elements.next()?;
    let first = pdu.inside().next();
    let fits = match pdu.tag {
        0 | 1 => first.is_some_and(|id| id.class == 0 && id.tag == 2 && (1..=5).contains(&id.content.len())),
        2..=4 | 7..=10 | 13 => pdu.is_constructed,
        5 | 6 => (1..=5).contains(&pdu.content.len()),
        11 | 12 => pdu.content.is_empty() && !pdu.is_constructed,
        _ => false,
    };
    (pdu.class == 2 && fits && !pdu.is_cut && elements.next().is_none() && !elements.is_broken()).then_some(pdu)
}

type Units<'a> = SmallVec<[Unit<'a>; 1]>;

/// Everything that one data unit says; else where it breaks, and why.
pub fn units(message: &[u8]) -> Result<Units<'_>, (usize, &'static str)> {
    let mut units = SmallVec::new();
    if let Some(pdu) = straight(message) {
        units.push(Unit::Mms(pdu));
        return Ok(units);
    }
    let mut r = Reader::new(message);
    for _ in 0..PARTS_MAX {
        if r.is_empty() {
            break;
        }
        let at = r.offset();
        let kind = r.u8("spdu type").map_err(|_| (at, "no session message"))?;
        let length = length(&mut r).ok_or((at, "no length of the session message"))?;
        let parameters = r.sub_at_most(length);
        match kind {
            // Give tokens, or data transfer: the user data follow the last one.
            0x01 => {
                if r.peek() == Some(0x01) && r.rest().get(1) == Some(&0) {
                    continue;
                }
                let data = r.take_rest();
                if !data.is_empty() {
                    presentation(data, &mut units);
                    if units.is_empty() {
                        return Err((at, "no presentation data"));
                    }
                }
            }
            0x08 | 0x09 | 0x0a | 0x0c | 0x0d | 0x0e | 0x19 => session(kind, parameters, &mut units),
            0x1a => {}
            _ => return Err((at, "unknown session message")),
        }
    }
    Ok(units)
}

/// A length of session: one byte, or 255 and two.
fn length(r: &mut Reader<'_>) -> Option<usize> {
    match r.u8("length").ok()? {
        0xff => r.u16("length").ok().map(usize::from),
        length => Some(length.into()),
    }
}

/// A session message with parameters: connect, accept, refuse, finish, disconnect, abort.
fn session<'a>(kind: u8, mut r: Reader<'a>, units: &mut Units<'a>) {
    let mut selectors: [Text; 2] = Default::default();
    let mut user = None;
    for _ in 0..PARTS_MAX {
        let Ok(parameter) = r.u8("parameter") else { break };
        let Some(length) = length(&mut r) else { break };
        let mut value = r.sub_at_most(length);
        match parameter {
            0x33 => selectors[0] = selector(value.take_rest()),
            0x34 => selectors[1] = selector(value.take_rest()),
            // User data; refuse has its reason code first.
            0xc1 | 0xc2 => user = Some(value.take_rest()),
            _ => {}
        }
    }
    let before = units.len();
    if let Some(user) = user {
        presentation(user, units);
    }
    if let Some(Unit::Associate(association)) = units.get_mut(before) {
        let [calling, called] = selectors;
        if !(calling.is_empty() && called.is_empty()) {
            association.session = format_compact!("{calling} > {called}");
        }
    }
    if units.len() == before {
        match kind {
            0x09 => units.push(Unit::Release),
            0x0a => units.push(Unit::Released),
            0x0c => units.push(Unit::Refused("refused by session")),
            0x19 => units.push(Unit::Abort("session abort")),
            0x0d => units.push(Unit::Associate(Association::default())),
            0x0e => units.push(Unit::Associated(Association::default())),
            _ => {}
        }
    }
}

/// A selector: text where it is one, else hexadecimal.
fn selector(bytes: &[u8]) -> Text {
    match bytes.iter().all(u8::is_ascii_graphic) && !bytes.is_empty() {
        true => crate::ber::text(bytes),
        false => bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
}

/// Presentation: connect (set), data (application 1), rejects and aborts.
fn presentation<'a>(bytes: &'a [u8], units: &mut Units<'a>) {
    for element in Elements::new(bytes).take(PARTS_MAX) {
        match (element.class, element.tag) {
            // CP and CPA: mode, then parameters in normal mode.
            (0, 17) => {
                let Some(parameters) = element.inside().context(2) else { continue };
                let psel = |tag| parameters.inside().context(tag).map(|s| selector(s.content)).unwrap_or_default();
                let (calling, called) = (psel(1), psel(2));
                let before = units.len();
                if let Some(data) = parameters.inside().find(|e| e.class == 1 && e.tag == 1) {
                    values(&data, units);
                }
                if let Some(Unit::Associate(association)) = units.get_mut(before)
                    && !(calling.is_empty() && called.is_empty())
                {
                    association.presentation = format_compact!("{calling} > {called}");
                }
            }
            (1, 1) => values(&element, units),
            // Some stacks put ACSE or MMS here without presentation.
            (1, 0 | 2 | 3 | 4) => acse(&element, units),
            // ARU wraps user data of the one who breaks off, ARP gives a reason.
            (2, 0) => units.push(Unit::Abort("abort by user")),
            (0, 16) => units.push(Unit::Refused("refused by presentation")),
            _ => {}
        }
    }
}

/// Fully encoded data: lists of context and value.
fn values<'a>(data: &Element<'a>, units: &mut Units<'a>) {
    for list in data.inside().take(PARTS_MAX) {
        for value in list.inside() {
            if value.is(0) {
                for pdu in value.inside().take(PARTS_MAX) {
                    match pdu.class {
                        1 => acse(&pdu, units),
                        2 => units.push(Unit::Mms(pdu)),
                        _ => {}
                    }
                }
            }
        }
    }
}

/// ACSE: requests and answers of associations.
fn acse<'a>(apdu: &Element<'a>, units: &mut Units<'a>) {
    match apdu.tag {
        0 => units.push(Unit::Associate(associate(apdu))),
        1 => units.push(Unit::Associated(associated(apdu))),
        2 => units.push(Unit::Release),
        3 => units.push(Unit::Released),
        4 => units.push(Unit::Abort("acse abort")),
        _ => {}
    }
}

/// AARQ: 2 and 3 called, 6 and 7 calling title and qualifier, 11 mechanism, 12 authentication value, 30 user data.
fn associate<'a>(apdu: &Element<'a>) -> Association<'a> {
    let mut association = Association {
        title: title(apdu, 6, 7),
        other_title: title(apdu, 2, 3),
        mms: user_information(apdu),
        ..Association::default()
    };
    let mechanism = apdu.inside().context(11);
    if let Some(value) = apdu.inside().context(12) {
        let kind = value.inside().next().map(|choice| match choice.tag {
            0 => "password",
            1 => "bit string",
            2 => "external",
            _ => "other",
        });
        let kind = kind.unwrap_or("other");
        association.authentication = Some(match mechanism.map(|m| oid(m.content)) {
            Some(mechanism) if !mechanism.is_empty() => format_compact!("{kind} ({mechanism})"),
            _ => Text::const_new(kind),
        });
    } else if let Some(mechanism) = mechanism {
        association.authentication = Some(oid(mechanism.content));
    }
    association
}

/// AARE: 2 result, 3 diagnostic, 4 and 5 responding title and qualifier, 30 user data.
fn associated<'a>(apdu: &Element<'a>) -> Association<'a> {
    let result = apdu.inside().context(2).and_then(|r| r.inside().next()).and_then(|r| r.unsigned()).unwrap_or(0);
    let diagnostic = apdu.inside().context(3).and_then(|d| d.inside().next());
    let code = diagnostic.and_then(|d| d.inside().next()).and_then(|d| d.unsigned()).unwrap_or(0);
    let names = [
        "",
        "no reason given",
        "application context name not supported",
        "calling ap title not recognized",
        "calling ap invocation identifier not recognized",
        "calling ae qualifier not recognized",
        "calling ae invocation identifier not recognized",
        "called ap title not recognized",
        "called ap invocation identifier not recognized",
        "called ae qualifier not recognized",
        "called ae invocation identifier not recognized",
        "authentication mechanism name not recognized",
        "authentication mechanism name required",
        "authentication failure",
        "authentication required",
    ];
    let name = usize::try_from(code).ok().and_then(|code| names.get(code)).copied().unwrap_or("");
    Association {
        title: title(apdu, 4, 5),
        mms: user_information(apdu),
        refusal: (result != 0).then(|| u32::try_from(result).unwrap_or(0xff)),
        diagnostic: match name {
            "" if result == 2 => "rejected for now".into(),
            "" => "rejected".into(),
            name => Text::const_new(name),
        },
        ..Association::default()
    }
}

/// Title and qualifier: `1.1.1.999.1/12`.
fn title(apdu: &Element<'_>, title: u32, qualifier: u32) -> Text {
    let name = apdu.inside().context(title).and_then(|t| t.inside().next());
    let mut text = match name {
        Some(name) if name.class == 0 && name.tag == 6 => oid(name.content),
        Some(name) => name.text(),
        None => Text::default(),
    };
    if let Some(number) = apdu.inside().context(qualifier).and_then(|q| q.inside().next()).and_then(|q| q.unsigned()) {
        text.push_str(&format_compact!("/{number}"));
    }
    text
}

/// An object identifier with dots.
fn oid(bytes: &[u8]) -> Text {
    let oid = asn1_rs::Oid::new(bytes.get(..64).unwrap_or(bytes).into());
    oid.to_id_string().into()
}

/// User information (30): an external whose single type is the MMS PDU.
fn user_information<'a>(apdu: &Element<'a>) -> Option<Element<'a>> {
    let external = apdu.inside().context(30)?.inside().next()?;
    external.inside().context(0)?.inside().find(|pdu| pdu.class == 2)
}
