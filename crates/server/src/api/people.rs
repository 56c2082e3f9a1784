//! People and what they may.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;
use store::{Decision, Origin, Role, User};

use crate::call::{Answer, Call};
use crate::people::{self, By};
use crate::{Problem, limits};

pub async fn list(call: Call) -> Answer {
    let users = call.site.store().users().await?;
    let total = users.len();
    Ok(Json(json!({ "items": users, "next": null, "total": total })).into_response())
}

#[derive(Deserialize)]
struct New {
    name: String,
    role: Role,
    password: String,
}

pub async fn add(call: Call) -> Answer {
    let new: New = call.json()?;
    people::check_name(&new.name)?;
    people::check_password(&new.name, &new.password)?;
    let store = call.site.store();
    if store.user(&new.name).await?.is_some() {
        return Err(Problem::conflict(format!("`{}` is there already", new.name)));
    }
    if store.users().await?.len() >= limits::THINGS_MAX {
        return Err(Problem::conflict("there are too many people"));
    }
    let hash = call.site.people.hash_password(new.password).await?;
    store.set_secret("password", &new.name, Some(&hash)).await?;
    call.decide(Decision::UserAdded { name: new.name.clone(), role: new.role, origin: Origin::Local }).await?;
    let user = call.site.store().user(&new.name).await?;
    Ok((StatusCode::CREATED, Json(user)).into_response())
}

#[derive(Deserialize)]
struct Change {
    role: Option<Role>,
    is_disabled: Option<bool>,
}

async fn user(call: &Call) -> Result<User, Problem> {
    call.site.store().user(call.name("name")).await?.ok_or_else(|| Problem::absent("person"))
}

/// There is always somebody who can let others in.
async fn check_last(call: &Call, user: &User) -> Result<(), Problem> {
    let users = call.site.store().users().await?;
    let is_other = |other: &&User| other.name != user.name && other.role == Role::Administrator && !other.is_disabled;
    if user.role == Role::Administrator && !users.iter().any(|other| is_other(&other)) {
        return Err(Problem::conflict("the last administrator must stay one"));
    }
    Ok(())
}

pub async fn change(call: Call) -> Answer {
    let change: Change = call.json()?;
    let before = user(&call).await?;
    let is_less = change.role.is_some_and(|role| role != Role::Administrator) || change.is_disabled == Some(true);
    if is_less {
        check_last(&call, &before).await?;
    }
    if change.role.is_some() || change.is_disabled.is_some() {
        let decision =
            Decision::UserChanged { name: before.name.clone(), role: change.role, disabled: change.is_disabled };
        call.decide(decision).await?;
    }
    if change.is_disabled == Some(true) {
        call.site.store().close_sessions_of(&before.name, "").await?;
    }
    Ok(Json(user(&call).await?).into_response())
}

pub async fn remove(call: Call) -> Answer {
    let user = user(&call).await?;
    check_last(&call, &user).await?;
    let store = call.site.store();
    store.close_sessions_of(&user.name, "").await?;
    store.set_secret("password", &user.name, None).await?;
    store.set_secret("totp", &user.name, None).await?;
    store.set_secret("subject", &user.name, None).await?;
    call.decide(Decision::UserRemoved { name: user.name }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct Password {
    password: String,
    current: Option<String>,
}

/// Whether somebody asks about themselves; else they must be administrator.
fn check_self(call: &Call) -> Result<bool, Problem> {
    let person = call.person()?;
    match (person.name == call.name("name"), person.role) {
        (true, _) => Ok(true),
        (false, Role::Administrator) => Ok(false),
        _ => Err(Problem::forbidden("only administrators do this for others")),
    }
}

pub async fn set_password(call: Call) -> Answer {
    let is_self = check_self(&call)?;
    let new: Password = call.json()?;
    let user = user(&call).await?;
    if user.origin != Origin::Local {
        return Err(Problem::conflict("this person's password is kept elsewhere"));
    }
    if is_self {
        call.site.people.check_rate(&user.name, call.peer.address)?;
        let current = new.current.unwrap_or_default();
        let is_long = current.chars().count() > limits::PASSWORD_CHARACTERS_MAX;
        if is_long || !call.site.people.is_password(call.site.store(), &user.name, current).await? {
            call.site.people.note_login(&user.name, call.peer.address, false);
            return Err(Problem::forbidden("the current password is wrong").kind("login"));
        }
    }
    people::check_password(&user.name, &new.password)?;
    let hash = call.site.people.hash_password(new.password).await?;
    let store = call.site.store();
    store.set_secret("password", &user.name, Some(&hash)).await?;
    let stays = match &call.person()?.by {
        By::Session { hash, .. } if is_self => hash.clone(),
        _ => String::new(),
    };
    store.close_sessions_of(&user.name, &stays).await?;
    call.decide(Decision::PasswordSet { name: user.name }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct Code {
    code: Option<String>,
}

pub async fn set_up_code(call: Call) -> Answer {
    if !check_self(&call)? {
        return Err(Problem::forbidden("everybody sets up their own second factor"));
    }
    let sent: Code = if call.body.is_empty() { Code { code: None } } else { call.json()? };
    let (user, store) = (user(&call).await?, call.site.store());
    if user.has_second_factor {
        return Err(Problem::conflict("there is a second factor already; turn it off first"));
    }
    let code = sent.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
    let Some(code) = code else {
        let secret = people::second_factor_secret();
        store.set_secret("totp", &user.name, Some(&secret)).await?;
        let totp = people::second_factor(&user.name, &secret).ok_or_else(|| Problem::internal("no second factor"))?;
        return Ok(Json(json!({ "secret": secret, "url": totp.get_url() })).into_response());
    };
    let secret = store.secret("totp", &user.name).await?;
    let secret = secret.ok_or_else(|| Problem::conflict("ask for a secret first: send no code"))?;
    call.site.people.check_rate(&user.name, call.peer.address)?;
    if !call.site.people.is_code(&user.name, &secret, code) {
        call.site.people.note_login(&user.name, call.peer.address, false);
        return Err(Problem::refused("the code is wrong").kind("code-wrong"));
    }
    call.decide(Decision::SecondFactor { name: user.name, on: true }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn remove_code(call: Call) -> Answer {
    check_self(&call)?;
    let user = user(&call).await?;
    call.site.store().set_secret("totp", &user.name, None).await?;
    call.decide(Decision::SecondFactor { name: user.name, on: false }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
