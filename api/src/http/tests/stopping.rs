use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use reqwest::StatusCode;
use tokio::sync::Notify;

use super::served::{header, served, served_with};
use crate::http::{Engine, Engines};

/// Answers when it is told to.
struct Slow {
    begun: Arc<Notify>,
    end: Arc<Notify>,
}

#[Object]
impl Slow {
    async fn viewer(&self) -> &'static str {
        self.begun.notify_one();
        self.end.notified().await;
        "done"
    }
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_process_ends() {
    let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = Slow {
        begun: Arc::clone(&begun),
        end: Arc::clone(&end),
    };
    let engine = Engine::new(Schema::new(slow, EmptyMutation, EmptySubscription));
    let engines = Engines {
        tenant: engine.clone(),
        operator: engine,
    };
    let served = Arc::new(served_with(engines, &[("STRONGROOM_DRAIN_NOTICE", "0s")]).await);
    let asking = Arc::clone(&served);
    let asked = served
        .app
        .tasks
        .spawn(async move { asking.ask(asking.key(), "{ viewer }").await });
    begun.notified().await;
    served.app.stopping.cancel();
    assert!(!served.ended.is_finished());
    end.notify_one();
    let (status, body) = asked.await.unwrap();
    assert_eq!(
        (status, body["data"]["viewer"].as_str()),
        (StatusCode::OK, Some("done"))
    );
    let served = Arc::into_inner(served).unwrap();
    served.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn while_draining_it_is_alive_not_ready_and_still_answers() {
    let served = served(&[("STRONGROOM_DRAIN_NOTICE", "2s")]).await;
    served.app.stopping.cancel();
    let ready = served.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await.unwrap().contains("draining"));
    assert_eq!(served.get("/livez").await.status(), StatusCode::OK);
    let (status, _) = served.ask(served.key(), "{ __typename }").await;
    assert_eq!(status, StatusCode::OK);
    served.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_counted_is_written_before_the_end() {
    let served = served(&[]).await;
    for _ in 0..3 {
        served.ask(served.key(), "{ __typename }").await;
    }
    served.app.stopping.cancel();
    served.ended.await.unwrap().unwrap();
    let tenant = served.made.tenant_id.parse().unwrap();
    let balance = served.app.store.api_call_balance(tenant).await.unwrap();
    assert_eq!(balance.used, 3);
}

#[tokio::test]
async fn connections_are_closed_after_the_answer_while_draining() {
    let served = served(&[("STRONGROOM_DRAIN_NOTICE", "1s")]).await;
    assert_eq!(header(&served.get("/livez").await, "connection"), "");
    served.app.stopping.cancel();
    served.ended.await.unwrap().unwrap();
    assert!(served.http.get(&served.url).send().await.is_err());
}
