//! How a message goes: HTTP POST, mail, syslog.

use std::sync::Arc;

use axum::http::{Method, header};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::Finding;
use serde::{Deserialize, Serialize};
use store::{Channel, Notification};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

use super::message;
use crate::export::{self, Told};
use crate::{Site, web};

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
        Channel::Webhook => web::place(target).map(drop),
        Channel::Email => target.split(',').try_for_each(|one| {
            one.trim().parse::<Mailbox>().map(drop).map_err(|e| format!("`{}` is no mail address: {e}", one.trim()))
        }),
        Channel::Syslog => syslog_target(target).map(drop),
    }
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
    let body = message::body(finding, notification, &site.config().version).to_string();
    let mut headers = vec![(header::CONTENT_TYPE, "application/json".to_owned())];
    if let Some(secret) = site.store().secret("notification", id).await.map_err(|e| e.to_string())? {
        // `Bearer …`, `Basic …`: as the target wants it.
        headers.push((header::AUTHORIZATION, secret));
    }
    let (status, _) = web::ask(&web::client(None)?, Method::POST, &notification.target, &headers, body).await?;
    if status.is_success() { Ok(()) } else { Err(format!("answered {status}")) }
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
