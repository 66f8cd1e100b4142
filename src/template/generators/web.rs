//! Addresses of machines, colours, status codes, and UUIDs.

use std::fmt::Write;

use crate::template::Distinct;
use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::{Piece, Run, write_hex};

pub(in crate::template) fn ipv4(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(write_ipv4))
}

pub(in crate::template) fn ipv6(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(write_ipv6))
}

pub(in crate::template) fn ip(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(|run| if run.draw.below(2) == 0 { write_ipv4(run) } else { write_ipv6(run) }))
}

fn write_ipv4(run: &mut Run<'_>) {
    let address = std::net::Ipv4Addr::from((run.draw.bits() >> 32) as u32);
    let _never = write!(run.text, "{address}");
}

fn write_ipv6(run: &mut Run<'_>) {
    let bits = (u128::from(run.draw.bits()) << 64) | u128::from(run.draw.bits());
    let _never = write!(run.text, "{}", std::net::Ipv6Addr::from(bits));
}

pub(in crate::template) fn mac_address(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(|run| {
        let bytes = run.draw.bits().to_le_bytes();
        for (index, byte) in bytes[..6].iter().enumerate() {
            if index > 0 {
                run.text.push(':');
            }
            write_hex(run.text, *byte);
        }
    }))
}

pub(in crate::template) fn color(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::counted(1 << 24, |run, index| {
        let start = run.text.len();
        run.text.push('#');
        index.to_be_bytes()[13..].iter().for_each(|byte| write_hex(run.text, *byte));
        Piece::Text(start)
    }))
}

pub(in crate::template) fn rgb_color(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(|run| {
        let [red, green, blue, ..] = run.draw.bits().to_le_bytes();
        let _never = write!(run.text, "rgb({red}, {green}, {blue})");
    }))
}

/// The codes of RFC 9110 and of the registry's other RFCs.
const STATUS_CODES: [u16; 62] = [
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307,
    308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421,
    422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
];

pub(in crate::template) fn rfc_status_code(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::counted(STATUS_CODES.len() as u128, |_, index| {
        Piece::Integer(i64::from(STATUS_CODES[index as usize]))
    }))
}

pub(in crate::template) fn valid_status_code(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::counted(500, |_, index| Piece::Integer(100 + index as i64)))
}

pub(in crate::template) fn uuid4(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(|run| {
        let (high, low) = (run.draw.bits(), run.draw.bits());
        write_uuid(run.text, (high & !0xf000) | 0x4000, low);
    })
    .distinct(Distinct::Unique))
}

/// 2024-01-01T00:00:00Z in milliseconds: the time of row 0.
const EPOCH_MS: u64 = 1_704_067_200_000;

pub(in crate::template) fn uuid7(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(|run| {
        let high = (EPOCH_MS.wrapping_add(run.row) << 16) | 0x7000 | (run.draw.bits() & 0x0fff);
        let low = run.draw.bits();
        write_uuid(run.text, high, low);
    })
    .distinct(Distinct::Unique)
    .uses_row())
}

fn write_uuid(out: &mut String, high: u64, low: u64) {
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    for (index, byte) in high.to_be_bytes().into_iter().chain(low.to_be_bytes()).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        write_hex(out, byte);
    }
}

/// Crockford's digits.
const BASE_32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

pub(in crate::template) fn ulid(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::text(|run| {
        let time = u128::from(EPOCH_MS.wrapping_add(run.row) & ((1 << 48) - 1));
        let random = (u128::from(run.draw.bits() & 0xffff) << 64) | u128::from(run.draw.bits());
        let number = (time << 80) | random;
        for place in (0..26).rev() {
            let digit = (number >> (5 * place)) as usize & 31;
            run.text.push(char::from(BASE_32[digit]));
        }
    })
    .distinct(Distinct::Unique)
    .uses_row())
}

/// A cell of the earth: the signs are those of geohash.org.
pub(in crate::template) fn geohash(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    const SIGNS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let signs = args.integer(0)?.unwrap_or(8);
    if !(1..=12).contains(&signs) {
        return Err(ArgFault::new(0, format!("a geohash has 1 to 12 signs, not {signs}"))
            .help("write geohash(8), a cell of about 40 by 20 metres"));
    }
    Ok(Prepared::counted(1 << (5 * signs), move |run, index| {
        let start = run.text.len();
        for place in (0..signs).rev() {
            run.text.push(char::from(SIGNS[(index >> (5 * place)) as usize & 31]));
        }
        Piece::Text(start)
    }))
}

/// `/home/thing/life.mp3`, with forward slashes on every system.
pub(in crate::template) fn file_path(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    use fake::locales::Data;
    let (segments, extensions) =
        crate::template::locale::per_locale!(args.locale, L => (L::PATH_SEGMENTS, L::PATH_EXTENSIONS));
    Ok(Prepared::text(move |run| {
        write_directories(run, segments);
        run.text.push('.');
        run.text.push_str(run.draw.word(extensions));
    }))
}

pub(in crate::template) fn dir_path(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    use fake::locales::Data;
    let segments = crate::template::locale::per_locale!(args.locale, L => L::PATH_SEGMENTS);
    Ok(Prepared::text(move |run| write_directories(run, segments)))
}

fn write_directories(run: &mut Run<'_>, segments: &[&str]) {
    run.text.push_str(run.draw.word(&["/home", "/etc", "/usr", "/tmp", "/var"]));
    for _ in 0..run.draw.length(1, 3) {
        run.text.push('/');
        run.text.push_str(run.draw.word(segments));
    }
}
