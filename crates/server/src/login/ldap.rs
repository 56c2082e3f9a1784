//! Coming in by a directory: a password is shown to it, and groups are read from it.
//!
//! Sources: RFC 4511 (LDAP), RFC 4513 section 5.1.2 (a bind with an empty password is none), RFC 4514 section 2.4 (escapes
//! in names), RFC 8314 style TLS from the first byte (`ldaps`) and StartTLS (RFC 4511 section 4.14). Written here because
//! what is needed is five messages, and the library for it (`ldap3`) would have the whole query engine built with other
//! features. A filter is never a text: name and value stand in fields of their own, so that nothing has to be escaped.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Hidden, Identity, Roles};
use crate::web::{self, Stream};

/// Bytes of one message at most: an entry with many groups.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// Groups of one person that are looked at.
const GROUPS_MAX: usize = 10_000;
/// Messages in answer to one question at most.
const ANSWERS_MAX: usize = 20_000;
/// The name of StartTLS.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// How the directory finds somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// An account of ours searches for them.
    Search {
        /// Its name.
        account: String,
        /// Its password.
        password: Hidden,
        /// Below what.
        base: String,
    },
    /// Their name follows from this, with `{name}` in it.
    Direct(String),
}

/// A directory, as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ldap {
    /// `ldaps://host` or `ldap://host` (then with StartTLS).
    pub url: String,
    /// Authorities to trust instead of the system's (PEM).
    pub authorities: Option<PathBuf>,
    /// How somebody is found.
    pub find: Find,
    /// The attribute with the name that people type.
    pub name_attribute: String,
    /// The attribute of a person with the groups; empty where persons have none.
    pub groups_attribute: String,
    /// Where groups are that name their members, and in which attribute.
    pub groups: Option<(String, String)>,
    /// What a group makes of somebody.
    pub roles: Roles,
    /// How long a login may take.
    pub timeout: Duration,
}

/// Why somebody was not found to be who they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Name or password is wrong.
    Wrong,
    /// The directory could not be asked.
    Failed(String),
}

impl<T: std::fmt::Display> From<T> for Refusal {
    fn from(why: T) -> Refusal {
        Refusal::Failed(why.to_string())
    }
}

/// A directory at work.
#[derive(Debug)]
pub struct Directory {
    about: Ldap,
    tls: Arc<ClientConfig>,
    host: String,
    port: u16,
    is_tls_first: bool,
}

impl Directory {
    /// Prepares a directory. Asks it nothing yet: it may be down when Vigie starts.
    pub fn new(about: Ldap) -> Result<Directory, String> {
        let (is_tls_first, place) = match about.url.split_once("://") {
            Some(("ldaps", place)) => (true, place),
            Some(("ldap", place)) => (false, place),
            _ => return Err(format!("`{}` does not begin with ldaps:// or ldap://", about.url)),
        };
        let (_, _, host, _) = web::place(&format!("https://{}", place.trim_end_matches('/')))?;
        let port =
            place.trim_end_matches('/').rsplit_once("]:").or_else(|| place.trim_end_matches('/').rsplit_once(':'));
        let port = port.and_then(|(_, port)| port.parse().ok()).unwrap_or(if is_tls_first { 636 } else { 389 });
        if about.roles.is_empty() {
            return Err("`roles` names no group: nobody could come in".into());
        }
        match &about.find {
            Find::Direct(template) if !template.contains("{name}") => {
                return Err(format!("`{template}` has no {{name}} in it"));
            }
            Find::Search { password, .. } if password.0.is_empty() => {
                return Err("the account that searches needs a password".into());
            }
            _ => {}
        }
        let tls = web::client(about.authorities.as_deref())?;
        Ok(Directory { about, tls, host, port, is_tls_first })
    }

    /// The configuration.
    pub fn about(&self) -> &Ldap {
        &self.about
    }

    /// Who somebody is who shows this name and this password.
    pub async fn identity(&self, name: &str, password: &str) -> Result<Identity, Refusal> {
        // RFC 4513 section 5.1.2: with an empty password a bind succeeds as nobody.
        if name.is_empty() || password.is_empty() || password.contains('\0') {
            return Err(Refusal::Wrong);
        }
        let late = |_| Refusal::Failed(format!("`{}` does not answer", self.about.url));
        tokio::time::timeout(self.about.timeout, self.ask(name, password)).await.map_err(late)?
    }

    async fn ask(&self, name: &str, password: &str) -> Result<Identity, Refusal> {
        let failed = |e: std::io::Error| format!("`{}`: {e}", self.about.url);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(failed)?;
        let mut link = Link { stream: Box::new(stream), number: 0, read: Vec::new() };
        if self.is_tls_first {
            link.stream = web::protect(&self.tls, &self.host, link.stream).await?;
        } else {
            link.start_tls().await?;
            link.stream = web::protect(&self.tls, &self.host, link.stream).await?;
        }
        let person = match &self.about.find {
            Find::Direct(template) => template.replace("{name}", &escaped(name)),
            Find::Search { account, password, base } => {
                if !link.bind(account, &password.0).await? {
                    return Err(Refusal::Failed(format!("`{account}` may not come in to search")));
                }
                let wanted = equal(&self.about.name_attribute, name);
                let mut found = link.search(base, WHOLE_TREE, &wanted, &["1.1"], 2).await?;
                match (found.pop(), found.len()) {
                    (Some(entry), 0) => entry.name,
                    (None, _) => return Err(Refusal::Wrong),
                    (Some(_), _) => {
                        return Err(Refusal::Failed(format!("there are several `{name}` below `{base}`")));
                    }
                }
            }
        };
        if !link.bind(&person, password).await? {
            return Err(Refusal::Wrong);
        }
        // Who searches for others sees more than somebody sees of themselves.
        if let Find::Search { account, password, .. } = &self.about.find
            && !link.bind(account, &password.0).await?
        {
            return Err(Refusal::Failed(format!("`{account}` may not come in to search")));
        }
        let attributes = [self.about.name_attribute.as_str(), self.about.groups_attribute.as_str()];
        let attributes: Vec<&str> = attributes.into_iter().filter(|name| !name.is_empty()).collect();
        let own = link.search(&person, THIS_ENTRY, &present("objectClass"), &attributes, 1).await?.pop();
        let values = |wanted: &str| -> Vec<String> {
            let all = own.iter().flat_map(|entry| &entry.attributes);
            let named = all.filter(|(name, _)| name.eq_ignore_ascii_case(wanted) && !wanted.is_empty());
            named.flat_map(|(_, values)| values.iter().take(GROUPS_MAX).cloned()).collect()
        };
        let mut groups = values(&self.about.groups_attribute);
        if let Some((base, member)) = &self.about.groups {
            let found = link.search(base, WHOLE_TREE, &equal(member, &person), &["1.1"], GROUPS_MAX).await?;
            groups.extend(found.into_iter().map(|entry| entry.name));
        }
        link.unbind().await;
        // As the directory writes it, not as it was typed.
        let name = values(&self.about.name_attribute).into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let name = name.ok_or_else(|| format!("`{person}` does not show its `{}`", self.about.name_attribute))?;
        Ok(Identity { subject: String::new(), name, groups })
    }
}

/// A value within a distinguished name (RFC 4514 section 2.4).
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    value
        .chars()
        .enumerate()
        .map(|(place, letter)| match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => format!("\\{letter}"),
            '#' if place == 0 => "\\#".to_owned(),
            ' ' if place == 0 || place == last => "\\ ".to_owned(),
            letter if letter.is_control() => letter.to_string().bytes().map(|byte| format!("\\{byte:02x}")).collect(),
            letter => letter.to_string(),
        })
        .collect()
}

/// A tag, a length and what it is the length of (X.690, definite lengths only, as RFC 4511 section 5.1 wants).
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let long = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
            bytes.push(0x84);
            bytes.extend(long);
        }
    }
    parts.iter().for_each(|part| bytes.extend(*part));
    bytes
}

fn text(value: &str) -> Vec<u8> {
    element(0x04, &[value.as_bytes()])
}

fn number(value: u32) -> Vec<u8> {
    // As few bytes as it takes, the first bit free of a sign: OpenLDAP refuses more than four.
    let bytes = value.to_be_bytes();
    let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let bytes = bytes.get(from..).unwrap_or_default();
    match bytes.first() {
        Some(0x80..) => element(0x02, &[&[0], bytes]),
        _ => element(0x02, &[bytes]),
    }
}

/// Filter: an attribute has a value (`equalityMatch`, RFC 4511 section 4.5.1.7.1).
fn equal(attribute: &str, value: &str) -> Vec<u8> {
    element(0xa3, &[&text(attribute), &text(value)])
}

/// Filter: there is an attribute.
fn present(attribute: &str) -> Vec<u8> {
    element(0x87, &[attribute.as_bytes()])
}

const THIS_ENTRY: u8 = 0;
const WHOLE_TREE: u8 = 2;

/// The next element: tag, content. The rest stays.
fn take<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        count @ 0x81..=0x84 => {
            let (long, rest) = rest.split_at_checked(count - 0x80)?;
            (long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((*tag, content))
}

/// One entry of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    name: String,
    attributes: Vec<(String, Vec<String>)>,
}

fn entry(mut content: &[u8]) -> Option<Found> {
    let name = String::from_utf8(take(&mut content)?.1.to_vec()).ok()?;
    let (_, mut list) = take(&mut content)?;
    let mut found = Found { name, ..Found::default() };
    while !list.is_empty() {
        let (_, mut attribute) = take(&mut list)?;
        let kind = String::from_utf8_lossy(take(&mut attribute)?.1).into_owned();
        let (_, mut all) = take(&mut attribute)?;
        let mut values = Vec::new();
        while !all.is_empty() && values.len() < GROUPS_MAX {
            values.push(String::from_utf8_lossy(take(&mut all)?.1).into_owned());
        }
        found.attributes.push((kind, values));
    }
    Some(found)
}

/// Code and words of a result (RFC 4511 section 4.1.9).
fn result(mut content: &[u8]) -> Option<(u32, String)> {
    let code = take(&mut content)?.1.iter().fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
    take(&mut content)?;
    Some((code, String::from_utf8_lossy(take(&mut content)?.1).into_owned()))
}

/// A connection to a directory: one question at a time.
struct Link {
    stream: Box<dyn Stream>,
    number: u32,
    read: Vec<u8>,
}

const BROKEN: &str = "the directory's answer is not LDAP";

impl Link {
    async fn send(&mut self, operation: &[u8]) -> Result<(), String> {
        self.number += 1;
        let message = element(0x30, &[&number(self.number), operation]);
        self.stream.write_all(&message).await.map_err(|e| e.to_string())?;
        self.stream.flush().await.map_err(|e| e.to_string())
    }

    /// The next operation in answer to what was sent last.
    async fn receive(&mut self) -> Result<(u8, Vec<u8>), String> {
        loop {
            let mut rest = self.read.as_slice();
            if let Some((tag, mut message)) = take(&mut rest) {
                let used = self.read.len() - rest.len();
                let id = take(&mut message).filter(|(kind, _)| tag == 0x30 && *kind == 0x02).ok_or(BROKEN)?.1;
                let id = id.iter().fold(0_u32, |id, byte| id << 8 | u32::from(*byte));
                let (operation, content) = take(&mut message).ok_or(BROKEN)?;
                let answer = (operation, content.to_vec());
                self.read.drain(..used);
                match id {
                    id if id == self.number => return Ok(answer),
                    // Number 0 is said unasked: that it ends (RFC 4511 section 4.4).
                    _ => return Err("the directory ended the connection".into()),
                }
            }
            if self.read.len() > MESSAGE_BYTES_MAX {
                return Err("the directory's answer is too long".into());
            }
            if self.stream.read_buf(&mut self.read).await.map_err(|e| e.to_string())? == 0 {
                return Err("the directory closed the connection".into());
            }
        }
    }

    async fn start_tls(&mut self) -> Result<(), String> {
        self.send(&element(0x77, &[&element(0x80, &[START_TLS])])).await?;
        let (operation, content) = self.receive().await?;
        // What came in the clear after the answer could be from anybody.
        match (operation, result(&content)) {
            (0x78, Some((0, _))) if self.read.is_empty() => Ok(()),
            (0x78, Some((code, words))) => Err(format!("the directory refuses StartTLS: {code} {words}")),
            _ => Err(BROKEN.into()),
        }
    }

    /// Whether name and password are right.
    async fn bind(&mut self, name: &str, password: &str) -> Result<bool, String> {
        let operation = element(0x60, &[&number(3), &text(name), &element(0x80, &[password.as_bytes()])]);
        self.send(&operation).await?;
        let (operation, content) = self.receive().await?;
        match (operation, result(&content)) {
            (0x61, Some((0, _))) => Ok(true),
            // invalidCredentials; some say noSuchObject or invalidDNSyntax of a name that is not there.
            (0x61, Some((49 | 32 | 34, _))) => Ok(false),
            (0x61, Some((code, words))) => Err(format!("the directory refuses: {code} {words}")),
            _ => Err(BROKEN.into()),
        }
    }

    async fn search(
        &mut self,
        base: &str,
        scope: u8,
        filter: &[u8],
        attributes: &[&str],
        most: usize,
    ) -> Result<Vec<Found>, String> {
        let attributes: Vec<Vec<u8>> = attributes.iter().map(|name| text(name)).collect();
        let attributes: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
        let operation = element(
            0x63,
            &[
                &text(base),
                &element(0x0a, &[&[scope]]),
                &element(0x0a, &[&[0]]),
                &number(u32::try_from(most).unwrap_or(u32::MAX)),
                &number(0),
                &element(0x01, &[&[0]]),
                filter,
                &element(0x30, &attributes),
            ],
        );
        self.send(&operation).await?;
        let mut found = Vec::new();
        for _ in 0..ANSWERS_MAX {
            match self.receive().await? {
                (0x64, content) => found.push(entry(&content).ok_or(BROKEN)?),
                // References to other directories are not followed.
                (0x73, _) => {}
                (0x65, content) => match result(&content).ok_or(BROKEN)? {
                    // sizeLimitExceeded: there are more than were asked for. noSuchObject: there is nothing.
                    (0 | 4 | 32, _) => return Ok(found),
                    (code, words) => return Err(format!("the directory refuses to search: {code} {words}")),
                },
                _ => return Err(BROKEN.into()),
            }
        }
        Err("the directory's answer is too long".into())
    }

    /// Says goodbye; whether it is heard does not matter.
    async fn unbind(&mut self) {
        let _ = self.send(&element(0x42, &[])).await;
        let _ = self.stream.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(url: &str, find: Find) -> Result<Directory, String> {
        Directory::new(Ldap {
            url: url.into(),
            authorities: None,
            find,
            name_attribute: "uid".into(),
            groups_attribute: "memberOf".into(),
            groups: None,
            roles: [("cn=ops,dc=plant".to_owned(), store::Role::Viewer)].into(),
            timeout: Duration::from_secs(2),
        })
    }

    #[test]
    fn the_configuration_is_checked() {
        let direct = || Find::Direct("uid={name},dc=plant".into());
        let known = directory("ldaps://dc1.example", direct()).unwrap();
        assert_eq!((known.host.as_str(), known.port, known.is_tls_first), ("dc1.example", 636, true));
        let known = directory("ldap://[::1]:1389/", direct()).unwrap();
        assert_eq!((known.host.as_str(), known.port, known.is_tls_first), ("::1", 1389, false));
        assert!(directory("http://dc1.example", direct()).is_err());
        assert!(directory("ldaps://dc1.example", Find::Direct("uid=ada".into())).is_err());
        let search = Find::Search { account: "cn=vigie".into(), password: Hidden::default(), base: String::new() };
        assert!(directory("ldaps://dc1.example", search).is_err());
    }

    #[tokio::test]
    async fn nobody_comes_in_without_a_password() {
        // Nothing listens there: it must not even be asked.
        let known = directory("ldaps://127.0.0.1:1", Find::Direct("uid={name},dc=plant".into())).unwrap();
        for (name, password) in [("ada", ""), ("", "three blue herons"), ("ada", "\0")] {
            assert_eq!(known.identity(name, password).await, Err(Refusal::Wrong));
        }
        assert!(matches!(known.identity("ada", "three blue herons").await, Err(Refusal::Failed(_))));
    }

    #[test]
    fn names_and_filters_are_only_names_and_values() {
        assert_eq!(escaped(" a,b=c\\\"#+<>; "), "\\ a\\,b\\=c\\\\\\\"#\\+\\<\\>\\;\\ ");
        assert_eq!(escaped("#x\0"), "\\#x\\00");
        // In a field of its own, a star is a star.
        assert_eq!(equal("uid", "*)(a"), b"\xa3\x0b\x04\x03uid\x04\x04*)(a".to_vec());
    }

    #[test]
    fn whatever_comes_is_read_without_harm() {
        let long = element(0x30, &[&[7; 300]]);
        assert_eq!(take(&mut long.as_slice()), Some((0x30, [7; 300].as_slice())));
        for broken in
            [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x85, 1, 1, 1, 1, 1], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(take(&mut &*broken), None);
            assert_eq!((entry(broken), result(broken)), (None, None));
        }
        let whole =
            [text("uid=ada"), element(0x30, &[&element(0x30, &[&text("uid"), &element(0x31, &[&text("ada")])])])];
        let found = entry(&whole.concat()).unwrap();
        assert_eq!((found.name.as_str(), found.attributes), ("uid=ada", vec![("uid".into(), vec!["ada".into()])]));
        for end in 0..whole.concat().len() {
            assert_eq!(entry(&whole.concat()[..end]), None);
        }
    }
}
