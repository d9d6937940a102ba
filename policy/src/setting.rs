//! What a tenant's owner or admin can set, and what holds when nothing is set.
//!
//! The set of keys is closed. A value that is not set has the default of its key; [`Settings::check`] is the only
//! place that says which values there are.

use serde::{Deserialize, Serialize};

use crate::limit::{LINK_TTL_SECONDS, SETTING_DOMAINS_MAX};
use crate::text::text_enum;

/// Declares the keys: the doc of each is also what [`SettingKey::describe`] answers.
macro_rules! setting_keys {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $kind:literal, $default:literal;)+) => {
        text_enum! {
            /// One thing a tenant can set.
            pub enum SettingKey: "setting" {
                $($(#[doc = $doc])+ $variant = $name,)+
            }
        }

        impl SettingKey {
            /// What it is for, as one sentence.
            pub const fn describe(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Which values there are, in words.
            pub const fn kind(self) -> &'static str {
                match self { $(Self::$variant => $kind,)+ }
            }

            /// What holds when it is not set, in words.
            pub const fn default_value(self) -> &'static str {
                match self { $(Self::$variant => $default,)+ }
            }
        }
    };
}

setting_keys! {
    /// The time zone in which dashboards show times; the service itself counts in UTC.
    TimeZone = "timeZone", "IANA name such as Europe/Berlin", "UTC";
    /// The language of what is written to people.
    Locale = "locale", "BCP 47 tag such as de-CH", "en";
    /// How long a signed link lives when nobody says for how long.
    LinkTtlSeconds = "linkTtlSeconds", "seconds, 60 to 3600", "the lifetime of the file's type";
    /// The longest life of an API key that is made from now on; keys that are there keep theirs.
    ApiKeyMaxTtlDays = "apiKeyMaxTtlDays", "days, 1 to 3650", "no bound";
    /// The domains of the addresses that may be invited.
    InvitationDomains = "invitationDomains", "up to 50 domain names", "any";
}

/// The settings of one tenant. Nothing is set by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// [`SettingKey::TimeZone`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// [`SettingKey::Locale`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// [`SettingKey::LinkTtlSeconds`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_ttl_seconds: Option<u32>,
    /// [`SettingKey::ApiKeyMaxTtlDays`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_max_ttl_days: Option<u32>,
    /// [`SettingKey::InvitationDomains`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation_domains: Option<Vec<String>>,
}

/// A value that is none of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{key} must be {kind}", kind = .key.kind())]
pub struct SettingProblem {
    /// The key.
    pub key: SettingKey,
}

impl Settings {
    /// The time zone in force.
    pub fn time_zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or("UTC")
    }

    /// The language in force.
    pub fn locale(&self) -> &str {
        self.locale.as_deref().unwrap_or("en")
    }

    /// Whether somebody with that address may be invited; the address is in lower case.
    pub fn admits(&self, email: &str) -> bool {
        let Some(domains) = &self.invitation_domains else {
            return true;
        };
        let domain = email.rsplit_once('@').map(|(_, domain)| domain);
        domains.is_empty() || domain.is_some_and(|domain| domains.iter().any(|own| own == domain))
    }

    /// Whether every value is one of its key.
    pub fn check(&self) -> Result<(), SettingProblem> {
        let problem = |key: SettingKey, good: bool| match good {
            true => Ok(()),
            false => Err(SettingProblem { key }),
        };
        let good = |text: &Option<String>, rule: fn(&str) -> bool| text.as_deref().is_none_or(rule);
        problem(SettingKey::TimeZone, good(&self.time_zone, is_time_zone))?;
        problem(SettingKey::Locale, good(&self.locale, is_locale))?;
        let link = self.link_ttl_seconds;
        let link = link.is_none_or(|seconds| LINK_TTL_SECONDS.contains(&seconds));
        problem(SettingKey::LinkTtlSeconds, link)?;
        let days = self.api_key_max_ttl_days;
        let days = days.is_none_or(|days| (1..=3_650).contains(&days));
        problem(SettingKey::ApiKeyMaxTtlDays, days)?;
        let domains = self.invitation_domains.as_deref().unwrap_or_default();
        let domains =
            domains.len() <= SETTING_DOMAINS_MAX && domains.iter().all(|name| is_domain(name));
        problem(SettingKey::InvitationDomains, domains)
    }

    /// These settings without that one.
    pub fn reset(&mut self, key: SettingKey) {
        match key {
            SettingKey::TimeZone => self.time_zone = None,
            SettingKey::Locale => self.locale = None,
            SettingKey::LinkTtlSeconds => self.link_ttl_seconds = None,
            SettingKey::ApiKeyMaxTtlDays => self.api_key_max_ttl_days = None,
            SettingKey::InvitationDomains => self.invitation_domains = None,
        }
    }

    /// The value of a key as text; `None` when it is not set.
    pub fn value(&self, key: SettingKey) -> Option<String> {
        match key {
            SettingKey::TimeZone => self.time_zone.clone(),
            SettingKey::Locale => self.locale.clone(),
            SettingKey::LinkTtlSeconds => self.link_ttl_seconds.map(|n| n.to_string()),
            SettingKey::ApiKeyMaxTtlDays => self.api_key_max_ttl_days.map(|n| n.to_string()),
            SettingKey::InvitationDomains => {
                self.invitation_domains.as_ref().map(|list| list.join(" "))
            }
        }
    }

    /// The keys whose values differ between these and `other`.
    pub fn differing(&self, other: &Self) -> impl Iterator<Item = SettingKey> {
        let keys = SettingKey::ALL.iter().copied();
        keys.filter(|key| self.value(*key) != other.value(*key))
    }
}

/// The form of a name in the IANA database; which names that has changes every year, so it is not asked.
fn is_time_zone(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-_".contains(&b))
    };
    text.len() <= 64 && text.split('/').count() <= 3 && text.split('/').all(part)
}

fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let rest = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    is_language && text.len() <= 35 && parts.all(rest)
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}
