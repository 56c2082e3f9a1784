//! Settings of `vigie run` and `vigie demo`: the command line before the environment before the file before the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use server::Tls;
use server::login::Logins;

use crate::arguments::{Run, Site, size};
use crate::logins::{LdapTable, OidcTable};

/// The file of `--config`. Unknown names are errors: a misspelt setting must not be silently without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    interface: Vec<String>,
    filter: Option<String>,
    sensor: Option<String>,
    evidence: Option<String>,
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    oidc: Option<OidcTable>,
    ldap: Option<LdapTable>,
}

/// What `vigie run` works with.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Interfaces to watch.
    pub interfaces: Vec<String>,
    /// Only packets that match.
    pub filter: Option<String>,
    /// Name of the sensor.
    pub sensor: String,
    /// Bytes of the evidence ring; 0 for none.
    pub evidence: u64,
    /// Folder of everything that is kept.
    pub data: PathBuf,
    /// Where the user interface is served.
    pub listen: SocketAddr,
    /// How its connections are protected.
    pub tls: Tls,
    /// How people come in besides passwords that are kept here.
    pub logins: Logins,
}

const EVIDENCE: u64 = 1 << 30;
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8443);

impl Configuration {
    /// Puts together what was given.
    pub fn of_run(run: &Run) -> Result<Configuration, String> {
        let file = File::read(run.site.config.as_deref())?;
        let evidence = match (run.evidence, &file.evidence) {
            (Some(bytes), _) => bytes,
            (None, Some(text)) => size(text).map_err(|e| in_file(run.site.config.as_deref(), &e))?,
            (None, None) => EVIDENCE,
        };
        let interfaces = if run.interface.is_empty() { file.interface.clone() } else { run.interface.clone() };
        if interfaces.is_empty() && run.replay.is_empty() {
            let known = capture::Live::interfaces().join(", ");
            return Err(format!(
                "nothing to watch: give --interface NAME (there are: {known}) or --replay FILE; `vigie demo` shows a \
                 simulated plant"
            ));
        }
        Ok(Configuration {
            filter: run.filter.clone().or(file.filter.clone()),
            sensor: run.sensor.clone().or(file.sensor.clone()).unwrap_or_else(machine_name),
            evidence,
            ..Configuration::of_site(&run.site, &file, interfaces, "vigie-data")?
        })
    }

    /// What the demonstration works with.
    pub fn of_demo(site: &Site) -> Result<Configuration, String> {
        let file = File::read(site.config.as_deref())?;
        Configuration::of_site(site, &file, Vec::new(), "vigie-demo")
    }

    /// Files that are read while it runs, besides those below `data`.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = match &self.tls {
            Tls::Files { certificate, key } => vec![certificate.clone(), key.clone()],
            _ => Vec::new(),
        };
        files.extend(self.logins.oidc.iter().filter_map(|oidc| oidc.authorities.clone()));
        files.extend(self.logins.ldap.iter().filter_map(|ldap| ldap.authorities.clone()));
        files
    }

    fn of_site(site: &Site, file: &File, interfaces: Vec<String>, folder: &str) -> Result<Configuration, String> {
        let given = |one: &Option<PathBuf>, other: &Option<PathBuf>| one.clone().or(other.clone());
        let tls = match (given(&site.tls_certificate, &file.tls_certificate), given(&site.tls_key, &file.tls_key)) {
            (None, None) => Tls::Auto,
            (Some(certificate), Some(key)) => Tls::Files { certificate, key },
            (Some(_), None) => return Err("--tls-certificate needs its key: give --tls-key FILE, too".into()),
            (None, Some(_)) => return Err("--tls-key needs its certificate: give --tls-certificate FILE, too".into()),
        };
        let in_table =
            |name: &'static str| move |why: String| in_file(site.config.as_deref(), &format!("[{name}]: {why}"));
        let logins = Logins {
            oidc: file.oidc.clone().map(OidcTable::read).transpose().map_err(in_table("oidc"))?,
            ldap: file.ldap.clone().map(LdapTable::read).transpose().map_err(in_table("ldap"))?,
        };
        Ok(Configuration {
            logins,
            interfaces,
            filter: None,
            sensor: "simulated-plant".to_owned(),
            evidence: EVIDENCE,
            data: site.data.clone().or(file.data.clone()).unwrap_or_else(|| folder.into()),
            listen: site.listen.or(file.listen).unwrap_or(LISTEN),
            tls,
        })
    }
}

impl File {
    fn read(path: Option<&Path>) -> Result<File, String> {
        let Some(path) = path else { return Ok(File::default()) };
        let text = std::fs::read_to_string(path).map_err(|e| in_file(Some(path), &e))?;
        toml::from_str(&text).map_err(|e| in_file(Some(path), &e))
    }
}

fn in_file(path: Option<&Path>, what: &dyn std::fmt::Display) -> String {
    format!("`{}`: {what}", path.unwrap_or(Path::new("")).display())
}

fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "sensor".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn configuration(arguments: &[&str]) -> Result<Configuration, String> {
        match Arguments::try_parse_from([&["vigie", "run"], arguments].concat()).map_err(|e| e.to_string())?.command {
            Command::Run(run) => Configuration::of_run(&run),
            _ => unreachable!(),
        }
    }

    fn file(name: &str, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("vigie-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    #[test]
    fn a_certificate_comes_with_its_key() {
        let path = file("tls", "interface = [\"eth1\"]\ntls_certificate = \"/tls/a.pem\"\n");
        let refused = configuration(&["--config", &path]).unwrap_err();
        assert_eq!(refused, "--tls-certificate needs its key: give --tls-key FILE, too");
        let read = configuration(&["--config", &path, "--tls-key", "/tls/a.key"]).unwrap();
        assert_eq!(read.tls, Tls::Files { certificate: "/tls/a.pem".into(), key: "/tls/a.key".into() });
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let path = file(
            "order",
            "interface = [\"eth1\", \"eth2\"]\nevidence = \"2G\"\ndata = \"/data\"\nsensor = \"north\"\n",
        );
        let read = configuration(&["--config", &path]).unwrap();
        assert_eq!(read.interfaces, ["eth1", "eth2"]);
        assert_eq!((read.evidence, read.sensor.as_str(), read.data.as_path()), (2 << 30, "north", Path::new("/data")));
        let read = configuration(&["--config", &path, "--interface", "eth9", "--evidence", "10M"]).unwrap();
        assert_eq!((read.interfaces, read.evidence), (vec!["eth9".to_owned()], 10 << 20));
    }

    #[test]
    fn a_wrong_file_is_named_with_its_line() {
        let path = file("wrong", "interface = [\"eth1\"]\nevidense = \"2G\"\n");
        let error = configuration(&["--config", &path]).unwrap_err();
        assert!(error.contains(&path) && error.contains("evidense") && error.contains("line 2"), "{error}");
        let error = configuration(&["--config", "/nowhere.toml"]).unwrap_err();
        assert!(error.contains("/nowhere.toml"), "{error}");
    }

    #[test]
    fn nothing_to_watch_says_what_there_is() {
        assert!(configuration(&[]).unwrap_err().contains("--interface"));
        assert!(configuration(&["--interface", "a", "--replay", "b"]).is_err());
        assert!(configuration(&["--replay", "b", "--speed", "fast"]).unwrap_err().contains("max"));
    }
}
