//! S7comm on ISO-on-TCP: a SIMATIC S7-300 whose memory shows the process, and what HMIs and engineering stations do to it.
//!
//! Sources: RFC 1006 (TPKT), ISO 8073 (COTP), RFC 905; S7comm has no public manual: the layout follows the field names of
//! Wireshark's documentation and Siemens' "System Software for S7-300/400, System and Standard Functions" (A5E02789976)
//! for the system status lists.

use model::Time;

use super::s7comm_lists;
use crate::network::{HostId, MICROSECOND, MILLISECOND, Network, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};

/// TCP port of ISO-on-TCP.
pub const PORT: u16 = 102;

/// A memory area, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Area {
    /// Inputs.
    Inputs = 0x81,
    /// Outputs.
    Outputs = 0x82,
    /// Flags (Merker).
    Flags = 0x83,
    /// A data block.
    Data = 0x84,
}

/// What a field of the memory shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// A REAL, rounded to this many steps a unit.
    Real(Point, f64),
    /// An INT: the point times this, rounded.
    Int(Point, f64),
    /// A BOOL: the bit of the byte.
    Bit(Point, u8),
}

/// A piece of memory: area, number of the data block, size in bytes, fields by byte offset.
#[derive(Debug)]
pub struct Memory {
    /// Area.
    pub area: Area,
    /// Number of the data block; 0 elsewhere.
    pub block: u16,
    /// Size in bytes.
    pub size: usize,
    /// Fields.
    pub fields: &'static [(usize, Shows)],
}

/// A controller.
#[derive(Debug)]
pub struct Controller {
    /// Order number (MLFB), 20 characters.
    pub order_number: &'static str,
    /// Order number of the basic hardware with its version.
    pub hardware_version: u8,
    /// Firmware version: major, minor, patch.
    pub firmware: [u8; 3],
    /// Name of the station.
    pub station: &'static str,
    /// Name of the module.
    pub module: &'static str,
    /// Type of the module.
    pub kind: &'static str,
    /// Designation of the plant.
    pub plant: &'static str,
    /// Serial number.
    pub serial: &'static str,
    /// Serial number of the memory card.
    pub card: &'static str,
    /// Memory.
    pub memory: &'static [Memory],
    /// Point that says whether the program runs.
    pub runs: Point,
    /// Point that says where its key is (1 RUN, 2 RUN-P), where that can change.
    pub key: Option<Point>,
    /// Blocks: type digits (`08` OB, `0A` DB, `0C` FC, `0E` FB), number, load memory in bytes.
    pub blocks: &'static [(&'static str, u16, u16)],
    /// Largest PDU that it agrees to.
    pub pdu_bytes_max: u16,
}

/// One item of a read or write: transport size, count, data block, area, bit address.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Transport size: 1 bit, 2 byte, 4 word, 8 real.
    pub transport: u8,
    /// How many of them.
    pub count: u16,
    /// Data block; 0 elsewhere.
    pub block: u16,
    /// Area.
    pub area: Area,
    /// Address in bits.
    pub bit: u32,
}

impl Item {
    /// Bytes from `byte` of a data block.
    pub const fn bytes(block: u16, byte: u32, count: u16) -> Item {
        Item { transport: 2, count, block, area: Area::Data, bit: byte * 8 }
    }

    /// One REAL of a data block.
    pub const fn real(block: u16, byte: u32) -> Item {
        Item { transport: 8, count: 1, block, area: Area::Data, bit: byte * 8 }
    }

    /// One bit of an area.
    pub const fn bit(area: Area, byte: u32, bit: u32) -> Item {
        Item { transport: 1, count: 1, block: 0, area, bit: byte * 8 + bit }
    }

    fn address(&self) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x0a, 0x10, self.transport];
        bytes.extend_from_slice(&self.count.to_be_bytes());
        bytes.extend_from_slice(&self.block.to_be_bytes());
        bytes.push(self.area as u8);
        bytes.extend_from_slice(&self.bit.to_be_bytes()[1..]);
        bytes
    }

    fn size(&self) -> usize {
        let each = match self.transport {
            1 | 2 => 1,
            4 => 2,
            _ => 4,
        };
        each * usize::from(self.count)
    }

    /// Return code, transport size, length in the unit of that size, data.
    fn data(&self, code: u8, bytes: &[u8]) -> Vec<u8> {
        let (transport, length) = match self.transport {
            1 => (3, 1),
            8 => (7, bytes.len() as u16),
            _ => (4, bytes.len() as u16 * 8),
        };
        [&[code, transport], length.to_be_bytes().as_slice(), bytes].concat()
    }
}

impl Controller {
    fn memory(&self, item: &Item) -> Option<&'static Memory> {
        let fits = |m: &&Memory| {
            let end = item.bit as usize / 8 + item.size();
            m.area == item.area && m.block == item.block && end <= m.size
        };
        self.memory.iter().find(fits)
    }

    /// Return code and bytes of an item: 0x05 where the address does not exist, 0x0a where the block does not.
    fn show(&self, item: &Item, values: &Values) -> Result<Vec<u8>, u8> {
        let Some(memory) = self.memory(item) else {
            let exists = self.memory.iter().any(|m| m.area == item.area && m.block == item.block);
            return Err(if exists { 0x05 } else { 0x0a });
        };
        let mut image = vec![0u8; memory.size];
        for (offset, shows) in memory.fields {
            match *shows {
                Shows::Real(point, steps) => {
                    let number = ((values[point] * steps).round() / steps) as f32;
                    image[*offset..offset + 4].copy_from_slice(&number.to_be_bytes());
                }
                Shows::Int(point, scale) => {
                    let number = (values[point] * scale).round() as i16;
                    image[*offset..offset + 2].copy_from_slice(&number.to_be_bytes());
                }
                Shows::Bit(point, bit) => image[*offset] |= u8::from(values.is_on(point)) << bit,
            }
        }
        let byte = item.bit as usize / 8;
        if item.transport == 1 {
            return Ok(vec![image[byte] >> (item.bit % 8) & 1]);
        }
        Ok(image[byte..byte + item.size()].to_vec())
    }

    fn set(&self, item: &Item, bytes: &[u8], values: &mut Values) -> u8 {
        let Some(memory) = self.memory(item) else { return 0x05 };
        let byte = item.bit as usize / 8;
        for (offset, shows) in memory.fields {
            let Some(inside) = offset.checked_sub(byte).filter(|inside| *inside < bytes.len()) else { continue };
            match (*shows, &bytes[inside..]) {
                (Shows::Real(point, _), [a, b, c, d, ..]) => {
                    values[point] = f64::from(f32::from_be_bytes([*a, *b, *c, *d]));
                }
                (Shows::Int(point, scale), [a, b, ..]) => {
                    values[point] = f64::from(i16::from_be_bytes([*a, *b])) / scale;
                }
                (Shows::Bit(point, bit), [byte, ..]) => {
                    let is_this = item.transport == 1 && u32::from(bit) == item.bit % 8;
                    if is_this {
                        values[point] = f64::from(byte & 1);
                    } else if item.transport != 1 {
                        values[point] = f64::from(byte >> bit & 1);
                    }
                }
                _ => {}
            }
        }
        0xff
    }
}

/// TPKT and COTP data header before a PDU.
fn packet(pdu: &[u8]) -> Vec<u8> {
    let length = (7 + pdu.len()) as u16;
    [&[3, 0], length.to_be_bytes().as_slice(), &[2, 0xf0, 0x80], pdu].concat()
}

/// A PDU: kind 1 job, 2 acknowledgement, 3 acknowledgement with data, 7 user data.
fn pdu(kind: u8, reference: u16, parameter: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x32, kind, 0, 0];
    bytes.extend_from_slice(&reference.to_be_bytes());
    bytes.extend_from_slice(&(parameter.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
    if matches!(kind, 2 | 3) {
        bytes.extend_from_slice(&[0, 0]);
    }
    bytes.extend_from_slice(parameter);
    bytes.extend_from_slice(data);
    bytes
}

/// A text with its length before it.
fn counted(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

/// A client's open conversation with a controller.
pub struct Session {
    connection: Connection,
    controller: &'static Controller,
    reference: u16,
    sequence: u8,
    pdu_bytes_max: u16,
}

impl Session {
    /// Breaks the conversation off.
    pub fn abort(self, network: &mut Network, at: Time) -> Time {
        self.connection.reset(network, at, Side::Client)
    }

    /// Connects to rack 0, slot 2 (connection `kind` 1 programming device, 2 operator panel, 3 other) and sets up.
    pub fn open(
        site: &mut Site,
        at: Time,
        client: HostId,
        server: HostId,
        controller: &'static Controller,
        kind: u8,
    ) -> (Session, Time) {
        let (connection, at) = Connection::open(&mut site.network, &mut site.random, at, client, (server, PORT));
        let mut session = Session { connection, controller, reference: 0, sequence: 0, pdu_bytes_max: 0 };
        let source = (site.random.below(0x7fff) as u16).to_be_bytes();
        let target = [0x44, site.random.below(0x7f) as u8];
        let parameters = [0xc0, 1, 0x0a, 0xc1, 2, 1, 0, 0xc2, 2, kind, 2];
        let request = [&[3, 0, 0, 22, 17, 0xe0, 0, 0], source.as_slice(), &[0], &parameters].concat();
        let confirm = [&[3, 0, 0, 22, 17, 0xd0], source.as_slice(), &target, &[0], &parameters].concat();
        let at = session.connection.exchange(&mut site.network, at, &request, &confirm);
        let at = at.plus(site.random.wait(200 * MICROSECOND, 200 * MICROSECOND));
        session.pdu_bytes_max = controller.pdu_bytes_max.min(480);
        let setup = |bytes: u16| [&[0xf0, 0, 0, 1, 0, 1], bytes.to_be_bytes().as_slice()].concat();
        let at = session.job(site, at, &setup(480), &[], &setup(session.pdu_bytes_max), &[]);
        (session, at)
    }

    /// A job and its acknowledgement.
    fn job(&mut self, site: &mut Site, at: Time, ask: &[u8], data: &[u8], answer: &[u8], back: &[u8]) -> Time {
        self.reference = self.reference.wrapping_add(1);
        let request = packet(&pdu(1, self.reference, ask, data));
        let answer = packet(&pdu(3, self.reference, answer, back));
        let at = self.connection.exchange(&mut site.network, at, &request, &answer);
        at.plus(site.random.wait(400 * MICROSECOND, 500 * MICROSECOND))
    }

    /// Reads variables.
    pub fn read(&mut self, site: &mut Site, at: Time, items: &[Item]) -> Time {
        let count = items.len() as u8;
        let ask = [vec![4, count], items.iter().flat_map(Item::address).collect()].concat();
        let mut back = Vec::new();
        for item in items {
            pad(&mut back);
            match self.controller.show(item, &site.process.values) {
                Ok(bytes) => back.extend_from_slice(&item.data(0xff, &bytes)),
                Err(code) => back.extend_from_slice(&[code, 0, 0, 0]),
            }
        }
        self.job(site, at, &ask, &[], &[4, count], &back)
    }

    /// Writes one variable.
    pub fn write(&mut self, site: &mut Site, at: Time, item: Item, bytes: &[u8]) -> Time {
        let ask = [&[5, 1], item.address().as_slice()].concat();
        let code = self.controller.set(&item, bytes, &mut site.process.values);
        self.job(site, at, &ask, &item.data(0, bytes), &[5, 1], &[code])
    }

    /// Reads a system status list, in pieces where it does not fit one PDU.
    pub fn read_list(&mut self, site: &mut Site, at: Time, list: u16, index: u16) -> Time {
        let runs = site.process.values.is_on(self.controller.runs);
        let ask = [list.to_be_bytes(), index.to_be_bytes()].concat();
        let key = self.controller.key.map_or(1, |point| site.process.values[point] as u16);
        match s7comm_lists::records(self.controller, list, index, (runs, key), at) {
            Some((size, records)) => {
                let head = [size as u16, (records.len() / size) as u16];
                let body = [&ask, head.map(u16::to_be_bytes).concat().as_slice(), &records].concat();
                self.user_data(site, at, (4, 1), &ask, &body)
            }
            // Error 0xd401: this list is not there.
            None => self.user_data_refused(site, at, (4, 1), &ask, 0xd401),
        }
    }

    /// Counts the blocks of each type, then lists those of two types.
    pub fn list_blocks(&mut self, site: &mut Site, at: Time) -> Time {
        let mut counts = Vec::new();
        for kind in ["08", "0E", "0C", "0A", "0D", "0F", "0B"] {
            let count = self.controller.blocks.iter().filter(|block| block.0 == kind).count() as u16;
            counts.extend_from_slice(kind.as_bytes());
            counts.extend_from_slice(&count.to_be_bytes());
        }
        let mut at = self.user_data(site, at, (3, 1), &[], &counts);
        for kind in ["08", "0A"] {
            let mut list = Vec::new();
            for (_, number, _) in self.controller.blocks.iter().filter(|block| block.0 == kind) {
                list.extend_from_slice(&number.to_be_bytes());
                // Flags: linked; language: statement list, or data.
                list.extend_from_slice(&[0x22, if kind == "0A" { 5 } else { 1 }]);
            }
            at = self.user_data(site, at, (3, 2), kind.as_bytes(), &list);
        }
        at
    }

    /// Reads the controller's clock.
    pub fn read_clock(&mut self, site: &mut Site, at: Time) -> Time {
        let clock = s7comm_lists::clock(at);
        self.user_data(site, at, (7, 1), &[], &[&[0, 0x20], clock.as_slice()].concat())
    }

    /// Sets the controller's clock.
    pub fn set_clock(&mut self, site: &mut Site, at: Time) -> Time {
        let clock = s7comm_lists::clock(at);
        self.user_data(site, at, (7, 2), &[&[0, 0x20], clock.as_slice()].concat(), &[])
    }

    /// A question of function group `function.0`, subfunction `function.1`, and its answer in pieces.
    fn user_data(&mut self, site: &mut Site, at: Time, function: (u8, u8), ask: &[u8], body: &[u8]) -> Time {
        let (group, subfunction) = function;
        self.sequence = self.sequence.wrapping_add(1);
        let piece_bytes = usize::from(self.pdu_bytes_max) - 10 - 12 - 4;
        let pieces: Vec<&[u8]> = if body.is_empty() { vec![&[]] } else { body.chunks(piece_bytes).collect() };
        let mut at = at;
        for (number, piece) in pieces.iter().enumerate() {
            self.reference = self.reference.wrapping_add(1);
            let unit = if pieces.len() > 1 { 1 } else { 0 };
            let request = if number == 0 {
                let parameter = [0, 1, 0x12, 4, 0x11, 0x40 | group, subfunction, 0];
                pdu(7, self.reference, &parameter, &octets(ask))
            } else {
                let parameter = [0, 1, 0x12, 8, 0x12, 0x40 | group, subfunction, self.sequence, unit, 0, 0, 0];
                pdu(7, self.reference, &parameter, &octets(&[]))
            };
            let more = u8::from(number + 1 < pieces.len());
            let parameter = [0, 1, 0x12, 8, 0x12, 0x80 | group, subfunction, self.sequence, unit, more, 0, 0];
            let answer = pdu(7, self.reference, &parameter, &octets(piece));
            at = self.connection.exchange(&mut site.network, at, &packet(&request), &packet(&answer));
            at = at.plus(site.random.wait(600 * MICROSECOND, 900 * MICROSECOND));
        }
        at
    }

    fn user_data_refused(&mut self, site: &mut Site, at: Time, (group, sub): (u8, u8), ask: &[u8], error: u16) -> Time {
        self.reference = self.reference.wrapping_add(1);
        self.sequence = self.sequence.wrapping_add(1);
        let request = pdu(7, self.reference, &[0, 1, 0x12, 4, 0x11, 0x40 | group, sub, 0], &octets(ask));
        let [high, low] = error.to_be_bytes();
        let parameter = [0, 1, 0x12, 8, 0x12, 0x80 | group, sub, self.sequence, 0, 0, high, low];
        let answer = pdu(7, self.reference, &parameter, &octets(&[]));
        let at = self.connection.exchange(&mut site.network, at, &packet(&request), &packet(&answer));
        at.plus(site.random.wait(600 * MICROSECOND, 900 * MICROSECOND))
    }

    /// Takes a block out of the controller: start upload, upload until it ends, end upload.
    pub fn upload(&mut self, site: &mut Site, at: Time, kind: &str, number: u16) -> Time {
        let size = self.controller.blocks.iter().find(|b| b.0 == kind && b.1 == number).map_or(120, |b| b.2);
        let block = s7comm_lists::block(kind, number, size);
        let name = counted(&format!("_{kind}{number:05}A"));
        let id = [0, 0, 0, 7];
        let length = counted(&format!("{:07}", block.len()));
        let start = [&[0x1d, 0, 0, 0, 0, 0, 0, 0], name.as_slice()].concat();
        let started = [&[0x1d, 0, 1, 0], id.as_slice(), &length].concat();
        let mut at = self.job(site, at, &start, &[], &started, &[]);
        let pieces: Vec<&[u8]> = block.chunks(usize::from(self.pdu_bytes_max) - 18).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let more = u8::from(index + 1 < pieces.len());
            let data = [(piece.len() as u16).to_be_bytes().as_slice(), &[0, 0xfb], piece].concat();
            at = self.job(site, at, &[&[0x1e, 0, 0, 0], id.as_slice()].concat(), &[], &[0x1e, more], &data);
        }
        self.job(site, at, &[&[0x1f, 0, 0, 0], id.as_slice()].concat(), &[], &[0x1f], &[])
    }

    /// Puts a block into the controller: request download, then the controller fetches it and ends, then it is linked in.
    pub fn download(&mut self, site: &mut Site, at: Time, kind: &str, number: u16, size: u16) -> Time {
        let block = s7comm_lists::block(kind, number, size);
        let name = counted(&format!("_{kind}{number:05}P"));
        let lengths = counted(&format!("1{:06}{:06}", block.len(), block.len().saturating_sub(36)));
        let ask = [&[0x1a, 0, 1, 0, 0, 0, 0, 0], name.as_slice(), &lengths].concat();
        let mut at = self.job(site, at, &ask, &[], &[0x1a], &[]);
        // Here the controller asks and the station answers.
        let pieces: Vec<&[u8]> = block.chunks(usize::from(self.pdu_bytes_max) - 18).collect();
        let mut reference = 0x0500 + site.random.below(0x400) as u16;
        for (index, piece) in pieces.iter().enumerate() {
            reference = reference.wrapping_add(1);
            let more = u8::from(index + 1 < pieces.len());
            let data = [(piece.len() as u16).to_be_bytes().as_slice(), &[0, 0xfb], piece].concat();
            let ask = [&[0x1b, 0, 1, 0, 0, 0, 0, 0], name.as_slice()].concat();
            at = self.asked_by_controller(site, at, reference, &ask, &[0x1b, more], &data);
        }
        let ask = [&[0x1c, 0, 0, 0, 0, 0, 0, 0], name.as_slice()].concat();
        let at = self.asked_by_controller(site, at, reference.wrapping_add(1), &ask, &[0x1c], &[]);
        let argument = [&[1, 0], format!("{kind}{number:05}P").as_bytes()].concat();
        self.program_invocation(site, at, &argument, "_INSE")
    }

    fn asked_by_controller(
        &mut self,
        site: &mut Site,
        at: Time,
        reference: u16,
        ask: &[u8],
        answer: &[u8],
        data: &[u8],
    ) -> Time {
        let at = self.connection.send(&mut site.network, at, Side::Server, &packet(&pdu(1, reference, ask, &[])));
        let at = at.plus(site.network.answer_time(self.connection.client()));
        let at = self.connection.send(&mut site.network, at, Side::Client, &packet(&pdu(3, reference, answer, data)));
        at.plus(site.random.wait(3 * MILLISECOND, MILLISECOND))
    }

    fn program_invocation(&mut self, site: &mut Site, at: Time, argument: &[u8], service: &str) -> Time {
        let length = (argument.len() as u16).to_be_bytes();
        let head = [0x28, 0, 0, 0, 0, 0, 0, 0xfd];
        let ask = [&head, length.as_slice(), argument, &counted(service)].concat();
        self.job(site, at, &ask, &[], &[0x28], &[])
    }

    /// Stops the program.
    pub fn stop(&mut self, site: &mut Site, at: Time) -> Time {
        site.process.values[self.controller.runs] = 0.0;
        let ask = [&[0x29, 0, 0, 0, 0, 0], counted("P_PROGRAM").as_slice()].concat();
        self.job(site, at, &ask, &[], &[0x29], &[])
    }

    /// Starts the program again (warm restart).
    pub fn start(&mut self, site: &mut Site, at: Time) -> Time {
        site.process.values[self.controller.runs] = 1.0;
        self.program_invocation(site, at, &[], "P_PROGRAM")
    }

    /// Ends the conversation.
    pub fn close(self, network: &mut Network, at: Time) -> Time {
        self.connection.close(network, at)
    }
}

/// The data part of user data: octet string, or nothing.
fn octets(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return vec![0x0a, 0, 0, 0];
    }
    [&[0xff, 9], (bytes.len() as u16).to_be_bytes().as_slice(), bytes].concat()
}

/// Items begin at even offsets.
fn pad(bytes: &mut Vec<u8>) {
    if !bytes.len().is_multiple_of(2) {
        bytes.push(0);
    }
}

/// A client that reads the same variables again and again.
pub struct Poll {
    /// Who asks.
    pub client: HostId,
    /// Whom.
    pub server: HostId,
    /// What answers there.
    pub controller: &'static Controller,
    /// Requests, each of several items.
    pub requests: &'static [&'static [Item]],
    /// Nanoseconds from round to round.
    pub period: i64,
    /// The open connection, if any.
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
            None => Session::open(site, at, self.client, self.server, self.controller, 2),
        };
        for items in self.requests {
            at = session.read(site, at, items);
        }
        self.session = Some(session);
        Some(next.max(at))
    }
}
