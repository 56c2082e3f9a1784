//! Numbers that look random and are the same for the same seed, on every machine.

/// The generator xoshiro256++ (D. Blackman and S. Vigna, 2019), seeded by SplitMix64.
#[derive(Clone, Debug)]
pub struct Random([u64; 4]);

impl Random {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Random {
        let mut state = seed;
        Random(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A whole number from 0 up to, not including, `bound`; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this `probability` happens now.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number from `-width` to `width`, most often near 0: the sum of three even ones.
    pub fn around_zero(&mut self, width: f64) -> f64 {
        (self.unit() + self.unit() + self.unit() - 1.5) * width / 1.5
    }

    /// A waiting time in nanoseconds: at least `least`, and on average `mean_more` longer (exponential, cut at 8 times).
    pub fn wait(&mut self, least: i64, mean_more: i64) -> i64 {
        let more = -(1.0 - self.unit()).ln() * mean_more as f64;
        least + more.min(8.0 * mean_more as f64) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_numbers_and_within_bounds() {
        let (mut a, mut b) = (Random::new(7), Random::new(7));
        for bound in 1..2000 {
            let number = a.below(bound);
            assert_eq!(number, b.below(bound));
            assert!(number < bound);
        }
        assert!((0..1000).all(|_| (0.0..1.0).contains(&a.unit())));
        assert!((0..1000).all(|_| (100..=900).contains(&a.wait(100, 100))));
        assert_ne!(Random::new(1).bits(), Random::new(2).bits());
    }
}
