//! Limits over all processes, counted in Redis.

use std::{fmt::Display, sync::LazyLock};

use redis::Script;

use super::{
    Decision,
    gcra::{Bucket, Level},
    rule::Terms,
};
use crate::adapter::redis::Redis;

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gcra.lua")));

/// What is taken from one bucket, or given back.
#[derive(Debug, Clone)]
pub(super) struct Charge {
    terms: Terms,
    bucket: Bucket,
    key: String,
    units: i64,
}

/// Limits in Redis.
#[derive(Debug, Clone)]
pub(super) struct Shared(Redis);

impl Shared {
    pub(super) fn new(redis: Redis) -> Self {
        Self(redis)
    }

    /// `units` of the allowance that `whose` has under `terms`.
    pub(super) fn charge(&self, terms: Terms, whose: impl Display, units: i64) -> Charge {
        // In braces what decides the place in a cluster: all limits of one caller are in one.
        let key = self
            .0
            .name(format_args!("limit:{{{whose}}}:{}", terms.name));
        Charge {
            terms,
            bucket: Bucket::of(&terms),
            key,
            units,
        }
    }

    /// Takes all of it or nothing, in one step; the strictest decision. `None` when Redis does not say.
    pub(super) async fn take(&self, charges: &[Charge]) -> Option<Decision> {
        let mut invocation = TAKE.prepare_invoke();
        for charge in charges {
            invocation
                .key(&charge.key)
                .arg(charge.bucket.capacity)
                .arg(charge.bucket.charge(charge.units));
        }
        let answer: Vec<i64> = self
            .0
            .ask("limit", |mut connection| async move {
                invocation.invoke_async(&mut connection).await
            })
            .await?;
        let levels = answer.get(1..)?.as_chunks::<2>().0;
        let told = charges.iter().zip(levels);
        let told = told.map(|(charge, [debt, wait])| {
            let level = Level {
                debt: *debt,
                wait: *wait,
            };
            charge.bucket.tell(&charge.terms, level)
        });
        told.reduce(Decision::stricter)
    }
}
