//! Zip files (PKWARE APPNOTE 6.3.10): the central directory, then each stored or deflated JSON file. Nothing is written to
//! disk, so names with `..` can do no harm; they are refused all the same, and told.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::limits::{ARCHIVE_BYTES_MAX, ARCHIVE_FILES_MAX, ARCHIVE_RATIO_MAX, DOCUMENT_BYTES_MAX};
use crate::source::Item;

/// Bytes at the end in which the end record stands: itself and a comment of at most 65,535 bytes.
const END_SEARCHED: u64 = 22 + 65_535;
/// Bytes of a central directory.
const DIRECTORY_BYTES_MAX: u64 = 256 << 20;

fn number16(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn number32(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?).into())
}

/// Gives every JSON file to `each`.
pub fn read(mut file: File, each: &mut dyn FnMut(Item)) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the zip file could not be read: {error}");
    let size = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let start = size.saturating_sub(END_SEARCHED);
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut tail = Vec::new();
    file.by_ref().take(END_SEARCHED).read_to_end(&mut tail).map_err(failed)?;
    let end = (0..tail.len().saturating_sub(21))
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06"))
        .ok_or("the zip file has no end record: it is cut, or no zip file")?;
    let record = &tail[end..];
    let (Some(count), Some(length), Some(offset)) = (number16(record, 10), number32(record, 12), number32(record, 16))
    else {
        return Err("the end record of the zip file is cut".into());
    };
    if offset == 0xffff_ffff || length == 0xffff_ffff || count == 0xffff {
        return Err("the zip file is of the large form (zip64), which is not read; unpack it".into());
    }
    if length > DIRECTORY_BYTES_MAX || offset.saturating_add(length) > size {
        return Err("the directory of the zip file points outside of it".into());
    }
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut directory = Vec::new();
    file.by_ref().take(length).read_to_end(&mut directory).map_err(failed)?;
    let (mut at, mut files, mut total) = (0_usize, 0_u64, 0_u64);
    while directory.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02")) {
        let entry = &directory[at..];
        let fields = (|| {
            Some((
                number16(entry, 8)?,
                number16(entry, 10)?,
                number32(entry, 20)?,
                number32(entry, 24)?,
                number16(entry, 28)?,
                number16(entry, 30)?,
                number16(entry, 32)?,
                number32(entry, 42)?,
            ))
        })();
        let Some((flags, method, packed, unpacked, name_length, extra, comment, header)) = fields else {
            return Err(format!("byte {}: the directory of the zip file is cut", offset + at as u64));
        };
        let name = entry.get(46..46 + name_length as usize).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        at += 46 + (name_length + extra + comment) as usize;
        files += 1;
        if files > ARCHIVE_FILES_MAX {
            return Err(format!("more than {ARCHIVE_FILES_MAX} files"));
        }
        if name.ends_with('/') || !name.to_ascii_lowercase().ends_with(".json") {
            continue;
        }
        let content = if name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..") {
            Err("its name leads out of the archive".to_string())
        } else if flags & 1 != 0 {
            Err("it is encrypted".into())
        } else if unpacked > DOCUMENT_BYTES_MAX {
            Err(format!("larger than {} MiB", DOCUMENT_BYTES_MAX >> 20))
        } else {
            unpack(&mut file, header, packed, unpacked, method)
        };
        total += content.as_ref().map_or(0, |bytes| bytes.len() as u64);
        each(Item { name, content });
        if total > ARCHIVE_BYTES_MAX {
            return Err("it unpacks to far more than an archive of advisories has".into());
        }
    }
    Ok(())
}

fn unpack(file: &mut File, header: u64, packed: u64, unpacked: u64, method: u64) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| error.to_string();
    file.seek(SeekFrom::Start(header)).map_err(failed)?;
    let mut local = [0_u8; 30];
    file.read_exact(&mut local).map_err(failed)?;
    if !local.starts_with(b"PK\x03\x04") {
        return Err(format!("byte {header}: no file begins there"));
    }
    let skip = number16(&local, 26).unwrap_or(0) + number16(&local, 28).unwrap_or(0);
    file.seek(SeekFrom::Start(header + 30 + skip)).map_err(failed)?;
    let most = packed.saturating_mul(ARCHIVE_RATIO_MAX).clamp(16 << 20, DOCUMENT_BYTES_MAX);
    let mut bytes = Vec::new();
    let reader = file.by_ref().take(packed);
    match method {
        0 => reader.take(most + 1).read_to_end(&mut bytes),
        8 => flate2::read::DeflateDecoder::new(reader).take(most + 1).read_to_end(&mut bytes),
        other => return Err(format!("packed by method {other}, which is not read")),
    }
    .map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err("it unpacks to far more than its size".into());
    }
    if bytes.len() as u64 != unpacked {
        return Err(format!("it unpacks to {} bytes, its header says {unpacked}", bytes.len()));
    }
    Ok(bytes)
}
