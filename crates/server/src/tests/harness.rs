//! A site in a temporary folder with some people, and a client.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use decode::{Options, Pipeline};
use model::{Frame, LinkType, Record, Text, Time};
use serde_json::Value;
use store::{Decision, Origin, Role};
use tempfile::TempDir;
use tower::ServiceExt;
use uplink::Batch;

use crate::call::Peer;
use crate::{Config, Site, people, router};

/// The password of everybody in tests.
pub const PASSWORD: &str = "three blue herons";

/// A site.
pub struct Plant {
    pub site: Arc<Site>,
    pub router: Router,
    pub _folder: TempDir,
}

/// Someone who asks.
#[derive(Clone, Default)]
pub struct Client {
    pub cookie: String,
    pub csrf: String,
    pub token: String,
    pub address: Option<IpAddr>,
}

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

impl Plant {
    /// With nobody and nothing.
    pub async fn empty() -> Plant {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path());
        config.protocols = serde_json::json!([{ "id": "modbus" }]);
        let site = Site::open(config).await.unwrap();
        let router = router(Arc::clone(&site));
        Plant { site, router, _folder: folder }
    }

    /// With one person of every role, named after it.
    pub async fn with_people() -> Plant {
        let plant = Plant::empty().await;
        let hash = plant.site.people.hash_password(PASSWORD.into()).await.unwrap();
        for role in Role::ALL {
            let name = role.as_str().to_owned();
            plant.site.store().set_secret("password", &name, Some(&hash)).await.unwrap();
            let added = Decision::UserAdded { name, role: *role, origin: Origin::Local };
            plant.site.decide("console", added).await.unwrap();
        }
        plant
    }

    /// With two minutes of the simulated plant.
    pub async fn with_records() -> Plant {
        let plant = Plant::with_people().await;
        let site = Arc::clone(&plant.site);
        let batches = batches(2);
        tokio::task::spawn_blocking(move || {
            site.wait_for_past();
            site.ingest(&batches).unwrap();
            site.judge_now();
        })
        .await
        .unwrap();
        plant
    }

    /// A session without the password being hashed again.
    pub async fn session(&self, name: &str) -> Client {
        let address = IpAddr::from([127, 0, 0, 1]);
        let headers = axum::http::HeaderMap::new();
        let (secret, csrf) = self.site.people.open_session(self.site.store(), name, address, &headers).await.unwrap();
        Client { cookie: format!("{}={secret}", people::COOKIE), csrf, ..Client::default() }
    }

    /// Asks, and waits for the whole answer.
    pub async fn ask(&self, client: &Client, method: &str, path: &str, body: Option<Value>) -> Reply {
        let response = self.open(client, method, path, body, &[]).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Reply { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub async fn get(&self, client: &Client, path: &str) -> Reply {
        self.ask(client, "GET", path, None).await
    }

    /// Asks, and gives the answer while it still comes.
    pub async fn open(
        &self,
        client: &Client,
        method: &str,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if !client.cookie.is_empty() {
            request = request.header(header::COOKIE, &client.cookie);
        }
        if !client.csrf.is_empty() {
            request = request.header(people::CSRF, &client.csrf);
        }
        if !client.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", client.token));
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body).unwrap();
        let address = client.address.unwrap_or(IpAddr::from([192, 0, 2, 1]));
        request.extensions_mut().insert(Peer { address, is_secure: true });
        self.router.clone().oneshot(request).await.unwrap()
    }
}

/// Minutes of the simulated plant as batches.
pub fn batches(minutes: u32) -> Vec<Batch> {
    let mut frames: Vec<(Time, Vec<u8>)> = Vec::new();
    range::simulate(&range::Plan::new(minutes, 1), &mut |at, bytes| frames.push((at, bytes.to_vec())));
    let frames: Vec<Frame<'_>> = (1..)
        .zip(&frames)
        .map(|(number, (at, bytes))| Frame {
            at: *at,
            link: LinkType::ETHERNET,
            bytes,
            wire_len: bytes.len() as u32,
            number,
        })
        .collect();
    let mut records: Vec<Record> = Vec::new();
    let mut pipeline = Pipeline::new(Options { is_rolled_up: true }, 1);
    pipeline.chunk(&frames, || {}, &mut |record| records.push(record.clone()));
    pipeline.finish(&mut |record| records.push(record.clone()));
    (1..)
        .zip(records.chunks(1000))
        .map(|(number, records)| Batch {
            sensor: Text::from("test"),
            number,
            created: records.iter().map(Record::at).max().unwrap(),
            records: records.to_vec(),
        })
        .collect()
}
