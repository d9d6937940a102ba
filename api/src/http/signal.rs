//! SIGTERM and SIGINT.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;

/// Begins to stop the application at the first SIGTERM or SIGINT; a second one ends the process at once,
/// as a person at a terminal expects.
///
/// # Errors
/// When the system does not let signals be caught.
pub fn stop_on_signal(app: &Arc<App>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = app.stopping.clone();
    let task = async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if first {
                tracing::info!("asked to stop");
                stopping.cancel();
            } else {
                tracing::warn!("asked again: stopping at once");
                std::process::exit(130);
            }
        }
    };
    // Not in the application's set of tasks: it waits for a second signal while that is drained.
    tokio::runtime::Handle::current().spawn(task);
    Ok(())
}
