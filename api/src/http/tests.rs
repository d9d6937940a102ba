//! The layer as a client sees it: a whole process, over a socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod asking;
mod knocking;
mod limits;
mod served;
mod stopping;
