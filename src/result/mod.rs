//! The result document: what a run measured, whether to believe it, and what it says about the database.
//!
//! Types are in `model` and `environment`; `builder` and `build` make them from measurements; `validity`, `targets` and `findings`
//! judge them; `store` writes them, `reading` reads them. Drawing them is left to `report`.

mod baseline;
mod build;
mod builder;
mod case;
mod comparability;
mod environment;
mod findings;
mod histogram;
mod iteration;
mod iterations;
mod load;
mod model;
mod notes;
mod reading;
mod schema;
mod statistics;
mod store;
mod targets;
#[cfg(test)]
pub(crate) mod testing;
mod validity;

pub use baseline::{BASELINE_FOLDER, BaselineError, Baselines, results_in};
pub use builder::{Builder, FailedIteration};
pub use case::{last as last_key, plain as plain_value};
pub use comparability::TOLD_BY_DATABASE;
pub use environment::{CaseEngine, Engine, Environment, OverrideRecord, Runner, ScenarioRecord, Storage};
pub use findings::{Finding, find};
pub use histogram::{HISTOGRAM_UNIT, decode as decode_histogram, encode as encode_histogram};
pub use model::*;
pub use notes::{NOTE_CODES, NoteCode, NoteKind, notes_markdown, title as notes_title};
pub use reading::{ReadError, read};
pub use schema::{json_schema, schema_of, validate};
pub use store::{Store, StoreError};
pub use validity::{Circumstances, Doubt, Validity, assess};

pub use crate::engine::Durability;
pub use crate::measure::{
    IntegrityCheck, OrphanVerification, TableVerification, Verification, VerificationStatus,
};
pub use crate::plan::BASE_VARIANT;
