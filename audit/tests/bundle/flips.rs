//! Every bit of an export.

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use audit::bundle::{Archive, Files, Packer};
use audit::offline::{Trust, verify};
use audit::report::Report;
use rayon::prelude::*;

use crate::sample::{Log, judge, known, trust};

/// Small, with everything in it: gaps, a prune, two keys, an anchor.
pub(crate) fn small() -> Log {
    let mut log = Log::of(8);
    log.redact(&[(5, &["actor.ip"])]);
    log.prune("payload", 4, &[]);
    log.rotate();
    log
}

/// Files whose text the manifest alone vouches for: one bit of each byte has to do.
fn is_prose(path: &str) -> bool {
    matches!(
        path,
        "verify.py" | "VERIFY.md" | "report.html" | "report.json"
    )
}

fn bits(files: &Files) -> Vec<(&str, usize)> {
    let bits = files.0.iter().flat_map(|(path, bytes)| {
        let prose = is_prose(path);
        let some = move |bit: &usize| !prose || bit % 8 == (bit / 8) % 8;
        (0..bytes.len() * 8)
            .filter(some)
            .map(move |bit| (path.as_str(), bit))
    });
    bits.collect()
}

#[test]
fn every_bit_of_every_file_shows_when_it_is_turned() {
    let files = small().export();
    let trust = trust(&[known(1)]);
    assert!(judge(&files, &trust).is_intact());
    let broken = AtomicUsize::new(0);
    let bits = bits(&files);
    bits.par_iter().for_each_init(
        || files.clone(),
        |spoilt, (path, bit)| {
            let turn =
                |files: &mut Files| files.0.get_mut(*path).unwrap()[bit / 8] ^= 1 << (bit % 8);
            turn(spoilt);
            let report = judge(spoilt, &trust);
            assert!(!report.is_intact(), "bit {bit} of {path}");
            broken.fetch_add(usize::from(report.harm.is_some()), Ordering::Relaxed);
            turn(spoilt);
        },
    );
    assert_eq!(
        broken.into_inner(),
        bits.len(),
        "a turned bit is damage, not doubt"
    );
}

pub(crate) fn packed(log: &Log) -> Vec<u8> {
    let spools = [(); 2].map(|()| Cursor::new(Vec::new()));
    let packer = Packer::new(spools).unwrap();
    log.write(packer, log.contents())
        .write_to(Vec::new())
        .unwrap()
}

pub(crate) fn judge_packed(bytes: &[u8], trust: &Trust) -> Report {
    let archive = Archive::new(|| Ok(Cursor::new(bytes)));
    verify(&archive, trust, &mut |_, _| {})
}

#[test]
fn every_byte_of_an_archive_shows_when_a_bit_of_it_is_turned() {
    let archive = packed(&small());
    let trust = trust(&[known(1)]);
    assert!(judge_packed(&archive, &trust).is_intact());
    // A hash closes it: which bit of a byte makes no difference but at the ends, where the format is told.
    let ends = |bit: &usize| *bit < 512 || *bit >= archive.len() * 8 - 512;
    let bits = (0..archive.len() * 8).filter(|bit| ends(bit) || bit % 8 == (bit / 8) % 8);
    bits.collect::<Vec<_>>().into_par_iter().for_each_init(
        || archive.clone(),
        |spoilt, bit| {
            spoilt[bit / 8] ^= 1 << (bit % 8);
            let report = judge_packed(spoilt, &trust);
            // The first four bytes say that it is an archive at all.
            assert!(
                !report.is_intact() && (report.harm.is_some() || bit < 32),
                "bit {bit}: {report:#?}"
            );
            spoilt[bit / 8] ^= 1 << (bit % 8);
        },
    );
}
