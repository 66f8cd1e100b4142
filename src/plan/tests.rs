//! What scenarios in the long form come to.

use std::path::Path;

use super::*;
use crate::scenario::{Overrides, load};

const DATABASE: &str = "[database]\npath = ':memory:'\n";
const TABLES: &str = "[tables.users]\nshare = 1\n[tables.users.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
    name = { type = 'TEXT NOT NULL', value = '{{ name() }}' }\nemail = { type = 'TEXT UNIQUE', value = 'u{{ row }}' }\n\
    [tables.posts]\n[tables.posts.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
    user_id = { type = 'INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE' }\n";

fn plan_of(text: &str) -> Result<Plan, Vec<String>> {
    let path = Path::new("x.toml");
    let loaded = load(path, text.to_owned(), &Overrides::default())
        .map_err(|rejected| rejected.diagnostics.into_iter().map(|d| d.message).collect::<Vec<_>>())?;
    build(path, &loaded).map_err(|faults| faults.into_iter().map(|fault| fault.message).collect())
}

/// A plan of these keys at the top and these operations.
fn plan(top: &str, operations: &str) -> Plan {
    plan_of(&format!("{top}\n{operations}\n{DATABASE}{TABLES}")).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn operation<'a>(plan: &'a Plan, name: &str) -> &'a Operation {
    plan.operations.iter().find(|operation| operation.name == name).expect("the operation is planned")
}

fn count(plan: &Plan, name: &str) -> u64 {
    let place = plan.operations.iter().position(|operation| operation.name == name);
    plan.workloads[0].crews[0].counts[place.expect("the operation is planned")]
}

#[test]
fn operations_on_rows_are_quoted_statements_about_a_key() {
    let plan = plan(
        "total = 100\nconcurrency = [1]",
        "[operations.g]\nget = 'users'\n[operations.f]\nfind = 'users'\nby = 'name'\nlimit = 3\ncolumns = ['id']\n\
        [operations.s]\nscan = 'users'\n[operations.u]\nupdate = 'users'\nset = { name = 'x' }\n\
        [operations.d]\ndelete = 'users'\nby = 'email'\n[operations.i]\ninsert = 'users'\n[operations.p]\nupsert = 'users'\n",
    );
    let sql = |name: &str| operation(&plan, name).steps[0].sql.as_str();
    assert_eq!(sql("g"), "SELECT * FROM \"users\" WHERE \"id\" = ?1");
    assert_eq!(sql("f"), "SELECT \"id\" FROM \"users\" WHERE \"name\" = ?1 LIMIT 3");
    assert_eq!(sql("s"), "SELECT * FROM \"users\" WHERE \"id\" >= ?1 ORDER BY \"id\" LIMIT 10");
    assert_eq!(sql("u"), "UPDATE \"users\" SET \"name\" = ?1 WHERE \"id\" = ?2");
    assert_eq!(sql("d"), "DELETE FROM \"users\" WHERE \"email\" = ?1");
    assert_eq!(sql("i"), sql("users"));
    assert_eq!(
        sql("p"),
        "INSERT INTO \"users\" (\"id\", \"name\", \"email\") VALUES (?1, ?2, ?3) \
        ON CONFLICT (\"id\") DO UPDATE SET \"name\" = excluded.\"name\", \"email\" = excluded.\"email\""
    );
    assert_eq!(operation(&plan, "u").kind, Kind::Update { table: 0, sets: vec![(1, 0)] });
    assert_eq!(operation(&plan, "p").kind, Kind::Upsert { table: 0, sets: vec![1, 2] });
    for operation in &plan.operations {
        assert_eq!(operation.steps[0].binds.len(), operation.values, "{}", operation.name);
    }
}

#[test]
fn rows_that_go_with_a_deleted_one_are_not_accounted_for_where_foreign_keys_hold() {
    let text = |pragma: &str| {
        format!(
            "total = 100\nconcurrency = [1]\n[operations.d]\ndelete = 'users'\n{DATABASE}[database.pragmas]\n{pragma}\n{TABLES}"
        )
    };
    let plan = plan_of(&text("foreign_keys = true")).unwrap();
    assert_eq!(operation(&plan, "d").unaccounted, [1]);
    let plan = plan_of(&text("foreign_keys = false")).unwrap();
    assert_eq!(operation(&plan, "d").unaccounted, Vec::<usize>::new());
}

#[test]
fn parameters_of_raw_sql_come_from_the_step_the_operation_or_an_earlier_step() {
    let plan = plan(
        "total = 100\nconcurrency = [1]",
        "[operations.w]\nbind = { who = '{{ row }}' }\nchanges = { posts = 2 }\ntransaction = 'immediate'\n\
        [[operations.w.steps]]\nsql = 'SELECT max(id) AS last, name FROM users WHERE id <> :who'\ncapture = ['name', 'last']\n\
        [[operations.w.steps]]\nsql = 'INSERT INTO posts (id, user_id) SELECT :n2, :last WHERE :who > :n2'\n\
        bind = { n2 = '{{ n }}' }\nrepeat = '{{ int(1, 3) }}'\n",
    );
    let made = operation(&plan, "w");
    assert_eq!((made.values, made.transaction), (1, Transaction::Immediate));
    assert_eq!(made.captures, ["name", "last"]);
    assert_eq!(made.steps[0].binds, [Bind::Shared(0)]);
    assert_eq!(made.steps[0].captures, [(1, 0), (0, 1)]);
    assert_eq!(made.steps[1].binds, [Bind::Own(0), Bind::Captured(1), Bind::Shared(0)]);
    assert_eq!((made.steps[1].repeat, made.steps[1].values), (Repeat::Drawn, 1));
    assert_eq!((made.changes.as_slice(), made.unaccounted.len()), (&[(1, 2)][..], 0));
    assert!(made.writes());
}

#[test]
fn raw_sql_says_what_it_writes_even_where_the_scenario_does_not() {
    let plan = plan(
        "total = 100\nconcurrency = [1]",
        "[operations.a]\nsql = 'DELETE FROM posts WHERE id = 1'\n[operations.b]\nsql = \"UPDATE users SET name = 'x'\"\n\
        [operations.c]\nsql = 'UPDATE users SET id = id + 1'\n[operations.d]\nsql = 'SELECT 1'\n",
    );
    assert_eq!(operation(&plan, "a").unaccounted, [1]);
    assert_eq!(operation(&plan, "b").overwrites, [(0, 1)]);
    assert_eq!(operation(&plan, "c").unaccounted, [0]);
    assert!(!operation(&plan, "d").writes());
}

#[test]
fn operations_share_the_mix_with_tables_and_counts_are_exact() {
    let plan = plan(
        "total = 100\nconcurrency = [1]",
        "[operations.g]\nshare = 3\nget = 'users'\n[operations.p]\nshare = 1\nupsert = 'posts'\nhit_ratio = 0.2\n",
    );
    assert_eq!(plan.operations.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["users", "g", "p"]);
    assert_eq!((count(&plan, "users"), count(&plan, "g"), count(&plan, "p")), (20, 60, 20));
    // Of 20 upserts, 4 find a row.
    assert_eq!(plan.workloads[0].crews[0].dataset.rows_in_all(1), 16);
    assert!(!plan.workloads[0].only_inserts);
}

#[test]
fn a_workload_says_what_differs_from_the_top() {
    let plan = plan_of(&format!(
        "total = 100\nconcurrency = [1, 8]\niterations = 3\nbatch_size = 10\n[retry]\nattempts = 5\n{DATABASE}\
        [workloads.a]\n[workloads.b]\nduration = '2s'\nreset = 'iteration'\nbatch_max = 7\nbatch_mode = 'multi_row'\n\
        [workloads.c]\nwarmup_operations = 20\nreset = 'scenario'\npool = {{ max = 4 }}\n{TABLES}"
    ))
    .unwrap();
    let [a, b, c] = plan.workloads.as_slice() else { panic!("three workloads") };
    assert_eq!((a.name.as_str(), a.extent, a.iterations), ("a", Extent::Total(100), 3));
    assert_eq!(a.crews[0].dataset.rows_in_all(0), 300);
    assert_eq!(a.retry.as_ref().map(|retry| (retry.attempts, retry.base_delay_ns)), Some((5, 5_000_000)));
    assert_eq!(b.extent, Extent::Time { duration_ns: 2_000_000_000, at_most: 100_000 });
    let size = BatchSize::Adaptive { min: 1, max: 7, success: 0.95 };
    assert_eq!(b.batch, Some(Batch { mode: BatchMode::MultiRow, size }));
    assert_eq!((c.warm_up, c.planned(), c.crews[0].dataset.part_total()), (WarmUp::Operations(20), 100, 120));
    assert_eq!(c.crews[0].dataset.rows_in_all(0), 720);
    assert_eq!(c.pool.map(|pool| (pool.initial, pool.max, pool.max_idle)), Some((1, 4, 4)));
}

#[test]
fn roles_have_a_tape_each_and_their_workers_add_up() {
    let plan = plan_of(&format!(
        "[operations.g]\nget = 'users'\n{DATABASE}[workloads.w]\nworkers = {{ posts = 1, g = 8 }}\nduration = '1s'\nmax_operations = 70\n{}",
        TABLES.replace("share = 1", "rows = 10").replace("NOT NULL REFERENCES", "REFERENCES")
    ))
    .unwrap();
    let workload = &plan.workloads[0];
    assert_eq!(workload.concurrency, [9]);
    let roles: Vec<_> =
        workload.crews.iter().map(|c| (c.role.as_deref(), c.workers, c.counts.iter().sum())).collect();
    assert_eq!(roles, [(Some("posts"), Some(1), 70), (Some("g"), Some(8), 70)]);
    assert_eq!(plan.database.sqlite().unwrap().location, Location::Memory { shared: true });
}

#[test]
fn a_pool_makes_memory_shared_even_for_one_worker() {
    let location = |top: &str| {
        plan(&format!("total = 5\nconcurrency = [1]\n{top}"), "").database.sqlite().unwrap().location.clone()
    };
    assert_eq!(location(""), Location::Memory { shared: false });
    assert_eq!(location("pool = { max = 2 }"), Location::Memory { shared: true });
}

#[test]
fn stages_say_how_long_a_level_lasts() {
    let plan = plan(
        "concurrency = [2]\nstages = [{ rate = '10/s', duration = '2s' }, { rate = '5/s', duration = '2s' }]",
        "",
    );
    assert_eq!(plan.workloads[0].extent, Extent::Time { duration_ns: 4_000_000_000, at_most: 30 });
}

#[test]
fn a_target_has_its_limits_in_the_unit_of_its_figure() {
    let plan = plan(
        "total = 5\nconcurrency = [1]\ntargets = [{ metric = 'latency.p99', max = '1.5s', min = 1 }, { metric = 'throughput', operation = 'users', min = '60/m' }]",
        "",
    );
    let limits: Vec<_> = plan.targets.iter().map(|target| (target.max, target.min)).collect();
    assert_eq!(limits, [(Some(1_500.0), Some(1.0)), (None, Some(1.0))]);
}

#[test]
fn only_the_workloads_that_are_chosen_run_and_only_targets_about_them_count() {
    let text = format!(
        "total = 10\nconcurrency = [1, 2]\nworkloads.a.mix = {{ users = 1 }}\nworkloads.b.mix = {{ read = 1 }}\n\
        workloads.b.concurrency = [4]\noperations.read.get = 'users'\n\
        targets = [{{ metric = 'errors', max = 0 }}, {{ metric = 'errors', max = 1, workload = 'b' }}, \
        {{ metric = 'errors', max = 2, operation = 'read' }}, {{ metric = 'errors', max = 3, concurrency = 4 }}, \
        {{ metric = 'errors', max = 4, workload = 'a', variant = 'base' }}]\n{DATABASE}{TABLES}"
    )
    .replace("[tables.users]\n", "[tables.users]\nrows = 5\n");
    let path = Path::new("x.toml");
    let chosen = |names: &[&str]| {
        let workloads = names.iter().map(|name| (*name).to_owned()).collect();
        let loaded = load(path, text.clone(), &Overrides { workloads, ..Overrides::default() }).unwrap();
        let plan = build(path, &loaded).unwrap_or_else(|faults| panic!("{faults:?}"));
        let workloads: Vec<String> = plan.workloads.iter().map(|w| w.name.clone()).collect();
        (workloads.concat(), plan.targets.iter().map(|t| t.max.unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(chosen(&[]), ("ab".to_owned(), vec![0.0, 1.0, 2.0, 3.0, 4.0]));
    assert_eq!(chosen(&["a"]), ("a".to_owned(), vec![0.0, 4.0]));
    assert_eq!(chosen(&["b"]), ("b".to_owned(), vec![0.0, 1.0, 2.0, 3.0]));
    assert_eq!(chosen(&["b", "a"]).0, "ab");
}
