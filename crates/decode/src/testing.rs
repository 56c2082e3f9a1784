//! The one helper of protocol tests: a dialog in, a transcript of records out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use model::{Address, Flow, Record, Time, Transport};

use crate::output::{Output, Route};
use crate::protocol::{Context, Decoder, Measure, Opening, Probe, Protocol, Speaker, Verdict};
use crate::sink::{Options, Sink};

/// Bytes from hexadecimal; white space and anything after `#` on a line is passed over.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    assert!(digits.len().is_multiple_of(2), "an odd number of hexadecimal digits");
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hexadecimal")).collect()
}

/// A dialog between a client (10.0.0.1) and a server (10.0.0.2), a millisecond from message to message.
pub struct Dialog {
    protocol: &'static Protocol,
    decoder: Box<dyn Decoder>,
    sink: Sink,
    route: Route,
    at: Time,
    frame: u64,
    is_stream: bool,
    text: String,
}

impl Dialog {
    /// A TCP stream. Every act is told, without roll-up.
    pub fn stream(protocol: &'static Protocol) -> Dialog {
        Dialog::new(protocol, true)
    }

    /// Datagrams, frames, or messages of a carrier.
    pub fn datagrams(protocol: &'static Protocol) -> Dialog {
        Dialog::new(protocol, false)
    }

    fn new(protocol: &'static Protocol, is_stream: bool) -> Dialog {
        let end = |last, port| Address {
            ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
            port: Some(port),
            ..Address::default()
        };
        let (client, server) = (end(1, 40_000), end(2, 1_000));
        let flow = Flow::Ip {
            transport: if is_stream { Transport::Tcp } else { Transport::Udp },
            source: (client.ip.unwrap(), 40_000),
            destination: (server.ip.unwrap(), 1_000),
        };
        Dialog {
            protocol,
            decoder: (protocol.open)(&Opening { is_stream, client_port: 40_000, server_port: 1_000 }),
            sink: Sink::new(Options { is_rolled_up: false }),
            route: Route::new(flow, client, server),
            at: Time(0),
            frame: 0,
            is_stream,
            text: String::new(),
        }
    }

    /// The client says bytes given in hexadecimal.
    pub fn client(self, text: &str) -> Self {
        self.says(Speaker::Client, &hex(text))
    }

    /// The server says bytes given in hexadecimal.
    pub fn server(self, text: &str) -> Self {
        self.says(Speaker::Server, &hex(text))
    }

    /// `speaker` says `bytes`, which hold one message or several.
    pub fn says(mut self, speaker: Speaker, bytes: &[u8]) -> Self {
        self.at = self.at.plus(1_000_000);
        self.frame += 1;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (head, total) = match self.decoder.measure(rest, speaker) {
                Measure::Whole(n) => (n, n),
                Measure::Head { head, total } => (head, total),
                Measure::More(n) => {
                    writeln!(self.text, "{speaker:?}: {} bytes left, {n} needed", rest.len()).unwrap();
                    break;
                }
                Measure::Malformed(why) => {
                    writeln!(self.text, "{speaker:?}: not a message: {why}").unwrap();
                    break;
                }
            };
            assert!(head > 0 && head <= total, "measure says {head} of {total}");
            if rest.len() < head {
                writeln!(self.text, "{speaker:?}: {} bytes left, {head} needed", rest.len()).unwrap();
                break;
            }
            let context =
                Context { at: self.at, speaker, frame: self.frame, is_stream: self.is_stream, wire_len: total };
            let mut out = Output::new(&mut self.sink, &mut self.route, self.protocol, self.at, speaker);
            self.decoder.read(&rest[..head], &context, &mut out);
            rest = &rest[total.min(rest.len())..];
        }
        self.flush();
        self
    }

    /// Time passes.
    pub fn wait_ms(mut self, milliseconds: i64) -> Self {
        self.at = self.at.plus(milliseconds * 1_000_000);
        self
    }

    /// Bytes of `speaker` are lost.
    pub fn gap(mut self, speaker: Speaker) -> Self {
        self.decoder.gap(speaker);
        self
    }

    /// The flow ends; the transcript must be `expected` (`UPDATE_EXPECT=1 cargo test` rewrites it).
    pub fn end_is(self, expected: expect_test::Expect) {
        expected.assert_eq(&self.end());
    }

    /// The flow ends. Gives the transcript: a line a record.
    pub fn end(mut self) -> String {
        let mut out = Output::new(&mut self.sink, &mut self.route, self.protocol, self.at, Speaker::Client);
        self.decoder.end(&mut out);
        self.flush();
        self.text
    }

    fn flush(&mut self) {
        for (_, record) in self.sink.records.drain() {
            // Samples follow from acts by roll-up and would only say them again.
            if !matches!(record, Record::Sample(_)) {
                writeln!(self.text, "{}", line(&record)).unwrap();
            }
        }
    }
}

/// What `protocol`'s probe says of bytes given in hexadecimal, at the start of a stream.
pub fn probe(protocol: &Protocol, text: &str) -> Verdict {
    let bytes = hex(text);
    let probe = Probe {
        bytes: &bytes,
        is_stream: true,
        is_start: true,
        source_port: 0,
        destination_port: 0,
        kind: 0,
        to: None,
    };
    (protocol.probe)(&probe)
}

/// A record as one line of a transcript.
pub fn line(record: &Record) -> String {
    match record {
        Record::Act(act) => {
            let mut line =
                format!("{} > {} {} [{}] {}", end(&act.from), end(&act.to), act.protocol, act.verb, act.name);
            for part in [act.behind.to_string(), act.object.to_string()] {
                if !part.is_empty() {
                    write!(line, " | {part}").unwrap();
                }
            }
            if !act.values.is_empty() {
                let values: Vec<String> = act
                    .values
                    .iter()
                    .map(|r| {
                        let mut text = match r.object.to_string() {
                            object if object.is_empty() || object == act.object.to_string() => r.value.to_string(),
                            object => format!("{object}={}", r.value),
                        };
                        if let Some(quality) = &r.quality {
                            write!(text, " ({quality})").unwrap();
                        }
                        if let Some(at) = &r.at {
                            write!(text, " @{at}").unwrap();
                        }
                        text
                    })
                    .collect();
                write!(line, " = {}", values.join(", ")).unwrap();
            }
            write!(line, " -> {}", act.outcome).unwrap();
            if let Some(status) = &act.status {
                write!(line, " ({} {})", status.code, status.name).unwrap();
            }
            if let Some(latency) = act.latency {
                write!(line, " in {} us", latency / 1000).unwrap();
            }
            for (name, value) in &act.extra {
                write!(line, " {name}={value}").unwrap();
            }
            if act.repeats.count > 1 {
                write!(line, " x{}", act.repeats.count).unwrap();
            }
            for message in &act.messages.0 {
                write!(line, " {{{} {}: {}}}", message.protocol, message.code, message.count).unwrap();
            }
            line
        }
        Record::Fact(fact) => {
            let behind = if fact.behind.is_nobody() { String::new() } else { format!(" {}", fact.behind) };
            format!(
                "fact {}{behind}: {} = {} ({}, {}, {})",
                end(&fact.subject),
                fact.key,
                fact.value,
                fact.protocol,
                fact.source,
                fact.confidence
            )
        }
        Record::Health(health) => {
            format!("health {} {} x{}: {}", health.kind, health.protocol, health.count, health.detail)
        }
        other => serde_json::to_string(other).unwrap(),
    }
}

/// `C` and `S` for the two ends of a dialog, else the address without its port.
fn end(address: &Address) -> String {
    match address.without_port().to_string().as_str() {
        "10.0.0.1" => "C".into(),
        "10.0.0.2" => "S".into(),
        other => other.into(),
    }
}

/// Every prefix and many one-byte changes of `messages`, said by both sides, must not make the decoder fail.
pub fn torture(protocol: &'static Protocol, messages: &[&str]) {
    let messages: Vec<Vec<u8>> = messages.iter().map(|text| hex(text)).collect();
    for speaker in [Speaker::Client, Speaker::Server] {
        let mut dialog = Dialog::datagrams(protocol);
        for message in &messages {
            for end in 1..=message.len() {
                dialog = dialog.says(speaker, &message[..end]);
            }
            for place in 0..message.len() {
                for change in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                    let mut changed = message.clone();
                    changed[place] = if changed[place] == change { change ^ 0x10 } else { change };
                    dialog = dialog.says(speaker, &changed);
                    dialog = dialog.says(speaker.other(), message);
                }
            }
            dialog.text.clear();
        }
        let _ = dialog.end();
    }
}
