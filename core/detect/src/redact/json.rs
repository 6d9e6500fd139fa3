//! Editing JSON in place: chosen texts, numbers and keys are replaced, every other byte stays as it is.

use std::fmt;
use std::ops::Range;

use serde::de::IgnoredAny;

/// One step into a tree. As text it is a token of a JSON Pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The field with this name.
    Key(String),
    /// The element at this index.
    Index(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => formatter.write_str(&key.replace('~', "~0").replace('/', "~1")),
            Self::Index(index) => write!(formatter, "{index}"),
        }
    }
}

/// Something in a tree that can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'t> {
    /// A text, without quotes and escapes.
    Text(&'t str),
    /// A number as it is written.
    Number(&'t str),
    /// The name of the field that the path ends in.
    Key(&'t str),
}

/// Why a text could not be edited as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJson {
    message: String,
}

impl fmt::Display for NotJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for NotJson {}

impl From<serde_json::Error> for NotJson {
    fn from(error: serde_json::Error) -> Self {
        Self { message: error.to_string() }
    }
}

/// A piece of the text and what it becomes; keys know their object.
struct Edit {
    range: Range<usize>,
    new: String,
    object: Option<usize>,
}

/// Where the walk is: an object with its number, or a list with the place in it.
enum Level {
    Object(usize),
    List(usize),
}

/// Shows all texts, numbers and keys to `visit`, and puts what it gives in their place. A replaced number is written as it was
/// given. A replaced key that its object has already gets `~2`, `~3` behind it. `None`: nothing was replaced.
///
/// # Errors
/// When the text is not JSON, or nested deeper than 127 levels.
pub fn edit(text: &str, visit: &mut dyn FnMut(&[Step], Item<'_>) -> Option<String>) -> Result<Option<String>, NotJson> {
    serde_json::from_str::<IgnoredAny>(text)?;
    let mut walk = Walk { text, at: 0, path: Vec::new(), levels: Vec::new(), objects: Vec::new(), edits: Vec::new() };
    walk.run(visit)?;
    let Walk { mut edits, mut objects, .. } = walk;
    if edits.is_empty() {
        return Ok(None);
    }
    for edit in &mut edits {
        if let Some(keys) = edit.object.and_then(|object| objects.get_mut(object)) {
            edit.new = unused(&edit.new, keys);
            keys.push(edit.new.clone());
            edit.new = serde_json::Value::from(edit.new.as_str()).to_string();
        }
    }
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(text.get(done..edit.range.start).unwrap_or_default());
        out.push_str(&edit.new);
        done = edit.range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(Some(out))
}

/// A name that an object does not have.
fn unused(name: &str, keys: &[String]) -> String {
    let mut number = 1;
    let mut free = name.to_owned();
    while keys.contains(&free) {
        number += 1;
        free = format!("{name}~{number}");
    }
    free
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
    path: Vec<Step>,
    levels: Vec<Level>,
    /// The keys of each object that stay, in the end also the replaced ones.
    objects: Vec<Vec<String>>,
    edits: Vec<Edit>,
}

impl Walk<'_> {
    /// Goes through a text that was found to be JSON.
    fn run(&mut self, visit: &mut dyn FnMut(&[Step], Item<'_>) -> Option<String>) -> Result<(), serde_json::Error> {
        // In an object a text is a key until its value has begun.
        let mut is_key = false;
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'{' => {
                    self.levels.push(Level::Object(self.objects.len()));
                    self.objects.push(Vec::new());
                    is_key = true;
                    self.at += 1;
                }
                b'[' => {
                    self.levels.push(Level::List(0));
                    self.path.push(Step::Index(0));
                    is_key = false;
                    self.at += 1;
                }
                b'}' | b']' => {
                    if let Some(Level::List(_)) = self.levels.pop() {
                        self.path.pop();
                    }
                    self.leave_field();
                    self.at += 1;
                }
                b',' => {
                    is_key = self.comma();
                    self.at += 1;
                }
                b'"' if is_key => {
                    is_key = false;
                    self.key(visit)?;
                }
                b'"' => {
                    let (range, value) = self.string()?;
                    if let Some(new) = visit(&self.path, Item::Text(&value)) {
                        let new = serde_json::Value::from(new).to_string();
                        self.edits.push(Edit { range, new, object: None });
                    }
                    self.leave_field();
                }
                b'-' | b'0'..=b'9' => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
                    let len = rest.bytes().take_while(|byte| number(*byte)).count();
                    if let Some(new) = visit(&self.path, Item::Number(rest.get(..len).unwrap_or_default())) {
                        self.edits.push(Edit { range: self.at..self.at + len, new, object: None });
                    }
                    self.at += len;
                    self.leave_field();
                }
                b't' | b'f' | b'n' => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    self.at += rest.bytes().take_while(u8::is_ascii_lowercase).count();
                    self.leave_field();
                }
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// A value has ended: the path leaves the field that it stood in.
    fn leave_field(&mut self) {
        if let Some(Level::Object(_)) = self.levels.last() {
            self.path.pop();
        }
    }

    /// Goes on to the next element or key; true if that is a key.
    fn comma(&mut self) -> bool {
        match self.levels.last_mut() {
            Some(Level::List(index)) => {
                *index += 1;
                if let Some(Step::Index(last)) = self.path.last_mut() {
                    *last = *index;
                }
                false
            }
            _ => true,
        }
    }

    fn key(&mut self, visit: &mut dyn FnMut(&[Step], Item<'_>) -> Option<String>) -> Result<(), serde_json::Error> {
        let (range, name) = self.string()?;
        self.path.push(Step::Key(name.clone()));
        let object = match self.levels.last() {
            Some(Level::Object(object)) => *object,
            _ => 0,
        };
        match visit(&self.path, Item::Key(&name)) {
            Some(new) => self.edits.push(Edit { range, new, object: Some(object) }),
            None => self.objects.get_mut(object).into_iter().for_each(|keys| keys.push(name.clone())),
        }
        Ok(())
    }

    /// The text that starts here.
    fn string(&mut self) -> Result<(Range<usize>, String), serde_json::Error> {
        let start = self.at;
        let mut end = start + 1;
        while let Some(byte) = self.text.as_bytes().get(end) {
            match byte {
                b'\\' => end += 2,
                b'"' => break,
                _ => end += 1,
            }
        }
        let end = (end + 1).min(self.text.len());
        self.at = end;
        let value = serde_json::from_str(self.text.get(start..end).unwrap_or_default())?;
        Ok((start..end, value))
    }
}
