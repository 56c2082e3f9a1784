//! Saved queries.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;
use store::Decision;

use crate::call::{Answer, Call};
use crate::{Problem, limits, people};

pub async fn list(call: Call) -> Answer {
    let queries = call.site.store().queries().await?;
    let total = queries.len();
    Ok(Json(json!({ "items": queries, "next": null, "total": total })).into_response())
}

#[derive(Deserialize)]
struct New {
    name: String,
    query: String,
}

pub async fn add(call: Call) -> Answer {
    let new: New = call.json()?;
    let (name, query) = (new.name.trim().to_owned(), new.query.trim().to_owned());
    if name.is_empty() || name.chars().count() > limits::NAME_CHARACTERS_MAX {
        return Err(Problem::refused("a query has a name of at most 100 characters"));
    }
    if query.is_empty() || query.chars().count() > limits::QUERY_CHARACTERS_MAX {
        return Err(Problem::refused("a query has 1 to 20,000 characters"));
    }
    let known = call.site.store().queries().await?;
    if known.len() >= limits::THINGS_MAX {
        return Err(Problem::conflict("there are too many saved queries"));
    }
    // Saved under a name that is there, it takes the place of the one before.
    let id = known.into_iter().find(|known| known.name == name).map_or_else(|| people::secret(8), |known| known.id);
    call.decide(Decision::QuerySaved { id: id.clone(), name, sql: query }).await?;
    let saved = call.site.store().queries().await?.into_iter().find(|query| query.id == id);
    Ok((StatusCode::CREATED, Json(saved)).into_response())
}

pub async fn remove(call: Call) -> Answer {
    let id = call.name("id").to_owned();
    if !call.site.store().queries().await?.iter().any(|query| query.id == id) {
        return Err(Problem::absent("saved query"));
    }
    call.decide(Decision::QueryRemoved { id }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
