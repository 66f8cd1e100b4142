//! What a workload may have beside its operations: batches, retries, a pool.
//!
//! How they go together is left to `loads`.

use super::codes;
use super::load_keys::Keys;
use super::workload::{Batch, BatchMode, BatchSize, Pool, Retry};
use crate::diagnostic::Code;
use crate::scenario::{BatchModeKey, LoadKeys};

/// Operations that share a transaction.
pub(super) fn batch(keys: &mut Keys<'_, '_>) -> Option<Batch> {
    let home = keys.home(|k| k.batch_size.or(k.batch_min).or(k.batch_max).is_some());
    let LoadKeys { batch_size, batch_min, batch_max, batch_success, .. } = home.keys;
    let mode = match keys.own.keys.batch_mode.or(home.keys.batch_mode).unwrap_or_default() {
        BatchModeKey::Transaction => BatchMode::Transaction,
        BatchModeKey::MultiRow => BatchMode::MultiRow,
    };
    let size = match (batch_size, batch_min, batch_max) {
        (None, None, None) => {
            let LoadKeys { batch_mode, batch_success, .. } = keys.own.keys;
            let help = "say how many operations a batch has: `batch_size = 1000`";
            keys.idle("batch_mode", batch_mode.is_some(), "without batches", help);
            keys.idle("batch_success", batch_success.is_some(), "without `batch_min` and `batch_max`", help);
            return None;
        }
        (Some(_), min, Some(_)) | (Some(_), min @ Some(_), _) => {
            let second = if min.is_some() { "batch_min" } else { "batch_max" };
            keys.conflict(
                home,
                "batch_size",
                second,
                "a batch has one size, or one that follows its success between two; keep one",
            );
            return None;
        }
        (Some(size), None, None) => {
            if batch_success.is_some() && home.workload == keys.own.workload {
                keys.idle(
                    "batch_success",
                    true,
                    "beside `batch_size`",
                    "write `batch_min` and `batch_max` instead of `batch_size`",
                );
            }
            BatchSize::Fixed(size)
        }
        (None, min, Some(max)) if min.unwrap_or(1) > max => {
            let at = home.at(keys.input, &["batch_min"]);
            let words = format!("`batch_min` is {}, but `batch_max` only {max}", min.unwrap_or(1));
            keys.fault(Code::OutOfRange, at, words, "write the smaller one as `batch_min`");
            return None;
        }
        (None, min, Some(max)) => {
            BatchSize::Adaptive { min: min.unwrap_or(1), max, success: batch_success.unwrap_or(0.95) }
        }
        (None, Some(_), None) => {
            let at = home.key_at(keys.input, "batch_min");
            keys.fault(
                Code::MissingKey,
                at,
                "`batch_max` is missing beside `batch_min`".to_owned(),
                "add for instance `batch_max = 1000`",
            );
            return None;
        }
    };
    Some(Batch { mode, size })
}

/// What happens to refused operations.
pub(super) fn retry(keys: &mut Keys<'_, '_>) -> Option<Retry> {
    let home = keys.home(|k| k.retry.is_some());
    let section = home.keys.retry?;
    let mut on = Vec::new();
    let engine = keys.input.engine();
    let usual = || codes::usual(engine).map(str::to_owned).to_vec();
    for (index, word) in section.on.clone().unwrap_or_else(usual).iter().enumerate() {
        match codes::beginnings(word, engine, keys.input.engines) {
            Ok(codes) => on.extend(codes.into_iter().filter(|code| !on.contains(code)).collect::<Vec<_>>()),
            Err(help) => {
                let at = home.at(keys.input, &["retry", "on", &index.to_string()]);
                keys.fault(Code::UnknownValue, at, format!("`{word}` is no reason to try again"), &help);
            }
        }
    }
    Some(Retry {
        attempts: section.attempts,
        base_delay_ns: section.base_delay.as_nanos(),
        factor: section.factor,
        max_delay_ns: section.max_delay.as_nanos(),
        jitter: section.jitter,
        on,
    })
}

/// Connections that workers share.
pub(super) fn pool(keys: &mut Keys<'_, '_>) -> Option<Pool> {
    let home = keys.home(|k| k.pool.is_some());
    let section = home.keys.pool?;
    let max = section.max;
    for (key, given) in [("initial", section.initial), ("max_idle", section.max_idle)] {
        if let Some(more) = given.filter(|given| *given > max) {
            let at = home.at(keys.input, &["pool", key]);
            let words = format!("`pool.{key}` is {more}, but the pool has at most {max} connections");
            keys.fault(Code::OutOfRange, at, words, "write at most as many as `max`, or a greater `max`");
        }
    }
    Some(Pool {
        initial: section.initial.unwrap_or(1).min(max),
        max,
        max_idle: section.max_idle.unwrap_or(max),
        checkout_timeout_ns: section.checkout_timeout.as_nanos(),
    })
}
