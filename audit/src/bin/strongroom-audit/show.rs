//! `inspect` and `prove`.

use anyhow::Context;
use audit::bundle::{Exhibit, ExhibitError, exhibit};
use audit::disclosure;
use audit::entry::EntryRef;
use serde_json::{Map, Value, json};

use crate::args::One;
use crate::directory::Directory;
use crate::{Outcome, input};

pub(crate) fn inspect(args: &One) -> anyhow::Result<Outcome> {
    let exhibit = match look_up(args) {
        Ok(exhibit) => exhibit,
        Err(error) => return Ok(give_up(&error)),
    };
    input::say(&format!("{:#}", shown(&exhibit)?))?;
    Ok(judge(&exhibit))
}

pub(crate) fn prove(args: &One) -> anyhow::Result<Outcome> {
    let exhibit = match look_up(args) {
        Ok(exhibit) => exhibit,
        Err(error) => return Ok(give_up(&error)),
    };
    input::say(exhibit.proof.to_string().trim_end_matches('\n'))?;
    Ok(judge(&exhibit))
}

fn look_up(args: &One) -> Result<Exhibit, ExhibitError> {
    match args.bundle.is_dir() {
        true => exhibit(&Directory::new(&args.bundle), args.seq),
        false => exhibit(&input::archive(&args.bundle), args.seq),
    }
}

fn give_up(error: &ExhibitError) -> Outcome {
    input::complain(&error.to_string());
    input::outcome(error)
}

fn judge(exhibit: &Exhibit) -> Outcome {
    if exhibit.is_included {
        return Outcome::Intact;
    }
    input::complain("the entry is not in the tree of the checkpoint");
    Outcome::Broken
}

/// The entry, its disclosures decoded, and the hashes.
fn shown(exhibit: &Exhibit) -> anyhow::Result<Value> {
    let raw = exhibit.raw.as_deref();
    let entry = raw
        .map(serde_json::from_slice::<Value>)
        .transpose()
        .context("the bytes are no JSON")?;
    Ok(json!({
        "seq": exhibit.proof.index,
        "leaf": exhibit.leaf.to_hex(),
        "includedInCheckpoint": exhibit.is_included,
        "entry": entry,
        "disclosures": raw.map(|raw| disclosed(raw, &exhibit.disclosures)),
    }))
}

/// The value of each field, or why there is none.
fn disclosed(raw: &[u8], texts: &[String]) -> Map<String, Value> {
    let Ok(entry) = EntryRef::parse(raw) else {
        return Map::new();
    };
    let value = |(field, digest): (&str, &str)| {
        let text = texts.iter().find(|text| disclosure::digest(text) == digest);
        let value = match text.map(|text| disclosure::check(text, field, digest)) {
            Some(Ok(disclosed)) => json!({ "value": disclosed.value }),
            Some(Err(error)) => json!({ "error": error.to_string() }),
            None => json!({ "missing": true }),
        };
        (field.to_owned(), value)
    };
    entry.sd.map(value).collect()
}
