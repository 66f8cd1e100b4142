//! `runner explain`: a diagnostic by its code.

use clap::Args;

use super::Exit;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, as it stands in brackets after `error`.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn explain(_: &ExplainArgs) -> Exit {
    unimplemented!("to be written")
}
