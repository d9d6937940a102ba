//! Input made to hurt: one clear verdict each, bounded memory, no panic.

use std::io::{self, Cursor, Read};

use audit::bundle::{
    Archive, FileDigest, FileHead, Files, Manifest, ReadError, Source, Walk, seal_text,
};
use audit::chain::Damage;
use audit::hash::Hash;
use audit::note::Note;
use audit::offline::verify;
use audit::report::{Disclosures, Report, Verdict};

use crate::flips::judge_packed;
use crate::sample::{Log, judge, known, name, trust};

fn spoilt(spoil: impl FnOnce(&mut Files)) -> Report {
    let mut files = Log::of(300).export();
    spoil(&mut files);
    judge(&files, &trust(&[known(1)]))
}

fn broken(report: &Report) -> (Damage, Option<u64>, &str) {
    assert_eq!(report.verdict, Verdict::Broken, "{report:#?}");
    let harm = report.harm.as_ref().unwrap();
    (harm.damage, harm.seq, &harm.reason)
}

fn rename(files: &mut Files, from: &str, to: &str) {
    let bytes = files.0.remove(from).unwrap();
    files.0.insert(to.to_owned(), bytes);
}

fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    let file = files.0.get_mut(path).unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(text.contains(from), "{from} in {path}");
    *file = text.replacen(from, to, 1).into_bytes();
}

#[test]
fn a_file_that_is_gone_is_missed() {
    let paths: Vec<String> = Log::of(300).export().0.into_keys().collect();
    assert_eq!(paths.len(), 14);
    for path in paths {
        let report = spoilt(|files| drop(files.0.remove(&path).unwrap()));
        let (damage, seq, reason) = broken(&report);
        let expected = match path.as_str() {
            "tile/0/000" | "tile/entries/000" => (Damage::EntryMissing, Some(0)),
            "tile/0/001.p/44" | "tile/entries/001.p/44" => (Damage::EntryMissing, Some(256)),
            "tile/1/000.p/1" => (Damage::EntryMissing, Some(0)),
            "disclosures.ndjson" => (Damage::DisclosureMissing, Some(0)),
            _ => (Damage::ContentAltered, None),
        };
        assert_eq!((damage, seq), expected, "{path}: {reason}");
    }
}

#[test]
fn a_file_that_does_not_belong_is_refused() {
    for path in [
        "notes.txt",
        "/checkpoint",
        "../checkpoint",
        "tile/../checkpoint",
        "anchors/../x.note",
        "anchors/.note",
        "anchors/A.note",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/0",
        "tile/entries/000.p/1",
        "tile/0/002",
        "tile/1/000.p/2",
        "tile/7/999",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "Checkpoint",
        "tile/0/001.p/43",
        "tile/0/001.p/45",
        "tile/0/001",
        "checkpoint\n",
        "",
    ] {
        let report = spoilt(|files| drop(files.0.insert(path.to_owned(), vec![0; 32])));
        assert_eq!(report.verdict, Verdict::Broken, "{path:?}: {report:#?}");
    }
}

#[test]
fn tiles_do_not_change_places() {
    let swapped = spoilt(|files| {
        let one = files.0["tile/0/000"].clone();
        let two = Log::of(600).export().0["tile/0/001"].clone();
        assert_ne!(one, two);
        files.0.insert("tile/0/000".to_owned(), two);
    });
    assert_eq!(broken(&swapped).1, Some(0));
    let cut = spoilt(|files| {
        rename(files, "tile/entries/001.p/44", "tile/entries/001.p/43");
        rename(files, "tile/0/001.p/44", "tile/0/001.p/43");
    });
    assert_eq!(
        broken(&cut),
        (
            Damage::EntryMissing,
            Some(299),
            "tile/0/001.p/44 is missing"
        )
    );
}

#[test]
fn text_has_one_spelling() {
    for (path, from, to) in [
        ("checkpoint", "\n300\n", "\r\n300\r\n"),
        ("checkpoint", "audit.", "\u{feff}audit."),
        ("checkpoint", "\n300\n", "\n0300\n"),
        ("checkpoint", "\n\n", "\n\n\n"),
        ("manifest.json", "{\"disclosures\"", "{ \"disclosures\""),
        (
            "manifest.json",
            "{\"disclosures\":\"all\"",
            "{\"disclosures\":\"all\",\"disclosures\":\"none\"",
        ),
        ("manifest.json", "bundle/1", "bundle/2"),
        ("manifest.json", "\"whole\"", "\"half\""),
        ("manifest.json", "\"all\"", "\"some\""),
        (
            "manifest.json",
            "{\"disclosures\"",
            "\u{feff}{\"disclosures\"",
        ),
        ("manifest.note", "/bundle\n", "/bundle\r\n"),
        ("manifest.note", "/bundle\n", "\n"),
        ("disclosures.ndjson", "{\"seq\":0,", "{\"seq\":00,"),
        (
            "disclosures.ndjson",
            "{\"seq\":0,\"d\":[]}",
            "{\"d\":[],\"seq\":0}",
        ),
        ("disclosures.ndjson", "]}\n", "]}\r\n"),
        ("disclosures.ndjson", "]}\n", "]} \n"),
        ("disclosures.ndjson", "]}\n", "]}\n\n"),
        ("disclosures.ndjson", "{\"seq\":0,", "\u{feff}{\"seq\":0,"),
        (
            "disclosures.ndjson",
            "{\"seq\":0,\"d\":[]}\n",
            "{\"seq\":0,\"d\":[]}\n{\"seq\":0,\"d\":[]}\n",
        ),
        ("disclosures.ndjson", "{\"seq\":1,\"d\":[]}\n", ""),
        ("log.vkey", "\n", "\r\n"),
    ] {
        let report = spoilt(|files| replace(files, path, from, to));
        broken(&report);
    }
}

#[test]
fn lines_without_end_are_not_held() {
    let long = spoilt(|files| {
        files
            .0
            .get_mut("disclosures.ndjson")
            .unwrap()
            .extend(vec![b'x'; 1 << 16])
    });
    assert!(broken(&long).2.contains("too long"), "{long:#?}");
    let many = spoilt(|files| {
        let lines = "{\"seq\":299,\"d\":[]}\n".repeat(600_000);
        files
            .0
            .get_mut("disclosures.ndjson")
            .unwrap()
            .extend(lines.into_bytes());
    });
    assert!(
        broken(&many).2.contains("longer than it can be"),
        "{many:#?}"
    );
}

#[test]
fn a_checkpoint_that_is_none_is_damage() {
    for bytes in [
        b"".as_slice(),
        b"x",
        b"\xff\xfe",
        b"\n\n\n",
        "x\n9007199254740993\nAAAA\n\n\u{2014} x AAAAAAA=\n".as_bytes(),
    ] {
        let report = spoilt(|files| drop(files.0.insert("checkpoint".to_owned(), bytes.to_vec())));
        assert_eq!(broken(&report).0, Damage::ContentAltered);
    }
    let huge = spoilt(|files| drop(files.0.insert("checkpoint".to_owned(), vec![b'x'; 1 << 17])));
    assert!(broken(&huge).2.contains("longer than it can be"));
    let empty = judge(&Files::default(), &trust(&[known(1)]));
    assert_eq!(empty.verdict, Verdict::Inconclusive);
}

#[test]
fn a_checkpoint_of_a_tree_beyond_all_sizes_is_answered_at_once() {
    for size in ["9007199254740992", "18446744073709551615"] {
        let report =
            spoilt(|files| replace(files, "checkpoint", "\n300\n", &format!("\n{size}\n")));
        assert_eq!(report.verdict, Verdict::Broken);
    }
}

/// A tar of one file that says it is `len` bytes long, all zeros.
fn bomb(path: &str, len: u64) -> Vec<u8> {
    let packed = crate::flips::packed(&Log::of(300));
    let tar = zstd::decode_all(packed.as_slice()).unwrap();
    // The checkpoint and the keys stand before it.
    let at = tar
        .windows(18)
        .position(|bytes| bytes == b"disclosures.ndjson")
        .unwrap();
    let mut header = tar[at..at + 512].to_vec();
    header[..100].fill(0);
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[124..135].copy_from_slice(format!("{len:011o}").as_bytes());
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let zeros = io::repeat(0).take(len);
    zstd::encode_all(tar[..at].chain(header.as_slice()).chain(zeros), 3).unwrap()
}

#[test]
fn a_bomb_does_not_go_off() {
    for path in [
        "disclosures.ndjson",
        "tile/entries/000",
        "tile/0/000",
        "anchors/a.note",
        "report.html",
        "manifest.json",
    ] {
        let archive = bomb(path, 1 << 28);
        assert!(archive.len() < 1 << 16);
        let report = judge_packed(&archive, &trust(&[known(1)]));
        assert_eq!(report.verdict, Verdict::Broken, "{path}");
    }
}

#[test]
fn a_window_larger_than_any_writer_of_ours_uses_is_refused() {
    let tar = vec![0; 1 << 20];
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    io::copy(&mut tar.as_slice(), &mut encoder).unwrap();
    let report = judge_packed(&encoder.finish().unwrap(), &trust(&[known(1)]));
    assert!(
        broken(&report).2.contains("cannot be unpacked"),
        "{report:#?}"
    );
}

/// A medium that lies about lengths and never ends.
struct Endless;

impl Source for Endless {
    type Walk<'a> = Endless;

    fn walk(&self) -> Result<Endless, ReadError> {
        Ok(Endless)
    }
}

impl Walk for Endless {
    fn next(&mut self) -> Result<Option<FileHead>, ReadError> {
        Ok(Some(FileHead {
            path: "checkpoint".to_owned(),
            len: 10,
        }))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

#[test]
fn a_medium_that_lies_is_not_followed() {
    let report = verify(&Endless, &trust(&[known(1)]), &mut |_, _| {});
    assert!(broken(&report).2.contains("longer than it should be"));
}

#[test]
fn names_twice_or_out_of_order_are_refused() {
    let packed = crate::flips::packed(&Log::of(300));
    let tar = zstd::decode_all(packed.as_slice()).unwrap();
    // The first file is the checkpoint, one block of header and one or two of text.
    let second = tar
        .windows(8)
        .position(|bytes| bytes == b"log.vkey")
        .unwrap();
    let twice = [&tar[..second], &tar].concat();
    let exchanged = [
        &tar[second..second + 1024],
        &tar[..second],
        &tar[second + 1024..],
    ]
    .concat();
    for tar in [twice, exchanged] {
        let archive =
            Archive::new(|| Ok(Cursor::new(zstd::encode_all(tar.as_slice(), 3).unwrap())));
        let report = verify(&archive, &trust(&[known(1)]), &mut |_, _| {});
        assert_eq!(report.verdict, Verdict::Broken, "{report:#?}");
    }
    let trailing = [tar.as_slice(), &[0; 512]].concat();
    let report = judge_packed(
        &zstd::encode_all(trailing.as_slice(), 3).unwrap(),
        &trust(&[known(1)]),
    );
    assert!(broken(&report).2.contains("behind the end"));
}

/// The manifest changed and signed again: by the log's own server, which made a mistake.
fn resealed(change: impl FnOnce(&mut Manifest)) -> Report {
    spoilt(|files| {
        let mut manifest = Manifest::parse(&files.0["manifest.json"]).unwrap();
        change(&mut manifest);
        let bytes = manifest.to_bytes();
        let mut note = Note::new(seal_text(&name(), &bytes)).unwrap();
        Log::new().sign(&mut note);
        files.0.insert("manifest.json".to_owned(), bytes);
        files
            .0
            .insert("manifest.note".to_owned(), note.to_string().into_bytes());
    })
}

#[test]
fn a_manifest_that_is_signed_and_wrong_is_damage() {
    assert!(resealed(|_| ()).is_intact());
    type Change = fn(&mut Manifest);
    let changes: [(&str, Change); 18] = [
        ("another size", |manifest| manifest.size -= 1),
        ("another root", |manifest| manifest.root = Hash::ZERO),
        ("another epoch", |manifest| manifest.epoch = 1),
        ("another origin", |manifest| manifest.origin.push('0')),
        ("another end", |manifest| manifest.end = 256),
        ("an end inside a tile", |manifest| manifest.end = 299),
        ("another start", |manifest| manifest.first = 256),
        ("a range", |manifest| {
            (manifest.whole, manifest.first) = (false, 256)
        }),
        ("a start inside a tile", |manifest| {
            (manifest.whole, manifest.first) = (false, 1)
        }),
        ("tiles that are not there", |manifest| {
            manifest.extra.push(7)
        }),
        ("no disclosures", |manifest| {
            manifest.disclosures = Disclosures::None
        }),
        ("a tile less", |manifest| drop(manifest.files.remove(4))),
        ("a tile twice", |manifest| {
            manifest.files.insert(4, manifest.files[4].clone())
        }),
        ("a tile of another tree", |manifest| {
            manifest.files[4].path = "tile/entries/000.p/3".to_owned()
        }),
        ("a file less", |manifest| drop(manifest.files.pop())),
        ("a file more", |manifest| {
            let digest = FileDigest {
                path: "anchors/x.note".to_owned(),
                ..manifest.files[0].clone()
            };
            manifest.files.insert(2, digest);
        }),
        ("another hash", |manifest| {
            manifest.files[1].sha256 = Hash::ZERO
        }),
        ("files exchanged", |manifest| manifest.files.swap(0, 1)),
    ];
    for (name, change) in changes {
        let report = resealed(change);
        assert_eq!(report.verdict, Verdict::Broken, "{name}: {report:#?}");
    }
}
