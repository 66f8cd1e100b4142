//! One source file as the rules of tidiness see it: with and without comments, strings and tests.
//!
//! Knows the letters of Rust, not its grammar; what the rules make of it is left to them.

/// One file, as the rules see it.
pub(crate) struct File {
    /// From the root of the package, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The same length and lines, with comments and the contents of strings blank.
    pub(crate) code: String,
    /// `code` without what only tests compile.
    pub(crate) product: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> File {
        let code = blank(text);
        let product = if is_test(path) { String::new() } else { without_tests(&code) };
        File { path: path.to_owned(), text: text.to_owned(), code, product }
    }

    /// The top-level module; none for lib.rs, main.rs and files outside of src.
    pub(crate) fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (name != "lib" && name != "main").then_some(name)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// `PATH:LINE: WORDS`.
    pub(crate) fn at(&self, line: usize, words: &str) -> String {
        format!("{}:{}: {words}", self.path, line + 1)
    }
}

/// Whether the whole file is compiled for tests alone, as its name says.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !path.starts_with("src/")
        || path.contains("/tests/")
        || name == "tests.rs"
        || name == "testing.rs"
        || name.ends_with("_tests.rs")
}

/// Replaces comments, and what stands in strings and characters, by spaces.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = comment(rest).or_else(|| string(rest, out.chars().last())).unwrap_or(0);
        if taken == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (gone, kept) = rest.split_at(taken);
        out.extend(gone.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = kept;
    }
    out
}

/// Length of the comment that the text begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let mut depth = 0;
    for (i, _) in text.char_indices() {
        match &text.as_bytes()[i..] {
            [b'/', b'*', ..] => depth += 1,
            [b'*', b'/', ..] if depth == 1 => return Some(i + 2),
            [b'*', b'/', ..] => depth -= 1,
            _ => {}
        }
    }
    Some(text.len())
}

/// Length of the string or character that the text begins with; a lifetime is neither.
fn string(text: &str, before: Option<char>) -> Option<usize> {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let raw = text.strip_prefix('b').unwrap_or(text);
    if let Some(hashes) = raw.strip_prefix('r').filter(|_| !in_word) {
        let body = hashes.trim_start_matches('#');
        if body.starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes.len() - body.len()));
            let start = text.len() - body.len() + 1;
            return Some(text[start..].find(&end).map_or(text.len(), |i| start + i + end.len()));
        }
    }
    let quote = text.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let is_escape = text[1..].starts_with('\\');
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(i + 1),
            // `'a` without a second quote behind one character is a lifetime.
            _ if quote == '\'' && !is_escape && !text[i + c.len_utf8()..].starts_with('\'') => return None,
            _ => {}
        }
    }
    None
}

/// Blanks every item behind `#[cfg(test)]`: up to its `;`, or to the brace that closes it.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::new();
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        out.push_str(&rest[..start]);
        let mut depth = 0;
        let ends = |(i, c): (usize, char)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            (depth == 0 && (c == ';' || c == '}')).then_some(i + 1)
        };
        let length = rest[start..].char_indices().find_map(ends).unwrap_or(rest.len() - start);
        out.extend(rest[start..start + length].chars().filter(|c| *c == '\n'));
        rest = &rest[start + length..];
    }
    out + rest
}

#[test]
fn what_only_tests_compile_is_left_out() {
    let kept = |text: &str| without_tests(text).replace(' ', "");
    assert_eq!(kept("a\n#[cfg(test)]\nmod t {\n fn f() { g(); }\n}\nb"), "a\n\n\n\n\nb");
    assert_eq!(kept("#[cfg(test)]\n#[path = x]\nmod t;\nb"), "\n\n\nb");
}

#[test]
fn strings_characters_and_comments_are_blanked_and_lifetimes_are_not() {
    let kept = |text: &str| blank(text).replace(' ', "");
    assert_eq!(kept("a\"b\\\"c\"d"), "ad");
    assert_eq!(kept("a r#\"b\"c\"# d"), "ad");
    assert_eq!(kept("a \"x\" 'y' '\\'' '\"' d"), "ad");
    assert_eq!(kept("a '\\u{7b}' d"), "ad");
    assert_eq!(kept("fn f<'a>(x: &'a str) // y\n"), "fnf<'a>(x:&'astr)\n");
    assert_eq!(kept("a /* b /* c */ d */ e"), "ae");
    assert_eq!(blank("é\"é\"\nx").lines().count(), 2);
}
