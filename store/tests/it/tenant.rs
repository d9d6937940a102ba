//! A tenant's steps, limits, contacts and settings.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use policy::{Action, QuotaMetric, Scopes, SettingKey, Settings, TenantStatus, TenantStep, Tier};
use store::{
    ConflictCode, StoreError,
    api_key::NewApiKey,
    quota::QuotaRow,
    tenant::{
        contact::{Address, Contact, TenantChange},
        life::NewStep,
        settings::SettingsChange,
    },
};
use tokio::task::JoinSet;

use crate::ground::{Ground, on_both};

on_both!(
    steps_are_taken_from_their_state_only_and_the_refusal_names_the_present_one,
    one_of_many_steps_at_once_is_taken,
    a_closed_tenant_is_kept_for_its_retention_and_refuses_everything,
    limits_follow_the_tier_except_those_of_the_tenants_own,
    a_limit_below_what_is_used_takes_nothing_and_accepts_nothing,
    a_period_that_begins_later_has_the_tenants_own_limit,
    contacts_are_held_to_their_form_and_to_the_version_that_was_read,
    settings_are_held_to_their_keys_and_bound_what_they_are_about,
    entries_of_operators_say_no_more_than_they_must,
);

fn message<T: std::fmt::Debug>(result: Result<T, StoreError>) -> (Option<ConflictCode>, String) {
    let error = result.unwrap_err();
    let code = match &error {
        StoreError::Conflict { code, .. } => Some(*code),
        _ => None,
    };
    (code, error.to_string())
}

impl Ground {
    async fn step(&self, step: TenantStep) -> Result<TenantStatus, StoreError> {
        let operator = self.seed.operator();
        let (tenant, _) = self
            .store()
            .step_tenant(&operator, step, self.tenant())
            .await?;
        Ok(tenant.status.0)
    }

    async fn limit_users(&self, limit: i64) -> Result<QuotaRow, StoreError> {
        let (operator, metric) = (self.seed.operator(), QuotaMetric::Users);
        let reason = "as agreed".to_owned();
        let set = self
            .store()
            .set_quota_override(&operator, self.tenant(), metric, limit, reason);
        Ok(set.await?.0)
    }

    async fn tier(&self, tier: Tier) -> Result<(), StoreError> {
        let operator = self.seed.operator();
        let reason = "as agreed".to_owned();
        let store = self.store();
        store
            .change_tier(&operator, self.tenant(), tier, reason)
            .await?;
        Ok(())
    }
}

async fn steps_are_taken_from_their_state_only_and_the_refusal_names_the_present_one(
    g: &Ground,
) -> Result<()> {
    let walk = [
        TenantStep::Suspend,
        TenantStep::Restore,
        TenantStep::Suspend,
        TenantStep::Deactivate,
    ];
    let mut at = TenantStatus::Active;
    for taken in walk {
        for step in TenantStep::ALL {
            if at.after(*step).is_none() {
                let (from, _) = step.ends();
                let expected = format!("the tenant is {at}; to {step} takes one that is {from}");
                let refused = message(g.step(*step).await);
                assert_eq!(refused, (Some(ConflictCode::InvalidState), expected));
            }
        }
        let next = at.after(taken).unwrap();
        at = g.step(taken).await?;
        assert_eq!(at, next);
    }
    let refused = message(g.step(TenantStep::Restore).await).1;
    assert_eq!(
        refused,
        "the tenant is deactivated; to restore takes one that is suspended"
    );
    Ok(())
}

async fn one_of_many_steps_at_once_is_taken(g: &Ground) -> Result<()> {
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (store, operator, tenant) = (g.store().clone(), g.seed.operator(), g.tenant());
        tasks.spawn(async move {
            store
                .step_tenant(&operator, TenantStep::Suspend, tenant)
                .await
        });
    }
    let taken = tasks
        .join_all()
        .await
        .into_iter()
        .filter(Result::is_ok)
        .count();
    assert_eq!(taken, 1);
    Ok(())
}

async fn a_closed_tenant_is_kept_for_its_retention_and_refuses_everything(
    g: &Ground,
) -> Result<()> {
    g.step(TenantStep::Suspend).await?;
    let new = NewStep {
        step: TenantStep::Deactivate,
        reason: Some("it has left".to_owned()),
        retention: Duration::from_secs(86_400),
    };
    let operator = g.seed.operator();
    let (tenant, _) = g.store().step_tenant(&operator, new, g.tenant()).await?;
    assert_eq!(tenant.deactivated_at, Some(g.store().now()));
    assert_eq!(
        tenant.purge_after,
        Some(g.store().now() + TimeDelta::days(1))
    );
    let refused = message(g.tier(Tier::Free).await);
    assert_eq!(refused.0, Some(ConflictCode::InvalidState));
    assert_eq!(
        refused.1,
        "the tenant is deactivated; nothing about it changes any more"
    );
    assert_eq!(message(g.limit_users(1).await), refused);
    let refused = g.store().snapshot(&g.owner()).await;
    assert!(matches!(refused, Err(StoreError::TenantSuspended)));
    Ok(())
}

async fn limits_follow_the_tier_except_those_of_the_tenants_own(g: &Ground) -> Result<()> {
    assert_eq!(g.limit_users(42).await?.limit, 42);
    g.tier(Tier::Free).await?;
    let users = g.quota(QuotaMetric::Users).await?;
    assert_eq!(
        (users.limit, users.tier_limit, users.is_override),
        (42, 3, true)
    );
    let storage = g.quota(QuotaMetric::StorageBytes).await?;
    assert_eq!((storage.limit, storage.is_override), (1 << 30, false));
    let operator = g.seed.operator();
    let clear = || {
        let (store, metric) = (g.store(), QuotaMetric::Users);
        store.clear_quota_override(&operator, g.tenant(), metric, None)
    };
    let (users, _) = clear().await?;
    assert_eq!((users.limit, users.is_override), (3, false));
    assert_eq!(
        message(clear().await).1,
        "USERS has the limit of the tier already"
    );
    assert_eq!(
        message(g.tier(Tier::Free).await).1,
        "the tenant is on the tier free already"
    );
    assert_eq!(
        message(g.limit_users(-1).await).1,
        "limit must not be below zero"
    );
    Ok(())
}

async fn a_limit_below_what_is_used_takes_nothing_and_accepts_nothing(g: &Ground) -> Result<()> {
    let lowered = g.limit_users(0).await?;
    assert_eq!((lowered.limit, lowered.used, lowered.available), (0, 1, 0));
    let owner = g.owner();
    let invited = g
        .store()
        .create_invitation(&owner, "ana@example.com", policy::Role::Viewer);
    assert!(matches!(
        invited.await,
        Err(StoreError::QuotaExceeded {
            limit: 0,
            available: 0,
            ..
        })
    ));
    Ok(())
}

async fn a_period_that_begins_later_has_the_tenants_own_limit(g: &Ground) -> Result<()> {
    let (operator, metric) = (g.seed.operator(), QuotaMetric::ApiCalls);
    let reason = "as agreed".to_owned();
    let set = g
        .store()
        .set_quota_override(&operator, g.tenant(), metric, 77, reason);
    assert_eq!(set.await?.0.limit, 77);
    g.db.clock.advance(TimeDelta::days(40));
    assert_eq!(g.quota(metric).await?.limit, 77);
    let balance = g.store().api_call_balance(g.tenant()).await?;
    assert_eq!(balance.limit, 77);
    let calls = store::quota::ApiCalls {
        tenant: g.tenant(),
        period_start: balance.period_start,
        calls: 5,
    };
    g.store().add_api_calls(&[calls]).await?;
    let stored = g.quota(metric).await?;
    assert_eq!((stored.limit, stored.used), (77, 5));
    Ok(())
}

fn contact(email: &str, country: &str) -> Contact {
    Contact {
        name: " Accounts ".to_owned(),
        email: email.to_owned(),
        phone: Some("+41 44 123 45 67".to_owned()),
        company: None,
        tax_number: Some("CHE-123.456.789".to_owned()),
        address: Some(Address {
            line1: "Street 1".to_owned(),
            line2: None,
            postal_code: Some("8000".to_owned()),
            city: "Zürich".to_owned(),
            region: None,
            country: country.to_owned(),
        }),
    }
}

async fn contacts_are_held_to_their_form_and_to_the_version_that_was_read(
    g: &Ground,
) -> Result<()> {
    let change = |contact: Contact| TenantChange {
        expected_version: 1,
        name: Some("New name".to_owned()),
        billing_contact: Some(Some(contact)),
        ..TenantChange::default()
    };
    let update = async |change: TenantChange| g.store().update_tenant(&g.owner(), change).await;
    for (wrong, field) in [
        (contact("nobody", "CH"), "billingContact.email"),
        (contact("a@b", "CH"), "billingContact.email"),
        (
            contact("a@b.ch", "Switzerland"),
            "billingContact.address.country",
        ),
        (
            Contact {
                name: " ".to_owned(),
                ..contact("a@b.ch", "CH")
            },
            "billingContact.name",
        ),
        (
            Contact {
                phone: Some("call me".to_owned()),
                ..contact("a@b.ch", "CH")
            },
            "billingContact.phone",
        ),
    ] {
        let refused = update(change(wrong)).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Invalid { field: named, .. } if *named == field),
            "{refused:?}"
        );
    }
    let (tenant, _) = update(change(contact("Accounts@Example.com", "ch"))).await?;
    assert_eq!((tenant.name.as_str(), tenant.version), ("New name", 2));
    let refused = message(update(change(contact("a@b.ch", "CH"))).await);
    assert_eq!(refused.0, Some(ConflictCode::VersionMismatch));
    let snapshot = g.store().snapshot(&g.owner()).await?;
    let contacts = snapshot.view(Action::ContactRead)?.contacts().await?;
    let billing = contacts.billing.unwrap();
    assert_eq!(
        (billing.name.as_str(), billing.email.as_str()),
        ("Accounts", "accounts@example.com")
    );
    assert_eq!(billing.address.unwrap().country, "CH");
    assert!(contacts.general.is_none());
    drop(snapshot);
    let removal = TenantChange {
        expected_version: 2,
        billing_contact: Some(None),
        ..TenantChange::default()
    };
    update(removal).await?;
    let snapshot = g.store().snapshot(&g.owner()).await?;
    let contacts = snapshot.view(Action::ContactRead)?.contacts().await?;
    assert!(contacts.billing.is_none());
    Ok(())
}

async fn settings_are_held_to_their_keys_and_bound_what_they_are_about(g: &Ground) -> Result<()> {
    let set = async |expected_version: i32, set: Settings| {
        let change = SettingsChange {
            expected_version,
            set,
            reset: Vec::new(),
        };
        g.store().update_settings(&g.owner(), change).await
    };
    let wrong = Settings {
        api_key_max_ttl_days: Some(0),
        ..Settings::default()
    };
    let refused = set(1, wrong).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Invalid {
            field: "apiKeyMaxTtlDays",
            ..
        }
    ));
    let bound = Settings {
        api_key_max_ttl_days: Some(10),
        invitation_domains: Some(vec!["Example.org ".to_owned()]),
        ..Settings::default()
    };
    let (tenant, _) = set(1, bound).await?;
    assert_eq!(
        tenant.settings,
        r#"{"apiKeyMaxTtlDays":10,"invitationDomains":["example.org"]}"#
    );
    assert_eq!(
        message(set(1, Settings::default()).await).0,
        Some(ConflictCode::VersionMismatch)
    );

    let key = |expires_at| NewApiKey {
        name: "short".to_owned(),
        scopes: Scopes::all(),
        expires_at,
        cidrs: Vec::new(),
    };
    let made = g.store().create_api_key(&g.owner(), key(None)).await?;
    assert_eq!(made.key.expires_at, g.store().now() + TimeDelta::days(10));
    let late = Some(g.store().now() + TimeDelta::days(11));
    let refused = g
        .store()
        .create_api_key(&g.owner(), key(late))
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Invalid {
            field: "expiresAt",
            ..
        }
    ));
    let invite = |email: &'static str| {
        let owner = g.owner();
        async move {
            g.store()
                .create_invitation(&owner, email, policy::Role::Viewer)
                .await
        }
    };
    assert!(matches!(
        invite("a@example.com").await,
        Err(StoreError::Invalid { field: "email", .. })
    ));
    invite("a@example.org").await?;

    let change = SettingsChange {
        expected_version: 2,
        set: Settings::default(),
        reset: vec![SettingKey::InvitationDomains],
    };
    let (tenant, _) = g.store().update_settings(&g.owner(), change).await?;
    assert_eq!(
        (tenant.settings.as_str(), tenant.settings_version),
        (r#"{"apiKeyMaxTtlDays":10}"#, 3)
    );
    invite("a@example.com").await?;
    Ok(())
}

async fn entries_of_operators_say_no_more_than_they_must(g: &Ground) -> Result<()> {
    g.limit_users(42).await?;
    g.tier(Tier::Free).await?;
    let change = TenantChange {
        expected_version: 1,
        contact: Some(Some(contact("somebody@example.net", "CH"))),
        ..TenantChange::default()
    };
    g.store().update_tenant(&g.owner(), change).await?;
    g.db.sequence_all().await?;
    let raw = match g.db.kind() {
        store::testing::Database::Sqlite => "CAST(raw AS TEXT)",
        store::testing::Database::Postgres => "convert_from(raw, 'UTF8')",
    };
    let sql = format!(
        "SELECT {raw} FROM audit_entry WHERE tenant_id = '{}'",
        g.tenant().uuid()
    );
    let raws: Vec<String> = g.db.look(&sql).await?.into_iter().flatten().collect();
    let of = |action: &str| raws.iter().filter(|raw| raw.contains(action)).count();
    assert_eq!(
        (
            of("quota.override_set"),
            of("tenant.tier_change"),
            of("tenant.update")
        ),
        (1, 1, 1)
    );
    for personal in [
        "operator@example.com",
        "as agreed",
        "somebody@example.net",
        "Accounts",
    ] {
        assert!(raws.iter().all(|raw| !raw.contains(personal)), "{personal}");
    }
    Ok(())
}
