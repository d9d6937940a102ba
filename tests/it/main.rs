//! Black-box tests of the running binary.

mod comeback;
mod command_line;
mod events;
mod evidence;
mod hostile;
mod house;
mod idempotency;
mod isolation;
mod judges;
mod kill;
mod limits;
mod main_job;
mod offboarding;
mod readme;
mod refusals;
mod replicas;
mod restored;
mod secrecy;
mod sessions;
mod settings;
