//! New scenario files: starters for kinds of work, and drafts from the tables of a database that exists.
//!
//! The source database is only read (`source`). What its columns hold is measured in one pass (`profile`), a generator is guessed for each
//! (`guess`), and the file is written with what was measured and what was guessed beside it (`write`), once rows of it have been tried against
//! the schema (`trial`, `adapt`). No text of the database gets into the file, and of its numbers only ranges and quantiles, except the members of small enumerations on demand.

mod adapt;
mod difference;
mod document;
pub mod guess;
mod make;
mod order;
mod plain;
pub mod profile;
mod source;
mod sql;
pub mod starter;
mod trial;
mod write;

pub use difference::difference;
pub use make::{Drafted, Request, from_database, measured};
pub(crate) use source::open_to_read;

/// Why no draft can be made of a database, in words that follow its path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct DraftError {
    words: String,
}

impl DraftError {
    fn new(words: impl Into<String>) -> Self {
        DraftError { words: words.into() }
    }
}

impl From<rusqlite::Error> for DraftError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        DraftError::new(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "it is locked by another process; try again when that is done".to_owned()
            }
            Some(ErrorCode::NotADatabase) => "it is no SQLite database, or an encrypted one".to_owned(),
            Some(ErrorCode::DatabaseCorrupt) => {
                format!("it is damaged, or SQLite cannot read its schema: {error}")
            }
            _ => format!("SQLite cannot read it: {error}"),
        })
    }
}

/// A table of the source database, as its schema has it.
#[derive(Clone, Debug)]
pub struct SourceTable {
    /// As the schema spells it.
    pub name: String,
    /// The CREATE TABLE statement.
    pub ddl: String,
    /// In their order; hidden ones left out.
    pub columns: Vec<SourceColumn>,
    /// Columns (indexes) of the primary key, in its order; empty without one.
    pub primary_key: Vec<usize>,
    /// Whether the primary key is one INTEGER column that is the rowid.
    pub rowid_alias: bool,
    /// Groups of columns (indexes) that must be distinct together, those of the primary key included; a unique column is a group of one.
    pub unique: Vec<Vec<usize>>,
    /// References to other tables, or to itself.
    pub foreign_keys: Vec<SourceKey>,
    /// WITHOUT ROWID.
    pub without_rowid: bool,
    /// STRICT.
    pub strict: bool,
}

/// One column.
#[derive(Clone, Debug)]
pub struct SourceColumn {
    /// As the schema spells it.
    pub name: String,
    /// As declared; may be empty.
    pub declared: String,
    /// By SQLite's rules from `declared`.
    pub affinity: Affinity,
    /// NOT NULL, or part of the primary key of a table where that implies it.
    pub not_null: bool,
    /// Whether it has a DEFAULT.
    pub has_default: bool,
    /// GENERATED ALWAYS: never written.
    pub generated: bool,
    /// The members that a CHECK of the schema allows, as SQL literals: `'a'`, `1`.
    pub allowed: Vec<String>,
}

/// SQLite's column affinities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// TEXT.
    Text,
    /// NUMERIC.
    Numeric,
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
    /// BLOB, or none.
    Blob,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub struct SourceKey {
    /// Its columns (indexes).
    pub columns: Vec<usize>,
    /// The table that it refers to.
    pub table: String,
    /// The columns there, as many.
    pub to: Vec<String>,
}

/// What a table holds.
#[derive(Clone, Debug, Default)]
pub struct TableProfile {
    /// Rows, exactly.
    pub rows: u64,
    /// Rows that were looked at; fewer than `rows` where time was short.
    pub seen: u64,
    /// One for each column of the table.
    pub columns: Vec<ColumnProfile>,
    /// One for each foreign key of the table.
    pub foreign_keys: Vec<GroupProfile>,
    /// Of keys of two columns whose first has few values: what the second holds beside each of them, in the table's own order.
    pub kinds: Vec<Kind>,
}

/// The rows that have one value in the first column of a key of two columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The key's first and second column (indexes).
    pub columns: (usize, usize),
    /// The value of the first.
    pub member: crate::value::Value,
    /// Rows that have it.
    pub rows: u64,
    /// Values of the second column there, by type and length.
    pub classes: Vec<Class>,
}

/// What a column holds. Shares and counts are those of the rows seen.
#[derive(Clone, Debug, Default)]
pub struct ColumnProfile {
    /// Rows with NULL.
    pub nulls: u64,
    /// Rows by storage class.
    pub integers: u64,
    /// Rows by storage class.
    pub reals: u64,
    /// Rows by storage class.
    pub texts: u64,
    /// Rows by storage class.
    pub blobs: u64,
    /// Distinct values, NULL left out; estimated above a hundred thousand.
    pub distinct: u64,
    /// Characters of texts, bytes of blobs, of all other values as text.
    pub length: Lengths,
    /// 33 quantiles of the numbers: least, 1/32, …, 31/32, greatest. Empty without numbers.
    pub quantiles: Vec<f64>,
    /// Mean of the numbers.
    pub mean: f64,
    /// Whether each number is above the one before it, in the table's own order.
    pub ascending: bool,
    /// Digits after the point that most reals have.
    pub decimals: u32,
    /// The format that nearly all texts share.
    pub format: Option<Format>,
    /// How often the value differs from the one before it, in the table's own order, NULL left out.
    pub runs: u64,
    /// Least and greatest text, where they are dates.
    pub span: Option<(String, String)>,
    /// What follows the seconds of a date with a time, digits as `0`.
    pub tail: Option<String>,
    /// Whether a space stands between date and time.
    pub spaced: bool,
    /// The parts that nearly all texts consist of; empty where they differ.
    pub parts: Vec<Part>,
    /// Kinds of signs in the texts and their numbers, the most frequent first.
    pub letters: Vec<(Sign, u64)>,
    /// A text that a fifth of the rows or more have, and their number, where there are more than 32.
    pub common: Option<(crate::value::Value, u64)>,
    /// Values and their rows, the most frequent first, where at most 32 are distinct.
    pub members: Vec<(crate::value::Value, u64)>,
    /// Values by type and length, numbers before texts, short ones first.
    pub classes: Vec<Class>,
}

impl ColumnProfile {
    /// Whether there are values of several types.
    pub fn is_mixed(&self) -> bool {
        [self.integers, self.reals, self.texts, self.blobs].into_iter().filter(|rows| *rows > 0).count() > 1
    }
}

/// Values of one type: numbers of one length, or all texts, or all blobs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// Their type.
    pub kind: Storage,
    /// Whether they are numbers below zero.
    pub negative: bool,
    /// Rows that have one.
    pub rows: u64,
    /// Distinct values.
    pub distinct: u64,
    /// Characters, or bytes.
    pub length: Lengths,
    /// Of numbers, without their sign.
    pub least: f64,
    /// Of numbers, without their sign.
    pub greatest: f64,
    /// Digits after the point that most of them have.
    pub decimals: u32,
}

/// SQLite's storage classes, NULL left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Storage {
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
    /// TEXT.
    Text,
    /// BLOB.
    Blob,
}

/// What several columns hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupProfile {
    /// Rows in which any of them is NULL.
    pub nulls: u64,
    /// Distinct combinations in the other rows.
    pub distinct: u64,
    /// How often the combination differs from the one before it.
    pub runs: u64,
}

/// A kind of sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// 0 to 9.
    Digit,
    /// A small letter, Latin where no other kind says more.
    Lower,
    /// A capital Latin letter.
    Upper,
    /// A space.
    Space,
    /// Japanese.
    Hiragana,
    /// Japanese.
    Katakana,
    /// Chinese.
    Han,
    /// Korean.
    Hangul,
    /// Cyrillic.
    Cyrillic,
    /// Arabic.
    Arabic,
    /// Punctuation; `*` stands for what is not ASCII.
    Mark(char),
}

impl Sign {
    /// What kind of sign a character is.
    pub fn of(sign: char) -> Sign {
        match sign {
            '0'..='9' => Sign::Digit,
            'a'..='z' => Sign::Lower,
            'A'..='Z' => Sign::Upper,
            ' ' => Sign::Space,
            '\u{3040}'..='\u{309f}' => Sign::Hiragana,
            '\u{30a0}'..='\u{30ff}' => Sign::Katakana,
            '\u{4e00}'..='\u{9fff}' => Sign::Han,
            '\u{ac00}'..='\u{d7af}' => Sign::Hangul,
            '\u{0400}'..='\u{04ff}' => Sign::Cyrillic,
            '\u{0600}'..='\u{06ff}' => Sign::Arabic,
            other if other.is_ascii_punctuation() => Sign::Mark(other),
            other if other.is_alphabetic() => Sign::Lower,
            _ => Sign::Mark('*'),
        }
    }
}

/// A part of texts: signs of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Their kind.
    pub sign: Sign,
    /// Least number of them.
    pub min: u32,
    /// Greatest number of them.
    pub max: u32,
    /// Mean number of them.
    pub mean: f64,
}

/// Lengths of the values that are not NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lengths {
    /// Least.
    pub min: u64,
    /// Greatest.
    pub max: u64,
    /// Mean.
    pub mean: f64,
}

/// A format of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// E-mail address.
    Email,
    /// UUID in its usual spelling.
    Uuid,
    /// 2024-05-06.
    Date,
    /// 2024-05-06 07:08:09, with T or a space, perhaps with a zone or a fraction.
    DateTime,
    /// Web address.
    Url,
    /// A JSON object or list.
    Json,
    /// Hexadecimal digits.
    Hex,
    /// Decimal digits.
    Digits,
    /// One word of letters.
    Word,
    /// IPv4 address.
    Ipv4,
    /// Telephone number.
    Phone,
    /// Absolute or relative path of a file.
    Path,
}

/// The generator of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// What stands at `value`, a template such as `{{ name() }}`; absent where the column is better left out.
    pub value: Option<String>,
    /// One line for the file: what was measured, and what was guessed.
    pub note: String,
}
