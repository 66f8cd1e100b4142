//! Roles, and where the time of an operation went.

use std::sync::Arc;

use runner::dataset::{Column, Dataset, Interleaving, Parts, Rows, Source};
use runner::engine::Times;
use runner::engine::scripted::{Reply, Script};
use runner::measure::TimesMeasurement;
use runner::plan::Crew;

use crate::script::{MS, always, lasting, level, notes, parsed, ruled};

/// Who writes `rows` rows of table `table`, of two.
fn role(table: usize, workers: u32, rows: u64) -> Crew {
    let names = ["heard", "said"];
    let rows_of =
        |name: &str| Rows { name: name.to_owned(), columns: vec![Column::new(1, name, "id", Source::Row)] };
    let writers = |other: usize| if other == table { vec![(other, rows)] } else { Vec::new() };
    let parts = Parts {
        seed: 1,
        tables: Arc::new(names.map(rows_of).into()),
        loaded: vec![0, 0],
        writers: vec![writers(0), writers(1)],
        actions: Vec::new(),
        ranks: vec![0, 1],
        combinations: vec![vec![], vec![]],
        interleaving: Interleaving::Mixed,
        parts: 1,
        loaded_only: vec![true, true],
    };
    let mut counts = vec![0, 0];
    counts[table] = rows;
    let dataset = Arc::new(Dataset::new(parts).expect("nothing has to be distinct"));
    Crew { role: Some(names[table].to_owned()), workers: Some(workers), dataset, counts }
}

#[test]
fn roles_keep_to_their_operations() {
    let table = |name: &str| {
        format!(
            "[tables.{name}]\nshare = 1\n[tables.{name}.columns]\nid = {{ type = 'INTEGER PRIMARY KEY' }}\n"
        )
    };
    let text = format!(
        "total_writes = 10\nconcurrency = [4]\n[database]\npath = ':memory:'\n{}{}",
        table("heard"),
        table("said")
    );
    let mut plan = parsed(&text);
    plan.workloads[0].crews = vec![role(0, 1, 1_000), role(1, 3, 1_000)];
    plan.workloads[0].extent = lasting(100 * MS, 1_000);
    // The second role's operations take twice as long.
    let script = ruled(&plan, |e| {
        assert_eq!(e.operation, usize::from(e.session > 0), "session {}", e.session);
        Some(Reply::done(MS * (1 + e.operation as u64)))
    });
    level(&plan, script, |measured| {
        let of = |operation: usize| measured.operations[operation].succeeded.count();
        assert_eq!((of(0), of(1)), (100, 3 * 50));
        let workers: Vec<u64> = measured.workers.iter().map(|worker| worker.succeeded).collect();
        assert_eq!(workers, [100, 50, 50, 50]);
        assert_eq!(measured.planned, 2_000);
    });
}

#[test]
fn where_the_time_went_adds_up_to_the_latency() {
    let plan = notes(50, 2);
    let times = Some(Times { waiting_ns: 200_000, committing_ns: 300_000 });
    level(&plan, Script { times, ..always(&plan, MS) }, |measured| {
        let found = measured.times.unwrap();
        let each = |ns: u64| ns * 50;
        let (waiting_ns, committing_ns, executing_ns) = (each(200_000), each(300_000), each(500_000));
        assert_eq!(found, TimesMeasurement { operations: 50, waiting_ns, executing_ns, committing_ns });
        assert_eq!(waiting_ns + committing_ns + executing_ns, measured.operations[0].succeeded.sum_ns());
    });
}
