//! The endpoint as its clients see it: through the AWS SDK, and as raw requests through presigned URLs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed expectation is a failed test"
)]

mod harness;

mod condition;
mod copy;
mod door;
mod key;
mod listing;
mod logging;
mod multipart;
mod object;
mod presigned;
mod recovery;
mod start;
mod streaming;
