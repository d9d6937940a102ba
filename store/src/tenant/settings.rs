//! What a tenant's people have set; which keys there are, [`policy::Settings`] says.

use entity::tenant;
use policy::{Action, SettingKey, Settings};
use sea_orm::ConnectionTrait;

use super::contact::version_moved;
use crate::{
    Actor, Receipt, Store, StoreError,
    event::{
        SettingsUpdated,
        class::{Personal, Public, Target},
    },
    tx::Scope,
};

/// The settings of a row.
///
/// # Errors
/// [`StoreError::Internal`] when the row holds something else.
pub fn settings_of(tenant: &tenant::Model) -> Result<Settings, StoreError> {
    serde_json::from_str(&tenant.settings).map_err(StoreError::internal)
}

/// What changes about the settings.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// The version that was read.
    pub expected_version: i32,
    /// What is set; what is `None` stays as it is.
    pub set: Settings,
    /// What is taken back to its default.
    pub reset: Vec<SettingKey>,
}

impl SettingsChange {
    fn apply(&self, settings: &mut Settings) {
        let Settings {
            time_zone,
            locale,
            link_ttl_seconds,
            api_key_max_ttl_days,
            invitation_domains,
        } = self.set.clone();
        put(&mut settings.time_zone, time_zone);
        put(&mut settings.locale, locale);
        put(&mut settings.link_ttl_seconds, link_ttl_seconds);
        put(&mut settings.api_key_max_ttl_days, api_key_max_ttl_days);
        let domains = invitation_domains.map(normal_domains);
        put(&mut settings.invitation_domains, domains);
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *place = value;
    }
}

fn normal_domains(domains: Vec<String>) -> Vec<String> {
    let mut domains: Vec<String> = domains
        .iter()
        .map(|domain| domain.trim().to_ascii_lowercase())
        .collect();
    domains.sort();
    domains.dedup();
    domains
}

impl Store {
    /// Changes the settings of the actor's tenant.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] naming the key; [`StoreError::Conflict`] when another version is there.
    pub async fn update_settings(
        &self,
        actor: &Actor,
        change: SettingsChange,
    ) -> Result<(tenant::Model, Receipt), StoreError> {
        let tx = self.begin(actor, Action::SettingsUpdate).await?;
        let before = tx.lock_tenant().await?;
        if before.settings_version != change.expected_version {
            return Err(version_moved(before.settings_version));
        }
        let old = settings_of(&before)?;
        let mut new = old.clone();
        change.apply(&mut new);
        for key in &change.reset {
            new.reset(*key);
        }
        new.check()
            .map_err(|problem| StoreError::invalid(problem.key.as_str(), problem.to_string()))?;
        let keys: Vec<SettingKey> = new.differing(&old).collect();
        let values = keys.iter().map(|key| {
            let value = new.value(*key);
            format!("{key}={}", value.as_deref().unwrap_or("default"))
        });
        let event = SettingsUpdated {
            tenant: Target(before.id),
            changed: Public(keys.iter().map(|key| key.as_str()).collect::<Vec<_>>()),
            version: Public((before.settings_version + 1).into()),
            values: Personal(values.collect::<Vec<_>>()),
        };
        let after = tenant::Model {
            settings: serde_json::to_string(&new).map_err(StoreError::internal)?,
            settings_version: before.settings_version + 1,
            ..before
        };
        let statement = tx.conn().sql(
            "UPDATE tenant SET settings = $1, settings_version = $2 WHERE id = $3",
            [
                after.settings.clone().into(),
                after.settings_version.into(),
                after.id.into(),
            ],
        );
        tx.conn().execute_raw(statement).await?;
        let receipt = tx.commit(event).await?;
        Ok((after, receipt))
    }
}

impl Scope {
    /// What the tenant has set.
    ///
    /// # Errors
    /// As the database says.
    pub async fn settings(&self) -> Result<Settings, StoreError> {
        settings_of(&self.tenant_record().await?)
    }
}
