//! Which format texts share, and of which signs they consist.

use crate::draft::{Format, Part, Sign};

/// Texts that decide.
const DECISIVE: f64 = 0.95;

/// The format that nearly all texts share; the first in this list that fits.
pub(super) fn format_of(texts: &[String]) -> Option<Format> {
    type Matcher = fn(&str) -> bool;
    const MATCHERS: [(Format, Matcher); 12] = [
        (Format::Uuid, is_uuid),
        (Format::DateTime, is_date_time),
        (Format::Date, is_date),
        (Format::Ipv4, is_ipv4),
        (Format::Email, is_email),
        (Format::Url, is_url),
        (Format::Json, is_json),
        (Format::Digits, |text| text.bytes().all(|byte| byte.is_ascii_digit())),
        (Format::Hex, is_hex),
        (Format::Word, |text| text.chars().all(char::is_alphabetic)),
        (Format::Phone, is_phone),
        (Format::Path, is_path),
    ];
    let filled: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if filled.is_empty() || (filled.len() as f64) < texts.len() as f64 * DECISIVE {
        return None;
    }
    let fits = |matcher: Matcher| {
        filled.iter().filter(|text| matcher(text)).count() as f64 >= filled.len() as f64 * DECISIVE
    };
    MATCHERS.iter().find(|(_, matcher)| fits(*matcher)).map(|(format, _)| *format)
}

fn mask_is(text: &str, mask: &str) -> bool {
    text.len() == mask.len()
        && text.bytes().zip(mask.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            other => byte == other,
        })
}

fn is_uuid(text: &str) -> bool {
    mask_is(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn is_date(text: &str) -> bool {
    mask_is(text, "0000-00-00") && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    let (Some(date), Some(rest)) = (text.get(..10), text.get(10..)) else { return false };
    let Some(time) = rest.get(1..9) else { return false };
    let tail = &rest[9..];
    is_date(date)
        && (rest.starts_with('T') || rest.starts_with(' '))
        && mask_is(time, "00:00:00")
        && tail.bytes().all(|byte| byte.is_ascii_digit() || b".:+-Z ".contains(&byte))
        && tail.len() <= 17
}

fn is_ipv4(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    !name.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && !domain.ends_with('.')
        && !text.contains(char::is_whitespace)
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "ftp://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
        && !text.contains(char::is_whitespace)
}

fn is_json(text: &str) -> bool {
    let trimmed = text.trim();
    (trimmed.starts_with('{') || trimmed.starts_with('['))
        && serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok()
}

/// Long enough that no word is taken for one.
fn is_hex(text: &str) -> bool {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let upper = text.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    text.len() >= 8 && digits && (lower || upper)
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (7..=15).contains(&digits)
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-(). /x".contains(&byte))
        && text.bytes().any(|byte| b"+-(). ".contains(&byte))
        && text.bytes().filter(|byte| *byte == b'.').count() != 1
}

fn is_path(text: &str) -> bool {
    text.contains('/') && !text.contains(char::is_whitespace) && !text.contains("//") && text.len() > 2
}

/// The parts that nearly all texts consist of, such as capital letters, a colon, digits; none where they differ, or are many.
pub(super) fn parts_of(texts: &[String]) -> Vec<Part> {
    const MOST: usize = 9;
    let mut shapes: std::collections::HashMap<Vec<Sign>, Vec<Vec<u32>>> = std::collections::HashMap::new();
    for text in texts {
        let (mut signs, mut counts) = (Vec::new(), Vec::<u32>::new());
        for sign in text.chars().map(Sign::of) {
            match signs.last() {
                Some(last) if *last == sign => *counts.last_mut().expect("one beside each sign") += 1,
                _ => {
                    signs.push(sign);
                    counts.push(1);
                }
            }
            if signs.len() > MOST {
                break;
            }
        }
        shapes.entry(signs).or_default().push(counts);
    }
    let Some((signs, counts)) = shapes.into_iter().max_by_key(|(_, counts)| counts.len()) else {
        return Vec::new();
    };
    if (counts.len() as f64) < texts.len() as f64 * DECISIVE || signs.is_empty() || signs.len() > MOST {
        return Vec::new();
    }
    let part = |(place, sign): (usize, &Sign)| {
        let lengths = || counts.iter().map(|counts| counts[place]);
        Part {
            sign: *sign,
            min: lengths().min().unwrap_or(1),
            max: lengths().max().unwrap_or(1),
            mean: lengths().map(f64::from).sum::<f64>() / counts.len() as f64,
        }
    };
    signs.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(texts: &[&str]) -> Option<Format> {
        format_of(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn formats_are_told_from_texts() {
        let cases: [(&[&str], Option<Format>); 16] = [
            (&["anna@example.com", "b.c+d@sub.example.org"], Some(Format::Email)),
            (&["01890a5d-ac96-774b-bcce-b302099a8057"], Some(Format::Uuid)),
            (&["2024-05-06", "1999-12-31"], Some(Format::Date)),
            (&["2024-13-06"], Some(Format::Phone)),
            (&["2024-05-06 07:08:09", "2024-05-06T07:08:09.123Z"], Some(Format::DateTime)),
            (&["2024-05-06T07:08:09+02:00"], Some(Format::DateTime)),
            (&["https://example.com/a?b=c"], Some(Format::Url)),
            (&["{\"a\": 1}", "[1, 2]"], Some(Format::Json)),
            (&["{a"], None),
            (&["00deadbeef00", "0123456789ab"], Some(Format::Hex)),
            (&["007", "12"], Some(Format::Digits)),
            (&["anna", "Äpfel"], Some(Format::Word)),
            (&["10.0.0.1"], Some(Format::Ipv4)),
            (&["+49 30 1234567", "(030) 123-4567"], Some(Format::Phone)),
            (&["/usr/share/doc", "src/main.rs"], Some(Format::Path)),
            (&["two words", "and more"], None),
        ];
        for (texts, wanted) in cases {
            assert_eq!(format(texts), wanted, "{texts:?}");
        }
    }

    #[test]
    fn one_stray_text_among_many_does_not_matter_and_two_kinds_do() {
        let mut texts = vec!["anna@example.com"; 40];
        texts.push("nobody");
        assert_eq!(format(&texts), Some(Format::Email));
        texts.extend(["nobody"; 20]);
        assert_eq!(format(&texts), None);
        assert_eq!(format(&["", "", "anna@example.com"]), None);
    }

    #[test]
    fn parts_are_told_with_their_lengths() {
        let texts = ["GO:0001", "XY:12"].map(str::to_owned);
        let parts = parts_of(&texts);
        let signs: Vec<Sign> = parts.iter().map(|part| part.sign).collect();
        assert_eq!(signs, [Sign::Upper, Sign::Mark(':'), Sign::Digit]);
        assert_eq!((parts[2].min, parts[2].max, parts[2].mean), (2, 4, 3.0));
        assert!(parts_of(&["GO:1", "1:GO"].map(str::to_owned)).is_empty());
    }
}
