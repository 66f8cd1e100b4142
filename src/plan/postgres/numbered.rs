//! Parameters by number: PostgreSQL has `$1` to `$n` where a scenario has `:name`, and SQLite `?1` to `?n`.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::super::statements::Refusal;
use super::text::{self, Places};

/// A statement with numbered parameters.
#[derive(Debug)]
pub(super) struct Numbered {
    /// With `$1` to `$n`.
    pub(super) sql: String,
    /// With their sign, in the order of their numbers: `:name`. None where it has no name.
    pub(super) parameters: Vec<Option<String>>,
    /// Of the text as it was, with its parameters numbered.
    pub(super) tokens: Vec<TokenWithSpan>,
}

/// Numbers the parameters of a statement. `spelt` gives names another spelling than the text has.
pub(super) fn numbered(
    sql: &str,
    spelt: &dyn Fn(&Word, bool) -> Option<String>,
) -> Result<Numbered, Refusal> {
    let all = text::tokens(sql)?;
    let places = Places::new(sql);
    let mut made = Numbered { sql: String::new(), parameters: Vec::new(), tokens: Vec::new() };
    let (mut copied, mut brackets, mut index) = (0, 0u32, 0);
    while let Some(token) = all.get(index) {
        let next = all.get(index + 1);
        let before = made.tokens.iter().rev().find(|t| !matches!(t.token, Token::Whitespace(_)));
        let replaced = match (&token.token, next.map(|next| &next.token)) {
            (Token::Colon, Some(Token::Word(name)))
                if name.quote_style.is_none() && !(brackets > 0 && before.is_some_and(ends_a_value)) =>
            {
                let name = format!(":{}", name.value);
                Some((made.number(Some(name)), 2))
            }
            (Token::Question, _) if before.is_some_and(|before| !ends_a_value(before)) => {
                Some((made.number(None), 1))
            }
            (Token::Placeholder(name), _) => {
                let range = places.range(token.span);
                let words = format!("`{name}` is no parameter of a scenario");
                let help = "write a name, such as `:name`, and its value in `bind`".to_owned();
                return Err(Refusal { words, help, range });
            }
            _ => None,
        };
        match &token.token {
            Token::LBracket => brackets += 1,
            Token::RBracket => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        if let Some((number, length)) = replaced {
            let last = &all[index + length - 1];
            let mut whole = TokenWithSpan { token: Token::Placeholder(number.clone()), span: token.span };
            whole.span.end = last.span.end;
            made.copy(sql, &mut copied, &places, &whole, &number);
            made.tokens.push(whole);
            index += length;
            continue;
        }
        let called = next.is_some_and(|next| next.token == Token::LParen);
        let mut token = token.clone();
        if let Token::Word(word) = &token.token
            && let Some(name) = spelt(word, called)
        {
            let quoted = super::super::ddl::quote(&name);
            made.copy(sql, &mut copied, &places, &token, &quoted);
            token.token = Token::make_word(&name, Some('"'));
        }
        made.tokens.push(token);
        index += 1;
    }
    made.sql.push_str(&sql[copied..]);
    Ok(made)
}

impl Numbered {
    /// The number of a parameter; the same for the same name.
    fn number(&mut self, name: Option<String>) -> String {
        let known = self.parameters.iter().position(|known| name.is_some() && *known == name);
        let place = known.unwrap_or_else(|| {
            self.parameters.push(name);
            self.parameters.len() - 1
        });
        format!("${}", place + 1)
    }

    /// Takes over the text up to a token, and something else in its place.
    fn copy(
        &mut self,
        sql: &str,
        copied: &mut usize,
        places: &Places<'_>,
        token: &TokenWithSpan,
        text: &str,
    ) {
        let Some(range) = places.range(token.span) else { return };
        self.sql.push_str(&sql[*copied..range.start]);
        self.sql.push_str(text);
        *copied = range.end;
    }
}

/// Whether a value may end here: behind one, a colon in brackets is a slice, and a question mark an operator.
fn ends_a_value(token: &TokenWithSpan) -> bool {
    match &token.token {
        Token::Word(word) => {
            word.quote_style.is_some() || word.keyword == sqlparser::keywords::Keyword::NoKeyword
        }
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Placeholder(_)
        | Token::RParen
        | Token::RBracket => true,
        _ => false,
    }
}

/// A statement that was made for SQLite, with `$1` for `?1`.
pub(in super::super) fn marks(sql: &str) -> String {
    let mut quoted = false;
    let mark = |c: char| {
        quoted ^= c == '"';
        if c == '?' && !quoted { '$' } else { c }
    };
    sql.chars().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(sql: &str) -> (String, Vec<Option<String>>) {
        let made = numbered(sql, &|_, _| None).unwrap();
        (made.sql, made.parameters)
    }

    #[test]
    fn names_become_numbers_wherever_they_are_parameters() {
        let sql = "SELECT ':no', \":no\", a::text /* :no */ FROM t -- :no\n WHERE a = :x AND b=:y OR c > :x";
        let (made, names) = plain(sql);
        let expected =
            "SELECT ':no', \":no\", a::text /* :no */ FROM t -- :no\n WHERE a = $1 AND b=$2 OR c > $1";
        assert_eq!(made, expected);
        assert_eq!(names, [Some(":x".to_owned()), Some(":y".to_owned())]);
        assert_eq!(
            plain("SELECT $q$:no$q$, :a::bigint, x[1:n], ARRAY[:b,:a]").0,
            "SELECT $q$:no$q$, $1::bigint, x[1:n], ARRAY[$2,$1]"
        );
        assert_eq!(plain("SELECT é FROM \"ü\" WHERE é = :é").0, "SELECT é FROM \"ü\" WHERE é = $1");
    }

    #[test]
    fn parameters_of_another_form_have_no_name() {
        assert_eq!(
            plain("SELECT * FROM t WHERE a = ? AND b ? 'key'"),
            ("SELECT * FROM t WHERE a = $1 AND b ? 'key'".to_owned(), vec![None])
        );
        assert!(numbered("SELECT $1", &|_, _| None).is_err_and(|refusal| refusal.range == Some(7..9)));
    }

    #[test]
    fn marks_outside_of_names_change() {
        assert_eq!(
            marks("INSERT INTO \"a?1\" (\"b\"\"?\") VALUES (?1, ?2)"),
            "INSERT INTO \"a?1\" (\"b\"\"?\") VALUES ($1, $2)"
        );
    }
}
