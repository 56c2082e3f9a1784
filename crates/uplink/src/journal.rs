//! The journal: every batch on disk, in the order in which it was accepted, before anyone is told that it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use model::Time;

use crate::limits::{FRAME_BYTES_MAX, JournalLimits};
use crate::segment::{self, Fault, FaultKind, Met, SegmentReader, Stored};

/// Why the journal could not do what was asked. What was acknowledged before is untouched, and the next call tries anew.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no room: the batch was not accepted, and will be once there is.
    #[error("no room left for {}", path.display())]
    Full {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Anything else that the system refuses.
    #[error("could not {doing} {}", path.display())]
    System {
        /// What was being done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process writes it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A batch that no reader would take.
    #[error("a batch of {0} bytes, at most {FRAME_BYTES_MAX} are allowed")]
    TooLarge(usize),
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            JournalError::Full { path, source }
        }
        _ => JournalError::System { doing, path, source },
    }
}

/// What [`Journal::trim`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Segments.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The journal now begins with this number, or would.
    pub oldest: u64,
}

/// The writer of a journal; there is one in all processes.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    limits: JournalLimits,
    /// First numbers of all segments but the open one, in order.
    closed: Vec<u64>,
    open: Option<Open>,
    /// The number of the next batch.
    next: u64,
    /// All below this are on disk.
    synced: u64,
    /// What was found at the start in the newest segment.
    faults: Vec<Fault>,
    #[cfg(test)]
    room: Option<u64>,
    #[cfg(test)]
    is_sync_failing: bool,
    /// Held as long as the journal is: its lock ends with the process.
    _lock: File,
}

/// The segment being written.
#[derive(Debug)]
struct Open {
    first: u64,
    path: PathBuf,
    file: File,
    /// Length of what was written whole.
    length: u64,
    /// Length and next number at the last sync.
    synced: (u64, u64),
}

impl Journal {
    /// Opens the journal in `directory`, which is made where it is absent, and reads its newest segment. Where that one has
    /// a fault it is left as it is, and a new one is begun: [`Journal::faults`] says so.
    pub fn open(directory: &Path, limits: JournalLimits) -> Result<Journal, JournalError> {
        fs::create_dir_all(directory).map_err(failed("make", directory))?;
        let lock_path = directory.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(failed("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(JournalError::InUse(directory.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(failed("lock", &lock_path)(error)),
        }
        let segments = segment::list(directory).map_err(failed("list", directory))?;
        let mut journal = Journal {
            directory: directory.to_owned(),
            limits,
            closed: segments.iter().map(|(first, _)| *first).collect(),
            open: None,
            next: 1,
            synced: 1,
            faults: Vec::new(),
            #[cfg(test)]
            room: None,
            #[cfg(test)]
            is_sync_failing: false,
            _lock: lock,
        };
        if let Some((first, path)) = segments.last() {
            journal.resume(*first, path)?;
        }
        journal.synced = journal.next;
        Ok(journal)
    }

    /// Finds the end of the newest segment, and goes on in it where it is whole.
    fn resume(&mut self, first: u64, path: &Path) -> Result<(), JournalError> {
        let mut reader = SegmentReader::open(path).map_err(failed("open", path))?;
        self.next = first;
        while let Some(met) = reader.next(0) {
            match met {
                Met::Frame(stored) => self.next = self.next.max(stored.sequence.saturating_add(1)),
                Met::Fault(fault) => {
                    // A damaged batch keeps its number: it may have been acknowledged.
                    if let FaultKind::Checksum { sequence } = fault.kind {
                        self.next = self.next.max(sequence.saturating_add(1));
                    }
                    self.faults.push(fault);
                }
            }
        }
        if self.faults.is_empty() {
            let file = OpenOptions::new().append(true).open(path).map_err(failed("open", path))?;
            // What a process wrote before it was killed may still be only in memory.
            file.sync_all().map_err(failed("sync", path))?;
            let length = reader.offset();
            self.open = Some(Open { first, path: path.to_owned(), file, length, synced: (length, self.next) });
            self.closed.pop();
        } else if self.next == first {
            // Nothing in it can be read, and its name is needed.
            let aside = path.with_extension("damaged");
            fs::rename(path, &aside).map_err(failed("rename", path))?;
            self.closed.pop();
        }
        Ok(())
    }

    /// What was found wrong in the newest segment when the journal was opened; [`Journal::read_from`] tells all others.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The number that the next batch gets; numbers begin with 1.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// All batches below this number are on disk.
    pub const fn synced(&self) -> u64 {
        self.synced
    }

    /// The number of the oldest batch that is kept, or that the first one will get.
    pub fn oldest(&self) -> u64 {
        self.closed.first().copied().or(self.open.as_ref().map(|open| open.first)).unwrap_or(self.next)
    }

    /// Writes a batch and gives its number. It is accepted only when [`Journal::sync`] has returned; several can be written
    /// before one sync. On an error nothing of it is kept.
    ///
    /// `at` is the batch's time, by which [`Journal::trim`] goes.
    pub fn append(&mut self, at: Time, bytes: &[u8]) -> Result<u64, JournalError> {
        if self.is_segment_full() {
            self.sync()?;
            self.end_segment();
        }
        self.write_frame(at, bytes)
    }

    fn is_segment_full(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.length >= self.limits.segment_bytes_max)
    }

    fn end_segment(&mut self) {
        self.closed.extend(self.open.take().map(|open| open.first));
    }

    fn write_frame(&mut self, at: Time, bytes: &[u8]) -> Result<u64, JournalError> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(JournalError::TooLarge(bytes.len()));
        }
        if self.open.is_none() {
            self.open = Some(self.begin()?);
        }
        let head = segment::frame_head(self.next, at, bytes);
        let length = (head.len() + bytes.len()) as u64;
        #[cfg(test)]
        let mut room = self.room;
        let Some(open) = &mut self.open else { unreachable!("a segment was begun") };
        let written = write(
            &mut open.file,
            &head,
            #[cfg(test)]
            &mut room,
        )
        .and_then(|()| {
            write(
                &mut open.file,
                bytes,
                #[cfg(test)]
                &mut room,
            )
        });
        if let Err(error) = written {
            let error = failed("write", &open.path)(error);
            self.cut_back(self.next);
            return Err(error);
        }
        #[cfg(test)]
        {
            self.room = room;
        }
        open.length += length;
        self.next += 1;
        Ok(self.next - 1)
    }

    /// Makes everything appended durable, and gives the number below which all is. On an error nothing appended since the
    /// last success is kept: the caller appends it again.
    pub fn sync(&mut self) -> Result<u64, JournalError> {
        if self.synced == self.next {
            return Ok(self.synced);
        }
        let Some(open) = &mut self.open else { return Ok(self.synced) };
        let result = open.file.sync_data();
        #[cfg(test)]
        let result = if self.is_sync_failing { Err(io::Error::from(ErrorKind::StorageFull)) } else { result };
        if let Err(error) = result {
            // After a failed sync the system may have dropped the pages and call the next one a success.
            let error = failed("sync", &open.path)(error);
            let back = open.synced.1;
            self.cut_back(back);
            return Err(error);
        }
        open.synced = (open.length, self.next);
        self.synced = self.next;
        Ok(self.synced)
    }

    /// Appends batches and makes them durable, all or none, with one sync: gives their numbers. On an error the caller gives
    /// the same batches again.
    pub fn accept<B: AsRef<[u8]>>(
        &mut self,
        batches: impl IntoIterator<Item = (Time, B)>,
    ) -> Result<Range<u64>, JournalError> {
        // What somebody appended before and did not sync is not part of this.
        self.sync()?;
        // A group lies in one segment, so that all of it can be taken back.
        if self.is_segment_full() {
            self.end_segment();
        }
        let first = self.next;
        for (at, bytes) in batches {
            if let Err(error) = self.write_frame(at, bytes.as_ref()) {
                self.take_back();
                return Err(error);
            }
        }
        self.sync()?;
        Ok(first..self.next)
    }

    /// Takes back what was appended since the last sync.
    fn take_back(&mut self) {
        if self.synced < self.next {
            self.cut_back(self.synced);
        }
    }

    /// Makes the next number at least `next`: where others know of numbers that the journal lost, they must not be given
    /// again. The hole is told as missing to whoever reads.
    pub fn raise(&mut self, next: u64) -> Result<(), JournalError> {
        self.sync()?;
        if next > self.next {
            self.end_segment();
            (self.next, self.synced) = (next, next);
        }
        Ok(())
    }

    /// Takes the open segment back to where it was before number `next`, which is either the next number (a write that
    /// failed half-way) or the one at the last sync. A segment that cannot be cut is left, and another one is begun: readers
    /// pass over what is in a segment and in a later one too.
    fn cut_back(&mut self, next: u64) {
        let Some(open) = &mut self.open else { return };
        let is_unwritten = next == self.next;
        let length = if is_unwritten { open.length } else { open.synced.0 };
        self.next = next;
        open.length = length;
        let is_cut = open.file.set_len(length).is_ok();
        if is_cut && (is_unwritten || next == open.first) {
            return;
        }
        let Some(open) = self.open.take() else { return };
        if next == open.first {
            // The next segment has the same name; what is here was not acknowledged.
            let _ = fs::rename(&open.path, open.path.with_extension("damaged"));
        } else {
            self.closed.push(open.first);
        }
    }

    /// Makes the segment that the next batch begins.
    fn begin(&mut self) -> Result<Open, JournalError> {
        let path = self.directory.join(segment::file_name(self.next));
        let begin = || -> io::Result<File> {
            let mut file = OpenOptions::new().create_new(true).append(true).open(&path)?;
            let written = write(
                &mut file,
                &segment::segment_head(self.next),
                #[cfg(test)]
                &mut self.room.clone(),
            )
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(&self.directory)?.sync_all());
            if let Err(error) = written {
                let _ = fs::remove_file(&path);
                return Err(error);
            }
            Ok(file)
        };
        let file = begin().map_err(failed("make", &path))?;
        let length = segment::SEGMENT_HEAD_BYTES;
        Ok(Open { first: self.next, path, file, length, synced: (length, self.next) })
    }

    /// All batches from number `sequence` that were appended so far, with what could not be read in its place.
    pub fn read_from(&self, sequence: u64) -> Entries {
        Entries::new(&self.directory, sequence, Some(self.next))
    }

    /// Removes whole segments that hold only batches older than `before`, and the oldest ones until the others have no more
    /// than `bytes_max`; never what is not below number `keep_from`. The segment being written stays.
    pub fn trim(&mut self, before: Option<Time>, bytes_max: u64, keep_from: u64) -> Result<Trimmed, JournalError> {
        let (trimmed, going) = self.plan(before, bytes_max, keep_from)?;
        for (first, path) in going {
            fs::remove_file(&path).map_err(failed("remove", &path))?;
            self.closed.retain(|closed| *closed != first);
        }
        Ok(trimmed)
    }

    /// What [`Journal::trim`] would remove.
    pub fn would_trim(&self, before: Option<Time>, bytes_max: u64, keep_from: u64) -> Result<Trimmed, JournalError> {
        Ok(self.plan(before, bytes_max, keep_from)?.0)
    }

    /// The segments that go.
    fn plan(
        &self,
        before: Option<Time>,
        bytes_max: u64,
        keep_from: u64,
    ) -> Result<(Trimmed, Vec<(u64, PathBuf)>), JournalError> {
        let mut trimmed = Trimmed { oldest: self.oldest(), ..Trimmed::default() };
        let mut segments = Vec::new();
        for (first, path) in segment::list(&self.directory).map_err(failed("list", &self.directory))? {
            let bytes = fs::metadata(&path).map_err(failed("look at", &path))?.len();
            segments.push((first, path, bytes));
        }
        let mut total: u64 = segments.iter().map(|(_, _, bytes)| bytes).sum();
        let mut going = Vec::new();
        for pair in segments.windows(2) {
            let [(first, path, bytes), (next, next_path, _)] = pair else { break };
            // Batches come in the order of time: all of a segment are older than the first of the next one.
            let is_old = before.is_some_and(|before| first_time(next_path).is_some_and(|time| time < before));
            let is_open = self.open.as_ref().is_some_and(|open| open.first == *first);
            if *next > keep_from || is_open || !(is_old || total > bytes_max) {
                break;
            }
            total -= bytes;
            trimmed.segments += 1;
            trimmed.bytes += bytes;
            trimmed.oldest = *next;
            going.push((*first, path.clone()));
        }
        Ok((trimmed, going))
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> Result<u64, JournalError> {
        let mut total = 0;
        for (_, path) in segment::list(&self.directory).map_err(failed("list", &self.directory))? {
            total += fs::metadata(&path).map_err(failed("look at", &path))?.len();
        }
        Ok(total)
    }
}

/// Writes all, or fails as a full disk does where a test says so.
fn write(file: &mut File, bytes: &[u8], #[cfg(test)] room: &mut Option<u64>) -> io::Result<()> {
    #[cfg(test)]
    if let Some(left) = room {
        let fits = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        file.write_all(&bytes[..fits])?;
        *left -= fits as u64;
        return if fits < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) };
    }
    file.write_all(bytes)
}

/// The time of the first batch of a segment.
fn first_time(path: &Path) -> Option<Time> {
    let mut reader = SegmentReader::open(path).ok()?;
    loop {
        if let Met::Frame(stored) = reader.next(0)? {
            return Some(stored.at);
        }
    }
}

/// Batches of a journal in order; a fault stands where batches cannot be read.
#[derive(Debug)]
pub struct Entries {
    directory: PathBuf,
    /// Segments not yet begun, the next one last.
    segments: Vec<(u64, PathBuf)>,
    reader: Option<Current>,
    /// The number that comes next.
    expected: u64,
    /// Where to stop.
    end: Option<u64>,
    waiting: Option<Stored>,
}

struct Current {
    reader: SegmentReader,
    path: PathBuf,
    /// First number of the next segment: what is here from it on was written again there.
    until: u64,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

impl Entries {
    /// The batches of the journal in `directory` from number `sequence`, without being its writer.
    pub fn open(directory: &Path, sequence: u64) -> Entries {
        Entries::new(directory, sequence, None)
    }

    fn new(directory: &Path, sequence: u64, end: Option<u64>) -> Entries {
        let mut segments = segment::list(directory).unwrap_or_default();
        let skipped = segments.partition_point(|(first, _)| *first <= sequence).saturating_sub(1);
        segments.drain(..skipped);
        let oldest = segments.first().map_or(sequence, |(first, _)| *first);
        segments.reverse();
        Entries {
            directory: directory.to_owned(),
            segments,
            reader: None,
            expected: sequence.max(oldest),
            end,
            waiting: None,
        }
    }

    /// The number that comes next; before the first call that of the oldest batch that can be asked for.
    pub const fn expected(&self) -> u64 {
        self.expected
    }

    fn missing(&self, path: &Path, offset: u64, last: u64) -> Fault {
        let kind = FaultKind::Missing { first: self.expected, last };
        Fault { segment: path.to_owned(), offset, bytes: 0, kind }
    }
}

impl Iterator for Entries {
    type Item = Result<Stored, Fault>;

    fn next(&mut self) -> Option<Result<Stored, Fault>> {
        if let Some(stored) = self.waiting.take() {
            self.expected = stored.sequence.saturating_add(1);
            return Some(Ok(stored));
        }
        loop {
            if self.end.is_some_and(|end| self.expected >= end) {
                return None;
            }
            let Some(current) = &mut self.reader else {
                let Some((first, path)) = self.segments.pop() else {
                    // The writer knows of more than was found.
                    let end = self.end.filter(|end| self.expected < *end)?;
                    let fault = self.missing(&self.directory.clone(), 0, end - 1);
                    self.expected = end;
                    return Some(Err(fault));
                };
                if first > self.expected {
                    let fault = self.missing(&path, 0, first - 1);
                    self.expected = first;
                    self.segments.push((first, path));
                    return Some(Err(fault));
                }
                let until = self.segments.last().map_or(u64::MAX, |(next, _)| *next);
                match SegmentReader::open(&path) {
                    Ok(reader) => self.reader = Some(Current { reader, path, until }),
                    // Removed by a trim since the list was made, or unreadable: the gap names what it held.
                    Err(error) => {
                        let kind = FaultKind::Unreadable(error.to_string());
                        return Some(Err(Fault { segment: path, offset: 0, bytes: 0, kind }));
                    }
                }
                continue;
            };
            let (until, start) = (current.until, current.reader.offset());
            match current.reader.next(self.expected) {
                None => self.reader = None,
                Some(Met::Frame(stored)) if stored.sequence >= until || stored.sequence < self.expected => {}
                Some(Met::Frame(stored)) if self.end.is_some_and(|end| stored.sequence >= end) => return None,
                Some(Met::Frame(stored)) if stored.sequence > self.expected => {
                    let path = current.path.clone();
                    let fault = self.missing(&path, start, stored.sequence - 1);
                    self.waiting = Some(stored);
                    return Some(Err(fault));
                }
                Some(Met::Frame(stored)) => {
                    self.expected = stored.sequence.saturating_add(1);
                    return Some(Ok(stored));
                }
                Some(Met::Fault(fault)) => {
                    match fault.kind {
                        FaultKind::Checksum { sequence } if sequence >= until || sequence < self.expected => continue,
                        FaultKind::Checksum { sequence } if sequence == self.expected => self.expected = sequence + 1,
                        _ => {}
                    }
                    return Some(Err(fault));
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
