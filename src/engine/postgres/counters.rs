//! Sizes and counters, each as far as the server has it.

use std::time::Duration;

use super::admin::Admin;
use crate::clock::Clock;
use crate::engine::Counters;

/// How long closed sessions may take to hand over what they counted.
const HANDING_OVER: Duration = Duration::from_secs(1);
/// Between two looks whether they did.
const LOOK: Duration = Duration::from_millis(5);

/// What counters that belong to all of the server stood at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Baseline {
    wal: Option<u64>,
    checkpoints: Option<u64>,
}

impl Baseline {
    pub(super) fn now(admin: &mut Admin) -> Baseline {
        Baseline { wal: wal(admin), checkpoints: checkpoints(admin) }
    }

    /// From now on, bytes of write-ahead log are the next level's.
    pub(super) fn begin_log(&mut self, admin: &mut Admin) {
        self.wal = wal(admin);
    }

    /// Sizes now, and what was counted since. A server that does not answer has none.
    pub(super) fn since(self, admin: &mut Admin, schema: &str, clock: &Clock) -> Counters {
        if admin.try_run("SELECT 1").is_err_and(|fault| fault.is_lost()) {
            return Counters::default();
        }
        wait_for_sessions(admin, schema, clock);
        // What the runner's own connection counted, such as rows loaded, is to stand before what a level counts; older servers hold it back.
        admin.perhaps("SELECT pg_catalog.pg_stat_force_next_flush()", &[]);
        let past =
            |now: Option<u64>, then: Option<u64>| now.zip(then).map(|(now, then)| now.saturating_sub(then));
        let cache = cache(admin, schema);
        Counters {
            database_bytes: database_bytes(admin, schema),
            wal_bytes: past(wal(admin), self.wal),
            cache_hits: cache.map(|(hits, _)| hits),
            cache_misses: cache.map(|(_, misses)| misses),
            checkpoints: past(checkpoints(admin), self.checkpoints),
            ..Counters::default()
        }
    }
}

/// The name under which the server lists the sessions of a run.
pub(super) fn application(schema: &str) -> String {
    format!("runner {schema}")
}

/// A session counts for itself and adds it up at its end, which comes a little after its connection is closed.
fn wait_for_sessions(admin: &mut Admin, schema: &str, clock: &Clock) {
    let sql = "SELECT count(*)::int8 FROM pg_catalog.pg_stat_activity WHERE application_name = $1";
    for _ in 0..HANDING_OVER.as_millis() / LOOK.as_millis() {
        if number(admin, sql, &application(schema)).unwrap_or(0) == 0 {
            return;
        }
        clock.sleep(LOOK);
    }
}

fn number(admin: &mut Admin, sql: &str, schema: &str) -> Option<u64> {
    let rows = if sql.contains("$1") { admin.perhaps(sql, &[&schema]) } else { admin.perhaps(sql, &[]) };
    unsigned(rows.first()?.try_get::<_, Option<i64>>(0).ok()?)
}

fn unsigned(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

/// Of the run's own tables, with their indexes and what lies out of line.
fn database_bytes(admin: &mut Admin, schema: &str) -> Option<u64> {
    let sql = "SELECT sum(pg_catalog.pg_total_relation_size(c.oid))::int8 FROM pg_catalog.pg_class c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')";
    number(admin, sql, schema)
}

/// Bytes of write-ahead log that the server has ever written.
fn wal(admin: &mut Admin) -> Option<u64> {
    number(admin, "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::int8", "")
}

fn checkpoints(admin: &mut Admin) -> Option<u64> {
    // From version 17 on, and before.
    number(admin, "SELECT (num_timed + num_requested)::int8 FROM pg_catalog.pg_stat_checkpointer", "")
        .or_else(|| {
            number(
                admin,
                "SELECT (checkpoints_timed + checkpoints_req)::int8 FROM pg_catalog.pg_stat_bgwriter",
                "",
            )
        })
}

/// Blocks of the run's own tables that were found in the server's cache, and that were not.
fn cache(admin: &mut Admin, schema: &str) -> Option<(u64, u64)> {
    let sum = |what: &str| {
        let parts = ["heap", "idx", "toast", "tidx"].map(|part| format!("coalesce({part}_blks_{what}, 0)"));
        format!("sum({})::int8", parts.join(" + "))
    };
    let sql = format!(
        "SELECT {}, {} FROM pg_catalog.pg_statio_user_tables WHERE schemaname = $1",
        sum("hit"),
        sum("read")
    );
    let rows = admin.perhaps(&sql, &[&schema]);
    let row = rows.first()?;
    let count = |place: usize| unsigned(row.try_get::<_, Option<i64>>(place).ok()?);
    Some((count(0)?, count(1)?))
}
