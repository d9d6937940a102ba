//! What bytes are, whatever they are called.

use media::{Kind, SNIFF_LEN, Sniffed, sniff};
use proptest::prelude::*;
use rstest::rstest;

use crate::fixture::{compound, ftyp, jpeg, ooxml, png, utf16, zip};

fn of(bytes: &[u8]) -> Sniffed {
    sniff(bytes, u64::try_from(bytes.len()).unwrap())
}

#[rstest]
#[case::png(png(), "image/png")]
#[case::jpeg(jpeg(), "image/jpeg")]
#[case::gif(b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,".to_vec(), "image/gif")]
#[case::webp(b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0".to_vec(), "image/webp")]
#[case::tiff(b"II*\0\x08\0\0\0\0\0".to_vec(), "image/tiff")]
#[case::bmp(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec(), "image/bmp")]
#[case::avif(ftyp(b"avif", &[b"mif1"]), "image/avif")]
#[case::avif_by_compatibility(ftyp(b"mif1", &[b"avif"]), "image/avif")]
#[case::heic(ftyp(b"heic", &[]), "image/heic")]
#[case::mp4(ftyp(b"isom", &[b"mp41"]), "video/mp4")]
#[case::mov(ftyp(b"qt  ", &[]), "video/quicktime")]
#[case::m4a(ftyp(b"M4A ", &[]), "audio/mp4")]
#[case::webm(b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\0".to_vec(), "video/webm")]
#[case::mp3(b"ID3\x04\0\0\0\0\0\0".to_vec(), "audio/mpeg")]
#[case::wav(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0".to_vec(), "audio/wav")]
#[case::pdf(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), "application/pdf")]
#[case::ascii_pdf(b"%PDF-1.4\n1 0 obj\n".to_vec(), "application/pdf")]
#[case::rtf(b"{\\rtf1\\ansi hello}".to_vec(), "application/rtf")]
#[case::gzip(b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), "application/gzip")]
#[case::empty_zip(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "application/zip")]
#[case::zip(zip(&[("src/main.rs", b"fn main() {}")]), "application/zip")]
#[case::docx(
    ooxml("word/document.xml"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)]
#[case::xlsx(
    ooxml("xl/workbook.xml"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)]
#[case::pptx(
    ooxml("ppt/presentation.xml"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation"
)]
#[case::parts_out_of_sight(zip(&[("[Content_Types].xml", b"<Types/>")]), "application/x-ooxml")]
#[case::odt(zip(&[("mimetype", b"application/vnd.oasis.opendocument.text")]), "application/vnd.oasis.opendocument.text")]
#[case::odt_template(zip(&[("mimetype", b"application/vnd.oasis.opendocument.text-template")]), "application/zip")]
#[case::doc(compound("WordDocument"), "application/msword")]
#[case::xls(compound("Workbook"), "application/vnd.ms-excel")]
#[case::old_office(compound("something"), "application/x-cfb")]
#[case::text(b"a,b\n1,2\n".to_vec(), "text/plain")]
#[case::marked_text("\u{feff}Grüße".as_bytes().to_vec(), "text/plain")]
#[case::text_like_a_bitmap(b"BM is not a bitmap".to_vec(), "text/plain")]
#[case::text_like_a_program(b"MZ and other initials".to_vec(), "text/plain")]
#[case::angle_brackets(b"<before> and <after>".to_vec(), "text/plain")]
#[case::xml(b"<?xml version=\"1.0\"?><invoice/>".to_vec(), "application/xml")]
#[case::noise(vec![0x01, 0x9f, 0x13, 0xfa, 0x77, 0x00, 0xee], "application/octet-stream")]
#[case::latin1("Grüße".chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(), "application/octet-stream")]
fn harmless_content_is_recognised(#[case] bytes: Vec<u8>, #[case] media_type: &str) {
    let sniffed = of(&bytes);
    assert_eq!(sniffed.media_type, media_type);
    assert!(!sniffed.kind.is_dangerous(), "{sniffed:?}");
}

#[rstest]
#[case::page(b"<!DOCTYPE html><html>".to_vec(), Kind::Markup)]
#[case::spaced_page(b" \n\t<HTML>".to_vec(), Kind::Markup)]
#[case::marked_page(b"\xef\xbb\xbf <script>alert(1)</script>".to_vec(), Kind::Markup)]
#[case::wide_page(utf16("<html><script>"), Kind::Markup)]
#[case::latin1_page(b"<html>Gr\xfc\xdfe".to_vec(), Kind::Markup)]
#[case::fragment(b"<p align=center>hello".to_vec(), Kind::Fragment)]
#[case::svg(b"<svg xmlns='http://www.w3.org/2000/svg'>".to_vec(), Kind::Markup)]
#[case::svg_in_xml(b"<?xml version='1.0'?>\n<!-- logo -->\n<svg>".to_vec(), Kind::Markup)]
#[case::svg_after_a_comment(b"<!-- made by hand --><SVG onload=alert(1)>".to_vec(), Kind::Markup)]
#[case::prefixed_svg(b"<x:svg xmlns:x=\"http://www.w3.org/2000/svg\">".to_vec(), Kind::Markup)]
#[case::xhtml(b"<?xml version='1.0'?><a xmlns:h='http://www.w3.org/1999/xhtml'>".to_vec(), Kind::Markup)]
#[case::stylesheet(b"<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>".to_vec(), Kind::Markup)]
#[case::shell(b"#!/bin/sh\nrm -rf ~\n".to_vec(), Kind::Script)]
#[case::php(b"\n<?php system($_GET['c']);".to_vec(), Kind::Script)]
#[case::javascript(b"'use strict';alert(1)".to_vec(), Kind::Script)]
#[case::batch(b"@ECHO OFF\r\n".to_vec(), Kind::Script)]
#[case::postscript(b"%!PS-Adobe-3.0\n".to_vec(), Kind::Script)]
#[case::gif_and_javascript(b"GIF89a/*\x01\0\x80\0\0\xff*/=1;alert(1)".to_vec(), Kind::Script)]
#[case::windows(b"MZ\x90\0\x03\0\0\0\x04\0\0\0".to_vec(), Kind::Program)]
#[case::elf(b"\x7fELF\x02\x01\x01\0".to_vec(), Kind::Program)]
#[case::mac(b"\xcf\xfa\xed\xfe\x07\0\0\x01".to_vec(), Kind::Program)]
#[case::java(b"\xca\xfe\xba\xbe\0\0\0\x34".to_vec(), Kind::Program)]
#[case::wasm(b"\0asm\x01\0\0\0".to_vec(), Kind::Program)]
#[case::dex(b"dex\n035\0".to_vec(), Kind::Program)]
#[case::shortcut(b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0".to_vec(), Kind::Program)]
#[case::jar(zip(&[("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0"), ("A.class", b"\xca\xfe\xba\xbe")]), Kind::Program)]
#[case::apk(zip(&[("AndroidManifest.xml", b"\x03\0"), ("classes.dex", b"dex")]), Kind::Program)]
#[case::macros(zip(&[("[Content_Types].xml", b"<T/>"), ("word/vbaProject.bin", b"\xd0\xcf")]), Kind::Program)]
fn content_that_acts_is_recognised(#[case] bytes: Vec<u8>, #[case] kind: Kind) {
    assert_eq!(of(&bytes).kind, kind);
}

#[test]
fn an_image_with_a_script_in_its_metadata_counts_as_the_script() {
    let mut bytes = jpeg();
    bytes.extend_from_slice(b"\xff\xfe\0\x30<SCRIPT>alert(1)</SCRIPT>");
    assert_eq!(of(&bytes).kind, Kind::Script);
}

#[test]
fn an_installer_is_not_an_old_office_document() {
    let mut bytes = compound("");
    bytes.extend_from_slice(b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
    assert_eq!(of(&bytes).kind, Kind::Program);
}

#[test]
fn nothing_is_empty() {
    assert_eq!(
        sniff(b"", 0),
        Sniffed {
            media_type: "application/x-empty",
            kind: Kind::Empty
        }
    );
}

#[test]
fn a_character_cut_by_the_end_of_the_head_is_forgiven_only_when_the_file_goes_on() {
    let mut head = vec![b'a'; SNIFF_LEN - 1];
    head.push(0xc3);
    assert_eq!(sniff(&head, 1 << 20).kind, Kind::Text);
    assert_eq!(sniff(&head, 8_192).kind, Kind::Unknown);
}

#[test]
fn bytes_beyond_the_head_do_not_matter() {
    let mut bytes = vec![b'a'; SNIFF_LEN];
    bytes.push(0);
    assert_eq!(of(&bytes).kind, Kind::Text);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), more in 0u64..10_000) {
        let byte_len = u64::try_from(bytes.len()).unwrap();
        let sniffed = sniff(&bytes, byte_len + more);
        prop_assert_eq!(sniffed.kind == Kind::Empty, bytes.is_empty());
    }

    #[test]
    fn no_known_beginning_with_any_end_makes_it_panic(
        start in proptest::sample::select(beginnings()),
        cut in 0usize..64,
        end in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [&start[..cut.min(start.len())], &end].concat();
        let sniffed = of(&bytes);
        prop_assert!(sniffed.media_type.contains('/'));
    }

    #[test]
    fn white_space_and_marks_do_not_hide_a_page(before in "[ \t\r\n\u{c}\u{feff}]{0,20}", tag in "<(script|html|iframe|svg)[ >]") {
        let page = format!("{before}{tag}");
        prop_assert!(of(page.as_bytes()).kind.is_dangerous());
    }

    #[test]
    fn text_is_text(text in "[a-zA-Z0-9äöü,;.\n\t ]{1,200}") {
        let sniffed = of(text.as_bytes());
        prop_assert_eq!(sniffed.media_type, "text/plain");
    }
}

fn beginnings() -> Vec<Vec<u8>> {
    vec![
        png(),
        jpeg(),
        ooxml("word/document.xml"),
        ftyp(b"mif1", &[b"avif"]),
        compound("WordDocument"),
        utf16("<html>"),
        b"%PDF-1.7".to_vec(),
        b"RIFF\x24\0\0\0WEBP".to_vec(),
        b"\x1a\x45\xdf\xa3".to_vec(),
        b"PK\x03\x04".to_vec(),
        b"<?xml ".to_vec(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
    ]
}
