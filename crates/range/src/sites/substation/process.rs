//! The physics of a substation: 110 kV in, one transformer with tap changer, a 20 kV bus, four feeders.
//!
//! Loads follow the day; currents follow loads and voltage; the tap changer holds the voltage of the bus; the grid's
//! frequency wanders around 50 Hz. An open breaker carries nothing. What flows in flows out, but for the transformer's losses.

use crate::process::{Point, Values, points};
use crate::random::Random;

points! { 128:
    /// Frequency, Hz.
    FREQUENCY = 50.0;
    /// Voltage of the 110 kV side, kV.
    HIGH_VOLTAGE = 111.4;
    /// Voltage of the 20 kV bus, kV.
    BUS_VOLTAGE = 20.4;
    /// Position of the tap changer, 1 to 17.
    TAP = 9.0;
    /// Power through the transformer, MW.
    TRANSFORMER_POWER = 14.0;
    /// Current of the 110 kV side, A.
    TRANSFORMER_CURRENT = 76.0;
    /// Oil temperature of the transformer, °C.
    OIL = 48.0;
    /// Breaker of the transformer, 1 closed.
    BREAKER_T = 1.0;
    /// Voltage of the station battery, V.
    BATTERY = 118.5;
    /// Whether the door of the building is open.
    DOOR = 0.0;

    /// Feeder 1: breaker, 1 closed.
    BREAKER_1 = 1.0;
    /// Feeder 1: current, A.
    CURRENT_1 = 95.0;
    /// Feeder 1: power, MW.
    POWER_1 = 3.2;
    /// Feeder 1: protection has tripped.
    TRIP_1 = 0.0;
    /// Feeder 2: breaker, 1 closed.
    BREAKER_2 = 1.0;
    /// Feeder 2: current, A.
    CURRENT_2 = 120.0;
    /// Feeder 2: power, MW.
    POWER_2 = 4.1;
    /// Feeder 2: protection has tripped.
    TRIP_2 = 0.0;
    /// Feeder 3: breaker, 1 closed.
    BREAKER_3 = 1.0;
    /// Feeder 3: current, A.
    CURRENT_3 = 80.0;
    /// Feeder 3: power, MW.
    POWER_3 = 2.7;
    /// Feeder 3: protection has tripped.
    TRIP_3 = 0.0;
    /// Feeder 4: breaker, 1 closed.
    BREAKER_4 = 1.0;
    /// Feeder 4: current, A.
    CURRENT_4 = 110.0;
    /// Feeder 4: power, MW (a wind farm feeds in here at times).
    POWER_4 = 3.8;
    /// Feeder 4: protection has tripped.
    TRIP_4 = 0.0;
    /// Wind, part of full power.
    WIND = 0.3;
    /// Feeder 1: current where the protection trips, A.
    PICKUP_1 = 400.0;
    /// Energy delivered, MWh.
    ENERGY = 412_330.0;
    /// Energy taken from the grid, MWh.
    GRID_ENERGY = 415_120.0;
}

/// Feeders: breaker, current, power, trip, greatest load in MW.
pub const FEEDERS: [(Point, Point, Point, Point, f64); 4] = [
    (BREAKER_1, CURRENT_1, POWER_1, TRIP_1, 5.2),
    (BREAKER_2, CURRENT_2, POWER_2, TRIP_2, 6.4),
    (BREAKER_3, CURRENT_3, POWER_3, TRIP_3, 4.4),
    (BREAKER_4, CURRENT_4, POWER_4, TRIP_4, 6.0),
];

/// One step of the substation.
pub fn advance(v: &mut Values, seconds: f64, hour: f64, random: &mut Random) {
    let hours = seconds / 3600.0;
    let toward =
        |value: f64, target: f64, time_constant: f64| value + (target - value) * (seconds / time_constant).min(1.0);
    let peak = |at: f64, width: f64| (-((hour - at) / width).powi(2)).exp();
    let weekend = if v.weekday() >= 5 { 0.8 } else { 1.0 };
    let load = weekend * (0.42 + 0.28 * peak(9.0, 3.0) + 0.2 * peak(13.0, 3.0) + 0.36 * peak(19.0, 2.4));

    // The grid: frequency is pulled to 50 Hz and pushed at random.
    let push = random.around_zero(0.012);
    v[FREQUENCY] = (v[FREQUENCY] + push * seconds.sqrt() + (50.0 - v[FREQUENCY]) * seconds / 45.0).clamp(49.85, 50.15);
    v[HIGH_VOLTAGE] = toward(v[HIGH_VOLTAGE], 111.5 - 2.0 * load + random.around_zero(0.4), 60.0);
    v[WIND] =
        (v[WIND] + random.around_zero(0.004) * seconds.sqrt() + (0.35 - v[WIND]) * seconds / 9_000.0).clamp(0.0, 1.0);

    // The bus: transformer ratio, tap steps of 1.25 %, drop with load; the controller steps when it is too far off.
    let supplied = v.is_on(BREAKER_T);
    let ratio = 20.0 / 110.0 * (1.0 + 0.0125 * (v[TAP] - 9.0));
    let drop = 0.016 * v[TRANSFORMER_POWER];
    let bus = if supplied { v[HIGH_VOLTAGE] * ratio - drop + random.around_zero(0.01) } else { 0.0 };
    v[BUS_VOLTAGE] = toward(v[BUS_VOLTAGE], bus, 0.6);
    if supplied && random.chance(seconds / 20.0) {
        if v[BUS_VOLTAGE] < 20.15 && v[TAP] < 17.0 {
            v[TAP] += 1.0;
        } else if v[BUS_VOLTAGE] > 20.65 && v[TAP] > 1.0 {
            v[TAP] -= 1.0;
        }
    }

    let mut total = 0.0;
    for (index, (breaker, current, power, trip, most)) in FEEDERS.into_iter().enumerate() {
        if v.is_on(trip) {
            v[breaker] = 0.0;
        }
        let is_fed = supplied && v.is_on(breaker);
        let generated = if index == 3 { 4.0 * v[WIND] } else { 0.0 };
        let wanted = most * load * (1.0 + 0.02 * (index as f64)) - generated + random.around_zero(0.04);
        // Breakers act within a tenth of a second.
        v[power] = toward(v[power], if is_fed { wanted } else { 0.0 }, if is_fed { 3.0 } else { 0.1 });
        let voltage = v[BUS_VOLTAGE].max(1.0);
        v[current] = if is_fed { v[power].abs() * 1000.0 / (1.732 * voltage * 0.96) } else { 0.0 };
        total += v[power];
    }
    // The only protection whose setting can be changed over the network here.
    if v[CURRENT_1] > v[PICKUP_1] {
        v[TRIP_1] = 1.0;
    }
    let losses = 0.02 + 0.0006 * total * total;
    v[TRANSFORMER_POWER] = if supplied { total + losses } else { 0.0 };
    v[TRANSFORMER_CURRENT] = v[TRANSFORMER_POWER].abs() * 1000.0 / (1.732 * v[HIGH_VOLTAGE] * 0.96);
    let heat = (v[TRANSFORMER_POWER] / 20.0).powi(2);
    v[OIL] = toward(v[OIL], 30.0 + 42.0 * heat + 4.0 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos(), 7_200.0);
    v[BATTERY] = toward(v[BATTERY], 118.5 + random.around_zero(0.4), 20.0);
    v[ENERGY] += hours * total;
    v[GRID_ENERGY] += hours * v[TRANSFORMER_POWER];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;
    use model::Time;

    #[test]
    fn a_week_keeps_voltage_frequency_and_currents_within_limits_and_the_energy_balance() {
        let start = Time::from_seconds(1_772_409_600, 0);
        let mut process = Process::empty(start);
        process.add(FIRST, INITIAL, advance, Random::new(1));
        for minute in 1..=7 * 1440 {
            process.advance(start.plus(minute * 60_000_000_000));
            let v = &process.values;
            let state = format!("minute {minute}: {v:?}");
            assert!((49.85..=50.15).contains(&v[FREQUENCY]), "{state}");
            assert!((19.6..21.2).contains(&v[BUS_VOLTAGE]), "{state}");
            assert!((20.0..95.0).contains(&v[OIL]), "{state}");
            assert!((1.0..=17.0).contains(&v[TAP]), "{state}");
            for (_, current, ..) in FEEDERS {
                assert!((0.0..390.0).contains(&v[current]), "{state}");
            }
        }
        let v = &process.values;
        let (delivered, taken) = (v[ENERGY] - 412_330.0, v[GRID_ENERGY] - 415_120.0);
        assert!(delivered > 500.0 && taken > delivered && taken < delivered * 1.05, "{delivered} {taken}");
        // An open breaker carries nothing.
        process.values[BREAKER_2] = 0.0;
        process.advance(start.plus((7 * 1440 + 1) * 60_000_000_000));
        assert!(process.values[CURRENT_2] < 0.01 && process.values[POWER_2].abs() < 0.01);
    }
}
