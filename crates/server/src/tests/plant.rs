//! What the API says of the simulated plant.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::harness::{Plant, batches};

#[tokio::test]
async fn the_plant_is_told() {
    let plant = Plant::with_records().await;
    let client = plant.session("engineer").await;
    let get = async |path: &str| {
        let reply = plant.get(&client, &format!("/api/v1{path}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        reply.json()
    };
    let summary = get("/summary").await;
    let count = summary["assets"].as_u64().unwrap();
    assert!(count > 5, "{summary}");
    assert!(summary["records"]["acts"].as_u64().unwrap() > 100);

    // Pages hold all machines, each once.
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&format!("/assets?limit=4&sort=name{cursor}")).await;
        assert_eq!(page["total"], count);
        ids.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len() as u64, distinct.len()), (count, ids.len()));

    let controllers = get("/assets?role=plc").await;
    assert!(controllers["total"].as_u64().unwrap() > 0);
    let plc = &controllers["items"][0];
    let one = get(&format!("/assets/{}", plc["id"].as_str().unwrap())).await;
    assert_eq!(one["id"], plc["id"]);
    assert!(!one["edges"].as_array().unwrap().is_empty() && one["attributes"].is_array());
    assert!(get(&format!("/assets?search={}", plc["ips"][0].as_str().unwrap())).await["total"].as_u64().unwrap() >= 1);

    let map = get("/map").await;
    assert_eq!(map["nodes"].as_array().unwrap().len() as u64, count);
    for path in ["/sight", "/surface", "/detectors", "/protocols", "/findings", "/health"] {
        get(path).await;
    }
    assert!(get("/detectors").await["total"].as_u64().unwrap() > 50);
    let metrics = plant.get(&client, "/metrics").await;
    assert!(metrics.text.contains(&format!("\nvigie_assets {count}\n")), "{}", metrics.text);
}

#[tokio::test]
async fn people_lay_names_over_what_was_seen() {
    let plant = Plant::with_records().await;
    let client = plant.session("engineer").await;
    let first = plant.get(&client, "/api/v1/assets?limit=1").await.json()["items"][0].clone();
    let path = format!("/api/v1/assets/{}", first["id"].as_str().unwrap());
    let edit = json!({ "name": "Boiler 2", "zone": "Heat", "note": "behind the door", "importance": "critical" });
    let edited = plant.ask(&client, "PATCH", &path, Some(edit)).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    assert_eq!(edited.json()["edits"]["note"]["by"], "engineer");
    let row = plant.get(&client, "/api/v1/assets?zone=Heat").await.json();
    assert_eq!((&row["total"], &row["items"][0]["name"]), (&json!(1), &json!("Boiler 2")));
    // Taken back, the name is the one that was seen.
    plant.ask(&client, "PATCH", &path, Some(json!({ "name": null }))).await;
    assert_eq!(plant.get(&client, &path).await.json()["row"]["name"], first["name"]);
    for wrong in [json!({ "importance": "huge" }), json!({ "role": "toaster" }), json!({ "serial": "1" })] {
        let reply = plant.ask(&client, "PATCH", &path, Some(wrong)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text);
    }
}

#[tokio::test]
async fn findings_are_dealt_with() {
    let plant = Plant::with_records().await;
    let client = plant.session("analyst").await;
    let all = plant.get(&client, "/api/v1/findings").await.json();
    let total = all["total"].as_u64().unwrap();
    assert!(total > 0);
    let id = all["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/findings/{id}");
    let one = plant.get(&client, &path).await.json();
    assert!(one["explanation"]["action"]["en"].is_string(), "{one}");
    let closed = json!({ "state": "closed", "comment": "maintenance", "assignee": "ada" });
    let closed = plant.ask(&client, "PATCH", &path, Some(closed)).await.json();
    assert_eq!((&closed["state"], &closed["assignee"]), (&json!("closed"), &json!("ada")));
    assert_eq!(closed["comments"][0]["text"], "maintenance");
    assert_eq!(plant.get(&client, "/api/v1/findings?state=closed").await.json()["total"], 1);
    assert_eq!(plant.get(&client, "/api/v1/findings?state=open").await.json()["total"], total - 1);
    assert_eq!(plant.get(&client, "/api/v1/findings?severity=gigantic").await.status, StatusCode::BAD_REQUEST);
    // It happens again: it is open again.
    let site = Arc::clone(&plant.site);
    let more = batches(2);
    tokio::task::spawn_blocking(move || {
        site.ingest(&more).unwrap();
        site.judge_now();
    })
    .await
    .unwrap();
    let again = plant.get(&client, &path).await.json();
    if again["count"].as_u64() > one["count"].as_u64() {
        assert_eq!((&again["state"], &again["has_come_back"]), (&json!("open"), &json!(true)));
    }
}

#[tokio::test]
async fn the_same_answer_is_not_sent_twice() {
    let plant = Plant::with_records().await;
    let client = plant.session("viewer").await;
    let first = plant.get(&client, "/api/v1/map").await;
    let tag = first.headers["etag"].to_str().unwrap();
    let again = plant.open(&client, "GET", "/api/v1/map", None, &[("if-none-match", tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let other = plant.open(&client, "GET", "/api/v1/map", None, &[("if-none-match", "W/\"x\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_stream_tells_what_happens() {
    let plant = Plant::with_people().await;
    let client = plant.session("viewer").await;
    let response = plant.open(&client, "GET", "/api/v1/stream?kinds=act,asset,rates", None, &[]).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let site = Arc::clone(&plant.site);
    let more = batches(1);
    tokio::task::spawn_blocking(move || {
        site.wait_for_past();
        site.ingest(&more).unwrap();
    })
    .await
    .unwrap();
    let mut text = String::new();
    let is_whole = |text: &str| {
        ["hello", "act", "asset", "rates", "dropped"].iter().all(|kind| text.contains(&format!("event: {kind}\n")))
    };
    let reading = async {
        while let Some(Ok(bytes)) = body.next().await {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
            if is_whole(&text) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("all kinds come");
    assert!(!text.contains("event: fact\n"));
    let act = text.lines().skip_while(|line| *line != "event: act").nth(1).unwrap();
    let act: Value = serde_json::from_str(act.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(act["record"], "act");
    let wrong = plant.get(&client, "/api/v1/stream?kinds=act,noise").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}
