//! `runner completions`: what a shell needs to complete the command line.

use clap::Args;

use super::Exit;

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {}

pub(super) fn completions(_: &CompletionsArgs) -> Exit {
    unimplemented!("to be written")
}
