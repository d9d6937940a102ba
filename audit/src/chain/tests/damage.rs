//! The decision table: what is done to stored rows, and what the walk says.

use super::*;
use crate::disclosure::disclose;
use crate::entry::{EntryRef, Outcome};
use crate::hash::leaf;

const LEN: u32 = 12;

fn edit(row: &mut Row, from: &str, to: &str) {
    let text = String::from_utf8(row.raw.clone()).unwrap();
    let edited = text.replacen(from, to, 1);
    assert_ne!(edited, text);
    row.raw = edited.into_bytes();
}

fn rehash(row: &mut Row) {
    row.leaf = leaf(&row.raw).0.to_vec();
}

/// The row's entry with another link, consistent in itself.
fn relink(row: &mut Row, prev: &Hash) {
    let old = EntryRef::parse(&row.raw).unwrap().prev.to_hex();
    edit(row, &old, &prev.to_hex());
    rehash(row);
}

fn renumber(rows: &mut [Row]) {
    for (seq, row) in (0..).zip(rows) {
        row.seq = seq;
    }
}

/// Every entry from `from` linked and hashed again, as somebody with the format and no key would.
fn forge(rows: &mut [Row], from: usize) {
    for index in from..rows.len() {
        let prev = Hash::from_slice(&rows[index - 1].leaf).unwrap();
        relink(&mut rows[index], &prev);
    }
}

type Spoil = Box<dyn Fn(&mut Vec<Row>, &mut Head)>;

fn case(
    name: &'static str,
    seq: u64,
    damage: Damage,
    spoil: impl Fn(&mut Vec<Row>, &mut Head) + 'static,
) -> (&'static str, u64, Damage, Spoil) {
    (name, seq, damage, Box::new(spoil))
}

#[test]
fn each_kind_of_tampering_has_its_name_and_place() {
    use Damage::*;
    let cases = [
        case("bytes edited", 5, ContentAltered, |rows, _| {
            edit(&mut rows[5], "success", "failure")
        }),
        case("bytes no longer an entry", 5, ContentAltered, |rows, _| {
            rows[5].raw.truncate(100)
        }),
        case(
            "bytes no longer an entry, hash redone",
            5,
            ContentAltered,
            |rows, _| {
                rows[5].raw.truncate(100);
                rehash(&mut rows[5]);
            },
        ),
        case("bytes gone", 5, ContentAltered, |rows, _| {
            rows[5].raw.clear()
        }),
        case("bytes and hash edited", 5, ContentAltered, |rows, _| {
            edit(&mut rows[5], "success", "failure");
            rehash(&mut rows[5]);
        }),
        case(
            "bytes and hash of the first edited",
            0,
            ContentAltered,
            |rows, _| {
                edit(&mut rows[0], "success", "failure");
                rehash(&mut rows[0]);
            },
        ),
        case(
            "bytes and hash of the last but one edited",
            10,
            ContentAltered,
            |rows, _| {
                edit(&mut rows[10], "success", "failure");
                rehash(&mut rows[10]);
            },
        ),
        case(
            "bytes and hash of the last edited",
            11,
            ContentAltered,
            |rows, _| {
                edit(&mut rows[11], "success", "failure");
                rehash(&mut rows[11]);
            },
        ),
        case("hash edited", 5, ContentAltered, |rows, _| {
            rows[5].leaf[0] ^= 1
        }),
        case("hash shortened", 5, ContentAltered, |rows, _| {
            rows[5].leaf.truncate(31)
        }),
        case("hash of the last edited", 11, ContentAltered, |rows, _| {
            rows[11].leaf[0] ^= 1
        }),
        case(
            "number inside edited, hash redone",
            5,
            ContentAltered,
            |rows, _| {
                edit(&mut rows[5], "\"seq\":5", "\"seq\":50");
                rehash(&mut rows[5]);
            },
        ),
        case(
            "tenant inside edited, hash redone",
            5,
            ContentAltered,
            |rows, _| {
                edit(&mut rows[5], TENANT, crate::entry::SYSTEM_TENANT);
                rehash(&mut rows[5]);
            },
        ),
        case(
            "genesis turned into something else, chain forged, head too",
            0,
            ContentAltered,
            |rows, head| {
                edit(&mut rows[0], "audit.genesis", "file.create");
                rehash(&mut rows[0]);
                forge(rows, 1);
                head.last_hash = Hash::from_slice(&rows[11].leaf).unwrap();
            },
        ),
        case(
            "time sequenced set back, chain forged, head too",
            6,
            ContentAltered,
            |rows, head| {
                edit(&mut rows[6], "000006Z\",\"v\"", "000001Z\",\"v\"");
                rehash(&mut rows[6]);
                forge(rows, 7);
                head.last_hash = Hash::from_slice(&rows[11].leaf).unwrap();
            },
        ),
        case("link edited, hash redone", 6, LinkBroken, |rows, _| {
            relink(&mut rows[6], &Hash([7; 32]))
        }),
        case(
            "link of the last edited, hash redone",
            11,
            LinkBroken,
            |rows, _| relink(&mut rows[11], &Hash([7; 32])),
        ),
        case(
            "link of the first edited, chain forged",
            0,
            LinkBroken,
            |rows, head| {
                relink(&mut rows[0], &Hash([7; 32]));
                forge(rows, 1);
                head.last_hash = Hash::from_slice(&rows[11].leaf).unwrap();
            },
        ),
        case("first row gone", 0, EntryMissing, |rows, _| {
            drop(rows.remove(0))
        }),
        case("row gone", 5, EntryMissing, |rows, _| drop(rows.remove(5))),
        case("three rows gone", 5, EntryMissing, |rows, _| {
            drop(rows.drain(5..8))
        }),
        case("last row gone", 11, EntryMissing, |rows, _| {
            drop(rows.pop())
        }),
        case("every row gone", 0, EntryMissing, |rows, _| rows.clear()),
        case(
            "row gone, the rest renumbered",
            5,
            EntryMissing,
            |rows, _| {
                rows.remove(5);
                renumber(rows);
            },
        ),
        case(
            "last row but one gone, the last renumbered",
            10,
            EntryMissing,
            |rows, _| {
                rows.remove(10);
                renumber(rows);
            },
        ),
        case("row copied over the next", 6, EntryInserted, |rows, _| {
            rows[6] = Row {
                seq: 6,
                ..rows[5].clone()
            };
        }),
        case("row there twice", 5, EntryInserted, |rows, _| {
            rows.insert(5, rows[5].clone())
        }),
        case(
            "copy pushed in, the rest renumbered",
            6,
            EntryInserted,
            |rows, _| {
                rows.insert(5, rows[5].clone());
                renumber(rows);
            },
        ),
        case(
            "forged entry pushed in, the rest renumbered",
            5,
            EntryInserted,
            |rows, _| {
                let mut forged = rows[5].clone();
                edit(&mut forged, "success", "failure");
                rehash(&mut forged);
                rows.insert(5, forged);
                renumber(rows);
            },
        ),
        case(
            "entry of another log put in its place",
            5,
            EntryInserted,
            |rows, _| {
                edit(&mut rows[5], TENANT, crate::entry::SYSTEM_TENANT);
                relink(&mut rows[5], &Hash([7; 32]));
            },
        ),
        case(
            "entry forged behind the end",
            12,
            EntryInserted,
            |rows, head| {
                let mut longer = *head;
                rows.push(grow(&mut longer, 99));
            },
        ),
        case("neighbours swapped", 5, Reordered, |rows, _| {
            rows.swap(5, 6);
            renumber(rows);
        }),
        case("distant rows swapped", 2, Reordered, |rows, _| {
            rows.swap(2, 9);
            renumber(rows);
        }),
        case("first and last swapped", 0, Reordered, |rows, _| {
            rows.swap(0, 11);
            renumber(rows);
        }),
        case("bytes swapped, hashes left", 5, Reordered, |rows, _| {
            let raw = rows[5].raw.clone();
            rows[5].raw = std::mem::replace(&mut rows[8].raw, raw);
        }),
        case("size in the head raised", 12, EntryMissing, |_, head| {
            head.size += 1
        }),
        case("size in the head lowered", 11, EntryInserted, |_, head| {
            head.size -= 1
        }),
        case("hash in the head edited", 11, ContentAltered, |_, head| {
            head.last_hash = Hash([7; 32])
        }),
        case(
            "time in the head edited",
            11,
            ProjectionAltered,
            |_, head| head.last_ts = Time::MAX,
        ),
        case("two edits", 3, ContentAltered, |rows, _| {
            edit(&mut rows[8], "success", "failure");
            edit(&mut rows[3], "success", "failure");
        }),
    ];
    for (name, seq, damage, spoil) in cases {
        let (mut rows, mut head) = log(LEN);
        spoil(&mut rows, &mut head);
        let report = verify(&rows, &head);
        assert_eq!(found(&report), Some((seq, damage)), "{name}: {report:?}");
        assert!(report.findings > 0);
    }
}

#[test]
fn an_altered_entry_is_reported_with_both_hashes() {
    let (mut rows, head) = log(LEN);
    let sealed = Hash::from_slice(&rows[5].leaf).unwrap();
    edit(&mut rows[5], "success", "failure");
    let altered = leaf(&rows[5].raw);
    let first = verify(&rows, &head).first.unwrap();
    assert_eq!(
        (first.recorded, first.recomputed),
        (Some(sealed), Some(altered))
    );
    assert_eq!(
        first.reason,
        "the bytes were altered; the stored hash is the one sealed"
    );
    rehash(&mut rows[5]);
    let first = verify(&rows, &head).first.unwrap();
    assert_eq!(
        (first.recorded, first.recomputed),
        (Some(sealed), Some(altered))
    );
    let (mut rows, head) = log(LEN);
    rows[5].leaf = altered.0.to_vec();
    let first = verify(&rows, &head).first.unwrap();
    assert_eq!(
        (first.recorded, first.recomputed),
        (Some(altered), Some(sealed))
    );
    assert_eq!(
        first.reason,
        "the stored hash was altered; the bytes are those sealed"
    );
}

#[test]
fn what_a_chain_without_a_key_cannot_see_is_called_whole() {
    let (mut rows, mut head) = log(LEN);
    edit(&mut rows[5], "success", "failure");
    rehash(&mut rows[5]);
    forge(&mut rows, 6);
    head.last_hash = Hash::from_slice(&rows[11].leaf).unwrap();
    assert_eq!(
        found(&verify(&rows, &head)),
        None,
        "edited, everything after it recomputed"
    );

    let (rows, _) = log(LEN - 3);
    assert_eq!(
        found(&verify(&rows, &log(LEN - 3).1)),
        None,
        "tail cut together with the head"
    );
}

#[test]
fn a_retained_head_sees_what_the_chain_alone_does_not() {
    let (rows, retained) = log(LEN);
    let with = || Verifier::new().with_retained(retained);
    assert_eq!(found(&walk(with, &rows, &retained)), None);
    let (shorter, head) = log(LEN - 3);
    assert_eq!(
        found(&walk(with, &shorter, &head)),
        Some((9, Damage::RolledBack))
    );
    let (longer, head) = log(LEN + 3);
    assert_eq!(found(&walk(with, &longer, &head)), None);

    let (mut forged, mut head) = log(LEN + 3);
    edit(&mut forged[5], "success", "failure");
    rehash(&mut forged[5]);
    forge(&mut forged, 6);
    head.last_hash = Hash::from_slice(&forged[14].leaf).unwrap();
    assert_eq!(
        found(&walk(with, &forged, &head)),
        Some((11, Damage::Forked))
    );
    let resumed = || Verifier::resume(retained);
    assert_eq!(
        found(&walk(resumed, &forged[12..], &head)),
        Some((12, Damage::Forked))
    );
}

#[test]
fn every_projection_is_compared() {
    let (rows, _) = log(2);
    let row = &rows[1];
    let entry = EntryRef::parse(&row.raw).unwrap();
    let right = Projection {
        event_id: entry.id,
        action: entry.action,
        outcome: Outcome::Success.as_str(),
        actor_type: "api_key",
        actor_id: entry.actor.id,
        at_micros: entry.at.as_micros(),
        ts_micros: entry.ts.as_micros(),
        targets: Some(entry.targets.as_text()),
    };
    let damage = |projection| {
        let stored = Stored {
            seq: 1,
            raw: &row.raw,
            leaf: &row.leaf,
            projection: Some(projection),
            disclosures: None,
        };
        let mut verifier = Verifier::new();
        verifier.join(chunk(&rows[..1]));
        verifier.join(verify_chunk(&[stored], &LogIdentity { tenant: TENANT }));
        found(&verifier.finish(&log(2).1))
    };
    assert_eq!(damage(right), None);
    assert_eq!(
        damage(Projection {
            targets: None,
            ..right
        }),
        None
    );
    for wrong in [
        Projection {
            event_id: TENANT,
            ..right
        },
        Projection {
            action: "file.delete",
            ..right
        },
        Projection {
            outcome: "denied",
            ..right
        },
        Projection {
            actor_type: "user",
            ..right
        },
        Projection {
            actor_id: TENANT,
            ..right
        },
        Projection {
            at_micros: right.at_micros + 1,
            ..right
        },
        Projection {
            ts_micros: right.ts_micros - 1,
            ..right
        },
        Projection {
            targets: Some("[]"),
            ..right
        },
    ] {
        assert_eq!(
            damage(wrong),
            Some((1, Damage::ProjectionAltered)),
            "{wrong:?}"
        );
    }
}

#[test]
fn disclosures_are_held_against_the_entry() {
    let ip = disclose([1; 16], "actor.ip", &"192.0.2.1".into()).unwrap();
    let other = disclose([1; 16], "actor.ip", &"192.0.2.2".into()).unwrap();
    let mut head = Head::empty();
    let first = grow(&mut head, 0);
    let mut with_ip = draft(1);
    with_ip.sd.insert("actor.ip".to_owned(), ip.digest.clone());
    let sealed = head.append(&with_ip, Time::EPOCH).unwrap();
    let damage = |disclosures: Option<&[DisclosureRow<'_>]>| {
        let stored = Stored {
            seq: 1,
            raw: &sealed.raw,
            leaf: &sealed.leaf.0,
            projection: None,
            disclosures,
        };
        let mut verifier = Verifier::new();
        verifier.join(chunk(std::slice::from_ref(&first)));
        verifier.join(verify_chunk(&[stored], &LogIdentity { tenant: TENANT }));
        found(&verifier.finish(&head))
    };
    let row = DisclosureRow {
        field: "actor.ip",
        text: &ip.text,
    };
    assert_eq!(damage(Some(&[row])), None);
    assert_eq!(damage(None), None);
    assert_eq!(damage(Some(&[])), Some((1, Damage::DisclosureMissing)));
    let altered = Some((1, Damage::DisclosureAltered));
    assert_eq!(
        damage(Some(&[DisclosureRow {
            text: &other.text,
            ..row
        }])),
        altered
    );
    assert_eq!(
        damage(Some(&[DisclosureRow {
            field: "actor.ua",
            ..row
        }])),
        altered
    );
    assert_eq!(
        damage(Some(&[
            row,
            DisclosureRow {
                field: "extra",
                text: &other.text
            }
        ])),
        altered
    );
}
