//! A flame graph: one block for each function, as wide as it and what it called took processor time, standing on the one that called it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use inferno::flamegraph::color::{Color, PaletteMap};
use inferno::flamegraph::{self, Options};

use super::{FREQUENCY_HZ, Origin, Profile};
use crate::units::count;

/// What every file begins with that is drawn here.
pub const BEGINS: &str = "<?xml version=\"1.0\" standalone=\"no\"?><!-- Drawn by runner";

/// The worker threads are the rule and need no block of their own.
const WORKER: &str = "worker";
/// Calls under nothing that the runner called: in the C library, as a rule, where it does not tell its callers.
const CALLER_UNKNOWN: &str = "[caller unknown]";

const BLUE: Color = Color { r: 122, g: 178, b: 222 };
const ORANGE: Color = Color { r: 244, g: 170, b: 92 };
const GREY: Color = Color { r: 205, g: 205, b: 205 };
const WHITE: Color = Color { r: 240, g: 240, b: 240 };

/// Two characters without width, in the order of their numbers.
const MARKS: [char; 2] = ['\u{200b}', '\u{200c}'];

/// Marks of one length for all `places`, which sort as the places do.
fn mark(place: usize, places: usize) -> String {
    let digits = usize::BITS - places.saturating_sub(1).leading_zeros();
    (0..digits).rev().map(|digit| MARKS[(place >> digit) & 1]).collect()
}

/// Stacks of several levels, on their way to a picture.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// By level, and by blocks from there up, with a semicolon between them.
    samples: IndexMap<String, BTreeMap<String, u64>>,
    colors: BTreeMap<String, Color>,
    total: u64,
    missed: u64,
}

impl Graph {
    /// Gives a level its place after those before it; without samples it is not drawn.
    pub fn expect(&mut self, level: &str) {
        self.samples.entry(level.replace(';', ",")).or_default();
    }

    /// Adds what was sampled in one iteration of a level; iterations of one level stand together.
    pub fn add(&mut self, level: &str, profile: &Profile) {
        let level = level.replace(';', ",");
        for stack in &profile.stacks {
            let mut blocks = level.clone();
            let mut push = |block: &str, color: Color| {
                blocks.push(';');
                blocks.push_str(block);
                self.colors.insert(block.to_owned(), color);
            };
            if stack.thread != WORKER {
                push(&format!("[thread {}]", stack.thread.replace(';', ",")), WHITE);
            }
            if profile.calls(stack).all(|function| function.origin != Origin::Runner) {
                push(CALLER_UNKNOWN, WHITE);
            }
            profile.calls(stack).for_each(|function| push(&function.name, color(function.origin)));
            let of_level = self.samples.entry(level.clone()).or_default();
            *of_level.entry(blocks).or_default() += stack.samples;
        }
        self.total += profile.samples();
        self.missed += profile.missed;
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The picture as SVG, of the scenario `name` as it ran at `when`. It has its own script, for looking closer and searching, and asks for no
    /// other file.
    ///
    /// # Panics
    /// If there is nothing to draw.
    pub fn svg(&self, name: &str, when: &str) -> String {
        assert!(!self.is_empty(), "a graph of nothing cannot be drawn");
        let mut palette = PaletteMap::default();
        for (block, color) in &self.colors {
            palette.insert(block, *color);
        }
        palette.insert("all", WHITE);
        // Blocks are sorted by name: marks that nobody sees keep the levels in their order.
        let marks = (0..self.samples.len()).map(|place| mark(place, self.samples.len()));
        let levels: Vec<(String, &BTreeMap<String, u64>)> = marks.zip(self.samples.values()).collect();
        for ((mark, _), level) in levels.iter().zip(self.samples.keys()) {
            palette.insert(format!("{mark}{level}"), WHITE);
        }
        let lines = levels.iter().flat_map(|(mark, stacks)| {
            stacks.iter().map(move |(blocks, samples)| format!("{mark}{blocks} {samples}"))
        });
        let mut options = Options::default();
        options.title = format!("{name}: processor time while measuring");
        options.subtitle = Some(self.subtitle(when));
        options.palette_map = Some(&mut palette);
        options.font_type = "sans-serif".to_owned();
        options.deterministic = true;
        let lines: Vec<String> = lines.collect();
        let mut svg = Vec::new();
        flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)
            .expect("stacks are written to memory");
        let svg = String::from_utf8(svg).expect("SVG is text").replace(MARKS, "");
        let (_, drawn) = svg.split_once("?>").expect("SVG begins as XML does");
        format!("{BEGINS} {} -->{drawn}", env!("CARGO_PKG_VERSION"))
    }

    fn subtitle(&self, when: &str) -> String {
        let seconds = self.total as f64 / f64::from(FREQUENCY_HZ);
        let missed = if self.missed > 0 { format!(", {} missed", count(self.missed)) } else { String::new() };
        format!(
            "{when} · {} samples{missed}, about {seconds:.1} s of processor time · orange: the runner, blue: the database inside of it, \
             grey: libraries and the system",
            count(self.total)
        )
    }
}

fn color(origin: Origin) -> Color {
    match origin {
        Origin::Runner => ORANGE,
        Origin::Database => BLUE,
        Origin::Library => GREY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::profile;
    use super::*;

    fn graph() -> Graph {
        let mut graph = Graph::default();
        ["1 worker", "2 workers", "8 workers", "16 workers"].iter().for_each(|level| graph.expect(level));
        let one = profile(&[
            ("worker-0", "runner::run::level::work;sqlite3_step;balance", 30),
            ("worker-1", "runner::run::level::work;sqlite3_step", 9),
            ("flusher", "runner::engine::memtable::flush", 5),
        ]);
        graph.add("1 worker", &one);
        graph.add("8 workers", &Profile { missed: 2, ..profile(&[("worker-0", "memcpy", 6)]) });
        graph.add("8 workers", &profile(&[("worker-5", "<runner::run::Run>::run", 50)]));
        graph
    }

    #[test]
    fn blocks_of_levels_hold_those_of_functions_with_their_share() {
        let svg = graph().svg("mine", "2026-11-21T10:00:00Z");
        let block = |title: &str| assert!(svg.contains(&format!("<title>{title}</title>")), "{title}: {svg}");
        block("1 worker (44 samples, 44.00%)");
        block("8 workers (56 samples, 56.00%)");
        block("sqlite3_step (39 samples, 39.00%)");
        block("balance (30 samples, 30.00%)");
        block("[thread flusher] (5 samples, 5.00%)");
        block("[caller unknown] (6 samples, 6.00%)");
        block("&lt;runner::run::Run&gt;::run (50 samples, 50.00%)");
        assert!(svg.contains("100 samples, 2 missed, about 0.5 s of processor time"), "{svg}");
    }

    #[test]
    fn levels_stand_in_their_order_and_one_that_was_not_sampled_is_not_drawn() {
        let mut graph = graph();
        graph.add("16 workers", &profile(&[("worker-0", "memcpy", 6)]));
        let svg = graph.svg("mine", "now");
        let left = |level: &str| {
            let (_, block) = svg.split_once(&format!("<title>{level} (")).unwrap();
            let (_, x) = block.split_once(" x=\"").unwrap();
            x.split_once('%').unwrap().0.parse::<f64>().unwrap()
        };
        assert!(left("1 worker") < left("8 workers") && left("8 workers") < left("16 workers"), "{svg}");
        assert!(!svg.contains("2 workers"), "{svg}");
    }

    #[test]
    fn who_wrote_a_function_is_told_by_its_color() {
        let svg = graph().svg("mine", "now");
        let fill = |block: &str| {
            let (_, after) = svg.split_once(&format!("<title>{block} (")).unwrap();
            let (_, after) = after.split_once("fill=\"").unwrap();
            after.split_once('"').unwrap().0.to_owned()
        };
        let of = |color: Color| format!("rgb({},{},{})", color.r, color.g, color.b);
        assert_eq!(fill("sqlite3_step"), of(BLUE));
        assert_eq!(fill("runner::run::level::work"), of(ORANGE));
        assert_eq!(fill("memcpy"), of(GREY));
        assert_eq!(fill("8 workers"), of(WHITE));
    }

    #[test]
    fn the_picture_is_known_by_its_beginning_and_asks_for_no_other_file() {
        let svg = graph().svg("mine", "now");
        assert!(svg.starts_with(BEGINS));
        assert!(!svg.contains("href=\"http") && !svg.contains("src=\""), "{svg}");
        assert_eq!(svg, graph().svg("mine", "now"), "the same stacks give the same picture");
        assert!(Graph::default().is_empty());
    }
}
