//! The physics of a bottling and packaging line: product tank, filler, conveyor, shrink oven, packer.
//!
//! Orders change the recipe every two hours or so; the line rests at night and on weekends. What is filled leaves the
//! tank, what is filled is packed or rejected.

use crate::process::{Values, points};
use crate::random::Random;

points! { 192:
    /// Whether the line is wanted to run (shift plan).
    WANTED = 1.0;
    /// Whether the line runs.
    RUNNING = 1.0;
    /// Whether the program of the line's controller runs.
    LINE_RUNS = 1.0;
    /// Whether the program of the packer's controller runs.
    PACKER_RUNS = 1.0;
    /// Recipe: 1 half a litre, 2 one litre, 3 a third of a litre.
    RECIPE = 1.0;
    /// Number of the order.
    ORDER = 4_711.0;
    /// Minutes left of the order.
    ORDER_LEFT = 95.0;
    /// Wanted speed, bottles a minute.
    SPEED_SET = 220.0;
    /// Speed, bottles a minute.
    SPEED = 220.0;
    /// Level of the product tank, m³ (0 to 12).
    TANK = 8.0;
    /// Whether the tank is being filled.
    TANK_INLET = 0.0;
    /// Temperature of the product, °C.
    PRODUCT_TEMPERATURE = 6.0;
    /// Volume of the last bottle, ml.
    FILL_VOLUME = 501.0;
    /// Wanted volume, ml.
    FILL_SET = 501.0;
    /// Torque of the capper, Ncm.
    CAP_TORQUE = 165.0;
    /// Speed of the conveyor, m/min.
    CONVEYOR = 24.0;
    /// Current of the conveyor's drive, A.
    DRIVE_CURRENT = 6.2;
    /// Wanted temperature of the shrink oven, °C.
    OVEN_SET = 165.0;
    /// Temperature of the shrink oven, °C.
    OVEN = 165.0;
    /// Power of the oven, kW.
    OVEN_POWER = 18.0;
    /// Bottles filled.
    BOTTLES = 1_812_440.0;
    /// Bottles rejected.
    REJECTS = 9_420.0;
    /// Packs of six.
    PACKS = 300_503.0;
    /// Product filled, litres.
    LITRES = 906_310.0;
    /// Energy of the line, kWh.
    ENERGY = 88_210.0;
    /// Pressure of the compressed air, bar.
    AIR = 6.3;
}

/// Wanted volume in millilitres and speed in bottles a minute of each recipe.
const RECIPES: [(f64, f64); 3] = [(501.0, 220.0), (1_002.0, 150.0), (331.5, 280.0)];

/// One step of the line.
pub fn advance(v: &mut Values, seconds: f64, hour: f64, random: &mut Random) {
    let hours = seconds / 3600.0;
    let minutes = seconds / 60.0;
    let toward =
        |value: f64, target: f64, time_constant: f64| value + (target - value) * (seconds / time_constant).min(1.0);

    // Two shifts on working days, with a break in each.
    let in_break = (9.5..9.75).contains(&hour) || (16.5..16.75).contains(&hour);
    let in_shift = v.weekday() < 5 && (4.0..20.5).contains(&hour) && !in_break;
    v[WANTED] = f64::from(u8::from(in_shift));
    let can_run = v.is_on(WANTED) && v.is_on(LINE_RUNS) && v[TANK] > 0.4 && v[AIR] > 5.0;
    v[RUNNING] = f64::from(u8::from(can_run));

    // Orders: the next recipe when one is done.
    if can_run {
        v[ORDER_LEFT] -= minutes;
        if v[ORDER_LEFT] <= 0.0 {
            v[ORDER] += 1.0;
            v[RECIPE] = 1.0 + random.below(3) as f64;
            v[ORDER_LEFT] = 60.0 + random.below(120) as f64;
            let (volume, speed) = RECIPES[v[RECIPE] as usize - 1];
            (v[FILL_SET], v[SPEED_SET]) = (volume, speed);
        }
    }

    // Filler and conveyor.
    v[SPEED] = toward(v[SPEED], if can_run { v[SPEED_SET].clamp(0.0, 400.0) } else { 0.0 }, 4.0);
    v[CONVEYOR] = toward(v[CONVEYOR], v[SPEED] * 0.11, 1.0);
    v[DRIVE_CURRENT] = (v[CONVEYOR] * 0.26 + random.around_zero(0.1)).max(0.0);
    v[FILL_VOLUME] = toward(v[FILL_VOLUME], v[FILL_SET] + random.around_zero(1.6), 2.0);
    v[CAP_TORQUE] = toward(v[CAP_TORQUE], 165.0 + random.around_zero(5.0), 3.0);
    let bottles = v[SPEED] * minutes;
    let litres = bottles * v[FILL_VOLUME] / 1000.0;
    v[BOTTLES] += bottles;
    v[LITRES] += litres;
    let off = ((v[FILL_VOLUME] - v[FILL_SET]).abs() / 100.0).min(1.0);
    let rejected = bottles * (0.004 + off).min(1.0);
    v[REJECTS] += rejected;
    if v.is_on(PACKER_RUNS) {
        v[PACKS] += (bottles - rejected) / 6.0;
    }

    // Tank: on and off between two levels.
    if v[TANK] < 4.0 {
        v[TANK_INLET] = 1.0;
    } else if v[TANK] > 10.5 {
        v[TANK_INLET] = 0.0;
    }
    let inlet = if v.is_on(TANK_INLET) { 22.0 } else { 0.0 };
    v[TANK] = (v[TANK] + hours * inlet - litres / 1000.0).clamp(0.0, 12.0);
    v[PRODUCT_TEMPERATURE] = toward(v[PRODUCT_TEMPERATURE], 6.0 + random.around_zero(0.6), 300.0);

    // Oven: heat by difference; it cools when the line rests.
    let wanted = if can_run { v[OVEN_SET] } else { 60.0 };
    let power = (14.0 + 1.2 * (wanted - v[OVEN])).clamp(0.0, 45.0);
    v[OVEN_POWER] = toward(v[OVEN_POWER], power, 5.0);
    v[OVEN] += seconds * (v[OVEN_POWER] - (v[OVEN] - 22.0) * 0.098) / 90.0 + random.around_zero(0.02);
    v[AIR] = toward(v[AIR], 6.4 - 0.0008 * v[SPEED] + random.around_zero(0.08), 20.0);
    v[ENERGY] += hours * (v[OVEN_POWER] + v[SPEED] * 0.09 + 2.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;
    use model::Time;

    #[test]
    fn a_week_keeps_tank_and_oven_within_limits_and_packs_what_it_fills() {
        let start = Time::from_seconds(1_772_409_600, 0);
        let mut process = Process::empty(start);
        process.add(FIRST, INITIAL, advance, Random::new(1));
        let mut rested = false;
        for minute in 1..=7 * 1440 {
            process.advance(start.plus(minute * 60_000_000_000));
            let v = &process.values;
            let state = format!("minute {minute}: {v:?}");
            assert!((3.0..11.5).contains(&v[TANK]), "{state}");
            assert!((20.0..190.0).contains(&v[OVEN]), "{state}");
            assert!((0.0..=300.0).contains(&v[SPEED]), "{state}");
            assert!((300.0..1_020.0).contains(&v[FILL_VOLUME]), "{state}");
            assert!((5.5..7.0).contains(&v[AIR]), "{state}");
            rested |= v[SPEED] < 1.0;
        }
        let v = &process.values;
        assert!(rested);
        let (filled, rejected, packed) = (v[BOTTLES] - 1_812_440.0, v[REJECTS] - 9_420.0, (v[PACKS] - 300_503.0) * 6.0);
        assert!(filled > 500_000.0 && (filled - rejected - packed).abs() < 1.0, "{filled} {rejected} {packed}");
    }
}
