//! The command line, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::Time;

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
    Read(Read),
}

/// Arguments of `vigie read`.
#[derive(Args)]
pub struct Read {
    /// Captures (pcap, pcapng, snoop; also compressed), directories of them, or - for standard input
    #[arg(required = true, value_name = "PATH|DIR|-")]
    pub paths: Vec<PathBuf>,
    /// Write all records to FILE, or to standard output with - (the summary then goes to standard error)
    #[arg(long, value_name = "FILE|-")]
    pub records: Option<PathBuf>,
    /// Format of the records
    #[arg(long, value_enum, default_value_t = Format::Jsonl, requires = "records")]
    pub format: Format,
    /// Tell every act on its own instead of counting repeats
    #[arg(long)]
    pub no_rollup: bool,
    /// Only packets that match this filter (the language of tcpdump and Wireshark's capture filters)
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Number of threads that decode; the result does not depend on it
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Only packets at this time or later (RFC 3339: 2026-01-31T08:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Time>,
    /// Only packets before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Time>,
    /// Form of the summary
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub summary: SummaryForm,
}

/// Format of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
}

/// Form of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SummaryForm {
    /// For people
    Text,
    /// For programs
    Json,
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| format!("`{text}` is not a time such as 2026-01-31T08:00:00Z"))
}
