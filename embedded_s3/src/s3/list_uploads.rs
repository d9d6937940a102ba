//! Listing unfinished uploads and their parts.

use std::collections::BTreeSet;
use std::sync::Arc;

use s3s::dto::{
    ChecksumAlgorithm, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Part as ListedPart,
};
use s3s::{S3Response, S3Result, s3_error};
use uuid::Uuid;

use super::Answer;
use super::convert::{checksum_type, count, etag, length, page_size, set_checksums, timestamp};
use super::list::Encoding;
use crate::record::UploadRecord;
use crate::store::{Part, Store, Upload};

/// Lists uploads by key, then by age: upload ids begin with their time.
pub(super) fn uploads(
    store: &Store,
    input: ListMultipartUploadsInput,
) -> Answer<ListMultipartUploadsOutput> {
    let limit = page_size(input.max_uploads)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input
        .delimiter
        .as_deref()
        .filter(|delimiter| !delimiter.is_empty());
    let index = store.index();
    let all = &index.bucket(&input.bucket)?.uploads;
    let matching = all
        .values()
        .filter(|upload| upload.record.key.starts_with(&prefix));
    let mut found = matching
        .filter(|upload| is_after(&upload.record, &input))
        .peekable();
    let (mut page, mut prefixes): (Vec<&Arc<Upload>>, BTreeSet<String>) =
        (Vec::new(), BTreeSet::new());
    let mut last = None;
    while let Some(upload) = found.next_if(|_| page.len() + prefixes.len() < limit) {
        last = Some(&upload.record);
        match group(&upload.record.key, &prefix, delimiter) {
            Some(group) => drop(prefixes.insert(group)),
            None => page.push(upload),
        }
    }
    let truncated = found.peek().is_some() && limit > 0;
    let next = last.filter(|_| truncated);
    let name = Encoding::new(input.encoding_type.as_ref());
    Ok(S3Response::new(ListMultipartUploadsOutput {
        is_truncated: Some(truncated),
        max_uploads: Some(count(limit)),
        next_key_marker: next.map(|record| name.write(&record.key)),
        next_upload_id_marker: next.map(|record| record.id.simple().to_string()),
        uploads: Some(
            page.iter()
                .map(|upload| listed(&upload.record, name))
                .collect(),
        ),
        common_prefixes: Some(name.prefixes(&prefixes.into_iter().collect::<Vec<_>>())),
        bucket: Some(input.bucket),
        prefix: Some(name.write(&prefix)),
        delimiter: input.delimiter.map(|delimiter| name.write(&delimiter)),
        key_marker: input.key_marker.map(|marker| name.write(&marker)),
        upload_id_marker: input.upload_id_marker,
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}

/// The upload id marker counts only beside the key it belongs to.
fn is_after(record: &UploadRecord, input: &ListMultipartUploadsInput) -> bool {
    let Some(marker) = input.key_marker.as_deref() else {
        return true;
    };
    let id = input
        .upload_id_marker
        .as_deref()
        .and_then(|id| Uuid::try_parse(id).ok());
    record.key.as_str() > marker || (record.key == marker && id.is_some_and(|id| record.id > id))
}

fn group(key: &str, prefix: &str, delimiter: Option<&str>) -> Option<String> {
    let rest = key.strip_prefix(prefix)?;
    let delimiter = delimiter?;
    Some(format!(
        "{prefix}{}{delimiter}",
        rest.split_once(delimiter)?.0
    ))
}

fn listed(record: &UploadRecord, name: Encoding) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: record
            .algorithm
            .map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: record.checksum_kind.map(checksum_type),
        initiated: Some(timestamp(record.initiated_at)),
        key: Some(name.write(&record.key)),
        upload_id: Some(record.id.simple().to_string()),
        ..Default::default()
    }
}

pub(super) fn parts(store: &Store, input: ListPartsInput) -> Answer<ListPartsOutput> {
    let limit = page_size(input.max_parts)?;
    let upload = store
        .index()
        .upload(&input.bucket, &input.key, &input.upload_id)?;
    let marker = marker(input.part_number_marker)?;
    let all = upload.parts();
    let mut after = all
        .values()
        .filter(|part| part.record.number > marker)
        .peekable();
    let page: Vec<&Arc<Part>> = after.by_ref().take(limit).collect();
    let last = page.last().map(|part| i32::from(part.record.number));
    let truncated = limit > 0 && after.peek().is_some();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        checksum_algorithm: upload
            .record
            .algorithm
            .map(|a| ChecksumAlgorithm::from_static(a.name())),
        checksum_type: upload.record.checksum_kind.map(checksum_type),
        is_truncated: Some(truncated),
        key: Some(input.key),
        max_parts: Some(count(limit)),
        next_part_number_marker: last.filter(|_| truncated),
        part_number_marker: input.part_number_marker,
        parts: Some(page.into_iter().map(|part| listed_part(part)).collect()),
        upload_id: Some(input.upload_id),
        ..Default::default()
    }))
}

fn marker(marker: Option<i32>) -> S3Result<u16> {
    let marker = u16::try_from(marker.unwrap_or(0));
    marker.map_err(|_| s3_error!(InvalidArgument, "A part number marker is a part number."))
}

fn listed_part(part: &Part) -> ListedPart {
    let mut listed = ListedPart {
        e_tag: Some(etag(&part.record.etag)),
        last_modified: Some(timestamp(part.record.modified_at)),
        part_number: Some(i32::from(part.record.number)),
        size: Some(length(part.record.byte_len)),
        ..Default::default()
    };
    set_checksums!(listed, part.record.checksums);
    listed
}
