//! What the HTTP layer of one process shares.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_web::{HttpRequest, web};
use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::runtime::Handle;

use super::{health::Readiness, problem::Problem};
use crate::{
    adapter::limiter::{Limiter, Limits},
    app::App,
    error::Error,
    graphql::field_error::{self, Types},
    service::metering::Metering,
};

/// Everything a handler or a middleware needs.
#[derive(Debug)]
pub struct Front {
    /// The application.
    pub app: Arc<App>,
    /// Both GraphQL APIs.
    pub engines: Engines,
    /// How often anybody may ask.
    pub limiter: Limiter,
    /// What tenants may still ask for.
    pub metering: Metering,
    /// Whether requests should come here.
    pub readiness: Readiness,
    /// How many requests are being answered.
    pub in_flight: InFlight,
    /// The runtime that lasts as long as the process; handlers run in its context.
    pub runtime: Handle,
}

impl Front {
    /// With nothing asked yet. Call it inside the runtime of the process.
    #[must_use]
    pub fn new(app: Arc<App>, engines: Engines) -> Self {
        let config = &app.config;
        Self {
            limiter: Limiter::new(
                &Limits::new(&config.rate_limits, &config.tiers),
                config.server.replicas,
                app.redis.clone(),
            ),
            metering: Metering::new(app.store.clone()),
            readiness: Readiness::default(),
            in_flight: InFlight::default(),
            runtime: Handle::current(),
            engines,
            app,
        }
    }

    /// The one this request came through.
    ///
    /// # Errors
    /// When the routes were set up without it.
    pub fn of(request: &HttpRequest) -> Result<web::Data<Self>, Problem> {
        request
            .app_data::<web::Data<Self>>()
            .cloned()
            .ok_or_else(|| Error::internal("the routes have no shared state").into())
    }
}

/// Both GraphQL APIs.
#[derive(Debug, Clone)]
pub struct Engines {
    /// Of `/graphql`.
    pub tenant: Engine,
    /// Of `/operator/graphql`.
    pub operator: Engine,
}

type Run = dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync;

/// A schema, whatever its root types.
#[derive(Clone)]
pub struct Engine(Arc<Run>);

impl Engine {
    /// Runs requests on `schema`; fields that fail are null, as far out as they must be.
    pub fn new<Q, M, S>(schema: Schema<Q, M, S>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let types = Arc::new(Types::of(&schema.sdl()));
        Self(Arc::new(move |request: Request| {
            let (schema, types) = (schema.clone(), Arc::clone(&types));
            let (document, name) = (request.query.clone(), request.operation_name.clone());
            async move {
                let mut response = schema.execute(request).await;
                field_error::put_nulls(&mut response, &types, &document, name.as_deref());
                response
            }
            .boxed()
        }))
    }

    /// Runs one request.
    pub async fn execute(&self, request: Request) -> Response {
        (self.0)(request).await
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// Counts requests from their first byte here to the last byte of their answer.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    /// One more, until the value is dropped.
    #[must_use]
    pub fn enter(&self) -> Entered {
        self.0.fetch_add(1, Ordering::Relaxed);
        Entered(Arc::clone(&self.0))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Entered(Arc<AtomicUsize>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
