//! A view: a text made from another one, with a map of places back to it.

use crate::bytes::floor;

/// How a view was made from its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ViewKind {
    /// The text itself, folded where it is not ASCII.
    Base,
    /// `%41`, `&#65;`, `\u0041` and their kin read.
    Unescaped,
    /// Base64 decoded.
    Base64,
    /// Pairs of hexadecimal digits decoded.
    Hex,
    /// Letters turned by thirteen places.
    Rot13,
    /// Digits and symbols inside words read as letters.
    Leet,
    /// `l i k e  t h i s` closed up.
    Spaced,
}

impl ViewKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Unescaped => "unescaped",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Rot13 => "rot13",
            Self::Leet => "leet",
            Self::Spaced => "spaced",
        }
    }
}

/// A set of kinds of views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Views(u8);

impl Views {
    /// No view.
    pub(crate) const NONE: Self = Self(0);

    /// Views that hold what a machine would read: the text, and what its escapes and encodings say.
    pub(crate) const LITERAL: Self = Self(
        1 << ViewKind::Base as u8
            | 1 << ViewKind::Unescaped as u8
            | 1 << ViewKind::Base64 as u8
            | 1 << ViewKind::Hex as u8,
    );

    /// Views that a person could read words from.
    pub(crate) const WORDS: Self = Self(Self::ALL.0 & !(1 << ViewKind::Rot13 as u8));

    /// Views that a person or a model could read words from.
    pub(crate) const ALL: Self = Self(0x7F);

    pub(crate) const fn has(self, kind: ViewKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A stretch of a view, from `at` to the next piece.
#[derive(Debug, Clone, Copy)]
struct Piece {
    at: u32,
    from: u32,
    /// 0: byte for byte the parent's bytes from `from`. Else the whole piece stands for so many bytes of the parent.
    block: u32,
}

/// A text with a map to its parent. Its buffers are reused.
#[derive(Debug, Default)]
pub(crate) struct View {
    text: Vec<u8>,
    pieces: Vec<Piece>,
}

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl View {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Bytes taken over as they are.
    pub(crate) fn copy(&mut self, bytes: &[u8], from: usize) {
        if bytes.is_empty() {
            return;
        }
        self.exact(from);
        self.text.extend_from_slice(bytes);
    }

    fn exact(&mut self, from: usize) {
        let (at, from) = (narrow(self.text.len()), narrow(from));
        let goes_on = self
            .pieces
            .last()
            .is_some_and(|last| last.block == 0 && last.from.wrapping_add(at.wrapping_sub(last.at)) == from);
        if !goes_on {
            self.pieces.push(Piece { at, from, block: 0 });
        }
    }

    /// Bytes that stand for `len` bytes of the parent.
    pub(crate) fn replace(&mut self, bytes: &[u8], from: usize, len: usize) {
        if bytes.is_empty() {
            return;
        }
        if bytes.len() == len {
            // Of the same length: places run in step, and no match cuts a character, so this is as good as a copy.
            self.exact(from);
        } else {
            self.pieces.push(Piece { at: narrow(self.text.len()), from: narrow(from), block: narrow(len).max(1) });
        }
        self.text.extend_from_slice(bytes);
    }

    /// A character that stands for `len` bytes of the parent.
    pub(crate) fn replace_char(&mut self, c: char, from: usize, len: usize) {
        let mut buffer = [0; 4];
        self.replace(c.encode_utf8(&mut buffer).as_bytes(), from, len);
    }

    fn piece(&self, place: usize) -> Option<Piece> {
        let index = self.pieces.partition_point(|piece| piece.at as usize <= place);
        index.checked_sub(1).and_then(|index| self.pieces.get(index)).copied()
    }

    /// The part of the parent that a part of this view stands for.
    pub(crate) fn to_parent(&self, start: usize, end: usize) -> (usize, usize) {
        let Some(first) = self.piece(start) else { return (start, end) };
        let from = first.from as usize + if first.block == 0 { start - first.at as usize } else { 0 };
        let last_place = floor(&self.text, end.saturating_sub(1)).max(start);
        let Some(last) = self.piece(last_place) else { return (from, from) };
        let to = if last.block == 0 {
            last.from as usize + (end - last.at as usize)
        } else {
            last.from as usize + last.block as usize
        };
        (from, to.max(from))
    }
}
