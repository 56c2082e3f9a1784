//! What a person decided, as it stands in the ledger: never with a secret in it.

use std::collections::BTreeMap;

use model::{Severity, Time, words};
use serde::{Deserialize, Serialize};

use crate::{Role, Scope};

words! {
    /// Where a person is known.
    pub enum Origin {
        /// Here, with a password.
        Local = "local",
        /// At an OpenID Connect provider.
        Oidc = "oidc",
        /// In a directory.
        Ldap = "ldap",
    }
}

fn local() -> Origin {
    Origin::Local
}

fn is_local(origin: &Origin) -> bool {
    *origin == Origin::Local
}

words! {
    /// What people made of a finding.
    pub enum FindingState {
        /// Nobody has dealt with it.
        Open = "open",
        /// Somebody knows.
        Acknowledged = "acknowledged",
        /// Done with.
        Closed = "closed",
    }
}

words! {
    /// By what a notification goes.
    pub enum Channel {
        /// An HTTP POST.
        Webhook = "webhook",
        /// A mail.
        Email = "email",
        /// RFC 5424 over UDP, TCP.
        Syslog = "syslog",
    }
}

/// Whom to tell of which findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its name.
    pub name: String,
    /// By what.
    #[serde(rename = "kind")]
    pub channel: Channel,
    /// Where to: a URL, an address, `host:port`. Without credentials.
    pub target: String,
    /// Form of the message: `plain`, `jira`, `servicenow`, `teams`, `cef` … as the channel knows them.
    #[serde(default)]
    pub form: String,
    /// The least severity told.
    #[serde(rename = "least")]
    pub severity: Severity,
    /// In which language: `en` or `fr`.
    #[serde(default)]
    pub language: String,
    /// Only these detectors; all where empty.
    #[serde(default)]
    pub detectors: Vec<String>,
    /// Whether it is in use.
    pub is_enabled: bool,
}

/// One decision, or one thing done, by a person. Applying the same one twice changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Decision {
    /// Somebody may come in.
    UserAdded {
        /// Name.
        name: String,
        /// Role.
        role: Role,
        /// Where known.
        origin: Origin,
    },
    /// Somebody may more, less, or for now nothing.
    UserChanged {
        /// Name.
        name: String,
        /// The new role.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// Shut out or let in again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disabled: Option<bool>,
    },
    /// Somebody is gone.
    UserRemoved {
        /// Name.
        name: String,
    },
    /// Somebody has a new password. The ledger does not know it.
    PasswordSet {
        /// Name.
        name: String,
    },
    /// Somebody has a second factor, or none any more.
    SecondFactor {
        /// Name.
        name: String,
        /// Whether there is one now.
        on: bool,
    },
    /// A program may come in.
    TokenCreated {
        /// Id.
        id: String,
        /// What for.
        name: String,
        /// In whose name.
        owner: String,
        /// For what.
        scopes: Vec<Scope>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Time>,
    },
    /// It may no longer.
    TokenRevoked {
        /// Id.
        id: String,
    },
    /// Somebody came in.
    LoggedIn {
        /// Name.
        name: String,
        /// From where.
        address: String,
        /// How.
        origin: Origin,
    },
    /// Somebody was not let in.
    LoginRefused {
        /// Name as given, shortened.
        name: String,
        /// From where.
        address: String,
        /// How they tried.
        #[serde(default = "local", skip_serializing_if = "is_local")]
        origin: Origin,
    },
    /// Somebody went.
    LoggedOut {
        /// Name.
        name: String,
    },
    /// What people know of a machine.
    AssetEdited {
        /// Id of the machine.
        asset: String,
        /// Field and what it is now; nothing takes the edit back.
        changes: BTreeMap<String, Option<String>>,
    },
    /// What people make of a finding.
    FindingChanged {
        /// Id of the finding.
        finding: String,
        /// Its state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<FindingState>,
        /// A word on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// Who deals with it; empty for nobody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<String>,
        /// How often it had happened then: when it happens again afterwards, a closed finding is open again.
        count: u64,
    },
    /// A query worth keeping.
    QuerySaved {
        /// Id.
        id: String,
        /// Name.
        name: String,
        /// The query.
        sql: String,
    },
    /// No longer.
    QueryRemoved {
        /// Id.
        id: String,
    },
    /// Somebody is to be told.
    NotificationSaved {
        /// Id.
        id: String,
        /// Whom, of what.
        notification: Notification,
    },
    /// No longer.
    NotificationRemoved {
        /// Id.
        id: String,
    },
    /// A setting has another value.
    SettingChanged {
        /// Which.
        key: String,
        /// The value; null is the default again.
        value: serde_json::Value,
    },
    /// What is normal: lines of a baseline's text that somebody approves or removes.
    BaselineDecided {
        /// The lines.
        text: String,
    },
    /// Packets, records or a query's answer left the house.
    Exported {
        /// What: `evidence`, `sql`, `zeek` …
        what: String,
        /// Which part.
        detail: String,
    },
}

impl Decision {
    /// The word in the field `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Decision::UserAdded { .. } => "user-added",
            Decision::UserChanged { .. } => "user-changed",
            Decision::UserRemoved { .. } => "user-removed",
            Decision::PasswordSet { .. } => "password-set",
            Decision::SecondFactor { .. } => "second-factor",
            Decision::TokenCreated { .. } => "token-created",
            Decision::TokenRevoked { .. } => "token-revoked",
            Decision::LoggedIn { .. } => "logged-in",
            Decision::LoginRefused { .. } => "login-refused",
            Decision::LoggedOut { .. } => "logged-out",
            Decision::AssetEdited { .. } => "asset-edited",
            Decision::FindingChanged { .. } => "finding-changed",
            Decision::QuerySaved { .. } => "query-saved",
            Decision::QueryRemoved { .. } => "query-removed",
            Decision::NotificationSaved { .. } => "notification-saved",
            Decision::NotificationRemoved { .. } => "notification-removed",
            Decision::SettingChanged { .. } => "setting-changed",
            Decision::BaselineDecided { .. } => "baseline-decided",
            Decision::Exported { .. } => "exported",
        }
    }
}
