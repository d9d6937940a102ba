//! Black-box tests of the running binary.

mod house;
mod main_job;
