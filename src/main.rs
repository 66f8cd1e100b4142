//! The binary `runner`.

fn main() -> std::process::ExitCode {
    runner::cli::main().into()
}
