//! What an S7 controller says of itself: system status lists, its clock, its blocks.
//!
//! Source: Siemens, "System Software for S7-300/400, System and Standard Functions", chapter "System Status Lists".

use model::Time;

use super::s7comm::Controller;

/// Size of a record and all records of a list; nothing where the controller does not have it.
pub fn records(
    controller: &Controller,
    list: u16,
    index: u16,
    (runs, key): (bool, u16),
    at: Time,
) -> Option<(usize, Vec<u8>)> {
    let lists = [0x0011u16, 0x001c, 0x0012, 0x0074, 0x00a0, 0x0131, 0x0132, 0x0232, 0x0424, 0x0111];
    Some(match list {
        // All lists.
        0x0000 => (2, lists.iter().flat_map(|list| list.to_be_bytes()).collect()),
        // Identification: order number, type, versions.
        0x0011 => {
            let order = controller.order_number;
            let [major, minor, patch] = controller.firmware;
            let version = u16::from(controller.hardware_version);
            let module = identification(1, order, 0xc0, version, [0, 1]);
            let hardware = identification(6, order, 0xc0, version, [0, 1]);
            let firmware = identification(7, " ", 0xc0, u16::from_be_bytes([b'V', major]), [minor, patch]);
            let loader = identification(0x81, "Boot Loader", 0, u16::from_be_bytes(*b"A "), [9, 9]);
            (28, [module, hardware, firmware, loader].concat())
        }
        // Component identification, all or by index.
        0x001c | 0x011c => {
            let mut records = Vec::new();
            let rows: [(u16, &str); 8] = [
                (1, controller.station),
                (2, controller.module),
                (3, controller.plant),
                (4, "Original Siemens Equipment"),
                (5, controller.serial),
                (7, controller.kind),
                (8, controller.card),
                (11, ""),
            ];
            for (number, text) in rows.into_iter().filter(|row| list == 0x001c || row.0 == index) {
                records.extend_from_slice(&number.to_be_bytes());
                records.extend_from_slice(&padded::<32>(text, 0));
            }
            (34, records)
        }
        // LEDs: which, on, blinking. SF, RUN, STOP, FRCE, BUS1F.
        0x0074 | 0x0019 => {
            let leds = [(1u8, false), (4, runs), (5, !runs), (6, false), (11, false)];
            (4, leds.iter().flat_map(|(led, on)| [0, *led, u8::from(*on), 0]).collect())
        }
        // Diagnostic buffer: the latest entries. Restart and power-on, or stop by a programming device.
        0x00a0 => {
            let mut records = Vec::new();
            let events: &[u16] = if runs { &[0x4302, 0x4301, 0x1381] } else { &[0x4304, 0x4302, 0x4301] };
            for (age, event) in events.iter().enumerate() {
                records.extend_from_slice(&event.to_be_bytes());
                records.extend_from_slice(&[0xff, 0x68, 0xc7, 0, 0, 0, 0, 0, 0, 0]);
                records.extend_from_slice(&clock(at.plus(-3_600_000_000_000 * (age as i64 + 1))));
            }
            (20, records)
        }
        // Communication: protection, position of the key switch (1 RUN, 3 STOP).
        0x0132 | 0x0232 if index == 4 => {
            let mut record = [0u16; 20];
            record[0] = 4;
            record[1] = 1;
            record[3] = 1;
            record[4] = if runs { key } else { 3 };
            (40, record.iter().flat_map(|word| word.to_be_bytes()).collect())
        }
        // Operating mode and how it came about: 8 run, 3 stop.
        0x0424 => {
            let mode = if runs { 0x08 } else { 0x83 };
            let event: [u8; 2] = if runs { [0x43, 0x02] } else { [0x43, 0x04] };
            let head = [event[0], event[1], 0xff, mode, 0, 0, 0, 0, 0x14, 0x48, 0, 0];
            (20, [head.as_slice(), &clock(at.plus(-3_600_000_000_000))].concat())
        }
        _ => return None,
    })
}

fn identification(index: u16, order: &str, kind: u16, version: u16, tail: [u8; 2]) -> Vec<u8> {
    let mut record = index.to_be_bytes().to_vec();
    record.extend_from_slice(&padded::<20>(order, b' '));
    record.extend_from_slice(&kind.to_be_bytes());
    record.extend_from_slice(&version.to_be_bytes());
    record.extend_from_slice(&tail);
    record
}

fn padded<const N: usize>(text: &str, with: u8) -> [u8; N] {
    let mut bytes = [with; N];
    for (byte, letter) in bytes.iter_mut().zip(text.bytes()) {
        *byte = letter;
    }
    bytes
}

/// DATE_AND_TIME: binary coded decimals, the weekday (1 Sunday) in the last half byte.
pub fn clock(at: Time) -> [u8; 8] {
    let seconds = at.0.div_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let milliseconds = at.0.rem_euclid(1_000_000_000) / 1_000_000;
    let weekday = (days + 4).rem_euclid(7) + 1;
    let coded = |number: i64| (((number / 10 % 10) << 4) | (number % 10)) as u8;
    let last = (((milliseconds % 10) << 4) | weekday) as u8;
    [year, month, day, second / 3600, second / 60 % 60, second % 60, milliseconds / 10, 0]
        .map(coded)
        .into_iter()
        .enumerate()
        .fold([0; 8], |mut bytes, (index, byte)| {
            bytes[index] = if index == 7 { last } else { byte };
            bytes
        })
}

/// Year, month and day of a day counted from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
pub fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A block as it is loaded: a header of 36 bytes, then code that does nothing but is all different bytes.
pub fn block(kind: &str, number: u16, size: u16) -> Vec<u8> {
    let size = size.max(40);
    let code = size - 36;
    let kind = u8::from_str_radix(kind, 16).unwrap_or(0x08);
    let language = if kind == 0x0a { 5 } else { 1 };
    let mut bytes = vec![b'p', b'p', 1, 1, language, kind];
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&u32::from(size).to_be_bytes());
    // Protection, two time stamps (milliseconds of the day, days since 1984), interface, segments, local data.
    bytes.extend_from_slice(&[0, 0, 0, 0]);
    bytes.extend_from_slice(&[0x02, 0x6e, 0x11, 0x40, 0x3b, 0xf1, 0x02, 0x6e, 0x0f, 0x02, 0x3b, 0xf1]);
    bytes.extend_from_slice(&[0, 0, 0, 0, 0, 20]);
    bytes.extend_from_slice(&code.to_be_bytes());
    bytes.extend((0..code).map(|index| (index.wrapping_mul(73).wrapping_add(number) >> 2) as u8));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_is_binary_coded_with_the_weekday() {
        let monday = Time::from_seconds(1_772_433_000, 123_000_000);
        assert_eq!(clock(monday), [0x26, 0x03, 0x02, 0x06, 0x30, 0x00, 0x12, 0x32]);
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
    }

    #[test]
    fn block_has_the_length_it_claims() {
        let bytes = block("08", 1, 172);
        assert_eq!(bytes.len(), 172);
        assert_eq!(bytes[8..12], 172u32.to_be_bytes());
    }
}
