//! The router: the rows of the table, the user interface, and the headers that every answer has.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, get, on};
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::api::{BASE, Method, ROUTES};
use crate::call::{self, Peer};
use crate::{Problem, Site, files};

/// Everything that the site answers. A request should carry a [`Peer`]; without one it counts as from elsewhere.
pub fn router(site: Arc<Site>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        };
        let site = Arc::clone(&site);
        let handler = move |names: RawPathParams, request: Request<Body>| {
            let site = Arc::clone(&site);
            let peer = request.extensions().get::<Peer>().copied().unwrap_or(ELSEWHERE);
            let names = names.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            async move { call::handle(site, route, peer, names, request).await }
        };
        router = router.route(&path_of(route.path), on(filter, handler));
    }
    router
        .route(&format!("{BASE}/{{*rest}}"), axum::routing::any(async || Problem::absent("route").into_response()))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this route has other methods").into_response()
        })
        .route("/", get(files::page))
        .fallback(get(files::file))
        .layer(CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn(guarded))
}

/// Nothing is known of the connection: it gets no favours.
const ELSEWHERE: Peer = Peer { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), is_secure: false };

/// The whole path of a row.
pub fn path_of(path: &str) -> String {
    if path == "/metrics" { path.to_owned() } else { format!("{BASE}{path}") }
}

/// What browsers are told with every answer: nothing from outside, no frames, no guessing.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), usb=()"),
];

async fn guarded(request: Request, next: Next) -> Response {
    let is_secure = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_secure);
    // A page of another site may not make a browser do things here.
    let is_foreign = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let mut response = match is_foreign && !request.method().is_safe() {
        true => Problem::forbidden("requests from other sites are not taken").into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if is_secure {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}
