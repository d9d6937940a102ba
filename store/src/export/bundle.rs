//! An evidence bundle of a stored log.

use std::collections::BTreeSet;

use audit::bundle::{Row, Sink, Writer};

use super::{
    ExportError, Exported, Extent, Progress, blocking,
    evidence::Evidence,
    page::{self, Stored},
    plan::Plan,
    report,
};
use crate::{Store, StoreError};

impl Store {
    /// Writes the log as an evidence bundle into `sink`, with the report of a verification that is run
    /// for it, and gives the sink back. The log goes on beside it.
    ///
    /// # Errors
    /// See [`ExportError`]; then what the sink has is no bundle.
    pub async fn export_bundle<K>(
        &self,
        extent: Extent,
        sink: K,
        progress: impl Fn(Progress),
    ) -> Result<(K, Exported), ExportError>
    where
        K: Sink + Send + 'static,
    {
        let deployment = self.deployment().await.map_err(StoreError::internal)?;
        let plan = Plan::read(self, extent).await?;
        let evidence = Evidence::read(self, &deployment, &plan).await?;
        let contents = evidence.contents(&plan);
        let writer = blocking(move || Ok(Writer::new(sink, contents)?)).await?;
        let writer = push_all(&plan, &evidence.extra, writer, progress).await?;
        // The verification reads in a snapshot of its own, of a log that has only grown: one at a time.
        let outline = plan.close();
        let found = self.verify_chain(extent.tenant, |_| {}).await?;
        let report = report::of(&found, &outline, evidence.newest_key());
        let origin = outline.origin.clone();
        let finish = move || Ok(writer.finish(&report, |note| evidence.sign(&origin, note))?);
        let sink = blocking(finish).await?;
        Ok((sink, outline.exported(Some(found.verdict))))
    }
}

/// One page is read while the one before is written.
async fn push_all<K>(
    plan: &Plan,
    extra: &BTreeSet<u64>,
    mut writer: Writer<K>,
    progress: impl Fn(Progress),
) -> Result<Writer<K>, ExportError>
where
    K: Sink + Send + 'static,
{
    let total = plan.tree.size;
    let mut done = 0;
    let mut next = page::read(plan, extra, done).await?;
    while !next.is_empty() {
        let page = std::mem::take(&mut next);
        done += page.len() as u64;
        let writing = blocking(move || push(writer, &page));
        let reading = async {
            match done < total {
                true => page::read(plan, extra, done).await,
                false => Ok(Vec::new()),
            }
        };
        (writer, next) = futures_util::try_join!(writing, reading)?;
        progress(Progress { done, total });
    }
    Ok(writer)
}

fn push<K: Sink>(mut writer: Writer<K>, page: &[Stored]) -> Result<Writer<K>, ExportError> {
    for entry in page {
        let texts = entry.disclosures.iter().map(|(_, text)| text.as_str());
        writer.push(&Row {
            leaf: entry.leaf,
            raw: entry.raw.as_deref(),
            disclosures: &texts.collect::<Vec<_>>(),
        })?;
    }
    Ok(writer)
}
