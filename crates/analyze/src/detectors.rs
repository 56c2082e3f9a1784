//! THE TABLE of detectors. A detector is one row here and one constant in a file of `detectors/`.

mod commands;
mod control;
mod credentials;
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
];

/// The descriptor of the detector `id`.
pub fn descriptor(id: &str) -> Option<&'static Descriptor> {
    DETECTORS.iter().find(|detector| detector.about.id == id).map(|detector| &detector.about)
}
