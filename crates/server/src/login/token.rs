//! The ID token of an OpenID Connect provider: its signature and its claims.
//!
//! Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 sections 3.3 and 3.4 (RS256, ES256), OpenID Connect Core 1.0 section
//! 3.1.3.7 (what is checked). Only these two algorithms are taken: what a token says of `none` or of a shared secret
//! is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// Bytes of a token at most: groups make it long.
const TOKEN_BYTES_MAX: usize = 256 << 10;
/// Keys of a provider that are tried at most.
const KEYS_MAX: usize = 32;
/// Seconds that the clocks here and there may differ.
const SKEW_SECONDS: i64 = 60;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// Who made it.
    pub(super) issuer: &'a str,
    /// For whom.
    pub(super) client: &'a str,
    /// The word that was given to the provider for this login.
    pub(super) nonce: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// The claims of a token that one of the provider's keys signed, and that says what it must.
pub(super) fn claims(token: &str, keys: &Value, expected: Expected<'_>) -> Result<Value, String> {
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("the token does not have three parts".into());
    };
    if token.len() > TOKEN_BYTES_MAX {
        return Err("the token is too long".into());
    }
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|e| format!("the token is not base64url: {e}"));
    let object = |part: &str| -> Result<Value, String> {
        serde_json::from_slice(&decoded(part)?).map_err(|e| format!("the token is not JSON: {e}"))
    };
    let header = object(head)?;
    if header.get("crit").is_some() {
        return Err("the token wants what is not known here (crit)".into());
    }
    let algorithm = header["alg"].as_str().unwrap_or_default();
    let signature = decoded(signature)?;
    // What was signed is the text up to the second point.
    let signed = &token.as_bytes()[..head.len() + 1 + body.len()];
    let all = keys["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |key: &&Value| {
        let says = |name: &str, value: &str| key.get(name).is_none_or(|said| said == value);
        let is_named = header.get("kid").is_none_or(|id| key.get("kid").is_none_or(|known| known == id));
        is_named && says("use", "sig") && says("alg", algorithm)
    };
    let is_good = all.iter().filter(fits).take(KEYS_MAX).any(|key| is_signed(algorithm, key, signed, &signature));
    if !is_good {
        return Err(format!("no key of the provider made the signature of the token ({algorithm})"));
    }
    let claims = object(body)?;
    check(&claims, expected)?;
    Ok(claims)
}

fn is_signed(algorithm: &str, key: &Value, signed: &[u8], signature: &[u8]) -> bool {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
    match (algorithm, key["kty"].as_str()) {
        ("RS256", Some("RSA")) => {
            let (Some(n), Some(e)) = (part("n"), part("e")) else { return false };
            let key = RsaPublicKeyComponents { n, e };
            key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
        }
        ("ES256", Some("EC")) if key["crv"] == "P-256" => {
            let (Some(x), Some(y)) = (part("x"), part("y")) else { return false };
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
        }
        _ => false,
    }
}

fn check(claims: &Value, expected: Expected<'_>) -> Result<(), String> {
    if claims["iss"] != expected.issuer {
        return Err(format!("the token is from {}, not from {}", claims["iss"], expected.issuer));
    }
    let (is_ours, count) = match &claims["aud"] {
        Value::String(one) => (one == expected.client, 1),
        Value::Array(all) => (all.iter().any(|one| one == expected.client), all.len()),
        _ => (false, 0),
    };
    let party = claims.get("azp");
    if !is_ours || (count > 1 && party.is_none()) || party.is_some_and(|party| party != expected.client) {
        return Err("the token is for somebody else".into());
    }
    let seconds = |name: &str| claims[name].as_f64().map(|seconds| seconds as i64);
    let Some(end) = seconds("exp") else { return Err("the token does not say when it ends".into()) };
    if end.saturating_add(SKEW_SECONDS) <= expected.now {
        return Err("the token is over; do the clocks agree?".into());
    }
    let Some(made) = seconds("iat") else { return Err("the token does not say when it was made".into()) };
    let begins = claims.get("nbf").map_or(Some(made), |_| seconds("nbf"));
    if made.saturating_sub(SKEW_SECONDS) > expected.now
        || begins.is_none_or(|begins| begins.saturating_sub(SKEW_SECONDS) > expected.now)
    {
        return Err("the token is from the future; do the clocks agree?".into());
    }
    if claims["nonce"] != expected.nonce {
        return Err("the token is of another login".into());
    }
    if claims["sub"].as_str().is_none_or(str::is_empty) {
        return Err("the token does not say whose it is".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    struct Provider {
        key: EcdsaKeyPair,
        keys: Value,
    }

    impl Provider {
        fn new() -> Provider {
            let random = SystemRandom::new();
            let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
            let point = key.public_key().as_ref();
            let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
            let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "a", "use": "sig", "x": x, "y": y }] });
            Provider { key, keys }
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
        }
    }

    const EXPECTED: Expected<'_> = Expected { issuer: "https://id", client: "vigie", nonce: "n", now: 1_000 };

    fn good() -> Value {
        json!({ "iss": "https://id", "aud": "vigie", "sub": "1", "nonce": "n", "iat": 990, "exp": 1_100 })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = good();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        claims
    }

    #[test]
    fn only_a_token_that_says_what_it_must_is_taken() {
        let provider = Provider::new();
        let header = json!({ "alg": "ES256", "kid": "a" });
        let said = |claims: &Value| {
            claims_of(&provider.token(&header, claims), &provider.keys).err().unwrap_or_else(|| "good".into())
        };
        let all = [
            said(&good()),
            said(&with("aud", json!(["vigie"]))),
            said(&with("iss", json!("https://evil"))),
            said(&with("aud", json!("another"))),
            said(&with("aud", json!(["vigie", "another"]))),
            said(&with("azp", json!("another"))),
            said(&with("exp", json!(900))),
            said(&with("exp", json!("1100"))),
            said(&with("iat", json!(5_000))),
            said(&with("nbf", json!("never"))),
            said(&with("nonce", json!("m"))),
            said(&with("nonce", Value::Null)),
            said(&with("sub", json!(""))),
        ];
        expect_test::expect![[r#"
            good
            good
            the token is from "https://evil", not from https://id
            the token is for somebody else
            the token is for somebody else
            the token is for somebody else
            the token is over; do the clocks agree?
            the token does not say when it ends
            the token is from the future; do the clocks agree?
            the token is from the future; do the clocks agree?
            the token is of another login
            the token is of another login
            the token does not say whose it is
        "#]]
        .assert_eq(&(all.join("\n") + "\n"));
    }

    fn claims_of(token: &str, keys: &Value) -> Result<Value, String> {
        claims(token, keys, EXPECTED)
    }

    #[test]
    fn a_signature_that_no_key_made_is_refused() {
        let (provider, stranger) = (Provider::new(), Provider::new());
        let header = json!({ "alg": "ES256", "kid": "a" });
        let token = provider.token(&header, &good());
        assert!(claims_of(&token, &provider.keys).is_ok());
        assert!(claims_of(&stranger.token(&header, &good()), &provider.keys).is_err());
        // Another body under the same signature.
        let parts: Vec<&str> = token.split('.').collect();
        let body = URL_SAFE_NO_PAD.encode(with("sub", json!("2")).to_string());
        assert!(claims_of(&format!("{}.{body}.{}", parts[0], parts[2]), &provider.keys).is_err());
        for algorithm in ["none", "HS256", "RS256"] {
            let header = json!({ "alg": algorithm });
            let head = URL_SAFE_NO_PAD.encode(header.to_string());
            assert!(claims_of(&format!("{head}.{}.", parts[1]), &provider.keys).is_err());
            assert!(claims_of(&provider.token(&header, &good()), &provider.keys).is_err(), "{algorithm}");
        }
        let other = provider.token(&json!({ "alg": "ES256", "kid": "b" }), &good());
        assert!(claims_of(&other, &provider.keys).is_err());
        let critical = provider.token(&json!({ "alg": "ES256", "crit": ["b64"] }), &good());
        assert!(claims_of(&critical, &provider.keys).is_err());
        for broken in ["", ".", "..", "a.b", "a.b.c.d", "é.é.é"] {
            assert!(claims_of(broken, &provider.keys).is_err());
        }
    }
}
