//! `vigie compare`: what sources of truth declare, against what captures show.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use truth::Declared;

use crate::Ending;
use crate::arguments::Language;
use crate::{console, judged};

/// Arguments of `vigie compare`.
#[derive(Args)]
pub struct Compare {
    /// Captures, or directories of them
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
    /// What is declared: CSV, TIA Portal AML, Rockwell L5X, Schneider XEF, IEC 61850 SCL, EDS, GSDML, nmap XML, NetBox
    /// JSON, iptables-save, nftables, Cisco, FortiGate, pfSense, tables and neighbours of switches
    #[arg(long, required = true, value_name = "FILE", num_args = 1..)]
    pub truth: Vec<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// Form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// One difference a line
    Csv,
}

pub fn run(arguments: &Compare) -> Result<Ending, String> {
    let mut declared = Declared::default();
    for path in &arguments.truth {
        let bytes = judged::bytes(path, truth::SOURCE_BYTES_MAX)?;
        // Exports of older tools are not always UTF-8: what is not stays visible as a replacement character.
        let text = String::from_utf8_lossy(&bytes);
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        declared.read(&name, &text).map_err(|e| e.to_string())?;
    }
    let (judgement, ending) = judged::judge(&arguments.captures, &mut |_| {})?;
    let differences = truth::compare(&declared, &judgement);
    let text = match arguments.format {
        Form::Text => truth::say(&declared, &differences, arguments.lang.into()),
        Form::Csv => truth::to_csv(&differences),
        Form::Json => format!("{:#}\n", json!({ "declared": declared, "differences": differences })),
    };
    console::print(&text)?;
    Ok(ending)
}
