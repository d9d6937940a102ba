//! Counts what a document expands to, visiting each fragment once.

use std::collections::HashMap;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentSpread, InlineFragment, OperationDefinition, Selection,
    SelectionSet,
};

use super::limits::Limits;
use super::multiplier::Values;
use super::verdict::{Refusal, code, is_introspection};

/// What a selection set amounts to once every fragment stands where it is spread. All counts saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) selections: u64,
    pub(super) aliases: u64,
    pub(super) directives: u64,
    /// Selection sets, inline fragments and spreads inside one another.
    pub(super) levels: u64,
    pub(super) depth: u64,
    pub(super) complexity: u64,
    pub(super) introspection_depth: u64,
    pub(super) introspection_complexity: u64,
}

impl Cost {
    /// Beside one another: counts add up, nestings compete.
    pub(super) fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            levels: self.levels.max(other.levels),
            depth: self.depth.max(other.depth),
            complexity: self.complexity.saturating_add(other.complexity),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_complexity: self
                .introspection_complexity
                .saturating_add(other.introspection_complexity),
        }
    }

    /// The same, one selection further out.
    fn inside(self, directives: usize) -> Self {
        Self {
            selections: self.selections.saturating_add(1),
            directives: self.directives.saturating_add(count(directives)),
            levels: self.levels.saturating_add(1),
            ..self
        }
    }
}

/// Whether a selection asks for data or about the schema; a fragment may serve both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Data,
    Schema,
}

enum Visit {
    Open,
    Done(Cost),
}

/// Walks one document; fragments already counted are looked up.
pub(super) struct Expansion<'a> {
    document: &'a ExecutableDocument,
    values: Values<'a>,
    limits: &'a Limits,
    fragments: HashMap<(&'a str, Subject), Visit>,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(
        document: &'a ExecutableDocument,
        values: Values<'a>,
        limits: &'a Limits,
    ) -> Self {
        Self {
            document,
            values,
            limits,
            fragments: HashMap::new(),
        }
    }

    /// # Errors
    /// `GRAPHQL_VALIDATION_FAILED` for a fragment that spreads itself, `QUERY_TOO_DEEP` when fragments
    /// nest further than this walk, and the library's after it, should recurse.
    pub(super) fn operation(
        &mut self,
        operation: &'a OperationDefinition,
    ) -> Result<Cost, Refusal> {
        let inner = self.set(&operation.selection_set, Subject::Data, 0)?;
        let on_variables: usize = operation
            .variable_definitions
            .iter()
            .map(|definition| definition.node.directives.len())
            .sum();
        let directives = count(operation.directives.len() + on_variables);
        Ok(Cost {
            directives: inner.directives.saturating_add(directives),
            ..inner
        })
    }

    /// The cost of every fragment that no counted operation reaches: validation walks them too.
    pub(super) fn unreached(&mut self) -> Result<Cost, Refusal> {
        let document = self.document;
        let mut total = Cost::default();
        for name in document.fragments.keys() {
            let reached = [Subject::Data, Subject::Schema]
                .iter()
                .any(|&subject| self.fragments.contains_key(&(name.as_str(), subject)));
            if !reached {
                total = total.beside(self.fragment(name, Subject::Data, 0)?);
            }
        }
        Ok(total)
    }

    fn set(
        &mut self,
        set: &'a Positioned<SelectionSet>,
        subject: Subject,
        level: u64,
    ) -> Result<Cost, Refusal> {
        if level > self.limits.levels {
            return Err(too_many_levels(self.limits));
        }
        set.node
            .items
            .iter()
            .try_fold(Cost::default(), |total, selection| {
                Ok(total.beside(self.selection(&selection.node, subject, level)?))
            })
    }

    fn selection(
        &mut self,
        selection: &'a Selection,
        subject: Subject,
        level: u64,
    ) -> Result<Cost, Refusal> {
        match selection {
            Selection::Field(field) => self.field(&field.node, subject, level),
            Selection::FragmentSpread(spread) => self.spread(&spread.node, subject, level),
            Selection::InlineFragment(inline) => self.inline(&inline.node, subject, level),
        }
    }

    fn field(&mut self, field: &'a Field, subject: Subject, level: u64) -> Result<Cost, Refusal> {
        let about = if is_introspection(&field.name.node) {
            Subject::Schema
        } else {
            subject
        };
        let inner = self.set(&field.selection_set, about, level + 1)?;
        let cost = Cost {
            aliases: inner
                .aliases
                .saturating_add(u64::from(field.alias.is_some())),
            ..inner.inside(field.directives.len())
        };
        Ok(match about {
            Subject::Data => self.weigh_data(field, cost),
            Subject::Schema => weigh_schema(field, cost),
        })
    }

    fn weigh_data(&self, field: &Field, cost: Cost) -> Cost {
        let below = cost
            .complexity
            .saturating_mul(self.values.multiplier(field));
        Cost {
            depth: cost.depth.saturating_add(1),
            complexity: below.saturating_add(is_object(field).max(weight(field))),
            ..cost
        }
    }

    fn spread(
        &mut self,
        spread: &'a FragmentSpread,
        subject: Subject,
        level: u64,
    ) -> Result<Cost, Refusal> {
        let inner = self.fragment(&spread.fragment_name.node, subject, level + 1)?;
        Ok(inner.inside(spread.directives.len()))
    }

    fn inline(
        &mut self,
        inline: &'a InlineFragment,
        subject: Subject,
        level: u64,
    ) -> Result<Cost, Refusal> {
        let inner = self.set(&inline.selection_set, subject, level + 1)?;
        Ok(inner.inside(inline.directives.len()))
    }

    /// An unknown fragment costs nothing: validation refuses it by itself.
    fn fragment(&mut self, name: &str, subject: Subject, level: u64) -> Result<Cost, Refusal> {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Cost::default());
        };
        let key = (name.as_str(), subject);
        match self.fragments.get(&key) {
            Some(Visit::Done(cost)) => return Ok(*cost),
            Some(Visit::Open) => return Err(cycle().at(Some(fragment.pos))),
            None => {}
        }
        self.fragments.insert(key, Visit::Open);
        let inner = self.set(&fragment.node.selection_set, subject, level)?;
        let directives = count(fragment.node.directives.len());
        let cost = Cost {
            directives: inner.directives.saturating_add(directives),
            ..inner
        };
        self.fragments.insert(key, Visit::Done(cost));
        Ok(cost)
    }
}

fn weigh_schema(field: &Field, cost: Cost) -> Cost {
    let below = cost
        .introspection_complexity
        .saturating_mul(schema_multiplier(&field.name.node));
    Cost {
        introspection_depth: cost.introspection_depth.saturating_add(1),
        introspection_complexity: below.saturating_add(is_object(field)),
        ..cost
    }
}

/// Roughly how long the lists of an introspection are in a schema of a few hundred types.
fn schema_multiplier(field: &str) -> u64 {
    match field {
        "types" => 100,
        "fields" | "inputFields" | "enumValues" | "possibleTypes" | "directives" => 10,
        "args" | "interfaces" => 3,
        _ => 1,
    }
}

/// What has selections is an object; nothing else is counted.
fn is_object(field: &Field) -> u64 {
    u64::from(!field.selection_set.node.items.is_empty())
}

/// Fields that are no objects and cost more than one.
pub(super) fn weight(field: &Field) -> u64 {
    match field.name.node.as_str() {
        "proof" => 5,
        _ => 0,
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn cycle() -> Refusal {
    Refusal::new(
        code::GRAPHQL_VALIDATION_FAILED,
        "A fragment spreads itself, directly or through others.",
    )
}

pub(super) fn too_many_levels(limits: &Limits) -> Refusal {
    Refusal::new(
        code::QUERY_TOO_DEEP,
        format!(
            "Selections and fragments nest more than {} levels.",
            limits.levels
        ),
    )
}
