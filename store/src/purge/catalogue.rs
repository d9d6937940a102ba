//! Which tables have rows of a tenant, and how they refer to each other: read from the database, not kept by hand.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;

use super::{Rule, refused, rule};
use crate::{Store, StoreError, conn::Conn};

/// The table that all others begin from.
const TENANT: &str = "tenant";
/// The column by which a row is a tenant's.
const COLUMN: &str = "tenant_id";

/// A table with rows of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Whether its rows name their tenant.
    pub names_tenant: bool,
    /// The tables that its rows refer to, itself left out.
    pub refers_to: BTreeSet<String>,
    /// The columns by which its rows refer to others of its own, the tenant's left out; all may be null.
    pub own: BTreeSet<String>,
}

impl Table {
    /// The column that says whose row it is.
    pub(super) fn column(&self) -> &'static str {
        if self.name == TENANT { "id" } else { COLUMN }
    }
}

/// Every table with rows of a tenant, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The tables.
    pub tables: Vec<Table>,
}

#[derive(Debug)]
struct Reference {
    from: String,
    to: String,
    column: String,
    nullable: bool,
}

impl Store {
    /// Reads the catalogue of this database.
    ///
    /// # Errors
    /// As the database says.
    pub async fn purge_catalogue(&self) -> Result<Catalogue, StoreError> {
        let conn = self.database().begin_job_read().await?;
        Catalogue::read(&conn).await
    }
}

impl Catalogue {
    pub(super) async fn read(conn: &Conn) -> Result<Self, StoreError> {
        let named = named(conn).await?;
        let references = references(conn).await?;
        let mut members: BTreeSet<String> = named.iter().cloned().collect();
        members.insert(TENANT.to_owned());
        // A table that refers to rows of a tenant has some itself, by whatever name.
        loop {
            let more = references.iter().filter(|r| members.contains(&r.to));
            let more: BTreeSet<String> = more.map(|r| r.from.clone()).collect();
            if more.is_subset(&members) {
                break;
            }
            members.extend(more);
        }
        let table = |name: &String| {
            let own = references.iter().filter(|r| r.from == *name);
            let to = own.clone().map(|r| &r.to).filter(|to| *to != name);
            let own = own.filter(|r| r.to == *name && r.column != COLUMN && r.nullable);
            Table {
                names_tenant: name == TENANT || named.contains(name),
                refers_to: to.filter(|to| members.contains(*to)).cloned().collect(),
                own: own.map(|r| r.column.clone()).collect(),
                name: name.clone(),
            }
        };
        Ok(Self {
            tables: members.iter().map(table).collect(),
        })
    }

    /// What stands in the way of every purge: tables without a rule, rules without a table, and rules that contradict
    /// the foreign keys.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for table in &self.tables {
            let name = &table.name;
            let Some(own) = rule(name) else {
                complaints.push(format!("{name} has no purge rule"));
                continue;
            };
            if !table.names_tenant {
                complaints.push(format!("{name} has rows of tenants and no column {COLUMN}"));
            }
            let goes = |to: &&String| matches!(rule(to), Some(Rule::Delete(_)));
            if matches!(own, Rule::Keep(_) | Rule::Seal)
                && let Some(to) = table.refers_to.iter().find(goes)
            {
                complaints.push(format!("{name} stays and refers to {to}, which goes"));
            }
        }
        let gone = super::RULES
            .iter()
            .filter(|(name, _)| self.tables.iter().all(|table| table.name != *name));
        complaints.extend(gone.map(|(name, _)| format!("{name} has a purge rule and is no table")));
        if complaints.is_empty() && self.order().is_none() {
            complaints.push("the foreign keys go round in a circle".to_owned());
        }
        complaints
    }

    /// The tables whose rows go or forget their tenant, each before those it refers to; `None` when there is no such
    /// order.
    #[must_use]
    pub fn order(&self) -> Option<Vec<&Table>> {
        let goes =
            |table: &&Table| matches!(rule(&table.name), Some(Rule::Delete(_) | Rule::Detach));
        let mut left: BTreeMap<&str, &Table> = self
            .tables
            .iter()
            .filter(goes)
            .map(|table| (table.name.as_str(), table))
            .collect();
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let free = |name: &str| left.values().all(|other| !other.refers_to.contains(name));
            let next = left.keys().copied().find(|name| free(name))?;
            order.extend(left.remove(next));
        }
        Some(order)
    }

    /// As [`Self::order`], once nothing stands in the way.
    pub(super) fn ordered(&self) -> Result<Vec<&Table>, StoreError> {
        let complaints = self.complaints();
        if !complaints.is_empty() {
            return Err(refused(format!(
                "no purge is possible: {}",
                complaints.join("; ")
            )));
        }
        let order = self.order();
        order.ok_or_else(|| refused("no purge is possible: the tables have no order"))
    }
}

/// Tables whose rows name a tenant.
async fn named(conn: &Conn) -> Result<BTreeSet<String>, StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT CAST(c.relname AS text) FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') \
         AND a.attname = 'tenant_id' AND NOT a.attisdropped"
    } else {
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND c.name = 'tenant_id'"
    };
    let rows = conn.query_all_raw(conn.sql(sql, [])).await?;
    let names = rows.iter().map(|row| Ok(row.try_get_by_index(0)?));
    names.collect()
}

async fn references(conn: &Conn) -> Result<Vec<Reference>, StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT CAST(s.relname AS text), CAST(t.relname AS text), CAST(a.attname AS text), \
         CASE WHEN a.attnotnull THEN 'no' ELSE 'yes' END FROM pg_constraint k \
         JOIN pg_class s ON s.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid \
         JOIN pg_namespace n ON n.oid = s.relnamespace \
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) \
         WHERE k.contype = 'f' AND n.nspname = current_schema()"
    } else {
        "SELECT m.name, f.\"table\", f.\"from\", \
         CASE WHEN c.\"notnull\" = 1 THEN 'no' ELSE 'yes' END FROM sqlite_master m \
         JOIN pragma_foreign_key_list(m.name) f \
         JOIN pragma_table_info(m.name) c ON c.name = f.\"from\" WHERE m.type = 'table'"
    };
    let rows = conn.query_all_raw(conn.sql(sql, [])).await?;
    let references = rows.iter().map(|row| {
        let nullable: String = row.try_get_by_index(3)?;
        Ok(Reference {
            from: row.try_get_by_index(0)?,
            to: row.try_get_by_index(1)?,
            column: row.try_get_by_index(2)?,
            nullable: nullable == "yes",
        })
    });
    references.collect()
}
