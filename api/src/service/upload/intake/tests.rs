use super::*;
use policy::Catalogue;

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

fn expected(filename: &str, byte_len: Option<u64>) -> Expected {
    let catalogue = Catalogue::default();
    Expected {
        object_type: catalogue.find("workspace", "doc").unwrap().clone(),
        filename: Filename::clean(filename).unwrap(),
        media_type: None,
        byte_len,
        sha256: None,
    }
}

fn run(expected: Expected, chunks: &[&[u8]]) -> Result<Settled, Code> {
    let mut intake = Intake::new(expected);
    for chunk in chunks {
        intake.take(chunk).map_err(|error| error.code())?;
    }
    intake.end().map_err(|error| error.code())
}

#[test]
fn the_verdict_is_the_same_however_the_bytes_are_cut() {
    let bytes: Vec<u8> = "grün,rot\n".bytes().cycle().take(30_000).collect();
    let whole = run(expected("a.csv", None), &[&bytes]).unwrap();
    for size in [1, 7, 4_096, 8_191, 8_192, 8_193] {
        let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(run(expected("a.csv", None), &chunks).unwrap(), whole);
    }
    assert_eq!(whole.media_type, "text/csv");
    assert_eq!(whole.byte_len, 30_000);
}

#[test]
fn an_empty_text_is_a_file_and_an_empty_image_is_none() {
    let empty = run(expected("a.txt", Some(0)), &[]).unwrap();
    assert_eq!(
        data_encoding::HEXLOWER.encode(&empty.sha256),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(
        run(expected("a.png", Some(0)), &[]),
        Err(Code::MediaTypeRefused)
    );
}

#[test]
fn a_wrong_length_is_refused_either_way() {
    assert_eq!(
        run(expected("a.txt", Some(3)), &[b"ab"]),
        Err(Code::LengthMismatch)
    );
    assert_eq!(
        run(expected("a.txt", Some(3)), &[b"abcd"]),
        Err(Code::LengthMismatch)
    );
    assert!(run(expected("a.txt", Some(3)), &[b"abc"]).is_ok());
}

#[test]
fn an_image_is_refused_by_its_own_limit_once_it_is_known_to_be_one() {
    let mut expected = expected("a.png", None);
    expected.object_type.max_image_bytes = 20_000;
    let mut intake = Intake::new(expected);
    let mut head = PNG.to_vec();
    head.resize(SNIFF_LEN, 0);
    intake.take(&head).unwrap();
    assert_eq!(intake.accepted().unwrap().media_type, "image/png");
    intake.take(&[0; 20_000 - SNIFF_LEN]).unwrap();
    assert_eq!(intake.take(&[0]).unwrap_err().code(), Code::FileTooLarge);
}

#[test]
fn a_declared_length_over_the_limit_is_refused_before_any_byte() {
    let mut too_long = expected("a.txt", Some(11));
    too_long.object_type.max_bytes = 10;
    assert_eq!(too_long.check().unwrap_err().code(), Code::FileTooLarge);
    too_long.byte_len = Some(10);
    assert!(too_long.check().is_ok());
}

#[test]
fn what_the_client_promised_is_compared() {
    let mut promised = expected("a.txt", None);
    promised.sha256 = Some([7; 32]);
    assert_eq!(run(promised, &[b"abc"]), Err(Code::ChecksumMismatch));
}

#[test]
fn the_head_decides_before_the_rest_is_read() {
    let mut intake = Intake::new(expected("a.txt", None));
    let mut program = b"\x7fELF\x02\x01\x01\0".to_vec();
    program.resize(SNIFF_LEN, 1);
    assert_eq!(
        intake.take(&program).unwrap_err().code(),
        Code::MediaTypeRefused
    );
}
