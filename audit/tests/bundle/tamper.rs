//! Exports tampered with at random places: each is broken, with its class and its first bad entry.

use audit::bundle::Files;
use audit::chain::Damage;
use audit::entry::EntryRef;
use audit::hash::leaf;
use audit::report::Verdict;
use audit::tile::{Tile, entries, write_bundle};

use crate::sample::{Log, judge, known, trust};

const SIZE: u64 = 700;

/// The entries of the tile that holds `seq`, changed, and where it stands among them.
fn retile(files: &mut Files, seq: u64, change: impl FnOnce(&mut Vec<Vec<u8>>, usize)) {
    let tile = Tile::at(0, seq / 256, SIZE).unwrap();
    let file = files.0.get_mut(&tile.entries_path()).unwrap();
    let mut raws: Vec<Vec<u8>> = entries(file).map(|raw| raw.unwrap().to_vec()).collect();
    change(&mut raws, usize::try_from(seq % 256).unwrap());
    *file = write_bundle(raws.iter().map(Vec::as_slice).take(256)).unwrap();
}

/// The hash of an entry in its tile of level 0.
fn rehash(files: &mut Files, seq: u64, raw: &[u8]) {
    let tile = Tile::at(0, seq / 256, SIZE).unwrap();
    let at = usize::try_from(seq % 256).unwrap() * 32;
    files.0.get_mut(&tile.path()).unwrap()[at..at + 32].copy_from_slice(&leaf(raw).0);
}

fn edit(raw: &mut Vec<u8>) {
    let text = String::from_utf8(raw.clone()).unwrap();
    let edited = text.replacen("\"success\"", "\"unknown\"", 1);
    assert_ne!(edited, text);
    *raw = edited.into_bytes();
}

pub(crate) fn line(files: &mut Files, seq: u64, change: impl FnOnce(&str) -> String) {
    let file = files.0.get_mut("disclosures.ndjson").unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    let start = format!("{{\"seq\":{seq},");
    let lines = text
        .lines()
        .map(|line| line.to_owned() + "\n")
        .collect::<Vec<_>>();
    let at = lines
        .iter()
        .position(|line| line.starts_with(&start))
        .unwrap();
    let mut lines = lines;
    lines[at] = change(&lines[at]);
    *file = lines.concat().into_bytes();
}

/// One way to tamper, at an entry; what it is called, and how far behind the entry it shows.
type Way = (&'static str, fn(&mut Files, u64), Damage, u64);

const WAYS: [Way; 12] = [
    (
        "edited",
        |files, seq| retile(files, seq, |raws, at| edit(&mut raws[at])),
        Damage::ContentAltered,
        0,
    ),
    (
        "edited and hashed",
        |files, seq| {
            let mut raw = Vec::new();
            retile(files, seq, |raws, at| {
                edit(&mut raws[at]);
                raw.clone_from(&raws[at]);
            });
            rehash(files, seq, &raw);
        },
        Damage::ContentAltered,
        0,
    ),
    (
        "emptied",
        |files, seq| retile(files, seq, |raws, at| raws[at].clear()),
        Damage::ContentAltered,
        0,
    ),
    (
        "cut short",
        |files, seq| retile(files, seq, |raws, at| raws[at].truncate(100)),
        Damage::ContentAltered,
        0,
    ),
    (
        "taken out",
        |files, seq| retile(files, seq, |raws, at| drop(raws.remove(at))),
        Damage::EntryMissing,
        0,
    ),
    (
        "put in twice",
        |files, seq| {
            retile(files, seq, |raws, at| {
                let copy = raws[at].clone();
                raws.insert(at + 1, copy);
            })
        },
        Damage::EntryInserted,
        1,
    ),
    (
        "exchanged with the next",
        |files, seq| retile(files, seq, |raws, at| raws.swap(at, at + 1)),
        Damage::Reordered,
        0,
    ),
    (
        "overwritten by the one before",
        |files, seq| retile(files, seq, |raws, at| raws[at] = raws[at - 1].clone()),
        Damage::EntryInserted,
        0,
    ),
    (
        "hash turned",
        |files, seq| {
            let tile = Tile::at(0, seq / 256, SIZE).unwrap();
            files.0.get_mut(&tile.path()).unwrap()[usize::try_from(seq % 256).unwrap() * 32] ^= 1;
        },
        Damage::ContentAltered,
        0,
    ),
    (
        "disclosure turned",
        |files, seq| {
            line(files, seq, |line| {
                let at = line.len() - 10;
                let turned = if line.as_bytes()[at] == b'A' {
                    "B"
                } else {
                    "A"
                };
                format!("{}{turned}{}", &line[..at], &line[at + 1..])
            })
        },
        Damage::DisclosureAltered,
        0,
    ),
    (
        "disclosures emptied",
        |files, seq| line(files, seq, |_| format!("{{\"seq\":{seq},\"d\":[]}}\n")),
        Damage::DisclosureMissing,
        0,
    ),
    (
        "line of disclosures taken out",
        |files, seq| line(files, seq, |_| String::new()),
        Damage::DisclosureMissing,
        0,
    ),
];

/// A generator of numbers, the same every time.
fn numbers() -> impl FnMut() -> u64 {
    let mut state = 20_u64;
    move || {
        // Knuth's constants; the high bits are the better ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

#[test]
fn random_tamperings_are_named_and_placed() {
    let export = Log::of(SIZE).export();
    let mut number = numbers();
    for round in 0..48 {
        let (name, tamper, damage, behind) = WAYS[round % WAYS.len()];
        // Inside a tile, not the first or last of it, and one that discloses something.
        let seq = loop {
            let seq = 2 + number() % (SIZE - 4);
            if (2..254).contains(&(seq % 256)) && matches!(seq % 15, 0 | 3 | 6 | 9 | 12) {
                break seq;
            }
        };
        let mut files = export.clone();
        tamper(&mut files, seq);
        let report = judge(&files, &trust(&[known(1)]));
        assert_eq!(report.verdict, Verdict::Broken);
        let harm = report.harm.unwrap();
        assert_eq!(
            (harm.damage, harm.seq),
            (damage, Some(seq + behind)),
            "{name} {seq}: {}",
            harm.reason
        );
        assert!(harm.affected > 0);
    }
}

#[test]
fn an_edited_entry_is_shown_with_both_hashes_and_the_window() {
    let mut log = Log::of(100);
    log.anchor("a100");
    log.grow(300);
    log.anchor("a300");
    log.grow(SIZE);
    let mut files = log.export();
    retile(&mut files, 200, |raws, at| edit(&mut raws[at]));
    let harm = judge(&files, &trust(&[known(1)])).harm.unwrap();
    assert_eq!(harm.recorded, Some(log.entries[200].leaf));
    assert_ne!(harm.recomputed, harm.recorded);
    let sizes = [harm.last_good, harm.first_bad].map(|point| point.unwrap().size);
    assert_eq!(sizes, [100, 300]);
    let ts = EntryRef::parse(&log.entries[99].raw).unwrap().ts;
    assert_eq!(harm.last_good.unwrap().at, Some(ts));
}

#[test]
fn tiles_above_are_compared_with_those_below() {
    let export = Log::of(SIZE).export();
    let mut files = export.clone();
    files.0.get_mut("tile/1/000.p/2").unwrap()[40] ^= 1;
    let harm = judge(&files, &trust(&[known(1)])).harm.unwrap();
    assert_eq!((harm.damage, harm.seq), (Damage::ContentAltered, Some(256)));
    assert_eq!(
        harm.reason,
        "tile/1/000.p/2 does not hold the hashes of the tiles below it"
    );

    // Where the entries were pruned, the tiles are all there is.
    let mut log = Log::of(SIZE);
    log.prune("entries", 512, &[]);
    let mut files = log.export();
    files.0.get_mut("tile/0/001").unwrap()[40] ^= 1;
    let harm = judge(&files, &trust(&[known(1)])).harm.unwrap();
    assert_eq!((harm.damage, harm.seq), (Damage::ContentAltered, Some(256)));
    let mut files = log.export();
    files.0.get_mut("tile/0/001").unwrap()[255 * 32] ^= 1;
    let harm = judge(&files, &trust(&[known(1)])).harm.unwrap();
    assert_eq!((harm.damage, harm.seq), (Damage::LinkBroken, Some(512)));
}
