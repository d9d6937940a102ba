//! The file of an export, on this machine: in unnamed temporary files, which go with the process.

use std::{
    fs::File,
    io::{self, Seek, Write},
};

use audit::bundle::Packer;
use store::{
    Store,
    export::{ExportError, Exported, Extent, Format, Progress},
};

/// An export that is waiting to be sent.
pub(super) enum Spooled {
    /// An archive, in the parts it is put together from.
    Bundle(Box<Packer<File>>),
    /// As it is.
    Lines(File),
}

impl Spooled {
    /// Writes the file into `out`.
    pub(super) fn write_to<W: Write>(self, mut out: W) -> io::Result<W> {
        match self {
            Self::Bundle(packer) => packer.write_to(out),
            Self::Lines(mut file) => {
                file.rewind()?;
                io::copy(&mut file, &mut out)?;
                Ok(out)
            }
        }
    }
}

/// Writes an export into temporary files.
pub(super) async fn write(
    store: &Store,
    extent: Extent,
    format: Format,
    progress: impl Fn(Progress),
) -> Result<(Spooled, Exported), ExportError> {
    if format == Format::Bundle {
        let packer = Packer::new([tempfile::tempfile()?, tempfile::tempfile()?])?;
        let (packer, exported) = store.export_bundle(extent, packer, progress).await?;
        return Ok((Spooled::Bundle(Box::new(packer)), exported));
    }
    let file = io::BufWriter::new(tempfile::tempfile()?);
    let (file, exported) = store.export_lines(extent, format, file, progress).await?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok((Spooled::Lines(file), exported))
}
