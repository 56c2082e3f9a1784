//! `vigie fixes`: the smallest rule for each weakness, and what it would break.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ::fixes::{Deed, Recorded};
use clap::{Args, ValueEnum};
use model::{Severity, Text, Time};
use serde_json::json;

use crate::Ending;
use crate::arguments::Language;
use crate::{console, judged};

/// Bytes of a list of attacks.
const TRUTH_BYTES_MAX: usize = 64 << 20;

/// Arguments of `vigie fixes`.
#[derive(Args)]
pub struct Fixes {
    /// Captures with the weaknesses, or directories of them
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
    /// More of the plant's life, over which the rules are replayed too
    #[arg(long, value_name = "CAPTURE", num_args = 1..)]
    pub against: Vec<PathBuf>,
    /// What in the captures was an attack, as `vigie simulate --truth` writes it; without it, what findings of high
    /// severity name is left out and listed
    #[arg(long, value_name = "FILE.jsonl")]
    pub truth: Option<PathBuf>,
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
    /// For people, with the replay
    Text,
    /// For programs, with the replay
    Json,
    /// One rule a line
    Csv,
    /// Linux
    Nftables,
    /// Suricata, inline
    Suricata,
    /// Cisco IOS access list
    Cisco,
    /// FortiGate policies
    Fortinet,
    /// Stormshield filter
    Stormshield,
}

pub fn run(arguments: &Fixes) -> Result<Ending, String> {
    let truth = arguments.truth.as_deref().map(deeds).transpose()?;
    // Rules are learned from the captures alone, so that the replay over the others can find what they did not show.
    let (mut learnt, mut recorded) = (Recorded::default(), Recorded::default());
    let (judgement, mut ending) = judged::judge(&arguments.captures, &mut |record| {
        learnt.record(record);
        recorded.record(record);
    })?;
    if !arguments.against.is_empty() {
        let (_, other) = judged::judge(&arguments.against, &mut |record| recorded.record(record))?;
        if other == Ending::Partial {
            ending = other;
        }
    }
    let is_known = truth.is_some();
    let suspects = truth.unwrap_or_else(|| {
        judgement
            .findings
            .iter()
            .filter(|ranked| ranked.finding.severity >= Severity::High)
            .filter_map(|ranked| {
                let finding = &ranked.finding;
                let (from, to) = (finding.from.as_ref()?.ip?, finding.to.as_ref()?.ip?);
                Some(Deed { id: finding.id.clone(), from, to: vec![to], first: finding.first, last: finding.last })
            })
            .collect()
    });
    let rules = ::fixes::propose(&judgement, &learnt, &suspects);
    let replayed = ::fixes::replay(&rules, &recorded, &suspects);
    let form = match arguments.format {
        Form::Text => {
            let mut text = ::fixes::say(&rules, &replayed, &suspects, recorded.minutes(), arguments.lang.into());
            if !is_known && !suspects.is_empty() {
                text.push_str(match arguments.lang {
                    Language::En => {
                        "What was taken for an attack, because findings name it (check it, or give --truth):\n"
                    }
                    Language::Fr => {
                        "Pris pour une attaque, parce que des constats le nomment (à vérifier, ou donner --truth) :\n"
                    }
                });
                for deed in &suspects {
                    let to: Vec<String> = deed.to.iter().map(IpAddr::to_string).collect();
                    text.push_str(&format!("  {} → {}  {}\n", deed.from, to.join(", "), deed.id));
                }
            }
            console::print(&text)?;
            return Ok(ending);
        }
        Form::Json => {
            let rows: Vec<_> =
                rules.iter().zip(&replayed).map(|(fix, replayed)| json!({ "fix": fix, "replay": replayed })).collect();
            console::print(&format!(
                "{:#}\n",
                json!({ "minutes": recorded.minutes(), "dropped": recorded.dropped, "fixes": rows })
            ))?;
            return Ok(ending);
        }
        Form::Csv => ::fixes::Form::Csv,
        Form::Nftables => ::fixes::Form::Nftables,
        Form::Suricata => ::fixes::Form::Suricata,
        Form::Cisco => ::fixes::Form::Cisco,
        Form::Fortinet => ::fixes::Form::Fortinet,
        Form::Stormshield => ::fixes::Form::Stormshield,
    };
    console::print(&::fixes::write(&rules, form))?;
    Ok(ending)
}

/// The attacks of a list.
fn deeds(path: &Path) -> Result<Vec<Deed>, String> {
    #[derive(serde::Deserialize)]
    struct Row {
        id: String,
        intent: String,
        from: IpAddr,
        to: Vec<IpAddr>,
        first: Time,
        last: Time,
    }
    let text = judged::text(path, TRUTH_BYTES_MAX)?;
    let mut deeds = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row: Row =
            serde_json::from_str(line).map_err(|e| format!("`{}`: line {}: {e}", path.display(), number + 1))?;
        if row.intent == "attack" {
            deeds.push(Deed { id: Text::from(row.id), from: row.from, to: row.to, first: row.first, last: row.last });
        }
    }
    Ok(deeds)
}
