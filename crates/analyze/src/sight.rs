//! What the capture cannot show, said with numbers and with what would help.

use model::{Blindness, Conversation, Health};

use crate::inventory::{Inventory, Machines};

/// What is counted of blindness while records come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sight {}

impl Sight {
    pub(crate) fn conversation(&mut self, _conversation: &Conversation) {}
    pub(crate) fn health(&mut self, _health: &Health) {}
}

/// The section on what could not be seen.
pub(crate) fn judge(_sight: &Sight, _inventory: &Inventory, _machines: &Machines, _dropped: u64) -> Vec<Blindness> {
    Vec::new()
}
