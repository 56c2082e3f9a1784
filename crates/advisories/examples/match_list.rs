//! `match_list INVENTORY.csv ADVISORIES`: verdicts as JSON, and how long each step took.
use std::time::Instant;

use advisories::output::{Form, French, Writer};
use advisories::{Catalogue, inventory};

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let (Some(list), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("INVENTORY.csv ADVISORIES".into());
    };
    let start = Instant::now();
    let (catalogue, loaded) = Catalogue::load(path.as_ref(), &mut |_| {})?;
    eprintln!("{} documents in {:?}, {} problems", catalogue.advisories.len(), start.elapsed(), loaded.problem_count);
    for problem in &loaded.problems {
        eprintln!("  {problem}");
    }
    let bytes = std::fs::read(list).map_err(|error| error.to_string())?;
    let inventory = inventory::parse(&bytes).map_err(|problem| format!("line {}: {}", problem.line, problem.reason))?;
    let start = Instant::now();
    let mut writer = Writer::new(std::io::stdout().lock(), Form::Json, French(false)).map_err(|e| e.to_string())?;
    for machine in &inventory.machines {
        writer.write(&catalogue, &catalogue.match_machine(machine), &Default::default()).map_err(|e| e.to_string())?;
    }
    let rows = writer.end().map_err(|e| e.to_string())?;
    eprintln!("{} machines, {rows} rows in {:?}", inventory.machines.len(), start.elapsed());
    Ok(())
}
