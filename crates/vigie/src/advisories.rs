//! `vigie advisories`: the advisories that are kept below the data folder.

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use ::advisories::store::{Imported, Known, Store, sha256};
use clap::{Args, Subcommand};
use ledger::{BundleKey, VerifyingKey, unverified_text, verified_text};
use model::Time;

use crate::Ending;
use crate::arguments::{Data, SummaryForm};
use crate::console;

/// Arguments of `vigie advisories`.
#[derive(Args)]
pub struct Advisories {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Take in CSAF documents and threat lists: a directory, a zip or tar archive, one file, or a signed bundle
    Import(Import),
    /// What is known, and since when
    List(List),
    /// One document as it came
    Show(Show),
    /// Write everything known into one signed file for a plant without a network
    Bundle(Bundle),
}

/// Arguments of `vigie advisories import`.
#[derive(Args)]
pub struct Import {
    /// Where the documents are
    #[arg(required = true, value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Of a bundle: the key of who made it, as they told you
    #[arg(long, value_name = "VKEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie advisories list`.
#[derive(Args)]
pub struct List {
    /// What was known at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub format: SummaryForm,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie advisories show`.
#[derive(Args)]
pub struct Show {
    /// The id of the document, such as ICSA-19-344-06
    pub id: String,
    /// As it was known at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie advisories bundle`.
#[derive(Args)]
pub struct Bundle {
    /// The folder to write: the documents, and a signed list of them
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The file of the signing key; made where it is missing
    #[arg(long, value_name = "FILE")]
    pub signing_key: PathBuf,
    #[command(flatten)]
    pub data: Data,
}

pub fn run(arguments: &Advisories) -> Result<Ending, String> {
    match &arguments.command {
        Command::Import(import) => self::import(import),
        Command::List(list) => self::list(list),
        Command::Show(show) => self::show(show),
        Command::Bundle(bundle) => self::bundle(bundle),
    }
}

/// Now, as it is written down: RFC 3339.
pub fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)).to_string()
}

/// The name of the signed list in a bundle.
const LIST: &str = "bundle.note";
/// The first line of the list.
const MAGIC: &str = "vigie advisories bundle v1";

fn import(arguments: &Import) -> Result<Ending, String> {
    let mut store = Store::open(&arguments.data.data)?;
    let now = now();
    let is_shown = std::io::stderr().is_terminal();
    let mut sum = Imported::default();
    for path in &arguments.paths {
        if path.join(LIST).is_file() {
            verify_bundle(path, arguments.key.as_deref())?;
        }
        let mut tick = |files: u64| {
            if is_shown && files.is_multiple_of(50) {
                console::tell(&format!("\r{files} files "));
            }
        };
        let imported = store.import(path, &now, &mut tick)?;
        if is_shown {
            console::tell("\r");
        }
        for problem in &imported.problems {
            console::tell(&format!("vigie: {}: {problem}\n", path.display()));
        }
        sum.files += imported.files;
        sum.new += imported.new;
        sum.revised += imported.revised;
        sum.same += imported.same;
        sum.problem_count += imported.problem_count;
    }
    console::print(&format!(
        "{} files: {} new, {} revised, {} known already, {} problems\n",
        sum.files, sum.new, sum.revised, sum.same, sum.problem_count
    ))?;
    Ok(if sum.problem_count == 0 { Ending::Whole } else { Ending::Partial })
}

fn list(arguments: &List) -> Result<Ending, String> {
    let store = Store::open(&arguments.data.data)?;
    let known = store.as_of(arguments.as_of.as_deref());
    if arguments.format == SummaryForm::Json {
        return console::print(&format!("{:#}\n", serde_json::json!(known))).map(|()| Ending::Whole);
    }
    let mut text = String::new();
    for known in &known {
        text.push_str(&format!(
            "{:24} {:10} known since {:30} {}\n",
            known.id, known.revision, known.first_known, known.title
        ));
    }
    text.push_str(&format!("{} documents and lists\n", known.len()));
    console::print(&text).map(|()| Ending::Whole)
}

fn show(arguments: &Show) -> Result<Ending, String> {
    let store = Store::open(&arguments.data.data)?;
    let wanted = |known: &&Known| known.id.eq_ignore_ascii_case(&arguments.id);
    let known = store.as_of(arguments.as_of.as_deref()).into_iter().find(wanted);
    let known =
        known.ok_or_else(|| format!("`{}` is not known; `vigie advisories list` says what is", arguments.id))?;
    console::print(&String::from_utf8_lossy(&store.bytes(known)?)).map(|()| Ending::Whole)
}

/// Writes the folder of a bundle: every document by its SHA-256, and the signed list of them.
fn bundle(arguments: &Bundle) -> Result<Ending, String> {
    let failed = |path: &Path, error: std::io::Error| format!("`{}`: {error}", path.display());
    let store = Store::open(&arguments.data.data)?;
    let key = signing_key(&arguments.signing_key)?;
    fs::create_dir_all(&arguments.folder).map_err(|error| failed(&arguments.folder, error))?;
    let mut list = format!("{MAGIC}\n");
    let known = store.as_of(None);
    for known in &known {
        let bytes = store.bytes(known).map_err(|reason| format!("{}: {reason}", known.id))?;
        let path = arguments.folder.join(format!("{}.json", known.sha256));
        fs::write(&path, bytes).map_err(|error| failed(&path, error))?;
        list.push_str(&format!("{}.json\n", known.sha256));
    }
    let path = arguments.folder.join(LIST);
    let note = key.sign(&list).ok_or("the list could not be signed")?;
    fs::write(&path, note).map_err(|error| failed(&path, error))?;
    let vkey = key.public().as_str();
    console::print(&format!(
        "{} documents and lists in {}\nWho imports it needs this key: {vkey}\n",
        known.len(),
        arguments.folder.display()
    ))?;
    Ok(Ending::Whole)
}

fn signing_key(path: &Path) -> Result<BundleKey, String> {
    match fs::read_to_string(path) {
        Ok(text) => BundleKey::parse(&text).ok_or_else(|| format!("`{}` holds no signing key", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let (key, text) = BundleKey::generate("vigie/advisories").ok_or("no key could be made")?;
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let written = options
                .open(path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, format!("{}\n", text.trim()).as_bytes()));
            written.map_err(|error| format!("`{}`: {error}", path.display()))?;
            Ok(key)
        }
        Err(error) => Err(format!("`{}`: {error}", path.display())),
    }
}

/// Checks a bundle: the signature of its list, and that every file is in it and as it says. Nothing is imported before.
fn verify_bundle(folder: &Path, key: Option<&str>) -> Result<(), String> {
    let path = folder.join(LIST);
    let note = fs::read(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let fault = |fault: ledger::NoteFault| format!("`{}`: {fault}", path.display());
    let text = match key {
        Some(key) => {
            verified_text(&note, &VerifyingKey::parse(key).map_err(|error| error.to_string())?).map_err(fault)?
        }
        None => {
            console::tell("vigie: without --key nobody's signature of the bundle is checked, its checksums alone\n");
            unverified_text(&note).map_err(fault)?
        }
    };
    let mut lines = text.lines();
    if lines.next() != Some(MAGIC) {
        return Err(format!("`{}`: it is no list of a bundle", path.display()));
    }
    let mut listed = std::collections::HashSet::new();
    for line in lines {
        let hash =
            line.strip_suffix(".json").filter(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
        let hash = hash.ok_or_else(|| format!("`{}`: `{line}` is no name of a bundle", path.display()))?;
        let file = folder.join(line);
        let bytes = fs::File::open(&file).map_err(|error| error.to_string()).and_then(::advisories::source::bounded);
        let bytes = bytes.map_err(|error| format!("`{}`: {error}", file.display()))?;
        if sha256(&bytes) != hash {
            return Err(format!("`{}` was changed: its SHA-256 is {}", file.display(), sha256(&bytes)));
        }
        listed.insert(line.to_string());
    }
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != LIST && !listed.contains(&name) {
            return Err(format!("`{}` is not in the list of the bundle", entry.path().display()));
        }
    }
    Ok(())
}
