//! A record from somewhere else, normalised: what a firewall, a Windows machine or another monitor logged.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{Address, Outcome, Severity, Text, Time, words};

/// One thing that another system logged. What it did not say is absent or empty.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Event {
    /// When it happened, by the clock of the machine that logged it.
    pub at: Time,
    /// The form it came in: `syslog`, `cef`, `eve`, `zeek`, `windows`, `wazuh`.
    pub source: Cow<'static, str>,
    /// The program or product that logged it: `sshd`, `Suricata`, `Microsoft-Windows-Security-Auditing`.
    pub product: Text,
    /// The machine that logged it, as it calls itself.
    pub host: Text,
    /// The product's own id of the kind of event: `4624`, a signature number, a path of Zeek.
    pub code: Text,
    /// What kind of thing happened.
    pub kind: EventKind,
    /// What it says, in a line, bounded.
    pub message: Text,
    /// How bad the product finds it.
    pub severity: Severity,
    /// How it ended.
    pub outcome: Outcome,
    /// Name of the person or account, where one is named.
    pub user: Text,
    /// Who did it.
    pub from: Option<Address>,
    /// To whom it was done.
    pub to: Option<Address>,
    /// Further fields by the product's own names, bounded.
    pub extra: Vec<(Text, Text)>,
}

words! {
    /// The kinds of events of other systems.
    pub enum EventKind {
        /// Someone logged on to a machine.
        Logon = "logon",
        /// Someone tried to log on in vain.
        LogonFailed = "logon failed",
        /// Someone logged off.
        Logoff = "logoff",
        /// A session of remote access (VPN) was opened.
        Vpn = "vpn",
        /// A remote desktop or remote shell was opened.
        RemoteSession = "remote session",
        /// Another monitor raised an alarm.
        Alert = "alert",
        /// A program was started or ended.
        Process = "process",
        /// A service or a scheduled task was installed or changed.
        Service = "service",
        /// An account, a group or a right was changed.
        Account = "account",
        /// A log was cleared or logging was stopped.
        LogCleared = "log cleared",
        /// A setting was changed.
        Configuration = "configuration",
        /// A file was read, written or removed.
        File = "file",
        /// A connection was allowed, refused or seen.
        Connection = "connection",
        /// A device was plugged in or pulled out.
        Device = "device",
        /// Everything else.
        Other = "other",
    }
}
