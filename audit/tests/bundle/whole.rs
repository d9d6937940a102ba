//! Logs that nobody touched.

use audit::bundle::Contents;
use audit::report::{Assurance, Disclosures, Verdict};

use crate::flips::judge_packed;
use crate::sample::{Log, cosigner, judge, known, trust};

#[test]
fn a_log_that_nobody_touched_is_intact_whatever_its_size() {
    for size in [1, 2, 12, 255, 256, 257, 512, 700, 65_536 + 300] {
        let log = Log::of(size);
        let report = judge(&log.export(), &trust(&[known(1)]));
        assert_eq!(
            (report.verdict, report.harm.as_ref()),
            (Verdict::Intact, None),
            "{size}"
        );
        assert_eq!(report.assurance, Assurance::A1);
        assert_eq!((report.size, report.first, report.end), (size, 0, size));
        assert_eq!(report.root, Some(log.tree().root));
        assert_eq!(report.signed_by, Some(known(1).to_string()));
    }
}

#[test]
fn a_trusted_cosigner_gives_the_time() {
    let files = Log::of(12).export();
    assert_eq!(judge(&files, &trust(&[known(1)])).cosigned_at, None);
    let report = judge(&files, &trust(&[known(1), cosigner()]));
    assert_eq!(
        report.cosigned_at.unwrap().to_string(),
        "2025-06-15T15:06:52.000000Z"
    );
}

#[test]
fn without_a_key_the_assurance_says_so() {
    let report = judge(&Log::of(12).export(), &trust(&[]));
    assert_eq!(
        report.to_string(),
        "INTACT (A0: chain and tree only, no signature checked)"
    );
}

#[test]
fn a_key_that_nobody_signed_with_says_nothing() {
    let report = judge(&Log::of(12).export(), &trust(&[known(2)]));
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert_eq!(
        report.reason(),
        Some("no trusted key has signed the checkpoint")
    );
}

#[test]
fn redactions_and_prunes_are_documented_gaps() {
    let mut log = Log::of(600);
    log.redact(&[(15, &["actor.email", "actor.ip"]), (303, &["actor.email"])]);
    log.prune("payload", 300, &[30, 45]);
    log.grow(800);
    let report = judge(&log.export(), &trust(&[known(1)]));
    assert_eq!(
        report.verdict,
        Verdict::IntactWithDocumentedGaps,
        "{report:#?}"
    );
    // The genesis discloses nothing, two are held, one is redacted in part only.
    let with = (0..300)
        .filter(|seq| matches!(seq % 15, 0 | 3 | 5 | 6 | 9 | 10 | 12))
        .count() as u64;
    assert_eq!((report.pruned, report.redacted), (with - 3, 1));
    log.prune("entries", 256, &[]);
    let report = judge(&log.export(), &trust(&[known(1)]));
    assert_eq!(
        report.verdict,
        Verdict::IntactWithDocumentedGaps,
        "{report:#?}"
    );
    assert_eq!((report.first, report.end), (256, 801));
    assert!(report.pruned > 256);
}

#[test]
fn a_key_that_history_introduces_is_followed() {
    let mut log = Log::of(20);
    log.rotate();
    log.grow(40);
    log.rotate();
    log.grow(300);
    let files = log.export();
    for key in 1..=3 {
        let report = judge(&files, &trust(&[known(key)]));
        assert_eq!(report.verdict, Verdict::Intact, "{key}: {report:#?}");
        assert_eq!(report.signed_by, Some(known(3).to_string()));
    }
    let report = judge(&files, &trust(&[known(4)]));
    assert_eq!(report.verdict, Verdict::Inconclusive);
}

#[test]
fn a_range_begins_and_ends_with_tiles() {
    let mut log = Log::of(900);
    log.redact(&[(300, &["actor.email"])]);
    log.grow(1000);
    for range in [0..256, 256..512, 512..1000, 256..1000, 768..768] {
        let report = judge(&log.export_range(range.clone(), &[3]), &trust(&[known(1)]));
        assert!(report.is_intact(), "{range:?}: {report:#?}");
        assert_eq!(
            (report.first, report.end, report.whole),
            (range.start, range.end, false)
        );
        assert_eq!(report.redacted, u64::from(range.contains(&300)));
    }
    let report = judge(&log.export_range(256..512, &[]), &trust(&[known(1)]));
    assert_eq!(
        report.verdict,
        Verdict::Broken,
        "the entry that documents the gap is not there"
    );
}

#[test]
fn disclosures_can_be_withheld() {
    let mut log = Log::of(600);
    log.redact(&[(15, &["actor.email"])]);
    let contents = Contents {
        disclosures: Disclosures::None,
        ..log.contents()
    };
    let files = log.export_as(contents);
    assert!(!files.0.contains_key("disclosures.ndjson"));
    let report = judge(&files, &trust(&[known(1)]));
    assert_eq!(
        (report.verdict, report.disclosures),
        (Verdict::Intact, Disclosures::None)
    );
}

/// The bundle of docs/audit-format.md. It was made once and stays: a reader has to read what was written before.
#[test]
fn the_committed_bundle_is_read_as_the_format_page_says() {
    let page = include_str!("../../../docs/audit-format.md");
    let archive = include_bytes!("../../testdata/bundle.tar.zst");
    for key in [1, 2] {
        let report = judge_packed(archive, &trust(&[known(key)]));
        assert_eq!(
            report.to_string(),
            "INTACT_WITH_DOCUMENTED_GAPS (1 pruned, 1 redacted) (A1: signed by a trusted key)"
        );
        let root = report.root.unwrap().to_hex();
        for text in [root, known(key).to_string()] {
            assert!(page.contains(&text), "{text}");
        }
    }
}
