//! Throughput against concurrency as bars of block characters, below a table of levels.

use super::columns::{Column, cases};
use super::drawing::Paint;
use super::speed::Speed;
use crate::result::Configuration;

/// Narrower lines have no chart.
const LEAST_WIDTH: usize = 60;
/// A shorter bar tells nothing; a longer one no more.
const BARS: std::ops::RangeInclusive<usize> = 16..=48;
/// More bars than this are not looked at.
const MOST_ROWS: usize = 24;
/// Between two columns.
const GAP: usize = 2;
/// One to eight eighths of a character, filled from the left.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// The levels of one case.
type Group<'a> = Vec<&'a Configuration>;

/// A bar for each level of a workload, all on one scale that begins at 0; levels of different cases stand in groups. Those that should not be
/// believed are marked and hatched. Absent where there is nothing to compare, or no room.
pub(super) fn chart(levels: &[&Configuration], width: usize, paint: Paint) -> Option<String> {
    let speed = Speed::of(levels);
    let (groups, left_out) = chosen(grouped(levels), speed);
    let drawn: Vec<&Configuration> = groups.into_iter().flatten().collect();
    let most = drawn.iter().filter_map(|level| speed.at(level)).fold(0.0, f64::max);
    let measured = drawn.iter().filter(|level| speed.at(level).is_some()).count();
    if width < LEAST_WIDTH || measured < 2 || most <= 0.0 {
        return None;
    }
    let labels = Labels::new(&drawn, speed);
    let room = width.checked_sub(labels.width() + GAP).filter(|room| room >= BARS.start())?;
    let mut out = format!("{}\n", paint.bold(labels.header().trim_end()));
    for (row, level) in drawn.iter().enumerate() {
        let part = speed.at(level).unwrap_or(0.0) / most;
        let bar = bar(part, room.min(*BARS.end()), level.validity.valid);
        let bar = if level.validity.valid { paint.cyan(&bar) } else { paint.red(&bar) };
        let gap = if part > 0.0 { " ".repeat(GAP) } else { String::new() };
        out.push_str(&format!("{}{gap}{}\n", labels.row(row), if part > 0.0 { bar } else { String::new() }));
    }
    if let Some(words) = left_out {
        out.push_str(&format!("{}\n", paint.dim(&words)));
    }
    Some(out)
}

/// `part` of the whole length, to an eighth of a character; what is not nothing has at least one of them.
fn bar(part: f64, length: usize, valid: bool) -> String {
    let eighths = ((part * length as f64 * 8.0).round() as usize).max(1);
    if !valid {
        return "░".repeat(eighths.div_ceil(8));
    }
    let mut bar = "█".repeat(eighths / 8);
    bar.extend((eighths % 8).checked_sub(1).map(|rest| EIGHTHS[rest]));
    bar
}

/// In the order of their first levels.
fn grouped<'a>(levels: &[&'a Configuration]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for level in levels {
        match groups.iter_mut().find(|group| group[0].is_of_same_case(level)) {
            Some(group) => group.push(level),
            None => groups.push(vec![level]),
        }
    }
    groups
}

/// As many as there is room for, and a word on the others: the first case, which is what others are held against, and the fastest. Of very many
/// levels of a case some are passed over.
fn chosen<'a>(groups: Vec<Group<'a>>, speed: Speed) -> (Vec<Group<'a>>, Option<String>) {
    let all = groups.len();
    if let [only] = groups.as_slice() {
        let step = only.len().div_ceil(MOST_ROWS);
        let thinned: Group<'a> = only.iter().copied().step_by(step.max(1)).collect();
        let words =
            (step > 1).then(|| format!("{} levels stand in the table alone", only.len() - thinned.len()));
        return (vec![thinned], words);
    }
    let peak = |group: &Group<'_>| group.iter().filter_map(|level| speed.at(level)).fold(0.0, f64::max);
    let mut order: Vec<usize> = (0..all).collect();
    order.get_mut(1..).unwrap_or_default().sort_by(|a, b| peak(&groups[*b]).total_cmp(&peak(&groups[*a])));
    let mut rows = 0;
    let fits = |(number, place): &(usize, usize)| {
        rows += groups[*place].len();
        // One group is no comparison.
        *number < 2 || rows <= MOST_ROWS
    };
    let mut kept: Vec<usize> =
        order.into_iter().enumerate().take_while(fits).map(|(_, place)| place).collect();
    kept.sort_unstable();
    let left_out = all - kept.len();
    let words = (left_out > 0).then(|| {
        let verb = if left_out == 1 { "1 other stands" } else { &format!("{left_out} others stand") };
        format!("the first case and the fastest are drawn; {verb} in the table alone")
    });
    let groups = groups.into_iter().enumerate().filter(|(place, _)| kept.binary_search(place).is_ok());
    (groups.map(|(_, group)| group).collect(), words)
}

/// What stands before the bars: what tells the cases apart to the left, the workers and the figure to the right of their columns.
struct Labels {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
    /// Columns that begin at their left.
    left: usize,
}

impl Labels {
    fn new(levels: &[&Configuration], speed: Speed) -> Labels {
        let cases = cases(levels);
        let workers =
            cases.is_empty() || levels.iter().any(|level| level.concurrency != levels[0].concurrency);
        let mut header: Vec<String> = cases.iter().map(|column| column.header.clone()).collect();
        header.extend(workers.then(|| "workers".to_owned()));
        header.push(speed.unit().to_owned());
        let mut rows = case_cells(&cases, levels);
        for (row, level) in rows.iter_mut().zip(levels) {
            row.extend(workers.then(|| level.concurrency.to_string()));
            let mark = if level.validity.valid { "" } else { "! " };
            row.push(
                speed
                    .at(level)
                    .map_or_else(|| "–".to_owned(), |value| format!("{mark}{}", speed.number(value))),
            );
        }
        let wide = |column: usize| {
            let cells = rows.iter().chain(std::iter::once(&header)).map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        Labels { widths: (0..header.len()).map(wide).collect(), left: cases.len(), header, rows }
    }

    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + GAP * (self.widths.len() - 1)
    }

    fn header(&self) -> String {
        self.aligned(&self.header)
    }

    fn row(&self, row: usize) -> String {
        self.aligned(&self.rows[row])
    }

    fn aligned(&self, cells: &[String]) -> String {
        let cell = |(column, cell): (usize, &String)| {
            let width = self.widths[column];
            if column < self.left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        };
        cells.iter().enumerate().map(cell).collect::<Vec<_>>().join(&" ".repeat(GAP))
    }
}

/// What tells each level's case apart; what is the same as in the row above is left out.
fn case_cells(columns: &[Column], levels: &[&Configuration]) -> Vec<Vec<String>> {
    let whole: Vec<Vec<String>> =
        levels.iter().map(|level| columns.iter().map(|column| (column.cell)(level)).collect()).collect();
    let cells = |row: usize| {
        let above: &[String] = row.checked_sub(1).map_or(&[], |above| &whole[above]);
        let same = whole[row].iter().zip(above).take_while(|(own, other)| own == other).count();
        whole[row]
            .iter()
            .enumerate()
            .map(|(column, cell)| if column < same { String::new() } else { cell.clone() })
            .collect()
    };
    (0..whole.len()).map(cells).collect()
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
