mod damage;
mod flips;

use super::*;
use crate::entry::tests::{TENANT, draft};
use crate::genesis;

/// A stored row that tests may spoil.
#[derive(Clone)]
struct Row {
    seq: u64,
    raw: Vec<u8>,
    leaf: Vec<u8>,
}

/// A log of `len` entries as a database would hold it.
fn log(len: u32) -> (Vec<Row>, Head) {
    let mut head = Head::empty();
    let rows = (0..len).map(|number| grow(&mut head, number)).collect();
    (rows, head)
}

fn grow(head: &mut Head, number: u32) -> Row {
    let mut draft = draft(number);
    if head.size == 0 {
        draft.action = genesis::ACTION.to_owned();
    }
    let seq = head.size;
    let sealed = head.append(&draft, draft.at).unwrap();
    Row {
        seq,
        raw: sealed.raw,
        leaf: sealed.leaf.0.to_vec(),
    }
}

fn chunk(rows: &[Row]) -> ChunkReport {
    let stored: Vec<Stored<'_>> = rows
        .iter()
        .map(|row| Stored {
            seq: row.seq,
            raw: &row.raw,
            leaf: &row.leaf,
            projection: None,
            disclosures: None,
        })
        .collect();
    verify_chunk(&stored, &LogIdentity { tenant: TENANT })
}

/// Walks the rows in chunks of several sizes, which must not matter.
fn verify(rows: &[Row], head: &Head) -> Report {
    walk(Verifier::new, rows, head)
}

fn walk(start: impl Fn() -> Verifier, rows: &[Row], head: &Head) -> Report {
    let report = |size| {
        let mut verifier = start();
        rows.chunks(size)
            .for_each(|rows| verifier.join(chunk(rows)));
        verifier.finish(head)
    };
    let whole = report(rows.len().max(1));
    for size in [1, 2, 3, 7] {
        assert_eq!(report(size), whole, "chunks of {size}");
    }
    whole
}

fn found(report: &Report) -> Option<(u64, Damage)> {
    report
        .first
        .as_ref()
        .map(|finding| (finding.seq, finding.damage))
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    for len in [0, 1, 2, 3, 4, 9] {
        let (rows, head) = log(len);
        let report = verify(&rows, &head);
        assert_eq!(
            report,
            Report {
                rows: len.into(),
                first: None,
                findings: 0,
                end: head
            }
        );
    }
}

#[test]
fn time_never_goes_back() {
    let mut head = Head::empty();
    grow(&mut head, 5);
    let before = head.last_ts;
    let sealed = head.append(&draft(6), Time::EPOCH).unwrap();
    assert_eq!(
        crate::entry::Entry::parse(&sealed.raw).unwrap().position.ts,
        before
    );
    assert_eq!(head.last_ts, before);
}

#[test]
fn a_log_starts_with_its_genesis_and_has_no_other() {
    let mut head = Head::empty();
    assert_eq!(
        head.append(&draft(0), Time::EPOCH),
        Err(DraftError::Genesis)
    );
    assert_eq!(head, Head::empty());
    grow(&mut head, 0);
    let (mut again, before) = (draft(1), head);
    again.action = genesis::ACTION.to_owned();
    assert_eq!(head.append(&again, Time::EPOCH), Err(DraftError::Genesis));
    assert_eq!(head, before);
}

#[test]
fn a_full_log_takes_nothing_more() {
    let mut head = Head {
        size: MAX_INTEGER + 1,
        last_hash: Hash::ZERO,
        last_ts: Time::EPOCH,
    };
    assert_eq!(head.append(&draft(0), Time::EPOCH), Err(DraftError::Full));
}

#[test]
fn a_walk_resumes_behind_a_head() {
    let (rows, head) = log(9);
    let middle = verify(&rows[..4], &log(4).1).end;
    let report = walk(|| Verifier::resume(middle), &rows[4..], &head);
    assert_eq!((report.rows, found(&report), report.end), (5, None, head));
    let report = walk(|| Verifier::resume(head), &[], &head);
    assert_eq!((report.rows, found(&report)), (0, None));
}

#[test]
fn words_of_damage_read_back() {
    for damage in Damage::ALL {
        assert_eq!(Damage::parse(damage.as_str()), Some(damage));
    }
    assert_eq!(Damage::ContentAltered.as_str(), "CONTENT_ALTERED");
    assert_eq!(Damage::parse("content_altered"), None);
}
