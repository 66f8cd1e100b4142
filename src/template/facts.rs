//! What is known about a template's values before any is made.

use super::datum::Datum;
use super::node::Node;
use super::{Pick, Present, Sharing, Target};

/// How often a template's values may repeat over the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distinct {
    /// Never (UUIDs: for all practical purposes).
    Unique,
    /// There are at most so many different values.
    AtMost(u128),
    /// Not known.
    Unknown,
}

/// A template that is one `{{ ref("table.column") }}`, or one `{{ maybe(p, ref("table.column")) }}`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlainReference {
    /// What it refers to.
    pub target: Target,
    /// Which row.
    pub pick: Pick,
    /// In which rows it refers to any, where it stands in `maybe`.
    pub present: Option<Present>,
}

/// What is known about a template's values before any is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub(super) plain: Option<PlainReference>,
    pub(super) references: Vec<Target>,
    pub(super) required: Vec<Target>,
    pub(super) distinct: Distinct,
    pub(super) unique_or_null: bool,
    pub(super) capacity: Option<u128>,
    pub(super) uses_row: bool,
    pub(super) sharing: Option<Sharing>,
    pub(super) makes_bytes: bool,
}

impl Facts {
    /// Of a constant, before more is known.
    pub(super) fn new(distinct: Distinct) -> Self {
        Facts {
            plain: None,
            references: Vec::new(),
            required: Vec::new(),
            distinct,
            unique_or_null: false,
            capacity: None,
            uses_row: false,
            sharing: None,
            makes_bytes: false,
        }
    }

    /// What it refers to, where the whole template is one reference.
    pub fn plain_reference(&self) -> Option<PlainReference> {
        self.plain
    }

    /// Everything that the template refers to, each once.
    pub fn references(&self) -> &[Target] {
        &self.references
    }

    /// What it cannot do without: where no row exists yet, `maybe` gives null.
    pub fn required(&self) -> &[Target] {
        &self.required
    }

    /// Whether values repeat.
    pub fn distinct(&self) -> Distinct {
        self.distinct
    }

    /// Whether only null repeats: the whole template is null, or one `maybe` of a value that never does. UNIQUE takes null in any number of rows.
    pub fn unique_or_null(&self) -> bool {
        self.unique_or_null
    }

    /// The number of rows that `unique(...)` can serve; a later row fails. No limit when absent.
    pub fn capacity(&self) -> Option<u128> {
        self.capacity
    }

    /// Whether the value depends on the row's number, not only on what is drawn.
    pub fn uses_row(&self) -> bool {
        self.uses_row
    }

    /// Whether `bytes(…)` stands in it: every blob that it gives is one of those.
    pub fn makes_bytes(&self) -> bool {
        self.makes_bytes
    }

    /// Which rows share a value, where the whole template is one `among`, `runs` or `cycle` of a value that never repeats.
    pub fn sharing(&self) -> Option<Sharing> {
        self.sharing
    }
}

pub(super) fn facts_of(node: &Node) -> Facts {
    let mut facts = facts_of_all(&[node]);
    facts.distinct = node.distinct();
    facts.plain = plain(node);
    facts.unique_or_null = unique_or_null(node);
    facts.sharing = match node.bare() {
        Node::Rows(shared) if shared.value.distinct() == Distinct::Unique => Some(shared.sharing),
        _ => None,
    };
    facts
}

fn unique_or_null(node: &Node) -> bool {
    let (info, arguments) = match node.bare() {
        Node::Constant(Datum::Null) => return true,
        Node::Maybe(maybe) => return maybe.unique_or_null(),
        Node::Dynamic(info, arguments, _) => (info, arguments),
        _ => return false,
    };
    // What stands behind the value and `per` comes in the place of null.
    let value = arguments.get(1).and_then(Option::as_ref);
    info.name == "maybe"
        && arguments.iter().skip(3).all(Option::is_none)
        && value.is_some_and(|value| value.distinct() == Distinct::Unique)
}

fn plain(node: &Node) -> Option<PlainReference> {
    let (node, present) = match node.bare() {
        Node::Maybe(maybe) if matches!(maybe.otherwise, Node::Constant(Datum::Null)) => {
            (maybe.value.bare(), Some(maybe.present))
        }
        other => (other, None),
    };
    match node {
        Node::Reference(reference) => {
            Some(PlainReference { target: reference.target, pick: reference.pick, present })
        }
        _ => None,
    }
}

pub(super) fn facts_of_all(nodes: &[&Node]) -> Facts {
    let mut facts = Facts::new(Distinct::Unknown);
    nodes.iter().for_each(|node| note(&mut facts, node));
    facts
}

/// Rows that a value can serve which stands in a part of them only, numbered on its own.
fn of_part(node: &Node, part: f64) -> Option<u128> {
    let capacity = facts_of_all(&[node]).capacity?;
    Some(if part >= 1.0 { capacity } else { (capacity as f64 / part.max(1e-12)) as u128 })
}

fn note(facts: &mut Facts, node: &Node) {
    let mut limit = |capacity: Option<u128>| {
        if let Some(size) = capacity {
            facts.capacity = Some(facts.capacity.map_or(size, |other| other.min(size)));
        }
    };
    let add = |targets: &mut Vec<Target>, target: Target| {
        if !targets.contains(&target) {
            targets.push(target);
        }
    };
    match node {
        Node::Reference(reference) => {
            add(&mut facts.references, reference.target);
            add(&mut facts.required, reference.target);
            facts.uses_row |= reference.pick.fan_out.is_some();
        }
        Node::Maybe(maybe) => {
            let within = facts_of_all(&[&maybe.value, &maybe.otherwise]);
            facts.uses_row |= maybe.present.per.is_some() || within.uses_row;
            within.references.iter().for_each(|target| add(&mut facts.references, *target));
            let part = if maybe.present.per.is_some() { maybe.present.part } else { 1.0 };
            limit(of_part(&maybe.value, part));
            limit(of_part(&maybe.otherwise, 1.0));
            // A reference alone is null where there is no row yet.
            if !matches!(maybe.value.bare(), Node::Reference(_)) {
                within.required.iter().for_each(|target| add(&mut facts.required, *target));
            }
            return;
        }
        Node::Weighted(weighted) => {
            facts.uses_row |= weighted.per.is_some();
            for (node, part) in weighted.shares() {
                let within = facts_of_all(&[node]);
                facts.uses_row |= within.uses_row;
                within.references.iter().for_each(|target| add(&mut facts.references, *target));
                within.required.iter().for_each(|target| add(&mut facts.required, *target));
                limit(of_part(node, part));
            }
            return;
        }
        Node::Row | Node::Repetition => facts.uses_row = true,
        Node::Call(_, prepared) => facts.uses_row |= prepared.uses_row,
        Node::Unique(inner) => {
            facts.uses_row = true;
            if inner.distinct() != Distinct::Unique {
                limit(inner.space());
            }
        }
        Node::Rows(shared) => {
            facts.uses_row = true;
            // That there are enough values for a count was seen when it was compiled.
            if let Sharing::Runs(rows) = shared.sharing {
                let within = facts_of_all(&[&shared.value]).capacity;
                limit(within.map(|capacity| (capacity as f64 * rows) as u128));
            }
            return;
        }
        _ => {}
    }
    node.children(&mut |child| note(facts, child));
}
