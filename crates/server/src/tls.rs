//! TLS: a certificate that was given, or one of the site's own authority.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::serve::ServeError;

/// Days that the site's own certificate is good for; a new one is made when half of them are gone.
const DAYS: u64 = 365;

/// How often it is looked whether the files were renewed.
const LOOK: Duration = Duration::from_secs(5);
/// How often the site's own certificate is looked at for its age.
const LOOK_AT_OWN: Duration = Duration::from_secs(3600);

/// A certificate and its key, read again when their files change: a renewed certificate needs no restart.
struct Given {
    certificate: PathBuf,
    key: PathBuf,
    /// Of the site's own authority: where it is, and whom it names.
    own: Option<(PathBuf, Vec<SocketAddr>)>,
    read: Mutex<Read>,
}

/// What was read, when it was looked at last, and what the files were then.
struct Read {
    pair: Arc<CertifiedKey>,
    looked: Instant,
    stamp: Stamp,
}

/// Tells one state of the two files from another.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl std::fmt::Debug for Given {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Given").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|path| {
        let meta = fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    })
}

impl Given {
    fn open(certificate: &Path, key: &Path, own: Option<(PathBuf, Vec<SocketAddr>)>) -> Result<Given, ServeError> {
        // The state before reading: what changes meanwhile is read again.
        let stamp = stamp(certificate, key);
        let pair = Arc::new(pair(certificate, key)?);
        let read = Mutex::new(Read { pair, looked: Instant::now(), stamp });
        Ok(Given { certificate: certificate.into(), key: key.into(), own, read })
    }

    /// The pair as it is now. Where the new files are no good, the old pair goes on, and the log says why.
    fn now(&self) -> Arc<CertifiedKey> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.looked.elapsed() < if self.own.is_some() { LOOK_AT_OWN } else { LOOK } {
            return Arc::clone(&read.pair);
        }
        read.looked = Instant::now();
        if let Some((folder, listen)) = &self.own
            && let Err(error) = make_own(folder, listen)
        {
            tracing::error!("the own certificate could not be renewed: {error}");
        }
        let stamp = stamp(&self.certificate, &self.key);
        if stamp != read.stamp {
            match pair(&self.certificate, &self.key) {
                Ok(pair) => {
                    tracing::info!("the certificate `{}` was renewed", self.certificate.display());
                    (read.pair, read.stamp) = (Arc::new(pair), stamp);
                }
                // Perhaps only one of both is there yet: it is tried again.
                Err(error) => tracing::error!("the certificate of before stays in use: {error}"),
            }
        }
        Arc::clone(&read.pair)
    }

    fn config(self) -> Result<Arc<ServerConfig>, ServeError> {
        let path = self.certificate.display().to_string();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| ServeError::Certificate(path, e.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Given {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

/// Reads a certificate chain and its key.
fn pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, ServeError> {
    let (named, key_named) = (certificate.display().to_string(), key.display().to_string());
    let wrong = |why: String| ServeError::Certificate(named.clone(), why);
    let wrong_key = |why: String| ServeError::Key(key_named.clone(), why);
    let bytes = fs::read(certificate).map_err(|e| wrong(e.to_string()))?;
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(|e| wrong(format!("is no PEM: {e}")))?;
    if chain.is_empty() {
        return Err(wrong("holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)".into()));
    }
    let bytes = fs::read(key).map_err(|e| wrong_key(e.to_string()))?;
    let key_der = PrivateKeyDer::from_pem_slice(&bytes).map_err(|e| match e {
        rustls_pki_types::pem::Error::NoItemsFound => {
            wrong_key("holds no private key in PEM form without a passphrase (`-----BEGIN PRIVATE KEY-----`)".into())
        }
        other => wrong_key(format!("is no PEM: {other}")),
    })?;
    CertifiedKey::from_der(chain, key_der, &ring::default_provider()).map_err(|e| match e {
        rustls::Error::InconsistentKeys(_) => wrong_key(format!("does not belong to the certificate `{named}`")),
        rustls::Error::InvalidCertificate(why) => wrong(format!("cannot be used: {why:?}")),
        other => wrong_key(other.to_string()),
    })
}

/// The configuration with a certificate chain and key in PEM files.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, ServeError> {
    Given::open(certificate, key, None)?.config()
}

/// The configuration with a certificate of the site's own authority in `folder`, both made where they are absent or old.
pub fn own(folder: &Path, listen: &[SocketAddr]) -> Result<Arc<ServerConfig>, ServeError> {
    make_own(folder, listen)?;
    let own = Some((folder.to_owned(), listen.to_vec()));
    Given::open(&folder.join("server.pem"), &folder.join("server.key"), own)?.config()
}

/// Makes authority and certificate in `folder` where they are absent or old.
fn make_own(folder: &Path, listen: &[SocketAddr]) -> Result<(), ServeError> {
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
    Ok(())
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

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
    use rustls_pki_types::ServerName;

    use super::*;

    /// A certificate for `localhost` that signs itself, with its key.
    fn written(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
        let (at, key_at) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        fs::write(&at, certificate.pem()).unwrap();
        fs::write(&key_at, key.serialize_pem()).unwrap();
        (at, key_at)
    }

    /// A whole handshake in memory; gives why the client refuses.
    fn handshake(server: &Arc<ServerConfig>, trusted: &Path) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        for one in CertificateDer::pem_file_iter(trusted).unwrap() {
            roots.add(one.unwrap()).unwrap();
        }
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
        let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets().map_err(|e| e.to_string())?;
            let mut bytes = Vec::new();
            server.write_tls(&mut bytes).unwrap();
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets().map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    #[test]
    fn the_own_authority_is_trusted_and_a_given_certificate_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let tls = folder.path().join("tls");
        let own = own(&tls, &[SocketAddr::from(([127, 0, 0, 1], 0))]).unwrap();
        assert_eq!(handshake(&own, &tls.join("ca.pem")), Ok(()));
        let (certificate, key) = written(folder.path(), "given");
        let given = from_files(&certificate, &key).unwrap();
        assert_eq!(handshake(&given, &certificate), Ok(()));
        // Who trusts only the one does not take the other.
        assert!(handshake(&given, &tls.join("ca.pem")).unwrap_err().contains("UnknownIssuer"));
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = written(folder.path(), "one");
        let (_, other) = written(folder.path(), "two");
        let empty = folder.path().join("empty");
        fs::write(&empty, "nothing").unwrap();
        let absent = folder.path().join("absent");
        let said = |certificate: &Path, key: &Path| {
            let error = from_files(certificate, key).unwrap_err().to_string();
            error.replace(&folder.path().display().to_string(), "DIR")
        };
        let all = [
            said(&absent, &key),
            said(&certificate, &absent),
            said(&empty, &key),
            said(&certificate, &empty),
            said(&certificate, &other),
        ];
        expect_test::expect![[r#"
            certificate `DIR/absent`: No such file or directory (os error 2)
            key `DIR/absent`: No such file or directory (os error 2)
            certificate `DIR/empty`: holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)
            key `DIR/empty`: holds no private key in PEM form without a passphrase (`-----BEGIN PRIVATE KEY-----`)
            key `DIR/two.key`: does not belong to the certificate `DIR/one.pem`
        "#]]
        .assert_eq(&(all.join("\n") + "\n"));
    }

    #[test]
    fn a_renewed_certificate_is_taken_without_a_restart_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = written(folder.path(), "one");
        let (new, new_key) = written(folder.path(), "two");
        let given = Given::open(&certificate, &key, None).unwrap();
        let first = given.now();
        let long_ago = || given.read.lock().unwrap().looked = Instant::now().checked_sub(LOOK * 2).unwrap();
        // Half a renewal: the key is still the old one.
        fs::write(&certificate, fs::read_to_string(&new).unwrap() + "\n").unwrap();
        long_ago();
        assert!(Arc::ptr_eq(&first, &given.now()));
        fs::copy(&new_key, &key).unwrap();
        long_ago();
        assert!(!Arc::ptr_eq(&first, &given.now()));
    }
}
