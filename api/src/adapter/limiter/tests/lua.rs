//! The script inside Redis against the arithmetic of this process.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestRunner};
use redis::{AsyncTypedCommands, Script};

use super::*;
use crate::{
    adapter::redis::testing,
    adapter::{limiter::gcra::Bucket, redis::Redis},
};

/// One bucket and what is asked of it.
#[derive(Debug, Clone)]
struct Case {
    bucket: Bucket,
    /// Of the capacity, in thousandths; none for a bucket that nobody has used. More than 1000 after a limit was
    /// lowered, less than 0 when its time is over.
    debt: Option<i64>,
    units: i64,
}

fn case() -> impl Strategy<Value = Case> {
    (
        1_i64..4_000_000,
        1_i64..5_000,
        prop::option::of(-500_i64..1_500),
        -1_500_i64..1_500,
    )
        .prop_map(|(interval, burst, debt, units)| Case {
            bucket: Bucket {
                interval,
                capacity: interval * burst,
            },
            debt,
            units,
        })
}

/// What this process makes of it at the time when the script ran.
fn expected(cases: &[Case], debts: &[i64]) -> Vec<i64> {
    let taken: Vec<_> = cases
        .iter()
        .zip(debts)
        .map(|(case, debt)| case.bucket.take(*debt, case.bucket.charge(case.units)))
        .collect();
    let all = taken.iter().all(|level| level.wait == 0);
    let levels = cases
        .iter()
        .zip(debts)
        .zip(taken)
        .flat_map(|((case, debt), level)| {
            let untouched = (*debt).clamp(0, case.bucket.capacity);
            [if all { level.debt } else { untouched }, level.wait]
        });
    std::iter::once(i64::from(all)).chain(levels).collect()
}

async fn now_of(connection: &mut redis::aio::MultiplexedConnection) -> i64 {
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(connection).await.unwrap();
    seconds * 1_000_000 + micros
}

/// Time goes on between what the test reads and what the script does; the debts it answers say by how much.
async fn compare(connection: &mut redis::aio::MultiplexedConnection, cases: &[Case]) {
    let script = Script::new(include_str!("../gcra.lua"));
    let mut invocation = script.prepare_invoke();
    let before = now_of(connection).await;
    let mut whole_at = Vec::new();
    let place = Uuid::now_v7();
    for (number, case) in cases.iter().enumerate() {
        let key = format!("test:{{{place}}}:{number}");
        let at = case
            .debt
            .map(|part| before + case.bucket.capacity / 1_000 * part);
        if let Some(at) = at {
            connection
                .pset_ex(&key, at.to_string(), 60_000)
                .await
                .unwrap();
        }
        whole_at.push(at);
        invocation
            .key(key)
            .arg(case.bucket.capacity)
            .arg(case.bucket.charge(case.units));
    }
    let answer: Vec<i64> = invocation.invoke_async(connection).await.unwrap();
    let after = now_of(connection).await;
    let at = |now: i64| {
        let debts: Vec<_> = whole_at
            .iter()
            .map(|at| at.map_or(0, |at| at - now))
            .collect();
        expected(cases, &debts)
    };
    // The script ran at some microsecond in between: at one of them, everything it says must be what we say.
    let agrees = (before..=after).any(|now| at(now) == answer);
    assert!(
        agrees,
        "{cases:?}: {answer:?}, here {:?} to {:?}",
        at(before),
        at(after)
    );
}

#[test]
fn the_script_decides_as_this_process_does() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let connection = runtime.block_on(testing::connection());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(400));
    let cases = prop::collection::vec(case(), 1..4);
    let outcome = runner.run(&cases, |cases| {
        runtime.block_on(compare(&mut connection.clone(), &cases));
        Ok(())
    });
    outcome.unwrap();
}

fn limiter(redis: Redis, limits: Limits) -> Limiter {
    Limiter::new(&limits, 3, Some(redis))
}

/// As the configuration has them, with rates so low that a slow machine refills nothing meanwhile.
const SLOW: Limits = Limits {
    burst_per_second: 1,
    burst: 20,
    cost_per_second: 1,
    ..LIMITS
};

#[tokio::test(flavor = "multi_thread")]
async fn processes_count_together() {
    let prefix = testing::prefix();
    let (one, other) = (testing::redis(&prefix).await, testing::redis(&prefix).await);
    let (one, other) = (limiter(one, SLOW), limiter(other, SLOW));
    let principal = Uuid::now_v7();
    let mut passed = 0;
    for _ in 0..40 {
        passed += usize::from(one.request(principal, Tier::Free).await.allowed);
        passed += usize::from(other.request(principal, Tier::Free).await.allowed);
    }
    // 20 at once, and one a second while the test ran.
    assert!((20..40).contains(&passed), "{passed}");
    let tenant = TenantId(principal);
    assert_eq!(one.cost(tenant, 1_000).await.remaining, 1_000);
    assert!((1_000 - 900..1_000 - 900 + 30).contains(&other.cost(tenant, 900).await.remaining));
    assert!(!one.cost(tenant, 900).await.allowed);
    assert!(other.cost(tenant, -850).await.remaining >= 950);
    assert!(one.cost(tenant, 900).await.allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_right_gets_the_guess_back_on_every_process() {
    let prefix = testing::prefix();
    let (one, other) = (testing::redis(&prefix).await, testing::redis(&prefix).await);
    let (one, other) = (limiter(one, SLOW), limiter(other, SLOW));
    for _ in 0..30 {
        one.guess(CALLER).await.unwrap().end(false).await;
    }
    for limiter in [&one, &other, &one, &other, &one, &other, &one, &other, &one] {
        limiter.guess(CALLER).await.unwrap().end(true).await;
    }
    let under_way = other.guess(CALLER).await.unwrap();
    let refused = one.guess(CALLER).await.unwrap_err();
    assert!(
        (1..=6).contains(&refused.retry_after_seconds),
        "{refused:?}"
    );
    under_way.end(false).await;
    one.guess(CALLER).await.unwrap().end(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_each_process_goes_on_with_its_share() {
    let redis = testing::unreachable();
    let limiter = limiter(redis, SLOW);
    let principal = Uuid::now_v7();
    let began = std::time::Instant::now();
    let mut passed = 0;
    for _ in 0..30 {
        passed += usize::from(limiter.request(principal, Tier::Free).await.allowed);
    }
    assert!((7..10).contains(&passed), "{passed}");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "nobody waits for a breaker that is open"
    );
}
