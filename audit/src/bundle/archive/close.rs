//! The closing frame: magic, length 32, and the SHA-256 of everything before it.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// A skippable frame of RFC 8878, section 3.1.2. Its last digit is the application's to choose.
const MAGIC: u32 = 0x184D_2A5A;

/// Bytes of the frame.
const LEN: usize = 40;

fn frame(digest: Sha256) -> [u8; LEN] {
    let mut frame = [0; LEN];
    frame[..4].copy_from_slice(&MAGIC.to_le_bytes());
    frame[4..8].copy_from_slice(&32_u32.to_le_bytes());
    frame[8..].copy_from_slice(&digest.finalize());
    frame
}

/// Whether this is the frame with some hash, in any variant of the magic, so that a turned bit does not make it
/// another application's.
fn is_frame(bytes: &[u8; LEN]) -> bool {
    let magic = MAGIC.to_le_bytes();
    bytes[0] & 0xf0 == magic[0] & 0xf0
        && bytes[1..4] == magic[1..]
        && bytes[4..8] == 32_u32.to_le_bytes()
}

/// Passes bytes through and remembers enough to judge the closing frame at the end.
pub(super) struct Closed<R> {
    inner: R,
    digest: Sha256,
    /// The last bytes read, not yet counted: they may be the frame.
    tail: Vec<u8>,
}

impl<R: Read> Closed<R> {
    pub(super) fn new(inner: R) -> Closed<R> {
        Closed {
            inner,
            digest: Sha256::new(),
            tail: Vec::with_capacity(2 * LEN),
        }
    }

    /// Whether an archive that was read to its end ends with no such frame or with the right one.
    pub(super) fn is_sound(&self) -> bool {
        <&[u8; LEN]>::try_from(self.tail.as_slice())
            .is_ok_and(|tail| !is_frame(tail) || *tail == frame(self.digest.clone()))
    }

    fn remember(&mut self, bytes: &[u8]) {
        if let Some(settled) = bytes.len().checked_sub(LEN) {
            self.digest.update(&self.tail);
            self.digest.update(&bytes[..settled]);
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[settled..]);
            return;
        }
        self.tail.extend_from_slice(bytes);
        let settled = self.tail.len().saturating_sub(LEN);
        self.digest.update(&self.tail[..settled]);
        self.tail.drain(..settled);
    }
}

impl<R: Read> Read for Closed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.remember(&buffer[..len]);
        Ok(len)
    }
}

/// Writes bytes through and closes them with the frame.
pub(super) struct Closing<W> {
    inner: W,
    digest: Sha256,
}

impl<W: Write> Closing<W> {
    pub(super) fn new(inner: W) -> Closing<W> {
        Closing {
            inner,
            digest: Sha256::new(),
        }
    }

    pub(super) fn close(mut self) -> io::Result<W> {
        self.inner.write_all(&frame(self.digest))?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for Closing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(buffer)?;
        self.digest.update(&buffer[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
