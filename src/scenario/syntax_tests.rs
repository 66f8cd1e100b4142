//! Tests of the words for texts that are not TOML.

use super::super::tree::tests::fault;

#[test]
fn a_text_that_is_not_toml_has_one_fault_at_its_place() {
    let (message, help) = fault("path = db/x.db\nb = = 3\n");
    assert!(message.starts_with("syntax@7..14: this is not TOML: "), "{message}");
    assert_eq!(help, "text stands in quotes: write \"db/x.db\"");
    let (message, help) = fault("path =\n");
    assert!(message.starts_with("syntax@6"), "{message}");
    assert_eq!(help, "write a value");
    assert!(fault("[database\n").0.starts_with("syntax@9"));
    assert!(fault("a = \"x\n").0.starts_with("syntax@"));
    assert!(fault(&format!("a = {}", "[".repeat(5_000))).0.starts_with("syntax@"));
    assert!(fault(&format!("{}a = 1", "a.".repeat(50_000))).0.starts_with("syntax@"));
}

#[test]
fn a_duplicate_names_the_first_mention() {
    let (message, help) = fault("a = 1\nb = 2\na = 3\n");
    assert_eq!(message, "duplicate-key@12..13: the key `a` stands twice in one table");
    assert_eq!(help, "it stands at line 1 already; keep one of the two");
    let (message, help) = fault("[t.u]\na = 1\n[v]\n[t.u]\n");
    assert!(message.ends_with("the table `t.u` stands twice"), "{message}");
    assert_eq!(help, "it stands at line 1 already; keep one of the two");
    assert!(fault("a = { b = 1, b = 2 }\n").0.starts_with("duplicate-key@13..14"));
}

#[test]
fn the_usual_mistakes_are_told_what_to_write() {
    let cases = [
        ("// x", "`//` begins no comment", "comments begin with #: write `# x`"),
        ("; x", "`;` begins no comment", "comments begin with #: write `# x`"),
        ("/* x */", "`/*` begins no comment", "comments begin with #: write `# x`"),
        ("a = 100 // x", "`//` begins no comment", "comments begin with #: write `100 # x`"),
        ("a = \"b\" // x", "`//` begins no comment", "comments begin with #: write `# x`"),
        ("a = http://b", "`http://b` is text without quotes", "text stands in quotes: write \"http://b\""),
        (
            "a = \"x-{{ choice([\"a\", \"b\"]) }}\"",
            "the text ends at its second \", within the template",
            "put the template in single quotes: 'x-{{ choice([\"a\", \"b\"]) }}'",
        ),
        (
            "c = { a = \"{{ choice([\"a\", \"b\"]) }}\" }",
            "the text ends at its second \", within the template",
            "put the template in single quotes: '{{ choice([\"a\", \"b\"]) }}'",
        ),
        ("a = 5s", "`5s` is text without quotes", "text stands in quotes: write \"5s\""),
        ("a = True", "`True` is text without quotes", "write true, or put it in quotes if it is text"),
        ("a = yes", "`yes` is text without quotes", "write true, or put it in quotes if it is text"),
        ("a = 1 000", "`1 000` has spaces between its digits", "write 1_000"),
        ("a = 100,000", "`100,000` has commas between its digits", "write 100000 or 100_000"),
        ("a = 1, 8", "several values for one key", "a list stands in brackets: [1, 8]"),
        ("a = 100k", "`100k` is no number", "write 100_000"),
        ("a = [1..8]", "a range, which TOML does not have", "name each number of a list: [1, 2, 4, 8]"),
        ("a = { b = {{ name() }} }", "a template without quotes", "write '{{ name() }}'"),
        (
            "a = { b = 1 c = 2 }",
            "the pairs between the braces lack a comma",
            "write `,` between one pair and the next",
        ),
        ("[a b]", "the name of a table has a space in it", "write for instance `[a.b]`"),
        ("[a.b c]", "the name of a table has a space in it", "write for instance `[a.b_c]`"),
        ("a: 1", "a `:` after the key", "write `=` between key and value"),
        ("a 1", "a key without `=` and a value", "write `key = value`"),
        ("[a", "the header of a table does not end", "write `]` after its name"),
        (
            "a = 'x",
            "the text does not end on its line",
            "write the closing quote, the same as the opening one; a text of several lines stands in \"\"\"…\"\"\" or '''…'''",
        ),
        (
            "a = \"x",
            "the text does not end on its line",
            "write the closing quote, the same as the opening one; a text of several lines stands in \"\"\"…\"\"\" or '''…'''",
        ),
        (
            "a = 'it's'",
            "the text ends at its second '",
            "a text that contains ' stands in \"…\" or in \'\'\'…\'\'\'",
        ),
        (
            "a = \"C:\\dir\"",
            "a \\ that begins no escape",
            "write \\\\ for a backslash, or put the text in '…'",
        ),
    ];
    for (text, words, help) in cases {
        let (message, found) = fault(&format!("{text}\n"));
        assert!(message.ends_with(&format!(": this is not TOML: {words}")), "{text}: {message}");
        assert_eq!(found, help, "{text}");
    }
}
