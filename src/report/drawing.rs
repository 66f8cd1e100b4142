//! Tables, prose and colours on a terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

/// The header bold, bad rows red.
pub(super) fn painted(lines: &[String], bad: &dyn Fn(usize) -> bool, paint: Paint) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let line = match index.checked_sub(2) {
            _ if index == 0 => paint.bold(line),
            None => paint.dim(line),
            Some(row) if bad(row) => paint.red(line),
            Some(_) => line.clone(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

pub(super) fn either(lines: Result<Vec<String>, Vec<String>>) -> Vec<String> {
    lines.unwrap_or_else(|lines| lines)
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Alignment {
    /// Everything to the right.
    Numbers,
    /// A name, then numbers.
    FirstLeft,
}

/// Header, rule and rows; as an error when they are wider than the line even with narrow gaps.
pub(super) fn drawn(
    header: &[&str],
    rows: &[Vec<String>],
    alignment: Alignment,
    width: usize,
) -> Result<Vec<String>, Vec<String>> {
    let mut lines = Vec::new();
    for gap in [2, 1] {
        lines = with_gap(header, rows, alignment, gap);
        if lines.iter().all(|line| line.chars().count() <= width) {
            return Ok(lines);
        }
    }
    Err(lines)
}

fn with_gap(header: &[&str], rows: &[Vec<String>], alignment: Alignment, gap: u16) -> Vec<String> {
    let mut table = Table::new();
    let style = TableStyle::new()
        .header_lines(ContentLineStyle::none())
        .header_separator(LineStyle::none().fill('─'))
        .content_lines(ContentLineStyle::none());
    table.load_style(style);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(Cell::new));
    table.add_rows(rows.iter().map(|row| row.iter().map(Cell::new).collect::<Vec<_>>()));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 0 } else { gap }, 0));
        let left = index == 0 && alignment == Alignment::FirstLeft;
        column.set_cell_alignment(if left { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Breaks a text at spaces; lines after the first begin with `indent` spaces. Ends with a line feed.
pub(super) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let options = textwrap::Options::new(width)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    textwrap::fill(&plain, options) + "\n"
}

/// ANSI colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
    pub(super) fn green(self, text: &str) -> String {
        self.with("32", text)
    }
    pub(super) fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }
    pub(super) fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
    pub(super) fn red(self, text: &str) -> String {
        self.with("31", text)
    }
}
