//! `PUT /v1/files/{system}/{objectType}/{objectId}/{filename}`: one request, one file.

mod digest;

use std::{fmt::Display, str::FromStr};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{
            CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap,
            TRANSFER_ENCODING,
        },
    },
    web,
};
use entity::FileId;
use percent_encoding::percent_decode_str;
use store::{Noun, StoreError, idempotency::Claim};

use super::{
    auth::caller, edge::read_on, file::FileJson, idempotency, json, problem::Problem, state::Front,
};
use crate::{
    error::{Code, Error},
    service::upload::{
        Address,
        stream::{Incoming, PATIENCE, receive},
    },
};

/// What begins every address of an upload.
const PREFIX: &str = "/v1/files/";
/// Names the file that the upload supersedes.
const REPLACES: &str = "strongroom-replaces";

/// Takes a file in; 201 with the file when it is ready.
///
/// # Errors
/// A problem document, as early as it is certain and without reading on.
pub(super) async fn put(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    let caller = caller(&request);
    let incoming = incoming(&request)?;
    let actor = match idempotency::key(request.headers())? {
        Some(key) => {
            let claim = claim(key, &request);
            front.app.store.recall(caller.actor()?, claim).await?
        }
        None => caller.actor()?.clone(),
    };
    let replaces = incoming.replaces.is_some();
    match receive(&front.app, &actor, incoming, payload).await {
        Ok(uploaded) => {
            let mut answer = json::answer(StatusCode::CREATED, &FileJson::of(&uploaded.file))?;
            if actor.earlier().is_some() {
                idempotency::mark(&mut answer);
                read_on(&mut answer);
            }
            Ok(answer)
        }
        Err(error) if error.code() == Code::Timeout => Err(Problem::from(error).with_status(408)),
        Err(error) => Err(about_header(error, replaces).into()),
    }
}

/// The name of an upload: of its address and of everything that is said about the file. The bytes themselves
/// are not known when it begins; `Content-Digest` says what they are.
fn claim(key: String, request: &HttpRequest) -> Claim {
    let said = [
        CONTENT_LENGTH.as_str(),
        CONTENT_TYPE.as_str(),
        "content-digest",
        REPLACES,
    ];
    let headers = said.map(|name| {
        let values = request.headers().get_all(name);
        values
            .map(|value| value.as_bytes())
            .collect::<Vec<_>>()
            .join(&b'\n')
    });
    let mut asked: Vec<&[u8]> = vec![b"PUT", request.uri().path().as_bytes()];
    asked.extend(headers.iter().map(Vec::as_slice));
    Claim::new(key, &asked)
}

fn incoming(request: &HttpRequest) -> Result<Incoming, Error> {
    let headers = request.headers();
    require_plain(headers)?;
    Ok(Incoming {
        address: address(request.uri().path())?,
        byte_len: byte_len(headers)?,
        media_type: media_type(headers)?,
        sha256: digest::sha256(headers.get_all("content-digest"))?,
        replaces: replaces(headers)?,
        patience: PATIENCE,
    })
}

/// The error under the name of the header it is about. A place that does not exist names its own field, so
/// what is missing without one is the file to be replaced.
fn about_header(error: Error, replaces: bool) -> Error {
    let header = match (error.code(), error.field()) {
        (Code::NotFound, None) if replaces => "Strongroom-Replaces",
        (Code::ChecksumMismatch, _) => "Content-Digest",
        _ => return error,
    };
    Error::with_message(error.code(), format!("{header}: {error}")).on(header)
}

/// Each segment is decoded once: what is encoded twice stays encoded once, and is then part of the name.
fn address(path: &str) -> Result<Address, Error> {
    let rest = path.strip_prefix(PREFIX).unwrap_or_default();
    let segments: Vec<&str> = rest.split('/').collect();
    let [system, object_type, object_id, filename] = segments.as_slice() else {
        return Err(no_such_address());
    };
    Ok(Address {
        system: decoded("system", system)?,
        object_type: decoded("objectType", object_type)?,
        object_id: decoded("objectId", object_id)?,
        filename: decoded("filename", filename)?,
    })
}

/// To whoever asks for an address below [`PREFIX`] that nothing has.
pub(super) fn no_such_address() -> Error {
    Error::with_message(
        Code::NotFound,
        "there is nothing at this address; a file is sent with PUT to \
         /v1/files/{system}/{objectType}/{objectId}/{filename}, each part without a slash, and shown at \
         /v1/files/{id}",
    )
}

fn decoded(field: &'static str, segment: &str) -> Result<String, Error> {
    let text = percent_decode_str(segment).decode_utf8();
    let text = text.map_err(|_| Error::invalid(field, format!("{field} must be UTF-8")))?;
    Ok(text.into_owned())
}

/// The stored bytes are the body's: a part of a file or an encoded one would be taken for the whole.
fn require_plain(headers: &HeaderMap) -> Result<(), Error> {
    if headers.contains_key(CONTENT_RANGE) {
        let message = "a file is sent whole: Content-Range is not supported";
        return Err(Error::with_message(Code::BadRequest, message));
    }
    match text(headers, CONTENT_ENCODING.as_str())? {
        None | Some("identity") => Ok(()),
        Some(_) => Err(Error::with_message(
            Code::UnsupportedMediaType,
            "send the file's own bytes, without Content-Encoding",
        )),
    }
}

fn byte_len(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Ok(None);
    }
    parsed(headers, CONTENT_LENGTH.as_str())
}

fn media_type(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let declared = text(headers, CONTENT_TYPE.as_str())?.map(str::trim);
    let declared = declared.filter(|text| !text.is_empty());
    if declared.is_some_and(|text| text.len() > 255) {
        let message = "Content-Type is too long";
        return Err(Error::with_message(Code::BadRequest, message));
    }
    Ok(declared.map(str::to_owned))
}

/// A text that is no id is a file nobody has.
fn replaces(headers: &HeaderMap) -> Result<Option<FileId>, Error> {
    let Some(id) = text(headers, REPLACES)? else {
        return Ok(None);
    };
    match id.trim().parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) => Err(about_header(StoreError::NotFound(Noun::File).into(), true)),
    }
}

fn parsed<T: FromStr<Err: Display>>(headers: &HeaderMap, name: &str) -> Result<Option<T>, Error> {
    let Some(value) = text(headers, name)? else {
        return Ok(None);
    };
    value.trim().parse().map(Some).map_err(|error| {
        Error::with_message(
            Code::BadRequest,
            format!("{name} is not well formed: {error}"),
        )
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Error> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    value
        .to_str()
        .map(Some)
        .map_err(|_| Error::with_message(Code::BadRequest, format!("{name} is not well formed")))
}

#[cfg(test)]
mod tests;
