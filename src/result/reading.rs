//! Reading stored results, and telling them from other files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::model::{RunResult, SCHEMA_VERSION};
use super::schema;
use crate::files::reason;

/// Errors of a document that are told; more help nobody.
const TOLD: usize = 3;

/// Why a result cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{} cannot be read: {}", path.display(), reason(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not JSON.
    #[error("{} is not JSON: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// It is JSON of something else.
    #[error("{} is not a result of runner", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is a result, of another shape.
    #[error("{} was written by another version of runner: shape {shape}, this one reads {SCHEMA_VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of its shape, as it says.
        shape: Value,
    },
    /// It is a result of this shape, and something in it is wrong.
    #[error("{} is not a whole result of runner: {}", path.display(), first(errors))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        errors: Vec<String>,
    },
}

/// The first errors, and how many more there are.
fn first(errors: &[String]) -> String {
    let told = errors.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    match errors.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}

/// Reads a stored result and validates it.
pub fn read(path: &Path) -> Result<RunResult, ReadError> {
    let bytes = fs::read(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    let document: Value =
        serde_json::from_slice(&bytes).map_err(|source| ReadError::Json { path: path.to_owned(), source })?;
    let shape = match document.get("schemaVersion") {
        _ if !is_result(&document) => return Err(ReadError::Foreign { path: path.to_owned() }),
        Some(shape) if *shape != SCHEMA_VERSION => Some(shape.clone()),
        _ => None,
    };
    if let Some(shape) = shape {
        return Err(ReadError::Version { path: path.to_owned(), shape });
    }
    let invalid = |errors| ReadError::Invalid { path: path.to_owned(), errors };
    let errors = schema::validate(&document);
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    serde_json::from_value(document).map_err(|error| invalid(vec![error.to_string()]))
}

/// What stands at a place that a result is to go to, or to be removed from, and is none: `is a directory`. Nothing where it is a result or a
/// rejected document of any version, an empty file, or no file.
///
/// # Errors
/// When it cannot be looked at.
pub(super) fn in_the_way(path: &Path) -> io::Result<Option<&'static str>> {
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        facts => facts?.file_type(),
    };
    if kind.is_dir() {
        return Ok(Some("is a directory"));
    }
    if kind.is_symlink() {
        return Ok(Some("is a symbolic link"));
    }
    if !kind.is_file() {
        return Ok(Some("is not a regular file"));
    }
    let bytes = fs::read(path)?;
    let ours = bytes.is_empty() || serde_json::from_slice::<Value>(&bytes).is_ok_and(|d| is_ours(&d));
    Ok((!ours).then_some("is not a result of runner"))
}

/// A result or a rejected document of any version.
fn is_ours(document: &Value) -> bool {
    is_result(document.get("document").unwrap_or(document))
}

fn is_result(document: &Value) -> bool {
    document.get("configurationId").is_some_and(Value::is_string)
        && document.get("configurations").is_some_and(Value::is_array)
}

#[cfg(test)]
mod tests {
    use super::super::testing::finished;
    use super::*;

    fn told(document: &Value) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.json");
        fs::write(&path, document.to_string()).unwrap();
        let words = read(&path).unwrap_err().to_string();
        words.strip_prefix(&format!("{} ", path.display())).unwrap().to_owned()
    }

    #[test]
    fn a_file_that_cannot_be_read_or_is_no_json_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        assert!(matches!(read(&path), Err(ReadError::Io { .. })));
        fs::write(&path, "{").unwrap();
        assert!(matches!(read(&path), Err(ReadError::Json { .. })));
    }

    #[test]
    fn another_file_and_another_version_are_told_apart_from_a_broken_result() {
        let package = serde_json::json!({ "name": "package", "version": "1.0.0" });
        assert_eq!(told(&package), "is not a result of runner");
        assert_eq!(told(&serde_json::json!([1, 2])), "is not a result of runner");
        let mut document = serde_json::to_value(finished()).unwrap();
        document["schemaVersion"] = 2.into();
        assert_eq!(told(&document), "was written by another version of runner: shape 2, this one reads 1");
    }

    #[test]
    fn of_many_errors_three_are_told() {
        let mut document = serde_json::to_value(finished()).unwrap();
        for key in ["testName", "status", "quick", "findings", "scenario"] {
            document.as_object_mut().unwrap().remove(key);
        }
        let words = told(&document);
        assert!(words.starts_with("is not a whole result of runner: at the document: "), "{words}");
        assert!(words.ends_with("; and 2 more"), "{words}");
        assert_eq!(words.matches("at the document: ").count(), 3, "{words}");
    }
}
