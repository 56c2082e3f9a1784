//! The blocks inside of calls (IEC 61158-6-10, section 5.2): relations, modules, records, control commands.

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Mac, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::status::PnioStatus;
use crate::ber::text;
use crate::protocols::profinet_dcp;
use crate::{About, Output, Speaker};

/// Blocks of one call that are read.
const BLOCKS_MAX: usize = 256;

/// Values of one call that are kept.
const VALUES_MAX: usize = 256;

/// Bytes of one record that are kept.
const RECORD_BYTES_MAX: usize = 256;

/// Records by index (section 5.2.3), the ones with a name of their own.
const RECORDS: &[(u16, &str)] = &[
    (0x8000, "expected identification of subslot"),
    (0x8001, "real identification of subslot"),
    (0x800a, "diagnosis of channel"),
    (0x800b, "diagnosis"),
    (0x800c, "diagnosis, maintenance"),
    (0x8010, "maintenance required of channel"),
    (0x8011, "maintenance demanded of channel"),
    (0x8020, "substitute value"),
    (0x8028, "input object"),
    (0x8029, "output object"),
    (0x802a, "real port data"),
    (0x802b, "port check"),
    (0x802c, "real isochronous mode data"),
    (0x802d, "expected sync data"),
    (0x802f, "port adjust"),
    (0x8050, "real media redundancy interface"),
    (0x8051, "media redundancy check"),
    (0x8052, "media redundancy adjust"),
    (0x8070, "ntp server"),
    (0x8071, "interface adjust"),
    (0x8080, "real interface data"),
    (0xaff0, "i&m0 identification"),
    (0xaff1, "i&m1 function and location"),
    (0xaff2, "i&m2 installation date"),
    (0xaff3, "i&m3 descriptor"),
    (0xaff4, "i&m4 signature"),
    (0xaff5, "i&m5 annotation"),
    (0xc000, "expected identification of slot"),
    (0xc001, "real identification of slot"),
    (0xe000, "expected identification of ar"),
    (0xe001, "real identification of ar"),
    (0xe002, "module difference"),
    (0xe00a, "diagnosis of ar channel"),
    (0xe00c, "diagnosis of ar"),
    (0xe040, "multiple write"),
    (0xe050, "fast startup"),
    (0xf000, "real identification of api"),
    (0xf00c, "diagnosis of api"),
    (0xf820, "api data"),
    (0xf821, "api data"),
    (0xf830, "log data"),
    (0xf831, "physical device record"),
    (0xf840, "i&m0 filter data"),
    (0xf841, "real port data of device"),
    (0xf842, "port check of device"),
    (0xf850, "auto configuration"),
    (0xfbff, "trigger index"),
];

fn record(index: u16) -> Text {
    match RECORDS.binary_search_by_key(&index, |(known, _)| *known).ok().and_then(|i| RECORDS.get(i)) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("record 0x{index:04x}"),
    }
}

/// What a call and its answer say.
#[derive(Default)]
pub struct Said {
    /// Name and verb where the operation tells too little.
    pub meaning: Option<(Text, Verb)>,
    /// Slot, subslot and index; station; command.
    pub object: Object,
    /// Values written or read, modules expected.
    pub values: Vec<Reading>,
    /// Further fields.
    pub extra: Vec<(&'static str, Text)>,
    /// A status inside of a block.
    pub failure: Option<PnioStatus>,
    /// Name and hardware address that the asker gives itself.
    asker: Option<(Text, Mac)>,
}

/// A read or write header: where, which record, how many bytes.
struct Header {
    slot: u16,
    object: Text,
    index: u16,
    length: usize,
}

impl Header {
    /// Sequence number, AR, API, slot, subslot, padding, index, length.
    fn read(r: &mut Reader<'_>) -> Result<Header, Short> {
        r.skip(2, "sequence number")?;
        r.skip(16, "ar uuid")?;
        let api = r.u32("api")?;
        let slot = r.u16("slot")?;
        let subslot = r.u16("subslot")?;
        r.skip(2, "padding")?;
        let index = r.u16("index")?;
        let length = usize::try_from(r.u32("record length")?).unwrap_or(usize::MAX);
        let mut object = format_compact!("slot {slot} subslot 0x{subslot:04x} {}", record(index));
        if api != 0 {
            object = format_compact!("api {api} {object}");
        }
        Ok(Header { slot, object, index, length })
    }
}

impl Said {
    fn put(&mut self, name: impl Into<Text>, value: Value) {
        if self.values.len() < VALUES_MAX {
            self.values.push(Reading::new(Object::Text(name.into()), value));
        }
    }

    /// Tells what the asker said of itself.
    pub fn tell_of_asker(&self, asker: Speaker, out: &mut Output<'_>) {
        let Some((name, mac)) = &self.asker else { return };
        let about = if asker == Speaker::Client { About::Client } else { About::Server };
        out.fact(about.clone(), FactKey::StationName, name, "initiator station name", Confidence::Certain);
        out.fact(about.clone(), FactKey::Mac, &format!("{mac}"), "initiator mac", Confidence::Certain);
        out.fact(about, FactKey::Role, "io controller", "connect", Confidence::Likely);
    }

    /// Reads the blocks of a request.
    pub fn request(&mut self, mut r: Reader<'_>) -> Result<(), Short> {
        for _ in 0..BLOCKS_MAX {
            if r.left() < 4 {
                break;
            }
            let kind = r.u16("block type")?;
            let length = usize::from(r.u16("block length")?);
            let mut block = r.sub_at_most(length);
            block.skip(2, "block version")?;
            match kind {
                0x0008 => {
                    let header = Header::read(&mut block)?;
                    let mut data = r.sub_at_most(header.length);
                    if self.object.is_none() {
                        self.object = Object::Text(header.object.clone());
                    }
                    if header.index == 0xe040 {
                        self.multiple(&mut data)?;
                    } else {
                        self.written(&header, data.take_rest());
                    }
                }
                0x0009 => {
                    let header = Header::read(&mut block)?;
                    self.object = Object::Text(header.object);
                }
                0x0101 => self.relation(block)?,
                0x0102 => self.communication(block)?,
                0x0104 => self.modules(block)?,
                0x0110..=0x0118 => self.command(kind, block)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Several writes in one: headers with their data, each aligned to four bytes.
    fn multiple(&mut self, r: &mut Reader<'_>) -> Result<(), Short> {
        let mut count = 0_u32;
        for _ in 0..BLOCKS_MAX {
            if r.left() < 4 {
                break;
            }
            let start = r.offset();
            let kind = r.u16("block type")?;
            let length = usize::from(r.u16("block length")?);
            let mut block = r.sub_at_most(length);
            if kind != 0x0008 {
                break;
            }
            block.skip(2, "block version")?;
            let header = Header::read(&mut block)?;
            let data = r.sub_at_most(header.length).take_rest();
            self.written(&header, data);
            count = count.saturating_add(1);
            let used = r.offset().saturating_sub(start);
            let _ = r.sub_at_most(used.wrapping_neg() % 4);
        }
        self.extra.push(("records", format_compact!("{count}")));
        Ok(())
    }

    fn written(&mut self, header: &Header, data: &[u8]) {
        let shown = data.get(..RECORD_BYTES_MAX).unwrap_or(data);
        self.put(header.object.clone(), Value::Bytes(shown.into()));
    }

    /// The relation that is asked for.
    fn relation(&mut self, mut r: Reader<'_>) -> Result<(), Short> {
        let kind = r.u16("ar type")?;
        let order = r.array::<16>("ar uuid")?;
        r.u16("session key")?;
        let mac = Mac(r.array::<6>("initiator mac")?);
        r.skip(16, "initiator object")?;
        r.u32("ar properties")?;
        r.u16("activity timeout")?;
        r.u16("udp port")?;
        let length = usize::from(r.u16("station name length")?);
        let name = text(r.bytes(length, "station name")?);
        let kind = match kind {
            1 => "io controller".into(),
            6 => "io supervisor".into(),
            0x10 => "io controller, isochronous".into(),
            0x20 => "system redundancy".into(),
            other => format_compact!("0x{other:04x}"),
        };
        self.extra.push(("relation", kind));
        self.extra.push(("station", name.clone()));
        self.extra.push(("ar", order.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()));
        self.asker = Some((name, mac));
        Ok(())
    }

    /// A cyclic connection that is asked for.
    fn communication(&mut self, mut r: Reader<'_>) -> Result<(), Short> {
        let kind = r.u16("iocr type")?;
        r.u16("reference")?;
        r.u16("ethertype")?;
        r.u32("properties")?;
        let bytes = r.u16("data length")?;
        let frame = r.u16("frame id")?;
        let clock = r.u16("send clock factor")?;
        let ratio = r.u16("reduction ratio")?;
        // The send clock counts in 31.25 µs (section 5.2.4).
        let microseconds = u32::from(clock).saturating_mul(u32::from(ratio)).saturating_mul(125) / 4;
        let name = match kind {
            1 => "input",
            2 => "output",
            3 => "multicast provider",
            _ => "multicast consumer",
        };
        let value = format_compact!("frame id 0x{frame:04x}, {bytes} bytes every {microseconds} us");
        self.put(name, Value::Text(value));
        Ok(())
    }

    /// Modules and submodules that are expected in their slots.
    fn modules(&mut self, mut r: Reader<'_>) -> Result<(), Short> {
        let apis = r.u16("number of apis")?;
        for _ in 0..apis.min(64) {
            r.u32("api")?;
            let slot = r.u16("slot")?;
            let module = r.u32("module ident number")?;
            r.u16("module properties")?;
            self.put(format_compact!("slot {slot}"), Value::Text(format_compact!("0x{module:08x}")));
            let count = r.u16("number of submodules")?;
            for _ in 0..count.min(256) {
                let subslot = r.u16("subslot")?;
                let submodule = r.u32("submodule ident number")?;
                let properties = r.u16("submodule properties")?;
                let descriptions = if properties & 3 == 3 { 2 } else { 1 };
                r.skip(descriptions * 6, "data description")?;
                let name = format_compact!("slot {slot} subslot 0x{subslot:04x}");
                self.put(name, Value::Text(format_compact!("0x{submodule:08x}")));
            }
        }
        Ok(())
    }

    /// Control and release (section 5.2.5).
    fn command(&mut self, kind: u16, mut r: Reader<'_>) -> Result<(), Short> {
        r.skip(2, "reserved")?;
        r.skip(16, "ar uuid")?;
        r.skip(4, "session key and alarm sequence")?;
        let command = r.u16("control command")?;
        let (name, verb) = match (kind, command) {
            (_, 0x0001) => ("parameters end", Verb::Configure),
            (_, 0x0002) => ("application ready", Verb::Other),
            (_, 0x0004) => ("release", Verb::Other),
            (_, 0x0010) => ("ready for companion", Verb::Other),
            (_, 0x0020) => ("ready for rt class 3", Verb::Other),
            (_, 0x0040) => ("parameters begin", Verb::Configure),
            (0x0114, _) => ("release", Verb::Other),
            _ => ("control", Verb::Other),
        };
        self.meaning = Some((name.into(), verb));
        Ok(())
    }

    /// Reads the blocks of an answer.
    pub fn answer(&mut self, mut r: Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        for _ in 0..BLOCKS_MAX {
            if r.left() < 4 {
                break;
            }
            let kind = r.u16("block type")?;
            let length = usize::from(r.u16("block length")?);
            let mut block = r.sub_at_most(length);
            block.skip(2, "block version")?;
            match kind {
                0x8009 => {
                    let header = Header::read(&mut block)?;
                    let mut data = r.sub_at_most(header.length);
                    self.object = Object::Text(header.object.clone());
                    self.record(&header, &mut data, out);
                }
                0x8008 => {
                    let header = Header::read(&mut block)?;
                    block.skip(4, "additional values")?;
                    let status = PnioStatus::read(&mut block)?;
                    if self.object.is_none() {
                        self.object = Object::Text(header.object.clone());
                    }
                    if !status.is_good() {
                        self.failure = self.failure.or(Some(status));
                        let reading = self
                            .values
                            .iter_mut()
                            .find(|r| matches!(&r.object, Object::Text(o) if *o == header.object));
                        if let Some(reading) = reading {
                            reading.quality = Some(super::status::name(&status));
                        }
                    }
                }
                0x8101 => {
                    block.skip(2 + 16 + 2, "ar type, uuid, session key")?;
                    let mac = Mac(block.array::<6>("responder mac")?);
                    out.fact(About::Speaker, FactKey::Mac, &format!("{mac}"), "responder mac", Confidence::Certain);
                    out.fact(About::Speaker, FactKey::Role, "io device", "connect", Confidence::Likely);
                }
                0x8106 => {
                    let length = usize::from(block.u16("station name length")?);
                    let name = text(block.bytes(length, "station name")?);
                    out.fact(About::Speaker, FactKey::StationName, &name, "ar server block", Confidence::Certain);
                    self.extra.push(("device station", name));
                }
                0x8104 => self.extra.push(("module difference", "true".into())),
                0x8110..=0x8118 if self.meaning.is_none() => {
                    // The request was not seen: the answer says done, and its type which command it was.
                    let (name, verb) = match kind {
                        0x8110 | 0x8111 => ("parameters end", Verb::Configure),
                        0x8112 | 0x8113 => ("application ready", Verb::Other),
                        0x8114 => ("release", Verb::Other),
                        _ => ("control", Verb::Other),
                    };
                    self.meaning = Some((name.into(), verb));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A record that was read: identification is understood, the rest is kept as bytes.
    fn record(&mut self, header: &Header, r: &mut Reader<'_>, out: &mut Output<'_>) {
        let about = match header.slot {
            0 => About::Speaker,
            slot => About::BehindSpeaker(Behind::Slot { rack: 0, slot: u8::try_from(slot).unwrap_or(u8::MAX) }),
        };
        if matches!(header.index, 0xaff0..=0xaff3)
            && let Ok(true) = self.identification(*r, &about, out)
        {
            return;
        }
        let bytes = r.take_rest();
        if !bytes.is_empty() {
            let shown = bytes.get(..RECORD_BYTES_MAX).unwrap_or(bytes);
            self.put(header.object.clone(), Value::Bytes(shown.into()));
        }
    }

    /// Identification and maintenance data (PROFIBUS profile guidelines part 1, I&M functions). Says whether it was.
    fn identification(&mut self, mut r: Reader<'_>, about: &About, out: &mut Output<'_>) -> Result<bool, Short> {
        let kind = r.u16("block type")?;
        r.skip(4, "block length and version")?;
        let mut tell = |said: &mut Said, name: &'static str, key: Option<FactKey>, value: Text| {
            let value: Text = value.trim().into();
            if let Some(key) = key {
                out.fact(about.clone(), key, &value, name, Confidence::Certain);
            }
            said.put(name, Value::Text(value));
        };
        match kind {
            0x0020 => {
                let vendor = r.u16("vendor id")?;
                let name = profinet_dcp::vendor(vendor);
                let known = name.map_or_else(|| format_compact!("0x{vendor:04x}"), Text::const_new);
                tell(self, "i&m0 vendor", name.map(|_| FactKey::Vendor), known);
                tell(self, "i&m0 order id", Some(FactKey::OrderNumber), text(r.bytes(20, "order id")?));
                tell(self, "i&m0 serial number", Some(FactKey::Serial), text(r.bytes(16, "serial number")?));
                let hardware = r.u16("hardware revision")?;
                tell(self, "i&m0 hardware revision", Some(FactKey::Hardware), format_compact!("{hardware}"));
                let [prefix, a, b, c] = r.array::<4>("software revision")?;
                let prefix = if prefix.is_ascii_uppercase() { char::from(prefix) } else { 'V' };
                tell(self, "i&m0 software revision", Some(FactKey::Firmware), format_compact!("{prefix}{a}.{b}.{c}"));
            }
            0x0021 => {
                tell(self, "i&m1 function", Some(FactKey::Description), text(r.bytes(32, "function")?));
                tell(self, "i&m1 location", Some(FactKey::Location), text(r.bytes(22, "location")?));
            }
            0x0022 => tell(self, "i&m2 installation date", None, text(r.bytes(16, "installation date")?)),
            0x0023 => tell(self, "i&m3 descriptor", Some(FactKey::Description), text(r.bytes(54, "descriptor")?)),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
