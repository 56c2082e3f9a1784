//! One request on its way to a handler: who asks, whether they may, and what they sent.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use store::{Role, Scope};

use crate::api::{Need, Route};
use crate::people::{By, CSRF, Person};
use crate::{Problem, Site, limits};

/// What a handler gives.
pub type Answer = Result<Response, Problem>;

/// A handler: one row of the table names it.
pub type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The connection that a request came by.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// From where.
    pub address: IpAddr,
    /// Whether nobody between can read it.
    pub is_secure: bool,
}

/// One request, let in.
pub struct Call {
    /// The site.
    pub site: Arc<Site>,
    /// Who asks; nobody only on routes that need nobody.
    pub person: Option<Person>,
    /// The connection.
    pub peer: Peer,
    /// Head of the request.
    pub headers: HeaderMap,
    /// Body of the request.
    pub body: Bytes,
    uri: Uri,
    names: Vec<(String, String)>,
}

impl Call {
    /// The parameters in the query that `T` names; others are not looked at.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        Query::<T>::try_from_uri(&self.uri).map(|query| query.0).map_err(|e| Problem::bad(e.body_text()))
    }

    /// The body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|e| Problem::bad(format!("the body is not what is expected: {e}")))
    }

    /// A named part of the path.
    pub fn name(&self, name: &str) -> &str {
        self.names.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Who asks. Only for routes that need somebody.
    pub fn person(&self) -> Result<&Person, Problem> {
        self.person.as_ref().ok_or_else(Problem::unknown)
    }

    /// Writes a decision of the person who asks into the ledger and applies it.
    pub async fn decide(&self, decision: store::Decision) -> Result<u64, Problem> {
        Ok(self.site.decide(&self.person()?.name, decision).await?)
    }
}

/// Lets a request in, or not, and has it answered.
pub async fn handle(
    site: Arc<Site>,
    route: &'static Route,
    peer: Peer,
    names: Vec<(String, String)>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let (method, asked) = (head.method.clone(), head.headers.get(header::IF_NONE_MATCH).cloned());
    let is_stream = route.path == "/stream";
    let answer = async {
        let person = site.people.who(site.store(), &head.headers).await?;
        let_in(route, person.as_ref(), &method, &head.headers, peer)?;
        let body = axum::body::to_bytes(body, limits::BODY_BYTES_MAX)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a request has at most 1 MiB"))?;
        let call = Call { site, person, peer, headers: head.headers, body, uri: head.uri, names };
        (route.handler)(call).await
    };
    let answer = if is_stream {
        answer.await
    } else {
        let late = || Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "this took too long"));
        tokio::time::timeout(limits::ANSWER_TIMEOUT, answer).await.unwrap_or_else(|_| late())
    };
    match answer {
        Ok(response) if method == Method::GET && !is_stream => tagged(response, asked).await,
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// The law of who may what: the same for every route.
fn let_in(
    route: &Route,
    person: Option<&Person>,
    method: &Method,
    headers: &HeaderMap,
    peer: Peer,
) -> Result<(), Problem> {
    let least = match route.need {
        Need::Nobody => return Ok(()),
        Need::LoopbackOr(_) if peer.address.is_loopback() && person.is_none() => return Ok(()),
        Need::LoopbackOr(role) | Need::Role(role) => role,
        Need::Anybody => Role::Viewer,
    };
    let person = person.ok_or_else(Problem::unknown)?;
    if !person.role.may(least) {
        return Err(Problem::forbidden(format!("this needs the role {least}; yours is {}", person.role)));
    }
    match &person.by {
        By::Token { scopes, .. } if !scopes.contains(&route.scope) => {
            Err(Problem::forbidden(format!("this needs a token with the scope {}", route.scope)))
        }
        By::Session { csrf, .. } if !method.is_safe() => {
            let shown = headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
            match subtle::ConstantTimeEq::ct_eq(shown.as_bytes(), csrf.as_bytes()).into() {
                true => Ok(()),
                false => Err(Problem::forbidden(format!("the header {CSRF} is missing or wrong")).kind("csrf")),
            }
        }
        _ => Ok(()),
    }
}

/// The same answer again is not sent again.
async fn tagged(response: Response, asked: Option<HeaderValue>) -> Response {
    /// Longer answers are downloads.
    const TAGGED_BYTES_MAX: u64 = 16 << 20;
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let length = axum::body::HttpBody::size_hint(response.body()).exact();
    if !is_json || response.status() != StatusCode::OK || length.is_none_or(|length| length > TAGGED_BYTES_MAX) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return Problem::internal("a body in memory could not be read").into_response();
    };
    let hash = Sha256::digest(&body);
    let short: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    // Weak, because what is sent may be compressed.
    let tag = format!("W/\"{short}\"");
    let is_known = asked.as_ref().and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value.split(',').any(|one| one.trim().trim_start_matches("W/") == tag.trim_start_matches("W/"))
    });
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, tag);
    }
    if is_known {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(body))
}

/// Scope that a token needs for a change that needs `role`.
pub const fn scope_of_change(role: Role) -> Scope {
    match role {
        Role::Administrator => Scope::Admin,
        _ => Scope::Write,
    }
}
