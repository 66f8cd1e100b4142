//! Every code with its words.

use super::NoteKind::{Doubt, Finding, Invalidating};
use super::{NoteCode, code};

/// Every code: what invalidates figures, what casts doubt on them, what they say about the database.
pub const NOTE_CODES: &[NoteCode] = &[
    code(
        Invalidating,
        "debug-build",
        "The runner itself was built without optimisation.",
        "Such a build is many times slower than a release build, and what it measures is itself. Build it\n\
        with `cargo build --release`, or take the binary of a release.",
    ),
    code(
        Invalidating,
        "timer-bound",
        "Operations were too short for this machine's clock.",
        "The median is less than ten steps of the clock, so that the step decides the figures. Put several\n\
        operations into one, as a transaction of several `steps` or a batch, or let them do more.\n\
        `runner doctor` tells the clock's step.",
    ),
    code(
        Invalidating,
        "verification-failed",
        "The database does not hold what it acknowledged.",
        "After the level rows were lost, altered or too many, or the integrity check complained; the result\n\
        names the first ones under `verification`. Settings that risk this are `synchronous = \"off\"` and\n\
        a rollback journal in memory; triggers and `sql` that change rows without `changes` look alike.",
    ),
    code(
        Invalidating,
        "verification-impossible",
        "The comparison of the database with what was acknowledged could not be carried out.",
        "The database did not answer any more, or the run was stopped. Look at the reason that stands beside\n\
        it, and run again.",
    ),
    code(
        Invalidating,
        "settings-not-read-back",
        "A setting was made, and reading it back gave another value or none.",
        "Whether the figures are those of the settings in the file is not known. Leave the setting out, or look\n\
        up whether this version of the database has it.",
    ),
    code(
        Invalidating,
        "interrupted",
        "The level was cut short.",
        "It was stopped, or the database could not go on, so that its figures are those of its beginning. The\n\
        result says why under `reason`.",
    ),
    code(
        Invalidating,
        "no-figures",
        "No iteration of the level came to its end.",
        "Each was ended before it had figures: by a limit of its memory as a rule. The reasons stand beside the\n\
        level under `failures`. Give the case more memory, or less to do.",
    ),
    code(
        Invalidating,
        "test-delay",
        "Operations were made slower on purpose.",
        "The variable RUNNER_TEST_DELAY_PERCENT was set, which is there to try the statistics out. Run again\n\
        without it.",
    ),
    code(
        Invalidating,
        "profiled",
        "A profiler ran while the level was measured.",
        "It stopped the workers about 200 times for each second of processor time to note what they were\n\
        doing, and that is in the figures. The flame graph tells where the time goes; for how much there is of\n\
        it, run again without `--profile`.",
    ),
    code(
        Doubt,
        "not-verified",
        "It was not checked that the database holds what it acknowledged.",
        "The scenario does not say what its SQL does to the rows. Give operations with `sql` or `steps` their\n\
        `changes`, such as `changes = { messages = 1 }`.",
    ),
    code(
        Doubt,
        "quick-run",
        "The run was one with `--quick`.",
        "It does a hundredth of the work, or what `[quick]` says, to show that a scenario works. Its figures\n\
        are those of a start: run it without `--quick` for figures to be quoted.",
    ),
    code(
        Doubt,
        "used-up",
        "A level with a duration ran out of operations before its time was over.",
        "Values are made before the clock starts, up to `max_operations`. Raise it, or shorten `duration`.",
    ),
    code(
        Doubt,
        "too-few-samples",
        "A level has too few operations for a 99th percentile.",
        "Fewer than ten lie beyond it, so that a few slow ones decide it. Write a larger total or more\n\
        `iterations`, or look at the median and the 95th percentile instead.",
    ),
    code(
        Doubt,
        "memory-file-system",
        "The database file is on a file system in memory.",
        "A sync costs nothing there, so that writes look far faster than on a disk. Write a `path` on a real\n\
        disk unless that is what is asked for.",
    ),
    code(
        Doubt,
        "one-iteration",
        "The level ran once.",
        "Nothing is known about how much its figures vary from run to run. Write `iterations = 5` or more\n\
        where a difference of a few per cent matters.",
    ),
    code(
        Doubt,
        "drift",
        "The throughput of the last third of a level differs by a fifth from that of the first.",
        "The level had no steady state: caches filled, the tables grew, a checkpoint came, or the disk's own\n\
        cache was used up. Write a `warmup`, a longer level, or look at `timeSeries` in the result.",
    ),
    code(
        Doubt,
        "other-load",
        "Other programs wanted a processor when the level started.",
        "They took time from the database and from the runner. Stop them, or run on a quieter machine;\n\
        `runner doctor` tells how busy it is.",
    ),
    code(
        Doubt,
        "no-contention-measured",
        "Every worker had a database of its own, made around each write.",
        "`reset = \"write\"` makes it so: what it measures is a write into a new database. For workers that\n\
        share one, write `reset = \"level\"`.",
    ),
    code(
        Doubt,
        "failed-iterations",
        "Some iterations of the level failed.",
        "The figures are those of the others, which may be the easier ones. Why each failed stands beside the\n\
        level under `failures`.",
    ),
    code(
        Finding,
        "mostly-busy",
        "More than half of the operations of a level were refused because of locks.",
        "The figures of time are those of the few that got through. Raise `busy_timeout` in `[database]`, use\n\
        `journal_mode = \"wal\"`, or let fewer workers write. On a server raise `lock_timeout` in\n\
        `[database.settings]`, and make transactions shorter.",
    ),
    code(
        Finding,
        "refused-busy",
        "Some operations were refused because another connection held the lock too long.",
        "An application has to repeat such a write. Raise `busy_timeout` in `[database]` (`lock_timeout` in\n\
        `[database.settings]` on a server), use fewer writers, or let the runner repeat them with `[retry]`.",
    ),
    code(
        Finding,
        "serialization-failures",
        "Transactions failed because others ran at the same time: serialization failures or deadlocks.",
        "The server gave them up (SQLSTATE 40001 or 40P01) so that the others stay as if they had run one after\n\
        the other. An application has to repeat such a transaction from its beginning, as `[retry]` with\n\
        `on = [\"serialization\", \"deadlock\"]` does. Shorter transactions, fewer workers, rows taken in the same\n\
        order everywhere or a lower isolation level give fewer of them.",
    ),
    code(
        Finding,
        "never-succeeds",
        "An operation failed every time.",
        "That is a mistake of the scenario more often than one of the database. Look at its statement, its\n\
        values and what it is expected to come to; `runner preview` shows them bound.",
    ),
    code(
        Finding,
        "starved-workers",
        "A worker got less than half as much done as another one.",
        "SQLite does not queue its writers: who waits long may go on waiting while others come and go. Let\n\
        fewer connections write, or one for all; figures of latency have a long tail otherwise. On a server\n\
        look at what its sessions wait for.",
    ),
    code(
        Finding,
        "parent-missing",
        "Rows were never sent, since the row that they refer to had been refused, or may not be there.",
        "They follow from other errors of the level, which stand beside it: cure those first.",
    ),
    code(
        Finding,
        "unknown-commits",
        "Answers of the database were lost, so that it is not known what became of the operations.",
        "A connection broke after a write, or its COMMIT, had been sent: all of it may stand, or nothing. Such\n\
        operations are neither acknowledged nor errors and in no latency; the verification takes either for\n\
        right, and says of how many rows it found. They are never repeated. An application that repeats them\n\
        has to look first, or to write so that repeating is harmless.",
    ),
    code(
        Finding,
        "connection-lost",
        "Connections to the database were lost while the level ran.",
        "The run goes on with new connections, which are tried for `reconnect_timeout` in `[database]`; the\n\
        latency of the operation that waits has all of it. If the server stays away for longer, the run ends\n\
        with what it has, and exit code 4. The server's log says why connections were closed.",
    ),
    code(
        Finding,
        "backlog-grew",
        "Operations arrived faster than the database took them.",
        "With a `rate`, response times then say how long the backlog was, not how fast the database is. Ask for\n\
        a lower rate; or use more workers if service times are short.",
    ),
    code(
        Finding,
        "checkpoint-stalls",
        "The slowest operation took as long as a checkpoint of the write-ahead log.",
        "Whoever fills the log to `wal_autocheckpoint` pays for the checkpoint. A smaller value gives more and\n\
        shorter stalls, a larger one fewer and longer ones: compare both.",
    ),
    code(
        Finding,
        "mostly-waiting",
        "More than half of the time went into waiting for locks.",
        "SQLite has one writer at a time, so more of them only wait longer. Use fewer workers, make\n\
        transactions shorter, or put several writes into one (`batch_size`).",
    ),
    code(
        Finding,
        "pool-too-small",
        "Workers waited longer for a connection of the pool than they used it, or got none in time.",
        "Raise `max` in `[pool]` where operations read. Writers of SQLite take turns whatever the pool's size:\n\
        use fewer of them.",
    ),
    code(
        Finding,
        "statement-cache-misses",
        "Statements were prepared again and again, since the cache of a connection is too small for them.",
        "Raise `statement_cache` in `[database]` at least to the number of different statements in use, or\n\
        leave it out: statements are then held.",
    ),
    code(
        Finding,
        "retries-give-up",
        "Operations failed even at their last attempt.",
        "Raise `attempts` or `base_delay` in `[retry]`, or take away the cause: a longer `busy_timeout`, fewer\n\
        writers.",
    ),
    code(
        Finding,
        "smallest-batches",
        "An adaptive batch shrank to its least size.",
        "Too many batches were refused at any larger one: the errors of the level say by what. A smaller\n\
        `batch_min` or fewer workers give shorter transactions.",
    ),
    code(
        Finding,
        "less-durable",
        "The settings promise less after a crash than a reader may think.",
        "With them a crash or a loss of power may take back acknowledged writes, or damage the file; the\n\
        figures are those of such a database. Where every write must survive, compare with\n\
        `synchronous = \"full\"` in `journal_mode = \"wal\"`; of a server with `synchronous_commit` and `fsync` on.",
    ),
    code(
        Finding,
        "memory-at-risk",
        "Acknowledged rows were in memory alone.",
        "A write buffer acknowledges what it has in memory. The finding names the most rows that a crash of the\n\
        process would have lost at any moment; `resources.buffer` has the figure, and the limit that the\n\
        threshold and the size of a batch set. A smaller `threshold` or a `flush_timeout` in `[buffer]`\n\
        lowers both. Where nothing takes what is flushed, all rows would be lost.",
    ),
    code(
        Finding,
        "variant-differs",
        "A variant is faster or slower than the unchanged file.",
        "The 95 % intervals of their median throughput do not overlap, so that the difference is most probably\n\
        real. Look at latencies and errors, too, before choosing.",
    ),
    code(
        Finding,
        "variant-alike",
        "No difference between a variant and the unchanged file was seen.",
        "Their intervals overlap. That is no proof that they are equal: more or longer iterations find smaller\n\
        differences.",
    ),
];
