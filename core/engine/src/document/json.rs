//! JSON to the same tree.
//!
//! YAML 1.2 reads nearly all JSON, but not surrogate pairs in escapes, and not keys beyond 1,024 characters.

use std::borrow::Cow;

use llm_policy_cel::diagnostic::Diagnostic;
use rustc_hash::FxHashSet;

use super::offsets::span;
use super::tree::{Key, Kind, MAX_DEPTH, MAX_NODES, Node, Style, repeated_key, too_deep};

/// Reads JSON.
pub(super) fn read_json(text: &str) -> Result<Node<'_>, Vec<Diagnostic>> {
    let mut reader = Reader { text, at: 0, nodes: 0, repeated: Vec::new() };
    let root = reader.document().map_err(|error| vec![error])?;
    if reader.repeated.is_empty() { Ok(root) } else { Err(reader.repeated) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    repeated: Vec<Diagnostic>,
}

type Read<T> = Result<T, Diagnostic>;

impl<'a> Reader<'a> {
    fn document(&mut self) -> Read<Node<'a>> {
        let root = self.value(0)?;
        self.blank();
        if self.peek().is_some() {
            return Err(self.wrong("there is more behind the end of the document"));
        }
        Ok(root)
    }

    fn value(&mut self, depth: usize) -> Read<Node<'a>> {
        self.blank();
        let start = self.at;
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the document has more than {MAX_NODES} values");
            return Err(Diagnostic::error("document-too-large", message, span(start, start)));
        }
        let kind = match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => return Err(too_deep(span(start, start + 1))),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Scalar(self.string()?, Style::Json),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => Kind::Scalar(self.word()?, Style::Plain),
            None => return Err(self.wrong("the document ends where a value is expected")),
            Some(_) => return Err(self.wrong("a value is expected here")),
        };
        Ok(Node { kind, span: span(start, self.at) })
    }

    fn object(&mut self, depth: usize) -> Read<Kind<'a>> {
        self.at += 1;
        let mut entries = Vec::new();
        let mut seen: FxHashSet<Cow<'a, str>> = FxHashSet::default();
        loop {
            self.blank();
            match self.peek() {
                Some(b'}') if entries.is_empty() => break,
                Some(b'"') => {}
                _ => return Err(self.wrong("a key in double quotes is expected here")),
            }
            let start = self.at;
            let text = self.string()?;
            let key = Key { text, span: span(start, self.at) };
            if !seen.insert(key.text.clone()) && self.repeated.len() < 50 {
                self.repeated.push(repeated_key(&key.text, key.span));
            }
            self.blank();
            self.expect(b':', "a `:` is expected behind a key")?;
            entries.push((key, self.value(depth + 1)?));
            if !self.comma(b'}', "a `,` or `}` is expected here")? {
                return Ok(Kind::Map(entries));
            }
        }
        self.at += 1;
        Ok(Kind::Map(entries))
    }

    fn list(&mut self, depth: usize) -> Read<Kind<'a>> {
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.comma(b']', "a `,` or `]` is expected here")? {
                return Ok(Kind::List(items));
            }
        }
    }

    /// True behind a comma, false behind the closing bracket.
    fn comma(&mut self, close: u8, message: &str) -> Read<bool> {
        self.blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(found) if found == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.wrong(message)),
        }
    }

    /// `true`, `false`, `null` or a number.
    fn word(&mut self) -> Read<Cow<'a, str>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        if !matches!(word, "true" | "false" | "null") && !is_number(word) {
            return Err(self.wrong("this is not a json value"));
        }
        self.at += end;
        Ok(Cow::Borrowed(word))
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        let start = self.at + 1;
        let rest = self.text.get(start..).unwrap_or_default();
        let mut escapes = false;
        let mut bytes = rest.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    let raw = rest.get(..at).unwrap_or_default();
                    if !escapes {
                        self.at = start + at + 1;
                        return Ok(Cow::Borrowed(raw));
                    }
                    let quoted = self.text.get(self.at..=start + at).unwrap_or_default();
                    let text: String =
                        serde_json::from_str(quoted).map_err(|_| self.wrong("the string holds a wrong escape"))?;
                    self.at = start + at + 1;
                    return Ok(Cow::Owned(text));
                }
                b'\\' => {
                    escapes = true;
                    bytes.next();
                }
                0..0x20 => {
                    self.at = start + at;
                    return Err(self.wrong("a string holds no line breaks or control characters"));
                }
                _ => {}
            }
        }
        Err(self.wrong("the string has no end"))
    }

    fn expect(&mut self, byte: u8, message: &str) -> Read<()> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(message));
        }
        self.at += 1;
        Ok(())
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn wrong(&self, message: &str) -> Diagnostic {
        let end = if self.peek().is_some() { self.at + 1 } else { self.at };
        Diagnostic::error("json-syntax", message, span(self.at, end))
    }
}

/// True for a number as JSON writes it.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests;
