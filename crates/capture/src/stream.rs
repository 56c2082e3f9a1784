//! One source as a stream of uncompressed bytes: opens it, recognises compression by its first bytes, counts progress.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Source, limits};

/// How far reading has come; can be cloned and looked at from another thread.
#[derive(Clone, Default)]
pub struct Progress {
    total: u64,
    consumed: Arc<AtomicU64>,
}

impl Progress {
    pub(crate) fn new(total: u64) -> Progress {
        Progress { total, consumed: Arc::default() }
    }

    /// Bytes of all files, as they lie on the disk; 0 where that is not known.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes read so far, of files and streams, as they lie on the disk.
    pub fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.consumed.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    progress: Progress,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.progress.add(count as u64);
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// An opened source.
pub(crate) struct Stream {
    reader: Box<dyn Read + Send>,
    /// Whether `reader` decompresses.
    pub compressed: bool,
    /// Size on the disk, of files.
    size: u64,
    /// Bytes of it read so far.
    count: Arc<AtomicU64>,
    progress: Progress,
}

impl Stream {
    /// Opens a source; compressed ones give what they contain.
    pub(crate) fn open(source: Source, progress: &Progress) -> io::Result<Stream> {
        let (raw, size): (Box<dyn Read + Send>, u64) = match source {
            Source::File(path) => {
                let file = File::open(path)?;
                let size = file.metadata().map_or(0, |metadata| metadata.len());
                (Box::new(file), size)
            }
            Source::Stdin => (Box::new(io::stdin()), 0),
            Source::Stream(_, stream) => (stream, 0),
        };
        let count = Arc::new(AtomicU64::new(0));
        let raw = Counted { inner: raw, progress: progress.clone(), count: count.clone() };
        let (reader, compressed) = decompress(raw)?;
        Ok(Stream { reader, compressed, size, count, progress: progress.clone() })
    }

    /// Reads some bytes; 0 at the end.
    pub(crate) fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(to) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Drop for Stream {
    /// What is left unread of a file given up will not be read: for the progress it is done.
    fn drop(&mut self) {
        self.progress.add(self.size.saturating_sub(self.count.load(Ordering::Relaxed)));
    }
}

/// Gives what `raw` contains, and whether it was compressed.
fn decompress(mut raw: impl Read + Send + 'static) -> io::Result<(Box<dyn Read + Send>, bool)> {
    let mut head = Vec::with_capacity(4);
    raw.by_ref().take(4).read_to_end(&mut head)?;
    let magic: [u8; 4] = head.as_slice().try_into().unwrap_or_default();
    let whole = Cursor::new(head).chain(raw);
    let buffered = |whole| BufReader::with_capacity(limits::READ_BYTES, whole);
    let reader: Box<dyn Read + Send> = match magic {
        // RFC 1952 section 2.3.1; deflate is the only method.
        [0x1f, 0x8b, 0x08, _] => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(whole))),
        // RFC 8878 section 3.1.1; lz4 has the same skippable frames, but does not begin with them in practice.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered(whole))?;
            decoder.window_log_max(limits::ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        // LZ4 frame format, and its legacy form.
        [0x04, 0x22, 0x4d, 0x18] | [0x02, 0x21, 0x4c, 0x18] => {
            Box::new(Lz4Frames(lz4_flex::frame::FrameDecoder::new(buffered(whole))))
        }
        [b'B', b'Z', b'h', b'1'..=b'9'] => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(whole))),
        _ => return Ok((Box::new(whole), false)),
    };
    Ok((reader, true))
}

/// Reads all frames of an lz4 file; the decoder by itself stops after each.
struct Lz4Frames<R: BufRead>(lz4_flex::frame::FrameDecoder<R>);

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            // After 0 the decoder expects the header of a frame, so every turn consumes something.
            let count = self.0.read(to)?;
            if count > 0 || to.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(count);
            }
        }
    }
}
