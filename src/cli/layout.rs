//! Text laid out for a terminal: widths in columns of the screen, shortening, wrapping, grids and colours.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::units::bytes;
use crate::value::Value;

/// Spaces between two columns of a grid.
const GAP: usize = 2;
/// No column of a grid is made narrower than this, unless its content is.
const NARROW: usize = 14;
/// A title is shown whole up to this width.
const TITLE: usize = 20;
/// Bytes of a blob that are shown.
const BLOB_BYTES: usize = 4;

/// ANSI colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}

/// Columns of the screen that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// At most so many columns of the screen; what is cut off is an ellipsis.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut taken = 1;
    for character in text.chars() {
        taken += character.width().unwrap_or(0);
        if taken > most {
            break;
        }
        short.push(character);
    }
    let kept = short.trim_end().len();
    short.truncate(kept);
    short.push('…');
    short
}

/// Lines of at most so many columns of the screen, broken at spaces; a longer word stands alone. Never empty.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    textwrap::wrap(&plain, breaks(most)).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// At spaces alone, so that names and options stay whole.
fn breaks<'a>(most: usize) -> textwrap::Options<'a> {
    textwrap::Options::new(most)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
}

/// A text behind a title; further lines stand below the text's beginning. Ends with a line feed.
pub(super) fn hanging(title: &str, text: &str, most: usize) -> String {
    let indent = " ".repeat(width(title));
    let options = breaks(most).initial_indent(title).subsequent_indent(&indent);
    textwrap::fill(text, options).trim_end().to_owned() + "\n"
}

/// Paragraphs whose lines are broken anew where one of them is too long. Ends with a line feed.
pub(super) fn paragraphs(text: &str, most: usize) -> String {
    let fits = |paragraph: &&str| paragraph.lines().all(|line| width(line) <= most);
    let anew = |paragraph: &str| match fits(&paragraph) {
        true => paragraph.to_owned(),
        false => wrapped(paragraph, most).join("\n"),
    };
    text.split("\n\n").map(anew).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// Columns of a title and the spaces behind it, in a list of titles and what stands beside them.
const TITLED: usize = 13;

/// Lines that are too wide are broken at spaces; what follows stands below the beginning of the text, behind its title if it has one. Each
/// line ends with a line feed.
pub(super) fn broken_lines(text: &str, most: usize) -> String {
    let broken = |line: &str| {
        if width(line) <= most {
            return format!("{line}\n");
        }
        let indent = line.len() - line.trim_start().len();
        let title =
            line.get(indent..TITLED).filter(|title| title.ends_with(' ') && !title.trim_end().contains(' '));
        let (title, rest) = line.split_at(title.map_or(indent, |_| TITLED));
        hanging(title, rest, most)
    };
    text.lines().map(broken).collect()
}

/// A value as a cell: text as it is, unless it could be taken for something else. Of a blob, the first bytes and its length.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => {
            let plain = !text.is_empty()
                && text.trim() == text
                && text != "NULL"
                && text.parse::<f64>().is_err()
                && !text.starts_with('\'')
                && !text.starts_with("x'");
            let text: String = text.chars().map(visible).collect();
            if plain { text } else { format!("'{text}'") }
        }
        Value::Blob(blob) if blob.len() > BLOB_BYTES => {
            let start = Value::Blob(blob[..BLOB_BYTES].to_vec());
            let start = start.as_ref().to_string();
            format!("{}…' {}", start.trim_end_matches('\''), bytes(blob.len() as u64))
        }
        Value::Pooled(blob) => {
            let start = Value::Blob(blob.piece(0, BLOB_BYTES).to_vec());
            format!("{}…' {}", start.as_ref().to_string().trim_end_matches('\''), bytes(blob.len()))
        }
        other => other.as_ref().to_string(),
    }
}

/// Line feeds and other control characters would tear a line apart.
fn visible(character: char) -> char {
    match character {
        '\n' => '⏎',
        control if control.is_control() => '·',
        other => other,
    }
}

/// One cell of a grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    text: String,
    number: bool,
    faint: bool,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Cell { text: text.into(), number: false, faint: false }
    }

    pub(super) fn faint(text: impl Into<String>) -> Self {
        Cell { faint: true, ..Cell::plain(text) }
    }

    pub(super) fn number(number: u64) -> Self {
        Cell { number: true, ..Cell::faint(number.to_string()) }
    }

    pub(super) fn value(value: &Value) -> Self {
        Cell {
            text: shown(value),
            number: matches!(value, Value::Integer(_) | Value::Real(_)),
            faint: *value == Value::Null,
        }
    }
}

/// A header and rows of cells. Where they do not fit side by side, they are shortened; where that is not enough, further columns stand below the
/// first ones, beside those again that say which row it is.
pub(super) struct Grid {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Columns, counted from the first one, that say which row it is.
    pub(super) leading: usize,
}

impl Grid {
    /// Lines of at most `line` columns of the screen, each begun with `indent` spaces and ended with a line feed.
    pub(super) fn drawn(&self, line: usize, indent: usize, paint: Paint) -> String {
        let line = line.saturating_sub(indent);
        let natural: Vec<usize> =
            (0..self.header.len()).map(|column| self.natural(column).min(line.max(1))).collect();
        let title = |column: usize| width(&self.header[column]).min(TITLE);
        let least: Vec<usize> =
            natural.iter().enumerate().map(|(column, wide)| (*wide).min(NARROW.max(title(column)))).collect();
        let mut out = String::new();
        for (index, columns) in bands(&least, self.leading, line).iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            let of = |widths: &[usize]| columns.iter().map(|column| widths[*column]).collect::<Vec<_>>();
            let widths = fitted(of(&natural), &of(&least), line);
            let header: Vec<Cell> =
                columns.iter().map(|column| Cell::plain(self.header[*column].as_str())).collect();
            let right: Vec<bool> = columns.iter().map(|column| self.is_numeric(*column)).collect();
            let pad = " ".repeat(indent);
            let titles = joined(&header, &widths, &right, Paint { color: false });
            let rule = "─".repeat(widths.iter().sum::<usize>() + GAP * (widths.len() - 1));
            out.push_str(&format!("{pad}{}\n{pad}{}\n", paint.bold(&titles), paint.dim(&rule)));
            for row in &self.rows {
                let cells: Vec<Cell> = columns.iter().map(|column| row[*column].clone()).collect();
                out.push_str(&format!("{pad}{}\n", joined(&cells, &widths, &right, paint)));
            }
        }
        out
    }

    fn natural(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| width(&row[column].text));
        cells.chain([width(&self.header[column])]).max().unwrap_or(0).max(1)
    }

    /// Whether all that is no NULL is a number.
    fn is_numeric(&self, column: usize) -> bool {
        let cells = || self.rows.iter().map(|row| &row[column]);
        cells().any(|cell| cell.number) && cells().all(|cell| cell.number || cell.faint)
    }
}

fn joined(cells: &[Cell], widths: &[usize], right: &[bool], paint: Paint) -> String {
    let mut line = String::new();
    for ((cell, most), right) in cells.iter().zip(widths).zip(right) {
        let text = shortened(&cell.text, *most);
        let fill = " ".repeat(most.saturating_sub(width(&text)));
        let text = if cell.faint { paint.dim(&text) } else { text };
        let gap = if line.is_empty() { "" } else { " " };
        line.push_str(&gap.repeat(GAP));
        line.push_str(&if *right { format!("{fill}{text}") } else { format!("{text}{fill}") });
    }
    line.trim_end().to_owned()
}

/// Which columns stand side by side: as many as fit when they are as narrow as they may be. The leading ones stand in every band.
fn bands(least: &[usize], leading: usize, line: usize) -> Vec<Vec<usize>> {
    let first: Vec<usize> = (0..leading).collect();
    let start: usize = least[..leading].iter().map(|width| width + GAP).sum();
    let mut bands = vec![first.clone()];
    let mut taken = start;
    for (column, width) in least.iter().enumerate().skip(leading) {
        let needed = width + GAP;
        if taken > start && taken + needed > line + GAP {
            bands.push(first.clone());
            taken = start;
        }
        bands.last_mut().expect("there is always a band").push(column);
        taken += needed;
    }
    bands
}

/// Takes from the columns that have most to spare until all fit.
fn fitted(mut widths: Vec<usize>, least: &[usize], line: usize) -> Vec<usize> {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > line {
        let spare = widths.iter_mut().zip(least).filter(|(wide, least)| **wide > **least);
        let Some((widest, _)) = spare.max_by_key(|(wide, _)| **wide) else { break };
        *widest -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { color: false };

    #[test]
    fn text_is_shortened_by_the_columns_that_it_takes() {
        assert_eq!(shortened("Anna Berg", 9), "Anna Berg");
        assert_eq!(shortened("Anna Berg", 6), "Anna…");
        assert_eq!(shortened("斎藤花子", 6), "斎藤…");
        assert_eq!(width(&shortened("斎藤花子さん", 7)), 7);
    }

    #[test]
    fn what_could_be_taken_for_something_else_stands_in_quotes() {
        let text = |text: &str| shown(&Value::Text(text.to_owned()));
        assert_eq!(text("Anna"), "Anna");
        assert_eq!(text("42"), "'42'");
        assert_eq!(text("NULL"), "'NULL'");
        assert_eq!(text(""), "''");
        assert_eq!(text(" a"), "' a'");
        assert_eq!(text("a\nb"), "a⏎b");
        assert_eq!(shown(&Value::Null), "NULL");
        assert_eq!(shown(&Value::Integer(42)), "42");
        assert_eq!(shown(&Value::Blob(vec![1, 2])), "x'0102'");
        assert_eq!(shown(&Value::Blob(vec![255; 2048])), "x'ffffffff…' 2.00 KiB");
    }

    #[test]
    fn a_text_is_broken_at_spaces_below_its_own_beginning() {
        assert_eq!(
            hanging("a-name  ", "one two-three four", 18),
            "a-name  one\n        two-three\n        four\n"
        );
        assert_eq!(hanging("a-name  ", "one two", usize::MAX), "a-name  one two\n");
        let lines = "  one two three\n  levels     one two\n";
        assert_eq!(broken_lines(lines, 17), "  one two three\n  levels     one\n             two\n");
        assert_eq!(broken_lines(lines, 12), "  one two\n  three\n  levels     one\n             two\n");
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("a  --with-values\nb", 5), ["a", "--with-values", "b"]);
        assert_eq!(paragraphs("one\ntwo\n\nthree four", 9), "one\ntwo\n\nthree\nfour\n");
    }

    fn grid(header: &[&str], row: &[&str]) -> Grid {
        Grid {
            header: header.iter().map(|&title| title.to_owned()).collect(),
            rows: vec![row.iter().map(|&text| Cell::plain(text)).collect()],
            leading: 1,
        }
    }

    #[test]
    fn the_widest_column_of_a_grid_gives_way_first() {
        let drawn = grid(&["id", "text"], &["1", &"x".repeat(50)]).drawn(30, 2, PLAIN);
        assert!(drawn.lines().all(|line| width(line) <= 30), "{drawn}");
        assert!(drawn.contains(&format!("1   {}…", "x".repeat(23))), "{drawn}");
    }

    #[test]
    fn columns_that_do_not_fit_stand_below_beside_the_first_one_again() {
        let wide = "x".repeat(30);
        let drawn = grid(&["row", "a", "b", "c"], &["1", &wide, &wide, &wide]).drawn(32, 0, PLAIN);
        assert!(drawn.lines().all(|line| width(line) <= 32), "{drawn}");
        let titles: Vec<&str> = drawn.lines().filter(|line| line.starts_with("row")).collect();
        assert_eq!(titles, ["row  a", "row  b", "row  c"]);
    }

    #[test]
    fn numbers_stand_on_the_right_also_beside_nulls() {
        let cells = |values: [Value; 2]| values.iter().map(Cell::value).collect::<Vec<_>>();
        let grid = Grid {
            header: vec!["price".to_owned(), "name".to_owned()],
            rows: vec![
                cells([Value::Integer(5), Value::Text("a".to_owned())]),
                cells([Value::Null, Value::Integer(3)]),
            ],
            leading: 0,
        };
        assert_eq!(grid.drawn(80, 0, PLAIN), "price  name\n───────────\n    5  a\n NULL  3\n");
    }
}
