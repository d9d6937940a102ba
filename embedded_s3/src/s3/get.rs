//! Reading objects.

use std::ops::Range;
use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, IF_RANGE, LAST_MODIFIED};
use s3s::dto::{ChecksumMode, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::Answer;
use super::convert::{
    DEFAULT_CONTENT_TYPE, checksum_type, count, etag, http_date, length, parse_http_date,
    set_checksums, timestamp,
};
use crate::disk::{Segment, Span, stream};
use crate::store::{Freshness, Object, ReadCondition, Store, disk_fault, last_modified};

pub(super) async fn object(
    store: &Arc<Store>,
    req: S3Request<GetObjectInput>,
) -> Answer<GetObjectOutput> {
    let input = req.input;
    let object = store.index().object(&input.bucket, &input.key)?;
    let condition = ReadCondition {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    require_changed(&condition, &object)?;
    let wanted = Wanted::new(&object, input.range, input.part_number, &req.headers)?;
    let (opened, range) = (Arc::clone(&object), wanted.range.clone());
    let span = store
        .run(move |_| Span::open(opened, range).map_err(|error| disk_fault("open", &error)))
        .await?;
    let body = stream(store.tasks().clone(), span);
    let mut output = describe(&object, &wanted, input.checksum_mode.as_ref());
    output.body = Some(body);
    Ok(S3Response::new(output))
}

pub(super) fn head(store: &Store, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
    let input = req.input;
    let object = store.index().object(&input.bucket, &input.key)?;
    let condition = ReadCondition {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    require_changed(&condition, &object)?;
    let wanted = Wanted::new(&object, input.range, input.part_number, &req.headers)?;
    let status = wanted.partial.then_some(hyper::StatusCode::PARTIAL_CONTENT);
    let mut answer = S3Response::new(head_of(describe(
        &object,
        &wanted,
        input.checksum_mode.as_ref(),
    )));
    answer.status = status;
    Ok(answer)
}

/// The bytes one request asks for.
struct Wanted {
    range: Range<u64>,
    partial: bool,
    parts_count: Option<usize>,
}

impl Wanted {
    fn new(
        object: &Object,
        range: Option<s3s::dto::Range>,
        part_number: Option<i32>,
        headers: &HeaderMap,
    ) -> S3Result<Self> {
        let whole = 0..object.record.byte_len;
        if let Some(number) = part_number {
            let parts = object.as_ref();
            let range = part_range(parts, number).ok_or_else(|| unsatisfiable(object))?;
            let parts_count = object.record.upload_id.map(|_| parts.len());
            return Ok(Self {
                range,
                partial: true,
                parts_count,
            });
        }
        match range.filter(|_| range_applies(object, headers)) {
            Some(range) => {
                let range = range
                    .check(object.record.byte_len)
                    .ok()
                    .filter(|range| !range.is_empty());
                let range = range.ok_or_else(|| unsatisfiable(object))?;
                Ok(Self {
                    range,
                    partial: true,
                    parts_count: None,
                })
            }
            None => Ok(Self {
                range: whole,
                partial: false,
                parts_count: None,
            }),
        }
    }
}

fn part_range(parts: &[Segment], number: i32) -> Option<Range<u64>> {
    let position = usize::try_from(number).ok()?.checked_sub(1)?;
    let start = parts
        .get(..position)?
        .iter()
        .map(|part| part.byte_len)
        .sum();
    Some(start..start + parts.get(position)?.byte_len)
}

/// RFC 9110 §13.1.5: a resumed download whose object has changed gets all of the new one.
fn range_applies(object: &Object, headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(IF_RANGE) else {
        return true;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    text.trim_matches('"') == object.record.etag
        || parse_http_date(text).is_some_and(|at| at == last_modified(object))
}

fn unsatisfiable(object: &Object) -> S3Error {
    let mut refusal = S3Error::with_message(
        S3ErrorCode::InvalidRange,
        "The requested range is not satisfiable.",
    );
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{}", object.record.byte_len)) {
        headers.insert(CONTENT_RANGE, range);
    }
    refusal.set_headers(headers);
    refusal
}

fn require_changed(condition: &ReadCondition, object: &Object) -> S3Result<()> {
    if condition.check(object)? == Freshness::Changed {
        return Ok(());
    }
    let mut answer = S3Error::new(S3ErrorCode::NotModified);
    let mut headers = HeaderMap::new();
    let known = [
        (ETAG, Some(format!("\"{}\"", object.record.etag))),
        (LAST_MODIFIED, http_date(&last_modified(object))),
    ];
    for (name, value) in known {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    answer.set_headers(headers);
    Err(answer)
}

/// Everything but the body.
fn describe(object: &Object, wanted: &Wanted, mode: Option<&ChecksumMode>) -> GetObjectOutput {
    let record = &object.record;
    let description = record.description.clone();
    let range = &wanted.range;
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: description.cache_control,
        content_disposition: description.content_disposition,
        content_encoding: description.content_encoding,
        content_language: description.content_language,
        content_length: Some(length(range.end - range.start)),
        content_type: Some(
            description
                .content_type
                .unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned()),
        ),
        e_tag: Some(etag(&record.etag)),
        expires: description.expires.as_deref().and_then(parse_http_date),
        last_modified: Some(timestamp(record.modified_at)),
        metadata: Some(description.metadata.into_iter().collect()),
        parts_count: wanted.parts_count.map(count),
        ..Default::default()
    };
    if wanted.partial && !range.is_empty() {
        output.content_range = Some(format!(
            "bytes {}-{}/{}",
            range.start,
            range.end - 1,
            record.byte_len
        ));
    }
    // A checksum covers the whole object: beside a range, clients would compare it with the wrong bytes.
    if mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) && !wanted.partial {
        set_checksums!(output, record.checksums);
        output.checksum_type = record.checksum_kind.map(checksum_type);
    }
    output
}

fn head_of(get: GetObjectOutput) -> HeadObjectOutput {
    HeadObjectOutput {
        accept_ranges: get.accept_ranges,
        cache_control: get.cache_control,
        checksum_crc32: get.checksum_crc32,
        checksum_crc32c: get.checksum_crc32c,
        checksum_crc64nvme: get.checksum_crc64nvme,
        checksum_sha1: get.checksum_sha1,
        checksum_sha256: get.checksum_sha256,
        checksum_type: get.checksum_type,
        content_disposition: get.content_disposition,
        content_encoding: get.content_encoding,
        content_language: get.content_language,
        content_length: get.content_length,
        content_range: get.content_range,
        content_type: get.content_type,
        e_tag: get.e_tag,
        expires: get.expires,
        last_modified: get.last_modified,
        metadata: get.metadata,
        parts_count: get.parts_count,
        ..Default::default()
    }
}
