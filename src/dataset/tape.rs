//! The tape: every operation of a part with its values, made before the level and read by all workers.
//!
//! Chunks of equal length in operations are made in parallel. A chunk begins with the offsets of its entries (u32 each); an entry is the operation,
//! its row, twice the number of its parents (and one more where the first of them is what it is about) and these (LEB128), then its values. Beyond the memory budget the chunks go to an unlinked file that is mapped.
#![expect(unsafe_code, reason = "mapping a file, and telling the kernel which part is no longer needed")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use memmap2::{Mmap, UncheckedAdvice};
use rayon::prelude::*;

use super::{Dataset, Workspace};
use crate::files::reason;
use crate::template::RenderError;
use crate::value::{Decoder, ValueRef, encode, encode_number};

const PAGE: u64 = 4096;
/// Chunks behind the cursor that stay mapped in: slow workers may still read them.
const CHUNKS_KEPT: u64 = 16;

/// How a tape is made.
#[derive(Debug)]
pub struct TapeOptions<'a> {
    /// Bytes above which the tape goes to a file.
    pub budget_bytes: u64,
    /// Where that file is made.
    pub folder: PathBuf,
    /// Ends the making early.
    pub stop: &'a AtomicBool,
    /// Counts finished operations.
    pub done: &'a AtomicU64,
}

/// Why a tape could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// A template failed on a row.
    #[error("row {row} of table {table} cannot be made: {message}")]
    Render {
        /// Name of the table.
        table: String,
        /// From 1.
        row: u64,
        /// In words.
        message: String,
    },
    /// A template failed on an occurrence of an operation.
    #[error("number {ordinal} of operation {operation} cannot be made: {message}")]
    Occurrence {
        /// Name of the operation.
        operation: String,
        /// From 1, over all parts.
        ordinal: u64,
        /// In words.
        message: String,
    },
    /// The mapped file cannot be written.
    #[error("the generated rows outgrow the memory budget, and their file in {} cannot be written: {}", folder.display(), reason(source))]
    File {
        /// Where it was tried.
        folder: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The run is being stopped.
    #[error("interrupted")]
    Interrupted,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<Box<[u8]>>),
    Mapped { map: Mmap, chunks: Vec<(u64, u32)> },
}

/// All operations of one part, in order.
#[derive(Debug)]
pub struct Tape {
    store: Store,
    /// Operations of a chunk: two to the power of this.
    chunk_shift: u32,
    length: u64,
    bytes: u64,
}

/// One operation on the tape.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Index into the plan's operations.
    pub operation: usize,
    /// Row of the table that it inserts into, else the ordinal of the operation; from 0 over all parts, loaded rows counted. An upsert inserts
    /// where it has no target.
    pub row: u64,
    /// The existing row (table, row from 0) that it is about: one of its parents.
    pub target: Option<(usize, u64)>,
    parents: u64,
    rest: Decoder<'a>,
}

impl<'a> Entry<'a> {
    /// The rows it refers to (table, row from 0), then a decoder that stands at its first value.
    #[inline]
    pub fn parents(mut self, mut each: impl FnMut(usize, u64)) -> Decoder<'a> {
        for _ in 0..self.parents {
            let table = self.rest.number() as usize;
            let row = self.rest.number();
            each(table, row);
        }
        self.rest
    }
}

impl Tape {
    /// Makes the tape of the rows that are there before anything is measured; `inserts` is the operation that inserts into each table.
    ///
    /// # Errors
    /// When a template fails, the file cannot be written, or the run is stopped.
    ///
    /// # Panics
    /// If a table with loaded rows has no operation.
    pub fn load(
        dataset: &Dataset,
        inserts: &[Option<usize>],
        options: &TapeOptions<'_>,
    ) -> Result<Self, TapeError> {
        let operation = |table: usize, _| inserts[table].expect("a table that is loaded has an insert");
        Tape::make(dataset, 0, dataset.load_total(), &operation, options)
    }

    /// Makes the tape of one part of the dataset's order, in parallel.
    ///
    /// # Errors
    /// When a template fails, the file cannot be written, or the run is stopped.
    pub fn generate(dataset: &Dataset, part: u64, options: &TapeOptions<'_>) -> Result<Self, TapeError> {
        let length = dataset.part_total();
        let start = dataset.load_total() + part * length;
        Tape::make(dataset, start, length, &|table, row| dataset.writer(table, row), options)
    }

    /// Makes the tape of a stretch of the order; `writer` is the operation that writes a row.
    fn make(
        dataset: &Dataset,
        start: u64,
        length: u64,
        writer: &(impl Fn(usize, u64) -> usize + Sync),
        options: &TapeOptions<'_>,
    ) -> Result<Self, TapeError> {
        let per_chunk =
            (length / (rayon::current_num_threads() as u64 * 8)).clamp(64, 4096).next_power_of_two();
        let chunk_shift = per_chunk.trailing_zeros();
        let chunks = length.div_ceil(per_chunk);
        let range = |chunk: u64| {
            let first = chunk * per_chunk;
            (start + first, per_chunk.min(length - first))
        };
        let make = |chunk: u64| {
            let (first, count) = range(chunk);
            let made = make_chunk(dataset, first, count, writer, options);
            options.done.fetch_add(count, Ordering::Relaxed);
            made
        };
        // The first chunk tells how large the rest will be.
        let sample = make(0)?;
        let estimate = sample.len() as u64 * chunks;
        if estimate <= options.budget_bytes {
            let rest: Result<Vec<_>, TapeError> = (1..chunks).into_par_iter().map(make).collect();
            let all: Vec<_> = std::iter::once(sample).chain(rest?).collect();
            let bytes = all.iter().map(|c| c.len() as u64).sum();
            return Ok(Tape { store: Store::Memory(all), chunk_shift, length, bytes });
        }
        drop(sample);
        options.done.store(0, Ordering::Relaxed);
        let failed = |source| TapeError::File { folder: options.folder.clone(), source };
        let file = tempfile::tempfile_in(&options.folder).map_err(failed)?;
        let end = AtomicU64::new(0);
        let write = |chunk: u64| {
            let bytes = make(chunk)?;
            let offset = end.fetch_add((bytes.len() as u64).next_multiple_of(PAGE), Ordering::Relaxed);
            file.write_all_at(&bytes, offset).map_err(failed)?;
            let size = u32::try_from(bytes.len()).expect("a chunk is smaller than 4 GiB");
            Ok((offset, size))
        };
        let chunks: Result<Vec<_>, TapeError> = (0..chunks).into_par_iter().map(write).collect();
        let bytes = end.into_inner();
        let map = map(&file, bytes).map_err(failed)?;
        Ok(Tape { store: Store::Mapped { map, chunks: chunks? }, chunk_shift, length, bytes })
    }

    /// Operations on the tape.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is nothing on it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Size of all chunks, bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it lies in a mapped file.
    pub fn is_mapped(&self) -> bool {
        matches!(self.store, Store::Mapped { .. })
    }

    fn chunk(&self, chunk: u64) -> &[u8] {
        match &self.store {
            Store::Memory(chunks) => &chunks[chunk as usize],
            Store::Mapped { map, chunks } => {
                let (offset, size) = chunks[chunk as usize];
                &map[offset as usize..][..size as usize]
            }
        }
    }

    /// Place within its chunk.
    #[inline]
    fn slot(&self, place: u64) -> u64 {
        place & ((1 << self.chunk_shift) - 1)
    }

    /// The operation at a place of the part, from 0.
    #[inline(always)]
    pub fn entry(&self, place: u64) -> Entry<'_> {
        let chunk = self.chunk(place >> self.chunk_shift);
        let slot = self.slot(place) as usize * 4;
        let offset = chunk[slot..].first_chunk::<4>().expect("a chunk begins with its offsets");
        let mut rest = Decoder::new(&chunk[u32::from_le_bytes(*offset) as usize..]);
        let operation = rest.number() as usize;
        let row = rest.number();
        let parents = rest.number();
        let target = if parents & 1 == 0 { None } else { Some(first_parent(rest)) };
        Entry { operation, row, target, parents: parents >> 1, rest }
    }

    /// Tells the kernel that chunks well behind this place need not stay in memory. Does nothing but at the start of a chunk of a mapped tape.
    #[inline]
    pub fn passed(&self, place: u64) {
        if let Store::Mapped { map, chunks } = &self.store
            && self.slot(place) == 0
            && let Some(chunk) = (place >> self.chunk_shift).checked_sub(CHUNKS_KEPT)
        {
            let (offset, size) = chunks[chunk as usize];
            // SAFETY: a shared mapping of a file that nobody writes any more: dropped pages come back from the file unchanged.
            let advised = unsafe {
                map.unchecked_advise_range(UncheckedAdvice::DontNeed, offset as usize, size as usize)
            };
            debug_assert!(advised.is_ok(), "the range lies within the map");
        }
    }
}

fn first_parent(mut rest: Decoder<'_>) -> (usize, u64) {
    let table = rest.number() as usize;
    (table, rest.number())
}

fn map(file: &File, bytes: u64) -> std::io::Result<Mmap> {
    file.set_len(bytes)?;
    // SAFETY: the file has no name, so no other process can change or truncate it.
    unsafe { Mmap::map(file) }
}

fn make_chunk(
    dataset: &Dataset,
    first: u64,
    count: u64,
    writer: &impl Fn(usize, u64) -> usize,
    options: &TapeOptions<'_>,
) -> Result<Box<[u8]>, TapeError> {
    if options.stop.load(Ordering::Relaxed) {
        return Err(TapeError::Interrupted);
    }
    let tables = dataset.tables().len();
    let mut workspace = Workspace::default();
    let mut bytes = vec![0u8; count as usize * 4];
    let mut values = Vec::new();
    for (slot, (lane, row)) in dataset.order().walk(first).take(count as usize).enumerate() {
        values.clear();
        let mut each = |value: ValueRef<'_>| encode(&mut values, value);
        let (operation, target) = match lane.checked_sub(tables) {
            None => {
                let made = dataset.row(lane, row, &mut workspace, &mut each);
                made.map_err(|error| row_error(dataset, lane, row, &error))?;
                (writer(lane, row), None)
            }
            Some(action) => {
                let made = dataset.occurrence(action, row, &mut workspace, &mut each);
                let target = made.map_err(|error| occurrence_error(dataset, action, row, &error))?;
                (dataset.actions()[action].operation, target)
            }
        };
        let offset = u32::try_from(bytes.len()).expect("a chunk is smaller than 4 GiB");
        bytes[slot * 4..][..4].copy_from_slice(&offset.to_le_bytes());
        encode_number(&mut bytes, operation as u64);
        encode_number(&mut bytes, row);
        encode_number(&mut bytes, (workspace.parents().len() as u64) << 1 | u64::from(target.is_some()));
        for &(parent_table, parent_row) in workspace.parents() {
            encode_number(&mut bytes, parent_table as u64);
            encode_number(&mut bytes, parent_row);
        }
        bytes.extend_from_slice(&values);
    }
    Ok(bytes.into())
}

#[cold]
fn row_error(dataset: &Dataset, table: usize, row: u64, error: &RenderError) -> TapeError {
    let table = dataset.tables()[table].name.clone();
    TapeError::Render { table, row: row + 1, message: error.to_string() }
}

#[cold]
fn occurrence_error(dataset: &Dataset, action: usize, ordinal: u64, error: &RenderError) -> TapeError {
    let operation = dataset.actions()[action].name.clone();
    TapeError::Occurrence { operation, ordinal: ordinal + 1, message: error.to_string() }
}

#[cfg(test)]
#[path = "tape_tests.rs"]
mod tests;
