//! What an object in staging is worth.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use media::{Filename, SNIFF_LEN};
use store::upload::{Opened, Settled};

use crate::{
    adapter::blob::{BlobError, Copy, Description, Head},
    app::App,
    error::{Code, Error},
    service::{
        object,
        upload::{Expected, Intake},
    },
};

/// The verdict; its refusal is for the client, the outer error says that there is none yet.
type Verdict<T> = Result<Result<T, Error>, Error>;

/// Copies the object to its final key and reads it there.
pub(super) async fn verify(app: &App, opened: &Opened) -> Verdict<Settled> {
    let leftovers = opened.leftovers();
    let (to, Some(staging)) = (leftovers.object_key, leftovers.staging_key) else {
        return Err(Error::internal("a streamed upload is not verified"));
    };
    let head = match app.blob.head(&staging).await {
        Ok(head) => head,
        Err(BlobError::NotFound(_)) => return Ok(Err(Error::new(Code::UploadMissing))),
        Err(error) => return Err(object::failed(error)),
    };
    let expected = match expected(app, opened)? {
        Ok(expected) => expected,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let media_type = match glance(app, &expected, &staging, &head).await? {
        Ok(media_type) => media_type,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let copy = Copy {
        from: &staging,
        to: &to,
        if_match_etag: &head.etag,
        byte_len: head.byte_len,
        description: &Description::of(&media_type),
    };
    app.blob.copy(&copy).await.map_err(object::failed)?;
    let body = app.blob.get_stream(&to, None).await;
    let body = body.map_err(object::failed)?;
    let settled = match take(body, expected).await? {
        Ok(settled) => settled,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if settled.media_type == media_type {
        Ok(Ok(settled))
    } else {
        // The glance was at other bytes, so the copy is described wrongly. The next attempt sees the latest.
        Err(Error::internal("staging changed while it was looked at"))
    }
}

fn expected(app: &App, opened: &Opened) -> Verdict<Expected> {
    let file = &opened.file;
    let Some(object_type) = app.config.catalogue.find(&file.system, &file.object_type) else {
        return Ok(Err(Error::with_message(
            Code::MediaTypeRefused,
            "the catalogue does not have this type any more",
        )));
    };
    let declared = opened.upload.declared_sha256.as_deref();
    Ok(Ok(Expected {
        object_type: object_type.clone(),
        filename: Filename::clean(&file.filename).map_err(Error::internal)?,
        media_type: Some(file.media_type.clone()),
        byte_len: Some(u64::try_from(file.byte_len).map_err(Error::internal)?),
        sha256: declared
            .map(<[u8; 32]>::try_from)
            .transpose()
            .map_err(Error::internal)?,
    }))
}

/// Judges the first bytes in staging, so that nothing is copied which is refused anyway.
async fn glance(app: &App, expected: &Expected, staging: &str, head: &Head) -> Verdict<String> {
    if expected.byte_len != Some(head.byte_len) {
        return Ok(Err(Error::new(Code::LengthMismatch)));
    }
    let mut first = Vec::new();
    if head.byte_len > 0 {
        let last = head.byte_len.min(SNIFF_LEN as u64) - 1;
        let body = app.blob.get_stream(staging, Some(0..=last)).await;
        let mut body = body.map_err(object::failed)?;
        while let Some(chunk) = body.next().await {
            first.extend_from_slice(&chunk.map_err(object::failed)?);
        }
    }
    Ok(expected
        .judge(&first, head.byte_len)
        .map(|accepted| accepted.media_type))
}

async fn take(
    mut body: impl Stream<Item = Result<Bytes, BlobError>> + Unpin,
    expected: Expected,
) -> Verdict<Settled> {
    let mut intake = Intake::new(expected);
    while let Some(chunk) = body.next().await {
        if let Err(refusal) = intake.take(&chunk.map_err(object::failed)?) {
            return Ok(Err(refusal));
        }
    }
    Ok(intake.end())
}
