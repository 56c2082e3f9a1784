//! Every route with every role, driven from the table; and that the document says what the table says.

use axum::http::StatusCode;
use serde_json::{Value, json};
use store::{Decision, Role, Scope};

use super::harness::{Client, Plant};
use crate::api::{Method, Need, ROUTES, Route};
use crate::people;
use crate::router::path_of;

fn method(route: &Route) -> &'static str {
    match route.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

/// The path with names of things that are not there, so that nothing is changed by being allowed.
fn path(route: &Route) -> String {
    let mut path = path_of(route.path);
    while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(start..=end, "nobody");
    }
    path
}

/// A body that is understood and changes nothing that the next question needs.
fn body(route: &Route) -> Option<Value> {
    (!route.body.is_empty()).then(|| json!({ "unknown_field_of_a_test": 1 }))
}

fn is_refused(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// Routes whose handler refuses by itself, or that end the session they are asked with.
fn looks_closer(route: &Route) -> bool {
    let is_own = route.path.starts_with("/users/{name}/") && route.need == Need::Anybody;
    is_own || matches!((route.method, route.path), (Method::Post, "/setup" | "/session") | (Method::Delete, "/session"))
}

#[tokio::test]
async fn every_route_lets_in_whom_its_row_says_and_nobody_else() {
    let plant = Plant::with_people().await;
    for route in ROUTES {
        let (method, path) = (method(route), path(route));
        let asked = format!("{method} {path}");
        // Without a login.
        let nobody = Client { address: Some([192, 0, 2, 1].into()), ..Client::default() };
        let status = plant.open(&nobody, method, &path, body(route), &[]).await.status();
        let is_open = route.need == Need::Nobody;
        if !looks_closer(route) {
            assert_eq!(status == StatusCode::UNAUTHORIZED, !is_open, "{asked} by nobody: {status}");
        } else if !is_open {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{asked} by nobody");
        }
        // With a session of each role.
        for role in Role::ALL {
            let client = plant.session(role.as_str()).await;
            let status = plant.open(&client, method, &path, body(route), &[]).await.status();
            let may = match route.need {
                Need::Nobody | Need::Anybody => true,
                Need::Role(least) | Need::LoopbackOr(least) => role.may(least),
            };
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{asked} by {role}");
            assert!(!status.is_server_error(), "{asked} by {role}: {status}");
            if !looks_closer(route) {
                assert_eq!(status == StatusCode::FORBIDDEN, !may, "{asked} by {role}: {status}");
            }
        }
        // A change with a session, but without the word that only our pages know.
        if route.method != Method::Get && route.need != Need::Nobody {
            let mut client = plant.session("administrator").await;
            client.csrf = String::new();
            let status = plant.open(&client, method, &path, body(route), &[]).await.status();
            assert_eq!(status, StatusCode::FORBIDDEN, "{asked} without {}", people::CSRF);
        }
        // With a token of each scope, of somebody who may everything.
        for scope in Scope::ALL {
            let client = Client { token: token(&plant, *scope).await, ..Client::default() };
            let status = plant.open(&client, method, &path, body(route), &[]).await.status();
            if is_open || looks_closer(route) {
                continue;
            }
            assert_eq!(is_refused(status), *scope != route.scope, "{asked} with a token for {scope}: {status}");
        }
    }
}

async fn token(plant: &Plant, scope: Scope) -> String {
    let id = people::secret(8);
    let secret = people::token_secret(&id);
    plant.site.store().set_secret("token", &id, Some(&people::hash(&secret))).await.unwrap();
    let owner = "administrator".to_owned();
    let created = Decision::TokenCreated { id, name: "test".into(), owner, scopes: vec![scope], expires: None };
    plant.site.decide("console", created).await.unwrap();
    secret
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let plant = Plant::with_people().await;
    let client = plant.session("administrator").await;
    for (asked, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/assets", 405),
        ("GET", "/api/v1/assets/none", 404),
        ("GET", "/api/v1/assets?limit=0", 400),
        ("GET", "/api/v1/assets?limit=many", 400),
        ("GET", "/api/v1/assets?cursor=17", 400),
        ("POST", "/api/v1/users", 400),
    ] {
        let reply = plant.ask(&client, asked, path, None).await;
        assert_eq!(reply.status.as_u16(), status, "{asked} {path}: {}", reply.text);
        assert_eq!(reply.headers["content-type"], "application/problem+json", "{asked} {path}");
        let problem = reply.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string() && problem["type"].is_string());
    }
}

#[tokio::test]
async fn answers_let_nothing_in_from_outside() {
    let plant = Plant::empty().await;
    let reply = plant.get(&Client::default(), "/").await;
    assert_eq!(reply.status, StatusCode::OK);
    let policy = reply.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    assert_eq!(reply.headers["strict-transport-security"], "max-age=31536000");
}

#[test]
fn the_document_is_the_one_checked_in() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.json");
    // Sorted names, whatever features the JSON library was built with.
    let sorted: Value = serde_json::from_slice(&ledger::canonical_json(&crate::document())).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, format!("{sorted:#}\n")).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    let known: Value = serde_json::from_str(&known).unwrap_or_default();
    assert!(known == sorted, "docs/api.json is not what the routes say: run this test with UPDATE_EXPECT=1");
}

#[test]
fn bodies_in_the_table_are_json_schemas() {
    for route in ROUTES.iter().filter(|route| !route.body.is_empty()) {
        let schema: Value = serde_json::from_str(route.body).unwrap_or_else(|e| panic!("{}: {e}", route.path));
        assert_eq!(schema["type"], "object", "{}", route.path);
    }
}
