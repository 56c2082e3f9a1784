//! People who are known elsewhere: at an OpenID Connect provider, or in a directory. What they may here follows from their
//! groups there, by a table in the configuration; who has no group in it stays outside.

pub mod ldap;
pub mod oidc;
mod token;

use std::collections::BTreeMap;

use store::{Decision, Origin, Role, User};

use crate::{Problem, Site, limits, people};

/// What somebody's group elsewhere makes of them here.
pub type Roles = BTreeMap<String, Role>;

/// How people can come in besides passwords that are kept here.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    /// At an OpenID Connect provider.
    pub oidc: Option<oidc::Oidc>,
    /// In a directory.
    pub ldap: Option<ldap::Ldap>,
}

/// A secret of the configuration. It never stands in a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Hidden")
    }
}

/// Who somebody is elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// What never changes of them there; empty where that is not known.
    pub subject: String,
    /// Name.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
}

/// The strongest role that one of the groups gives.
fn role_of(roles: &Roles, groups: &[String]) -> Option<Role> {
    let plain = |text: &str| text.split(',').map(str::trim).collect::<Vec<_>>().join(",").to_lowercase();
    let groups: Vec<String> = groups.iter().map(|group| plain(group)).collect();
    roles.iter().filter(|(group, _)| groups.contains(&plain(group))).map(|(_, role)| *role).max()
}

/// The account of somebody who showed elsewhere who they are: made at the first time, and with the role of now.
pub(crate) async fn admit(site: &Site, origin: Origin, identity: &Identity, roles: &Roles) -> Result<User, Problem> {
    let name = identity.name.trim().to_lowercase();
    people::check_name(&name).map_err(|_| {
        Problem::forbidden("your name there cannot be one here: 1 to 64 letters, digits, or . - _ @").kind("name-unfit")
    })?;
    let store = site.store();
    let users = store.users().await?;
    // A name that is taken here, however it is written, is somebody else.
    if let Some(known) = users.iter().find(|user| user.name.to_lowercase() == name && user.origin != origin) {
        let taken = format!("`{}` is somebody else here", known.name);
        return Err(Problem::forbidden(taken).kind("name-taken"));
    }
    let known = store.secret("subject", &name).await?.unwrap_or_default();
    if !known.is_empty() && known != identity.subject {
        return Err(Problem::forbidden(format!("`{name}` was somebody else there before")).kind("name-taken"));
    }
    let user = users.into_iter().find(|user| user.name == name);
    let Some(role) = role_of(roles, &identity.groups) else {
        // Whoever lost their last group there loses what is open here.
        if user.is_some() {
            store.close_sessions_of(&name, "").await?;
        }
        return Err(Problem::forbidden("none of your groups has a role here").kind("no-role"));
    };
    let decision = match &user {
        Some(user) if user.is_disabled => {
            return Err(Problem::forbidden("you were shut out here").kind("shut-out"));
        }
        Some(user) if user.role == role => None,
        Some(_) => Some(Decision::UserChanged { name: name.clone(), role: Some(role), disabled: None }),
        None if store.users().await?.len() >= limits::THINGS_MAX => {
            return Err(Problem::conflict("there are too many people"));
        }
        None => Some(Decision::UserAdded { name: name.clone(), role, origin }),
    };
    if !identity.subject.is_empty() {
        store.set_secret("subject", &name, Some(&identity.subject)).await?;
    }
    if let Some(decision) = decision {
        site.decide(origin.as_str(), decision).await?;
    }
    store.user(&name).await?.ok_or_else(Problem::unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_group_counts_and_dns_are_compared_as_dns() {
        let roles: Roles = [
            ("cn=Operators, ou=groups,dc=plant".to_owned(), Role::Viewer),
            ("cn=engineers,ou=groups,dc=plant".to_owned(), Role::Engineer),
        ]
        .into();
        let groups = |all: &[&str]| all.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
        assert_eq!(role_of(&roles, &groups(&["CN=operators,OU=groups,DC=plant"])), Some(Role::Viewer));
        let both = groups(&["cn=operators,ou=groups,dc=plant", "cn=engineers,ou=groups,dc=plant"]);
        assert_eq!(role_of(&roles, &both), Some(Role::Engineer));
        assert_eq!(role_of(&roles, &groups(&["cn=others,ou=groups,dc=plant"])), None);
        assert_eq!(role_of(&roles, &[]), None);
    }

    #[tokio::test]
    async fn who_comes_from_elsewhere_is_never_somebody_who_is_here() {
        let plant = crate::tests::harness::Plant::with_people().await;
        let roles: Roles = [("ops".to_owned(), Role::Analyst)].into();
        let who = |subject: &str, name: &str, group: &str| Identity {
            subject: subject.into(),
            name: name.into(),
            groups: vec![group.into()],
        };
        let admitted = async |origin, identity: Identity| {
            admit(&plant.site, origin, &identity, &roles).await.map(|user| user.role).map_err(|problem| problem.kind)
        };
        assert_eq!(admitted(Origin::Oidc, who("1", "Viewer", "ops")).await, Err("name-taken"));
        assert_eq!(admitted(Origin::Oidc, who("1", "ada", "none")).await, Err("no-role"));
        assert!(plant.site.store().user("ada").await.unwrap().is_none());
        assert_eq!(admitted(Origin::Oidc, who("1", "Ada", "ops")).await, Ok(Role::Analyst));
        // The name was given to another person there, or stands in the directory, too.
        assert_eq!(admitted(Origin::Oidc, who("2", "ada", "ops")).await, Err("name-taken"));
        assert_eq!(admitted(Origin::Ldap, who("", "ada", "ops")).await, Err("name-taken"));
        assert_eq!(admitted(Origin::Oidc, who("1", "two words", "ops")).await, Err("name-unfit"));
        let shut = Decision::UserChanged { name: "ada".into(), role: None, disabled: Some(true) };
        plant.site.decide("administrator", shut).await.unwrap();
        assert_eq!(admitted(Origin::Oidc, who("1", "ada", "ops")).await, Err("shut-out"));
    }
}
