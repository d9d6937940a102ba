//! The writer.

use std::collections::BTreeMap;

use crate::value::Value;

/// The canonical bytes of `value`.
///
/// Total: a value outside the profile (a bad key, U+0000, a number or depth above the limit) is written too, as
/// bytes that [`crate::canon::check`] refuses.
pub fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    push_value(&mut out, value);
    out
}

pub(crate) fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Object(members) => push_object(out, members),
        Value::Array(items) => push_array(out, items),
        Value::String(text) => push_string(out, text),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Integer(number) => push_integer(out, *number),
    }
}

fn push_object(out: &mut Vec<u8>, members: &BTreeMap<String, Value>) {
    out.push(b'{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(out, key);
        out.push(b':');
        push_value(out, value);
    }
    out.push(b'}');
}

fn push_array(out: &mut Vec<u8>, items: &[Value]) {
    out.push(b'[');
    for (index, value) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_value(out, value);
    }
    out.push(b']');
}

pub(crate) fn push_integer(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// RFC 8785, section 3.2.2.2: the two-character escapes where JSON has one, `\u00xx` for other controls.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => push_control(out, byte),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn push_control(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u00");
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 0x0f)]);
}
