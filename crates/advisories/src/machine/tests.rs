//! Machines as protocols report them.

use super::*;

#[test]
fn firmware_as_machines_report_it() {
    for text in ["V4.2.1", "4.2.1", "V 4.2.1", "FW 4.2.1", "Firmware V4.2.1", "04.02.01", "v4.2.1 (release)"] {
        let version = firmware(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(version.compare(&Version::parse("4.2.1").unwrap()), Some(std::cmp::Ordering::Equal), "{text}");
    }
    assert_eq!(firmware("bootloader 3, application 4"), None);
}

#[test]
fn numbers_are_found_where_they_stand() {
    let profile = Profile::new(
        &Machine { model: "1756-L61/B LOGIX5561".into(), firmware: "16.20".into(), ..Machine::default() },
        &Learnt::new(),
    );
    assert_eq!(profile.vendors, ["rockwell"]);
    assert_eq!(profile.series, Some('B'));
    assert!(profile.called.iter().any(|called| called.text == "ControlLogix 5560"));
}
