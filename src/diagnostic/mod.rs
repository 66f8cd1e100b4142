//! What is wrong with a scenario: a code, a place, words, and what to write instead.
//!
//! Finding faults is left to `scenario` and `plan`; this room only names, places, draws and explains them.

mod catalogue;
mod code;
mod render;

pub use catalogue::{Example, Explanation, explain, markdown};
pub use code::Code;
pub use render::{Record, nearest, position, records, render, render_within};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The scenario runs, but probably not as meant.
    Warning,
    /// The scenario cannot run.
    Error,
}

/// A byte range in one source: the scenario file (0), the texts of `--set` (1), or the value of another flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Index into [`Sources`].
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A named text that spans point into.
#[derive(Clone, Debug)]
pub struct Source {
    /// Shown before `:LINE:COLUMN`: a path, or a flag such as `--set`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// The file first, then `--set` with a line for each in order, then each other flag that replaces a key.
pub type Sources = Vec<Source>;

/// One problem, with its place and its remedy.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Stable name of the kind of problem.
    pub code: Code,
    /// Where; the file as a whole when absent.
    pub span: Option<Span>,
    /// What is wrong, one sentence without a full stop, in the user's words.
    pub message: String,
    /// A few words under the underlined source; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: Option<Span>, message: impl Into<String>) -> Self {
        debug_assert!(code.severity() == Severity::Error, "{code} is a warning");
        Diagnostic { code, span, message: message.into(), label: String::new(), help: None }
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Option<Span>, message: impl Into<String>) -> Self {
        debug_assert!(code.severity() == Severity::Warning, "{code} is an error");
        Diagnostic { code, span, message: message.into(), label: String::new(), help: None }
    }

    /// What it weighs, as its code says.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Adds the words under the source.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
