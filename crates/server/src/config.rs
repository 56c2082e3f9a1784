//! What the site is told when it is opened.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use model::Time;

use crate::login::Logins;

/// How connections are protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Where the address is not a loopback one, with a certificate of the site's own authority (`tls/` of the data
    /// folder).
    #[default]
    Auto,
    /// Never: somebody else protects the connection, such as a proxy on the same machine.
    Off,
    /// With this certificate chain and key (PEM).
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// Which packets are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceQuery {
    /// Identity of a flow, as in records.
    pub flow: Option<String>,
    /// IP addresses of which one must be an end.
    pub addresses: Vec<std::net::IpAddr>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
}

/// Writes the packets that match as pcapng and gives their number. It runs on a thread of its own.
pub type Evidence = Arc<dyn Fn(&EvidenceQuery, &mut dyn Write) -> std::io::Result<u64> + Send + Sync>;

/// What the site is told when it is opened.
#[derive(Clone)]
pub struct Config {
    /// Everything that is kept is below it.
    pub data: PathBuf,
    /// Where to answer.
    pub listen: Vec<SocketAddr>,
    /// How connections are protected.
    pub tls: Tls,
    /// Version of the program, as `/health` tells it.
    pub version: String,
    /// The descriptions of the protocols that are decoded: a list of objects, answered as it is. The server does not know
    /// decoding.
    pub protocols: serde_json::Value,
    /// Where packets are kept, if anywhere.
    pub evidence: Option<Evidence>,
    /// How people come in besides passwords that are kept here.
    pub logins: Logins,
    /// Bytes of history that are kept; the oldest goes first.
    pub history_bytes_max: u64,
    /// Bytes of the journal that are kept; the oldest goes first, and an analysis of it stays.
    pub journal_bytes_max: u64,
    /// Bytes of one file of the journal: only whole files are removed.
    pub segment_bytes_max: u64,
}

impl Config {
    /// Everything below `data`, answering on a free loopback port.
    pub fn new(data: impl Into<PathBuf>) -> Config {
        Config {
            data: data.into(),
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            tls: Tls::Auto,
            version: env!("CARGO_PKG_VERSION").into(),
            protocols: serde_json::Value::Array(Vec::new()),
            evidence: None,
            logins: Logins::default(),
            history_bytes_max: 50 << 30,
            journal_bytes_max: 10 << 30,
            segment_bytes_max: 64 << 20,
        }
    }
}
