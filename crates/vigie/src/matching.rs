//! `vigie match`: a list of machines against advisories, without a server.

use std::fs;
use std::io::{self, BufWriter};
use std::path::Path;

use advisories::output::{Form, French, Summary, Writer};
use advisories::{Catalogue, inventory};

use crate::Ending;
use crate::arguments::{self, Language, MatchForm};
use crate::console;

pub fn run(arguments: &arguments::Match) -> Result<Ending, String> {
    let mut has_problems = false;
    let inventory = machines(&arguments.inventory, &mut has_problems)?;
    let catalogue = catalogue(&arguments.advisories, &mut has_problems)?;
    let french = French(arguments.lang == Language::Fr);
    let form = match arguments.format {
        MatchForm::Json => Form::Json,
        MatchForm::Csv => Form::Csv,
        MatchForm::Text => {
            let mut summary = Summary::default();
            for machine in &inventory.machines {
                summary.add(&catalogue, machine, &catalogue.match_machine(machine), french);
            }
            console::print(&summary.text(&catalogue, french))?;
            return Ok(ending(has_problems));
        }
    };
    let written = (|| {
        let mut writer = Writer::new(BufWriter::new(io::stdout().lock()), form, french)?;
        for machine in &inventory.machines {
            writer.write(&catalogue, &catalogue.match_machine(machine))?;
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

/// Advisories from a path, with what is wrong told on standard error.
pub fn catalogue(path: &Path, has_problems: &mut bool) -> Result<Catalogue, String> {
    let (catalogue, loaded) = Catalogue::load(path, &mut |_| {})?;
    for problem in &loaded.problems {
        *has_problems = true;
        console::tell(&format!("vigie: {problem}\n"));
    }
    let more = loaded.problem_count - loaded.problems.len() as u64;
    if more > 0 {
        console::tell(&format!("vigie: {more} further problems are not listed\n"));
    }
    if catalogue.advisories.is_empty() {
        return Err(format!("no advisory in `{}`", path.display()));
    }
    Ok(catalogue)
}
