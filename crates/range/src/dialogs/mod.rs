//! The dialogs of each protocol: one file a protocol.

pub mod bacnet;
pub mod ber;
pub mod dnp3;
pub mod ethernet_ip;
pub mod goose;
pub mod iec104;
pub mod infrastructure;
pub mod mms;
pub mod modbus;
pub mod mqtt;
pub mod office;
pub mod opcua;
pub mod profinet;
pub mod s7comm;
pub mod s7comm_lists;
pub mod tls;
pub mod windows;
