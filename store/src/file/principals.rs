//! Names of those who made files.

use std::collections::HashMap;

use entity::BareId;
use sea_orm::{FromQueryResult, Value};

use crate::{StoreError, View};

#[derive(Debug, FromQueryResult)]
struct Named {
    id: BareId,
    name: String,
}

impl View<'_> {
    /// The names of members and API keys of the tenant, by [`entity::file::Model::created_by_id`],
    /// in one statement. Who is neither has none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn file_principals(
        &self,
        created_by: &[BareId],
    ) -> Result<HashMap<BareId, String>, StoreError> {
        if created_by.is_empty() {
            return Ok(HashMap::new());
        }
        let mut ids = created_by.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let mut values: Vec<Value> = vec![self.tenant().into()];
        values.extend(ids.iter().map(|id| Value::from(*id)));
        let marks: Vec<String> = (2..=values.len()).map(|n| format!("${n}")).collect();
        let marks = marks.join(", ");
        let statement = self.conn().sql(
            &format!(
                "SELECT m.id, u.name FROM member m JOIN \"user\" u ON u.id = m.user_id \
                 WHERE m.tenant_id = $1 AND m.id IN ({marks}) \
                 UNION ALL SELECT k.id, k.name FROM api_key k \
                 WHERE k.tenant_id = $1 AND k.id IN ({marks})"
            ),
            values,
        );
        let rows = Named::find_by_statement(statement).all(self.conn()).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }
}
