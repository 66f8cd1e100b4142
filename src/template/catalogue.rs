//! The table of generators: the one place that says what a template can call, from which calls, help and documentation follow.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::args::{GeneratorInfo, Parameter, Plain};
use super::datum::Kind;
use super::generators::{
    chance, faked, internet, lorem, names, numbers, pattern, quantiles, time, web, words,
};

macro_rules! generators {
    ($($group:literal { $(
        $name:ident($($parameter:ident $(= $default:literal)?),*) $($localized:ident)? -> $kind:ident $about:literal
        $(example $example:literal)? => $prepare:expr;
    )+ })+) => {
        /// Every generator, grouped, in the order of the documentation.
        static CATALOGUE: &[GeneratorInfo] = &[$($(
            GeneratorInfo {
                name: stringify!($name),
                group: $group,
                parameters: &[$(Parameter { name: stringify!($parameter), default: generators!(@default $($default)?) }),*],
                localized: generators!(@localized $($localized)?),
                about: $about,
                example: generators!(@example $name $($example)?),
                gives: Kind::$kind,
                prepare: $prepare,
            },
        )+)+];
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@localized) => { false };
    (@localized localized) => { true };
    (@example $name:ident) => { concat!(stringify!($name), "()") };
    (@example $name:ident $example:literal) => { $example };
}

/// Stands where another room prepares the generator.
const ELSEWHERE: Plain = |args| {
    Err(super::args::ArgFault::new(
        0,
        format!("{}(...) needs arguments that are known beforehand", args.info.name),
    ))
};

generators! {
    "names" {
        name() localized -> Text "first and last name" => names::name;
        first_name() localized -> Text "first name" => words!(NAME_FIRST_NAME);
        last_name() localized -> Text "last name" => words!(NAME_LAST_NAME);
        title() localized -> Text "form of address, such as Dr." => words!(NAME_TITLE);
        suffix() localized -> Text "what follows a name, such as Jr." => words!(NAME_SUFFIX);
        name_with_title() localized -> Text "title, first and last name" => names::name_with_title;
    }
    "internet" {
        email() localized -> Text "e-mail address at a domain that belongs to nobody" => internet::email;
        free_email() localized -> Text "e-mail address at a free provider" => internet::free_email;
        safe_email() localized -> Text "short e-mail address at a domain that belongs to nobody" => internet::safe_email;
        username() localized -> Text "user name" => internet::username;
        password(min = "8", max = "16") localized -> Text "password of min to max signs" example "password(8, 16)" => internet::password;
        domain() localized -> Text "domain name" => internet::domain;
        domain_suffix() localized -> Text "top-level domain" => words!(INTERNET_DOMAIN_SUFFIX);
        url() localized -> Text "web address" => internet::url;
        ipv4() -> Text "IPv4 address" => web::ipv4;
        ipv6() -> Text "IPv6 address" => web::ipv6;
        ip() -> Text "IPv4 or IPv6 address" => web::ip;
        mac_address() -> Text "hardware address" => web::mac_address;
        user_agent() localized -> Text "what a browser calls itself" => words!(INTERNET_USER_AGENT);
        color() -> Text "colour, such as #1e90ff" => web::color;
        rgb_color() -> Text "colour, such as rgb(30, 144, 255)" => web::rgb_color;
        rfc_status_code() -> Integer "HTTP status code of an RFC" => web::rfc_status_code;
        valid_status_code() -> Integer "HTTP status code from 100 to 599" => web::valid_status_code;
    }
    "company" {
        company_name() localized -> Text "name of a company" => faked!(company::CompanyName);
        company_suffix() localized -> Text "legal form, such as Inc" => words!(COMPANY_SUFFIX);
        catch_phrase() localized -> Text "what a company claims" => names::catch_phrase;
        buzzword() localized -> Text "first word of a catch phrase" => words!(COMPANY_BUZZWORD_HEAD);
        bs() localized -> Text "what a company says it does" => names::bs;
        industry() localized -> Text "branch of industry" => words!(COMPANY_INDUSTRY);
        profession() localized -> Text "profession" => words!(COMPANY_PROFESSION);
        job_title() localized -> Text "title of a job" => names::job_title;
        job_field() localized -> Text "field of a job" => words!(JOB_FIELD);
        job_seniority() localized -> Text "seniority of a job" => words!(JOB_SENIORITY);
        job_position() localized -> Text "position of a job" => words!(JOB_POSITION);
    }
    "address" {
        address() localized -> Text "number, street, post code and city" => names::address;
        street_address() localized -> Text "number and street" => names::street_address;
        street_name() localized -> Text "street" => faked!(address::StreetName);
        street_suffix() localized -> Text "kind of street" => words!(ADDRESS_STREET_SUFFIX);
        building_number() localized -> Text "number of a house" => faked!(address::BuildingNumber);
        secondary_address() localized -> Text "apartment or suite" => faked!(address::SecondaryAddress);
        city() localized -> Text "city" => faked!(address::CityName);
        city_prefix() localized -> Text "beginning of a city's name" => words!(ADDRESS_CITY_PREFIX);
        city_suffix() localized -> Text "end of a city's name" => words!(ADDRESS_CITY_SUFFIX);
        state() localized -> Text "state or province" => words!(ADDRESS_STATE);
        state_abbr() localized -> Text "abbreviated state" => words!(ADDRESS_STATE_ABBR);
        zip() localized -> Text "ZIP code" => faked!(address::ZipCode);
        post_code() localized -> Text "post code" => faked!(address::PostCode);
        country() localized -> Text "country" => words!(ADDRESS_COUNTRY);
        country_code() localized -> Text "country as two letters" => words!(ADDRESS_COUNTRY_CODE);
        latitude() -> Real "degrees north, -90 to 90" => numbers::latitude;
        longitude() -> Real "degrees east, -180 to 180" => numbers::longitude;
        geohash(signs = "8") -> Text "cell of the earth as so many signs" example "geohash(8)" => web::geohash;
        time_zone() localized -> Text "time zone, such as Europe/Berlin" => words!(ADDRESS_TIME_ZONE);
        phone_number() localized -> Text "telephone number" => faked!(phone_number::PhoneNumber);
        cell_number() localized -> Text "mobile telephone number" => faked!(phone_number::CellNumber);
    }
    "lorem" {
        word() localized -> Text "one word" => words!(LOREM_WORD);
        text(min = "20", max = "80", mean = "", per = "") localized -> Text "words of min to max characters together, about a mean, exactly so in each `per` rows" example "text(20, 400, 60)" => lorem::text;
        words(min = "3", max = "6") localized -> Text "min to max words" example "words(3, 6)" => lorem::words;
        sentence(min = "4", max = "9") localized -> Text "sentence of min to max words" example "sentence(4, 8)" => lorem::sentence;
        sentences(min = "4", max = "6") localized -> Text "min to max sentences" example "sentences(2, 4)" => lorem::paragraph;
        paragraph(min = "4", max = "6") localized -> Text "paragraph of min to max sentences" example "paragraph(4, 6)" => lorem::paragraph;
        paragraphs(min = "2", max = "4") localized -> Text "min to max paragraphs" example "paragraphs(2, 4)" => lorem::paragraphs;
    }
    "finance" {
        bic() -> Text "code of a bank" => faked!(finance::Bic);
        isin() -> Text "number of a security" => faked!(finance::Isin);
        credit_card() -> Text "number of a credit card" => faked!(creditcard::CreditCardNumber);
        currency_code() localized -> Text "currency as three letters" => words!(CURRENCY_CODE);
        currency_name() localized -> Text "currency" => words!(CURRENCY_NAME);
        currency_symbol() localized -> Text "sign of a currency" => words!(CURRENCY_SYMBOL);
    }
    "files" {
        file_path() localized -> Text "path of a file" => web::file_path;
        file_name() localized -> Text "name of a file" => faked!(filesystem::FileName);
        file_extension() localized -> Text "extension of a file" => words!(PATH_EXTENSIONS);
        dir_path() localized -> Text "path of a directory" => web::dir_path;
        mime_type() -> Text "media type" => faked!(filesystem::MimeType);
        semver() -> Text "version of a program" => faked!(filesystem::Semver);
    }
    "barcodes" {
        isbn() -> Text "number of a book" => faked!(barcode::Isbn);
        isbn10() -> Text "number of a book, 10 digits" => faked!(barcode::Isbn10);
        isbn13() -> Text "number of a book, 13 digits" => faked!(barcode::Isbn13);
    }
    "identifiers" {
        uuid4() -> Text "random UUID" => web::uuid4;
        uuid7() -> Text "UUID that grows with the row, a millisecond each" => web::uuid7;
        ulid() -> Text "identifier of 26 signs that grows with the row, a millisecond each" => web::ulid;
        seq(start = "1", step = "1") -> Integer "start, start + step, … from row to row" example "seq(100, 10)" => numbers::seq;
        pattern(pattern) -> Text "text of that shape: classes, \\d, \\w, {n}, {n,m}, ?" example "pattern(\"[A-Z]{3}-[0-9]{4}\")" => pattern::pattern;
        chars(min = "8", max = "", mean = "", set = "\"a-z0-9\"", per = "") -> Text "min to max signs of a set, about a mean, exactly so in each `per` rows" example "chars(3, 12, 5.5, \"A-Z0-9\")" => pattern::chars;
        hex(digits = "16") -> Text "so many hexadecimal digits" example "hex(16)" => numbers::hex;
        digits(count = "8") -> Text "so many decimal digits" example "digits(6)" => numbers::digits;
        unique(value) -> Any "the value, made different in every row" example "unique(email())" => ELSEWHERE;
    }
    "time" {
        date(from = "\"2020-01-01\"", to = "\"2025-12-31\"") -> Text "day, such as 2024-05-06" example "date(\"2024-01-01\", \"2024-12-31\")" => time::date;
        datetime(from = "\"2020-01-01\"", to = "\"2025-12-31\"") -> Text "moment, such as 2024-05-06T07:08:09Z" example "datetime(\"2024-01-01\", \"2024-12-31\")" => time::datetime;
        time() -> Text "time of day, such as 07:08:09" => time::time;
        timestamp(from = "\"2020-01-01\"", to = "\"2025-12-31\"") -> Integer "moment in seconds since 1970" example "timestamp(\"2024-01-01\", \"2024-12-31\")" => time::timestamp;
    }
    "numbers" {
        int(low, high, distribution = "\"uniform\"") -> Integer "integer from low to high" example "int(1, 100)" => numbers::int;
        float(low = "0", high = "1", digits = "") -> Real "number from low to high, rounded to digits after the point" example "float(0, 100, 2)" => numbers::float;
        normal(mean = "0", deviation = "1") -> Real "number around a mean" example "normal(170, 10)" => numbers::normal;
        quantiles(points, digits = "") -> Real "number whose quantiles are the points, evenly spaced: least, …, median, …, greatest" example "quantiles([0, 3, 20, 500])" => quantiles::quantiles;
        bool(p = "0.5") -> Bool "true with probability p" example "bool(0.2)" => numbers::bool;
        bytes(min = "16", max = "", mean = "", per = "") -> Blob "min to max random bytes, about a mean, exactly so in each `per` rows; each may be a size such as \"320KiB\"" example "bytes(64)" => numbers::bytes;
        size(text) -> Integer "number of bytes that a size says" example "size(\"320KiB\")" => numbers::size;
    }
    "choices" {
        choice(values, distribution = "\"uniform\"") -> Any "one of the values" example "choice([\"new\", \"paid\", \"sent\"])" => chance::choice;
        weighted(weights, per = "", in_order = "false") -> Any "one of the names, or of the values of [value, weight] pairs, in proportion to its weight; exactly so in each `per` rows, which each pair then numbers on its own, one pair after the other with `in_order`" example "weighted({\"free\": 9, \"paid\": 1})" => chance::weighted;
        maybe(p, value, per = "", otherwise = "") -> Any "the value with probability p, otherwise null or what is given; exactly so in each `per` rows, those with the value then numbered on their own" example "maybe(0.3, phone_number())" => chance::maybe;
        among(count, value) -> Any "one of count values, each equally often; the first count rows have all of them" example "among(50, city())" => ELSEWHERE;
        runs(rows, value) -> Any "the value, made anew every so many rows and the same in between" example "runs(4.5, datetime())" => ELSEWHERE;
        cycle(count, value) -> Any "count values, one after the other, and again from the first" example "cycle(3, row)" => ELSEWHERE;
        json(value) -> Text "the value as JSON" example "json({\"name\": name(), \"age\": int(18, 90)})" => chance::json;
        line(file, distribution = "\"uniform\"") -> Text "one line of a text file" example "line(\"words.txt\")" => ELSEWHERE;
    }
    "references" {
        ref(target, distribution = "\"uniform\"", fan_out = "", share = "", rows = "") -> Any "value of a column in a row that exists" example "ref(\"users.id\")" => ELSEWHERE;
    }
}

/// Every generator, grouped.
pub fn catalogue() -> &'static [GeneratorInfo] {
    CATALOGUE
}

/// The generator of that name.
pub(super) fn find(name: &str) -> Option<&'static GeneratorInfo> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static GeneratorInfo>> =
        LazyLock::new(|| CATALOGUE.iter().map(|info| (info.name, info)).collect());
    BY_NAME.get(name).copied()
}
