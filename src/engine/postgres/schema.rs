//! The schema that a run makes, marks, empties and drops; any other is left alone.
//!
//! The mark is the schema's comment. It names the tables that were made in it: nothing else is ever dropped.

use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;

use super::admin::{Admin, Fault};
use super::client::Client;
use crate::engine::EngineError;
use crate::plan::{Table, quote};

/// How the comment of a schema begins that the runner made.
const MARK: &str = "made by runner, which empties and drops it; tables: ";
/// Names that a message lists.
const NAMED: usize = 3;

/// The schema of a run, taken.
#[derive(Debug)]
pub(super) struct Schema {
    name: String,
    /// Those of the plan, children before parents.
    tables: Vec<String>,
}

/// What stands under the name.
enum Found {
    Nothing,
    /// With the tables that its mark names.
    Ours(Vec<String>),
    Foreign,
}

impl Schema {
    /// Drops what an earlier run left, and makes the schema anew, empty.
    ///
    /// # Errors
    /// [`EngineError::Foreign`] for a schema that the runner did not make or that holds what it did not make, [`EngineError::Unavailable`] when
    /// the user may not make it. It is as it was then.
    pub(super) fn take(admin: &mut Admin, name: &str, tables: &[Table]) -> Result<Schema, EngineError> {
        must_be_whole(admin, name)?;
        let mut order = parents_first(tables);
        order.reverse();
        let schema =
            Schema { name: name.to_owned(), tables: order.iter().map(|&t| tables[t].name.clone()).collect() };
        match find(admin, name)? {
            Found::Nothing => {}
            Found::Foreign => {
                return Err(EngineError::Foreign(format!(
                    "the schema {} of the database was not made by runner, so it is left as it is; give `schema` another name",
                    quote(name)
                )));
            }
            Found::Ours(tables) => schema.drop_all(admin, &tables)?,
        }
        schema.make(admin)?;
        Ok(schema)
    }

    fn make(&self, admin: &mut Admin) -> Result<(), EngineError> {
        let (schema, mark) = (quote(&self.name), literal(&mark(&self.tables)));
        // In one request, so that there is no moment without the mark.
        let made = admin.try_run(&format!("CREATE SCHEMA {schema}; COMMENT ON SCHEMA {schema} IS {mark}"));
        made.map_err(|fault| match fault.state() {
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => EngineError::Unavailable(format!(
                "the schema {schema} cannot be made: {fault}; the user needs the right to create schemas in the database"
            )),
            _ => fault.into_error(&format!("the schema {schema} cannot be made")),
        })
    }

    /// Drops the tables of the plan that are there.
    pub(super) fn empty(&self, admin: &mut Admin) -> Result<(), EngineError> {
        let list = self.qualified(&self.tables);
        if list.is_empty() {
            return Ok(());
        }
        admin.run("dropping tables", &format!("DROP TABLE IF EXISTS {list}"))
    }

    /// Drops the schema with its tables, if all that it holds is the run's own.
    ///
    /// # Errors
    /// [`EngineError::Foreign`] when there is anything else in it; all of it stays then.
    pub(super) fn remove(&self, admin: &mut Admin) -> Result<(), EngineError> {
        match find(admin, &self.name)? {
            Found::Nothing => Ok(()),
            Found::Foreign => Err(self.holds_more("its mark is gone")),
            Found::Ours(tables) => self.drop_all(admin, &tables),
        }
    }

    fn drop_all(&self, admin: &mut Admin, tables: &[String]) -> Result<(), EngineError> {
        let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1";
        let there = admin.ask("looking at the schema", sql, &[&self.name])?;
        let there: Vec<String> = there.iter().map(|row| row.get(0)).collect();
        let (own, others): (Vec<String>, Vec<String>) =
            there.into_iter().partition(|name| tables.contains(name));
        if !others.is_empty() {
            let shown: Vec<String> = others.iter().take(NAMED).map(|name| quote(name)).collect();
            let more = if others.len() > NAMED { ", …" } else { "" };
            return Err(self.holds_more(&format!("it holds {}{more}", shown.join(", "))));
        }
        // Children first, as the mark has them.
        let own: Vec<String> = tables.iter().filter(|name| own.contains(name)).cloned().collect();
        let list = self.qualified(&own);
        let tables = if own.is_empty() { String::new() } else { format!("DROP TABLE {list}; ") };
        // In one request: all of it, or nothing.
        let dropped = admin.try_run(&format!("{tables}DROP SCHEMA {}", quote(&self.name)));
        dropped.map_err(|fault| match fault.state() {
            Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => self.holds_more(&fault.with_detail()),
            _ => fault.into_error(&format!("the schema {} cannot be dropped", quote(&self.name))),
        })
    }

    fn holds_more(&self, what: &str) -> EngineError {
        EngineError::Foreign(format!(
            "the schema {} has more to it than runner made, so all of it is left as it is: {what}; move that elsewhere, or give `schema` another name",
            quote(&self.name)
        ))
    }

    /// Names with their schema, separated by commas.
    fn qualified(&self, tables: &[String]) -> String {
        let qualified = |table: &String| format!("{}.{}", quote(&self.name), quote(table));
        tables.iter().map(qualified).collect::<Vec<_>>().join(", ")
    }
}

/// Keeps other runs off the schema for as long as the connection lasts; where the server has no such locks, nothing does.
pub(super) fn lock(client: &mut Client, name: &str) -> Result<(), EngineError> {
    let without = [SqlState::FEATURE_NOT_SUPPORTED, SqlState::UNDEFINED_FUNCTION];
    match client.query("SELECT pg_try_advisory_lock($1)", &[&lock_key(name)]).map_err(Fault::from) {
        Ok(rows) if rows.first().is_some_and(|row| row.get::<_, bool>(0)) => Ok(()),
        Ok(_) => Err(EngineError::Unavailable(format!(
            "another run uses the schema {}; wait for its end, or give `schema` another name",
            quote(name)
        ))),
        Err(fault) if fault.state().is_some_and(|state| without.contains(state)) => Ok(()),
        Err(fault) => Err(fault.into_error("the schema cannot be locked")),
    }
}

/// A server cuts a longer name off, silently, and two could become one.
fn must_be_whole(admin: &mut Admin, name: &str) -> Result<(), EngineError> {
    let rows = admin.ask("looking at the schema's name", "SELECT $1::text::name::text", &[&name])?;
    if rows.first().is_none_or(|row| row.get::<_, &str>(0) == name) {
        return Ok(());
    }
    let message = format!(
        "the schema's name {} is longer than the server takes; give `schema` a shorter one",
        quote(name)
    );
    Err(EngineError::Setting { pragma: None, message })
}

fn lock_key(name: &str) -> i64 {
    let digest = Sha256::digest(format!("runner schema {name}").as_bytes());
    i64::from_be_bytes(*digest.first_chunk().expect("a digest has 32 bytes"))
}

fn find(admin: &mut Admin, name: &str) -> Result<Found, EngineError> {
    let sql = "SELECT obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname = $1";
    let rows = admin.ask("looking for the schema", sql, &[&name])?;
    let Some(row) = rows.first() else { return Ok(Found::Nothing) };
    let comment: Option<String> = row.get(0);
    Ok(comment.as_deref().and_then(marked).map_or(Found::Foreign, Found::Ours))
}

fn mark(tables: &[String]) -> String {
    format!("{MARK}{}", serde_json::to_string(tables).expect("names are JSON"))
}

/// The tables of a mark.
fn marked(comment: &str) -> Option<Vec<String>> {
    serde_json::from_str(comment.strip_prefix(MARK)?).ok()
}

/// A text as SQL takes it whatever its letters, and however the server reads backslashes.
pub(super) fn literal(text: &str) -> String {
    let prefix = if text.contains('\\') { "E" } else { "" };
    format!("{prefix}'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Tables in an order in which none comes before one that it refers to; those that refer to each other in a circle come last.
pub(super) fn parents_first(tables: &[Table]) -> Vec<usize> {
    let place = |name: &String| tables.iter().position(|t| t.name.eq_ignore_ascii_case(name));
    let parents: Vec<Vec<usize>> =
        tables.iter().map(|table| table.references.iter().filter_map(place).collect()).collect();
    let mut order: Vec<usize> = Vec::new();
    loop {
        let free = |&table: &usize| {
            let ready = |parent: &usize| *parent == table || order.contains(parent);
            !order.contains(&table) && parents[table].iter().all(ready)
        };
        let next: Vec<usize> = (0..tables.len()).filter(free).collect();
        if next.is_empty() {
            break;
        }
        order.extend(next);
    }
    order.extend((0..tables.len()).filter(|table| !order.contains(table)).collect::<Vec<_>>());
    order
}

impl Fault {
    /// With what the server adds to it.
    fn with_detail(&self) -> String {
        match self.detail() {
            // The first thing is enough.
            Some(detail) => detail.lines().next().unwrap_or_default().to_owned(),
            None => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, references: &[&str]) -> Table {
        Table {
            name: name.to_owned(),
            create: Vec::new(),
            columns: Vec::new(),
            key: Vec::new(),
            references: references.iter().map(|&name| name.to_owned()).collect(),
            references_bound: true,
            rowid: false,
            bytes: Vec::new(),
            indexes: Vec::new(),
        }
    }

    #[test]
    fn a_mark_gives_its_tables_back_and_no_other_comment_is_one() {
        let tables = ["plain", "with \"quote\"", "it's", "back\\slash"].map(str::to_owned).to_vec();
        assert_eq!(marked(&mark(&tables)), Some(tables));
        assert_eq!(marked(&mark(&[])), Some(Vec::new()));
        for other in
            ["", "made by runner", "made by me", "made by runner, which empties and drops it; tables: all"]
        {
            assert_eq!(marked(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_is_quoted_whatever_its_letters() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }

    #[test]
    fn parents_come_before_their_children() {
        let tables = [table("a", &["b", "C"]), table("b", &["c"]), table("c", &["c"]), table("d", &[])];
        assert_eq!(parents_first(&tables), [2, 3, 1, 0]);
        let circle = [table("a", &["b"]), table("b", &["a"]), table("c", &["a"])];
        assert_eq!(parents_first(&circle), [0, 1, 2]);
    }

    #[test]
    fn schemas_have_locks_of_their_own() {
        assert_eq!(lock_key("runner_a"), lock_key("runner_a"));
        assert_ne!(lock_key("runner_a"), lock_key("runner_b"));
    }
}
