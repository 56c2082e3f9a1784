//! Values that acts carried, with the name of the thing that had them.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::binary::{read_float, write_float};
use crate::{Object, Text, Time};

/// One value as the protocol gave it.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Value {
    /// On or off.
    Bool(bool),
    /// A signed number.
    Integer(i64),
    /// An unsigned number.
    Unsigned(u64),
    /// A floating-point number.
    Float(#[borsh(serialize_with = "write_float", deserialize_with = "read_float")] f64),
    /// A text.
    Text(Text),
    /// Bytes without a known meaning; written in hexadecimal.
    Bytes(Box<[u8]>),
    /// A point in time.
    Time(Time),
    /// Nothing: null, or an error in the place of the value (then `Reading::quality` says which).
    Nothing,
}

impl Value {
    /// The value as a number, where it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Bool(on) => Some(f64::from(u8::from(*on))),
            Value::Integer(number) => Some(*number as f64),
            Value::Unsigned(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

/// A value, what it belongs to, and what the protocol said of it.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Reading {
    /// What has the value: one register, tag, information object, property … inside the act's object.
    pub object: Object,
    /// The value.
    pub value: Value,
    /// Quality or error in the protocol's own words; absent when good or not transported.
    pub quality: Option<Text>,
    /// Time of the value, where the protocol transports one.
    pub at: Option<Time>,
}

impl Reading {
    /// A value without quality or time.
    pub fn new(object: impl Into<Object>, value: Value) -> Reading {
        Reading { object: object.into(), value, quality: None, at: None }
    }
}
