//! Windows machines and their domain: Kerberos, LDAP and SMB 2 as they look on the wire.
//!
//! Sources: RFC 4120 (Kerberos), RFC 4511 (LDAP), MS-SMB2 (SMB 2), MS-NLMP (NTLM tokens inside it).

use model::Time;

use super::ber::{element, group, number, text};
use crate::network::{HostId, MICROSECOND, MILLISECOND};
use crate::random::Random;
use crate::site::Site;
use crate::tcp::Connection;

fn noise(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.bits() as u8).collect()
}

/// A machine gets a ticket (Kerberos) and asks the directory for its policies (LDAP).
pub fn log_on(site: &mut Site, at: Time, client: HostId, server: HostId, domain: &str) -> Time {
    let now = ticket(site, at, client, server, domain);
    directory(site, now.plus(4 * MILLISECOND), client, server, domain)
}

/// AS-REQ and AS-REP over UDP.
fn ticket(site: &mut Site, at: Time, client: HostId, server: HostId, domain: &str) -> Time {
    let realm = domain.to_uppercase();
    let name = site.network.host(client).name.to_uppercase();
    let principal = |kind: u64, parts: &[&str]| {
        let strings: Vec<Vec<u8>> = parts.iter().map(|part| text(0x1b, part)).collect();
        group(0x30, &[element(0xa0, &number(2, kind)), element(0xa1, &group(0x30, &strings))])
    };
    let machine = principal(1, &[&format!("{name}$")]);
    let service = principal(2, &["krbtgt", &realm]);
    let nonce = site.random.below(0x7fff_ffff);
    let body = group(
        0x30,
        &[
            element(0xa0, &element(3, &[0, 0x40, 0x81, 0, 0x10])),
            element(0xa1, &machine),
            element(0xa2, &text(0x1b, &realm)),
            element(0xa3, &service),
            element(0xa5, &text(0x18, "20370913024805Z")),
            element(0xa7, &number(2, nonce)),
            element(0xa8, &group(0x30, &[number(2, 18), number(2, 17), number(2, 23)])),
        ],
    );
    let ask = element(
        0x6a,
        &group(0x30, &[element(0xa1, &number(2, 5)), element(0xa2, &number(2, 10)), element(0xa4, &body)]),
    );
    let mut sealed = |count: usize| {
        let cipher = element(0xa2, &element(4, &noise(&mut site.random, count)));
        group(0x30, &[element(0xa0, &number(2, 18)), element(0xa1, &number(2, 2)), cipher])
    };
    let ticket = element(
        0x61,
        &group(
            0x30,
            &[
                element(0xa0, &number(2, 5)),
                element(0xa1, &text(0x1b, &realm)),
                element(0xa2, &service),
                element(0xa3, &sealed(420)),
            ],
        ),
    );
    let answer = element(
        0x6b,
        &group(
            0x30,
            &[
                element(0xa0, &number(2, 5)),
                element(0xa1, &number(2, 11)),
                element(0xa3, &text(0x1b, &realm)),
                element(0xa4, &machine),
                element(0xa5, &ticket),
                element(0xa6, &sealed(230)),
            ],
        ),
    );
    let port = site.network.ephemeral_port(client);
    let asked = site.network.udp(at, (client, port), (server, 88), &ask);
    let answered = asked.plus(site.network.answer_time(server));
    site.network.udp(answered, (server, 88), (client, port), &answer)
}

/// Bind, search of the root entry, unbind.
fn directory(site: &mut Site, at: Time, client: HostId, server: HostId, domain: &str) -> Time {
    let (network, random) = (&mut site.network, &mut site.random);
    let (mut connection, now) = Connection::open(network, random, at, client, (server, 389));
    let message = |id: u64, operation: Vec<u8>| group(0x30, &[number(2, id), operation]);
    let done = |tag: u8| group(tag, &[element(0x0a, &[0]), element(4, &[]), element(4, &[])]);
    let bind = message(1, group(0x60, &[number(2, 3), element(4, &[]), element(0x80, &[])]));
    let now = connection.exchange(network, now, &bind, &message(1, done(0x61))).plus(300 * MICROSECOND);
    let attributes = ["defaultNamingContext", "dnsHostName"];
    let wanted: Vec<Vec<u8>> = attributes.iter().map(|name| text(4, name)).collect();
    let search = group(
        0x63,
        &[
            element(4, &[]),
            element(0x0a, &[0]),
            element(0x0a, &[0]),
            number(2, 0),
            number(2, 120),
            element(1, &[0]),
            text(0x87, "objectclass"),
            group(0x30, &wanted),
        ],
    );
    let context = domain.split('.').map(|part| format!("DC={part}")).collect::<Vec<_>>().join(",");
    let host = format!("{}.{domain}", network.host(server).name);
    let value = |name: &str, value: &str| group(0x30, &[text(4, name), group(0x31, &[text(4, value)])]);
    let entry =
        group(0x64, &[element(4, &[]), group(0x30, &[value(attributes[0], &context), value(attributes[1], &host)])]);
    let answer = [message(2, entry), message(2, done(0x65))].concat();
    let now = connection.exchange(network, now, &message(2, search), &answer);
    let now = connection.send(
        network,
        now.plus(400 * MICROSECOND),
        crate::tcp::Side::Client,
        &message(3, element(0x42, &[])),
    );
    connection.close(network, now.plus(100 * MICROSECOND))
}

/// A text in UTF-16, little end first.
fn wide(words: &str) -> Vec<u8> {
    words.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A conversation by SMB 2.1 with one share.
pub struct Share {
    connection: Connection,
    message: u64,
    session: u64,
    tree: u32,
}

impl Share {
    /// Negotiates, logs on by NTLM as `user`, connects to the share.
    pub fn open(
        site: &mut Site,
        at: Time,
        client: HostId,
        server: HostId,
        (user, share): (&str, &str),
    ) -> (Share, Time) {
        let (connection, now) = Connection::open(&mut site.network, &mut site.random, at, client, (server, 445));
        let mut open = Share { connection, message: 0, session: 0, tree: 0 };
        let (identity, challenge) = (noise(&mut site.random, 16), noise(&mut site.random, 8));
        // Negotiate: dialects 2.0.2 and 2.1.
        let ask = [&[36, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0], identity.as_slice(), &[0; 8], &[0x02, 0x02, 0x10, 0x02]];
        let stamp = |at: Time| ((at.0 / 100) as u64 + 116_444_736_000_000_000).to_le_bytes();
        let sizes = [0x0001_0000u32.to_le_bytes(); 3].concat();
        let answer = [
            [65, 0, 1, 0, 0x10, 0x02, 0, 0].as_slice(),
            &identity,
            &[7, 0, 0, 0],
            &sizes,
            &stamp(now),
            &[0; 8],
            // No security blob: the client begins with NTLM itself.
            &[128, 0, 0, 0, 0, 0, 0, 0],
        ];
        let now = open.ask(site, now, 0, &ask.concat(), (0, &answer.concat()));
        let domain = "PLANT";
        let workstation = site.network.host(client).name.to_uppercase();
        let flags = 0x6280_8205u32.to_le_bytes();
        let version = [10, 0, 0x65, 0x4a, 0, 0, 0, 15];
        let hello = [b"NTLMSSP\0".as_slice(), &[1, 0, 0, 0], &flags, &[0; 16], &version].concat();
        let target = wide(domain);
        let field = |length: usize, offset: usize| {
            [(length as u16).to_le_bytes(), (length as u16).to_le_bytes()]
                .concat()
                .into_iter()
                .chain((offset as u32).to_le_bytes())
                .collect::<Vec<u8>>()
        };
        // Target information: domain name, end.
        let information = [&[2, 0], (target.len() as u16).to_le_bytes().as_slice(), &target, &[0, 0, 0, 0]].concat();
        let riddle = [
            b"NTLMSSP\0".as_slice(),
            &[2, 0, 0, 0],
            &field(target.len(), 56),
            &flags,
            &challenge,
            &[0; 8],
            &field(information.len(), 56 + target.len()),
            &version,
            &target,
            &information,
        ]
        .concat();
        let (person, machine) = (wide(user), wide(&workstation));
        let (lan, nt) = (noise(&mut site.random, 24), noise(&mut site.random, 24));
        let mut offset = 72;
        let mut place = |length: usize| {
            let found = field(length, offset);
            offset += length;
            found
        };
        let (domain_field, person_field, machine_field) =
            (place(target.len()), place(person.len()), place(machine.len()));
        let (lan_field, nt_field, key_field) = (place(lan.len()), place(nt.len()), place(0));
        let proof = [
            b"NTLMSSP\0".as_slice(),
            &[3, 0, 0, 0],
            &lan_field,
            &nt_field,
            &domain_field,
            &person_field,
            &machine_field,
            &key_field,
            &flags,
            &version,
            &target,
            &person,
            &machine,
            &lan,
            &nt,
        ]
        .concat();
        let setup = |token: &[u8]| {
            [
                &[25, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 88, 0],
                (token.len() as u16).to_le_bytes().as_slice(),
                &[0; 8],
                token,
            ]
            .concat()
        };
        let answered =
            |token: &[u8]| [&[9, 0, 0, 0, 72, 0], (token.len() as u16).to_le_bytes().as_slice(), token].concat();
        open.session = 0x0000_0400_0000_0000 | site.random.below(0xffff_ffff);
        // More processing required.
        let now = open.ask(site, now.plus(MILLISECOND), 1, &setup(&hello), (0xc000_0016, &answered(&riddle)));
        let now = open.ask(site, now.plus(MILLISECOND), 1, &setup(&proof), (0, &answered(&[])));
        let path = wide(&format!("\\\\{}\\{share}", site.network.host(server).name));
        let ask = [&[9, 0, 0, 0, 72, 0], (path.len() as u16).to_le_bytes().as_slice(), &path].concat();
        open.tree = 1 + site.random.below(200) as u32;
        let kind = if share.ends_with('$') && share == "IPC$" { 2 } else { 1 };
        let now = open.ask(
            site,
            now.plus(MILLISECOND),
            3,
            &ask,
            (0, &[16, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x01, 0x1f, 0]),
        );
        (open, now.plus(MILLISECOND))
    }

    /// A request of this command and its answer with a status.
    fn ask(&mut self, site: &mut Site, at: Time, command: u16, ask: &[u8], (status, answer): (u32, &[u8])) -> Time {
        let head = |is_answer: bool, body: &[u8]| {
            let mut bytes = vec![0, 0];
            bytes.extend_from_slice(&((64 + body.len()) as u16).to_be_bytes());
            bytes.extend_from_slice(&[0xfe, b'S', b'M', b'B', 64, 0, 0, 0]);
            bytes.extend_from_slice(&if is_answer { status } else { 0 }.to_le_bytes());
            bytes.extend_from_slice(&command.to_le_bytes());
            bytes.extend_from_slice(&[1, 0]);
            bytes.extend_from_slice(&u32::from(is_answer).to_le_bytes());
            bytes.extend_from_slice(&[0; 4]);
            bytes.extend_from_slice(&self.message.to_le_bytes());
            bytes.extend_from_slice(&[0xff, 0xfe, 0, 0]);
            let tree = if command == 3 && !is_answer { 0 } else { self.tree };
            bytes.extend_from_slice(&tree.to_le_bytes());
            bytes.extend_from_slice(&self.session.to_le_bytes());
            bytes.extend_from_slice(&[0; 16]);
            bytes.extend_from_slice(body);
            bytes
        };
        let (request, reply) = (head(false, ask), head(true, answer));
        self.message += 1;
        self.connection.exchange(&mut site.network, at, &request, &reply)
    }

    /// Opens a file: `is_new` creates or overwrites it. Gives its number and when it may be used.
    pub fn create(&mut self, site: &mut Site, at: Time, name: &str, is_new: bool) -> ([u8; 16], Time) {
        let path = wide(name);
        let access: u32 = if is_new { 0x0012_0196 } else { 0x0012_0089 };
        let disposition: u32 = if is_new { 5 } else { 1 };
        let mut ask = vec![57, 0, 0, 0, 2, 0, 0, 0];
        ask.extend_from_slice(&[0; 16]);
        for word in [access, 0x80, 7, disposition, 0x40] {
            ask.extend_from_slice(&word.to_le_bytes());
        }
        ask.extend_from_slice(&120u16.to_le_bytes());
        ask.extend_from_slice(&(path.len() as u16).to_le_bytes());
        ask.extend_from_slice(&[0; 8]);
        ask.extend_from_slice(&path);
        let mut id = [0; 16];
        id.copy_from_slice(&noise(&mut site.random, 16));
        let stamp = ((at.0 / 100) as u64 + 116_444_736_000_000_000).to_le_bytes();
        let mut answer = vec![89, 0, 0, 0];
        answer.extend_from_slice(&if is_new { 2u32 } else { 1 }.to_le_bytes());
        for _ in 0..4 {
            answer.extend_from_slice(&stamp);
        }
        answer.extend_from_slice(&8_192u64.to_le_bytes());
        answer.extend_from_slice(&8_000u64.to_le_bytes());
        answer.extend_from_slice(&[0x20, 0, 0, 0, 0, 0, 0, 0]);
        answer.extend_from_slice(&id);
        answer.extend_from_slice(&[0; 8]);
        let now = self.ask(site, at, 5, &ask, (0, &answer));
        (id, now.plus(400 * MICROSECOND))
    }

    /// Reads `count` bytes.
    pub fn read(&mut self, site: &mut Site, at: Time, id: [u8; 16], count: u32) -> Time {
        let ask = [
            [49, 0, 80, 0].as_slice(),
            &count.to_le_bytes(),
            &[0; 8],
            &id,
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let content = noise(&mut site.random, count as usize);
        let answer = [&[17, 0, 80, 0], count.to_le_bytes().as_slice(), &[0; 8], &content].concat();
        self.ask(site, at, 8, &ask, (0, &answer)).plus(300 * MICROSECOND)
    }

    /// Writes bytes at the beginning.
    pub fn write(&mut self, site: &mut Site, at: Time, id: [u8; 16], content: &[u8]) -> Time {
        let count = (content.len() as u32).to_le_bytes();
        let ask = [[49, 0, 112, 0].as_slice(), &count, &[0; 8], &id, &[0; 16], content].concat();
        let answer = [&[17, 0, 0, 0], count.as_slice(), &[0; 8]].concat();
        self.ask(site, at, 9, &ask, (0, &answer)).plus(300 * MICROSECOND)
    }

    /// Closes a file.
    pub fn close_file(&mut self, site: &mut Site, at: Time, id: [u8; 16]) -> Time {
        let ask = [&[24, 0, 0, 0, 0, 0, 0, 0], id.as_slice()].concat();
        let answer = [&[60, 0, 0, 0, 0, 0, 0, 0], [0; 52].as_slice()].concat();
        self.ask(site, at, 6, &ask, (0, &answer)).plus(300 * MICROSECOND)
    }

    /// Logs off and ends the conversation.
    pub fn close(mut self, site: &mut Site, at: Time) -> Time {
        let now = self.ask(site, at, 2, &[4, 0, 0, 0], (0, &[4, 0, 0, 0]));
        self.connection.close(&mut site.network, now.plus(300 * MICROSECOND))
    }
}

/// Someone opens a file of a share and reads it.
pub fn read_file(site: &mut Site, at: Time, client: HostId, server: HostId, (share, name): (&str, &str)) -> Time {
    let (mut open, now) = Share::open(site, at, client, server, ("clerk", share));
    let (id, now) = open.create(site, now, name, false);
    let now = open.read(site, now, id, 6_000);
    let now = open.close_file(site, now, id);
    open.close(site, now.plus(2 * MILLISECOND))
}
