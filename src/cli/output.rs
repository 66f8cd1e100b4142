//! Long answers on stdout.

use std::io::{ErrorKind, Write};

use super::Exit;

/// Prints a text. A reader that has seen enough, such as a pager that is left, is no failure.
pub(super) fn put(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Exit::Fine,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Fine,
        Err(error) => {
            eprintln!("error: the answer cannot be written: {}", crate::files::reason(&error));
            Exit::NoResult
        }
    }
}
