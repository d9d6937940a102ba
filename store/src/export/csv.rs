//! Entries as a table: RFC 4180, and nothing in it that a spreadsheet would take for a formula.

use std::borrow::Cow;

use super::lines::Line;

const COLUMNS: [&str; 13] = [
    "seq",
    "event_id",
    "occurred_at",
    "sequenced_at",
    "action",
    "outcome",
    "actor_type",
    "actor_id",
    "targets",
    "request_id",
    "trace",
    "meta",
    "hash",
];
/// The column of disclosed values, if they go along.
const DISCLOSED: &str = "disclosed";

/// The names of the columns.
pub(super) fn header(disclosures: bool) -> String {
    let disclosed = disclosures.then_some(DISCLOSED);
    record(COLUMNS.into_iter().chain(disclosed).map(Cow::Borrowed))
}

/// One entry.
pub(super) fn row(line: &Line<'_>) -> String {
    let entry = &line.entry;
    let targets: Vec<String> = entry
        .targets
        .map(|target| format!("{}:{}", target.kind, target.id))
        .collect();
    let cells: [Cow<'_, str>; 13] = [
        entry.seq.to_string().into(),
        entry.id.into(),
        entry.at.to_string().into(),
        entry.ts.to_string().into(),
        entry.action.into(),
        entry.outcome.as_str().into(),
        entry.actor.kind.as_str().into(),
        entry.actor.id.into(),
        targets.join(" ").into(),
        entry.req.id.into(),
        entry.req.trace.into(),
        entry.meta.into(),
        line.leaf.to_hex().into(),
    ];
    let disclosed = line.disclosed.as_ref().map(|values| {
        let members = values
            .iter()
            .map(|(field, value)| ((*field).to_owned(), value.clone()));
        let object: serde_json::Map<_, _> = members.collect();
        Cow::Owned(serde_json::Value::Object(object).to_string())
    });
    record(cells.into_iter().chain(disclosed))
}

fn record<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut record = String::new();
    for cell in cells {
        if !record.is_empty() {
            record.push(',');
        }
        push(&mut record, &cell);
    }
    record.push_str("\r\n");
    record
}

/// Writes a cell: with an apostrophe before what would be calculated, in quotes where the text needs them.
fn push(record: &mut String, cell: &str) {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    let needs_quotes = cell.contains([',', '"', '\r', '\n', '\t']) || !guard.is_empty();
    if !needs_quotes {
        record.push_str(cell);
        return;
    }
    record.push('"');
    record.push_str(guard);
    record.push_str(&cell.replace('"', "\"\""));
    record.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: &[&str]) -> String {
        record(cells.iter().map(|cell| Cow::Borrowed(*cell)))
    }

    #[test]
    fn a_record_ends_with_both_characters_and_quotes_what_needs_it() {
        assert_eq!(cells(&["1", "a b", ""]), "1,a b,\r\n");
        assert_eq!(
            cells(&["a,b", "say \"no\"", "two\nlines"]),
            "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn nothing_is_left_to_calculate() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            let cell = format!("{start}cmd|'/c calc'!A1");
            assert_eq!(cells(&[&cell]), format!("\"'{cell}\"\r\n"));
        }
        assert_eq!(cells(&["a=1"]), "a=1\r\n");
    }

    #[test]
    fn the_header_names_the_disclosed_values_only_when_they_are_there() {
        assert!(header(false).ends_with(",meta,hash\r\n"));
        assert!(header(true).ends_with(",hash,disclosed\r\n"));
    }
}
