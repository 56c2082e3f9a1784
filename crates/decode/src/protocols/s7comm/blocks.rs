//! Blocks of programs: their names, their headers, and the hash of what is transferred.

use compact_str::format_compact;
use model::{Confidence, FactKey, Reading, Text, Time, Value};
use sha2::{Digest, Sha256};
use wire::{Reader, Short};

use super::names;
use crate::{About, Output};

/// Bytes of the head of a block, and of its foot.
const HEAD_BYTES: usize = 36;

/// Transfers of one connection at the same time; controllers allow a handful.
const TRANSFERS_MAX: usize = 16;

/// The name of a block in a file name such as `_0800001P`: `OB1`, and the file system it is for.
pub(super) fn block(file: &[u8]) -> (Text, Text) {
    if let [b'_' | b'$', kind @ .., a, b, c, d, e, system] = file
        && kind.len() == 2
        && let Some(number) = number(&[*a, *b, *c, *d, *e])
    {
        return (format_compact!("{}{number}", names::block_type(kind)), file_system(*system));
    }
    (text(file), Text::default())
}

/// The name of a block without file identifier: `0A00001P`, `0A00001` or five digits in a type.
pub(super) fn short_block(name: &[u8]) -> (Text, Text) {
    match name {
        [kind @ .., a, b, c, d, e, system] if kind.len() == 2 => match number(&[*a, *b, *c, *d, *e]) {
            Some(number) => (format_compact!("{}{number}", names::block_type(kind)), file_system(*system)),
            None => (text(name), Text::default()),
        },
        _ => (text(name), Text::default()),
    }
}

fn number(digits: &[u8; 5]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn file_system(code: u8) -> Text {
    Text::const_new(match code {
        b'A' => "active",
        b'B' => "active and passive",
        b'P' => "passive",
        _ => "",
    })
}

/// Characters of a field, trimmed; what cannot be shown is left out.
pub(super) fn text(bytes: &[u8]) -> Text {
    let text: Text = bytes.iter().filter(|b| b.is_ascii_graphic() || **b == b' ').map(|b| char::from(*b)).collect();
    Text::new(text.trim())
}

/// A transfer under way.
pub(super) struct Transfer {
    pub(super) name: Text,
    /// Of uploads.
    pub(super) id: Option<u32>,
    hash: Sha256,
    size: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// A part is missing, so that the hash would be of something else.
    is_broken: bool,
}

/// Transfers of one connection.
#[derive(Default)]
pub(super) struct Transfers {
    list: Vec<Transfer>,
}

impl Transfers {
    /// A transfer begins, or begins again.
    pub(super) fn begin(&mut self, name: Text, id: Option<u32>) {
        self.list.retain(|t| t.name != name || t.id != id);
        if self.list.len() >= TRANSFERS_MAX {
            self.list.remove(0);
        }
        let hash = Sha256::new();
        self.list.push(Transfer { name, id, hash, size: 0, head: Vec::new(), tail: Vec::new(), is_broken: false });
    }

    /// The name of what is uploaded with `id`.
    pub(super) fn uploaded(&self, id: u32) -> Option<Text> {
        self.list.iter().rev().find(|t| t.id == Some(id)).map(|t| t.name.clone())
    }

    fn find(&mut self, name: &str, id: Option<u32>) -> Option<&mut Transfer> {
        self.list.iter_mut().rev().find(|t| t.id == id && (id.is_some() || t.name == name))
    }

    /// A part of a block.
    pub(super) fn part(&mut self, name: &str, id: Option<u32>, bytes: &[u8]) {
        let Some(transfer) = self.find(name, id) else { return };
        transfer.hash.update(bytes);
        transfer.size = transfer.size.saturating_add(bytes.len() as u64);
        let missing = HEAD_BYTES.saturating_sub(transfer.head.len());
        transfer.head.extend(bytes.iter().take(missing));
        transfer.tail.extend_from_slice(bytes);
        let surplus = transfer.tail.len().saturating_sub(HEAD_BYTES);
        transfer.tail.drain(..surplus);
    }

    /// A part was lost.
    pub(super) fn broken(&mut self) {
        for transfer in &mut self.list {
            transfer.is_broken = true;
        }
    }

    /// The transfer is over: what it was becomes facts of the controller. Gives back its size and hash.
    pub(super) fn end(
        &mut self,
        name: &str,
        id: Option<u32>,
        source: &str,
        out: &mut Output<'_>,
    ) -> Option<(u64, Text)> {
        let index = self.list.iter().rposition(|t| t.id == id && (id.is_some() || t.name == name))?;
        let transfer = self.list.remove(index);
        if transfer.size == 0 || transfer.is_broken {
            return None;
        }
        let mut hash = Text::const_new("sha256:");
        for byte in transfer.hash.finalize() {
            hash.push_str(&format_compact!("{byte:02x}"));
        }
        let value = format_compact!("{} {hash}", transfer.name);
        out.fact(About::Server, FactKey::ProgramHash, &value, source, Confidence::Likely);
        let mut described = transfer.name.clone();
        if let (Ok(head), Ok(foot)) =
            (Head::read(&mut Reader::new(&transfer.head)), Foot::read(&mut Reader::new(&transfer.tail)))
        {
            described = head.described(&foot);
        }
        out.fact(About::Server, FactKey::Program, &described, source, Confidence::Likely);
        Some((transfer.size, hash))
    }
}

/// The head of a block: 36 bytes from `pp` on.
pub(super) struct Head {
    kind: u8,
    number: u16,
    language: u8,
    size: u32,
    is_protected: bool,
    changed: Time,
}

/// The foot of a block: its last 36 bytes.
pub(super) struct Foot {
    author: Text,
    family: Text,
    name: Text,
    version: u8,
    checksum: u16,
}

impl Head {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Head, Short> {
        if r.array::<2>("constant pp")? != *b"pp" {
            return Err(r.short("constant pp", 2));
        }
        r.skip(2, "version and flags")?;
        let language = r.u8("block language")?;
        let kind = r.u8("block type")?;
        let number = r.u16("block number")?;
        let size = r.u32("length of load memory")?;
        let security = r.u32("block security")?;
        // Milliseconds of the day, then days since 1984-01-01, which is day 5,113 of the epoch.
        let milliseconds = i64::from(r.u32("code timestamp")?);
        let days = i64::from(r.u16("code timestamp")?) + 5_113;
        r.skip(14, "interface timestamp and lengths")?;
        let changed = Time::from_seconds(days * 86_400, milliseconds * 1_000_000);
        Ok(Head { kind, number, language, size, is_protected: security == 3, changed })
    }

    fn name(&self) -> Text {
        format_compact!("{}{}", names::sub_block_type(self.kind), self.number)
    }

    fn described(&self, foot: &Foot) -> Text {
        let mut text = self.name();
        for part in [&foot.name, &foot.family] {
            if !part.is_empty() {
                text.push(' ');
                text.push_str(part);
            }
        }
        text.push_str(&format_compact!(" v{}.{}", foot.version >> 4, foot.version & 0x0f));
        if !foot.author.is_empty() {
            text.push_str(" by ");
            text.push_str(&foot.author);
        }
        text
    }
}

impl Foot {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Foot, Short> {
        let author = text(r.bytes(8, "author")?);
        let family = text(r.bytes(8, "family")?);
        let name = text(r.bytes(8, "name")?);
        let version = r.u8("version")?;
        r.u8("reserved")?;
        let checksum = r.u16("block checksum")?;
        Ok(Foot { author, family, name, version, checksum })
    }
}

/// The answer to "get block info": facts of the block, and its fields as readings.
pub(super) fn info(r: &mut Reader<'_>, readings: &mut Vec<Reading>, out: &mut Output<'_>) -> Result<(), Short> {
    r.skip(6, "block type, length of info")?;
    let head = Head::read(r)?;
    let foot = Foot::read(r)?;
    out.fact(About::Server, FactKey::Program, &head.described(&foot), "block info", Confidence::Certain);
    let checksum = format_compact!("{} checksum {:04x}", head.name(), foot.checksum);
    out.fact(About::Server, FactKey::ProgramHash, &checksum, "block info", Confidence::Certain);
    let mut put = |name: &'static str, value: Value| readings.push(Reading::new(name, value));
    put("language", Value::Text(names::language(head.language)));
    put("load memory", Value::Unsigned(head.size.into()));
    put("changed", Value::Time(head.changed));
    put("protected", Value::Bool(head.is_protected));
    put("author", Value::Text(foot.author));
    put("family", Value::Text(foot.family));
    put("name", Value::Text(foot.name));
    put("version", Value::Text(format_compact!("{}.{}", foot.version >> 4, foot.version & 0x0f)));
    put("checksum", Value::Unsigned(foot.checksum.into()));
    Ok(())
}
