//! Promise: every shipped scenario works as it stands, answers a stated question, and can be copied and changed.
//!
//! Each is run for real, but with few writes: enough for every table and every level's verification. Those on a server need one.

#[path = "common/postgres.rs"]
mod postgres;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Name and text of every scenario, in the order of their names.
fn scenarios() -> Vec<(String, String)> {
    let entries = fs::read_dir(shipped()).expect("the scenarios can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut found: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a scenario can be read"))
        })
        .collect();
    found.sort();
    assert!(found.iter().any(|(name, _)| name == "base-0"), "base-0.toml is gone");
    found
}

fn read(text: &str) -> Value {
    toml::from_str(text).expect("a shipped scenario is TOML")
}

/// A folder like a user's: `scenarios/` with the shipped files, and nothing else.
struct Workplace(tempfile::TempDir);

impl Workplace {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder for the test can be made");
        fs::create_dir(dir.path().join("scenarios")).expect("a folder can be made");
        let workplace = Workplace(dir);
        for (name, text) in scenarios() {
            workplace.write(&name, &text);
        }
        workplace
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join("scenarios").join(format!("{name}.toml"));
        fs::write(path, text).expect("a scenario can be written");
    }

    fn runner(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.0.path());
        if let Ok(url) = std::env::var("RUNNER_TEST_POSTGRES") {
            command.env("RUNNER_POSTGRES_URL", url);
        }
        command.output().expect("the runner can be started")
    }

    fn result(&self, name: &str) -> Value {
        let path = self.0.path().join("results").join(format!("{name}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).expect("a result is JSON")
    }

    /// Names in a folder; none where there is no folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.path().join(folder)).into_iter().flatten();
        entries
            .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
            .collect()
    }
}

fn fine(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The workloads of a scenario in their order; the one that it is where it names none.
fn workloads(text: &str) -> Vec<String> {
    let header = |line: &str| Some(line.strip_prefix("[workloads.")?.split(']').next()?.to_owned());
    let found: Vec<String> = text.lines().filter_map(header).collect();
    if !found.is_empty() {
        return found;
    }
    let test = read(text).get("test").and_then(Value::as_str).unwrap_or("write").to_owned();
    vec![test]
}

fn on_a_server(scenario: &Value) -> bool {
    scenario["database"]["engine"] == "postgres"
}

/// What makes a scenario small beside its total: fewer rows to load, and no targets, which a debug build cannot meet.
fn smaller(scenario: &Value) -> Vec<String> {
    let mut sets = Vec::new();
    for (table, section) in scenario["tables"].as_object().expect("a scenario has tables") {
        if section.get("rows").and_then(Value::as_u64).is_some_and(|rows| rows > 1_000) {
            sets.push(format!("tables.{table}.rows=1000"));
        }
    }
    if scenario.get("targets").is_some() {
        sets.push("targets=[]".to_owned());
    }
    // All variants at one point of the matrix, once. Limits are left out: not every machine that runs these tests can make control groups.
    if let Some(matrix) = scenario.get("matrix").and_then(Value::as_object) {
        let points: Vec<String> = matrix.iter().filter_map(|(key, axis)| one_point(key, axis)).collect();
        sets.push(format!("matrix={{ {} }}", points.join(", ")));
    }
    if scenario.get("matrix").is_some() || scenario.get("iterations").is_some() {
        sets.push("iterations=1".to_owned());
    }
    sets.into_iter().flat_map(|set| ["--set".to_owned(), set]).collect()
}

/// An axis of a matrix, or the axes below it, with the first value alone; a size of files becomes one for a test.
fn one_point(key: &str, axis: &Value) -> Option<String> {
    match axis {
        _ if key == "limits" => None,
        _ if key == "file_size" => Some("file_size = [\"700kB\"]".to_owned()),
        Value::Object(below) => {
            let points: Vec<String> = below.iter().filter_map(|(key, axis)| one_point(key, axis)).collect();
            Some(format!("{key} = {{ {} }}", points.join(", ")))
        }
        other => Some(format!("{key} = [{}]", other[0])),
    }
}

/// Cases of a scenario at one point of its matrix: the file as it stands, and each variant.
fn cases(scenario: &Value) -> usize {
    1 + scenario.get("variants").and_then(Value::as_object).map_or(0, |variants| variants.len())
}

/// Completed, with these levels of these workloads, and every row found again.
fn believable(name: &str, result: &Value, cases: usize, workloads: &[String], levels: &[u64], total: u64) {
    assert_eq!(result["status"], "completed", "{name}");
    assert_eq!(result["configurationId"], name);
    let configurations = result["configurations"].as_array().expect("a result has its levels");
    let case = |level: &Value| (level["workload"].as_str().map(str::to_owned), level["concurrency"].as_u64());
    let found: Vec<_> = configurations.iter().map(case).collect();
    let of_case = workloads
        .iter()
        .flat_map(|workload| levels.iter().map(|level| (Some(workload.clone()), Some(*level))));
    let wanted: Vec<_> = (0..cases).flat_map(|_| of_case.clone()).collect();
    assert_eq!(found, wanted, "{name}");
    for level in configurations {
        let (workload, verification) = (&level["workload"], &level["verification"]);
        assert_eq!(verification["status"], "verified", "{name}, {workload}: {verification}");
        assert_eq!(level["totalWrites"], total, "{name}, {workload}");
        assert_eq!(level["attempted"], total, "{name}, {workload}");
        assert_eq!(level["complete"], true, "{name}, {workload}");
        let errors = level["overall"]["errors"].as_u64().expect("errors are counted");
        assert_eq!(level["succeeded"].as_u64(), Some(total - errors), "{name}, {workload}");
        if let Some(metrics) = level.get("metrics") {
            assert_eq!(metrics["errorCount"], errors, "{name}, {workload}");
        }
        operations_come_to_the_whole(level);
    }
}

/// The operations of each iteration sum to its figures; a level of one operation does not say them twice.
fn operations_come_to_the_whole(level: &Value) {
    let names = level["operations"].as_object().expect("a level has operations").len();
    for iteration in level["iterations"].as_array().expect("a level has iterations") {
        let operations = iteration.get("operations").and_then(Value::as_object);
        assert_eq!(operations.map_or(1, serde_json::Map::len), names, "{iteration}");
        for (key, slack) in [("attempted", 0.0), ("succeeded", 0.0), ("throughput", 0.01)] {
            let figure = |one: &Value| one[key].as_f64().expect("a figure");
            let sum = operations.map(|all| all.values().map(figure).sum::<f64>());
            assert!(sum.is_none_or(|sum| (sum - figure(iteration)).abs() <= slack), "{key}: {iteration}");
        }
    }
}

#[test]
fn every_scenario_passes_the_check_without_making_a_file() {
    let workplace = Workplace::new();
    let files: Vec<String> = scenarios().iter().map(|(name, _)| format!("scenarios/{name}.toml")).collect();
    let mut arguments = vec!["check"];
    arguments.extend(files.iter().map(String::as_str));
    let stdout = fine(&workplace.runner(&arguments));
    let expected: String = files.iter().map(|file| format!("{file}: fine\n")).collect();
    assert_eq!(stdout, expected);
    assert_eq!(workplace.names("."), ["scenarios"]);
}

#[test]
fn every_scenario_runs_and_every_row_is_verified() {
    let workplace = Workplace::new();
    for (name, text) in scenarios() {
        let scenario = read(&text);
        if on_a_server(&scenario) && postgres::shared().is_none() {
            continue;
        }
        // Making and dropping all tables around each write takes its time.
        let total = if scenario["reset"] == "write" { 8 } else { 100 };
        let file = format!("scenarios/{name}.toml");
        let total_text = total.to_string();
        let sets = smaller(&scenario);
        let mut arguments = vec!["run", &file, "--total", &total_text, "--concurrency", "1,4"];
        arguments.extend(sets.iter().map(String::as_str));
        fine(&workplace.runner(&arguments));
        let result = workplace.result(&name);
        believable(&name, &result, cases(&read(&text)), &workloads(&text), &[1, 4], total);
        assert_eq!(
            result["testName"],
            scenario.get("test").cloned().unwrap_or_else(|| "write".into()),
            "{name}"
        );
    }
    assert_eq!(workplace.names("db"), Vec::<String>::new(), "a run left its database behind");
    if let Some(server) = postgres::shared() {
        for (name, _) in scenarios().iter().filter(|(_, text)| on_a_server(&read(text))) {
            assert!(!server.has_schema(&format!("runner_{name}")), "{name} left its schema behind");
        }
    }
}

#[test]
fn the_scenarios_on_a_server_and_in_a_file_are_the_same_but_for_the_database() {
    let all = scenarios();
    let of = |name: &str| read(&all.iter().find(|(found, _)| found == name).expect(name).1);
    let pairs = [("base-postgres", "base-0"), ("message-store-postgres", "message-store-file")];
    for (server, file) in pairs.map(|(server, file)| (of(server), of(file))) {
        for key in ["operations", "tables", "workloads"] {
            let names = |scenario: &Value| {
                scenario.get(key).map(|all| all.as_object().expect(key).keys().cloned().collect::<Vec<_>>())
            };
            assert_eq!(names(&server), names(&file), "{key}");
        }
        for (name, workload) in server.get("workloads").and_then(Value::as_object).into_iter().flatten() {
            assert_eq!(workload["mix"], file["workloads"][name]["mix"], "{name}");
        }
        assert_eq!(server["seed"], file["seed"]);
    }
    assert_eq!(of("base-postgres")["tables"], of("base-0")["tables"]);
    let limits = |name: &str| {
        let targets = of(name)["targets"].clone();
        let of_one = |target: &Value| Some((target.get("workload")?.clone(), target["max"].clone()));
        targets.as_array().expect("targets").iter().filter_map(of_one).collect::<Vec<_>>()
    };
    let wanted = [("write", "10ms"), ("read_stream", "15ms"), ("read_category", "50ms")];
    let wanted: Vec<_> =
        wanted.iter().map(|(workload, max)| (Value::from(*workload), Value::from(*max))).collect();
    assert_eq!(limits("message-store-postgres"), wanted);
}

#[test]
fn the_long_form_is_among_the_scenarios() {
    let all = scenarios();
    let several = all.iter().filter(|(_, text)| workloads(text).len() > 1).count();
    let judged = all.iter().filter(|(_, text)| read(text).get("targets").is_some()).count();
    assert!(several >= 2 && judged >= 2, "{several} with several workloads, {judged} with targets");
}

#[test]
fn a_scenario_that_waits_for_locks_loses_no_write() {
    let workplace = Workplace::new();
    fine(&workplace.runner(&["run", "scenarios/base-1.toml", "--total", "100", "--concurrency", "4"]));
    let level = &workplace.result("base-1")["configurations"][0];
    assert_eq!(level["metrics"]["errorCount"], 0);
    assert_eq!(level["succeeded"], 100);
}

#[test]
fn every_scenario_asks_a_question_and_has_a_line_in_the_readme() {
    let readme = fs::read_to_string(shipped().join("README.md")).expect("scenarios/README.md can be read");
    for (name, text) in scenarios() {
        let scenario = read(&text);
        let description = scenario.get("description").and_then(Value::as_str).unwrap_or_default();
        assert!(description.contains('?'), "{name}: write the question that it answers as `description`");
        let line = format!("| [`{name}.toml`]({name}.toml) | ");
        assert!(readme.lines().any(|l| l.starts_with(&line)), "add `{line}…` to scenarios/README.md");
        assert!(
            scenario.get("name").is_none(),
            "{name}: leave out `name`, so that a copy has a result of its own"
        );
        assert!(
            text.lines().nth(1).is_some_and(|l| l.starts_with(&format!("# {name}: "))),
            "{name}: say what it is in line 2"
        );
    }
    for row in readme.lines().filter_map(|line| line.strip_prefix("| [`")) {
        let name = row.split(".toml`").next().unwrap_or_default();
        assert!(
            shipped().join(format!("{name}.toml")).is_file(),
            "scenarios/README.md names {name}.toml, which is not there"
        );
    }
}

#[test]
fn every_scenario_writes_a_database_of_its_own() {
    let mut paths: Vec<(String, String)> = Vec::new();
    for (name, text) in scenarios() {
        let database = &read(&text)["database"];
        if matches!(database["engine"].as_str(), Some("postgres" | "memtable"))
            && database.get("path").is_none()
        {
            // On a server, a schema by the scenario's name is its own; a write buffer that persists nothing writes nowhere.
            assert!(database.get("schema").is_none(), "{name} names a schema: leave that to its name");
            continue;
        }
        let path = database["path"].as_str().expect("a database has a path").to_owned();
        if path == ":memory:" {
            continue;
        }
        assert!(path.starts_with("db/"), "{name} writes outside of db/");
        if let Some((other, _)) = paths.iter().find(|(_, p)| *p == path) {
            panic!("{name} and {other} write the same {path}");
        }
        paths.push((name, path));
    }
}

#[test]
fn base_0_has_every_key_of_the_short_form_at_the_start_of_a_line() {
    let text = fs::read_to_string(shipped().join("base-0.toml")).expect("base-0.toml can be read");
    for key in [
        "language",
        "test",
        "description",
        "seed",
        "total_writes",
        "concurrency",
        "reset",
        "path",
        "busy_timeout",
        "share",
        "primary_key",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("{key} = "))),
            "base-0.toml has no line `{key} = …`"
        );
    }
    for header in ["[database]", "[database.pragmas]", "[tables.users]", "[tables.users.columns]"] {
        assert!(text.lines().any(|line| line.starts_with(header)), "base-0.toml has no line {header}");
    }
}

#[test]
fn base_0_is_the_published_test_plan() {
    let text = fs::read_to_string(shipped().join("base-0.toml")).expect("base-0.toml can be read");
    let scenario = read(&text);
    assert_eq!(scenario["total_writes"], 100_000);
    assert_eq!(scenario["concurrency"], serde_json::json!([1, 2, 4, 8, 16, 32, 64, 128]));
    assert_eq!(scenario["database"]["path"], "db/base-0.db");
    assert_eq!(scenario["database"]["pragmas"], serde_json::json!({}));
    let shares = [("users", 10), ("posts", 40), ("tags", 10), ("user_posts", 30), ("posts_tags", 10)];
    let tables = scenario["tables"].as_object().expect("a scenario has tables");
    assert_eq!(tables.len(), shares.len());
    for (table, share) in shares {
        assert_eq!(tables[table]["share"], share, "{table}");
    }
}

#[test]
fn a_copy_with_a_changed_pragma_has_a_result_of_its_own() {
    let workplace = Workplace::new();
    let (_, text) = scenarios().into_iter().find(|(name, _)| name == "base-0").expect("base-0 is shipped");
    let changed = text.replace("\n[database.pragmas]", "\n[database.pragmas]\njournal_mode = \"wal\"\n#");
    assert_ne!(changed, text);
    workplace.write("mine", &changed);
    let stdout = fine(&workplace.runner(&[
        "run",
        "scenarios/mine.toml",
        "--total",
        "100",
        "--concurrency",
        "1,4",
        "--format",
        "json",
    ]));
    assert_eq!(
        workplace.names("results").iter().filter(|name| name.ends_with(".json")).collect::<Vec<_>>(),
        ["mine.json"]
    );
    let result = workplace.result("mine");
    believable("mine", &result, 1, &workloads(&changed), &[1, 4], 100);
    assert_eq!(result["engine"]["settings"]["journal_mode"], "wal", "{}", result["engine"]);
    assert_eq!(serde_json::from_str::<Value>(&stdout).expect("stdout carries the result"), result);
}

#[test]
fn quick_runs_are_a_hundredth_and_say_so() {
    let workplace = Workplace::new();
    fine(&workplace.runner(&["run", "--quick", "scenarios/base-memory.toml", "--concurrency", "1"]));
    let result = workplace.result("base-memory");
    assert_eq!(result["quick"], true);
    assert_eq!(result["configurations"][0]["totalWrites"], 1_000);
}
