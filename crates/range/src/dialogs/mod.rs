//! One file per protocol: devices that answer, and clients that ask.

pub mod modbus;
