//! Chance from a seed: the only source of it, here and in the host.

/// A xoshiro256** generator seeded by SplitMix64 (Blackman and Vigna, both in the public domain).
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// Returns the generator of `seed` for one purpose: each `stream` text gives an independent sequence.
    pub fn new(seed: u64, stream: &str) -> Self {
        // FNV-1a over the stream's name, so that a sequence depends on nothing but seed and name.
        let mut mixer = stream.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut next = || split_mix(&mut mixer);
        Self { state: [next(), next(), next(), next()] }
    }

    /// Returns 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Returns a number from `low` to `high`, both included; `low` when the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        let span = high.abs_diff(low).saturating_add(1);
        // Multiply-shift: the bias is below 2⁻³² for the small ranges used here.
        let offset = (u128::from(self.bits()) * u128::from(span)) >> 64;
        low.saturating_add(offset as i64)
    }

    /// Returns true in `percent` of 100 cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_sequences() {
        // SplitMix64 from seed 0 as published with the algorithm.
        let mut state = 0;
        assert_eq!(split_mix(&mut state), 0xe220_a839_7b1d_cdaf);
        assert_eq!(split_mix(&mut state), 0x6e78_9e6a_a1b9_65f4);
        // xoshiro256** from state 1, 2, 3, 4.
        let mut random = Random { state: [1, 2, 3, 4] };
        assert_eq!(
            [random.bits(), random.bits(), random.bits(), random.bits()],
            [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]
        );
    }

    #[test]
    fn a_seed_and_a_name_decide_the_sequence() {
        let bits = |seed, stream| Random::new(seed, stream).bits();
        assert_eq!(bits(1, "rb2701"), bits(1, "rb2701"));
        assert_ne!(bits(1, "rb2701"), bits(2, "rb2701"));
        assert_ne!(bits(1, "rb2701"), bits(1, "rb2702"));
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut random = Random::new(7, "range");
        let drawn: Vec<i64> = (0..1000).map(|_| random.between(-2, 2)).collect();
        assert!(drawn.iter().all(|number| (-2..=2).contains(number)));
        assert!(drawn.contains(&-2) && drawn.contains(&2));
        assert_eq!(random.between(3, 3), 3);
        assert_eq!(random.between(3, 1), 3);
        random.between(i64::MIN, i64::MAX);
    }
}
