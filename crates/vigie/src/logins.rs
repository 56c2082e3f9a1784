//! The tables `[oidc]` and `[ldap]` of the configuration file: people who are known elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use server::login::ldap::{Find, Ldap};
use server::login::oidc::Oidc;
use server::login::{Hidden, Roles};
use store::Role;

/// `[oidc]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcTable {
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    address: String,
    #[serde(default = "scopes")]
    scopes: Vec<String>,
    #[serde(default = "name_claim")]
    name_claim: String,
    #[serde(default = "groups_claim")]
    groups_claim: String,
    ca: Option<PathBuf>,
    #[serde(default)]
    title: String,
    roles: BTreeMap<String, String>,
}

/// `[ldap]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LdapTable {
    url: String,
    ca: Option<PathBuf>,
    account: Option<String>,
    password_file: Option<PathBuf>,
    base: Option<String>,
    person: Option<String>,
    #[serde(default = "name_attribute")]
    name_attribute: String,
    #[serde(default = "groups_attribute")]
    groups_attribute: String,
    groups_base: Option<String>,
    #[serde(default = "member_attribute")]
    member_attribute: String,
    #[serde(default = "seconds")]
    timeout_seconds: u64,
    roles: BTreeMap<String, String>,
}

fn scopes() -> Vec<String> {
    ["openid", "profile"].map(str::to_owned).to_vec()
}

fn name_claim() -> String {
    "preferred_username".into()
}

fn groups_claim() -> String {
    "groups".into()
}

fn name_attribute() -> String {
    "uid".into()
}

fn groups_attribute() -> String {
    "memberOf".into()
}

fn member_attribute() -> String {
    "member".into()
}

const fn seconds() -> u64 {
    10
}

/// A secret: from the environment, else from its file. It never stands in the configuration file itself.
fn secret(variable: &str, file: Option<&Path>) -> Result<Option<Hidden>, String> {
    if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
        return Ok(Some(Hidden(value)));
    }
    let Some(path) = file else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|e| format!("`{}`: {e}", path.display()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("`{}` is empty", path.display())),
        text => Ok(Some(Hidden(text.to_owned()))),
    }
}

fn roles(table: &BTreeMap<String, String>) -> Result<Roles, String> {
    let one = |(group, role): (&String, &String)| {
        let role = role.parse::<Role>().map_err(|e| format!("roles: `{group}`: {e}"))?;
        Ok((group.clone(), role))
    };
    table.iter().map(one).collect()
}

impl OidcTable {
    /// With its secret read.
    pub fn read(self) -> Result<Oidc, String> {
        let mut scopes = self.scopes;
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".into());
        }
        Ok(Oidc {
            client_secret: secret("VIGIE_OIDC_SECRET", self.client_secret_file.as_deref())?,
            issuer: self.issuer,
            client_id: self.client_id,
            address: self.address,
            scopes,
            name_claim: self.name_claim,
            groups_claim: self.groups_claim,
            roles: roles(&self.roles)?,
            authorities: self.ca,
            title: self.title,
        })
    }
}

impl LdapTable {
    /// With its secret read.
    pub fn read(self) -> Result<Ldap, String> {
        let find = match (self.account, self.person, self.base) {
            (Some(account), None, Some(base)) => {
                let password = secret("VIGIE_LDAP_PASSWORD", self.password_file.as_deref())?;
                let password = password.ok_or("`account` needs `password_file`, or VIGIE_LDAP_PASSWORD")?;
                Find::Search { account, password, base }
            }
            (None, Some(person), _) => Find::Direct(person),
            _ => {
                return Err("give `account` and `base` (an account searches for people), or `person` (the name of a \
                            person with {name} in it)"
                    .into());
            }
        };
        Ok(Ldap {
            url: self.url,
            authorities: self.ca,
            find,
            name_attribute: self.name_attribute,
            groups_attribute: self.groups_attribute,
            groups: self.groups_base.map(|base| (base, self.member_attribute)),
            roles: roles(&self.roles)?,
            timeout: Duration::from_secs(self.timeout_seconds.clamp(1, 60)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_logins_and_secrets_stay_hidden() {
        let path = std::env::temp_dir().join(format!("vigie-secret-{}", std::process::id()));
        std::fs::write(&path, "three blue herons\n").unwrap();
        let text = format!(
            "issuer = \"https://id\"\nclient_id = \"vigie\"\naddress = \"https://vigie\"\n\
             client_secret_file = {path:?}\n[roles]\nops = \"engineer\"\n"
        );
        let oidc = toml::from_str::<OidcTable>(&text).unwrap().read().unwrap();
        assert_eq!(
            (oidc.client_secret.as_ref().unwrap().0.as_str(), oidc.roles["ops"]),
            ("three blue herons", Role::Engineer)
        );
        assert!(!format!("{oidc:?}").contains("herons"));
        let wrong = text.replace("engineer", "boss");
        let wrong = toml::from_str::<OidcTable>(&wrong).unwrap().read().unwrap_err();
        assert!(wrong.starts_with("roles: `ops`: no such role"), "{wrong}");
        std::fs::remove_file(path).unwrap();
        let ldap = |text: &str| toml::from_str::<LdapTable>(text).map_err(|e| e.to_string()).and_then(LdapTable::read);
        let read =
            ldap("url = \"ldaps://dc\"\nperson = \"uid={name},dc=x\"\n[roles]\n\"cn=ops,dc=x\" = \"viewer\"").unwrap();
        assert_eq!(read.find, Find::Direct("uid={name},dc=x".into()));
        assert!(
            ldap("url = \"ldaps://dc\"\naccount = \"cn=a\"\n[roles]\n")
                .unwrap_err()
                .starts_with("give `account` and `base`")
        );
        assert!(ldap("url = \"ldaps://dc\"\npassword = \"x\"\n[roles]\n").unwrap_err().contains("unknown field"));
    }
}
