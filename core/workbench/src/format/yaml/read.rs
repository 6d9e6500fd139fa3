//! YAML to a tree that keeps comments, anchors and how everything was written.

use std::vec::IntoIter;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::cel::diagnostic::Diagnostic;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::gaps;

/// How deep lists and mappings may nest.
const MAX_DEPTH: usize = 64;

/// A text with its comments.
#[derive(Debug)]
pub(crate) struct Tree {
    /// `None`: there is nothing but comments.
    pub(crate) root: Option<Node>,
    pub(crate) comments: Vec<Comment>,
}

/// A comment, from `#` to the end of its line.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) start: usize,
    pub(crate) column: usize,
    /// True when nothing else stands on its line.
    pub(crate) own_line: bool,
    pub(crate) text: String,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) anchor: Option<String>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    /// `*name`
    Alias(String),
    /// Items, each with the place of its dash.
    List {
        flow: bool,
        items: Vec<(Option<usize>, Node)>,
    },
    Map {
        flow: bool,
        entries: Vec<(Node, Node)>,
    },
}

/// A scalar.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// Its value.
    pub(crate) value: String,
    pub(crate) style: Style,
    /// As it was written. Of a block the header, such as `|-`; of other styles with the quotes.
    pub(crate) raw: String,
    /// Of a block: its lines without their indentation. Else none.
    pub(crate) lines: Vec<String>,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Single,
    Double,
    Block,
}

impl Node {
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Where its first dash or key stands.
    pub(crate) fn first(&self) -> usize {
        match &self.kind {
            Kind::List { items, .. } => items.first().map_or(self.start, |(dash, item)| dash.unwrap_or(item.start)),
            Kind::Map { entries, .. } => entries.first().map_or(self.start, |(key, _)| key.start),
            Kind::Scalar(_) | Kind::Alias(_) => self.start,
        }
    }

    /// The value under `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.scalar().is_some_and(|k| k.value == key)).map(|(_, value)| value)
    }

    /// The entries of a mapping; of anything else none.
    pub(crate) fn entries(&self) -> &[(Node, Node)] {
        match &self.kind {
            Kind::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    /// The items of a list; of anything else none.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Node> {
        let items: &[(Option<usize>, Node)] = match &self.kind {
            Kind::List { items, .. } => items,
            _ => &[],
        };
        items.iter().map(|(_, node)| node)
    }
}

/// An event with the range of bytes that it stands for.
struct Found {
    event: Event<'static>,
    start: usize,
    end: usize,
}

/// Reads YAML.
///
/// # Errors
/// When the text is not valid, or holds what policies may not hold: tags, directives, several documents.
pub(crate) fn read(text: &str) -> Result<Tree, Diagnostic> {
    let found = events(text)?;
    let scalars: Vec<(usize, usize)> =
        found.iter().filter(|f| matches!(f.event, Event::Scalar(..))).flat_map(|f| regions(text, f)).collect();
    let gaps = gaps::scan(text, &scalars);
    let comments = gaps.comments;
    let mut builder = Builder {
        text,
        anchors: gaps.anchors.into_iter(),
        aliases: gaps.aliases.into_iter(),
        dashes: gaps.dashes.into_iter(),
        closings: gaps.closings.into_iter(),
    };
    let mut events = found.into_iter().filter(|f| {
        !matches!(
            f.event,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd
        )
    });
    let root = match events.next() {
        Some(first) => Some(builder.node(first, &mut events, false)?),
        None => None,
    };
    Ok(Tree { root, comments })
}

fn refused(message: &str, at: usize) -> Diagnostic {
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Diagnostic::error("yaml-syntax", message, Span::new(at, at))
}

fn events(text: &str) -> Result<Vec<Found>, Diagnostic> {
    // The parser counts characters.
    let ascii = text.is_ascii();
    let offsets: Vec<usize> = if ascii { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
    let byte =
        |index: usize| if ascii { index.min(text.len()) } else { offsets.get(index).copied().unwrap_or(text.len()) };
    let mut parser = Parser::new_from_str(text);
    let mut out = Vec::new();
    let mut depth = 0;
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            refused(&format!("this is not valid yaml: {}", error.info()), byte(error.marker().index()))
        })?;
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        match &event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(refused("there is a second document in this file", start)
                        .with_help("put each policy into a file of its own"));
                }
            }
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                return Err(refused("tags are not supported", start)
                    .with_help("remove the tag, or quote the text if it should begin with `!`"));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(refused("values nest too deeply", start));
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                depth -= 1;
            }
            _ => {}
        }
        out.push(Found { event: own(event), start, end });
    }
    Ok(out)
}

fn own(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Scalar(value, style, anchor, _) => Event::Scalar(value.into_owned().into(), style, anchor, None),
        Event::SequenceStart(anchor, _) => Event::SequenceStart(anchor, None),
        Event::MappingStart(anchor, _) => Event::MappingStart(anchor, None),
        Event::Alias(id) => Event::Alias(id),
        Event::Nothing => Event::Nothing,
        Event::StreamStart => Event::StreamStart,
        Event::StreamEnd => Event::StreamEnd,
        Event::DocumentStart(explicit) => Event::DocumentStart(explicit),
        Event::DocumentEnd => Event::DocumentEnd,
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingEnd => Event::MappingEnd,
    }
}

/// The bytes of a scalar without an anchor in front and blanks behind.
fn trimmed(text: &str, found: &Found) -> (usize, usize) {
    let Event::Scalar(value, style, anchor, _) = &found.event else { return (found.start, found.end) };
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return (header(text, found.start), found.end);
    }
    let raw = text.get(found.start..found.end).unwrap_or_default();
    let mut start = 0;
    if *anchor != 0 && raw.starts_with('&') {
        start = raw.find(char::is_whitespace).unwrap_or(raw.len());
        start += raw.get(start..).map_or(0, |rest| rest.len() - rest.trim_start().len());
    }
    if value.is_empty() && *style == ScalarStyle::Plain {
        return (found.start + start, found.start + start);
    }
    let scalar = raw.get(start..).unwrap_or_default();
    let len = match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => quoted(scalar),
        _ => scalar.trim_end().len(),
    };
    (found.start + start, found.start + start + len)
}

/// How long the quoted text is that `raw` begins with.
fn quoted(raw: &str) -> usize {
    let mut chars = raw.char_indices().peekable();
    let quote = chars.next().map_or('"', |(_, c)| c);
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote && !(quote == '\'' && chars.next_if(|(_, next)| *next == '\'').is_some()) {
            return at + 1;
        }
    }
    raw.len()
}

/// Where the header of a block scalar begins; the parser gives the place of its text.
fn header(text: &str, start: usize) -> usize {
    let mut end = start;
    loop {
        let line = text.get(..end).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1);
        let written = text.get(line..end).unwrap_or_default();
        let is_header = |rest: &str| {
            let rest = rest.trim_start_matches(|c: char| matches!(c, '+' | '-' | '0'..='9'));
            rest.trim().is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
        };
        let at = written.match_indices(['|', '>']).find(|(at, sign)| {
            let before = written.get(..*at).unwrap_or_default();
            (before.is_empty() || before.ends_with([' ', '\t']))
                && is_header(written.get(at + sign.len()..).unwrap_or_default())
        });
        match at {
            Some((at, _)) => return line + at,
            None if line == 0 => return start,
            None => end = line - 1,
        }
    }
}

/// The ranges in which a `#` is no comment: of a block its header and its lines.
fn regions(text: &str, found: &Found) -> Vec<(usize, usize)> {
    let (start, end) = trimmed(text, found);
    match &found.event {
        Event::Scalar(value, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
            let block = Block::of(text, start, value);
            vec![(start, block.header), (block.body, block.end)]
        }
        _ => vec![(start, end)],
    }
}

/// Where the parts of a block scalar are.
struct Block {
    /// Behind the header.
    header: usize,
    /// The first line below it.
    body: usize,
    /// Behind its last line.
    end: usize,
    /// How far its lines are indented.
    indent: usize,
}

impl Block {
    fn of(text: &str, start: usize, value: &str) -> Self {
        let rest = text.get(start..).unwrap_or_default();
        let header = start + rest.find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9')).unwrap_or(rest.len());
        let body = start + rest.find('\n').map_or(rest.len(), |n| n + 1);
        let below = text.get(body..).unwrap_or_default();
        let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let first = |text: &str| text.lines().find(|line| !line.trim_matches([' ', '\r']).is_empty()).map(spaces);
        // What the first line has beyond the indentation is part of the value.
        let indent = first(value).map_or(0, |beyond| first(below).unwrap_or(0).saturating_sub(beyond));
        let keeps = text.get(start..header).is_some_and(|header| header.contains('+'));
        let mut end = body;
        let mut at = body;
        let mut blank_lines = value.matches('\n').count();
        for line in below.split_inclusive('\n') {
            let blank = line.trim_matches([' ', '\n', '\r']).is_empty();
            if !blank && (spaces(line) < indent || first(value).is_none()) {
                break;
            }
            at += line.len();
            // Blank lines at the end count where the header keeps them.
            let counts = keeps && blank_lines > 0;
            blank_lines = blank_lines.saturating_sub(1);
            if !blank || counts {
                end = at;
            }
        }
        Self { header, body, end, indent }
    }
}

/// Events and what stands between scalars come in the same order.
struct Builder<'t> {
    text: &'t str,
    anchors: IntoIter<String>,
    aliases: IntoIter<String>,
    dashes: IntoIter<usize>,
    closings: IntoIter<usize>,
}

impl Builder<'_> {
    fn node(
        &mut self,
        found: Found,
        events: &mut impl Iterator<Item = Found>,
        in_flow: bool,
    ) -> Result<Node, Diagnostic> {
        let cut_short = || refused("the text ends too early", self.text.len());
        match &found.event {
            Event::Alias(_) => {
                let name = self.aliases.next().ok_or_else(cut_short)?;
                Ok(Node { kind: Kind::Alias(name), anchor: None, start: found.start, end: found.end })
            }
            Event::Scalar(value, style, anchor, _) => {
                let anchor = if *anchor == 0 { None } else { self.anchors.next() };
                Ok(self.scalar(value, *style, anchor, &found))
            }
            Event::SequenceStart(anchor, _) => {
                let anchor = if *anchor == 0 { None } else { self.anchors.next() };
                let start = self.behind_anchor(found.start);
                let flow = in_flow || self.text.get(start..).is_some_and(|rest| rest.starts_with('['));
                let mut items = Vec::new();
                loop {
                    let next = events.next().ok_or_else(cut_short)?;
                    if matches!(next.event, Event::SequenceEnd) {
                        let end = self.end(start, next.end, '[');
                        return Ok(Node { kind: Kind::List { flow, items }, anchor, start, end });
                    }
                    let dash = if flow { None } else { self.dashes.next() };
                    items.push((dash, self.node(next, events, flow)?));
                }
            }
            Event::MappingStart(anchor, _) => {
                let anchor = if *anchor == 0 { None } else { self.anchors.next() };
                let start = self.behind_anchor(found.start);
                let flow = in_flow || self.text.get(start..).is_some_and(|rest| rest.starts_with('{'));
                let mut entries = Vec::new();
                loop {
                    let next = events.next().ok_or_else(cut_short)?;
                    if matches!(next.event, Event::MappingEnd) {
                        let end = self.end(start, next.end, '{');
                        return Ok(Node { kind: Kind::Map { flow, entries }, anchor, start, end });
                    }
                    let key = self.node(next, events, true)?;
                    if key.scalar().is_none() {
                        return Err(refused("a key must be text, not a list or a mapping", key.start));
                    }
                    let value = events.next().ok_or_else(cut_short)?;
                    let value = self.node(value, events, flow)?;
                    entries.push((key, value));
                }
            }
            _ => Err(refused("the text ends too early", found.start)),
        }
    }

    /// Where a collection ends: behind its bracket, if it begins with one, and not where the next token begins.
    fn end(&mut self, start: usize, end: usize, bracket: char) -> usize {
        match self.text.get(start..).is_some_and(|rest| rest.starts_with(bracket)) {
            true => self.closings.next().unwrap_or(end),
            false => end,
        }
    }

    /// The parser's places of collections may be those of their anchors.
    fn behind_anchor(&self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        if !rest.starts_with('&') {
            return start;
        }
        let name = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let behind = rest.get(name..).unwrap_or_default();
        start + name + (behind.len() - behind.trim_start().len())
    }

    fn scalar(&self, value: &str, style: ScalarStyle, anchor: Option<String>, found: &Found) -> Node {
        let (start, mut end) = trimmed(self.text, found);
        let mut lines = Vec::new();
        let mut raw = self.text.get(start..end).unwrap_or_default().to_owned();
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let block = Block::of(self.text, start, value);
                end = block.end.max(block.header);
                raw = self.text.get(start..block.header).unwrap_or_default().to_owned();
                let body = self.text.get(block.body..block.end).unwrap_or_default();
                lines = body.lines().map(|line| line.get(block.indent..).unwrap_or_default().to_owned()).collect();
                Style::Block
            }
        };
        Node { kind: Kind::Scalar(Scalar { value: value.to_owned(), style, raw, lines }), anchor, start, end }
    }
}
