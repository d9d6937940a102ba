//! The end of a tenant, broken off at every point.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use audit::{
    note::{Note, VerifierKey},
    retention::PruneKind,
};
use chrono::TimeDelta;
use entity::TenantId;
use policy::{Action, Role, Scopes, TenantStep};
use store::{
    StoreError,
    api_key::NewApiKey,
    purge::{Area, CERTIFICATE, Certificate, Exported, PurgeRequest, PurgeStep, RULES, Rule},
    retention::{NewHold, PruneRequest},
    tenant::{
        contact::{Contact, TenantChange},
        export::{ExportedTenant, Row, tables},
    },
    testing::{Database, another_tenant, throwaway},
    verify::Verdict,
};

use crate::ground::{Ground, new_file, on_both};

on_both!(
    every_table_of_a_tenant_has_a_rule_and_an_order,
    a_table_without_a_rule_is_named_and_stops_every_purge,
    what_forbids_a_purge_is_said_and_nothing_goes,
    another_plan_than_the_present_one_is_refused_and_a_begun_one_goes_on,
    nothing_of_a_purged_tenant_is_left_and_its_log_verifies,
    an_export_has_every_row_and_no_secret,
);

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_broken_off_after_any_step_ends_the_same_on_sqlite() -> Result<()> {
    broken_off_anywhere(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_broken_off_after_any_step_ends_the_same_on_postgres() -> Result<()> {
    broken_off_anywhere(Database::Postgres).await
}

/// One purge with a fresh process for each step; the store that made a step is never asked again.
async fn broken_off_anywhere(kind: Database) -> Result<()> {
    let db = throwaway(kind).await?;
    let seed = store::testing::seed(&db.store).await?;
    let g = Ground { db, seed };
    g.furnish().await?;
    let neighbour = another_tenant(g.store(), &g.seed).await?.0;
    g.close_tenant().await?;
    let plan = g.agree().await?;
    let planned = g.db.store.find_purge(g.tenant()).await?.unwrap();
    let (mut steps, mut rows) = (0, 0);
    loop {
        let process = g.db.another_store().await?;
        let (mut at, tenant) = (0, g.tenant());
        let step = process.purge_next(tenant, false, 2, &mut at).await?;
        steps += 1;
        ensure!(steps < 500, "the purge does not end: {step:?}");
        // In between, the log verifies and whoever agrees again changes nothing.
        if steps % 5 == 0 {
            g.expect_good(tenant).await?;
        }
        let again = process.begin_purge(tenant, Vec::new(), &plan).await?;
        assert_eq!(again.begun_at, planned.begun_at);
        match step {
            PurgeStep::Rows { count, .. } => rows += count,
            PurgeStep::Ready => break,
            _ => {}
        }
    }
    assert!(rows > 10, "{rows} rows in {steps} steps");
    let first = g.db.another_store().await?.finish_purge(g.tenant()).await?;
    let again = g.db.another_store().await?.finish_purge(g.tenant()).await?;
    assert_eq!(first, again);
    let certificate = document(&first);
    // The tenant's own record goes with the last step.
    assert_eq!(certificate["rowsDeleted"], rows + 1);
    g.expect_gone(neighbour).await?;
    g.db.close().await?;
    Ok(())
}

impl Ground {
    /// Something in every table that a tenant has a hand in.
    async fn furnish(&self) -> Result<()> {
        let first = self.ready(new_file("a.txt", 10)).await?;
        for name in ["b.txt", "c.txt", "d.txt"] {
            let mut file = new_file(name, 10);
            file.replaces = Some(first.id);
            self.ready(file).await?;
        }
        self.open(false, 5).await?;
        let owner = self.owner();
        let invited = self
            .store()
            .create_invitation(&owner, "ana@example.com", Role::Viewer);
        invited.await?;
        let key = NewApiKey {
            name: "key".to_owned(),
            scopes: Scopes::all(),
            expires_at: None,
            cidrs: Vec::new(),
        };
        self.store().create_api_key(&owner, key).await?;
        let contact = Contact {
            name: "Ana".to_owned(),
            email: "ana@example.com".to_owned(),
            phone: None,
            company: None,
            tax_number: None,
            address: None,
        };
        let change = TenantChange {
            expected_version: 1,
            contact: Some(Some(contact)),
            ..TenantChange::default()
        };
        self.store().update_tenant(&owner, change).await?;
        let (operator, metric) = (self.seed.operator(), policy::QuotaMetric::Users);
        let reason = "as agreed".to_owned();
        let store = self.store();
        store
            .set_quota_override(&operator, self.tenant(), metric, 9, reason)
            .await?;
        Ok(())
    }

    async fn close_tenant(&self) -> Result<()> {
        for step in [TenantStep::Suspend, TenantStep::Deactivate] {
            let operator = self.seed.operator();
            self.store()
                .step_tenant(&operator, step, self.tenant())
                .await?;
        }
        Ok(())
    }

    async fn request(&self) -> Result<PurgeRequest> {
        let plan = self.store().plan_purge(self.tenant(), self.areas()).await?;
        Ok(PurgeRequest {
            plan: plan.hash(),
            without_export: true,
            reference: Some("CASE-7".to_owned()),
        })
    }

    fn areas(&self) -> Vec<Area> {
        vec![Area {
            prefix: format!("{}/", self.tenant().uuid()),
            objects: 4,
            byte_len: 40,
            multiparts: 1,
        }]
    }

    async fn agree(&self) -> Result<PurgeRequest> {
        let request = self.request().await?;
        self.store()
            .begin_purge(self.tenant(), self.areas(), &request)
            .await?;
        Ok(request)
    }

    async fn purge(&self) -> Result<Certificate> {
        self.agree().await?;
        let mut at = 0;
        loop {
            let step = self
                .store()
                .purge_next(self.tenant(), false, 1_000, &mut at);
            if step.await? == PurgeStep::Ready {
                return Ok(self.store().finish_purge(self.tenant()).await?);
            }
        }
    }

    async fn rows_of(&self, tenant: TenantId) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for (table, _) in RULES {
            let column = if *table == "tenant" {
                "id"
            } else {
                "tenant_id"
            };
            let sql = format!(
                "SELECT CAST(COUNT(*) AS text) FROM {table} WHERE {column} = '{}'",
                tenant.uuid()
            );
            let count = self.db.look(&sql).await?.into_iter().flatten().next();
            if count.as_deref() != Some("0") {
                found.insert((*table).to_owned());
            }
        }
        Ok(found)
    }

    async fn expect_good(&self, tenant: TenantId) -> Result<()> {
        self.db.sequence_all().await?;
        let found = self.store().verify_chain(tenant, |_| {}).await?;
        let good = [Verdict::Intact, Verdict::IntactWithDocumentedGaps];
        ensure!(good.contains(&found.verdict), "{found:?}");
        Ok(())
    }

    /// Nothing is left but the log, which verifies with its gaps; the neighbour has everything.
    async fn expect_gone(&self, neighbour: TenantId) -> Result<()> {
        let left = self.rows_of(self.tenant()).await?;
        let outside = left.iter().find(|table| !table.starts_with("audit_"));
        ensure!(outside.is_none(), "rows are left: {left:?}");
        for gone in [
            "audit_disclosure",
            "audit_outbox",
            "audit_quarantine",
            "audit_export",
        ] {
            ensure!(!left.contains(gone), "rows are left: {left:?}");
        }
        let found = self.store().verify_chain(self.tenant(), |_| {}).await?;
        assert_eq!(
            found.verdict,
            Verdict::IntactWithDocumentedGaps,
            "{found:?}"
        );
        let kept = self.rows_of(neighbour).await?;
        for table in ["tenant", "member", "usage_counter", "audit_entry"] {
            ensure!(kept.contains(table), "the neighbour lost rows: {kept:?}");
        }
        self.expect_good(TenantId::SYSTEM).await?;
        self.expect_good(neighbour).await
    }
}

fn document(certificate: &Certificate) -> serde_json::Value {
    let note = Note::parse(certificate.note.as_bytes()).unwrap();
    let (first, json) = note.text().split_once('\n').unwrap();
    assert!(first.ends_with("/purge"), "{first}");
    serde_json::from_str(json).unwrap()
}

async fn every_table_of_a_tenant_has_a_rule_and_an_order(g: &Ground) -> Result<()> {
    let catalogue = g.store().purge_catalogue().await?;
    assert_eq!(catalogue.complaints(), Vec::<String>::new());
    let order = catalogue.order().unwrap();
    let place = |name: &str| order.iter().position(|table| table.name == name);
    assert_eq!(place("tenant"), Some(order.len() - 1));
    for table in &order {
        for to in table.refers_to.iter().filter(|to| place(to).is_some()) {
            assert!(place(&table.name) < place(to), "{} before {to}", table.name);
        }
    }
    let file = catalogue.tables.iter().find(|table| table.name == "file");
    assert_eq!(file.unwrap().own, BTreeSet::from(["replaces".to_owned()]));
    Ok(())
}

async fn a_table_without_a_rule_is_named_and_stops_every_purge(g: &Ground) -> Result<()> {
    g.close_tenant().await?;
    let uuid = match g.db.kind() {
        Database::Sqlite => "TEXT",
        Database::Postgres => "uuid",
    };
    let novelty = format!("CREATE TABLE novelty (tenant_id {uuid} PRIMARY KEY)");
    g.db.tamper(&novelty).await?;
    let hidden = format!("CREATE TABLE hidden (owner {uuid} REFERENCES tenant (id))");
    g.db.tamper(&hidden).await?;
    let complaints = g.store().purge_catalogue().await?.complaints();
    assert_eq!(
        complaints,
        ["hidden has no purge rule", "novelty has no purge rule"]
    );
    let refused = g
        .store()
        .plan_purge(g.tenant(), Vec::new())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("novelty has no purge rule"));
    Ok(())
}

async fn what_forbids_a_purge_is_said_and_nothing_goes(g: &Ground) -> Result<()> {
    let obstacles = async || -> Result<Vec<String>> {
        let plan = g.store().plan_purge(g.tenant(), Vec::new()).await?;
        Ok(plan.obstacles)
    };
    let hold = NewHold {
        range: None,
        basis: "court order".to_owned(),
        reference: "AZ 1/26".to_owned(),
        reason: None,
    };
    let found = obstacles().await?;
    assert_eq!(
        found[0],
        "the tenant is active; only one that is deactivated is purged"
    );
    let held = g.store().set_hold(&g.owner(), hold).await?.hold.seq;
    g.close_tenant().await?;
    g.db.tamper("UPDATE tenant SET purge_after = '2999-01-01T00:00:00+00:00'")
        .await?;
    let found = obstacles().await?;
    assert_eq!(
        found,
        [
            "it is kept until 2999-01-01T00:00:00Z".to_owned(),
            format!("a legal hold is in force on its log, set by entry {held}: it must be lifted"),
            "it was not exported since it was deactivated: run `strongroom tenant export`, or say \
             --without-export"
                .to_owned(),
        ]
    );
    let before = g.rows_of(g.tenant()).await?;
    let refused = g.agree().await.unwrap_err().to_string();
    assert!(
        refused.contains("legal hold") && refused.contains("kept until"),
        "{refused}"
    );
    assert!(g.store().find_purge(g.tenant()).await?.is_none());
    let refused = g
        .store()
        .purge_next(g.tenant(), false, 10, &mut 0)
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "no purge of this tenant is under way");
    assert_eq!(g.rows_of(g.tenant()).await?, before);
    Ok(())
}

async fn another_plan_than_the_present_one_is_refused_and_a_begun_one_goes_on(
    g: &Ground,
) -> Result<()> {
    g.furnish().await?;
    let store = g.store();
    g.close_tenant().await?;
    let old = g.request().await?;
    g.db.tamper("DELETE FROM quota_override").await?;
    let begin =
        async |request: &PurgeRequest| store.begin_purge(g.tenant(), g.areas(), request).await;
    let refused = begin(&old).await.unwrap_err().to_string();
    assert!(refused.contains("not the plan any more"), "{refused}");
    let new = PurgeRequest {
        without_export: false,
        ..g.request().await?
    };
    let refused = begin(&new).await.unwrap_err().to_string();
    assert!(refused.contains("not exported"), "{refused}");
    let at = store.now();
    let exported = ExportedTenant {
        objects: 4,
        byte_len: 40,
        manifest: "00".repeat(32),
        at,
    };
    store.record_tenant_export(g.tenant(), &exported).await?;
    begin(&new).await?;
    let refused = begin(&old).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("a purge has begun; go on with --plan {}", new.plan)
    );
    begin(&new).await?;
    Ok(())
}

async fn nothing_of_a_purged_tenant_is_left_and_its_log_verifies(g: &Ground) -> Result<()> {
    g.furnish().await?;
    let (neighbour, _) = another_tenant(g.store(), &g.seed).await?;
    g.close_tenant().await?;
    g.db.clock.advance(TimeDelta::minutes(5));
    let done = g.purge().await?;
    g.expect_gone(neighbour).await?;

    let operator = g.seed.operator();
    let view = g
        .store()
        .view_operator(&operator, Action::SystemChainRead)
        .await?;
    let key = view.system_chain(g.store()).await?.public_key;
    drop(view);
    let note = Note::parse(done.note.as_bytes()).unwrap();
    let keys = [VerifierKey::parse(&key).unwrap()];
    assert_eq!(note.verify(&keys).unwrap().len(), 1);
    let certificate = document(&done);
    assert_eq!(certificate["certificate"], CERTIFICATE);
    assert_eq!(certificate["tenant"], g.tenant().to_string());
    assert_eq!(certificate["reference"], "CASE-7");
    assert_eq!(certificate["objects"][0]["byteLen"], 40);
    assert_eq!(certificate["log"]["disclosuresLeft"], 0);
    let origin = certificate["log"]["origin"].as_str().unwrap();
    let checkpoint = certificate["log"]["checkpoint"].as_str().unwrap();
    assert!(checkpoint.starts_with(origin), "{checkpoint}");

    let raw = match g.db.kind() {
        Database::Sqlite => "CAST(raw AS TEXT)",
        Database::Postgres => "convert_from(raw, 'UTF8')",
    };
    let sql = format!(
        "SELECT {raw} FROM audit_entry WHERE tenant_id = '{}' AND action = 'tenant.purge'",
        TenantId::SYSTEM.uuid()
    );
    let entries: Vec<String> = g.db.look(&sql).await?.into_iter().flatten().collect();
    let root = certificate["log"]["root"].as_str().unwrap();
    assert!(
        entries.len() == 1 && entries[0].contains(root),
        "{entries:?}"
    );
    // What is left of the log can be pruned when its time has come.
    let request = PruneRequest {
        kind: PruneKind::Entries,
        days: None,
    };
    let plan = g.store().plan_prune(g.tenant(), request).await?;
    assert_eq!(plan.kind, PruneKind::Entries);
    assert!(matches!(
        g.store().tenant_named(&g.tenant().to_string()).await,
        Err(StoreError::NotFound(_))
    ));
    Ok(())
}

async fn an_export_has_every_row_and_no_secret(g: &Ground) -> Result<()> {
    g.furnish().await?;
    let mut rows: Vec<Row> = Vec::new();
    let take = |row: Row| -> Result<(), StoreError> {
        rows.push(row);
        Ok(())
    };
    g.store().export_tenant(g.tenant(), take).await?;
    let of = |table: &str| rows.iter().filter(|row| row.table == table).count();
    let counts: Vec<_> = tables().map(|table| (table, of(table))).collect();
    assert_eq!(
        counts,
        [
            ("tenant", 1),
            ("contacts", 1),
            ("members", 1),
            ("invitations", 1),
            ("api_keys", 2),
            ("files", 5),
            ("usage", 4),
            ("quota_overrides", 1),
        ]
    );
    let file = rows
        .iter()
        .find(|row| row.json["filename"] == "b.txt")
        .unwrap();
    assert_eq!(file.json["sha256"], "07".repeat(32));
    assert!(file.json["replaces"].as_str().unwrap().starts_with("fil_"));
    let text: Vec<String> = rows.iter().map(|row| row.json.to_string()).collect();
    for secret in ["mac", "token", "password", "hash", "argon2"] {
        assert!(text.iter().all(|row| !row.contains(secret)), "{secret}");
    }
    Ok(())
}

#[test]
fn every_table_that_goes_is_exported_or_says_why_not() {
    let exported: BTreeSet<&str> = tables().collect();
    let ruled = RULES.iter().filter_map(|(_, rule)| match rule {
        Rule::Delete(Exported::As(name)) => Some(*name),
        _ => None,
    });
    assert_eq!(ruled.collect::<BTreeSet<_>>(), exported);
}
