//! `vigie simulate`: a capture of a simulated plant.

use std::io::{BufWriter, Write};

use capture::pcap::Writer;
use model::LinkType;

use crate::Ending;
use crate::arguments;
use crate::console;
use crate::records::create;

pub fn run(arguments: &arguments::Simulate) -> Result<Ending, String> {
    let plan = plan(arguments)?;
    let failed = |e: std::io::Error| format!("could not write `{}`: {e}", arguments.file.display());
    let file = BufWriter::with_capacity(1 << 18, create(&arguments.file)?);
    let mut writer = Writer::new(file, LinkType::ETHERNET).map_err(failed)?;
    let truth_file = arguments.truth.as_deref().map(|path| create(path).map(|file| (path, file))).transpose()?;
    let mut packets = 0_u64;
    let mut failure = None;
    let truth = range::simulate(&plan, &mut |at, bytes| {
        if failure.is_none() {
            failure = writer.write(at, bytes).err();
            packets += 1;
        }
    });
    if let Some(e) = failure {
        return Err(failed(e));
    }
    writer.finish().and_then(|mut file| file.flush()).map_err(failed)?;
    if let Some((path, file)) = truth_file {
        let mut file = file;
        file.write_all(truth.to_json_lines().as_bytes())
            .map_err(|e| format!("could not write `{}`: {e}", path.display()))?;
    }
    let file = arguments.file.display();
    console::print(&format!("{packets} packets of {} minutes written to {file}\n", arguments.minutes))?;
    Ok(Ending::Whole)
}

/// What the arguments ask for.
fn plan(arguments: &arguments::Simulate) -> Result<range::Plan, String> {
    let plan = range::Plan::new(arguments.minutes, arguments.seed);
    let Some(plan) = plan.with_site(&arguments.site) else {
        let known: Vec<&str> = range::PLANTS.iter().map(|plant| plant.id).chain(["all"]).collect();
        return Err(format!("no plant is called `{}`; there are {}", arguments.site, known.join(", ")));
    };
    let known: Vec<&str> = plan.plants.iter().flat_map(|plant| plant.attacks).map(|attack| attack.id).collect();
    let names: Vec<String> = arguments.attacks.split(',').map(|name| name.trim().to_owned()).collect();
    let attacks = match arguments.attacks.as_str() {
        "all" => range::Attacks::All,
        "none" => range::Attacks::None,
        _ => {
            if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(format!("no attack is called `{name}` here; there are {}", known.join(", ")));
            }
            range::Attacks::Named(names)
        }
    };
    Ok(range::Plan { attacks, ..plan })
}
