//! GOOSE: devices that tell their neighbours states within milliseconds, again and again.
//!
//! Source: IEC 61850-8-1:2011, section 18 and annex C (Ethertype 0x88b8, priority tag).

use model::{Mac, Time};

use super::ber::{element, group, number, text};
use crate::frame;
use crate::network::{HostId, MILLISECOND, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};

/// What an entry of a data set shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// A position of two bits: 01 off, 10 on.
    Position(Point),
    /// A boolean.
    Bool(Point),
    /// A floating-point number, rounded to this many steps a unit.
    Float(Point, f64),
}

/// A control block.
#[derive(Debug)]
pub struct Block {
    /// Application identifier.
    pub application: u16,
    /// Last byte of the group address 01-0c-cd-01-00-xx.
    pub group: u8,
    /// Name of the logical device, as in `F1_LD0`.
    pub device: &'static str,
    /// Entries of the data set.
    pub entries: &'static [Shows],
}

impl Block {
    /// What decides whether something has changed, without the work of encoding it.
    fn condition(&self, values: &Values) -> u64 {
        self.entries.iter().fold(0, |sum, entry| {
            sum.rotate_left(7)
                ^ match *entry {
                    Shows::Position(point) | Shows::Bool(point) => 1 + u64::from(values.is_on(point)),
                    Shows::Float(point, steps) => (values[point] * steps).round().to_bits(),
                }
        })
    }

    fn data(&self, values: &Values) -> Vec<Vec<u8>> {
        self.entries
            .iter()
            .map(|entry| match *entry {
                Shows::Position(point) => element(0x84, &[6, if values.is_on(point) { 0x80 } else { 0x40 }]),
                Shows::Bool(point) => element(0x83, &[u8::from(values.is_on(point))]),
                Shows::Float(point, steps) => {
                    let number = ((values[point] * steps).round() / steps) as f32;
                    element(0x87, &[&[8], number.to_be_bytes().as_slice()].concat())
                }
            })
            .collect()
    }
}

/// Eight octets of time: seconds, fraction, quality (ten bits accurate).
pub fn stamp(at: Time) -> [u8; 8] {
    let seconds = (at.0.div_euclid(SECOND) as u32).to_be_bytes();
    let fraction = (((at.0.rem_euclid(SECOND) as u64) << 24) / SECOND as u64) as u32;
    let [_, a, b, c] = fraction.to_be_bytes();
    [seconds[0], seconds[1], seconds[2], seconds[3], a, b, c, 0x0a]
}

/// What a message says besides its data.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// State number.
    pub state: u32,
    /// Sequence number.
    pub sequence: u32,
    /// When the state began.
    pub since: Time,
    /// Milliseconds until the next message at the latest, doubled.
    pub life: u32,
}

/// Sends a message from `sender`, which need not be the device that it speaks for.
pub fn send(site: &mut Site, at: Time, sender: HostId, block: &Block, state: State, data: &[Vec<u8>]) {
    let body = group(
        0x61,
        &[
            text(0x80, &format!("{}/LLN0$GO$gcb01", block.device)),
            number(0x81, u64::from(state.life)),
            text(0x82, &format!("{}/LLN0$ds01", block.device)),
            text(0x83, &format!("{}_G1", block.device)),
            element(0x84, &stamp(state.since)),
            number(0x85, u64::from(state.state)),
            number(0x86, u64::from(state.sequence)),
            element(0x87, &[0]),
            number(0x88, 1),
            element(0x89, &[0]),
            number(0x8a, data.len() as u64),
            group(0xab, data),
        ],
    );
    let length = (8 + body.len()) as u16;
    // Priority 4, virtual network 0.
    let head =
        [&[0x80, 0, 0x88, 0xb8], block.application.to_be_bytes().as_slice(), &length.to_be_bytes(), &[0; 4]].concat();
    let payload = [head, body].concat();
    let target = Mac([0x01, 0x0c, 0xcd, 0x01, 0, block.group]);
    let source = site.network.host(sender).mac;
    site.network.frame(at, frame::ethernet(target, source, 0x8100, &payload));
}

/// A device that publishes one control block.
pub struct Publisher {
    /// The device.
    pub host: HostId,
    /// What it publishes.
    pub block: &'static Block,
    /// State number and since when, shared with nobody: a device begins at 1.
    pub state: State,
    /// Condition as last told; nothing before the first message.
    pub told: Option<u64>,
    /// Nanoseconds between the last message and the next.
    pub gap: i64,
    /// When the next message is due where nothing changes.
    pub due: Time,
}

/// Nanoseconds between repeats at rest.
const REST: i64 = SECOND;

/// Nanoseconds after which a device notices a change at the latest.
const LOOK: i64 = 50 * MILLISECOND;

impl Publisher {
    /// A publisher that has not begun.
    pub fn new(host: HostId, block: &'static Block, start: Time) -> Publisher {
        let state = State { state: 0, sequence: 0, since: start, life: 2_000 };
        Publisher { host, block, state, told: None, gap: REST, due: start }
    }
}

impl Task for Publisher {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        if site.is_down(self.host, at) {
            self.told = None;
            return Some(at.plus(SECOND));
        }
        let condition = Some(self.block.condition(&site.process.values));
        if condition != self.told {
            let (state, since) = (self.state.state + 1, at);
            self.state = State { state, sequence: 0, since, life: 8 };
            self.told = condition;
            self.gap = 2 * MILLISECOND;
        } else if at < self.due {
            return Some(self.due.min(at.plus(LOOK)));
        } else {
            self.state.sequence = if self.state.sequence == u32::MAX { 1 } else { self.state.sequence + 1 };
            self.gap = (self.gap * 2).min(REST);
        }
        self.state.life = (self.gap * 2 / MILLISECOND) as u32;
        let data = self.block.data(&site.process.values);
        send(site, at, self.host, self.block, self.state, &data);
        self.due = at.plus(self.gap + site.random.around_zero(20_000.0) as i64);
        Some(self.due.min(at.plus(LOOK)))
    }
}
