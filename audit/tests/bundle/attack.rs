//! What attackers do, and which of it shows to whom. The cells that say INTACT are as much a promise as the others.

use audit::bundle::{Contents, Files};
use audit::chain::{Head, LogIdentity, Verifier, verify_chunk};
use audit::checkpoint::Checkpoint;
use audit::entry::EntryRef;
use audit::note::{Note, VerifierKey};
use audit::offline::Trust;
use audit::report::Verdict;

use crate::sample::{Log, TENANT, judge, known, name, trust};

/// What is attacked: 600 entries; the auditor kept the checkpoint of 300, the last anchor has all of them.
struct Scene {
    genuine: Log,
    receipt: Note,
    anchor: Note,
}

fn scene() -> Scene {
    Scene {
        genuine: Log::of(600),
        receipt: Log::of(300).checkpoint(),
        anchor: Log::of(600).checkpoint(),
    }
}

/// What the attacker shows: entries as a database has them, and an export.
struct Attack {
    name: &'static str,
    log: Log,
    export: Files,
}

/// An attacker without the key exports with a key of the same name, then puts the genuine checkpoint on top.
fn exported_without_key(log: &Log, checkpoint: &Note) -> Files {
    let mut forger = log.clone();
    forger.key = 9;
    let mut files = forger.export();
    files
        .0
        .insert("checkpoint".to_owned(), checkpoint.to_string().into_bytes());
    files
}

fn attack(name: &'static str, log: Log, checkpoint: &Note) -> Attack {
    let export = exported_without_key(&log, checkpoint);
    Attack { name, log, export }
}

/// With the log's own key: everything is signed.
fn with_key(name: &'static str, log: Log) -> Attack {
    let export = log.export();
    Attack { name, log, export }
}

fn spoilt(scene: &Scene, spoil: impl Fn(&mut Log)) -> Log {
    let mut log = scene.genuine.clone();
    spoil(&mut log);
    log
}

/// The chain alone: rows and a head that somebody made to fit.
fn chain_says_intact(log: &Log) -> bool {
    let rows: Vec<_> = (0..)
        .zip(&log.entries)
        .map(|(seq, stored)| audit::chain::Stored {
            seq,
            raw: &stored.raw,
            leaf: &stored.leaf.0,
            projection: None,
            disclosures: None,
        })
        .collect();
    let last = log.entries.last().unwrap();
    let head = Head {
        size: log.size(),
        last_hash: last.leaf,
        last_ts: EntryRef::parse(&last.raw).unwrap().ts,
    };
    let mut verifier = Verifier::new();
    verifier.join(verify_chunk(&rows, &LogIdentity { tenant: TENANT }));
    verifier.finish(&head).first.is_none()
}

#[derive(Debug, PartialEq, Eq)]
enum Cell {
    Caught,
    Intact,
    NotApplicable,
}
use Cell::{Caught, Intact, NotApplicable};

fn cell(attack: &Attack, trust: &Trust) -> Cell {
    let report = judge(&attack.export, trust);
    match report.verdict {
        Verdict::Intact | Verdict::IntactWithDocumentedGaps => Intact,
        Verdict::Broken => Caught,
        Verdict::Inconclusive => panic!("{}: {report:#?}", attack.name),
    }
}

fn row(attack: &Attack, scene: &Scene, chain: Cell) -> [Cell; 4] {
    let with_key = trust(&[known(1)]);
    let receipt = Trust {
        receipt: Some(scene.receipt.clone()),
        ..with_key.clone()
    };
    let anchor = Trust {
        anchor: Some(scene.anchor.clone()),
        ..with_key.clone()
    };
    let chain = match chain {
        NotApplicable => NotApplicable,
        _ if chain_says_intact(&attack.log) => Intact,
        _ => Caught,
    };
    [
        chain,
        cell(attack, &with_key),
        cell(attack, &receipt),
        cell(attack, &anchor),
    ]
}

#[test]
fn every_cell_of_the_table_of_attacks_is_as_promised() {
    let scene = scene();
    let keep = &scene.anchor;
    let forged = |spoil: &dyn Fn(&mut Log)| {
        spoilt(&scene, |log| {
            spoil(log);
            log.forge(100);
        })
    };
    let rows = [
        (
            attack(
                "edited, nothing recomputed",
                spoilt(&scene, |log| log.edit(100)),
                keep,
            ),
            [Caught, Caught, Caught, Caught],
        ),
        (
            attack("edited, recomputed", forged(&|log| log.edit(100)), keep),
            [Intact, Caught, Caught, Caught],
        ),
        (
            attack(
                "deleted, recomputed",
                forged(&|log| drop(log.entries.remove(100))),
                keep,
            ),
            [Intact, Caught, Caught, Caught],
        ),
        (
            attack(
                "inserted, recomputed",
                forged(&|log| log.entries.insert(100, log.entries[99].clone())),
                keep,
            ),
            [Intact, Caught, Caught, Caught],
        ),
        // The time of sequencing may not go back: a forger exchanges what is at one time.
        (
            attack(
                "reordered, recomputed",
                forged(&|log| exchange(log, 100, 101)),
                keep,
            ),
            [Intact, Caught, Caught, Caught],
        ),
        (
            attack(
                "tail cut, newest checkpoint kept",
                spoilt(&scene, |log| log.entries.truncate(500)),
                keep,
            ),
            [Intact, Caught, Caught, Caught],
        ),
        (
            with_key("rollback with a genuine old checkpoint", Log::of(400)),
            [Intact, Intact, Intact, Caught],
        ),
        (
            with_key(
                "whole rewrite with the stolen key",
                forged(&|log| log.edit(100)),
            ),
            [Intact, Intact, Caught, Caught],
        ),
        (
            with_key(
                "fork after the retained point, stolen key",
                spoilt(&scene, |log| {
                    log.edit(400);
                    log.forge(400);
                }),
            ),
            [Intact, Intact, Intact, Caught],
        ),
    ];
    for (attack, expected) in rows {
        assert_eq!(row(&attack, &scene, Caught), expected, "{}", attack.name);
    }
}

/// Two entries exchange places, but not the time of sequencing.
fn exchange(log: &mut Log, one: usize, other: usize) {
    // `ts` and `v` stand last: 42 bytes.
    let tail =
        |log: &Log, at: usize| log.entries[at].raw[log.entries[at].raw.len() - 42..].to_vec();
    let tails = [tail(log, one), tail(log, other)];
    log.entries.swap(one, other);
    for (at, tail) in [one, other].into_iter().zip(tails) {
        let raw = &mut log.entries[at].raw;
        raw.truncate(raw.len() - 42);
        raw.extend(tail);
    }
}

#[test]
fn disclosures_are_bound_to_their_entries() {
    let scene = scene();
    let field = "actor.email".to_owned();
    let altered = spoilt(&scene, |log| {
        let text = log.entries[3].disclosures.get_mut(&field).unwrap();
        let last = if text.ends_with('A') { 'B' } else { 'A' };
        text.pop();
        text.push(last);
    });
    let swapped = spoilt(&scene, |log| {
        let one = log.entries[3].disclosures[&field].clone();
        let other = std::mem::replace(log.entries[6].disclosures.get_mut(&field).unwrap(), one);
        log.entries[3].disclosures.insert(field.clone(), other);
    });
    let dropped = spoilt(&scene, |log| log.entries[3].disclosures.clear());
    for (name, log) in [
        ("altered", altered),
        ("swapped", swapped),
        ("silently dropped", dropped),
    ] {
        // Even when the log's own server exports what it finds.
        let attack = with_key(name, log);
        assert_eq!(
            row(&attack, &scene, NotApplicable),
            [NotApplicable, Caught, Caught, Caught],
            "{name}"
        );
    }
}

#[test]
fn a_receipt_from_behind_a_rollback_catches_it() {
    let later = Trust {
        receipt: Some(Log::of(450).checkpoint()),
        ..trust(&[known(1)])
    };
    let report = judge(&Log::of(400).export(), &later);
    let harm = report.harm.unwrap();
    assert_eq!(
        (harm.damage.as_str(), harm.seq, harm.affected),
        ("ROLLED_BACK", Some(400), 50)
    );
    assert_eq!(harm.first_bad.unwrap().size, 450);
}

#[test]
fn a_rewrite_is_a_fork_within_the_window_of_the_receipts() {
    let mut log = Log::of(100);
    log.anchor("a100");
    log.grow(600);
    let receipt = Some(log.checkpoint());
    log.edit(200);
    log.forge(200);
    let held = Trust {
        receipt,
        ..trust(&[known(1)])
    };
    let harm = judge(&log.export(), &held).harm.unwrap();
    assert_eq!(
        (harm.damage.as_str(), harm.seq, harm.affected),
        ("FORKED", Some(100), 500)
    );
    assert_eq!(harm.last_good.unwrap().size, 100);
}

#[test]
fn assurance_names_what_it_rests_on() {
    let export = Log::of(600).export();
    let receipt = Trust {
        receipt: Some(Log::of(300).checkpoint()),
        ..trust(&[known(1)])
    };
    assert_eq!(
        judge(&export, &receipt).to_string(),
        "INTACT (A2: consistent with your receipt of 2025-06-15T15:11:39.000000Z (300 entries))"
    );
    let anchor = Trust {
        anchor: Some(Log::of(600).checkpoint()),
        ..receipt.clone()
    };
    assert_eq!(
        judge(&export, &anchor).to_string(),
        "INTACT (A3: equals the newest external anchor, of 2025-06-15T15:16:39.000000Z (600 entries))"
    );
    let outgrown = Trust {
        anchor: Some(Log::of(599).checkpoint()),
        ..receipt
    };
    assert!(
        judge(&export, &outgrown)
            .to_string()
            .starts_with("INTACT (A2")
    );
}

#[test]
fn a_checkpoint_that_cannot_be_used_settles_nothing() {
    let mut foreign = Checkpoint::parse(Log::of(5).checkpoint().text()).unwrap();
    foreign.origin = name().replace("e0", "e1");
    let foreign = foreign.sign(&crate::sample::log_key(1)).unwrap();
    let unsigned = Log::signed_by(9).checkpoint();
    for receipt in [foreign, unsigned] {
        let held = Trust {
            receipt: Some(receipt),
            ..trust(&[known(1)])
        };
        let report = judge(&Log::of(600).export(), &held);
        assert_eq!(report.verdict, Verdict::Inconclusive, "{report:#?}");
    }
}

#[test]
fn an_anchor_of_another_log_does_not_belong() {
    let other = Checkpoint {
        origin: name().replace("e0", "e1"),
        tree: Log::of(5).tree(),
    };
    let key = crate::sample::log_key(1);
    let mut log = Log::of(12);
    log.anchors
        .push(("other".to_owned(), other.sign(&key).unwrap()));
    let keys = [
        known(1),
        VerifierKey::log(&other.origin, &key.public()).unwrap(),
    ];
    let harm = judge(&log.export(), &trust(&keys)).harm.unwrap();
    assert_eq!(harm.file.as_deref(), Some("anchors/other.note"));
    assert_eq!(harm.reason, "anchors/other.note is of another log");
}

#[test]
fn a_genesis_of_another_name_is_damage() {
    let mut log = Log::new();
    let text = String::from_utf8(log.entries[0].raw.clone()).unwrap();
    log.entries[0].raw = text.replace("/e0", "/e1").into_bytes();
    log.rehash(0);
    let harm = judge(&log.export(), &trust(&[known(1)])).harm.unwrap();
    assert_eq!(
        (harm.damage.as_str(), harm.seq),
        ("CONTENT_ALTERED", Some(0))
    );
    assert!(harm.reason.contains("another log"), "{}", harm.reason);
}

#[test]
fn gaps_that_no_entry_documents_are_damage() {
    type Spoil<'a> = &'a dyn Fn(&mut Log);
    let cases: [(&str, u64, Spoil<'_>); 6] = [
        ("DISCLOSURE_MISSING", 3, &|log| {
            log.take("payload", 100, &[])
        }),
        ("DISCLOSURE_MISSING", 300, &|log| {
            log.document_prune("payload", 300, &[]);
            log.take("payload", 310, &[]);
        }),
        ("DISCLOSURE_MISSING", 30, &|log| {
            log.document_prune("payload", 300, &[30]);
            log.take("payload", 300, &[]);
        }),
        ("DISCLOSURE_MISSING", 15, &|log| {
            log.redact(&[(15, &["actor.email"])]);
            log.entries[15].disclosures.remove("actor.ip").unwrap();
        }),
        ("ENTRY_MISSING", 0, &|log| log.take("entries", 256, &[])),
        ("ENTRY_MISSING", 256, &|log| {
            log.document_prune("payload", 512, &[]);
            log.document_prune("entries", 256, &[]);
            log.take("entries", 512, &[]);
        }),
    ];
    for (damage, seq, spoil) in cases {
        let mut log = Log::of(600);
        spoil(&mut log);
        let report = judge(&log.export(), &trust(&[known(1)]));
        let harm = report.harm.unwrap();
        assert_eq!(
            (harm.damage.as_str(), harm.seq),
            (damage, Some(seq)),
            "{}",
            harm.reason
        );
    }
}

#[test]
fn a_log_without_its_whole_range_is_not_whole() {
    let mut log = Log::of(600);
    log.prune("entries", 256, &[]);
    let contents = Contents {
        first: 512,
        ..log.contents()
    };
    let mut less = log.clone();
    less.entries[256..512]
        .iter_mut()
        .for_each(|stored| stored.is_gone = true);
    let harm = judge(&less.export_as(contents), &trust(&[known(1)]))
        .harm
        .unwrap();
    assert_eq!(
        (harm.damage.as_str(), harm.seq),
        ("ENTRY_MISSING", Some(256))
    );
}
