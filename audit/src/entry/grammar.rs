//! The grammars of the fields. Each admits only characters that JSON writes as they are.

use data_encoding::BASE64URL_NOPAD;

use super::ActorKind;

/// 8-4-4-4-12 lower-case hex digits.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// RFC 9562, section 5.7: version 7, variant 10.
pub(crate) fn is_uuid_v7(text: &str) -> bool {
    is_uuid(text)
        && text.as_bytes()[14] == b'7'
        && matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b')
}

/// `[a-z_]+(\.[a-z_]+)+`
pub(crate) fn is_action(text: &str) -> bool {
    text.contains('.')
        && text
            .split('.')
            .all(|word| !word.is_empty() && word.bytes().all(is_word_byte))
}

/// `[a-z_]{1,64}`
pub(crate) fn is_kind(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(is_word_byte)
}

/// `[0-9a-f-]{0,64}`
pub(crate) fn is_trace(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

pub(crate) fn is_actor_id(kind: ActorKind, id: &str) -> bool {
    match kind {
        ActorKind::User | ActorKind::ApiKey | ActorKind::Operator => is_uuid(id),
        ActorKind::System => (1..=64).contains(&id.len()) && id.bytes().all(is_reason_byte),
        ActorKind::Anonymous => id == "anonymous",
    }
}

/// 43 characters of unpadded base64url whose unused last two bits are zero: 32 bytes.
pub(crate) fn is_digest(text: &str) -> bool {
    let mut digest = [0; 32];
    text.len() == 43
        && BASE64URL_NOPAD
            .decode_mut(text.as_bytes(), &mut digest)
            .is_ok()
}

fn is_word_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'_')
}

fn is_reason_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}
