//! What the comparison of the database with what was acknowledged found. How it is done is left to `run`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a level left in the database, compared with what was acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// What came of it.
    pub status: VerificationStatus,
    /// One for each table.
    pub tables: Vec<TableVerification>,
    /// What is wrong, or could not be verified: one sentence each, naming the table, the counts or the row. Empty when all is well.
    pub problems: Vec<String>,
    /// Rows that were read back and compared with the generator, value by value.
    pub sampled_rows: u64,
    /// Acknowledged rows that the engine lets go on purpose: they are counted, not compared.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_kept_rows: u64,
    /// Rows of which it is not known from the answers whether they are there; they were looked for. Not in `sampledRows`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_rows: u64,
    /// How many of them are there, as they were made.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_rows_found: u64,
    /// Which integrity check of the database was made; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrity_check: Option<IntegrityCheck>,
    /// What that check complained about, in the database's words. Empty when all is well.
    pub integrity: Vec<String>,
    /// Rows whose parent is missing; absent when they were not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphans: Option<OrphanVerification>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What came of the verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerificationStatus {
    /// Every acknowledged row is there as it was made, and no other.
    Verified,
    /// A row is lost, surplus or altered, or the database is damaged.
    Failed,
    /// It could not be carried out.
    Impossible,
    /// It was not asked for, or the scenario does not say what its SQL changes.
    #[default]
    NotVerified,
}

/// Rows of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableVerification {
    /// Name of the table.
    pub table: String,
    /// Rows that were acknowledged. Where answers were lost it is a range, of which this is the number nearest to what was found.
    pub expected: u64,
    /// Rows that are there; absent when they could not be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<u64>,
}

/// How much of the database's own integrity check was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntegrityCheck {
    /// All of it.
    Full,
    /// Without the comparison of indexes with tables, for large files.
    Quick,
}

/// Rows whose parent is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrphanVerification {
    /// Whether the database enforces foreign keys.
    pub enforced: bool,
    /// Tables that have references; `expected` are acknowledged rows whose parent was not acknowledged.
    pub tables: Vec<TableVerification>,
}
