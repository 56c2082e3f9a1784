//! Bytes to link, network and transport; tunnels; fragments; streams; and the one reader for bytes.
//!
//! No I/O, no clock, no `unsafe`, no panic on any byte, and no memory that `limits` does not bound.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod assembler;
mod evident;
mod fragments;
pub mod fuzz;
mod header;
pub mod limits;
mod link;
mod network;
pub mod packet;
mod partition;
mod pieces;
pub mod reader;
mod transport;
mod tunnel;

pub use assembler::{Assembler, Placed};
pub use fragments::{Defragmenter, FragmentCounts, Reassembled};
pub use header::{parse, parse_upper};
pub use packet::{Fragment, Ip, Layer, Packet, Stop, TcpFlags, TcpSegment, Upper};
pub use partition::partition;
pub use reader::{Reader, Short};
