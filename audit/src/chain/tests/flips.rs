//! Any change of stored rows is found, and where it was made.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[test]
fn every_single_bit_of_a_chain_is_guarded() {
    let (rows, head) = log(4);
    for (index, row) in rows.iter().enumerate() {
        for bit in 0..(row.raw.len() + row.leaf.len()) * 8 {
            let mut spoiled = rows.clone();
            let (byte, mask) = (bit / 8, 1_u8 << (bit % 8));
            match spoiled[index].raw.get_mut(byte) {
                Some(byte) => *byte ^= mask,
                None => spoiled[index].leaf[byte - row.raw.len()] ^= mask,
            }
            let mut verifier = Verifier::new();
            verifier.join(chunk(&spoiled));
            let report = verifier.finish(&head);
            assert_eq!(
                found(&report),
                Some((index as u64, Damage::ContentAltered)),
                "bit {bit}"
            );
        }
    }
}

fn renumbered(mut rows: Vec<Row>, renumber: bool) -> Vec<Row> {
    if renumber {
        for (seq, row) in (0..).zip(&mut rows) {
            row.seq = seq;
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_deletion_is_found(len in 1..20_u32, at: Index, renumber: bool) {
        let (mut rows, head) = log(len);
        let at = at.index(rows.len());
        rows.remove(at);
        let report = verify(&renumbered(rows, renumber), &head);
        prop_assert_eq!(found(&report), Some((at as u64, Damage::EntryMissing)));
    }

    #[test]
    fn any_duplication_is_found(len in 1..20_u32, at: Index, renumber: bool) {
        let (mut rows, head) = log(len);
        let at = at.index(rows.len());
        rows.insert(at, rows[at].clone());
        let report = verify(&renumbered(rows, renumber), &head);
        let seq = at as u64 + u64::from(renumber);
        prop_assert_eq!(found(&report), Some((seq, Damage::EntryInserted)));
    }

    #[test]
    fn any_swap_is_found(len in 2..20_u32, a: Index, b: Index) {
        let (mut rows, head) = log(len);
        let (a, b) = (a.index(rows.len()), b.index(rows.len()));
        prop_assume!(a != b);
        rows.swap(a, b);
        let report = verify(&renumbered(rows, true), &head);
        prop_assert_eq!(found(&report), Some((a.min(b) as u64, Damage::Reordered)));
    }

    #[test]
    fn any_copy_over_another_row_is_found(len in 2..20_u32, from: Index, to: Index) {
        let (mut rows, head) = log(len);
        let (from, to) = (from.index(rows.len()), to.index(rows.len()));
        prop_assume!(from != to);
        rows[to] = rows[from].clone();
        let report = verify(&renumbered(rows, true), &head);
        prop_assert_eq!(report.first.map(|finding| finding.seq), Some(to as u64));
    }

    #[test]
    fn any_rewrite_with_its_hash_is_found(len in 2..20_u32, at: Index, outcome in "failure|denied|unknown") {
        let (mut rows, head) = log(len);
        let at = at.index(rows.len());
        let text = String::from_utf8(rows[at].raw.clone()).unwrap();
        rows[at].raw = text.replace("success", &outcome).into_bytes();
        rows[at].leaf = crate::hash::leaf(&rows[at].raw).0.to_vec();
        let report = verify(&rows, &head);
        prop_assert_eq!(found(&report), Some((at as u64, Damage::ContentAltered)));
    }

    #[test]
    fn no_rows_make_the_walk_panic(
        rows in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8),
        size: u64,
        small: bool,
    ) {
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|(seq, raw)| Row { seq: if small { seq % 8 } else { seq }, leaf: raw.clone(), raw })
            .collect();
        let head = Head { size, last_hash: Hash::ZERO, last_ts: Time::EPOCH };
        let report = verify(&rows, &head);
        prop_assert_eq!(report.first.is_none(), rows.is_empty() && size == 0);
    }
}
