//! The walk along a stored log: one page is read while the one before is hashed.

use std::sync::Arc;

use audit::{
    chain::{Finding, Head, Report, Verifier},
    entry::Entry,
    genesis::Previous,
    merkle::TreeHead,
    retention::{GapCount, Permits},
};

use super::{
    checkpoint::{self, Checkpoints, Signed},
    cosigner::Cosigners,
    epoch::{self, Epochs},
    gaps::Gaps,
    kept::{Kept, Witnesses},
    keys::KeyRegister,
    page,
    register::{self, HeadRow},
    start::{self, Start},
    tree::{Checked, TreeWalk, Vague},
};
use crate::{
    Store, StoreError,
    bootstrap::Deployment,
    conn::Conn,
    ledger::{LogId, outside::is_stored},
    log::log_origin,
};

/// What every epoch of one log is walked with.
pub(super) struct Ground<'a> {
    pub(super) store: &'a Store,
    pub(super) conn: &'a Conn,
    pub(super) deployment: &'a Deployment,
    pub(super) heads: &'a [HeadRow],
    pub(super) epochs: &'a Epochs,
    pub(super) cosigners: &'a Cosigners,
}

/// What a walk found of one epoch: of the chain and of the checkpoints over it.
pub(super) struct Walked {
    pub(super) epoch: i32,
    pub(super) report: Report,
    /// What is missing as entries of the log say; of entries that were not read only what was pruned whole.
    pub(super) gaps: GapCount,
    /// How many entries were not read, because an earlier run had.
    pub(super) begin: u64,
    pub(super) last_good: Option<Signed>,
    pub(super) first_bad: Option<Signed>,
    pub(super) witnesses: Witnesses,
    /// The note of the checkpoint at the end.
    pub(super) checkpoint: Option<String>,
    /// What the genesis says of the epoch before.
    pub(super) previous: Option<Previous>,
}

impl Ground<'_> {
    fn origin(&self, log: LogId) -> String {
        log_origin(self.deployment, log.tenant, log.epoch)
    }

    fn head(&self, log: LogId) -> Option<&HeadRow> {
        self.heads.iter().find(|head| head.epoch == log.epoch)
    }

    async fn gaps(&self, log: LogId) -> Result<Gaps, StoreError> {
        let min_seq = self.head(log).map_or(0, HeadRow::min_seq);
        Gaps::read(self.conn, log, min_seq).await
    }

    async fn register(&self, log: LogId, gaps: &Gaps) -> Result<KeyRegister, StoreError> {
        let origin = self.origin(log);
        KeyRegister::read(self.conn, log, self.epochs, &origin, gaps.keys()).await
    }

    /// What a note says that this log has signed.
    pub(super) async fn open(
        &self,
        log: LogId,
        note: &str,
    ) -> Result<Result<(TreeHead, Option<i64>), &'static str>, StoreError> {
        let keys = self.register(log, &self.gaps(log).await?).await?;
        let checkpoints = Checkpoints::new(self.origin(log), &keys, self.cosigners);
        Ok(checkpoints.open(note))
    }

    /// The start of a walk over the newest epoch behind what an earlier run has read; `None` when every entry must
    /// be read, because what is stored does not bear out that run, or one of `kept`.
    pub(super) async fn start(
        &self,
        log: LogId,
        run: TreeHead,
        kept: &[Kept],
    ) -> Result<Option<Start>, StoreError> {
        for kept in kept.iter().filter(|kept| kept.tree.size > 0) {
            let is_borne_out = if kept.epoch < log.epoch {
                let epoch = kept.epoch;
                is_stored(self.conn, LogId { epoch, ..log }, kept.tree).await?
            } else if kept.epoch == log.epoch && kept.tree.size < run.size {
                start::is_prefix(self.conn, log, kept.tree, run).await?
            } else {
                true
            };
            if !is_borne_out {
                return Ok(None);
            }
        }
        Start::find(self.conn, log, run).await
    }

    /// Reads an epoch from its first entry, or from behind `start`, and compares it with what is known of it.
    pub(super) async fn walk(
        &self,
        log: LogId,
        start: Option<Start>,
        kept: Vec<Kept>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Walked, StoreError> {
        let is_newest = log.epoch == self.epochs.newest();
        let begin = start.as_ref().map_or(0, |start| start.head.size);
        let gaps = self.gaps(log).await?;
        let keys = self.register(log, &gaps).await?;
        let checkpoints = Checkpoints::new(self.origin(log), &keys, self.cosigners);
        let witnesses = self.witnesses(log, begin, kept).await?;
        let mut tree = TreeWalk::new(log, checkpoints, witnesses);
        let mut entries = match start {
            Some(start) => {
                let head = start.head;
                tree.begin_behind(start);
                Entries::behind(head)
            }
            None => Entries::new(gaps.begin(self.conn, &mut tree).await?, gaps.from()),
        };
        let permits = gaps.permits();
        let mut tree = entries
            .read(self.conn, log, tree, &permits, progress)
            .await?;
        let genesis = epoch::genesis(self.conn, log).await?;
        let own = self.head(log);
        let mut report = entries
            .verifier
            .finish(&own.map_or(entries.end, HeadRow::head));
        note(&mut report, std::mem::take(&mut tree.findings));
        note(&mut report, entries.strays);
        note(&mut report, gaps.findings(self.conn, self.epochs).await?);
        if is_newest {
            let strays = register::strays(self.conn, log.tenant, self.epochs).await?;
            note(&mut report, strays);
        }
        let of_heads = register::head_findings(self.heads, self.epochs, log, entries.end);
        note(&mut report, of_heads);
        let of_genesis = register::genesis_findings(self.deployment, log, genesis.as_ref());
        note(&mut report, of_genesis);
        note(&mut report, self.lineage(log, genesis.as_ref()));
        note(&mut report, keys.findings(self.store));
        if let Some(frontier) = own.and_then(HeadRow::frontier) {
            tree.compare_frontier(frontier);
        }
        tree.vague.extend(keys.strays(report.end.size));
        tree.vague.extend(self.cosigners.strays(report.end.size));
        tree.vague
            .iter()
            .for_each(|vague| explain(&mut report, vague));
        Ok(Walked {
            epoch: log.epoch,
            gaps: GapCount {
                pruned: entries.gaps.pruned + gaps.pruned(),
                redacted: entries.gaps.redacted,
            },
            begin,
            last_good: tree.checkpoints.last_good,
            first_bad: tree.checkpoints.first_bad,
            witnesses: tree.witnesses,
            checkpoint: checkpoint::note(self.conn, log, report.end.size).await?,
            previous: genesis.as_ref().and_then(previous),
            report,
        })
    }

    /// What is known of the log. What is before `begin` has been compared: [`Self::start`] saw to it.
    async fn witnesses(
        &self,
        log: LogId,
        begin: u64,
        kept: Vec<Kept>,
    ) -> Result<Witnesses, StoreError> {
        let is_before = |kept: &Kept| {
            kept.epoch < log.epoch || (kept.epoch == log.epoch && kept.tree.size < begin)
        };
        let (before, due): (Vec<Kept>, Vec<Kept>) = kept.into_iter().partition(is_before);
        let mut witnesses = Witnesses::new(log.epoch, due);
        for kept in before.into_iter().filter(|kept| kept.tree.size > 0) {
            let epoch = kept.epoch;
            let of = LogId { epoch, ..log };
            let ts = start::sequenced_at(self.conn, of, kept.tree.size - 1).await?;
            witnesses.bear(kept, ts);
        }
        Ok(witnesses)
    }

    /// A genesis and the epoch before it belong together.
    fn lineage(&self, log: LogId, genesis: Option<&Entry>) -> Vec<Finding> {
        use audit::chain::Damage::Forked;
        let Some(genesis) = genesis else {
            return Vec::new();
        };
        let named = Previous::of_meta(&genesis.draft.meta);
        let expected = self.epochs.before(log.epoch);
        let expected = expected.map(|epoch| self.origin(LogId { epoch, ..log }));
        let reason = match (named, expected) {
            (None, None) => return Vec::new(),
            (Some(Ok(named)), Some(origin)) if named.kept.origin == origin => return Vec::new(),
            (None, Some(_)) => "the genesis does not name the epoch before",
            (Some(_), _) => "the genesis names another epoch before it than there is",
        };
        vec![page::finding(0, Forked, reason)]
    }
}

/// What a genesis says of the epoch before; what is malformed is reported elsewhere.
pub(super) fn previous(genesis: &Entry) -> Option<Previous> {
    Previous::of_meta(&genesis.draft.meta)?.ok()
}

/// Adds what the walk itself does not look at; of two findings at one place the walk's stays.
fn note(report: &mut Report, findings: Vec<Finding>) {
    for finding in findings {
        report.findings += 1;
        let first = report.first.as_ref();
        if first.is_none_or(|first| finding.seq < first.seq) {
            report.first = Some(finding);
        }
    }
}

/// Adds a finding about many entries, unless one that is known already explains it.
fn explain(report: &mut Report, vague: &Vague) {
    let first = report.first.as_ref();
    if first.is_none_or(|first| first.seq >= vague.upto) {
        note(report, vec![vague.finding.clone()]);
    }
}

struct Entries {
    verifier: Verifier,
    gaps: GapCount,
    strays: Vec<Finding>,
    end: Head,
    /// The first row to be read.
    from: i64,
}

/// Most stray rows that are kept; the rest is damage all the same and needs no memory.
const STRAYS: usize = 64;

impl Entries {
    /// Those from row `from` on, which go on where `verifier` stands.
    fn new(verifier: Verifier, from: i64) -> Self {
        Self {
            verifier,
            gaps: GapCount::default(),
            strays: Vec::new(),
            end: Head::empty(),
            from,
        }
    }

    /// Those behind the end of what an earlier run has read.
    fn behind(head: Head) -> Self {
        let from = i64::try_from(head.size).unwrap_or(i64::MAX);
        Self {
            end: head,
            ..Self::new(Verifier::resume(head), from)
        }
    }

    async fn read(
        &mut self,
        conn: &Conn,
        log: LogId,
        mut tree: TreeWalk,
        permits: &Arc<Permits>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Checked, StoreError> {
        let mut page = Some(page::read(conn, log, self.from).await?);
        while let Some(current) = page.take() {
            let next = current.next;
            let hashing = hash(current, log, Arc::clone(permits));
            if let Some(from) = next {
                page = Some(page::read(conn, log, from).await?);
            }
            let hashed = hashing.await.map_err(StoreError::internal)??;
            let count = hashed.report.row_count() as u64;
            tree.grow(conn, &hashed.report).await?;
            self.add(hashed);
            progress(count);
        }
        tree.finish(conn).await
    }

    fn add(&mut self, page: page::Hashed) {
        let gaps = page.report.gaps();
        self.gaps.pruned += gaps.pruned;
        self.gaps.redacted += gaps.redacted;
        self.verifier.join(page.report);
        self.strays.extend(page.strays);
        self.strays.truncate(STRAYS);
        self.end = page.end.unwrap_or(self.end);
    }
}

fn hash(
    page: page::Page,
    log: LogId,
    permits: Arc<Permits>,
) -> tokio::task::JoinHandle<Result<page::Hashed, StoreError>> {
    let span = tracing::Span::current();
    let tenant = log.tenant.uuid().to_string();
    tokio::task::spawn_blocking(move || span.in_scope(|| page.hash(&tenant, &permits)))
}
