//! Coming in, going, and what is kept of it.

use axum::http::StatusCode;
use serde_json::json;
use store::Role;

use super::harness::{Client, PASSWORD, Plant};
use crate::people;

#[tokio::test]
async fn the_first_administrator_comes_by_the_link_and_only_once() {
    let plant = Plant::empty().await;
    let nobody = Client::default();
    assert_eq!(plant.get(&nobody, "/api/v1/setup").await.json(), json!({ "needed": true }));
    let link = plant.site.setup_link().unwrap();
    let token = link.strip_prefix("/#/setup?token=").unwrap();
    let set_up = |token: &str, password: &str| json!({ "token": token, "name": "ada", "password": password });
    let asked = plant.ask(&nobody, "POST", "/api/v1/setup", Some(set_up("wrong", PASSWORD))).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    let asked = plant.ask(&nobody, "POST", "/api/v1/setup", Some(set_up(token, "short"))).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let asked = plant.ask(&nobody, "POST", "/api/v1/setup", Some(set_up(token, PASSWORD))).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    assert_eq!(asked.json()["role"], "administrator");
    let cookie = asked.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && cookie.ends_with("; Secure"), "{cookie}");
    // The session works, and the link does not any more.
    let client = Client { cookie: cookie.split(';').next().unwrap().into(), ..Client::default() };
    assert_eq!(plant.get(&client, "/api/v1/users").await.json()["total"], 1);
    let again = plant.ask(&nobody, "POST", "/api/v1/setup", Some(set_up(token, PASSWORD))).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert_eq!(plant.get(&nobody, "/api/v1/setup").await.json(), json!({ "needed": false }));
}

#[tokio::test]
async fn somebody_comes_in_and_goes_and_the_audit_says_so() {
    let plant = Plant::with_people().await;
    let log_in = |password: &str| json!({ "name": "analyst", "password": password });
    let nobody = Client::default();
    let wrong = plant.ask(&nobody, "POST", "/api/v1/session", Some(log_in("three blue storks"))).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let unknown = json!({ "name": "mallory", "password": PASSWORD });
    let unknown = plant.ask(&nobody, "POST", "/api/v1/session", Some(unknown)).await;
    // Whether the name is there is not told.
    assert_eq!((unknown.status, &unknown.text), (wrong.status, &wrong.text));
    let right = plant.ask(&nobody, "POST", "/api/v1/session", Some(log_in(PASSWORD))).await;
    assert_eq!(right.status, StatusCode::OK);
    let cookie = right.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = right.json()["csrf"].as_str().unwrap().to_owned();
    let client = Client { cookie, csrf, ..Client::default() };
    let who = plant.get(&client, "/api/v1/session").await.json();
    assert_eq!((&who["name"], &who["role"], &who["csrf"]), (&json!("analyst"), &json!("analyst"), &json!(client.csrf)));
    assert_eq!(plant.ask(&client, "DELETE", "/api/v1/session", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(plant.get(&client, "/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
    let auditor = plant.session("auditor").await;
    let audit = plant.get(&auditor, "/api/v1/audit?limit=4").await.json();
    let kinds: Vec<&str> = audit["items"].as_array().unwrap().iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["logged-out", "logged-in", "login-refused", "login-refused"]);
    assert!(!audit.to_string().contains("herons"));
    let next = audit["next"].as_str().unwrap();
    let rest = plant.get(&auditor, &format!("/api/v1/audit?cursor={next}")).await.json();
    assert_eq!(rest["items"].as_array().unwrap().len(), Role::ALL.len());
}

#[tokio::test]
async fn many_wrong_passwords_close_the_door_for_a_while() {
    let plant = Plant::with_people().await;
    let wrong = || Some(json!({ "name": "viewer", "password": "three blue storks" }));
    for _ in 0..crate::limits::LOGINS_MAX {
        let reply = plant.ask(&Client::default(), "POST", "/api/v1/session", wrong()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    let right = json!({ "name": "viewer", "password": PASSWORD });
    let reply = plant.ask(&Client::default(), "POST", "/api/v1/session", Some(right)).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_once_it_is_on() {
    let plant = Plant::with_people().await;
    let client = plant.session("engineer").await;
    let path = "/api/v1/users/engineer/totp";
    let given = plant.ask(&client, "POST", path, Some(json!({}))).await.json();
    assert!(given["url"].as_str().unwrap().starts_with("otpauth://totp/"));
    let secret = given["secret"].as_str().unwrap();
    let totp = people::second_factor("engineer", secret).unwrap();
    // The code of the step before: the one of now is needed for the login below.
    let now = crate::clock::now().0 as u64 / 1_000_000_000;
    let code = totp.generate(now - 30);
    let on = plant.ask(&client, "POST", path, Some(json!({ "code": code }))).await;
    assert_eq!(on.status, StatusCode::NO_CONTENT, "{}", on.text);
    let log_in = |code: Option<String>| Some(json!({ "name": "engineer", "password": PASSWORD, "code": code }));
    let without = plant.ask(&Client::default(), "POST", "/api/v1/session", log_in(None)).await;
    assert_eq!(without.json()["type"], "urn:vigie:code-needed");
    let code = totp.generate(crate::clock::now().0 as u64 / 1_000_000_000);
    let with = plant.ask(&Client::default(), "POST", "/api/v1/session", log_in(Some(code))).await;
    assert_eq!(with.status, StatusCode::OK, "{}", with.text);
    // Nobody sets up somebody else's; an administrator can take it away.
    let other = plant.session("analyst").await;
    assert_eq!(plant.ask(&other, "DELETE", path, None).await.status, StatusCode::FORBIDDEN);
    let administrator = plant.session("administrator").await;
    assert_eq!(plant.ask(&administrator, "DELETE", path, None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn tokens_give_no_more_than_their_owner_has_and_can_be_revoked() {
    let plant = Plant::with_people().await;
    let engineer = plant.session("engineer").await;
    let made = plant
        .ask(&engineer, "POST", "/api/v1/tokens", Some(json!({ "name": "ci", "scopes": ["read", "admin"] })))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("vigie_"));
    let program = Client { token: secret.to_owned(), ..Client::default() };
    assert_eq!(plant.get(&program, "/api/v1/assets").await.status, StatusCode::OK);
    assert_eq!(plant.get(&program, "/api/v1/users").await.status, StatusCode::FORBIDDEN);
    // Its secret is kept nowhere.
    let listed = plant.get(&engineer, "/api/v1/tokens").await.text;
    assert!(!listed.contains(secret));
    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    assert_eq!(plant.ask(&engineer, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(plant.get(&program, "/api/v1/assets").await.status, StatusCode::UNAUTHORIZED);
    let late = json!({ "name": "ci", "scopes": ["read"], "expires": "2020-01-01T00:00:00Z" });
    let late = plant.ask(&engineer, "POST", "/api/v1/tokens", Some(late)).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn people_are_let_in_changed_and_removed() {
    let plant = Plant::with_people().await;
    let administrator = plant.session("administrator").await;
    let add = |name: &str| Some(json!({ "name": name, "role": "viewer", "password": PASSWORD }));
    assert_eq!(plant.ask(&administrator, "POST", "/api/v1/users", add("eve")).await.status, StatusCode::CREATED);
    assert_eq!(plant.ask(&administrator, "POST", "/api/v1/users", add("eve")).await.status, StatusCode::CONFLICT);
    let odd = plant.ask(&administrator, "POST", "/api/v1/users", add("../eve")).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let eve = plant.session("eve").await;
    assert_eq!(plant.get(&eve, "/api/v1/assets").await.status, StatusCode::OK);
    // Shut out, she is out at once.
    let shut = plant.ask(&administrator, "PATCH", "/api/v1/users/eve", Some(json!({ "is_disabled": true }))).await;
    assert_eq!(shut.json()["is_disabled"], true);
    assert_eq!(plant.get(&eve, "/api/v1/assets").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(plant.ask(&administrator, "DELETE", "/api/v1/users/eve", None).await.status, StatusCode::NO_CONTENT);
    // The last administrator stays.
    for (method, path, body) in [
        ("DELETE", "/api/v1/users/administrator", None),
        ("PATCH", "/api/v1/users/administrator", Some(json!({ "role": "viewer" }))),
    ] {
        assert_eq!(plant.ask(&administrator, method, path, body).await.status, StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn a_password_is_changed_with_the_current_one_and_ends_other_sessions() {
    let plant = Plant::with_people().await;
    let (here, there) = (plant.session("viewer").await, plant.session("viewer").await);
    let path = "/api/v1/users/viewer/password";
    let change = |current: &str| Some(json!({ "password": "four grey herons", "current": current }));
    assert_eq!(plant.ask(&here, "POST", path, change("wrong wrong wrong")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(plant.ask(&here, "POST", path, change(PASSWORD)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(plant.get(&here, "/api/v1/session").await.status, StatusCode::OK);
    assert_eq!(plant.get(&there, "/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
    let analyst = plant.session("analyst").await;
    assert_eq!(plant.ask(&analyst, "POST", path, change(PASSWORD)).await.status, StatusCode::FORBIDDEN);
}
