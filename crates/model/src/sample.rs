//! One value of one process variable at one time.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::binary::{read_summary, write_summary};
use crate::{Address, Behind, Object, Text, Time, Value, words};

/// One value of one process variable, stored on change; a summary where it changes faster than limits allow.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Sample {
    /// When the value was transported (or its own time, where the protocol carries one).
    pub at: Time,
    /// Id of the protocol.
    pub protocol: Cow<'static, str>,
    /// The machine that has the variable.
    pub device: Address,
    /// What behind that machine.
    pub behind: Behind,
    /// The variable.
    pub object: Object,
    /// The value; of a summary the last one.
    pub value: Value,
    /// Quality in the protocol's words; absent when good or not transported.
    pub quality: Option<Text>,
    /// Whether it was read, written or reported.
    pub origin: SampleOrigin,
    /// Of a summary: number of values, least, greatest, mean.
    #[borsh(serialize_with = "write_summary", deserialize_with = "read_summary")]
    pub summary: Option<(u64, f64, f64, f64)>,
}

words! {
    /// How a value became known.
    pub enum SampleOrigin {
        /// Someone asked for it.
        Read = "read",
        /// Someone set it.
        Written = "written",
        /// It was sent unasked.
        Reported = "reported",
    }
}
