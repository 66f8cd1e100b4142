//! One table: what was measured, what came out, what was wanted.

/// What a figure is to be.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
    /// For the reader's information.
    Nothing,
}

impl Wanted {
    fn text(self) -> String {
        match self {
            Wanted::AtLeast(limit) => format!("≥ {limit}"),
            Wanted::AtMost(limit) => format!("≤ {limit}"),
            Wanted::Nothing => String::new(),
        }
    }

    fn met(self, value: f64) -> &'static str {
        match self {
            Wanted::AtLeast(limit) if value >= limit => "yes",
            Wanted::AtMost(limit) if value <= limit => "yes",
            Wanted::Nothing => "",
            _ => "NO",
        }
    }
}

/// Lines are printed as they come, since all of them together take minutes.
pub(crate) struct Table {
    only: Option<String>,
    missed: Vec<String>,
}

impl Table {
    pub(crate) fn new(only: Option<String>) -> Self {
        println!("{:<66} {:>10}  {:<8} {:<4} detail", "what", "measured", "wanted", "met");
        Table { only, missed: Vec::new() }
    }

    pub(crate) fn line(&mut self, what: &str, value: f64, wanted: Wanted, detail: &str) {
        if self.only.as_ref().is_some_and(|only| !what.contains(only)) {
            return;
        }
        let met = wanted.met(value);
        println!("{what:<66} {:>10}  {:<8} {met:<4} {detail}", figure(value), wanted.text());
        if met == "NO" {
            self.missed.push(what.to_owned());
        }
    }

    pub(crate) fn finish(self) {
        match self.missed.len() {
            0 => println!("all met"),
            missed => println!("{missed} missed: {}", self.missed.join("; ")),
        }
    }
}

/// Three decimals where they say something.
fn figure(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.3}")
    } else if value < 1_000.0 {
        format!("{value:.1}")
    } else {
        thousands(value)
    }
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}

/// The middle one; the mean of the two in the middle where there is none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// What alternating runs of two things give, as the median of `second ÷ first`.
pub(crate) struct Pairs {
    pub(crate) ratio: f64,
    pub(crate) first: f64,
    pub(crate) second: f64,
    range: (f64, f64),
}

impl Pairs {
    /// Runs A B A B …; each gives a figure.
    pub(crate) fn measure(
        pairs: usize,
        mut first: impl FnMut() -> f64,
        mut second: impl FnMut() -> f64,
    ) -> Self {
        let figures: Vec<(f64, f64)> = (0..pairs).map(|_| (first(), second())).collect();
        let ratios: Vec<f64> = figures.iter().map(|(a, b)| b / a).collect();
        let (firsts, seconds): (Vec<f64>, Vec<f64>) = figures.into_iter().unzip();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        Pairs {
            ratio: median(&ratios),
            first: median(&firsts),
            second: median(&seconds),
            range: (least, most),
        }
    }

    pub(crate) fn detail(&self, first: &str, second: &str, unit: &str) -> String {
        let (least, most) = self.range;
        let (a, b) = (thousands(self.first), thousands(self.second));
        format!("{second} {b}{unit}, {first} {a}{unit}; {least:.3}…{most:.3}")
    }
}
