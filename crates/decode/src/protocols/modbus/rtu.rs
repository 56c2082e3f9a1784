//! RTU frames in a stream: their length follows from function and speaker, and the CRC decides.

use crate::{Measure, Speaker};

/// The longest frame of a serial line (Modbus over Serial Line V1.02, section 2.5.1).
const FRAME_BYTES_MAX: usize = 256;

/// Address, function, CRC.
const ENDS: usize = 4;

/// Length of a request that begins with `bytes`. The error is the number of bytes that must be there to say.
fn request(bytes: &[u8]) -> Option<Result<usize, usize>> {
    let counted = |at: usize, fixed: usize| match bytes.get(at) {
        Some(count) => Ok(usize::from(*count).saturating_add(fixed)),
        None => Err(at.saturating_add(1)),
    };
    Some(match bytes.get(1)? {
        1..=6 | 8 => Ok(8),
        7 | 11 | 12 | 17 => Ok(ENDS),
        15 | 16 => counted(6, 9),
        20 | 21 => counted(2, 5),
        22 => Ok(10),
        23 => counted(10, 13),
        24 => Ok(6),
        43 => Ok(7),
        _ => return None,
    })
}

/// Length of an answer that begins with `bytes`.
fn answer(bytes: &[u8]) -> Option<Result<usize, usize>> {
    Some(match bytes.get(1)? {
        1..=4 | 12 | 17 | 20 | 21 | 23 => match bytes.get(2) {
            Some(count) => Ok(usize::from(*count).saturating_add(5)),
            None => Err(3),
        },
        5 | 6 | 8 | 11 | 15 | 16 => Ok(8),
        7 => Ok(5),
        22 => Ok(10),
        24 => match bytes.get(2..4) {
            Some([high, low]) => Ok(usize::from(u16::from_be_bytes([*high, *low])).saturating_add(6)),
            _ => Err(4),
        },
        43 => identification(bytes),
        0x81..=0xab => Ok(5),
        _ => return None,
    })
}

/// Length of an answer to 43/14: a list of objects with their lengths.
fn identification(bytes: &[u8]) -> Result<usize, usize> {
    let count = *bytes.get(7).ok_or(8_usize)?;
    let mut length = 8_usize;
    for _ in 0..count {
        let at = length.saturating_add(1);
        let object = bytes.get(at).ok_or(at.saturating_add(1))?;
        length = at.saturating_add(usize::from(*object)).saturating_add(1);
    }
    Ok(length.saturating_add(2))
}

/// CRC-16 of Modbus over serial line, appendix B: polynomial 0xa001, start 0xffff.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

fn crc_fits(bytes: &[u8], length: usize) -> bool {
    bytes
        .get(..length)
        .and_then(|frame| frame.split_last_chunk::<2>())
        .is_some_and(|(body, crc)| crc16(body) == u16::from_le_bytes(*crc))
}

/// Both shapes that a frame can have, that of `speaker` first.
fn shapes(bytes: &[u8], speaker: Option<Speaker>) -> [(Option<Result<usize, usize>>, Speaker); 2] {
    let (asked, answered) = ((request(bytes), Speaker::Client), (answer(bytes), Speaker::Server));
    if speaker == Some(Speaker::Server) { [answered, asked] } else { [asked, answered] }
}

/// Length of the frame at the start of `bytes` whose CRC fits, and who says it where only one of them could.
pub(super) fn fitting(bytes: &[u8], speaker: Option<Speaker>) -> Option<(usize, Option<Speaker>)> {
    let [first, second] = shapes(bytes, speaker);
    let fits = |shape: &Option<Result<usize, usize>>| match shape {
        Some(Ok(length)) if *length <= FRAME_BYTES_MAX && crc_fits(bytes, *length) => Some(*length),
        _ => None,
    };
    match (fits(&first.0), fits(&second.0)) {
        (Some(length), Some(other)) if length == other => Some((length, None)),
        (Some(length), _) => Some((length, Some(first.1))),
        (None, Some(length)) => Some((length, Some(second.1))),
        (None, None) => None,
    }
}

/// Whether `bytes` may be the start of a frame that is not all there.
pub(super) fn is_under_way(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|address| *address <= 247)
        && (bytes.len() < 2
            || shapes(bytes, None).iter().any(|(shape, _)| match shape {
                Some(Ok(length)) => *length > bytes.len() && *length <= FRAME_BYTES_MAX,
                Some(Err(needed)) => *needed > bytes.len() && *needed <= FRAME_BYTES_MAX,
                None => false,
            }))
}

/// Length of the frame at the start of `bytes`.
pub(super) fn measure(bytes: &[u8], speaker: Speaker) -> Measure {
    if let Some((length, _)) = fitting(bytes, Some(speaker)) {
        return Measure::Whole(length);
    }
    // The shorter shape first: it must fail before the longer one is waited for.
    let needed = shapes(bytes, Some(speaker))
        .iter()
        .filter_map(|(shape, _)| match shape {
            Some(Ok(needed) | Err(needed)) if *needed > bytes.len() && *needed <= FRAME_BYTES_MAX => Some(*needed),
            _ => None,
        })
        .min();
    match needed {
        Some(needed) => Measure::More(needed),
        None if bytes.len() < 2 => Measure::More(2),
        None => Measure::Malformed("no frame with a fitting CRC"),
    }
}
