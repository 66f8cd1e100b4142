//! What the steps of an operation come to, in any database that takes statements: expectations, repetitions, and what a fault means for the
//! whole of it.

use super::slots::{encoded, shown};
use super::{Failure, Outcome};
use crate::plan::{
    Bind, EXPECT_CHANGES, EXPECT_ROWS, EXPECT_VALUE, Expect, NOTHING_CAPTURED, Operation, Repeat, Step,
    Transaction,
};
use crate::value::{Decoder, EncodedValue};

/// What one execution came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    /// Rows read.
    pub(super) rows: u64,
    /// Rows changed.
    pub(super) changes: u64,
}

/// What follows from a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The database refused the statement; nothing of the statement stands.
    Refused,
    /// The statement was carried out, and came to something else than expected.
    Unexpected,
    /// Its answer was lost: the statement may stand.
    Unknown,
    /// Given up because the run is being stopped.
    Cancelled,
    /// The database cannot go on.
    Fatal,
}

/// A statement that failed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) failure: Failure,
}

impl Fault {
    /// A statement that came to something else than expected.
    #[cold]
    pub(super) fn unexpected(code: &'static str, message: String) -> Fault {
        Fault { kind: Kind::Unexpected, failure: Failure { code, message } }
    }

    /// What became of an operation of which nothing stands, unless its answer was lost.
    pub(super) fn undone(self) -> Outcome {
        match self.kind {
            Kind::Refused | Kind::Unexpected => Outcome::Refused(self.failure),
            Kind::Unknown => Outcome::Unknown(self.failure),
            Kind::Cancelled => Outcome::Cancelled,
            Kind::Fatal => Outcome::Fatal(self.failure),
        }
    }
}

/// How far an operation came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Rows changed.
    pub(super) changes: u64,
    /// Whether anything was written.
    pub(super) wrote: bool,
}

/// How far an operation came before it failed.
pub(super) struct Broken {
    pub(super) fault: Fault,
    pub(super) progress: Progress,
    /// Whether nothing was left to do.
    pub(super) complete: bool,
}

impl Broken {
    /// What became of an operation without a transaction, whose earlier statements stand.
    pub(super) fn standing(self) -> Outcome {
        let Broken { fault, progress, complete } = self;
        match fault.kind {
            Kind::Fatal => Outcome::Fatal(fault.failure),
            Kind::Unexpected if complete => {
                Outcome::Unexpected { changes: progress.changes, failure: fault.failure }
            }
            // Also one that the stop cut short: what it wrote is there.
            _ if progress.wrote => Outcome::Torn(fault.failure),
            _ => fault.undone(),
        }
    }
}

/// All steps of an operation, up to the first that fails. `bound` is an empty list, whose memory is used; so many `shared` values come first.
pub(super) fn walk<'a, S>(
    stages: &mut [S],
    shared: usize,
    bound: &mut Vec<EncodedValue<'a>>,
    mut values: Decoder<'a>,
    step: impl Fn(&S) -> &Step,
    mut execute: impl FnMut(&mut S, &[EncodedValue<'a>], &mut Progress) -> Result<(), Fault>,
) -> Result<Progress, Broken> {
    bound.extend((0..shared).map(|_| values.value()));
    let mut progress = Progress::default();
    let last = stages.len() - 1;
    for (index, stage) in stages.iter_mut().enumerate() {
        let turns = Turns::of(step(stage));
        let taken =
            turns.take(bound, shared, &mut values, |bound| execute(&mut *stage, bound, &mut progress));
        if let Err((fault, was_last)) = taken {
            return Err(Broken { fault, progress, complete: was_last && index == last });
        }
    }
    Ok(progress)
}

/// What became of a command that reads and changes nothing by itself, such as the beginning of a transaction.
pub(super) fn acknowledged(result: Result<(), Fault>) -> Outcome {
    result.map_or_else(Fault::undone, |()| Outcome::Done { changes: 0 })
}

/// How often a step is executed, and which values it takes each time.
#[derive(Clone, Copy, Debug)]
struct Turns {
    repeat: Repeat,
    values: usize,
    captures: bool,
}

impl Turns {
    fn of(step: &Step) -> Turns {
        Turns { repeat: step.repeat, values: step.values, captures: !step.captures.is_empty() }
    }

    /// All repetitions; `bound` begins with so many values that all steps share. A fault comes with whether it was the last one's.
    fn take<'a>(
        self,
        bound: &mut Vec<EncodedValue<'a>>,
        shared: usize,
        values: &mut Decoder<'a>,
        mut execute: impl FnMut(&[EncodedValue<'a>]) -> Result<(), Fault>,
    ) -> Result<(), (Fault, bool)> {
        let repetitions = match self.repeat {
            Repeat::Fixed(times) => times,
            Repeat::Drawn => drawn(values),
        };
        for repetition in 1..=repetitions {
            bound.truncate(shared);
            bound.extend((0..self.values).map(|_| values.value()));
            execute(bound).map_err(|fault| (fault, repetition == repetitions))?;
        }
        if repetitions == 0 && self.captures {
            return Err((nothing_captured(), true));
        }
        Ok(())
    }
}

/// The number of repetitions that stands on the tape; below 0 it means none.
fn drawn(values: &mut Decoder<'_>) -> u64 {
    match values.value() {
        EncodedValue::Integer(times) => u64::try_from(times).unwrap_or(0),
        other => panic!("a number of repetitions is an integer, not {other:?}"),
    }
}

/// Whether a step came to what was expected; `other` is the value in place of the expected one.
pub(super) fn check(step: &Step, ran: Ran, other: Option<String>) -> Result<(), Fault> {
    let Expect { rows, changes, value } = &step.expect;
    if let Some(rows) = rows.filter(|rows| *rows != ran.rows) {
        let noun = if rows == 1 { "row" } else { "rows" };
        return Err(Fault::unexpected(EXPECT_ROWS, format!("expected {rows} {noun}, read {}", ran.rows)));
    }
    if let Some(changes) = changes.filter(|changes| *changes != ran.changes) {
        let noun = if changes == 1 { "row" } else { "rows" };
        let message = format!("expected to change {changes} {noun}, changed {}", ran.changes);
        return Err(Fault::unexpected(EXPECT_CHANGES, message));
    }
    if let Some(value) = value {
        let read = if ran.rows == 0 { Some("no row".to_owned()) } else { other };
        if let Some(read) = read {
            let message = format!("expected {}, read {read}", shown(encoded(value)));
            return Err(Fault::unexpected(EXPECT_VALUE, message));
        }
    }
    if ran.rows == 0 && !step.captures.is_empty() { Err(nothing_captured()) } else { Ok(()) }
}

fn nothing_captured() -> Fault {
    Fault::unexpected(NOTHING_CAPTURED, "there was no row to take values from".to_owned())
}

/// Whether an operation is one statement that is executed once, and binds its values in the order of the tape.
pub(super) fn stands_alone(operation: &Operation) -> bool {
    let [step] = operation.steps.as_slice() else { return false };
    let in_order = |(index, bind): (usize, &Bind)| match *bind {
        Bind::Shared(value) => value == index && value < operation.values,
        Bind::Own(value) => value + operation.values == index,
        Bind::Captured(_) => false,
    };
    step.repeat == Repeat::Fixed(1) && step.binds.iter().enumerate().all(in_order)
}

/// Whether it is so, and nothing is asked of it.
pub(super) fn is_plain(operation: &Operation) -> bool {
    stands_alone(operation)
        && operation.transaction == Transaction::None
        && operation.steps[0].captures.is_empty()
        && operation.steps[0].expect == Expect::default()
}

/// An emptied list's memory for values that live otherwise: collecting a list into one of the same layout does not allocate.
pub(super) fn emptied<'b>(mut values: Vec<EncodedValue<'_>>) -> Vec<EncodedValue<'b>> {
    values.clear();
    values.into_iter().map(|_| EncodedValue::Null).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Value, ValueRef, encode};

    fn fault(kind: Kind) -> Fault {
        Fault { kind, failure: Failure { code: "code", message: String::new() } }
    }

    #[test]
    fn a_list_of_values_is_emptied_without_letting_go_of_its_memory() {
        let text = String::from("text");
        let mut values = Vec::with_capacity(9);
        values.push(EncodedValue::Text(text.as_bytes()));
        let memory = values.as_ptr() as usize;
        let again: Vec<EncodedValue<'static>> = emptied(values);
        assert_eq!((again.as_ptr() as usize, again.len(), again.capacity()), (memory, 0, 9));
    }

    #[test]
    fn a_lost_answer_is_unknown_unless_something_stands_for_certain() {
        let broken = |kind, wrote| Broken {
            fault: fault(kind),
            progress: Progress { changes: u64::from(wrote), wrote },
            complete: true,
        };
        assert!(matches!(broken(Kind::Unknown, false).standing(), Outcome::Unknown(_)));
        assert!(matches!(broken(Kind::Unknown, true).standing(), Outcome::Torn(_)));
        assert!(matches!(broken(Kind::Refused, true).standing(), Outcome::Torn(_)));
        assert!(matches!(broken(Kind::Refused, false).standing(), Outcome::Refused(_)));
        assert!(matches!(broken(Kind::Unexpected, true).standing(), Outcome::Unexpected { changes: 1, .. }));
        assert!(matches!(fault(Kind::Unknown).undone(), Outcome::Unknown(_)));
    }

    #[test]
    fn repetitions_that_are_drawn_take_their_own_values_behind_the_shared_ones() {
        let mut tape = Vec::new();
        [7, 2, 10, 20].iter().for_each(|v| encode(&mut tape, ValueRef::Integer(*v)));
        let mut values = Decoder::new(&tape);
        let mut bound = vec![values.value()];
        let turns = Turns { repeat: Repeat::Drawn, values: 1, captures: false };
        let mut seen = Vec::new();
        let taken = turns.take(&mut bound, 1, &mut values, |bound| {
            seen.push(bound.to_vec());
            Ok(())
        });
        assert!(taken.is_ok());
        let pair = |own| vec![EncodedValue::Integer(7), EncodedValue::Integer(own)];
        assert_eq!(seen, [pair(10), pair(20)]);
    }

    #[test]
    fn the_first_expectation_that_fails_is_told() {
        let mut step = Step {
            sql: String::new(),
            binds: Vec::new(),
            values: 0,
            repeat: Repeat::Fixed(1),
            captures: Vec::new(),
            expect: Expect { rows: Some(1), changes: None, value: Some(Value::Integer(3)) },
        };
        let words = |step: &Step, ran, other| check(step, ran, other).map_err(|fault| fault.failure.message);
        let one = Ran { rows: 1, changes: 0 };
        assert_eq!(words(&step, Ran::default(), None), Err("expected 1 row, read 0".to_owned()));
        assert_eq!(words(&step, one, Some("4".to_owned())), Err("expected 3, read 4".to_owned()));
        assert_eq!(words(&step, one, None), Ok(()));
        step.expect = Expect::default();
        step.captures.push((0, 0));
        assert!(words(&step, Ran::default(), None).is_err());
    }
}
