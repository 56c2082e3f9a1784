//! Documents out of a directory, a zip file, a tar file (plain, gzip, zstd), or a single file: one after the other, with
//! bounds against archives made to exhaust memory, and without ever writing what an archive names.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::limits::{ARCHIVE_BYTES_MAX, ARCHIVE_FILES_MAX, ARCHIVE_RATIO_MAX, DIRECTORY_DEPTH_MAX, DOCUMENT_BYTES_MAX};
use crate::zip;

/// One file out of a source, or what is wrong with it.
pub struct Item {
    /// Its name inside the source.
    pub name: String,
    /// Its content, or why it could not be read.
    pub content: Result<Vec<u8>, String>,
}

/// Gives every JSON (or CSV) file of `path` to `each`, in the order of their names for directories, in the archive's order
/// else. `Err` where the source itself cannot be opened.
pub fn read(path: &Path, each: &mut dyn FnMut(Item)) -> Result<(), String> {
    let failed = |error: io::Error| format!("could not open `{}`: {error}", path.display());
    let kind = fs::metadata(path).map_err(failed)?;
    if kind.is_dir() {
        let mut files = Vec::new();
        walk(path, 0, &mut files, each);
        files.sort();
        for file in files {
            let name = file.strip_prefix(path).unwrap_or(&file).display().to_string();
            if is_archive(&name) {
                let outer = name.clone();
                let mut inner =
                    |item: Item| each(Item { name: format!("{outer}!{}", item.name), content: item.content });
                if let Err(why) = read(&file, &mut inner) {
                    each(Item { name, content: Err(why) });
                }
                continue;
            }
            let content = File::open(&file).map_err(|error| error.to_string()).and_then(bounded);
            each(Item { name, content });
        }
        return Ok(());
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut head = [0_u8; 6];
    let got = read_up_to(&mut file, &mut head).map_err(failed)?;
    let file = File::open(path).map_err(failed)?;
    let size = kind.len();
    match &head[..got] {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => zip::read(file, each),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let reader = zstd::stream::read::Decoder::new(BufReader::new(file)).map_err(failed)?;
            compressed(path, Box::new(reader), size, each)
        }
        [0x1f, 0x8b, ..] => {
            compressed(path, Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))), size, each)
        }
        _ if path.extension().is_some_and(|ending| ending == "tar") => {
            tar(&mut Measured::new(Box::new(BufReader::new(file)), u64::MAX), each);
            Ok(())
        }
        _ => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            each(Item { name, content: bounded(file) });
            Ok(())
        }
    }
}

fn compressed(path: &Path, reader: Box<dyn Read>, size: u64, each: &mut dyn FnMut(Item)) -> Result<(), String> {
    let mut reader = Measured::new(reader, size.saturating_mul(ARCHIVE_RATIO_MAX).max(16 << 20));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.contains(".tar.") || name.ends_with(".tgz") {
        tar(&mut reader, each);
    } else {
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst").to_string();
        let content = bounded(&mut reader);
        each(Item { name, content });
    }
    Ok(())
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// A whole file, if it is no larger than a document may be.
pub fn bounded(reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return Err(format!("larger than {} MiB", DOCUMENT_BYTES_MAX >> 20));
    }
    Ok(bytes)
}

fn is_wanted(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".json") && !lower.ends_with("provider-metadata.json") || lower.ends_with(".json.gz")
}

fn is_archive(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".zip", ".tar", ".tar.zst", ".tar.gz", ".tgz"].iter().any(|ending| lower.ends_with(ending))
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>, each: &mut dyn FnMut(Item)) {
    let mut tell = |path: &Path, why: String| each(Item { name: path.display().to_string(), content: Err(why) });
    if depth > DIRECTORY_DEPTH_MAX {
        return tell(folder, format!("directories nested deeper than {DIRECTORY_DEPTH_MAX}"));
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return tell(folder, error.to_string()),
    };
    let mut folders = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        // Links are not followed: they may lead in circles or out of the directory.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            folders.push(path);
        } else if kind.is_file() && (is_wanted(&path.to_string_lossy()) || is_archive(&path.to_string_lossy())) {
            files.push(path);
        }
    }
    for folder in folders {
        walk(&folder, depth + 1, files, each);
    }
}

/// A reader that ends with an error after a number of bytes.
struct Measured {
    reader: Box<dyn Read>,
    left: u64,
}

impl Measured {
    fn new(reader: Box<dyn Read>, most: u64) -> Measured {
        Measured { reader, left: most.min(ARCHIVE_BYTES_MAX) }
    }
}

impl Read for Measured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it unpacks to far more than its size"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let got = self.reader.read(&mut buffer[..most])?;
        self.left -= got as u64;
        Ok(got)
    }
}

/// Reads a tar stream (POSIX.1-1988 ustar, GNU long names, pax paths).
fn tar(reader: &mut Measured, each: &mut dyn FnMut(Item)) {
    let fail = |name: &str, why: String, each: &mut dyn FnMut(Item)| {
        each(Item { name: name.to_string(), content: Err(why) });
    };
    let mut long_name: Option<String> = None;
    let mut files = 0_u64;
    let mut offset = 0_u64;
    loop {
        let mut header = [0_u8; 512];
        match read_up_to(reader, &mut header) {
            Ok(0) => return,
            Ok(512) => {}
            Ok(_) => return fail(&format!("byte {offset}"), "the archive ends inside a header".into(), each),
            Err(error) => return fail(&format!("byte {offset}"), error.to_string(), each),
        }
        offset += 512;
        if header.iter().all(|byte| *byte == 0) {
            return;
        }
        let Some(size) = octal(&header[124..136]) else {
            return fail(&format!("byte {}", offset - 512), "not a tar header".into(), each);
        };
        let mut name = cut(&header[..100]);
        let prefix = cut(&header[345..500]);
        if &header[257..262] == b"ustar" && header[263..265] == *b"00" && !prefix.is_empty() {
            name = format!("{prefix}/{name}");
        }
        let kind = header[156];
        let is_name = matches!(kind, b'L' | b'x');
        if !is_name && let Some(long) = long_name.take() {
            name = long;
        }
        files += 1;
        if files > ARCHIVE_FILES_MAX {
            return fail(&name, format!("more than {ARCHIVE_FILES_MAX} files"), each);
        }
        let is_file = matches!(kind, b'0' | 0);
        let wants = is_file && is_wanted(&name) || is_name;
        let mut content = Vec::new();
        let is_large = size > DOCUMENT_BYTES_MAX;
        let padded = size.div_ceil(512) * 512;
        let mut left = padded;
        let mut block = [0_u8; 8192];
        while left > 0 {
            let most = left.min(block.len() as u64) as usize;
            match read_up_to(reader, &mut block[..most]) {
                Ok(got) if got == most => {}
                Ok(_) => return fail(&name, format!("the archive ends inside it, at byte {offset}"), each),
                Err(error) => return fail(&name, error.to_string(), each),
            }
            if wants && !is_large {
                content.extend_from_slice(&block[..most]);
            }
            left -= most as u64;
            offset += most as u64;
        }
        content.truncate(size.min(DOCUMENT_BYTES_MAX) as usize);
        if is_name {
            long_name = if kind == b'L' { Some(cut(&content)) } else { pax_path(&content).or(long_name) };
        } else if wants {
            let content =
                if is_large { Err(format!("larger than {} MiB", DOCUMENT_BYTES_MAX >> 20)) } else { Ok(content) };
            each(Item { name, content });
        }
    }
}

fn cut(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn octal(bytes: &[u8]) -> Option<u64> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        // GNU's binary form.
        let mut value: u64 = u64::from(bytes[0] & 0x7f);
        for byte in &bytes[1..] {
            value = value.checked_mul(256)?.checked_add((*byte).into())?;
        }
        return Some(value).filter(|value| *value < 1 << 50);
    }
    let text = cut(bytes);
    let digits = text.trim_matches(|c: char| c == ' ' || c == '\0');
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

fn pax_path(content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    text.lines().find_map(|line| line.split_once(" path=").map(|(_, path)| path.to_string()))
}

#[cfg(test)]
mod tests;
