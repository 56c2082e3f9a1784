//! `vigie paths`: attack paths, choke points and the fixes that cut the most risk.

use std::path::PathBuf;

use clap::Args;
use risk::paths::{Allowed, Known, WeakPoint};

use crate::Ending;
use crate::arguments::{Language, SummaryForm};
use crate::{console, judged};

/// Bytes of a list of weak points or of ways.
const LIST_BYTES_MAX: usize = 64 << 20;

/// Arguments of `vigie paths`.
#[derive(Args)]
pub struct Paths {
    /// Captures, or directories of them
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
    /// Weak points as JSON: [{"asset", "protocol", "name", "likelihood"}]
    #[arg(long, value_name = "FILE")]
    pub weak: Option<PathBuf>,
    /// What firewalls and routers allow, as JSON: [{"from", "to", "ports": [[first, last]]}]; without it ways between
    /// subnets are guessed
    #[arg(long, value_name = "FILE")]
    pub reach: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub format: SummaryForm,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

pub fn run(arguments: &Paths) -> Result<Ending, String> {
    let known = Known {
        weak: list::<WeakPoint>(arguments.weak.as_ref())?.unwrap_or_default(),
        reach: list::<Allowed>(arguments.reach.as_ref())?,
    };
    if let Some(point) = known.weak.iter().find(|point| !(0.0..=1.0).contains(&point.likelihood)) {
        return Err(format!("weak point `{}`: a likelihood lies between 0 and 1", point.name));
    }
    let (judgement, ending) = judged::judge(&arguments.captures, &mut |_| {})?;
    let answer = risk::paths::find(&judgement, &known);
    let text = match arguments.format {
        SummaryForm::Json => format!("{:#}\n", serde_json::json!(answer)),
        SummaryForm::Text => risk::paths::say(&answer, arguments.lang.into()),
    };
    console::print(&text)?;
    Ok(ending)
}

fn list<T: serde::de::DeserializeOwned>(path: Option<&PathBuf>) -> Result<Option<Vec<T>>, String> {
    let Some(path) = path else { return Ok(None) };
    let text = judged::text(path, LIST_BYTES_MAX)?;
    serde_json::from_str(&text).map(Some).map_err(|e| format!("`{}`: {e}", path.display()))
}
