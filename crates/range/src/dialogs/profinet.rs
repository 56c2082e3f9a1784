//! PROFINET: stations that are found and named by DCP, connected by context management, and exchange data in real time.
//!
//! Sources: IEC 61158-6-10:2019 (DCP 4.3, RT 4.2 and 4.7, context management 4.10 and 5.2); C706 DCE/RPC (connectionless).

use model::{Mac, Time};

use crate::frame;
use crate::network::{HostId, MICROSECOND, MILLISECOND, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};

/// Ethertype of PROFINET.
const ETHERTYPE: u16 = 0x8892;
/// UDP port of context management.
pub const PORT: u16 = 34964;
/// Group address of DCP.
const EVERYBODY: Mac = Mac([0x01, 0x0e, 0xcf, 0, 0, 0]);

/// A station with inputs and outputs.
#[derive(Debug)]
pub struct Station {
    /// Name of station.
    pub name: &'static str,
    /// Type of station, as the maker calls it.
    pub kind: &'static str,
    /// Vendor and device identifier.
    pub identity: (u16, u16),
    /// Order number, 20 characters.
    pub order_number: &'static str,
    /// Serial number, 16 characters.
    pub serial: &'static str,
    /// Software version: letter and three numbers.
    pub software: [u8; 4],
    /// Words that it puts in: point times this.
    pub inputs: &'static [(Point, f64)],
    /// Words that are put out to it.
    pub outputs: &'static [(Point, f64)],
    /// Frame identifier of its inputs; that of its outputs is one higher.
    pub frame_id: u16,
}

/// A DCP message.
fn dcp(
    site: &mut Site,
    at: Time,
    from: HostId,
    target: Mac,
    head: (u16, u8, u8, u16),
    number: u32,
    blocks: &[Vec<u8>],
) {
    let (frame_id, service, kind, delay) = head;
    let body: Vec<u8> = blocks
        .iter()
        .flat_map(|block| {
            let mut block = block.clone();
            if !block.len().is_multiple_of(2) {
                block.push(0);
            }
            block
        })
        .collect();
    let mut message = frame_id.to_be_bytes().to_vec();
    message.extend_from_slice(&[service, kind]);
    message.extend_from_slice(&number.to_be_bytes());
    message.extend_from_slice(&delay.to_be_bytes());
    message.extend_from_slice(&(body.len() as u16).to_be_bytes());
    message.extend(body);
    let source = site.network.host(from).mac;
    site.network.frame(at, frame::ethernet(target, source, ETHERTYPE, &message));
}

fn block(option: u8, suboption: u8, value: &[u8]) -> Vec<u8> {
    [&[option, suboption], (value.len() as u16).to_be_bytes().as_slice(), value].concat()
}

/// What a station answers to an Identify.
fn identity(site: &Site, host: HostId, station: &Station) -> Vec<Vec<u8>> {
    let ip = site.network.host(host).ip.octets();
    let (vendor, device) = station.identity;
    let with_info = |value: &[u8]| [&[0, 0], value].concat();
    vec![
        block(2, 1, &with_info(station.kind.as_bytes())),
        block(2, 2, &with_info(station.name.as_bytes())),
        block(2, 3, &with_info(&[vendor.to_be_bytes(), device.to_be_bytes()].concat())),
        block(2, 4, &with_info(&[1, 0])),
        // Address is set; router is the first of the segment.
        block(1, 2, &[&[0, 1], ip.as_slice(), &[255, 255, 255, 0], &[ip[0], ip[1], ip[2], 1]].concat()),
    ]
}

/// Someone asks who is there: all stations, or the one of a name. Gives when the last has answered.
pub fn identify(
    site: &mut Site,
    at: Time,
    asker: HostId,
    name: Option<&str>,
    stations: &[(HostId, &'static Station)],
) -> Time {
    let number = site.random.bits() as u32;
    let filter = match name {
        Some(name) => block(2, 2, name.as_bytes()),
        None => block(0xff, 0xff, &[]),
    };
    dcp(site, at, asker, EVERYBODY, (0xfefe, 5, 0, 0x0080), number, &[filter]);
    let target = site.network.host(asker).mac;
    let mut last = at;
    for (host, station) in stations {
        if site.is_down(*host, at) {
            continue;
        }
        last = last.plus(site.random.wait(2 * MILLISECOND, 4 * MILLISECOND));
        let blocks = identity(site, *host, station);
        dcp(site, last, *host, target, (0xfeff, 5, 1, 0), number, &blocks);
    }
    last
}

/// Someone gives a station another name (kept over power-off); it agrees.
pub fn set_name(site: &mut Site, at: Time, asker: HostId, host: HostId, name: &str) -> Time {
    let value = [&[0, 1], name.as_bytes()].concat();
    set(site, at, asker, host, (2, 2), &value)
}

/// Someone lets a station blink, as commissioning tools do to find it.
pub fn blink(site: &mut Site, at: Time, asker: HostId, host: HostId) -> Time {
    set(site, at, asker, host, (5, 3), &[0, 0, 1, 0])
}

fn set(site: &mut Site, at: Time, asker: HostId, host: HostId, (option, suboption): (u8, u8), value: &[u8]) -> Time {
    let number = site.random.bits() as u32;
    let (target, back) = (site.network.host(host).mac, site.network.host(asker).mac);
    dcp(site, at, asker, target, (0xfefd, 4, 0, 0), number, &[block(option, suboption, value)]);
    let answered = at.plus(site.network.answer_time(host));
    dcp(site, answered, host, back, (0xfefd, 4, 1, 0), number, &[block(5, 4, &[option, suboption, 0])]);
    answered
}

/// A UUID of the PROFINET interfaces: DEA000xx-6C97-11D1-8271-…, in network order.
fn uuid(number: u8, node: [u8; 6]) -> Vec<u8> {
    [&[0xde, 0xa0, 0, number, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71], node.as_slice()].concat()
}

const INTERFACE_NODE: [u8; 6] = [0, 0xa0, 0x24, 0x42, 0xdf, 0x7d];

/// A block of context management: type, length, version 1.0.
fn cm_block(kind: u16, body: &[u8]) -> Vec<u8> {
    [kind.to_be_bytes().as_slice(), &((body.len() + 2) as u16).to_be_bytes(), &[1, 0], body].concat()
}

/// A connection of a controller with a station, and its cyclic data.
pub struct Relation {
    /// The controller.
    pub controller: HostId,
    /// Name of the controller.
    pub controller_name: &'static str,
    /// The station's host.
    pub host: HostId,
    /// The station.
    pub station: &'static Station,
    /// Point that says whether the controller's program runs.
    pub runs: Point,
    /// Nanoseconds from frame to frame; a multiple of a millisecond.
    pub period: i64,
    /// What is open: session key, number of the next call.
    open: Option<(u16, u32)>,
    /// The identifier of the relation.
    relation: [u8; 16],
    counter: u16,
}

impl Relation {
    /// A relation that has not begun.
    pub fn new(
        (controller, controller_name): (HostId, &'static str),
        (host, station): (HostId, &'static Station),
        runs: Point,
        period: i64,
    ) -> Relation {
        let (open, relation, counter) = (None, [0; 16], 0);
        Relation { controller, controller_name, host, station, runs, period, open, relation, counter }
    }

    /// A call and its answer: operation, blocks of both.
    fn call(&mut self, site: &mut Site, at: Time, operation: u16, ask: &[u8], answer: &[u8], is_reverse: bool) -> Time {
        let (caller, callee, interface) =
            if is_reverse { (self.host, self.controller, 2) } else { (self.controller, self.host, 1) };
        let number = match &mut self.open {
            Some((_, number)) => {
                *number += 1;
                *number
            }
            None => 0,
        };
        let (vendor, device) = self.station.identity;
        let [v0, v1] = vendor.to_be_bytes();
        let [d0, d1] = device.to_be_bytes();
        let object = uuid(0, [0, 1, d0, d1, v0, v1]);
        let mut activity = self.relation;
        activity[0] ^= u8::from(is_reverse) | 0x10;
        let serial = number as u16;
        let head = |kind: u8, length: usize| {
            let mut bytes = vec![4, kind, if kind == 0 { 0x20 } else { 0x0a }, 0, 0, 0, 0, (serial >> 8) as u8];
            bytes.extend_from_slice(&object);
            bytes.extend_from_slice(&uuid(interface, INTERFACE_NODE));
            bytes.extend_from_slice(&activity);
            bytes.extend_from_slice(&[0; 4]);
            bytes.extend_from_slice(&1u32.to_be_bytes());
            bytes.extend_from_slice(&number.to_be_bytes());
            bytes.extend_from_slice(&operation.to_be_bytes());
            bytes.extend_from_slice(&[0xff; 4]);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
            bytes.extend_from_slice(&[0, 0, 0, serial as u8]);
            bytes
        };
        let sizes =
            |first: u32, length: usize| [first, length as u32, 4_096, 0, length as u32].map(u32::to_be_bytes).concat();
        let request = [head(0, 20 + ask.len()), sizes(4_096, ask.len()), ask.to_vec()].concat();
        // Status 0: all is well.
        let reply = [head(2, 20 + answer.len()), sizes(0, answer.len()), answer.to_vec()].concat();
        let port = site.network.ephemeral_port(caller);
        let asked = site.network.udp(at, (caller, port), (callee, PORT), &request);
        let answered = asked.plus(site.network.answer_time(callee));
        site.network.udp(answered, (callee, PORT), (caller, port), &reply).plus(MILLISECOND)
    }

    /// Finds the station, connects, reads who it is, ends parametrisation, and is told that it is ready.
    fn connect(&mut self, site: &mut Site, at: Time) -> Time {
        let station = self.station;
        let now = identify(site, at, self.controller, Some(station.name), &[(self.host, station)]);
        for part in self.relation.chunks_mut(8) {
            part.copy_from_slice(&site.random.bits().to_be_bytes());
        }
        let key = 1 + site.random.below(60_000) as u16;
        self.open = Some((key, 0));
        let (mac, other) = (site.network.host(self.controller).mac, site.network.host(self.host).mac);
        let initiator = uuid(0, [0, 1, 0, 2, 0, 0x2a]);
        let name = self.controller_name;
        let relation = self.relation.as_slice();
        // One relation, application class, activity timeout 60 s, real time by UDP port.
        let request = cm_block(
            0x0101,
            &[
                &[0, 1],
                relation,
                &key.to_be_bytes(),
                &mac.0,
                &initiator,
                &0x0000_0131u32.to_be_bytes(),
                &600u16.to_be_bytes(),
                &ETHERTYPE.to_be_bytes(),
                &(name.len() as u16).to_be_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
        let reduction = (self.period / MILLISECOND) as u16;
        let (inputs, outputs) = (2 * station.inputs.len() as u16, 2 * station.outputs.len() as u16);
        let data_bytes = |words: u16| (words + 2).max(40);
        let relation_of = |kind: u16, frame_id: u16, slot: u16, other_slot: u16, words: u16| {
            let fields = [kind, kind, ETHERTYPE, 0, 1, data_bytes(words), frame_id, 32, reduction, 1, 0];
            let mut body: Vec<u8> = fields.iter().flat_map(|field| field.to_be_bytes()).collect();
            body.extend_from_slice(&[0xff; 4]);
            for word in [3u16, 3, 0xc000] {
                body.extend_from_slice(&word.to_be_bytes());
            }
            body.extend_from_slice(&[0; 6]);
            // One API, number 0: one data object with its consumer status behind.
            body.extend_from_slice(&1u16.to_be_bytes());
            body.extend_from_slice(&[0; 4]);
            for word in [1, slot, 1, 0, 1, other_slot, 1, words + 1] {
                body.extend_from_slice(&word.to_be_bytes());
            }
            cm_block(0x0102, &body)
        };
        let alarm = [1u16, ETHERTYPE, 0, 0, 1, 3, 4, 200, 0xc000, 0xa000].map(u16::to_be_bytes).concat();
        let submodule = |slot: u16, ident: u32, kind: u16, words: u16| {
            let mut body = 1u16.to_be_bytes().to_vec();
            body.extend_from_slice(&[0; 4]);
            body.extend_from_slice(&slot.to_be_bytes());
            body.extend_from_slice(&ident.to_be_bytes());
            for word in [0u16, 1, 1] {
                body.extend_from_slice(&word.to_be_bytes());
            }
            body.extend_from_slice(&(ident + 1).to_be_bytes());
            body.extend_from_slice(&kind.to_be_bytes());
            body.extend_from_slice(&kind.to_be_bytes());
            body.extend_from_slice(&words.to_be_bytes());
            body.extend_from_slice(&[1, 1]);
            cm_block(0x0104, &body)
        };
        let ask = [
            request,
            relation_of(1, station.frame_id, 1, 2, inputs),
            relation_of(2, station.frame_id + 1, 2, 1, outputs),
            cm_block(0x0103, &alarm),
            submodule(1, 0x0000_0120, 1, inputs),
            submodule(2, 0x0000_0140, 2, outputs),
        ]
        .concat();
        let answer = [
            cm_block(
                0x8101,
                &[&[0, 1], relation, &key.to_be_bytes(), &other.0, ETHERTYPE.to_be_bytes().as_slice()].concat(),
            ),
            cm_block(0x8102, &[1u16, 1, station.frame_id].map(u16::to_be_bytes).concat()),
            cm_block(0x8102, &[2u16, 2, station.frame_id + 1].map(u16::to_be_bytes).concat()),
            cm_block(0x8103, &[1u16, 7, 200].map(u16::to_be_bytes).concat()),
        ]
        .concat();
        let now = self.call(site, now.plus(3 * MILLISECOND), 0, &ask, &answer, false);
        let now = self.read_identity(site, now.plus(2 * MILLISECOND));
        let now = self.control(site, now.plus(4 * MILLISECOND), 0x0110, 0x0001, false);
        self.control(site, now.plus(20 * MILLISECOND), 0x0112, 0x0002, true)
    }

    /// A control block (end of parameters, application ready) and its answer (done).
    fn control(&mut self, site: &mut Site, at: Time, kind: u16, command: u16, is_reverse: bool) -> Time {
        let key = self.open.map_or(0, |open| open.0);
        let body = |command: u16| {
            let fields = [key, 0, command, 0].map(u16::to_be_bytes).concat();
            [[0, 0].as_slice(), &self.relation, &fields].concat()
        };
        let (ask, answer) = (cm_block(kind, &body(command)), cm_block(kind | 0x8000, &body(0x0008)));
        self.call(site, at, 4, &ask, &answer, is_reverse)
    }

    /// Reads identification and maintenance data 0 (record 0xaff0).
    fn read_identity(&mut self, site: &mut Site, at: Time) -> Time {
        let station = self.station;
        let (vendor, _) = station.identity;
        let record = cm_block(
            0x0020,
            &[
                vendor.to_be_bytes().as_slice(),
                format!("{:<20}", station.order_number).as_bytes(),
                format!("{:<16}", station.serial).as_bytes(),
                &3u16.to_be_bytes(),
                &station.software,
                &[0, 0, 0, 0, 0, 0, 1, 1, 0, 0x1e],
            ]
            .concat(),
        );
        let head = |kind: u16, length: u32, tail: &[u8]| {
            let words = [1u16, 1, 0, 0xaff0].map(u16::to_be_bytes).concat();
            let body = [[0, 1].as_slice(), &self.relation, &[0; 4], &words, &length.to_be_bytes(), tail].concat();
            cm_block(kind, &body)
        };
        let ask = head(0x0009, 4_096, &[0; 24]);
        let answer = [head(0x8009, record.len() as u32, &[0; 24]), record].concat();
        self.call(site, at, 2, &ask, &answer, false)
    }

    /// A cyclic frame of class 1 with priority 6.
    fn cyclic(&self, site: &mut Site, at: Time, is_input: bool) {
        let values: &Values = &site.process.values;
        let (from, to, points, frame_id) = if is_input {
            (self.host, self.controller, self.station.inputs, self.station.frame_id)
        } else {
            (self.controller, self.host, self.station.outputs, self.station.frame_id + 1)
        };
        let mut data = frame_id.to_be_bytes().to_vec();
        for (point, scale) in points {
            data.extend_from_slice(&((values[*point] * scale).round() as i16).to_be_bytes());
        }
        // Provider and consumer status good, then padding.
        data.extend_from_slice(&[0x80, 0x80]);
        let size = 2 + (2 * points.len() + 2).max(40);
        data.resize(size, 0);
        data.extend_from_slice(&self.counter.to_be_bytes());
        // Primary, valid, run or stop, no problem; transferred well.
        let is_running = is_input || values.is_on(self.runs);
        data.extend_from_slice(&[if is_running { 0x35 } else { 0x25 }, 0]);
        let payload = [[0xc0, 0, 0x88, 0x92].as_slice(), &data].concat();
        let (source, target) = (site.network.host(from).mac, site.network.host(to).mac);
        site.network.frame(at, frame::ethernet(target, source, 0x8100, &payload));
    }
}

impl Task for Relation {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        if site.is_down(self.host, at) || site.is_down(self.controller, at) {
            self.open = None;
            if !site.is_down(self.controller, at) {
                // The controller looks for its station by name.
                identify(site, at, self.controller, Some(self.station.name), &[]);
            }
            return Some(at.plus(2 * SECOND));
        }
        if self.open.is_none() {
            let now = self.connect(site, at);
            return Some(now.plus(5 * MILLISECOND));
        }
        // The counter runs in units of 31.25 µs.
        self.counter = self.counter.wrapping_add((self.period / 31_250) as u16);
        self.cyclic(site, at, false);
        let later = at.plus(site.random.wait(90 * MICROSECOND, 60 * MICROSECOND));
        self.cyclic(site, later, true);
        Some(at.plus(self.period + site.random.around_zero(3_000.0) as i64))
    }
}
