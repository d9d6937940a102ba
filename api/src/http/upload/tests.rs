use actix_web::test::TestRequest;

use super::*;

fn read(path: &str, headers: &[(&'static str, &str)]) -> Result<Incoming, Code> {
    let request = headers
        .iter()
        .fold(TestRequest::put().uri(path), |request, header| {
            request.insert_header(*header)
        });
    incoming(&request.to_http_request()).map_err(|error| error.code())
}

const PATH: &str = "/v1/files/workspace/doc/7/a.txt";

#[test]
fn segments_are_decoded_exactly_once() {
    let incoming = read("/v1/files/workspace/doc/7/caf%C3%A9%20%2520%2Fx.txt", &[]).unwrap();
    assert_eq!(incoming.address.filename, "café %20/x.txt");
    assert_eq!(incoming.address.object_id, "7");
}

#[test]
fn bytes_that_are_no_utf_8_and_other_paths_are_refused() {
    let bad = read("/v1/files/workspace/doc/7/%FF.txt", &[]);
    assert_eq!(bad.unwrap_err(), Code::Invalid);
    let deep = read("/v1/files/workspace/doc/7/x/a.txt", &[]);
    assert_eq!(deep.unwrap_err(), Code::NotFound);
}

#[test]
fn headers_say_what_is_coming() {
    let id = FileId::generate();
    let incoming = read(
        PATH,
        &[
            ("content-length", "12"),
            ("content-type", "text/plain"),
            ("strongroom-replaces", &id.to_string()),
        ],
    )
    .unwrap();
    assert_eq!(incoming.byte_len, Some(12));
    assert_eq!(incoming.media_type.as_deref(), Some("text/plain"));
    assert_eq!(incoming.replaces, Some(id));
}

#[test]
fn a_chunked_body_has_no_length_whatever_else_is_said() {
    let headers = [("transfer-encoding", "chunked"), ("content-length", "12")];
    assert_eq!(read(PATH, &headers).unwrap().byte_len, None);
    assert_eq!(read(PATH, &[]).unwrap().byte_len, None);
}

#[test]
fn parts_encoded_bodies_and_foreign_ids_are_refused() {
    let refused = |header| read(PATH, &[header]).unwrap_err();
    assert_eq!(refused(("content-range", "bytes 0-1/2")), Code::BadRequest);
    assert_eq!(
        refused(("content-encoding", "gzip")),
        Code::UnsupportedMediaType
    );
    assert_eq!(refused(("strongroom-replaces", "fil_1")), Code::NotFound);
    assert_eq!(refused(("content-length", "x")), Code::BadRequest);
}
