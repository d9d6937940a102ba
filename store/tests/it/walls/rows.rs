//! A row in every tenant table, whatever its columns: so that a new table is covered from its first day.

use entity::TenantId;
use store::testing::Throwaway;

/// Every tenant table, and the column that says whose row it is.
pub(super) async fn tables(db: &Throwaway) -> anyhow::Result<Vec<(String, String)>> {
    let closed = db
        .look(
            "SELECT c.relname || ' ' || a.attname FROM pg_class c JOIN pg_attribute a \
             ON a.attrelid = c.oid AND NOT a.attisdropped \
             AND a.attname = CASE c.relname WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END \
             WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity ORDER BY 1",
        )
        .await?;
    let closed = closed.into_iter().flatten();
    Ok(closed
        .filter_map(|line| {
            line.split_once(' ')
                .map(|(table, column)| (table.to_owned(), column.to_owned()))
        })
        .collect())
}

/// Gives `tenant` a row in every tenant table that has none of it. What rows refer to and which words they may hold is
/// of no account here, so those constraints go.
pub(super) async fn add(db: &Throwaway, tenant: TenantId) -> anyhow::Result<()> {
    for (table, column) in tables(db).await? {
        let bare = format!(
            "DO $$ DECLARE o record; BEGIN \
               FOR o IN SELECT conname FROM pg_constraint \
                 WHERE conrelid = '{table}'::regclass AND contype IN ('c', 'f') LOOP \
                 EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', o.conname); \
               END LOOP; \
             END $$"
        );
        db.tamper(&bare).await?;
        let own = format!(
            "SELECT 'row' FROM {table} WHERE {column} = '{}'",
            tenant.uuid()
        );
        if db.look(&own).await?.is_empty() {
            db.tamper(&insert(&table, &column, tenant)).await?;
        }
    }
    Ok(())
}

/// A statement that inserts a row of `tenant`: something in every column that must not be empty.
pub(super) fn insert(table: &str, column: &str, tenant: TenantId) -> String {
    let tenant = tenant.uuid();
    format!(
        "DO $$ DECLARE names text; cells text; BEGIN \
           SELECT string_agg(quote_ident(attname), ', '), string_agg(CASE \
             WHEN attname = '{column}' THEN quote_literal('{tenant}') \
             ELSE CASE format_type(atttypid, NULL) \
               WHEN 'uuid' THEN 'gen_random_uuid()' \
               WHEN 'text' THEN 'gen_random_uuid()::text' \
               WHEN 'bytea' THEN 'uuid_send(gen_random_uuid())' \
               WHEN 'boolean' THEN 'false' \
               WHEN 'timestamp with time zone' THEN 'now()' \
               ELSE '0' END END, ', ') INTO names, cells \
           FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 \
           AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attidentity = ''; \
           EXECUTE 'INSERT INTO {table} (' || names || ') VALUES (' || cells || ')'; \
         END $$"
    )
}

/// Takes the second wall away from every table.
pub(super) async fn open_every_table(db: &Throwaway) -> anyhow::Result<()> {
    for (table, _) in tables(db).await? {
        db.tamper(&format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
            .await?;
    }
    Ok(())
}
