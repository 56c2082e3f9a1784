//! MQTT with Sparkplug B: gateways that publish points of the process through a broker to a subscriber.
//!
//! Sources: OASIS MQTT 3.1.1; Eclipse Sparkplug 3.0 (topics, payload of protocol buffers).

use model::Time;

use crate::network::{HostId, MILLISECOND, SECOND};
use crate::process::Point;
use crate::site::{Site, Task};
use crate::tcp::{Connection, Side};

/// TCP port of MQTT.
pub const PORT: u16 = 1883;

/// An edge node and what it tells.
#[derive(Debug)]
pub struct Node {
    /// Sparkplug group.
    pub group: &'static str,
    /// Sparkplug edge node, also the client identifier.
    pub name: &'static str,
    /// User name and password, as they pass in the clear.
    pub login: (&'static str, &'static str),
    /// Metrics: name, point, steps a unit.
    pub metrics: &'static [(&'static str, Point, f64)],
    /// Name and point of the metric that may be written by a command, if any.
    pub command: Option<(&'static str, Point)>,
}

/// A length of the fixed header, seven bits a byte.
fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number > 0 { low | 0x80 } else { low });
        if number == 0 {
            return bytes;
        }
    }
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    [&[head], length(body.len()).as_slice(), body].concat()
}

fn text(words: &str) -> Vec<u8> {
    [(words.len() as u16).to_be_bytes().as_slice(), words.as_bytes()].concat()
}

/// CONNECT: protocol level 4, clean session, keep alive 60 s, user and password.
fn connect(client: &str, login: (&str, &str)) -> Vec<u8> {
    let head = [text("MQTT").as_slice(), &[4, 0xc2, 0, 60]].concat();
    packet(0x10, &[head, text(client), text(login.0), text(login.1)].concat())
}

/// PUBLISH at most once.
pub fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    packet(0x30, &[text(topic).as_slice(), payload].concat())
}

/// A number of protocol buffers.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number > 0 { low | 0x80 } else { low });
        if number == 0 {
            return bytes;
        }
    }
}

fn field(number: u8, body: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(body.len() as u64).as_slice(), body].concat()
}

/// A metric of type Float (9): name or alias, time, value.
fn metric(name: Option<&str>, alias: u64, milliseconds: u64, value: f64) -> Vec<u8> {
    let mut body = Vec::new();
    if let Some(name) = name {
        body.extend(field(1, name.as_bytes()));
    }
    body.extend([&[2 << 3], varint(alias).as_slice()].concat());
    body.extend([&[3 << 3], varint(milliseconds).as_slice()].concat());
    body.extend([4 << 3, 9]);
    body.push(12 << 3 | 5);
    body.extend_from_slice(&(value as f32).to_le_bytes());
    field(2, &body)
}

fn payload(milliseconds: u64, metrics: &[Vec<u8>], sequence: u8) -> Vec<u8> {
    let mut body = [&[1 << 3], varint(milliseconds).as_slice()].concat();
    body.extend(metrics.iter().flatten());
    body.extend([&[3 << 3], varint(u64::from(sequence)).as_slice()].concat());
    body
}

/// A gateway, the broker, and the one who subscribes.
pub struct Gateway {
    /// The gateway.
    pub client: HostId,
    /// The broker.
    pub broker: HostId,
    /// Who listens.
    pub subscriber: HostId,
    /// What the gateway tells.
    pub node: &'static Node,
    /// Nanoseconds from message to message.
    pub period: i64,
    /// The open conversations, gateway and subscriber.
    pub open: Option<(Connection, Connection)>,
    /// Values as last told.
    pub told: Vec<f64>,
    /// Sparkplug sequence number.
    pub sequence: u8,
    /// When something was last sent.
    pub last: Time,
}

impl Gateway {
    /// A gateway that has not begun.
    pub fn new(ends: (HostId, HostId, HostId), node: &'static Node, period: i64) -> Gateway {
        let (client, broker, subscriber) = ends;
        let told = vec![f64::NAN; node.metrics.len()];
        Gateway { client, broker, subscriber, node, period, open: None, told, sequence: 0, last: Time(0) }
    }

    fn topic(&self, kind: &str) -> String {
        format!("spBv1.0/{}/{kind}/{}", self.node.group, self.node.name)
    }

    fn begin(&mut self, site: &mut Site, at: Time) -> Time {
        let (network, random) = (&mut site.network, &mut site.random);
        let (mut listener, now) = Connection::open(network, random, at, self.subscriber, (self.broker, PORT));
        let id = format!("scada-host-{}", self.node.name);
        let now = listener.exchange(network, now, &connect(&id, ("scada", "scada")), &[0x20, 2, 0, 0]);
        let filter = format!("spBv1.0/{}/+/{}", self.node.group, self.node.name);
        let ask = packet(0x82, &[[0, 1].as_slice(), &text(&filter), &[0]].concat());
        let now = listener.exchange(network, now.plus(MILLISECOND), &ask, &[0x90, 3, 0, 1, 0]);
        let (mut speaker, now) =
            Connection::open(network, random, now.plus(300 * MILLISECOND), self.client, (self.broker, PORT));
        let now = speaker.exchange(network, now, &connect(self.node.name, self.node.login), &[0x20, 2, 0, 0]);
        let ask = packet(0x82, &[[0, 1].as_slice(), &text(&self.topic("NCMD")), &[0]].concat());
        let now = speaker.exchange(network, now.plus(MILLISECOND), &ask, &[0x90, 3, 0, 1, 0]);
        self.open = Some((speaker, listener));
        self.sequence = 0;
        self.tell(site, now.plus(5 * MILLISECOND), "NBIRTH")
    }

    /// Publishes what has changed (or all, at birth), and the broker passes it on.
    fn tell(&mut self, site: &mut Site, at: Time, kind: &str) -> Time {
        let milliseconds = (at.0 / MILLISECOND) as u64;
        let is_birth = kind == "NBIRTH";
        let mut metrics = Vec::new();
        for (index, (name, point, steps)) in self.node.metrics.iter().enumerate() {
            let value = (site.process.values[*point] * steps).round() / steps;
            if is_birth || value != self.told[index] {
                self.told[index] = value;
                metrics.push(metric(is_birth.then_some(name), index as u64 + 1, milliseconds, value));
            }
        }
        if metrics.is_empty() {
            return at;
        }
        let message = publish(&self.topic(kind), &payload(milliseconds, &metrics, self.sequence));
        self.sequence = self.sequence.wrapping_add(1);
        self.pass(site, at, &message)
    }

    fn pass(&mut self, site: &mut Site, at: Time, message: &[u8]) -> Time {
        let Some((speaker, listener)) = &mut self.open else { return at };
        self.last = at;
        let now = speaker.send(&mut site.network, at, Side::Client, message);
        let now = now.plus(site.network.answer_time(self.broker));
        listener.send(&mut site.network, now, Side::Server, message)
    }
}

impl Task for Gateway {
    fn run(&mut self, at: Time, site: &mut Site) -> Option<Time> {
        if site.is_down(self.client, at) || site.is_down(self.broker, at) {
            if let Some((speaker, listener)) = self.open.take() {
                speaker.reset(&mut site.network, at, Side::Server);
                listener.reset(&mut site.network, at, Side::Client);
            }
            return Some(at.plus(5 * SECOND));
        }
        if self.open.is_none() {
            return Some(self.begin(site, at).plus(self.period));
        }
        let mut now = at;
        if let (Some(wish), Some((name, point))) = (site.take_wish(self.client), self.node.command)
            && let Some((speaker, listener)) = &mut self.open
        {
            // The subscriber publishes a command; the broker passes it to the gateway.
            let value = metric(Some(name), 99, (at.0 / MILLISECOND) as u64, wish.value);
            let topic = format!("spBv1.0/{}/NCMD/{}", self.node.group, self.node.name);
            let message = publish(&topic, &payload((at.0 / MILLISECOND) as u64, &[value], 0));
            now = listener.send(&mut site.network, now, Side::Client, &message);
            now = now.plus(site.network.answer_time(self.broker));
            now = speaker.send(&mut site.network, now, Side::Server, &message).plus(30 * MILLISECOND);
            site.process.values[point] = wish.value;
        }
        now = self.tell(site, now, "NDATA");
        if now.since(self.last) > 45 * SECOND
            && let Some((speaker, _)) = &mut self.open
        {
            self.last = now;
            now = speaker.exchange(&mut site.network, now, &[0xc0, 0], &[0xd0, 0]);
        }
        // The subscriber hears at least every 60 s, else it asks.
        let next = at.plus(self.period + site.random.around_zero(self.period as f64 * 0.02) as i64);
        Some(next.max(now))
    }
}
