//! TLS 1.3 as it looks from outside: hellos in the clear, the rest as sealed records of plausible sizes.
//!
//! Sources: RFC 8446 (TLS 1.3), RFC 6066 (server name), MS-RDPBCGR 2.2.1.1 and 2.2.1.2 (negotiation before TLS).

use model::Time;

use crate::network::{HostId, MICROSECOND, MILLISECOND};
use crate::random::Random;
use crate::site::Site;
use crate::tcp::{Connection, Side};

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], (body.len() as u16).to_be_bytes().as_slice(), body].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    record(0x16, &[&[kind], &length[1..], body].concat())
}

fn noise(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.bits() as u8).collect()
}

/// A sealed record with `count` bytes.
pub fn sealed(random: &mut Random, count: usize) -> Vec<u8> {
    record(0x17, &noise(random, count))
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [kind.to_be_bytes().as_slice(), &(body.len() as u16).to_be_bytes(), body].concat()
}

/// The hellos and what is sealed behind them; gives when the client may send.
pub fn begin(site: &mut Site, at: Time, connection: &mut Connection, name: &str) -> Time {
    let random = &mut site.random;
    let session = noise(random, 32);
    let (key, secret) = (noise(random, 32), noise(random, 32));
    let list = [&[0], (name.len() as u16).to_be_bytes().as_slice(), name.as_bytes()].concat();
    let share = [&[0, 29, 0, 32], key.as_slice()].concat();
    let extensions = [
        extension(0, &[(list.len() as u16).to_be_bytes().as_slice(), &list].concat()),
        extension(10, &[0, 4, 0, 29, 0, 23]),
        extension(13, &[0, 6, 4, 3, 8, 4, 4, 1]),
        extension(43, &[4, 3, 4, 3, 3]),
        extension(45, &[1, 1]),
        extension(51, &[(share.len() as u16).to_be_bytes().as_slice(), &share].concat()),
    ]
    .concat();
    let client = [
        [3, 3].as_slice(),
        &secret,
        &[32],
        &session,
        &[0, 6, 0x13, 1, 0x13, 2, 0xc0, 0x2f, 1, 0],
        &(extensions.len() as u16).to_be_bytes(),
        &extensions,
    ]
    .concat();
    let share = [&[0, 29, 0, 32], noise(random, 32).as_slice()].concat();
    let extensions = [extension(43, &[3, 4]), extension(51, &share)].concat();
    let server = [
        [3, 3].as_slice(),
        &noise(random, 32),
        &[32],
        &session,
        &[0x13, 2, 0],
        &(extensions.len() as u16).to_be_bytes(),
        &extensions,
    ]
    .concat();
    let answer =
        [handshake(2, &server), record(0x14, &[1]), sealed(random, 32), sealed(random, 830), sealed(random, 281)]
            .concat();
    let finish = [record(0x14, &[1]), sealed(random, 69)].concat();
    let now = connection.exchange(&mut site.network, at, &handshake(1, &client), &answer);
    connection.send(&mut site.network, now.plus(400 * MICROSECOND), Side::Client, &finish).plus(300 * MICROSECOND)
}

/// A page by HTTPS: one sealed request, one sealed answer.
pub fn page(site: &mut Site, at: Time, client: HostId, server: HostId, name: &str, bytes: usize) -> Time {
    let (mut connection, now) = Connection::open(&mut site.network, &mut site.random, at, client, (server, 443));
    let now = begin(site, now, &mut connection, name);
    let count = 300 + site.random.below(200) as usize;
    let ask = sealed(&mut site.random, count);
    let answer: Vec<u8> = (0..bytes.div_ceil(8_000)).flat_map(|_| sealed(&mut site.random, 8_000)).collect();
    let now = connection.exchange(&mut site.network, now, &ask, &answer);
    connection.close(&mut site.network, now.plus(3 * MILLISECOND))
}

/// A remote desktop: negotiation in the clear with the user's name, then TLS.
pub fn desktop(site: &mut Site, at: Time, client: HostId, server: HostId, user: &str) -> (Connection, Time) {
    let (mut connection, now) = Connection::open(&mut site.network, &mut site.random, at, client, (server, 3389));
    let cookie = format!("Cookie: mstshash={user}\r\n");
    // X.224 connection request with cookie and negotiation: TLS or CredSSP.
    let variable = [cookie.as_bytes(), &[1, 0, 8, 0, 3, 0, 0, 0]].concat();
    let x224 = [&[(6 + variable.len()) as u8, 0xe0, 0, 0, 0, 0, 0], variable.as_slice()].concat();
    let ask = [&[3, 0], ((4 + x224.len()) as u16).to_be_bytes().as_slice(), &x224].concat();
    let answer = [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 2, 0, 0, 0];
    let now = connection.exchange(&mut site.network, now, &ask, &answer);
    let name = site.network.host(server).name;
    let now = begin(site, now.plus(MILLISECOND), &mut connection, name);
    (connection, now)
}

/// Some seconds of a remote desktop: small records up, larger ones down.
pub fn desktop_moves(site: &mut Site, at: Time, connection: &mut Connection, rounds: u32) -> Time {
    let mut now = at;
    for _ in 0..rounds {
        let (up, down) = (30 + site.random.below(60) as usize, 300 + site.random.below(5_000) as usize);
        let (up, down) = (sealed(&mut site.random, up), sealed(&mut site.random, down));
        now = connection.exchange(&mut site.network, now, &up, &down);
        now = now.plus(site.random.wait(40 * MILLISECOND, 60 * MILLISECOND));
    }
    now
}
