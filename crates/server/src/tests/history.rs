//! The past over HTTP: records, variables, series, SQL.

use axum::http::StatusCode;
use serde_json::json;

use super::harness::Plant;

#[tokio::test]
async fn the_past_is_told() {
    let plant = Plant::with_records().await;
    let client = plant.session("analyst").await;
    let acts = plant.get(&client, "/api/v1/acts?limit=10").await;
    assert_eq!(acts.status, StatusCode::OK, "{}", acts.text);
    let acts = acts.json();
    assert_eq!(acts["items"].as_array().unwrap().len(), 10);
    assert_eq!(acts["items"][0]["record"], "act");
    let next = acts["next"].as_str().unwrap();
    let more = plant.get(&client, &format!("/api/v1/acts?limit=10&cursor={next}")).await.json();
    assert_ne!(more["items"][0], acts["items"][9]);
    assert!(more["items"][0]["at"].as_str() <= acts["items"][9]["at"].as_str());
    let asset = acts["items"].as_array().unwrap().iter().find_map(|act| act["to_asset"].as_str()).unwrap().to_owned();
    for path in ["acts", "conversations", "facts", "variables"] {
        let reply = plant.get(&client, &format!("/api/v1/{path}?asset={asset}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
    }
    assert_eq!(plant.get(&client, "/api/v1/health-records").await.status, StatusCode::OK);
    assert_eq!(plant.get(&client, "/api/v1/acts?cursor=x").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(plant.get(&client, "/api/v1/acts?asset=none").await.status, StatusCode::NOT_FOUND);
    let variables = plant.get(&client, "/api/v1/variables").await.json();
    let variable = &variables["items"][0];
    let object = variable["object"].as_str().unwrap().replace(' ', "%20");
    let series = format!("/api/v1/variables/series?asset={}&object={object}", variable["asset"].as_str().unwrap());
    let series = plant.get(&client, &series).await;
    assert_eq!(series.status, StatusCode::OK, "{}", series.text);
}

#[tokio::test]
async fn sql_reads_and_only_reads() {
    let plant = Plant::with_records().await;
    let client = plant.session("analyst").await;
    let ask = async |query: &str| {
        plant.ask(&client, "POST", "/api/v1/sql", Some(json!({ "query": query, "limit": 5 }))).await
    };
    let answer = ask("SELECT verb, count(*) AS acts FROM acts GROUP BY verb ORDER BY acts DESC").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["columns"][0]["name"], "verb");
    assert_eq!(ask("SELECT * FROM acts").await.json()["truncated"], true);
    for wrong in ["DROP TABLE acts", "COPY acts TO '/tmp/x'", "SELECT nothing FROM acts", "SELECT"] {
        assert_eq!(ask(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let schema = plant.get(&client, "/api/v1/sql/schema").await.json();
    assert!(schema["total"].as_u64().unwrap() >= 6);
    let file =
        plant.get(&client, "/api/v1/sql/download?format=csv&query=SELECT%20verb%20FROM%20acts%20LIMIT%202").await;
    assert_eq!((file.status, file.text.lines().count()), (StatusCode::OK, 3));
    assert_eq!(
        plant.get(&client, "/api/v1/sql/download?format=xls&query=SELECT%201").await.status,
        StatusCode::BAD_REQUEST
    );
}
