//! `runner preview`: rows and SQL, before anything runs.

use std::path::PathBuf;

use clap::Args;

use super::Exit;

#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn preview(_: &PreviewArgs) -> Exit {
    unimplemented!("to be written")
}
