//! Reading a catalogue, with every problem reported at once.
//!
//! Deserialising would stop at the first problem, so the table is walked by hand and problems are collected.

use std::collections::BTreeMap;

use toml::Table;

use super::reader::{Groups, Reader, join};
use super::{
    Catalogue, CatalogueProblem, CatalogueProblems, DEFAULT_CATALOGUE, DangerousKinds,
    MediaPattern, ObjectType,
};
use crate::limit::{FILE_MAX_BYTES, LINK_TTL_SECONDS, TRASH_RETENTION_DAYS};

const DEFAULT_MAX_BYTES: u64 = 5 << 30;
const DEFAULT_MAX_IMAGE_BYTES: u64 = 25 << 20;
const DEFAULT_LINK_TTL_SECONDS: u32 = 900;
const DEFAULT_TRASH_RETENTION_DAYS: u32 = 90;

pub(super) fn catalogue(text: &str) -> Result<Catalogue, CatalogueProblems> {
    let table = parse(text)?;
    let mut reader = Reader::default();
    reader.only(&table, "", &["groups", "systems"]);
    let mut groups = default_groups()?;
    groups.extend(reader.groups(&table));
    let systems = reader.systems(&table, &groups);
    if reader.problems.is_empty() {
        Ok(Catalogue { systems })
    } else {
        Err(CatalogueProblems::new(reader.problems))
    }
}

fn parse(text: &str) -> Result<Table, CatalogueProblems> {
    text.parse::<Table>().map_err(|error| {
        let sentence = error.to_string().trim_end().to_owned();
        CatalogueProblems::new(vec![CatalogueProblem {
            path: String::new(),
            sentence,
        }])
    })
}

fn default_groups() -> Result<Groups, CatalogueProblems> {
    Ok(Reader::default().groups(&parse(DEFAULT_CATALOGUE)?))
}

impl Reader {
    fn groups(&mut self, root: &Table) -> Groups {
        let Some(groups) = self.table(root, "", "groups") else {
            return Groups::new();
        };
        let mut read = Groups::new();
        for (name, value) in groups {
            let path = join("groups", name);
            self.name(name, &path);
            read.insert(name.clone(), self.patterns(value, &path, None));
        }
        read
    }

    fn systems(
        &mut self,
        root: &Table,
        groups: &Groups,
    ) -> BTreeMap<String, BTreeMap<String, ObjectType>> {
        let mut read = BTreeMap::new();
        if root
            .get("systems")
            .is_none_or(|systems| systems.as_table().is_some_and(Table::is_empty))
        {
            self.problem("systems", "at least one system is needed");
        }
        let Some(systems) = self.table(root, "", "systems") else {
            return read;
        };
        for name in systems.keys() {
            let path = join("systems", name);
            self.name(name, &path);
            if let Some(system) = self.table(systems, "systems", name) {
                self.only(system, &path, &["types"]);
                read.insert(name.clone(), self.types(system, name, &path, groups));
            }
        }
        read
    }

    fn types(
        &mut self,
        table: &Table,
        system: &str,
        path: &str,
        groups: &Groups,
    ) -> BTreeMap<String, ObjectType> {
        let mut read = BTreeMap::new();
        if table
            .get("types")
            .is_none_or(|types| types.as_table().is_some_and(Table::is_empty))
        {
            self.problem(&join(path, "types"), "at least one type is needed");
        }
        let Some(types) = self.table(table, path, "types") else {
            return read;
        };
        let path = join(path, "types");
        for name in types.keys() {
            self.name(name, &join(&path, name));
            if let Some(table) = self.table(types, &path, name) {
                read.insert(
                    name.clone(),
                    self.object_type(table, system, name, &join(&path, name), groups),
                );
            }
        }
        read
    }

    fn object_type(
        &mut self,
        table: &Table,
        system: &str,
        name: &str,
        path: &str,
        groups: &Groups,
    ) -> ObjectType {
        const KEYS: &[&str] = &[
            "accepts",
            "max_bytes",
            "max_image_bytes",
            "link_ttl_seconds",
            "trash_retention_days",
            "dangerous",
        ];
        self.only(table, path, KEYS);
        let accepts = self.accepts(table, path, groups);
        let max_image_bytes = self.number(
            table,
            path,
            "max_image_bytes",
            1..=FILE_MAX_BYTES,
            DEFAULT_MAX_IMAGE_BYTES,
        );
        let only_images = !accepts.is_empty() && accepts.iter().all(MediaPattern::is_image);
        let largest = if only_images {
            max_image_bytes
        } else {
            DEFAULT_MAX_BYTES
        };
        ObjectType {
            system: system.to_owned(),
            name: name.to_owned(),
            max_bytes: self.number(table, path, "max_bytes", 1..=FILE_MAX_BYTES, largest),
            max_image_bytes,
            link_ttl_seconds: self.number(
                table,
                path,
                "link_ttl_seconds",
                LINK_TTL_SECONDS,
                DEFAULT_LINK_TTL_SECONDS,
            ),
            trash_retention_days: self.number(
                table,
                path,
                "trash_retention_days",
                TRASH_RETENTION_DAYS,
                DEFAULT_TRASH_RETENTION_DAYS,
            ),
            dangerous: self.dangerous(table, path),
            accepts,
        }
    }

    fn accepts(&mut self, table: &Table, path: &str, groups: &Groups) -> Vec<MediaPattern> {
        let path = join(path, "accepts");
        let Some(value) = table.get("accepts") else {
            self.problem(&path, "is missing; name at least one media type or group");
            return Vec::new();
        };
        self.patterns(value, &path, Some(groups))
    }

    fn dangerous(&mut self, table: &Table, path: &str) -> DangerousKinds {
        let Some(value) = table.get("dangerous") else {
            return DangerousKinds::Refuse;
        };
        value
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| {
                self.problem(
                    &join(path, "dangerous"),
                    "must be \"refuse\" or \"attachment\"",
                );
                DangerousKinds::Refuse
            })
    }
}
