//! The physics of a small district heating network, and the control that its controllers do.
//!
//! Boiler → supply pipe → three buildings → return pipe → boiler. Heat in kilowatts, water in m³/h; the colder it is
//! outside, the hotter the supply and the more the buildings take. Cold water meets the boiler when heat is not taken out.

use crate::process::{Point, Values, points};
use crate::random::Random;

points! { 64:
    /// Temperature outside, °C.
    OUTSIDE = 3.0;
    /// How much colder or warmer than usual these days are, °C; drifts.
    WEATHER = 0.0;
    /// Wanted supply temperature, °C.
    SUPPLY_SET = 82.0;
    /// Shift of the heating curve, °C.
    CURVE_SHIFT = 0.0;
    /// Supply temperature, °C.
    SUPPLY = 82.0;
    /// Return temperature, °C.
    RETURN = 52.0;
    /// Flow in the network, m³/h.
    FLOW = 28.0;
    /// Speed of the network pump, percent.
    PUMP_SPEED = 60.0;
    /// Power of the burner, kW.
    BURNER = 980.0;
    /// Whether the burner is released by the safety controller.
    BURNER_RELEASED = 1.0;
    /// Whether the boiler is wanted on.
    BOILER_ON = 1.0;
    /// Pressure of the network, bar.
    PRESSURE = 4.6;
    /// Gas taken, m³.
    GAS = 81_344.0;
    /// Heat given, kWh.
    HEAT = 745_120.0;
    /// Temperature of the flue gas, °C.
    FLUE = 128.0;
    /// Whether the program of the safety controller runs.
    SAFETY_RUNS = 1.0;
    /// Key of the safety controller: 1 RUN, 2 RUN-P (programming allowed).
    SAFETY_KEY = 1.0;
    /// Pressure where the safety controller trips the burner, bar.
    TRIP_PRESSURE = 8.0;

    /// School: wanted room temperature, °C.
    SCHOOL_SET = 20.5;
    /// School: room temperature, °C.
    SCHOOL_ROOM = 20.4;
    /// School: supply of its heating circuit, °C.
    SCHOOL_SUPPLY = 55.0;
    /// School: valve, percent.
    SCHOOL_VALVE = 45.0;
    /// School: heat taken, kW.
    SCHOOL_HEAT = 260.0;
    /// School: whether the circuit's pump runs.
    SCHOOL_PUMP = 1.0;

    /// Hospital: wanted room temperature, °C.
    HOSPITAL_SET = 22.0;
    /// Hospital: room temperature, °C.
    HOSPITAL_ROOM = 22.0;
    /// Hospital: supply of its heating circuit, °C.
    HOSPITAL_SUPPLY = 58.0;
    /// Hospital: valve, percent.
    HOSPITAL_VALVE = 50.0;
    /// Hospital: heat taken, kW.
    HOSPITAL_HEAT = 390.0;
    /// Hospital: whether the circuit's pump runs.
    HOSPITAL_PUMP = 1.0;
    /// Hospital: air handling, percent of full speed.
    HOSPITAL_FAN = 65.0;
    /// Hospital: temperature of the hot tap water, °C.
    TAP_WATER = 60.0;

    /// Housing estate: wanted room temperature, °C.
    ESTATE_SET = 21.0;
    /// Housing estate: room temperature, °C.
    ESTATE_ROOM = 21.0;
    /// Housing estate: supply of its heating circuit, °C.
    ESTATE_SUPPLY = 54.0;
    /// Housing estate: valve, percent.
    ESTATE_VALVE = 42.0;
    /// Housing estate: heat taken, kW.
    ESTATE_HEAT = 320.0;
    /// Housing estate: whether the circuit's pump runs.
    ESTATE_PUMP = 1.0;
}

/// A building: set point, room, supply, valve, heat, pump; greatest heat in kW, loss in kW per degree, kWh per degree.
struct Building(Point, Point, Point, Point, Point, Point, f64, f64, f64);

const BUILDINGS: [Building; 3] = [
    Building(SCHOOL_SET, SCHOOL_ROOM, SCHOOL_SUPPLY, SCHOOL_VALVE, SCHOOL_HEAT, SCHOOL_PUMP, 620.0, 14.5, 260.0),
    Building(
        HOSPITAL_SET,
        HOSPITAL_ROOM,
        HOSPITAL_SUPPLY,
        HOSPITAL_VALVE,
        HOSPITAL_HEAT,
        HOSPITAL_PUMP,
        900.0,
        20.0,
        420.0,
    ),
    Building(ESTATE_SET, ESTATE_ROOM, ESTATE_SUPPLY, ESTATE_VALVE, ESTATE_HEAT, ESTATE_PUMP, 760.0, 17.0, 380.0),
];

/// One step of the network.
pub fn advance(v: &mut Values, seconds: f64, hour: f64, random: &mut Random) {
    let hours = seconds / 3600.0;
    let toward =
        |value: f64, target: f64, time_constant: f64| value + (target - value) * (seconds / time_constant).min(1.0);

    // Weather: a day's curve, and days that are colder or warmer.
    v[WEATHER] = (v[WEATHER] + random.around_zero(0.02) - v[WEATHER] * 2e-6).clamp(-7.0, 7.0);
    let day = 4.0 + 3.5 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos();
    v[OUTSIDE] = toward(v[OUTSIDE], day + v[WEATHER], 1800.0);

    // Heating curve, with less at night.
    let night = if (5.0..21.0).contains(&hour) { 0.0 } else { 4.0 };
    v[SUPPLY_SET] = toward(v[SUPPLY_SET], (86.0 - 1.3 * v[OUTSIDE] + v[CURVE_SHIFT] - night).clamp(60.0, 105.0), 300.0);

    // Buildings: the valve holds the room, the sun and people add a little.
    let weekend = v.weekday() >= 5;
    let mut taken = 0.0;
    let mut opening = 0.0;
    for (index, Building(set, room, supply, valve, heat, pump, most, loss, storage)) in BUILDINGS.iter().enumerate() {
        let is_empty = index == 0 && (weekend || !(5.0..17.0).contains(&hour));
        let wanted = v[*set] - if is_empty { 2.5 } else { 0.0 };
        let needed = loss * (wanted - v[OUTSIDE]) / most * 100.0;
        let order = if v.is_on(*pump) { (needed + 22.0 * (wanted - v[*room])).clamp(0.0, 100.0) } else { 0.0 };
        v[*valve] = toward(v[*valve], order, 45.0);
        let hot = ((v[SUPPLY] - v[*room]) / 61.0).clamp(0.0, 1.6);
        v[*heat] = toward(v[*heat], (v[*valve] / 100.0 * most * hot + random.around_zero(6.0)).max(0.0), 30.0);
        v[*supply] = toward(v[*supply], v[*room] + (v[SUPPLY] - v[*room]) * (0.3 + 0.5 * v[*valve] / 100.0), 40.0);
        let gain = if is_empty { 0.0 } else { 0.4 * loss };
        v[*room] += hours * (v[*heat] + gain - loss * (v[*room] - v[OUTSIDE])) / storage;
        taken += v[*heat];
        opening += v[*valve] / 300.0;
    }
    v[HOSPITAL_FAN] = toward(v[HOSPITAL_FAN], if (6.0..20.0).contains(&hour) { 65.0 } else { 40.0 }, 120.0);
    v[TAP_WATER] =
        toward(v[TAP_WATER], 60.0 - 3.0 * ((hour - 7.0).abs() < 1.5) as u8 as f64, 900.0) + random.around_zero(0.03);

    // Network: the pump follows the valves, water carries heat at 1.16 kWh per m³ and degree.
    v[PUMP_SPEED] = toward(v[PUMP_SPEED], (25.0 + 75.0 * opening).clamp(20.0, 100.0), 20.0);
    v[FLOW] = toward(v[FLOW], (v[PUMP_SPEED] * 0.48 + random.around_zero(0.3)).max(5.0), 6.0);
    v[RETURN] = toward(v[RETURN], (v[SUPPLY] - taken / (1.16 * v[FLOW])).clamp(15.0, 105.0), 120.0);

    // Boiler: burner power holds the supply temperature; the safety controller releases it.
    if v.is_on(SAFETY_RUNS) {
        let is_safe = v[PRESSURE] < v[TRIP_PRESSURE] && v[SUPPLY] < 112.0;
        v[BURNER_RELEASED] = f64::from(u8::from(is_safe));
    }
    let wanted = 1.16 * v[FLOW] * (v[SUPPLY_SET] - v[RETURN]) + 60.0 * (v[SUPPLY_SET] - v[SUPPLY]);
    let burner = if v.is_on(BURNER_RELEASED) && v.is_on(BOILER_ON) { wanted.clamp(0.0, 2_400.0) } else { 0.0 };
    v[BURNER] = toward(v[BURNER], burner, 12.0);
    let carried = 1.16 * v[FLOW] * (v[SUPPLY] - v[RETURN]);
    // 6 m³ of water in the boiler.
    v[SUPPLY] =
        (v[SUPPLY] + hours * (v[BURNER] - carried) / (1.16 * 6.0) + random.around_zero(0.01)).clamp(10.0, 130.0);
    v[PRESSURE] = toward(v[PRESSURE], 2.4 + 0.018 * (v[SUPPLY] + v[RETURN]) + random.around_zero(0.02), 15.0);
    v[FLUE] = toward(v[FLUE], 70.0 + v[BURNER] * 0.06, 60.0);
    v[GAS] += hours * v[BURNER] / 9.6;
    v[HEAT] += hours * taken;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;
    use model::Time;

    #[test]
    fn a_week_keeps_rooms_warm_and_the_network_within_its_limits() {
        let start = Time::from_seconds(1_772_409_600, 0);
        let mut process = Process::empty(start);
        process.add(FIRST, INITIAL, advance, Random::new(1));
        for minute in 1..=7 * 1440 {
            process.advance(start.plus(minute * 60_000_000_000));
            let v = &process.values;
            let state = format!("minute {minute}: {v:?}");
            assert!((-15.0..20.0).contains(&v[OUTSIDE]), "{state}");
            assert!((16.0..25.0).contains(&v[SCHOOL_ROOM]), "{state}");
            assert!((19.0..25.0).contains(&v[HOSPITAL_ROOM]), "{state}");
            assert!((19.0..24.0).contains(&v[ESTATE_ROOM]), "{state}");
            assert!((60.0..110.0).contains(&v[SUPPLY]), "{state}");
            assert!(v[RETURN] < v[SUPPLY], "{state}");
            assert!((3.0..7.5).contains(&v[PRESSURE]), "{state}");
            assert!(v.is_on(BURNER_RELEASED), "{state}");
        }
        // What the gas brought is what the buildings took, but for what the water holds.
        let v = &process.values;
        let (brought, taken) = ((v[GAS] - 81_344.0) * 9.6, v[HEAT] - 745_120.0);
        assert!((brought / taken - 1.0).abs() < 0.02, "{brought} {taken}");
    }
}
