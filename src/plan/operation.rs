//! What is executed and timed as a unit: one statement, or several in a transaction.

use crate::value::Value;

/// An operation of the scenario. Tables that get rows have one that inserts them, named like the table.
///
/// Its values stand on the tape in this order: `values` of the whole operation, then step by step the number of repetitions where it is
/// [`Repeat::Drawn`], and for each repetition the step's own values.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// As the scenario spells it; the table's name, for a table's share.
    pub name: String,
    /// What it does to rows of the dataset.
    pub kind: Kind,
    /// The transaction around its steps.
    pub transaction: Transaction,
    /// Values that all its steps share.
    pub values: usize,
    /// At least one.
    pub steps: Vec<Step>,
    /// Names of the captured values, by slot.
    pub captures: Vec<String>,
    /// Rows that it adds to tables (index, rows) beyond those of the dataset; below 0 for rows removed. Only for raw SQL.
    pub changes: Vec<(usize, i64)>,
    /// Tables that raw SQL writes without saying what it does to their row counts.
    pub unaccounted: Vec<usize>,
    /// Columns (table, column of its dataset row) whose values raw SQL may change: they cannot be compared.
    pub overwrites: Vec<(usize, usize)>,
    /// Whether the bytes of texts and blobs that it writes and reads are counted: in scenarios that make any by `bytes(…)`.
    pub payload: bool,
    /// Whether blobs go through SQLite's incremental blob I/O.
    pub blob_io: Option<BlobIo>,
    /// Columns of the dataset row that find the row, or rows, that it is about, in the order of their values: those of `get`, `find`, `scan` and
    /// `delete` are these alone, those of `update` end with them, an upsert's stand among its columns. Empty for inserts and SQL.
    pub by: Vec<usize>,
    /// At most so many rows are read. Only for `find` and `scan`.
    pub limit: Option<u64>,
    /// Columns of the dataset row that are read, in their order; those without values there are left out. Only for `get`, `find` and `scan`.
    pub reads: Vec<usize>,
    /// Whether a `find` looks for all values from its first one on and before its second one, instead of for one value.
    pub range: bool,
}

/// Blobs written and read in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobIo {
    /// Of so many bytes each.
    pub piece_bytes: u32,
    /// For reading: places in the row that hold the length of a blob, and its column. The row ends with its rowid.
    pub reads: Vec<(usize, String)>,
}

impl Operation {
    /// The INSERT of a table's next row: one statement, one parameter for each column of the dataset row.
    pub fn insert(name: &str, table: usize, sql: String, columns: usize) -> Operation {
        let step = Step {
            sql,
            binds: (0..columns).map(Bind::Shared).collect(),
            values: 0,
            repeat: Repeat::Fixed(1),
            captures: Vec::new(),
            expect: Expect::default(),
        };
        Operation {
            name: name.to_owned(),
            kind: Kind::Insert { table },
            transaction: Transaction::None,
            values: columns,
            steps: vec![step],
            captures: Vec::new(),
            changes: Vec::new(),
            unaccounted: Vec::new(),
            overwrites: Vec::new(),
            payload: false,
            blob_io: None,
            by: Vec::new(),
            limit: None,
            reads: Vec::new(),
            range: false,
        }
    }

    /// The table that it inserts rows of the dataset into.
    pub fn inserts(&self) -> Option<usize> {
        match self.kind {
            Kind::Insert { table } | Kind::Upsert { table, .. } => Some(table),
            _ => None,
        }
    }

    /// Whether it changes the database.
    pub fn writes(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Get { .. } | Kind::Find { .. } | Kind::Scan { .. } | Kind::Sql { writes: false }
        )
    }
}

/// What an operation does, as far as rows of the dataset are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Writes the table's next row.
    Insert {
        /// Index of the table.
        table: usize,
    },
    /// Writes the next row, or new values under the key of one that exists.
    Upsert {
        /// Index of the table.
        table: usize,
        /// Columns of the dataset row that get new values on a hit.
        sets: Vec<usize>,
    },
    /// Reads one row by its key.
    Get {
        /// Index of the table.
        table: usize,
    },
    /// Reads all rows with a value.
    Find {
        /// Index of the table.
        table: usize,
    },
    /// Reads rows in order, from a value on.
    Scan {
        /// Index of the table.
        table: usize,
    },
    /// Gives columns of one row new values.
    Update {
        /// Index of the table.
        table: usize,
        /// Column of the dataset row, and index into the operation's values.
        sets: Vec<(usize, usize)>,
    },
    /// Removes one row.
    Delete {
        /// Index of the table.
        table: usize,
    },
    /// SQL of the scenario's own.
    Sql {
        /// Whether any of its statements writes.
        writes: bool,
    },
}

/// The transaction around an operation's steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transaction {
    /// Each statement on its own.
    #[default]
    None,
    /// `BEGIN DEFERRED`; on a server, with the isolation that its sessions have by themselves.
    Deferred,
    /// `BEGIN IMMEDIATE`; on a server, as deferred: it locks what is written as it is written.
    Immediate,
    /// `BEGIN EXCLUSIVE`. Only where the engine has it.
    Exclusive,
    /// `BEGIN ISOLATION LEVEL READ COMMITTED`. This and what follows only where the engine has isolation levels.
    ReadCommitted,
    /// `BEGIN ISOLATION LEVEL REPEATABLE READ`.
    RepeatableRead,
    /// `BEGIN ISOLATION LEVEL SERIALIZABLE`.
    Serializable,
}

impl Transaction {
    /// As a scenario writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Transaction::None => "none",
            Transaction::Deferred => "deferred",
            Transaction::Immediate => "immediate",
            Transaction::Exclusive => "exclusive",
            Transaction::ReadCommitted => "read_committed",
            Transaction::RepeatableRead => "repeatable_read",
            Transaction::Serializable => "serializable",
        }
    }

    /// Whether it names an isolation level.
    pub fn is_isolation(self) -> bool {
        matches!(self, Transaction::ReadCommitted | Transaction::RepeatableRead | Transaction::Serializable)
    }
}

/// One statement of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// In the words of the engine, with parameters `?1` to `?n`, `$1` to `$n` for PostgreSQL, one for each of `binds`.
    pub sql: String,
    /// What is bound, in the order of the parameters.
    pub binds: Vec<Bind>,
    /// Values on the tape for each repetition.
    pub values: usize,
    /// How often it is executed.
    pub repeat: Repeat,
    /// Column of its first row, and slot that keeps its value; the last repetition's value stays.
    pub captures: Vec<(usize, usize)>,
    /// What it has to come to.
    pub expect: Expect,
}

/// Where a parameter's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// One of the operation's values.
    Shared(usize),
    /// One of this step's own values.
    Own(usize),
    /// A value captured by an earlier step.
    Captured(usize),
}

/// How often a step is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Always as often.
    Fixed(u64),
    /// The number stands on the tape.
    Drawn,
}

/// What a statement has to come to; anything else makes the operation an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Rows read. Its error is [`EXPECT_ROWS`].
    pub rows: Option<u64>,
    /// Rows changed. Its error is [`EXPECT_CHANGES`].
    pub changes: Option<u64>,
    /// First column of the first row. Its error is [`EXPECT_VALUE`].
    pub value: Option<Value>,
}

/// Code of an operation that read another number of rows than expected.
pub const EXPECT_ROWS: &str = "expect_rows";
/// Code of an operation that changed another number of rows than expected.
pub const EXPECT_CHANGES: &str = "expect_changes";
/// Code of an operation that read another value than expected.
pub const EXPECT_VALUE: &str = "expect_value";
/// Code of an operation that read another blob than was written.
pub const PAYLOAD_MISMATCH: &str = "payload_mismatch";
/// Code of an operation whose step read no row to capture from.
pub const NOTHING_CAPTURED: &str = "nothing_captured";
