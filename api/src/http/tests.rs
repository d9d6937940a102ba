//! The layer as a client sees it: a whole process, over a socket.

mod asking;
mod auditing;
mod knocking;
mod leftover;
mod limits;
mod served;
mod stopping;
