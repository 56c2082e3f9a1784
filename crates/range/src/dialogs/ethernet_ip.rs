//! EtherNet/IP and CIP: a Logix controller with tags, its remote inputs and outputs, and their clients.
//!
//! Sources: ODVA, The CIP Networks Library, volume 1 (CIP, ed. 3.x: services, Identity, Connection Manager) and volume 2
//! (EtherNet/IP: encapsulation, common packet format); Rockwell Automation 1756-PM020, Logix 5000 Data Access (tags).

use std::net::Ipv4Addr;

use model::Time;

use crate::network::{HostId, MICROSECOND, MILLISECOND, Network, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};

/// TCP and UDP port of explicit messages.
pub const PORT: u16 = 44818;
/// UDP port of implicit messages.
pub const IMPLICIT_PORT: u16 = 2222;

/// What a device says of itself (Identity object, class 0x01).
#[derive(Debug)]
pub struct Identity {
    /// Vendor number: 1 is Rockwell Automation.
    pub vendor: u16,
    /// Device type: 14 programmable controller, 12 communications adapter.
    pub device_type: u16,
    /// Product code.
    pub product_code: u16,
    /// Revision: major, minor.
    pub revision: [u8; 2],
    /// Serial number.
    pub serial: u32,
    /// Product name.
    pub name: &'static str,
}

impl Identity {
    /// All attributes as one run of bytes; `status` is that of the Identity object.
    fn attributes(&self, status: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [self.vendor, self.device_type, self.product_code] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&self.revision);
        bytes.extend_from_slice(&status.to_le_bytes());
        bytes.extend_from_slice(&self.serial.to_le_bytes());
        bytes.push(self.name.len() as u8);
        bytes.extend_from_slice(self.name.as_bytes());
        bytes
    }
}

/// What a tag shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// REAL (0xca), rounded to this many steps a unit.
    Real(Point, f64),
    /// DINT (0xc4): the point times this, rounded.
    Dint(Point, f64),
    /// BOOL (0xc1).
    Bool(Point),
}

impl Shows {
    fn type_code(self) -> u16 {
        match self {
            Shows::Real(..) => 0xca,
            Shows::Dint(..) => 0xc4,
            Shows::Bool(_) => 0xc1,
        }
    }

    fn bytes(self, values: &Values) -> Vec<u8> {
        match self {
            Shows::Real(point, steps) => (((values[point] * steps).round() / steps) as f32).to_le_bytes().to_vec(),
            Shows::Dint(point, scale) => ((values[point] * scale).round() as i32).to_le_bytes().to_vec(),
            Shows::Bool(point) => vec![u8::from(values.is_on(point)) * 0xff],
        }
    }

    fn set(self, bytes: &[u8], values: &mut Values) {
        match (self, bytes) {
            (Shows::Real(point, _), [a, b, c, d, ..]) => {
                values[point] = f64::from(f32::from_le_bytes([*a, *b, *c, *d]))
            }
            (Shows::Dint(point, scale), [a, b, c, d, ..]) => {
                values[point] = f64::from(i32::from_le_bytes([*a, *b, *c, *d])) / scale;
            }
            (Shows::Bool(point), [byte, ..]) => values[point] = f64::from(u8::from(*byte != 0)),
            _ => {}
        }
    }
}

/// A controller with tags.
#[derive(Debug)]
pub struct Controller {
    /// Its identity.
    pub identity: Identity,
    /// Point that says whether the program runs.
    pub runs: Point,
    /// Names and what they show.
    pub tags: &'static [(&'static str, Shows)],
}

impl Controller {
    fn status(&self, values: &Values) -> u16 {
        // Owned and configured; in run mode 6, in program mode 7 (extended device status).
        if values.is_on(self.runs) { 0x0065 } else { 0x0075 }
    }

    /// The answer to a request; a write or a change of mode changes `values`.
    pub fn answer(&self, request: &[u8], values: &mut Values) -> Vec<u8> {
        let service = request[0];
        let (path, data) = request[2..].split_at(usize::from(request[1]) * 2);
        let reply = |status: u8, data: &[u8]| [&[service | 0x80, 0, status, 0], data].concat();
        match (service, path) {
            (0x01, [0x20, 0x01, ..]) => reply(0, &self.identity.attributes(self.status(values))),
            (0x05, [0x20, 0x01, ..]) | (0x4b | 0x4d | 0x51, [0x20, 0xa1, ..]) => reply(0, &[]),
            // Multiple Service Packet: number, offsets, requests.
            (0x0a, _) => {
                let count = usize::from(u16::from_le_bytes([data[0], data[1]]));
                let offset = |index: usize| usize::from(u16::from_le_bytes([data[2 + 2 * index], data[3 + 2 * index]]));
                let answers: Vec<Vec<u8>> = (0..count)
                    .map(|index| {
                        let end = if index + 1 < count { offset(index + 1) } else { data.len() };
                        self.answer(&data[offset(index)..end], values)
                    })
                    .collect();
                reply(0, &packed(&answers))
            }
            // Run and program mode (class 0x64).
            (0x06, [0x20, 0x64, ..]) => {
                values[self.runs] = 1.0;
                reply(0, &[])
            }
            (0x07, [0x20, 0x64, ..]) => {
                values[self.runs] = 0.0;
                reply(0, &[])
            }
            (0x4c | 0x4d, [0x91, length, name @ ..]) => {
                let name = &name[..usize::from(*length)];
                let Some((_, shows)) = self.tags.iter().find(|tag| tag.0.as_bytes() == name) else {
                    // Path segment error, with an extended status of one word.
                    return vec![service | 0x80, 0, 0x04, 1, 0, 0];
                };
                if service == 0x4d {
                    shows.set(&data[4..], values);
                    return reply(0, &[]);
                }
                reply(0, &[shows.type_code().to_le_bytes().as_slice(), &shows.bytes(values)].concat())
            }
            // Get Instance Attribute List of the symbols: instance, name, type.
            (0x55, [0x20, 0x6b, ..]) => {
                let mut list = Vec::new();
                for (index, (name, shows)) in self.tags.iter().enumerate() {
                    list.extend_from_slice(&(index as u32 * 7 + 12).to_le_bytes());
                    list.extend_from_slice(&(name.len() as u16).to_le_bytes());
                    list.extend_from_slice(name.as_bytes());
                    list.extend_from_slice(&shows.type_code().to_le_bytes());
                }
                reply(0, &list)
            }
            _ => reply(0x08, &[]),
        }
    }
}

/// Number, offsets and bytes of several messages.
fn packed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = (messages.len() as u16).to_le_bytes().to_vec();
    let mut offset = 2 + 2 * messages.len();
    for message in messages {
        bytes.extend_from_slice(&(offset as u16).to_le_bytes());
        offset += message.len();
    }
    bytes.extend(messages.iter().flatten());
    bytes
}

fn request(service: u8, path: &[u8], data: &[u8]) -> Vec<u8> {
    [&[service, path.len() as u8 / 2], path, data].concat()
}

fn symbol(name: &str) -> Vec<u8> {
    let mut path = vec![0x91, name.len() as u8];
    path.extend_from_slice(name.as_bytes());
    if !path.len().is_multiple_of(2) {
        path.push(0);
    }
    path
}

/// A request to read a tag.
pub fn read_tag(name: &str) -> Vec<u8> {
    request(0x4c, &symbol(name), &[1, 0])
}

/// A request to write a REAL tag.
pub fn write_real(name: &str, number: f32) -> Vec<u8> {
    request(0x4d, &symbol(name), &[&[0xca, 0, 1, 0], number.to_le_bytes().as_slice()].concat())
}

/// A request for several at once.
pub fn multiple(requests: &[Vec<u8>]) -> Vec<u8> {
    request(0x0a, &[0x20, 0x02, 0x24, 0x01], &packed(requests))
}

/// A request for all attributes of the Identity object.
pub fn identify() -> Vec<u8> {
    request(0x01, &[0x20, 0x01, 0x24, 0x01], &[])
}

/// A request for the names of all tags.
pub fn list_tags() -> Vec<u8> {
    request(0x55, &[0x20, 0x6b, 0x25, 0, 0, 0], &[2, 0, 1, 0, 2, 0])
}

/// A request to reset the device: type 0, as by switching it off and on.
pub fn reset() -> Vec<u8> {
    request(0x05, &[0x20, 0x01, 0x24, 0x01], &[0])
}

/// A request to go to program mode (as known tools send it to class 0x64).
pub fn stop() -> Vec<u8> {
    request(0x07, &[0x20, 0x64, 0x24, 0x01], &[])
}

/// A request to update the firmware (class 0xa1, as the maker's own tool sends it): how many bytes will come.
pub fn update_firmware(bytes: u32) -> Vec<u8> {
    request(0x4b, &[0x20, 0xa1, 0x24, 0x01], &bytes.to_le_bytes())
}

/// A piece of firmware: offset, bytes.
pub fn transfer_firmware(offset: u32, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u16).to_le_bytes();
    request(0x4d, &[0x20, 0xa1, 0x24, 0x01], &[offset.to_le_bytes().as_slice(), &length, bytes].concat())
}

/// All firmware was sent.
pub fn finish_firmware() -> Vec<u8> {
    request(0x51, &[0x20, 0xa1, 0x24, 0x01], &[1, 0])
}

/// An encapsulated message: command, session, sender context, data.
fn encapsulate(command: u16, session: u32, context: u64, data: &[u8]) -> Vec<u8> {
    let mut bytes = command.to_le_bytes().to_vec();
    bytes.extend_from_slice(&(data.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&session.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&context.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(data);
    bytes
}

fn item(kind: u16, data: &[u8]) -> Vec<u8> {
    [kind.to_le_bytes().as_slice(), &(data.len() as u16).to_le_bytes(), data].concat()
}

/// The data of Send RR Data: unconnected.
fn unconnected(message: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 10, 0, 2, 0], item(0, &[]).as_slice(), &item(0xb2, message)].concat()
}

/// The data of Send Unit Data: connected.
fn connected(id: u32, sequence: u16, message: &[u8]) -> Vec<u8> {
    let message = [sequence.to_le_bytes().as_slice(), message].concat();
    [&[0, 0, 0, 0, 0, 0, 2, 0], item(0xa1, &id.to_le_bytes()).as_slice(), &item(0xb1, &message)].concat()
}

/// The two ends of a CIP connection.
#[derive(Clone, Copy, Debug)]
struct Ends {
    to_target: u32,
    to_originator: u32,
    serial: u16,
}

/// What a Forward Open asks for.
struct Opening<'a> {
    /// Requested packet interval in microseconds, both ways.
    interval_us: u32,
    /// Connection parameters: to the target, to the originator.
    parameters: [u16; 2],
    /// Transport class and trigger.
    transport: u8,
    path: &'a [u8],
}

const ORIGINATOR_VENDOR: u16 = 1;
const ORIGINATOR_SERIAL: u32 = 0x00c1_7a55;

fn forward_open(ends: Ends, opening: &Opening<'_>) -> (Vec<u8>, Vec<u8>) {
    let identity =
        [ends.serial.to_le_bytes().as_slice(), &ORIGINATOR_VENDOR.to_le_bytes(), &ORIGINATOR_SERIAL.to_le_bytes()]
            .concat();
    let interval = opening.interval_us.to_le_bytes();
    let mut data = vec![0x0a, 0x0e];
    data.extend_from_slice(&[0; 4]);
    data.extend_from_slice(&ends.to_originator.to_le_bytes());
    data.extend_from_slice(&identity);
    data.extend_from_slice(&[2, 0, 0, 0]);
    for parameter in opening.parameters {
        data.extend_from_slice(&interval);
        data.extend_from_slice(&parameter.to_le_bytes());
    }
    data.extend_from_slice(&[opening.transport, opening.path.len() as u8 / 2]);
    data.extend_from_slice(opening.path);
    let mut answer = vec![0xd4, 0, 0, 0];
    answer.extend_from_slice(&ends.to_target.to_le_bytes());
    answer.extend_from_slice(&ends.to_originator.to_le_bytes());
    answer.extend_from_slice(&identity);
    answer.extend_from_slice(&interval);
    answer.extend_from_slice(&interval);
    answer.extend_from_slice(&[0, 0]);
    (request(0x54, &[0x20, 0x06, 0x24, 0x01], &data), answer)
}

fn forward_close(ends: Ends, path: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let identity =
        [ends.serial.to_le_bytes().as_slice(), &ORIGINATOR_VENDOR.to_le_bytes(), &ORIGINATOR_SERIAL.to_le_bytes()]
            .concat();
    let data = [&[0x0a, 0x0e], identity.as_slice(), &[path.len() as u8 / 2, 0], path].concat();
    (request(0x4e, &[0x20, 0x06, 0x24, 0x01], &data), [&[0xce, 0, 0, 0], identity.as_slice(), &[0, 0]].concat())
}

/// A client's open session.
pub struct Session {
    connection: Connection,
    handle: u32,
    context: u64,
    connected: Option<(Ends, u16)>,
}

/// Backplane, slot 0.
const ROUTE: [u8; 2] = [0x01, 0x00];

impl Session {
    /// Breaks the conversation off.
    pub fn abort(self, network: &mut Network, at: Time) -> Time {
        self.connection.reset(network, at, Side::Client)
    }

    /// Connects and registers a session.
    pub fn open(site: &mut Site, at: Time, client: HostId, server: HostId) -> (Session, Time) {
        let (connection, at) = Connection::open(&mut site.network, &mut site.random, at, client, (server, PORT));
        let handle = 0x1100_0000 | site.random.below(0xff_ffff) as u32;
        let context = site.random.bits() >> 16;
        let mut session = Session { connection, handle: 0, context, connected: None };
        let data = [1, 0, 0, 0];
        let ask = encapsulate(0x65, 0, context, &data);
        let answer = encapsulate(0x65, handle, context, &data);
        let at = session.connection.exchange(&mut site.network, at, &ask, &answer);
        session.handle = handle;
        (session, at.plus(site.random.wait(300 * MICROSECOND, 300 * MICROSECOND)))
    }

    fn transact(&mut self, site: &mut Site, at: Time, message: &[u8], answer: &[u8]) -> Time {
        self.context = self.context.wrapping_add(1);
        let ask = encapsulate(0x6f, self.handle, self.context, &unconnected(message));
        let answer = encapsulate(0x6f, self.handle, self.context, &unconnected(answer));
        let at = self.connection.exchange(&mut site.network, at, &ask, &answer);
        at.plus(site.random.wait(300 * MICROSECOND, 400 * MICROSECOND))
    }

    /// Asks without a connection, through Unconnected Send to slot 0.
    pub fn ask_routed(&mut self, site: &mut Site, at: Time, controller: &Controller, message: &[u8]) -> Time {
        let answer = controller.answer(message, &mut site.process.values);
        let mut data = vec![0x0a, 0x0e];
        data.extend_from_slice(&(message.len() as u16).to_le_bytes());
        data.extend_from_slice(message);
        if !message.len().is_multiple_of(2) {
            data.push(0);
        }
        data.extend_from_slice(&[1, 0]);
        data.extend_from_slice(&ROUTE);
        self.transact(site, at, &request(0x52, &[0x20, 0x06, 0x24, 0x01], &data), &answer)
    }

    /// Asks without a connection, directly.
    pub fn ask(&mut self, site: &mut Site, at: Time, controller: &Controller, message: &[u8]) -> Time {
        let answer = controller.answer(message, &mut site.process.values);
        self.transact(site, at, message, &answer)
    }

    /// Opens a connection of class 3 to the message router in slot 0.
    pub fn connect(&mut self, site: &mut Site, at: Time) -> Time {
        let ends = Ends {
            to_target: 0x8000_0000 | site.random.below(0x00ff_ffff) as u32,
            to_originator: 0x2000_0000 | site.random.below(0x00ff_ffff) as u32,
            serial: site.random.below(0xffff) as u16,
        };
        let path = [&ROUTE, [0x20, 0x02, 0x24, 0x01].as_slice()].concat();
        let opening = Opening { interval_us: 2_000_000, parameters: [0x43f4, 0x43f4], transport: 0xa3, path: &path };
        let (ask, answer) = forward_open(ends, &opening);
        let at = self.transact(site, at, &ask, &answer);
        self.connected = Some((ends, 0));
        at
    }

    /// Asks over the connection, which is opened where it is not.
    pub fn ask_connected(&mut self, site: &mut Site, at: Time, controller: &Controller, message: &[u8]) -> Time {
        let at = if self.connected.is_none() { self.connect(site, at) } else { at };
        let Some((ends, sequence)) = &mut self.connected else { return at };
        *sequence = sequence.wrapping_add(1);
        let answer = controller.answer(message, &mut site.process.values);
        let ask = encapsulate(0x70, self.handle, 0, &connected(ends.to_target, *sequence, message));
        let answer = encapsulate(0x70, self.handle, 0, &connected(ends.to_originator, *sequence, &answer));
        let at = self.connection.exchange(&mut site.network, at, &ask, &answer);
        at.plus(site.random.wait(300 * MICROSECOND, 400 * MICROSECOND))
    }

    /// Ends connection, session and conversation.
    pub fn close(mut self, site: &mut Site, at: Time) -> Time {
        let mut at = at;
        if let Some((ends, _)) = self.connected.take() {
            let path = [&ROUTE, [0x20, 0x02, 0x24, 0x01].as_slice()].concat();
            let (ask, answer) = forward_close(ends, &path);
            at = self.transact(site, at, &ask, &answer);
        }
        let goodbye = encapsulate(0x66, self.handle, self.context, &[]);
        let at = self.connection.send(&mut site.network, at, Side::Client, &goodbye);
        self.connection.close(&mut site.network, at.plus(300 * MICROSECOND))
    }
}

/// Someone asks everybody on the segment who they are; each of `devices` answers.
pub fn list_identity(
    network: &mut Network,
    at: Time,
    asker: HostId,
    broadcast: Ipv4Addr,
    devices: &[(HostId, &Identity, u16)],
) -> Time {
    let port = network.ephemeral_port(asker);
    network.udp_group(at, (asker, port), (broadcast, PORT), &encapsulate(0x63, 0, 0, &[]));
    let mut last = at;
    for (device, identity, status) in devices {
        let answered = at.plus(network.answer_time(*device) * 3);
        let address = [&[0, 2], PORT.to_be_bytes().as_slice(), &network.host(*device).ip.octets(), &[0; 8]].concat();
        let data = [&[1, 0], address.as_slice(), &identity.attributes(*status), &[0x03]].concat();
        let data = [&[1, 0], item(0x0c, &data).as_slice()].concat();
        last = last.max(network.udp(answered, (*device, PORT), (asker, port), &encapsulate(0x63, 0, 0, &data)));
    }
    last
}

/// A client that reads the same tags again and again.
pub struct Poll {
    /// Who asks.
    pub client: HostId,
    /// Whom.
    pub server: HostId,
    /// What answers there.
    pub controller: &'static Controller,
    /// The tags.
    pub tags: &'static [&'static str],
    /// Whether over a connection and all at once, or each on its own.
    pub is_connected: bool,
    /// Nanoseconds from round to round.
    pub period: i64,
    /// The open session, if any.
    pub session: Option<Session>,
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
        let (mut session, mut at) = match self.session.take() {
            Some(session) => (session, at),
            None => Session::open(site, at, self.client, self.server),
        };
        let requests: Vec<Vec<u8>> = self.tags.iter().map(|tag| read_tag(tag)).collect();
        if self.is_connected {
            at = session.ask_connected(site, at, self.controller, &multiple(&requests));
        } else {
            for request in &requests {
                at = session.ask(site, at, self.controller, request);
            }
        }
        self.session = Some(session);
        Some(next.max(at))
    }
}

/// A controller and its remote inputs and outputs: cyclic data both ways.
pub struct Implicit {
    /// The controller that opens the connection.
    pub scanner: HostId,
    /// The adapter with the inputs and outputs.
    pub adapter: HostId,
    /// Inputs, each a word: the point times this.
    pub inputs: &'static [(Point, f64)],
    /// Outputs, each a word.
    pub outputs: &'static [(Point, f64)],
    /// Point that says whether the scanner's program runs.
    pub runs: Point,
    /// Nanoseconds from packet to packet.
    pub period: i64,
    /// The session over which it was opened, the ends, and the number of the next packet.
    pub open: Option<(Session, u32)>,
}

impl Implicit {
    fn connect(&mut self, site: &mut Site, at: Time) -> Time {
        let (mut session, at) = Session::open(site, at, self.scanner, self.adapter);
        let ends = Ends {
            to_target: 0x0100_0000 | site.random.below(0x00ff_ffff) as u32,
            to_originator: 0x4000_0000 | site.random.below(0x00ff_ffff) as u32,
            serial: site.random.below(0xffff) as u16,
        };
        // Point to point, scheduled, fixed size: class 1 sequence count, to the target also the run/idle header.
        let parameters = [0x4800 | (6 + 2 * self.outputs.len()) as u16, 0x4800 | (2 + 2 * self.inputs.len()) as u16];
        // Assembly: configuration 4, outputs 100, inputs 101.
        let path = [0x20, 0x04, 0x24, 0x04, 0x2c, 100, 0x2c, 101];
        let opening = Opening { interval_us: (self.period / 1000) as u32, parameters, transport: 0x01, path: &path };
        let (ask, answer) = forward_open(ends, &opening);
        let at = session.transact(site, at, &ask, &answer);
        session.connected = Some((ends, 0));
        self.open = Some((session, 0));
        at
    }
}

impl Task for Implicit {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        if site.is_down(self.scanner, at) || site.is_down(self.adapter, at) {
            // The end that is still there breaks off: the connection has timed out for it.
            if let Some((session, _)) = self.open.take() {
                let side = if site.is_down(self.scanner, at) { Side::Server } else { Side::Client };
                session.connection.reset(&mut site.network, at, side);
            }
            return Some(at.plus(SECOND));
        }
        if self.open.is_none() {
            let at = self.connect(site, at);
            return Some(at.plus(5 * MILLISECOND));
        }
        let jitter = site.random.around_zero(400.0 * MICROSECOND as f64) as i64;
        let Some((session, number)) = &mut self.open else { return None };
        let (ends, _) = session.connected?;
        *number = number.wrapping_add(1);
        let number = *number;
        let words = |values: &Values, list: &[(Point, f64)]| -> Vec<u8> {
            list.iter().flat_map(|(point, scale)| ((values[*point] * scale).round() as i16).to_le_bytes()).collect()
        };
        let values = &site.process.values;
        let run = u32::from(values.is_on(self.runs)).to_le_bytes();
        let outputs = [run.as_slice(), &words(values, self.outputs)].concat();
        let inputs = words(values, self.inputs);
        let packet = |id: u32, data: &[u8]| {
            let address = [id.to_le_bytes(), number.to_le_bytes()].concat();
            let data = [(number as u16).to_le_bytes().as_slice(), data].concat();
            [&[2, 0], item(0x8002, &address).as_slice(), &item(0xb1, &data)].concat()
        };
        let (scanner, adapter) = ((self.scanner, IMPLICIT_PORT), (self.adapter, IMPLICIT_PORT));
        site.network.udp(at, scanner, adapter, &packet(ends.to_target, &outputs));
        let answered = at.plus(site.random.wait(3 * MILLISECOND, MILLISECOND));
        site.network.udp(answered, adapter, scanner, &packet(ends.to_originator, &inputs));
        Some(at.plus(self.period + jitter))
    }
}
