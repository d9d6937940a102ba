//! The wall costs no index: a condition that the database would not test before the policy makes it read whole tables.

use store::testing::Database;

use crate::scene::Scene;

/// Conditions as the store has them, and the indexes that serve them.
const PLANS: &[(&str, &[&str])] = &[
    (
        "SELECT * FROM reservation r WHERE r.state = 'held' AND r.lease_until <= now() AND NOT EXISTS ( \
         SELECT 1 FROM upload u WHERE u.tenant_id = r.tenant_id AND u.reservation_id = r.id) \
         ORDER BY r.lease_until LIMIT 10 FOR UPDATE OF r SKIP LOCKED",
        &["reservation_held", "upload_tenant_id_reservation_id_key"],
    ),
    (
        "SELECT * FROM upload WHERE state = 'open' AND expires_at <= now() ORDER BY expires_at LIMIT 10",
        &["upload_open"],
    ),
    (
        "SELECT * FROM file WHERE state = 'trashed' AND trashed_at <= now() ORDER BY trashed_at LIMIT 10",
        &["file_in_trash"],
    ),
    (
        "SELECT * FROM audit_export WHERE state IN ('DONE', 'FAILED') AND expires_at <= now() \
         ORDER BY expires_at LIMIT 10",
        &["audit_export_due"],
    ),
    (
        "SELECT (SELECT o.tenant_id FROM audit_outbox o WHERE o.tenant_id > $1 ORDER BY o.tenant_id LIMIT 1)",
        &["audit_outbox_of_tenant"],
    ),
    (
        "SELECT * FROM audit_head WHERE tenant_id IN ($1) AND state = 'ok' ORDER BY tenant_id LIMIT 8 \
         FOR UPDATE SKIP LOCKED",
        &["audit_head_pkey"],
    ),
    (
        "SELECT batch.id FROM UNNEST(ARRAY[$1]) AS batch (id) CROSS JOIN LATERAL (SELECT FROM audit_entry e \
         WHERE e.tenant_id = $1 AND e.event_id = batch.id LIMIT 1) AS found",
        &["audit_entry_by_event"],
    ),
    (
        "SELECT h.tenant_id FROM audit_head h WHERE h.state = 'ok' AND (SELECT e.sequenced_at \
         FROM audit_disclosure d LEFT JOIN audit_entry e ON e.tenant_id = d.tenant_id \
         AND e.epoch = d.epoch AND e.seq = d.seq WHERE d.tenant_id = h.tenant_id AND d.epoch = h.epoch \
         ORDER BY d.seq LIMIT 1) < now() ORDER BY h.tenant_id LIMIT 10",
        &[
            "audit_disclosure_pkey",
            "audit_entry_pkey",
            "audit_head_pkey",
        ],
    ),
    (
        "UPDATE usage_counter SET reserved = reserved + 1 WHERE tenant_id = $1 AND metric = 'USERS' \
         AND period_start = 'epoch' AND used + reserved + 1 <= limit_value",
        &["usage_counter_pkey"],
    ),
    (
        "SELECT * FROM file WHERE tenant_id = $1 AND system = 'a' AND object_type = 'b' AND object_id = 'c' \
         ORDER BY id DESC LIMIT 10",
        &["file_by_object"],
    ),
];

#[tokio::test]
async fn behind_the_wall_every_statement_keeps_its_index() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Postgres).await?;
    let tenant = format!("'{}'::uuid", scene.seed.tenant.uuid());
    // A table of a few rows is rather read as a whole.
    let first = "SET app.tenant_id = '*'; SET enable_seqscan = off; SET enable_hashjoin = off; \
                 SET enable_mergejoin = off";
    for (sql, indexes) in PLANS {
        let sql = format!("EXPLAIN {}", sql.replace("$1", &tenant));
        let plan = scene.db.look_as_application(first, &sql).await?;
        let plan = plan.into_iter().flatten().collect::<Vec<_>>().join("\n");
        for index in *indexes {
            assert!(plan.contains(index), "no {index} for {sql}\n{plan}");
        }
        assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
        assert!(
            plan.contains("InitPlan"),
            "the setting is read for each row: {sql}\n{plan}"
        );
    }
    Ok(scene.db.close().await?)
}
