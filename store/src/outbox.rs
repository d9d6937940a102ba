//! From events to rows of the outbox: everything that can fail on its own happens before the insert.

use std::collections::BTreeMap;

use audit::{
    disclosure::disclose,
    entry::{ActorKind, Draft, Req, Target, Time},
    trim,
};
use chrono::{DateTime, Utc};
use entity::{EventId, TenantId, audit_outbox};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Map, Value};

use crate::{Event, Events, Principal, RequestContext, StoreError, conn::Conn, system::Duty};

/// Who the events are recorded for.
pub(crate) struct Author<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) principal: Principal,
    pub(crate) request: &'a RequestContext,
    pub(crate) email: Option<&'a str>,
    pub(crate) at: DateTime<Utc>,
}

/// A draft, serialised and checked.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) event_id: EventId,
    pub(crate) tenant: TenantId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) disclosures: String,
    at: DateTime<Utc>,
}

/// Makes the drafts of one commit.
pub(crate) fn drafts(events: Events, author: &Author<'_>) -> Result<Vec<Prepared>, StoreError> {
    events
        .into_vec()
        .into_iter()
        .map(|event| prepare(event, author))
        .collect()
}

/// A draft of the sequencer itself, for an event without personal fields.
pub(crate) fn draft_of(
    event: Event,
    tenant: TenantId,
    request: &RequestContext,
    at: Time,
) -> Result<Draft, StoreError> {
    let draft = Draft {
        tenant: tenant.uuid().to_string(),
        id: EventId::generate().uuid().to_string(),
        at,
        action: event.action.name().to_owned(),
        outcome: event.outcome,
        actor: actor(Principal::System(Duty::Sequencer)),
        targets: event.targets.into_iter().map(target).collect(),
        req: Req {
            id: request.id.to_string(),
            trace: request.trace.clone(),
        },
        sd: BTreeMap::new(),
        meta: event.meta,
        trim: None,
    };
    draft.validate().map_err(StoreError::internal)?;
    Ok(draft)
}

/// Makes the draft of one event.
pub(crate) fn prepare(event: Event, author: &Author<'_>) -> Result<Prepared, StoreError> {
    let event_id = EventId::generate();
    let trimmed = trim::trim(personal_fields(event.personal, author));
    let mut digests = BTreeMap::new();
    let mut lines = Vec::with_capacity(trimmed.values.len());
    for (field, value) in &trimmed.values {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(StoreError::internal)?;
        let disclosure = disclose(salt, field, value).map_err(StoreError::internal)?;
        digests.insert(field.clone(), disclosure.digest);
        lines.push(format!("{field} {}", disclosure.text));
    }
    let draft = Draft {
        tenant: author.tenant.uuid().to_string(),
        id: event_id.uuid().to_string(),
        at: time(author.at)?,
        action: event.action.name().to_owned(),
        outcome: event.outcome,
        actor: actor(author.principal),
        targets: event.targets.into_iter().map(target).collect(),
        req: Req {
            id: author.request.id.to_string(),
            trace: author.request.trace.clone(),
        },
        sd: digests,
        meta: event.meta,
        trim: trimmed.trim,
    };
    draft.validate().map_err(StoreError::internal)?;
    Ok(Prepared {
        event_id,
        tenant: author.tenant,
        bytes: draft.to_bytes(),
        disclosures: lines.join("\n"),
        at: author.at,
    })
}

fn personal_fields(extra: Map<String, Value>, author: &Author<'_>) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    if !extra.is_empty() {
        fields.insert("extra".to_owned(), Value::Object(extra));
    }
    let request = author.request;
    let of_actor = [
        ("actor.email", author.email.map(str::to_owned)),
        ("actor.ip", request.ip.map(|ip| ip.to_string())),
        ("actor.ua", request.user_agent.clone()),
    ];
    for (field, value) in of_actor {
        if let Some(value) = value {
            fields.insert(field.to_owned(), Value::String(value));
        }
    }
    fields
}

/// A principal as the log names it.
fn actor(principal: Principal) -> audit::entry::Actor {
    let (kind, id) = match principal {
        Principal::User(_) | Principal::Person(_) => {
            (ActorKind::User, principal.uuid().to_string())
        }
        Principal::ApiKey(id) => (ActorKind::ApiKey, id.uuid().to_string()),
        Principal::Operator(id) => (ActorKind::Operator, id.uuid().to_string()),
        Principal::System(duty) => (ActorKind::System, duty.as_str().to_owned()),
        Principal::Anonymous => (ActorKind::Anonymous, "anonymous".to_owned()),
    };
    audit::entry::Actor { kind, id }
}

fn target((kind, id): (&'static str, uuid::Uuid)) -> Target {
    Target {
        kind: kind.to_owned(),
        id: id.to_string(),
    }
}

/// A time as the log has it.
pub(crate) fn time(at: DateTime<Utc>) -> Result<Time, StoreError> {
    Time::from_micros(at.timestamp_micros()).map_err(StoreError::internal)
}

/// Writes the drafts in one statement. The table has no constraint that could refuse them.
pub(crate) async fn insert<'a>(
    conn: &Conn,
    drafts: impl IntoIterator<Item = &'a Prepared>,
) -> Result<(), StoreError> {
    let rows = drafts.into_iter().map(|draft| audit_outbox::ActiveModel {
        tenant_id: Set(draft.tenant),
        event_id: Set(draft.event_id),
        draft: Set(draft.bytes.clone()),
        disclosures: Set(draft.disclosures.clone()),
        created_at: Set(draft.at),
        ..Default::default()
    });
    audit_outbox::Entity::insert_many(rows)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}
