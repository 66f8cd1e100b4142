//! What can be wrong with a template. Showing it in the scenario file is left to `plan`.

use std::ops::Range;

/// What kind of mistake a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It does not parse.
    Syntax,
    /// A name that is neither a variable nor in `vars`.
    UnknownName,
    /// A function, filter or test that does not exist.
    UnknownGenerator,
    /// A wrong number, type or range of arguments.
    WrongArgument,
    /// A table or column that does not exist.
    UnknownReference,
    /// `unique(...)` of something that cannot be distinct.
    NotEnoughValues,
    /// A file that cannot be read.
    MissingFile,
    /// Something of minijinja that values cannot use.
    Unsupported,
}

/// One mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// Bytes of the template's source.
    pub range: Range<usize>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}
