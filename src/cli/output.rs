//! Long answers on stdout, and what the terminal that shows them can do.

use std::ffi::OsStr;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use super::{Exit, stdout_color, stdout_width};
use crate::report::TableOptions;

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

/// How tables are drawn on stdout: with colours and charts where a terminal shows them. `path` is where the result is stored.
pub(super) fn table_options(path: Option<&Path>) -> TableOptions<'_> {
    // As the C library looks for what characters are.
    let mut locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os);
    let locale = locale.find(|value| !value.is_empty());
    let chart =
        std::io::stdout().is_terminal() && !is_dumb() && locale.is_some_and(|locale| is_utf8(&locale));
    TableOptions { color: stdout_color(), width: stdout_width(), chart, path }
}

/// Whether the terminal says that it can do nothing but print.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Whether a locale's characters are those of Unicode: `en_GB.UTF-8`, `C.utf8`.
fn is_utf8(locale: &OsStr) -> bool {
    let name = locale.to_string_lossy().to_ascii_lowercase();
    name.contains("utf-8") || name.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_whether_its_characters_are_those_of_unicode() {
        let can = |name: &str| is_utf8(OsStr::new(name));
        assert!(can("en_GB.UTF-8") && can("C.utf8"));
        assert!(!can("C") && !can("de_DE@euro") && !can("POSIX"));
    }
}
