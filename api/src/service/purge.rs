//! Taking a tenant away: what lies in the object store first, then the rows that name it, then its record.

use std::time::{Duration, Instant};

use entity::TenantId;
use store::{
    StoreError,
    purge::{Area, Certificate, PurgeStep},
};

use super::object;
use crate::{app::App, error::Error, worker::anchor};

/// Objects in one listing, and rows in one transaction.
const BATCH: u16 = 1_000;
/// How often a purge that is ready looks again at what came meanwhile.
const ATTEMPTS: u32 = 10;
/// How long others are waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// What a purge has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects that are gone.
    pub objects: u64,
    /// Rows that are gone.
    pub rows: u64,
}

/// Where everything of a tenant lies in the object store.
#[must_use]
pub fn prefixes(tenant: TenantId) -> [String; 3] {
    let own = tenant.uuid();
    [
        format!("{own}/"),
        format!("staging/{own}/"),
        format!("{}{own}/", store::export::PREFIX),
    ]
}

/// Counts what lies there.
///
/// # Errors
/// As the object store says.
pub async fn areas(app: &App, tenant: TenantId) -> Result<Vec<Area>, Error> {
    let mut areas = Vec::new();
    for prefix in prefixes(tenant) {
        areas.push(area(app, prefix).await.map_err(object::failed)?);
    }
    Ok(areas)
}

async fn area(app: &App, prefix: String) -> Result<Area, crate::adapter::blob::BlobError> {
    let multiparts = app.blob.list_multiparts(&prefix).await?.len();
    let mut area = Area {
        objects: 0,
        byte_len: 0,
        multiparts: multiparts as u64,
        prefix,
    };
    let mut after: Option<String> = None;
    loop {
        let page = app.blob.list(&area.prefix, after.as_deref(), BATCH.into());
        let page = page.await?;
        let Some(last) = page.last() else {
            return Ok(area);
        };
        area.objects += page.len() as u64;
        area.byte_len += page.iter().map(|object| object.byte_len).sum::<u64>();
        after = Some(last.key.clone());
    }
}

/// Goes on with a purge that has begun, to its end. Broken off anywhere, it is called again.
///
/// # Errors
/// As the object store and the database say; when the tenant's log is not kept outside in time.
pub async fn run(
    app: &App,
    tenant: TenantId,
    mut progress: impl FnMut(Progress),
) -> Result<Certificate, Error> {
    let mut done = Progress::default();
    empty(app, tenant, &mut done, &mut progress).await?;
    app.links.forget_tenant(tenant);
    let (mut at, mut attempts, mut waited) = (0, 0, None);
    loop {
        let anchored = app.config.audit.is_anchored();
        let next = app
            .store
            .purge_next(tenant, anchored, BATCH.into(), &mut at);
        match next.await? {
            PurgeStep::Rows { count, .. } => {
                done.rows += count;
                waited = None;
            }
            PurgeStep::Log(_) => waited = None,
            PurgeStep::Waiting => wait(app, *waited.get_or_insert_with(Instant::now)).await?,
            PurgeStep::Ready => {
                // The end of the tenant's log goes into the system log with those of the others, too.
                app.store.collect_heads().await?;
                match app.store.finish_purge(tenant).await {
                    Err(StoreError::Conflict { .. }) if attempts < ATTEMPTS => {
                        (at, attempts) = (0, attempts + 1);
                    }
                    ended => return Ok(ended?),
                }
            }
        }
        progress(done);
    }
}

/// What waits for a worker waits for this one if there is no other.
async fn wait(app: &App, since: Instant) -> Result<(), Error> {
    if since.elapsed() > PATIENCE {
        return Err(Error::with_message(
            crate::error::Code::Unavailable,
            "the end of the tenant's log is not kept outside yet; run it again in a minute",
        ));
    }
    anchor::anchor(app).await?;
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

/// Removes every object and aborts every upload in parts.
async fn empty(
    app: &App,
    tenant: TenantId,
    done: &mut Progress,
    progress: &mut impl FnMut(Progress),
) -> Result<(), Error> {
    for prefix in prefixes(tenant) {
        let multiparts = app.blob.list_multiparts(&prefix).await;
        for open in multiparts.map_err(object::failed)? {
            let aborted = app.blob.abort_multipart(&open.key, &open.upload_id).await;
            aborted.map_err(object::failed)?;
        }
        // Behind the last key, so that a store that keeps what was deleted cannot hold this up for ever.
        let mut after: Option<String> = None;
        loop {
            let page = app.blob.list(&prefix, after.as_deref(), BATCH.into());
            let page = page.await.map_err(object::failed)?;
            let Some(last) = page.last() else { break };
            let keys: Vec<&str> = page.iter().map(|object| object.key.as_str()).collect();
            app.blob.delete_many(&keys).await.map_err(object::failed)?;
            done.objects += keys.len() as u64;
            progress(*done);
            after = Some(last.key.clone());
        }
        let left = app.blob.list(&prefix, None, 1).await;
        if let Some(left) = left.map_err(object::failed)?.first() {
            let key = &left.key;
            return Err(Error::internal(format!("{key} was deleted and is there")));
        }
    }
    Ok(())
}
