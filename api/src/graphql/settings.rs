//! What a tenant's people set, and how it is called.

use async_graphql::{Context, Enum, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::tenant;
use policy::Settings;
use store::tenant::{
    contact::TenantChange,
    settings::{SettingsChange, settings_of},
};

use super::{contact::ContactInput, context, payload::payload, tenant::Tenant};
use crate::{
    error::{Error, Failure},
    service,
};

/// One thing a tenant can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::SettingKey")]
pub enum TenantSettingKey {
    /// The time zone in which dashboards show times.
    TimeZone,
    /// The language of what is written to people.
    Locale,
    /// How long a signed link lives when nobody says for how long.
    LinkTtlSeconds,
    /// The longest life of an API key that is made from now on.
    ApiKeyMaxTtlDays,
    /// The domains of the addresses that may be invited.
    InvitationDomains,
}

/// What a tenant has set. A value that is null has not been set, and what its description says holds.
#[derive(Debug, Clone, SimpleObject)]
pub struct TenantSettings {
    /// Changes with every update; to be given back as `expectedVersion`.
    version: i32,
    /// The time zone in which dashboards show times, an IANA name; UTC when it is not set. The service itself counts
    /// in UTC.
    time_zone: String,
    /// The language of what is written to people, a BCP 47 tag; `en` when it is not set.
    locale: String,
    /// How many seconds a signed link lives when nobody says for how long; null for the lifetime of the file's type.
    link_ttl_seconds: Option<u32>,
    /// The longest life in days of an API key that is made from now on; null for no bound. Keys that are there keep
    /// theirs.
    api_key_max_ttl_days: Option<u32>,
    /// The domains of the addresses that may be invited; empty for any.
    invitation_domains: Vec<String>,
    /// The keys that are set; the others have their default.
    set: Vec<TenantSettingKey>,
    /// Every key there is.
    definitions: Vec<TenantSettingDefinition>,
}

/// What a key is for, and what it takes.
#[derive(Debug, Clone, SimpleObject)]
pub struct TenantSettingDefinition {
    /// The key.
    key: TenantSettingKey,
    /// Which values there are, in words.
    kind: &'static str,
    /// What holds when it is not set, in words.
    default_value: &'static str,
    /// What it is for, as one sentence.
    description: &'static str,
}

impl TenantSettings {
    pub(super) fn of(row: &tenant::Model) -> Result<Self, Error> {
        let settings = settings_of(row)?;
        let keys = policy::SettingKey::ALL.iter().copied();
        let set = keys.clone().filter(|key| settings.value(*key).is_some());
        let definitions = keys.map(|key| TenantSettingDefinition {
            key: key.into(),
            kind: key.kind(),
            default_value: key.default_value(),
            description: key.describe(),
        });
        Ok(Self {
            version: row.settings_version,
            time_zone: settings.time_zone().to_owned(),
            locale: settings.locale().to_owned(),
            link_ttl_seconds: settings.link_ttl_seconds,
            api_key_max_ttl_days: settings.api_key_max_ttl_days,
            set: set.map(TenantSettingKey::from).collect(),
            definitions: definitions.collect(),
            invitation_domains: settings.invitation_domains.unwrap_or_default(),
        })
    }
}

payload! {
    /// The tenant that was changed.
    TenantUpdatePayload, TenantUpdateUserError, TenantUpdateErrorCode {
        /// The tenant.
        tenant: Tenant,
    } refuses { Invalid, VersionMismatch }
}

payload! {
    /// The settings that were changed.
    TenantSettingsUpdatePayload, TenantSettingsUpdateUserError, TenantSettingsUpdateErrorCode {
        /// All settings as they are now.
        settings: TenantSettings,
    } refuses { Invalid, VersionMismatch }
}

/// What to change about the tenant; what is not given stays as it is.
#[derive(Debug, InputObject)]
pub struct TenantUpdateInput {
    /// The `version` that was read; with another one nothing is changed.
    expected_version: i32,
    /// Display name; 1 to 200 characters.
    name: Option<String>,
    /// Whom to write to; null removes the contact.
    contact: MaybeUndefined<ContactInput>,
    /// Whom to send invoices to; null removes the contact.
    billing_contact: MaybeUndefined<ContactInput>,
}

/// What to set; what is not given stays as it is.
#[derive(Debug, InputObject)]
pub struct TenantSettingsUpdateInput {
    /// The `version` of the settings that was read; with another one nothing is changed.
    expected_version: i32,
    /// An IANA name such as Europe/Berlin.
    time_zone: Option<String>,
    /// A BCP 47 tag such as de-CH.
    locale: Option<String>,
    /// 60 to 3600.
    link_ttl_seconds: Option<u32>,
    /// 1 to 3650.
    api_key_max_ttl_days: Option<u32>,
    /// Up to 50 domain names; an empty list admits any.
    invitation_domains: Option<Vec<String>>,
    /// Keys that get their default back.
    reset: Option<Vec<TenantSettingKey>>,
}

/// What the tenant's people change about it.
#[derive(Debug, Default, Clone, Copy)]
pub struct TenantMutation;

/// What the tenant's people change about it.
#[Object]
impl TenantMutation {
    /// Changes the name or the contacts of the active tenant. Needs role owner or admin, signed in as a person; API
    /// keys cannot.
    async fn tenant_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: TenantUpdateInput,
    ) -> Result<TenantUpdatePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let change = TenantChange {
            expected_version: input.expected_version,
            name: input.name,
            contact: removable(input.contact),
            billing_contact: removable(input.billing_contact),
        };
        let updated = service::tenant::update(&request.app, actor, change).await;
        TenantUpdatePayload::of(
            updated.map(|(row, event)| TenantUpdatePayload::done(Tenant::new(row), event)),
        )
    }

    /// Changes the settings of the active tenant. Needs role owner or admin, signed in as a person; API keys cannot.
    async fn tenant_settings_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to set.")] input: TenantSettingsUpdateInput,
    ) -> Result<TenantSettingsUpdatePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let reset = input.reset.unwrap_or_default();
        let change = SettingsChange {
            expected_version: input.expected_version,
            set: Settings {
                time_zone: input.time_zone,
                locale: input.locale,
                link_ttl_seconds: input.link_ttl_seconds,
                api_key_max_ttl_days: input.api_key_max_ttl_days,
                invitation_domains: input.invitation_domains,
            },
            reset: reset.into_iter().map(Into::into).collect(),
        };
        let updated = service::tenant::update_settings(&request.app, actor, change).await;
        let updated = updated.and_then(|(row, event)| Ok((TenantSettings::of(&row)?, event)));
        TenantSettingsUpdatePayload::of(
            updated.map(|(settings, event)| TenantSettingsUpdatePayload::done(settings, event)),
        )
    }
}

/// Not given, null, or a contact.
fn removable(
    contact: MaybeUndefined<ContactInput>,
) -> Option<Option<store::tenant::contact::Contact>> {
    match contact {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(contact) => Some(Some(contact.into())),
    }
}
