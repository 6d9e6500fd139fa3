//! Just enough of CEL's tokens to see strings, comments and brackets.

/// What a piece of CEL is made of, as far as brackets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Every bracket and string is closed.
    Closed,
    /// The string that begins at this offset is not closed.
    OpenString(usize),
    /// The bracket at this offset has no partner.
    Bracket(usize),
}

/// Looks for open strings and brackets without a partner.
pub(super) fn shape(cel: &str) -> Shape {
    let bytes = cel.as_bytes();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => match string_end(bytes, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return Shape::OpenString(at),
            },
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = comment_end(bytes, at);
                continue;
            }
            b'(' => open.push((b')', at)),
            b'[' => open.push((b']', at)),
            b'{' => open.push((b'}', at)),
            b')' | b']' | b'}' => match open.pop() {
                Some((wanted, _)) if wanted == byte => {}
                _ => return Shape::Bracket(at),
            },
            _ => {}
        }
        at += 1;
    }
    open.pop().map_or(Shape::Closed, |(_, at)| Shape::Bracket(at))
}

/// The offset behind `}}` that closes an expression which begins at `from`.
pub(super) fn template_end(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            _ => {}
        }
        at += 1;
    }
    None
}

/// True when the text holds a comment, which would swallow what is written behind it.
pub(super) fn has_comment(cel: &str) -> bool {
    !comments(cel).is_empty()
}

/// The ranges of the comments, without their line ends.
pub(super) fn comments(cel: &str) -> Vec<(usize, usize)> {
    let bytes = cel.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => match string_end(bytes, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return found,
            },
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let end = comment_end(bytes, at);
                found.push((at, end));
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The offset behind the string whose first quote is at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = *bytes.get(at)?;
    let triple = bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote);
    let raw = is_raw(bytes, at);
    let mut i = at + if triple { 3 } else { 1 };
    while let Some(&byte) = bytes.get(i) {
        if byte == b'\\' && !raw {
            i += 2;
        } else if byte != quote {
            i += 1;
        } else if !triple {
            return Some(i + 1);
        } else if bytes.get(i + 1) == Some(&quote) && bytes.get(i + 2) == Some(&quote) {
            return Some(i + 3);
        } else {
            i += 1;
        }
    }
    None
}

/// True when the quote at `at` has a raw prefix: `r`, `br` or `rb` in any case, which is no part of a longer name.
fn is_raw(bytes: &[u8], at: usize) -> bool {
    let mut from = at;
    while from > 0 && bytes.get(from - 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        from -= 1;
    }
    let prefix = bytes.get(from..at).unwrap_or_default();
    prefix.len() <= 2
        && prefix.iter().all(|b| matches!(b, b'r' | b'R' | b'b' | b'B'))
        && prefix.iter().any(|b| matches!(b, b'r' | b'R'))
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

#[cfg(test)]
mod tests;
