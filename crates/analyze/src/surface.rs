//! The attack surface: which service of which machine is the best way in, and what can be done to the plant.

use model::{Capability, Exposure, RankedFinding};

use crate::inventory::Machines;

/// Ranks the services and says what can be done.
pub(crate) fn judge(_machines: &Machines, _findings: &[RankedFinding]) -> (Vec<Exposure>, Vec<Capability>) {
    (Vec::new(), Vec::new())
}
