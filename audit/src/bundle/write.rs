//! Writing a bundle, entry by entry, in memory that does not grow with the log.

mod tiles;

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

use super::{
    CHECKPOINT, DISCLOSURES, FileDigest, GUIDE, MANIFEST, MAX_ANCHOR_LEN, MAX_ANCHORS, Manifest,
    Place, REPORT, REPORT_PAGE, SCRIPT, SCRIPT_TEXT, SEAL, Sink, VKEY, push_line, seal_text,
};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::genesis::read_origin;
use crate::hash::Hash;
use crate::note::{Note, NoteError, VerifierKey};
use crate::report::{Disclosures, Report};
use crate::tile::{BundleError, WIDTH};
use tiles::Tiles;

/// What a bundle is to contain.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The checkpoint up to which the log is exported, with every signature on it.
    pub checkpoint: Note,
    /// The verifier keys of the log and its cosigner, the current ones first.
    pub vkeys: Vec<VerifierKey>,
    /// Older checkpoints by name, `[a-z0-9-]{1,64}`. One from each change of keys, with both signatures, lets
    /// holders of an old key follow.
    pub anchors: Vec<(String, Note)>,
    /// The first entry of the range: a multiple of 256.
    pub first: u64,
    /// The first entry behind the range: the checkpoint's size, or a multiple of 256.
    pub end: u64,
    /// Whether the range is all that the log still has.
    pub whole: bool,
    /// Whether the disclosures of the range go with it.
    pub disclosures: Disclosures,
}

/// One entry of the log, as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The stored leaf hash; it is exported as it is, right or wrong.
    pub leaf: Hash,
    /// The stored bytes: for every entry of the range, and for any other whole tile that documents gaps or keys.
    pub raw: Option<&'a [u8]>,
    /// The stored disclosure texts in the order of their fields; outside of the range they are passed over.
    pub disclosures: &'a [&'a str],
}

/// Why a bundle is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink failed.
    #[error("the bundle cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The checkpoint is not one of a log of ours.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The origin does not end with an epoch.
    #[error("the checkpoint names no epoch")]
    Origin,
    /// The range does not lie in the log, or not between tiles.
    #[error("the range does not begin and end with tiles of the log")]
    Range,
    /// An anchor's name would not be the name of a file, or the note is longer than [`super::MAX_ANCHOR_LEN`].
    #[error("`{0}` is too long a note, or no name for an anchor")]
    Anchor(String),
    /// More anchors than [`super::MAX_ANCHORS`].
    #[error("the bundle would have more than {} anchors", super::MAX_ANCHORS)]
    TooManyAnchors,
    /// More or fewer rows than the checkpoint counts.
    #[error("{0} rows were given, not as many as the checkpoint counts")]
    RowCount(u64),
    /// Bytes are missing in the range, or of a part of a tile.
    #[error("the bytes of entry {0} are missing")]
    RawMissing(u64),
    /// An entry is too long for a tile.
    #[error(transparent)]
    Tile(#[from] BundleError),
    /// The manifest could not be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Writes the files of a bundle into a sink. Give it every row of the log in order, then finish.
pub struct Writer<K: Sink> {
    files: Recorder<K>,
    manifest: Manifest,
    vkeys: Vec<VerifierKey>,
    tiles: Tiles,
    /// Length and running hash of the disclosures written.
    disclosures: (u64, Sha256),
    line: Vec<u8>,
}

impl<K: Sink> Writer<K> {
    /// Begins a bundle with the checkpoint, the keys and the anchors.
    pub fn new(sink: K, contents: Contents) -> Result<Writer<K>, WriteError> {
        let manifest = manifest(&contents)?;
        let mut files = Recorder::new(sink);
        files.add(CHECKPOINT, contents.checkpoint.to_string().as_bytes())?;
        let vkeys: String = contents
            .vkeys
            .iter()
            .map(|key| format!("{key}\n"))
            .collect();
        files.add(VKEY, vkeys.as_bytes())?;
        for (path, note) in anchors(contents.anchors)? {
            files.add(&path, note.as_bytes())?;
        }
        if contents.disclosures == Disclosures::All {
            files.sink.disclosures(&[])?;
        }
        Ok(Writer {
            files,
            tiles: Tiles::new(manifest.first..manifest.end),
            manifest,
            vkeys: contents.vkeys,
            disclosures: (0, Sha256::new()),
            line: Vec::new(),
        })
    }

    /// Adds the next entry, beginning with entry 0. Pruned entries and those outside of the range come without
    /// bytes.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), WriteError> {
        let seq = self.tiles.size();
        if seq >= self.manifest.size {
            return Err(WriteError::RowCount(seq + 1));
        }
        let in_range = (self.manifest.first..self.manifest.end).contains(&seq);
        if in_range && self.manifest.disclosures == Disclosures::All {
            self.disclose(seq, row.disclosures)?;
        }
        self.tiles.push(row.leaf, row.raw)?;
        if self.tiles.size().is_multiple_of(WIDTH.into()) {
            self.tiles.complete(&mut self.files)?;
        }
        Ok(())
    }

    /// Ends the bundle with the report, the guide, the second verifier, and the manifest, which `sign` signs under
    /// the log's name: `note.sign(origin, key)`, with both keys while one takes over from another.
    pub fn finish(
        mut self,
        report: &Report,
        sign: impl FnOnce(&mut Note) -> Result<(), NoteError>,
    ) -> Result<K, WriteError> {
        if self.tiles.size() != self.manifest.size {
            return Err(WriteError::RowCount(self.tiles.size()));
        }
        self.tiles.finish(&mut self.files)?;
        self.files.add(REPORT_PAGE, report.to_html().as_bytes())?;
        let json = format!("{:#}\n", report.to_json());
        self.files.add(REPORT, json.as_bytes())?;
        self.files.add(GUIDE, self.guide().as_bytes())?;
        self.files.add(SCRIPT, SCRIPT_TEXT.as_bytes())?;
        self.seal(sign)
    }

    fn disclose(&mut self, seq: u64, texts: &[&str]) -> io::Result<()> {
        self.line.clear();
        push_line(&mut self.line, seq, texts);
        let (len, digest) = &mut self.disclosures;
        *len += self.line.len() as u64;
        digest.update(&self.line);
        self.files.sink.disclosures(&self.line)
    }

    fn guide(&self) -> String {
        let key = self.vkeys.first().map(ToString::to_string);
        include_str!("VERIFY.md")
            .replace("{origin}", &self.manifest.origin)
            .replace("{size}", &self.manifest.size.to_string())
            .replace("{root}", &self.manifest.root.to_hex())
            .replace("{vkey}", &key.unwrap_or_default())
    }

    fn seal(
        mut self,
        sign: impl FnOnce(&mut Note) -> Result<(), NoteError>,
    ) -> Result<K, WriteError> {
        if self.manifest.disclosures == Disclosures::All {
            let (len, digest) = self.disclosures;
            self.files.digests.push(FileDigest {
                path: DISCLOSURES.to_owned(),
                len,
                sha256: Hash(digest.finalize().into()),
            });
        }
        self.manifest.extra = self.tiles.into_extra();
        self.manifest.files = self.files.digests;
        let place = |file: &FileDigest| Place::of(&file.path);
        self.manifest.files.sort_by_cached_key(place);
        let bytes = self.manifest.to_bytes();
        let mut note = Note::new(seal_text(&self.manifest.origin, &bytes))?;
        sign(&mut note)?;
        let mut sink = self.files.sink;
        sink.file(MANIFEST, &bytes)?;
        sink.file(SEAL, note.to_string().as_bytes())?;
        Ok(sink)
    }
}

fn manifest(contents: &Contents) -> Result<Manifest, WriteError> {
    let checkpoint = Checkpoint::parse(contents.checkpoint.text())?;
    let (_, epoch) = read_origin(&checkpoint.origin).ok_or(WriteError::Origin)?;
    let size = checkpoint.tree.size;
    let between = |seq: u64| seq.is_multiple_of(WIDTH.into());
    let end = contents.end == size || between(contents.end);
    if !between(contents.first) || !end || contents.first > contents.end || contents.end > size {
        return Err(WriteError::Range);
    }
    Ok(Manifest {
        origin: checkpoint.origin,
        epoch: epoch.into(),
        size,
        root: checkpoint.tree.root,
        first: contents.first,
        end: contents.end,
        whole: contents.whole,
        extra: Vec::new(),
        disclosures: contents.disclosures,
        files: Vec::new(),
    })
}

/// The files of the anchors, sorted.
fn anchors(anchors: Vec<(String, Note)>) -> Result<BTreeMap<String, String>, WriteError> {
    if anchors.len() > MAX_ANCHORS {
        return Err(WriteError::TooManyAnchors);
    }
    let file = |(name, note): (String, Note)| {
        let (path, note) = (format!("anchors/{name}.note"), note.to_string());
        if Place::of(&path).is_some() && note.len() as u64 <= MAX_ANCHOR_LEN {
            Ok((path, note))
        } else {
            Err(WriteError::Anchor(name))
        }
    };
    anchors.into_iter().map(file).collect()
}

/// Notes the digest of each file on its way into the sink.
struct Recorder<K> {
    sink: K,
    digests: Vec<FileDigest>,
}

impl<K: Sink> Recorder<K> {
    fn new(sink: K) -> Recorder<K> {
        Recorder {
            sink,
            digests: Vec::new(),
        }
    }

    fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.digests.push(FileDigest {
            path: path.to_owned(),
            len: bytes.len() as u64,
            sha256: Hash::of(bytes),
        });
        self.sink.file(path, bytes)
    }
}
