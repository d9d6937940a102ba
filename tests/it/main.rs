//! Black-box tests of the running binary.

mod main_job;
