//! Values that were written: the range of each variable that somebody sets.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Reading, Sample, SampleOrigin, Text, Time, Value, Verb, said};

use super::{Baseline, Deviation, Kind, Mode, State, Strength};

/// What was ever written to one variable.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Setpoint {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: u64,
    /// At which count the range grew last.
    pub(crate) grown: u64,
    /// Whether only whole numbers were written.
    pub(crate) is_whole: bool,
    pub(crate) state: State,
    /// Said by people: judged as it stands.
    pub(crate) is_fixed: bool,
    pub(crate) first: Time,
}

/// Writes before a range says something.
const WRITES_MIN: u64 = 20;

impl Setpoint {
    fn learn(&mut self, value: f64) {
        self.count += 1;
        if value < self.low || value > self.high {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
            self.grown = self.count;
        }
        self.is_whole &= value.fract() == 0.0;
    }

    /// Whether the range has stood for as long as it took to find it.
    pub(crate) fn is_armed(&self) -> bool {
        self.is_fixed || (self.count >= WRITES_MIN && self.count >= self.grown.saturating_mul(2))
    }

    /// Least and greatest value with the margin that drawing from a range leaves open.
    pub(crate) fn limits(&self) -> (f64, f64) {
        let margin = if self.is_fixed || (self.is_whole && self.high - self.low <= 8.0) {
            0.0
        } else {
            (self.high - self.low) * 0.05
        };
        match margin == 0.0 {
            true => (self.low, self.high),
            false => (outward(self.low - margin, false), outward(self.high + margin, true)),
        }
    }
}

/// `number` moved outward to four significant digits: what people read is what is judged by.
fn outward(number: f64, is_up: bool) -> f64 {
    if number == 0.0 {
        return number;
    }
    let step = 10_f64.powi(number.abs().log10().floor() as i32 - 3);
    let steps = number / step;
    let moved = (if is_up { steps.ceil() } else { steps.floor() }) * step;
    // Written and read again, so that no digit of the machine is left over.
    format!("{moved:.12}").parse().unwrap_or(moved)
}

impl Baseline {
    /// The values that `act` writes.
    pub(super) fn writes(&mut self, act: &Act, device: u32, service: u16, mode: Mode, out: &mut Vec<Deviation>) {
        if !matches!(act.verb, Verb::Write | Verb::Operate) {
            return;
        }
        for Reading { object, value, .. } in act.values.iter().take(VALUES_AT_ONCE_MAX) {
            let Some(number) = value.as_number().filter(|number| number.is_finite()) else { continue };
            let object = if object.is_none() { act.object.to_string() } else { object.to_string() };
            let found = self.written(device, service, &act.behind, Text::from(object), number, act.at, mode);
            if let Some((object, low, high)) = found {
                self.say_value(Deviation::of_act(Kind::Value, Strength::Firm, act), &object, low, high, value, out);
            }
        }
    }

    pub(super) fn sample(&mut self, sample: &Sample, mode: Mode, out: &mut Vec<Deviation>) {
        if sample.origin != SampleOrigin::Written {
            return;
        }
        let Some(number) = sample.value.as_number().filter(|number| number.is_finite()) else { return };
        let Some((device, _)) = self.who.meet(&sample.device, sample.at, true) else { return };
        let service = self.service(&sample.protocol);
        let object = Text::from(sample.object.to_string());
        if let Some((object, low, high)) =
            self.written(device, service, &sample.behind, object, number, sample.at, mode)
        {
            let deviation = Deviation {
                to: Some(sample.device),
                behind: sample.behind.clone(),
                protocol: sample.protocol.clone(),
                ..Deviation::new(Kind::Value, Strength::Firm, sample.at)
            };
            self.say_value(deviation, &object, low, high, &sample.value, out);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one variable and one value")]
    fn written(
        &mut self,
        device: u32,
        service: u16,
        behind: &model::Behind,
        object: Text,
        value: f64,
        at: Time,
        mode: Mode,
    ) -> Option<(Text, f64, f64)> {
        let key = (device, service, behind.clone(), object.clone());
        let new = || Setpoint {
            low: value,
            high: value,
            count: 0,
            grown: 0,
            is_whole: true,
            state: State::Proposed,
            is_fixed: false,
            first: at,
        };
        if mode == Mode::Judge {
            let setpoint = self.setpoints.get(&key)?;
            let (low, high) = setpoint.limits();
            return (setpoint.is_armed() && !(low..=high).contains(&value)).then_some((object, low, high));
        }
        let setpoint = self.setpoints.entry(key, new)?;
        let (low, high) = setpoint.limits();
        if mode == Mode::Live && setpoint.is_armed() {
            return (!(low..=high).contains(&value)).then_some((object, low, high));
        }
        if !setpoint.is_fixed {
            setpoint.learn(value);
        }
        None
    }

    fn say_value(
        &mut self,
        deviation: Deviation,
        object: &Text,
        low: f64,
        high: f64,
        value: &Value,
        out: &mut Vec<Deviation>,
    ) {
        let value = value.as_number().unwrap_or_default();
        let deviation = deviation.topic(object.as_str()).saying(
            said!(
                "{object} from {low} to {high}",
                "{object} de {low} à {high}",
                object = object.as_str(),
                low = low.to_string(),
                high = high.to_string()
            ),
            said!("{value} was written to it", "{value} y a été écrit", value = value.to_string()),
        );
        self.say(deviation, out);
    }
}

/// Values of one act that are looked at.
const VALUES_AT_ONCE_MAX: usize = 64;
