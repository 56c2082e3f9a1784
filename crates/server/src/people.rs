//! Who is who: passwords, second factors, sessions, tokens, and how often somebody may guess.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::{HeaderMap, header};
use model::Time;
use sha2::{Digest, Sha256};
use store::{Role, Scope, Session, Store};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::{Problem, clock, limits};

/// Name of the cookie.
pub const COOKIE: &str = "vigie_session";
/// Name of the header that shows that a page of ours asks.
pub const CSRF: &str = "x-vigie-csrf";
/// What the secret of every token begins with, so that scanners for leaked secrets know it.
const TOKEN_PREFIX: &str = "vigie_";

/// Someone who asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// How they came in.
    pub by: By,
}

/// How somebody came in.
#[derive(Clone, Debug, PartialEq)]
pub enum By {
    /// With a session: the hash of its secret, and the word that pages must show.
    Session {
        /// SHA-256 of the secret.
        hash: String,
        /// The word.
        csrf: String,
    },
    /// With a token.
    Token {
        /// Its id.
        id: String,
        /// For what it may be used.
        scopes: Vec<Scope>,
    },
}

impl Person {
    /// For what this person may come in this way.
    pub fn scopes(&self) -> Vec<Scope> {
        match &self.by {
            By::Session { .. } => Scope::ALL.to_vec(),
            By::Token { scopes, .. } => scopes.clone(),
        }
    }
}

/// What is remembered of people while the server runs.
pub struct People {
    setup: Mutex<Option<String>>,
    failures: Mutex<HashMap<String, (u32, Instant)>>,
    /// The last time step of a code that was used, by name: a code is good once.
    steps: Mutex<HashMap<String, u64>>,
    hashing: Semaphore,
}

/// Bytes that nobody can guess, hexadecimal.
pub fn secret(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).expect("the system has random bytes");
    hexadecimal(&buffer)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256, hexadecimal: enough for secrets that are random themselves.
pub fn hash(secret: &str) -> String {
    hexadecimal(&Sha256::digest(secret.as_bytes()))
}

/// The word that pages must show, made of the secret of their session so that it need not be kept.
fn csrf_of(secret: &str) -> String {
    hash(&format!("csrf {secret}"))
}

/// Whether two secrets are the same, told in a time that does not depend on where they differ.
fn is_same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The secret of a new token with this id.
pub fn token_secret(id: &str) -> String {
    format!("{TOKEN_PREFIX}{id}_{}", secret(32))
}

fn argon2() -> Argon2<'static> {
    // OWASP's second choice: 19 MiB, two passes, one lane.
    let params = Params::new(19_456, 2, 1, None).expect("these parameters are allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The argon2id hash of a password, in PHC form. Takes its time: not for a task.
pub fn hash_password(password: &str) -> Result<String, Problem> {
    let salt = SaltString::encode_b64(secret(16).as_bytes()).map_err(Problem::internal)?;
    argon2().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(Problem::internal)
}

fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// What everybody tries first, longer than the least length.
const COMMON: &[&str] = &[
    "administrator",
    "adminadminadmin",
    "password1234",
    "passwordpassword",
    "motdepasse123",
    "motdepassemotdepasse",
    "qwertyuiop12",
    "azertyuiop12",
    "azertyuiop123",
    "qwertyuiop123",
    "qwerty123456",
    "azerty123456",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "welcome12345",
    "bienvenue123",
    "letmein12345",
    "changeme1234",
    "changemechangeme",
    "iloveyou1234",
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789abc",
    "abcdefghijkl",
    "correcthorsebatterystaple",
    "siemenssiemens",
    "schneiderelectric",
    "rockwellautomation",
    "controllogix",
    "industrial123",
    "summer2024!!",
    "p@ssw0rd1234",
    "passw0rd1234",
    "administrateur",
    "administrador",
    "superadministrator",
    "superuser1234",
];

/// Whether a password may be used: long enough, and none that is tried first.
pub fn check_password(name: &str, password: &str) -> Result<(), Problem> {
    let count = password.chars().count();
    if count < limits::PASSWORD_CHARACTERS_MIN {
        let least = limits::PASSWORD_CHARACTERS_MIN;
        return Err(Problem::refused(format!("a password has at least {least} characters")).kind("password-short"));
    }
    if count > limits::PASSWORD_CHARACTERS_MAX {
        return Err(Problem::refused("a password has at most 256 characters").kind("password-long"));
    }
    let lower = password.to_lowercase();
    let letters: Vec<char> = lower.chars().collect();
    let distinct = letters.iter().collect::<std::collections::BTreeSet<_>>().len();
    let steps = letters
        .windows(2)
        .filter(|pair| matches!(i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])), -1..=1));
    let is_row = steps.count() * 10 >= (letters.len() - 1) * 8;
    let bare: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let name = name.to_lowercase();
    let is_name = !name.is_empty() && (lower == name || (name.len() >= 4 && lower.contains(&name)));
    let is_product = bare.replace(|c: char| c.is_ascii_digit(), "").replace("vigie", "").is_empty();
    if distinct < 5
        || is_row
        || is_name
        || is_product
        || COMMON.contains(&lower.as_str())
        || COMMON.contains(&bare.as_str())
    {
        return Err(Problem::refused("this password is among the first that are tried").kind("password-common"));
    }
    Ok(())
}

/// Whether a name can be one of a person.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let is_whole = (1..=64).contains(&name.len()) && name.chars().all(is_good);
    let is_led = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_whole && is_led {
        return Ok(());
    }
    Err(Problem::refused("a name has 1 to 64 letters, digits, or . - _ @, and begins with a letter or digit"))
}

impl People {
    pub(crate) fn new(has_administrator: bool) -> People {
        People {
            setup: Mutex::new((!has_administrator).then(|| secret(32))),
            failures: Mutex::default(),
            steps: Mutex::default(),
            hashing: Semaphore::new(limits::HASHES_AT_ONCE),
        }
    }

    /// The word of the set-up link, while it is needed.
    pub fn setup_token(&self) -> Option<String> {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says whether there must be a first administrator yet.
    pub fn set_needed(&self, is_needed: bool) {
        let mut setup = self.setup.lock().unwrap_or_else(PoisonError::into_inner);
        match is_needed {
            false => *setup = None,
            true if setup.is_none() => *setup = Some(secret(32)),
            true => {}
        }
    }

    /// Whether the word of the set-up link is right.
    pub fn is_setup(&self, token: &str) -> bool {
        self.setup_token().is_some_and(|expected| is_same(&expected, token))
    }

    /// Hashes a password, a few at a time.
    pub async fn hash_password(&self, password: String) -> Result<String, Problem> {
        let _turn = self.hashing.acquire().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(move || hash_password(&password)).await.map_err(Problem::internal)?
    }

    /// Checks a password against the hash kept of `name`; takes as long where there is none.
    pub async fn is_password(&self, store: &Store, name: &str, password: String) -> Result<bool, Problem> {
        /// Of nothing that anybody can type.
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDAwMDAwMDAwMDAwMDAwMA$\
                              Ue5Lv2EAKl5D4Yx4Mw0F3n0j5zqZ0X5o8v3l9y0oX2A";
        let kept = store.secret("password", name).await?;
        let _turn = self.hashing.acquire().await.map_err(Problem::internal)?;
        let check = move || match kept {
            Some(hash) => is_password(&password, &hash),
            None => {
                is_password(&password, NOBODY);
                false
            }
        };
        tokio::task::spawn_blocking(check).await.map_err(Problem::internal)
    }

    /// Whether a code of the second factor is right, and was not used before.
    pub fn is_code(&self, name: &str, secret: &str, code: &str) -> bool {
        let Some(totp) = second_factor(name, secret) else { return false };
        let seconds = u64::try_from(clock::now().0 / 1_000_000_000).unwrap_or(0);
        let step = seconds / 30;
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let last = steps.get(name).copied().unwrap_or(0);
        let good = [step - 1, step, step + 1]
            .into_iter()
            .find(|step| *step > last && is_same(&totp.generate(step * 30), code.trim()));
        if let Some(good) = good {
            steps.insert(name.to_owned(), good);
        }
        good.is_some()
    }

    /// Refuses where there were too many failures of late.
    pub fn check_rate(&self, name: &str, address: IpAddr) -> Result<(), Problem> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= limits::LOGIN_SOURCES_MAX {
            failures.retain(|_, (_, since)| since.elapsed() < limits::LOGIN_WINDOW);
        }
        let many = |key: &str, most: u32| {
            failures.get(key).is_some_and(|(count, since)| *count >= most && since.elapsed() < limits::LOGIN_WINDOW)
        };
        // A whole network may stand behind one address.
        if many(&format!("name {name}"), limits::LOGINS_MAX) || many(&format!("from {address}"), limits::LOGINS_MAX * 4)
        {
            return Err(Problem::too_many("too many failed logins; wait five minutes"));
        }
        Ok(())
    }

    /// Notes a failure, or forgets those of a name that came in.
    pub fn note_login(&self, name: &str, address: IpAddr, is_good: bool) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if is_good {
            failures.remove(&format!("name {name}"));
            return;
        }
        for key in [format!("name {name}"), format!("from {address}")] {
            // A full table of fresh failures is an attack: the oldest counts stand.
            if failures.len() >= limits::LOGIN_SOURCES_MAX && !failures.contains_key(&key) {
                continue;
            }
            let (count, since) = failures.entry(key).or_insert((0, Instant::now()));
            if since.elapsed() >= limits::LOGIN_WINDOW {
                (*count, *since) = (0, Instant::now());
            }
            *count += 1;
        }
    }

    /// Notes a failure of somebody whose name is not known.
    pub fn note_login_from(&self, address: IpAddr) {
        self.note_login(&unnamed(address), address, false);
    }

    /// Refuses where there were too many failures from there of late.
    pub fn check_rate_from(&self, address: IpAddr) -> Result<(), Problem> {
        self.check_rate(&unnamed(address), address)
    }

    /// Opens a session: the secret for the cookie, and the word for pages.
    pub async fn open_session(
        &self,
        store: &Store,
        name: &str,
        address: IpAddr,
        headers: &HeaderMap,
    ) -> Result<(String, String), Problem> {
        let (secret, now) = (secret(32), clock::now());
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let session = Session {
            hash: hash(&secret),
            name: name.to_owned(),
            created: now,
            used: now,
            address: address.to_string(),
            agent: agent.chars().take(limits::NAME_CHARACTERS_MAX).collect(),
        };
        store.close_old_sessions(clock::before(limits::SESSION_AGE), clock::before(limits::SESSION_IDLE)).await?;
        store.open_session(&session).await?;
        let csrf = csrf_of(&secret);
        Ok((secret, csrf))
    }

    /// Who asks, by cookie or token; nobody where neither is there or good.
    pub async fn who(&self, store: &Store, headers: &HeaderMap) -> Result<Option<Person>, Problem> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let value = value.to_str().unwrap_or_default();
            let secret = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer "));
            return match secret {
                Some(secret) => self.by_token(store, secret.trim()).await,
                None => Ok(None),
            };
        }
        match cookie(headers) {
            Some(secret) => self.by_session(store, &secret).await,
            None => Ok(None),
        }
    }

    async fn by_session(&self, store: &Store, secret: &str) -> Result<Option<Person>, Problem> {
        let hash = hash(secret);
        let Some(session) = store.session(&hash).await? else { return Ok(None) };
        let now = clock::now();
        if session.created < clock::before(limits::SESSION_AGE) || session.used < clock::before(limits::SESSION_IDLE) {
            store.close_session(&hash).await?;
            return Ok(None);
        }
        if session.used < clock::before(limits::SESSION_NOTE) {
            store.touch_session(&hash, now).await?;
        }
        let Some(user) = store.user(&session.name).await?.filter(|user| !user.is_disabled) else { return Ok(None) };
        Ok(Some(Person { name: user.name, role: user.role, by: By::Session { hash, csrf: csrf_of(secret) } }))
    }

    async fn by_token(&self, store: &Store, secret: &str) -> Result<Option<Person>, Problem> {
        let Some((id, _)) = secret.strip_prefix(TOKEN_PREFIX).and_then(|rest| rest.split_once('_')) else {
            return Ok(None);
        };
        let (Some(token), Some(kept)) = (store.token(id).await?, store.secret("token", id).await?) else {
            return Ok(None);
        };
        let is_over = token.expires_at.is_some_and(|until: Time| until <= clock::now());
        if !is_same(&kept, &hash(secret)) || is_over || token.revoked_at.is_some() {
            return Ok(None);
        }
        let Some(user) = store.user(&token.owner).await?.filter(|user| !user.is_disabled) else { return Ok(None) };
        Ok(Some(Person { name: user.name, role: user.role, by: By::Token { id: token.id, scopes: token.scopes } }))
    }
}

/// Under what failures without a name are counted: nobody closes the door for all.
fn unnamed(address: IpAddr) -> String {
    format!("nobody {address}")
}

/// A new secret of a second factor, in base 32.
pub fn second_factor_secret() -> String {
    let mut bytes = vec![0; 20];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    totp_rs::Secret::Raw(bytes).to_encoded().to_string()
}

/// The generator of codes of somebody's second factor.
pub fn second_factor(name: &str, secret: &str) -> Option<totp_rs::TOTP> {
    let bytes = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().ok()?;
    totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, bytes, Some("Vigie".into()), name.replace(':', "_")).ok()
}

/// The secret in the cookie.
fn cookie(headers: &HeaderMap) -> Option<String> {
    cookie_named(headers, COOKIE)
}

/// The value of a cookie.
pub fn cookie_named(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// The header that sets the cookie, or takes it away.
pub fn set_cookie(secret: Option<&str>, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    let (value, age) = match secret {
        Some(secret) => (secret, limits::SESSION_AGE.as_secs()),
        None => ("", 0),
    };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        let refused = |password: &str| check_password("operator", password).err().map(|problem| problem.kind);
        assert_eq!(refused("short"), Some("password-short"));
        for common in
            ["aaaaaaaaaaaaaaaa", "123456789012", "Operator-2026!", "P@ssw0rd1234", "abababababab", "vigievigie2026"]
        {
            assert_eq!(refused(common), Some("password-common"), "{common}");
        }
        assert_eq!(refused("three blue herons"), None);
        assert_eq!(refused("fC8#kk2!xv0Qm"), None);
        assert_eq!(refused(&"é".repeat(300)), Some("password-long"));
    }

    #[test]
    fn a_password_is_known_again_and_another_is_not() {
        let hash = hash_password("three blue herons").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_password("three blue herons", &hash));
        assert!(!is_password("three blue heron", &hash));
    }

    #[test]
    fn a_code_is_good_once() {
        let people = People::new(true);
        let secret = totp_rs::Secret::Raw(vec![7; 20]).to_encoded().to_string();
        let code = second_factor("ada", &secret).unwrap().generate_current().unwrap();
        assert!(people.is_code("ada", &secret, &code));
        assert!(!people.is_code("ada", &secret, &code));
        assert!(!people.is_code("ada", &secret, "000000x"));
    }

    #[test]
    fn guessing_is_slowed_down() {
        let (people, address) = (People::new(true), IpAddr::from([10, 0, 0, 1]));
        for _ in 0..limits::LOGINS_MAX {
            assert!(people.check_rate("ada", address).is_ok());
            people.note_login("ada", address, false);
        }
        assert!(people.check_rate("ada", address).is_err());
        // Others behind the same address can still come in.
        assert!(people.check_rate("bo", address).is_ok());
    }
}
