//! MMS of IEC 61850: devices whose attributes show the process, and clients that read, write, and are sent reports.
//!
//! Sources: ISO 9506-2 (MMS), IEC 61850-8-1:2011 (mapping), ISO 8327-1 (session), ISO 8823-1 (presentation), ISO 8650-1
//! (association), RFC 1006 (TPKT) and ISO 8073 (COTP).

use model::Time;

use super::ber::{element, group, number, text};
use super::goose::stamp;
use crate::network::{HostId, MICROSECOND, MILLISECOND, Network, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};

/// TCP port of ISO-on-TCP.
pub const PORT: u16 = 102;

/// What an attribute shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// A floating-point number, rounded to this many steps a unit.
    Float(Point, f64),
    /// A boolean.
    Bool(Point),
    /// A position of two bits.
    Position(Point),
}

/// A device.
#[derive(Debug)]
pub struct Device {
    /// Vendor, model, revision, as Identify tells them.
    pub identity: [&'static str; 3],
    /// Name of the logical device.
    pub domain: &'static str,
    /// Attributes by name, as in `MMXU1$MX$A$phsA$cVal$mag$f`.
    pub attributes: &'static [(&'static str, Shows)],
    /// Name of the control and the point that follows, where there is one: `CSWI1$CO$Pos$Oper`.
    pub control: Option<(&'static str, Point)>,
}

impl Device {
    fn value(&self, name: &str, values: &Values) -> Vec<u8> {
        match self.attributes.iter().find(|attribute| attribute.0 == name).map(|attribute| attribute.1) {
            Some(Shows::Float(point, steps)) => {
                let number = ((values[point] * steps).round() / steps) as f32;
                element(0x87, &[&[8], number.to_be_bytes().as_slice()].concat())
            }
            Some(Shows::Bool(point)) => element(0x83, &[u8::from(values.is_on(point))]),
            Some(Shows::Position(point)) => element(0x84, &[6, if values.is_on(point) { 0x80 } else { 0x40 }]),
            // Access failure: object does not exist.
            None => element(0x80, &[10]),
        }
    }

    fn set(&self, name: &str, number: f64, values: &mut Values) {
        if let Some((Shows::Float(point, _) | Shows::Bool(point) | Shows::Position(point), ())) =
            self.attributes.iter().find(|attribute| attribute.0 == name).map(|attribute| (attribute.1, ()))
        {
            values[point] = number;
        }
    }
}

/// Presentation data in a COTP data unit: `context` 3 is MMS, 1 the association.
fn packet(session: &[u8], presentation: &[u8]) -> Vec<u8> {
    let length = (7 + session.len() + presentation.len()) as u16;
    [&[3, 0], length.to_be_bytes().as_slice(), &[2, 0xf0, 0x80], session, presentation].concat()
}

fn data(message: &[u8]) -> Vec<u8> {
    let values = group(0x30, &[number(2, 3), element(0xa0, message)]);
    packet(&[1, 0, 1, 0], &element(0x61, &values))
}

const CONTEXT_NAME: [u8; 9] = [0xa1, 7, 6, 5, 0x28, 0xca, 0x22, 2, 3];

/// The connect or accept of session, presentation and association around the initiate message.
fn associate(is_answer: bool, initiate: &[u8]) -> Vec<u8> {
    let information =
        element(0xbe, &element(0x28, &[[6, 2, 0x51, 1].as_slice(), &number(2, 3), &element(0xa0, initiate)].concat()));
    let association = if is_answer {
        // Accepted; diagnostic: null.
        let parts = [CONTEXT_NAME.to_vec(), vec![0xa2, 3, 2, 1, 0], vec![0xa3, 5, 0xa1, 3, 2, 1, 0], information];
        group(0x61, &parts)
    } else {
        group(0x60, &[CONTEXT_NAME.to_vec(), information])
    };
    let user = element(0x61, &group(0x30, &[number(2, 1), element(0xa0, &association)]));
    let ber = [0x30, 4, 6, 2, 0x51, 1];
    let parameters = if is_answer {
        let accepted = [0x30, 7, 0x80, 1, 0, 0x81, 2, 0x51, 1];
        [element(0x83, &[0, 0, 0, 1]), element(0xa5, &[accepted, accepted].concat()), user].concat()
    } else {
        let association = [[2, 1, 1, 6, 4, 0x52, 1, 0, 1].as_slice(), &ber].concat();
        let mms = [[2, 1, 3, 6, 5, 0x28, 0xca, 0x22, 2, 1].as_slice(), &ber].concat();
        let contexts = [element(0x30, &association), element(0x30, &mms)].concat();
        [element(0x81, &[0, 0, 0, 1]), element(0x82, &[0, 0, 0, 1]), element(0xa4, &contexts), user].concat()
    };
    let presentation = group(0x31, &[vec![0xa0, 3, 0x80, 1, 1], element(0xa2, &parameters)]);
    // Connect and accept item: options none, version 2; session requirement duplex; selectors in the connect.
    let mut session = vec![5, 6, 0x13, 1, 0, 0x16, 1, 2, 0x14, 2, 0, 2];
    session.extend_from_slice(if is_answer { &[0x34, 2, 0, 1] } else { &[0x33, 2, 0, 1, 0x34, 2, 0, 1] });
    let size = presentation.len() as u16;
    let mut tail = vec![0xc1];
    if size < 255 {
        tail.push(size as u8);
    } else {
        tail.push(255);
        tail.extend_from_slice(&size.to_be_bytes());
    }
    let total = session.len() + tail.len() + presentation.len();
    let mut head = vec![if is_answer { 0x0e } else { 0x0d }];
    if total < 255 {
        head.push(total as u8);
    } else {
        head.push(255);
        head.extend_from_slice(&(total as u16).to_be_bytes());
    }
    packet(&[head, session, tail].concat(), &presentation)
}

/// A variable of a domain.
fn variable(domain: &str, item: &str) -> Vec<u8> {
    let name = element(0xa0, &element(0xa1, &[text(0x1a, domain), text(0x1a, item)].concat()));
    element(0x30, &name)
}

/// An open association with a device.
pub struct Session {
    connection: Connection,
    device: &'static Device,
    invoke: u64,
}

impl Session {
    /// Connects through all layers.
    pub fn open(site: &mut Site, at: Time, client: HostId, server: HostId, device: &'static Device) -> (Session, Time) {
        let (mut connection, now) = Connection::open(&mut site.network, &mut site.random, at, client, (server, PORT));
        let parameters = [0xc0, 1, 0x0d, 0xc2, 2, 0, 1, 0xc1, 2, 0, 1];
        let ask = [&[3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0], parameters.as_slice()].concat();
        let answer = [&[3, 0, 0, 22, 17, 0xd0, 0, 1, 0, 2, 0], parameters.as_slice()].concat();
        let now = connection.exchange(&mut site.network, now, &ask, &answer).plus(MILLISECOND);
        let initiate = |tag: u8| {
            let detail = [[0x80, 1, 1].as_slice(), &[0x81, 3, 5, 0xf1, 0], &element(0x82, &SERVICES)].concat();
            let limits =
                [[0x80, 3, 0, 0xfd, 0xe8, 0x81, 1, 5, 0x82, 1, 5, 0x83, 1, 10].as_slice(), &element(0xa4, &detail)];
            element(tag, &limits.concat())
        };
        let (ask, answer) = (associate(false, &initiate(0xa8)), associate(true, &initiate(0xa9)));
        let now = connection.exchange(&mut site.network, now, &ask, &answer);
        (Session { connection, device, invoke: site.random.below(200) }, now.plus(3 * MILLISECOND))
    }

    fn confirmed(&mut self, site: &mut Site, at: Time, ask: &[u8], answer: &[u8]) -> Time {
        self.invoke = (self.invoke + 1) % 30_000;
        let id = number(2, self.invoke);
        let request = data(&element(0xa0, &[id.as_slice(), ask].concat()));
        let reply = data(&element(0xa1, &[id.as_slice(), answer].concat()));
        let now = self.connection.exchange(&mut site.network, at, &request, &reply);
        now.plus(site.random.wait(MILLISECOND, MILLISECOND))
    }

    /// Who are you.
    pub fn identify(&mut self, site: &mut Site, at: Time) -> Time {
        let [vendor, model, revision] = self.device.identity;
        let answer = group(0xa2, &[text(0x80, vendor), text(0x81, model), text(0x82, revision)]);
        self.confirmed(site, at, &[0x82, 0], &answer)
    }

    /// Lists the logical devices, then the names in the one.
    pub fn list(&mut self, site: &mut Site, at: Time) -> Time {
        let ask = group(0xa1, &[element(0xa0, &[0x80, 1, 9]), element(0xa1, &[0x80, 0])]);
        let answer = group(0xa1, &[element(0xa0, &text(0x1a, self.device.domain)), vec![0x81, 1, 0]]);
        let now = self.confirmed(site, at, &ask, &answer);
        let ask = group(0xa1, &[element(0xa0, &[0x80, 1, 0]), element(0xa1, &text(0x81, self.device.domain))]);
        let names: Vec<u8> = self.device.attributes.iter().flat_map(|attribute| text(0x1a, attribute.0)).collect();
        let answer = group(0xa1, &[element(0xa0, &names), vec![0x81, 1, 0]]);
        self.confirmed(site, now, &ask, &answer)
    }

    /// Reads attributes.
    pub fn read(&mut self, site: &mut Site, at: Time, names: &[&str]) -> Time {
        let variables: Vec<u8> = names.iter().flat_map(|name| variable(self.device.domain, name)).collect();
        let ask = element(0xa4, &element(0xa1, &element(0xa0, &variables)));
        let results: Vec<u8> = names.iter().flat_map(|name| self.device.value(name, &site.process.values)).collect();
        self.confirmed(site, at, &ask, &element(0xa4, &element(0xa1, &results)))
    }

    /// Writes one floating-point attribute.
    pub fn write(&mut self, site: &mut Site, at: Time, name: &str, value: f64) -> Time {
        let bytes = [&[8], (value as f32).to_be_bytes().as_slice()].concat();
        self.device.set(name, value, &mut site.process.values);
        self.write_data(site, at, name, &element(0x87, &bytes))
    }

    fn write_data(&mut self, site: &mut Site, at: Time, name: &str, value: &[u8]) -> Time {
        let ask = [element(0xa0, &variable(self.device.domain, name)), element(0xa0, value)].concat();
        self.confirmed(site, at, &element(0xa5, &ask), &element(0xa5, &[0x81, 0]))
    }

    /// Operates the device's control directly; the process follows.
    pub fn operate(&mut self, site: &mut Site, at: Time, on: bool) -> Time {
        let Some((name, point)) = self.device.control else { return at };
        // Value, origin (category 2 station, identity), number, time, test, checks.
        let origin = element(0xa2, &[number(0x85, 2), text(0x89, "station")].concat());
        let order = [
            element(0x83, &[u8::from(on)]),
            origin,
            number(0x86, 1),
            element(0x91, &stamp(at)),
            element(0x83, &[0]),
            element(0x84, &[6, 0]),
        ];
        site.process.values[point] = f64::from(u8::from(on));
        self.write_data(site, at, name, &group(0xa2, &order))
    }

    /// The device sends a report of its attributes without being asked.
    pub fn report(&mut self, site: &mut Site, at: Time, sequence: u64) -> Time {
        let values: Vec<Vec<u8>> = self
            .device
            .attributes
            .iter()
            .map(|attribute| self.device.value(attribute.0, &site.process.values))
            .collect();
        let count = values.len();
        // Report identifier, optional fields (sequence number, time), then those, inclusion, values (IEC 61850-8-1, 17.2.3).
        let time = {
            let milliseconds = (at.0.rem_euclid(86_400 * SECOND) / MILLISECOND) as u32;
            // Days since 1984.
            let days = (at.0.div_euclid(86_400 * SECOND) - 5_113) as u16;
            element(0x8c, &[milliseconds.to_be_bytes().as_slice(), &days.to_be_bytes()].concat())
        };
        let mut inclusion = vec![0u8; count.div_ceil(8)];
        for index in 0..count {
            inclusion[index / 8] |= 0x80 >> (index % 8);
        }
        let unused = (inclusion.len() * 8 - count) as u8;
        let mut parts = vec![
            text(0x8a, &format!("{}/LLN0$RP$urcb01", self.device.domain)),
            element(0x84, &[6, 0x60, 0]),
            number(0x86, sequence),
            time,
            element(0x84, &[&[unused], inclusion.as_slice()].concat()),
        ];
        parts.extend(values);
        let name = element(0xa1, &text(0x80, "RPT"));
        let message = element(0xa3, &element(0xa0, &[name, group(0xa0, &parts)].concat()));
        self.connection.send(&mut site.network, at, Side::Server, &data(&message)).plus(500 * MICROSECOND)
    }

    /// Ends the conversation.
    pub fn close(self, network: &mut Network, at: Time) -> Time {
        self.connection.close(network, at)
    }

    /// Breaks the conversation off.
    pub fn abort(self, network: &mut Network, at: Time) -> Time {
        self.connection.reset(network, at, Side::Client)
    }
}

/// Services that both sides know (bit string of 85 bits).
const SERVICES: [u8; 12] = [3, 0xee, 0x1c, 0, 0, 4, 8, 0, 0, 0x79, 0xef, 0x18];

/// A screen that reads a device and is sent reports when something has changed.
pub struct Poll {
    /// Who asks.
    pub client: HostId,
    /// Whom.
    pub server: HostId,
    /// What answers there.
    pub device: &'static Device,
    /// Nanoseconds from round to round.
    pub period: i64,
    /// The open association, if any.
    pub session: Option<Session>,
    /// Rounds so far.
    pub rounds: u64,
}

impl Task for Poll {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        let next = at.plus(self.period + site.random.around_zero(self.period as f64 * 0.01) as i64);
        if site.is_down(self.client, at) {
            self.session = None;
            return Some(at.plus(5 * SECOND));
        }
        if site.is_down(self.server, at) {
            if let Some(session) = self.session.take() {
                session.abort(&mut site.network, at);
            }
            Connection::unanswered(&mut site.network, &mut site.random, at, self.client, (self.server, PORT));
            return Some(at.plus(5 * SECOND));
        }
        let (mut session, mut now) = match self.session.take() {
            Some(session) => (session, at),
            None => {
                let (mut session, now) = Session::open(site, at, self.client, self.server, self.device);
                let now = session.identify(site, now);
                (session, now)
            }
        };
        let names: Vec<&str> = self.device.attributes.iter().map(|attribute| attribute.0).collect();
        for some in names.chunks(4) {
            now = session.read(site, now, some);
        }
        if let (Some(wish), Some(_)) = (site.take_wish(self.server), self.device.control) {
            now = session.operate(site, now, wish.value != 0.0);
        }
        self.rounds += 1;
        if self.rounds.is_multiple_of(5) {
            now = session.report(site, now.plus(40 * MILLISECOND), self.rounds / 5 % 256);
        }
        self.session = Some(session);
        Some(next.max(now))
    }
}
