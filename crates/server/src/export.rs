//! Findings and records in the forms that users' other tools expect.
//!
//! Sources: Zeek log fields (docs.zeek.org, `notice.log`, `conn.log`), Suricata EVE (docs.suricata.io, "EVE JSON
//! Format"), CEF (ArcSight Common Event Format, version 0), RFC 5424, OCSF 1.4 (schema.ocsf.io, Detection Finding), STIX
//! 2.1 (OASIS).

mod lines;
mod ocsf;
mod stix;

pub use lines::{cef, eve, syslog, zeek};
pub use ocsf::ocsf;
pub use stix::stix;

use model::{Address, Behind, Finding, Severity, Time};

/// A finding with what tools ask for of it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Where it stands.
    pub state: &'a str,
    /// Version of the program.
    pub version: &'a str,
}

impl Told<'_> {
    fn evidence(&self) -> String {
        let said: Vec<&str> = self.finding.evidence.iter().map(|said| said.en.as_str()).collect();
        said.join("; ")
    }

    fn techniques(&self) -> &'static [(&'static str, &'static str)] {
        analyze::descriptor(&self.finding.detector).map_or(&[], |about| about.techniques)
    }
}

/// Seconds since 1970 with a fraction, as Zeek has them.
fn seconds(at: Time) -> f64 {
    at.0 as f64 / 1e9
}

fn ip(address: &Option<Address>) -> Option<String> {
    address.as_ref()?.ip.map(|ip| ip.to_string())
}

fn mac(address: &Option<Address>) -> Option<String> {
    address.as_ref()?.mac.map(|mac| mac.to_string())
}

fn port(address: &Option<Address>) -> Option<u16> {
    address.as_ref()?.port
}

fn behind(behind: &Behind) -> Option<String> {
    (!behind.is_nobody()).then(|| behind.to_string())
}

/// From 0 to 10, as CEF has it.
fn cef_severity(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 3,
        Severity::Medium => 5,
        Severity::High => 8,
        Severity::Critical => 10,
    }
}

#[cfg(test)]
mod tests;
