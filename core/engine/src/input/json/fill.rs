//! Filling slots from JSON text.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{List, Map, Val};

use super::scan::{Number, Scanner, Text};
use crate::input::coerce::{Seen, mistype, mistype_below, number, put};
use crate::input::paths::{Found, PathNode, Paths, SlotType};
use crate::input::{InputError, MAX_DEPTH, walk};

/// Up to so many keys of an object are compared each with each.
const FEW_KEYS: usize = 12;

/// The state of one pass.
pub(super) struct Filler<'a, 's> {
    scan: Scanner<'a>,
    paths: &'s Paths,
    slots: &'s mut [Slot<'a>],
    arena: &'a Bump,
    seen: Seen<'a>,
    /// The elements of the lists that are being read, innermost last.
    elements: BumpVec<'a, Val<'a>>,
    /// The entries of the objects that are being read, innermost last.
    entries: BumpVec<'a, (Val<'a>, Val<'a>)>,
}

impl<'a, 's> Filler<'a, 's> {
    pub(super) fn new(text: &'a str, paths: &'s Paths, slots: &'s mut [Slot<'a>], arena: &'a Bump) -> Self {
        Self {
            scan: Scanner::new(text),
            paths,
            slots,
            arena,
            seen: Seen::new_in(paths, arena),
            elements: BumpVec::new_in(arena),
            entries: BumpVec::new_in(arena),
        }
    }

    /// Reads the whole text.
    pub(super) fn run(mut self) -> Result<(), InputError> {
        self.document().ok_or_else(|| self.scan.into_error())
    }

    fn document(&mut self) -> Option<()> {
        // RFC 8259, section 8.1, lets a reader ignore a byte order mark; some editors write one.
        let mark = if self.scan.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let start = self.scan.space(mark);
        let end = self.value(self.paths.root(), start, 0)?;
        let end = self.scan.space(end);
        if end < self.scan.text.len() { self.scan.fail("expected nothing after the value", end) } else { Some(()) }
    }

    /// Reads the value of a wanted field or of one with wanted fields below, `depth` levels down; gives where it ends.
    fn value(&mut self, node: &'s PathNode, at: usize, depth: usize) -> Option<usize> {
        use SlotType::{Dyn, List, Map, String, StringList, Timestamp};
        let slot_type = node.slot().map(|(_, slot_type)| slot_type);
        let end = match self.scan.byte(at) {
            b'{' => {
                if let Some(Dyn | Map) = slot_type {
                    let (end, value) = self.build(at, depth)?;
                    if let Err(error) = walk::fill(self.paths, node, value, self.slots) {
                        return self.scan.fail_with(InputError { offset: Some(at), ..error });
                    }
                    return Some(end);
                }
                mistype(node, self.slots);
                return if node.is_leaf() { self.scan.skip(at, depth) } else { self.object(node, at, depth) };
            }
            b'[' => {
                if let Some(Dyn | List | StringList) = slot_type {
                    let (end, value) = self.build(at, depth)?;
                    put(node, value, self.slots);
                    end
                } else {
                    mistype(node, self.slots);
                    self.scan.skip(at, depth)?
                }
            }
            b'"' => {
                let text = self.scan.string(at + 1)?;
                if let Some(Dyn | String | Timestamp) = slot_type {
                    let value = self.text(at + 1, text);
                    put(node, Val::Str(value), self.slots);
                } else {
                    mistype(node, self.slots);
                }
                text.end + 1
            }
            _ => {
                let (end, value) = self.scalar(at)?;
                if let Val::Null = value {
                    return Some(end);
                }
                put(node, value, self.slots);
                end
            }
        };
        mistype_below(self.paths, node, self.slots);
        Some(end)
    }

    /// Reads an object with wanted fields, from its brace.
    fn object(&mut self, node: &'s PathNode, at: usize, depth: usize) -> Option<usize> {
        if depth >= MAX_DEPTH {
            return self.scan.fail_with(InputError::too_deep(Some(at)));
        }
        let mut at = self.scan.space(at + 1);
        if self.scan.byte(at) == b'}' {
            return Some(at + 1);
        }
        loop {
            let (start, text) = self.key(at)?;
            let value = self.scan.colon(text.end + 1)?;
            let name = if text.escaped { self.text(start, text).as_bytes() } else { self.scan.bytes(start, text.end) };
            let after = match node.find_bytes(name) {
                Found::Unwanted => self.scan.skip(value, depth + 1)?,
                Found::Wanted(id) => {
                    if !self.seen.first(id) {
                        return self.repeated(start, text);
                    }
                    let child = self.paths.node(id)?;
                    self.value(child, value, depth + 1)?
                }
                Found::Variant(wanted) => {
                    let name = self.text(start, text);
                    return self.scan.fail_with(InputError::variant(name, wanted, Some(start)));
                }
            };
            at = self.scan.space(after);
            match self.scan.byte(at) {
                b',' => at = self.scan.space(at + 1),
                b'}' => return Some(at + 1),
                _ => return self.scan.fail("expected `,` or `}`", at),
            }
        }
    }

    /// Makes the value at `at`, with all that is in it.
    fn build(&mut self, at: usize, depth: usize) -> Option<(usize, Val<'a>)> {
        let open = self.scan.byte(at);
        if !matches!(open, b'{' | b'[') {
            return self.scalar(at);
        }
        if depth >= MAX_DEPTH {
            return self.scan.fail_with(InputError::too_deep(Some(at)));
        }
        if open == b'{' { self.build_map(at, depth) } else { self.build_list(at, depth) }
    }

    fn build_list(&mut self, at: usize, depth: usize) -> Option<(usize, Val<'a>)> {
        let mut at = self.scan.space(at + 1);
        if self.scan.byte(at) == b']' {
            return Some((at + 1, Val::List(List::Arena(&[]))));
        }
        let base = self.elements.len();
        loop {
            let (end, value) = self.build(at, depth + 1)?;
            self.elements.push(value);
            at = self.scan.space(end);
            match self.scan.byte(at) {
                b',' => at = self.scan.space(at + 1),
                b']' => break,
                _ => return self.scan.fail("expected `,` or `]`", at),
            }
        }
        let elements = self.arena.alloc_slice_copy(self.elements.get(base..)?);
        self.elements.truncate(base);
        Some((at + 1, Val::List(List::Arena(elements))))
    }

    fn build_map(&mut self, start: usize, depth: usize) -> Option<(usize, Val<'a>)> {
        let mut at = self.scan.space(start + 1);
        if self.scan.byte(at) == b'}' {
            return Some((at + 1, Val::Map(Map::new_in(&[], self.arena))));
        }
        let base = self.entries.len();
        loop {
            let (name, text) = self.key(at)?;
            let value = self.scan.colon(text.end + 1)?;
            let name = self.text(name, text);
            let (end, value) = self.build(value, depth + 1)?;
            self.entries.push((Val::Str(name), value));
            at = self.scan.space(end);
            match self.scan.byte(at) {
                b',' => at = self.scan.space(at + 1),
                b'}' => break,
                _ => return self.scan.fail("expected `,` or `}`", at),
            }
        }
        let entries: &[_] = self.arena.alloc_slice_copy(self.entries.get(base..)?);
        self.entries.truncate(base);
        if let Some(name) = self.find_repeated(entries) {
            return self.scan.fail_with(InputError::repeated(name, Some(start)));
        }
        Some((at + 1, Val::Map(Map::new_in(entries, self.arena))))
    }

    /// A key that occurs twice.
    fn find_repeated(&self, entries: &[(Val<'a>, Val<'a>)]) -> Option<&'a str> {
        let name = |(key, _): &(Val<'a>, Val<'a>)| if let Val::Str(name) = key { *name } else { "" };
        if entries.len() <= FEW_KEYS {
            let mut rest = entries;
            while let Some((first, after)) = rest.split_first() {
                let first = name(first);
                if after.iter().any(|other| name(other) == first) {
                    return Some(first);
                }
                rest = after;
            }
            return None;
        }
        // Keys that were written in order need no sorting.
        if entries.is_sorted_by(|a, b| name(a) < name(b)) {
            return None;
        }
        let names = self.arena.alloc_slice_fill_iter(entries.iter().map(name));
        names.sort_unstable();
        names.array_windows::<2>().find(|[a, b]| a == b).map(|[a, _]| *a)
    }

    /// Reads what is not a list or an object.
    #[inline]
    fn scalar(&mut self, at: usize) -> Option<(usize, Val<'a>)> {
        match self.scan.byte(at) {
            b'"' => {
                let text = self.scan.string(at + 1)?;
                Some((text.end + 1, Val::Str(self.text(at + 1, text))))
            }
            b'-' | b'0'..=b'9' => {
                let text = self.scan.number(at)?;
                Some((text.end, self.number(at, text)?))
            }
            first => {
                let end = self.scan.word(at)?;
                Some((end, if first == b'n' { Val::Null } else { Val::Bool(first == b't') }))
            }
        }
    }

    fn number(&self, start: usize, text: Number) -> Option<Val<'a>> {
        let written = self.scan.text.get(start..text.end)?;
        if text.integer {
            if let Ok(int) = written.parse() {
                return Some(Val::Int(int));
            }
            if let Ok(uint) = written.parse() {
                return Some(Val::Uint(uint));
            }
        }
        number(self.scan.double(start, text.end)).or_else(|| self.scan.fail("number out of range", start))
    }

    /// The text of a string that starts, after its quote, at `start`.
    #[inline]
    fn text(&self, start: usize, text: Text) -> &'a str {
        if text.escaped {
            self.scan.unescape(start, text.end, self.arena)
        } else {
            self.scan.text.get(start..text.end).unwrap_or_default()
        }
    }

    /// Goes over a key from its quote; gives where it starts, after the quote, and its end.
    #[inline]
    fn key(&self, at: usize) -> Option<(usize, Text)> {
        if self.scan.byte(at) != b'"' {
            return self.scan.fail("expected a key in quotes", at);
        }
        Some((at + 1, self.scan.string(at + 1)?))
    }

    #[cold]
    fn repeated<T>(&self, start: usize, text: Text) -> Option<T> {
        self.scan.fail_with(InputError::repeated(self.text(start, text), Some(start)))
    }
}
