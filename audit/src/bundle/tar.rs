//! One form of tar: POSIX ustar headers of regular files with everything variable left out.
//!
//! The same files give the same bytes, and a header that is not the one this module would write is refused. So a
//! tar has no links, no devices, no long names, no owners, and no bit that could be turned unseen.

/// Headers and contents are padded to this many bytes.
pub(super) const BLOCK: usize = 512;

/// The longest path of a header.
const MAX_PATH: usize = 100;

/// The largest length that eleven octal digits hold.
const MAX_OCTAL: u64 = (1 << 33) - 1;

/// The header of a file; `None` when the path is empty, too long, or not ASCII.
pub(super) fn header(path: &str, len: u64) -> Option<[u8; BLOCK]> {
    if path.is_empty() || path.len() > MAX_PATH || !path.is_ascii() {
        return None;
    }
    let mut block = [0; BLOCK];
    put(&mut block, 0, path.as_bytes());
    put(&mut block, 100, b"0000644\0");
    put(&mut block, 108, b"0000000\0");
    put(&mut block, 116, b"0000000\0");
    put(&mut block, 124, &length(len));
    put(&mut block, 136, b"00000000000\0");
    put(&mut block, 156, b"0");
    put(&mut block, 257, b"ustar\x0000");
    // The sum counts its own eight bytes as spaces.
    put(&mut block, 148, b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    Some(block)
}

/// Path and length of a header that [`header`] wrote; `None` for any other block.
pub(super) fn parse(block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let name = block[..MAX_PATH].split(|byte| *byte == 0).next()?;
    let path = std::str::from_utf8(name).ok()?;
    let len = read_length(&block[124..136])?;
    (header(path, len)? == *block).then(|| (path.to_owned(), len))
}

/// How many zero bytes follow a content of `len` bytes.
pub(super) fn padding(len: u64) -> usize {
    let over = usize::try_from(len % BLOCK as u64).unwrap_or_default();
    over.wrapping_neg() % BLOCK
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    block[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Eleven octal digits, or, as GNU tar and Python write larger numbers, the first bit and a binary number.
fn length(len: u64) -> [u8; 12] {
    let mut field = [0; 12];
    if len <= MAX_OCTAL {
        field[..11].copy_from_slice(format!("{len:011o}").as_bytes());
    } else {
        field[0] = 0x80;
        field[4..].copy_from_slice(&len.to_be_bytes());
    }
    field
}

fn read_length(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        return Some(u64::from_be_bytes(field[4..].try_into().ok()?));
    }
    let digits = std::str::from_utf8(&field[..11]).ok()?;
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_path_and_length_and_nothing_else() {
        for len in [0, 1, 511, 512, MAX_OCTAL, MAX_OCTAL + 1, u64::MAX] {
            let block = header("tile/0/x001/x234/067.p/255", len).unwrap();
            assert_eq!(
                parse(&block),
                Some(("tile/0/x001/x234/067.p/255".to_owned(), len))
            );
            assert_eq!((u128::from(len) + padding(len) as u128) % 512, 0);
        }
        assert_eq!(header("", 0), None);
        assert_eq!(header(&"x".repeat(101), 0), None);
        assert!(header(&"x".repeat(100), 0).is_some());
    }

    #[test]
    fn a_header_with_any_bit_turned_is_another_file_or_none() {
        let block = header("checkpoint", 1234).unwrap();
        for bit in 0..BLOCK * 8 {
            let mut turned = block;
            turned[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&turned), None, "bit {bit}");
        }
    }
}
