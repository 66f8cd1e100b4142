//! What `runner --version` says of the build: its commit and the system that it is for; and the version of a driver that does not say its own.
//!
//! Without git, or in a tree that is not one of its own, the commit is `unknown`; whoever builds from an archive can give it as RUNNER_COMMIT.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUNNER_COMMIT");
    let given = std::env::var("RUNNER_COMMIT").ok().filter(|commit| !commit.is_empty());
    // A debug build is not looked into: it would be built anew after every commit.
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| if release { commit() } else { None });
    println!("cargo::rustc-env=RUNNER_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=RUNNER_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    if std::env::var_os("CARGO_FEATURE_TURSO").is_some() {
        println!("cargo::rerun-if-changed=Cargo.lock");
        println!("cargo::rustc-env=RUNNER_TURSO={}", locked("turso_core").unwrap_or_default());
    }
}

/// The version of a package that this build takes.
fn locked(package: &str) -> Option<String> {
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(after.split('"').next()?.to_owned())
}

/// The commit, with a `+` if files that git knows were changed since.
fn commit() -> Option<String> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = std::env::current_dir().ok()?.canonicalize().ok()?;
    // This tree may lie inside of another project's repository.
    if Path::new(&top).canonicalize().ok()? != here {
        return None;
    }
    let mut watched = vec!["src".to_owned(), "Cargo.toml".to_owned(), "Cargo.lock".to_owned()];
    for name in ["HEAD", "logs/HEAD"] {
        watched.extend(git(&["rev-parse", "--git-path", name]));
    }
    // A path that does not exist counts as changed each time.
    for path in watched.iter().filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
    git(&["describe", "--always", "--exclude=*", "--abbrev=12", "--dirty=+"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| output.status.success() && !text.is_empty())
}
