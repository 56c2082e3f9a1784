//! The user interface, as it was when the program was built.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// The built user interface; empty where it was not built.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the user interface was not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Vigie</title>\
    <h1>Vigie runs, without its user interface</h1>\
    <p>This program was built without it. In the folder <code>ui</code> run <code>npm ci</code> and \
    <code>npm run build</code>, then build the program again.</p>\
    <p>The API is there: <a href=\"/api/v1/health\">health</a>, <a href=\"/api/v1/openapi.json\">description</a>.</p>";

/// The first page.
pub async fn page() -> Response {
    answer("index.html").unwrap_or_else(|| {
        let mut response = NOT_BUILT.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response
    })
}

/// A file; a path of the application without one is the first page, which knows what to show.
pub async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(response) = answer(path) {
        return response;
    }
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    match is_page {
        true => page().await,
        false => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
    }
}

fn answer(path: &str) -> Option<Response> {
    let file = Files::get(path)?;
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let mut response = Body::from(file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind.as_ref()).ok()?);
    // Names of built files hold a hash of their content.
    let is_lasting = path.starts_with("assets/");
    let cache = if is_lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    Some(response)
}
