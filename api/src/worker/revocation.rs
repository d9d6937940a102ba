//! The feed of revocations: heard from Redis, looked for in the database, told to other processes.
//!
//! The poll alone is enough; Redis makes it faster. See [`store::revocation`].

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use store::revocation::{News, Revoked, Window};
use tokio::{
    sync::{Mutex, Notify, broadcast::error::RecvError},
    time::sleep,
};

use super::supervise::{Next, Running, jittered};
use crate::{adapter::redis::Redis, app::App, error::Error, http::Front};

/// How often the database is asked what is new.
const POLL: Duration = Duration::from_millis(900);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const CHANNEL: &str = "revocations";

/// Starts everything a process needs that keeps copies of credentials.
pub(super) fn start(running: &mut Running, front: &Arc<Front>) {
    let app = &front.app;
    let missed = Arc::new(Notify::new());
    poll(running, app, Arc::clone(&missed));
    forget(running, Arc::clone(front));
    if let Some(redis) = &app.redis {
        publish(running, app, redis.clone());
        subscribe(running, app, redis.clone(), missed);
    }
}

/// Looks every second, also after a look that failed: how late a revocation may be depends on it.
fn poll(running: &mut Running, app: &Arc<App>, missed: Arc<Notify>) {
    let store = app.store.clone();
    let window = Arc::new(Mutex::new(Window::default()));
    let pass = move || {
        let (store, window) = (store.clone(), Arc::clone(&window));
        async move {
            let mut window = window.lock().await;
            if let Err(error) = store.poll_revocations(&mut window).await {
                let error = Error::from(error);
                metrics::counter!("strongroom_task_failures_total", "task" => "poll_revocations")
                    .increment(1);
                tracing::error!(error.message = %error, "revocations were not looked for");
            }
            Ok(Next::Later)
        }
    };
    let pause = move || {
        let missed = Arc::clone(&missed);
        async move {
            tokio::select! {
                () = missed.notified() => {}
                () = sleep(jittered(POLL)) => {}
            }
        }
    };
    running.repeat("poll_revocations", pass, pause);
}

/// Forgets what this process knows beside credentials.
fn forget(running: &mut Running, front: Arc<Front>) {
    let mut news = front.app.store.news();
    running.endless(async move {
        loop {
            match news.recv().await {
                Ok(News {
                    what: Revoked::Tenant(tenant),
                    ..
                }) => {
                    front.app.links.forget_tenant(tenant);
                    front.metering.forget(tenant).await;
                }
                // What else depends on these is asked of the database each time, or is half a second old.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Tells other processes what this one has changed. A message that is not sent is not sent again: they poll.
fn publish(running: &mut Running, app: &Arc<App>, redis: Redis) {
    let mut news = app.store.news();
    let channel = redis.name(CHANNEL);
    running.endless(async move {
        loop {
            let sent = match news.recv().await {
                Ok(News { what, is_own: true }) => redis.publish(&channel, what.to_string()).await,
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => false,
                Err(RecvError::Closed) => return,
            };
            let outcome = if sent { "sent" } else { "not_sent" };
            metrics::counter!("strongroom_revocation_messages_total", "outcome" => outcome)
                .increment(1);
        }
    });
}

/// Hears what other processes have changed. After each new beginning the database is asked at once: something may
/// have been said meanwhile.
fn subscribe(running: &mut Running, app: &Arc<App>, redis: Redis, missed: Arc<Notify>) {
    let store = app.store.clone();
    let channel = redis.name(CHANNEL);
    running.endless(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            match redis.subscribe(&channel).await {
                Ok(mut subscription) => {
                    pause = FIRST_PAUSE;
                    missed.notify_one();
                    let mut messages = std::pin::pin!(subscription.messages());
                    while let Some(message) = messages.next().await {
                        metrics::counter!("strongroom_revocation_messages_total", "outcome" => "heard")
                            .increment(1);
                        store.hear_revocation(&message);
                    }
                    tracing::warn!("revocations are not heard from Redis; the database is asked");
                }
                Err(error) => tracing::debug!(error.cause = %error, "revocations are not heard"),
            }
            sleep(jittered(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
}
