//! A network interface as a source of frames. It only ever receives: there is no way here to send.

use std::time::{Duration, Instant};

use ::pcap::{Active, Capture, Device, Error};
use model::{LinkType, Time};

use crate::{Chunk, limits};

/// How an interface is listened to.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Only frames that match this expression (`man pcap-filter`); the kernel applies it.
    pub filter: Option<String>,
    /// Bytes kept of each packet.
    pub snap_length: usize,
    /// Bytes that the kernel may hold until they are fetched.
    pub buffer_bytes: usize,
    /// Whether frames to other machines are wanted: on a mirror port always.
    pub is_promiscuous: bool,
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            filter: None,
            snap_length: limits::PACKET_BYTES_MAX,
            buffer_bytes: limits::LIVE_BUFFER_BYTES,
            is_promiscuous: true,
        }
    }
}

/// Why an interface cannot be listened to, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// There is no such interface.
    #[error("there is no interface `{name}`; there are: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The program may not listen.
    #[error(
        "not allowed to listen on `{name}`: start as root, or give the program the right once with \
         `setcap cap_net_raw,cap_net_admin=eip PROGRAM`"
    )]
    Forbidden {
        /// The interface.
        name: String,
    },
    /// The filter is wrong.
    #[error("filter `{expression}`: {reason}")]
    Filter {
        /// The expression.
        expression: String,
        /// What libpcap says of it.
        reason: String,
    },
    /// Anything else.
    #[error("interface `{name}`: {reason}")]
    Other {
        /// The interface.
        name: String,
        /// What libpcap says.
        reason: String,
    },
}

/// What was received and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCounters {
    /// Packets taken over.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Packets that the kernel dropped because they were not fetched in time.
    pub dropped_kernel: u64,
    /// Packets that the interface dropped.
    pub dropped_interface: u64,
    /// Times that the interface went away and was opened again.
    pub reopened: u64,
}

/// One interface. When it goes down it is opened again as soon as it is back.
pub struct Live {
    name: String,
    options: LiveOptions,
    capture: Option<Capture<Active>>,
    link: LinkType,
    counters: LiveCounters,
    /// Drops counted by handles that are gone: each handle counts from zero.
    dropped_before: (u64, u64),
    /// Why it is down, while it is.
    down: Option<String>,
    next_try: Instant,
}

impl Live {
    /// The names of the interfaces of this machine.
    pub fn interfaces() -> Vec<String> {
        Device::list().map(|list| list.into_iter().map(|device| device.name).collect()).unwrap_or_default()
    }

    /// Listens on `name`.
    pub fn open(name: &str, options: LiveOptions) -> Result<Live, LiveError> {
        let (capture, link) = open(name, &options)?;
        Ok(Live {
            name: name.to_owned(),
            options,
            capture: Some(capture),
            link,
            counters: LiveCounters::default(),
            dropped_before: (0, 0),
            down: None,
            next_try: Instant::now(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why it is down, while it is.
    pub fn down(&self) -> Option<&str> {
        self.down.as_deref()
    }

    /// Adds to `chunk` what has arrived, numbering frames from `number` on, until the chunk is full or nothing more is
    /// waiting. Never waits for packets: who asks decides how long to pause. Gives how many frames were added.
    pub fn fill(&mut self, chunk: &mut Chunk, number: &mut u64) -> usize {
        let before = chunk.len();
        if self.capture.is_none() {
            if Instant::now() < self.next_try {
                return 0;
            }
            match open(&self.name, &self.options) {
                Ok((capture, link)) => {
                    (self.capture, self.link, self.down) = (Some(capture), link, None);
                    self.counters.reopened += 1;
                }
                Err(_) => {
                    self.next_try = Instant::now() + REOPEN_PAUSE;
                    return 0;
                }
            }
        }
        let Some(capture) = &mut self.capture else { return 0 };
        while !chunk.is_full() {
            match capture.next_packet() {
                Ok(packet) => {
                    // libpcap was asked for nanoseconds, which it gives in the field for microseconds.
                    let header = packet.header;
                    #[allow(clippy::useless_conversion, reason = "the fields have other widths elsewhere")]
                    let at = Time::from_seconds(header.ts.tv_sec.into(), header.ts.tv_usec.into());
                    *number += 1;
                    self.counters.packets += 1;
                    self.counters.bytes += u64::from(header.len);
                    chunk.push(at, self.link, packet.data, header.len, *number);
                }
                Err(Error::TimeoutExpired | Error::NoMorePackets) => break,
                Err(error) => {
                    self.down = Some(reason(error));
                    let (kernel, interface) = (self.counters.dropped_kernel, self.counters.dropped_interface);
                    self.dropped_before = (kernel, interface);
                    self.capture = None;
                    break;
                }
            }
        }
        chunk.len() - before
    }

    /// Counts so far; asks the kernel for its drops, and whether the interface is still up.
    pub fn counters(&mut self) -> LiveCounters {
        // A read that does not wait never hears of an interface that goes down: it only stays silent.
        if self.capture.is_some() && is_down(&self.name) {
            self.down = Some("the interface is down".into());
            self.dropped_before = (self.counters.dropped_kernel, self.counters.dropped_interface);
            self.capture = None;
        }
        if let Some(capture) = &mut self.capture
            && let Ok(statistics) = capture.stats()
        {
            self.counters.dropped_kernel = self.dropped_before.0 + u64::from(statistics.dropped);
            self.counters.dropped_interface = self.dropped_before.1 + u64::from(statistics.if_dropped);
        }
        self.counters
    }
}

/// Whether the system says that an interface is down (the flag `IFF_UP`), or that it is gone.
fn is_down(name: &str) -> bool {
    const UP: u32 = 1;
    let folder = std::path::Path::new("/sys/class/net");
    match std::fs::read_to_string(folder.join(name).join("flags")) {
        Ok(flags) => u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).is_ok_and(|flags| flags & UP == 0),
        // All interfaces at once (`any`) have no place there.
        Err(_) => name != "any" && folder.is_dir(),
    }
}

/// How long the kernel gathers packets before it hands them over: a hundredth of the time an alert may take, and at
/// high rates thousands of packets a call.
const GATHER_MILLISECONDS: i32 = 10;

/// Between two tries to open an interface that went away.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);

fn open(name: &str, options: &LiveOptions) -> Result<(Capture<Active>, LinkType), LiveError> {
    let other = |error: Error| match reason(error) {
        reason if reason.contains("ermission") || reason.contains("not permitted") => {
            LiveError::Forbidden { name: name.to_owned() }
        }
        reason if reason.contains("No such device") => {
            LiveError::Unknown { name: name.to_owned(), known: Live::interfaces().join(", ") }
        }
        reason => LiveError::Other { name: name.to_owned(), reason },
    };
    let mut capture = Capture::from_device(name)
        .map_err(other)?
        .promisc(options.is_promiscuous)
        .snaplen(i32::try_from(options.snap_length).unwrap_or(i32::MAX))
        .buffer_size(i32::try_from(options.buffer_bytes).unwrap_or(i32::MAX))
        .timeout(GATHER_MILLISECONDS)
        .precision(::pcap::Precision::Nano)
        .open()
        .map_err(other)?;
    if let Some(expression) = &options.filter {
        capture
            .filter(expression, true)
            .map_err(|error| LiveError::Filter { expression: expression.clone(), reason: reason(error) })?;
    }
    // With packets of version 3 the kernel wakes nobody while nothing arrives: one quiet interface must not hold up others.
    let capture = capture.setnonblock().map_err(other)?;
    let link = match capture.get_datalink().0 {
        // libpcap calls raw IP 12 where the registry of link types says 101.
        12 => LinkType::RAW,
        other => LinkType(u32::try_from(other).unwrap_or_default()),
    };
    Ok((capture, link))
}

fn reason(error: Error) -> String {
    match error {
        Error::PcapError(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_that_is_not_there_is_named_with_those_that_are() {
        let Err(error) = Live::open("no-such-interface", LiveOptions::default()) else { panic!("it was opened") };
        let text = error.to_string();
        assert!(text.contains("no-such-interface"), "{text}");
    }
}
