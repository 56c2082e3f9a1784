//! IEC 60870-5-104: an outstation that reports, and a control centre that interrogates, commands and sets the clock.
//!
//! Sources: IEC 60870-5-104:2006 (frames, start and test), IEC 60870-5-101:2003 (clause 7: types, causes, elements).

use model::Time;

use crate::network::{HostId, MILLISECOND, Network, SECOND};
use crate::process::Point;
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};
use crate::truth::Intent;

/// TCP port of IEC 104.
pub const PORT: u16 = 2404;

/// What an information object shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A double point: 1 off, 2 on.
    Double,
    /// A single point.
    Single,
    /// A short floating-point number.
    Float,
}

/// An information object: address, kind, what it shows, steps a unit, how much change is reported.
pub type Thing = (u32, Kind, Point, f64, f64);

/// An outstation.
#[derive(Debug)]
pub struct Outstation {
    /// Common address.
    pub address: u16,
    /// What it tells.
    pub objects: &'static [Thing],
    /// Double commands: address and the point that follows.
    pub commands: &'static [(u32, Point)],
    /// What a note of an operator's command says.
    pub title: &'static str,
}

/// Causes of transmission.
const PERIODIC: u8 = 1;
const SPONTANEOUS: u8 = 3;
const REQUESTED: u8 = 5;
const ACTIVATION: u8 = 6;
const TERMINATION: u8 = 10;
const INTERROGATED: u8 = 20;
const UNKNOWN_OBJECT: u8 = 47;

/// Seven octets of time (CP56Time2a).
fn stamp(at: Time) -> [u8; 7] {
    let text = format!("{at}");
    let part = |from: usize, size: usize| text[from..from + size].parse::<u8>().unwrap_or(0);
    let [low, high] = ((at.0.rem_euclid(60 * SECOND) / MILLISECOND) as u16).to_le_bytes();
    let weekday = ((at.0.div_euclid(86_400 * SECOND) + 3).rem_euclid(7) + 1) as u8;
    [low, high, part(14, 2), part(11, 2), weekday << 5 | part(8, 2), part(5, 2), part(2, 2)]
}

fn address(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

/// A conversation with an outstation.
pub struct Session {
    connection: Connection,
    device: &'static Outstation,
    /// Send sequence numbers of client and server.
    sent: [u16; 2],
    /// How many of the other's frames each side has acknowledged.
    acknowledged: [u16; 2],
    /// Originator address.
    originator: u8,
}

/// Unacknowledged frames after which an acknowledgement is due (parameter w).
const ACKNOWLEDGE_AFTER: u16 = 8;

impl Session {
    /// Connects and starts data transfer.
    pub fn open(
        site: &mut Site,
        at: Time,
        master: HostId,
        server: HostId,
        device: &'static Outstation,
        originator: u8,
    ) -> (Session, Time) {
        let (mut connection, now) = Connection::open(&mut site.network, &mut site.random, at, master, (server, PORT));
        let now = connection.exchange(&mut site.network, now, &[0x68, 4, 0x07, 0, 0, 0], &[0x68, 4, 0x0b, 0, 0, 0]);
        let session = Session { connection, device, sent: [0, 0], acknowledged: [0, 0], originator };
        (session, now.plus(20 * MILLISECOND))
    }

    /// Sends an ASDU; the other side acknowledges now and then.
    fn send(&mut self, site: &mut Site, at: Time, side: Side, asdu: &[u8]) -> Time {
        let (mine, other) = (side as usize, side.other() as usize);
        let mut frame = vec![0x68, (4 + asdu.len()) as u8];
        frame.extend_from_slice(&(self.sent[mine] << 1).to_le_bytes());
        frame.extend_from_slice(&(self.sent[other] << 1).to_le_bytes());
        frame.extend_from_slice(asdu);
        self.sent[mine] = (self.sent[mine] + 1) & 0x7fff;
        self.acknowledged[mine] = self.sent[other];
        let now = self.connection.send(&mut site.network, at, side, &frame);
        if self.sent[mine].wrapping_sub(self.acknowledged[other]) & 0x7fff >= ACKNOWLEDGE_AFTER {
            return self.acknowledge(site, now.plus(2 * MILLISECOND), side.other());
        }
        now.plus(MILLISECOND)
    }

    /// An S frame of `side`.
    fn acknowledge(&mut self, site: &mut Site, at: Time, side: Side) -> Time {
        let other = self.sent[side.other() as usize];
        self.acknowledged[side as usize] = other;
        let [low, high] = (other << 1).to_le_bytes();
        self.connection.send(&mut site.network, at, side, &[0x68, 4, 1, 0, low, high]).plus(MILLISECOND)
    }

    /// Type, number of objects, cause, common address, then objects.
    fn asdu(&self, kind: u8, count: usize, cause: u8, objects: &[u8]) -> Vec<u8> {
        let [low, high] = self.device.address.to_le_bytes();
        [&[kind, count as u8, cause, self.originator, low, high], objects].concat()
    }

    fn confirmed(&mut self, site: &mut Site, at: Time, kind: u8, cause: u8, object: &[u8]) -> Time {
        let ask = self.asdu(kind, 1, cause, object);
        let now = self.send(site, at, Side::Client, &ask);
        let now = now.plus(site.network.answer_time(self.connection.server()));
        let answer = self.asdu(kind, 1, cause + 1, object);
        self.send(site, now, Side::Server, &answer).plus(MILLISECOND)
    }

    fn element(&self, site: &Site, thing: &Thing) -> Vec<u8> {
        let value = site.process.values[thing.2];
        match thing.1 {
            Kind::Double => vec![if value >= 0.5 { 2 } else { 1 }],
            Kind::Single => vec![u8::from(value >= 0.5)],
            Kind::Float => [(((value * thing.3).round() / thing.3) as f32).to_le_bytes().as_slice(), &[0]].concat(),
        }
    }

    /// General interrogation: all objects, type by type, then termination.
    pub fn interrogate(&mut self, site: &mut Site, at: Time) -> Time {
        let order = [0, 0, 0, 20];
        let mut now = self.confirmed(site, at, 100, ACTIVATION, &order);
        for (wanted, kind) in [(Kind::Double, 3), (Kind::Single, 1), (Kind::Float, 13)] {
            let things: Vec<&Thing> = self.device.objects.iter().filter(|thing| thing.1 == wanted).collect();
            for some in things.chunks(16) {
                let objects: Vec<u8> = some
                    .iter()
                    .flat_map(|thing| [address(thing.0).as_slice(), &self.element(site, thing)].concat())
                    .collect();
                let asdu = self.asdu(kind, some.len(), INTERROGATED, &objects);
                now = self.send(site, now.plus(4 * MILLISECOND), Side::Server, &asdu);
            }
        }
        let end = self.asdu(100, 1, TERMINATION, &order);
        self.send(site, now.plus(3 * MILLISECOND), Side::Server, &end)
    }

    /// Reads one object; an unknown one is refused.
    pub fn read(&mut self, site: &mut Site, at: Time, number: u32) -> Time {
        let ask = self.asdu(102, 1, REQUESTED, &address(number));
        let now = self.send(site, at, Side::Client, &ask);
        let now = now.plus(site.network.answer_time(self.connection.server()));
        let answer = match self.device.objects.iter().find(|thing| thing.0 == number) {
            Some(thing) => {
                let kind = match thing.1 {
                    Kind::Double => 3,
                    Kind::Single => 1,
                    Kind::Float => 13,
                };
                let object = [address(number).as_slice(), &self.element(site, thing)].concat();
                self.asdu(kind, 1, REQUESTED, &object)
            }
            // Negative.
            None => self.asdu(102, 1, UNKNOWN_OBJECT | 0x40, &address(number)),
        };
        self.send(site, now, Side::Server, &answer)
    }

    /// Sets the clock of the outstation to what the master holds for the time.
    pub fn set_clock(&mut self, site: &mut Site, at: Time, told: Time) -> Time {
        let object = [[0, 0, 0].as_slice(), &stamp(told)].concat();
        self.confirmed(site, at, 103, ACTIVATION, &object)
    }

    /// A double command, selected first where wanted; the process follows and the change is reported.
    pub fn command(&mut self, site: &mut Site, at: Time, number: u32, on: bool, is_selected: bool) -> Time {
        let order = |select: u8| [address(number).as_slice(), &[select | if on { 2 } else { 1 }]].concat();
        let Some((_, point)) = self.device.commands.iter().find(|command| command.0 == number).copied() else {
            let ask = self.asdu(46, 1, ACTIVATION, &order(0));
            let now = self.send(site, at, Side::Client, &ask);
            let now = now.plus(site.network.answer_time(self.connection.server()));
            let answer = self.asdu(46, 1, UNKNOWN_OBJECT | 0x40, &order(0));
            return self.send(site, now, Side::Server, &answer);
        };
        let mut now = at;
        if is_selected {
            now = self.confirmed(site, now, 46, ACTIVATION, &order(0x80)).plus(250 * MILLISECOND);
        }
        now = self.confirmed(site, now, 46, ACTIVATION, &order(0));
        site.process.values[point] = f64::from(u8::from(on));
        let end = self.asdu(46, 1, TERMINATION, &order(0));
        self.send(site, now.plus(60 * MILLISECOND), Side::Server, &end)
    }

    /// Ends the conversation.
    pub fn close(self, network: &mut Network, at: Time) -> Time {
        self.connection.close(network, at)
    }
}

/// A control centre and its outstation over weeks.
pub struct Association {
    master: HostId,
    server: HostId,
    device: &'static Outstation,
    session: Option<Session>,
    /// Values as last told.
    told: Vec<f64>,
    /// Rounds since the conversation began.
    age: u32,
    /// When the outstation last sent something.
    last: Time,
}

impl Association {
    /// An association that has not begun.
    pub fn new(master: HostId, server: HostId, device: &'static Outstation) -> Association {
        let told = vec![f64::NAN; device.objects.len()];
        Association { master, server, device, session: None, told, age: 0, last: Time(0) }
    }

    /// Changes are told at once, with their time.
    fn notice(&mut self, site: &mut Site, at: Time, session: &mut Session) -> Time {
        let mut now = at;
        for (wanted, kind) in [(Kind::Double, 31), (Kind::Single, 30), (Kind::Float, 36)] {
            let mut objects = Vec::new();
            let mut count = 0;
            for (index, thing) in self.device.objects.iter().enumerate().filter(|row| row.1.1 == wanted) {
                let value = site.process.values[thing.2];
                if (value - self.told[index]).abs() < thing.4 || count >= 12 {
                    continue;
                }
                self.told[index] = value;
                count += 1;
                objects.extend_from_slice(&address(thing.0));
                objects.extend(session.element(site, thing));
                objects.extend_from_slice(&stamp(at));
            }
            if count > 0 {
                let asdu = session.asdu(kind, count, SPONTANEOUS, &objects);
                now = session.send(site, now, Side::Server, &asdu);
                self.last = now;
            }
        }
        now
    }

    fn now(&self, site: &Site) -> Vec<f64> {
        self.device.objects.iter().map(|thing| site.process.values[thing.2]).collect()
    }
}

impl Task for Association {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        let next = at.plus(SECOND + site.random.around_zero(8e6) as i64);
        if site.is_down(self.server, at) {
            if let Some(session) = self.session.take() {
                session.connection.reset(&mut site.network, at, Side::Client);
            }
            Connection::unanswered(&mut site.network, &mut site.random, at, self.master, (self.server, PORT));
            return Some(at.plus(5 * SECOND));
        }
        let Some(mut session) = self.session.take() else {
            let (mut session, now) = Session::open(site, at, self.master, self.server, self.device, 1);
            let now = session.set_clock(site, now, now);
            let now = session.interrogate(site, now.plus(10 * MILLISECOND));
            (self.told, self.age, self.last) = (self.now(site), 0, now);
            self.session = Some(session);
            return Some(now.plus(SECOND));
        };
        self.age = self.age.wrapping_add(1);
        let mut now = self.notice(site, at, &mut session);
        while let Some(wish) = site.take_wish(self.server) {
            let first = now;
            now = session.command(site, now, wish.output, wish.value != 0.0, wish.is_selected);
            let who = (("breaker-order", self.device.title), Intent::Maintenance);
            site.note(who.0, who.1, &[], self.master, &[self.server], (first, now));
            now = self.notice(site, now.plus(80 * MILLISECOND), &mut session);
        }
        if self.age.is_multiple_of(15) {
            // Some measured values come in cycles, changed or not.
            let thing = self.device.objects.iter().find(|thing| thing.1 == Kind::Float)?;
            let object = [address(thing.0).as_slice(), &session.element(site, thing)].concat();
            let asdu = session.asdu(13, 1, PERIODIC, &object);
            now = session.send(site, now, Side::Server, &asdu);
            self.last = now;
        }
        if self.age % 10 == 7 && session.acknowledged[0] != session.sent[1] {
            now = session.acknowledge(site, now, Side::Client);
        }
        if self.age.is_multiple_of(600) {
            now = session.interrogate(site, now);
        }
        if self.age % 3_600 == 1_800 {
            now = session.set_clock(site, now, now);
        }
        if now.since(self.last) > 20 * SECOND || self.age % 45 == 44 {
            self.last = now;
            let (ask, answer) = ([0x68, 4, 0x43, 0, 0, 0], [0x68, 4, 0x83, 0, 0, 0]);
            now = session.connection.exchange(&mut site.network, now, &ask, &answer);
        }
        self.session = Some(session);
        Some(next.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_day_as_the_standard_has_it() {
        // Monday, 2 March 2026, 06:30:12.345 UTC.
        let at = Time::from_seconds(1_772_433_012, 345_000_000);
        assert_eq!(stamp(at), [0x39, 0x30, 30, 6, 1 << 5 | 2, 3, 26]);
    }
}
