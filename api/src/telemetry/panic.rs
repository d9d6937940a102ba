//! Panics as log lines, so that one who reads only the log misses none.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook, take_hook};

use tracing::Level;

/// Logs every panic as one event. Where the filter drops even errors, the standard message stays.
pub(super) fn log_panics() {
    let standard = take_hook();
    set_hook(Box::new(move |panic| {
        if tracing::enabled!(target: "panic", Level::ERROR) {
            log(panic);
        } else {
            standard(panic);
        }
    }));
}

pub(super) fn log(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        target: "panic",
        location,
        thread = thread.name(),
        backtrace,
        "{}",
        panic.payload_as_str().unwrap_or("a panic without a message")
    );
}
