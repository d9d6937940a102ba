//! Who may do what, as a table a person can read and a change must show up in.

use std::fmt::Write as _;

use policy::{Action, Grant, KeyNeed, Role, Scope, Scopes, allow, needs};

/// One block per action, worked out by asking `allow` and not by printing the table it reads.
fn rights(action: Action) -> String {
    let roles: Vec<_> = Role::ALL
        .iter()
        .filter(|role| allow(&Grant::Member { role: **role }, action))
        .collect();
    let mut line = format!("{:<24}", action.name());
    for role in Role::ALL {
        let mark = if roles.contains(&role) {
            role.as_str()
        } else {
            "-"
        };
        write!(line, " {mark:<8}").unwrap();
    }
    let person = if allow(&Grant::Person, action) {
        "person"
    } else {
        "-"
    };
    let operator = if allow(&Grant::Operator, action) {
        "operator"
    } else {
        "-"
    };
    write!(line, " {person:<7} {operator:<9} {}", keys(action)).unwrap();
    line
}

/// The scopes that open `action` on their own, each with the creators for whom they do.
fn keys(action: Action) -> String {
    let may = |scopes: Scopes, creator: Role| allow(&Grant::Key { scopes, creator }, action);
    let creators = |scopes: Scopes| -> Vec<&str> {
        Role::ALL
            .iter()
            .filter(|role| may(scopes, **role))
            .map(|role| role.as_str())
            .collect()
    };
    if !creators(Scopes::NONE).is_empty() {
        return format!("any key ({})", creators(Scopes::NONE).join(" "));
    }
    let each: Vec<String> = Scope::ALL
        .iter()
        .map(|scope| (scope, creators(Scopes::from(*scope))))
        .filter(|(_, creators)| !creators.is_empty())
        .map(|(scope, creators)| format!("{scope} ({})", creators.join(" ")))
        .collect();
    if each.is_empty() {
        "-".to_owned()
    } else {
        each.join(", ")
    }
}

#[test]
fn the_rights_of_everybody_are_as_committed() {
    let head = format!(
        "{:<24} {:<44} {:<7} {:<9} {}",
        "action", "roles", "person", "operator", "keys: scope (creator's role)"
    );
    let rows: Vec<String> = Action::ALL
        .iter()
        .map(|action| rights(*action).trim_end().to_owned())
        .collect();
    insta::assert_snapshot!("rights", format!("{head}\n{}", rows.join("\n")));
}

#[test]
fn what_descriptions_quote_is_as_committed() {
    let rows: Vec<String> = Action::ALL
        .iter()
        .map(|action| format!("{:<24} {}", action.name(), needs(*action)))
        .collect();
    insta::assert_snapshot!("needs", rows.join("\n"));
}

#[test]
fn no_key_manages_keys_or_people_whatever_its_scopes() {
    let grant = Grant::Key {
        scopes: Scopes::all(),
        creator: Role::Owner,
    };
    for action in [
        Action::ApiKeyList,
        Action::ApiKeyCreate,
        Action::ApiKeyRevoke,
        Action::MemberList,
        Action::MemberInvite,
        Action::MemberRemove,
        Action::InvitationAccept,
        Action::SessionTenantSelect,
    ] {
        assert!(!allow(&grant, action), "{action}");
    }
}

#[test]
fn a_key_never_does_what_its_creator_may_not() {
    for action in Action::ALL {
        for creator in Role::ALL {
            if allow(
                &Grant::Key {
                    scopes: Scopes::all(),
                    creator: *creator,
                },
                *action,
            ) {
                assert!(
                    allow(&Grant::Member { role: *creator }, *action),
                    "{action} by {creator}"
                );
            }
        }
    }
}

#[test]
fn every_scope_of_a_built_action_is_needed_by_one() {
    let used: Scopes = Action::ALL
        .iter()
        .filter_map(|action| needs(*action).scope())
        .collect();
    // This one has no action yet: the AI gateway is not built.
    let waiting = Scopes::from(Scope::AiInvoke);
    assert_eq!(used.intersect(waiting), Scopes::NONE);
    assert_eq!(
        used.iter().chain(waiting.iter()).collect::<Scopes>(),
        Scopes::all()
    );
}

#[test]
fn work_of_the_server_is_open_to_nobody() {
    for action in Action::ALL
        .iter()
        .filter(|action| needs(**action).is_system())
    {
        assert_eq!(needs(*action).key, KeyNeed::Never, "{action}");
        assert!(
            !allow(&Grant::Operator, *action) && !allow(&Grant::Person, *action),
            "{action}"
        );
        assert!(
            Role::ALL
                .iter()
                .all(|role| !allow(&Grant::Member { role: *role }, *action)),
            "{action}"
        );
    }
}

#[test]
fn nobody_grants_above_the_own_role() {
    let grid: Vec<String> = Role::ALL
        .iter()
        .map(|role| {
            let grants: Vec<_> = Role::ALL
                .iter()
                .filter(|r| role.may_grant(**r))
                .map(|r| r.as_str())
                .collect();
            format!("{role} grants: {}", grants.join(" "))
        })
        .collect();
    insta::assert_snapshot!(grid.join("\n"), @r#"
    owner grants: owner admin member viewer auditor
    admin grants: admin member viewer auditor
    member grants: 
    viewer grants: 
    auditor grants:
    "#);
}
