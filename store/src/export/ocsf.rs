//! Entries as events of the Open Cybersecurity Schema Framework, version 1.5.
//!
//! Signing in and out is Authentication (3002); tenants, members, invitations, keys and operators are Entity
//! Management (3004); everything else is API Activity (6003). The entry itself goes along as `raw_data` with its
//! SHA-256, so that an event can be compared with the log; the hash that the tree has is in `unmapped.leaf`.

use audit::{
    entry::{ActorKind, Outcome},
    hash::Hash,
};
use serde_json::{Map, Value, json};

use super::lines::Line;

const VERSION: &str = "1.5.0";
const SHA256: u8 = 3;
/// Of a member that a class demands and personal data would fill.
const UNDISCLOSED: &str = "undisclosed";

/// A class of the schema and what was done in its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// 1 logon, 2 logoff.
    Authentication(u64),
    /// 1 create, 2 read, 3 update, 4 delete, and what else the class knows.
    EntityManagement(u64),
    /// 1 create, 2 read, 3 update, 4 delete, 99 other.
    ApiActivity(u64),
}

const CREATE: u64 = 1;
const READ: u64 = 2;
const UPDATE: u64 = 3;
const DELETE: u64 = 4;
const OTHER: u64 = 99;

impl Class {
    fn of(action: &str) -> Self {
        let (noun, verb) = action.rsplit_once('.').unwrap_or(("", action));
        match (noun, verb) {
            ("session" | "operator", "login") => Self::Authentication(1),
            ("session" | "operator", "logout") => Self::Authentication(2),
            ("tenant", "suspend") => Self::EntityManagement(12),
            ("tenant", "restore") => Self::EntityManagement(13),
            ("tenant", "activate") => Self::EntityManagement(10),
            ("tenant" | "member" | "invitation" | "api_key" | "operator", verb) => {
                Self::EntityManagement(match verb {
                    "create" | "invite" | "accept" => CREATE,
                    "read" | "list" => READ,
                    "revoke" | "remove" => DELETE,
                    _ => UPDATE,
                })
            }
            (_, "create" | "upload" | "upload_create" | "genesis") => Self::ApiActivity(CREATE),
            (_, "read" | "list" | "verify" | "export") => Self::ApiActivity(READ),
            (_, "trash" | "restore" | "upload_complete" | "ready" | "rotate") => {
                Self::ApiActivity(UPDATE)
            }
            (_, "purge" | "delete" | "reject" | "upload_expire" | "trash_expire") => {
                Self::ApiActivity(DELETE)
            }
            _ => Self::ApiActivity(OTHER),
        }
    }

    fn numbers(self) -> (u64, u64, u64) {
        match self {
            Self::Authentication(activity) => (3, 3002, activity),
            Self::EntityManagement(activity) => (3, 3004, activity),
            Self::ApiActivity(activity) => (6, 6003, activity),
        }
    }
}

/// The event of an entry of the log `origin`.
pub(super) fn event(line: &Line<'_>, origin: &str) -> Value {
    let entry = &line.entry;
    let class = Class::of(entry.action);
    let (category, class_uid, activity) = class.numbers();
    let (status, severity) = status(entry.outcome);
    let mut event = json!({
        "activity_id": activity,
        "category_uid": category,
        "class_uid": class_uid,
        "type_uid": class_uid * 100 + activity,
        "severity_id": severity,
        "status_id": status,
        "status_detail": entry.outcome.as_str(),
        "time": entry.at.as_micros() / 1000,
        "message": entry.action,
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "Strongroom",
                "vendor_name": "Strongroom",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "uid": entry.id,
            "sequence": entry.seq,
            "event_code": entry.action,
            "log_name": origin,
            "logged_time": entry.ts.as_micros() / 1000,
            "correlation_uid": entry.req.id,
            "tenant_uid": entry.tenant,
        },
        "actor": { "user": user(line) },
        "src_endpoint": src_endpoint(line),
        "raw_data": line.raw,
        "raw_data_hash": {
            "algorithm_id": SHA256,
            "algorithm": "SHA-256",
            "value": Hash::of(line.raw.as_bytes()).to_hex(),
        },
        "unmapped": unmapped(line),
    });
    if let Value::Object(members) = &mut event {
        members.extend(of_class(class, line));
        if let Some(agent) = disclosed(line, "actor.ua") {
            members.insert("http_request".to_owned(), json!({ "user_agent": agent }));
        }
    }
    event
}

/// The members that a class has and others have not.
fn of_class(class: Class, line: &Line<'_>) -> Map<String, Value> {
    let entry = &line.entry;
    let resources: Vec<Value> = entry
        .targets
        .map(|target| json!({ "type": target.kind, "uid": target.id }))
        .collect();
    let of_class = match class {
        Class::Authentication(_) => json!({ "user": user(line) }),
        Class::EntityManagement(_) => {
            let itself = || json!({ "type": "tenant", "uid": entry.tenant });
            json!({ "entity": resources.into_iter().next().unwrap_or_else(itself) })
        }
        Class::ApiActivity(_) => json!({
            "api": { "operation": entry.action, "request": { "uid": entry.req.id } },
            "resources": resources,
        }),
    };
    match of_class {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn user(line: &Line<'_>) -> Value {
    let actor = line.entry.actor;
    // 1 is a person, 3 the system, 99 what the name beside it says.
    let type_id = match actor.kind {
        ActorKind::User => 1,
        ActorKind::System => 3,
        ActorKind::Anonymous => 0,
        ActorKind::ApiKey | ActorKind::Operator => OTHER,
    };
    let mut user = json!({ "uid": actor.id, "type": actor.kind.as_str(), "type_id": type_id });
    if let (Value::Object(members), Some(email)) = (&mut user, disclosed(line, "actor.email")) {
        members.insert("email_addr".to_owned(), email.into());
    }
    user
}

fn src_endpoint(line: &Line<'_>) -> Value {
    match disclosed(line, "actor.ip") {
        Some(ip) => json!({ "ip": ip }),
        None if line.entry.actor.kind == ActorKind::System => json!({ "svc_name": "strongroom" }),
        None => json!({ "name": UNDISCLOSED }),
    }
}

fn disclosed<'a>(line: &'a Line<'_>, field: &str) -> Option<&'a str> {
    line.disclosed.as_ref()?.get(field)?.as_str()
}

/// The status, and how bad it is: informational, low, medium.
fn status(outcome: Outcome) -> (u64, u64) {
    match outcome {
        Outcome::Success => (1, 1),
        Outcome::Failure => (2, 2),
        Outcome::Denied => (2, 3),
        Outcome::Unknown => (0, 1),
    }
}

/// What the schema has no place for.
fn unmapped(line: &Line<'_>) -> Value {
    let entry = &line.entry;
    // Canonical JSON, or the entry could not have been read.
    let meta: Value = serde_json::from_str(entry.meta).unwrap_or(Value::Null);
    let mut unmapped = json!({
        "leaf": line.leaf.to_hex(),
        "prev": entry.prev.to_hex(),
        "meta": meta,
        "trace": entry.req.trace,
    });
    if let (Value::Object(members), Some(values)) = (&mut unmapped, &line.disclosed) {
        let known = ["actor.email", "actor.ip", "actor.ua"];
        let rest = values.iter().filter(|(field, _)| !known.contains(*field));
        let rest: Map<String, Value> = rest
            .map(|(field, value)| ((*field).to_owned(), value.clone()))
            .collect();
        members.insert("disclosed".to_owned(), Value::Object(rest));
    }
    unmapped
}

#[cfg(test)]
mod tests {
    use policy::Action;

    use super::*;

    #[test]
    fn each_action_has_its_class() {
        let cases = [
            (Action::SessionLogin, (3, 3002, 1)),
            (Action::OperatorLogout, (3, 3002, 2)),
            (Action::TenantSuspend, (3, 3004, 12)),
            (Action::MemberInvite, (3, 3004, CREATE)),
            (Action::ApiKeyRevoke, (3, 3004, DELETE)),
            (Action::FileUpload, (6, 6003, CREATE)),
            (Action::FilePurge, (6, 6003, DELETE)),
            (Action::AuditRead, (6, 6003, READ)),
            (Action::AuditKeyRotate, (6, 6003, OTHER)),
        ];
        for (action, numbers) in cases {
            assert_eq!(Class::of(action.name()).numbers(), numbers, "{action}");
        }
    }

    #[test]
    fn a_refusal_stands_out() {
        assert_eq!(status(Outcome::Denied), (2, 3));
        assert_eq!(status(Outcome::Success), (1, 1));
    }
}
