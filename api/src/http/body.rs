//! Reads a body within its bounds of size and time.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header::CONTENT_LENGTH,
    web::{self, Bytes, BytesMut},
};
use futures_util::StreamExt;

use super::problem::Problem;
use crate::error::{Code, Error};

/// A body of this size takes milliseconds; whoever drips it holds a place for nothing.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The whole body, of at most `most` bytes.
///
/// # Errors
/// 413 as soon as it is known to be longer, 408 when it does not come, 400 when it breaks off.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    most: usize,
) -> Result<Bytes, Problem> {
    if declared(request).is_some_and(|length| length > most) {
        return Err(too_long(most));
    }
    match tokio::time::timeout(TIMEOUT, collect(payload, most)).await {
        Ok(body) => body,
        Err(_) => {
            let error = Error::with_message(Code::Timeout, "the body did not arrive in time");
            Err(Problem::from(error).with_status(408))
        }
    }
}

async fn collect(mut payload: web::Payload, most: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| broken_off())?;
        if body.len() + chunk.len() > most {
            return Err(too_long(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn declared(request: &HttpRequest) -> Option<usize> {
    let value = request.headers().get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn too_long(most: usize) -> Problem {
    let message = format!("The body is longer than {most} bytes.");
    Error::with_message(Code::BodyTooLarge, message).into()
}

fn broken_off() -> Problem {
    Error::with_message(Code::BadRequest, "the body broke off before its end").into()
}
