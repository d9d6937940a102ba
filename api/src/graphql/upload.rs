//! Direct uploads.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use data_encoding::HEXLOWER_PERMISSIVE;
use entity::{UploadId, upload};
use store::{Noun, StoreError};

use super::{
    context,
    file::{File, about, file_id},
    payload::payload,
    scalar::{BigInt, DateTime},
};
use crate::{
    adapter::blob::Presigned,
    error::{Error, Failure},
    service::upload::{
        Address,
        direct::{self, NewDirect},
    },
};

/// A file that is about to be put into the store.
#[derive(Debug, InputObject)]
pub struct FileUploadCreateInput {
    /// System of the catalogue.
    system: String,
    /// Type of the catalogue.
    object_type: String,
    /// The client's own id for what the file belongs to: 1 to 128 of `A-Z a-z 0-9 . _ -`.
    object_id: String,
    /// The name.
    filename: String,
    /// The media type; the bytes must be of it.
    media_type: String,
    /// The exact length in bytes.
    byte_len: BigInt,
    /// SHA-256 of the bytes in hex; signed, so that the store refuses others.
    sha256: Option<String>,
    /// The earlier file this one supersedes.
    replaces: Option<ID>,
}

/// Which upload.
#[derive(Debug, InputObject)]
pub struct FileUploadCompleteInput {
    /// The upload.
    upload_id: ID,
}

/// A header to be sent as it is.
#[derive(Debug, Clone, SimpleObject)]
pub struct UploadHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A way into the store: one signed request.
#[derive(Debug)]
pub struct Upload {
    row: upload::Model,
    request: Presigned,
}

/// A way into the store: one signed request. Whoever has it can put the bytes there until it expires.
#[Object]
impl Upload {
    /// `upl_…`; give it to `fileUploadComplete` when the bytes are there. Needs role owner, admin or member; or scope uploads:create.
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// Where the bytes go. Needs role owner, admin or member; or scope uploads:create.
    async fn url(&self) -> &str {
        &self.request.url
    }

    /// The method: `PUT`. Needs role owner, admin or member; or scope uploads:create.
    async fn method(&self) -> &str {
        self.request.method
    }

    /// Signed headers; send each as it is. Needs role owner, admin or member; or scope uploads:create.
    async fn headers(&self) -> Vec<UploadHeader> {
        let headers = self.request.headers.iter();
        headers
            .map(|(name, value)| UploadHeader {
                name: name.clone(),
                value: value.clone(),
            })
            .collect()
    }

    /// From when on the store refuses the request. Needs role owner, admin or member; or scope uploads:create.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.request.expires_at)
    }
}

payload! {
    /// The way in, and the file it will fill.
    FileUploadCreatePayload, FileUploadCreateUserError, FileUploadCreateErrorCode {
        /// The way in; null in the answer to a repetition (`Idempotency-Replayed: true`) when the upload is
        /// complete.
        upload: Upload,
        /// The file to be.
        file: File,
    } refuses { NotFound, Invalid, MediaTypeRefused, FileTooLarge, QuotaExceeded, Expired }
}

payload! {
    /// The file whose bytes are being checked.
    FileUploadCompletePayload, FileUploadCompleteUserError, FileUploadCompleteErrorCode {
        /// The file; poll its `state`.
        file: File,
    } refuses { NotFound, InvalidState, Expired, UploadMissing, LengthMismatch }
}

/// Direct uploads.
#[derive(Debug, Default, Clone, Copy)]
pub struct UploadMutation;

/// Direct uploads.
#[Object]
impl UploadMutation {
    /// Holds the quota for a file and signs one request that puts its bytes straight into the store, within
    /// 15 minutes unless configured otherwise. Needs role owner, admin or member; or scope uploads:create.
    async fn file_upload_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file to be.")] input: FileUploadCreateInput,
    ) -> Result<FileUploadCreatePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let done = async {
            let created = direct::create(&request.app, actor, input.read()?).await;
            let created = created.map_err(|error| about(error, "replaces"))?;
            let (row, file) = (created.upload, File::new(created.file));
            Ok(match created.request {
                Some(request) => {
                    let upload = Upload { row, request };
                    FileUploadCreatePayload::done(upload, file, created.event)
                }
                None => FileUploadCreatePayload {
                    upload: None,
                    file: Some(file),
                    user_errors: Vec::new(),
                    audit_event: created.event.map(Into::into),
                },
            })
        };
        FileUploadCreatePayload::of(done.await)
    }

    /// Says that the bytes are in the store; the server then checks them, and the file becomes `READY` or
    /// `REJECTED`. May be said again. Needs role owner, admin or member; or scope uploads:create.
    async fn file_upload_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which upload.")] input: FileUploadCompleteInput,
    ) -> Result<FileUploadCompletePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let done = async {
            let id = upload_id(&input.upload_id)?;
            let completed = direct::complete(&request.app, actor, id).await;
            let completed = completed.map_err(|error| about(error, "uploadId"))?;
            let file = File::new(completed.file);
            Ok(FileUploadCompletePayload::done(file, completed.event))
        };
        FileUploadCompletePayload::of(done.await)
    }
}

impl FileUploadCreateInput {
    fn read(self) -> Result<NewDirect, Error> {
        let sha256 = self.sha256.as_deref().map(sha256).transpose()?;
        let replaces = self.replaces.as_ref();
        Ok(NewDirect {
            replaces: replaces.map(|id| file_id(id, "replaces")).transpose()?,
            address: Address {
                system: self.system,
                object_type: self.object_type,
                object_id: self.object_id,
                filename: self.filename,
            },
            media_type: self.media_type,
            byte_len: self.byte_len.0,
            sha256,
        })
    }
}

fn sha256(text: &str) -> Result<[u8; 32], Error> {
    let hash = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    hash.and_then(|hash| hash.try_into().ok())
        .ok_or_else(|| Error::invalid("sha256", "sha256 must be 64 hexadecimal digits"))
}

/// A text that is no id is answered like the id of nothing.
fn upload_id(id: &ID) -> Result<UploadId, Error> {
    id.parse()
        .map_err(|_| Error::from(StoreError::NotFound(Noun::Upload)).on("uploadId"))
}
