//! Texts: by format, by name, by the signs that they consist of.

use super::tried::tried;
use super::{Need, Subject, moment};
use crate::draft::{Format, Part, Sign};

/// Values that there must be for each that is wanted, so that hardly two meet by chance.
const AMPLE: f64 = 12.0;
/// How far a mean length may be off.
const CLOSE: f64 = 0.05;

/// Texts that differ from each other, `count` of them.
pub(super) fn different(subject: &Subject<'_>, count: u64, need: Need) -> (String, String) {
    let made = by_format(subject, count, need)
        .or_else(|| by_name(subject, count, need))
        .or_else(|| by_parts(subject, count, need))
        .or_else(|| in_words(subject, count, need));
    made.unwrap_or_else(|| in_signs(subject, count, need))
}

/// An expression, made unique where it must be or where chance would not give enough values; nothing where its length is off.
fn checked(
    subject: &Subject<'_>,
    count: u64,
    need: Need,
    expression: &str,
    words: &str,
) -> Option<(String, String)> {
    let mean = subject.holds.length.mean;
    let found = tried(expression)?;
    let close = |length: f64| (length - mean).abs() <= mean * CLOSE;
    let ample = found.room >= count as f64 * AMPLE;
    if need == Need::Mostly && (ample || found.room.is_infinite() && count <= 20_000) {
        return close(found.length).then(|| (expression.to_owned(), words.to_owned()));
    }
    if found.room.is_infinite() && count > 20_000 && need == Need::Mostly && mean >= 24.0 {
        return close(found.length).then(|| (expression.to_owned(), words.to_owned()));
    }
    let unique = format!("unique({expression})");
    close(tried(&unique)?.length).then(|| (unique, format!("{words}, made different")))
}

fn by_format(subject: &Subject<'_>, count: u64, need: Need) -> Option<(String, String)> {
    let mean = subject.holds.length.mean;
    let check = |expression: &str, words: &str| checked(subject, count, need, expression, words);
    match subject.holds.format? {
        Format::Uuid => check("uuid4()", "UUIDs"),
        Format::Date | Format::DateTime => {
            let expression = moment::moment(subject)?;
            let room = moment::room(subject);
            let unique = need == Need::EachRow || room < count as f64 * AMPLE;
            // Only what is one call can be dealt out without repeats.
            let single = !expression.contains(" ~ ");
            match (unique, single) {
                (true, true) if room >= count as f64 => {
                    Some((format!("unique({expression})"), "dates in that range".to_owned()))
                }
                (true, _) if need == Need::EachRow => None,
                _ => Some((expression, "dates in that range".to_owned())),
            }
        }
        Format::Ipv4 => check("ipv4()", "IPv4 addresses"),
        Format::Email => check("email()", "e-mail addresses").or_else(|| {
            let name = (mean - 12.0).max(1.0);
            let (low, high) = around(name, 1.0, subject.holds.length.max as f64 - 12.0);
            check(&format!("chars({low}, {high}, {name:.1}, \"a-z\") ~ \"@example.com\""), "e-mail addresses")
        }),
        Format::Url => check("url()", "web addresses").or_else(|| {
            let path = (mean - 20.0).max(1.0);
            let (low, high) = around(path, 1.0, subject.holds.length.max as f64 - 20.0);
            check(&format!("\"https://example.com/\" ~ chars({low}, {high}, {path:.1})"), "web addresses")
        }),
        Format::Json => json(subject),
        Format::Hex => hex(subject, count, need),
        Format::Phone => check("phone_number()", "telephone numbers"),
        Format::Digits | Format::Word | Format::Path => None,
    }
}

/// Bounds around a mean, in whole numbers.
fn around(mean: f64, least: f64, greatest: f64) -> (u64, u64) {
    let low = (mean * 0.6).floor().max(least.min(mean.floor()));
    let high = greatest.max((mean * 1.4).ceil()).max(low + 1.0);
    (low as u64, high as u64)
}

/// An object with one text that fills it up.
fn json(subject: &Subject<'_>) -> Option<(String, String)> {
    const FRAME: f64 = 29.0;
    let holds = subject.holds;
    let words = "JSON of that length".to_owned();
    if holds.length.mean < FRAME + 12.0 {
        let digits = (holds.length.mean - 7.0).round().clamp(1.0, 40.0);
        return Some((format!("json({{\"a\": chars({digits})}})"), words));
    }
    let made = |text: f64| {
        let (low, high) = around(text, 1.0, (holds.length.max as f64 - FRAME).max(text));
        format!("json({{\"id\": int(1000, 9999), \"text\": text({low}, {high}, {text:.1})}})")
    };
    let mut text = holds.length.mean - FRAME;
    for _ in 0..3 {
        let off = holds.length.mean - tried(&made(text))?.length;
        text = (text + off).max(2.0);
    }
    Some((made(text), words))
}

fn hex(subject: &Subject<'_>, count: u64, need: Need) -> Option<(String, String)> {
    let lengths = subject.holds.length;
    if lengths.min != lengths.max {
        return None;
    }
    let ample = lengths.min >= 8 && 16f64.powf(lengths.min as f64) >= count as f64 * AMPLE;
    if !ample {
        return None;
    }
    let upper = subject.holds.letters.iter().any(|(sign, _)| *sign == Sign::Upper);
    let expression = if upper {
        format!("pattern(\"[0-9A-F]{{{}}}\")", lengths.min)
    } else {
        format!("hex({})", lengths.min)
    };
    let unique = need == Need::EachRow;
    let expression =
        if unique { format!("unique(pattern(\"[0-9a-f]{{{}}}\"))", lengths.min) } else { expression };
    Some((expression, "hexadecimal digits".to_owned()))
}

/// What a column of this name usually holds.
fn by_name(subject: &Subject<'_>, count: u64, need: Need) -> Option<(String, String)> {
    const NAMES: [(&[&str], &str); 22] = [
        (&["first_name", "firstname", "given_name", "forename"], "first_name()"),
        (&["last_name", "lastname", "surname", "family_name"], "last_name()"),
        (&["full_name", "fullname", "name", "author", "owner", "customer"], "name()"),
        (&["user_name", "username", "login", "nick", "nickname", "handle"], "username()"),
        (
            &["company", "company_name", "organisation", "organization", "employer", "vendor"],
            "company_name()",
        ),
        (&["city", "town", "capital", "billing_city", "shipping_city"], "city()"),
        (&["country", "country_name", "nation", "billing_country"], "country()"),
        (&["country_code"], "country_code()"),
        (&["state", "province", "region"], "state()"),
        (&["street", "street_name"], "street_name()"),
        (&["address", "street_address", "billing_address", "address1"], "street_address()"),
        (&["zip", "zip_code", "zipcode"], "zip()"),
        (&["post_code", "postal_code", "postcode", "billing_postal_code"], "post_code()"),
        (&["phone", "telephone", "phone_number", "fax"], "phone_number()"),
        (&["mobile", "cell", "cell_phone"], "cell_number()"),
        (&["job", "job_title", "occupation", "position"], "job_title()"),
        (&["industry", "branch"], "industry()"),
        (&["user_agent", "useragent", "agent"], "user_agent()"),
        (&["mime", "mime_type", "mimetype", "content_type", "media_type"], "mime_type()"),
        (&["file", "file_name", "filename"], "file_name()"),
        (&["path", "file_path", "filepath"], "file_path()"),
        (&["timezone", "time_zone", "tz"], "time_zone()"),
    ];
    let column = subject.column.name.as_str();
    // `firstName` is `first_name`.
    let mut name = String::new();
    for sign in column.chars() {
        if sign.is_uppercase() && name.ends_with(|last: char| last.is_lowercase()) {
            name.push('_');
        }
        name.extend(sign.to_lowercase());
    }
    let (_, call) = NAMES.iter().find(|(names, _)| names.contains(&name.as_str()))?;
    checked(subject, count, need, call, "by the column's name")
}

/// Texts of a fixed shape, such as two capital letters and five digits.
fn by_parts(subject: &Subject<'_>, count: u64, need: Need) -> Option<(String, String)> {
    let parts = &subject.holds.parts;
    let plain = |part: &Part| matches!(part.sign, Sign::Lower | Sign::Upper | Sign::Space);
    if parts.is_empty() || parts.len() > 1 && parts.iter().all(plain) || subject.holds.length.mean > 64.0 {
        return None;
    }
    let (mut pattern, mut room, mut carried) = (String::new(), 1f64, 0.0);
    for part in parts {
        let count = (part.mean + carried).round().max(1.0);
        carried += part.mean - count;
        let (class, size) = class(part.sign)?;
        pattern.push_str(&class);
        if count > 1.0 {
            pattern.push_str(&format!("{{{count}}}"));
        }
        room *= f64::from(size).powf(count);
    }
    let mean = subject.holds.length.mean;
    if carried.abs() > mean * CLOSE || room < count as f64 * 1.02 {
        return None;
    }
    let expression = format!("pattern({})", super::literal::text(&pattern));
    let unique = need == Need::EachRow || room < count as f64 * AMPLE;
    let words = "texts of that shape".to_owned();
    Some((if unique { format!("unique({expression})") } else { expression }, words))
}

/// A class of a pattern and its size.
fn class(sign: Sign) -> Option<(String, u32)> {
    Some(match sign {
        Sign::Mark('*') => return None,
        Sign::Mark(mark) if mark.is_ascii_punctuation() => (format!("\\{mark}"), 1),
        Sign::Space => (" ".to_owned(), 1),
        other => {
            let (set, size) = set(other)?;
            (format!("[{set}]"), size)
        }
    })
}

fn set(sign: Sign) -> Option<(&'static str, u32)> {
    Some(match sign {
        Sign::Digit => ("0-9", 10),
        Sign::Lower => ("a-z", 26),
        Sign::Upper => ("A-Z", 26),
        Sign::Hiragana => ("ぁ-ゔ", 84),
        Sign::Katakana => ("ァ-ヺ", 90),
        Sign::Han => ("一-龥", 20_902),
        Sign::Hangul => ("가-힣", 11_172),
        Sign::Cyrillic => ("а-я", 32),
        Sign::Arabic => ("ء-ي", 42),
        Sign::Space | Sign::Mark(_) => return None,
    })
}

/// Signs of the text's letters that are worth being told apart, the most frequent first.
fn main_sign(subject: &Subject<'_>) -> Sign {
    let mut letters = subject.holds.letters.iter().map(|(sign, _)| *sign);
    letters.find(|sign| set(*sign).is_some()).unwrap_or(Sign::Lower)
}

/// Words with spaces, where texts are long enough that words give enough different ones.
fn in_words(subject: &Subject<'_>, count: u64, need: Need) -> Option<(String, String)> {
    let lengths = subject.holds.length;
    let signs: u64 = subject.holds.letters.iter().map(|(_, count)| count).sum();
    let spaces =
        subject.holds.letters.iter().find(|(sign, _)| *sign == Sign::Space).map_or(0, |(_, count)| *count);
    let latin = matches!(main_sign(subject), Sign::Lower | Sign::Upper | Sign::Digit);
    if !latin || (spaces as f64) < signs as f64 * 0.04 {
        return None;
    }
    // Some 180 words of six letters and a space.
    let enough = 7.0 * (count as f64 * AMPLE).max(1.0).ln() / 180f64.ln();
    let words = "words of that length".to_owned();
    if need == Need::EachRow {
        let suffix = 1.0 + (count.max(2) as f64).log(36.0);
        let mean = lengths.mean - suffix;
        let (low, high) =
            ((lengths.min as f64 - suffix).max(1.0).min(mean.floor()), lengths.max as f64 - suffix);
        return (mean >= 4.0 && high >= mean.ceil()).then(|| {
            (format!("unique(text({low:.0}, {high:.0}, {mean:.1}))"), format!("{words}, made different"))
        });
    }
    let low = (lengths.min as f64).max(enough.ceil());
    if low > lengths.mean || lengths.mean < 8.0 {
        return None;
    }
    let per = super::per(count);
    Some((format!("text({low}, {}, {:.1}{per})", lengths.max, lengths.mean), words))
}

/// Signs at random, of an alphabet that is large enough.
fn in_signs(subject: &Subject<'_>, count: u64, need: Need) -> (String, String) {
    let lengths = subject.holds.length;
    let mean = lengths.mean.max(0.2);
    let own = set(main_sign(subject)).unwrap_or(("a-z", 26));
    let words = "signs of that kind and length".to_owned();
    let larger = [own, ("0-9a-z", 36), ("0-9A-Za-z", 62), ("一-龥", 20_902)];
    let alphabets = || larger.iter().filter(|(_, size)| *size >= own.1);
    if need == Need::EachRow {
        let fixed = mean.round().max(1.0);
        // A sign that may be left out is there in all but a few of the values, so half a sign takes two.
        for (set, size) in alphabets() {
            if f64::from(*size).powf(fixed) >= count as f64 * 1.02 {
                return (format!("unique(pattern(\"[{set}]{{{fixed}}}\"))"), words);
            }
        }
        return (format!("unique(chars({}))", fixed.min(3.0)), words);
    }
    for (set, size) in alphabets() {
        let least = (count as f64 * AMPLE).max(1.0).ln() / f64::from(*size).ln();
        let low = (lengths.min as f64).max(least.ceil());
        if low <= mean {
            let high = (lengths.max as f64).max(low);
            return match high == low {
                true => (format!("chars({low}, set=\"{set}\")"), words),
                false => (format!("chars({low}, {high}, {mean:.2}, \"{set}\"{})", super::per(count)), words),
            };
        }
        let fixed = mean.round().max(1.0);
        if f64::from(*size).powf(fixed) >= count as f64 * 1.02 && (fixed - mean).abs() <= mean * CLOSE {
            return (format!("unique(pattern(\"[{set}]{{{fixed}}}\"))"), words);
        }
    }
    let per = super::per(count);
    (format!("chars({}, {}, {mean:.2}, \"0-9A-Za-z\"{per})", lengths.min, lengths.max.max(1)), words)
}
