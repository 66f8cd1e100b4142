//! `runner fakers`: the generators, with examples.

use clap::Args;

use super::Exit;

#[derive(Debug, Args)]
pub(super) struct FakersArgs {
    /// Only those whose name, group or explanation has this word.
    #[arg(value_name = "WORD")]
    word: Option<String>,
}

pub(super) fn fakers(_: &FakersArgs) -> Exit {
    unimplemented!("to be written")
}
