//! The program, as an auditor runs it.

use std::process::{Command, Output};

use audit::proof::TlogProof;
use serde_json::Value;

use crate::flips::packed;
use crate::sample::{Log, cosigner, known, name};
use crate::script::Scratch;

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strongroom-audit"))
        .args(args)
        .output()
        .unwrap()
}

fn code(args: &[&str]) -> Option<i32> {
    run(args).status.code()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn key() -> String {
    known(1).to_string()
}

#[test]
fn verify_reads_archives_and_directories_and_exits_by_the_verdict() {
    let scratch = Scratch::new("command-verify");
    let log = Log::of(300);
    let archive = scratch.file("whole.tar.zst", &packed(&log));
    let directory = scratch.unpack("whole", &log.export());
    let keys = scratch.file("keys", format!("{}\n{}\n", key(), cosigner()).as_bytes());
    for bundle in [&archive, &directory] {
        let output = run(&["verify", bundle, "--key", &keys]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = out(&output);
        assert!(
            text.starts_with("INTACT (A1: signed by a trusted key)\n"),
            "{text}"
        );
        for row in [
            format!("  log           {}", name()),
            "  entries       0 to 299 of 300, all there are".to_owned(),
            "  cosigned at   2025-06-15T15:11:40.000000Z".to_owned(),
        ] {
            assert!(text.contains(&row), "{row} in {text}");
        }
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
    let mut edited = log.clone();
    edited.edit(100);
    let broken = scratch.unpack("broken", &edited.export());
    let output = run(&["verify", &broken, "--key", &key(), "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        (&report["verdict"], &report["firstBadSeq"]),
        (&"BROKEN".into(), &100.into())
    );
    assert!(
        out(&run(&["verify", &broken, "--key", &key()])).contains("  first bad     entry 100\n")
    );
    assert_eq!(
        code(&["verify", &archive, "--key", &known(2).to_string()]),
        Some(3)
    );
    assert_eq!(
        out(&run(&["verify", &broken, "--key", &key(), "--quiet"])),
        ""
    );
    assert!(out(&run(&["verify", &archive, "--no-key"])).starts_with("INTACT (A0"));
}

#[test]
fn verify_takes_receipts_and_anchors() {
    let scratch = Scratch::new("command-receipt");
    let archive = scratch.file("a.tar.zst", &packed(&Log::of(300)));
    let note = |size| {
        scratch.file(
            &format!("{size}.note"),
            Log::of(size).checkpoint().to_string().as_bytes(),
        )
    };
    let (older, same, later) = (note(100), note(300), note(400));
    let verify =
        |flag, file: &String| out(&run(&["verify", &archive, "--key", &key(), flag, file]));
    assert!(
        verify("--receipt", &older).starts_with("INTACT (A2: consistent with your receipt of ")
    );
    assert!(
        verify("--anchor", &same).starts_with("INTACT (A3: equals the newest external anchor, of ")
    );
    let rolled = verify("--receipt", &later);
    assert!(
        rolled.starts_with("BROKEN") && rolled.contains("ROLLED_BACK"),
        "{rolled}"
    );
}

#[test]
fn wrong_usage_is_told_apart_from_every_verdict() {
    let scratch = Scratch::new("command-usage");
    let archive = scratch.file("a.tar.zst", &packed(&Log::of(3)));
    let nonsense = scratch.file("nonsense", b"nonsense");
    for args in [
        vec![],
        vec!["verify"],
        vec!["verify", &archive],
        vec!["verify", &archive, "--key", "nonsense"],
        vec!["verify", &archive, "--key", &nonsense],
        vec!["verify", &archive, "--key", &key(), "--no-key"],
        vec!["verify", &archive, "--key", &key(), "--receipt", &nonsense],
        vec!["verify", &archive, "--key", &key(), "--receipt", "/nowhere"],
        vec!["inspect", &archive, "first"],
        vec!["explode", &archive],
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(64), "{args:?}");
        assert!(
            !output.stderr.is_empty() && output.stdout.is_empty(),
            "{args:?}"
        );
    }
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["verify", "/nowhere", "--key", &key()]), Some(3));
    assert_eq!(code(&["verify", &nonsense, "--key", &key()]), Some(3));
}

#[cfg(unix)]
#[test]
fn a_directory_with_a_link_is_refused() {
    let scratch = Scratch::new("command-link");
    let directory = scratch.unpack("whole", &Log::of(3).export());
    let link = format!("{directory}/anchors");
    std::os::unix::fs::symlink("/etc", &link).unwrap();
    assert_eq!(code(&["verify", &directory, "--key", &key()]), Some(2));
    std::fs::remove_file(&link).unwrap();
    assert_eq!(code(&["verify", &directory, "--key", &key()]), Some(0));
}

#[test]
fn inspect_shows_an_entry_with_its_disclosures() {
    let scratch = Scratch::new("command-inspect");
    let mut log = Log::of(600);
    log.redact(&[(315, &["actor.ip"])]);
    log.prune("entries", 256, &[]);
    let archive = scratch.file("a.tar.zst", &packed(&log));
    let output = run(&["inspect", &archive, "315"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(shown["entry"]["seq"], 315);
    assert_eq!(shown["leaf"], log.entries[315].leaf.to_hex());
    assert_eq!(shown["includedInCheckpoint"], true);
    assert_eq!(shown["disclosures"]["actor.email"]["value"]["of"], 315);
    assert_eq!(shown["disclosures"]["actor.ip"]["missing"], true);
    let pruned: Value = serde_json::from_str(&out(&run(&["inspect", &archive, "7"]))).unwrap();
    assert_eq!(
        (&pruned["entry"], &pruned["includedInCheckpoint"]),
        (&Value::Null, &true.into())
    );
    assert_eq!(code(&["inspect", &archive, "602"]), Some(3));

    let mut files = log.export();
    files.0.get_mut("tile/entries/001").unwrap()[100] ^= 1;
    let edited = scratch.unpack("edited", &files);
    assert_eq!(code(&["inspect", &edited, "256"]), Some(2));
}

#[test]
fn prove_writes_a_proof_that_stands_alone() {
    let scratch = Scratch::new("command-prove");
    let log = Log::of(600);
    let archive = scratch.file("a.tar.zst", &packed(&log));
    for seq in [0, 255, 256, 511, 512, 599] {
        let output = run(&["prove", &archive, &seq.to_string()]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let proof = TlogProof::parse(&output.stdout).unwrap();
        proof.verify(&log.entries[seq].raw, &[known(1)]).unwrap();
        proof
            .verify(&log.entries[seq ^ 1].raw, &[known(1)])
            .unwrap_err();
    }
    assert_eq!(code(&["prove", &archive, "600"]), Some(3));
}

#[test]
fn diff_compares_checkpoints() {
    let scratch = Scratch::new("command-diff");
    let mut forked = Log::of(600);
    forked.edit(50);
    forked.forge(50);
    let note = |name: &str, log: &Log| scratch.file(name, log.checkpoint().to_string().as_bytes());
    let [small, middle, large, other] = [
        note("small", &Log::of(100)),
        note("middle", &Log::of(300)),
        note("large", &Log::of(600)),
        note("other", &forked),
    ];
    let archive = scratch.file("a.tar.zst", &packed(&Log::of(700)));
    let said = |args: &[&str]| {
        let output = run(&[&["diff"], args].concat());
        (
            output.status.code().unwrap(),
            out(&output).split(':').next().unwrap().to_owned(),
        )
    };
    let said = |args: &[&str]| {
        let (code, word) = said(args);
        format!("{code} {word}")
    };
    assert_eq!(said(&[&small, &small]), "0 EQUAL");
    assert_eq!(said(&[&large, &other]), "2 FORKED");
    assert_eq!(said(&[&small, &large]), "3 INCONCLUSIVE");
    assert_eq!(
        said(&[&large, &middle, "--bundle", &archive]),
        "0 CONSISTENT"
    );
    assert_eq!(
        said(&[&small, &middle, "--bundle", &archive, "--key", &key()]),
        "0 CONSISTENT"
    );
    assert_eq!(said(&[&small, &other, "--bundle", &archive]), "2 FORKED");
    assert_eq!(
        said(&[&small, &middle, "--key", &known(2).to_string()]),
        "3 INCONCLUSIVE"
    );
    assert_eq!(
        said(&[&small, &middle, "--bundle", "/nowhere"]),
        "3 INCONCLUSIVE"
    );
}
