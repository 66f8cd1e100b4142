//! `[limits]`: what a case may use of the machine.
//!
//! Whether this machine has as much is left to who runs it.

use super::Limits;
use super::tables::Input;
use crate::diagnostic::{Code, Diagnostic};
use crate::units::{Size, bytes};

/// With less memory than this, bytes, the process has hardly any left for the database.
pub const LEAST_MEMORY_BYTES: u64 = 32 << 20;

/// Settles `[limits]`. Faults are added to `faults`.
pub(super) fn settle(input: &Input<'_>, faults: &mut Vec<Diagnostic>) -> Limits {
    let section = &input.scenario.limits;
    let memory_bytes = section.memory.map(Size::as_bytes);
    if let Some(memory) = memory_bytes.filter(|memory| *memory < LEAST_MEMORY_BYTES) {
        let at = input.at(&["limits", "memory"]);
        let words = format!("`limits.memory` is {}, and the process itself needs more", bytes(memory));
        let help = format!("write at least `memory = \"{}\"`", Size::from_bytes(LEAST_MEMORY_BYTES));
        faults.push(Diagnostic::error(Code::OutOfRange, at, words).help(help));
    }
    for (key, given) in [("memory", memory_bytes.is_some()), ("cpus", section.cpus.is_some())] {
        if given && !input.engine().capabilities().caps {
            let path = ["limits", key];
            let at = input.spans.key(&path).or_else(|| input.at(&path));
            let words = format!(
                "`limits.{key}` would hold the runner back, and not the server, which is outside of its process"
            );
            let help = "leave it out, and limit the server itself: its container, its unit of the system, or its settings";
            faults.push(Diagnostic::error(Code::Engine, at, words).help(help));
        }
    }
    Limits { memory_bytes, cpus: section.cpus }
}
