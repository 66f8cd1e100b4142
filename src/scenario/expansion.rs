//! A scenario's cases: every variant at every point of the matrix, each as the file that it stands for.
//!
//! Which variants and which keys of the matrix there can be is left to `varied`. What a case's values mean is left to `plan`.

use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::flags::{self, Flag};
use super::merge::{Merged, merge};
use super::overrides::{self, Applied};
use super::points::{Point, points, too_many};
use super::pruned::{self, Taken};
use super::quick::Kept;
use super::tree::{self, Tree, toml_path};
use super::varied::{self, Axis, Variant};
use super::{Loaded, Overrides, Rejected, checked, chosen, computed};
use crate::capability::EngineKind;
use crate::diagnostic::{Code, Diagnostic, Source, Sources, Span};

/// A file with all that is varied in it, before any case is made.
pub struct Expansion {
    /// The file, then the overrides.
    pub sources: Sources,
    /// What is wrong before any case is looked at.
    pub faults: Vec<Diagnostic>,
    /// After `--set`, without what varies it.
    base: Tree,
    /// What varies it, as the file says.
    varying: Tree,
    variants: Vec<Variant>,
    axes: Vec<Axis>,
    points: Vec<Point>,
    flags: Vec<Flag>,
    /// Key paths of `--set`.
    named: Vec<Vec<String>>,
    applied: Applied,
    /// Flags that change no key.
    told: Applied,
    workloads: Vec<(String, Span)>,
    quick: bool,
    /// Engines of all cases, and of the file before overrides.
    engines: Vec<EngineKind>,
}

/// A case's tree with all that is wrong with its shape.
struct Shaped {
    tree: Tree,
    applied: Applied,
    computed: Vec<String>,
    faults: Vec<Diagnostic>,
}

/// A case's tree, and how it came about.
struct Made {
    tree: Tree,
    applied: Applied,
    named: Vec<Vec<String>>,
    /// Key paths of the variant and the matrix.
    varied: Vec<Vec<String>>,
    faults: Vec<Diagnostic>,
}

impl Expansion {
    /// Reads a scenario's text and finds its cases.
    ///
    /// # Errors
    /// What is wrong with a text that is not TOML. All else is told by [`Expansion::faults`] and [`Expansion::load`].
    pub fn read(path: &Path, text: String, overrides: &Overrides) -> Result<Expansion, Rejected> {
        let mut faults = Vec::new();
        let parsed = tree::parse(&text, &mut faults);
        let mut sources = vec![Source { name: path.display().to_string(), text }];
        let Some(mut base) = parsed else {
            return Err(Rejected { sources, diagnostics: faults });
        };
        let mut engines = vec![varied::engine(&base.value).unwrap_or_default()];
        let (mut applied, mut told) = (Vec::new(), Vec::new());
        let named = overrides::apply(&mut base, overrides, &mut sources, &mut applied, &mut faults);
        let flags = flags::flags(overrides, &mut sources);
        let workloads = chosen::workloads(overrides, &mut sources, &mut told);
        let wanted = chosen::variants(overrides, &mut sources, &mut told);
        quick_lists(&mut base, &named, overrides.quick, &mut applied, &mut faults);
        let variants = varied::variants(&base, &mut faults);
        let axes = varied::axes(&base, &mut faults);
        faults.extend(hidden_sets(&base, &named, &axes));
        let kept = chosen::among(&wanted, &variants, &mut faults);
        let points = points(&kept, &axes);
        if points.is_none() {
            faults.push(too_many(&base, kept.len(), &axes));
        }
        let points = points.unwrap_or_else(|| vec![Point { variant: 0, items: vec![0; axes.len()] }]);
        let varying = take_varying(&mut base);
        let quick = overrides.quick;
        engines.push(varied::engine(&base.value).unwrap_or_default());
        engines.extend(varied::engines(&variants, &axes));
        Ok(Expansion {
            sources,
            faults,
            base,
            varying,
            variants,
            axes,
            points,
            flags,
            named,
            applied,
            told,
            workloads,
            quick,
            engines,
        })
    }

    /// Number of cases, at least one.
    #[expect(clippy::len_without_is_empty, reason = "there is always a case")]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Names of the variants that the file has, whichever are chosen.
    pub fn variants(&self) -> impl Iterator<Item = &str> + Clone {
        self.variants.iter().map(|variant| variant.name.as_str())
    }

    /// Values that the matrix has for a key, by its path as written.
    pub fn values(&self, name: &str) -> Option<impl Iterator<Item = &Value>> {
        let axis = self.axes.iter().find(|axis| axis.name == name)?;
        Some(axis.items.iter().map(|item| &item.value))
    }

    /// Whether the file has variants or a matrix.
    pub fn is_varied_at_all(&self) -> bool {
        self.variants.len() > 1 || !self.axes.is_empty()
    }

    /// Whether a place lies in what a variant or the matrix says.
    pub fn is_varied(&self, span: Span) -> bool {
        ["variants", "matrix"].iter().any(|section| {
            let node = self.varying.node.children.get(*section);
            node.is_some_and(|node| checked::holds(node, span))
        })
    }

    /// The variant and the point of the matrix of a case, in words.
    pub fn words(&self, case: usize) -> String {
        let point = &self.points[case];
        let parameters = self.parameters(point);
        let mut words: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name} = {}", tree::toml_text(value))).collect();
        if self.variants.len() > 1 {
            words.insert(0, format!("variant `{}`", self.variants[point.variant].name));
        }
        words.join(", ")
    }

    fn parameters(&self, point: &Point) -> IndexMap<String, Value> {
        let each = self.axes.iter().zip(&point.items);
        each.map(|(axis, item)| (axis.name.clone(), axis.items[*item].value.clone())).collect()
    }

    /// Makes a case and checks its shape.
    ///
    /// # Errors
    /// Everything that is wrong with it, beside [`Expansion::faults`].
    pub fn load(&self, case: usize) -> Result<Loaded, Vec<Diagnostic>> {
        let Shaped { tree, applied, computed, faults } = self.shaped(case);
        if faults.is_empty() { self.read_case(case, tree, applied, computed) } else { Err(faults) }
    }

    /// A case whose shape is wrong without what is wrong with it, to look for further faults, and what was taken out. Nothing where too little is
    /// left.
    pub fn load_rest(&self, case: usize) -> Option<(Loaded, Vec<Taken>)> {
        let Shaped { mut tree, applied, computed, faults } = self.shaped(case);
        let taken = pruned::prune(&mut tree, &faults)?;
        Some((self.read_case(case, tree, applied, computed).ok()?, taken))
    }

    /// Makes a case and looks at its shape.
    fn shaped(&self, case: usize) -> Shaped {
        let point = &self.points[case];
        let Made { mut tree, mut applied, named, varied, mut faults } = self.make(point);
        // What varies the file has a shape, too; it is looked at once.
        if case == 0 {
            self.with_varying(&mut tree);
        }
        applied.extend(self.told.iter().cloned());
        let kept = Kept { named: &named, varied: &varied };
        checked::finish(&mut tree, self.quick.then_some(kept), &mut applied, &mut faults);
        let computed = computed::settle(&mut tree, &self.sources, &mut faults);
        checked::check(&tree, self.quick, &self.sources, &self.faults, &mut faults);
        take_varying(&mut tree);
        Shaped { tree, applied, computed, faults }
    }

    fn read_case(
        &self,
        case: usize,
        tree: Tree,
        applied: Applied,
        computed: Vec<String>,
    ) -> Result<Loaded, Vec<Diagnostic>> {
        let point = &self.points[case];
        let loaded = checked::read(tree, self.sources.clone(), applied, self.workloads.clone(), computed)?;
        let variant = self.variants[point.variant].name.clone();
        Ok(Loaded { variant, engines: self.engines.clone(), parameters: self.parameters(point), ..loaded })
    }

    fn with_varying(&self, tree: &mut Tree) {
        for (key, value) in self.varying.value.as_object().into_iter().flatten() {
            if let Value::Object(map) = &mut tree.value {
                map.insert(key.clone(), value.clone());
            }
            let node = self.varying.node.children.get(key).cloned().unwrap_or_default();
            tree.node.children.insert(key.clone(), node);
        }
    }

    /// The file with a case's keys and the flags in it.
    fn make(&self, point: &Point) -> Made {
        let mut tree = self.base.clone();
        let mut merged = Merged::default();
        merge(&mut tree, &self.variants[point.variant].changes, &mut merged);
        // A total may go by another name than the one that the matrix has for it.
        let mut places = Vec::new();
        for (axis, item) in self.axes.iter().zip(&point.items) {
            let before = merged.set.len();
            merge(&mut tree, &axis.items[*item].changes, &mut merged);
            let set = merged.set.get(before).map(|path| path.iter().take(axis.path.len()).cloned().collect());
            places.push(set.unwrap_or_else(|| axis.path.clone()));
        }
        let (mut applied, mut named) = (self.applied.clone(), self.named.clone());
        for flag in &self.flags {
            flag.apply(&mut tree, (&mut applied, &mut named), &mut merged.faults);
        }
        for ((axis, item), path) in self.axes.iter().zip(&point.items).zip(&places) {
            let put = checked::at(&axis.items[*item].changes.value, &axis.path);
            let replaced = named[self.named.len()..].iter().any(|named| path.starts_with(named));
            if replaced && checked::at(&tree.value, path) != put {
                let at = tree.node.at(path.iter().map(String::as_str)).and_then(|node| node.value);
                let words = format!("`{}` is what the matrix varies, so it cannot be replaced", axis.name);
                let help = format!("leave it out, or write --set 'matrix.{}=[…]'", axis.name);
                merged.faults.push(Diagnostic::error(Code::BadOverride, at, words).help(help));
            }
        }
        Made { tree, applied, named, varied: merged.set, faults: merged.faults }
    }

    /// For each case the first one that differs from it in nothing but its limits: what is planned for that one is planned for both.
    pub fn alike(&self) -> Vec<usize> {
        let keys = self.keys(true);
        let mut first = HashMap::new();
        keys.into_iter().enumerate().map(|(case, key)| *first.entry(key).or_insert(case)).collect()
    }

    /// Variants, and lists of the matrix, that change nothing.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let keys = self.keys(false);
        for (index, variant) in self.variants.iter().enumerate().skip(1) {
            let same = |(case, point): (usize, &Point)| {
                let base = self.points.iter().position(|p| p.variant == 0 && p.items == point.items);
                base.is_some_and(|base| keys[base] == keys[case])
            };
            let mut cases = self.points.iter().enumerate().filter(|(_, p)| p.variant == index).peekable();
            if cases.peek().is_some() && cases.all(same) {
                let words =
                    format!("variant `{}` changes nothing: it is the file as it stands", variant.name);
                let help = "change a key to another value, or remove the variant; or `allow_warnings = [\"same-as-base\"]` \
                    at the top of the file";
                found.push(Diagnostic::warning(Code::SameAsBase, variant.at, words).help(help));
            }
        }
        for axis in self.axes.iter().filter(|axis| axis.items.len() == 1) {
            let given = checked::at(&self.base.value, &axis.path);
            if given.is_some_and(|given| varied::same_value(given, &axis.items[0].value)) {
                let words = format!(
                    "the matrix changes nothing of `{}`: its only value is the file's own",
                    axis.name
                );
                let help = "add the values to compare it with, or remove the line";
                found.push(Diagnostic::warning(Code::SameAsBase, axis.at, words).help(help));
            }
        }
        found
    }

    /// What tells cases apart.
    fn keys(&self, without_limits: bool) -> Vec<Vec<u8>> {
        let key = |(case, point): (usize, &Point)| {
            let made = self.make(point);
            if !made.faults.is_empty() {
                return case.to_string().into_bytes();
            }
            let mut tree = made.tree;
            let kept = Kept { named: &made.named, varied: &made.varied };
            checked::finish(&mut tree, self.quick.then_some(kept), &mut Vec::new(), &mut Vec::new());
            if let (true, Value::Object(map)) = (without_limits, &mut tree.value) {
                map.shift_remove("limits");
            }
            Sha256::digest(tree.value.to_string()).to_vec()
        };
        self.points.par_iter().enumerate().map(key).collect()
    }
}

/// Takes `[variants]` and `[matrix]` out.
fn take_varying(tree: &mut Tree) -> Tree {
    let mut taken = Tree { value: Value::Object(serde_json::Map::new()), ..Tree::default() };
    for section in ["variants", "matrix"] {
        let value = tree.value.as_object_mut().and_then(|map| map.shift_remove(section));
        if let (Some(value), Value::Object(map)) = (value, &mut taken.value) {
            map.insert(section.to_owned(), value);
        }
        if let Some(node) = tree.node.children.shift_remove(section) {
            taken.node.children.insert(section.to_owned(), node);
        }
    }
    taken
}

/// `matrix` and `variants` of `[quick]`, but for what `--set` gives: they hold before cases are made of them. Where `--quick` is not given, they are only looked at.
fn quick_lists(
    tree: &mut Tree,
    named: &[Vec<String>],
    quick: bool,
    applied: &mut Applied,
    faults: &mut Vec<Diagnostic>,
) {
    let (Some(Value::Object(given)), Some(node)) = (tree.value.get("quick"), tree.node.children.get("quick"))
    else {
        return;
    };
    let mut changes = Tree { value: Value::Object(given.clone()), node: node.clone() };
    let mut changes = take_varying(&mut changes);
    named.iter().for_each(|path| remove(&mut changes.value, path));
    if changes.value.as_object().is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let mut quicker = tree.clone();
    let mut merged = Merged::default();
    merge(&mut quicker, &changes, &mut merged);
    faults.append(&mut merged.faults);
    if quick {
        applied.extend(merged.set.iter().filter_map(|path| {
            let value = checked::at(&quicker.value, path)?;
            Some((toml_path(path.iter().map(String::as_str)), tree::toml_text(value)))
        }));
        *tree = quicker;
    } else {
        let mut own = Vec::new();
        varied::variants(&quicker, &mut own);
        varied::axes(&quicker, &mut own);
        let places = |fault: &Diagnostic| fault.span.is_some_and(|span| checked::holds(&changes.node, span));
        faults.extend(own.into_iter().filter(places));
    }
}

/// Takes a value out, if it is there.
fn remove(value: &mut Value, path: &[String]) {
    if let Some((last, tables)) = path.split_last() {
        let table = tables.iter().try_fold(value, |value, part| value.get_mut(part));
        if let Some(Value::Object(map)) = table {
            map.shift_remove(last);
        }
    }
}

/// Keys that `--set` gives and the matrix then replaces.
fn hidden_sets(base: &Tree, named: &[Vec<String>], axes: &[Axis]) -> Vec<Diagnostic> {
    let fault = |axis: &Axis| {
        let path = named.iter().find(|path| path.starts_with(&axis.path))?;
        let node = base.node.at(path.iter().map(String::as_str))?;
        let words = format!("`{}` is what the matrix varies, so it cannot be replaced", axis.name);
        let help = format!("write --set 'matrix.{}=[…]', with the values", axis.name);
        Some(Diagnostic::error(Code::BadOverride, node.key.or(node.value), words).help(help))
    };
    axes.iter().filter_map(fault).collect()
}

#[cfg(test)]
#[path = "expansion_tests.rs"]
mod tests;
