//! How the text of a scalar lies in the document.

use llm_policy_cel::ast::Span;

use super::offsets::span;
use super::source::SourceMap;
use super::tree::Style;

/// The map from `value` to the document, of which `at` is the scalar.
///
/// What is written as it is maps byte for byte; an escape maps as one; where lines were folded or indentation was
/// removed, white space maps to white space.
pub(super) fn align(document: &str, at: Span, style: Style, value: &str) -> SourceMap {
    let raw = document.get(at.start as usize..at.end as usize).unwrap_or_default();
    let quoted = matches!(style, Style::Single | Style::Double | Style::Json);
    let mut walk = Walk { raw, base: at.start as usize, i: usize::from(quoted), value, j: 0, map: SourceMap::new() };
    match style {
        Style::Plain | Style::Block => walk.lines(None),
        Style::Single => walk.lines(Some('\'')),
        Style::Double | Style::Json => walk.lines(Some('\\')),
    }
    walk.map
}

struct Walk<'a> {
    raw: &'a str,
    base: usize,
    /// The offset in `raw`.
    i: usize,
    value: &'a str,
    /// The offset in `value`.
    j: usize,
    map: SourceMap,
}

impl Walk<'_> {
    fn lines(&mut self, escape: Option<char>) {
        while let Some(wanted) = self.value.get(self.j..).and_then(|v| v.chars().next()) {
            let raw = self.raw.get(self.i..).unwrap_or_default();
            let Some(found) = raw.chars().next() else { return self.rest() };
            if Some(found) == escape {
                if !self.escaped(raw, wanted) {
                    return self.rest();
                }
            } else if is_blank(wanted) || is_blank(found) {
                if !self.space(raw, escape) {
                    return self.rest();
                }
            } else if wanted == found {
                self.exact(raw, escape);
            } else {
                return self.rest();
            }
        }
    }

    /// A run that is the same in both.
    fn exact(&mut self, raw: &str, escape: Option<char>) {
        let value = self.value.get(self.j..).unwrap_or_default();
        let same = |(a, b): &(char, char)| a == b && !is_blank(*a) && Some(*a) != escape;
        let len: usize = raw.chars().zip(value.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
        self.piece(len, len, true);
    }

    /// A run of white space. False: it cannot be.
    fn space(&mut self, raw: &str, escape: Option<char>) -> bool {
        let value = self.value.get(self.j..).unwrap_or_default();
        let blank = |text: &str| text.len() - text.trim_start_matches(is_blank).len();
        let from = blank(raw);
        let to = match (escape, raw.get(..from).map_or(0, |run| run.matches('\n').count())) {
            // A block's white space and a plain scalar's: all that is there.
            (None, _) => blank(value),
            (Some(_), 0) => from,
            (Some(_), 1) => 1,
            (Some(_), lines) => lines - 1,
        };
        if from == 0 && to == 0 || blank(value) < to {
            return false;
        }
        let same = raw.get(..from) == value.get(..to);
        self.piece(from, to, same);
        true
    }

    /// An escape of `wanted`, or one of nothing (a line that is continued). False: it cannot be.
    fn escaped(&mut self, raw: &str, wanted: char) -> bool {
        let mut chars = raw.chars();
        let (first, second) = (chars.next(), chars.next());
        match (first, second) {
            (Some('\''), Some('\'')) => self.piece(2, 1, false),
            (Some('\\'), Some('\n' | '\r')) => {
                let rest = raw.get(1..).unwrap_or_default();
                self.piece(1 + rest.len() - rest.trim_start().len(), 0, false);
            }
            (Some('\\'), Some(kind)) => {
                let digits = match kind {
                    'x' => 2,
                    'u' if wanted > '\u{ffff}' => 10,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                self.piece(1 + kind.len_utf8() + digits, wanted.len_utf8(), false);
            }
            _ => return false,
        }
        true
    }

    fn piece(&mut self, raw: usize, value: usize, exact: bool) {
        if value > 0 {
            let at = u32::try_from(self.j).unwrap_or(u32::MAX);
            let from = self.base + self.i;
            let place = span(from, from + raw);
            if exact { self.map.push_exact(at, place) } else { self.map.push_made(at, place) }
        }
        self.i += raw;
        self.j += value;
    }

    /// What cannot be followed is somewhere in the rest of the scalar.
    fn rest(&mut self) {
        let at = u32::try_from(self.j).unwrap_or(u32::MAX);
        self.map.push_made(at, span(self.base + self.i.min(self.raw.len()), self.base + self.raw.len()));
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests;
