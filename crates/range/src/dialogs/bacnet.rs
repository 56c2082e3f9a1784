//! BACnet/IP: building controllers whose objects are points of the process, and a building management server.
//!
//! Source: ANSI/ASHRAE 135-2016 (clause 5 application layer, 6 network layer, 13 to 16 services, 20 encoding, annex J BACnet/IP).

use std::net::Ipv4Addr;

use model::Time;

use crate::network::{HostId, MILLISECOND, Network, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};

/// UDP port of BACnet/IP.
pub const PORT: u16 = 47808;

/// Kinds of objects, by their number (clause 21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A measured number.
    AnalogInput = 0,
    /// A number that is put out.
    AnalogOutput = 1,
    /// A number in memory, such as a set point.
    AnalogValue = 2,
    /// A bit that is put out.
    BinaryOutput = 4,
    /// The device itself.
    Device = 8,
}

/// An object of a device: kind, instance, name, unit (clause 21, BACnetEngineeringUnits), what it shows, steps a unit.
pub type Thing = (Kind, u32, &'static str, u8, Point, f64);

/// A device.
#[derive(Debug)]
pub struct Device {
    /// Instance number of the device object.
    pub instance: u32,
    /// Vendor identifier (ASHRAE list).
    pub vendor: u8,
    /// Vendor's name.
    pub vendor_name: &'static str,
    /// Model name.
    pub model: &'static str,
    /// Firmware revision.
    pub firmware: &'static str,
    /// Objects.
    pub objects: &'static [Thing],
}

/// Property numbers: present value, object name, model name, vendor name, firmware revision, status flags, units.
const PRESENT_VALUE: u8 = 85;
const OBJECT_NAME: u8 = 77;
const MODEL_NAME: u8 = 70;
const VENDOR_NAME: u8 = 121;
const FIRMWARE: u8 = 44;
const STATUS_FLAGS: u8 = 111;

fn object(kind: Kind, instance: u32) -> [u8; 4] {
    (u32::from(kind as u8) << 22 | instance).to_be_bytes()
}

/// A tag of context `number` with these octets (up to 4).
fn context(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 4 | 0x08 | value.len() as u8], value].concat()
}

fn real(number: f64) -> Vec<u8> {
    [&[0x44], (number as f32).to_be_bytes().as_slice()].concat()
}

fn text(words: &str) -> Vec<u8> {
    // Application tag 7, character set 0 (UTF-8); lengths above 4 go into a byte of their own.
    let length = words.len() as u8 + 1;
    if length <= 4 {
        [&[0x70 | length, 0], words.as_bytes()].concat()
    } else {
        [&[0x75, length, 0], words.as_bytes()].concat()
    }
}

/// A message behind the virtual link header: 0x0a to one, 0x0b to all.
fn link(function: u8, network: &[u8], message: &[u8]) -> Vec<u8> {
    let length = (4 + network.len() + message.len()) as u16;
    [&[0x81, function], length.to_be_bytes().as_slice(), network, message].concat()
}

impl Device {
    fn value(&self, thing: &Thing, values: &Values) -> Vec<u8> {
        if thing.0 == Kind::BinaryOutput {
            return vec![0x91, u8::from(values.is_on(thing.4))];
        }
        real((values[thing.4] * thing.5).round() / thing.5)
    }

    fn property(&self, kind: Kind, instance: u32, property: u8, values: &Values) -> Vec<u8> {
        let thing = self.objects.iter().find(|thing| thing.0 == kind && thing.1 == instance);
        match (kind, property, thing) {
            (Kind::Device, MODEL_NAME, _) => text(self.model),
            (Kind::Device, VENDOR_NAME, _) => text(self.vendor_name),
            (Kind::Device, FIRMWARE, _) => text(self.firmware),
            (Kind::Device, ..) => text(&format!("{} {}", self.model, self.instance)),
            (_, OBJECT_NAME, Some(thing)) => text(thing.2),
            // Bit string: four unused bits, none set.
            (_, STATUS_FLAGS, _) => vec![0x82, 4, 0],
            (_, _, Some(thing)) => self.value(thing, values),
            (_, _, None) => vec![0x91, 0],
        }
    }
}

/// A request to read properties of objects: object, then property numbers.
type Wanted<'a> = (Kind, u32, &'a [u8]);

/// A confirmed request and its answer.
fn confirmed(
    site: &mut Site,
    at: Time,
    (client, server): (HostId, HostId),
    invoke: u8,
    service: u8,
    ask: &[u8],
    answer: Option<&[u8]>,
) -> Time {
    // Version 1, an answer is expected; no segments accepted, up to 1476 octets.
    let request = link(0x0a, &[1, 0x04], &[&[0, 0x05, invoke, service], ask].concat());
    let asked = site.network.udp(at, (client, PORT), (server, PORT), &request);
    let answered = asked.plus(site.network.answer_time(server));
    let message = match answer {
        Some(answer) => [&[0x30, invoke, service], answer].concat(),
        None => vec![0x20, invoke, service],
    };
    let answer = link(0x0a, &[1, 0], &message);
    site.network.udp(answered, (server, PORT), (client, PORT), &answer).plus(MILLISECOND)
}

/// ReadPropertyMultiple (14).
pub fn read_multiple(
    site: &mut Site,
    at: Time,
    ends: (HostId, HostId),
    device: &Device,
    invoke: u8,
    wanted: &[Wanted<'_>],
) -> Time {
    let (mut ask, mut answer) = (Vec::new(), Vec::new());
    for (kind, instance, properties) in wanted {
        ask.extend(context(0, &object(*kind, *instance)));
        answer.extend(context(0, &object(*kind, *instance)));
        ask.push(0x1e);
        answer.push(0x1e);
        for property in *properties {
            ask.extend(context(0, &[*property]));
            answer.extend(context(2, &[*property]));
            answer.push(0x4e);
            answer.extend(device.property(*kind, *instance, *property, &site.process.values));
            answer.push(0x4f);
        }
        ask.push(0x1f);
        answer.push(0x1f);
    }
    confirmed(site, at, ends, invoke, 14, &ask, Some(&answer))
}

/// WriteProperty (15) of a present value with a priority; the process follows.
pub fn write(
    site: &mut Site,
    at: Time,
    ends: (HostId, HostId),
    device: &Device,
    invoke: u8,
    (kind, instance): (Kind, u32),
    number: f64,
) -> Time {
    let value = if kind == Kind::BinaryOutput { vec![0x91, u8::from(number != 0.0)] } else { real(number) };
    let head = [context(0, &object(kind, instance)), context(1, &[PRESENT_VALUE])].concat();
    let ask = [head.as_slice(), &[0x3e], &value, &[0x3f], &context(4, &[8])].concat();
    if let Some(thing) = device.objects.iter().find(|thing| thing.0 == kind && thing.1 == instance) {
        site.process.values[thing.4] = number;
    }
    confirmed(site, at, ends, invoke, 15, &ask, None)
}

/// Someone asks all devices who they are (Who-Is); each answers (I-Am).
pub fn who_is(network: &mut Network, at: Time, asker: HostId, devices: &[(HostId, &Device)]) -> Time {
    let [a, b, c, _] = network.host(asker).ip.octets();
    let everybody = (Ipv4Addr::new(a, b, c, 255), PORT);
    // To all networks, 255 hops.
    let head = [1, 0x20, 0xff, 0xff, 0, 0xff];
    network.udp_group(at, (asker, PORT), everybody, &link(0x0b, &head, &[0x10, 0x08]));
    let mut last = at;
    for (host, device) in devices {
        last = at.plus(network.answer_time(*host) * 2);
        let identity = object(Kind::Device, device.instance);
        // Up to 1476 octets, no segmentation, vendor.
        let message =
            [&[0x10, 0x00, 0xc4], identity.as_slice(), &[0x22, 0x05, 0xc4, 0x91, 0x03, 0x21, device.vendor]].concat();
        network.udp_group(last, (*host, PORT), everybody, &link(0x0b, &head, &message));
    }
    last
}

/// A management server that polls a device, looks who is there now and then, and is told of changes.
pub struct Supervision {
    /// The server.
    pub client: HostId,
    /// The device.
    pub server: HostId,
    /// What answers there.
    pub device: &'static Device,
    /// Nanoseconds from poll to poll.
    pub period: i64,
    /// Number of the next request.
    pub invoke: u8,
    /// Polls so far.
    pub rounds: u32,
    /// Values as last told, by object.
    pub told: Vec<f64>,
}

impl Supervision {
    /// A supervision that has not begun.
    pub fn new(client: HostId, server: HostId, device: &'static Device, period: i64) -> Supervision {
        Supervision { client, server, device, period, invoke: 0, rounds: 0, told: vec![f64::NAN; device.objects.len()] }
    }

    fn next(&mut self) -> u8 {
        self.invoke = self.invoke.wrapping_add(1);
        self.invoke
    }
}

/// Rounds between two subscriptions: they end after five minutes.
const RENEW_ROUNDS: u32 = 28;

impl Task for Supervision {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        if site.is_down(self.server, at) {
            return Some(at.plus(5 * SECOND));
        }
        let ends = (self.client, self.server);
        let mut now = at;
        if self.rounds.is_multiple_of(360) {
            now = who_is(&mut site.network, now, self.client, &[(self.server, self.device)]).plus(20 * MILLISECOND);
            let wanted: &[Wanted<'_>] =
                &[(Kind::Device, self.device.instance, &[OBJECT_NAME, VENDOR_NAME, MODEL_NAME, FIRMWARE])];
            now = read_multiple(site, now, ends, self.device, self.next(), wanted);
            for thing in self.device.objects {
                let wanted: &[Wanted<'_>] = &[(thing.0, thing.1, &[OBJECT_NAME, PRESENT_VALUE])];
                now = read_multiple(site, now, ends, self.device, self.next(), wanted);
            }
        }
        let first = self.device.objects.first()?;
        if self.rounds.is_multiple_of(RENEW_ROUNDS) {
            // SubscribeCOV: process 18, object, unconfirmed, five minutes.
            let ask = [
                context(0, &[18]),
                context(1, &object(first.0, first.1)),
                context(2, &[0]),
                context(3, &300u16.to_be_bytes()),
            ]
            .concat();
            now = confirmed(site, now, ends, self.next(), 5, &ask, None);
        }
        self.rounds = self.rounds.wrapping_add(1);
        let wanted: Vec<Wanted<'_>> = self
            .device
            .objects
            .iter()
            .map(|thing| (thing.0, thing.1, [PRESENT_VALUE, STATUS_FLAGS].as_slice()))
            .collect();
        now = read_multiple(site, now, ends, self.device, self.next(), &wanted);
        // A notification where the first object has moved by half a unit.
        let value = site.process.values[first.4];
        if (value - self.told[0]).abs() >= 0.5 || self.told[0].is_nan() {
            self.told[0] = value;
            let left = (300 - u64::from(self.rounds % RENEW_ROUNDS) * (self.period / SECOND) as u64).max(1) as u16;
            let head = [
                context(0, &[18]),
                context(1, &object(Kind::Device, self.device.instance)),
                context(2, &object(first.0, first.1)),
                context(3, &left.to_be_bytes()),
            ]
            .concat();
            let number = real((value * first.5).round() / first.5);
            let list = [
                &[0x4e, 0x09, PRESENT_VALUE, 0x2e],
                number.as_slice(),
                &[0x2f, 0x09, STATUS_FLAGS, 0x2e, 0x82, 4, 0, 0x2f, 0x4f],
            ]
            .concat();
            let message = link(0x0a, &[1, 0], &[[0x10, 0x02].as_slice(), &head, &list].concat());
            now = site.network.udp(now.plus(40 * MILLISECOND), (self.server, PORT), (self.client, PORT), &message);
        }
        let next = at.plus(self.period + site.random.around_zero(self.period as f64 * 0.01) as i64);
        Some(next.max(now))
    }
}

/// The server tells the segment the time (TimeSynchronization, unconfirmed 6).
pub fn set_clocks(network: &mut Network, at: Time, server: HostId) {
    let [a, b, c, _] = network.host(server).ip.octets();
    let stamp = format!("{at}");
    let part = |from: usize, size: usize| stamp[from..from + size].parse::<u32>().unwrap_or(0);
    let weekday = (at.0.div_euclid(86_400 * SECOND) + 3).rem_euclid(7) as u8 + 1;
    let date = [(part(0, 4) - 1900) as u8, part(5, 2) as u8, part(8, 2) as u8, weekday];
    let time = [part(11, 2) as u8, part(14, 2) as u8, part(17, 2) as u8, 0];
    let message = [&[0x10, 0x06, 0xa4], date.as_slice(), &[0xb4], &time].concat();
    network.udp_group(at, (server, PORT), (Ipv4Addr::new(a, b, c, 255), PORT), &link(0x0b, &[1, 0], &message));
}
