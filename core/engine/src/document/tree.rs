//! The document as a tree with positions, before anything is known about policies.
//!
//! YAML and JSON give the same tree. Nothing is resolved: a scalar keeps its text and how it was written. Tags,
//! repeated keys, keys that are not text, a second document and nesting beyond [`MAX_DEPTH`] are refused here; what
//! aliases may add is bounded by [`MAX_ALIASED`].

use std::borrow::Cow;
use std::collections::HashMap;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;
use rustc_hash::FxHashSet;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::misread;
use super::offsets::Offsets;

/// How many nodes all aliases of a document may add.
pub const MAX_ALIASED: usize = 10_000;
/// How deep lists and mappings may nest.
pub const MAX_DEPTH: usize = 64;
/// How many nodes a document may have.
pub const MAX_NODES: usize = 1_000_000;
/// How many findings about the tree are reported.
const MAX_FINDINGS: usize = 50;

/// A value of the document.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind<'a> {
    /// A single value, as it was written: nothing is resolved.
    Scalar(Cow<'a, str>, Style),
    /// A list.
    List(Vec<Node<'a>>),
    /// A mapping, in order. No key is repeated.
    Map(Vec<(Key<'a>, Node<'a>)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    /// The key.
    pub text: Cow<'a, str>,
    /// Where it stands.
    pub span: Span,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'...'`
    Single,
    /// `"..."`
    Double,
    /// `|` or `>`
    Block,
    /// A JSON string, whose escapes are JSON's.
    Json,
}

impl Node<'_> {
    /// True for an empty value, `null` and `~`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text, Style::Plain) if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    fn count(&self) -> usize {
        match &self.kind {
            Kind::Scalar(..) => 1,
            Kind::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Kind::Map(entries) => 1 + entries.iter().map(|(_, value)| 1 + value.count()).sum::<usize>(),
        }
    }

    fn height(&self) -> usize {
        match &self.kind {
            Kind::Scalar(..) => 0,
            Kind::List(items) => 1 + items.iter().map(Self::height).max().unwrap_or(0),
            Kind::Map(entries) => 1 + entries.iter().map(|(_, value)| value.height()).max().unwrap_or(0),
        }
    }
}

/// Reads YAML.
pub(super) fn read_yaml(text: &str) -> Result<Node<'_>, Vec<Diagnostic>> {
    if let Some(span) = directive(text) {
        return Err(vec![
            Diagnostic::error("yaml-directive", "directives are not supported", span)
                .with_help("remove the line; documents are YAML 1.2"),
        ]);
    }
    let mut builder = Builder::new(text);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let go_on = match event {
            Ok((event, span)) => {
                let span = builder.offsets.span(span.start.index(), span.end.index());
                builder.event(event, span)
            }
            Err(error) => {
                let at = builder.offsets.byte(error.marker().index());
                builder.findings.push(misread::syntax(text, at, error.info()));
                false
            }
        };
        if !go_on || builder.findings.len() >= MAX_FINDINGS {
            break;
        }
    }
    if !builder.findings.is_empty() {
        return Err(builder.findings);
    }
    builder.root.ok_or_else(|| {
        vec![
            Diagnostic::error("empty-document", "the document is empty", Span::default())
                .with_help("a policy begins with `version: \"1.0\"`"),
        ]
    })
}

/// The first line that is not blank or a comment, if it is a directive.
fn directive(text: &str) -> Option<Span> {
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if !blank {
            let end = at.saturating_add(line.trim_end().len());
            return line.starts_with('%').then(|| super::offsets::span(at, end));
        }
        at = at.saturating_add(line.len());
    }
    None
}

/// A list or mapping that is not complete yet.
struct Open<'a> {
    start: u32,
    anchor: usize,
    items: Items<'a>,
}

enum Items<'a> {
    List(Vec<Node<'a>>),
    Map { entries: Vec<(Key<'a>, Node<'a>)>, key: Option<Key<'a>>, seen: FxHashSet<Cow<'a, str>> },
}

struct Builder<'a> {
    text: &'a str,
    offsets: Offsets<'a>,
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Node<'a>>,
    root: Option<Node<'a>>,
    documents: usize,
    nodes: usize,
    aliased: usize,
    findings: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            offsets: Offsets::new(text),
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            nodes: 0,
            aliased: 0,
            findings: Vec::new(),
        }
    }

    /// False when there is no point in going on.
    fn event(&mut self, event: Event<'a>, span: Span) -> bool {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let error = Diagnostic::error("several-documents", "there is a second document in this file", span);
                    return self.stop(error.with_help("put each policy into a file of its own"));
                }
                true
            }
            Event::Scalar(value, style, anchor, tag) => {
                if tag.is_some() {
                    self.findings.push(misread::tag(self.text, span));
                }
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let span = self.trim(span, style, anchor, value.is_empty());
                self.add(Node { kind: Kind::Scalar(value, style), span }, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.begin(Items::List(Vec::new()), anchor, tag.is_some(), span),
            Event::MappingStart(anchor, tag) => {
                let items = Items::Map { entries: Vec::new(), key: None, seen: FxHashSet::default() };
                self.begin(items, anchor, tag.is_some(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => true,
        }
    }

    fn stop(&mut self, error: Diagnostic) -> bool {
        self.findings.push(error);
        false
    }

    /// The parser's spans hold an anchor in front, and white space behind a quoted scalar.
    fn trim(&self, span: Span, style: Style, anchor: usize, empty: bool) -> Span {
        let Some(raw) = self.text.get(span.start as usize..span.end as usize) else { return span };
        if empty && style == Style::Plain {
            return Span::new(span.start, span.start);
        }
        let mut start = 0;
        if anchor != 0 && raw.starts_with('&') {
            start = raw.find(char::is_whitespace).unwrap_or(0);
            start += raw.get(start..).map_or(0, |rest| rest.len() - rest.trim_start().len());
        }
        let end = raw.trim_end().len().max(start);
        super::offsets::span(span.start as usize + start, span.start as usize + end)
    }

    fn begin(&mut self, items: Items<'a>, anchor: usize, tagged: bool, span: Span) -> bool {
        if tagged {
            self.findings.push(misread::tag(self.text, span));
        }
        if self.open.len() >= MAX_DEPTH {
            return self.stop(too_deep(span));
        }
        self.open.push(Open { start: span.start, anchor, items });
        true
    }

    fn end(&mut self, span: Span) -> bool {
        let Some(open) = self.open.pop() else { return true };
        // A block collection ends where the next token begins; what lies between is no part of it.
        let whole = self.text.get(open.start as usize..span.end as usize).unwrap_or_default();
        let end = open.start.saturating_add(u32::try_from(whole.trim_end().len()).unwrap_or(u32::MAX));
        let kind = match open.items {
            Items::List(items) => Kind::List(items),
            Items::Map { entries, .. } => Kind::Map(entries),
        };
        self.add(Node { kind, span: Span::new(open.start, end) }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> bool {
        let Some(node) = self.anchors.get(&anchor) else {
            let error = Diagnostic::error("alias-cycle", "the alias stands inside of what it names", span);
            return self.stop(error.with_help("a value cannot hold itself"));
        };
        let count = node.count();
        self.aliased = self.aliased.saturating_add(count);
        if self.aliased > MAX_ALIASED {
            let message = format!("the aliases of this document add more than {MAX_ALIASED} values");
            return self.stop(Diagnostic::error("too-many-aliases", message, span));
        }
        if self.open.len() + node.height() > MAX_DEPTH {
            return self.stop(too_deep(span));
        }
        let node = node.clone();
        self.add(node, 0)
    }

    fn add(&mut self, node: Node<'a>, anchor: usize) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the document has more than {MAX_NODES} values");
            return self.stop(Diagnostic::error("document-too-large", message, node.span));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
            // The copy that an anchor keeps is paid for like an alias, so that nested anchors stay affordable.
            self.aliased = self.aliased.saturating_add(node.count());
            if self.aliased > MAX_ALIASED {
                let message = format!("the anchors of this document hold more than {MAX_ALIASED} values");
                return self.stop(Diagnostic::error("too-many-aliases", message, node.span));
            }
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map { entries, key, seen }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => match node.kind {
                    Kind::Scalar(text, _) => {
                        if !seen.insert(text.clone()) {
                            self.findings.push(repeated_key(&text, node.span));
                        }
                        *key = Some(Key { text, span: node.span });
                    }
                    Kind::List(_) | Kind::Map(_) => {
                        return self.stop(misread::key(self.text, node.span));
                    }
                },
            },
        }
        true
    }
}

pub(super) fn repeated_key(key: &str, span: Span) -> Diagnostic {
    Diagnostic::error("repeated-key", format!("the key `{key}` is repeated"), span)
        .with_help("a mapping holds each key once; remove one of them")
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error("nesting-too-deep", format!("values nest deeper than {MAX_DEPTH} levels"), span)
}

#[cfg(test)]
mod tests;
