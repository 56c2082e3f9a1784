//! THE TABLE of detectors. A detector is one row here and one constant in a file of `detectors/`.

mod commands;
mod control;
mod credentials;
mod crypto;
mod link;
mod reach;
mod scan;

use model::Descriptor;

use crate::detector::Detector;

/// Every detector, in the order in which lists show them.
#[rustfmt::skip]
pub const DETECTORS: &[&Detector] = &[
    &control::STOPPED,
    &control::STARTED,
    &control::MODE,
    &control::RESET,
    &control::RESTARTS,
    &control::PROGRAM,
    &control::UPLOAD,
    &control::FIRMWARE,
    &control::CONFIGURED,
    &control::BURST,
    &commands::COMMAND,
    &commands::UNAUTHENTICATED,
    &commands::ACROSS,
    &commands::INTERNET_INDUSTRY,
    &commands::BROADCAST,
    &commands::MASTERS,
    &commands::SAFETY,
    &commands::OFFICE,
    &commands::CLOCK,
    &commands::TIME_MASTERS,
    &scan::ADDRESS,
    &scan::PORT,
    &scan::CONTROLLER,
    &scan::FUNCTIONS,
    &scan::ARP,
    &scan::WORM,
    &scan::SYN,
    &scan::SESSIONS,
    &scan::PING,
    &scan::NAMES,
    &scan::PORT_ZERO,
    &scan::PROBED,
    &reach::INTERNET,
    &reach::INBOUND,
    &reach::OFFICE,
    &reach::REMOTE,
    &reach::TOOL,
    &reach::TUNNEL,
    &reach::NAME_SERVER,
    &reach::TIME_SERVER,
    &reach::DUAL_HOMED,
    &reach::FLAT,
    &reach::NEEDLESS,
    &reach::ODD_PORT,
    &credentials::CLEAR,
    &credentials::DEFAULT,
    &credentials::SNMP_PUBLIC,
    &credentials::SNMP_OLD,
    &credentials::NOBODY,
    &credentials::TELNET,
    &credentials::NTLM1,
    &credentials::GUESSING,
    &credentials::LOGINS,
    &crypto::TLS_OLD,
    &crypto::CIPHER,
    &crypto::EXPIRED,
    &crypto::SELF_SIGNED,
    &crypto::LONG,
    &crypto::OPCUA,
    &crypto::SMB1,
    &crypto::SSH1,
    &crypto::OLD_SYSTEM,
    &link::CONFLICT,
    &link::SPOOFING,
    &link::SAME_NAME,
    &link::ROGUE_DHCP,
    &link::DHCP_FAILURE,
    &link::ROUTER,
    &link::POISONING,
    &link::SHOUTED,
];

/// The descriptor of the detector `id`.
pub fn descriptor(id: &str) -> Option<&'static Descriptor> {
    DETECTORS.iter().find(|detector| detector.about.id == id).map(|detector| &detector.about)
}
