//! The command line, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::Time;

use crate::sensor::Pace;

/// Watches an industrial network without touching it.
#[derive(Parser)]
#[command(name = "vigie", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Read captures: machines, who talks to whom and how, what can be done to the plant, what is exposed
    Read(Box<Read>),
    /// What is decoded, from which documents, to what depth, with the codes and their verbs
    Protocols(Protocols),
    /// What is detected: technique, requirement, meaning, what to do and what not to do
    Detectors(Detectors),
    /// Score detection on labelled data: process values, captures, or the simulated plant
    Evaluate(Box<Evaluate>),
    /// Write a capture of a simulated plant; the same seed gives the same bytes
    Simulate(Simulate),
    /// Check that nothing in a ledger was changed, with its directory alone; exit 0 good, 1 faults found, 2 wrong usage
    Verify(Verify),
    /// Ask the past with SQL: acts, facts, samples, conversations, health, findings, events
    Sql(Sql),
    /// Sigma rules: which there are; whether a file of rules is right, and what it finds in records
    Rules(crate::sigma::Rules),
    /// Zones and conduits of IEC 62443-3-2: proposed from captures, or a plan held against them
    Zones(crate::zones::Zones),
    /// Which machines of a list are affected by which advisories: affected, not affected, or unknown and what is missing
    Match(Match),
    /// The advisories that are kept: import, list, show, a signed bundle for a plant without a network
    Advisories(crate::advisories::Advisories),
    /// Attack paths from internet, office, vendor access and laptop to what the plant depends on, and the fixes that cut the most
    Paths(crate::paths::Paths),
    /// The smallest rule for each weakness, replayed over what was recorded: what it stops, what it would break
    Fixes(crate::fixes::Fixes),
    /// What lists, exports and configurations declare, against what captures show
    Compare(crate::compare::Compare),
    /// Watch interfaces, or play captures: everything Vigie keeps is below one folder, the user interface is at --listen
    Run(Box<Run>),
    /// Watch a simulated plant that comes under attack, to see what Vigie shows
    Demo(Demo),
    /// People who may use the user interface and the API
    User(User),
    /// Tokens with which programs use the API
    Token(Token),
    /// What is normal, as text that people read: write it, compare two, approve lines, bring a text in
    Baseline(Baseline),
    /// Make everything that is derived again from journal and ledger, and say whether it is what it was
    Rebuild(Rebuild),
}

/// Arguments of `vigie user`.
#[derive(Args)]
pub struct User {
    #[command(subcommand)]
    pub command: UserCommand,
}

#[derive(Subcommand)]
pub enum UserCommand {
    /// Let somebody in; somebody who is there gets this role and a new password
    Add(UserAdd),
    /// Everybody who may come in
    List(Data),
}

/// Arguments of `vigie user add`.
#[derive(Args)]
pub struct UserAdd {
    /// Name to log in with
    pub name: String,
    /// What they may do
    #[arg(long, value_parser = role, value_name = "viewer|analyst|engineer|administrator|auditor")]
    pub role: store::Role,
    /// Read the password from standard input: it must not stand in the history of the shell
    #[arg(long, required = true)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie token`.
#[derive(Args)]
pub struct Token {
    #[command(subcommand)]
    pub command: TokenCommand,
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token; its secret is printed once and kept nowhere
    Create(TokenCreate),
}

/// Arguments of `vigie token create`.
#[derive(Args)]
pub struct TokenCreate {
    /// What it is for
    pub name: String,
    /// Whose it is: it never may more than they do
    #[arg(long, value_name = "NAME")]
    pub owner: String,
    /// What it may be used for
    #[arg(long = "scope", value_parser = scope, value_name = "read|query|write|metrics|admin", default_value = "read", value_delimiter = ',')]
    pub scopes: Vec<store::Scope>,
    /// Days after which it is worth nothing
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie rebuild`.
#[derive(Args)]
pub struct Rebuild {
    #[command(flatten)]
    pub data: Data,
}

/// The folder of everything that Vigie keeps.
#[derive(Args)]
pub struct Data {
    /// Folder of everything that Vigie keeps
    #[arg(long, value_name = "DIR", env = "VIGIE_DATA", default_value = "vigie-data")]
    pub data: PathBuf,
}

/// Arguments of `vigie run`. What is not given here may be given in the environment or in the file of --config.
#[derive(Args)]
pub struct Run {
    /// Watch this interface; may be given several times
    #[arg(long, value_name = "NAME", env = "VIGIE_INTERFACE", value_delimiter = ',', conflicts_with = "replay")]
    pub interface: Vec<String>,
    /// Play this capture, or all of a directory, instead of watching; what was seen stays on show
    #[arg(long, value_name = "FILE")]
    pub replay: Vec<PathBuf>,
    /// How fast captures are played: 1 as recorded, 10 ten times as fast, max as fast as can be
    #[arg(long, value_name = "1|10|max", value_parser = pace, requires = "replay")]
    pub speed: Option<Pace>,
    /// Only packets that match this filter (the language of tcpdump)
    #[arg(long, value_name = "BPF", env = "VIGIE_FILTER")]
    pub filter: Option<String>,
    /// Name of this sensor in records and on screen [default: the machine's name]
    #[arg(long, value_name = "NAME", env = "VIGIE_SENSOR")]
    pub sensor: Option<String>,
    /// Size of the evidence ring on disk: 500M, 4G; 0 keeps no packets [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = size, env = "VIGIE_EVIDENCE")]
    pub evidence: Option<u64>,
    #[command(flatten)]
    pub site: Site,
}

/// Arguments of everything that keeps data and serves the user interface.
#[derive(Args, Clone)]
pub struct Site {
    /// Folder of everything that Vigie keeps; made where it is missing [default: vigie-data]
    #[arg(long, value_name = "DIR", env = "VIGIE_DATA")]
    pub data: Option<PathBuf>,
    /// Where the user interface and the API are served [default: 127.0.0.1:8443]; outside loopback always with TLS
    #[arg(long, value_name = "ADDR", env = "VIGIE_LISTEN")]
    pub listen: Option<std::net::SocketAddr>,
    /// Certificate chain of the user interface (PEM, its own certificate first); read again when it is renewed. Without it
    /// the site's own authority makes one
    #[arg(long, value_name = "FILE", env = "VIGIE_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of --tls-certificate (PEM)
    #[arg(long, value_name = "FILE", env = "VIGIE_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// A file with these settings (TOML): data = "/var/lib/vigie", interface = ["eth1"]
    #[arg(long, value_name = "FILE", env = "VIGIE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Do not give up rights at the start (capabilities, landlock, seccomp); for finding faults
    #[arg(long, env = "VIGIE_UNCONFINED")]
    pub unconfined: bool,
}

/// Arguments of `vigie demo`.
#[derive(Args)]
pub struct Demo {
    /// Everything random follows from it
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// How fast the plant's time passes
    #[arg(long, value_name = "1|10", value_parser = pace, default_value = "1")]
    pub speed: Pace,
    #[command(flatten)]
    pub site: Site,
}

/// Arguments of `vigie read`.
#[derive(Args)]
pub struct Read {
    /// Captures (pcap, pcapng, snoop; also compressed), directories of them, or - for standard input; log files beside
    /// them (syslog, CEF, Suricata EVE, Zeek JSON, Windows events, Wazuh)
    #[arg(required_unless_present = "tags", conflicts_with = "tags", value_name = "PATH|DIR|-")]
    pub paths: Vec<PathBuf>,
    /// Exports of a historian instead of captures (CSV, wide or long): learn what is normal, or judge by --train or --model
    #[arg(long, value_name = "FILE.csv", num_args = 1..)]
    pub tags: Vec<PathBuf>,
    /// Exports of a normal time to learn from
    #[arg(long, value_name = "FILE.csv", num_args = 1.., requires = "tags")]
    pub train: Vec<PathBuf>,
    /// What was learned: read where the file is there and --train is not given, else written
    #[arg(long, value_name = "FILE.json", requires = "tags")]
    pub model: Option<PathBuf>,
    /// Write all records to FILE, or to standard output with - (the summary then goes to standard error); as Parquet
    /// into the folder DIR, a file for each kind
    #[arg(long, value_name = "FILE|DIR|-")]
    pub records: Option<PathBuf>,
    /// Format of the records
    #[arg(long, value_enum, default_value_t = Format::Jsonl, requires = "records")]
    pub format: Format,
    /// Tell every act on its own instead of counting repeats
    #[arg(long)]
    pub no_rollup: bool,
    /// Write a self-contained report
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Language of the report and of the summary
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
    /// Write the inventory; the ending of the name says in which form
    #[arg(long, value_name = "FILE.csv|json")]
    pub inventory: Option<PathBuf>,
    /// Advisories (CSAF) to hold the machines against: a directory, a zip or tar archive, or one document
    #[arg(long, value_name = "DIR|FILE")]
    pub advisories: Option<PathBuf>,
    /// Form of the summary
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub summary: SummaryForm,
    /// Only packets that match this filter (the language of tcpdump)
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Number of threads that decode [default: one a core]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Sigma rules of your own beside the shipped ones: a file, or a folder with all below it
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Lists of indicators: STIX 2.1 bundle, MISP JSON, CSV
    #[arg(long, value_name = "FILE")]
    pub indicators: Vec<PathBuf>,
    /// Detectors and rules that stay silent, by id
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub disable: Vec<String>,
    /// Only packets at this time or later (RFC 3339: 2026-01-31T08:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Time>,
    /// Only packets before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Time>,
    /// Judge against this baseline (`vigie baseline export` writes one); departures become findings
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

/// Arguments of `vigie baseline`.
#[derive(Args)]
pub struct Baseline {
    #[command(subcommand)]
    pub command: BaselineCommand,
}

#[derive(Subcommand)]
pub enum BaselineCommand {
    /// Write the baseline as text: of a site, or learned from captures
    Export(BaselineExport),
    /// The lines in which two texts differ: - only in the first, + only in the second
    Diff(BaselineDiff),
    /// Approve lines of a site's baseline; the decision stands in the ledger
    Approve(BaselineApprove),
    /// Bring a text into a site: its approved lines become normal, its removed lines are forgotten; stands in the ledger
    Import(BaselineImport),
}

/// Arguments of `vigie baseline export`.
#[derive(Args)]
pub struct BaselineExport {
    /// Learn from these captures, or all of a directory, without a site
    #[arg(long, value_name = "PATH|DIR", num_args = 1.., conflicts_with = "data")]
    pub learn: Vec<PathBuf>,
    /// Folder of everything that Vigie keeps
    #[arg(long, value_name = "DIR", env = "VIGIE_DATA")]
    pub data: Option<PathBuf>,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Say with each channel whether it judges yet, and what it still needs
    #[arg(long)]
    pub arming: bool,
    /// Tell every act on its own while learning: the order of messages is learned better, and it takes longer
    #[arg(long, requires = "learn")]
    pub no_rollup: bool,
}

/// Arguments of `vigie baseline diff`.
#[derive(Args)]
pub struct BaselineDiff {
    /// The earlier text
    #[arg(value_name = "FILE")]
    pub before: PathBuf,
    /// The later text
    #[arg(value_name = "FILE")]
    pub after: PathBuf,
}

/// Arguments of `vigie baseline approve`.
#[derive(Args)]
pub struct BaselineApprove {
    /// This line, as `vigie baseline export` writes it; may be given several times
    #[arg(long, value_name = "LINE", required_unless_present = "all")]
    pub line: Vec<String>,
    /// Every line that was learned; not those that wait
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie baseline import`.
#[derive(Args)]
pub struct BaselineImport {
    /// The text
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub data: Data,
}

/// Arguments of `vigie protocols`.
#[derive(Args)]
pub struct Protocols {
    /// The id of one protocol
    pub name: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub format: SummaryForm,
}

/// Arguments of `vigie detectors`.
#[derive(Args)]
pub struct Detectors {
    /// The id of one detector
    pub id: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub format: SummaryForm,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// Arguments of `vigie verify`.
#[derive(Args)]
pub struct Verify {
    /// A ledger, the data directory of Vigie (then the journal is compared with it too), or a proof of one entry
    #[arg(value_name = "DIR|PROOF")]
    pub path: PathBuf,
    /// The ledger's key as you noted it elsewhere; without it a forger who signs everything anew is not found
    #[arg(long, value_name = "VKEY")]
    pub key: Option<String>,
    /// A checkpoint kept elsewhere, which must be the beginning of this ledger; may be given several times
    #[arg(long, value_name = "FILE")]
    pub earlier: Vec<PathBuf>,
    /// Show this entry and prove that it is in the ledger; the first is 0
    #[arg(long, value_name = "N")]
    pub entry: Option<u64>,
    /// Write the proof of the entry, for someone who has not the ledger
    #[arg(long, value_name = "FILE", requires = "entry")]
    pub write_proof: Option<PathBuf>,
    /// Of a proof: the entry that it must prove
    #[arg(long, value_name = "FILE")]
    pub content: Option<PathBuf>,
}

/// Arguments of `vigie evaluate`.
#[derive(Args)]
pub struct Evaluate {
    /// Files of a normal time to learn from; what is labelled as an attack in them is left out
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub train: Vec<PathBuf>,
    /// Files to score; one that was trained on is refused
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub test: Vec<PathBuf>,
    /// When the attacks were: JSON or CSV of intervals, `number;0|1` for each packet, deeds of `vigie simulate`; not needed
    /// where the test has a column of labels
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub labels: Vec<PathBuf>,
    /// What is scored [default: found out from the files]
    #[arg(long, value_enum)]
    pub kind: Option<EvaluateKind>,
    /// Of the simulated plant: everything random follows from it
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = EvaluateFormat::Text)]
    pub format: EvaluateFormat,
    /// Alarms a day that are promised [default: as few as the history allows]
    #[arg(long, value_name = "N", value_parser = budget)]
    pub budget: Option<f64>,
    /// Alarms at most so far apart are one episode (6h, 90s) [default: six samples, at least 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub gap: Option<f64>,
    /// So long after an attack is excused [default: twelve samples where they are 10min or more apart, 60s for packets]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub grace: Option<f64>,
    /// So long before an attack an onset counts [default: one sample, 0 for packets]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub slack: Option<f64>,
    /// Language of the report
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// What is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvaluateKind {
    /// Captures
    Packets,
    /// Process values
    Tags,
    /// The simulated plant
    Range,
}

/// Form of a report of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvaluateFormat {
    /// For people, on a terminal
    Text,
    /// For programs
    Json,
    /// A page that loads nothing
    Html,
}

/// Arguments of `vigie simulate`.
#[derive(Args)]
pub struct Simulate {
    /// The capture to write
    #[arg(value_name = "FILE.pcap")]
    pub file: PathBuf,
    /// Length in minutes of the plant's time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=525_600))]
    pub minutes: u32,
    /// Everything random follows from it
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Which plant: water, heating, substation, packaging, or all of them behind one mirror port
    #[arg(long, value_name = "PLANT", default_value = "water")]
    pub site: String,
    /// What goes wrong: all, none, or names of attacks
    #[arg(long, value_name = "all|none|NAME,…", default_value = "all")]
    pub attacks: String,
    /// Write who did what when, as JSON lines
    #[arg(long, value_name = "FILE.jsonl")]
    pub truth: Option<PathBuf>,
}

/// Arguments of `vigie match`.
#[derive(Args)]
pub struct Match {
    /// The machines: CSV with a line of names, of which vendor, product, model, order_number, firmware are looked for
    #[arg(long, value_name = "FILE.csv")]
    pub inventory: PathBuf,
    /// The advisories (CSAF 2.0 or 2.1): a directory, a zip or tar archive, or one document
    #[arg(long, value_name = "DIR|FILE")]
    pub advisories: PathBuf,
    /// CISA's list of exploited vulnerabilities (JSON); one that is among the advisories is found by itself
    #[arg(long, value_name = "FILE")]
    pub kev: Option<PathBuf>,
    /// Probabilities of exploitation (EPSS, CSV, also gzip)
    #[arg(long, value_name = "FILE")]
    pub epss: Option<PathBuf>,
    /// Write the verdicts as VEX, or the inventory with them: the ending says which of csaf, openvex, cyclonedx
    #[arg(long, value_name = "FILE.csaf.json|FILE.openvex.json|FILE.cdx.json")]
    pub vex: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = MatchForm::Text)]
    pub format: MatchForm,
    /// Language of the sentences
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// Form of verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MatchForm {
    /// For people
    Text,
    /// One list of objects
    Json,
    /// Comma-separated values with a line of names
    Csv,
}

/// Arguments of `vigie sql`.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["data", "records"]))]
pub struct Sql {
    /// The question, such as "SELECT verb, sum(count) FROM acts GROUP BY verb"
    #[arg(value_name = "QUERY")]
    pub query: String,
    /// The folder of `vigie run`; it may be running
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A folder of `vigie read --format parquet`
    #[arg(long, value_name = "DIR")]
    pub records: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = AnswerForm::Table)]
    pub format: AnswerForm,
    /// Where the answer goes [default: standard output]
    #[arg(long, value_name = "FILE|-")]
    pub output: Option<PathBuf>,
    /// Rows of the answer [default: 1000 as a table, else 1000000]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Time for the answer in seconds
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
}

/// Form of the answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerForm {
    /// For people
    Table,
    /// Comma-separated values with a line of names
    Csv,
    /// One list of objects
    Json,
    /// One object a line
    Jsonl,
    /// A Parquet file
    Parquet,
}

impl From<AnswerForm> for history::Format {
    fn from(form: AnswerForm) -> history::Format {
        match form {
            AnswerForm::Table => history::Format::Table,
            AnswerForm::Csv => history::Format::Csv,
            AnswerForm::Json => history::Format::Json,
            AnswerForm::Jsonl => history::Format::Jsonl,
            AnswerForm::Parquet => history::Format::Parquet,
        }
    }
}

/// Format of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// A folder of Parquet files, one for each kind of record
    Parquet,
}

/// Form of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SummaryForm {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// Français
    Fr,
}

fn budget(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|budget| *budget > 0.0 && budget.is_finite())
        .ok_or(format!("`{text}` is not a number over 0"))
}

/// Seconds of a duration such as `6h`, `90s`, `1.5d`; a plain number is seconds.
fn duration(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "" | "s" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "ms" => 0.001,
        _ => return Err(format!("`{text}` is not a duration such as 90s, 15min, 6h or 2d")),
    };
    let seconds = number.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0 && seconds.is_finite());
    seconds.map(|seconds| seconds * factor).ok_or(format!("`{text}` is not a duration such as 90s, 15min, 6h or 2d"))
}

fn role(text: &str) -> Result<store::Role, String> {
    store::Role::from_word(text).ok_or_else(|| format!("`{text}` is no role"))
}

fn scope(text: &str) -> Result<store::Scope, String> {
    store::Scope::from_word(text).ok_or_else(|| format!("`{text}` is no scope"))
}

fn pace(text: &str) -> Result<Pace, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(Pace(None)),
        Ok(pace) if pace > 0.0 && pace.is_finite() => Ok(Pace(Some(pace))),
        _ => Err(format!("`{text}` is neither a number over 0 nor `max`")),
    }
}

/// A number of bytes such as `4G` (powers of 1024).
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size such as 500M or 4G");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "B" => 1,
        "K" | "KB" | "KiB" => 1 << 10,
        "M" | "MB" | "MiB" => 1 << 20,
        "G" | "GB" | "GiB" => 1 << 30,
        "T" | "TB" | "TiB" => 1_u64 << 40,
        _ => return Err(wrong()),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| format!("`{text}` is not a time such as 2026-01-31T08:00:00Z"))
}
