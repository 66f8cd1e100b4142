//! Tests of whole templates.

use std::collections::BTreeSet;

use super::*;

mod large;
mod sharing;

struct Tables;

impl ResolveReference for Tables {
    fn resolve(&self, target: &str) -> Result<Target, String> {
        match target {
            "users.id" => Ok(Target { table: 0, column: 0 }),
            "users.name" => Ok(Target { table: 0, column: 1 }),
            _ => Err(format!("there is no `{target}`; did you mean `users.id`?")),
        }
    }
}

struct Rows(u64);

impl References for Rows {
    fn available(&self, _: usize) -> u64 {
        self.0
    }

    fn value(&self, target: Target, row: u64, _: &mut Scratch) -> Result<Value, RenderError> {
        Ok(match target.column {
            0 => Value::Integer(row as i64),
            _ => Value::Text(format!("user{row}")),
        })
    }
}

fn vars() -> serde_json::Map<String, serde_json::Value> {
    let vars = serde_json::json!({"count": 7, "names": ["x", "y"], "deep": {"a": 1.5}, "city": "Köln"});
    vars.as_object().unwrap().clone()
}

fn with_context<T>(act: impl FnOnce(CompileContext<'_>) -> T) -> T {
    let files = |path: &str| match path {
        "words.txt" => Ok("one\ntwo\n\nthree\n".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    act(CompileContext {
        vars: &vars(),
        locale: Locale::En,
        references: &Tables,
        repetition: true,
        files: &files,
    })
}

fn compile(source: &str) -> Template {
    with_context(|context| Template::compile(source, context))
        .unwrap_or_else(|faults| panic!("{source}: {faults:?}"))
}

fn faults(source: &str) -> Vec<Fault> {
    with_context(|context| Template::compile(source, context)).err().unwrap_or_default()
}

fn try_row(template: &Template, row: u64) -> Result<Value, RenderError> {
    let seed = mix(42, &[1, 2, row]);
    let context =
        RowContext { row, repetition: 3, seed, column_seed: mix(42, &[1, 2]), references: &Rows(10) };
    template.render(&context, &mut Scratch::default()).map(ValueRef::to_owned)
}

fn row(template: &Template, row: u64) -> Value {
    try_row(template, row).unwrap_or_else(|error| panic!("{}: {error}", template.source()))
}

fn text(source: &str) -> String {
    match row(&compile(source), 1) {
        Value::Text(text) => text,
        other => panic!("{source} gave {other:?}"),
    }
}

#[test]
fn a_single_expression_keeps_its_type() {
    for (source, expected) in [
        ("{{ row }}", Value::Integer(1)),
        ("{{ vars.deep.a }}", Value::Real(1.5)),
        ("{{ vars.count }}", Value::Integer(7)),
        ("{{ true }}", Value::Integer(1)),
        ("{{ none }}", Value::Null),
        ("{{ 'a' }}", Value::Text("a".to_owned())),
        ("{{ row * 3 - 1 }}", Value::Integer(2)),
        ("{{ -row % 3 }}", Value::Integer(2)),
        ("{{ -7 // 2 }}", Value::Integer(-4)),
        ("{{ (row) }}", Value::Integer(1)),
        ("{{ row if row > 5 else none }}", Value::Null),
        ("{{ (row | string) }}", Value::Text("1".to_owned())),
        ("{{ vars.names[1] }}", Value::Text("y".to_owned())),
        ("{{ [1, row] }}", Value::Text("[1,1]".to_owned())),
        ("{{ json({'a': row, 'b': [none, 'x']}) }}", Value::Text("{\"a\":1,\"b\":[null,\"x\"]}".to_owned())),
        ("{{ bool(1) }}", Value::Integer(1)),
        ("{{ maybe(0, 'x') }}", Value::Null),
        ("{{ seq(100, 10) }}", Value::Integer(100)),
    ] {
        assert_eq!(row(&compile(source), 1), expected, "{source}");
    }
    assert!(matches!(row(&compile("{{ bytes(5) }}"), 1), Value::Blob(bytes) if bytes.len() == 5));
    assert!(matches!(row(&compile("{{ float(0, 2) }}"), 1), Value::Real(v) if (0.0..=2.0).contains(&v)));
}

#[test]
fn anything_else_is_text() {
    for (source, expected) in [
        ("", ""),
        ("plain", "plain"),
        // One newline at the end goes, as in Jinja, whichever way a template is evaluated.
        ("plain\n", "plain"),
        ("{{ row }}\n\n", "1\n"),
        ("user{{ row }}", "user1"),
        (" {{ row }}", " 1"),
        ("{{ row }}{{ none }}/{{ true }}/{{ 1.0 }}", "1/true/1.0"),
        ("{% if row == 1 %}first{% else %}later{% endif %}\n", "first"),
        ("{% for i in range(3) %}{{ i * row }},{% endfor %}", "0,1,2,"),
        ("{% set x = 'a' ~ row %}{{ x | upper }}", "A1"),
        ("{{ vars.city ~ '-' ~ row }}", "Köln-1"),
        ("{% macro hi(who) %}hi {{ who }}{% endmacro %}{{ hi('x') }}", "hi x"),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn both_ways_of_evaluating_give_the_same_values() {
    let more = [
        "{{ name() }} <{{ email() }}> {{ row }}",
        "{{ unique(email()) }}",
        "{{ unique(int(1, 100)) }}",
        "{{ ref('users.name') }}-{{ ref('users.id', 'zipfian') }}",
        "{{ choice([name(), row, none]) }}",
        "{{ json({'n': name(locale='de_de'), 'a': int(low=1, high=row)}) }}",
        "{{ sentence(4, 8) ~ '/' ~ int(1, vars.count) }}",
        "{{ maybe(0.5, phone_number()) }}",
        "{{ line('words.txt', 'sequential') }}",
        "a{{ normal(5, 2) }}b{{ weighted({'x': 1, 'y': 2.5}) }}\n",
        "{{ row * 7 % 5 }}",
        "{{ maybe(0.5, ref('users.name', fan_out=2.5)) }}/{{ ref('users.id', share=0.3) }}",
        "{{ among(4, name()) }}{{ among(4, name()) }}{{ runs(2.5, int(1, 99)) }}{{ cycle(3, unique(email())) }}",
        "{{ json({'a': among(3, runs(2, word())), 'b': maybe(0.5, cycle(2, row))}) }}",
    ];
    let examples = catalogue()
        .iter()
        .filter(|info| info.name != "unique")
        .map(|info| format!("{{{{ {} }}}}", info.example));
    for source in examples.chain(more.map(str::to_owned)) {
        let source = source.replace("\"users.id\"", "'users.name'");
        let tree = compile(&source);
        let jinja = with_context(|context| Template::compile_for_jinja(&source, context)).unwrap();
        assert!(matches!(jinja.body, Body::Jinja(_)), "{source}");
        assert!(!matches!(tree.body, Body::Jinja(_)), "{source}");
        for number in 1..20 {
            assert_eq!(row(&tree, number), row(&jinja, number), "{source} at row {number}");
        }
    }
}

#[test]
fn every_generator_works_in_every_locale_and_is_pure() {
    for info in catalogue() {
        for locale in LOCALE_NAMES {
            let source = format!("{{{{ {} }}}}", info.example);
            let template = with_context(|context| {
                Template::compile(
                    &source,
                    CompileContext { locale: Locale::parse(locale).unwrap(), ..context },
                )
            });
            let template = template.unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
            for number in [1, 2, 3, 50] {
                assert_eq!(row(&template, number), row(&template, number), "{source} {locale}");
            }
            if !info.localized {
                break;
            }
        }
    }
}

#[test]
fn values_are_pinned_for_all_time() {
    let values = text("{{ name() }}|{{ int(1, 1000000) }}|{{ float(0, 1) }}|{{ normal(0, 1) }}");
    assert_eq!(values, "Leola Larkin|653134|0.7940012872916699|0.334075127669076");
    let template = compile("{{ int(1, 1000, 'zipfian') }}/{{ unique(int(1, 1000)) }}/{{ uuid7() }}");
    let values: Vec<Value> = (1..=2).map(|number| row(&template, number)).collect();
    assert_eq!(values, PINNED.map(|value| Value::Text(value.to_owned())));
}
const PINNED: [&str; 2] =
    ["11/886/018cc251-f401-7618-a733-be7230de8648", "2/81/018cc251-f402-7c08-8ce3-aede4fbe8969"];

#[test]
fn unique_values_never_repeat() {
    for source in [
        "{{ unique(email()) }}",
        "{{ unique(word()) }}",
        "{{ unique(choice(['a', 'a@b', 'a.2@b'], 'zipfian')) }}",
        "{{ unique(int(1, 3000)) }}",
        "{{ unique(pattern('[a-z]{2}[0-9]?-x')) }}",
        "{{ unique(date('2000-01-01', '2024-12-31')) }}",
        "{{ unique(name() | upper) }}",
        "{{ unique(maybe(0.9, word())) or row }}",
        "{{ uuid4() }}",
        "{{ uuid7() }}",
        "{{ seq(5, -3) }}",
        "user-{{ word() }}-{{ row }}@example.com",
    ] {
        let template = compile(source);
        let values: BTreeSet<String> = (1..=3000).map(|n| row(&template, n).as_ref().to_string()).collect();
        assert_eq!(values.len(), 3000, "{source}");
    }
    let address = text("{{ unique(email()) }}");
    assert!(address.contains(".1@example."), "{address}");
}

#[test]
fn unique_fails_after_its_last_value() {
    let template = compile("{{ unique(int(1, 3)) }}");
    assert_eq!(template.facts().capacity(), Some(3));
    let values: BTreeSet<String> = (1..=3).map(|n| row(&template, n).as_ref().to_string()).collect();
    assert_eq!(values.len(), 3);
    assert!(try_row(&template, 4).unwrap_err().to_string().contains("3 different values"));
}

#[test]
fn facts_say_what_is_known_beforehand() {
    let users = Target { table: 0, column: 0 };
    let plain = compile("{{ ref('users.id') }}");
    let reference = PlainReference { target: users, pick: Pick::default(), present: None };
    assert_eq!(plain.facts().plain_reference(), Some(reference));
    let skewed = compile("{{ ref('users.id', distribution='latest') }}");
    let pick = Pick { distribution: Some(Distribution::Latest), ..Pick::default() };
    assert_eq!(skewed.facts().plain_reference(), Some(PlainReference { pick, ..reference }));
    let perhaps = compile("{{ maybe(0.25, ref('users.id', fan_out=3, share=0.5)) }}");
    let pick = Pick { fan_out: Some(3.0), share: Some(0.5), ..Pick::default() };
    let present = Some(Present { part: 0.25, per: None });
    assert_eq!(perhaps.facts().plain_reference(), Some(PlainReference { target: users, pick, present }));
    assert_eq!((perhaps.facts().references(), perhaps.facts().required()), (&[users][..], &[][..]));
    let mixed = compile("{{ ref('users.id') | string }}x");
    assert_eq!((mixed.facts().plain_reference(), mixed.facts().references()), (None, &[users][..]));
    for (source, distinct) in [
        ("{{ row }}", Distinct::Unique),
        ("{{ row + 5 }}", Distinct::Unique),
        ("{{ row % 5 }}", Distinct::Unknown),
        ("user{{ row }}", Distinct::Unique),
        ("{{ row }}{{ row }}", Distinct::Unknown),
        ("{{ word() }}{{ row }}", Distinct::Unknown),
        ("{{ word() }}.{{ row }}@x", Distinct::Unique),
        ("{{ int(1, 5) }}", Distinct::AtMost(5)),
        ("x{{ int(1, 5) }}{{ choice([1, 2]) }}", Distinct::AtMost(10)),
        ("{{ seq(1, 0) }}", Distinct::AtMost(1)),
        ("{{ sentence() }}", Distinct::Unknown),
        ("x", Distinct::AtMost(1)),
    ] {
        assert_eq!(compile(source).facts().distinct(), distinct, "{source}");
    }
    assert_eq!(row(&compile("{{ n }}"), 9), Value::Integer(3));
    assert_eq!(row(&compile("{% if n == 3 %}x{% endif %}{{ n * row }}"), 2), Value::Text("x6".to_owned()));
    assert!(!compile("{{ name() }}").facts().uses_row());
    assert!(compile("{{ name() }}{{ row }}").facts().uses_row());
}

#[test]
fn mistakes_are_placed_and_say_what_to_write() {
    use FaultKind::*;
    for (source, kind, place, words) in [
        ("{{ emial() }}", UnknownGenerator, "emial", "email()"),
        ("{{ name }}", UnknownName, "name", "name()"),
        ("{{ colour }}", UnknownName, "colour", "quotes"),
        ("{{ cuont }}", UnknownName, "cuont", "vars.count"),
        ("{{ vars.cuont }}", UnknownName, "cuont", "`count`"),
        ("a {{ int(5, 1) }}", WrongArgument, "1", "int(1, 5)"),
        ("{{ int(1) }}", WrongArgument, "int(1)", "high"),
        ("{{ int(1, 'x') }}", WrongArgument, "'x'", "an integer"),
        ("{{ int(1, 2, 'zipf') }}", WrongArgument, "'zipf'", "zipfian"),
        ("{{ name(5) }}", WrongArgument, "5", "name()"),
        ("{{ name(local='de_de') }}", WrongArgument, "local", "`locale`"),
        ("{{ name(locale='de') }}", WrongArgument, "'de'", "de_de"),
        ("{{ choice([]) }}", WrongArgument, "[]", "at least one"),
        ("{{ weighted({'a': 0}) }}", WrongArgument, "{'a': 0}", "above 0"),
        ("{{ pattern('[A-') }}", WrongArgument, "'[A-'", "]"),
        ("{{ date('2024-13-01') }}", WrongArgument, "'2024-13-01'", "2024-12-31"),
        ("{{ bool(50) }}", WrongArgument, "50", "0.5"),
        ("{{ ref('user.id') }}", UnknownReference, "'user.id'", "users.id"),
        ("{{ ref(name()) }}", WrongArgument, "name()", "quotes"),
        ("{{ line('nix.txt') }}", MissingFile, "'nix.txt'", "no such file"),
        ("{{ unique(float(0, 1)) }}", NotEnoughValues, "float(0, 1)", "int(a, b)"),
        ("{{ unique(ref('users.id')) }}", NotEnoughValues, "ref('users.id')", "row"),
        ("{{ name() | uper }}", UnknownGenerator, "uper", "`upper`"),
        ("{% if rwo %}x{% endif %}", UnknownName, "rwo", "`row`"),
        ("{% for i in [1] %}{{ j }}{% endfor %}", UnknownName, "j", "not defined"),
        ("{% include 'x' %}", Unsupported, "", "if, for"),
        ("{{ text(5, 2) }}", WrongArgument, "2", "text(2, 5)"),
        ("{{ text(5, 20, 30) }}", WrongArgument, "30", "between the lengths 5 and 20"),
        ("{{ bytes(5, mean=6) }}", WrongArgument, "6", "from the least length"),
        ("{{ quantiles([1]) }}", WrongArgument, "[1]", "two numbers"),
        ("{{ quantiles([1, 5, 3]) }}", WrongArgument, "[1, 5, 3]", "from 5 to 3"),
        ("{{ quantiles([1, 'x']) }}", WrongArgument, "[1, 'x']", "not \"x\""),
        ("{{ weighted([[1, 2], 3]) }}", WrongArgument, "[[1, 2], 3]", "pairs"),
        ("{{ weighted([[none, -1]]) }}", WrongArgument, "[[none, -1]]", "weight of null"),
        ("{{ among(0, word()) }}", WrongArgument, "0", "1 or more"),
        ("{{ among(2.5, word()) }}", WrongArgument, "2.5", "a whole number"),
        ("{{ among(row, word()) }}", WrongArgument, "row", "before any row"),
        ("{{ among(3, name() | upper) }}", Unsupported, "name() | upper", "around it"),
        ("{{ among(50, unique(int(1, 40))) }}", NotEnoughValues, "50", "only 40"),
        ("{{ runs(0.5, word()) }}", WrongArgument, "0.5", "1 or more"),
        ("{{ runs(3, ref('users.id')) }}", WrongArgument, "ref('users.id')", "fan_out"),
        ("{{ cycle(3, n) }}", WrongArgument, "n", "`row`"),
        ("{{ unique(among(3, 5)) }}", NotEnoughValues, "among(3, 5)", "different in every row"),
        ("{{ ref('users.id', 'zipfian', fan_out=3) }}", WrongArgument, "'zipfian'", "fan_out"),
        ("{{ ref('users.id', fan_out=0.5) }}", WrongArgument, "0.5", "1 or more"),
        ("{{ ref('users.id', share=0) }}", WrongArgument, "0", "above 0"),
        ("{{ ref('users.id', fanout=2) }}", WrongArgument, "fanout", "`fan_out`"),
    ] {
        let found = faults(source);
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        let fault = &found[0];
        assert_eq!(fault.kind, kind, "{source}: {fault:?}");
        if !place.is_empty() {
            assert_eq!(&source[fault.range.clone()], place, "{source}: {fault:?}");
        }
        let said = format!("{} {}", fault.message, fault.help.as_deref().unwrap_or_default());
        assert!(said.contains(words), "{source}: {said}");
    }
    assert_eq!(faults("{{ emial() }} {{ int(5, 1) }} {{ nix }}").len(), 3);
    assert_eq!(faults("{{ name( }}")[0].kind, FaultKind::Syntax);
    assert_eq!(faults("{{ name()")[0].kind, FaultKind::Syntax);
}

#[test]
fn a_row_without_parents_is_an_error_in_words() {
    let template = compile("{{ ref('users.id') }}");
    let context = RowContext { row: 1, repetition: 0, seed: 1, column_seed: 1, references: &Rows(0) };
    let error = template.render(&context, &mut Scratch::default()).unwrap_err();
    assert!(error.to_string().contains("users.id"), "{error}");
}

#[test]
fn templates_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&compile("{{ name() | upper }}"));
}
