//! The ledger.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use anyhow::{Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{ReservationId, TenantId};
use policy::{Balance, QuotaMetric, Tier};
use proptest::{prelude::*, test_runner::TestRunner};
use store::{
    Actor, Store, StoreError,
    quota::ApiCalls,
    system::Reason,
    testing::{Database, seed, throwaway},
};
use tokio::task::JoinSet;

use crate::ground::{Ground, on_both, refusal, run, some_event};

on_both!(
    sixty_four_parallel_reservations_never_pass_the_limit,
    changes_at_once_keep_the_sums_and_never_deadlock,
    an_expired_reservation_is_given_back_and_cannot_be_committed,
    a_reservation_is_settled_once,
    what_does_not_fit_is_said_exactly_and_leaves_nothing,
    leases_of_uploads_are_left_to_the_uploads,
    calls_are_added_up_over_the_limit,
    periods_begin_again_on_the_anniversary,
    every_metric_is_shown_before_it_is_used,
    limits_follow_the_tier,
);

async fn sixty_four_parallel_reservations_never_pass_the_limit(g: &Ground) -> Result<()> {
    g.limit_storage(g.tenant(), 300).await?;
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (store, actor, lease) = (g.store().clone(), g.owner(), g.in_an_hour());
        tasks.spawn(async move {
            loop {
                let attempt = async {
                    let tx = store.begin(&actor, policy::Action::UploadCreate).await?;
                    tx.reserve(QuotaMetric::StorageBytes, 7, lease).await?;
                    tx.commit(some_event()).await
                };
                match attempt.await {
                    Ok(_) => return Ok(true),
                    Err(StoreError::QuotaExceeded { .. }) => return Ok(false),
                    Err(StoreError::Overloaded) => {}
                    Err(error) => return Err(error),
                }
            }
        });
    }
    let mut granted = 0;
    while let Some(task) = tasks.join_next().await {
        granted += i64::from(task??);
    }
    let storage = g.storage().await?;
    assert_eq!((granted, storage.held, storage.available), (42, 294, 6));
    g.check_sums().await
}

/// Eight tasks reserve, extend, commit and release, while a ninth sweeps what is left behind.
async fn changes_at_once_keep_the_sums_and_never_deadlock(g: &Ground) -> Result<()> {
    g.limit_storage(g.tenant(), 200).await?;
    let mut tasks = JoinSet::new();
    for task in 0..8_i64 {
        let (store, actor, lease) = (g.store().clone(), g.owner(), g.store().now());
        tasks.spawn(async move {
            for round in 0..6 {
                match change(&store, &actor, lease, task + round).await {
                    // Full, busy, or swept meanwhile: each a right answer here.
                    Err(
                        StoreError::QuotaExceeded { .. }
                        | StoreError::Overloaded
                        | StoreError::Conflict { .. },
                    )
                    | Ok(()) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        });
    }
    let store = g.store().clone();
    tasks.spawn(async move {
        for _ in 0..10 {
            let tx = store.begin_system(Reason::LeaseSweep).await?;
            tx.sweep_leases(tx.now(), 3).await?;
            tx.commit_without_event().await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    });
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    let storage = g.storage().await?;
    ensure!(storage.used + storage.held <= 200, "{storage:?}");
    ensure!(storage.used > 0, "something was committed");
    g.check_sums().await?;
    sweep(g).await?;
    assert_eq!(g.storage().await?.held, 0);
    g.check_sums().await
}

async fn change(
    store: &Store,
    actor: &Actor,
    lease: DateTime<Utc>,
    n: i64,
) -> Result<(), StoreError> {
    let begin = async || store.begin(actor, policy::Action::UploadCreate).await;
    let tx = begin().await?;
    let id = tx.reserve(QuotaMetric::StorageBytes, n, lease).await?;
    tx.commit(some_event()).await?;
    let tx = begin().await?;
    tx.extend(id, 1, lease).await?;
    match n % 3 {
        0 => tx.commit_reservation(id, n + 2).await?,
        1 => tx.release(id).await?,
        _ => {}
    }
    tx.commit(some_event()).await?;
    Ok(())
}

async fn an_expired_reservation_is_given_back_and_cannot_be_committed(g: &Ground) -> Result<()> {
    let tx = g.begin().await?;
    let short = tx
        .reserve(QuotaMetric::StorageBytes, 5, g.in_an_hour())
        .await?;
    let later = g.in_an_hour() + TimeDelta::hours(1);
    tx.reserve(QuotaMetric::StorageBytes, 11, later).await?;
    tx.commit(some_event()).await?;
    assert_eq!(sweep(g).await?, 0, "no lease is over yet");
    g.db.clock.advance(TimeDelta::minutes(61));
    assert_eq!(sweep(g).await?, 1);
    assert_eq!(g.storage().await?.held, 11);
    let tx = g.begin().await?;
    assert_eq!(refusal(tx.commit_reservation(short, 5).await), "Expired");
    assert_eq!(refusal(tx.extend(short, 1, later).await), "Expired");
    assert_eq!(refusal(tx.release(short).await), "Expired");
    drop(tx);
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held), (0, 11));
    g.check_sums().await
}

async fn a_reservation_is_settled_once(g: &Ground) -> Result<()> {
    let tx = g.begin().await?;
    let id = tx
        .reserve(QuotaMetric::StorageBytes, 5, g.in_an_hour())
        .await?;
    tx.commit_reservation(id, 3).await?;
    assert_eq!(refusal(tx.commit_reservation(id, 3).await), "InvalidState");
    assert_eq!(refusal(tx.release(id).await), "InvalidState");
    tx.commit(some_event()).await?;
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held), (3, 0));
    Ok(())
}

async fn what_does_not_fit_is_said_exactly_and_leaves_nothing(g: &Ground) -> Result<()> {
    g.limit_storage(g.tenant(), 10).await?;
    let tx = g.begin().await?;
    let lease = g.in_an_hour();
    let id = tx.reserve(QuotaMetric::StorageBytes, 6, lease).await?;
    let more = tx.reserve(QuotaMetric::StorageBytes, 5, lease).await;
    assert_eq!(refusal(more), "5 of 4 of 10");
    assert_eq!(refusal(tx.extend(id, 5, lease).await), "5 of 4 of 10");
    assert_eq!(refusal(tx.commit_reservation(id, 11).await), "5 of 4 of 10");
    // The transaction goes on as if nothing had been asked.
    tx.extend(id, 1, lease).await?;
    tx.commit_reservation(id, 10).await?;
    tx.commit(some_event()).await?;
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held, storage.available), (10, 0, 0));
    g.check_sums().await
}

async fn leases_of_uploads_are_left_to_the_uploads(g: &Ground) -> Result<()> {
    g.open(false, 9).await?;
    g.db.clock.advance(TimeDelta::hours(2));
    assert_eq!(sweep(g).await?, 0);
    assert_eq!(g.storage().await?.held, 9);
    g.check_sums().await
}

async fn calls_are_added_up_over_the_limit(g: &Ground) -> Result<()> {
    let balance = g.store().api_call_balance(g.tenant()).await?;
    assert_eq!((balance.used, balance.limit), (0, 1_000_000));
    let calls = |calls| ApiCalls {
        tenant: g.tenant(),
        period_start: balance.period_start,
        calls,
    };
    g.store().add_api_calls(&[calls(999_999), calls(2)]).await?;
    g.store().add_api_calls(&[calls(1)]).await?;
    let after = g.store().api_call_balance(g.tenant()).await?;
    assert_eq!((after.used, after.limit), (1_000_002, 1_000_000));
    let row = g.quota(QuotaMetric::ApiCalls).await?;
    assert_eq!((row.used, row.available), (1_000_002, 0));
    assert_eq!(row.period, Some((balance.period_start, balance.period_end)));
    let nobody = g.store().api_call_balance(TenantId::generate()).await;
    assert_eq!(refusal(nobody), "no tenant");
    Ok(())
}

async fn periods_begin_again_on_the_anniversary(g: &Ground) -> Result<()> {
    let balance = g.store().api_call_balance(g.tenant()).await?;
    let tx = g.begin().await?;
    let spent = tx
        .reserve(QuotaMetric::AiTokens, 100, g.in_an_hour())
        .await?;
    tx.commit_reservation(spent, 60).await?;
    let held = tx.reserve(QuotaMetric::AiTokens, 5, g.in_an_hour()).await?;
    tx.commit(some_event()).await?;
    g.db.clock.set(balance.period_end);
    assert_eq!(g.quota(QuotaMetric::AiTokens).await?.used, 0);
    // What was held in the old period is used in the old period.
    let tx = g.begin().await?;
    tx.commit_reservation(held, 5).await?;
    tx.commit(some_event()).await?;
    let row = g.quota(QuotaMetric::AiTokens).await?;
    assert_eq!((row.used, row.held), (0, 0));
    g.db.clock
        .set(balance.period_end - TimeDelta::microseconds(1));
    let row = g.quota(QuotaMetric::AiTokens).await?;
    assert_eq!((row.used, row.held), (65, 0));
    Ok(())
}

async fn every_metric_is_shown_before_it_is_used(g: &Ground) -> Result<()> {
    let snapshot = g.store().snapshot(&g.owner()).await?;
    let before = g.store().database().statements();
    let rows = snapshot.view(policy::Action::QuotaRead)?.quotas().await?;
    assert_eq!(g.store().database().statements() - before, 1);
    let metrics: Vec<_> = rows.iter().map(|row| row.metric).collect();
    assert_eq!(metrics, QuotaMetric::ALL);
    let limits: Vec<_> = rows.iter().map(|row| row.limit).collect();
    assert_eq!(limits, [1_000_000, 5_000_000, 250 << 30, 100]);
    assert!(
        rows.iter()
            .all(|row| row.period.is_some() == row.metric.is_flow())
    );
    Ok(())
}

async fn limits_follow_the_tier(g: &Ground) -> Result<()> {
    let tx = g.begin().await?;
    let id = tx
        .reserve(QuotaMetric::StorageBytes, 5 << 30, g.in_an_hour())
        .await?;
    tx.commit_reservation(id, 5 << 30).await?;
    tx.apply_tier_limits(Tier::Free).await?;
    // An empty file takes no room, and the rest has to wait.
    tx.reserve(QuotaMetric::StorageBytes, 0, g.in_an_hour())
        .await?;
    let one = tx
        .reserve(QuotaMetric::StorageBytes, 1, g.in_an_hour())
        .await;
    assert_eq!(refusal(one), "1 of 0 of 1073741824");
    tx.commit(some_event()).await?;
    let storage = g.storage().await?;
    assert_eq!(
        (storage.limit, storage.used, storage.available),
        (1 << 30, 5 << 30, 0)
    );
    Ok(())
}

async fn sweep(g: &Ground) -> Result<u64> {
    let tx = g.store().begin_system(Reason::LeaseSweep).await?;
    let swept = tx.sweep_leases(tx.now(), 100).await?;
    tx.commit_without_event().await?;
    Ok(swept)
}

#[derive(Debug, Clone)]
enum Step {
    Reserve(u64),
    Extend(usize, u64),
    Commit(usize, u64),
    Release(usize),
    Expire,
    Trash(u64),
    Untrash(u64),
    Free(u64),
    FreeTrash(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0..60_u64;
    prop_oneof![
        4 => n.clone().prop_map(Step::Reserve),
        2 => (any::<usize>(), n.clone()).prop_map(|(i, n)| Step::Extend(i, n)),
        3 => (any::<usize>(), n.clone()).prop_map(|(i, n)| Step::Commit(i, n)),
        1 => any::<usize>().prop_map(Step::Release),
        1 => Just(Step::Expire),
        2 => n.clone().prop_map(Step::Trash),
        1 => n.clone().prop_map(Step::Untrash),
        1 => n.clone().prop_map(Step::Free),
        1 => n.prop_map(Step::FreeTrash),
    ]
}

/// The reference: the arithmetic of `policy`, and what it holds for whom.
struct Model {
    balance: Balance,
    trash: u64,
    held: Vec<(ReservationId, u64)>,
}

#[test]
fn random_changes_give_the_numbers_of_the_reference() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let db = throwaway(Database::Sqlite).await?;
        let seed = seed(&db.store).await?;
        let ground = Ground { db, seed };
        let strategy = proptest::collection::vec(step(), 1..30);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(20));
        let outcome = tokio::task::block_in_place(|| {
            runner.run(&strategy, |steps| {
                let played = runtime.handle().block_on(play(&ground, &steps));
                played.map_err(|error| TestCaseError::fail(format!("{error:?}")))
            })
        });
        outcome?;
        ground.db.close().await?;
        Ok(())
    })
}

/// Plays the steps on a tenant of its own, comparing after each.
async fn play(g: &Ground, steps: &[Step]) -> Result<()> {
    let actor = g.foreigner().await?;
    g.limit_storage(actor.tenant(), 100).await?;
    let mut model = Model {
        balance: Balance {
            limit: 100,
            ..Balance::default()
        },
        trash: 0,
        held: Vec::new(),
    };
    for step in steps {
        apply(g, &actor, &mut model, step).await?;
        compare(g, &actor, &model).await?;
    }
    Ok(())
}

async fn apply(g: &Ground, actor: &Actor, model: &mut Model, step: &Step) -> Result<()> {
    if matches!(step, Step::Expire) {
        g.db.clock.advance(TimeDelta::hours(2));
        sweep(g).await?;
        for (_, amount) in model.held.drain(..) {
            model.balance = model.balance.release(amount);
        }
        return Ok(());
    }
    let tx = g.store().begin(actor, policy::Action::UploadCreate).await?;
    let lease = g.in_an_hour();
    let chosen = |i: &usize, model: &Model| (!model.held.is_empty()).then(|| i % model.held.len());
    match step {
        Step::Reserve(n) => {
            let expected = model.balance.try_reserve(*n);
            let got = tx
                .reserve(QuotaMetric::StorageBytes, signed(*n), lease)
                .await;
            ensure!(got.is_ok() == expected.is_ok(), "{expected:?} {got:?}");
            if let (Ok(balance), Ok(id)) = (expected, got) {
                model.balance = balance;
                model.held.push((id, *n));
            }
        }
        Step::Extend(i, n) => {
            if let Some(i) = chosen(i, model) {
                let expected = model.balance.try_reserve(*n);
                let got = tx.extend(model.held[i].0, signed(*n), lease).await;
                ensure!(got.is_ok() == expected.is_ok(), "{expected:?} {got:?}");
                if let Ok(balance) = expected {
                    model.balance = balance;
                    model.held[i].1 += n;
                }
            }
        }
        Step::Commit(i, measured) => {
            if let Some(i) = chosen(i, model) {
                let (id, held) = model.held[i];
                let expected = model.balance.commit(held, *measured);
                let got = tx.commit_reservation(id, signed(*measured)).await;
                ensure!(got.is_ok() == expected.is_ok(), "{expected:?} {got:?}");
                if let Ok(balance) = expected {
                    model.balance = balance;
                    model.held.remove(i);
                }
            }
        }
        Step::Release(i) => {
            if let Some(i) = chosen(i, model) {
                let (id, held) = model.held.remove(i);
                tx.release(id).await?;
                model.balance = model.balance.release(held);
            }
        }
        Step::Expire => {}
        Step::Trash(n) => {
            let n = (*n).min(model.balance.used - model.trash);
            tx.move_to_trash(signed(n)).await?;
            model.trash += n;
        }
        Step::Untrash(n) => {
            let n = (*n).min(model.trash);
            tx.move_from_trash(signed(n)).await?;
            model.trash -= n;
        }
        Step::Free(n) => {
            let n = (*n).min(model.balance.used - model.trash);
            tx.free(QuotaMetric::StorageBytes, signed(n)).await?;
            model.balance = model.balance.free(n);
        }
        Step::FreeTrash(n) => {
            let n = (*n).min(model.trash);
            tx.free_trash(signed(n)).await?;
            model.trash -= n;
            model.balance = model.balance.free(n);
        }
    }
    tx.commit(some_event()).await?;
    Ok(())
}

async fn compare(g: &Ground, actor: &Actor, model: &Model) -> Result<()> {
    let row = g.quota_of(actor, QuotaMetric::StorageBytes).await?;
    let got = [row.limit, row.used, row.held, row.trash, row.available];
    let balance = model.balance;
    let expected = [
        signed(balance.limit),
        signed(balance.used),
        signed(balance.held),
        signed(model.trash),
        signed(balance.available()),
    ];
    ensure!(
        got == expected,
        "the ledger has {got:?}, the reference {expected:?}"
    );
    let sum = g.sum_held(actor.tenant()).await?;
    ensure!(
        sum == row.held,
        "reservations hold {sum}, the ledger {}",
        row.held
    );
    Ok(())
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap()
}

#[tokio::test]
async fn more_than_the_ledger_has_is_never_given_back() -> Result<()> {
    run(Database::Sqlite, async |g| {
        let tx = g.begin().await?;
        for refused in [
            tx.free(QuotaMetric::StorageBytes, 1).await,
            tx.move_to_trash(1).await,
            tx.move_from_trash(1).await,
            tx.free_trash(1).await,
            tx.free(QuotaMetric::AiTokens, 1).await,
        ] {
            ensure!(
                matches!(refused, Err(StoreError::Internal(_))),
                "{refused:?}"
            );
        }
        Ok(())
    })
    .await
}
