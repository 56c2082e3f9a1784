//! TFTP: files without a login, as boot loaders, switches and drives fetch them.

use compact_str::format_compact;
use model::{Object, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Opcodes: RFC 1350, section 5; 6 is RFC 2347's.
const CODES: &[Code] = &[
    code(1, "read request", Verb::File),
    code(2, "write request", Verb::File),
    code(3, "data", Verb::File),
    code(4, "acknowledgement", Verb::File),
    code(5, "error", Verb::File),
    code(6, "option acknowledgement", Verb::File),
];

/// TFTP.
pub static PROTOCOL: Protocol = Protocol {
    id: "tftp",
    title: "TFTP",
    about: "Moves files such as firmware and configurations without any login.",
    depth: "Requests with file names and options, transfers with their size, errors.",
    documents: &["RFC 1350 The TFTP Protocol (1992)", "RFC 2347 TFTP Option Extension (1998)"],
    carriers: &[Carrier::Udp(&[69])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Tftp::default()),
};

const ERRORS: &[&str] = &[
    "not defined",
    "file not found",
    "access violation",
    "disk full",
    "illegal operation",
    "unknown transfer id",
    "file already exists",
    "no such user",
    "option refused",
];

/// Topic of the shared table: the file that is moved to or from an address and port.
const FILE: &str = "tftp file";

/// A transfer under way.
#[derive(Default)]
struct Tftp {
    file: Option<Text>,
    began: Option<Time>,
    bytes: u64,
    /// Data, acknowledgements, option acknowledgements.
    counts: [u32; 3],
    is_over: bool,
}

/// File name and mode of a request.
fn request<'a>(r: &mut Reader<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut parts = r.rest().splitn(3, |byte| *byte == 0);
    let (file, mode) = (parts.next()?, parts.next()?);
    parts.next()?;
    let is_mode = [&b"octet"[..], b"netascii", b"mail", b"binary"].iter().any(|m| mode.eq_ignore_ascii_case(m));
    (is_mode && !file.is_empty()).then_some((file, mode))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let mut r = Reader::new(probe.bytes);
    match r.u16("opcode") {
        Ok(1 | 2) if request(&mut r).is_some() => Verdict::by(Match::Certain, Speaker::Client),
        // Malformed requests are worth telling on the usual port.
        Ok(1 | 2 | 5) if probe.destination_port == 69 => Verdict::by(Match::Weak, Speaker::Client),
        _ => Verdict::NO,
    }
}

impl Tftp {
    fn packet(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(bytes);
        let opcode = r.u16("opcode")?;
        let is_client = context.speaker == Speaker::Client;
        match opcode {
            1 | 2 => {
                let mut draft = Draft::new(&PROTOCOL, opcode.into()).message(PROTOCOL.id, opcode.into());
                let Some((file, mode)) = request(&mut r) else {
                    out.act(draft);
                    return Err(r.short("file name and mode", 2));
                };
                let (file, mode) = (crate::ber::text(file), crate::ber::text(mode));
                // The answer comes from another port to the client's (RFC 1350, section 4).
                let client = if is_client { out.client() } else { out.server() };
                if let (Some(ip), Some(port)) = (client.ip, client.port) {
                    out.expect(ip, port, PROTOCOL.id);
                    out.share(FILE, format_compact!("{ip} {port}"), file.clone());
                }
                draft = draft.object(file).extra("mode", mode);
                out.act(if is_client { draft } else { draft.from_server() });
            }
            3 => {
                r.u16("block")?;
                self.begin(context);
                self.count(0);
                let size = context.wire_len.saturating_sub(4);
                self.bytes = self.bytes.saturating_add(size as u64);
                // A short block is the last one; options may change what short means, then the flow's end tells.
                if size < 512 {
                    self.is_over = true;
                }
            }
            4 | 6 => {
                self.begin(context);
                self.count(if opcode == 4 { 1 } else { 2 });
                if opcode == 4 && self.is_over {
                    self.tell(out);
                }
            }
            5 => {
                let number = r.u16("error code")?;
                self.tell(out);
                let name = ERRORS.get(usize::from(number)).map(|name| Text::const_new(name));
                let name = name.unwrap_or_else(|| format_compact!("0x{number:04x}"));
                let draft = Draft::new(&PROTOCOL, 5).message(PROTOCOL.id, 5).refused(context.at, number.into(), name);
                let draft =
                    draft.extra("message", crate::ber::text(r.rest().split(|b| *b == 0).next().unwrap_or_default()));
                let draft = draft.object(self.object(out));
                out.act(if is_client { draft } else { draft.from_server() });
            }
            _ => return Err(r.short("known opcode", 0)),
        }
        Ok(())
    }

    fn begin(&mut self, context: &Context) {
        self.began.get_or_insert(context.at);
    }

    fn count(&mut self, which: usize) {
        if let Some(count) = self.counts.get_mut(which) {
            *count = count.saturating_add(1);
        }
    }

    /// The file that the request named, which came in another flow.
    fn object(&mut self, out: &Output<'_>) -> Object {
        if self.file.is_none() {
            let shared = |end: model::Address| out.shared(FILE, &format_compact!("{} {}", end.ip?, end.port?));
            self.file = shared(out.server()).or_else(|| shared(out.client()));
        }
        self.file.clone().map_or(Object::None, Object::Text)
    }

    /// A transfer is one act, however many blocks it had.
    fn tell(&mut self, out: &mut Output<'_>) {
        let Some(began) = self.began.take() else { return };
        let object = self.object(out);
        let mut draft = Draft::named(3, "transfer", Verb::File).object(object).asked(began).done(out.at());
        draft = draft.extra("bytes", format_compact!("{}", self.bytes));
        let mut messages = model::Messages::none();
        for (code, count) in [3, 4, 6].into_iter().zip(std::mem::take(&mut self.counts)) {
            if count > 0 {
                messages.add(PROTOCOL.id, code, count);
            }
        }
        (self.bytes, self.is_over) = (0, false);
        out.act(draft.messages(messages));
    }
}

impl Decoder for Tftp {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.packet(bytes, context, out) {
            out.short(&short);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.tell(out);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog, torture};

    const READ: &str = "0001 66772e62696e 00 6f63746574 00";

    #[test]
    fn a_file_is_fetched() {
        Dialog::datagrams(&PROTOCOL).client(READ).server("0003 0001 61626364").client("0004 0001").end_is(expect![[
            r#"
                C > S tftp [file] read request | fw.bin -> asked mode=octet {tftp 1: 1}
                C > S tftp [file] transfer | fw.bin -> done in 1000 us bytes=4 {tftp 3: 1} {tftp 4: 1}
            "#
        ]]);
    }

    #[test]
    fn no_such_file() {
        Dialog::datagrams(&PROTOCOL).client(READ).server("0005 0001 6e6f 00").end_is(expect![[r#"
            C > S tftp [file] read request | fw.bin -> asked mode=octet {tftp 1: 1}
            S > C tftp [file] error | fw.bin -> refused (1 file not found) message=no {tftp 5: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        assert_eq!(testing::probe(&PROTOCOL, READ).matched, Match::Certain);
        torture(&PROTOCOL, &[READ, "0003 0001 61626364", "0005 0001 6e6f 00"]);
    }
}
