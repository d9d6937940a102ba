//! Listing objects.

use std::ops::Bound;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    ChecksumAlgorithm, CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, Object as ListedObject, ObjectStorageClass,
};
use s3s::{S3Response, S3Result, s3_error};

use super::Answer;
use super::convert::{checksum_type, count, etag, length, page_size, timestamp};
use crate::store::{Bucket, Object, Store};

/// What `encoding-type=url` leaves alone.
const KEY_CHARACTERS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

pub(super) fn objects_v2(store: &Store, input: ListObjectsV2Input) -> Answer<ListObjectsV2Output> {
    let token = input
        .continuation_token
        .as_deref()
        .map(decode_token)
        .transpose()?;
    let after = token.as_deref().or(input.start_after.as_deref());
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input
            .delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty()),
        after,
        resumed: token.is_some(),
        limit: page_size(input.max_keys)?,
    };
    let page = Page::collect(store.index().bucket(&input.bucket)?, &query);
    let name = Encoding::new(input.encoding_type.as_ref());
    Ok(S3Response::new(ListObjectsV2Output {
        key_count: Some(count(page.len())),
        max_keys: Some(count(query.limit)),
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page
            .next
            .as_deref()
            .map(|next| BASE64URL_NOPAD.encode(next.as_bytes())),
        contents: Some(
            page.objects
                .iter()
                .map(|object| listed(object, name))
                .collect(),
        ),
        common_prefixes: Some(name.prefixes(&page.prefixes)),
        name: Some(input.bucket),
        prefix: Some(name.write(query.prefix)),
        delimiter: input.delimiter.map(|delimiter| name.write(&delimiter)),
        start_after: input.start_after.map(|key| name.write(&key)),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}

pub(super) fn objects_v1(store: &Store, input: ListObjectsInput) -> Answer<ListObjectsOutput> {
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input
            .delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty()),
        after: input.marker.as_deref().filter(|marker| !marker.is_empty()),
        resumed: true,
        limit: page_size(input.max_keys)?,
    };
    let page = Page::collect(store.index().bucket(&input.bucket)?, &query);
    let name = Encoding::new(input.encoding_type.as_ref());
    Ok(S3Response::new(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(name.write(query.prefix)),
        marker: Some(name.write(query.after.unwrap_or_default())),
        max_keys: Some(count(query.limit)),
        is_truncated: Some(page.next.is_some()),
        contents: Some(
            page.objects
                .iter()
                .map(|object| listed(object, name))
                .collect(),
        ),
        common_prefixes: Some(name.prefixes(&page.prefixes)),
        // S3 sends it only beside a delimiter; without one, clients take the last key.
        next_marker: page
            .next
            .as_deref()
            .filter(|_| query.delimiter.is_some())
            .map(|next| name.write(next)),
        delimiter: input.delimiter.map(|delimiter| name.write(&delimiter)),
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}

fn decode_token(token: &str) -> S3Result<String> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "The continuation token is not one of this store."
        )
    })
}

struct Query<'a> {
    prefix: &'a str,
    delimiter: Option<&'a str>,
    after: Option<&'a str>,
    /// Whether `after` is where an earlier page ended; it may then be a common prefix, whose keys are all done.
    resumed: bool,
    limit: usize,
}

impl Query<'_> {
    /// The common prefix `key` is grouped under.
    fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        let rest = key.strip_prefix(self.prefix)?;
        let delimiter = self.delimiter?;
        let end = self.prefix.len() + rest.find(delimiter)? + delimiter.len();
        key.get(..end)
    }

    fn start(&self) -> Bound<String> {
        let Some(after) = self.after.filter(|after| *after >= self.prefix) else {
            return Bound::Included(self.prefix.to_owned());
        };
        match self.group(after) {
            Some(group) if self.resumed && group == after => past(group),
            _ => Bound::Excluded(after.to_owned()),
        }
    }
}

/// The first position after every key that begins with `prefix`.
fn past(prefix: &str) -> Bound<String> {
    let mut kept = prefix.to_owned();
    while let Some(last) = kept.pop() {
        // From the last scalar before the surrogates to the first one after them.
        let next = if last == '\u{d7ff}' {
            Some('\u{e000}')
        } else {
            char::from_u32(u32::from(last) + 1)
        };
        if let Some(next) = next {
            kept.push(next);
            return Bound::Included(kept);
        }
    }
    Bound::Unbounded
}

#[derive(Default)]
struct Page {
    objects: Vec<Arc<Object>>,
    prefixes: Vec<String>,
    /// The last key or prefix of this page, when there is another page.
    next: Option<String>,
}

impl Page {
    fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }

    /// Walks the index from where the query starts; a common prefix costs one step, whatever it holds.
    fn collect(bucket: &Bucket, query: &Query<'_>) -> Self {
        let mut page = Self::default();
        let (mut start, mut last) = (query.start(), None);
        'walk: loop {
            for (key, object) in bucket
                .objects
                .range::<str, _>((start.as_ref().map(String::as_str), Bound::Unbounded))
            {
                if !key.starts_with(query.prefix) {
                    break 'walk;
                }
                if page.len() == query.limit {
                    page.next = last;
                    break 'walk;
                }
                let group = query.group(key);
                last = Some(group.unwrap_or(key).to_owned());
                let Some(group) = group else {
                    page.objects.push(Arc::clone(object));
                    continue;
                };
                page.prefixes.push(group.to_owned());
                start = past(group);
                if start == Bound::Unbounded {
                    break 'walk;
                }
                continue 'walk;
            }
            break;
        }
        page
    }
}

/// How keys are written into the answer.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    url: bool,
}

impl Encoding {
    pub(super) fn new(wanted: Option<&EncodingType>) -> Self {
        Self {
            url: wanted.is_some_and(|wanted| wanted.as_str() == EncodingType::URL),
        }
    }

    pub(super) fn write(self, key: &str) -> String {
        if self.url {
            utf8_percent_encode(key, KEY_CHARACTERS).to_string()
        } else {
            key.to_owned()
        }
    }

    pub(super) fn prefixes(self, prefixes: &[String]) -> Vec<CommonPrefix> {
        prefixes
            .iter()
            .map(|prefix| CommonPrefix {
                prefix: Some(self.write(prefix)),
            })
            .collect()
    }
}

fn listed(object: &Object, name: Encoding) -> ListedObject {
    let record = &object.record;
    let algorithms: Vec<_> = record
        .checksums
        .algorithms()
        .map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name()))
        .collect();
    ListedObject {
        checksum_algorithm: (!algorithms.is_empty()).then_some(algorithms),
        checksum_type: record.checksum_kind.map(checksum_type),
        e_tag: Some(etag(&record.etag)),
        key: Some(name.write(&record.key)),
        last_modified: Some(timestamp(record.modified_at)),
        size: Some(length(record.byte_len)),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..Default::default()
    }
}
