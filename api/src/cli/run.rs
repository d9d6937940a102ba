//! Commands that run until they are asked to stop.

use std::sync::Arc;

use crate::{
    app::App,
    cli::{Serve, output::runtime, setup},
    config::Config,
    graphql::schema,
    http::{self, Engine, Engines, signal::stop_on_signal},
    start::{self, EmbeddedStore},
    telemetry, worker,
};

/// Answers requests, with background work beside it unless that is left to others.
pub(super) fn serve(config: Config, arguments: Serve) -> anyhow::Result<()> {
    telemetry::init(&config.log)?;
    warn(&config);
    runtime(&config)?.block_on(async {
        let started = start::start(config).await?;
        stop_on_signal(&started.app)?;
        let engines = Engines {
            tenant: Engine::new(schema::tenant_schema()),
            operator: Engine::new(schema::operator_schema()),
        };
        // Shown before anything else can fail: nobody can ask for it again.
        if let Some(first_run) = &started.first_run {
            setup::show(first_run, &arguments.output)?;
        }
        let serving = http::serve(Arc::clone(&started.app), engines)?;
        tracing::info!(address = %serving.address(), "listening");
        let working = (!arguments.no_worker).then(|| worker::start(&started.app));
        let ended = serving.until_stopped().await;
        if let Some(working) = working {
            working.stop().await;
        }
        end(&started.app, started.embedded_store).await?;
        Ok(ended?)
    })
}

/// Does background work.
pub(super) fn worker(config: Config) -> anyhow::Result<()> {
    telemetry::init(&config.log)?;
    warn(&config);
    runtime(&config)?.block_on(async {
        let started = start::start(config).await?;
        stop_on_signal(&started.app)?;
        let working = worker::start(&started.app);
        tracing::info!("working");
        started.app.stopping.cancelled().await;
        working.stop().await;
        end(&started.app, started.embedded_store).await
    })
}

fn warn(config: &Config) {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
}

/// Waits for what still runs, then closes what was opened, in the opposite order.
async fn end(app: &App, embedded_store: Option<EmbeddedStore>) -> anyhow::Result<()> {
    app.tasks.close();
    app.tasks.wait().await;
    app.store.flush_denials(true).await?;
    app.store.tasks().close();
    app.store.tasks().wait().await;
    app.store.database().clone().close().await?;
    if let Some(embedded_store) = embedded_store {
        embedded_store.stop().await;
    }
    Ok(())
}
