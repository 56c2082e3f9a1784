//! The maker of a network interface by the first bits of its hardware address (IEEE registry, `data/oui.tsv`).

use std::sync::OnceLock;

use hashbrown::HashMap;
use model::Mac;

use crate::table::Hasher;

static LISTING: &str = include_str!("../data/oui.tsv");

/// Prefix with its number of bits → maker.
type Makers = HashMap<(u8, u64), &'static str, Hasher>;

fn makers() -> &'static Makers {
    static MAKERS: OnceLock<Makers> = OnceLock::new();
    MAKERS.get_or_init(|| {
        let mut makers = Makers::with_capacity_and_hasher(60_000, Hasher::with_seed(1));
        for line in LISTING.lines().filter(|line| !line.starts_with('#')) {
            let Some((maker, prefixes)) = line.split_once('\t') else { continue };
            for prefix in prefixes.split(' ') {
                if let Ok(number) = u64::from_str_radix(prefix, 16) {
                    makers.insert((prefix.len() as u8 * 4, number), maker);
                }
            }
        }
        makers
    })
}

/// The maker that registered the prefix of `mac`: 36, 28 or 24 bits, the longest first. None for addresses chosen by
/// software, and for groups.
pub fn maker(mac: Mac) -> Option<&'static str> {
    if mac.is_group() {
        return None;
    }
    let number = mac.0.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // Some old makers own prefixes in which the local bit is set (3Com 02:60:8c …): the listing decides first.
    [36_u8, 28, 24].into_iter().find_map(|bits| makers().get(&(bits, number >> (48 - bits))).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        maker(Mac::parse(text).unwrap())
    }

    #[test]
    fn makers_of_controllers_are_known() {
        assert_eq!(of("00:1b:1b:00:00:01"), Some("Siemens"));
        assert_eq!(of("00:80:f4:00:00:01"), Some("TELEMECANIQUE ELECTRIQUE"));
        assert_eq!(of("00:00:bc:00:00:01"), Some("Rockwell Automation"));
        assert_eq!(of("00:01:05:00:00:01"), Some("Beckhoff Automation"));
    }

    #[test]
    fn longer_prefixes_win() {
        // 70:b3:d5 is shared by the owners of 36-bit blocks.
        assert_eq!(of("70:b3:d5:08:00:01"), Some("ABB"));
    }

    #[test]
    fn groups_and_software_addresses_have_no_maker() {
        assert_eq!(of("ff:ff:ff:ff:ff:ff"), None);
        assert_eq!(of("0a:ff:ee:dd:00:01"), None);
    }
}
