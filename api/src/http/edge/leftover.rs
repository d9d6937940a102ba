//! What a client goes on sending after it has been answered.
//!
//! A refusal does not wait for the body. Left to itself the framework then reads a chunked body to its
//! end, and nothing says that there is one. So the edge keeps hold of the body: after the answer a part
//! of the rest is read, because a client that only reads when it has sent everything would otherwise
//! never see the answer, and then the connection is closed.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;
use tokio::time::{Instant, Sleep};

/// How much of the rest is read.
const MOST_BYTES: usize = 512 * 1024;
/// How long the client has for reading its answer while it still sends.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the rest of a body may stand still that is read to its end.
const STALL: Duration = Duration::from_secs(10);
/// How long such a body is read at most; a trickle would keep its connection for good.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The request's body, shared with whoever handles the request.
#[derive(Clone)]
pub(super) struct Incoming(Rc<RefCell<Open>>);

struct Open {
    payload: Payload,
    ended: bool,
}

/// The answer, and after it the rest of the request.
pub(super) struct Drained {
    body: BoxBody,
    answered: bool,
    rest: Incoming,
    rest_of: Rest,
    /// How much of a part is still read.
    left: usize,
    /// How long nothing is read before the connection is closed.
    patience: Duration,
    began: Instant,
    until: Option<Pin<Box<Sleep>>>,
}

/// Whether the rest of the request is read to its end.
///
/// An error tells a client to stop sending. Many do not expect a success before they have sent everything, and
/// take a closed connection for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// A part of it.
    Part,
    /// All of it, as long as it comes.
    Whole,
}

/// Why the connection is closed.
#[derive(Debug, thiserror::Error)]
#[error("the client goes on sending after its answer")]
struct StillSending;

impl Incoming {
    /// Keeps hold of the request's body; none when it has none.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Self> {
        let payload = match request.take_payload() {
            Payload::None => return None,
            payload => payload,
        };
        let open = Open {
            payload,
            ended: false,
        };
        let incoming = Self(Rc::new(RefCell::new(open)));
        let payload = Box::pin(incoming.clone());
        request.set_payload(Payload::Stream { payload });
        Some(incoming)
    }

    /// The answer, which is followed by what is left of this body, if anything is.
    pub(super) fn after(self, body: BoxBody, rest: Rest) -> BoxBody {
        if self.0.borrow().ended {
            return body;
        }
        Drained {
            body,
            answered: false,
            rest: self,
            rest_of: rest,
            left: MOST_BYTES,
            patience: match rest {
                Rest::Part => PATIENCE,
                Rest::Whole => STALL,
            },
            began: Instant::now(),
            until: None,
        }
        .boxed()
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut open = self.0.borrow_mut();
        if open.ended {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut open.payload).poll_next(context);
        open.ended = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

impl Drained {
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StillSending>> {
        while self.left > 0 {
            match Pin::new(&mut self.rest).poll_next(context) {
                Poll::Ready(Some(Ok(_))) if self.rest_of == Rest::Whole => {
                    if self.began.elapsed() < LONGEST {
                        self.until = None;
                    }
                }
                Poll::Ready(Some(Ok(bytes))) => self.left = self.left.saturating_sub(bytes.len()),
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => break,
            }
        }
        // Nothing more is read: the client's writing stands still, its answer stays readable.
        let patience = self.patience;
        let until = self
            .until
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        until.as_mut().poll(context).map(|()| Err(StillSending))
    }
}

impl MessageBody for Drained {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if !self.answered {
            match Pin::new(&mut self.body).poll_next(context) {
                Poll::Ready(None) => self.answered = true,
                polled => return polled.map_err(Into::into),
            }
        }
        self.poll_rest(context)
            .map(|ended| ended.err().map(|error| Err(error.into())))
    }
}
