//! One pass over canonical bytes, shared by the checker, the parser and the typed reader of entries.

use super::{CanonError, is_key_byte};
use crate::value::{MAX_BYTE_LEN, MAX_DEPTH, MAX_INTEGER, Value};

/// A cursor that only moves over canonical JSON.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// The inside of a string token, between the quotes.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The text, if it holds no escape.
    pub(crate) fn plain(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }

    /// The text with its escapes resolved.
    pub(crate) fn decode(self) -> String {
        if !self.escaped {
            return self.raw.to_owned();
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut chars = self.raw.chars();
        while let Some(char) = chars.next() {
            out.push(if char == '\\' {
                unescape(&mut chars)
            } else {
                char
            });
        }
        out
    }
}

/// How many bytes stand before the first quote, backslash or control character.
///
/// Eight at a time: a byte that is below a bound, or equal to a value, borrows into its highest bit. A false alarm,
/// which only a byte behind a true one can give, ends in the slow search.
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGHS;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, _) = bytes.as_chunks::<8>();
    let plain = words.iter().take_while(|word| {
        let word = u64::from_le_bytes(**word);
        below(word, 0x20) | equal(word, b'"') | equal(word, b'\\') == 0
    });
    let start = plain.count() * 8;
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0x00..=0x1f);
    let rest = bytes[start..].iter().position(special);
    rest.map_or(bytes.len(), |len| start + len)
}

/// Resolves an escape the scanner has accepted already.
fn unescape(chars: &mut std::str::Chars<'_>) -> char {
    match chars.next().unwrap_or_default() {
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'f' => '\u{c}',
        'r' => '\r',
        'u' => {
            let code = chars
                .by_ref()
                .take(4)
                .filter_map(|digit| digit.to_digit(16))
                .fold(0, |code, digit| code * 16 + digit);
            char::from_u32(code).unwrap_or_default()
        }
        itself => itself,
    }
}

impl<'a> Scan<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Scan<'a>, CanonError> {
        if bytes.len() > MAX_BYTE_LEN {
            return Err(CanonError::TooLong);
        }
        Scan::long(bytes)
    }

    /// A cursor over a document whose length the caller has bounded.
    pub(crate) fn long(bytes: &'a [u8]) -> Result<Scan<'a>, CanonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| CanonError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        Ok(Scan {
            text,
            at: 0,
            depth: 0,
        })
    }

    /// The byte offset reached.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The input since `start`, an offset taken from [`Scan::at`].
    pub(crate) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over `literal` if it is next.
    pub(crate) fn take(&mut self, literal: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(literal.as_bytes());
        if found {
            self.at += literal.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, literal: &str) -> Result<(), CanonError> {
        if self.take(literal) {
            Ok(())
        } else {
            Err(CanonError::Syntax { at: self.at })
        }
    }

    pub(crate) fn end(&self) -> Result<(), CanonError> {
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(CanonError::Syntax { at: self.at })
        }
    }

    /// Steps over any value.
    pub(crate) fn skip(&mut self) -> Result<(), CanonError> {
        match self.peek() {
            Some(b'{') => self.object(|scan, _| scan.skip()),
            Some(b'[') => self.array(Scan::skip),
            Some(b'"') => self.string().map(drop),
            Some(b't' | b'f') => self.bool().map(drop),
            _ => self.integer().map(drop),
        }
    }

    /// Reads any value.
    pub(crate) fn value(&mut self) -> Result<Value, CanonError> {
        match self.peek() {
            Some(b'{') => self.members().map(Value::Object),
            Some(b'[') => {
                let mut items = Vec::new();
                self.array(|scan| scan.value().map(|value| items.push(value)))?;
                Ok(Value::Array(items))
            }
            Some(b'"') => Ok(Value::String(self.string()?.decode())),
            Some(b't' | b'f') => self.bool().map(Value::Bool),
            _ => self.integer().map(Value::Integer),
        }
    }

    /// Reads an object of any values.
    pub(crate) fn members(
        &mut self,
    ) -> Result<std::collections::BTreeMap<String, Value>, CanonError> {
        let mut members = std::collections::BTreeMap::new();
        self.object(|scan, key| {
            scan.value()
                .map(|value| drop(members.insert(key.to_owned(), value)))
        })?;
        Ok(members)
    }

    /// Reads an object; `member` is called with each key and must read its value.
    pub(crate) fn object<E: From<CanonError>>(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter("{")?;
        let mut last = "";
        while !self.take("}") {
            if !last.is_empty() {
                self.expect(",")?;
            }
            last = self.key(last)?;
            member(self, last)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array; `item` is called at the start of each item and must read it.
    pub(crate) fn array<E: From<CanonError>>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter("[")?;
        let mut first = true;
        while !self.take("]") {
            if !first {
                self.expect(",")?;
            }
            first = false;
            item(self)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Opens a container that the caller reads to its end itself, and closes with [`Scan::leave`].
    pub(crate) fn enter(&mut self, bracket: &str) -> Result<(), CanonError> {
        if self.depth == MAX_DEPTH {
            return Err(CanonError::TooDeep { at: self.at });
        }
        self.depth += 1;
        self.expect(bracket)
    }

    pub(crate) fn leave(&mut self, bracket: &str) -> Result<(), CanonError> {
        self.depth -= 1;
        self.expect(bracket)
    }

    fn key(&mut self, last: &str) -> Result<&'a str, CanonError> {
        self.expect("\"")?;
        let start = self.at;
        while self.peek().is_some_and(is_key_byte) {
            self.at += 1;
        }
        let key = self.since(start);
        if key.is_empty() || !self.take("\":") {
            return Err(CanonError::Key { at: self.at });
        }
        if key <= last {
            return Err(CanonError::KeyOrder { at: start });
        }
        Ok(key)
    }

    pub(crate) fn string(&mut self) -> Result<Text<'a>, CanonError> {
        self.expect("\"")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_len(&self.text.as_bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(CanonError::Text { at: self.at }),
            }
        }
        let raw = self.since(start);
        self.at += 1;
        Ok(Text { raw, escaped })
    }

    fn escape(&mut self) -> Result<(), CanonError> {
        let rest = &self.text.as_bytes()[self.at..];
        let byte_len = match rest {
            [_, b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r', ..] => 2,
            // U+0000 is not of the profile; 8, 9, a, c and d have a shorter escape.
            [
                _,
                b'u',
                b'0',
                b'0',
                b'0',
                b'1'..=b'7' | b'b' | b'e' | b'f',
                ..,
            ] => 6,
            [_, b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 6,
            _ => return Err(CanonError::Text { at: self.at }),
        };
        self.at += byte_len;
        Ok(())
    }

    fn bool(&mut self) -> Result<bool, CanonError> {
        if self.take("true") {
            return Ok(true);
        }
        self.expect("false").map(|()| false)
    }

    pub(crate) fn integer(&mut self) -> Result<u64, CanonError> {
        let start = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            // 16 digits hold 2^53 - 1; a longer number is refused below, before it can wrap.
            number = number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.since(start);
        let padded = digits.len() > 1 && digits.starts_with('0');
        if digits.is_empty() || digits.len() > 16 || padded || number > MAX_INTEGER {
            return Err(CanonError::Number { at: start });
        }
        Ok(number)
    }
}
