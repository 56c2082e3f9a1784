//! Modbus TCP: a device whose registers are points of the process, and a client that polls them.
//!
//! Sources: Modbus Application Protocol V1.1b3; Modbus Messaging on TCP/IP Implementation Guide V1.0b.

use model::Time;

use crate::network::{HostId, MICROSECOND, Network, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};

/// TCP port of Modbus.
pub const PORT: u16 = 502;

/// A space of numbered things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Bits that can be written.
    Coil,
    /// Bits that can only be read.
    Discrete,
    /// Words that can be written.
    Holding,
    /// Words that can only be read.
    Input,
}

/// What a register shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// A bit that is on or off.
    Bit(Point),
    /// A whole number: the point times this, rounded.
    Scaled(Point, f64),
    /// One half of a 32-bit floating-point number (0 is the high word), rounded to this many steps a unit.
    Float(Point, f64, u8),
    /// Always the same.
    Constant(u16),
}

/// A device.
#[derive(Debug)]
pub struct Device {
    /// Unit identifier.
    pub unit: u8,
    /// Its registers: where, and what they show.
    pub registers: &'static [(Space, u16, Shows)],
    /// How many of each space exist; what is not in `registers` reads as 0.
    pub size: u16,
    /// Objects of Read Device Identification, from number 0.
    pub identity: &'static [&'static str],
}

impl Device {
    /// The answer to a request, both without MBAP header; a write changes `values`.
    pub fn answer(&self, request: &[u8], values: &mut Values) -> Vec<u8> {
        match self.carry_out(request, values) {
            Ok(answer) => answer,
            Err(exception) => vec![request[0] | 0x80, exception],
        }
    }

    fn carry_out(&self, request: &[u8], values: &mut Values) -> Result<Vec<u8>, u8> {
        let function = request[0];
        let word = |at: usize| u16::from_be_bytes([request[at], request[at + 1]]);
        match function {
            1 | 2 => {
                let (first, count) = self.within(word(1), word(3))?;
                let space = if function == 1 { Space::Coil } else { Space::Discrete };
                let mut bits = vec![0u8; usize::from(count).div_ceil(8)];
                for offset in 0..count {
                    if self.show(space, first + offset, values) != 0 {
                        bits[usize::from(offset) / 8] |= 1 << (offset % 8);
                    }
                }
                Ok([&[function, bits.len() as u8], bits.as_slice()].concat())
            }
            3 | 4 => {
                let (first, count) = self.within(word(1), word(3))?;
                let space = if function == 3 { Space::Holding } else { Space::Input };
                let mut answer = vec![function, (count * 2) as u8];
                for offset in 0..count {
                    answer.extend_from_slice(&self.show(space, first + offset, values).to_be_bytes());
                }
                Ok(answer)
            }
            5 | 6 => {
                let (address, _) = self.within(word(1), 1)?;
                let space = if function == 5 { Space::Coil } else { Space::Holding };
                self.set(space, address, word(3), values);
                Ok(request.to_vec())
            }
            15 | 16 => {
                let (first, count) = self.within(word(1), word(3))?;
                for offset in 0..count {
                    let index = usize::from(offset);
                    if function == 15 {
                        let bit = request[6 + index / 8] >> (index % 8) & 1;
                        self.set(Space::Coil, first + offset, u16::from(bit), values);
                    } else {
                        self.set(Space::Holding, first + offset, word(6 + 2 * index), values);
                    }
                }
                Ok(request[..5].to_vec())
            }
            0x2b if request[1] == 0x0e => {
                // Conformity 0x81: basic identification, as a stream or object by object.
                let mut answer = vec![0x2b, 0x0e, request[2], 0x81, 0, 0, self.identity.len() as u8];
                for (number, text) in self.identity.iter().enumerate() {
                    answer.extend_from_slice(&[number as u8, text.len() as u8]);
                    answer.extend_from_slice(text.as_bytes());
                }
                Ok(answer)
            }
            _ => Err(1),
        }
    }

    fn within(&self, first: u16, count: u16) -> Result<(u16, u16), u8> {
        if first.checked_add(count).is_some_and(|end| end <= self.size) { Ok((first, count)) } else { Err(2) }
    }

    fn show(&self, space: Space, address: u16, values: &Values) -> u16 {
        let register = self.registers.iter().find(|register| register.0 == space && register.1 == address);
        match register.map(|register| register.2) {
            Some(Shows::Bit(point)) => u16::from(values.is_on(point)),
            Some(Shows::Scaled(point, scale)) => (values[point] * scale).round() as i32 as u16,
            Some(Shows::Float(point, steps, half)) => {
                let bits = (((values[point] * steps).round() / steps) as f32).to_bits();
                if half == 0 { (bits >> 16) as u16 } else { bits as u16 }
            }
            Some(Shows::Constant(word)) => word,
            None => 0,
        }
    }

    fn set(&self, space: Space, address: u16, word: u16, values: &mut Values) {
        let register = self.registers.iter().find(|register| register.0 == space && register.1 == address);
        match register.map(|register| register.2) {
            Some(Shows::Bit(point)) => values[point] = f64::from(u8::from(word != 0)),
            Some(Shows::Scaled(point, scale)) => values[point] = f64::from(word as i16) / scale,
            _ => {}
        }
    }
}

/// A request to read.
pub fn read(function: u8, first: u16, count: u16) -> Vec<u8> {
    [&[function], first.to_be_bytes().as_slice(), &count.to_be_bytes()].concat()
}

/// A request to write one register (function 6).
pub fn write_register(address: u16, word: u16) -> Vec<u8> {
    read(6, address, word)
}

/// A request to write one coil (function 5).
pub fn write_coil(address: u16, on: bool) -> Vec<u8> {
    read(5, address, if on { 0xff00 } else { 0 })
}

/// A request to write registers (function 16).
pub fn write_registers(first: u16, words: &[u16]) -> Vec<u8> {
    let mut request = read(16, first, words.len() as u16);
    request.push((words.len() * 2) as u8);
    request.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    request
}

/// A request for the basic identification (function 43, type 14).
pub fn identify() -> Vec<u8> {
    vec![0x2b, 0x0e, 1, 0]
}

/// The MBAP header before a request or an answer.
pub fn frame(transaction: u16, unit: u8, message: &[u8]) -> Vec<u8> {
    let length = (message.len() + 1) as u16;
    [&transaction.to_be_bytes(), [0, 0].as_slice(), &length.to_be_bytes(), &[unit], message].concat()
}

/// A client's open conversation with a device.
pub struct Session {
    connection: Connection,
    device: &'static Device,
    transaction: u16,
}

impl Session {
    /// Breaks the conversation off.
    pub fn abort(self, network: &mut Network, at: Time) -> Time {
        self.connection.reset(network, at, Side::Client)
    }

    /// Connects; gives when the client may ask.
    pub fn open(site: &mut Site, at: Time, client: HostId, server: HostId, device: &'static Device) -> (Session, Time) {
        let (connection, at) = Connection::open(&mut site.network, &mut site.random, at, client, (server, PORT));
        let transaction = site.random.below(200) as u16;
        (Session { connection, device, transaction }, at)
    }

    /// Asks and is answered; gives when the answer left.
    pub fn ask(&mut self, site: &mut Site, at: Time, request: &[u8]) -> Time {
        self.transaction = self.transaction.wrapping_add(1);
        let answer = self.device.answer(request, &mut site.process.values);
        let request = frame(self.transaction, self.device.unit, request);
        let answer = frame(self.transaction, self.device.unit, &answer);
        self.connection.exchange(&mut site.network, at, &request, &answer)
    }

    /// Ends the conversation.
    pub fn close(self, network: &mut Network, at: Time) -> Time {
        self.connection.close(network, at)
    }
}

/// A client that asks the same again and again.
pub struct Poll {
    /// Who asks.
    pub client: HostId,
    /// Whom.
    pub server: HostId,
    /// What answers there.
    pub device: &'static Device,
    /// Function, first number and count of each request.
    pub requests: &'static [(u8, u16, u16)],
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
            None => Session::open(site, at, self.client, self.server, self.device),
        };
        for (function, first, count) in self.requests {
            at = session.ask(site, at, &read(*function, *first, *count));
            at = at.plus(site.random.wait(300 * MICROSECOND, 500 * MICROSECOND));
        }
        self.session = Some(session);
        Some(next.max(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;
    use crate::random::Random;
    use crate::sites::{water_devices::DOSING, water_process as water};

    #[test]
    fn registers_show_the_process_and_writes_change_it() {
        let mut process = Process::new(water::INITIAL, water::advance, Time(0), Random::new(1));
        let values = &mut process.values;
        assert_eq!(DOSING.answer(&read(3, 0, 2), values), [3, 4, 0x04, 0xb0, 0x02, 0x58], "12.00 and 0.600 mg/l");
        assert_eq!(DOSING.answer(&write_register(1, 2_400), values), write_register(1, 2_400));
        assert_eq!(values[water::CHLORINE_SET], 2.4);
        assert_eq!(DOSING.answer(&write_coil(0, false), values), write_coil(0, false));
        assert!(!values.is_on(water::DOSING_ENABLED));
        assert_eq!(DOSING.answer(&write_registers(0, &[900, 500]), values), [16, 0, 0, 0, 2]);
        assert_eq!((values[water::COAGULANT_SET], values[water::CHLORINE_SET]), (9.0, 0.5));
        assert_eq!(DOSING.answer(&read(3, 199, 2), values), [0x83, 2], "one register beyond the end");
        assert_eq!(DOSING.answer(&[0x5a, 0], values), [0xda, 1]);
        // An hour with less chlorine: what is measured follows what was set.
        process.advance(Time::from_seconds(3600, 0));
        assert!((0.4..0.56).contains(&process.values[water::CHLORINE]));
    }
}
