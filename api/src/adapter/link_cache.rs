//! DIRECT links that were issued already.
//!
//! The same URL is handed out while more than half of its life remains, so that browsers and CDNs can keep what it
//! names. Forgetting a link stops this server from handing it out; the store honours it until it expires.

mod links;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::id::{FileId, TenantId};
use moka::ops::compute::Op;
use moka::sync::Cache;

use self::links::Links;

/// Memory for links, in bytes; a link takes about 800.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Half of the longest life of a link.
const LONGEST_KEPT: Duration = Duration::from_secs(1_800);

/// What makes two requests ask for the same link. The disposition is the whole header value, filename included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinkKey {
    /// Whose file.
    pub tenant: TenantId,
    /// Which file.
    pub file: FileId,
    /// `Content-Disposition` of the answer.
    pub disposition: String,
    /// Life of a fresh link.
    pub ttl: Duration,
}

/// A link. The URL is a credential: it belongs in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The signed URL.
    pub url: String,
    /// From when on the store refuses it.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// How the cache has done since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkCacheStats {
    /// Links handed out again.
    pub hits: u64,
    /// Links that had to be made.
    pub misses: u64,
    /// Times a file or a tenant was forgotten.
    pub invalidations: u64,
    /// Files with a link in the cache, roughly.
    pub files: u64,
}

/// The links of this process.
#[derive(Debug)]
pub struct LinkCache {
    files: Cache<(TenantId, FileId), Arc<Links>>,
    hits: AtomicU64,
    misses: AtomicU64,
    invalidations: AtomicU64,
}

impl Default for LinkCache {
    fn default() -> Self {
        Self::new()
    }
}

impl LinkCache {
    /// A cache of at most 64 MiB.
    #[must_use]
    pub fn new() -> Self {
        let files = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, links: &Arc<Links>| links.weight())
            .time_to_live(LONGEST_KEPT)
            .support_invalidation_closures()
            .build();
        Self {
            files,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            invalidations: AtomicU64::new(0),
        }
    }

    /// A link with more than half of its life left at `now`. Whether the file may be read is for the caller to know.
    pub fn find(&self, key: &LinkKey, now: DateTime<Utc>) -> Option<Link> {
        let links = self.files.get(&(key.tenant, key.file));
        let found = links.and_then(|links| links.find(key, now));
        let (outcome, count) = match found {
            Some(_) => ("hit", &self.hits),
            None => ("miss", &self.misses),
        };
        count.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("strongroom_link_cache_lookups_total", "outcome" => outcome).increment(1);
        found
    }

    /// Remembers a link that was made at `now`.
    pub fn put(&self, key: &LinkKey, link: Link, now: DateTime<Utc>) {
        let entry = self.files.entry((key.tenant, key.file));
        entry.and_compute_with(|known| {
            let known = known.map(moka::Entry::into_value);
            Op::Put(Arc::new(Links::with(known.as_deref(), key, link, now)))
        });
    }

    /// Hands out no link of the file again: it was trashed, purged or replaced.
    pub fn forget_file(&self, tenant: TenantId, file: FileId) {
        self.files.invalidate(&(tenant, file));
        self.note_invalidation();
    }

    /// Hands out no link of the tenant again: it was suspended or deactivated.
    pub fn forget_tenant(&self, tenant: TenantId) {
        let of_tenant = move |key: &(TenantId, FileId), _: &Arc<Links>| key.0 == tenant;
        if let Err(error) = self.files.invalidate_entries_if(of_tenant) {
            // Only a cache that was built without support refuses; forgetting too much is the safe side.
            tracing::error!(%error, "all links are forgotten instead of one tenant's");
            self.files.invalidate_all();
        }
        self.note_invalidation();
    }

    /// How the cache has done.
    #[must_use]
    pub fn stats(&self) -> LinkCacheStats {
        LinkCacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            invalidations: self.invalidations.load(Ordering::Relaxed),
            files: self.files.entry_count(),
        }
    }

    fn note_invalidation(&self) {
        self.invalidations.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("strongroom_link_cache_invalidations_total").increment(1);
    }
}
