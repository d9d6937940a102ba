//! A sample of a log that nobody chose: which entries it has follows from a seed and the size of the log.
//!
//! An auditor names the seed, and can draw the same sample again, without the server, to see that it picked
//! nothing. Limits: who knows the seed beforehand knows the sample.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// What every hash begins with, and a zero byte.
const DOMAIN: &[u8] = b"strongroom/audit/sample/1\0";

/// The numbers of `count` entries of a log of `size`, all of them when it has no more; in the order in which
/// they are drawn, no number twice.
///
/// The draw number i, from 0, is the first eight bytes, the high one first, of SHA-256 of the domain, the seed,
/// and `size` and i in eight bytes each. A draw at or above the largest multiple of `size` that fits into 64 bits
/// is passed over, so that no entry is likelier than another; what is left of the division by `size` is the number
/// of the entry, and one that was drawn before is passed over.
pub fn sample(seed: &str, size: u64, count: usize) -> Vec<u64> {
    let count = usize::try_from(size).map_or(count, |size| count.min(size));
    let mut drawn = Vec::with_capacity(count);
    let mut seen = BTreeSet::new();
    let mut draws = 0..;
    while drawn.len() < count
        && let Some(draw) = draws.next()
    {
        if let Some(seq) = place(value(seed, size, draw), size)
            && seen.insert(seq)
        {
            drawn.push(seq);
        }
    }
    drawn
}

fn value(seed: &str, size: u64, draw: u64) -> u64 {
    let hash = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(seed)
        .chain_update(size.to_be_bytes())
        .chain_update(draw.to_be_bytes())
        .finalize();
    hash.iter()
        .take(8)
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn place(value: u64, size: u64) -> Option<u64> {
    // 2^64 mod size: so many of the highest values would favour the first entries.
    let over = (u64::MAX % size + 1) % size;
    (value <= u64::MAX - over).then_some(value % size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_drawn_again_from_its_seed_and_size() {
        let drawn = [730, 761, 807, 638, 988, 291, 812, 628];
        assert_eq!(sample("2026-Q4", 1000, 8), drawn);
        assert_ne!(sample("2026-Q4", 1000, 8), sample("2026-Q3", 1000, 8));
        assert_ne!(sample("2026-Q4", 1000, 8), sample("2026-Q4", 1001, 8));
        // More of the same sample begins with less of it.
        assert_eq!(sample("2026-Q4", 1000, 8)[..3], sample("2026-Q4", 1000, 3));
    }

    #[test]
    fn no_entry_is_drawn_twice_and_none_beyond_the_log() {
        for size in [0, 1, 2, 7, 100, 101] {
            let drawn = sample("x", size, 100);
            let distinct: BTreeSet<_> = drawn.iter().collect();
            assert_eq!(drawn.len() as u64, size.min(100));
            assert_eq!(distinct.len(), drawn.len());
            assert!(drawn.iter().all(|seq| *seq < size));
        }
    }

    #[test]
    fn the_highest_values_favour_nobody() {
        assert_eq!(place(u64::MAX, 1 << 63), Some((1 << 63) - 1));
        assert_eq!(place(u64::MAX, 3), None);
        assert_eq!(place(u64::MAX - 1, 3), Some(2));
        assert_eq!(place(u64::MAX, 1), Some(0));
    }

    #[test]
    fn every_entry_is_about_as_likely() {
        let mut counts = [0_u32; 10];
        for seed in 0..2_000 {
            for seq in sample(&seed.to_string(), 10, 1) {
                counts[usize::try_from(seq).unwrap()] += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (140..260).contains(count)),
            "{counts:?}"
        );
    }
}
