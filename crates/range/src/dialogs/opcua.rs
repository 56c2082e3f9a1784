//! OPC UA over TCP without security: a server whose nodes show the process, and clients that browse, read and write.
//!
//! Sources: OPC 10000-6 (mappings: chunks, binary encoding), OPC 10000-4 (services), OPC 10000-3 (attributes).

use model::Time;

use crate::network::{HostId, MICROSECOND, MILLISECOND, Network, SECOND};
use crate::process::{Point, Values};
use crate::site::{Site, Task};
use crate::tcp::Connection;

/// TCP port of OPC UA.
pub const PORT: u16 = 4840;

/// What a node shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// A Float, rounded to this many steps a unit.
    Float(Point, f64),
    /// An Int32: the point, rounded.
    Int(Point),
    /// A Boolean.
    Bool(Point),
}

/// A server.
#[derive(Debug)]
pub struct Server {
    /// Address that it tells, such as `opc.tcp://opc-line:4840`.
    pub endpoint: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Identifier of the product.
    pub product: &'static str,
    /// Nodes of name space 2 by their string identifier.
    pub nodes: &'static [(&'static str, Shows)],
}

/// Result codes.
const GOOD: u32 = 0;
const BAD_NODE_UNKNOWN: u32 = 0x8034_0000;
const BAD_USER_ACCESS_DENIED: u32 = 0x801f_0000;

fn text(words: &str) -> Vec<u8> {
    [(words.len() as u32).to_le_bytes().as_slice(), words.as_bytes()].concat()
}

const NULL: [u8; 4] = [0xff; 4];

/// A node identifier of name space 0 in four bytes.
fn numbered(id: u16) -> [u8; 4] {
    let [low, high] = id.to_le_bytes();
    [1, 0, low, high]
}

fn named(name: &str) -> Vec<u8> {
    [&[3, 2, 0], text(name).as_slice()].concat()
}

/// Hundreds of nanoseconds since 1601.
fn stamp(at: Time) -> [u8; 8] {
    ((at.0 / 100) + 116_444_736_000_000_000).to_le_bytes()
}

/// An application description.
fn application(uri: &str, product: &str, name: &str, kind: u32) -> Vec<u8> {
    let name = [&[2], text(name).as_slice()].concat();
    [text(uri), text(product), name, kind.to_le_bytes().to_vec(), NULL.to_vec(), NULL.to_vec(), NULL.to_vec()].concat()
}

impl Server {
    /// A data value with the time of the source; a status instead where the node is not there.
    fn value(&self, name: &str, at: Time, values: &Values) -> Vec<u8> {
        let number = match self.nodes.iter().find(|node| node.0 == name).map(|node| node.1) {
            Some(Shows::Float(point, steps)) => {
                [&[10], (((values[point] * steps).round() / steps) as f32).to_le_bytes().as_slice()].concat()
            }
            Some(Shows::Int(point)) => [&[6], (values[point].round() as i32).to_le_bytes().as_slice()].concat(),
            Some(Shows::Bool(point)) => vec![1, u8::from(values.is_on(point))],
            None => return [&[2], BAD_NODE_UNKNOWN.to_le_bytes().as_slice()].concat(),
        };
        [&[0x05], number.as_slice(), &stamp(at)].concat()
    }
}

/// How a client logs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logon {
    /// As nobody.
    Anonymous,
    /// By name and password in the clear.
    Password(&'static str, &'static str),
    /// By name and password, refused.
    Refused(&'static str, &'static str),
}

/// A client's open session.
pub struct Session {
    connection: Connection,
    server: &'static Server,
    channel: u32,
    token: u32,
    sequence: u32,
    handle: u32,
    authentication: Vec<u8>,
}

impl Session {
    /// Connects, opens the channel, creates and activates a session.
    pub fn open(
        site: &mut Site,
        at: Time,
        client: HostId,
        host: HostId,
        server: &'static Server,
        logon: Logon,
    ) -> (Session, Time) {
        let (mut connection, now) = Connection::open(&mut site.network, &mut site.random, at, client, (host, PORT));
        let limits = [0u32, 65_536, 65_536, 0, 0].map(u32::to_le_bytes).concat();
        let hello = chunk(b"HEL", &[limits.as_slice(), &text(server.endpoint)].concat());
        let now = connection.exchange(&mut site.network, now, &hello, &chunk(b"ACK", &limits)).plus(MILLISECOND);
        let channel = 1 + site.random.below(4_000) as u32;
        let mut session =
            Session { connection, server, channel, token: 1, sequence: 0, handle: 0, authentication: vec![0, 0] };
        let ask = [[0u32; 3].map(u32::to_le_bytes).concat(), NULL.to_vec(), 3_600_000u32.to_le_bytes().to_vec()];
        let mut ask = ask.concat();
        // Protocol version 0, issue, no security.
        ask[8] = 1;
        let answer = [
            0u32.to_le_bytes().as_slice(),
            &channel.to_le_bytes(),
            &session.token.to_le_bytes(),
            &stamp(now),
            &3_600_000u32.to_le_bytes(),
            &NULL,
        ]
        .concat();
        let now = session.ask(site, now, b"OPN", (446, 449), &ask, (GOOD, &answer));
        let name = site.network.host(client).name;
        let uri = format!("urn:{name}:client");
        let ask = [
            application(&uri, "urn:example:client", name, 1),
            NULL.to_vec(),
            text(server.endpoint),
            text(&format!("{name} session")),
            NULL.to_vec(),
            NULL.to_vec(),
            1_200_000f64.to_le_bytes().to_vec(),
            0u32.to_le_bytes().to_vec(),
        ]
        .concat();
        let identity = site.random.below(60_000) as u16;
        let secret = site.random.bits().to_le_bytes();
        // Authentication token: an opaque identifier.
        let authentication = [[5, 1, 0].as_slice(), &8u32.to_le_bytes(), &secret].concat();
        let policy = "http://opcfoundation.org/UA/SecurityPolicy#None";
        let users = [
            2u32.to_le_bytes().as_slice(),
            &text("anonymous"),
            &0u32.to_le_bytes(),
            &[NULL; 3].concat(),
            &text("user"),
            &1u32.to_le_bytes(),
            &[NULL; 3].concat(),
        ]
        .concat();
        let endpoint = [
            text(server.endpoint),
            application(&format!("urn:{}", server.name), server.product, server.name, 0),
            NULL.to_vec(),
            1u32.to_le_bytes().to_vec(),
            text(policy),
            users,
            text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"),
            vec![0],
        ]
        .concat();
        let answer = [
            [1, 1].as_slice(),
            &identity.to_le_bytes(),
            &authentication,
            &1_200_000f64.to_le_bytes(),
            &NULL,
            &NULL,
            &1u32.to_le_bytes(),
            &endpoint,
            &NULL,
            &NULL,
            &NULL,
            &0u32.to_le_bytes(),
        ]
        .concat();
        let now = session.ask(site, now, b"MSG", (461, 464), &ask, (GOOD, &answer));
        session.authentication = authentication;
        let now = session.activate(site, now, logon);
        (session, now)
    }

    /// Logs on: with name and password where given.
    pub fn activate(&mut self, site: &mut Site, at: Time, logon: Logon) -> Time {
        let (id, token) = match logon {
            Logon::Anonymous => (321, text("anonymous")),
            Logon::Password(user, password) | Logon::Refused(user, password) => {
                (324, [text("user"), text(user), text(password), NULL.to_vec()].concat())
            }
        };
        let signature = [NULL, NULL].concat();
        let identity = [numbered(id).as_slice(), &[1], &(token.len() as u32).to_le_bytes(), &token].concat();
        let ask = [signature.as_slice(), &NULL, &NULL, &identity, &signature].concat();
        if matches!(logon, Logon::Refused(..)) {
            return self.ask(site, at, b"MSG", (467, 397), &ask, (BAD_USER_ACCESS_DENIED, &[]));
        }
        self.ask(site, at, b"MSG", (467, 470), &ask, (GOOD, &[NULL; 3].concat()))
    }

    /// A request and its answer: kind of chunk, types, bodies behind the headers.
    fn ask(
        &mut self,
        site: &mut Site,
        at: Time,
        kind: &[u8; 3],
        (asked, answered): (u16, u16),
        ask: &[u8],
        (status, answer): (u32, &[u8]),
    ) -> Time {
        self.sequence += 1;
        self.handle += 1;
        let order = [self.sequence.to_le_bytes(), self.sequence.to_le_bytes()].concat();
        let security = if kind == b"OPN" {
            [text("http://opcfoundation.org/UA/SecurityPolicy#None"), NULL.to_vec(), NULL.to_vec()].concat()
        } else {
            self.token.to_le_bytes().to_vec()
        };
        let head = |channel: u32| [channel.to_le_bytes().as_slice(), &security, &order].concat();
        let request = [
            numbered(asked).as_slice(),
            &self.authentication,
            &stamp(at),
            &self.handle.to_le_bytes(),
            &[0; 4],
            &NULL,
            &10_000u32.to_le_bytes(),
            &[0, 0, 0],
            ask,
        ]
        .concat();
        let first = if kind == b"OPN" { 0 } else { self.channel };
        let request = chunk(kind, &[head(first), request].concat());
        let reply = [
            numbered(answered).as_slice(),
            &stamp(at.plus(MILLISECOND)),
            &self.handle.to_le_bytes(),
            &status.to_le_bytes(),
            &[0],
            &NULL,
            &[0, 0, 0],
            answer,
        ]
        .concat();
        let reply = chunk(kind, &[head(self.channel), reply].concat());
        let now = self.connection.exchange(&mut site.network, at, &request, &reply);
        now.plus(site.random.wait(500 * MICROSECOND, 500 * MICROSECOND))
    }

    /// Reads the values of nodes.
    pub fn read(&mut self, site: &mut Site, at: Time, names: &[&str]) -> Time {
        // Any age, time of the source.
        let mut ask = [0f64.to_le_bytes().as_slice(), &[0; 4], &(names.len() as u32).to_le_bytes()].concat();
        let mut answer = (names.len() as u32).to_le_bytes().to_vec();
        for name in names {
            ask.extend(named(name));
            ask.extend_from_slice(&13u32.to_le_bytes());
            ask.extend_from_slice(&NULL);
            ask.extend_from_slice(&[0, 0]);
            ask.extend_from_slice(&NULL);
            answer.extend(self.server.value(name, at, &site.process.values));
        }
        answer.extend_from_slice(&NULL);
        self.ask(site, at, b"MSG", (631, 634), &ask, (GOOD, &answer))
    }

    /// Writes the value of one node; the process follows.
    pub fn write(&mut self, site: &mut Site, at: Time, name: &str, number: f64) -> Time {
        let node = self.server.nodes.iter().find(|node| node.0 == name).map(|node| node.1);
        let value = match node {
            Some(Shows::Int(_)) => [&[6], (number as i32).to_le_bytes().as_slice()].concat(),
            Some(Shows::Bool(_)) => vec![1, u8::from(number != 0.0)],
            _ => [&[10], (number as f32).to_le_bytes().as_slice()].concat(),
        };
        if let Some(Shows::Float(point, _) | Shows::Int(point) | Shows::Bool(point)) = node {
            site.process.values[point] = number;
        }
        let ask = [1u32.to_le_bytes().as_slice(), &named(name), &13u32.to_le_bytes(), &NULL, &[1], &value].concat();
        let status = if node.is_some() { GOOD } else { BAD_NODE_UNKNOWN };
        let answer = [1u32.to_le_bytes(), status.to_le_bytes(), NULL].concat();
        self.ask(site, at, b"MSG", (673, 676), &ask, (GOOD, &answer))
    }

    /// Lists what is below the objects folder.
    pub fn browse(&mut self, site: &mut Site, at: Time) -> Time {
        let view = [[0, 0].as_slice(), &[0; 8], &[0; 4]].concat();
        // Objects folder (85), forward, hierarchical references (33) and below, all classes, all fields.
        let what = [[0, 85].as_slice(), &[0; 4], &[0, 33], &[1], &[0; 4], &63u32.to_le_bytes()].concat();
        let ask = [view.as_slice(), &[0; 4], &1u32.to_le_bytes(), &what].concat();
        let mut answer = [1u32.to_le_bytes().as_slice(), &GOOD.to_le_bytes(), &NULL].concat();
        answer.extend_from_slice(&(self.server.nodes.len() as u32).to_le_bytes());
        for (name, _) in self.server.nodes {
            // Organizes (35), forward; node; names; variable; type base data variable (63).
            answer.extend_from_slice(&[0, 35, 1]);
            answer.extend(named(name));
            answer.extend_from_slice(&[2, 0]);
            answer.extend(text(name));
            answer.push(2);
            answer.extend(text(name));
            answer.extend_from_slice(&2u32.to_le_bytes());
            answer.extend_from_slice(&[0, 63]);
        }
        answer.extend_from_slice(&NULL);
        self.ask(site, at, b"MSG", (527, 530), &ask, (GOOD, &answer))
    }

    /// Closes the session and the conversation.
    pub fn close(mut self, site: &mut Site, at: Time) -> Time {
        let now = self.ask(site, at, b"MSG", (473, 476), &[1], (GOOD, &[]));
        self.connection.close(&mut site.network, now.plus(300 * MICROSECOND))
    }

    /// Breaks the conversation off.
    pub fn abort(self, network: &mut Network, at: Time) -> Time {
        self.connection.reset(network, at, crate::tcp::Side::Client)
    }
}

/// A chunk: kind, final, size.
fn chunk(kind: &[u8; 3], body: &[u8]) -> Vec<u8> {
    [kind.as_slice(), b"F", &((8 + body.len()) as u32).to_le_bytes(), body].concat()
}

/// A client that reads all nodes again and again.
pub struct Poll {
    /// Who asks.
    pub client: HostId,
    /// Whom.
    pub host: HostId,
    /// What answers there.
    pub server: &'static Server,
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
        if site.is_down(self.host, at) {
            if let Some(session) = self.session.take() {
                session.abort(&mut site.network, at);
            }
            Connection::unanswered(&mut site.network, &mut site.random, at, self.client, (self.host, PORT));
            return Some(at.plus(5 * SECOND));
        }
        let (mut session, mut now) = match self.session.take() {
            Some(session) => (session, at),
            None => {
                let (mut session, now) = Session::open(site, at, self.client, self.host, self.server, Logon::Anonymous);
                let now = session.browse(site, now);
                (session, now)
            }
        };
        let names: Vec<&str> = self.server.nodes.iter().map(|node| node.0).collect();
        now = session.read(site, now, &names);
        self.session = Some(session);
        Some(next.max(now))
    }
}
