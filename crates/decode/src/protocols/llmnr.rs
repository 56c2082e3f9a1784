//! LLMNR: the messages of DNS under a row of their own; `dns` reads them.

use super::dns::{CODES, Dns, Kind, probe_for};
use crate::{Carrier, Protocol};

/// LLMNR.
pub static PROTOCOL: Protocol = Protocol {
    id: "llmnr",
    title: "LLMNR",
    about: "Windows asks its neighbours for names when no server knows them, and believes whoever answers.",
    depth: "Queries with their answers, all common record types.",
    documents: &["RFC 4795 Link-Local Multicast Name Resolution (2007)"],
    carriers: &[Carrier::Udp(&[5355]), Carrier::Tcp(&[5355])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| probe_for(Kind::LinkLocal, probe),
    open: |opening| Box::new(Dns::new(Kind::LinkLocal, opening.is_stream)),
};
