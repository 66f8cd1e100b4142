//! The buffer as a run uses it.
