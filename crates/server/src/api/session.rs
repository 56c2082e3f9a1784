//! Coming in and going.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use store::{Decision, Origin, Role, User};

use crate::Problem;
use crate::call::{Answer, Call};
use crate::login::{
    self,
    ldap::{Directory, Refusal},
};
use crate::people::{self, By};

pub async fn setup_needed(call: Call) -> Answer {
    Ok(Json(json!({ "needed": call.site.people.setup_token().is_some() })).into_response())
}

#[derive(Deserialize)]
struct Setup {
    token: String,
    name: String,
    password: String,
}

pub async fn set_up(call: Call) -> Answer {
    let setup: Setup = call.json()?;
    call.site.people.check_rate("set-up", call.peer.address)?;
    if !call.site.people.is_setup(&setup.token) {
        call.site.people.note_login("set-up", call.peer.address, false);
        return Err(Problem::forbidden("the set-up link is not valid, or was used already").kind("setup-link"));
    }
    people::check_name(&setup.name)?;
    people::check_password(&setup.name, &setup.password)?;
    let hash = call.site.people.hash_password(setup.password).await?;
    // Of two that come at once only one finds the link still good.
    if !call.site.people.is_setup(&setup.token) {
        return Err(Problem::forbidden("the set-up link was used already").kind("setup-link"));
    }
    call.site.people.set_needed(false);
    let name = setup.name;
    call.site.store().set_secret("password", &name, Some(&hash)).await?;
    let added = Decision::UserAdded { name: name.clone(), role: Role::Administrator, origin: Origin::Local };
    call.site.decide(&name, added).await?;
    // Somebody may have been there under this name, with less or shut out.
    let raised = Decision::UserChanged { name: name.clone(), role: Some(Role::Administrator), disabled: Some(false) };
    call.site.decide(&name, raised).await?;
    let user = call.site.store().user(&name).await?.ok_or_else(Problem::unknown)?;
    enter(&call, &user).await
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
    #[serde(default)]
    code: Option<String>,
}

pub async fn log_in(call: Call) -> Answer {
    let login: Login = call.json()?;
    let (site, address) = (&call.site, call.peer.address);
    let name: String = login.name.trim().chars().take(64).collect();
    site.people.check_rate(&name, address)?;
    let long = login.password.chars().count() > crate::limits::PASSWORD_CHARACTERS_MAX;
    let password = if long { String::new() } else { login.password };
    let known = site.store().user(&name).await?;
    let directory = site.directory().filter(|_| known.as_ref().is_none_or(|user| user.origin == Origin::Ldap));
    let origin = if directory.is_some() { Origin::Ldap } else { Origin::Local };
    let user = match directory {
        Some(directory) => by_directory(&call, directory, &name, &password).await?,
        None => {
            let is_right = site.people.is_password(site.store(), &name, password).await?;
            known.filter(|user| is_right && user.origin == Origin::Local && !user.is_disabled)
        }
    };
    let Some(user) = user else {
        site.people.note_login(&name, address, false);
        let refused = Decision::LoginRefused { name: name.clone(), address: address.to_string(), origin };
        site.decide(&name, refused).await?;
        return Err(Problem::new(axum::http::StatusCode::UNAUTHORIZED, "name or password is wrong").kind("login"));
    };
    let name = user.name.clone();
    if let Some(secret) = site.store().secret("totp", &name).await?.filter(|_| user.has_second_factor) {
        let code = login.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
        let Some(code) = code else {
            let needed = Problem::new(axum::http::StatusCode::UNAUTHORIZED, "the code of the second factor is needed");
            return Err(needed.kind("code-needed"));
        };
        if !site.people.is_code(&name, &secret, code) {
            site.people.note_login(&name, address, false);
            let refused = Decision::LoginRefused { name: name.clone(), address: address.to_string(), origin };
            site.decide(&name, refused).await?;
            let wrong = Problem::new(axum::http::StatusCode::UNAUTHORIZED, "the code is wrong or was used already");
            return Err(wrong.kind("code-wrong"));
        }
    }
    enter(&call, &user).await
}

/// Who a directory says that somebody is; nobody where name or password is wrong.
async fn by_directory(call: &Call, directory: &Directory, name: &str, password: &str) -> Result<Option<User>, Problem> {
    let identity = match directory.identity(name, password).await {
        Ok(identity) => identity,
        Err(Refusal::Wrong) => return Ok(None),
        Err(Refusal::Failed(why)) => {
            tracing::warn!("login by directory: {why}");
            let failed = "the directory that knows passwords cannot be asked; the log of the server says why";
            return Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, failed).kind("directory"));
        }
    };
    match login::admit(&call.site, Origin::Ldap, &identity, &directory.about().roles).await {
        Ok(user) => Ok(Some(user)),
        Err(problem) => {
            let (name, address) = (name.to_owned(), call.peer.address.to_string());
            call.site.people.note_login(&name, call.peer.address, false);
            let refused = Decision::LoginRefused { name: name.clone(), address, origin: Origin::Ldap };
            call.site.decide(&name, refused).await?;
            Err(problem)
        }
    }
}

/// Opens a session: the cookie, and the word for pages.
pub async fn opened(call: &Call, user: &User) -> Result<(String, String), Problem> {
    let (site, address) = (&call.site, call.peer.address);
    site.people.note_login(&user.name, address, true);
    let (secret, csrf) = site.people.open_session(site.store(), &user.name, address, &call.headers).await?;
    let came = Decision::LoggedIn { name: user.name.clone(), address: address.to_string(), origin: user.origin };
    site.decide(&user.name, came).await?;
    Ok((people::set_cookie(Some(&secret), call.peer.is_secure), csrf))
}

/// Opens a session and says who it is.
async fn enter(call: &Call, user: &User) -> Answer {
    let (cookie, csrf) = opened(call, user).await?;
    let scopes: Vec<&str> = store::Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let body = json!({
        "name": user.name, "role": user.role, "csrf": csrf, "scopes": scopes,
        "has_totp": user.has_second_factor,
    });
    with_cookie(Json(body).into_response(), cookie)
}

fn with_cookie(mut response: Response, cookie: String) -> Answer {
    let cookie = HeaderValue::from_str(&cookie).map_err(Problem::internal)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

pub async fn who(call: Call) -> Answer {
    let person = call.person()?;
    let csrf = match &person.by {
        By::Session { csrf, .. } => Some(csrf.as_str()),
        By::Token { .. } => None,
    };
    let user = call.site.store().user(&person.name).await?;
    let has_second_factor = user.is_some_and(|user| user.has_second_factor);
    let body = json!({
        "name": person.name, "role": person.role, "csrf": csrf, "scopes": person.scopes(),
        "has_totp": has_second_factor,
    });
    Ok(Json(body).into_response())
}

pub async fn log_out(call: Call) -> Answer {
    let person = call.person()?.clone();
    let By::Session { hash, .. } = &person.by else {
        return Err(Problem::bad("a token has no session; revoke it instead"));
    };
    call.site.store().close_session(hash).await?;
    call.decide(Decision::LoggedOut { name: person.name }).await?;
    with_cookie(axum::http::StatusCode::NO_CONTENT.into_response(), people::set_cookie(None, call.peer.is_secure))
}
