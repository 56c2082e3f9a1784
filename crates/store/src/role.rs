//! What people may do: roles, and scopes of tokens.

use model::words;

words! {
    /// What a person may do. A role may all that the roles before it may, but for the auditor, who reads everything
    /// and changes nothing.
    pub enum Role {
        /// Looks.
        Viewer = "viewer",
        /// Reads the ledger and who did what, besides looking. Changes nothing.
        Auditor = "auditor",
        /// Works on findings, queries the past, takes evidence.
        Analyst = "analyst",
        /// Names machines, sets up notifications and tokens.
        Engineer = "engineer",
        /// Everything, people and settings included.
        Administrator = "administrator",
    }
}

impl Role {
    /// Whether someone with this role may do what needs at least `least`.
    pub const fn may(self, least: Role) -> bool {
        matches!(
            (self, least),
            (_, Role::Viewer)
                | (Role::Administrator, _)
                | (Role::Engineer, Role::Analyst | Role::Engineer)
                | (Role::Analyst, Role::Analyst)
                | (Role::Auditor, Role::Auditor)
        )
    }
}

/// A word that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such role: there are viewer, auditor, analyst, engineer, administrator")]
pub struct ParseRole;

impl std::str::FromStr for Role {
    type Err = ParseRole;

    fn from_str(word: &str) -> Result<Role, ParseRole> {
        Role::from_word(word).ok_or(ParseRole)
    }
}

words! {
    /// What a token may be used for: never more than its owner may.
    pub enum Scope {
        /// Everything that only reads.
        Read = "read",
        /// Queries of the past, exports and evidence.
        Query = "query",
        /// Changes.
        Write = "write",
        /// `/metrics`.
        Metrics = "metrics",
        /// People and settings.
        Admin = "admin",
    }
}
