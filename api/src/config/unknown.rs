//! Variables that look like ours and are not.

use super::environment::Environment;
use super::key::KEYS;

const PREFIX: &str = "STRONGROOM_";

/// One problem for each `STRONGROOM_` variable that nothing reads, with the nearest name that is read.
pub(super) fn problems(environment: &Environment) -> Vec<String> {
    let known = known();
    environment
        .names()
        .chain(environment.unreadable())
        .filter(|name| name.starts_with(PREFIX) && !known.iter().any(|known| known == name))
        .map(|name| problem(name, &known))
        .collect()
}

fn known() -> Vec<String> {
    KEYS.iter()
        .flat_map(|key| [Some(key.variable.to_owned()), key.file_variable()])
        .flatten()
        .collect()
}

fn problem(name: &str, known: &[String]) -> String {
    let nearest = known
        .iter()
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= name.len() / 4);
    match nearest {
        Some((_, nearest)) => format!("{name} is not a variable of Strongroom. Is it {nearest}?"),
        None => format!("{name} is not a variable of Strongroom: see docs/configuration.md."),
    }
}

/// Levenshtein's distance, in bytes.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = i;
        let mut last = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.bytes()) {
            let above = *cell;
            last = (diagonal + usize::from(a != b))
                .min(above + 1)
                .min(last + 1);
            diagonal = above;
            *cell = last;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
