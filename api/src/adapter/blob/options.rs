//! How a store is reached and how an object is described.

use secrecy::SecretString;

/// How a store is reached.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Origin for operations, such as `http://127.0.0.1:9090`.
    pub endpoint: String,
    /// Origin that signed URLs name.
    pub public_endpoint: String,
    /// Region that requests are signed for.
    pub region: String,
    /// The bucket that holds everything.
    pub bucket: String,
    /// Access key id.
    pub access_key: SecretString,
    /// Secret key.
    pub secret_key: SecretString,
    /// `true` for `endpoint/bucket/key`, `false` for `bucket.endpoint/key`.
    pub force_path_style: bool,
}

/// What the store says about an object when it serves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// `Content-Type`.
    pub media_type: String,
    /// `Content-Disposition`, a whole header value.
    pub content_disposition: Option<String>,
}

impl Description {
    /// A description without a disposition.
    pub fn of(media_type: impl Into<String>) -> Self {
        Self {
            media_type: media_type.into(),
            content_disposition: None,
        }
    }

    /// The same with a `Content-Disposition`.
    #[must_use]
    pub fn disposed(self, content_disposition: impl Into<String>) -> Self {
        Self {
            content_disposition: Some(content_disposition.into()),
            ..self
        }
    }
}
