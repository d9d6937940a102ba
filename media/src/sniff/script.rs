//! Scripts that give themselves away in their first line.

use super::cut::starts;
use super::{Kind, Sniffed};

const SIGNS: &[(&[u8], &str)] = &[
    (b"#!amr\n", ""),
    (b"#!", "text/x-shellscript"),
    (b"<?php", "application/x-httpd-php"),
    (b"<?=", "application/x-httpd-php"),
    (b"<%", "application/x-httpd-asp"),
    (b"@echo off", "application/x-bat"),
    (b"\"use strict\"", "text/javascript"),
    (b"'use strict'", "text/javascript"),
    (b"(function", "text/javascript"),
    (b"!function", "text/javascript"),
    (b";(function", "text/javascript"),
    (b"(()=>", "text/javascript"),
    (b"(() =>", "text/javascript"),
    (b"alert(", "text/javascript"),
    (b"eval(", "text/javascript"),
    (b"document.write", "text/javascript"),
    (b"document.cookie", "text/javascript"),
    (b"window.location", "text/javascript"),
    (b"%!ps", "application/postscript"),
    (b"[internetshortcut]", "application/x-mswinurl"),
    (b"windows registry editor", "text/x-ms-regedit"),
];

/// A script, judged by how the file begins; `start` begins after white space. Other scripts are known by name only.
pub(super) fn sniff(start: &[u8]) -> Option<Sniffed> {
    let (_, media_type) = SIGNS.iter().find(|(sign, _)| starts(start, sign))?;
    // AMR sound begins like a script.
    (!media_type.is_empty()).then(|| Sniffed::new(media_type, Kind::Script))
}
