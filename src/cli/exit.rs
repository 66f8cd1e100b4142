//! The exit codes, and which of several counts.

use crate::engine::EngineError;
use crate::experiment::UnitError;
use crate::result::StoreError;
use crate::run::RunError;

/// How a command ended. The order is that of weight: of several, the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0.
    Fine,
    /// 1: a verification failed, a target was not met, or a comparison found a regression.
    Failed,
    /// 2: the scenario or the command line is wrong, the path is someone else's, or results cannot be compared.
    Wrong,
    /// 3: the database cannot be had.
    Unavailable,
    /// 4: the run ended early.
    EndedEarly,
    /// 5: the result cannot be written.
    NoResult,
    /// 130.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Failed => 1,
            Exit::Wrong => 2,
            Exit::Unavailable => 3,
            Exit::EndedEarly => 4,
            Exit::NoResult => 5,
            Exit::Interrupted => 130,
        }
    }
}

impl From<&EngineError> for Exit {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::Foreign(_) | EngineError::Setting { .. } => Exit::Wrong,
            EngineError::Unavailable(_) => Exit::Unavailable,
            EngineError::Fatal { .. } => Exit::EndedEarly,
            EngineError::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<&RunError> for Exit {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Engine(error) => error.into(),
            RunError::Tape(_) => Exit::EndedEarly,
            RunError::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<&UnitError> for Exit {
    fn from(error: &UnitError) -> Self {
        match error {
            UnitError::Foreign(_) | UnitError::Setting { .. } => Exit::Wrong,
            UnitError::Unavailable(_) => Exit::Unavailable,
            UnitError::Ended(_) => Exit::EndedEarly,
            UnitError::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<&StoreError> for Exit {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Schema { .. } => Exit::Wrong,
            StoreError::Write { .. } | StoreError::InTheWay { .. } | StoreError::Rejected { .. } => {
                Exit::NoResult
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_weightiest_counts() {
        let all = [Exit::Failed, Exit::EndedEarly, Exit::Unavailable, Exit::Fine];
        assert_eq!(all.into_iter().max(), Some(Exit::EndedEarly));
        assert!(Exit::Interrupted > Exit::NoResult && Exit::NoResult > Exit::EndedEarly);
    }
}
