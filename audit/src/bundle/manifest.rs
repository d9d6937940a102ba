//! The manifest: what a bundle claims to be, and the hash of every file in it.

use crate::canon::{CanonError, Scan, push_integer, push_string};
use crate::hash::Hash;
use crate::report::Disclosures;

/// The `format` of every manifest this crate writes and reads.
pub const FORMAT: &str = "bundle/1";

/// What stands in `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The log's name.
    pub origin: String,
    /// The epoch in that name.
    pub epoch: u64,
    /// Number of entries of the log.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
    /// The first entry of the range, a multiple of 256.
    pub first: u64,
    /// The first entry behind the range: the size, or a multiple of 256.
    pub end: u64,
    /// Whether the range is all that the log still has.
    pub whole: bool,
    /// Tiles outside of the range whose entries are there too, because they document gaps or keys; ascending.
    pub extra: Vec<u64>,
    /// Whether disclosures are there.
    pub disclosures: Disclosures,
    /// Every file but the last two, in the order of [`super::Place`].
    pub files: Vec<FileDigest>,
}

/// One file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Its path.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// The hash of its bytes.
    pub sha256: Hash,
}

/// Why bytes are not a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not canonical JSON, or not these keys.
    #[error("the manifest is not canonical: {0}")]
    Canon(#[from] CanonError),
    /// A value that cannot stand there.
    #[error("the value of `{0}` in the manifest is malformed")]
    Value(&'static str),
}

/// The text that the log signs for a manifest: `<origin>/bundle` and the hash of its bytes.
pub fn seal_text(origin: &str, manifest: &[u8]) -> String {
    format!("{origin}/bundle\n{}\n", Hash::of(manifest))
}

impl Manifest {
    /// The canonical bytes. Other than an entry's they have no limit of length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + 128 * self.files.len());
        text(&mut out, "{\"disclosures\":", self.disclosures.as_str());
        number(&mut out, ",\"end\":", self.end);
        number(&mut out, ",\"epoch\":", self.epoch);
        list(&mut out, ",\"extra\":", &self.extra, |out, index| {
            push_integer(out, *index);
        });
        list(&mut out, ",\"files\":", &self.files, push_file);
        number(&mut out, ",\"first\":", self.first);
        text(&mut out, ",\"format\":", FORMAT);
        text(&mut out, ",\"origin\":", &self.origin);
        text(&mut out, ",\"root\":", &self.root.to_hex());
        text(&mut out, ",\"scope\":", scope(self.whole));
        number(&mut out, ",\"size\":", self.size);
        out.push(b'}');
        out
    }

    /// Reads what [`Manifest::to_bytes`] wrote, and nothing else.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let mut scan = Scan::long(bytes)?;
        scan.enter("{")?;
        let disclosures = word(&mut scan, "disclosures", "\"disclosures\":")?;
        let end = integer(&mut scan, ",\"end\":")?;
        let epoch = integer(&mut scan, ",\"epoch\":")?;
        let extra = items(&mut scan, ",\"extra\":", |scan| Ok(scan.integer()?))?;
        let files = items(&mut scan, ",\"files\":", file)?;
        let first = integer(&mut scan, ",\"first\":")?;
        let format = word(&mut scan, "format", ",\"format\":")?;
        let origin = word(&mut scan, "origin", ",\"origin\":")?.to_owned();
        let root = hash(&mut scan, "root", ",\"root\":")?;
        let scope = word(&mut scan, "scope", ",\"scope\":")?;
        let size = integer(&mut scan, ",\"size\":")?;
        scan.leave("}")?;
        scan.end()?;
        if format != FORMAT {
            return Err(ManifestError::Value("format"));
        }
        Ok(Manifest {
            origin,
            epoch,
            size,
            root,
            first,
            end,
            whole: read_scope(scope)?,
            extra,
            disclosures: read_disclosures(disclosures)?,
            files,
        })
    }
}

fn scope(whole: bool) -> &'static str {
    if whole { "whole" } else { "range" }
}

fn read_scope(text: &str) -> Result<bool, ManifestError> {
    match text {
        "whole" => Ok(true),
        "range" => Ok(false),
        _ => Err(ManifestError::Value("scope")),
    }
}

fn read_disclosures(text: &str) -> Result<Disclosures, ManifestError> {
    [Disclosures::All, Disclosures::None]
        .into_iter()
        .find(|known| known.as_str() == text)
        .ok_or(ManifestError::Value("disclosures"))
}

fn push_file(out: &mut Vec<u8>, file: &FileDigest) {
    number(out, "{\"len\":", file.len);
    text(out, ",\"path\":", &file.path);
    text(out, ",\"sha256\":", &file.sha256.to_hex());
    out.push(b'}');
}

fn file(scan: &mut Scan<'_>) -> Result<FileDigest, ManifestError> {
    scan.enter("{")?;
    let len = integer(scan, "\"len\":")?;
    let path = word(scan, "path", ",\"path\":")?.to_owned();
    let sha256 = hash(scan, "sha256", ",\"sha256\":")?;
    scan.leave("}")?;
    Ok(FileDigest { path, len, sha256 })
}

fn text(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(key.as_bytes());
    push_string(out, value);
}

fn number(out: &mut Vec<u8>, key: &str, value: u64) {
    out.extend_from_slice(key.as_bytes());
    push_integer(out, value);
}

fn list<T>(out: &mut Vec<u8>, key: &str, items: &[T], push: impl Fn(&mut Vec<u8>, &T)) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

/// A string without escapes.
fn word<'a>(scan: &mut Scan<'a>, name: &'static str, key: &str) -> Result<&'a str, ManifestError> {
    scan.expect(key)?;
    scan.string()?.plain().ok_or(ManifestError::Value(name))
}

fn integer(scan: &mut Scan<'_>, key: &str) -> Result<u64, ManifestError> {
    scan.expect(key)?;
    Ok(scan.integer()?)
}

fn hash(scan: &mut Scan<'_>, name: &'static str, key: &str) -> Result<Hash, ManifestError> {
    Hash::from_hex(word(scan, name, key)?).ok_or(ManifestError::Value(name))
}

fn items<T>(
    scan: &mut Scan<'_>,
    key: &str,
    item: impl Fn(&mut Scan<'_>) -> Result<T, ManifestError>,
) -> Result<Vec<T>, ManifestError> {
    scan.expect(key)?;
    let mut items = Vec::new();
    scan.array(|scan| item(scan).map(|item| items.push(item)))?;
    Ok(items)
}
