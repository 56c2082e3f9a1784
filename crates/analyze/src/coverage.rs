//! Which rows of public alert catalogues the detectors cover: docs/alert-coverage.md is made of the table, and tested.

use crate::detectors::DETECTORS;

const BASELINE: &str = "needs to know what is normal: the baseline";
const FEED: &str = "needs a feed of indicators";
const LIVE: &str = "of a sensor at work: `vigie run`";
const UNDECODED: &str = "the protocol is not decoded";
const HTTP: &str = "needs a history of the web server";

/// Group, row, and where no detector covers it: why. Rows of Microsoft Defender for IoT (alert reference, November 2022),
/// of Nozomi Networks and Tenable OT Security (public lists of event types), in short words; the last group is our own.
const ROWS: &[(&str, &str, &str)] = &[
    ("Policy", "New Asset Detected", ""),
    ("Policy", "Field Device Discovered Unexpectedly", ""),
    ("Policy", "New Port Discovery", ""),
    ("Policy", "New LLDP Device Configuration", ""),
    ("Policy", "Unauthorized Multicast/Broadcast Connection", ""),
    ("Policy", "Unauthorized Name Query", ""),
    ("Policy", "External address within the network communicated with Internet", ""),
    ("Policy", "Internet Access Detected", ""),
    ("Policy", "Unauthorized Internet Connectivity Detected", ""),
    ("Policy", "Beckhoff Software", UNDECODED),
    ("Policy", "Firmware Change Detected", ""),
    ("Policy", "Firmware Version Changed", ""),
    ("Policy", "S7 Plus PLC", ""),
    ("Policy", "Emerson ROC firmware", UNDECODED),
    ("Policy", "Mitsubishi firmware", UNDECODED),
    ("Policy", "Unauthorized PLC Programming", ""),
    ("Policy", "PLC Program Upload", ""),
    ("Policy", "PLC Configuration Write", ""),
    ("Policy", "PLC Configuration Read", ""),
    ("Policy", "Unauthorized MMS Program Access", ""),
    ("Policy", "Database Login Failed", ""),
    ("Policy", "FTP Login Failed", ""),
    ("Policy", "Unauthorized Database Login", ""),
    ("Policy", "Unauthorized Database Operation", ""),
    ("Policy", "Unauthorized SMB Login", ""),
    ("Policy", "Unauthorized SSH Access", ""),
    ("Policy", "Authentication", ""),
    ("Policy", "Remote Access", ""),
    ("Policy", "IEC-10x ASDU types", ""),
    ("Policy", "DNP3 function code", ""),
    ("Policy", "DNP3 IIN", ""),
    ("Policy", "MMS service", ""),
    ("Policy", "OPC UA activity", ""),
    ("Policy", "SNMP operation", ""),
    ("Policy", "GOOSE & SV message-type settings", ""),
    ("Policy", "Windows process / service", ""),
    ("Policy", "CIP class, service, PCCC command, symbol not learned", ""),
    ("Policy", "Modbus function or address range not learned", ""),
    ("Policy", "S7 data block, control function, object not learned", ""),
    ("Policy", "BACnet object or route not learned", ""),
    ("Policy", "Profinet frame type not learned", ""),
    ("Policy", "RPC message type not learned", ""),
    ("Policy", "HTTP activity, SOAP action, user agent not learned", ""),
    ("Policy", "AMS, DeltaV, Foxboro, FINS, MELSEC, Ovation, SRTP, Suitelink, Totalflow … not learned", UNDECODED),
    ("Policy", "Function Code Raised Unauthorized Exception", ""),
    ("Policy", "Suspicion of Illegal Integrity Scan", ""),
    ("Policy", "User-defined rule", "rules of users are a later part"),
    ("Anomaly", "Address Scan", ""),
    ("Anomaly", "Long-duration Address Scan", ""),
    ("Anomaly", "ARP Address Scan", ""),
    ("Anomaly", "Port Scan", ""),
    ("Anomaly", "PLC Scan", ""),
    ("Anomaly", "ARP Spoofing", ""),
    ("Anomaly", "ICMP Flooding", ""),
    ("Anomaly", "Excessive Login", ""),
    ("Anomaly", "Password Guessing", ""),
    ("Anomaly", "Excessive SMB login", ""),
    ("Anomaly", "Excessive Sessions", ""),
    ("Anomaly", "Abnormal Exception Pattern", ""),
    ("Anomaly", "Abnormal Termination of Applications", ""),
    ("Anomaly", "Excessive Restart Rate of Outstation", ""),
    ("Anomaly", "Abnormal Periodic Behavior", ""),
    ("Anomaly", "Inactive Communication Channel", ""),
    ("Anomaly", "Abnormal Bandwidth", ""),
    ("Anomaly", "Abnormal HTTP header length, number of parameters, header content", HTTP),
    ("Anomaly", "Unexpected message length", ""),
    ("Anomaly", "Unexpected Traffic for Standard Port", ""),
    ("Protocol violation", "Excessive Malformed Packets in a Session", ""),
    ("Protocol violation", "Illegal Protocol Version", ""),
    ("Protocol violation", "Connection to Port 0", ""),
    ("Protocol violation", "Firmware Update command", ""),
    ("Protocol violation", "exception raised by master", ""),
    ("Protocol violation", "function code zero", ""),
    ("Protocol violation", "Modbus Exception", ""),
    ("Protocol violation", "illegal function", ""),
    ("Protocol violation", "illegal address", ""),
    ("Protocol violation", "illegal value", ""),
    ("Protocol violation", "DNP3 illegal operation", ""),
    ("Protocol violation", "function not supported", ""),
    ("Protocol violation", "incorrect parameter", ""),
    ("Protocol violation", "unknown object", ""),
    ("Protocol violation", "obsolete FC Initialize Data / Save Config", ""),
    ("Protocol violation", "reserved FC", ""),
    ("Protocol violation", "improper formatting", ""),
    ("Protocol violation", "reserved IIN 2.6", ""),
    (
        "Protocol violation",
        "master requested application layer confirmation",
        "happens in normal traffic of several makers",
    ),
    ("Protocol violation", "illegal ASDU type", ""),
    ("Protocol violation", "cause of transmission", ""),
    ("Protocol violation", "common address", ""),
    ("Protocol violation", "IOA", ""),
    ("Protocol violation", "BACnet: illegal message", ""),
    ("Malware", "Known-bad IP", FEED),
    ("Malware", "malicious domain", ""),
    ("Malware", "name-query burst", ""),
    ("Malware", "generic IoC", ""),
    ("Malware", "Suspicious Traffic", ""),
    ("Malware", "DoS", ""),
    ("Malware", "DoublePulsar", ""),
    ("Malware", "Conficker", ""),
    ("Malware", "BlackEnergy", ""),
    ("Malware", "DarkComet, Duqu, Flame, Karagany, LightsOut, Poison Ivy, Regin", FEED),
    ("Malware", "Havex", ""),
    ("Malware", "Stuxnet", ""),
    ("Malware", "Shamoon", ""),
    ("Malware", "WannaCry", ""),
    ("Malware", "NotPetya", ""),
    ("Malware", "PsExec", ""),
    ("Malware", "remote Windows service", ""),
    ("Malware", "suspicious executable", ""),
    ("Malware", "EICAR", ""),
    ("Malware", "backup of antivirus signatures", BASELINE),
    ("Operational", "S7 Stop", ""),
    ("Operational", "GE SRTP Stop", UNDECODED),
    ("Operational", "Controller Stop", ""),
    ("Operational", "Controller Reset", ""),
    ("Operational", "Outstation Restarted", ""),
    ("Operational", "Outstation Restarts Frequently", ""),
    ("Operational", "Profinet factory reset", ""),
    ("Operational", "PLC Operating Mode Changed", ""),
    ("Operational", "Slave unrecoverable failure", ""),
    ("Operational", "device suspected disconnected", ""),
    ("Operational", "unresponsive Modbus device", ""),
    ("Operational", "Unresponsive", ""),
    ("Operational", "no traffic, traffic resumed on a sensor interface", LIVE),
    ("Operational", "change of device configuration", ""),
    ("Operational", "outstation configuration changed", ""),
    ("Operational", "corrupted configuration", ""),
    ("Operational", "GOOSE needs commissioning", ""),
    ("Operational", "GOOSE dataset", ""),
    ("Operational", "SV dataset", ""),
    ("Operational", "bad MMS device state", ""),
    ("Operational", "Honeywell unexpected status", UNDECODED),
    ("Operational", "Command Failures", ""),
    ("Operational", "BACnet", ""),
    ("Operational", "CIP service", ""),
    ("Operational", "Profinet DCP", ""),
    ("Operational", "HTTP client error", HTTP),
    ("Operational", "event buffer overflow", ""),
    ("Operational", "hardware problem in outstation", ""),
    ("Operational", "DNP3 authentication error", ""),
    ("Operational", "DHCP failure", ""),
    ("Operational", "illegal IP", ""),
    ("Operational", "expected backup did not occur", ""),
    ("Operational", "OPC UA server event needing attention", BASELINE),
    ("Operational", "Operational Issues", ""),
    ("Nozomi", "PROC:STALE-VARIABLE", BASELINE),
    ("Nozomi", "PROC:INVALID-VARIABLE-QUALITY", BASELINE),
    ("Nozomi", "PROC:CRITICAL-STATE-ON", "needs critical states that people name"),
    ("Nozomi", "NET:RST-FROM-SLAVE", ""),
    ("Nozomi", "NET:INACTIVE-PROTOCOL", ""),
    ("Nozomi", "SIGN:MAN-IN-THE-MIDDLE", ""),
    ("Tenable", "IP conflict", ""),
    ("Tenable", "TCP SYN flood", ""),
    ("Tenable", "IEC-104 clock", ""),
    ("Tenable", "IEC 61850 unauthorised write", ""),
    ("Tenable", "new module on the backplane", ""),
    ("Tenable", "inactive asset", ""),
    ("Tenable", "snapshot mismatch", ""),
    ("Tenable", "MMS define or delete named variable list", ""),
    ("Tenable", "ICCP bilateral table", BASELINE),
    ("Ours", "IT to OT reach", ""),
    ("Ours", "LLMNR poisoning", ""),
    ("Ours", "MAC flapping", ""),
    ("Ours", "Policy", ""),
    ("Ours", "S7 protection off", ""),
    ("Ours", "default credentials", ""),
    ("Ours", "legacy systems", ""),
    ("Ours", "network segmentation", ""),
    ("Ours", "rogue DHCP", ""),
    ("Ours", "rogue router advertisement", ""),
];

#[test]
fn every_row_is_covered_or_has_a_reason() {
    let mut page = String::from(
        "# Coverage of alert catalogues\n\n\
         Made by a test of `analyze` from the tables of detectors and rows; `UPDATE_EXPECT=1 cargo test -p analyze coverage`\n\
         writes it anew. Rows are those of public catalogues, in short words; where no detector covers a row, it says why.\n",
    );
    let (mut covered, mut group) = (0, "");
    for (of, row, reason) in ROWS {
        if *of != group {
            group = of;
            page.push_str(&format!("\n## {group}\n\n| row | detectors |\n|---|---|\n"));
        }
        let by: Vec<String> = DETECTORS
            .iter()
            .filter(|detector| detector.about.covers.contains(row))
            .map(|detector| format!("`{}`", detector.about.id))
            .collect();
        assert_eq!(by.is_empty(), !reason.is_empty(), "`{row}`: covered by {by:?}, reason `{reason}`");
        covered += u32::from(!by.is_empty());
        page.push_str(&format!("| {row} | {} |\n", if by.is_empty() { (*reason).to_owned() } else { by.join(", ") }));
    }
    page.push_str(&format!("\n{covered} of {} rows are covered by {} detectors.\n", ROWS.len(), DETECTORS.len()));
    for detector in DETECTORS {
        for row in detector.about.covers {
            assert!(ROWS.iter().any(|(_, known, _)| known == row), "{}: `{row}` is no row", detector.about.id);
        }
    }
    expect_test::expect_file!["../../../docs/alert-coverage.md"].assert_eq(&page);
}
