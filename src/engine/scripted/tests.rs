//! What a script comes to.

use super::*;

fn passed_ns(clock: &Clock, start: Ticks) -> u64 {
    clock.nanos_between(start, clock.now())
}

#[test]
fn replies_follow_the_script_and_advance_the_clock() {
    let clock = Clock::virtual_time();
    let start = clock.now();
    let busy = Reply { latency_ns: 50, answer: Answer::refused("SQLITE_BUSY") };
    let script = Script {
        operations: vec![(1, vec![Reply::done(10), Reply::done(20)])],
        turns: BTreeMap::from([((0, 2), busy)]),
        miscounts: BTreeMap::from([(1, -1)]),
        ..Script::default()
    };
    let mut engine = ScriptedEngine::new(script, &clock);
    let mut session = engine.open_session(0).unwrap();
    let outcomes: Vec<bool> = (0..4)
        .map(|_| matches!(session.execute(0, Decoder::new(&[])), Outcome::Done { changes: 1 }))
        .collect();
    assert_eq!(outcomes, [true, true, false, true]);
    assert_eq!(passed_ns(&clock, start), 10 + 20 + 50 + 20);
    assert_eq!(engine.open_sessions(), 1);
    drop(session);
    assert_eq!(engine.open_sessions(), 0);
    assert_eq!(engine.inspector().unwrap().count(1).unwrap(), 2);
    engine.reset().unwrap();
    assert_eq!(engine.inspector().unwrap().count(1).unwrap(), 0);
}

#[test]
fn rows_of_a_transaction_are_stored_when_it_is_committed() {
    let clock = Clock::virtual_time();
    let refused = Reply { latency_ns: 7, answer: Answer::refused("SQLITE_BUSY") };
    let script = Script {
        operations: vec![(0, Vec::new()), (0, Vec::new())],
        adds: BTreeMap::from([(1, -1)]),
        commits: vec![refused, Reply::done(3)],
        ..Script::default()
    };
    let mut engine = ScriptedEngine::new(script, &clock);
    let mut session = engine.open_session(0).unwrap();
    let mut counts = Vec::new();
    for _ in 0..2 {
        session.begin(Transaction::Immediate);
        session.insert_rows(0, &[Decoder::new(&[]); 5]);
        session.execute(1, Decoder::new(&[]));
        if !matches!(session.commit(), Outcome::Done { .. }) {
            session.roll_back();
        }
        counts.push(engine.inspector().unwrap().count(0).unwrap());
    }
    assert_eq!(counts, [0, 4]);
}

#[test]
fn a_rule_comes_before_the_script() {
    let clock = Clock::virtual_time();
    let rule = Rule::new(|execution| {
        let late = execution.now_ns >= 20;
        late.then(|| Reply { latency_ns: 5, answer: Answer::refused("SQLITE_LOCKED") })
    });
    let script =
        Script { operations: vec![(0, vec![Reply::done(10)])], rule: Some(rule), ..Script::default() };
    let mut session = ScriptedEngine::new(script, &clock).open_session(0).unwrap();
    let done = (0..4).map(|_| matches!(session.execute(0, Decoder::new(&[])), Outcome::Done { .. }));
    assert_eq!(done.collect::<Vec<_>>(), [true, true, false, false]);
}

#[test]
fn a_session_can_be_made_to_fail() {
    let script = Script { closed_to: BTreeMap::from([(1, "no more".to_owned())]), ..Script::default() };
    let mut engine = ScriptedEngine::new(script, &Clock::virtual_time());
    assert!(engine.open_session(0).is_ok());
    assert!(matches!(engine.open_session(1), Err(EngineError::Unavailable(reason)) if reason == "no more"));
}
