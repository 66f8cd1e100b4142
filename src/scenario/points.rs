//! Which cases there are: every variant that is chosen, at every point of the matrix.

use super::tree::Tree;
use super::varied::Axis;
use crate::diagnostic::{Code, Diagnostic};
use crate::units::count;

/// More cases than this are a slip.
pub const MOST_CASES: usize = 10_000;

/// A variant at a point of the matrix: indexes into both.
pub(super) struct Point {
    pub(super) variant: usize,
    pub(super) items: Vec<usize>,
}

/// Variants first, then the matrix with its last key varying fastest. Nothing where there are too many.
pub(super) fn points(variants: &[usize], axes: &[Axis]) -> Option<Vec<Point>> {
    let cells = axes.iter().try_fold(1usize, |cells, axis| cells.checked_mul(axis.items.len()))?;
    if cells.checked_mul(variants.len())? > MOST_CASES {
        return None;
    }
    let cell = |index: usize| {
        let mut rest = index;
        let mut items: Vec<usize> = Vec::new();
        for axis in axes.iter().rev() {
            items.push(rest % axis.items.len());
            rest /= axis.items.len();
        }
        items.reverse();
        items
    };
    let of = |&variant: &usize| (0..cells).map(move |index| Point { variant, items: cell(index) });
    Some(variants.iter().flat_map(of).collect())
}

pub(super) fn too_many(base: &Tree, variants: usize, axes: &[Axis]) -> Diagnostic {
    let cells =
        axes.iter().fold(variants as u64, |cells, axis| cells.saturating_mul(axis.items.len() as u64));
    let section = |name: &str| base.node.children.get(name).and_then(|node| node.value.or(node.key));
    let words = format!("there are {} cases, and at most {} can run", count(cells), count(MOST_CASES as u64));
    let lists = axes.iter().map(|axis| format!("{} for `{}`", axis.items.len(), axis.name));
    let variants = (variants > 1).then(|| format!("{variants} variants"));
    let list: Vec<String> = variants.into_iter().chain(lists).collect();
    let help = format!("vary fewer keys at once: there are {}", list.join(", "));
    Diagnostic::error(Code::OutOfRange, section("matrix").or(section("variants")), words).help(help)
}
