//! `runner` carries out a declarative scenario against a database and writes down what it measured.
//!
//! A module uses only what stands above it in this list:
//!
//! ```text
//! units        durations, sizes, rates, counts: parsed and printed with their unit
//! value        the one value type from template to engine
//! clock        real and virtual time
//! files        folders that go again, and what the system says, in words
//! diagnostic   what is wrong with a file, where, and what to write instead
//! template     minijinja + fake: compile, generators, distributions, seeds
//! capability   the engines by name, and what each can do
//! scenario     TOML text -> Scenario
//! dataset      rows, references and keys as pure functions of (seed, table, row); the tape
//! plan         Scenario -> Plan
//! draft        new scenario files: starters, and drafts from a database
//! machine      what this machine is: kernel, processors, file systems, limits
//! profile      where processor time goes while something is measured: samples, and their picture
//! engine       Engine, Connector and Session; sqlite, postgres, null (the floor), scripted (for tests)
//! measure      histogram, recorder, what a level measured
//! stats        estimates over iterations: median, spread, bootstrap intervals
//! run          workloads, levels, workers, pacing, pool, verification, events
//! result       the result document, findings, validity, targets, schema, store
//! compare      two sets of results: ratios with intervals, tests, verdicts
//! experiment   units of several cases, each here or in a process under limits; what is finished is kept
//! report       terminal table, Markdown, CSV: from results only
//! cli          clap, progress, previews, exit codes
//! ```

// What cannot fail says why, by `expect`; tests are free to unwrap.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod capability;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod dataset;
pub mod diagnostic;
pub mod draft;
pub mod engine;
pub mod experiment;
pub mod files;
pub mod machine;
pub mod measure;
pub mod plan;
pub mod profile;
pub mod report;
pub mod result;
pub mod run;
pub mod scenario;
pub mod stats;
pub mod template;
pub mod units;
pub mod value;
