//! What a signed tree of a million entries costs: growing it, signing it, proving from it.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a bench")]

use std::collections::BTreeMap;
use std::hint::black_box;

use audit::checkpoint::Checkpoint;
use audit::hash::{Hash, leaf};
use audit::merkle::{Frontier, TreeHead, verify_consistency, verify_inclusion};
use audit::note::{LogKey, Note, VerifierKey};
use audit::tile::{
    Tile, TileSource, consistency_proof, frontier_at, inclusion_proof, inclusion_tiles, tile_root,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIZE: u64 = 1_000_000;
const INDEX: u64 = 314_159;
const OLD: u64 = 777_777;
const LOG: &str = "audit.strongroom.local/0a1b2c3d/system/e0";

/// A whole tree: the root at every size, and its tiles as wide as they are in the end.
struct Tree {
    leaves: Vec<Hash>,
    frontier: Frontier,
    old: Frontier,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

impl TileSource for Tree {
    fn tile(&self, tile: Tile) -> Option<&[u8]> {
        self.tiles.get(&(tile.level, tile.index)).map(Vec::as_slice)
    }
}

fn tree() -> Tree {
    let leaves: Vec<Hash> = (0..SIZE).map(|index| leaf(&index.to_be_bytes())).collect();
    let (mut frontier, mut old) = (Frontier::empty(), Frontier::empty());
    for leaf in &leaves {
        frontier.push(*leaf);
        if frontier.size() == OLD {
            old = frontier.clone();
        }
    }
    let mut tiles = BTreeMap::new();
    let mut hashes = leaves.clone();
    for level in 0..8 {
        let mut above = Vec::new();
        for (index, chunk) in (0..).zip(hashes.chunks(256)) {
            let content: Vec<u8> = chunk.iter().flat_map(|hash| hash.0).collect();
            above.extend(tile_root(&content));
            tiles.insert((level, index), content);
        }
        hashes = above;
    }
    Tree {
        leaves,
        frontier,
        old,
        tiles,
    }
}

fn head(frontier: &Frontier) -> TreeHead {
    TreeHead {
        size: frontier.size(),
        root: frontier.root(),
    }
}

fn growing(c: &mut Criterion) {
    let tree = tree();
    let mut group = c.benchmark_group("grow a tree of 1000000");
    group.bench_function("push and root", |b| {
        let mut frontier = tree.frontier.clone();
        b.iter(|| {
            frontier.push(black_box(Hash::ZERO));
            frontier.root()
        });
    });
    group.bench_function("frontier from bytes and to bytes", |b| {
        let bytes = tree.frontier.to_bytes();
        b.iter(|| {
            Frontier::from_bytes(SIZE, black_box(&bytes))
                .unwrap()
                .to_bytes()
        });
    });
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("push 1000 and root", |b| {
        b.iter(|| {
            let mut frontier = tree.frontier.clone();
            for leaf in &tree.leaves[..1_000] {
                frontier.push(*leaf);
            }
            frontier.root()
        });
    });
    group.finish();
}

fn proving(c: &mut Criterion) {
    let tree = tree();
    let (old, new) = (head(&tree.old), head(&tree.frontier));
    let leaf = tree.leaves[usize::try_from(INDEX).unwrap()];
    let inclusion = inclusion_proof(INDEX, SIZE, &tree).unwrap();
    let consistency = consistency_proof(OLD, SIZE, &tree).unwrap();
    let mut group = c.benchmark_group("prove in a tree of 1000000");
    group.bench_function("which tiles", |b| {
        b.iter(|| inclusion_tiles(black_box(INDEX), SIZE))
    });
    group.bench_function("inclusion", |b| {
        b.iter(|| inclusion_proof(black_box(INDEX), SIZE, &tree))
    });
    group.bench_function("verify inclusion", |b| {
        b.iter(|| verify_inclusion(leaf, INDEX, new, black_box(&inclusion)).unwrap());
    });
    group.bench_function("consistency", |b| {
        b.iter(|| consistency_proof(black_box(OLD), SIZE, &tree))
    });
    group.bench_function("verify consistency", |b| {
        b.iter(|| verify_consistency(old, new, black_box(&consistency)).unwrap());
    });
    group.bench_function("frontier from tiles", |b| {
        b.iter(|| frontier_at(black_box(SIZE), &tree))
    });
    group.finish();
}

fn signing(c: &mut Criterion) {
    let key = LogKey::from_seed(&[7; 32]);
    let known = [VerifierKey::log(LOG, &key.public()).unwrap()];
    let checkpoint = Checkpoint {
        origin: LOG.to_owned(),
        tree: TreeHead {
            size: SIZE,
            root: Hash::ZERO,
        },
    };
    let note = checkpoint.sign(&key).unwrap().to_string();
    let mut group = c.benchmark_group("checkpoint");
    group.bench_function("sign", |b| {
        b.iter(|| black_box(&checkpoint).sign(&key).unwrap())
    });
    group.bench_function("read and verify", |b| {
        b.iter(|| {
            let note = Note::parse(black_box(note.as_bytes())).unwrap();
            Checkpoint::open(&note, &known).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, growing, proving, signing);
criterion_main!(benches);
