//! The object store, looked at past the server.

use std::collections::BTreeSet;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};

/// What lies in the bucket.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
    bucket: String,
}

impl Objects {
    pub(crate) fn new(
        endpoint: &str,
        region: &str,
        bucket: &str,
        access_key: &str,
        secret_key: &str,
    ) -> Self {
        let credentials = Credentials::new(access_key, secret_key, None, None, "tests");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(region.to_owned()))
            .credentials_provider(credentials)
            .force_path_style(true)
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: bucket.to_owned(),
        }
    }

    /// Every key.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn keys(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        let mut token = None;
        loop {
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .set_continuation_token(token)
                .send()
                .await?;
            keys.extend(
                page.contents()
                    .iter()
                    .filter_map(|o| o.key().map(str::to_owned)),
            );
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
    }

    /// Keys of multipart uploads nobody has finished.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn multiparts(&self) -> anyhow::Result<BTreeSet<String>> {
        let page = self
            .client
            .list_multipart_uploads()
            .bucket(&self.bucket)
            .send()
            .await?;
        Ok(page
            .uploads()
            .iter()
            .filter_map(|upload| upload.key().map(str::to_owned))
            .collect())
    }
}
