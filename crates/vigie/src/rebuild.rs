//! `vigie rebuild`: derived state again, from nothing but what was acknowledged.

use crate::Ending;
use crate::arguments::Rebuild;
use crate::{console, people};

pub fn run(arguments: &Rebuild) -> Result<Ending, String> {
    let data = &arguments.data.data;
    people::there(data)?;
    let rebuilt = people::finish(server::rebuild(data))?;
    let mut text = format!(
        "{} entries of the ledger: {} batches judged again, {} decisions applied again\n",
        rebuilt.entries, rebuilt.batches, rebuilt.decisions
    );
    if rebuilt.missing > 0 {
        text += &format!("{} batches are no longer in the journal, or not as they were\n", rebuilt.missing);
    }
    for (table, hash) in &rebuilt.after {
        text += &format!("  {hash}  {table}\n");
    }
    let changed = rebuilt.changed();
    match changed.as_slice() {
        [] => text += "every table is what it was, to the byte\n",
        tables => text += &format!("not what they were: {}\n", tables.join(", ")),
    }
    console::print(&text)?;
    Ok(if changed.is_empty() && rebuilt.missing == 0 { Ending::Whole } else { Ending::Partial })
}
