//! The committed vectors, which docs/audit-format.md refers to. They were computed by another implementation.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a test")]

mod signed;
mod tree;

use audit::chain::{Damage, Head, LogIdentity, Stored, Verifier, verify_chunk};
use audit::disclosure;
use audit::entry::{Draft, Entry, Time};
use audit::genesis::{Log, LogKey, origin, vkey};
use audit::hash::{Hash, leaf};
use audit::trim::Rule;
use audit::{canon, entry::EntryRef};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

/// A 32-byte value in hex.
fn hash(value: &Value) -> Hash {
    Hash::from_hex(value.as_str().unwrap()).unwrap()
}

fn hashes(value: &Value, key: &str) -> Vec<Hash> {
    list(value, key).iter().map(hash).collect()
}

#[test]
fn drafts_become_exactly_these_entries() {
    let vectors = vectors();
    let entries = vectors["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 9);
    let mut head = Head::empty();
    for vector in entries {
        let draft = Draft::from_bytes(text(vector, "draft").as_bytes()).unwrap();
        assert_eq!(draft.to_bytes(), text(vector, "draft").as_bytes());
        let sealed = head
            .append(&draft, Time::parse(text(vector, "now")).unwrap())
            .unwrap();
        assert_eq!(
            std::str::from_utf8(&sealed.raw).unwrap(),
            text(vector, "raw")
        );
        assert_eq!(sealed.leaf.to_hex(), text(vector, "leaf"));
        assert_eq!(Entry::parse(&sealed.raw).unwrap().draft, draft);
        assert_eq!(
            canon::write(&canon::parse(&sealed.raw).unwrap()),
            sealed.raw
        );
    }
}

#[test]
fn the_chain_of_the_vectors_is_whole() {
    let vectors = vectors();
    let rows: Vec<(&[u8], Hash)> = vectors["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| {
            (
                text(vector, "raw").as_bytes(),
                Hash::from_hex(text(vector, "leaf")).unwrap(),
            )
        })
        .collect();
    let stored: Vec<Stored<'_>> = (0..)
        .zip(&rows)
        .map(|(seq, (raw, leaf))| Stored {
            seq,
            raw,
            leaf: &leaf.0,
            projection: None,
            disclosures: None,
        })
        .collect();
    let last = rows.last().unwrap();
    let head = Head {
        size: 9,
        last_hash: leaf(last.0),
        last_ts: EntryRef::parse(last.0).unwrap().ts,
    };
    let mut verifier = Verifier::new();
    verifier.join(verify_chunk(
        &stored,
        &LogIdentity {
            tenant: text(&vectors, "tenant"),
        },
    ));
    assert_eq!(verifier.finish(&head).first, None);
}

#[test]
fn disclosures_have_exactly_this_text_and_digest() {
    let vectors = vectors();
    let entries = vectors["entries"].as_array().unwrap();
    let disclosures = vectors["disclosures"].as_array().unwrap();
    assert_eq!(disclosures.len(), 8);
    for vector in disclosures {
        let salt = u128::from_str_radix(text(vector, "salt"), 16)
            .unwrap()
            .to_be_bytes();
        let field = text(vector, "field");
        let made = disclosure::disclose(salt, field, &vector["value"]).unwrap();
        assert_eq!(
            (made.text.as_str(), made.digest.as_str()),
            (text(vector, "d"), text(vector, "digest"))
        );
        assert_eq!(
            disclosure::check(&made.text, field, &made.digest)
                .unwrap()
                .value,
            vector["value"]
        );
        let seq = usize::try_from(vector["seq"].as_u64().unwrap()).unwrap();
        let entry = EntryRef::parse(text(&entries[seq], "raw").as_bytes()).unwrap();
        assert!(
            entry
                .sd
                .into_iter()
                .any(|pair| pair == (field, made.digest.as_str())),
            "{field} of {seq}"
        );
    }
}

#[test]
fn the_key_has_exactly_this_name() {
    let vectors = vectors();
    let key = &vectors["key"];
    let log_key = LogKey::from_seed(&Hash::from_hex(text(key, "seed")).unwrap().0);
    assert_eq!(Hash(log_key.public()).to_hex(), text(key, "public"));
    let name = origin(
        "strongroom.local",
        "0a1b2c3d",
        Log::Tenant(text(&vectors, "tenant")),
        0,
    );
    assert_eq!(name, text(key, "origin"));
    assert_eq!(vkey(&name, &log_key.public()), text(key, "vkey"));
    let genesis = Entry::parse(text(&vectors["entries"][0], "raw").as_bytes()).unwrap();
    assert_eq!(genesis.draft.meta["vkey"], text(key, "vkey").into());
}

#[test]
fn the_format_page_names_what_the_vectors_end_with_and_every_damage() {
    let page = include_str!("../../../docs/audit-format.md");
    let vectors = vectors();
    assert!(page.contains(text(&vectors["entries"][8], "leaf")));
    assert!(page.contains(vectors["tree"]["roots"][9].as_str().unwrap()));
    assert!(page.contains(text(&vectors["tiles"], "root")));
    assert!(page.contains(text(&vectors["cosignature"], "vkey")));
    for damage in Damage::ALL {
        assert!(page.contains(damage.as_str()), "{damage:?}");
    }
    for rule in Rule::ALL {
        assert!(
            page.contains(&format!("| `{}` |", rule.as_str())),
            "{rule:?}"
        );
    }
}
