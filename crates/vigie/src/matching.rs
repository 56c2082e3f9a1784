//! `vigie match`: a list of machines against advisories, without a server.

use std::fs;
use std::io::{self, BufWriter};
use std::path::Path;

use ::advisories::output::{Form, French, Summary, Writer};
use ::advisories::threat::Threats;
use ::advisories::{Catalogue, Machine, Verdict, inventory, vex};

use crate::Ending;
use crate::arguments::{self, Language, MatchForm};
use crate::console;

pub fn run(arguments: &arguments::Match) -> Result<Ending, String> {
    let mut has_problems = false;
    let inventory = machines(&arguments.inventory, &mut has_problems)?;
    let (catalogue, mut threats) = catalogue(&arguments.advisories, &mut has_problems)?;
    add_threats(&mut threats, arguments.kev.as_deref(), arguments.epss.as_deref())?;
    let french = French(arguments.lang == Language::Fr);
    if let Some(path) = &arguments.vex {
        let verdicts: Vec<Verdict> =
            inventory.machines.iter().flat_map(|machine| catalogue.match_machine(machine)).collect();
        write_vex(path, &inventory.machines, &verdicts)?;
    }
    let form = match arguments.format {
        MatchForm::Json => Form::Json,
        MatchForm::Csv => Form::Csv,
        MatchForm::Text => {
            let mut summary = Summary::default();
            for machine in &inventory.machines {
                summary.add(&catalogue, machine, &catalogue.match_machine(machine), &threats, french);
            }
            console::print(&summary.text(&catalogue, french))?;
            return Ok(ending(has_problems));
        }
    };
    let written = (|| {
        let mut writer = Writer::new(BufWriter::new(io::stdout().lock()), form, french)?;
        for machine in &inventory.machines {
            writer.write(&catalogue, &catalogue.match_machine(machine), &threats)?;
        }
        writer.end()
    })();
    match written {
        Ok(_) => Ok(ending(has_problems)),
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ending(has_problems)),
        Err(error) => Err(format!("could not write: {error}")),
    }
}

fn ending(has_problems: bool) -> Ending {
    if has_problems { Ending::Partial } else { Ending::Whole }
}

fn machines(path: &Path, has_problems: &mut bool) -> Result<inventory::Inventory, String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| format!("could not open `{shown}`: {error}"))?;
    let inventory =
        inventory::parse(&bytes).map_err(|problem| format!("{shown}: line {}: {}", problem.line, problem.reason))?;
    if !inventory.absent.is_empty() {
        let absent = inventory.absent.join(", ");
        console::tell(&format!("vigie: {shown}: line 1: no column {absent}; verdicts that need it will be unknown\n"));
    }
    for problem in &inventory.problems {
        *has_problems = true;
        console::tell(&format!("vigie: {shown}: line {}: {}\n", problem.line, problem.reason));
    }
    Ok(inventory)
}

/// Advisories from a path, and threat lists that lie among them; what is wrong is told on standard error.
pub fn catalogue(path: &Path, has_problems: &mut bool) -> Result<(Catalogue, Threats), String> {
    let (catalogue, loaded) = Catalogue::load(path, &mut |_| {})?;
    for problem in &loaded.problems {
        *has_problems = true;
        console::tell(&format!("vigie: {problem}\n"));
    }
    let more = loaded.problem_count - loaded.problems.len() as u64;
    if more > 0 {
        console::tell(&format!("vigie: {more} further problems are not listed\n"));
    }
    let mut threats = Threats::default();
    for (kind, value) in &loaded.others {
        if *kind == "kev" {
            threats.add_kev(value).map_err(|reason| format!("{}: {reason}", path.display()))?;
        }
    }
    if catalogue.advisories.is_empty() {
        return Err(format!("no advisory in `{}`", path.display()));
    }
    Ok((catalogue, threats))
}

fn add_threats(threats: &mut Threats, kev: Option<&Path>, epss: Option<&Path>) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("could not open `{}`: {error}", path.display()));
    if let Some(path) = kev {
        let value = serde_json::from_slice(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        threats.add_kev(&value).map_err(|reason| format!("{}: {reason}", path.display()))?;
    }
    if let Some(path) = epss {
        threats.add_epss(&read(path)?).map_err(|reason| format!("{}: {reason}", path.display()))?;
    }
    Ok(())
}

fn write_vex(path: &Path, machines: &[Machine], verdicts: &[Verdict]) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let time = crate::advisories::now();
    let head = vex::Head { author: "Vigie", namespace: "https://vigie.invalid", time: &time, id: "vigie-weak-points" };
    let value = if name.ends_with(".openvex.json") {
        vex::openvex(&head, machines, verdicts)
    } else if name.ends_with(".cdx.json") || name.ends_with(".cyclonedx.json") {
        vex::cyclonedx(&head, machines, verdicts)
    } else if name.ends_with(".csaf.json") {
        vex::csaf(&head, machines, verdicts)
    } else {
        return Err(format!("`{}`: the name must end in .csaf.json, .openvex.json or .cdx.json", path.display()));
    };
    fs::write(path, format!("{value:#}\n")).map_err(|error| format!("could not write `{}`: {error}", path.display()))
}
