//! `vigie rules`: what rules there are, whether a file of them is right, and what it finds in records.

use std::fmt::Write;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use rules::{Indicators, Matcher, RuleSet, example};
use serde_json::json;

use crate::Ending;
use crate::arguments::{Language, SummaryForm};
use crate::console;

/// Bytes of a list of indicators.
const LIST_BYTES_MAX: usize = 256 << 20;
/// Records shown of what a rule finds.
const SHOWN_MAX: u64 = 5;

/// Arguments of `vigie rules`.
#[derive(Args)]
pub struct Rules {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Subcommand)]
pub enum RulesCommand {
    /// Every rule that works: id, severity, techniques, title
    List(List),
    /// Read rules, try the examples they carry, and say what they find in records or captures; exit 1 where a rule is wrong
    Test(Test),
}

/// Arguments of `vigie rules list`.
#[derive(Args)]
pub struct List {
    /// Rules of your own beside the shipped ones: a file, or a folder with all below it
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = SummaryForm::Text)]
    pub format: SummaryForm,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// Arguments of `vigie rules test`.
#[derive(Args)]
pub struct Test {
    /// A file of rules, or a folder with all below it; `shipped` are the rules of the program
    pub path: PathBuf,
    /// Records to try them on: JSON lines of `vigie read --records`, or captures
    #[arg(long, value_name = "JSONL|CAPTURE")]
    pub records: Vec<PathBuf>,
}

/// The rules of the program with those at `paths`; bad ones are told and left out.
pub fn load(paths: &[PathBuf], is_partial: &mut bool) -> Result<Arc<RuleSet>, String> {
    if paths.is_empty() {
        return Ok(rules::shipped());
    }
    let mut set = (*rules::shipped()).clone();
    for path in paths {
        for bad in set.add_path(path)? {
            *is_partial = true;
            console::tell(&format!("vigie: {bad}\n"));
        }
    }
    Ok(Arc::new(set))
}

/// The indicators of the files at `paths`.
pub fn indicators(paths: &[PathBuf]) -> Result<Arc<Indicators>, String> {
    let mut indicators = Indicators::default();
    for path in paths {
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        indicators.add(&crate::judged::text(path, LIST_BYTES_MAX)?, &name)?;
    }
    if indicators.passed_over > 0 {
        console::tell(&format!(
            "vigie: {} indicators passed over: of kinds that a network does not show, or wrong\n",
            indicators.passed_over
        ));
    }
    Ok(Arc::new(indicators))
}

pub fn run(arguments: &Rules) -> Result<Ending, String> {
    match &arguments.command {
        RulesCommand::List(list) => show(list),
        RulesCommand::Test(test) => try_out(test),
    }
}

fn show(arguments: &List) -> Result<Ending, String> {
    let mut is_partial = false;
    let set = load(&arguments.rules, &mut is_partial)?;
    let mut text = String::new();
    match arguments.format {
        SummaryForm::Json => {
            let list: Vec<_> = set
                .rules()
                .iter()
                .map(|rule| {
                    json!({ "rule": rule.about, "records": rule.kind, "covered_by": rule.covered_by,
                        "false_positives": rule.false_positives, "file": rule.file, "line": rule.line })
                })
                .collect();
            let _ = writeln!(text, "{:#}", json!(list));
        }
        SummaryForm::Text => {
            let width = set.rules().iter().map(|rule| rule.about.id.len()).max().unwrap_or(0);
            for rule in set.rules() {
                let techniques: Vec<&str> = rule.about.techniques.iter().map(|(id, _)| *id).collect();
                let title = model::Language::from(arguments.lang).of(rule.about.title);
                let covered = match rule.covered_by.as_slice() {
                    [] => String::new(),
                    ids => format!("  [{}]", ids.join(", ")),
                };
                let _ = writeln!(
                    text,
                    "{:width$}  {:8}  {:17}  {title}{covered}",
                    rule.about.id,
                    rule.about.severity,
                    techniques.join(" ")
                );
            }
            let covered = set.rules().iter().filter(|rule| !rule.covered_by.is_empty()).count();
            let (all, own) = (set.rules().len(), set.rules().len() - covered);
            let _ = match arguments.lang {
                Language::En => writeln!(
                    text,
                    "\n{all} rules; {own} say something new, {covered} are silent while the detector in brackets works."
                ),
                Language::Fr => writeln!(
                    text,
                    "\n{all} règles ; {own} disent quelque chose de nouveau, {covered} se taisent tant que le détecteur entre crochets travaille."
                ),
            };
        }
    }
    console::print(&text)?;
    Ok(if is_partial { Ending::Partial } else { Ending::Whole })
}

fn try_out(arguments: &Test) -> Result<Ending, String> {
    let mut set = RuleSet::default();
    let mut faults = Vec::new();
    if arguments.path == Path::new("shipped") {
        set = (*rules::shipped()).clone();
    } else {
        faults.extend(set.add_path(&arguments.path)?.into_iter().map(|bad| bad.to_string()));
    }
    let mut examples = 0;
    for rule in set.rules() {
        examples += rule.examples.0.len() + rule.examples.1.len();
        let wrong = rule.try_examples().into_iter();
        faults.extend(wrong.map(|wrong| format!("{}:{}: {}: {wrong}", rule.file, rule.line, rule.about.id)));
    }
    let mut text = String::new();
    faults.iter().for_each(|fault| {
        let _ = writeln!(text, "{fault}");
    });
    let _ = writeln!(text, "{} rules, {examples} examples, {} faults", set.rules().len(), faults.len());
    if !arguments.records.is_empty() {
        preview(&set, &arguments.records, &mut text)?;
    }
    console::print(&text)?;
    Ok(if faults.is_empty() { Ending::Whole } else { Ending::Partial })
}

/// Says what the rules find in files of records or in captures.
fn preview(set: &RuleSet, paths: &[PathBuf], text: &mut String) -> Result<(), String> {
    let matcher = Matcher::new(set, |_| true);
    let mut found: std::collections::BTreeMap<&'static str, (u64, Vec<String>)> = Default::default();
    let (mut count, mut unreadable) = (0_u64, 0_u64);
    let mut look = |record: &model::Record| {
        count += 1;
        matcher.judge(record, |rule| {
            let (hits, shown) = found.entry(rule.about.id).or_default();
            *hits += 1;
            if *hits <= SHOWN_MAX {
                shown.push(serde_json::to_string(record).unwrap_or_default());
            }
        });
    };
    let (lines, captures): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(|path| is_lines(path));
    for path in &lines {
        let failed = |e: std::io::Error| format!("could not read `{}`: {e}", path.display());
        for line in std::io::BufReader::new(std::fs::File::open(path).map_err(failed)?).lines() {
            let line = line.map_err(failed)?;
            if line.trim().is_empty() {
                continue;
            }
            match example::fields_of_json(&line).map(|(kind, fields)| example::record_of(&kind, &fields)) {
                Ok(Some(record)) => look(&record),
                // Samples and findings are not looked at by rules of records.
                Ok(None) => {}
                Err(_) => unreadable += 1,
            }
        }
    }
    if !captures.is_empty() {
        crate::judged::judge(&captures, &mut look)?;
    }
    let _ = writeln!(
        text,
        "\n{count} records looked at, {unreadable} lines not readable, {} rules found something",
        found.len()
    );
    for (id, (hits, shown)) in &found {
        let _ = writeln!(text, "\n{id}: {hits}");
        for record in shown {
            let _ = writeln!(text, "  {record}");
        }
    }
    Ok(())
}

/// Whether a file holds JSON lines.
fn is_lines(path: &Path) -> bool {
    crate::judged::head(path).first() == Some(&b'{')
}
