//! SMB 2 and 3 (MS-SMB2): compounds, and what each command says.

use compact_str::format_compact;
use model::{Confidence, FactKey, Text, Verb};

use super::{
    FILES_MAX, Names, Open, PROTOCOL, Request, TREES_MAX, finish, join, le16, le32, le64, method, pipe, share, status,
    tell_dialect, tell_signing,
};
use crate::protocols::ntlm::{self, utf16};
use crate::{About, Context, Draft, Exchange, Inner, Output, Speaker};

const HEADER: usize = 64;

/// Commands in one message.
const COMPOUND_MAX: usize = 64;

/// The file of the command before, in a compound.
const RELATED: [u8; 16] = [0xff; 16];

/// FSCTL_PIPE_TRANSCEIVE.
const TRANSCEIVE: u32 = 0x0011_c017;

/// Control codes that are worth a name (MS-FSCC 2.3).
const CONTROLS: &[(u32, &str)] = &[
    (0x0006_0194, "get dfs referrals"),
    (0x0009_0064, "set zero data on close"),
    (0x0009_009c, "get object id"),
    (0x0009_00a4, "set reparse point"),
    (0x0009_00a8, "get reparse point"),
    (0x0011_0018, "pipe wait"),
    (0x0011_400c, "pipe peek"),
    (0x0011_c017, "pipe transceive"),
    (0x0014_0078, "request resume key"),
    (0x0014_0204, "validate negotiate info"),
    (0x0014_01d4, "lmr request resiliency"),
    (0x0014_01fc, "query network interface info"),
    (0x0014_40f2, "copy chunk"),
    (0x0014_4064, "enumerate snapshots"),
];

pub(super) struct Two {
    exchange: Exchange<u64, Request>,
    trees: Names<u32, Text>,
    files: Names<[u8; 16], Open>,
    /// What the last create of the compound being read names.
    last_name: Text,
    last_file: [u8; 16],
}

impl Default for Two {
    fn default() -> Self {
        Two {
            exchange: Exchange::default(),
            trees: Names::new(TREES_MAX),
            files: Names::new(FILES_MAX),
            last_name: Text::default(),
            last_file: [0; 16],
        }
    }
}

impl Two {
    pub(super) fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut rest = message;
        self.last_name = Text::default();
        self.last_file = [0; 16];
        for _ in 0..COMPOUND_MAX {
            let next = le32(rest, 20).unwrap_or(0) as usize;
            let command = if next >= HEADER { rest.get(..next).unwrap_or(rest) } else { rest };
            if !command.starts_with(b"\xfeSMB") {
                out.malformed(message.len().saturating_sub(rest.len()), "header", "not SMB 2");
                return;
            }
            self.command(command, context, out);
            if next < HEADER {
                break;
            }
            match rest.get(next..) {
                Some(after) if !after.is_empty() => rest = after,
                _ => break,
            }
        }
        while let Some((_, at, request)) = self.exchange.overdue(context.at) {
            // What waits for a change may wait for days.
            out.act(if request.code == 271 { request.draft(at) } else { request.draft(at).no_answer() });
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
        for (_, at, request) in self.exchange.drain() {
            out.act(if matches!(request.code, 268 | 271) { request.draft(at) } else { request.draft(at).no_answer() });
        }
    }

    fn command(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let fields = (le16(message, 12), le32(message, 16), le64(message, 24), le32(message, 8));
        let (Some(command), Some(flags), Some(id), Some(code)) = fields else {
            out.malformed(0, "header", "too short");
            return;
        };
        let is_async = flags & 2 != 0;
        let tree = if is_async { 0 } else { le32(message, 36).unwrap_or(0) };
        let body = message.get(HEADER..).unwrap_or_default();
        let code_of_act = u32::from(command).saturating_add(256);
        if flags & 1 == 0 {
            if context.speaker == Speaker::Server {
                // Only servers break oplocks; anything else from there means that the roles are the other way round.
                out.swap_roles();
            }
            let request = self.request(code_of_act, tree, message, body, context, out);
            // A cancel has the id of what it cancels, and no answer.
            if command == 12 {
                out.act(request.draft(context.at));
                return;
            }
            if let Some((_, at, old)) = self.exchange.ask(id, context.at, request) {
                out.act(old.draft(at).no_answer());
            }
            return;
        }
        if code == status::PENDING && is_async {
            return;
        }
        let request = self.exchange.answer(&id);
        let at = request.as_ref().map(|(at, _)| *at);
        let request = match request {
            Some((_, request)) if request.code == code_of_act => Some(request),
            _ => None,
        };
        self.answer(code_of_act, code, tree, request, at, message, body, context, out);
    }

    /// Name of the file with `id`.
    fn file(&mut self, id: [u8; 16]) -> Text {
        if id == RELATED {
            return self.last_name.clone();
        }
        self.files.get(&id).map(|open| open.name.clone()).unwrap_or_default()
    }

    fn share_of(&mut self, tree: u32) -> Text {
        self.trees.get(&tree).cloned().unwrap_or_default()
    }

    fn request(
        &mut self,
        code: u32,
        tree: u32,
        message: &[u8],
        body: &[u8],
        context: &Context,
        out: &mut Output<'_>,
    ) -> Request {
        let mut request = Request::new(code);
        let id = |at: usize| body.get(at..).and_then(|b| b.first_chunk::<16>()).copied().unwrap_or_default();
        // Offsets in bodies count from the header.
        let buffer = |offset: Option<u16>, length: Option<u16>| -> &[u8] {
            let (Some(at), Some(length)) = (offset, length) else { return &[] };
            let (at, length) = (usize::from(at), usize::from(length));
            message.get(at..at.saturating_add(length)).or_else(|| message.get(at..)).unwrap_or_default()
        };
        match code - 256 {
            0 => {
                let count = usize::from(le16(body, 2).unwrap_or(0)).min(16);
                let names: Vec<Text> = (0..count).filter_map(|i| le16(body, 36 + 2 * i)).map(dialect).collect();
                request.access = names.join(",").into();
                request.access_is = "dialects";
            }
            1 => {
                let token = buffer(le16(body, 12), le16(body, 14));
                request.method = method(token);
                if let Some(ntlm) = ntlm::tell(token, "smb", out) {
                    request.is_first_leg = ntlm.kind == 1;
                    if ntlm.kind == 3 {
                        request.user = user(&ntlm.domain, &ntlm.user, ntlm.is_anonymous);
                        request.access = ntlm.version.into();
                        request.access_is = "version";
                    }
                }
            }
            3 => request.object = utf16(buffer(le16(body, 4), le16(body, 6))),
            4 => request.object = self.share_of(tree),
            5 => {
                let share = self.share_of(tree);
                request.is_pipe = share.eq_ignore_ascii_case("ipc$");
                request.object = join(&share, &utf16(buffer(le16(body, 44), le16(body, 46))));
                let access = le32(body, 24).unwrap_or(0);
                request.access = access_names(access);
                if request.is_pipe {
                    request.verb = Some(Verb::Other);
                } else if le32(body, 40).is_some_and(|options| options & 0x1000 != 0) {
                    request.name = Some("delete on close");
                } else if access & 0x4001_0156 == 0 && access & 0x8000_0001 == 0 {
                    // Neither data nor attributes are wanted: looking.
                    request.verb = Some(Verb::Browse);
                }
                self.last_name = request.object.clone();
            }
            command @ (6 | 7 | 10 | 11 | 14 | 15 | 18) => {
                request.file = id(8);
                request.object = self.file(request.file);
                if command == 11 {
                    let control = le32(body, 4).unwrap_or(0);
                    let known = CONTROLS.iter().find(|(code, _)| *code == control);
                    request.to =
                        known.map_or_else(|| format_compact!("0x{control:08x}"), |(_, name)| Text::const_new(name));
                    if control == TRANSCEIVE {
                        let at = le32(body, 24).unwrap_or(0) as usize;
                        let length = le32(body, 28).unwrap_or(0) as usize;
                        let data = message.get(at..at.saturating_add(length)).unwrap_or_default();
                        pipe(self.files.get(&request.file), data, length, context, out);
                    }
                }
                if command == 14 {
                    request.to = utf16(buffer(le16(body, 24), le16(body, 26)));
                }
            }
            8 => {
                request.file = id(16);
                request.object = self.file(request.file);
                request.size = le32(body, 4).unwrap_or(0).into();
            }
            9 => {
                request.file = id(16);
                request.object = self.file(request.file);
                let length = le32(body, 4).unwrap_or(0) as usize;
                request.size = length as u64;
                let at = usize::from(le16(body, 2).unwrap_or(0));
                let data = message.get(at..).map(|data| data.get(..length).unwrap_or(data)).unwrap_or_default();
                pipe(self.files.get(&request.file), data, length, context, out);
            }
            16 => {
                request.file = id(24);
                request.object = self.file(request.file);
            }
            17 => {
                request.file = id(16);
                request.object = self.file(request.file);
                let length = le32(body, 4).unwrap_or(0) as usize;
                let at = usize::from(le16(body, 8).unwrap_or(0));
                let data = message.get(at..).map(|data| data.get(..length).unwrap_or(data)).unwrap_or_default();
                match (body.get(2), body.get(3)) {
                    (Some(1), Some(10)) => {
                        request.name = Some("rename");
                        let length = le32(data, 16).unwrap_or(0) as usize;
                        let name = data.get(20..20_usize.saturating_add(length)).unwrap_or_default();
                        request.to = utf16(name);
                    }
                    (Some(1), Some(13 | 64)) if data.first().is_some_and(|flag| flag & 1 != 0) => {
                        request.name = Some("delete");
                    }
                    (Some(1), Some(20)) => request.name = Some("set end of file"),
                    (Some(3), _) => request.name = Some("set security"),
                    _ => {}
                }
            }
            _ => {}
        }
        // Whole paths are for opening; what happens to a pipe is the pipe's matter.
        if request.verb.is_none()
            && matches!(code, 262..=265)
            && self.files.get(&request.file).is_some_and(|open| open.pipe.is_some())
        {
            request.verb = Some(Verb::Other);
        }
        request
    }

    fn answer(
        &mut self,
        code: u32,
        status_code: u32,
        tree: u32,
        request: Option<Request>,
        asked: Option<model::Time>,
        message: &[u8],
        body: &[u8],
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let is_good = status_code < 0xc000_0000;
        let buffer = |offset: Option<u16>, length: Option<u16>| -> &[u8] {
            let (Some(at), Some(length)) = (offset, length) else { return &[] };
            let (at, length) = (usize::from(at), usize::from(length));
            message.get(at..at.saturating_add(length)).or_else(|| message.get(at..)).unwrap_or_default()
        };
        let mut note = ("", Text::default());
        let mut is_first_leg = false;
        match code - 256 {
            0 if is_good => {
                let name = dialect(le16(body, 4).unwrap_or(0));
                // 2.FF only says that SMB 2 is spoken at all.
                if name != "2.?" {
                    tell_dialect(&name, out);
                }
                tell_signing(le16(body, 2).is_some_and(|mode| mode & 2 != 0), out);
                note = ("dialect", name);
            }
            1 => {
                ntlm::tell(buffer(le16(body, 4), le16(body, 6)), "smb", out);
                is_first_leg = status_code == status::MORE_PROCESSING;
                if status_code == 0 {
                    let kind = match le16(body, 2) {
                        Some(flags) if flags & 1 != 0 => "smb guest",
                        Some(flags) if flags & 2 != 0 => "smb anonymous (null session)",
                        _ => "",
                    };
                    out.fact(About::Server, FactKey::Credential, kind, "session setup flags", Confidence::Certain);
                }
            }
            3 if is_good => {
                if let Some(request) = &request {
                    let name = share(&request.object);
                    out.fact(About::Server, FactKey::Share, name, "tree connect", Confidence::Certain);
                    self.trees.put(tree, name.into());
                }
                let kind = match body.get(2) {
                    Some(1) => "disk",
                    Some(2) => "pipe",
                    Some(3) => "print",
                    _ => "",
                };
                note = ("share type", kind.into());
            }
            5 if is_good => {
                let id = body.get(64..).and_then(|b| b.first_chunk::<16>()).copied();
                if let (Some(id), Some(request)) = (id, &request) {
                    let inner = request.is_pipe.then(Box::<Inner>::default);
                    self.files.put(id, Open { name: request.object.clone(), pipe: inner });
                    self.last_file = id;
                }
                let action = match le32(body, 4) {
                    Some(0) => "superseded",
                    Some(1) => "opened",
                    Some(2) => "created",
                    Some(3) => "overwritten",
                    _ => "",
                };
                note = ("action", action.into());
            }
            6 => {
                let id = request.as_ref().map(|request| request.file).unwrap_or_default();
                let id = if id == RELATED { self.last_file } else { id };
                if let Some(mut open) = self.files.take(&id)
                    && let Some(inner) = &mut open.pipe
                {
                    inner.end(out);
                }
            }
            8 if is_good => {
                let length = le32(body, 4).unwrap_or(0) as usize;
                let at = usize::from(body.get(2).copied().unwrap_or(0));
                let id = request.as_ref().map(|request| request.file).unwrap_or_default();
                let data = message.get(at..).map(|data| data.get(..length).unwrap_or(data)).unwrap_or_default();
                pipe(self.files.get(&id), data, length, context, out);
            }
            11 if is_good && le32(body, 4) == Some(TRANSCEIVE) => {
                let at = le32(body, 32).unwrap_or(0) as usize;
                let length = le32(body, 36).unwrap_or(0) as usize;
                let id = body.get(8..).and_then(|b| b.first_chunk::<16>()).copied().unwrap_or_default();
                let data = message.get(at..).map(|data| data.get(..length).unwrap_or(data)).unwrap_or_default();
                pipe(self.files.get(&id), data, length, context, out);
            }
            _ => {}
        }
        let draft = match (&request, asked) {
            (Some(request), Some(at)) => {
                let mut draft = request.draft(at);
                if code == 257 {
                    draft = draft.object(request.user.as_str());
                    if request.is_first_leg || is_first_leg {
                        draft = draft.verb(Verb::Other);
                    }
                }
                draft
            }
            // An unasked break of an oplock, or an answer whose request was not seen.
            _ => {
                let draft = Draft::new(&PROTOCOL, code);
                let draft = if is_first_leg { draft.verb(Verb::Other) } else { draft };
                if code == 274 { draft.from_server() } else { draft }
            }
        };
        let draft = if note.1.is_empty() { draft } else { draft.extra(note.0, note.1) };
        out.act(finish(draft, context.at, status_code).message("smb", code));
    }
}

/// Domain and user, as people write them.
pub(super) fn user(domain: &str, user: &str, is_anonymous: bool) -> Text {
    match (domain, user) {
        _ if is_anonymous => Text::const_new("anonymous"),
        ("", user) => user.into(),
        (domain, user) => format_compact!("{domain}\\{user}"),
    }
}

/// What a create wants to do.
pub(super) fn access_names(access: u32) -> Text {
    let kinds = [
        (0x8000_0001_u32, "read"),
        (0x4000_0006, "write"),
        (0x2000_0020, "execute"),
        (0x0001_0000, "delete"),
        (0x000c_0000, "change security"),
        (0x1000_0000, "all"),
    ];
    let names: Vec<&str> = kinds.iter().filter(|(bits, _)| access & bits != 0).map(|(_, name)| *name).collect();
    names.join(",").into()
}

/// The name of a dialect.
fn dialect(number: u16) -> Text {
    match number {
        0x0202 => Text::const_new("2.0.2"),
        0x0210 => Text::const_new("2.1"),
        0x02ff => Text::const_new("2.?"),
        0x0300 => Text::const_new("3.0"),
        0x0302 => Text::const_new("3.0.2"),
        0x0311 => Text::const_new("3.1.1"),
        other => format_compact!("0x{other:04x}"),
    }
}
