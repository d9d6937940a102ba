//! Black-box tests of the running binary.

mod command_line;
mod house;
mod isolation;
mod judges;
mod kill;
mod main_job;
mod readme;
