//! HTML, SVG and XML: text that a browser may act on.

use super::cut::{contains, starts};
use super::{Kind, Sniffed};

/// Tags that begin a page or run something.
const PAGE: &[&[u8]] = &[
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<iframe",
    b"<style",
    b"<title",
    b"<meta",
    b"<link",
    b"<base",
    b"<object",
    b"<embed",
    b"<frameset",
    b"<form",
    b"<math",
    b"<template",
];

/// Tags that begin a page for a browser that sniffs, and a Markdown file just as often.
const FRAGMENT: &[&[u8]] = &[
    b"<!--",
    b"<h1",
    b"<h2",
    b"<h3",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<b",
    b"<br",
    b"<p",
    b"<img",
    b"<center",
    b"<span",
    b"<details",
    b"<picture",
    b"<video",
    b"<audio",
    b"<input",
    b"<button",
    b"<ul",
    b"<ol",
    b"<pre",
];

/// Markup, judged by its first tag after white space; `start` begins there.
pub(super) fn sniff(start: &[u8]) -> Option<Sniffed> {
    if start.first() != Some(&b'<') {
        return None;
    }
    if PAGE.iter().any(|tag| begins_with_tag(start, tag)) {
        return Some(Sniffed::new("text/html", Kind::Markup));
    }
    if contains(start, b"<svg") || contains(start, b"http://www.w3.org/2000/svg") {
        return Some(Sniffed::new("image/svg+xml", Kind::Markup));
    }
    if starts(start, b"<?xml") || starts(start, b"<!doctype") {
        return Some(xml(start));
    }
    if FRAGMENT.iter().any(|tag| begins_with_tag(start, tag)) {
        return Some(Sniffed::new("text/html", Kind::Fragment));
    }
    None
}

/// XML acts in a browser when it borrows HTML's vocabulary or names a stylesheet.
fn xml(start: &[u8]) -> Sniffed {
    const ACTING: &[&[u8]] = &[
        b"<?xml-stylesheet",
        b"http://www.w3.org/1999/xsl/",
        b"<!entity",
    ];
    if contains(start, b"http://www.w3.org/1999/xhtml") || contains(start, b"<html") {
        return Sniffed::new("application/xhtml+xml", Kind::Markup);
    }
    let kind = if ACTING.iter().any(|sign| contains(start, sign)) {
        Kind::Markup
    } else {
        Kind::Document
    };
    Sniffed::new("application/xml", kind)
}

/// Whether `start` begins with `tag` and the name ends there: `<b>` is a tag, `<before` is not `<b`.
fn begins_with_tag(start: &[u8], tag: &[u8]) -> bool {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    starts(start, tag) && (tag == b"<!--" || start.get(tag.len()).is_none_or(ends))
}
