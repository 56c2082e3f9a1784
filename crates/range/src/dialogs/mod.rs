//! One file per protocol: devices that answer, and clients that ask.

pub mod dnp3;
pub mod ethernet_ip;
pub mod infrastructure;
pub mod modbus;
pub mod office;
pub mod s7comm;
pub mod s7comm_lists;
