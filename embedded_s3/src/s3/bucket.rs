//! Buckets: created at start or on request, never deleted.

use std::sync::Arc;

use s3s::dto::{
    Bucket, BucketLocationConstraint, CORSRule, CreateBucketInput, CreateBucketOutput,
    GetBucketCorsInput, GetBucketCorsOutput, GetBucketLocationInput, GetBucketLocationOutput,
    HeadBucketInput, HeadBucketOutput, ListBucketsInput, ListBucketsOutput,
};
use s3s::{S3Response, s3_error};

use super::Answer;
use super::convert::timestamp;
use crate::store::{Store, disk_fault};

pub(super) async fn create(
    store: &Arc<Store>,
    input: CreateBucketInput,
) -> Answer<CreateBucketOutput> {
    let location = format!("/{}", input.bucket);
    let create = move |store: &Store| {
        store
            .create_bucket(&input.bucket)
            .map_err(|e| disk_fault("create bucket", &e))
    };
    store.run(create).await?;
    Ok(S3Response::new(CreateBucketOutput {
        location: Some(location),
    }))
}

pub(super) fn head(
    store: &Store,
    region: &str,
    input: &HeadBucketInput,
) -> Answer<HeadBucketOutput> {
    store.index().bucket(&input.bucket)?;
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: Some(region.to_owned()),
        ..Default::default()
    }))
}

pub(super) fn list(
    store: &Store,
    region: &str,
    input: ListBucketsInput,
) -> Answer<ListBucketsOutput> {
    let prefix = input.prefix.unwrap_or_default();
    let index = store.index();
    let found = index
        .buckets()
        .filter(|bucket| bucket.record.name.starts_with(&prefix));
    let buckets = found.map(|bucket| Bucket {
        bucket_region: Some(region.to_owned()),
        creation_date: Some(timestamp(bucket.record.created_at)),
        name: Some(bucket.record.name.clone()),
    });
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(buckets.collect()),
        ..Default::default()
    }))
}

/// An empty constraint means `us-east-1`, as in S3.
pub(super) fn location(
    store: &Store,
    region: &str,
    input: &GetBucketLocationInput,
) -> Answer<GetBucketLocationOutput> {
    store.index().bucket(&input.bucket)?;
    let constraint = if region == "us-east-1" {
        String::new()
    } else {
        region.to_owned()
    };
    let location_constraint = Some(BucketLocationConstraint::from(constraint));
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint,
    }))
}

/// The configured origins, in the form of a bucket's rule.
pub(super) fn cors(
    store: &Store,
    origins: &[String],
    input: &GetBucketCorsInput,
) -> Answer<GetBucketCorsOutput> {
    store.index().bucket(&input.bucket)?;
    if origins.is_empty() {
        return Err(s3_error!(
            NoSuchCORSConfiguration,
            "The CORS configuration does not exist."
        ));
    }
    let rule = CORSRule {
        allowed_headers: Some(vec!["*".to_owned()]),
        allowed_methods: ["GET", "HEAD", "PUT", "POST", "DELETE"]
            .map(str::to_owned)
            .to_vec(),
        allowed_origins: origins.to_vec(),
        expose_headers: Some(vec!["ETag".to_owned()]),
        id: None,
        max_age_seconds: Some(600),
    };
    Ok(S3Response::new(GetBucketCorsOutput {
        cors_rules: Some(vec![rule]),
    }))
}
