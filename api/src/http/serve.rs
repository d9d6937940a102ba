//! Listening, and stopping without dropping a request.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{HttpServer, dev::ServerHandle, http::KeepAlive, web};
use tokio::time::{Instant, sleep, timeout};

use super::{
    routes,
    state::{Engines, Front},
};
use crate::{
    app::App,
    telemetry::{self, TelemetryError},
    worker,
};

/// A head that takes longer is not a browser's.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than what proxies keep idle connections, so that they close first.
const IDLE: Duration = Duration::from_secs(75);
/// A client that does not read its answer's end.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECTIONS_PER_WORKER: usize = 10_000;
/// After the last answer, for bytes on their way into sockets; then idle connections are closed.
const CLOSING_SECONDS: u64 = 1;
const CHECK: Duration = Duration::from_millis(20);

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, not ours, or not allowed.
    #[error("STRONGROOM_LISTEN: cannot listen on {address}: {cause}; free it or name another one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Figures could not be kept.
    #[error(transparent)]
    Metrics(TelemetryError),
    /// It stopped by itself.
    #[error("the HTTP server ended: {0}")]
    Ended(std::io::Error),
}

/// A server that listens.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    front: web::Data<Front>,
    handle: ServerHandle,
    flushing: worker::Running,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// Begins to listen on `STRONGROOM_LISTEN`. Requests are answered until [`Serving::until_stopped`]
/// has returned. What this process counts is written by it, whether or not there is a worker.
///
/// # Errors
/// [`ServeError::Listen`], [`ServeError::Metrics`].
pub fn serve(app: Arc<App>, engines: Engines) -> Result<Serving, ServeError> {
    // Before anything is counted; what is counted without a recorder is lost.
    telemetry::metrics().map_err(ServeError::Metrics)?;
    let server = &app.config.server;
    let listen = server.listen;
    let failed = |cause| ServeError::Listen {
        address: listen,
        cause,
    };
    let front = web::Data::new(Front::new(Arc::clone(&app), engines));
    let shared = front.clone();
    let mut http = HttpServer::new(move || routes::app(shared.clone()))
        .keep_alive(KeepAlive::Timeout(IDLE))
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .max_connections(CONNECTIONS_PER_WORKER)
        .shutdown_timeout(CLOSING_SECONDS)
        .disable_signals();
    if let Some(threads) = server.worker_threads {
        http = http.workers(threads);
    }
    let http = http.bind(listen).map_err(failed)?;
    let address = http.addrs().first().copied().unwrap_or(listen);
    let running = http.run();
    Ok(Serving {
        address,
        handle: running.handle(),
        flushing: worker::flush::start(&app, front.clone().into_inner()),
        ended: app.tasks.spawn(running),
        front,
    })
}

impl Serving {
    /// Where it listens; tells the port when the configured one was 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until [`App::stopping`] is cancelled, then drains: not ready at once, still
    /// accepting for `STRONGROOM_DRAIN_NOTICE`, then what is running gets `STRONGROOM_DRAIN_GRACE` to
    /// end; last what was counted is written.
    ///
    /// # Errors
    /// [`ServeError::Ended`] when the server stopped without being asked.
    pub async fn until_stopped(mut self) -> Result<(), ServeError> {
        let app = Arc::clone(&self.front.app);
        tokio::select! {
            () = app.stopping.cancelled() => {}
            ended = &mut self.ended => {
                app.stopping.cancel();
                self.flushing.stop().await;
                worker::flush::last(&self.front).await;
                return Err(ServeError::Ended(cause(ended)));
            }
        }
        self.drain(&app).await;
        Ok(())
    }

    async fn drain(self, app: &App) {
        let drain = &app.config.drain;
        self.front.readiness.drain();
        tracing::info!(
            notice_ms = u64::try_from(drain.notice.as_millis()).unwrap_or(u64::MAX),
            "draining: no longer ready"
        );
        sleep(drain.notice).await;
        self.handle.pause().await;
        let began = Instant::now();
        while self.front.in_flight.count() > 0 && began.elapsed() < drain.grace {
            sleep(CHECK).await;
        }
        let dropped = self.front.in_flight.count();
        if dropped > 0 {
            tracing::warn!(requests = dropped, "requests did not end within the grace");
        }
        // Connections that are idle, or closing, get a moment; none holds the process.
        let stop = timeout(
            Duration::from_secs(CLOSING_SECONDS + 2),
            self.handle.stop(true),
        );
        if stop.await.is_err() {
            tracing::warn!("the HTTP server did not stop in time");
        }
        self.flushing.stop().await;
        worker::flush::last(&self.front).await;
        tracing::info!("drained");
    }
}

fn cause(ended: Result<std::io::Result<()>, tokio::task::JoinError>) -> std::io::Error {
    match ended {
        Ok(Ok(())) => std::io::Error::other("nobody asked it to"),
        Ok(Err(error)) => error,
        Err(panic) => std::io::Error::other(panic),
    }
}
