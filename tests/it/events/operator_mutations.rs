//! A case of every mutation of the operators' schema, in an order in which all succeed.

use entity::TenantId;
use serde_json::{Value, json};
use tests::{
    App, Client,
    client::{mutation, text},
};

use super::Done;

const EVENT: &str = "auditEvent { id }";

/// Performs every mutation once.
pub(crate) async fn all(app: &App) -> anyhow::Result<Vec<Done>> {
    let first = &app.first_run;
    let input = json!({ "email": first.operator_email, "password": first.operator_password });
    let signed_in = act(&app.anonymous(), "operatorLogin", input, "token").await?;
    let operator = app.client(&text(&signed_in, "/token")?);
    let system = (TenantId::SYSTEM, "operator.login", "operator");
    let mut done = vec![Done::new("operatorLogin", &signed_in, system)?];
    let input = json!({
        "slug": "second", "name": "Second", "tier": "FREE", "ownerEmail": "second@example.com",
        "ownerPassword": "long enough to be one",
    });
    let created = act(&operator, "tenantCreate", input, "tenant { id }").await?;
    let id = text(&created, "/tenant/id")?;
    let tenant: TenantId = id.parse()?;
    done.push(Done::new(
        "tenantCreate",
        &created,
        (tenant, "tenant.create", "operator"),
    )?);
    for (mutation, action) in [
        ("tenantActivate", "tenant.activate"),
        ("tenantSuspend", "tenant.suspend"),
        ("tenantRestore", "tenant.restore"),
    ] {
        let input = json!({ "tenantId": id, "reason": "as the test says" });
        let moved = act(&operator, mutation, input, "tenant { status }").await?;
        done.push(Done::new(mutation, &moved, (tenant, action, "operator"))?);
    }
    done.extend(limits(&operator, tenant).await?);
    for (mutation, action) in [
        ("tenantSuspend", "tenant.suspend"),
        ("tenantDeactivate", "tenant.deactivate"),
    ] {
        let input = json!({ "tenantId": id, "reason": "it has left" });
        let moved = act(&operator, mutation, input, "tenant { status }").await?;
        if mutation == "tenantDeactivate" {
            done.push(Done::new(mutation, &moved, (tenant, action, "operator"))?);
        }
    }
    let selection = "key { number publicKey retires }";
    let input = json!({ "tenantId": id });
    let rotated = act(&operator, "auditKeyRotate", input, selection).await?;
    done.push(Done::new(
        "auditKeyRotate",
        &rotated,
        (tenant, "audit.key", "operator"),
    )?);
    let query = "mutation { operatorLogout { auditEvent { id } userErrors { code } } }";
    let left = operator.operator_data(query, json!({})).await?;
    let system = (TenantId::SYSTEM, "operator.logout", "operator");
    done.push(Done::new(
        "operatorLogout",
        &left["operatorLogout"],
        system,
    )?);
    let again = operator.operator_data(query, json!({})).await;
    anyhow::ensure!(again.is_err(), "a session that has ended goes on");
    Ok(done)
}

/// What changes limits.
async fn limits(operator: &Client, tenant: TenantId) -> anyhow::Result<Vec<Done>> {
    let id = tenant.to_string();
    let input = json!({ "tenantId": id, "tier": "BASIC", "reason": "it has paid" });
    let tiered = act(operator, "tenantTierChange", input, "tenant { tier }").await?;
    let input = json!({ "tenantId": id, "metric": "USERS", "limit": "7", "reason": "as agreed" });
    let set = act(
        operator,
        "quotaOverrideSet",
        input,
        "quota { limit isOverride }",
    )
    .await?;
    anyhow::ensure!(
        set["quota"] == json!({ "limit": "7", "isOverride": true }),
        "{set}"
    );
    let input = json!({ "tenantId": id, "metric": "USERS" });
    let cleared = act(
        operator,
        "quotaOverrideClear",
        input,
        "quota { limit isOverride }",
    )
    .await?;
    anyhow::ensure!(
        cleared["quota"] == json!({ "limit": "10", "isOverride": false }),
        "{cleared}"
    );
    [
        ("tenantTierChange", "tenant.tier_change", tiered),
        ("quotaOverrideSet", "quota.override_set", set),
        ("quotaOverrideClear", "quota.override_clear", cleared),
    ]
    .into_iter()
    .map(|(mutation, action, payload)| Done::new(mutation, &payload, (tenant, action, "operator")))
    .collect()
}

async fn act(
    operator: &Client,
    field: &str,
    input: Value,
    selection: &str,
) -> anyhow::Result<Value> {
    let (query, variables) = mutation(field, input, &format!("{selection} {EVENT}"));
    let data = operator.operator_data(&query, variables).await?;
    anyhow::ensure!(data[field]["userErrors"] == json!([]), "{field}: {data}");
    Ok(data[field].clone())
}
