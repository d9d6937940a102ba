//! Hold first, settle later.

use chrono::{DateTime, Utc};
use entity::{ReservationId, Text, reservation};
use policy::{QuotaMetric, ReservationState};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, Value};

use super::Slot;
use crate::{ConflictCode, StoreError, Tx, conn::insert};

/// A reservation that has just been changed.
#[derive(Debug, FromQueryResult)]
struct Held {
    metric: Text<QuotaMetric>,
    period_start: DateTime<Utc>,
    amount: i64,
}

impl Held {
    fn slot(&self) -> Slot {
        Slot {
            metric: self.metric.0,
            period_start: self.period_start,
        }
    }
}

impl Tx {
    /// Holds `amount` of `metric` until `lease_until`, or holds nothing.
    ///
    /// # Errors
    /// [`StoreError::QuotaExceeded`] when used and held and this together would be over the limit.
    pub async fn reserve(
        &self,
        metric: QuotaMetric,
        amount: i64,
        lease_until: DateTime<Utc>,
    ) -> Result<ReservationId, StoreError> {
        let slot = self.slot(metric).await?;
        self.hold(slot, amount).await?;
        let id = ReservationId::generate();
        let row = reservation::Model {
            tenant_id: self.tenant(),
            id,
            metric: metric.into(),
            period_start: slot.period_start,
            amount,
            state: ReservationState::Held.into(),
            lease_until,
            created_at: self.now(),
        };
        insert(self.conn(), row).await?;
        Ok(id)
    }

    /// Holds `more` under a reservation that is still held, until `lease_until`.
    ///
    /// # Errors
    /// [`StoreError::QuotaExceeded`]; then it holds what it held before.
    /// [`StoreError::Conflict`] when it is not held any more.
    pub async fn extend(
        &self,
        id: ReservationId,
        more: i64,
        lease_until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        not_negative(more)?;
        let held = self.grow(id, more, lease_until).await?;
        match self.hold(held.slot(), more).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.grow(id, -more, lease_until).await?;
                Err(error)
            }
        }
    }

    /// Turns what is held into use of `measured`. Less than was held gives the rest back; more must
    /// still fit.
    ///
    /// # Errors
    /// [`StoreError::QuotaExceeded`]; then it is still held.
    /// [`StoreError::Conflict`] when it is not held any more, in particular when it expired.
    pub async fn commit_reservation(
        &self,
        id: ReservationId,
        measured: i64,
    ) -> Result<(), StoreError> {
        not_negative(measured)?;
        let held = self.close(id, ReservationState::Committed).await?;
        let slot = held.slot();
        let sql = "UPDATE usage_counter SET reserved = reserved - $4, used = used + $5 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3 \
                   AND ($5 <= $4 OR $5 - $4 <= limit_value - used - reserved)";
        if self.on_counter(slot, sql, [held.amount, measured]).await? {
            return Ok(());
        }
        self.reopen(id).await?;
        Err(self.exceeded(slot, measured - held.amount).await?)
    }

    /// Gives back what is held.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not held any more.
    pub async fn release(&self, id: ReservationId) -> Result<(), StoreError> {
        let held = self.close(id, ReservationState::Released).await?;
        let sql = "UPDATE usage_counter SET reserved = reserved - $4 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3";
        if self.on_counter(held.slot(), sql, [held.amount]).await? {
            Ok(())
        } else {
            Err(StoreError::internal("a reservation without its counter"))
        }
    }

    /// One conditional statement; the row is made at the first request for it.
    async fn hold(&self, slot: Slot, amount: i64) -> Result<(), StoreError> {
        not_negative(amount)?;
        // Nothing always fits, also over a lowered limit: an empty file takes no room.
        let sql = "UPDATE usage_counter SET reserved = reserved + $4 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3 \
                   AND ($4 = 0 OR $4 <= limit_value - used - reserved)";
        if self.on_counter(slot, sql, [amount]).await? {
            return Ok(());
        }
        self.ensure_counter(slot).await?;
        if self.on_counter(slot, sql, [amount]).await? {
            return Ok(());
        }
        Err(self.exceeded(slot, amount).await?)
    }

    /// Changes the row of `slot`; its key is `$1` to `$3`. Says whether the condition held.
    pub(super) async fn on_counter<const N: usize>(
        &self,
        slot: Slot,
        sql: &str,
        amounts: [i64; N],
    ) -> Result<bool, StoreError> {
        let mut values: Vec<Value> = slot.key(self.tenant()).into();
        values.extend(amounts.map(Value::from));
        let changed = self
            .conn()
            .execute_raw(self.conn().sql(sql, values))
            .await?;
        Ok(changed.rows_affected() == 1)
    }

    async fn exceeded(&self, slot: Slot, requested: i64) -> Result<StoreError, StoreError> {
        #[derive(FromQueryResult)]
        struct Left {
            limit_value: i64,
            available: i64,
        }
        let statement = self.conn().sql(
            "SELECT limit_value, limit_value - used - reserved AS available FROM usage_counter \
             WHERE tenant_id = $1 AND metric = $2 AND period_start = $3",
            slot.key(self.tenant()),
        );
        let left = Left::find_by_statement(statement)
            .one(self.conn())
            .await?
            .ok_or_else(|| StoreError::internal("a tenant without its counter"))?;
        Ok(StoreError::QuotaExceeded {
            metric: slot.metric,
            limit: left.limit_value,
            available: left.available.max(0),
            requested,
        })
    }

    async fn grow(
        &self,
        id: ReservationId,
        more: i64,
        lease_until: DateTime<Utc>,
    ) -> Result<Held, StoreError> {
        let sql = "UPDATE reservation SET amount = amount + $3, lease_until = $4 \
                   WHERE tenant_id = $1 AND id = $2 AND state = 'held' \
                   RETURNING metric, period_start, amount";
        let values = [
            self.tenant().into(),
            id.into(),
            more.into(),
            lease_until.into(),
        ];
        self.on_held(id, sql, values).await
    }

    async fn close(&self, id: ReservationId, next: ReservationState) -> Result<Held, StoreError> {
        let sql = "UPDATE reservation SET state = $3 \
                   WHERE tenant_id = $1 AND id = $2 AND state = 'held' \
                   RETURNING metric, period_start, amount";
        let values = [self.tenant().into(), id.into(), next.as_str().into()];
        self.on_held(id, sql, values).await
    }

    /// Undoes [`Self::close`] in the transaction that did it, whose lock on the row still stands.
    async fn reopen(&self, id: ReservationId) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "UPDATE reservation SET state = 'held' WHERE tenant_id = $1 AND id = $2",
            [self.tenant().into(), id.into()],
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
    }

    async fn on_held(
        &self,
        id: ReservationId,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Held, StoreError> {
        let statement = self.conn().sql(sql, values);
        match Held::find_by_statement(statement).one(self.conn()).await? {
            Some(held) => Ok(held),
            None => Err(self.not_held(id).await?),
        }
    }

    async fn not_held(&self, id: ReservationId) -> Result<StoreError, StoreError> {
        let row = self
            .find::<reservation::Entity>()
            .filter(reservation::Column::Id.eq(id))
            .one(self.conn())
            .await?
            .ok_or_else(|| StoreError::internal("there is no such reservation"))?;
        Ok(match row.state.0 {
            ReservationState::Expired => StoreError::conflict(
                ConflictCode::Expired,
                "what was reserved is given back, because its time was over; begin again",
            ),
            state => StoreError::conflict(
                ConflictCode::InvalidState,
                format!("the reservation is {state} already"),
            ),
        })
    }
}

fn not_negative(amount: i64) -> Result<(), StoreError> {
    if amount < 0 {
        Err(StoreError::internal("a negative quantity"))
    } else {
        Ok(())
    }
}
