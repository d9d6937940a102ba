//! Bundles in one file.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use audit::bundle::{Archive, Contents, Files, Packer, Source, Walk};
use audit::offline::verify;
use audit::report::{Disclosures, Verdict};

use crate::flips::{judge_packed, packed};
use crate::sample::{Log, judge, known, trust};

fn unpacked(bytes: &[u8]) -> Files {
    let archive = Archive::new(|| Ok(Cursor::new(bytes)));
    let mut walk = archive.walk().unwrap();
    let mut files = BTreeMap::new();
    while let Some(head) = walk.next().unwrap() {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 1000]);
        loop {
            match walk.read(&mut buffer).unwrap() {
                0 => break,
                len => bytes.extend_from_slice(&buffer[..len]),
            }
        }
        assert_eq!(bytes.len() as u64, head.len);
        files.insert(head.path, bytes);
    }
    Files(files)
}

#[test]
fn an_archive_holds_the_files_and_is_the_same_every_time() {
    let mut log = Log::of(700);
    log.anchor("a1");
    let archive = packed(&log);
    assert_eq!(archive, packed(&log));
    assert_eq!(unpacked(&archive), log.export());
    let (report, other) = (
        judge_packed(&archive, &trust(&[known(1)])),
        judge(&log.export(), &trust(&[known(1)])),
    );
    assert_eq!((report.verdict, &report), (Verdict::Intact, &other));
}

#[test]
fn an_archive_without_disclosures_has_no_such_file() {
    let log = Log::of(300);
    let contents = Contents {
        disclosures: Disclosures::None,
        ..log.contents()
    };
    let spools = [(); 2].map(|()| Cursor::new(Vec::new()));
    let packer = Packer::new(spools).unwrap();
    let archive = log
        .write(packer, contents.clone())
        .write_to(Vec::new())
        .unwrap();
    assert_eq!(unpacked(&archive), log.export_as(contents));
}

#[test]
fn an_archive_packed_by_somebody_else_is_as_good() {
    let archive = packed(&Log::of(300));
    let tar = zstd::decode_all(archive.as_slice()).unwrap();
    let again = zstd::encode_all(tar.as_slice(), 19).unwrap();
    assert_eq!(
        judge_packed(&again, &trust(&[known(1)])).verdict,
        Verdict::Intact
    );
}

#[test]
fn an_archive_cut_anywhere_is_broken() {
    let archive = packed(&Log::of(300));
    for len in (4..archive.len())
        .step_by(101)
        .chain([archive.len() - 1, archive.len() - 40])
    {
        let report = judge_packed(&archive[..len], &trust(&[known(1)]));
        if len == archive.len() - 40 {
            assert_eq!(
                report.verdict,
                Verdict::Intact,
                "the closing hash is no evidence"
            );
        } else {
            assert_eq!(
                report.verdict,
                Verdict::Broken,
                "{len} of {}",
                archive.len()
            );
        }
    }
}

#[test]
fn what_is_no_archive_is_no_evidence() {
    for bytes in [
        b"".as_slice(),
        b"x",
        b"\x28\xb5\x2f",
        b"PK\x03\x04 and so on",
    ] {
        assert_eq!(
            judge_packed(bytes, &trust(&[known(1)])).verdict,
            Verdict::Inconclusive
        );
    }
}

/// A medium that fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is on fire")),
            len => Ok(len),
        }
    }
}

#[test]
fn a_medium_that_fails_is_no_evidence() {
    let archive = packed(&Log::of(300));
    for len in [0, 3, 100, archive.len() / 2, archive.len()] {
        let failing = Archive::new(|| Ok(Failing(&archive[..len])));
        let report = verify(&failing, &trust(&[known(1)]), &mut |_, _| {});
        assert_eq!(report.verdict, Verdict::Inconclusive, "{len}");
        assert!(
            report.reason().unwrap().contains("the disk is on fire"),
            "{:?}",
            report.reason()
        );
    }
    let closed = Archive::new(|| {
        Err::<Cursor<Vec<u8>>, _>(io::Error::from(io::ErrorKind::PermissionDenied))
    });
    assert_eq!(
        verify(&closed, &trust(&[known(1)]), &mut |_, _| {}).verdict,
        Verdict::Inconclusive
    );
}
