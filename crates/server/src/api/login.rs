//! Coming in by way of others: what ways there are, and the two steps of an OpenID Connect login.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use store::{Decision, Origin};

use super::session::opened;
use crate::call::{Answer, Call};
use crate::login::{self, oidc::Provider};
use crate::{Problem, people};

/// Name of the cookie of a login that is under way.
const COOKIE: &str = "vigie_login";
/// Where it is sent to.
const PATH: &str = "/api/v1/login/oidc";

pub async fn ways(call: Call) -> Answer {
    let (provider, directory) = (call.site.provider(), call.site.directory());
    let oidc = provider.map(|provider| json!({ "title": provider.about().title }));
    Ok(Json(json!({ "password": true, "oidc": oidc, "ldap": directory.is_some() })).into_response())
}

fn provider(call: &Call) -> Result<&Provider, Problem> {
    call.site.provider().ok_or_else(|| Problem::absent("way to come in: no OpenID Connect provider is set"))
}

fn redirect(to: &str, cookies: &[String]) -> Answer {
    let mut response: Response = StatusCode::SEE_OTHER.into_response();
    let value = |text: &str| HeaderValue::from_str(text).map_err(Problem::internal);
    response.headers_mut().insert(header::LOCATION, value(to)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, value(cookie)?);
    }
    Ok(response)
}

fn cookie(value: &str, seconds: u32, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    // Lax: the provider sends the browser back here, and it must come along.
    format!("{COOKIE}={value}; Path={PATH}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// Back to the page where people come in, which says why they did not.
fn back(kind: &str, is_secure: bool) -> Answer {
    redirect(&format!("/#/login?refused={kind}"), &[cookie("", 0, is_secure)])
}

pub async fn begin(call: Call) -> Answer {
    let provider = provider(&call)?;
    call.site.people.check_rate_from(call.peer.address)?;
    match provider.begin().await {
        Ok(begun) => redirect(&begun.url, &[cookie(&begun.cookie, 900, call.peer.is_secure)]),
        Err(why) => {
            tracing::warn!("login by OpenID Connect: {why}");
            back("provider", call.peer.is_secure)
        }
    }
}

#[derive(Deserialize)]
struct Returned {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

pub async fn end(call: Call) -> Answer {
    let provider = provider(&call)?;
    let (address, is_secure) = (call.peer.address, call.peer.is_secure);
    call.site.people.check_rate_from(address)?;
    let returned: Returned = call.query()?;
    let refused = async |name: &str| {
        call.site.people.note_login_from(address);
        let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let refused = Decision::LoginRefused { name: name.clone(), address: address.to_string(), origin: Origin::Oidc };
        call.site.decide(&name, refused).await
    };
    if let Some(error) = returned.error {
        tracing::info!("login by OpenID Connect: the provider refused: {}", error.escape_debug());
        return back("provider-refused", is_secure);
    }
    let kept = people::cookie_named(&call.headers, COOKIE).unwrap_or_default();
    let (state, code) = (returned.state.unwrap_or_default(), returned.code.unwrap_or_default());
    let identity = match provider.finish(&kept, &state, &code, returned.iss.as_deref()).await {
        Ok(identity) => identity,
        Err(why) => {
            tracing::warn!("login by OpenID Connect: {why}");
            refused("").await?;
            return back("provider", is_secure);
        }
    };
    match login::admit(&call.site, Origin::Oidc, &identity, &provider.about().roles).await {
        Ok(user) => {
            let (session, _) = opened(&call, &user).await?;
            redirect("/", &[session, cookie("", 0, is_secure)])
        }
        Err(problem) if problem.status == StatusCode::FORBIDDEN => {
            tracing::warn!("login by OpenID Connect of `{}`: {}", identity.name.escape_debug(), problem.detail);
            refused(&identity.name).await?;
            back(problem.kind, is_secure)
        }
        Err(problem) => Err(problem),
    }
}
