//! Whether what a scenario makes has room on this machine: on the disk, in memory, and within its limits. Told before anything runs.

use std::path::Path;

use super::cases;
use super::size::Size;
use super::time::existing_folder;
use crate::cli::prepare::Ready;
use crate::machine::{self, Machine};
use crate::plan::Plan;
use crate::units::bytes;

/// What this machine has.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    /// All memory, bytes.
    memory: Option<u64>,
    /// Memory that is not in use, bytes.
    available: Option<u64>,
}

/// What is wrong with a case on this machine.
#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    errors: Vec<String>,
    warnings: Vec<String>,
}

/// Says on stderr what does not fit, and whether anything does not.
pub(in crate::cli) fn refuse(ready: &Ready) -> bool {
    let machine = Machine::describe();
    let memory = machine.memory_limit_bytes.or(machine.memory_bytes);
    let room = Room { memory, available: machine::available_memory_bytes() };
    let mut found = Found::default();
    let cases = &ready.experiment.cases;
    for (plan, size) in cases.iter().zip(cases::sizes(&ready.experiment)) {
        let of_case = match plan.database.file() {
            Some(path) => on_disk(path, plan, &size, free(path)),
            None if plan.database.in_memory() => in_memory(plan, &size, room),
            None => Found::default(),
        };
        // Around every single write, the database is hardly larger than its row.
        let of_case = if plan.per_write() { Found::default() } else { of_case };
        let limits = too_much(plan, room);
        let of = if cases.len() > 1 { format!("{}: ", words(plan)) } else { String::new() };
        found.errors.extend(of_case.errors.iter().map(|error| format!("{of}{error}")));
        let warnings = of_case.warnings.iter().chain(&limits.warnings);
        found.warnings.extend(warnings.map(|warning| format!("{of}{warning}")));
    }
    tell("warning", &ready.path, &found.warnings);
    tell("error", &ready.path, &found.errors);
    !found.errors.is_empty()
}

/// The first of them; that there are more.
fn tell(kind: &str, path: &Path, all: &[String]) {
    let Some(first) = all.first() else { return };
    let more = match all.len() - 1 {
        0 => String::new(),
        1 => "; so it is with 1 more case".to_owned(),
        many => format!("; so it is with {many} more cases"),
    };
    eprintln!("{kind}: {}: {first}{more}", path.display());
}

/// Which case it is.
fn words(plan: &Plan) -> String {
    let values = plan.parameters.iter().map(|(name, value)| format!("{name} = {value}"));
    let all: Vec<String> = std::iter::once(format!("variant {}", plan.variant)).chain(values).collect();
    format!("case {} ({})", plan.case + 1, all.join(", "))
}

/// Bytes that can be written at a path: those free, and those of the file that is replaced.
fn free(path: &Path) -> Option<u64> {
    let old = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file);
    Some(machine::free_bytes(existing_folder(path))? + old.map_or(0, |old| old.len()))
}

fn on_disk(path: &Path, plan: &Plan, size: &Size, free: Option<u64>) -> Found {
    let mut found = Found::default();
    let Some(free) = free.filter(|free| size.database > *free) else { return found };
    let words = format!(
        "the database would become about {}, and {} has {} free",
        bytes(size.database),
        existing_folder(path).display(),
        bytes(free)
    );
    if size.certain {
        let copied = if plan.database.from().is_some() { " copy a smaller one," } else { "" };
        found.errors.push(format!(
            "{words}: make room,{copied} write less (`--total`, `--quick`), or put `database.path` on another disk"
        ));
    } else {
        found.warnings.push(format!("{words}, unless rows that are removed or the clock keep it smaller"));
    }
    found
}

fn in_memory(plan: &Plan, size: &Size, room: Room) -> Found {
    let mut found = Found::default();
    let needed = size.memory(plan);
    let limit = plan.limits.memory_bytes.filter(|limit| needed > *limit);
    let memory = room.memory.filter(|memory| needed > *memory);
    let words = |whose: String| {
        format!("with its database in memory it would need about {}, and {whose}", bytes(needed))
    };
    let said = match (limit, memory) {
        (Some(limit), _) => words(format!("`limits.memory` is {}", bytes(limit))),
        (None, Some(memory)) => words(format!("this machine has {}", bytes(memory))),
        (None, None) => {
            if let Some(available) = room.available.filter(|available| needed > *available) {
                found.warnings.push(words(format!("{} are not in use", bytes(available))));
            }
            return found;
        }
    };
    if size.certain {
        found
            .errors
            .push(format!("{said}: write less (`--total`, `--quick`), or put the database in a file"));
    } else {
        found.warnings.push(format!("{said}, unless rows that are removed or the clock keep it smaller"));
    }
    found
}

/// A limit that limits nothing.
fn too_much(plan: &Plan, room: Room) -> Found {
    let mut found = Found::default();
    let limit = plan.limits.memory_bytes.zip(room.memory).filter(|(limit, memory)| limit > memory);
    if let Some((limit, memory)) = limit {
        let words = format!("`limits.memory` is {}, and this machine has {}", bytes(limit), bytes(memory));
        found.warnings.push(words);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::plan;
    use crate::scenario::Overrides;

    const MIB: u64 = 1 << 20;

    /// A scenario of 100,000 rows of 1,000 bytes, its estimated size, and what is said of it.
    fn planned(path: &str, more: &str) -> (Plan, Size) {
        let text = format!(
            "total = 100_000\nconcurrency = [1]\n{more}\n[database]\npath = '{path}'\n[tables.files]\nshare = 1\n\
            [tables.files.columns]\nid = {{ type = 'INTEGER PRIMARY KEY' }}\ndata = {{ type = 'BLOB', value = '{{{{ bytes(1000) }}}}' }}\n"
        );
        let made = plan::prepare(&PathBuf::from("x.toml"), text, &Overrides::default());
        let plan = made.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics)).0;
        let size = Size::of(&plan);
        (plan, size)
    }

    #[test]
    fn a_database_larger_than_its_disk_is_an_error_unless_something_may_keep_it_smaller() {
        let (plan, size) = planned("db/x.db", "");
        assert!((100_000_000..110_000_000).contains(&size.database), "{}", size.database);
        let path = Path::new("db/x.db");
        assert_eq!(on_disk(path, &plan, &size, Some(120_000_000)), Found::default());
        let found = on_disk(path, &plan, &size, Some(90_000_000));
        assert_eq!((found.errors.len(), found.warnings.len()), (1, 0), "{found:?}");
        let (plan, size) = planned("db/x.db", "[operations.clear]\ndelete = 'files'\nshare = 0.5");
        let found = on_disk(path, &plan, &size, Some(1_000_000));
        assert_eq!((found.errors.len(), found.warnings.len()), (0, 1), "{found:?}");
        assert_eq!(on_disk(path, &plan, &size, None), Found::default());
    }

    #[test]
    fn a_database_in_memory_must_fit_the_machine_and_the_limit() {
        let room = |memory: u64, available: u64| Room {
            memory: Some(memory * MIB),
            available: Some(available * MIB),
        };
        let (plan, size) = planned(":memory:", "");
        let told = |plan: &Plan, room| {
            let found = in_memory(plan, &size, room);
            (found.errors.len(), found.warnings.len())
        };
        assert_eq!(told(&plan, room(4_000, 2_000)), (0, 0));
        assert_eq!(told(&plan, room(4_000, 50)), (0, 1));
        assert_eq!(told(&plan, room(100, 50)), (1, 0));
        let (limited, _) = planned(":memory:", "limits.memory = '64MiB'");
        assert_eq!(told(&limited, room(4_000, 2_000)), (1, 0));
        assert!(
            in_memory(&limited, &size, room(4_000, 2_000)).errors[0].contains("`limits.memory` is 64.0 MiB")
        );
    }

    #[test]
    fn a_limit_beyond_the_machine_is_a_warning() {
        let (plan, _) = planned("db/x.db", "limits.memory = '2GiB'");
        assert_eq!(too_much(&plan, Room { memory: Some(1_024 * MIB), available: None }).warnings.len(), 1);
        assert_eq!(too_much(&plan, Room { memory: Some(4_096 * MIB), available: None }), Found::default());
    }
}
