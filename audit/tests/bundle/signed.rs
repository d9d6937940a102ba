//! Bundles that the log's key has signed and that are wrong all the same: somebody had the key, or the writer erred.
//! Both verifiers say so.

use audit::bundle::{Files, Manifest, seal_text};
use audit::chain::Damage;
use audit::hash::Hash;
use audit::note::Note;
use audit::offline::RETIRED;
use audit::report::{Report, Verdict};
use audit::tile::Tile;
use audit::value::Value;
use sha2::{Digest, Sha256};

use crate::sample::{Log, judge, known, name, trust};
use crate::script::Comparison;
use crate::tamper::line;

fn harm(report: &Report) -> (Damage, Option<u64>) {
    let harm = report.harm.as_ref();
    harm.map(|harm| (harm.damage, harm.seq)).unwrap()
}

/// A log whose first key is gone: replaced by entry 20, destroyed by entry 40.
fn replaced() -> Log {
    let mut log = Log::of(20);
    log.rotate();
    log.grow(40);
    log.system(RETIRED, [("key_no", Value::Integer(1))]);
    log.grow(300);
    log
}

/// The export of a log as somebody has it signed who has another of its keys.
fn exported_by(log: &Log, key: u8) -> Files {
    let mut log = log.clone();
    log.key = key;
    log.export()
}

#[test]
fn a_key_that_is_gone_signs_nothing() {
    let log = replaced();
    let mut both = Comparison::new("signed-gone");
    let old = trust(&[known(1)]);
    for keys in [&old, &trust(&[known(2)])] {
        let report = judge(&log.export(), keys);
        assert_eq!(report.verdict, Verdict::Intact, "{report:#?}");
        both.add("honest", &log.export(), keys);
    }
    // Whoever has the seed of the key that was replaced, from a backup of the database.
    let stolen = exported_by(&log, 1);
    let report = judge(&stolen, &old);
    assert_eq!(report.verdict, Verdict::Inconclusive, "{report:#?}");
    assert_eq!(report.signed_by, None);
    both.add("stolen", &stolen, &old);
    // Among the older checkpoints it neither vouches nor accuses.
    let mut log = log;
    let mut longer = log.clone();
    longer.grow(500);
    longer.key = 1;
    log.anchors.push(("later".to_owned(), longer.checkpoint()));
    let report = judge(&log.export(), &old);
    assert_eq!(harm(&report), (Damage::ContentAltered, None), "{report:#?}");
    both.add("accused", &log.export(), &old);
    both.agree();
}

#[test]
fn a_receipt_of_a_key_in_its_time_is_as_good_as_ever() {
    let log = replaced();
    let mut both = Comparison::new("signed-receipt");
    let early = Log::of(15).checkpoint();
    let mut late = replaced();
    late.key = 1;
    for (name, receipt, verdict) in [
        ("in its time", early, Verdict::Intact),
        ("behind it", late.checkpoint(), Verdict::Inconclusive),
    ] {
        let mut trust = trust(&[known(1)]);
        trust.receipt = Some(receipt);
        let report = judge(&log.export(), &trust);
        assert_eq!(report.verdict, verdict, "{name}: {report:#?}");
        both.add(name, &log.export(), &trust);
    }
    both.agree();
}

#[test]
fn every_entry_of_the_range_has_its_line() {
    let log = Log::of(700);
    let mut both = Comparison::new("signed-lines");
    let key = trust(&[known(1)]);
    for seq in [0, 1, 2, 255, 256, 300, 511, 512, 698, 699] {
        let mut files = log.export();
        line(&mut files, seq, |_| String::new());
        let files = resealed(&log, files);
        let report = judge(&files, &key);
        assert_eq!(
            harm(&report),
            (Damage::DisclosureMissing, Some(seq)),
            "{seq}: {report:#?}"
        );
        both.add(format!("without line {seq}"), &files, &key);
    }
    let mut files = log.export();
    line(&mut files, 300, |text| {
        let (start, end) = (text.find('[').unwrap() + 1, text.find(']').unwrap());
        let mut texts: Vec<&str> = text[start..end].split(',').collect();
        assert!(texts.len() > 1);
        texts.reverse();
        format!("{}{}{}", &text[..start], texts.join(","), &text[end..])
    });
    let files = resealed(&log, files);
    assert_eq!(
        harm(&judge(&files, &key)),
        (Damage::DisclosureAltered, Some(300))
    );
    both.add("texts out of order", &files, &key);
    both.agree();
}

#[test]
fn what_does_not_follow_the_form_permits_nothing() {
    let mut both = Comparison::new("signed-forms");
    let key = trust(&[known(1)]);
    let mut log = Log::of(600);
    log.prune("entries", 300, &[]);
    for stored in &mut log.entries[..256] {
        stored.is_gone = true;
    }
    for stored in &mut log.entries[256..300] {
        stored.is_gone = false;
    }
    let report = judge(&log.export(), &key);
    assert_eq!(harm(&report).0, Damage::EntryMissing, "{report:#?}");
    both.add("a prune that cuts a tile", &log.export(), &key);

    let mut log = Log::of(30);
    let text = String::from_utf8(log.entries[0].raw.clone()).unwrap();
    let at = text.find("\"meta\":{").unwrap() + 8;
    let end = at + text[at..].find("},").unwrap();
    log.entries[0].raw = format!("{}{}", &text[..at], &text[end..]).into_bytes();
    log.rehash(0);
    log.forge(1);
    let report = judge(&log.export(), &key);
    assert_eq!(
        harm(&report),
        (Damage::ContentAltered, Some(0)),
        "{report:#?}"
    );
    both.add("a genesis without a name", &log.export(), &key);
    both.agree();
}

#[test]
fn damage_is_named_and_not_what_follows_from_it() {
    let mut log = Log::of(520);
    log.redact(&[(15, &["actor.email"])]);
    log.grow(700);
    let key = trust(&[known(1)]);
    let mut both = Comparison::new("signed-damage");
    // The entry that documents the redaction is out of reach, and its tile is what is wrong.
    let tile = Tile::at(0, 2, log.size()).unwrap();
    let mut files = log.export();
    let hashes = files.0.remove(&tile.path()).unwrap();
    files.0.insert("tile/0/003".to_owned(), hashes);
    let report = judge(&files, &key);
    assert_eq!(
        harm(&report),
        (Damage::EntryMissing, Some(512)),
        "{report:#?}"
    );
    both.add("a tile renamed", &files, &key);
    let mut shorter = log.clone();
    let at = shorter.entries.len() - 2;
    shorter.entries[at].raw.clear();
    let report = judge(&shorter.export(), &key);
    assert_eq!(harm(&report).1, Some(at as u64), "{report:#?}");
    both.add("an entry emptied", &shorter.export(), &key);
    // Of a checkpoint from elsewhere the manifest tells.
    let mut files = log.export();
    let older = Log::of(300).checkpoint().to_string();
    files.0.insert("checkpoint".to_owned(), older.into_bytes());
    let report = judge(&files, &key);
    assert_eq!(harm(&report), (Damage::ContentAltered, None), "{report:#?}");
    both.add("an older checkpoint", &files, &key);
    both.agree();
}

/// The same files under a manifest that fits them.
fn resealed(log: &Log, mut files: Files) -> Files {
    let mut manifest = Manifest::parse(&files.0["manifest.json"]).unwrap();
    for listed in &mut manifest.files {
        let bytes = &files.0[&listed.path];
        listed.len = bytes.len() as u64;
        listed.sha256 = Hash(Sha256::digest(bytes).into());
    }
    let bytes = manifest.to_bytes();
    let mut note = Note::new(seal_text(&name(), &bytes)).unwrap();
    log.sign(&mut note);
    files.0.insert("manifest.json".to_owned(), bytes);
    files
        .0
        .insert("manifest.note".to_owned(), note.to_string().into_bytes());
    files
}
