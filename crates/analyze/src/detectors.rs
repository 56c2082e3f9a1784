//! THE TABLE of detectors. A detector is one row here and one constant in a file of `detectors/`.

mod commands;
mod control;
mod credentials;
mod crypto;
mod learned;
mod learned_acts;
mod learned_identity;
mod link;
mod person;
mod reach;
mod scan;
mod shape;
mod telecontrol;
mod trouble;
mod windows;

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
    &person::CHAIN,
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
    &shape::HOPPING,
    &trouble::FUNCTION,
    &trouble::PLACE,
    &trouble::VALUE,
    &trouble::ACCESS,
    &trouble::FAILURE,
    &trouble::EXCESS,
    &trouble::SILENT,
    &trouble::GONE,
    &trouble::RESETS,
    &trouble::LOSS,
    &trouble::MALFORMED,
    &shape::LENGTH,
    &trouble::NOT_RUNNING,
    &trouble::KEY,
    &trouble::UNPROTECTED,
    &telecontrol::OVERFLOW,
    &telecontrol::RESTARTED,
    &telecontrol::ILL,
    &telecontrol::OBSOLETE,
    &telecontrol::AUTHENTICATION,
    &telecontrol::GOOSE,
    &windows::SERVICE,
    &windows::SHARE,
    &windows::EXECUTABLE,
    &windows::MALWARE,
    &windows::DNS_TUNNEL,
    &learned::MACHINE,
    &learned::CONVERSATION,
    &learned::PROTOCOL,
    &learned::SERVICE,
    &learned::EXTERNAL,
    &learned::GROUP,
    &learned::REMOTE,
    &learned::NAME_QUERY,
    &learned::FAN_OUT,
    &learned::VOLUME,
    &learned::TRANSPORT,
    &learned::BINDING,
    &learned_acts::FUNCTION,
    &learned_acts::OFFICE_FUNCTION,
    &learned_acts::OBJECT,
    &learned_acts::VALUE,
    &learned_acts::OUTCOME,
    &learned_acts::PROGRAMMER,
    &learned_acts::MODE,
    &learned_acts::FIRMWARE,
    &learned_acts::CONFIGURER,
    &learned_acts::FILES,
    &learned_acts::OFF_HOURS,
    &learned_acts::PERIOD,
    &learned_acts::SILENCE,
    &learned_acts::BURST,
    &learned_acts::SLOW,
    &learned_acts::SEQUENCE,
    &learned_identity::FIRMWARE,
    &learned_identity::PROGRAM,
    &learned_identity::KEY,
    &learned_identity::PROTECTION,
    &learned_identity::MODULE,
    &learned_identity::IDENTITY,
    &learned_identity::NAME,
    &learned_identity::CERTIFICATE,
    &learned_identity::SETTINGS,
    &learned_identity::USER,
];

/// The descriptor of the detector, or of the rule that was read, with the id `id`.
pub fn descriptor(id: &str) -> Option<&'static Descriptor> {
    let known = DETECTORS.iter().find(|detector| detector.about.id == id).map(|detector| &detector.about);
    known
        .or_else(|| (id == rules::indicators::INDICATOR.id).then_some(&rules::indicators::INDICATOR))
        .or_else(|| rules::descriptor(id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The sources of the detectors, with their tests.
    const SOURCES: &[&str] = &[
        include_str!("detectors/commands.rs"),
        include_str!("detectors/control.rs"),
        include_str!("detectors/credentials.rs"),
        include_str!("detectors/crypto.rs"),
        include_str!("detectors/learned.rs"),
        include_str!("detectors/learned_acts.rs"),
        include_str!("detectors/learned_identity.rs"),
        include_str!("detectors/link.rs"),
        include_str!("detectors/person.rs"),
        include_str!("detectors/reach.rs"),
        include_str!("detectors/scan.rs"),
        include_str!("detectors/shape.rs"),
        include_str!("detectors/telecontrol.rs"),
        include_str!("detectors/trouble.rs"),
        include_str!("detectors/windows.rs"),
    ];

    /// Files that are all tests.
    const SCENES: &[&str] = &[include_str!("baseline/tests.rs")];

    #[test]
    fn every_detector_is_named_in_a_test() {
        let tests: String = SOURCES
            .iter()
            .filter_map(|source| source.split_once("#[cfg(test)]"))
            .map(|(_, tests)| tests)
            .chain(SCENES.iter().copied())
            .collect();
        let missing: Vec<&str> =
            DETECTORS.iter().map(|detector| detector.about.id).filter(|id| !tests.contains(*id)).collect();
        assert!(missing.is_empty(), "without a test: {missing:?}");
    }

    #[test]
    fn every_row_says_everything_once() {
        let mut ids: Vec<&str> = DETECTORS.iter().map(|detector| detector.about.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), DETECTORS.len(), "an id is used twice");
        assert!(DETECTORS.len() >= 45);
        let mut techniques: BTreeMap<&str, &str> = BTreeMap::new();
        for detector in DETECTORS {
            let about = &detector.about;
            let phrases = [about.title, about.meaning, about.action, about.caution];
            for phrase in phrases.iter().flat_map(|phrase| [phrase.en, phrase.fr]) {
                assert!(phrase.len() > 10, "{}: an empty text", about.id);
            }
            assert_eq!(about.thresholds.en.is_empty(), about.thresholds.fr.is_empty(), "{}", about.id);
            assert!(!about.techniques.is_empty() && !about.requirements.is_empty() && !about.covers.is_empty());
            assert!(about.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            for (id, name) in about.techniques {
                let known = techniques.entry(id).or_insert(name);
                assert_eq!(known, name, "{id} has two names");
                assert!(id.len() == 5 && id.starts_with("T0"), "{id}");
            }
            for requirement in about.requirements {
                // IEC 62443-3-3 has foundational requirements 1 to 7.
                let number = requirement.strip_prefix("SR ").and_then(|text| text.split_once('.'));
                assert!(number.is_some_and(|(group, _)| matches!(group, "1" | "2" | "3" | "4" | "5" | "6" | "7")));
            }
        }
    }
}
