//! DNP3 over TCP: an outstation that reports, and a master that polls, commands and sets its clock.
//!
//! Source: IEEE 1815-2012 (clause 4 application layer, 8 transport function, 9 data link, 13 IP networking; annex A objects).

use model::Time;

use crate::network::{HostId, MILLISECOND, Network, SECOND};
use crate::process::Point;
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};
use crate::truth::Intent;

/// TCP port of DNP3.
pub const PORT: u16 = 20000;

/// An outstation and what its points show.
#[derive(Debug)]
pub struct Outstation {
    /// Link address of the master.
    pub master_address: u16,
    /// Link address of the outstation.
    pub address: u16,
    /// Binary inputs (class 1).
    pub binaries: &'static [Point],
    /// Analog inputs (class 2): point, factor, how much change is an event.
    pub analogs: &'static [(Point, f64, i32)],
    /// How many analog inputs there are; those beyond `analogs` are spare and offline.
    pub analog_count: u8,
    /// Counters (class 3): point, factor.
    pub counters: &'static [(Point, f64)],
    /// Binary outputs, as commanded by control relay output blocks.
    pub outputs: &'static [Point],
}

/// A command of an operator: which output, on or off, and whether selected before operated.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Index of the output.
    pub output: u16,
    /// On or off.
    pub on: bool,
    /// Whether it is selected first.
    pub is_selected: bool,
}

/// Cyclic redundancy check of DNP3: polynomial 0x3d65, reflected, complemented.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut crc = 0u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 != 0 { (crc >> 1) ^ 0xa6bc } else { crc >> 1 };
        }
    }
    (!crc).to_le_bytes()
}

/// A frame of the data link layer.
fn link(control: u8, destination: u16, source: u16, data: &[u8]) -> Vec<u8> {
    let mut head = vec![0x05, 0x64, 5 + data.len() as u8, control];
    head.extend_from_slice(&destination.to_le_bytes());
    head.extend_from_slice(&source.to_le_bytes());
    let sum = crc(&head);
    head.extend_from_slice(&sum);
    for block in data.chunks(16) {
        head.extend_from_slice(block);
        head.extend_from_slice(&crc(block));
    }
    head
}

/// Largest piece of an application fragment in one link frame.
const PIECE_BYTES_MAX: usize = 249;

/// An open association of a master and an outstation.
pub struct Session {
    connection: Connection,
    device: &'static Outstation,
    sequence: u8,
    transport: [u8; 2],
}

impl Session {
    /// Breaks the conversation off.
    pub fn abort(self, network: &mut Network, at: Time) -> Time {
        self.connection.reset(network, at, Side::Client)
    }

    /// Connects.
    pub fn open(
        site: &mut Site,
        at: Time,
        master: HostId,
        server: HostId,
        device: &'static Outstation,
    ) -> (Session, Time) {
        let (connection, at) = Connection::open(&mut site.network, &mut site.random, at, master, (server, PORT));
        let sequence = site.random.below(16) as u8;
        (Session { connection, device, sequence, transport: [0, 0] }, at)
    }

    fn addresses(&self, side: Side) -> (u8, u16, u16) {
        match side {
            Side::Client => (0x80, self.device.address, self.device.master_address),
            Side::Server => (0x00, self.device.master_address, self.device.address),
        }
    }

    /// Sends an application fragment, cut into transport segments.
    fn send(&mut self, site: &mut Site, at: Time, side: Side, fragment: &[u8]) -> Time {
        let (direction, destination, source) = self.addresses(side);
        let pieces = fragment.chunks(PIECE_BYTES_MAX).count();
        let mut bytes = Vec::new();
        for (index, piece) in fragment.chunks(PIECE_BYTES_MAX).enumerate() {
            let sequence = &mut self.transport[side as usize];
            let mut header = *sequence;
            *sequence = (*sequence + 1) & 0x3f;
            header |= if index == 0 { 0x40 } else { 0 } | if index + 1 == pieces { 0x80 } else { 0 };
            // Unconfirmed user data from the primary station.
            bytes.extend(link(direction | 0x44, destination, source, &[&[header], piece].concat()));
        }
        self.connection.send(&mut site.network, at, side, &bytes)
    }

    /// A request and its answer; where the answer asks for it, also the confirmation.
    fn ask(
        &mut self,
        site: &mut Site,
        at: Time,
        function: u8,
        objects: &[u8],
        iin: u16,
        answer: &[u8],
        confirm: bool,
    ) -> Time {
        self.sequence = (self.sequence + 1) & 0x0f;
        let at = self.send(site, at, Side::Client, &[&[0xc0 | self.sequence, function], objects].concat());
        let at = at.plus(site.network.answer_time(self.connection.server()));
        let control = 0xc0 | self.sequence | if confirm { 0x20 } else { 0 };
        let fragment = [&[control, 0x81], iin.to_be_bytes().as_slice(), answer].concat();
        let mut at = self.send(site, at, Side::Server, &fragment);
        if confirm {
            at = at.plus(site.random.wait(2 * MILLISECOND, 2 * MILLISECOND));
            at = self.send(site, at, Side::Client, &[0xc0 | self.sequence, 0x00]);
        }
        at.plus(site.random.wait(3 * MILLISECOND, 4 * MILLISECOND))
    }

    /// Orders an output by control relay output block; the process follows.
    pub fn operate(&mut self, site: &mut Site, at: Time, order: Order) -> Time {
        // Group 12 variation 1, one object with a 16-bit index: latch on or off, once, no times, status 0.
        let code = if order.on { 0x03 } else { 0x04 };
        let mut objects = vec![12, 1, 0x28, 1, 0];
        objects.extend_from_slice(&order.output.to_le_bytes());
        objects.extend_from_slice(&[code, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut at = at;
        let functions: &[u8] = if order.is_selected { &[3, 4] } else { &[5] };
        for function in functions {
            at = self.ask(site, at, *function, &objects, 0, &objects, false).plus(120 * MILLISECOND);
        }
        if let Some(point) = self.device.outputs.get(usize::from(order.output)) {
            site.process.values[*point] = f64::from(u8::from(order.on));
        }
        at
    }

    /// Tells the outstation to restart as if switched off and on; it answers that it will take some seconds.
    pub fn cold_restart(&mut self, site: &mut Site, at: Time, seconds: u16) -> Time {
        // Group 52 variation 2: time delay in milliseconds.
        let delay = [&[52, 2, 7, 1], (seconds * 1000).to_le_bytes().as_slice()].concat();
        self.ask(site, at, 0x0d, &[], 0, &delay, false)
    }

    /// Measures the delay and sets the clock.
    fn set_clock(&mut self, site: &mut Site, at: Time, iin: u16) -> Time {
        let at = self.ask(site, at, 0x17, &[], iin, &[52, 2, 7, 1, 4, 0], false);
        let time = milliseconds(at);
        self.ask(site, at, 0x02, &[&[50, 1, 7, 1], time.as_slice()].concat(), iin & !0x1000, &[], false)
    }

    /// Everything static: binary inputs and outputs, counters, analog inputs.
    fn integrity(&self, site: &Site) -> Vec<u8> {
        let (values, device) = (&site.process.values, self.device);
        let flags = |point: &Point| 0x01 | u8::from(values.is_on(*point)) << 7;
        let range = |group: u8, variation: u8, count: usize| [group, variation, 0, 0, count as u8 - 1];
        let mut objects = range(1, 2, device.binaries.len()).to_vec();
        objects.extend(device.binaries.iter().map(flags));
        objects.extend(range(10, 2, device.outputs.len()));
        objects.extend(device.outputs.iter().map(flags));
        objects.extend(range(20, 1, device.counters.len()));
        for (point, factor) in device.counters {
            objects.push(0x01);
            objects.extend_from_slice(&((values[*point] * factor) as u32).to_le_bytes());
        }
        objects.extend(range(30, 1, usize::from(device.analog_count)));
        for index in 0..usize::from(device.analog_count) {
            let analog = device.analogs.get(index);
            // A spare input is offline and 0.
            objects.push(u8::from(analog.is_some()));
            let number = analog.map_or(0, |(point, factor, _)| (values[*point] * factor).round() as i32);
            objects.extend_from_slice(&number.to_le_bytes());
        }
        objects
    }
}

/// Milliseconds since 1970 in six bytes.
fn milliseconds(at: Time) -> [u8; 6] {
    let [a, b, c, d, e, f, ..] = (at.0 / MILLISECOND).to_le_bytes();
    [a, b, c, d, e, f]
}

/// Restart (IIN1.7) and need time (IIN1.4).
const JUST_RESTARTED: u16 = 0x9000;

const CLASSES_1_2_3: [u8; 9] = [60, 2, 6, 60, 3, 6, 60, 4, 6];

/// A master and its outstation over weeks: one task, because they share one conversation.
pub struct Association {
    /// The master.
    pub master: HostId,
    /// The outstation.
    pub server: HostId,
    /// What answers there.
    pub device: &'static Outstation,
    /// The open conversation, if any.
    pub session: Option<Session>,
    /// Values as last told: binary and analog.
    pub told: (Vec<bool>, Vec<i32>),
    /// Events that wait for a poll: index, value, time.
    pub events: Vec<(u16, i32, Time)>,
    /// Seconds since the conversation began.
    pub age: u32,
    /// Sequence number of unsolicited responses.
    pub unsolicited: u8,
}

impl Association {
    /// An association that has not begun.
    pub fn new(master: HostId, server: HostId, device: &'static Outstation) -> Association {
        let told = (Vec::new(), Vec::new());
        Association { master, server, device, session: None, told, events: Vec::new(), age: 0, unsolicited: 0 }
    }

    /// Connection, unsolicited null response, restart bit cleared, clock, all values, unsolicited reports enabled.
    fn begin(&mut self, site: &mut Site, at: Time) -> Time {
        let (mut session, at) = Session::open(site, at, self.master, self.server, self.device);
        self.unsolicited = 0;
        let at = self.report(site, at.plus(30 * MILLISECOND), &mut session, JUST_RESTARTED, &[]);
        let at = session.ask(site, at, 0x15, &CLASSES_1_2_3, JUST_RESTARTED, &[], false);
        let at = session.ask(site, at, 0x02, &[80, 1, 0, 7, 7, 0], 0x1000, &[], false);
        let at = session.set_clock(site, at, 0x1000);
        let objects = session.integrity(site);
        let classes = [&CLASSES_1_2_3, [60, 1, 6].as_slice()].concat();
        let at = session.ask(site, at, 0x01, &classes, 0, &objects, true);
        let at = session.ask(site, at, 0x14, &CLASSES_1_2_3, 0, &[], false);
        self.told = self.now(site);
        self.events.clear();
        self.age = 0;
        self.session = Some(session);
        at
    }

    fn now(&self, site: &Site) -> (Vec<bool>, Vec<i32>) {
        let values = &site.process.values;
        let binaries = self.device.binaries.iter().map(|point| values.is_on(*point)).collect();
        let number = |(point, factor, _): &(Point, f64, i32)| (values[*point] * factor).round() as i32;
        (binaries, self.device.analogs.iter().map(number).collect())
    }

    /// An unsolicited response and its confirmation.
    fn report(&mut self, site: &mut Site, at: Time, session: &mut Session, iin: u16, objects: &[u8]) -> Time {
        let sequence = self.unsolicited;
        self.unsolicited = (self.unsolicited + 1) & 0x0f;
        let fragment = [&[0xf0 | sequence, 0x82], iin.to_be_bytes().as_slice(), objects].concat();
        let at = session.send(site, at, Side::Server, &fragment);
        let at = at.plus(site.random.wait(2 * MILLISECOND, 2 * MILLISECOND));
        let at = session.send(site, at, Side::Client, &[0xd0 | sequence, 0x00]);
        at.plus(site.random.wait(4 * MILLISECOND, 4 * MILLISECOND))
    }

    /// Binary changes are told at once; analog changes wait for the next poll.
    fn notice(&mut self, site: &mut Site, at: Time, session: &mut Session) -> Time {
        let (binaries, analogs) = self.now(site);
        let mut changes = Vec::new();
        for (index, (now, told)) in binaries.iter().zip(&self.told.0).enumerate() {
            if now != told {
                changes.extend_from_slice(&(index as u16).to_le_bytes());
                changes.push(0x01 | u8::from(*now) << 7);
                changes.extend_from_slice(&milliseconds(at));
            }
        }
        for (index, (now, told)) in analogs.iter().zip(&mut self.told.1).enumerate() {
            let is_event = self.device.analogs.get(index).is_some_and(|analog| (now - *told).abs() >= analog.2);
            if is_event && self.events.len() < 40 {
                self.events.push((index as u16, *now, at));
                *told = *now;
            }
        }
        self.told.0 = binaries;
        if changes.is_empty() {
            return at;
        }
        let count = (changes.len() / 9) as u16;
        // Group 2 variation 2: binary input event with absolute time.
        let mut objects = [&[2, 2, 0x28], count.to_le_bytes().as_slice(), &changes].concat();
        // What waits goes along, in group 32 variation 1 (32 bits without time).
        if !self.events.is_empty() {
            objects.extend_from_slice(&[32, 1, 0x28]);
            objects.extend_from_slice(&(self.events.len() as u16).to_le_bytes());
            for (index, number, _) in self.events.drain(..) {
                objects.extend_from_slice(&index.to_le_bytes());
                objects.push(0x01);
                objects.extend_from_slice(&number.to_le_bytes());
            }
        }
        self.report(site, at, session, 0, &objects)
    }

    /// The master asks for events: group 32 variation 3, analog with time.
    fn poll(&mut self, site: &mut Site, at: Time, session: &mut Session) -> Time {
        let mut objects = Vec::new();
        if !self.events.is_empty() {
            objects.extend_from_slice(&[32, 3, 0x28]);
            objects.extend_from_slice(&(self.events.len() as u16).to_le_bytes());
            for (index, number, when) in self.events.drain(..) {
                objects.extend_from_slice(&index.to_le_bytes());
                objects.push(0x01);
                objects.extend_from_slice(&number.to_le_bytes());
                objects.extend_from_slice(&milliseconds(when));
            }
        }
        let confirm = !objects.is_empty();
        session.ask(site, at, 0x01, &CLASSES_1_2_3, 0, &objects, confirm)
    }
}

impl Task for Association {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        let next = at.plus(SECOND + site.random.around_zero(6e6) as i64);
        if site.is_down(self.server, at) {
            if let Some(session) = self.session.take() {
                session.abort(&mut site.network, at);
            }
            Connection::unanswered(&mut site.network, &mut site.random, at, self.master, (self.server, PORT));
            return Some(at.plus(5 * SECOND));
        }
        let Some(mut session) = self.session.take() else {
            return Some(self.begin(site, at).plus(SECOND));
        };
        self.age += 1;
        let mut now = self.notice(site, at, &mut session);
        while let Some(wish) = site.take_wish(self.server) {
            let order = Order { output: wish.output as u16, on: wish.value != 0.0, is_selected: wish.is_selected };
            let first = now;
            now = session.operate(site, now, order);
            let title = "The operator switches an output of the remote terminal unit";
            site.note(("operate", title), Intent::Maintenance, &[], self.master, &[self.server], (first, now));
        }
        if self.age.is_multiple_of(5) {
            now = self.poll(site, now, &mut session);
        }
        if self.age % 60 == 30 {
            let objects = session.integrity(site);
            let classes = [&CLASSES_1_2_3, [60, 1, 6].as_slice()].concat();
            now = session.ask(site, now, 0x01, &classes, 0, &objects, true);
        }
        if self.age % 90 == 45 {
            // Request link status, status of link.
            let (_, destination, source) = session.addresses(Side::Client);
            let (ask, answer) = (link(0xc9, destination, source, &[]), link(0x0b, source, destination, &[]));
            now = session.connection.exchange(&mut site.network, now, &ask, &answer);
        }
        if self.age % 300 == 200 {
            now = session.set_clock(site, now, 0);
        }
        self.session = Some(session);
        Some(next.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_of_a_known_header() {
        // Reset link from 1 to 2, as printed in many manuals: 05 64 05 c0 01 00 0a 00 e0 8c.
        assert_eq!(crc(&[0x05, 0x64, 0x05, 0xc0, 0x01, 0x00, 0x0a, 0x00]), [0xe0, 0x8c]);
        let frame = link(0xc4, 10, 1, &[0; 20]);
        assert_eq!(frame.len(), 10 + 18 + 6);
    }
}
