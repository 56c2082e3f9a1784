//! Coming in by an OpenID Connect provider: authorization code with PKCE.
//!
//! Sources: OpenID Connect Core 1.0 section 3.1, OpenID Connect Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (`iss` in the
//! answer). Nothing of a login that is under way is kept here: state, nonce and verifier follow from a word in the
//! browser's cookie and a key of this process, so that nobody can fill a table, and an answer is good only in the browser
//! that asked.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderName, Method, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::{digest, hmac};
use rustls::ClientConfig;
use serde_json::Value;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

use super::token::{self, Expected};
use super::{Hidden, Identity, Roles};
use crate::{clock, people, web};

/// How long what a provider says of itself is believed.
const KNOWN: Duration = Duration::from_secs(600);
/// How long somebody may take to show the provider who they are.
const LOGIN_SECONDS_MAX: i64 = 900;
/// Groups of one person that are looked at.
const GROUPS_MAX: usize = 10_000;

/// A provider, as the configuration has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oidc {
    /// Its address, exactly as it writes it in its tokens.
    pub issuer: String,
    /// How it knows this site.
    pub client_id: String,
    /// What proves to it that this is this site; nothing for a public client.
    pub client_secret: Option<Hidden>,
    /// Where browsers find this site: `https://vigie.example.com:8443`.
    pub address: String,
    /// What is asked for, `openid` included.
    pub scopes: Vec<String>,
    /// The claim with the name.
    pub name_claim: String,
    /// The claim with the groups; points lead into objects.
    pub groups_claim: String,
    /// What a group makes of somebody.
    pub roles: Roles,
    /// Authorities to trust instead of the system's (PEM).
    pub authorities: Option<PathBuf>,
    /// What stands on the button.
    pub title: String,
}

/// A provider at work.
pub struct Provider {
    about: Oidc,
    tls: Arc<ClientConfig>,
    key: hmac::Key,
    known: Mutex<Option<(Instant, Arc<Value>)>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.about.fmt(out)
    }
}

/// What the browser takes along to the provider and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What it keeps until it is back.
    pub cookie: String,
}

/// The three words of one login.
struct Words {
    state: String,
    nonce: String,
    verifier: String,
}

impl Provider {
    /// Prepares a provider. Asks it nothing yet: it may be down when Vigie starts.
    pub fn new(about: Oidc) -> Result<Provider, String> {
        for url in [&about.issuer, &about.address] {
            check_url(url)?;
        }
        if about.client_id.is_empty() {
            return Err("`client_id` is missing".into());
        }
        if about.roles.is_empty() {
            return Err("`roles` names no group: nobody could come in".into());
        }
        let tls = web::client(about.authorities.as_deref())?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, people::secret(32).as_bytes());
        Ok(Provider { about, tls, key, known: Mutex::default() })
    }

    /// The configuration.
    pub fn about(&self) -> &Oidc {
        &self.about
    }

    /// Where the provider sends the browser back to.
    fn redirect(&self) -> String {
        format!("{}/api/v1/login/oidc/callback", self.about.address.trim_end_matches('/'))
    }

    /// What the provider says of itself.
    async fn metadata(&self) -> Result<Arc<Value>, String> {
        let mut known = self.known.lock().await;
        if let Some((_, metadata)) = known.as_ref().filter(|(since, _)| since.elapsed() < KNOWN) {
            return Ok(Arc::clone(metadata));
        }
        let url = format!("{}/.well-known/openid-configuration", self.about.issuer.trim_end_matches('/'));
        let metadata = self.get(&url, &[]).await?;
        if metadata["issuer"] != self.about.issuer {
            return Err(format!("`{url}` is of {}, not of {}", metadata["issuer"], self.about.issuer));
        }
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            check_url(metadata[name].as_str().ok_or_else(|| format!("`{url}` does not say `{name}`"))?)?;
        }
        let metadata = Arc::new(metadata);
        *known = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    async fn get(&self, url: &str, headers: &[(HeaderName, String)]) -> Result<Value, String> {
        let (status, body) = web::ask(&self.tls, Method::GET, url, headers, String::new()).await?;
        if !status.is_success() {
            return Err(format!("`{url}` answered {status}"));
        }
        serde_json::from_slice(&body).map_err(|e| format!("`{url}` is not JSON: {e}"))
    }

    /// The words that follow from what the browser keeps.
    fn words(&self, cookie: &str) -> Words {
        let word = |what: &str| {
            let tag = hmac::sign(&self.key, format!("{what} {cookie}").as_bytes());
            URL_SAFE_NO_PAD.encode(tag.as_ref())
        };
        Words { state: word("state"), nonce: word("nonce"), verifier: word("verifier") }
    }

    /// Begins a login.
    pub async fn begin(&self) -> Result<Begun, String> {
        let metadata = self.metadata().await?;
        let endpoint = metadata["authorization_endpoint"].as_str().unwrap_or_default();
        let cookie = format!("{}.{}", clock::now().0 / 1_000_000_000, people::secret(32));
        let words = self.words(&cookie);
        let challenge = digest::digest(&digest::SHA256, words.verifier.as_bytes());
        let fields = web::form(&[
            ("response_type", "code"),
            ("client_id", &self.about.client_id),
            ("redirect_uri", &self.redirect()),
            ("scope", &self.about.scopes.join(" ")),
            ("state", &words.state),
            ("nonce", &words.nonce),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(challenge.as_ref())),
            ("code_challenge_method", "S256"),
        ]);
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Begun { url: format!("{endpoint}{mark}{fields}"), cookie })
    }

    /// Ends a login: what the browser brought back becomes somebody.
    pub async fn finish(
        &self,
        cookie: &str,
        state: &str,
        code: &str,
        issuer: Option<&str>,
    ) -> Result<Identity, String> {
        let words = self.words(cookie);
        if cookie.is_empty() || !bool::from(state.as_bytes().ct_eq(words.state.as_bytes())) {
            return Err("this browser did not begin this login".into());
        }
        let now = clock::now().0 / 1_000_000_000;
        let begun = cookie.split('.').next().and_then(|begun| begun.parse::<i64>().ok()).unwrap_or(0);
        if now.saturating_sub(begun) > LOGIN_SECONDS_MAX {
            return Err("this login took too long".into());
        }
        if issuer.is_some_and(|issuer| issuer != self.about.issuer) {
            return Err("the answer is of another provider".into());
        }
        let metadata = self.metadata().await?;
        let answer = self.redeem(&metadata, code, &words.verifier).await?;
        let token = answer["id_token"].as_str().ok_or("the provider gave no ID token")?;
        let keys = self.get(metadata["jwks_uri"].as_str().unwrap_or_default(), &[]).await?;
        let expected = Expected { issuer: &self.about.issuer, client: &self.about.client_id, nonce: &words.nonce, now };
        let claims = token::claims(token, &keys, expected)?;
        let subject = claims["sub"].as_str().unwrap_or_default().to_owned();
        let is_whole = |claims: &Value| {
            [&self.about.name_claim, &self.about.groups_claim].iter().all(|name| claim(claims, name).is_some())
        };
        // What does not stand in the token, the provider tells when it is asked.
        let mut more = Value::Null;
        if !is_whole(&claims)
            && let Some(url) = metadata["userinfo_endpoint"].as_str()
        {
            check_url(url)?;
            let access = answer["access_token"].as_str().unwrap_or_default();
            more = self.get(url, &[(header::AUTHORIZATION, format!("Bearer {access}"))]).await?;
            if more["sub"] != claims["sub"] {
                return Err("the provider told of somebody else".into());
            }
        }
        let find = |name: &str| claim(&claims, name).or_else(|| claim(&more, name));
        let name = find(&self.about.name_claim).and_then(Value::as_str);
        let name = name.ok_or_else(|| format!("the provider did not tell `{}`", self.about.name_claim))?.to_owned();
        let groups = match find(&self.about.groups_claim) {
            Some(Value::Array(all)) => {
                all.iter().take(GROUPS_MAX).filter_map(|one| one.as_str().map(str::to_owned)).collect()
            }
            Some(Value::String(one)) => vec![one.clone()],
            _ => Vec::new(),
        };
        Ok(Identity { subject: format!("{} {subject}", self.about.issuer), name, groups })
    }

    /// The tokens for a code.
    async fn redeem(&self, metadata: &Value, code: &str, verifier: &str) -> Result<Value, String> {
        let url = metadata["token_endpoint"].as_str().unwrap_or_default();
        let redirect = self.redirect();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", verifier),
        ];
        let mut headers = vec![
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned()),
            (header::ACCEPT, "application/json".to_owned()),
        ];
        let ways = metadata["token_endpoint_auth_methods_supported"].as_array();
        let has = |way: &str| ways.is_some_and(|ways| ways.iter().any(|one| one == way));
        let id = self.about.client_id.as_str();
        match &self.about.client_secret {
            // Without a list it is `client_secret_basic` (OpenID Connect Discovery 1.0 section 3).
            Some(secret) if has("client_secret_post") && !has("client_secret_basic") => {
                fields.extend([("client_id", id), ("client_secret", &secret.0)]);
            }
            Some(secret) => {
                // RFC 6749 section 2.3.1: both are encoded as in a form first.
                let pair = format!("{}:{}", web::encoded(id), web::encoded(&secret.0));
                headers.push((header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair))));
            }
            None => fields.push(("client_id", id)),
        }
        let (status, body) = web::ask(&self.tls, Method::POST, url, &headers, web::form(&fields)).await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if !status.is_success() {
            let why = ["error", "error_description"].map(|name| answer[name].as_str().unwrap_or_default());
            return Err(format!("`{url}` answered {status} {}", why.join(": ")));
        }
        Ok(answer)
    }
}

/// Words that somebody else could read on the way are no secrets: only this machine itself may be asked in the clear.
fn check_url(url: &str) -> Result<(), String> {
    let (_, is_secure, host, _) = web::place(url)?;
    match is_secure || web::is_loopback(&host) {
        true => Ok(()),
        false => Err(format!("`{url}` must begin with https://")),
    }
}

/// A claim by its name; where none is called so, points lead into objects.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    let found = claims.get(name).or_else(|| name.split('.').try_fold(claims, |value, part| value.get(part)));
    found.filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn provider() -> Provider {
        Provider::new(Oidc {
            issuer: "https://id.example".into(),
            client_id: "vigie".into(),
            address: "https://vigie.example:8443/".into(),
            roles: [("ops".to_owned(), store::Role::Viewer)].into(),
            ..Oidc::default()
        })
        .unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_good_only_in_the_browser_that_asked_and_only_for_a_while() {
        let provider = provider();
        let now = clock::now().0 / 1_000_000_000;
        let said = async |cookie: &str, state: &str| provider.finish(cookie, state, "code", None).await.unwrap_err();
        let (mine, other) = (format!("{now}.mine"), format!("{now}.other"));
        assert_eq!(said("", "").await, "this browser did not begin this login");
        assert_eq!(said(&mine, &provider.words(&other).state).await, "this browser did not begin this login");
        let old = format!("{}.mine", now - LOGIN_SECONDS_MAX - 5);
        assert_eq!(said(&old, &provider.words(&old).state).await, "this login took too long");
        let state = provider.words(&mine).state;
        let mixed = provider.finish(&mine, &state, "code", Some("https://evil.example")).await.unwrap_err();
        assert_eq!(mixed, "the answer is of another provider");
        // Three different words, and others in another process.
        let words = provider.words(&mine);
        assert!(words.state != words.nonce && words.nonce != words.verifier && words.verifier.len() >= 43);
        assert_ne!(self::provider().words(&mine).state, words.state);
    }

    #[test]
    fn the_configuration_is_checked() {
        let with = |change: &dyn Fn(&mut Oidc)| {
            let mut about = provider().about;
            change(&mut about);
            Provider::new(about).err().unwrap_or_default()
        };
        assert_eq!(
            with(&|about| about.issuer = "http://id.example".into()),
            "`http://id.example` must begin with https://"
        );
        assert_eq!(with(&|about| about.issuer = "http://127.0.0.1:9000".into()), "");
        assert_eq!(with(&|about| about.roles.clear()), "`roles` names no group: nobody could come in");
        assert!(with(&|about| about.authorities = Some("/none".into())).starts_with("`/none`: No such file"));
        let mut about = provider().about;
        about.client_secret = Some(Hidden("three blue herons".into()));
        assert!(!format!("{about:?}").contains("herons"));
    }

    #[test]
    fn claims_are_found_by_name_and_by_path() {
        let claims = json!({ "realm": { "roles": ["a"] }, "https://x.example/groups": ["b"], "none": null });
        assert_eq!(claim(&claims, "realm.roles"), Some(&json!(["a"])));
        assert_eq!(claim(&claims, "https://x.example/groups"), Some(&json!(["b"])));
        assert_eq!((claim(&claims, "none"), claim(&claims, "realm.no")), (None, None));
    }
}
