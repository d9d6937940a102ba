//! One request whose body streams through the server into the object store.
//!
//! The work runs in a task of its own: a client that goes away ends the body, not the tidying up.

mod body;
mod lease;
mod pace;
mod session;
mod transfer;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use entity::{FileId, file};
use futures_util::Stream;
use policy::Action;
use store::{Actor, EventRef};
use tracing::Instrument;

use self::{pace::Pace, session::Session};
use super::{Address, Expected, Place};
use crate::{app::App, error::Error};

/// How long a body may stand still.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a client says about a body it is about to send.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Where it goes.
    pub address: Address,
    /// How many bytes; none for a body of unknown length.
    pub byte_len: Option<u64>,
    /// Its media type, if the client knows.
    pub media_type: Option<String>,
    /// What it hashes to, if the client knows.
    pub sha256: Option<[u8; 32]>,
    /// The file it supersedes.
    pub replaces: Option<FileId>,
    /// How long it may stand still; see [`PATIENCE`].
    pub patience: Duration,
}

/// A file that arrived.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// Its record.
    pub file: file::Model,
    /// What was recorded; none when the commit's answer was lost and its outcome read back.
    pub event: Option<EventRef>,
}

/// Takes a file in. Memory stays constant whatever its size.
///
/// Whatever can be refused is refused before the first byte is read, and the rest as soon as it is
/// certain. A repetition of a request that was answered reads nothing at all. After an error nothing of the upload is left but its rejected row and its events; where the
/// store or the database does not answer, the upload sweep sees to that.
///
/// # Errors
/// [`crate::error::Code::Forbidden`], `TenantSuspended`, `Unauthenticated` for a credential that ends
/// on the way, `NotFound` for a place or a replaced file that does not exist, `Invalid`, `Overloaded`,
/// `RateLimited` when the tenant has its share of uploads in flight, `QuotaExceeded`, `FileTooLarge`,
/// `MediaTypeRefused`, `LengthMismatch` also for a body that breaks off, `ChecksumMismatch`, `Timeout`
/// for one that stands still or is too slow on the whole, `Unavailable`.
pub async fn receive<S, E>(
    app: &Arc<App>,
    actor: &Actor,
    incoming: Incoming,
    body: S,
) -> Result<Uploaded, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    app.store.permit(actor, Action::FileUpload)?;
    if let Some(earlier) = actor.earlier() {
        let snapshot = app.store.snapshot(actor).await?;
        let view = snapshot.view(Action::FileUpload)?;
        return Ok(Uploaded {
            file: view.get_file(earlier.id()?).await?,
            event: Some(earlier.event()),
        });
    }
    let Place {
        object_type,
        object_id,
        filename,
    } = incoming.address.place(&app.config.catalogue)?;
    let expected = Expected {
        object_type,
        filename,
        media_type: incoming.media_type,
        byte_len: incoming.byte_len,
        sha256: incoming.sha256,
    };
    expected.check()?;
    let place = app.uploads.enter(actor.tenant())?;
    let session = Session {
        app: Arc::clone(app),
        actor: actor.clone(),
        object_id,
        replaces: incoming.replaces,
        expected,
    };
    let (mouth, pieces) = body::channel(Pace::new(incoming.patience, &app.config.files));
    let work = async move {
        let result = session.run(pieces).await;
        drop(place);
        result
    };
    let task = app.tasks.spawn(work.in_current_span());
    body::forward(body, mouth, task).await
}
