//! Multicast DNS: the messages of DNS under a row of their own; `dns` reads them.

use super::dns::{CODES, Dns, Kind, probe_for};
use crate::{Carrier, Protocol};

/// Multicast DNS.
pub static PROTOCOL: Protocol = Protocol {
    id: "mdns",
    title: "Multicast DNS",
    about: "Devices announce their names and services to everybody on the link: a free inventory of printers, cameras, gateways.",
    depth: "Queries and announcements with all common record types; services, models and names of devices.",
    documents: &["RFC 6762 Multicast DNS (2013)", "RFC 6763 DNS-Based Service Discovery (2013)"],
    carriers: &[Carrier::Udp(&[5353])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| probe_for(Kind::Multicast, probe),
    open: |_| Box::new(Dns::new(Kind::Multicast, false)),
};
