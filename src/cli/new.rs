//! `runner new`: a scenario file that was not there before.

use std::path::PathBuf;

use clap::Args;

use super::Exit;

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Where the file goes: its name, with or without `.toml`.
    #[arg(value_name = "NAME")]
    name: PathBuf,
}

pub(super) fn new(_: &NewArgs) -> Exit {
    unimplemented!("to be written")
}
