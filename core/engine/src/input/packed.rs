//! Packed values as input: a compact binary form that other languages append to a buffer without making JSON.
//!
//! A value is a tag of one byte and what the tag says; numbers are little endian:
//!
//! | tag | value | what follows |
//! |--:|---|---|
//! | 0 | null | nothing |
//! | 1, 2 | false, true | nothing |
//! | 3 | int | 8 bytes |
//! | 4 | int beyond `i64` | 8 bytes, unsigned |
//! | 5 | double | 8 bytes, IEEE 754 |
//! | 6 | text | its length in bytes as 4 bytes, then UTF-8 |
//! | 7 | list | its values, then tag 9 |
//! | 8 | object | for each field its name (tag 6) and its value, then tag 9 |
//!
//! It is read like any text of a stranger: what is cut off, unknown, too deep or not UTF-8 is refused.

#[cfg(test)]
mod tests;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{List, Map, Val};
use serde_json::Value as Json;

use super::coerce::{Seen, mistype, mistype_below, number, put, unsigned};
use super::json::MAX_BYTES;
use super::paths::{Found, PathNode, Paths, SlotType};
use super::{Input, InputError, MAX_DEPTH, walk};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const UINT: u8 = 4;
const DOUBLE: u8 = 5;
const TEXT: u8 = 6;
const LIST: u8 = 7;
const OBJECT: u8 = 8;
const END: u8 = 9;

/// A packed value. The rules for keys and numbers are those of [`super::Json`].
///
/// ```
/// use llm_policy_engine::input::packed::{Packed, write};
/// use serde_json::json;
///
/// let mut bytes = Vec::new();
/// write(&json!({"user": {"id": "ann"}}), &mut bytes);
/// assert_eq!(Packed::new(&bytes).to_json()?, json!({"user": {"id": "ann"}}));
/// assert!(Packed::new(&bytes[1..]).to_json().is_err());
/// # Ok::<(), llm_policy_engine::input::InputError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Packed<'b> {
    bytes: &'b [u8],
}

impl<'b> Packed<'b> {
    /// An input of these bytes; they are checked when they are read.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// The value as JSON.
    ///
    /// # Errors
    /// When the bytes are no packed value, a number is not finite, or a field is there twice.
    pub fn to_json(&self) -> Result<Json, InputError> {
        let mut reader = self.reader()?;
        let value = reader.json(0)?;
        reader.end()?;
        Ok(value)
    }

    fn reader(&self) -> Result<Reader<'b>, InputError> {
        if self.bytes.len() > MAX_BYTES {
            return Err(InputError::new(format!("larger than {MAX_BYTES} bytes"), None));
        }
        Ok(Reader { bytes: self.bytes, at: 0 })
    }
}

impl Input for Packed<'_> {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError> {
        let mut filler = Filler { reader: self.reader()?, paths, slots, arena, seen: Seen::new_in(paths, arena) };
        filler.value(paths.root(), 0)?;
        filler.reader.end()
    }

    fn is_object(&self) -> bool {
        self.bytes.first() == Some(&OBJECT)
    }
}

/// Appends `value` in packed form.
pub fn write(value: &Json, out: &mut Vec<u8>) {
    match value {
        Json::Null => out.push(NULL),
        Json::Bool(bool) => out.push(if *bool { TRUE } else { FALSE }),
        Json::Number(number) => {
            let (tag, bytes) = match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => (INT, int.to_le_bytes()),
                (None, Some(uint)) => (UINT, uint.to_le_bytes()),
                (None, None) => (DOUBLE, number.as_f64().unwrap_or(f64::NAN).to_le_bytes()),
            };
            out.push(tag);
            out.extend_from_slice(&bytes);
        }
        Json::String(text) => write_text(text, out),
        Json::Array(items) => {
            out.push(LIST);
            items.iter().for_each(|item| write(item, out));
            out.push(END);
        }
        Json::Object(fields) => {
            out.push(OBJECT);
            for (name, value) in fields {
                write_text(name, out);
                write(value, out);
            }
            out.push(END);
        }
    }
}

/// Text beyond 4 GiB is cut off: what is written comes from texts that are bounded.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.push(TEXT);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes().get(..length as usize).unwrap_or_default());
}

/// A place in packed bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What a value is, before what is in it is read.
enum Token<'a> {
    Scalar(Val<'a>),
    List,
    Object,
    End,
}

impl<'a> Reader<'a> {
    #[cold]
    fn fail<T>(&self, message: &str) -> Result<T, InputError> {
        Err(InputError::new(message, Some(self.at.min(self.bytes.len()))))
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], InputError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..length));
        let Some(taken) = taken else { return self.fail("the packed value is cut off") };
        self.at += length;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], InputError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    #[inline]
    fn text(&mut self) -> Result<&'a str, InputError> {
        let length = u32::from_le_bytes(self.array()?);
        let start = self.at;
        let text = self.take(length as usize)?;
        match std::str::from_utf8(text) {
            Ok(text) => Ok(text),
            Err(error) => Err(InputError::new("not valid UTF-8", Some(start + error.valid_up_to()))),
        }
    }

    #[inline]
    fn token(&mut self) -> Result<Token<'a>, InputError> {
        let start = self.at;
        let [tag] = self.array()?;
        Ok(Token::Scalar(match tag {
            NULL => Val::Null,
            FALSE => Val::Bool(false),
            TRUE => Val::Bool(true),
            INT => Val::Int(i64::from_le_bytes(self.array()?)),
            UINT => unsigned(u64::from_le_bytes(self.array()?)),
            DOUBLE => match number(f64::from_le_bytes(self.array()?)) {
                Some(number) => number,
                None => return Err(InputError::new("number out of range", Some(start))),
            },
            TEXT => Val::Str(self.text()?),
            LIST => return Ok(Token::List),
            OBJECT => return Ok(Token::Object),
            END => return Ok(Token::End),
            _ => return Err(InputError::new("unknown tag in the packed value", Some(start))),
        }))
    }

    /// The name of an object's next field; `None` at its end.
    #[inline]
    fn name(&mut self) -> Result<Option<&'a str>, InputError> {
        match self.array()? {
            [TEXT] => self.text().map(Some),
            [END] => Ok(None),
            _ => {
                self.at -= 1;
                self.fail("expected the name of a field in the packed value")
            }
        }
    }

    fn end(&self) -> Result<(), InputError> {
        if self.at < self.bytes.len() { self.fail("expected nothing after the packed value") } else { Ok(()) }
    }

    fn deeper(&self, depth: usize) -> Result<usize, InputError> {
        if depth >= MAX_DEPTH { Err(InputError::too_deep(Some(self.at))) } else { Ok(depth + 1) }
    }

    fn misplaced_end<T>(&self) -> Result<T, InputError> {
        self.fail("an end where a value is expected in the packed value")
    }

    /// Goes over what `token` begins.
    fn skip(&mut self, token: &Token<'_>, depth: usize) -> Result<(), InputError> {
        match token {
            Token::Scalar(_) => Ok(()),
            Token::End => self.misplaced_end(),
            Token::List => {
                let depth = self.deeper(depth)?;
                loop {
                    match self.token()? {
                        Token::End => return Ok(()),
                        token => self.skip(&token, depth)?,
                    }
                }
            }
            Token::Object => {
                let depth = self.deeper(depth)?;
                while self.name()?.is_some() {
                    let token = self.token()?;
                    self.skip(&token, depth)?;
                }
                Ok(())
            }
        }
    }

    /// Makes the value that `token` begins, with all that is in it.
    fn build(&mut self, token: Token<'a>, depth: usize, arena: &'a Bump) -> Result<Val<'a>, InputError> {
        match token {
            Token::Scalar(value) => Ok(value),
            Token::End => self.misplaced_end(),
            Token::List => {
                let depth = self.deeper(depth)?;
                let mut items = BumpVec::new_in(arena);
                loop {
                    match self.token()? {
                        Token::End => return Ok(Val::List(List::Arena(items.into_bump_slice()))),
                        token => items.push(self.build(token, depth, arena)?),
                    }
                }
            }
            Token::Object => {
                let start = self.at;
                let depth = self.deeper(depth)?;
                let mut entries = BumpVec::new_in(arena);
                let mut names = BumpVec::new_in(arena);
                while let Some(name) = self.name()? {
                    let token = self.token()?;
                    entries.push((Val::Str(name), self.build(token, depth, arena)?));
                    names.push(name);
                }
                names.sort_unstable();
                if let Some([name, _]) = names.array_windows::<2>().find(|[a, b]| a == b) {
                    return Err(InputError::repeated(name, Some(start)));
                }
                Ok(Val::Map(Map::new_in(entries.into_bump_slice(), arena)))
            }
        }
    }

    fn json(&mut self, depth: usize) -> Result<Json, InputError> {
        let token = self.token()?;
        self.json_of(token, depth)
    }

    fn json_of(&mut self, token: Token<'a>, depth: usize) -> Result<Json, InputError> {
        match token {
            Token::Scalar(value) => Ok(match value {
                Val::Bool(bool) => Json::from(bool),
                Val::Int(int) => Json::from(int),
                Val::Uint(uint) => Json::from(uint),
                Val::Double(double) => Json::from(double),
                Val::Str(text) => Json::from(text),
                _ => Json::Null,
            }),
            Token::End => self.misplaced_end(),
            Token::List => {
                let depth = self.deeper(depth)?;
                let mut items = Vec::new();
                loop {
                    match self.token()? {
                        Token::End => return Ok(Json::Array(items)),
                        token => items.push(self.json_of(token, depth)?),
                    }
                }
            }
            Token::Object => {
                let depth = self.deeper(depth)?;
                let mut fields = serde_json::Map::new();
                while let Some(name) = self.name()? {
                    let start = self.at;
                    if fields.insert(name.to_owned(), self.json(depth)?).is_some() {
                        return Err(InputError::repeated(name, Some(start)));
                    }
                }
                Ok(Json::Object(fields))
            }
        }
    }
}

/// The state of one pass.
struct Filler<'a, 's> {
    reader: Reader<'a>,
    paths: &'s Paths,
    slots: &'s mut [Slot<'a>],
    arena: &'a Bump,
    seen: Seen<'a>,
}

impl<'s> Filler<'_, 's> {
    /// Reads the value of a wanted field or of one with wanted fields below, `depth` levels down.
    fn value(&mut self, node: &'s PathNode, depth: usize) -> Result<(), InputError> {
        let start = self.reader.at;
        let slot_type = node.slot().map(|(_, slot_type)| slot_type);
        match (self.reader.token()?, slot_type) {
            (Token::End, _) => return self.reader.misplaced_end(),
            (Token::Scalar(Val::Null), _) => return Ok(()),
            (Token::Scalar(value), _) => put(node, value, self.slots),
            (Token::Object, Some(SlotType::Dyn | SlotType::Map)) => {
                let value = self.reader.build(Token::Object, depth, self.arena)?;
                return walk::fill(self.paths, node, value, self.slots)
                    .map_err(|error| InputError { offset: Some(start), ..error });
            }
            (Token::Object, _) => {
                mistype(node, self.slots);
                return if node.is_leaf() { self.reader.skip(&Token::Object, depth) } else { self.object(node, depth) };
            }
            (Token::List, Some(SlotType::Dyn | SlotType::List | SlotType::StringList)) => {
                let value = self.reader.build(Token::List, depth, self.arena)?;
                put(node, value, self.slots);
            }
            (Token::List, _) => {
                mistype(node, self.slots);
                self.reader.skip(&Token::List, depth)?;
            }
        }
        mistype_below(self.paths, node, self.slots);
        Ok(())
    }

    /// Reads an object with wanted fields, after its tag.
    fn object(&mut self, node: &'s PathNode, depth: usize) -> Result<(), InputError> {
        let depth = self.reader.deeper(depth)?;
        loop {
            let start = self.reader.at;
            let Some(name) = self.reader.name()? else { return Ok(()) };
            match node.find(name) {
                Found::Unwanted => {
                    let token = self.reader.token()?;
                    self.reader.skip(&token, depth)?;
                }
                Found::Variant(wanted) => return Err(InputError::variant(name, wanted, Some(start))),
                Found::Wanted(id) if !self.seen.first(id) => return Err(InputError::repeated(name, Some(start))),
                Found::Wanted(id) => {
                    if let Some(child) = self.paths.node(id) {
                        self.value(child, depth)?;
                    }
                }
            }
        }
    }
}
