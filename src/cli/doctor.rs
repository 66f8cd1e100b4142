//! `runner doctor`: what this machine means for results.

use clap::Args;

use super::Exit;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {}

pub(super) fn doctor(_: &DoctorArgs) -> Exit {
    unimplemented!("to be written")
}
