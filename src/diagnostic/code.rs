//! The stable names of everything that can be wrong with a scenario.
//!
//! What is wrong in a given file, and where, is left to the diagnostic that carries the code.

use std::fmt;

use super::Severity;

/// Makes the enum, its names, summaries and pages from one table, so that none can be missing.
macro_rules! codes {
    ($(#[$severity:ident] { $($variant:ident $name:literal $summary:literal)* })*) => {
        /// A kind of problem. Its name never changes, so that it can be searched for and explained.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $summary] $variant,)*)*
        }

        impl Code {
            /// Every code, in the order of the passes that find them; warnings last.
            pub const ALL: &'static [Code] = &[$($(Code::$variant),*),*];

            /// The stable name: `unknown-key`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Code::$variant => $name,)*)*
                }
            }

            /// One sentence: when this is reported.
            pub const fn summary(self) -> &'static str {
                match self {
                    $($(Code::$variant => $summary,)*)*
                }
            }

            /// What a problem of this kind weighs.
            pub const fn severity(self) -> Severity {
                match self {
                    $($(Code::$variant => Severity::$severity,)*)*
                }
            }

            /// The page of the catalogue, as it is written.
            pub(super) const fn page(self) -> &'static str {
                match self {
                    $($(Code::$variant => include_str!(concat!("catalogue/", $name, ".md")),)*)*
                }
            }
        }
    };
}

codes! {
    #[Error] {
    UnreadableFile "unreadable-file" "The scenario file cannot be read, or is not UTF-8 text."
    Syntax "syntax" "The text is not TOML."
    DuplicateKey "duplicate-key" "A key or a table stands twice in the file."
    BadOverride "bad-override" "A `--set` is not of the form KEY=VALUE, or a key cannot be replaced."
    QuickKey "quick-key" "`[quick]` replaces a key that it cannot replace."
    FixedKey "fixed-key" "A variant or the matrix changes a key that holds for all cases."
    Matrix "matrix" "A key of the matrix without a list of values, or with a value that comes twice."
    UnknownVariant "unknown-variant" "A variant that the scenario does not have."
    UnknownKey "unknown-key" "A key that the language does not have at this place."
    WrongType "wrong-type" "A value of another type than the key takes."
    MissingKey "missing-key" "A key that has no default is not given."
    OutOfRange "out-of-range" "A number, or a number of items, beyond its limits."
    BadQuantity "bad-quantity" "A time, a size or a rate without its unit, or with one that does not exist."
    UnknownValue "unknown-value" "A word that is not one of the key's choices."
    BadName "bad-name" "A name with characters that it cannot have, or one that something else has."
    DuplicateName "duplicate-name" "Two scenarios of one call would write the same result."
    BadPath "bad-path" "A path that cannot be the database: a directory, a URI, or someone else's file."
    BadUrl "bad-url" "An address that cannot be a server's, or a password in it."
    ConcurrencyRepeat "concurrency-repeat" "A concurrency stands twice in the list of levels."
    ConflictingKeys "conflicting-keys" "Two keys that exclude each other."
    NoEffect "no-effect" "A key that does nothing as it stands."
    NoWrites "no-writes" "Nothing has a share or a weight, so that nothing would be done."
    Share "share" "A share that is no part of a mix, or a total too small for its tables."
    UnknownPragma "unknown-pragma" "A PRAGMA that SQLite does not have."
    PragmaValue "pragma-value" "A value that the PRAGMA does not take."
    Driver "driver" "A driver that this build does not have, or that cannot do what the scenario asks."
    ReservedPragma "reserved-pragma" "A PRAGMA that the runner sets itself, or that has a key of its own."
    Setting "setting" "A setting of a server that no session of the runner can set."
    Engine "engine" "Something that the engine of the scenario cannot do."
    UnknownTable "unknown-table" "A table that the scenario does not have."
    UnknownColumn "unknown-column" "A column that the table does not have."
    TypeAndDdl "type-and-ddl" "A table has both `ddl` and columns with types, or neither."
    ReferenceCycle "reference-cycle" "Tables that refer to each other in a circle, so that none can be written first."
    NoValue "no-value" "A column that must have a value is given none."
    TemplateSyntax "template-syntax" "The text of a template is not a template."
    TemplateUnknownName "template-unknown-name" "A template uses a generator or a name that does not exist."
    TemplateArgument "template-argument" "A generator is given an argument that it does not take."
    TemplateReference "template-reference" "A `ref` that names no table and column, or one that it cannot refer to."
    NotDistinct "not-distinct" "A generator cannot give as many distinct values as a unique column needs."
    SkewedReference "skewed-reference" "A `ref` with a distribution inside a primary key or unique group."
    Sql "sql" "The database would refuse a statement of the scenario."
    OperationKind "operation-kind" "An operation has several things to do, or none."
    UnknownOperation "unknown-operation" "A name that is neither an operation nor a table."
    NotUnique "not-unique" "An operation about one row finds it by a column that is not unique."
    UnboundParameter "unbound-parameter" "A parameter of a statement that is given no value."
    UnusedBind "unused-bind" "A value for a parameter that no statement has."
    Capture "capture" "A value that is captured from a column that does not exist, or used before it is captured."
    Expectation "expectation" "An operation or step is to come to something that it cannot come to."
    NoRows "no-rows" "Rows are needed of a table that has none, or more than it has."
    Reset "reset" "What cannot be done with tables that are made anew at that time."
    Roles "roles" "Roles that cannot work side by side."
    Batch "batch" "An operation that cannot be part of a batch."
    UnknownWorkload "unknown-workload" "A workload that the scenario does not have."
    UnknownMetric "unknown-metric" "A figure that does not exist."
    TargetLimit "target-limit" "A target without a limit, or with one that its figure cannot have."
    }
    #[Warning] {
    UnusedOperation "unused-operation" "An operation that nothing carries out."
    UnusedTable "unused-table" "A table that is made, but neither written nor read."
    UnusedVar "unused-var" "A variable that no template uses."
    NotDurable "not-durable" "A setting with which a crash or a power cut can damage the database."
    FullScan "full-scan" "An operation looks at every row of a table, since no index has its column."
    RedundantIndex "redundant-index" "An index that has what a key or another index has already."
    NotVerified "not-verified" "SQL changes numbers of rows that `changes` does not name, so that levels are not verified."
    SameAsBase "same-as-base" "A variant, or a list of the matrix, that changes nothing."
    FewSamples "few-samples" "A target on a percentile of too few operations to have one."
    ShortBatches "short-batches" "Batches that no worker has enough operations to fill."
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Code::ALL.iter().find(|code| code.as_str() == name).copied().ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_kebab_case_and_its_own() {
        for (i, code) in Code::ALL.iter().enumerate() {
            let name = code.as_str();
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
            assert!(Code::ALL[..i].iter().all(|other| other.as_str() != name), "{name}");
            assert!(code.summary().ends_with('.'), "{name}");
            assert!(
                code.severity() == Severity::Error
                    || Code::ALL[i..].iter().all(|c| c.severity() == Severity::Warning)
            );
            assert_eq!(name.parse(), Ok(*code));
        }
    }
}
