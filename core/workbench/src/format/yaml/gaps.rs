//! What stands between scalars: comments, anchors, aliases and dashes, which the parser's events do not tell.

use super::read::Comment;

/// What was found, each list in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    pub(super) comments: Vec<Comment>,
    pub(super) anchors: Vec<String>,
    pub(super) aliases: Vec<String>,
    /// Where the dashes of list items stand.
    pub(super) dashes: Vec<usize>,
    /// Behind which bytes brackets close.
    pub(super) closings: Vec<usize>,
}

/// Looks between the scalars, whose byte ranges are given in order.
pub(super) fn scan(text: &str, scalars: &[(usize, usize)]) -> Gaps {
    let mut gaps = Gaps::default();
    let mut at = 0;
    for (start, end) in scalars.iter().copied().chain([(text.len(), text.len())]) {
        scan_gap(text, at, start.max(at), &mut gaps);
        at = end.max(at);
    }
    gaps
}

fn scan_gap(text: &str, from: usize, to: usize, gaps: &mut Gaps) {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < to {
        let blank_before = at == 0 || bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace);
        match bytes.get(at) {
            Some(b'#') if blank_before => {
                let end = text.get(at..to).and_then(|rest| rest.find('\n')).map_or(to, |n| at + n);
                let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1);
                let before = text.get(line..at).unwrap_or_default();
                gaps.comments.push(Comment {
                    start: at,
                    column: before.chars().count(),
                    own_line: before.trim_matches(['\u{feff}', ' ', '\t']).is_empty(),
                    text: text.get(at..end).unwrap_or_default().trim_end().to_owned(),
                });
                at = end;
            }
            Some(sign @ (b'&' | b'*')) => {
                let rest = text.get(at + 1..to).unwrap_or_default();
                let stop = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
                let len = rest.find(stop).unwrap_or(rest.len());
                let name = rest.get(..len).unwrap_or_default().to_owned();
                if *sign == b'&' {
                    gaps.anchors.push(name)
                } else {
                    gaps.aliases.push(name)
                }
                at += 1 + len;
            }
            Some(b']' | b'}') => {
                at += 1;
                gaps.closings.push(at);
            }
            // `---` begins a document; it is no item.
            Some(b'-') if text.get(at..).is_some_and(|rest| rest.starts_with("---")) => at += 3,
            Some(b'-') => {
                gaps.dashes.push(at);
                at += 1;
            }
            _ => at += 1,
        }
    }
}
