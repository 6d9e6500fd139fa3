//! CEL text with the way back to the document that it was written in.

use std::sync::Arc;

use llm_policy_cel::ast::Span;

/// A CEL expression, and where each part of it stands in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The expression.
    pub text: Arc<str>,
    /// The whole expression in the document.
    pub span: Span,
    /// From offsets in the text to offsets in the document.
    pub map: SourceMap,
}

impl Source {
    /// Where the range `span` of the expression stands in the document.
    #[must_use]
    pub fn locate(&self, span: Span) -> Span {
        self.map.locate(span, self.span)
    }
}

/// The pieces that a text was put together from, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    pieces: Vec<Piece>,
}

/// One piece of text; it ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Where it begins in the text.
    at: u32,
    /// Where it stands in the document.
    span: Span,
    /// True: byte for byte as in the document. False: made from the whole span.
    exact: bool,
}

impl SourceMap {
    /// A map without a piece: everything is where the whole text is.
    #[must_use]
    pub const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    /// The text from offset `at` on is the document's from `document` on, byte for byte.
    pub fn push_exact(&mut self, at: u32, document: Span) {
        self.push(Piece { at, span: document, exact: true });
    }

    /// The text from offset `at` on was made from the range `document`.
    pub fn push_made(&mut self, at: u32, document: Span) {
        self.push(Piece { at, span: document, exact: false });
    }

    /// Appends the pieces of `other`, whose text is appended at offset `at` of this map's text.
    ///
    /// `whole` is where the appended text stands as a whole, for what `other` does not say.
    pub fn append(&mut self, at: u32, other: &Self, whole: Span) {
        if other.pieces.first().is_none_or(|first| first.at > 0) {
            self.push_made(at, whole);
        }
        for piece in &other.pieces {
            self.push(Piece { at: piece.at.saturating_add(at), ..*piece });
        }
    }

    /// The part of the map for `start..end` of the text, as a map of that part.
    #[must_use]
    pub fn slice(&self, start: u32, end: u32) -> Self {
        let mut out = Self::new();
        let from = self.pieces.partition_point(|p| p.at <= start).saturating_sub(1);
        for piece in self.pieces.iter().skip(from).take_while(|p| p.at < end) {
            let cut = start.saturating_sub(piece.at);
            let span = match piece.exact {
                true => Span::new(piece.span.start.saturating_add(cut).min(piece.span.end), piece.span.end),
                false => piece.span,
            };
            out.push(Piece { at: piece.at.saturating_sub(start), span, exact: piece.exact });
        }
        out
    }

    /// Where `span` of the text stands in the document; `whole` is the answer for what the map does not say.
    #[must_use]
    pub fn locate(&self, span: Span, whole: Span) -> Span {
        let start = match self.piece_at(span.start) {
            Some(p) if p.exact => p.span.start.saturating_add(span.start.saturating_sub(p.at)).min(p.span.end),
            Some(p) => p.span.start,
            None => whole.start,
        };
        // The end belongs to the piece of the last byte, not to the piece that begins behind it.
        let last = span.end.saturating_sub(1).max(span.start);
        let end = match self.piece_at(last) {
            Some(p) if p.exact => p.span.start.saturating_add(span.end.saturating_sub(p.at)).min(p.span.end),
            Some(p) => p.span.end,
            None => whole.end,
        };
        if start <= end { Span::new(start, end) } else { Span::new(end, start) }
    }

    fn piece_at(&self, at: u32) -> Option<&Piece> {
        let behind = self.pieces.partition_point(|p| p.at <= at);
        self.pieces.get(behind.checked_sub(1)?)
    }

    /// Pieces that begin at the same place replace each other, and pieces in the wrong order are left out.
    fn push(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.at == piece.at => *last = piece,
            Some(last) if last.at > piece.at => {}
            _ => self.pieces.push(piece),
        }
    }
}
