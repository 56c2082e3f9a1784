//! HTTP as a client: one request to another server, one answer with a bound.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, Method, Request, StatusCode, Uri, header};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Bytes of an answer at most: documents of a provider are small.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long one question may take, with its connection.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, protected or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// TLS as a client: with the authorities that the system trusts, or only with those of a file.
pub(crate) fn client(authorities: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    static CLIENT: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(client) = CLIENT.get().filter(|_| authorities.is_none()) {
        return Ok(Arc::clone(client));
    }
    let mut roots = RootCertStore::empty();
    match authorities {
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        Some(path) => {
            let wrong = |why: String| format!("`{}`: {why}", path.display());
            let bytes = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
            for one in CertificateDer::pem_slice_iter(&bytes) {
                roots.add(one.map_err(|e| wrong(e.to_string()))?).map_err(|e| wrong(e.to_string()))?;
            }
            if roots.is_empty() {
                return Err(wrong("holds no certificate in PEM form".into()));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    if authorities.is_none() {
        return Ok(Arc::clone(CLIENT.get_or_init(|| config)));
    }
    Ok(config)
}

/// Protects a connection to `host`.
pub(crate) async fn protect(
    tls: &Arc<ClientConfig>,
    host: &str,
    stream: impl Stream + 'static,
) -> Result<Box<dyn Stream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|e| format!("{host}: {e}"))?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
    Ok(Box::new(stream.map_err(|e| format!("{host}: {e}"))?))
}

/// Where a URL leads: whether protected, host, port.
pub(crate) fn place(url: &str) -> Result<(Uri, bool, String, u16), String> {
    let uri: Uri = url.parse().map_err(|e| format!("`{url}` is no URL: {e}"))?;
    let is_secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(format!("`{url}` does not begin with https:// or http://")),
    };
    let host = uri.host().ok_or_else(|| format!("`{url}` has no host"))?.trim_matches(['[', ']']).to_owned();
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("no name and password in a URL".into());
    }
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    Ok((uri, is_secure, host, port))
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Asks, and gives status and body. Where it leads elsewhere is not followed.
pub(crate) async fn ask(
    tls: &Arc<ClientConfig>,
    method: Method,
    url: &str,
    headers: &[(HeaderName, String)],
    body: String,
) -> Result<(StatusCode, Bytes), String> {
    let asked = async {
        let (uri, is_secure, host, port) = place(url)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, uri.authority().map(ToString::to_string).unwrap_or_default())
            .header(header::USER_AGENT, concat!("vigie/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body)).map_err(|e| e.to_string())?;
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|e| format!("{host}:{port}: {e}"))?;
        let stream: Box<dyn Stream> = if is_secure { protect(tls, &host, stream).await? } else { Box::new(stream) };
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|e| e.to_string())?;
        let running = tokio::spawn(connection);
        let answered = async {
            let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
            let (head, body) = response.into_parts();
            let bytes = axum::body::to_bytes(Body::new(body), ANSWER_BYTES_MAX).await.map_err(|e| e.to_string())?;
            Ok((head.status, bytes))
        }
        .await;
        // It ends when the answer was read; how does not matter then.
        running.abort();
        answered
    };
    tokio::time::timeout(TIMEOUT, asked).await.map_err(|_| format!("`{url}` does not answer"))?
}

/// A text as a part of a URL or a form: only what RFC 3986 calls unreserved stands for itself.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// `a=b&c=d`, encoded.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| format!("{name}={}", encoded(value));
    fields.iter().map(one).collect::<Vec<_>>().join("&")
}
