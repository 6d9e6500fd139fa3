//! The tree as text.

use std::collections::BTreeSet;

use super::read::{Comment, Kind, Node, Scalar, Style, Tree};
use crate::format::cel;

/// How wide a line may be.
const WIDTH: usize = 120;
/// How far a level is indented.
const STEP: usize = 2;

/// Where the scalars begin that are CEL.
pub(crate) type Expressions = BTreeSet<usize>;

/// Writes `tree`, which was read from `text`.
pub(crate) fn print(text: &str, tree: &Tree, expressions: &Expressions) -> String {
    let mut printer =
        Printer { text, expressions, comments: &tree.comments, out: String::with_capacity(text.len()), fresh: true };
    if let Some(root) = &tree.root {
        printer.before(root.start, 0);
        match &root.kind {
            Kind::List { items, .. } if !items.is_empty() && !printer.fits(root, 0) => printer.list(root, 0, false),
            Kind::Map { entries, .. } if !entries.is_empty() && !printer.fits(root, 0) => printer.map(root, 0, false),
            _ => {
                printer.value(root, 0, root.start);
                // There is no key in front of it.
                printer.out = printer.out.trim_start_matches(' ').to_owned();
            }
        }
    }
    printer.before(usize::MAX, 0);
    printer.out
}

struct Printer<'t> {
    text: &'t str,
    expressions: &'t Expressions,
    /// Those that are not written yet.
    comments: &'t [Comment],
    out: String,
    /// True where a blank line would be the first thing of a block.
    fresh: bool,
}

impl Printer<'_> {
    /// Takes the next comment if it passes `test`.
    fn comment_if(&mut self, test: impl Fn(&Comment) -> bool) -> Option<&Comment> {
        let (first, rest) = self.comments.split_first()?;
        if !test(first) {
            return None;
        }
        self.comments = rest;
        Some(first)
    }

    /// Writes the comments in front of `at` on lines of their own.
    fn before(&mut self, at: usize, indent: usize) {
        while let Some(comment) = self.comment_if(|comment| comment.start < at) {
            let (start, text) = (comment.start, comment.text.clone());
            self.blank_line(start);
            self.line(indent, &text);
        }
    }

    /// Writes the comments at the end of a block, those that are indented at least as far as its entries.
    fn tail(&mut self, node: &Node, flow: bool, indent: usize) {
        let column = self.column(node.first());
        let text = self.text;
        // Behind a closing bracket that is no longer there.
        let behind = |c: &Comment| text.get(node.end..c.start).is_some_and(|gap| !gap.contains('\n'));
        let belongs = |c: &Comment| match flow {
            true => c.start < node.end || behind(c),
            // What begins in the first column belongs to the document.
            false => c.start < node.end && c.own_line && column > 0 && c.column >= column,
        };
        while let Some(comment) = self.comment_if(belongs) {
            let (start, text) = (comment.start, comment.text.clone());
            self.blank_line(start);
            self.line(indent, &text);
        }
    }

    fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }

    /// Keeps one blank line above what stands at `at`.
    fn blank_line(&mut self, at: usize) {
        let before = self.text.get(..at).unwrap_or_default();
        let above = before.rfind('\n').and_then(|n| before.get(..n)).map(|above| above.rsplit('\n').next());
        if let Some(Some(line)) = above
            && line.trim().is_empty()
            && !self.fresh
        {
            self.out.push('\n');
        }
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.pad(indent);
        self.out.push_str(text);
        self.end_line();
    }

    fn pad(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn end_line(&mut self) {
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
        self.fresh = false;
    }

    /// Ends the line, with the comment that stood on the line of `end`, if it stood in front of `limit`.
    fn end_line_with_comment(&mut self, end: usize, limit: usize) {
        let text = self.text;
        let comment = self.comment_if(|comment| {
            comment.start < limit
                && !comment.own_line
                && text.get(end.min(comment.start)..comment.start).is_some_and(|gap| !gap.contains('\n'))
        });
        if let Some(comment) = comment {
            let comment = format!(" {}", comment.text);
            self.out.push_str(&comment);
        }
        self.end_line();
    }

    /// How many columns the current line has.
    fn used(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }

    /// True when `node` is written on one line, of which `used` columns are taken.
    fn fits(&self, node: &Node, used: usize) -> bool {
        let commented = self.comments.iter().any(|c| c.start >= node.start && c.start < node.end);
        let flow = matches!(&node.kind, Kind::List { flow: true, .. } | Kind::Map { flow: true, .. });
        let empty = matches!(&node.kind, Kind::List { items, .. } if items.is_empty())
            || matches!(&node.kind, Kind::Map { entries, .. } if entries.is_empty());
        flow && (empty || (!commented && self.flat(node).is_some_and(|flat| used + flat.chars().count() <= WIDTH)))
    }

    /// Writes a value behind `key:` or `-`, and ends the line. `behind` is where the text in front of it ends.
    fn value(&mut self, node: &Node, indent: usize, behind: usize) {
        if let Some(anchor) = &node.anchor {
            self.out.push_str(&format!(" &{anchor}"));
        }
        match &node.kind {
            Kind::Alias(name) => {
                self.out.push_str(&format!(" *{name}"));
                self.end_line_with_comment(node.end, usize::MAX);
            }
            Kind::Scalar(scalar) => self.scalar(node, scalar, indent),
            Kind::List { .. } | Kind::Map { .. } if self.fits(node, self.used() + 1) => {
                let flat = self.flat_kind(node).unwrap_or_default();
                self.out.push_str(&format!(" {flat}"));
                self.end_line_with_comment(node.end, usize::MAX);
            }
            Kind::List { items, .. } => {
                let first = items.first().map_or(node.end, |(dash, item)| dash.unwrap_or(item.start));
                self.end_line_with_comment(behind, first);
                self.fresh = true;
                self.list(node, indent + STEP, false);
            }
            Kind::Map { entries, .. } => {
                self.end_line_with_comment(behind, entries.first().map_or(node.end, |(key, _)| key.start));
                self.fresh = true;
                self.map(node, indent + STEP, false);
            }
        }
    }

    /// Writes the items in lines of their own; `begun`: the first stands behind what was written.
    fn list(&mut self, node: &Node, indent: usize, begun: bool) {
        let Kind::List { flow, items } = &node.kind else { return };
        for (number, (dash, item)) in items.iter().enumerate() {
            let at = dash.unwrap_or(item.start);
            if number > 0 || !begun {
                self.before(at, indent);
                self.blank_line(at);
                self.pad(indent);
            }
            self.out.push('-');
            self.item(item, indent, at);
        }
        self.tail(node, *flow, indent);
    }

    /// Writes what stands behind a dash.
    fn item(&mut self, item: &Node, indent: usize, dash: usize) {
        let commented = self.comments.first().is_some_and(|c| c.start > dash && c.start < item.start);
        let nested = |empty: bool| !empty && item.anchor.is_none() && !commented;
        match &item.kind {
            Kind::Map { entries, .. } if nested(entries.is_empty()) && !self.fits(item, self.used() + 1) => {
                self.out.push(' ');
                self.map(item, indent + STEP, true);
            }
            Kind::List { items, .. } if nested(items.is_empty()) && !self.fits(item, self.used() + 1) => {
                self.out.push(' ');
                self.list(item, indent + STEP, true);
            }
            _ => self.value(item, indent, dash),
        }
    }

    /// Writes the entries in lines of their own; `begun`: the first stands behind what was written.
    fn map(&mut self, node: &Node, indent: usize, begun: bool) {
        let Kind::Map { flow, entries } = &node.kind else { return };
        for (number, (key, value)) in entries.iter().enumerate() {
            if number > 0 || !begun {
                self.before(key.start, indent);
                self.blank_line(key.start);
                self.pad(indent);
            }
            if let Some(anchor) = &key.anchor {
                self.out.push_str(&format!("&{anchor} "));
            }
            let name = key.scalar().map(|key| key.raw.clone()).unwrap_or_default();
            self.out.push_str(&name);
            self.out.push(':');
            self.value(value, indent, key.end);
        }
        self.tail(node, *flow, indent);
    }

    fn scalar(&mut self, node: &Node, scalar: &Scalar, indent: usize) {
        let body = indent + STEP;
        if self.is_expression(node) {
            if scalar.style == Style::Block {
                if let Some(lines) = block_lines(scalar, WIDTH.saturating_sub(body)) {
                    return self.block(node, &scalar.raw, &lines, body);
                }
            } else if let Some(flat) = cel::line(&scalar.value) {
                let written = rewritten(scalar, &flat, false);
                if self.used() + 1 + written.chars().count() <= WIDTH {
                    self.out.push_str(&format!(" {written}"));
                    return self.end_line_with_comment(node.end, usize::MAX);
                }
                let lines = cel::lines(&flat, WIDTH.saturating_sub(body)).unwrap_or_default();
                // `>-` joins the lines again, so the expression stays what it was.
                if lines.len() > 1 {
                    return self.block(node, ">-", &lines, body);
                }
                self.out.push_str(&format!(" {written}"));
                return self.end_line_with_comment(node.end, usize::MAX);
            }
        }
        if scalar.style == Style::Block {
            let digit = scalar.raw.chars().find_map(|c| c.to_digit(10));
            return self.block(node, &scalar.raw, &scalar.lines, digit.map_or(body, |digit| indent + digit as usize));
        }
        if !scalar.raw.is_empty() {
            self.out.push(' ');
        }
        for (number, line) in scalar.raw.lines().enumerate() {
            if number > 0 {
                self.out.push('\n');
                if !line.trim().is_empty() {
                    self.pad(body);
                }
            }
            // Inside of quotes YAML takes the blanks around line breaks away.
            let first = number == 0;
            let last = number + 1 == scalar.raw.lines().count();
            let line = if first { line } else { line.trim_start() };
            self.out.push_str(if last { line } else { line.trim_end() });
        }
        self.end_line_with_comment(node.end, usize::MAX);
    }

    /// Writes a block scalar.
    fn block(&mut self, node: &Node, header: &str, lines: &[String], indent: usize) {
        self.out.push_str(&format!(" {header}"));
        // The comment of the header stands in front of the lines; behind a text of one line it was where the node ends.
        let begin = node.start;
        let end = if node.scalar().is_some_and(|s| s.style == Style::Block) { begin } else { node.end };
        self.end_line_with_comment(end, usize::MAX);
        for line in lines {
            if !line.is_empty() {
                self.pad(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        // Blank lines that the header keeps are part of the text.
        self.fresh = header.contains('+');
    }

    /// What is named elsewhere may be read as text there.
    fn is_expression(&self, node: &Node) -> bool {
        node.anchor.is_none() && self.expressions.contains(&node.start)
    }

    /// The value on one line, if it can be.
    fn flat(&self, node: &Node) -> Option<String> {
        let value = self.flat_kind(node)?;
        Some(match &node.anchor {
            Some(anchor) => format!("&{anchor} {value}"),
            None => value,
        })
    }

    fn flat_kind(&self, node: &Node) -> Option<String> {
        let mut out = String::new();
        match &node.kind {
            Kind::Alias(name) => {
                out.push('*');
                out.push_str(name);
            }
            Kind::Scalar(scalar) => match scalar.style {
                Style::Block => return None,
                _ if scalar.raw.contains('\n') && !self.is_expression(node) => return None,
                _ => match cel::line(&scalar.value).filter(|_| self.is_expression(node)) {
                    Some(flat) => out.push_str(&rewritten(scalar, &flat, true)),
                    None if scalar.raw.contains('\n') => return None,
                    None => out.push_str(&scalar.raw),
                },
            },
            Kind::List { items, .. } => {
                let items: Vec<String> = items.iter().map(|(_, item)| self.flat(item)).collect::<Option<_>>()?;
                out.push_str(&format!("[{}]", items.join(", ")));
            }
            Kind::Map { entries, .. } => {
                let entry = |(key, value): &(Node, Node)| Some(format!("{}: {}", self.flat(key)?, self.flat(value)?));
                let entries: Vec<String> = entries.iter().map(entry).collect::<Option<_>>()?;
                out.push_str(&format!("{{{}}}", entries.join(", ")));
            }
        }
        Some(out)
    }
}

/// The lines of an expression in a block scalar; `None`: it is better left alone.
fn block_lines(scalar: &Scalar, width: usize) -> Option<Vec<String>> {
    if scalar.raw.contains(|c: char| c == '+' || c.is_ascii_digit()) {
        return None;
    }
    let source = scalar.lines.join("\n");
    // Where YAML joins lines, a comment would be another text.
    if scalar.raw.starts_with('>') && source.contains("//") {
        return None;
    }
    let lines = cel::lines(&source, width)?;
    (!lines.is_empty()).then_some(lines)
}

/// `flat` in the place of a scalar that was written on one line: in its own quotes, if it needs quotes.
fn rewritten(scalar: &Scalar, flat: &str, in_flow: bool) -> String {
    if scalar.value == flat && !scalar.raw.contains('\n') {
        return scalar.raw.clone();
    }
    let single = || format!("'{}'", flat.replace('\'', "''"));
    let double = || format!("\"{}\"", flat.replace('\\', "\\\\").replace('"', "\\\""));
    match scalar.style {
        Style::Single => single(),
        Style::Double => double(),
        Style::Plain | Style::Block if is_plain(flat, in_flow) => flat.to_owned(),
        Style::Plain | Style::Block if flat.contains(['"', '\\']) => single(),
        Style::Plain | Style::Block => double(),
    }
}

/// True for what YAML reads as it is without quotes.
fn is_plain(text: &str, in_flow: bool) -> bool {
    const FIRST: &str = "!&*?-:|>%@`'\"#[]{}, ";
    let begins = !text.is_empty() && !text.starts_with(|c| FIRST.contains(c));
    let holds = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    let ends = in_flow && text.contains([',', '[', ']', '{', '}']);
    begins && !holds && !ends
}
