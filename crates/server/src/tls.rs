//! TLS: a certificate that was given, or one of the site's own authority.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::serve::ServeError;

/// Days that the site's own certificate is good for; a new one is made at a start when half of them are gone.
const DAYS: u64 = 365;

/// The configuration with a certificate chain and key in PEM files.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, ServeError> {
    let wrong = |path: &Path, why: String| ServeError::Certificate(path.display().to_string(), why);
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(|e| wrong(certificate, e.to_string()))?.collect();
    let chain = chain.map_err(|e| wrong(certificate, e.to_string()))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, e.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_der))
        .map_err(|e| wrong(certificate, e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The configuration with a certificate of the site's own authority in `folder`, both made where they are absent or old.
pub fn own(folder: &Path, listen: &[SocketAddr]) -> Result<Arc<ServerConfig>, ServeError> {
    let failed = |e: std::io::Error| ServeError::Certificate(folder.display().to_string(), e.to_string());
    let refused = |e: rcgen::Error| ServeError::Certificate(folder.display().to_string(), e.to_string());
    fs::create_dir_all(folder).map_err(failed)?;
    let at = |name: &str| folder.join(name);
    if !at("ca.pem").exists() || !at("ca.key").exists() {
        let key = KeyPair::generate().map_err(refused)?;
        let certificate = authority().self_signed(&key).map_err(refused)?;
        write_private(&at("ca.key"), &key.serialize_pem()).map_err(failed)?;
        write_private(&at("ca.pem"), &certificate.pem()).map_err(failed)?;
    }
    let names = names(listen);
    let names_now = names.join("\n");
    let is_good = fs::read_to_string(at("names")).is_ok_and(|known| known == names_now)
        && fs::metadata(at("server.pem"))
            .and_then(|meta| meta.modified())
            .is_ok_and(|made| made.elapsed().is_ok_and(|age| age.as_secs() < DAYS / 2 * 86_400))
        && at("server.key").exists();
    if !is_good {
        let ca_key = fs::read_to_string(at("ca.key")).map_err(failed)?;
        let ca_key = KeyPair::from_pem(&ca_key).map_err(refused)?;
        let issuer = Issuer::new(authority(), ca_key);
        let key = KeyPair::generate().map_err(refused)?;
        let mut params = CertificateParams::new(names).map_err(refused)?;
        params.distinguished_name = name("Vigie");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        (params.not_before, params.not_after) = validity(DAYS);
        let certificate = params.signed_by(&key, &issuer).map_err(refused)?;
        let chain = format!("{}{}", certificate.pem(), fs::read_to_string(at("ca.pem")).map_err(failed)?);
        write_private(&at("server.key"), &key.serialize_pem()).map_err(failed)?;
        write_private(&at("server.pem"), &chain).map_err(failed)?;
        write_private(&at("names"), &names_now).map_err(failed)?;
    }
    from_files(&at("server.pem"), &at("server.key"))
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// What the authority says of itself: the same every time, so that it can sign again with its kept key.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Vigie site authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2045, 1, 1);
    params
}

fn validity(days: u64) -> (time::OffsetDateTime, time::OffsetDateTime) {
    let now = time::OffsetDateTime::now_utc();
    let day = std::time::Duration::from_secs(86_400);
    (now - day, now + day * u32::try_from(days).unwrap_or(1))
}

/// Names and addresses by which the server may be called.
fn names(listen: &[SocketAddr]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if let Ok(host) = fs::read_to_string("/proc/sys/kernel/hostname") {
        let host = host.trim().to_lowercase();
        if !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) {
            names.push(host);
        }
    }
    for address in listen {
        let ip = match address.ip() {
            // Everywhere: at least the address by which the way out goes.
            ip if ip.is_unspecified() => way_out(),
            ip => Some(ip),
        };
        names.extend(ip.map(|ip| ip.to_string()));
    }
    names.sort();
    names.dedup();
    names
}

/// The address of the interface with the default route. A UDP socket that is connected sends nothing.
fn way_out() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
