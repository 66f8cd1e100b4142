//! Promise: `runner fakers` answers with live values, finds generators by a word, and says what to write for one that is not there.

use std::process::{Command, Output};

fn fakers(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("fakers")
        .args(arguments)
        .output()
        .expect("it can be started")
}

fn printed(arguments: &[&str]) -> String {
    let output = fakers(arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn a_word_lists_what_has_to_do_with_it() {
    let text = printed(&["mail"]);
    for name in ["email()", "free_email()", "safe_email()"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("uuid4()"), "{text}");
}

#[test]
fn a_name_shows_parameters_values_and_languages() {
    let text = printed(&["name"]);
    assert!(
        text.contains("value = '{{ name() }}'") && text.contains("de_de") && text.contains("German"),
        "{text}"
    );
    let text = printed(&["int"]);
    assert!(text.contains("required") && text.contains("\"uniform\""), "{text}");
    assert!(!text.contains("German"), "a number is the same in every language: {text}");
}

#[test]
fn a_language_changes_the_examples() {
    assert_ne!(printed(&["city"]), "");
    assert_ne!(printed(&["company", "--locale", "de_de"]), printed(&["company"]));
}

#[test]
fn what_is_not_there_leads_to_what_is() {
    for (arguments, help) in [
        (&["emial"][..], "did you mean `email`?"),
        (&["zqx"], "the groups are names, internet,"),
        (&["name", "--locale", "de"], "did you mean `de_de`?"),
        (&["name", "--locale", "klingon"], "the locales are en, ar_sa,"),
    ] {
        let output = fakers(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(words.contains(help) && output.stdout.is_empty(), "{words}");
    }
}

#[test]
fn json_has_what_a_program_needs() {
    let list: serde_json::Value = serde_json::from_str(&printed(&["--format", "json"])).expect("it is JSON");
    let list = list.as_array().expect("it is a list");
    assert!(list.len() > 90);
    let int = list.iter().find(|info| info["name"] == "int").expect("int is there");
    assert_eq!(int["gives"], "integer");
    assert_eq!(int["parameters"][0]["required"], true);
    assert_eq!(int["parameters"][2]["default"], "\"uniform\"");
    assert!(list.iter().all(|info| info["values"].as_array().is_some_and(|values| values.len() == 3)));
}
