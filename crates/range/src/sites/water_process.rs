//! The physics of a small drinking-water treatment works, and the control that its controllers do.
//!
//! River → intake pump → raw-water tank → coagulant → filter → chlorine → clear well → two high-lift pumps → reservoir
//! on the hill → town. A mass balance in cubic metres and hours; about 120 m³/h in the mean.

use crate::process::{Values, points};
use crate::random::Random;

points! { 0:
    /// Level of the raw-water tank, metres (0 to 6).
    RAW_LEVEL = 3.4;
    /// Level where the intake pump starts, metres.
    RAW_LEVEL_LOW = 3.0;
    /// Level where the intake pump stops, metres.
    RAW_LEVEL_HIGH = 4.2;
    /// Whether the intake pump runs.
    INTAKE_PUMP = 0.0;
    /// Flow from the river, m³/h.
    INTAKE_FLOW = 0.0;
    /// Opening of the intake gate, percent.
    INTAKE_GATE = 80.0;
    /// Turbidity of the raw water, NTU.
    RAW_TURBIDITY = 6.2;
    /// Temperature of the water, °C.
    TEMPERATURE = 9.4;
    /// Whether the program of the intake controller runs.
    INTAKE_RUNS = 1.0;

    /// Wanted dose of coagulant, mg/l.
    COAGULANT_SET = 12.0;
    /// Dose of coagulant, mg/l.
    COAGULANT_DOSE = 12.0;
    /// Speed of the coagulant pump, percent.
    COAGULANT_SPEED = 48.0;
    /// Wanted free chlorine, mg/l.
    CHLORINE_SET = 0.60;
    /// Free chlorine after contact, mg/l.
    CHLORINE = 0.60;
    /// Speed of the chlorine pump, percent.
    CHLORINE_SPEED = 35.0;
    /// Acidity.
    ACIDITY = 7.35;
    /// Level of the coagulant tank, percent.
    COAGULANT_STOCK = 71.0;
    /// Whether dosing is enabled.
    DOSING_ENABLED = 1.0;
    /// Whether chlorine dosing is enabled.
    CHLORINE_ENABLED = 1.0;

    /// Flow through the filter, m³/h.
    FILTER_FLOW = 120.0;
    /// Head loss of the filter, metres.
    FILTER_LOSS = 0.82;
    /// Opening of the filter's outlet valve, percent.
    FILTER_VALVE = 55.0;
    /// Turbidity after the filter, NTU.
    FILTERED_TURBIDITY = 0.11;
    /// Level of the clear well, metres (0 to 4).
    CLEAR_LEVEL = 2.5;
    /// Wanted level of the clear well, metres.
    CLEAR_LEVEL_SET = 2.6;
    /// Whether the program of the filter controller runs.
    FILTER_RUNS = 1.0;

    /// Whether high-lift pump 1 runs.
    LIFT_PUMP_1 = 1.0;
    /// Whether high-lift pump 2 runs.
    LIFT_PUMP_2 = 0.0;
    /// Flow to the town's reservoir, m³/h.
    LIFT_FLOW = 118.0;
    /// Pressure behind the high-lift pumps, bar.
    LIFT_PRESSURE = 5.8;
    /// Level of the reservoir, metres (0 to 5).
    RESERVOIR_LEVEL = 3.1;
    /// What the town takes, m³/h.
    DEMAND = 110.0;
    /// Motor current of pump 1, ampere.
    CURRENT_1 = 42.0;
    /// Motor current of pump 2, ampere.
    CURRENT_2 = 0.0;
    /// Operating hours of pump 1.
    HOURS_1 = 10_412.3;
    /// Operating hours of pump 2.
    HOURS_2 = 9_876.1;
    /// Energy of the pumping station, kWh.
    ENERGY = 582_310.0;
    /// Volume delivered, m³.
    VOLUME = 1_204_511.0;
    /// Whether the filter is being rinsed.
    BACKWASH = 0.0;
}

/// Area of the raw-water tank, m².
const RAW_AREA: f64 = 90.0;
/// Area of the clear well, m².
const CLEAR_AREA: f64 = 110.0;
/// Area of the reservoir, m².
const RESERVOIR_AREA: f64 = 260.0;

/// One step of the works.
pub fn advance(v: &mut Values, seconds: f64, hour: f64, random: &mut Random) {
    let hours = seconds / 3600.0;
    let toward =
        |value: f64, target: f64, time_constant: f64| value + (target - value) * (seconds / time_constant).min(1.0);

    // The town: little at night, a peak in the morning and one in the evening.
    let peak = |at: f64, width: f64| (-((hour - at) / width).powi(2)).exp();
    // On weekends people get up later.
    let morning = if v.weekday() >= 5 { 9.5 } else { 7.5 };
    let demand = 55.0 + 95.0 * peak(morning, 1.7) + 45.0 * peak(12.5, 2.5) + 80.0 * peak(19.0, 2.2);
    v[DEMAND] = toward(v[DEMAND], demand + random.around_zero(14.0), 40.0);

    // Intake: on and off between two levels, as long as the program runs; a stopped controller drops its outputs.
    if !v.is_on(INTAKE_RUNS) {
        v[INTAKE_PUMP] = 0.0;
    } else if v[RAW_LEVEL] < v[RAW_LEVEL_LOW] {
        v[INTAKE_PUMP] = 1.0;
    } else if v[RAW_LEVEL] > v[RAW_LEVEL_HIGH] {
        v[INTAKE_PUMP] = 0.0;
    }
    let intake = if v.is_on(INTAKE_PUMP) { 2.6 * v[INTAKE_GATE] + random.around_zero(4.0) } else { 0.0 };
    v[INTAKE_FLOW] = toward(v[INTAKE_FLOW], intake, 4.0);
    v[RAW_TURBIDITY] = (v[RAW_TURBIDITY] + random.around_zero(0.02) + (6.0 - v[RAW_TURBIDITY]) * 2e-4).max(0.5);
    v[TEMPERATURE] = toward(v[TEMPERATURE], 9.5 + 1.5 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos(), 3600.0);

    // Filter: the valve holds the level of the clear well; head loss grows with what was held back, until the filter is
    // cut off and rinsed for a quarter of an hour.
    if v.is_on(FILTER_RUNS) {
        if v[FILTER_LOSS] > 1.9 {
            v[BACKWASH] = 1.0;
        } else if v[FILTER_LOSS] < 0.45 {
            v[BACKWASH] = 0.0;
        }
        let level = if v.is_on(BACKWASH) { -2.0 } else { v[CLEAR_LEVEL_SET] - v[CLEAR_LEVEL] };
        let wanted = 55.0 + 60.0 * level;
        v[FILTER_VALVE] = toward(v[FILTER_VALVE], wanted.clamp(0.0, 100.0), 20.0);
    }
    let available = (v[RAW_LEVEL] / 0.5).clamp(0.0, 1.0);
    v[FILTER_FLOW] =
        toward(v[FILTER_FLOW], (v[FILTER_VALVE] * 2.2 * available).max(0.0) + random.around_zero(2.0), 6.0).max(0.0);
    v[FILTER_LOSS] = (v[FILTER_LOSS] + hours * 0.02 * v[RAW_TURBIDITY] * v[FILTER_FLOW] / 120.0).min(2.5);
    if v.is_on(BACKWASH) {
        v[FILTER_LOSS] -= seconds * 1.5 / 900.0;
    }
    let held = (v[COAGULANT_DOSE] / 12.0).clamp(0.1, 1.2);
    v[FILTERED_TURBIDITY] =
        toward(v[FILTERED_TURBIDITY], v[RAW_TURBIDITY] * (0.018 + 0.25 * (1.0 - held).max(0.0)), 240.0)
            + random.around_zero(0.0004);

    // Dosing in proportion to the flow.
    // A filter at rest is rinsed with a little water, so that doses stay defined.
    let flow = v[FILTER_FLOW].max(20.0);
    let coagulant = if v.is_on(DOSING_ENABLED) { v[COAGULANT_SET] } else { 0.0 };
    v[COAGULANT_SPEED] = toward(v[COAGULANT_SPEED], (coagulant * flow / 30.0).clamp(0.0, 100.0), 5.0);
    v[COAGULANT_DOSE] = toward(v[COAGULANT_DOSE], v[COAGULANT_SPEED] * 30.0 / flow, 15.0);
    v[COAGULANT_STOCK] = (v[COAGULANT_STOCK] - v[COAGULANT_SPEED] * hours * 0.004).max(0.0);
    // A lorry comes in time.
    if v[COAGULANT_STOCK] < 12.0 {
        v[COAGULANT_STOCK] = 96.0;
    }
    let chlorine = if v.is_on(CHLORINE_ENABLED) { v[CHLORINE_SET] } else { 0.0 };
    v[CHLORINE_SPEED] = toward(v[CHLORINE_SPEED], (chlorine * flow * 0.49).clamp(0.0, 100.0), 5.0);
    v[CHLORINE] = (toward(v[CHLORINE], v[CHLORINE_SPEED] / (flow * 0.49), 180.0) + random.around_zero(0.0008)).max(0.0);
    v[ACIDITY] = toward(v[ACIDITY], 7.6 - 0.02 * v[COAGULANT_DOSE], 300.0) + random.around_zero(0.002);

    // High lift: the second pump helps while the reservoir is low. An order from outside holds until a level is passed.
    if v[RESERVOIR_LEVEL] < 2.2 {
        v[LIFT_PUMP_1] = 1.0;
    }
    if v[RESERVOIR_LEVEL] < 1.8 {
        v[LIFT_PUMP_2] = 1.0;
    }
    if v[RESERVOIR_LEVEL] > 4.6 {
        v[LIFT_PUMP_1] = 0.0;
        v[LIFT_PUMP_2] = 0.0;
    }
    let has_water = v[CLEAR_LEVEL] > 0.3;
    let running = v[LIFT_PUMP_1] + v[LIFT_PUMP_2];
    let lift = if has_water && running > 0.5 { 122.0 * running.powf(0.8) + random.around_zero(2.0) } else { 0.0 };
    v[LIFT_FLOW] = toward(v[LIFT_FLOW], lift, 3.0);
    v[LIFT_PRESSURE] =
        toward(v[LIFT_PRESSURE], 3.9 + 0.1 * v[RESERVOIR_LEVEL] + v[LIFT_FLOW] * 0.013 + random.around_zero(0.05), 2.0);
    for (pump, current, hours_run) in [(LIFT_PUMP_1, CURRENT_1, HOURS_1), (LIFT_PUMP_2, CURRENT_2, HOURS_2)] {
        let target = if v.is_on(pump) { 42.0 + random.around_zero(1.2) } else { 0.0 };
        v[current] = toward(v[current], target, 1.5);
        v[hours_run] += hours * f64::from(u8::from(v.is_on(pump)));
    }
    v[ENERGY] += hours * (v[CURRENT_1] + v[CURRENT_2]) * 0.62;
    v[VOLUME] += hours * v[LIFT_FLOW];

    // What flows in stays in.
    v[RAW_LEVEL] = (v[RAW_LEVEL] + hours * (v[INTAKE_FLOW] - v[FILTER_FLOW]) / RAW_AREA).clamp(0.0, 6.0);
    v[CLEAR_LEVEL] = (v[CLEAR_LEVEL] + hours * (v[FILTER_FLOW] - v[LIFT_FLOW]) / CLEAR_AREA).clamp(0.0, 4.0);
    v[RESERVOIR_LEVEL] = (v[RESERVOIR_LEVEL] + hours * (v[LIFT_FLOW] - v[DEMAND]) / RESERVOIR_AREA).clamp(0.0, 5.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;
    use model::Time;

    #[test]
    fn a_week_keeps_levels_doses_and_pressure_where_they_belong() {
        let start = Time::from_seconds(1_772_409_600, 0);
        let mut process = Process::new(INITIAL, advance, start, Random::new(1));
        let mut rinsed = false;
        for minute in 1..=7 * 1440 {
            process.advance(start.plus(minute * 60_000_000_000));
            let v = &process.values;
            let state = format!("minute {minute}: {v:?}");
            assert!((2.5..4.6).contains(&v[RAW_LEVEL]), "{state}");
            assert!((1.5..3.6).contains(&v[CLEAR_LEVEL]), "{state}");
            assert!((0.5..4.8).contains(&v[RESERVOIR_LEVEL]), "{state}");
            assert!((0.4..0.8).contains(&v[CHLORINE]), "{state}");
            assert!((3.5..9.0).contains(&v[LIFT_PRESSURE]), "{state}");
            assert!((0.05..0.3).contains(&v[FILTERED_TURBIDITY]), "{state}");
            assert!((0.4..2.0).contains(&v[FILTER_LOSS]), "{state}");
            rinsed |= v.is_on(BACKWASH);
        }
        assert!(rinsed);
    }
}
