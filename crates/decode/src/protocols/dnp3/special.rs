//! Objects that are no points: device attributes, files, secure authentication (IEEE 1815-2012, clause 7, annex A.2 and A.28).

use compact_str::format_compact;
use model::{Confidence, FactKey, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::content::{Content, text, time48};

/// Device attributes: variation of group 0, name, and the fact that it is (annex A.2).
const ATTRIBUTES: &[(u8, &str, Option<FactKey>)] = &[
    (196, "configuration id", None),
    (197, "configuration version", None),
    (198, "configuration build date", None),
    (199, "configuration last change date", None),
    (200, "configuration signature", Some(FactKey::ProgramHash)),
    (201, "configuration signature algorithm", None),
    (202, "master resource id", None),
    (203, "device altitude", None),
    (204, "device longitude", None),
    (205, "device latitude", None),
    (206, "user-assigned secondary operator name", None),
    (207, "user-assigned primary operator name", Some(FactKey::Contact)),
    (208, "user-assigned system name", Some(FactKey::StationName)),
    (209, "secure authentication version", None),
    (210, "number of security statistics per association", None),
    (211, "identifier of support for user-specific attributes", None),
    (212, "number of master-defined data set prototypes", None),
    (213, "number of outstation-defined data set prototypes", None),
    (214, "number of master-defined data sets", None),
    (215, "number of outstation-defined data sets", None),
    (216, "maximum number of binary outputs per request", None),
    (217, "local timing accuracy", None),
    (218, "duration of time accuracy", None),
    (219, "support for analog output events", None),
    (220, "maximum analog output index", None),
    (221, "number of analog outputs", None),
    (222, "support for binary output events", None),
    (223, "maximum binary output index", None),
    (224, "number of binary outputs", None),
    (225, "support for frozen counter events", None),
    (226, "support for frozen counters", None),
    (227, "support for counter events", None),
    (228, "maximum counter index", None),
    (229, "number of counter points", None),
    (230, "support for frozen analog inputs", None),
    (231, "support for analog input events", None),
    (232, "maximum analog input index", None),
    (233, "number of analog input points", None),
    (234, "support for double-bit binary input events", None),
    (235, "maximum double-bit binary input index", None),
    (236, "number of double-bit binary input points", None),
    (237, "support for binary input events", None),
    (238, "maximum binary input index", None),
    (239, "number of binary input points", None),
    (240, "maximum transmit fragment size", None),
    (241, "maximum receive fragment size", None),
    (242, "device manufacturer's software version", Some(FactKey::Firmware)),
    (243, "device manufacturer's hardware version", Some(FactKey::Hardware)),
    (245, "user-assigned location", Some(FactKey::Location)),
    (246, "user-assigned id code", Some(FactKey::DeviceId)),
    (247, "user-assigned device name", Some(FactKey::StationName)),
    (248, "device serial number", Some(FactKey::Serial)),
    (249, "dnp3 subset and conformance", Some(FactKey::Service)),
    (250, "device manufacturer's product name and model", Some(FactKey::Model)),
    (252, "device manufacturer's name", Some(FactKey::Vendor)),
    (254, "all attributes", None),
    (255, "list of attribute variations", None),
];

/// Status of file commands (annex A.28, object g70v4).
const FILE_STATUSES: &[(u8, &str)] = &[
    (1, "permission denied"),
    (2, "invalid mode"),
    (3, "file not found"),
    (4, "file locked"),
    (5, "too many files open"),
    (6, "invalid handle"),
    (7, "write block size"),
    (8, "communications lost"),
    (9, "cannot abort"),
    (16, "not opened"),
    (17, "handle expired"),
    (18, "buffer overrun"),
    (19, "fatal error"),
    (20, "block out of sequence"),
    (255, "undefined error"),
];

/// Errors of secure authentication (annex A.45, object g120v7).
const AUTHENTICATION_ERRORS: &[(u8, &str)] = &[
    (1, "authentication failed"),
    (2, "unexpected response"),
    (3, "aggressive mode not supported"),
    (4, "mac algorithm not supported"),
    (5, "key wrap algorithm not supported"),
    (6, "authorization failed"),
    (7, "update key change method not permitted"),
    (8, "invalid signature"),
    (9, "invalid certification data"),
    (10, "unknown user"),
    (11, "too many session key status requests"),
];

/// Objects of secure authentication, by variation of group 120.
const AUTHENTICATION: &[(u8, &str)] = &[
    (1, "challenge"),
    (2, "reply"),
    (3, "aggressive mode request"),
    (4, "session key status request"),
    (5, "session key status"),
    (6, "session key change"),
    (7, "error"),
    (8, "user certificate"),
    (9, "message authentication code"),
    (10, "user status change"),
    (11, "update key change request"),
    (12, "update key change reply"),
    (13, "update key change"),
    (14, "update key change signature"),
    (15, "update key change confirmation"),
];

/// The standard set of attributes; others belong to makers and users.
const STANDARD_SET: u32 = 0;

/// Longest name taken from a message.
const NAME_BYTES_MAX: usize = 512;

impl Content {
    pub(super) fn attribute(&mut self, variation: u8, set: u32, r: &mut Reader<'_>) -> Result<(), Short> {
        let kind = r.u8("attribute data type")?;
        let length = usize::from(r.u8("attribute length")?);
        let bytes = r.bytes(length, "attribute value")?;
        let known = ATTRIBUTES.iter().find(|(known, _, _)| *known == variation && set == STANDARD_SET);
        let value = match (kind, bytes) {
            (1, _) => text(bytes).map_or_else(|| Value::Bytes(bytes.into()), Value::Text),
            (2, [_, ..]) if bytes.len() <= 8 => Value::Unsigned(little(bytes)),
            (3, [a]) => Value::Integer(i8::from_le_bytes([*a]).into()),
            (3, [a, b]) => Value::Integer(i16::from_le_bytes([*a, *b]).into()),
            (3, [a, b, c, d]) => Value::Integer(i32::from_le_bytes([*a, *b, *c, *d]).into()),
            (4, [a, b, c, d]) => Value::Float(f32::from_le_bytes([*a, *b, *c, *d]).into()),
            (4, [a, b, c, d, e, f, g, h]) => Value::Float(f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
            (7, [_, _, _, _, _, _]) => Value::Time(time48(&mut Reader::new(bytes))?),
            _ => Value::Bytes(bytes.into()),
        };
        if let (Some((_, name, Some(key))), Some(said)) = (known, words(&value)) {
            self.facts.push((*key, said, name, Confidence::Certain));
        }
        if let (Some((209, name, _)), Value::Unsigned(version @ 1..)) = (known, &value) {
            let said = format_compact!("dnp3 secure authentication version {version}");
            self.facts.push((FactKey::ChannelSecurity, said, name, Confidence::Certain));
        }
        let object = match (known, set) {
            (Some((_, name, _)), _) => Text::const_new(name),
            (None, STANDARD_SET) => format_compact!("attribute {variation}"),
            (None, set) => format_compact!("set {set} attribute {variation}"),
        };
        self.readings.push(Reading::new(object, value));
        Ok(())
    }

    pub(super) fn file(&mut self, variation: u8, r: &mut Reader<'_>) -> Result<(), Short> {
        self.verb = Some(Verb::File);
        match variation {
            2 => {
                // User name, password and the key that was given for them: what they are is not kept.
                r.u16_le("user name offset")?;
                let user = usize::from(r.u16_le("user name size")?);
                r.u16_le("password offset")?;
                let password = r.u16_le("password size")?;
                r.u32_le("authentication key")?;
                let name = r.sub_at_most(user).take_rest();
                r.take_rest();
                self.verb = Some(Verb::Login);
                self.topic = "file system".into();
                let source = "file authentication";
                if let Some(name) = text(name) {
                    self.extras.push(("user", name.clone()));
                    self.facts.push((FactKey::User, name, source, Confidence::Certain));
                }
                if password != 0 {
                    let kind = Text::const_new("dnp3 file password");
                    self.facts.push((FactKey::Credential, kind, source, Confidence::Certain));
                }
            }
            3 => {
                r.u16_le("file name offset")?;
                let size = usize::from(r.u16_le("file name size")?);
                time48(r)?;
                let permissions = r.u16_le("permissions")?;
                let key = r.u32_le("authentication key")?;
                let bytes = r.u32_le("file size")?;
                let mode = r.u16_le("mode")?;
                r.u16_le("maximum block size")?;
                r.u16_le("request id")?;
                self.name(r.sub_at_most(size).take_rest());
                let mode = match mode {
                    0 => "",
                    1 => "read",
                    2 => "write",
                    3 => "append",
                    _ => "unknown",
                };
                self.extras.push(("mode", Text::const_new(mode)));
                if matches!(mode, "write" | "append") {
                    self.extras.push(("size", size_of(bytes)));
                    self.extras.push(("permissions", format_compact!("{permissions:03o}")));
                }
                if key != 0 {
                    self.extras.push(("authenticated", "yes".into()));
                }
            }
            4 => {
                self.handle = Some(r.u32_le("file handle")?);
                let bytes = r.u32_le("file size")?;
                r.u16_le("maximum block size")?;
                r.u16_le("request id")?;
                self.extras.push(("size", size_of(bytes)));
                if !r.is_empty() {
                    let status = r.u8("status")?;
                    self.file_status(status, r.take_rest());
                }
            }
            5 => {
                self.handle = Some(r.u32_le("file handle")?);
                self.block(r.u32_le("block number")?);
                let data = r.take_rest().len();
                if data > 0 {
                    self.extras.push(("bytes", format_compact!("{data}")));
                }
            }
            6 => {
                self.handle = Some(r.u32_le("file handle")?);
                self.block(r.u32_le("block number")?);
                let status = r.u8("status")?;
                self.file_status(status, r.take_rest());
            }
            7 => {
                r.u16_le("file name offset")?;
                let size = usize::from(r.u16_le("file name size")?);
                let kind = r.u16_le("file type")?;
                let bytes = r.u32_le("file size")?;
                let created = time48(r)?;
                r.u16_le("permissions")?;
                r.u16_le("request id")?;
                self.name(r.sub_at_most(size).take_rest());
                self.extras.push(("type", Text::const_new(if kind == 0 { "directory" } else { "file" })));
                self.extras.push(("size", size_of(bytes)));
                if created.0 != 0 {
                    self.extras.push(("created", format_compact!("{created}")));
                }
            }
            _ => self.name(r.take_rest()),
        }
        Ok(())
    }

    fn name(&mut self, bytes: &[u8]) {
        if let Some(name) = text(bytes.get(..NAME_BYTES_MAX).unwrap_or(bytes)) {
            self.topic = format_compact!("file {name}");
        }
    }

    fn block(&mut self, block: u32) {
        let last = if block >> 31 == 1 { " last" } else { "" };
        self.extras.push(("block", format_compact!("{}{last}", block & 0x7fff_ffff)));
    }

    fn file_status(&mut self, status: u8, note: &[u8]) {
        if status != 0 && self.failure.is_none() {
            self.failure = Some((status.into(), super::named(FILE_STATUSES, status)));
        }
        if let Some(note) = text(note) {
            self.extras.push(("note", note));
        }
    }

    /// Challenges, codes and keys are of no use to an observer and are not kept.
    pub(super) fn authentication(&mut self, variation: u8, r: &mut Reader<'_>) -> Result<(), Short> {
        self.extras.push(("authentication", super::named(AUTHENTICATION, variation)));
        let user = match variation {
            1 => {
                r.u32_le("challenge sequence number")?;
                let user = r.u16_le("user number")?;
                r.u8("mac algorithm")?;
                r.u8("reason for challenge")?;
                r.take_rest();
                Some(user)
            }
            2 | 6 | 13 => {
                r.u32_le("sequence number")?;
                let user = r.u16_le("user number")?;
                r.take_rest();
                Some(user)
            }
            3 => {
                r.u32_le("challenge sequence number")?;
                Some(r.u16_le("user number")?)
            }
            4 => Some(r.u16_le("user number")?),
            5 => {
                r.u32_le("key change sequence number")?;
                let user = r.u16_le("user number")?;
                r.u8("key wrap algorithm")?;
                let status = r.u8("key status")?;
                r.take_rest();
                let state = super::named(
                    &[(1, "ok"), (2, "not initialised"), (3, "communications failure"), (4, "authentication failure")],
                    status,
                );
                self.extras.push(("key status", state));
                Some(user)
            }
            7 => {
                r.u32_le("sequence number")?;
                let user = r.u16_le("user number")?;
                r.u16_le("association id")?;
                let error = r.u8("error code")?;
                time48(r)?;
                r.take_rest();
                if self.failure.is_none() {
                    self.failure = Some((error.into(), super::named(AUTHENTICATION_ERRORS, error)));
                }
                Some(user)
            }
            10 => {
                r.u8("key change method")?;
                let operation = r.u8("operation")?;
                r.u32_le("status change sequence number")?;
                let role = r.u16_le("user role")?;
                r.u16_le("expiry interval")?;
                let size = usize::from(r.u16_le("user name length")?);
                r.u16_le("user public key length")?;
                r.u16_le("certification data length")?;
                if let Some(name) = text(r.sub_at_most(size).take_rest()) {
                    self.extras.push(("user", name.clone()));
                    self.facts.push((FactKey::User, name, "user status change", Confidence::Certain));
                }
                r.take_rest();
                let what = super::named(&[(1, "add"), (2, "delete"), (3, "change")], operation);
                self.extras.push(("operation", what));
                self.extras.push(("role", format_compact!("{role}")));
                self.verb = Some(Verb::Configure);
                None
            }
            11 => {
                r.u8("key change method")?;
                let size = usize::from(r.u16_le("user name length")?);
                r.u16_le("challenge length")?;
                if let Some(name) = text(r.sub_at_most(size).take_rest()) {
                    self.extras.push(("user", name.clone()));
                    self.facts.push((FactKey::User, name, "update key change request", Confidence::Certain));
                }
                r.take_rest();
                None
            }
            _ => {
                r.take_rest();
                None
            }
        };
        if let Some(user) = user
            && self.topic.is_empty()
            && variation != 3
        {
            self.topic = format_compact!("user {user}");
        } else if let Some(user) = user {
            self.extras.push(("user", format_compact!("{user}")));
        }
        if matches!(variation, 1..=6) {
            let said = Text::const_new("dnp3 secure authentication");
            self.facts.push((FactKey::ChannelSecurity, said, "authentication object", Confidence::Certain));
        }
        Ok(())
    }
}

/// A size; 0 where the command has none, all bits set where it is not known.
fn size_of(bytes: u32) -> Text {
    if matches!(bytes, 0 | u32::MAX) { Text::default() } else { format_compact!("{bytes}") }
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value: u64, byte| value << 8 | u64::from(*byte))
}

fn words(value: &Value) -> Option<Text> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Unsigned(number) => Some(format_compact!("{number}")),
        Value::Integer(number) => Some(format_compact!("{number}")),
        Value::Bytes(bytes) if !bytes.is_empty() => {
            let mut text = Text::default();
            for byte in bytes.iter() {
                text.push_str(&format_compact!("{byte:02x}"));
            }
            Some(text)
        }
        _ => None,
    }
}
