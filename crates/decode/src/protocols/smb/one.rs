//! SMB 1 (MS-CIFS, MS-SMB): chains of commands, transactions, and what each says.

use compact_str::format_compact;
use model::{Confidence, FactKey, Text, Verb};
use wire::Reader;

use super::two::{access_names, user};
use super::{
    FILES_MAX, Names, Open, PROTOCOL, Request, TREES_MAX, finish, join, le16, le32, method, pipe, share, status,
    tell_dialect, tell_signing,
};
use crate::protocols::ntlm::{self, utf16};
use crate::{About, Context, Draft, Exchange, Inner, Output, Speaker};

const HEADER: usize = 32;

/// Commands in one message (AndX).
const CHAIN_MAX: usize = 8;

/// Commands whose words begin with the next command and its offset.
const fn is_chained(command: u8) -> bool {
    matches!(command, 0x24 | 0x2d | 0x2e | 0x2f | 0x73 | 0x74 | 0x75 | 0xa2)
}

/// What stands in every header.
struct Header {
    status: u32,
    is_answer: bool,
    is_unicode: bool,
    tree: u16,
    process: u16,
    multiplex: u16,
}

/// One command of a message: its words, its bytes, and the whole message for offsets.
struct Command<'a> {
    command: u8,
    words: &'a [u8],
    bytes: &'a [u8],
    /// Where the bytes begin in the message: Unicode text is aligned to it.
    bytes_at: usize,
    message: &'a [u8],
}

pub(super) struct One {
    exchange: Exchange<(u16, u16, u8), (Request, u16)>,
    trees: Names<u16, Text>,
    files: Names<u16, Open>,
    dialects: Vec<Text>,
    has_told: bool,
}

impl Default for One {
    fn default() -> Self {
        One {
            exchange: Exchange::default(),
            trees: Names::new(TREES_MAX),
            files: Names::new(FILES_MAX),
            dialects: Vec::new(),
            has_told: false,
        }
    }
}

impl One {
    pub(super) fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let (Some(command), Some(header)) = (message.get(4), header(message)) else {
            out.malformed(0, "header", "too short");
            return;
        };
        let mut command = *command;
        let mut at = HEADER;
        for _ in 0..CHAIN_MAX {
            let Some(part) = part(message, command, at) else {
                // A refusal may lack words and bytes; then there is still an answer.
                if at == HEADER {
                    let part = Command { command, words: &[], bytes: &[], bytes_at: message.len(), message };
                    self.command(&header, &part, context, out);
                }
                break;
            };
            self.command(&header, &part, context, out);
            if !is_chained(command) {
                break;
            }
            match (part.words.first(), le16(part.words, 2)) {
                (Some(next), Some(offset)) if *next != 0xff && usize::from(offset) > at => {
                    command = *next;
                    at = offset.into();
                }
                _ => break,
            }
        }
        while let Some((_, at, (request, _))) = self.exchange.overdue(context.at) {
            out.act(request.draft(at).no_answer());
        }
    }

    pub(super) fn gap(&mut self, speaker: Speaker) {
        for (_, open) in &mut self.files.list {
            if let Some(inner) = &mut open.pipe {
                inner.gap(speaker);
            }
        }
    }

    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        for (_, open) in &mut self.files.list {
            if let Some(inner) = &mut open.pipe {
                inner.end(out);
            }
        }
        for (_, at, (request, _)) in self.exchange.drain() {
            out.act(request.draft(at).no_answer());
        }
    }

    fn command(&mut self, header: &Header, part: &Command<'_>, context: &Context, out: &mut Output<'_>) {
        let key = (header.multiplex, header.process, part.command);
        if !header.is_answer {
            let (request, file) = self.request(header, part, context, out);
            // Parts of a transaction, and cancels, have no answer of their own.
            if matches!(part.command, 0x26 | 0x33 | 0xa1 | 0xa4) {
                out.act(request.draft(context.at));
            } else if let Some((_, at, (old, _))) = self.exchange.ask(key, context.at, (request, file)) {
                out.act(old.draft(at).no_answer());
            }
            return;
        }
        let found = self.exchange.answer(&key);
        self.answer(header, part, found, context, out);
    }

    fn object(&mut self, file: u16) -> Text {
        self.files.get(&file).map(|open| open.name.clone()).unwrap_or_default()
    }

    fn path(&mut self, header: &Header, path: &str) -> Text {
        let share = self.trees.get(&header.tree).cloned().unwrap_or_default();
        join(&share, path)
    }

    fn request(
        &mut self,
        header: &Header,
        part: &Command<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> (Request, u16) {
        let mut request = Request::new(part.command.into());
        let mut file = 0;
        let words = part.words;
        match part.command {
            0x72 => {
                self.dialects = part
                    .bytes
                    .split(|b| *b == 0)
                    .filter(|name| !name.is_empty())
                    .take(32)
                    .map(|name| crate::ber::text(name.strip_prefix(&[2]).unwrap_or(name)))
                    .collect();
                request.access = self.dialects.join(",").into();
                request.access_is = "dialects";
            }
            0x73 => self.session_setup(header, part, &mut request, out),
            0x75 => {
                let length = usize::from(le16(words, 6).unwrap_or(0));
                let mut strings = part.strings(length, header.is_unicode);
                request.object = strings.next();
            }
            0x70 => request.object = crate::ber::text(part.bytes.get(1..).unwrap_or_default()),
            0xa2 => {
                let length = usize::from(le16(words, 5).unwrap_or(0));
                let name = part.name(length, header.is_unicode);
                request.object = self.path(header, &name);
                request.is_pipe = request.object.to_ascii_lowercase().starts_with("ipc$");
                let access = le32(words, 15).unwrap_or(0);
                request.access = access_names(access);
                if request.is_pipe {
                    request.verb = Some(Verb::Other);
                } else if le32(words, 39).is_some_and(|options| options & 0x1000 != 0) {
                    request.name = Some("delete on close");
                }
            }
            0x2d => {
                let name = part.name(usize::MAX, header.is_unicode);
                request.object = self.path(header, &name);
                request.is_pipe = request.object.to_ascii_lowercase().starts_with("ipc$");
            }
            0x00 | 0x01 | 0x06 | 0x08 | 0x09 | 0x10 | 0x02 | 0x03 => {
                let mut strings = part.strings(1, header.is_unicode);
                let name = strings.next();
                request.object = self.path(header, &name);
            }
            0x07 | 0xa5 => {
                let mut strings = part.strings(1, header.is_unicode);
                let old = strings.next();
                strings.skip(1);
                request.to = strings.next();
                request.object = self.path(header, &old);
            }
            0x2e => {
                file = le16(words, 4).unwrap_or(0);
                request.object = self.object(file);
                request.size = le16(words, 10).unwrap_or(0).into();
            }
            0x2f => {
                file = le16(words, 4).unwrap_or(0);
                request.object = self.object(file);
                let length =
                    usize::from(le16(words, 20).unwrap_or(0)) | usize::from(le16(words, 18).unwrap_or(0)) << 16;
                request.size = length as u64;
                let at = usize::from(le16(words, 22).unwrap_or(0));
                let data = part.at(at, length);
                pipe(self.files.get(&file), data, length, context, out);
            }
            0x04 | 0x05 | 0x0a | 0x0b | 0x22 | 0x23 => {
                file = le16(words, 0).unwrap_or(0);
                request.object = self.object(file);
            }
            0x24 => {
                file = le16(words, 4).unwrap_or(0);
                request.object = self.object(file);
            }
            0x71 => request.object = self.trees.get(&header.tree).cloned().unwrap_or_default(),
            0x25 => {
                let name = part.name(usize::MAX, header.is_unicode);
                request.object = name;
                request.name = Some("transaction");
                if le16(words, 28) == Some(0x26) {
                    request.name = Some("transact named pipe");
                    file = le16(words, 30).unwrap_or(0);
                    let name = self.object(file);
                    if !name.is_empty() {
                        request.object = name;
                    }
                    let length = usize::from(le16(words, 22).unwrap_or(0));
                    let data = part.at(le16(words, 24).unwrap_or(0).into(), length);
                    pipe(self.files.get(&file), data, length, context, out);
                }
            }
            0x32 => self.transaction2(header, part, &mut request, &mut file),
            _ => {}
        }
        if matches!(part.command, 0x04 | 0x2e | 0x2f) && self.files.get(&file).is_some_and(|open| open.pipe.is_some()) {
            request.verb = Some(Verb::Other);
        }
        (request, file)
    }

    /// Transaction2 (MS-CIFS 2.2.6): the first word of the setup says what it is.
    fn transaction2(&mut self, header: &Header, part: &Command<'_>, request: &mut Request, file: &mut u16) {
        let words = part.words;
        let parameters = part.at(le16(words, 20).unwrap_or(0).into(), le16(words, 18).unwrap_or(0).into());
        let text = |at: usize| {
            let bytes = parameters.get(at..).unwrap_or_default();
            if header.is_unicode {
                utf16(bytes)
            } else {
                crate::ber::text(bytes.split(|b| *b == 0).next().unwrap_or(&[]))
            }
        };
        let (name, path) = match le16(words, 28) {
            Some(0) => ("open2", Some(text(28))),
            Some(1) => ("find first2", Some(text(12))),
            Some(2) => ("find next2", Some(text(12))),
            Some(3) => ("query file system information", None),
            Some(5) => ("query path information", Some(text(6))),
            Some(6) => ("set path information", Some(text(6))),
            Some(7) => ("query file information", None),
            Some(8) => ("set file information", None),
            Some(13) => ("create directory", Some(text(4))),
            Some(16) => ("get dfs referral", Some(text(2))),
            _ => ("transaction2", None),
        };
        request.name = Some(name);
        if matches!(le16(words, 28), Some(7 | 8)) {
            *file = le16(parameters, 0).unwrap_or(0);
            request.object = self.object(*file);
            // SMB_SET_FILE_DISPOSITION_INFO and its passthrough form.
            if le16(words, 28) == Some(8) {
                request.verb = Some(Verb::File);
                if matches!(le16(parameters, 2), Some(0x0102 | 1_013)) {
                    request.name = Some("delete");
                }
            }
        }
        if matches!(le16(words, 28), Some(0 | 6 | 13)) {
            request.verb = Some(Verb::File);
        }
        if let Some(path) = path {
            request.object = if le16(words, 28) == Some(16) { path } else { self.path(header, &path) };
        }
    }

    /// Three forms: with a security blob (12 words), with LM and NT responses (13), of LAN Manager (10).
    fn session_setup(&mut self, header: &Header, part: &Command<'_>, request: &mut Request, out: &mut Output<'_>) {
        let words = part.words;
        let (system, manager);
        if words.len() == 24 {
            let length = usize::from(le16(words, 14).unwrap_or(0));
            let token = part.bytes.get(..length).unwrap_or(part.bytes);
            request.method = method(token);
            if let Some(ntlm) = ntlm::tell(token, "smb", out) {
                request.is_first_leg = ntlm.kind == 1;
                if ntlm.kind == 3 {
                    request.user = user(&ntlm.domain, &ntlm.user, ntlm.is_anonymous);
                    request.access = ntlm.version.into();
                    request.access_is = "version";
                }
            }
            let mut strings = part.strings(length, header.is_unicode);
            system = strings.next();
            manager = strings.next();
        } else {
            let lm = usize::from(le16(words, 14).unwrap_or(0));
            let nt = if words.len() == 26 { usize::from(le16(words, 16).unwrap_or(0)) } else { 0 };
            let mut strings = part.strings(lm.saturating_add(nt), header.is_unicode);
            let account = strings.next();
            let domain = strings.next();
            system = strings.next();
            manager = strings.next();
            let is_anonymous = account.is_empty() && lm <= 1 && nt == 0;
            request.user = user(&domain, &account, is_anonymous);
            let kind = match (lm, nt) {
                _ if is_anonymous => "smb anonymous (null session)",
                (_, 24) => "smb NTLMv1",
                (_, nt) if nt > 24 => "smb NTLMv2",
                (24, _) => "smb LM",
                (1.., _) => "smb password",
                _ => "",
            };
            out.fact(About::Server, FactKey::Credential, kind, "session setup", Confidence::Certain);
            out.fact(About::Client, FactKey::User, &account, "session setup", Confidence::Likely);
            out.fact(About::Client, FactKey::Domain, &domain, "session setup", Confidence::Likely);
        }
        out.fact(About::Client, FactKey::Os, &system, "native os", Confidence::Likely);
        out.fact(About::Client, FactKey::Software, &manager, "native lan manager", Confidence::Likely);
    }

    fn answer(
        &mut self,
        header: &Header,
        part: &Command<'_>,
        found: Option<(model::Time, (Request, u16))>,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let is_good = header.status < 0xc000_0000;
        let words = part.words;
        let mut note = ("", Text::default());
        let is_first_leg = part.command == 0x73 && header.status == status::MORE_PROCESSING;
        let request = found.as_ref().map(|(_, (request, _))| request);
        let file = found.as_ref().map_or(0, |(_, (_, file))| *file);
        if is_good && part.command != 0x72 && !self.has_told {
            self.has_told = true;
            tell_dialect("1", out);
        }
        match part.command {
            0x72 if is_good => note = ("dialect", self.negotiated(header, part, out)),
            0x73 if is_good || is_first_leg => {
                let blob = if words.len() == 8 { usize::from(le16(words, 6).unwrap_or(0)) } else { 0 };
                ntlm::tell(part.bytes.get(..blob).unwrap_or_default(), "smb", out);
                let mut strings = part.strings(blob, header.is_unicode);
                let (system, manager, domain) = (strings.next(), strings.next(), strings.next());
                out.fact(About::Server, FactKey::Os, &system, "native os", Confidence::Certain);
                out.fact(About::Server, FactKey::Software, &manager, "native lan manager", Confidence::Certain);
                out.fact(About::Server, FactKey::Domain, &domain, "primary domain", Confidence::Certain);
                if header.status == 0 && le16(words, 4).is_some_and(|action| action & 1 != 0) {
                    out.fact(About::Server, FactKey::Credential, "smb guest", "session setup", Confidence::Certain);
                }
            }
            0x75 | 0x70 if is_good => {
                if let Some(request) = request {
                    let name = share(&request.object);
                    out.fact(About::Server, FactKey::Share, name, "tree connect", Confidence::Certain);
                    self.trees.put(header.tree, name.into());
                }
            }
            0xa2 | 0x2d if is_good => {
                let id = le16(words, if part.command == 0xa2 { 5 } else { 4 });
                if let (Some(id), Some(request)) = (id, request) {
                    let inner = request.is_pipe.then(Box::<Inner>::default);
                    self.files.put(id, Open { name: request.object.clone(), pipe: inner });
                }
                if part.command == 0xa2 {
                    let action = match le32(words, 7) {
                        Some(1) => "opened",
                        Some(2) => "created",
                        Some(3) => "overwritten",
                        _ => "",
                    };
                    note = ("action", action.into());
                }
            }
            0x2e if is_good => {
                let length = usize::from(le16(words, 10).unwrap_or(0));
                let data = part.at(le16(words, 12).unwrap_or(0).into(), length);
                pipe(self.files.get(&file), data, length, context, out);
            }
            0x25 if is_good && file != 0 => {
                let length = usize::from(le16(words, 12).unwrap_or(0));
                let data = part.at(le16(words, 14).unwrap_or(0).into(), length);
                pipe(self.files.get(&file), data, length, context, out);
            }
            0x04 if is_good => {
                if let Some(mut open) = self.files.take(&file)
                    && let Some(inner) = &mut open.pipe
                {
                    inner.end(out);
                }
            }
            _ => {}
        }
        let draft = match &found {
            Some((at, (request, _))) => {
                let mut draft = request.draft(*at);
                if part.command == 0x73 {
                    draft = draft.object(request.user.as_str());
                    if request.is_first_leg || is_first_leg {
                        draft = draft.verb(Verb::Other);
                    }
                }
                draft
            }
            None => Draft::new(&PROTOCOL, part.command.into()),
        };
        let draft = if note.1.is_empty() { draft } else { draft.extra(note.0, note.1) };
        out.act(finish(draft, context.at, header.status).message("smb", part.command.into()));
    }

    /// The answer to negotiate: dialect, signing, time zone, names.
    fn negotiated(&mut self, header: &Header, part: &Command<'_>, out: &mut Output<'_>) -> Text {
        let words = part.words;
        let index = le16(words, 0).unwrap_or(u16::MAX);
        if index == u16::MAX {
            return Text::const_new("none");
        }
        self.has_told = true;
        tell_dialect("1", out);
        if words.len() == 34 {
            let mode = words.get(2).copied().unwrap_or(0);
            tell_signing(mode & 8 != 0, out);
            if mode & 2 == 0 {
                out.fact(
                    About::Server,
                    FactKey::ChannelSecurity,
                    "smb passwords in the clear",
                    "negotiate",
                    Confidence::Certain,
                );
            }
            if let Some(minutes) = le16(words, 31).map(|zone| (zone as i16).saturating_neg()) {
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
                let zone = format_compact!("UTC{sign}{hours:02}:{minutes:02}");
                out.fact(About::Server, FactKey::TimeZone, &zone, "negotiate", Confidence::Certain);
            }
            let has_blob = le32(words, 19).is_some_and(|capabilities| capabilities & 0x8000_0000 != 0);
            if !has_blob {
                let challenge = usize::from(words.get(33).copied().unwrap_or(0));
                // Domain and server follow unaligned here.
                let names = part.bytes.get(challenge..).unwrap_or_default();
                let mut strings = Strings { bytes: names, at: 0, is_unicode: header.is_unicode };
                let domain = strings.next();
                let server = strings.next();
                out.fact(About::Server, FactKey::Domain, &domain, "negotiate", Confidence::Certain);
                out.fact(About::Server, FactKey::Hostname, &server, "negotiate", Confidence::Certain);
            }
        }
        self.dialects.get(usize::from(index)).cloned().unwrap_or_default()
    }
}

fn header(message: &[u8]) -> Option<Header> {
    let mut r = Reader::new(message);
    r.skip(5, "protocol, command").ok()?;
    let [class, _, low, high] = r.array::<4>("status").ok()?;
    let flags = r.u8("flags").ok()?;
    let flags2 = r.u16_le("flags2").ok()?;
    r.skip(12, "process id, signature, reserved").ok()?;
    let tree = r.u16_le("tree id").ok()?;
    let process = r.u16_le("process id").ok()?;
    r.skip(2, "user id").ok()?;
    let multiplex = r.u16_le("multiplex id").ok()?;
    let code = u16::from_le_bytes([low, high]);
    let status = if flags2 & 0x4000 != 0 { le32(message, 5).unwrap_or(0) } else { status::from_dos(class, code) };
    Some(Header { status, is_answer: flags & 0x80 != 0, is_unicode: flags2 & 0x8000 != 0, tree, process, multiplex })
}

/// The command whose words begin at `at`.
fn part(message: &[u8], command: u8, at: usize) -> Option<Command<'_>> {
    let count = usize::from(*message.get(at)?).saturating_mul(2);
    let words_at = at.saturating_add(1);
    let words = message.get(words_at..words_at.saturating_add(count))?;
    let count_at = words_at.saturating_add(count);
    let length = usize::from(le16(message, count_at).unwrap_or(0));
    let bytes_at = count_at.saturating_add(2);
    let bytes = message.get(bytes_at..).unwrap_or_default();
    let bytes = bytes.get(..length).unwrap_or(bytes);
    Some(Command { command, words, bytes, bytes_at, message })
}

impl<'a> Command<'a> {
    /// Bytes at an offset from the header, as far as they are there.
    fn at(&self, at: usize, length: usize) -> &'a [u8] {
        let bytes = self.message.get(at..).unwrap_or_default();
        bytes.get(..length).unwrap_or(bytes)
    }

    /// Text after text in the bytes, from `skip` on.
    fn strings(&self, skip: usize, is_unicode: bool) -> Strings<'a> {
        let is_odd = self.bytes_at.saturating_add(skip) % 2 == 1;
        let skip = if is_unicode && is_odd { skip.saturating_add(1) } else { skip };
        Strings { bytes: self.bytes, at: skip, is_unicode }
    }

    /// The name in the bytes, of at most `length` bytes.
    fn name(&self, length: usize, is_unicode: bool) -> Text {
        let mut strings = self.strings(0, is_unicode);
        if length != usize::MAX && !is_unicode {
            return crate::ber::text(self.bytes.get(..length).unwrap_or(self.bytes).trim_ascii_end());
        }
        if length != usize::MAX {
            let name = self.bytes.get(strings.at..).unwrap_or_default();
            return utf16(name.get(..length).unwrap_or(name));
        }
        strings.next()
    }
}

/// Texts that end with a zero, one after the other.
struct Strings<'a> {
    bytes: &'a [u8],
    at: usize,
    is_unicode: bool,
}

impl Strings<'_> {
    fn next(&mut self) -> Text {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if self.is_unicode {
            let units = rest.as_chunks::<2>().0;
            let length = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
            self.at = self.at.saturating_add(length.saturating_mul(2)).saturating_add(2);
            utf16(rest)
        } else {
            let length = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
            self.at = self.at.saturating_add(length).saturating_add(1);
            crate::ber::text(rest.get(..length).unwrap_or_default())
        }
    }

    /// Passes over `count` bytes, and over the padding that then aligns Unicode.
    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
        if self.is_unicode && self.at % 2 == 1 {
            self.at = self.at.saturating_add(1);
        }
    }
}
