//! What it costs to verify a bundle of a million entries, beside SHA-256 of the same bytes: time and memory.
//!
//! The bundle is made and verified as a stream, so that the peak of this process bounds that of a verification.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a bench")]
#![expect(clippy::print_stdout, reason = "the table is what a bench is for")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use audit::bundle::{
    Archive, Contents, FileHead, Packer, Place, ReadError, Row, Sink, Source, Walk, Writer,
};
use audit::chain::Head;
use audit::checkpoint::Checkpoint;
use audit::disclosure::disclose;
use audit::entry::{Actor, ActorKind, Draft, Outcome, Req, Target, Time};
use audit::genesis::{Log, LogKey, origin};
use audit::hash::{Hash, leaf};
use audit::merkle::{Frontier, TreeHead, subtree_root};
use audit::note::VerifierKey;
use audit::offline::{Trust, verify};
use audit::report::{Disclosures, Report, Verdict};
use audit::tile::entries;
use audit::value::Value;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

const SIZE: u64 = 1_000_000;
const TENANT: &str = "0190a000-0000-7000-8000-00000000000a";
const ROUNDS: usize = 3;

fn name() -> String {
    origin("strongroom.local", "0a1b2c3d", Log::Tenant(TENANT), 0)
}

fn key() -> LogKey {
    LogKey::from_seed(&[1; 32])
}

/// An entry of ordinary size, with one disclosure.
fn draft(number: u64) -> (Draft, String) {
    let address = format!("203.0.{}.{}", number / 256 % 256, number % 256);
    let mut salt = [7; 16];
    salt[..8].copy_from_slice(&Hash::of(&number.to_be_bytes()).0[..8]);
    let ip = disclose(salt, "actor.ip", &address.into()).unwrap();
    let draft = Draft {
        tenant: TENANT.to_owned(),
        id: format!("0190a000-0000-7000-8000-{number:012x}"),
        at: Time::from_micros(1_750_000_000_000_000 + i64::try_from(number).unwrap()).unwrap(),
        action: if number == 0 {
            "audit.genesis"
        } else {
            "file.upload"
        }
        .to_owned(),
        outcome: Outcome::Success,
        actor: Actor {
            kind: ActorKind::ApiKey,
            id: format!("0190a000-0000-7000-8000-{:012x}", number % 1000),
        },
        targets: vec![Target {
            kind: "file".to_owned(),
            id: format!("0190a000-0000-7000-9000-{number:012x}"),
        }],
        req: Req {
            id: format!("0190a000-0000-7000-a000-{number:012x}"),
            trace: String::new(),
        },
        sd: BTreeMap::from([(ip.field, ip.digest)]),
        meta: match number {
            0 => BTreeMap::from([("origin".to_owned(), Value::string(name()))]),
            _ => BTreeMap::from([(
                "byte_len".to_owned(),
                Value::Integer(number * 31 % 1_048_576),
            )]),
        },
        trim: None,
    };
    (draft, ip.text)
}

/// Calls `each` with every entry of the log: its bytes, hash and disclosure.
fn log(mut each: impl FnMut(&[u8], Hash, &str)) {
    let mut head = Head::empty();
    for number in 0..SIZE {
        let (draft, text) = draft(number);
        let sealed = head.append(&draft, draft.at).unwrap();
        each(&sealed.raw, sealed.leaf, &text);
    }
}

fn write<K: Sink>(sink: K, tree: TreeHead) -> K {
    let checkpoint = Checkpoint {
        origin: name(),
        tree,
    }
    .sign(&key())
    .unwrap();
    let contents = Contents {
        checkpoint,
        vkeys: vec![known()],
        anchors: Vec::new(),
        first: 0,
        end: SIZE,
        whole: true,
        disclosures: Disclosures::All,
    };
    let mut writer = Writer::new(sink, contents).unwrap();
    log(|raw, leaf, text| {
        writer
            .push(&Row {
                leaf,
                raw: Some(raw),
                disclosures: &[text],
            })
            .unwrap()
    });
    let report = Report::inconclusive("not verified before it was exported");
    writer
        .finish(&report, |note| note.sign(&name(), &key()))
        .unwrap()
}

fn known() -> VerifierKey {
    VerifierKey::log(&name(), &key().public()).unwrap()
}

/// The files of a bundle in a directory.
struct Directory(PathBuf);

impl Sink for Directory {
    fn file(&mut self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap())?;
        fs::write(path, bytes)
    }

    fn disclosures(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        use std::io::Write;
        let path = self.0.join("disclosures.ndjson");
        File::options()
            .create(true)
            .append(true)
            .open(path)?
            .write_all(bytes)
    }
}

impl Source for Directory {
    type Walk<'a> = DirectoryWalk<'a>;

    fn walk(&self) -> Result<DirectoryWalk<'_>, ReadError> {
        let mut rest = Vec::new();
        list(&self.0, "", &mut rest);
        rest.sort_by_cached_key(|path| std::cmp::Reverse(Place::of(path)));
        Ok(DirectoryWalk {
            root: &self.0,
            rest,
            file: None,
        })
    }
}

fn list(root: &Path, prefix: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(prefix)).unwrap().map(Result::unwrap) {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => list(root, &format!("{path}/"), paths),
            false => paths.push(path),
        }
    }
}

struct DirectoryWalk<'a> {
    root: &'a Path,
    rest: Vec<String>,
    file: Option<File>,
}

impl Walk for DirectoryWalk<'_> {
    fn next(&mut self) -> Result<Option<FileHead>, ReadError> {
        let Some(path) = self.rest.pop() else {
            return Ok(None);
        };
        let file = File::open(self.root.join(&path))?;
        let len = file.metadata()?.len();
        self.file = Some(file);
        Ok(Some(FileHead { path, len }))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        use std::io::Read;
        Ok(self.file.as_mut().unwrap().read(buffer)?)
    }
}

/// The most memory this process has held, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// What a run took: by the clock, and of the processors.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

/// The shortest of some runs.
fn time<T>(mut run: impl FnMut() -> T) -> Cost {
    let once = |_| {
        let (start, before) = (Instant::now(), cpu());
        std::hint::black_box(run());
        Cost {
            wall: start.elapsed(),
            cpu: cpu() - before,
        }
    };
    (0..ROUNDS).map(once).min_by_key(|cost| cost.wall).unwrap()
}

/// Processor time of this process, in hundredths of a second.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn full<S: Source>(source: &S) {
    let trust = Trust {
        keys: vec![known()],
        ..Trust::default()
    };
    let report = verify(source, &trust, &mut |_, _| {});
    assert_eq!(report.verdict, Verdict::Intact, "{report:#?}");
}

/// The paths of the files with entries.
fn tiles(directory: &Directory) -> Vec<PathBuf> {
    let walk = directory.walk().unwrap();
    let paths = walk
        .rest
        .iter()
        .rev()
        .filter(|path| path.starts_with("tile/entries/"));
    paths.map(|path| directory.0.join(path)).collect()
}

/// Leaf hashes and root over the stored entries.
fn hashes_only(tiles: &[PathBuf]) -> Hash {
    let leaves = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        entries(&bytes)
            .map(|raw| leaf(raw.unwrap()))
            .collect::<Vec<_>>()
    };
    let (last, full) = tiles.split_last().unwrap();
    let roots: Vec<Hash> = full
        .par_iter()
        .map(|path| subtree_root(&leaves(path)))
        .collect();
    let mut frontier = Frontier::empty();
    roots.iter().for_each(|root| frontier.push(*root));
    let mut rest = Frontier::empty();
    leaves(last).into_iter().for_each(|leaf| rest.push(leaf));
    let roots = [frontier.to_bytes(), rest.to_bytes()].concat();
    Frontier::from_bytes(SIZE, &roots).unwrap().root()
}

/// SHA-256 of the same bytes, nothing else.
fn raw_sha(tiles: &[PathBuf]) -> u8 {
    let hash = |path: &PathBuf| Sha256::digest(fs::read(path).unwrap())[0];
    tiles
        .par_iter()
        .map(hash)
        .reduce(|| 0, |one, other| one ^ other)
}

fn main() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundle-bench");
    drop(fs::remove_dir_all(&scratch));
    fs::create_dir_all(&scratch).unwrap();
    let (mut frontier, mut byte_len) = (Frontier::empty(), 0);
    log(|raw, leaf, _| {
        frontier.push(leaf);
        byte_len += raw.len() as u64;
    });
    let tree = TreeHead {
        size: SIZE,
        root: frontier.root(),
    };
    let path = scratch.join("bundle.tar.zst");
    let spool = |name: &str| {
        File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(true)
            .open(scratch.join(name))
            .unwrap()
    };
    let (start, before) = (Instant::now(), cpu());
    let packer = write(Packer::new([spool("a"), spool("b")]).unwrap(), tree);
    packer
        .write_to(BufWriter::new(File::create(&path).unwrap()))
        .unwrap();
    let written = Cost {
        wall: start.elapsed(),
        cpu: cpu() - before,
    };
    let archive = Archive::new(|| File::open(&path).map(BufReader::new));
    let directory = Directory(scratch.join("unpacked"));
    fs::create_dir_all(&directory.0).unwrap();
    let directory = write(directory, tree);
    let tiles = tiles(&directory);

    let reference = time(|| raw_sha(&tiles));
    let row = |name: &str, cost: Cost| {
        let ratio = cost.wall.as_secs_f64() / reference.wall.as_secs_f64();
        println!(
            "{name:<40} {:>7.3} s {ratio:>6.2} x {:>7.2} s of processors",
            cost.wall.as_secs_f64(),
            cost.cpu.as_secs_f64()
        );
    };
    println!(
        "{SIZE} entries of {} bytes, archive of {} MiB, {} threads",
        byte_len / SIZE,
        fs::metadata(&path).unwrap().len() >> 20,
        rayon::current_num_threads()
    );
    row("SHA-256 of the files with entries", reference);
    row(
        "hash only: leaves and root",
        time(|| assert_eq!(hashes_only(&tiles), tree.root)),
    );
    row(
        "full verification of the directory",
        time(|| full(&directory)),
    );
    row("full verification of the archive", time(|| full(&archive)));
    row("making and writing the archive, once", written);
    println!("peak of memory, all of the above: {} MiB", peak());
    fs::remove_dir_all(&scratch).unwrap();
}
