//! Promise: a server that goes away in the middle of a run costs the operations that it takes with it, which are counted; one that stays away ends
//! the run with a result of what was measured until then.
//!
//! Each test has a server of its own, made by `scripts/with-postgres.sh`.

mod common;

use common::postgres;

#[test]
fn a_server_of_a_test_keeps_what_it_committed_through_a_crash() {
    let Some(own) = postgres::own() else { return };
    own.server.ask("CREATE TABLE kept (id bigint)");
    own.server.ask("INSERT INTO kept VALUES (7)");
    own.crash();
    own.start_again();
    assert_eq!(own.server.ask("SELECT id FROM kept"), "7");
    own.stop();
    own.start_again();
    assert_eq!(own.server.ask("SELECT count(*) FROM kept"), "1");
    assert!(own.server.has_schema("public") && !own.server.has_schema("it's not"));
}
