//! Structures that services carry: endpoints, applications, identity tokens, server status, notifications.
//!
//! Written from OPC 10000-4 (Part 4: Services), section 7, and OPC 10000-5 (Part 5), section 12. Numbers are those of the
//! binary encoding nodes (NodeIds.csv of Part 6).

use compact_str::format_compact;
use model::{Text, Value};
use wire::{Reader, Short};

use super::names;
use super::types::{self, Values};
use crate::protocols::tls::certificate::Certificate;

/// Binary encodings of structures.
pub(super) mod encoding {
    pub(in super::super) const ANONYMOUS_TOKEN: u32 = 321;
    pub(in super::super) const USER_NAME_TOKEN: u32 = 324;
    pub(in super::super) const CERTIFICATE_TOKEN: u32 = 327;
    pub(in super::super) const ISSUED_TOKEN: u32 = 940;
    pub(in super::super) const DATA_CHANGE: u32 = 811;
    pub(in super::super) const STATUS_CHANGE: u32 = 820;
    pub(in super::super) const EVENTS: u32 = 916;
    pub(in super::super) const HISTORY_DATA: u32 = 658;
    const BUILD_INFO: u32 = 340;
    pub(super) const SERVER_STATUS: u32 = 864;
    pub(super) const BUILD: u32 = BUILD_INFO;
    pub(super) const RANGE: u32 = 886;
    pub(super) const UNITS: u32 = 889;
    pub(super) const ARGUMENT: u32 = 298;
}

/// An application (section 7.2 of Part 4).
#[derive(Debug, Default)]
pub(super) struct Application {
    pub(super) uri: Text,
    pub(super) product: Text,
    pub(super) name: Text,
    pub(super) kind: &'static str,
    pub(super) urls: Text,
}

pub(super) fn application(r: &mut Reader<'_>) -> Result<Application, Short> {
    let uri = types::string(r)?;
    let product = types::string(r)?;
    let name = types::localized_text(r)?;
    let kind = match r.u32_le("application type")? {
        0 => "server",
        1 => "client",
        2 => "client and server",
        3 => "discovery server",
        _ => "unknown",
    };
    types::string(r)?;
    types::string(r)?;
    let urls = types::strings(r)?;
    Ok(Application { uri, product, name, kind, urls })
}

/// What a certificate says of itself; of a chain, the first one (section 6.2.6 of Part 6 puts the sender's first).
pub(super) fn certificate(der: &[u8]) -> Text {
    Certificate::read(der).map_or_else(|| format_compact!("x.509, {} bytes", der.len()), |read| read.to_text())
}

/// An endpoint (section 7.14).
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    pub(super) url: Text,
    pub(super) server: Application,
    pub(super) certificate: Text,
    pub(super) mode: u32,
    pub(super) policy: Text,
    pub(super) tokens: Text,
}

impl Endpoint {
    /// `opc.tcp://plc:4840 sign and encrypt, Basic256Sha256, anonymous+user name`.
    pub(super) fn shown(&self) -> Text {
        format_compact!("{} {}, {}, {}", self.url, names::mode(self.mode), names::policy(&self.policy), self.tokens)
    }
}

pub(super) fn endpoint(r: &mut Reader<'_>) -> Result<Endpoint, Short> {
    let url = types::string(r)?;
    let server = application(r)?;
    let certificate = types::byte_string(r)?.filter(|der| !der.is_empty()).map(certificate).unwrap_or_default();
    let mode = r.u32_le("security mode")?;
    let policy = types::string(r)?;
    let mut tokens = Text::default();
    for _ in 0..types::count(r, 20, "user identity tokens")? {
        types::string(r)?;
        let kind = match r.u32_le("token type")? {
            0 => "anonymous",
            1 => "user name",
            2 => "certificate",
            3 => "issued",
            _ => "unknown",
        };
        types::string(r)?;
        types::string(r)?;
        types::string(r)?;
        if !tokens.split('+').any(|known| known == kind) {
            if !tokens.is_empty() {
                tokens.push('+');
            }
            tokens.push_str(kind);
        }
    }
    types::string(r)?;
    r.u8("security level")?;
    Ok(Endpoint { url, server, certificate, mode, policy, tokens })
}

/// The value of an extension object: fields of known structures, else its type and size.
pub(super) fn value(r: &mut Reader<'_>) -> Result<Values, Short> {
    let types::Extension { kind, mut body } = types::extension(r)?;
    let length = body.left();
    let fields = match kind.standard() {
        Some(encoding::SERVER_STATUS) => server_status(&mut body),
        Some(encoding::BUILD) => {
            let mut fields = Vec::new();
            build_info(&mut body, &mut fields).map(|()| fields)
        }
        Some(encoding::RANGE) => range(&mut body),
        Some(encoding::UNITS) => units(&mut body),
        Some(encoding::ARGUMENT) => argument(&mut body),
        _ => {
            return Ok(if kind.is_null() {
                Values::None
            } else {
                Values::One(Value::Text(format_compact!("{} ({length} bytes)", kind.text)))
            });
        }
    };
    // A structure that is cut keeps its outer length, so what follows can still be read.
    Ok(fields
        .map_or_else(|_| Values::One(Value::Text(format_compact!("{} ({length} bytes)", kind.text))), Values::Fields))
}

fn time(r: &mut Reader<'_>) -> Result<Value, Short> {
    Ok(types::date_time(r)?.map_or(Value::Nothing, Value::Time))
}

fn server_status(r: &mut Reader<'_>) -> Result<Vec<(Text, Value)>, Short> {
    let mut fields = vec![
        (Text::const_new("start time"), time(r)?),
        (Text::const_new("current time"), time(r)?),
        (Text::const_new("state"), Value::Text(names::server_state(r.u32_le("state")?))),
    ];
    build_info(r, &mut fields)?;
    fields.push((Text::const_new("seconds till shutdown"), Value::Unsigned(r.u32_le("seconds till shutdown")?.into())));
    fields.push((Text::const_new("shutdown reason"), Value::Text(types::localized_text(r)?)));
    Ok(fields)
}

fn build_info(r: &mut Reader<'_>, fields: &mut Vec<(Text, Value)>) -> Result<(), Short> {
    for name in ["product uri", "manufacturer name", "product name", "software version", "build number"] {
        fields.push((Text::const_new(name), Value::Text(types::string(r)?)));
    }
    fields.push((Text::const_new("build date"), time(r)?));
    Ok(())
}

fn range(r: &mut Reader<'_>) -> Result<Vec<(Text, Value)>, Short> {
    Ok(vec![
        (Text::const_new("low"), Value::Float(r.f64_le("low")?)),
        (Text::const_new("high"), Value::Float(r.f64_le("high")?)),
    ])
}

fn units(r: &mut Reader<'_>) -> Result<Vec<(Text, Value)>, Short> {
    types::string(r)?;
    r.i32_le("unit id")?;
    let name = types::localized_text(r)?;
    let description = types::localized_text(r)?;
    Ok(vec![(Text::const_new("unit"), Value::Text(name)), (Text::const_new("description"), Value::Text(description))])
}

fn argument(r: &mut Reader<'_>) -> Result<Vec<(Text, Value)>, Short> {
    let name = types::string(r)?;
    let kind = types::node_id(r)?;
    Ok(vec![(Text::const_new("name"), Value::Text(name)), (Text::const_new("type"), Value::Text(kind.text))])
}
