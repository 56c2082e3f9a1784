//! `vigie zones`: zones and conduits proposed from captures, or a plan held against them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::Ending;
use crate::arguments::Language;
use crate::{console, judged};

/// Arguments of `vigie zones`.
#[derive(Args)]
pub struct Zones {
    /// Captures, or directories of them
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
    /// A plan of zones and conduits, as text or JSON: what passes against it is listed
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Form of the answer; `plan` is the text that --policy reads
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
    /// The plan alone, to edit
    Plan,
}

pub fn run(arguments: &Zones) -> Result<Ending, String> {
    let policy = match &arguments.policy {
        Some(path) => {
            let text = judged::text(path, risk::zones::PLAN_BYTES_MAX)?;
            Some(risk::zones::parse(&text).map_err(|e| format!("`{}`: {e}", path.display()))?)
        }
        None => None,
    };
    let (judgement, ending) = judged::judge(&arguments.captures, &mut |_| {})?;
    let plan = policy.unwrap_or_else(|| risk::zones::propose(&judgement));
    if arguments.format == Form::Plan {
        console::print(&risk::zones::write(&plan, Some(&judgement)))?;
        return Ok(ending);
    }
    let steps = risk::zones::steps(&plan, &judgement);
    let violations = risk::zones::violations(&plan, &judgement);
    if arguments.format == Form::Json {
        let absent = risk::zones::place(&plan, &judgement).absent;
        let answer = json!({ "plan": plan, "steps": steps, "absent": absent, "violations": violations });
        console::print(&format!("{answer:#}\n"))?;
        return Ok(ending);
    }
    console::print(&risk::zones::say(&plan, &judgement, &steps, &violations, arguments.lang.into()))?;
    Ok(ending)
}
