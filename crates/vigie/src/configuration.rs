//! Settings of `vigie run` and `vigie demo`: the command line before the environment before the file before the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::arguments::{Run, Site, size};

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
}

/// What `vigie run` works with.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            ..Configuration::of_site(&run.site, &file, interfaces, "vigie-data")
        })
    }

    /// What the demonstration works with.
    pub fn of_demo(site: &Site) -> Result<Configuration, String> {
        let file = File::read(site.config.as_deref())?;
        Ok(Configuration::of_site(site, &file, Vec::new(), "vigie-demo"))
    }

    fn of_site(site: &Site, file: &File, interfaces: Vec<String>, folder: &str) -> Configuration {
        Configuration {
            interfaces,
            filter: None,
            sensor: "simulated-plant".to_owned(),
            evidence: EVIDENCE,
            data: site.data.clone().or(file.data.clone()).unwrap_or_else(|| folder.into()),
            listen: site.listen.or(file.listen).unwrap_or(LISTEN),
        }
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
