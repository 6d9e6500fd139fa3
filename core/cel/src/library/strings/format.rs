//! `format`: text with clauses such as `%s` and `%.2f`.

use std::fmt::{self, Write as _};

use bumpalo::collections::String as ArenaString;

use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::library::time::{DurationText, TimestampText};
use crate::value::{List, Map, Val};

/// Digits after the point where the clause does not say.
const PRECISION: usize = 6;
/// The most digits after the point that a clause may ask for.
const MAX_PRECISION: usize = 1_000;
/// The longest text of a number without a precision, as bytes to pay for.
const NUMBER: usize = 350;

const STRING: ErrorKind = ErrorKind::InvalidArgument(
    "%s formats only strings, bools, bytes, numbers, null, types, lists, maps, durations and timestamps",
);

pub(super) fn format<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Str(template), Val::List(values)] = args else { return Err(ErrorKind::NoSuchOverload.into()) };
    cx.pay_bytes(template.len())?;
    let mut out = Output { cx, text: ArenaString::with_capacity_in(template.len(), cx.arena) };
    let mut rest = *template;
    let mut next = 0;
    while let Some((before, clause)) = rest.split_once('%') {
        out.text.push_str(before);
        if let Some(after) = clause.strip_prefix('%') {
            out.text.push('%');
            rest = after;
            continue;
        }
        let value = values.get(next).ok_or(ErrorKind::InvalidArgument("the format has more clauses than values"))?;
        next += 1;
        rest = out.clause(clause, value)?;
    }
    out.text.push_str(rest);
    Ok(Val::Str(out.text.into_bump_str()))
}

/// Text that pays for what is added to it.
struct Output<'c, 'a> {
    cx: &'c Context<'a>,
    text: ArenaString<'a>,
}

impl Output<'_, '_> {
    /// Adds one value, formatted by the clause after its `%`; gives what follows the clause.
    fn clause<'t>(&mut self, clause: &'t str, value: Val<'_>) -> Result<&'t str> {
        self.cx.pay(1)?;
        let (precision, clause) = precision(clause)?;
        let mut chars = clause.chars();
        match chars.next() {
            Some('s') => self.string(value)?,
            Some('d') => self.decimal(value)?,
            Some('f') => self.fixed(value, precision)?,
            Some('e') => self.scientific(value, precision)?,
            Some('b') => self.binary(value)?,
            Some('o') => self.octal(value)?,
            Some('x') => self.hex(value, false)?,
            Some('X') => self.hex(value, true)?,
            Some(_) => return Err(ErrorKind::InvalidArgument("the format has an unknown clause").into()),
            None => return Err(ErrorKind::InvalidArgument("the format ends within a clause").into()),
        }
        Ok(chars.as_str())
    }

    /// Adds text.
    fn push(&mut self, text: &str) -> Result<()> {
        self.cx.pay_bytes(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    /// Adds text of no more than `most` bytes.
    fn print(&mut self, most: usize, text: fmt::Arguments<'_>) -> Result<()> {
        self.cx.pay_bytes(most)?;
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(text);
        Ok(())
    }

    /// A whole number in base 2, 8 or 16; negative ones with a sign.
    fn based(&mut self, negative: bool, digits: fmt::Arguments<'_>) -> Result<()> {
        self.push(if negative { "-" } else { "" })?;
        self.print(64, digits)
    }

    fn string(&mut self, value: Val<'_>) -> Result<()> {
        match value {
            Val::Str(s) => self.push(s),
            Val::Bool(b) => self.push(if b { "true" } else { "false" }),
            Val::Null => self.push("null"),
            Val::Int(_) | Val::Uint(_) | Val::Double(_) => self.decimal(value),
            Val::Bytes(b) => {
                self.cx.pay_bytes(b.len())?;
                let text = std::str::from_utf8(b).map_err(|_| ErrorKind::Conversion("the bytes are not UTF-8"))?;
                self.push(text)
            }
            Val::Timestamp(t) => self.print(32, format_args!("{}", TimestampText(t))),
            Val::Duration(d) => self.print(32, format_args!("{}", DurationText(d))),
            Val::Type(name) => self.push(name.0),
            Val::List(list) => self.list(list),
            Val::Map(map) => self.map(map),
            Val::Optional(_) | Val::Ip(_) | Val::Cidr(_) => Err(STRING.into()),
        }
    }

    fn list(&mut self, list: List<'_>) -> Result<()> {
        self.push("[")?;
        for (i, item) in list.iter().enumerate() {
            self.cx.pay(1)?;
            self.push(if i == 0 { "" } else { ", " })?;
            self.string(item)?;
        }
        self.push("]")
    }

    /// The entries sorted by the text of their keys.
    fn map(&mut self, map: Map<'_>) -> Result<()> {
        self.cx.pay(map.len() as u64)?;
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map.iter() {
            let key = match key {
                Val::Str(s) => {
                    self.cx.pay_bytes(s.len())?;
                    s.to_owned()
                }
                Val::Bool(b) => b.to_string(),
                Val::Int(i) => i.to_string(),
                Val::Uint(u) => u.to_string(),
                _ => return Err(STRING.into()),
            };
            entries.push((key, value));
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        self.push("{")?;
        for (i, (key, value)) in entries.iter().enumerate() {
            self.push(if i == 0 { "" } else { ", " })?;
            self.push(key)?;
            self.push(": ")?;
            self.string(*value)?;
        }
        self.push("}")
    }

    fn decimal(&mut self, value: Val<'_>) -> Result<()> {
        match value {
            Val::Int(i) => self.print(20, format_args!("{i}")),
            Val::Uint(u) => self.print(20, format_args!("{u}")),
            Val::Double(d) if d.is_finite() => self.print(NUMBER, format_args!("{d}")),
            Val::Double(d) => self.push(not_finite(d)),
            _ => Err(ErrorKind::InvalidArgument("%d formats only numbers").into()),
        }
    }

    fn fixed(&mut self, value: Val<'_>, precision: usize) -> Result<()> {
        let d = double(value).ok_or(ErrorKind::InvalidArgument("%f formats only numbers"))?;
        if !d.is_finite() {
            return self.push(not_finite(d));
        }
        self.print(NUMBER + precision, format_args!("{d:.precision$}"))
    }

    fn scientific(&mut self, value: Val<'_>, precision: usize) -> Result<()> {
        let d = double(value).ok_or(ErrorKind::InvalidArgument("%e formats only numbers"))?;
        if !d.is_finite() {
            return self.push(not_finite(d));
        }
        self.cx.pay_bytes(NUMBER + precision)?;
        let text = format!("{d:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        self.print(0, format_args!("{digits}e{sign}{:02}", exponent.unsigned_abs()))
    }

    fn binary(&mut self, value: Val<'_>) -> Result<()> {
        match value {
            Val::Bool(b) => self.push(if b { "1" } else { "0" }),
            Val::Int(i) => self.based(i < 0, format_args!("{:b}", i.unsigned_abs())),
            Val::Uint(u) => self.based(false, format_args!("{u:b}")),
            _ => Err(ErrorKind::InvalidArgument("%b formats only ints, uints and bools").into()),
        }
    }

    fn octal(&mut self, value: Val<'_>) -> Result<()> {
        match value {
            Val::Int(i) => self.based(i < 0, format_args!("{:o}", i.unsigned_abs())),
            Val::Uint(u) => self.based(false, format_args!("{u:o}")),
            _ => Err(ErrorKind::InvalidArgument("%o formats only ints and uints").into()),
        }
    }

    fn hex(&mut self, value: Val<'_>, upper: bool) -> Result<()> {
        match value {
            Val::Int(i) if upper => self.based(i < 0, format_args!("{:X}", i.unsigned_abs())),
            Val::Int(i) => self.based(i < 0, format_args!("{:x}", i.unsigned_abs())),
            Val::Uint(u) if upper => self.based(false, format_args!("{u:X}")),
            Val::Uint(u) => self.based(false, format_args!("{u:x}")),
            Val::Str(s) => self.hex_bytes(s.as_bytes(), upper),
            Val::Bytes(b) => self.hex_bytes(b, upper),
            _ => Err(ErrorKind::InvalidArgument("%x formats only ints, uints, strings and bytes").into()),
        }
    }

    fn hex_bytes(&mut self, bytes: &[u8], upper: bool) -> Result<()> {
        let len = bytes.len().saturating_mul(2);
        self.cx.pay_bytes(len)?;
        self.text.reserve(len);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                self.text.push(if upper { digit.to_ascii_uppercase() } else { digit });
            }
        }
        Ok(())
    }
}

/// The precision at the start of a clause, `.3`, and what follows it.
fn precision(clause: &str) -> Result<(usize, &str)> {
    const INVALID: ErrorKind = ErrorKind::InvalidArgument("the format has a precision that is not a number up to 1000");
    let Some(digits) = clause.strip_prefix('.') else { return Ok((PRECISION, clause)) };
    let end = digits.find(|c: char| !c.is_ascii_digit()).ok_or(INVALID)?;
    let (digits, rest) = digits.split_at_checked(end).ok_or(INVALID)?;
    match digits.parse() {
        Ok(precision) if precision <= MAX_PRECISION => Ok((precision, rest)),
        _ => Err(INVALID.into()),
    }
}

fn double(value: Val<'_>) -> Option<f64> {
    match value {
        Val::Double(d) => Some(d),
        #[expect(clippy::cast_precision_loss, reason = "a double is what the clause prints")]
        Val::Int(i) => Some(i as f64),
        #[expect(clippy::cast_precision_loss, reason = "a double is what the clause prints")]
        Val::Uint(u) => Some(u as f64),
        _ => None,
    }
}

fn not_finite(d: f64) -> &'static str {
    if d.is_nan() {
        "NaN"
    } else if d > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
