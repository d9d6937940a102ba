//! Links.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::{
    context,
    file::{about, file_id},
    payload::payload,
    scalar::DateTime,
};
use crate::{
    error::Failure,
    service::link::{self, NewLink},
};

/// What a browser should do with the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "media::Disposition")]
pub enum Disposition {
    /// Show it; only for png, jpeg, webp, gif, avif, pdf and mp4.
    Inline,
    /// Save it.
    #[default]
    Attachment,
}

/// Who serves the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum Delivery {
    /// The object store itself. Such a link outlives the trash, a suspension and a revoked key until it
    /// expires.
    #[default]
    Direct,
}

/// A link that is wanted.
#[derive(Debug, InputObject)]
pub struct FileSignedUrlCreateInput {
    /// To which file.
    file_id: ID,
    /// What a browser should do with it.
    #[graphql(default)]
    disposition: Disposition,
    /// Seconds it should work, 60 to 3600; without it, as long as the file's type says.
    expires_in: Option<i32>,
    /// Who serves the file.
    #[graphql(default)]
    delivery: Delivery,
}

/// A link. Whoever has it can fetch the file until it expires.
#[derive(Debug, Clone, SimpleObject)]
pub struct SignedUrl {
    /// The address; GET it. Needs role owner, admin, member or viewer; or scope urls:create.
    pub url: String,
    /// From when on it is refused. Needs role owner, admin, member or viewer; or scope urls:create.
    pub expires_at: DateTime,
}

payload! {
    /// The link.
    FileSignedUrlCreatePayload, FileSignedUrlCreateUserError, FileSignedUrlCreateErrorCode {
        /// The link.
        signed_url: SignedUrl,
    } refuses { NotFound, FileNotReady, Invalid, Expired }
}

/// Links.
#[derive(Debug, Default, Clone, Copy)]
pub struct LinkMutation;

/// Links.
#[Object]
impl LinkMutation {
    /// Makes a link to a ready file. The same link is handed out again while more than half of its life
    /// remains, so that browsers can cache the file. A `DIRECT` link works until it expires, also when the
    /// file is trashed or purged or the tenant suspended meanwhile: ask for a short life where that matters.
    /// Needs role owner, admin, member or viewer; or scope urls:create.
    async fn file_signed_url_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and how it is to be fetched.")]
        input: FileSignedUrlCreateInput,
    ) -> Result<FileSignedUrlCreatePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let Delivery::Direct = input.delivery;
        let done = async {
            let new = NewLink {
                file: file_id(&input.file_id, "fileId")?,
                disposition: input.disposition.into(),
                ttl_seconds: input.expires_in.map(i64::from),
            };
            let issued = link::create(&request.app, actor, new).await;
            let issued = issued.map_err(|error| about(error, "fileId"))?;
            let signed_url = SignedUrl {
                url: issued.link.url,
                expires_at: DateTime(issued.link.expires_at),
            };
            Ok(FileSignedUrlCreatePayload::done(signed_url, issued.event))
        };
        FileSignedUrlCreatePayload::of(done.await)
    }
}
