//! Tokens, by which programs come in.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use model::Time;
use serde::Deserialize;
use serde_json::json;
use store::{Decision, Role, Scope, Token};

use crate::call::{Answer, Call};
use crate::{Problem, clock, limits, people};

pub async fn list(call: Call) -> Answer {
    let person = call.person()?;
    let mut tokens = call.site.store().tokens().await?;
    tokens.retain(|token| person.role == Role::Administrator || token.owner == person.name);
    let total = tokens.len();
    Ok(Json(json!({ "items": tokens, "next": null, "total": total })).into_response())
}

#[derive(Deserialize)]
struct New {
    name: String,
    scopes: Vec<Scope>,
    expires: Option<Time>,
}

pub async fn add(call: Call) -> Answer {
    let new: New = call.json()?;
    let (person, store) = (call.person()?, call.site.store());
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > limits::NAME_CHARACTERS_MAX {
        return Err(Problem::refused("a token has a name of at most 100 characters"));
    }
    let mut scopes = new.scopes;
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Problem::refused("a token has at least one scope"));
    }
    let own = person.scopes();
    if let Some(scope) = scopes.iter().find(|scope| !own.contains(scope)) {
        return Err(Problem::forbidden(format!("a token cannot give the scope {scope} that it has not itself")));
    }
    if new.expires.is_some_and(|until| until <= clock::now()) {
        return Err(Problem::refused("it would have expired already"));
    }
    if store.tokens().await?.len() >= limits::THINGS_MAX {
        return Err(Problem::conflict("there are too many tokens"));
    }
    let id = people::secret(8);
    let secret = people::token_secret(&id);
    store.set_secret("token", &id, Some(&people::hash(&secret))).await?;
    let owner = person.name.clone();
    call.decide(Decision::TokenCreated { id: id.clone(), name, owner, scopes, expires: new.expires }).await?;
    let token: Option<Token> = call.site.store().token(&id).await?;
    Ok((StatusCode::CREATED, Json(json!({ "secret": secret, "token": token }))).into_response())
}

pub async fn remove(call: Call) -> Answer {
    let person = call.person()?;
    let token = call.site.store().token(call.name("id")).await?;
    let is_theirs = |token: &Token| person.role == Role::Administrator || token.owner == person.name;
    let token = token.filter(is_theirs).ok_or_else(|| Problem::absent("token"))?;
    call.site.store().set_secret("token", &token.id, None).await?;
    call.decide(Decision::TokenRevoked { id: token.id }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
