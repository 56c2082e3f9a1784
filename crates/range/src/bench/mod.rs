//! Inputs for benches: captures repeated with other addresses, and floods of conversations, of any size.
//!
//! Nothing here touches files: frames come in as slices and go out to a sink, in time order.

mod generate;
mod repeat;

pub use generate::{half_open, modbus_conversations};
pub use repeat::{Repeat, one_after_another, repeat};

/// What was given to the sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Frames.
    pub packets: u64,
    /// Bytes of the frames, plus 16 for the head of each in a pcap file.
    pub file_bytes: u64,
}

impl Total {
    fn add(&mut self, frame: &[u8]) {
        self.packets += 1;
        self.file_bytes += 16 + frame.len() as u64;
    }
}
