//! What is remembered of each key, within bounds.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// Locks, so that requests on several cores seldom wait for each other.
const SHARDS: usize = 16;

/// The state of at most `max_keys` keys.
pub(super) struct Memory<K> {
    hasher: RandomState,
    shards: Vec<Mutex<Shard<K>>>,
}

/// Two generations. When the newer one is full it becomes the older, and what the older still held is forgotten:
/// keys in use move to the newer one, so only idle keys are lost, without searching for them.
struct Shard<K> {
    half: usize,
    newer: HashMap<K, Nanos>,
    older: HashMap<K, Nanos>,
}

impl<K: Hash + Eq + Clone> Memory<K> {
    pub(super) fn new(max_keys: usize) -> Self {
        let half = (max_keys / SHARDS / 2).max(1);
        let shard = || Shard {
            half,
            newer: HashMap::new(),
            older: HashMap::new(),
        };
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect(),
        }
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K>> {
        let index = usize::from(self.hasher.hash_one(key).to_le_bytes()[0]) % SHARDS;
        open(&self.shards[index])
    }
}

fn open<K>(shard: &Mutex<Shard<K>>) -> MutexGuard<'_, Shard<K>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Hash + Eq> Shard<K> {
    fn find(&self, key: &K) -> Option<Nanos> {
        self.newer.get(key).or_else(|| self.older.get(key)).copied()
    }

    fn keep(&mut self, key: K, state: Nanos) {
        if self.newer.len() >= self.half && !self.newer.contains_key(&key) {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.clear();
        }
        self.older.remove(&key);
        self.newer.insert(key, state);
    }

    fn len(&self) -> usize {
        self.newer.len() + self.older.len()
    }
}

/// Measures and remembers.
pub(super) struct Record<K>(pub(super) Arc<Memory<K>>);

impl<K: Hash + Eq + Clone> StateStore for Record<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.0.shard(key);
        let known = shard.find(key);
        let measured = f(known);
        // A refused key is in use as well: kept, or a flood could wash its refusal away.
        let state = measured.as_ref().ok().map(|(_, state)| *state).or(known);
        if let Some(state) = state {
            shard.keep(key.clone(), state);
        }
        measured.map(|(outcome, _)| outcome)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Record<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        for shard in &self.0.shards {
            let mut shard = open(shard);
            shard.newer.retain(|_, state| *state > drop_below);
            shard.older.retain(|_, state| *state > drop_below);
        }
    }

    fn shrink_to_fit(&self) {
        for shard in &self.0.shards {
            let mut shard = open(shard);
            shard.newer.shrink_to_fit();
            shard.older.shrink_to_fit();
        }
    }

    fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| open(shard).len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Measures and remembers nothing.
pub(super) struct Glimpse<K>(pub(super) Arc<Memory<K>>);

impl<K: Hash + Eq + Clone> StateStore for Glimpse<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let known = self.0.shard(key).find(key);
        f(known).map(|(outcome, _)| outcome)
    }
}
