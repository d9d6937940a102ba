//! The second verifier, which travels in every bundle, says the same as the first.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use audit::bundle::{Contents, Files, SCRIPT_TEXT};
use audit::note::Note;
use audit::offline::Trust;
use audit::report::{Disclosures, Report, Verdict};
use serde_json::{Value, json};

use crate::flips::{packed, small};
use crate::sample::{Log, judge, known, trust};

/// Runs the script once for each list of arguments on its input, all in one process.
const DRIVER: &str = "
import contextlib, io, json, runpy, sys
for line in sys.stdin:
    sys.argv, out, code = json.loads(line), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try: runpy.run_path(sys.argv[0], run_name='__main__')
        except SystemExit as stop: code = stop.code
    print(json.dumps([code, json.loads(out.getvalue() or 'null')]))
";

/// A directory of this test run alone.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Scratch {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The files of a bundle as a directory.
    pub(crate) fn unpack(&self, name: &str, files: &Files) -> String {
        let root = self.0.join(name);
        for (path, bytes) in &files.0 {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        root.to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What the script says to each list of arguments: exit code and report.
fn run(scratch: &Scratch, calls: &[Vec<String>]) -> Vec<(i64, Value)> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin/python");
    let script = scratch.file("verify.py", SCRIPT_TEXT.as_bytes());
    let mut child = Command::new(&python)
        .args(["-c", DRIVER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; `make setup` installs it", python.display()));
    let mut input = child.stdin.take().unwrap();
    for call in calls {
        let call: Vec<&str> = [script.as_str()]
            .into_iter()
            .chain(call.iter().map(String::as_str))
            .collect();
        writeln!(input, "{}", json!(call)).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<(i64, Value)> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), calls.len());
    answers
}

fn exit(report: &Report) -> i64 {
    match report.verdict {
        Verdict::Intact | Verdict::IntactWithDocumentedGaps => 0,
        Verdict::Broken => 2,
        Verdict::Inconclusive => 3,
    }
}

/// Both verifiers on the same bundles.
pub(crate) struct Comparison {
    scratch: Scratch,
    calls: Vec<Vec<String>>,
    reports: Vec<(String, Report)>,
}

impl Comparison {
    pub(crate) fn new(name: &str) -> Comparison {
        Comparison {
            scratch: Scratch::new(name),
            calls: Vec::new(),
            reports: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, files: &Files, trust: &Trust) {
        let number = self.calls.len();
        let mut call = vec![self.scratch.unpack(&number.to_string(), files)];
        for key in &trust.keys {
            call.extend(["--key".to_owned(), key.to_string()]);
        }
        for (flag, note) in [("--receipt", &trust.receipt), ("--anchor", &trust.anchor)] {
            let file = |note: &Note| {
                self.scratch
                    .file(&format!("{number}{flag}"), note.to_string().as_bytes())
            };
            call.extend(
                note.as_ref()
                    .map(|note| [flag.to_owned(), file(note)])
                    .into_iter()
                    .flatten(),
            );
        }
        self.calls.push(call);
        self.reports.push((name.into(), judge(files, trust)));
    }

    /// Holds verdict, exit code and assurance, the gaps, and the first bad entry against each other.
    pub(crate) fn agree(self) {
        for ((name, report), (code, answer)) in
            self.reports.iter().zip(run(&self.scratch, &self.calls))
        {
            assert_eq!(
                (answer["verdict"].as_str(), code),
                (Some(report.verdict.as_str()), exit(report)),
                "{name}: {answer} {report:#?}"
            );
            match &report.harm {
                Some(harm) if harm.file.is_none() => assert_eq!(
                    answer["firstBadSeq"].as_u64(),
                    harm.seq,
                    "{name}: {answer} {harm:#?}"
                ),
                Some(_) => {}
                None => {}
            }
            if report.is_intact() {
                assert_eq!(answer["assurance"], report.assurance.as_str(), "{name}");
                assert_eq!(
                    (answer["pruned"].as_u64(), answer["redacted"].as_u64()),
                    (Some(report.pruned), Some(report.redacted)),
                    "{name}"
                );
            }
        }
    }
}

fn rich() -> Log {
    let mut log = Log::of(600);
    log.redact(&[(315, &["actor.email", "actor.ip"]), (303, &["actor.email"])]);
    log.prune("payload", 300, &[30, 45]);
    log.prune("entries", 256, &[]);
    log.rotate();
    log.grow(700);
    log
}

#[test]
fn the_second_verifier_agrees_on_whole_logs() {
    let mut both = Comparison::new("script-whole");
    let key = trust(&[known(1)]);
    for size in [1, 12, 256, 257, 700] {
        both.add(size.to_string(), &Log::of(size).export(), &key);
    }
    let rich = rich();
    both.add("gaps, old key", &rich.export(), &key);
    both.add("gaps, new key", &rich.export(), &trust(&[known(2)]));
    both.add("foreign key", &rich.export(), &trust(&[known(7)]));
    let withheld = Contents {
        disclosures: Disclosures::None,
        ..rich.contents()
    };
    both.add("withheld", &rich.export_as(withheld), &key);
    both.add(
        "range",
        &rich.export_range(512..rich.size(), &[]),
        &trust(&[known(2)]),
    );
    let receipt = Some(Log::of(300).checkpoint());
    let anchor = Some(Log::of(700).checkpoint());
    both.add(
        "receipt",
        &Log::of(700).export(),
        &Trust {
            receipt: receipt.clone(),
            ..key.clone()
        },
    );
    both.add(
        "anchor",
        &Log::of(700).export(),
        &Trust {
            receipt,
            anchor,
            ..key.clone()
        },
    );
    both.agree();
}

#[test]
fn the_second_verifier_agrees_on_attacks() {
    let mut both = Comparison::new("script-attacks");
    let key = trust(&[known(1)]);
    let mut spoilt = |name: &str, trust: &Trust, spoil: &dyn Fn(&mut Log)| {
        let mut log = Log::of(300);
        spoil(&mut log);
        both.add(name, &log.export(), trust);
    };
    let later = Trust {
        receipt: Some(Log::of(400).checkpoint()),
        ..key.clone()
    };
    let earlier = Trust {
        receipt: Some(Log::of(200).checkpoint()),
        ..key.clone()
    };
    let foreign = Trust {
        receipt: Some(Log::signed_by(9).checkpoint()),
        ..key.clone()
    };
    spoilt("edited", &key, &|log| log.edit(100));
    spoilt("edited and hashed", &key, &|log| {
        log.edit(299);
        log.rehash(299);
    });
    spoilt("rolled back", &later, &|_| ());
    spoilt("rewritten", &earlier, &|log| {
        log.edit(100);
        log.forge(100);
    });
    spoilt("foreign receipt", &foreign, &|_| ());
    spoilt("undocumented", &key, &|log| log.take("payload", 100, &[]));
    spoilt("beyond the prune", &key, &|log| {
        log.document_prune("payload", 100, &[]);
        log.take("payload", 110, &[]);
    });
    spoilt("entries gone", &key, &|log| log.take("entries", 256, &[]));
    spoilt("disclosures exchanged", &key, &|log| {
        let one = log.entries[3].disclosures.clone();
        log.entries[3].disclosures = log.entries[6].disclosures.clone();
        log.entries[6].disclosures = one;
    });
    let export = Log::of(300).export();
    for path in export.0.keys() {
        let mut files = export.clone();
        files.0.remove(path);
        both.add(format!("without {path}"), &files, &key);
    }
    both.agree();
}

#[test]
fn the_second_verifier_sees_turned_bits() {
    let mut both = Comparison::new("script-bits");
    let export = small().export();
    for (path, bytes) in &export.0 {
        // Two or three in each file; every one is tried on the first verifier.
        for bit in (7..bytes.len() * 8).step_by(bytes.len() * 8 / 3 + 13) {
            let mut files = export.clone();
            files.0.get_mut(path).unwrap()[bit / 8] ^= 1 << (bit % 8);
            both.add(format!("bit {bit} of {path}"), &files, &trust(&[known(1)]));
        }
    }
    assert!(both.calls.len() > 30);
    let (reports, answers) = (&both.reports, run(&both.scratch, &both.calls));
    for ((name, report), (code, _)) in reports.iter().zip(answers) {
        assert_eq!((exit(report), code), (2, 2), "{name}");
    }
}

#[test]
fn the_second_verifier_reads_archives() {
    let scratch = Scratch::new("script-archive");
    let archive = packed(&rich());
    let mut turned = archive.clone();
    // A bit of a frame header that changes nothing of what is unpacked.
    turned[4] ^= 0x10;
    let calls = [
        ("whole", archive.as_slice()),
        ("cut", &archive[..archive.len() / 2]),
        ("turned", &turned),
        ("foreign", b"PK\x03\x04"),
    ]
    .map(|(name, bytes)| {
        vec![
            scratch.file(name, bytes),
            "--key".to_owned(),
            known(1).to_string(),
        ]
    });
    let codes: Vec<i64> = run(&scratch, &calls)
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    assert_eq!(codes, [0, 2, 2, 3]);
}

#[test]
fn the_second_verifier_knows_wrong_usage() {
    let scratch = Scratch::new("script-usage");
    let calls = [
        vec![],
        vec!["x"],
        vec!["x", "--key", "nonsense"],
        vec!["x", "--key", "a", "--what"],
        vec!["--help"],
    ];
    let calls = calls.map(|call| call.into_iter().map(str::to_owned).collect());
    let codes: Vec<i64> = run(&scratch, &calls[..4])
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    assert_eq!(codes, [64, 64, 64, 64]);
    let missing = vec![
        "/nowhere".to_owned(),
        "--key".to_owned(),
        known(1).to_string(),
    ];
    assert_eq!(run(&scratch, &[missing])[0].0, 3);
}

#[test]
fn the_second_verifier_is_short_enough_to_read() {
    assert!(SCRIPT_TEXT.lines().count() < 250);
    assert!(SCRIPT_TEXT.lines().all(|line| line.len() <= 125));
}
