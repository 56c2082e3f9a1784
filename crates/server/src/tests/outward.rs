//! What leaves the house: exports, notifications, evidence, the ledger.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::harness::{Plant, batches};
use crate::{Config, Site, router};

#[tokio::test]
async fn findings_are_exported_in_every_form() {
    let plant = Plant::with_records().await;
    let client = plant.session("analyst").await;
    let total = plant.get(&client, "/api/v1/findings").await.json()["total"].as_u64().unwrap() as usize;
    for form in ["zeek", "eve", "ocsf"] {
        let reply = plant.get(&client, &format!("/api/v1/exports/{form}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{form}");
        let lines: Vec<Value> = reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), total, "{form}");
    }
    for form in ["cef", "syslog"] {
        assert_eq!(plant.get(&client, &format!("/api/v1/exports/{form}")).await.text.lines().count(), total);
    }
    let bundle = plant.get(&client, "/api/v1/exports/stix").await.json();
    assert_eq!(bundle["type"], "bundle");
    let later = plant.get(&client, "/api/v1/exports/eve?from=2099-01-01T00:00:00Z").await;
    assert!(later.text.is_empty());
    assert_eq!(plant.get(&client, "/api/v1/exports/xml").await.status, StatusCode::NOT_FOUND);
    assert_eq!(plant.get(&client, "/api/v1/exports/eve?from=yesterday").await.status, StatusCode::BAD_REQUEST);
    // It is written down who took what.
    let auditor = plant.session("auditor").await;
    assert_eq!(plant.get(&auditor, "/api/v1/audit?limit=1").await.json()["items"][0]["kind"], "exported");
}

#[tokio::test]
async fn the_ledger_is_shown_to_auditors() {
    let plant = Plant::with_records().await;
    let auditor = plant.session("auditor").await;
    let site = Arc::clone(&plant.site);
    tokio::task::spawn_blocking(move || site.ledger().publish().unwrap()).await.unwrap();
    let first = plant.get(&auditor, "/api/v1/ledger/entries?limit=3").await.json();
    assert_eq!(first["items"][0]["kind"], "start");
    let size = first["total"].as_u64().unwrap();
    let cursor = first["next"].as_str().unwrap();
    let next = plant.get(&auditor, &format!("/api/v1/ledger/entries?limit=3&cursor={cursor}")).await.json();
    assert_eq!(next["items"][0]["index"], 3);
    let key = plant.get(&auditor, "/api/v1/ledger/key").await.text;
    let key = ledger::VerifyingKey::parse(key.trim()).unwrap();
    // A proof holds for the bytes of the entry, with the key alone.
    let proof = plant.get(&auditor, "/api/v1/ledger/proof/1").await;
    let proof = ledger::Proof::parse(proof.text.as_bytes()).unwrap();
    let entry = plant.site.ledger().reader().entries(1, 1).unwrap().remove(0);
    proof.verify(&entry, &key).unwrap();
    let checkpoint = plant.get(&auditor, "/api/v1/ledger/checkpoint").await.text;
    assert_eq!(checkpoint.lines().nth(1).unwrap().parse::<u64>().unwrap(), size);
    for (path, status) in [
        (format!("/api/v1/ledger/proof/{size}"), 404),
        ("/api/v1/ledger/proof/x".into(), 404),
        ("/api/v1/ledger/tile/../key".into(), 404),
        ("/api/v1/ledger/tile/..%2f..%2fkey".into(), 404),
        (format!("/api/v1/ledger/entries?from={size}"), 200),
    ] {
        assert_eq!(plant.get(&auditor, &path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn queries_are_saved_and_removed() {
    let plant = Plant::with_people().await;
    let client = plant.session("analyst").await;
    let save = |query: &str| Some(json!({ "name": "stops", "query": query }));
    let first = plant.ask(&client, "POST", "/api/v1/queries", save("SELECT 1")).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let second = plant.ask(&client, "POST", "/api/v1/queries", save("SELECT 2")).await.json();
    assert_eq!(second["id"], first.json()["id"]);
    let all = plant.get(&client, "/api/v1/queries").await.json();
    assert_eq!((&all["total"], &all["items"][0]["query"]), (&json!(1), &json!("SELECT 2")));
    let path = format!("/api/v1/queries/{}", second["id"].as_str().unwrap());
    assert_eq!(plant.ask(&client, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(plant.ask(&client, "DELETE", &path, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_webhook_is_told_again_until_it_answers() {
    let plant = Plant::with_people().await;
    let engineer = plant.session("engineer").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let wanted =
        json!({ "name": "tickets", "kind": "webhook", "target": target, "least": "info", "secret": "Bearer s3cret" });
    let added = plant.ask(&engineer, "POST", "/api/v1/notifications", Some(wanted)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let id = added.json()["id"].as_str().unwrap().to_owned();
    // The secret is shown nowhere, and is not in the ledger.
    assert!(!plant.get(&engineer, "/api/v1/notifications").await.text.contains("s3cret"));
    let site = Arc::clone(&plant.site);
    let serving = async {
        let mut seen = Vec::new();
        for answer in ["503 Service Unavailable", "200 OK"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            let mut buffer = [0; 4096];
            loop {
                let count = stream.read(&mut buffer).await.unwrap();
                request.push_str(&String::from_utf8_lossy(&buffer[..count]));
                let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                if body.len() >= length.unwrap_or(0) {
                    break;
                }
            }
            stream.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
            seen.push(request);
        }
        seen
    };
    let ingesting = tokio::task::spawn_blocking(move || {
        site.wait_for_past();
        site.ingest(&batches(1)).unwrap();
    });
    let seen = tokio::time::timeout(Duration::from_secs(30), serving).await.expect("told twice");
    ingesting.await.unwrap();
    assert!(seen[0].starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{}", seen[0]);
    assert!(seen[0].contains("authorization: Bearer s3cret\r\n"));
    // The second time it is the same finding.
    let body = |request: &str| serde_json::from_str::<Value>(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body(&seen[0])["finding"]["id"], body(&seen[1])["finding"]["id"]);
    let path = format!("/api/v1/notifications/{id}");
    let changed =
        plant.ask(&engineer, "PATCH", &path, Some(json!({ "is_enabled": false, "least": "critical" }))).await.json();
    assert_eq!((&changed["is_enabled"], &changed["least"]), (&json!(false), &json!("critical")));
    assert_eq!(plant.ask(&engineer, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    for wrong in [
        json!({ "name": "x", "kind": "webhook", "target": "ftp://x" }),
        json!({ "name": "x", "kind": "webhook", "target": "https://me:pass@x/" }),
        json!({ "name": "x", "kind": "email", "target": "nobody" }),
        json!({ "name": "x", "kind": "syslog", "target": "host" }),
        json!({ "name": "x", "kind": "syslog", "target": "host:514", "secret": "a\r\nb: c" }),
    ] {
        let reply = plant.ask(&engineer, "POST", "/api/v1/notifications", Some(wrong.clone())).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn syslog_and_mail_go_out() {
    let plant = Plant::with_people().await;
    let administrator = plant.session("administrator").await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let wanted = json!({ "name": "siem", "kind": "syslog", "target": socket.local_addr().unwrap().to_string() });
    let id = plant.ask(&administrator, "POST", "/api/v1/notifications", Some(wanted)).await.json()["id"].clone();
    let test = format!("/api/v1/notifications/{}/test", id.as_str().unwrap());
    assert_eq!(plant.ask(&administrator, "POST", &test, None).await.status, StatusCode::OK);
    let mut buffer = [0; 2048];
    let count = tokio::time::timeout(Duration::from_secs(5), socket.recv(&mut buffer)).await.unwrap().unwrap();
    let line = std::str::from_utf8(&buffer[..count]).unwrap();
    assert!(line.starts_with("<131>1 2") && line.contains("[vigie@32473 id=\"test\""), "{line}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wanted = json!({ "name": "mail", "kind": "email", "target": "plant@example.org", "language": "fr" });
    let id = plant.ask(&administrator, "POST", "/api/v1/notifications", Some(wanted)).await.json()["id"].clone();
    let test = format!("/api/v1/notifications/{}/test", id.as_str().unwrap());
    let unset = plant.ask(&administrator, "POST", &test, None).await;
    assert_eq!(unset.status, StatusCode::BAD_GATEWAY);
    let smtp = json!({ "smtp": { "host": "127.0.0.1", "port": listener.local_addr().unwrap().port(),
        "security": "none", "from": "vigie@example.org" }, "smtp_password": "hush hush" });
    let set = plant.ask(&administrator, "PATCH", "/api/v1/settings", Some(smtp)).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    assert!(!set.text.contains("hush"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = String::new();
        let mut buffer = [0; 4096];
        stream.write_all(b"220 test\r\n").await.unwrap();
        while !said.contains("\r\n.\r\n") {
            let count = stream.read(&mut buffer).await.unwrap();
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let answer = if text.starts_with("DATA") { "354 go\r\n" } else { "250 ok\r\n" };
            said.push_str(&text);
            if count == 0 {
                break;
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        said
    });
    let sent = plant.ask(&administrator, "POST", &test, None).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    let said = server.await.unwrap();
    assert!(said.contains("RCPT TO:<plant@example.org>") && said.contains("Subject: [Vigie high]"), "{said}");
}

#[tokio::test]
async fn packets_are_given_to_those_who_may_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(folder.path());
    config.evidence = Some(Arc::new(|query, out| {
        if query.flow.as_deref() == Some("1:none") {
            return Ok(0);
        }
        out.write_all(&[0x0a; 200_000])?;
        Ok(7)
    }));
    let site = Site::open(config).await.unwrap();
    let plant = Plant { router: router(Arc::clone(&site)), site, _folder: folder };
    for role in ["viewer", "analyst"] {
        let role = store::Role::from_word(role).unwrap();
        let added = store::Decision::UserAdded { name: role.to_string(), role, origin: store::Origin::Local };
        plant.site.decide("console", added).await.unwrap();
    }
    let (viewer, analyst) = (plant.session("viewer").await, plant.session("analyst").await);
    assert_eq!(plant.get(&viewer, "/api/v1/evidence?flow=1:x").await.status, StatusCode::FORBIDDEN);
    let reply = plant.get(&analyst, "/api/v1/evidence?flow=1:x").await;
    assert_eq!((reply.status, reply.text.len()), (StatusCode::OK, 200_000));
    assert!(reply.headers["content-disposition"].to_str().unwrap().ends_with(".pcapng\""));
    assert_eq!(plant.get(&analyst, "/api/v1/evidence?flow=1:none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(plant.get(&analyst, "/api/v1/evidence?asset=none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(plant.get(&analyst, "/api/v1/evidence").await.status, StatusCode::BAD_REQUEST);
}
