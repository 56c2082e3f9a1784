//! Errors as RFC 9457 says them: `application/problem+json`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong, for the person who asked. Never holds what only the log should know.
    pub detail: String,
    /// A stable word for programs, where the status does not say enough: `code-needed`.
    pub kind: &'static str,
}

impl Problem {
    /// A problem with a status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem { status, detail: detail.into(), kind: "about:blank" }
    }

    /// What was sent cannot be understood.
    pub fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What was sent is understood and refused.
    pub fn refused(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// There is no such thing.
    pub fn absent(what: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// Nobody is logged in.
    pub fn unknown() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "log in first, or send a valid token")
    }

    /// Not with these rights.
    pub fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, detail)
    }

    /// It contradicts what is there.
    pub fn conflict(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, detail)
    }

    /// Too much of it.
    pub fn too_many(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    }

    /// With a stable word for programs.
    pub fn kind(self, kind: &'static str) -> Problem {
        Problem { kind, ..self }
    }

    /// A failure of ours: the log has the reason, the person gets none.
    pub fn internal(error: impl std::fmt::Display) -> Problem {
        tracing::error!("{error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed to do this; its log says why")
    }
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Problem {
        Problem::internal(error)
    }
}

impl From<crate::SiteError> for Problem {
    fn from(error: crate::SiteError) -> Problem {
        Problem::internal(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = match self.kind {
            "about:blank" => "about:blank".to_owned(),
            kind => format!("urn:vigie:{kind}"),
        };
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = json!({ "type": kind, "title": title, "status": self.status.as_u16(), "detail": self.detail });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
