//! Telnet: options, prompts, whether someone logs in and how that ends; what is typed is not kept.

use model::{Confidence, FactKey, Text, Time, Verb};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
    credential,
};

const CODES: &[Code] =
    &[code(0, "session", Verb::Other), code(1, "login", Verb::Login), code(250, "option negotiation", Verb::Other)];

/// Telnet.
pub static PROTOCOL: Protocol = Protocol {
    id: "telnet",
    title: "Telnet",
    about: "Command line of switches, serial servers and old controllers; everything typed, passwords too, can be read on the way.",
    depth: "Options, terminal, banner, user names, presence of a password, published defaults, failed logins.",
    documents: &["RFC 854", "RFC 855", "RFC 1091 (terminal type)"],
    carriers: &[Carrier::Tcp(&[23, 2323, 992])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Telnet::default()),
};

const IAC: u8 = 0xff;

fn probe(probe: &Probe<'_>) -> Verdict {
    if !probe.is_stream {
        return Verdict::NO;
    }
    match probe.bytes {
        // Two negotiations in a row are no chance.
        [IAC, 0xfb..=0xfe, 0..=50, IAC, 0xfa..=0xfe, ..] => Verdict::of(Match::Certain),
        [IAC, 0xfb..=0xfe, 0..=50] | [IAC, 0xfb..=0xfe, 0..=50, 0x20..=0x7e | b'\r' | b'\n', ..] => {
            Verdict::of(Match::Likely)
        }
        [IAC] | [IAC, 0xfb..=0xfe] | [IAC, 0xfb..=0xfe, 0..=50, IAC] => Verdict::MORE,
        [IAC, 0xfa, 0..=50, ..] => Verdict::of(Match::Weak),
        bytes if is_text(bytes) && (probe.source_port == 23 || probe.destination_port == 23) => {
            Verdict::of(Match::Weak)
        }
        _ => Verdict::NO,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | b'\t' | 0x07 | 0x08 | 0x1b | 0x20..=0x7e | 0))
}

/// What the server waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Prompt {
    #[default]
    Nothing,
    User,
    Password,
}

#[derive(Default)]
struct Telnet {
    prompt: Prompt,
    /// The end of what the server printed, in lower case.
    tail: Vec<u8>,
    /// What is typed until the line ends; forgotten at once when it is a password.
    typed: Vec<u8>,
    banner: Vec<u8>,
    user: Text,
    tried: Option<Time>,
    /// What to say of the password when it is accepted.
    default: Option<Text>,
    /// A login was seen to go through or fail, so that what is typed is no longer looked at.
    is_in: bool,
    has_options: bool,
    first: Option<Time>,
}

/// Printed text that is kept to find prompts in.
const TAIL_MAX: usize = 64;

/// Typed text that is kept: names are shorter.
const TYPED_MAX: usize = 64;

const BANNER_MAX: usize = 200;

impl Telnet {
    /// Passes over commands; gives the text bytes one by one.
    fn text<'a>(&mut self, bytes: &'a [u8]) -> impl Iterator<Item = u8> + use<'a> {
        let mut rest = bytes;
        let has_options = bytes.contains(&IAC);
        self.has_options |= has_options;
        std::iter::from_fn(move || {
            loop {
                match rest {
                    [IAC, IAC, after @ ..] => {
                        rest = after;
                        return Some(IAC);
                    }
                    [IAC, 0xfb..=0xfe, _, after @ ..] => rest = after,
                    [IAC, 0xfa, after @ ..] => {
                        let end = after.windows(2).position(|pair| pair == [IAC, 0xf0]);
                        rest = end.and_then(|end| after.get(end.saturating_add(2)..)).unwrap_or_default();
                    }
                    [IAC, _, after @ ..] => rest = after,
                    [IAC] | [] => return None,
                    [byte, after @ ..] => {
                        rest = after;
                        return Some(*byte);
                    }
                }
            }
        })
    }

    fn printed(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        for byte in self.text(bytes) {
            if self.tail.len() >= TAIL_MAX {
                self.tail.remove(0);
            }
            self.tail.push(byte.to_ascii_lowercase());
            if self.banner.len() < BANNER_MAX && !self.is_in && self.tried.is_none() {
                self.banner.push(byte);
            }
            // Only where something may end, and byte by byte: the same however segments are cut.
            if matches!(byte, b':' | b'\n' | b'$' | b'#' | b'>') {
                self.look(context, out);
            }
        }
    }

    /// Looks at the end of what was printed: a prompt, or how a login ended.
    fn look(&mut self, context: &Context, out: &mut Output<'_>) {
        let has = |word: &[u8]| self.tail.windows(word.len()).any(|part| part == word);
        let line = self.tail.trim_ascii_end();
        let asks_user = (line.ends_with(b"login:") && !line.ends_with(b"last login:"))
            || line.ends_with(b"username:")
            || line.ends_with(b"user:");
        let asks_password = line.ends_with(b"password:") || line.ends_with(b"passwd:");
        if let Some(at) = self.tried {
            let is_refused =
                has(b"incorrect") || has(b"failed") || has(b"denied") || has(b"invalid") || has(b"bad password");
            let is_in = line.ends_with(b"$")
                || line.ends_with(b"#")
                || line.ends_with(b">")
                || has(b"last login")
                || has(b"welcome");
            let draft = Draft::new(&PROTOCOL, 1).asked(at).object(self.user.as_str()).message("telnet", 1);
            if is_refused || asks_user {
                self.tried = None;
                out.act(draft.refused(context.at, 0, "login incorrect"));
            } else if is_in {
                self.tried = None;
                self.is_in = true;
                out.act(draft.done(context.at));
                credential::accepted(self.default.take(), "password prompt", out);
            }
        }
        if asks_password {
            self.ask(Prompt::Password);
        } else if asks_user && !self.is_in {
            self.ask(Prompt::User);
        }
    }

    fn ask(&mut self, prompt: Prompt) {
        if self.prompt != prompt {
            self.prompt = prompt;
            self.typed.clear();
        }
        if prompt == Prompt::Password {
            self.is_in = false;
        }
    }

    fn keyed(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        if self.prompt == Prompt::Nothing {
            // Nothing is asked: what is typed is nobody's business. Options are still noticed.
            self.has_options |= bytes.contains(&IAC);
            return;
        }
        for byte in self.text(bytes) {
            match byte {
                b'\r' | b'\n' if !self.typed.is_empty() || (self.prompt == Prompt::Password && byte == b'\r') => {
                    self.entered(context, out);
                }
                b'\r' | b'\n' => {}
                0x08 | 0x7f => {
                    self.typed.pop();
                }
                0 => {}
                byte if self.typed.len() < TYPED_MAX => self.typed.push(byte),
                _ => {}
            }
        }
    }

    fn entered(&mut self, context: &Context, out: &mut Output<'_>) {
        let typed = std::mem::take(&mut self.typed);
        match std::mem::take(&mut self.prompt) {
            Prompt::User => {
                self.user = crate::ber::text(&typed);
                credential::tell_user(&self.user, "login prompt", out);
            }
            Prompt::Password => {
                let password = String::from_utf8_lossy(&typed);
                self.default = credential::tell("telnet login", &self.user, Some(&password), "password prompt", out);
                self.tried = Some(context.at);
            }
            Prompt::Nothing => {}
        }
        self.tail.clear();
    }
}

impl Decoder for Telnet {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        // A command that is cut waits for its end, so that every cut reads the same.
        let Some(at) = bytes.iter().rposition(|b| *b == IAC) else { return Measure::Whole(bytes.len()) };
        let needed = match bytes.get(at.saturating_add(1)) {
            None => 2,
            Some(0xfb..=0xfe) => 3,
            Some(_) => 2,
        };
        if bytes.len() >= at.saturating_add(needed) {
            Measure::Whole(bytes.len())
        } else if at > 0 {
            Measure::Whole(at)
        } else {
            Measure::More(needed)
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        self.first.get_or_insert(context.at);
        match context.speaker {
            Speaker::Server => self.printed(message, context, out),
            Speaker::Client => self.keyed(message, context, out),
        }
    }

    fn gap(&mut self, _speaker: Speaker) {
        self.typed.clear();
        self.tail.clear();
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(at) = self.tried {
            let draft = Draft::new(&PROTOCOL, 1).asked(at).object(self.user.as_str());
            out.act(draft.message("telnet", 1));
        }
        let banner = String::from_utf8_lossy(&self.banner);
        let banner = banner.lines().map(str::trim).find(|line| line.len() > 3 && !line.ends_with(':'));
        if let Some(banner) = banner {
            out.fact(
                About::Server,
                FactKey::Description,
                &crate::ber::text(banner.as_bytes()),
                "banner",
                Confidence::Guess,
            );
        }
        if let Some(at) = self.first {
            let options = if self.has_options { "yes" } else { "no" };
            out.act(Draft::new(&PROTOCOL, 0).asked(at).extra("options", options));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    #[test]
    fn a_failed_login_and_one_that_works() {
        Dialog::stream(&PROTOCOL)
            .server("fffd18 fffd20")
            .client("fffb18 fffc20")
            .says(Speaker::Server, b"Moxa NPort 5110\r\nlogin: ")
            .says(Speaker::Client, b"ad")
            .says(Speaker::Client, b"min\r\n")
            .says(Speaker::Server, b"Password: ")
            .says(Speaker::Client, b"moxa\r\n")
            .says(Speaker::Server, b"\r\nLogin incorrect\r\nlogin: ")
            .says(Speaker::Client, b"admin\r\n")
            .says(Speaker::Server, b"Password: ")
            .says(Speaker::Client, b"secret\r\n")
            .says(Speaker::Server, b"\r\nWelcome\r\n$ ")
            .says(Speaker::Client, b"reboot\r\n")
            .end_is(expect![[r#"
                fact C: user = admin (telnet, login prompt, likely)
                fact S: credential = telnet login (telnet, password prompt, certain)
                C > S telnet [login] login | admin -> refused (0 login incorrect) in 1000 us {telnet 1: 1}
                C > S telnet [login] login | admin -> done in 1000 us {telnet 1: 1}
                fact S: description = Moxa NPort 5110 (telnet, banner, guess)
                C > S telnet [other] session -> asked options=yes
            "#]]);
    }

    #[test]
    fn probes_want_negotiation() {
        assert_eq!(testing::probe(&PROTOCOL, "fffd18 fffd20"), Verdict::of(Match::Certain));
        assert_eq!(testing::probe(&PROTOCOL, "fffd18"), Verdict::of(Match::Likely));
        assert_eq!(testing::probe(&PROTOCOL, "ffd8ffe0"), Verdict::NO);
        assert_eq!(testing::probe(&PROTOCOL, "ff534d42"), Verdict::NO);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        testing::torture(
            &PROTOCOL,
            &["fffd18 fffa180141fff0", "6c6f67696e3a20", "61646d696e0d0a", "50617373776f72643a20", "fffb"],
        );
    }
}
