//! What the principals of a tenant are called: many at once, in one statement.

use std::collections::HashMap;

use entity::{ApiKeyId, BareId, MemberId};
use sea_orm::{FromQueryResult, Value};

use crate::{Principal, StoreError, View};

/// A name, and whose it is.
#[derive(Debug, FromQueryResult)]
struct Named {
    kind: String,
    id: BareId,
    name: String,
}

impl Named {
    fn principal(&self) -> Principal {
        let key = Principal::ApiKey(ApiKeyId(self.id.uuid()));
        if self.kind == key.kind() {
            key
        } else {
            Principal::User(MemberId(self.id.uuid()))
        }
    }
}

impl View<'_> {
    /// The names of people (removed ones too) and keys of this tenant. Whoever has none in it, such
    /// as an operator or somebody of another tenant, is not in the answer.
    ///
    /// # Errors
    /// As the database says.
    pub async fn names(
        &self,
        principals: &[Principal],
    ) -> Result<HashMap<Principal, String>, StoreError> {
        let mut values: Vec<Value> = vec![self.tenant().into()];
        let mut arms = Vec::new();
        let members = of_kind(principals, |p| matches!(p, Principal::User(_)));
        if let Some(places) = places(&mut values, members) {
            arms.push(format!(
                "SELECT 'user' AS kind, m.id, u.name FROM member m \
                 JOIN \"user\" u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.id IN ({places})"
            ));
        }
        let keys = of_kind(principals, |p| matches!(p, Principal::ApiKey(_)));
        if let Some(places) = places(&mut values, keys) {
            arms.push(format!(
                "SELECT 'api_key' AS kind, k.id, k.name FROM api_key k \
                 WHERE k.tenant_id = $1 AND k.id IN ({places})"
            ));
        }
        if arms.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = self.conn().sql(&arms.join(" UNION ALL "), values);
        let rows = Named::find_by_statement(statement).all(self.conn()).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.principal(), row.name))
            .collect())
    }
}

fn of_kind(principals: &[Principal], is: impl Fn(&Principal) -> bool) -> Vec<Value> {
    let kind = principals.iter().filter(|principal| is(principal));
    kind.map(|principal| principal.uuid().into()).collect()
}

/// Appends the ids and gives their places, `$2, $3`; `None` when there are none.
fn places(values: &mut Vec<Value>, ids: Vec<Value>) -> Option<String> {
    let first = values.len() + 1;
    let places: Vec<String> = (first..first + ids.len())
        .map(|place| format!("${place}"))
        .collect();
    values.extend(ids);
    (!places.is_empty()).then(|| places.join(", "))
}
