//! Reading an archive as a stream.

use std::io::{self, BufReader, Chain, Cursor, Read};

use zstd::stream::read::Decoder;

use super::MAX_WINDOW_LOG;
use super::close::Closed;
use crate::bundle::tar::{self, BLOCK};
use crate::bundle::{FileHead, ReadError, Source, Walk};

/// How a Zstandard frame begins.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// An archive that can be opened as often as needed, each time at its first byte.
#[derive(Debug)]
pub struct Archive<F> {
    open: F,
}

impl<F, R> Archive<F>
where
    F: Fn() -> io::Result<R> + Sync,
    R: Read + Send,
{
    /// The archive that `open` opens.
    pub fn new(open: F) -> Archive<F> {
        Archive { open }
    }
}

impl<F, R> Source for Archive<F>
where
    F: Fn() -> io::Result<R> + Sync,
    R: Read + Send,
{
    type Walk<'a>
        = ArchiveWalk<R>
    where
        Self: 'a;

    fn walk(&self) -> Result<ArchiveWalk<R>, ReadError> {
        ArchiveWalk::new((self.open)()?)
    }
}

/// The first bytes, which were looked at, and the rest.
type Packed<R> = Chain<Cursor<Vec<u8>>, Closed<Medium<R>>>;

/// A pass over an archive. Holds the window of the decompressor, 8 MiB at most, and two small buffers.
pub struct ArchiveWalk<R: Read> {
    unpacked: Decoder<'static, BufReader<Packed<R>>>,
    /// Bytes left of the present file.
    left: u64,
    /// Zeros behind it.
    padding: usize,
    ended: bool,
}

impl<R: Read> ArchiveWalk<R> {
    fn new(packed: R) -> Result<ArchiveWalk<R>, ReadError> {
        let mut packed = Closed::new(Medium(packed));
        let mut magic = Vec::new();
        let mut start = Read::by_ref(&mut packed).take(4);
        start.read_to_end(&mut magic).map_err(classify)?;
        if magic != MAGIC {
            return Err(ReadError::Foreign("no Zstandard archive".to_owned()));
        }
        let packed = Cursor::new(magic).chain(packed);
        let mut unpacked = Decoder::with_buffer(BufReader::with_capacity(1 << 17, packed))?;
        unpacked.window_log_max(MAX_WINDOW_LOG)?;
        Ok(ArchiveWalk {
            unpacked,
            left: 0,
            padding: 0,
            ended: false,
        })
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        // The decompressor takes an empty buffer for a caller that makes no progress.
        if buffer.is_empty() {
            return Ok(0);
        }
        self.unpacked.read(buffer).map_err(classify)
    }

    fn take_exactly(&mut self, buffer: &mut [u8]) -> Result<(), ReadError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.take(&mut buffer[filled..])? {
                0 => return Err(ends_early()),
                len => filled += len,
            }
        }
        Ok(())
    }

    /// Goes over what is left of the present file and the zeros behind it.
    fn pass_over(&mut self) -> Result<(), ReadError> {
        let mut buffer = [0; 1 << 14];
        while self.left > 0 {
            let len = buffer
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.take_exactly(&mut buffer[..len])?;
            self.left -= len as u64;
        }
        let zeros = &mut buffer[..std::mem::take(&mut self.padding)];
        self.take_exactly(zeros)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(malformed(
                "there is something between two files of the archive",
            ));
        }
        Ok(())
    }

    /// Behind the last file: a second block of zeros, and nothing more.
    fn end(&mut self) -> Result<(), ReadError> {
        let mut block = [0; BLOCK];
        self.take_exactly(&mut block)?;
        if block != [0; BLOCK] || self.take(&mut block[..1])? != 0 {
            return Err(malformed(
                "there is something behind the end of the archive",
            ));
        }
        self.ended = true;
        if self.unpacked.get_ref().get_ref().get_ref().1.is_sound() {
            Ok(())
        } else {
            Err(malformed(
                "the archive does not have the hash that closes it",
            ))
        }
    }
}

impl<R: Read + Send> Walk for ArchiveWalk<R> {
    fn next(&mut self) -> Result<Option<FileHead>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        self.pass_over()?;
        let mut block = [0; BLOCK];
        self.take_exactly(&mut block)?;
        if block == [0; BLOCK] {
            self.end()?;
            return Ok(None);
        }
        let (path, len) =
            tar::parse(&block).ok_or_else(|| malformed("a header of the archive is malformed"))?;
        self.left = len;
        self.padding = tar::padding(len);
        Ok(Some(FileHead { path, len }))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let len = self.take(&mut buffer[..most])?;
        if len == 0 && most > 0 {
            return Err(ends_early());
        }
        self.left -= len as u64;
        Ok(len)
    }
}

fn malformed(reason: &str) -> ReadError {
    ReadError::Malformed(reason.to_owned())
}

fn ends_early() -> ReadError {
    malformed("the archive ends early")
}

/// Marks the errors of the medium, which the decompressor passes on among its own.
struct Medium<R>(R);

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct MediumError(io::Error);

impl<R: Read> Read for Medium<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, MediumError(error)),
        })
    }
}

fn classify(error: io::Error) -> ReadError {
    match error.downcast::<MediumError>() {
        Ok(MediumError(error)) => ReadError::Io(error),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => ends_early(),
        Err(error) => ReadError::Malformed(format!("the archive cannot be unpacked: {error}")),
    }
}
