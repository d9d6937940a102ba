//! Looking for ASCII in bytes.

/// What follows a byte order mark and white space, in any number and order.
///
/// Browsers skip white space before they look for a tag (WHATWG MIME Sniffing, section 7.1).
pub(super) fn start(head: &[u8]) -> &[u8] {
    let mut rest = head;
    loop {
        let cut = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
        let cut = cut.trim_ascii_start();
        if cut.len() == rest.len() {
            return rest;
        }
        rest = cut;
    }
}

/// Whether `head` begins with `text`, in whatever case.
pub(super) fn starts(head: &[u8], text: &[u8]) -> bool {
    head.get(..text.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(text))
}

/// Whether `text` is anywhere in `head`, in whatever case.
pub(super) fn contains(head: &[u8], text: &[u8]) -> bool {
    head.windows(text.len())
        .any(|window| window.eq_ignore_ascii_case(text))
}
