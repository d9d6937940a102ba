//! Black-box tests of the running binary.

mod command_line;
mod house;
mod judges;
mod kill;
mod main_job;
