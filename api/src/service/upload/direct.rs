//! Uploads that go straight into the store: announced, put there by the client, declared complete.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{FileId, UploadId, file, upload};
use policy::{Action, ObjectType, UploadState};
use store::{
    Actor, EventRef, Noun, StoreError,
    event::{
        UploadCompleted, UploadCreated,
        class::{Personal, Public, Target},
    },
    file::staging_key,
    idempotency::Earlier,
    upload::{NewFile, NewUpload, Opened},
};

use super::{Address, Expected, Place};
use crate::{
    adapter::blob::{BlobError, Presigned},
    app::App,
    error::{Code, Error},
    service::object,
};

/// A file that a client is going to put into the store.
#[derive(Debug, Clone)]
pub struct NewDirect {
    /// Where it goes.
    pub address: Address,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub byte_len: i64,
    /// What it hashes to, if the client knows.
    pub sha256: Option<[u8; 32]>,
    /// The file it supersedes.
    pub replaces: Option<FileId>,
}

/// A way into the store.
#[derive(Debug)]
pub struct Created {
    /// The file to be.
    pub file: file::Model,
    /// The way in.
    pub upload: upload::Model,
    /// What the client sends; none when the bytes have come already.
    pub request: Option<Presigned>,
    /// What was recorded.
    pub event: Option<EventRef>,
}

/// An upload whose bytes are there.
#[derive(Debug)]
pub struct Completed {
    /// The file, being verified or further.
    pub file: file::Model,
    /// What was recorded; none when it was complete before.
    pub event: Option<EventRef>,
}

/// Holds the quota, makes the pending file, and signs one request that puts its bytes into the store.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Invalid`], [`Code::MediaTypeRefused`], [`Code::FileTooLarge`],
/// [`Code::QuotaExceeded`]; [`Code::Expired`] for a repetition that comes after the upload has ended.
pub async fn create(app: &App, actor: &Actor, new: NewDirect) -> Result<Created, Error> {
    app.store.permit(actor, Action::UploadCreate)?;
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, earlier).await;
    }
    let place = new.address.place(&app.config.catalogue)?;
    let byte_len = declared(&place, &new)?;
    let opened = open(app, actor, &place, &new).await?;
    let Opened { file, upload } = opened.0;
    let request = sign(app, &file, &upload, byte_len, app.config.files.upload_ttl).await?;
    Ok(Created {
        file,
        upload,
        request: Some(request),
        event: opened.1,
    })
}

/// The upload that was made the first time; while it is open, with a request that is signed for what is left of
/// its time.
async fn again(app: &App, actor: &Actor, earlier: &Earlier) -> Result<Created, Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::UploadCreate)?;
    let upload = view.get_upload(earlier.id()?).await?;
    let file = view.get_file(upload.file_id).await?;
    drop(snapshot);
    let left = (upload.expires_at - app.store.now()).to_std();
    let left = Duration::from_secs(left.unwrap_or_default().as_secs());
    let request = match upload.state.0 {
        UploadState::Completed => None,
        UploadState::Open if !left.is_zero() => {
            let byte_len = u64::try_from(file.byte_len).map_err(Error::internal)?;
            Some(sign(app, &file, &upload, byte_len, left).await?)
        }
        UploadState::Open | UploadState::Expired | UploadState::Aborted => {
            let message = "the upload that was made under this Idempotency-Key is over; \
                           create another one with a key of its own";
            return Err(Error::with_message(Code::Expired, message));
        }
    };
    Ok(Created {
        file,
        upload,
        request,
        event: Some(earlier.event()),
    })
}

async fn sign(
    app: &App,
    file: &file::Model,
    upload: &upload::Model,
    byte_len: u64,
    ttl: Duration,
) -> Result<Presigned, Error> {
    let sha256 = upload.declared_sha256.as_deref();
    let sha256 = sha256.map(TryInto::try_into).transpose();
    let sha256 = sha256.map_err(Error::internal)?;
    let key = staging_key(upload.tenant_id, upload.id);
    let signed = app
        .blob
        .presign_put(&key, byte_len, &file.media_type, sha256, ttl);
    signed.await.map_err(object::failed)
}

/// Looks whether the bytes are there, and has them verified. Said again, it answers what became of the
/// file.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Expired`], [`Code::UploadMissing`], [`Code::LengthMismatch`]; after the last
/// two the client may put the bytes there again while the upload is open.
pub async fn complete(app: &App, actor: &Actor, id: UploadId) -> Result<Completed, Error> {
    if let Some(earlier) = actor.earlier() {
        let snapshot = app.store.snapshot(actor).await?;
        let view = snapshot.view(Action::UploadComplete)?;
        return Ok(Completed {
            file: view.get_file(earlier.id()?).await?,
            event: Some(earlier.event()),
        });
    }
    require_bytes(app, actor, id).await?;
    let tx = app.store.begin(actor, Action::UploadComplete).await?;
    let done = tx.complete_upload(id).await?;
    if !done.newly {
        return Ok(Completed {
            file: done.file,
            event: None,
        });
    }
    let event = UploadCompleted {
        file: Target(done.file.id),
        upload: Target(id),
    };
    let receipt = tx.commit(event).await?;
    Ok(Completed {
        file: done.file,
        event: receipt.event(),
    })
}

/// What the declaration alone rules out.
fn declared(place: &Place, new: &NewDirect) -> Result<u64, Error> {
    let byte_len = u64::try_from(new.byte_len)
        .map_err(|_| Error::invalid("byteLen", "byteLen must not be negative"))?;
    require_media_type(&place.object_type, &new.media_type)?;
    let expected = Expected {
        object_type: place.object_type.clone(),
        filename: place.filename.clone(),
        media_type: Some(new.media_type.clone()),
        byte_len: Some(byte_len),
        sha256: new.sha256,
    };
    expected.check()?;
    Ok(byte_len)
}

/// The type is signed, so it must be one; what the bytes are is found out later.
fn require_media_type(object_type: &ObjectType, declared: &str) -> Result<(), Error> {
    let essence = declared.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let is_type = essence
        .split_once('/')
        .is_some_and(|(family, kind)| is_token(family) && is_token(kind));
    let is_header = declared.len() <= 255
        && declared
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if !is_type || !is_header {
        let message = "mediaType must be a media type such as application/pdf";
        return Err(Error::invalid("mediaType", message));
    }
    if object_type.accepts(essence) {
        return Ok(());
    }
    let accepted: Vec<&str> = object_type.accepts.iter().map(AsRef::as_ref).collect();
    let message = format!(
        "mediaType {essence} is not accepted here; accepted are {}",
        accepted.join(", ")
    );
    Err(Error::with_message(Code::MediaTypeRefused, message).on("mediaType"))
}

async fn open(
    app: &App,
    actor: &Actor,
    place: &Place,
    new: &NewDirect,
) -> Result<(Opened, Option<EventRef>), Error> {
    let tx = app.store.begin(actor, Action::UploadCreate).await?;
    let ttl: Duration = app.config.files.upload_ttl;
    let expires_at = tx.now() + TimeDelta::from_std(ttl).map_err(Error::internal)?;
    let opened = tx
        .open_upload(NewUpload {
            file: new_file(place, new),
            streamed: false,
            declared_sha256: new.sha256,
            reserve_bytes: new.byte_len,
            expires_at,
            multipart_id: None,
        })
        .await?;
    let receipt = tx.commit(created(&opened)).await?;
    Ok((opened, receipt.event()))
}

fn new_file(place: &Place, new: &NewDirect) -> NewFile {
    NewFile {
        system: place.object_type.system.clone(),
        object_type: place.object_type.name.clone(),
        object_id: place.object_id.clone(),
        filename: place.filename.stored().to_owned(),
        display_name: place.filename.display().to_owned(),
        media_type: new.media_type.clone(),
        byte_len: new.byte_len,
        replaces: new.replaces,
    }
}

fn created(opened: &Opened) -> UploadCreated {
    let file = &opened.file;
    UploadCreated {
        file: Target(file.id),
        upload: Target(opened.upload.id),
        replaces: file.replaces.map(Target),
        system: Public(file.system.clone()),
        object_type: Public(file.object_type.clone()),
        media_type: Public(file.media_type.clone()),
        byte_len: Public(file.byte_len),
        object_id: Personal(file.object_id.clone()),
        filename: Personal(file.filename.clone()),
    }
}

/// Looks before the transaction, because nothing waits for the network inside one. What is in the store
/// can change afterwards; the worker believes only what it has copied.
async fn require_bytes(app: &App, actor: &Actor, id: UploadId) -> Result<(), Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::UploadComplete)?;
    let upload = view.get_upload(id).await?;
    if upload.streamed {
        // A stream completes itself; its id is no way in for a client.
        return Err(StoreError::NotFound(Noun::Upload).into());
    }
    if upload.state.0 != UploadState::Open {
        return Ok(());
    }
    let file = view.get_file(upload.file_id).await?;
    drop(snapshot);
    let declared = file.byte_len;
    match app.blob.head(&staging_key(upload.tenant_id, id)).await {
        Ok(head) if i64::try_from(head.byte_len).is_ok_and(|len| len == declared) => Ok(()),
        Ok(head) => Err(Error::with_message(
            Code::LengthMismatch,
            format!("{} bytes arrived, {declared} were declared", head.byte_len),
        )),
        Err(BlobError::NotFound(_)) => Err(Error::new(Code::UploadMissing)),
        Err(error) => Err(object::failed(error)),
    }
}
