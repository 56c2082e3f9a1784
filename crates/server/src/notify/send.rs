//! How a message goes: HTTP POST, mail, syslog.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::Finding;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use serde::{Deserialize, Serialize};
use store::{Channel, Notification};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio_rustls::TlsConnector;

use super::message;
use crate::Site;
use crate::export::{self, Told};

/// The server that mail is given to: setting `smtp`, without its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `starttls`, `tls` or `none`.
    pub security: String,
    /// Whom the mail is from.
    pub from: String,
    /// As whom Vigie logs in there; nobody where it is absent.
    #[serde(default)]
    pub user: Option<String>,
}

/// Whether something can be sent to a target at all.
pub fn check_target(channel: Channel, target: &str) -> Result<(), String> {
    match channel {
        Channel::Webhook => web_target(target).map(drop),
        Channel::Email => target.split(',').try_for_each(|one| {
            one.trim().parse::<Mailbox>().map(drop).map_err(|e| format!("`{}` is no mail address: {e}", one.trim()))
        }),
        Channel::Syslog => syslog_target(target).map(drop),
    }
}

fn web_target(target: &str) -> Result<(Uri, bool, String, u16), String> {
    let uri: Uri = target.parse().map_err(|e| format!("`{target}` is no URL: {e}"))?;
    let is_secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("a webhook begins with https:// or http://".into()),
    };
    let host = uri.host().ok_or("a webhook has a host")?.trim_matches(['[', ']']).to_owned();
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("no name and password in the URL: they would stand in the ledger; use the secret".into());
    }
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    Ok((uri, is_secure, host, port))
}

/// Whether by TCP, and where.
fn syslog_target(target: &str) -> Result<(bool, &str), String> {
    let (is_tcp, place) = match target.split_once("://") {
        Some(("tcp", place)) => (true, place),
        Some(("udp", place)) => (false, place),
        None => (false, target),
        _ => return Err("a syslog target is `host:port`, `udp://host:port` or `tcp://host:port`".into()),
    };
    match place.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => Ok((is_tcp, place)),
        _ => Err("a syslog target has a host and a port".into()),
    }
}

/// Sends one message.
pub async fn send(site: &Arc<Site>, id: &str, notification: &Notification, finding: &Finding) -> Result<(), String> {
    match notification.channel {
        Channel::Webhook => webhook(site, id, notification, finding).await,
        Channel::Email => mail(site, notification, finding).await,
        Channel::Syslog => syslog(site, notification, finding).await,
    }
}

async fn webhook(site: &Arc<Site>, id: &str, notification: &Notification, finding: &Finding) -> Result<(), String> {
    let (uri, is_secure, host, port) = web_target(&notification.target)?;
    let body = message::body(finding, notification, &site.config().version).to_string();
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let mut request = Request::post(path)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("vigie/", env!("CARGO_PKG_VERSION")));
    if let Some(secret) = site.store().secret("notification", id).await.map_err(|e| e.to_string())? {
        // `Bearer …`, `Basic …`: as the target wants it.
        request = request.header(header::AUTHORIZATION, secret);
    }
    let request = request.body(Body::from(body)).map_err(|e| e.to_string())?;
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|e| format!("{host}:{port}: {e}"))?;
    if !is_secure {
        return post(stream, request).await;
    }
    let name = ServerName::try_from(host.clone()).map_err(|e| format!("{host}: {e}"))?;
    let connector = TlsConnector::from(client()?);
    let stream = connector.connect(name, stream).await.map_err(|e| format!("{host}: {e}"))?;
    post(stream, request).await
}

async fn post(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Body>,
) -> Result<(), String> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|e| e.to_string())?;
    // It ends when the answer was read; how does not matter then.
    let running = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|e| e.to_string());
    running.abort();
    match response?.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("answered {status}")),
    }
}

/// TLS as a client, with the authorities that the system trusts.
fn client() -> Result<Arc<ClientConfig>, String> {
    static CLIENT: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(Arc::clone(client));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CLIENT.get_or_init(|| Arc::new(config))))
}

async fn mail(site: &Arc<Site>, notification: &Notification, finding: &Finding) -> Result<(), String> {
    let decided = site.decided();
    let smtp = decided.settings.get("smtp").ok_or("no mail server is set (settings, `smtp`)")?;
    let smtp: Smtp = serde_json::from_value(smtp.clone()).map_err(|e| format!("setting `smtp`: {e}"))?;
    let (subject, text) = message::words(finding, notification);
    let mut mail =
        Message::builder().from(smtp.from.parse().map_err(|e| format!("`{}`: {e}", smtp.from))?).subject(subject);
    for one in notification.target.split(',') {
        mail = mail.to(one.trim().parse().map_err(|e| format!("`{}`: {e}", one.trim()))?);
    }
    let mail = mail.body(text).map_err(|e| e.to_string())?;
    let parameters = || TlsParameters::new(smtp.host.clone()).map_err(|e| e.to_string());
    let tls = match smtp.security.as_str() {
        "none" => Tls::None,
        "tls" => Tls::Wrapper(parameters()?),
        _ => Tls::Required(parameters()?),
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host).port(smtp.port).tls(tls);
    if let Some(user) = smtp.user {
        let password = site.store().secret("smtp", "password").await.map_err(|e| e.to_string())?.unwrap_or_default();
        transport = transport.credentials(Credentials::new(user, password));
    }
    transport.build().send(mail).await.map(drop).map_err(|e| e.to_string())
}

async fn syslog(site: &Arc<Site>, notification: &Notification, finding: &Finding) -> Result<(), String> {
    let (is_tcp, place) = syslog_target(&notification.target)?;
    let told = Told { finding, state: "open", version: &site.config().version };
    let line = match notification.form.as_str() {
        "cef" => format!("<{}>{}", 16 * 8 + 4, export::cef(told)),
        _ => export::syslog(told, "vigie"),
    };
    if is_tcp {
        let mut stream = TcpStream::connect(place).await.map_err(|e| format!("{place}: {e}"))?;
        // RFC 6587, octet counting.
        let framed = format!("{} {line}", line.len());
        stream.write_all(framed.as_bytes()).await.map_err(|e| e.to_string())?;
        return stream.shutdown().await.map_err(|e| e.to_string());
    }
    let socket = UdpSocket::bind("[::]:0").await;
    let socket = match socket {
        Ok(socket) => socket,
        Err(_) => UdpSocket::bind("0.0.0.0:0").await.map_err(|e| e.to_string())?,
    };
    let mut places = tokio::net::lookup_host(place).await.map_err(|e| format!("{place}: {e}"))?;
    let first = places.next().ok_or_else(|| format!("{place}: no address"))?;
    // A socket for both kinds of addresses takes those of version 4 in their mapped form.
    let first = match (first.ip(), socket.local_addr().map(|local| local.is_ipv6())) {
        (std::net::IpAddr::V4(ip), Ok(true)) => (ip.to_ipv6_mapped(), first.port()).into(),
        _ => first,
    };
    socket.send_to(line.as_bytes(), first).await.map(drop).map_err(|e| e.to_string())
}
