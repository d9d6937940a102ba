//! A body that counts as a request in flight until its last byte is handed over.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};

use crate::http::state::Entered;

/// The body, and the place it takes.
pub(super) struct Counted {
    body: BoxBody,
    _entered: Entered,
}

impl Counted {
    pub(super) fn new(body: BoxBody, entered: Entered) -> Self {
        Self {
            body,
            _entered: entered,
        }
    }
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body)
            .poll_next(context)
            .map_err(Into::into)
    }
}
