//! Contexts as the JavaScript half writes them: JSON, but for strings, which are `"`, their length in UTF-16 code units, `:`, and
//! their units as they are.
//!
//! So no text is searched for what to escape, there or here. Of a string of 2 kB `JSON.stringify` alone takes 3.6 µs (Node 20),
//! all of a call with this form 0.4.

use bumpalo::Bump;
use bumpalo::collections::{String as BumpString, Vec as BumpVec};
use llm_policy_embed::MAX_INPUT_BYTES;
use llm_policy_embed::input::{Input, InputError, MAX_DEPTH, Paths, coerce};
use llm_policy_embed::slot::Slot;
use llm_policy_embed::value::{List, Map, Val};

/// A context in this form.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'u> {
    units: &'u [u16],
}

impl<'u> Frames<'u> {
    /// The context that these units say; they are checked when they are read.
    #[must_use]
    pub fn new(units: &'u [u16]) -> Self {
        Self { units }
    }
}

impl Input for Frames<'_> {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError> {
        // A text has at least as many bytes as units.
        if self.units.len() > MAX_INPUT_BYTES {
            return Err(refused(&format!("larger than {MAX_INPUT_BYTES} bytes")));
        }
        let mut reader = Reader { units: self.units, at: 0, arena };
        let value = reader.value(0)?;
        if reader.at < self.units.len() {
            return Err(broken("more than one value"));
        }
        let value: &Val<'a> = arena.alloc(value);
        value.fill(paths, slots, arena)
    }

    fn is_object(&self) -> bool {
        self.units.first() == Some(&u16::from(b'{'))
    }
}

/// What the JavaScript half never writes.
#[cold]
fn broken(what: &str) -> InputError {
    refused(&format!("not a context as this package writes it: {what}"))
}

#[cold]
fn refused(message: &str) -> InputError {
    InputError { message: message.to_owned(), offset: None }
}

struct Reader<'u, 'a> {
    units: &'u [u16],
    at: usize,
    arena: &'a Bump,
}

impl<'a> Reader<'_, 'a> {
    /// The unit here, if it is ASCII; else 0.
    #[inline]
    fn peek(&self) -> u8 {
        self.units.get(self.at).and_then(|unit| u8::try_from(*unit).ok()).unwrap_or(0)
    }

    #[inline]
    fn next(&mut self) -> u8 {
        let unit = self.peek();
        self.at += 1;
        unit
    }

    fn value(&mut self, depth: usize) -> Result<Val<'a>, InputError> {
        Ok(match self.peek() {
            b'"' => Val::Str(self.text()?),
            b'{' => self.object(depth)?,
            b'[' => self.list(depth)?,
            b't' => self.word("true", Val::Bool(true))?,
            b'f' => self.word("false", Val::Bool(false))?,
            b'n' => self.word("null", Val::Null)?,
            _ => self.number()?,
        })
    }

    fn word(&mut self, word: &str, value: Val<'a>) -> Result<Val<'a>, InputError> {
        let end = self.at + word.len();
        let here = self.units.get(self.at..end).unwrap_or_default();
        if !here.iter().copied().eq(word.encode_utf16()) {
            return Err(broken("an unknown word"));
        }
        self.at = end;
        Ok(value)
    }

    fn text(&mut self) -> Result<&'a str, InputError> {
        self.at += 1;
        let mut length: usize = 0;
        loop {
            match self.next() {
                digit @ b'0'..=b'9' => length = length.saturating_mul(10).saturating_add(usize::from(digit - b'0')),
                b':' => break,
                _ => return Err(broken("a length")),
            }
        }
        let end = self.at.saturating_add(length);
        let units = self.units.get(self.at..end).ok_or_else(|| broken("text beyond the end"))?;
        self.at = end;
        text(units, self.arena)
    }

    fn number(&mut self) -> Result<Val<'a>, InputError> {
        let rest = self.units.get(self.at..).unwrap_or_default();
        let ends = |unit: &u16| [b',', b']', b'}'].into_iter().any(|end| *unit == u16::from(end));
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let mut written = BumpString::with_capacity_in(length, self.arena);
        written.extend(rest.iter().take(length).map(|unit| char::from(u8::try_from(*unit).unwrap_or(b'?'))));
        self.at += length;
        if let Ok(int) = written.parse() {
            return Ok(Val::Int(int));
        }
        if let Ok(uint) = written.parse() {
            return Ok(coerce::unsigned(uint));
        }
        // `NaN` and `Infinity` come here, too.
        let double: f64 = written.parse().map_err(|_| broken("neither a value nor a number"))?;
        coerce::number(double).ok_or_else(|| refused("number out of range"))
    }

    /// Goes over the opening unit; says whether `close` follows at once.
    fn open(&mut self, close: u8, depth: usize) -> Result<bool, InputError> {
        if depth >= MAX_DEPTH {
            return Err(InputError::too_deep(None));
        }
        self.at += 1;
        let empty = self.peek() == close;
        self.at += usize::from(empty);
        Ok(empty)
    }

    /// Whether another element follows.
    fn more(&mut self, close: u8) -> Result<bool, InputError> {
        match self.next() {
            b',' => Ok(true),
            unit if unit == close => Ok(false),
            _ => Err(broken("no end of a list or an object")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Val<'a>, InputError> {
        let mut elements = BumpVec::new_in(self.arena);
        if !self.open(b']', depth)? {
            loop {
                elements.push(self.value(depth + 1)?);
                if !self.more(b']')? {
                    break;
                }
            }
        }
        Ok(Val::List(List::Arena(elements.into_bump_slice())))
    }

    fn object(&mut self, depth: usize) -> Result<Val<'a>, InputError> {
        let mut entries = BumpVec::new_in(self.arena);
        if !self.open(b'}', depth)? {
            loop {
                if self.peek() != b'"' {
                    return Err(broken("no key"));
                }
                let name = self.text()?;
                if self.next() != b':' {
                    return Err(broken("no value"));
                }
                entries.push((Val::Str(name), self.value(depth + 1)?));
                if !self.more(b'}')? {
                    break;
                }
            }
        }
        Ok(Val::Map(Map::new_in(entries.into_bump_slice(), self.arena)))
    }
}

/// The units as UTF-8.
fn text<'a>(units: &[u16], arena: &'a Bump) -> Result<&'a str, InputError> {
    // All bits together: a loop that processors do many units at a time in.
    if units.iter().fold(0, |bits, unit| bits | unit) < 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "all are ASCII")]
        let bytes: &[u8] = arena.alloc_slice_fill_iter(units.iter().map(|unit| *unit as u8));
        return std::str::from_utf8(bytes).map_err(|_| broken("text"));
    }
    let mut text = BumpString::with_capacity_in(units.len() * 2, arena);
    for unit in char::decode_utf16(units.iter().copied()) {
        text.push(unit.map_err(|_| refused("half of a surrogate pair"))?);
    }
    Ok(text.into_bump_str())
}
