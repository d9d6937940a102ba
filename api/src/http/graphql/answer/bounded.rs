//! JSON up to a length.

use std::io;

use serde::Serialize;

/// The JSON of `value`, unless it is longer than `most` bytes; then writing stops there.
pub(super) fn to_json<T: Serialize>(value: &T, most: usize) -> Option<Vec<u8>> {
    let mut bounded = Bounded {
        bytes: Vec::with_capacity(1_024),
        most,
    };
    serde_json::to_writer(&mut bounded, value).ok()?;
    Some(bounded.bytes)
}

struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + part.len() > self.most {
            return Err(io::Error::other("longer than allowed"));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_is_not_written() {
        assert_eq!(to_json(&"abcd", 6).as_deref(), Some(b"\"abcd\"".as_slice()));
        assert_eq!(to_json(&"abcde", 6), None);
    }
}
