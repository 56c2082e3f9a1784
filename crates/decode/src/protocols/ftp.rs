//! FTP: users, whether passwords pass in the clear, commands, files, the ports of transfers.

use std::net::{IpAddr, Ipv4Addr};

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Time, Verb};

use crate::ber::text;
use crate::protocols::tls;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
    credential, lines,
};

/// Commands: RFC 959, 2228, 2428, 3659; the numbers are this program's.
const CODES: &[Code] = &[
    code(0, "greeting", Verb::Other),
    code(1, "user", Verb::Other),
    code(2, "pass", Verb::Login),
    code(3, "acct", Verb::Login),
    code(4, "quit", Verb::Other),
    code(5, "rein", Verb::Other),
    code(6, "port", Verb::Other),
    code(7, "pasv", Verb::Other),
    code(8, "eprt", Verb::Other),
    code(9, "epsv", Verb::Other),
    code(10, "type", Verb::Other),
    code(11, "mode", Verb::Other),
    code(12, "stru", Verb::Other),
    code(13, "retr", Verb::File),
    code(14, "stor", Verb::File),
    code(15, "stou", Verb::File),
    code(16, "appe", Verb::File),
    code(17, "dele", Verb::File),
    code(18, "rnfr", Verb::File),
    code(19, "rnto", Verb::File),
    code(20, "mkd", Verb::File),
    code(21, "rmd", Verb::File),
    code(22, "list", Verb::Browse),
    code(23, "nlst", Verb::Browse),
    code(24, "mlsd", Verb::Browse),
    code(25, "mlst", Verb::Browse),
    code(26, "cwd", Verb::Browse),
    code(27, "cdup", Verb::Browse),
    code(28, "pwd", Verb::Browse),
    code(29, "size", Verb::Browse),
    code(30, "mdtm", Verb::Browse),
    code(31, "stat", Verb::Browse),
    code(32, "syst", Verb::Identify),
    code(33, "feat", Verb::Identify),
    code(34, "help", Verb::Identify),
    code(35, "noop", Verb::Other),
    code(36, "abor", Verb::Other),
    code(37, "allo", Verb::Other),
    code(38, "rest", Verb::Other),
    code(39, "site", Verb::Other),
    code(40, "auth", Verb::Other),
    code(41, "pbsz", Verb::Other),
    code(42, "prot", Verb::Other),
    code(43, "opts", Verb::Other),
    code(44, "clnt", Verb::Other),
    code(45, "xpwd", Verb::Browse),
    code(46, "xcwd", Verb::Browse),
    code(47, "xmkd", Verb::File),
    code(48, "xrmd", Verb::File),
    code(49, "mfmt", Verb::File),
    code(50, "adat", Verb::Login),
    code(51, "ccc", Verb::Other),
    code(52, "smnt", Verb::Other),
    code(53, "host", Verb::Other),
    code(54, "lang", Verb::Other),
];

/// FTP.
pub static PROTOCOL: Protocol = Protocol {
    id: "ftp",
    title: "FTP",
    about: "Transfers files to and from controllers, panels and drives: recipes, logs, firmware; passwords pass in the clear.",
    depth: "Users, presence of passwords, published defaults, commands with their answers, file names, ports of transfers, change to TLS.",
    documents: &["RFC 959", "RFC 2228", "RFC 2428 (EPRT, EPSV)", "RFC 3659 (MLSD)", "RFC 4217 (FTP over TLS)"],
    carriers: &[Carrier::Tcp(&[21, 2121])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ftp::default()),
};

/// Words that only FTP begins lines with; `user`, `pass` and `quit` are others' too.
const OWN: &[&str] = &[
    "PASV", "EPSV", "PORT", "EPRT", "RETR", "STOR", "SYST", "FEAT", "CWD", "XPWD", "MLSD", "NLST", "TYPE", "MDTM",
    "PBSZ",
];

fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    if !probe.is_stream {
        return Verdict::NO;
    }
    match bytes {
        // A greeting says FTP as a rule; mail servers greet with the same number.
        [b'2', b'2', b'0', b' ' | b'-', rest @ ..] => {
            let end = rest.iter().position(|b| *b == b'\n');
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let has = |word: &[u8]| line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
            if has(b"smtp") || has(b"mail") {
                Verdict::NO
            } else if has(b"ftp") || has(b"filezilla") {
                Verdict::by(Match::Certain, Speaker::Server)
            } else if end.is_none() {
                Verdict::MORE
            } else {
                Verdict::by(Match::Weak, Speaker::Server)
            }
        }
        [b'2'] | [b'2', b'2'] | [b'2', b'2', b'0'] => Verdict::MORE,
        // Answers that mail does not have: 227 entering passive mode, 331 password, 150 opening, 226 done, 257 path.
        [b'2', b'2', b'7', b' ', ..] if has_numbers(bytes) => Verdict::by(Match::Certain, Speaker::Server),
        [b'3', b'3', b'1', b' ', ..] | [b'2', b'5', b'7', b' ', b'"', ..] | [b'2', b'1', b'5', b' ', ..] => {
            Verdict::by(Match::Weak, Speaker::Server)
        }
        bytes => match lines::starts_with_one_of(bytes, OWN) {
            Some(true) => Verdict::by(Match::Likely, Speaker::Client),
            Some(false) => match lines::starts_with_one_of(bytes, &["USER", "PASS", "AUTH TLS", "AUTH SSL"]) {
                Some(true) => Verdict::by(Match::Weak, Speaker::Client),
                Some(false) => Verdict::NO,
                None => Verdict::MORE,
            },
            None => Verdict::MORE,
        },
    }
}

fn has_numbers(line: &[u8]) -> bool {
    passive(line).is_some()
}

/// The address in `(10,0,0,1,7,138)`.
fn passive(line: &[u8]) -> Option<(Ipv4Addr, u16)> {
    let line = line.get(4..)?;
    let start = line.iter().position(|b| b.is_ascii_digit())?;
    let mut numbers = line
        .get(start..)?
        .split(|b| !b.is_ascii_digit())
        .map(|digits| std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u8>().ok()));
    let mut next = || numbers.next().flatten();
    let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    Some((address, u16::from_be_bytes([next()?, next()?])))
}

/// The port in `(|||1234|)`, or address and port in `|1|10.0.0.1|1234|`.
fn extended(text: &[u8]) -> Option<(Option<IpAddr>, u16)> {
    let start = text.iter().position(|b| *b == b'|')?;
    let mut parts = text.get(start..)?.split(|b| *b == b'|').skip(1);
    let _family = parts.next()?;
    let address = std::str::from_utf8(parts.next()?).ok().and_then(|address| address.parse().ok());
    let port = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    Some((address, port))
}

struct Request {
    at: Time,
    code: u32,
    name: Text,
    object: Text,
}

#[derive(Default)]
struct Ftp {
    /// Commands whose answer is due, oldest first.
    requests: std::collections::VecDeque<Request>,
    user: Text,
    /// What to say of the password when it is accepted.
    default: Option<Text>,
    renamed: Text,
    /// The number of the answer of several lines that is going on.
    several: Option<u16>,
    has_greeted: bool,
    tls: Option<Box<tls::Tls>>,
    is_secure: bool,
}

impl Ftp {
    fn request(&mut self, line: &[u8], context: &Context, out: &mut Output<'_>) {
        // Telnet's interrupt sequence may stand before an ABOR.
        let line = line.iter().position(|b| *b < 0xf0).and_then(|at| line.get(at..)).unwrap_or_default();
        let (word, parameter) = lines::command(line);
        if word.is_empty() {
            return;
        }
        let code = CODES.iter().skip(1).find(|row| row.name == word).map_or(0, |row| row.code);
        let mut object = Text::default();
        match code {
            1 => {
                self.user = text(parameter);
                credential::tell_user(&self.user, "user", out);
                object = self.user.clone();
            }
            2 | 3 => {
                let is_anonymous = matches!(self.user.to_ascii_lowercase().as_str(), "anonymous" | "ftp");
                if is_anonymous {
                    out.fact(About::Server, FactKey::Credential, "ftp anonymous", "user", Confidence::Certain);
                } else {
                    let password = String::from_utf8_lossy(parameter);
                    self.default = credential::tell("ftp password", &self.user, Some(&password), "pass", out);
                }
                object = self.user.clone();
            }
            6 => {
                // The parameter is read like the answer to PASV, which has a number before it.
                let padded = [b"000 ", parameter.get(..32).unwrap_or(parameter)].concat();
                if let Some((ip, port)) = passive(&padded) {
                    out.expect(IpAddr::V4(ip), port, "ftp-data");
                }
            }
            8 => {
                if let Some((Some(ip), port)) = extended(parameter) {
                    out.expect(ip, port, "ftp-data");
                }
            }
            18 => {
                self.renamed = text(parameter);
                object = self.renamed.clone();
            }
            19 => object = format_compact!("{} to {}", std::mem::take(&mut self.renamed), text(parameter)),
            50 => {}
            _ => object = text(parameter),
        }
        if self.requests.len() >= crate::limits::PENDING_MAX
            && let Some(old) = self.requests.pop_front()
        {
            out.act(start(&old).no_answer());
        }
        let request = Request { at: context.at, code, name: word, object };
        self.requests.push_back(request);
    }

    fn answer(&mut self, line: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some((number, is_more, words)) = lines::reply(line) else { return };
        match self.several {
            Some(several) if several == number && !is_more => self.several = None,
            Some(_) => return,
            None if is_more => {
                self.several = Some(number);
                self.about(number, words, out);
                return;
            }
            None => self.about(number, words, out),
        }
        // Answers that come before the answer.
        if number < 200 {
            return;
        }
        match number {
            227 => {
                if let Some((ip, port)) = passive(line) {
                    // Behind address translation the address is the wrong one; the server's own fits too.
                    out.expect(IpAddr::V4(ip), port, "ftp-data");
                    if let Some(server) = out.server().ip.filter(|server| *server != IpAddr::V4(ip)) {
                        out.expect(server, port, "ftp-data");
                    }
                }
            }
            229 => {
                if let (Some((_, port)), Some(server)) = (extended(words), out.server().ip) {
                    out.expect(server, port, "ftp-data");
                }
            }
            _ => {}
        }
        let said = text(words);
        let Some(request) = self.requests.pop_front() else {
            if number == 220 && !self.has_greeted {
                self.has_greeted = true;
                out.act(Draft::new(&PROTOCOL, 0).from_server().status(number.into(), said).message("ftp", 0));
            }
            return;
        };
        if matches!(request.code, 2 | 3) && (200..300).contains(&number) {
            credential::accepted(self.default.take(), "pass", out);
        }
        if request.code == 40 && number == 234 {
            self.is_secure = true;
        }
        let mut draft = start(&request);
        // A name that needs no password is a login on its own.
        if request.code == 1 && (number == 230 || number >= 400) {
            draft = draft.verb(Verb::Login);
        }
        let draft = if number >= 400 {
            draft.refused(context.at, number.into(), said)
        } else {
            draft.done(context.at).status(number.into(), said)
        };
        out.act(draft);
    }

    /// What answers say of the server.
    fn about(&mut self, number: u16, words: &[u8], out: &mut Output<'_>) {
        let words = text(words.get(..200).unwrap_or(words));
        match number {
            220 if !self.has_greeted => {
                out.fact(About::Server, FactKey::Software, &words, "greeting", Confidence::Likely);
            }
            215 => out.fact(About::Server, FactKey::Os, &words, "syst", Confidence::Likely),
            _ => {}
        }
    }
}

/// The start of a command's act.
fn start(request: &Request) -> Draft<'static> {
    let draft = match request.code {
        0 => Draft::named(0, request.name.clone(), Verb::Other),
        code => Draft::new(&PROTOCOL, code),
    };
    draft.asked(request.at).object(Object::Text(request.object.clone())).message("ftp", request.code)
}

impl Decoder for Ftp {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        match &mut self.tls {
            Some(tls) => tls.measure(bytes, speaker),
            None if self.is_secure && speaker == Speaker::Client => {
                self.tls = Some(Box::default());
                self.measure(bytes, speaker)
            }
            None => lines::measure(bytes),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        match (&mut self.tls, context.speaker) {
            (Some(tls), _) => out.within(&tls::PROTOCOL, |out| tls.read(message, context, out)),
            (None, Speaker::Client) => self.request(message, context, out),
            (None, Speaker::Server) => self.answer(message, context, out),
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.several = None;
        if let Some(tls) = &mut self.tls {
            tls.gap(speaker);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.end(out));
        }
        for request in self.requests.drain(..) {
            out.act(start(&request).no_answer());
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    #[test]
    fn a_login_and_a_file() {
        Dialog::stream(&PROTOCOL)
            .says(Speaker::Server, b"220 VxWorks (VxWorks5.4.2) FTP server ready\r\n")
            .says(Speaker::Client, b"USER sysdiag\r\n")
            .says(Speaker::Server, b"331 Password required\r\n")
            .says(Speaker::Client, b"PASS factorycast@schneider\r\n")
            .says(Speaker::Server, b"230 User logged in\r\n")
            .says(Speaker::Client, b"PASV\r\n")
            .says(Speaker::Server, b"227 Entering Passive Mode (10,0,0,2,4,1)\r\n")
            .says(Speaker::Client, b"STOR /FLASH0/fw.bin\r\n")
            .says(Speaker::Server, b"150 Opening\r\n226 Transfer complete\r\n")
            .says(Speaker::Client, b"DELE x\r\n")
            .end_is(expect![[r#"
                fact S: software = VxWorks (VxWorks5.4.2) FTP server ready (ftp, greeting, likely)
                S > C ftp [other] greeting -> asked (220 VxWorks (VxWorks5.4.2) FTP server ready) {ftp 0: 1}
                fact C: user = sysdiag (ftp, user, likely)
                C > S ftp [other] user | sysdiag -> done (331 Password required) in 1000 us {ftp 1: 1}
                fact S: credential = ftp password (ftp, pass, certain)
                fact S: default_credential = ftp password of sysdiag (ftp, pass, certain)
                C > S ftp [login] pass | sysdiag -> done (230 User logged in) in 1000 us {ftp 2: 1}
                C > S ftp [other] pasv -> done (227 Entering Passive Mode (10,0,0,2,4,1)) in 1000 us {ftp 7: 1}
                C > S ftp [file] stor | /FLASH0/fw.bin -> done (226 Transfer complete) in 1000 us {ftp 14: 1}
                C > S ftp [file] dele | x -> no answer {ftp 17: 1}
            "#]]);
    }

    #[test]
    fn a_refused_login_and_an_anonymous_one() {
        Dialog::stream(&PROTOCOL)
            .says(Speaker::Client, b"USER root\r\n")
            .says(Speaker::Server, b"331 Go on\r\n")
            .says(Speaker::Client, b"PASS toor\r\n")
            .says(Speaker::Server, b"530-No.\r\n530 Login incorrect.\r\n")
            .says(Speaker::Client, b"USER anonymous\r\nPASS a@b\r\n")
            .says(Speaker::Server, b"331 Go on\r\n230 Welcome\r\n")
            .end_is(expect![[r#"
                fact C: user = root (ftp, user, likely)
                C > S ftp [other] user | root -> done (331 Go on) in 1000 us {ftp 1: 1}
                fact S: credential = ftp password (ftp, pass, certain)
                C > S ftp [login] pass | root -> refused (530 Login incorrect.) in 1000 us {ftp 2: 1}
                fact C: user = anonymous (ftp, user, likely)
                fact S: credential = ftp anonymous (ftp, user, certain)
                C > S ftp [other] user | anonymous -> done (331 Go on) in 1000 us {ftp 1: 1}
                C > S ftp [login] pass | anonymous -> done (230 Welcome) in 1000 us {ftp 2: 1}
            "#]]);
    }

    #[test]
    fn probes_leave_mail_alone() {
        let probe = |text: &str| testing::probe(&PROTOCOL, &crate::words::hexadecimal(text.as_bytes())).matched;
        assert_eq!(probe("220 ProFTPD 1.3 Server\r\n"), Match::Certain);
        assert_eq!(probe("220 mx.example ESMTP Postfix\r\n"), Match::No);
        assert_eq!(probe("EPSV\r\n"), Match::Likely);
        assert_eq!(probe("GET / HTTP/1.1\r\n"), Match::No);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        let hex = |text: &str| crate::words::hexadecimal(text.as_bytes());
        let lines = [hex("227 x (1,2,3,4,5,6)\r\n"), hex("PORT 1,2,3,4,5,6\r\n"), hex("EPRT |1|1.2.3.4|5|\r\n")];
        testing::torture(&PROTOCOL, &lines.each_ref().map(|line| line.as_str()));
    }
}
