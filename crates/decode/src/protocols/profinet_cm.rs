//! PROFINET IO context management: the statuses that alarms share with it.
pub mod status;
