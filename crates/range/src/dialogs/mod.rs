//! One file per protocol: devices that answer, and clients that ask.

pub mod ethernet_ip;
pub mod modbus;
pub mod s7comm;
pub mod s7comm_lists;
