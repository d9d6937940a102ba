//! References that are generated from the code and committed; tests hold them equal.

use std::fmt::Write;

use policy::{Action, needs};

/// docs/audit-events.md, made from the closed registry of actions.
#[must_use]
pub fn audit_events_md() -> String {
    let mut text = String::from(
        "# Audit events\n\nGenerated from the registry of actions in the `policy` crate; a test compares.\n\n\
         An entry's `action` is one of these words. Success, failure and denial of one thing share one word; the \
         `outcome` stands beside it. Refusals of a known principal are folded into one entry per action and minute, \
         with a `count`. Reads that succeed are not recorded.\n\n\
         | action | what happened | who may |\n| --- | --- | --- |\n",
    );
    for action in Action::ALL {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            action.name(),
            action.describe(),
            needs(*action)
        );
    }
    text
}

/// Compares a committed file with what the code says; `UPDATE_DOCS=1` writes it.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the switch of `make docs`")]
pub(crate) fn hold_equal(path: &str, expected: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == expected,
        "{} differs from the code: run `make docs` and look at the change",
        path.display()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_errors_are_the_table_of_codes() {
        hold_equal("docs/errors.md", &crate::error::errors_md());
    }

    #[test]
    fn the_committed_audit_events_are_the_registry() {
        hold_equal("docs/audit-events.md", &audit_events_md());
    }
}
