//! Tests of whole guesses.
