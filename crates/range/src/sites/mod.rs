//! One file per plant: its machines, its physics, and what happens there in a day.

pub mod water;
pub mod water_attacks;
pub mod water_day;
pub mod water_devices;
pub mod water_process;
pub mod water_surroundings;
