//! Reads a document's bytes: size, tokens, nesting.
//!
//! Follows the lexical grammar of the GraphQL specification (October 2021, section 2.1) closely enough
//! that a bracket counts here exactly when the parser could recurse on it. Where the two could differ,
//! the parser stops: it has no recovery, so what follows an invalid token never reaches it.

use async_graphql::Pos;

use super::limits::Limits;
use super::verdict::{Refusal, code};

/// What the bytes of a document amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// Lexical tokens; commas, whitespace and comments are none.
    pub tokens: usize,
    /// Most brackets of any kind open at once.
    pub nesting: usize,
}

/// Measures `document` without parsing it; linear, without allocation on success.
///
/// # Errors
/// `QUERY_TOO_LARGE` (413 for bytes, 400 for tokens), `QUERY_TOO_DEEP` for brackets, and
/// `GRAPHQL_PARSE_FAILED` for a string that never ends: nothing can be said about the brackets
/// behind it.
pub fn scan(document: &str, limits: &Limits) -> Result<Scan, Refusal> {
    if document.len() > limits.document_byte_len {
        return Err(too_long(limits));
    }
    let mut scanner = Scanner::new(document.as_bytes());
    while let Some(byte) = scanner.peek(0) {
        scanner.step(byte)?;
        if scanner.tokens > limits.tokens {
            return Err(too_many_tokens(limits));
        }
        if scanner.open > limits.bracket_nesting {
            return Err(too_deep(limits));
        }
    }
    Ok(Scan {
        tokens: scanner.tokens,
        nesting: scanner.deepest,
    })
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    tokens: usize,
    open: usize,
    deepest: usize,
}

impl<'a> Scanner<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            tokens: 0,
            open: 0,
            deepest: 0,
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self, byte: u8) -> Result<(), Refusal> {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
            b'#' => self.skip_while(|byte| !is_line_end(byte)),
            _ if self.rest().starts_with(BYTE_ORDER_MARK) => self.at += BYTE_ORDER_MARK.len(),
            _ => self.token(byte)?,
        }
        Ok(())
    }

    fn token(&mut self, byte: u8) -> Result<(), Refusal> {
        self.tokens += 1;
        match byte {
            b'"' if self.rest().starts_with(BLOCK_QUOTE) => self.block_string(),
            b'"' => self.string(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.name();
                Ok(())
            }
            // The parser takes `007` for three numbers, so a leading zero ends a token here too.
            b'0' => {
                self.at += 1;
                Ok(())
            }
            b'1'..=b'9' => {
                self.skip_while(|byte| byte.is_ascii_digit());
                Ok(())
            }
            b'.' if self.rest().starts_with(b"...") => {
                self.at += 3;
                Ok(())
            }
            _ => {
                self.punctuator(byte);
                Ok(())
            }
        }
    }

    /// The parser takes `truetrue` for two values, so such a name counts twice here too.
    fn name(&mut self) {
        while let Some(keyword) = KEYWORDS.iter().find(|word| self.rest().starts_with(word)) {
            self.at += keyword.len();
            if !self.peek(0).is_some_and(is_name_byte) {
                return;
            }
            self.tokens += 1;
        }
        self.skip_while(is_name_byte);
    }

    fn punctuator(&mut self, byte: u8) {
        self.at += 1;
        match byte {
            b'[' | b'{' | b'(' => {
                self.open += 1;
                self.deepest = self.deepest.max(self.open);
            }
            // A closer too many is the parser's error; it must not make room for openers.
            b']' | b'}' | b')' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let rest = self.rest();
        self.at += rest
            .iter()
            .position(|&byte| !keep(byte))
            .unwrap_or(rest.len());
    }

    fn string(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' if self.peek(1).is_some_and(|next| !is_line_end(next)) => self.at += 2,
                _ if is_line_end(byte) => break,
                _ => self.at += 1,
            }
        }
        Err(self.unterminated(start))
    }

    fn block_string(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += BLOCK_QUOTE.len();
        while !self.rest().is_empty() {
            if self.rest().starts_with(ESCAPED_BLOCK_QUOTE) {
                self.at += ESCAPED_BLOCK_QUOTE.len();
            } else if self.rest().starts_with(BLOCK_QUOTE) {
                self.at += BLOCK_QUOTE.len();
                return Ok(());
            } else {
                self.at += 1;
            }
        }
        Err(self.unterminated(start))
    }

    fn unterminated(&self, start: usize) -> Refusal {
        let position = position(self.bytes, start);
        let Pos { line, column } = position;
        Refusal::new(
            code::GRAPHQL_PARSE_FAILED,
            format!("Syntax error: the string at line {line}, column {column} does not end."),
        )
        .at(Some(position))
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const BLOCK_QUOTE: &[u8] = b"\"\"\"";
const ESCAPED_BLOCK_QUOTE: &[u8] = b"\\\"\"\"";

/// Values that the parser ends without looking at what follows.
const KEYWORDS: [&[u8]; 3] = [b"true", b"false", b"null"];

fn is_name_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Line and column from 1; columns count bytes that start a character.
fn position(bytes: &[u8], at: usize) -> Pos {
    let before = bytes.get(..at).unwrap_or_default();
    let line_start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |i| i + 1);
    let column = before
        .iter()
        .skip(line_start)
        .filter(|&&byte| byte & 0xC0 != 0x80)
        .count();
    Pos {
        line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
        column: 1 + column,
    }
}

fn too_long(limits: &Limits) -> Refusal {
    Refusal::too_large(
        code::QUERY_TOO_LARGE,
        format!(
            "The document is longer than {} bytes.",
            limits.document_byte_len
        ),
    )
}

fn too_many_tokens(limits: &Limits) -> Refusal {
    Refusal::new(
        code::QUERY_TOO_LARGE,
        format!("The document has more than {} tokens.", limits.tokens),
    )
}

fn too_deep(limits: &Limits) -> Refusal {
    Refusal::new(
        code::QUERY_TOO_DEEP,
        format!(
            "The document opens more than {} brackets inside one another.",
            limits.bracket_nesting
        ),
    )
}
