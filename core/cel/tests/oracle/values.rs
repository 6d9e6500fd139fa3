//! The variables of generated expressions, and values and literals with many edge cases among them.

use std::fmt::Write;

use super::answer::Value;
use super::rng::Rng;
use super::tree::{Tree, quoted};
use super::types::{self, Ty};

/// The names of the variables and their types.
const VARIABLES: [(&str, &str); 28] = [
    ("b", "bool"),
    ("c", "bool"),
    ("i", "int"),
    ("j", "int"),
    ("u", "uint"),
    ("w", "uint"),
    ("d", "double"),
    ("e", "double"),
    ("s", "string"),
    ("r", "string"),
    ("y", "bytes"),
    ("t", "timestamp"),
    ("q", "timestamp"),
    ("p", "duration"),
    ("li", "list(int)"),
    ("ls", "list(string)"),
    ("lb", "list(bool)"),
    ("ld", "list(double)"),
    ("lu", "list(uint)"),
    ("ly", "list(bytes)"),
    ("lt", "list(timestamp)"),
    ("lli", "list(list(int))"),
    ("lm", "list(map(string, int))"),
    ("msi", "map(string, int)"),
    ("mss", "map(string, string)"),
    ("mis", "map(int, string)"),
    ("mub", "map(uint, bool)"),
    ("msl", "map(string, list(int))"),
];

/// The variables and their types.
pub fn variables() -> Vec<(&'static str, Ty)> {
    VARIABLES.iter().map(|(name, ty)| (*name, types::parse(ty))).collect()
}

const INTS: [i64; 22] = [
    0,
    0,
    1,
    1,
    -1,
    2,
    3,
    7,
    -3,
    10,
    60,
    100,
    1000,
    86_400,
    1_700_000_000,
    253_402_300_800,
    9_007_199_254_740_993,
    4_294_967_296,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    -i64::MAX,
];
const UINTS: [u64; 14] =
    [0, 0, 1, 1, 2, 3, 7, 10, 100, 4_294_967_296, 9_223_372_036_854_775_808, i64::MAX as u64, u64::MAX, u64::MAX - 1];
const DOUBLES: [f64; 24] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1.5,
    2.0,
    -2.5,
    3.0,
    0.1,
    1e3,
    100.0,
    1e15,
    123_456_789.0,
    1e21,
    1e-7,
    1e300,
    -1e300,
    9_007_199_254_740_992.0,
    9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
    f64::MIN_POSITIVE,
    5e-324,
    1.797_693_134_862_315_7e308,
];
const STRINGS: [&str; 34] = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "A",
    "Hello, World",
    "hello world",
    "key",
    "0",
    "1",
    "-1",
    "42",
    "007",
    "+5",
    "1.5",
    "-1e3",
    "true",
    "false",
    "True",
    "TRUE",
    "t",
    " 1",
    "9223372036854775808",
    "é",
    "日本語",
    "🦀",
    "e\u{301}",
    "ß İ",
    "a\nb",
    "it's",
    "back\\slash",
    "NaN",
    "18446744073709551615",
];
const TIMES: [&str; 16] = [
    "1970-01-01T00:00:00Z",
    "2024-02-29T12:34:56Z",
    "2024-02-29T12:34:56.789Z",
    "2023-12-31T23:59:59.999999999Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999999Z",
    "1969-12-31T23:59:59.5Z",
    "2024-03-10T02:30:00-08:00",
    "2024-01-01T00:00:00+14:00",
    "2000-01-01T05:30:00+05:30",
    "0000-01-01T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-01-01",
    "2024-01-01T24:00:00Z",
    "not a time",
];
const SPANS: [&str; 22] = [
    "0s",
    "1s",
    "-1s",
    "90s",
    "1m30s",
    "1h",
    "24h",
    "1.5h",
    "100ms",
    "1us",
    "1ns",
    "-1.5s",
    "1h1m1s1ms1us1ns",
    "999999h",
    "2562047h47m16.854775807s",
    "315576000000s",
    "0",
    "1",
    "s",
    "1d",
    "1h 1m",
    "",
];
/// `(seconds, nanoseconds)`
const INSTANTS: [(i64, u32); 10] = [
    (0, 0),
    (1_709_210_096, 0),
    (1_709_210_096, 789_000_000),
    (1_704_067_199, 999_999_999),
    (-62_135_596_800, 0),
    (253_402_300_799, 0),
    (253_402_300_799, 999_999_999),
    (-1, 500_000_000),
    (951_782_400, 0),
    (1_000_000_000, 1),
];
const NANOS: [i64; 12] = [
    0,
    1,
    -1,
    1_000_000_000,
    -1_000_000_000,
    90_000_000_000,
    3_600_000_000_000,
    86_400_000_000_000,
    -1_500_000_000,
    123_456_789,
    i64::MAX,
    i64::MIN + 1,
];
/// Names that maps with string keys often have, and some that they do not.
pub const KEYS: [&str; 5] = ["a", "b", "key", "x1", "zz"];

/// A value of type `ty`.
pub fn value(ty: &Ty, rng: &mut Rng) -> Value {
    match ty {
        Ty::Null => Value::Null,
        Ty::Bool => Value::Bool(rng.chance(50)),
        Ty::Int => Value::Int(if rng.chance(30) { *rng.pick(&INTS) } else { rng.next() as i64 % 12 }),
        Ty::Uint => Value::Uint(if rng.chance(30) { *rng.pick(&UINTS) } else { rng.next() % 12 }),
        Ty::Double => Value::Double(match rng.below(20) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3..=6 => (rng.next() as i64 % 1000) as f64 / 8.0,
            _ => *rng.pick(&DOUBLES),
        }),
        Ty::String => Value::String(match rng.below(8) {
            0 => (*rng.pick(&KEYS)).to_string(),
            _ => (*rng.pick(&STRINGS)).to_string(),
        }),
        Ty::Bytes => Value::Bytes(match rng.below(6) {
            0 => vec![0xff, 0xfe],
            1 => vec![0],
            _ => rng.pick(&STRINGS).as_bytes().to_vec(),
        }),
        Ty::Timestamp => {
            let (seconds, nanos) = *rng.pick(&INSTANTS);
            Value::Timestamp(seconds, nanos)
        }
        Ty::Duration => Value::Duration(i128::from(*rng.pick(&NANOS))),
        Ty::List(item) => Value::List((0..rng.below(5)).map(|_| value(item, rng)).collect()),
        Ty::Map(key, item) => {
            let mut entries: Vec<(Value, Value)> = Vec::new();
            for _ in 0..rng.below(8) {
                let key = match **key {
                    Ty::String if rng.chance(80) => Value::String((*rng.pick(&KEYS)).to_string()),
                    ref key => value(key, rng),
                };
                if entries.iter().all(|(other, _)| *other != key) {
                    entries.push((key, value(item, rng)));
                }
            }
            Value::Map(entries)
        }
        Ty::Var(letter) => panic!("{letter} is not bound"),
    }
}

/// A literal of the type `ty`, lists and maps excepted.
pub fn literal(ty: &Ty, rng: &mut Rng) -> Tree {
    let (precedence, text) = match ty {
        Ty::Null => (8, "null".to_string()),
        Ty::Int => match value(&Ty::Int, rng) {
            Value::Int(i) if i >= 0 && rng.chance(10) => (8, format!("0x{i:x}")),
            Value::Int(i) => (if i < 0 { 6 } else { 8 }, i.to_string()),
            other => panic!("{other:?}"),
        },
        Ty::Uint => match value(&Ty::Uint, rng) {
            Value::Uint(u) if rng.chance(10) => (8, format!("0x{u:X}u")),
            Value::Uint(u) => (8, format!("{u}{}", if rng.chance(90) { "u" } else { "U" })),
            other => panic!("{other:?}"),
        },
        Ty::Double => match rng.below(10) {
            0 => (8, (*rng.pick(&[".5", "1e3", "1E+2", "2.50", "1.0e-3", "1e400", "0e0"])).to_string()),
            _ => {
                let d = *rng.pick(&DOUBLES);
                (if d.is_sign_negative() { 6 } else { 8 }, format!("{d:?}"))
            }
        },
        Ty::Bool => (8, rng.chance(50).to_string()),
        Ty::String => (8, string_literal(rng)),
        Ty::Bytes => (8, bytes_literal(rng)),
        Ty::Timestamp => (8, format!("timestamp('{}')", rng.pick(&TIMES))),
        Ty::Duration => (8, format!("duration('{}')", rng.pick(&SPANS))),
        Ty::List(_) => (8, "[]".to_string()),
        Ty::Map(..) => (8, "{}".to_string()),
        Ty::Var(letter) => panic!("{letter} is not bound"),
    };
    Tree::leaf(ty.clone(), precedence, text)
}

fn string_literal(rng: &mut Rng) -> String {
    let text = *rng.pick(&STRINGS);
    match rng.below(12) {
        0 if !text.contains(['\\', '\n', '"']) => format!("\"{text}\""),
        1 if !text.contains(['\'', '\n']) => format!("r'{text}'"),
        2 if !text.contains('\\') => format!("\"\"\"{text}\"\"\""),
        3 => {
            let mut out = String::from("'");
            for c in text.chars() {
                match u32::from(c) {
                    n @ 0..0x80 if rng.chance(50) => write!(out, "\\x{n:02x}").unwrap(),
                    n @ 0..0x100 if rng.chance(50) => write!(out, "\\{n:03o}").unwrap(),
                    n @ 0..0x1_0000 if rng.chance(70) => write!(out, "\\u{n:04X}").unwrap(),
                    n => write!(out, "\\U{n:08x}").unwrap(),
                }
            }
            out + "'"
        }
        4 => (*rng.pick(&["'\\a\\b\\f\\n\\r\\t\\v'", "'\\\\\\?\\\"\\`'", "'\\x41\\X42'"])).to_string(),
        _ => quoted(text),
    }
}

fn bytes_literal(rng: &mut Rng) -> String {
    match rng.below(8) {
        0 => (*rng.pick(&["b'\\xff'", "b'\\377\\000'", "B\"ab\"", "br'a\\n'", "b'''x'''", "b'\\x00'"])).to_string(),
        _ => {
            let text = *rng.pick(&STRINGS);
            format!("b{}", quoted(text))
        }
    }
}

/// Expressions of type `ty` that are as simple as can be, to put in the place of others.
pub fn simplest(ty: &Ty) -> Vec<Tree> {
    let texts: &[&str] = match ty {
        Ty::Null => &["null"],
        Ty::Bool => &["true", "false"],
        Ty::Int => &["0", "1"],
        Ty::Uint => &["0u", "1u"],
        Ty::Double => &["0.0", "1.0"],
        Ty::String => &["''", "'a'"],
        Ty::Bytes => &["b''"],
        Ty::Timestamp => &["timestamp(0)"],
        Ty::Duration => &["duration('0s')"],
        Ty::List(_) => &["[]"],
        Ty::Map(..) => &["{}"],
        Ty::Var(_) => &[],
    };
    texts.iter().map(|text| Tree::leaf(ty.clone(), 8, *text)).collect()
}
