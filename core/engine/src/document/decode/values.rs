//! Readers of single values.

use std::sync::Arc;

use jiff::Timestamp;
use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};

use super::{Reader, describe, quoted, short};
use crate::document::action::Metadata;
use crate::document::align::align;
use crate::document::model::{Constant, Spanned, Stage, Text};
use crate::document::source::{Source, SourceMap};
use crate::document::template::{Data, Template};
use crate::document::tree::{Kind, Node, Style};
use crate::document::{misread, offsets, scan};
use crate::instant;

/// What a plain scalar stands for, when it is not text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plain {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    /// Written like a number, but it is not clear which.
    Unclear,
}

/// Resolves a plain scalar by YAML 1.2's core schema, without its spellings that surprise.
pub(super) fn plain(text: &str) -> Option<Plain> {
    match text {
        "true" => return Some(Plain::Bool(true)),
        "false" => return Some(Plain::Bool(false)),
        "True" | "TRUE" | "False" | "FALSE" => return Some(Plain::Unclear),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let unclear = matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan")
        || unsigned.strip_prefix("0x").is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_hexdigit()))
        || unsigned.strip_prefix("0o").is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
    if unclear {
        return Some(Plain::Unclear);
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !unsigned.is_empty() && digits(unsigned) {
        if unsigned.len() > 1 && unsigned.starts_with('0') {
            return Some(Plain::Unclear);
        }
        let int = text.parse().map(Plain::Int).or_else(|_| text.parse().map(Plain::Uint));
        return Some(int.unwrap_or(Plain::Unclear));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|e| !e.is_empty() && digits(e));
    if !is_number {
        return None;
    }
    Some(text.parse().ok().filter(|value: &f64| value.is_finite()).map_or(Plain::Unclear, Plain::Double))
}

impl Reader<'_> {
    /// Text. A number or a boolean is not text.
    pub fn text(&mut self, name: &str, node: &Node<'_>) -> Option<Arc<str>> {
        match &node.kind {
            Kind::Scalar(text, style) if !node.is_null() && (*style != Style::Plain || plain(text).is_none()) => {
                Some(Arc::from(&**text))
            }
            _ => {
                match self.misread_as_other(node) {
                    Some(error) => self.push(error),
                    None => self.wrong_type(name, "text", node),
                }
                None
            }
        }
    }

    /// Text that is not empty.
    pub fn some_text(&mut self, name: &str, node: &Node<'_>) -> Option<Text> {
        let text = self.text(name, node)?;
        if text.trim().is_empty() {
            self.error("empty-text", format!("`{name}` is empty"), node.span);
            return None;
        }
        Some(Spanned::new(text, node.span))
    }

    /// A name: letters, digits, `_`, `.` and `-`.
    pub fn name(&mut self, name: &str, node: &Node<'_>) -> Option<Text> {
        let text = self.some_text(name, node)?;
        self.check_name(name, &text.value, node.span).then_some(text)
    }

    pub(super) fn check_name(&mut self, name: &str, text: &str, span: Span) -> bool {
        let good = !text.is_empty()
            && text.len() <= 200
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !good {
            let error = Diagnostic::error("wrong-name", format!("`{name}` cannot be `{}`", short(text)), span);
            self.push(error.with_help("use 1 to 200 letters, digits, `_`, `.` and `-`"));
        }
        good
    }

    /// `true` or `false`, in no other spelling.
    pub fn bool(&mut self, name: &str, node: Option<&Node<'_>>, default: bool) -> bool {
        let Some(node) = node else { return default };
        if let Kind::Scalar(text, Style::Plain) = &node.kind
            && let Some(Plain::Bool(value)) = plain(text)
        {
            return value;
        }
        let message = format!("`{name}` must be `true` or `false`, not {}", describe(node));
        self.push(Diagnostic::error("wrong-type", message, self.head(node.span)));
        default
    }

    /// An integer in a range.
    pub fn int<T>(&mut self, name: &str, node: &Node<'_>, range: std::ops::RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i128> + Copy + PartialOrd + std::fmt::Display,
    {
        let value = match &node.kind {
            Kind::Scalar(text, Style::Plain) => match plain(text) {
                Some(Plain::Int(value)) => Some(i128::from(value)),
                Some(Plain::Uint(value)) => Some(i128::from(value)),
                _ => None,
            },
            _ => None,
        };
        let Some(value) = value else {
            self.wrong_type(name, "an integer", node);
            return None;
        };
        let found = T::try_from(value).ok().filter(|value| range.contains(value));
        if found.is_none() {
            let message = format!("`{name}` must be from {} to {}, not `{value}`", range.start(), range.end());
            self.error("out-of-range", message, node.span);
        }
        found
    }

    /// A percentage with up to three decimal places, in thousandths of a percent.
    pub(super) fn millipercent(&mut self, name: &str, node: &Node<'_>) -> Option<u32> {
        let thousandths = match &node.kind {
            Kind::Scalar(text, Style::Plain) if plain(text).is_some() => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let exact = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
                let fraction: Option<u32> = format!("{fraction:0<3}").parse().ok().filter(|_| exact);
                whole.parse::<u32>().ok().zip(fraction).and_then(|(w, f)| w.checked_mul(1000)?.checked_add(f))
            }
            _ => {
                self.wrong_type(name, "a number from 0 to 100", node);
                return None;
            }
        };
        let found = thousandths.filter(|value| *value <= 100_000);
        if found.is_none() {
            let message =
                format!("`{name}` must be from 0 to 100 with up to three decimal places, not {}", describe(node));
            self.error("out-of-range", message, node.span);
        }
        found
    }

    /// One of some words.
    pub fn choice<T: Copy>(&mut self, name: &str, node: &Node<'_>, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let Kind::Scalar(text, _) = &node.kind else {
            self.wrong_type(name, &format!("one of {}", quoted(&words)), node);
            return None;
        };
        if let Some((_, value)) = choices.iter().find(|(word, _)| word == text) {
            return Some(*value);
        }
        let help = match did_you_mean(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use one of {}", quoted(&words)),
        };
        let message = format!("`{name}` cannot be {}", describe(node));
        self.push(Diagnostic::error("unknown-value", message, node.span).with_help(help));
        None
    }

    /// Stages, none twice.
    pub(super) fn stages(&mut self, node: &Node<'_>) -> Option<Vec<Spanned<Stage>>> {
        const STAGES: &[(&str, Stage)] = &[
            ("request", Stage::Request),
            ("response", Stage::Response),
            ("tool_call", Stage::ToolCall),
            ("tool_result", Stage::ToolResult),
        ];
        let mut stages: Vec<Spanned<Stage>> = Vec::new();
        let mut good = true;
        for item in self.some_items("stages", node)? {
            match self.choice("stages", item, STAGES) {
                Some(stage) if stages.iter().any(|s| s.value == stage) => {
                    self.error("repeated-value", "the stage is named twice", item.span);
                    good = false;
                }
                Some(stage) => stages.push(Spanned::new(stage, item.span)),
                None => good = false,
            }
        }
        good.then_some(stages)
    }

    /// A list of texts; an item that is none is reported and left out.
    pub fn texts(&mut self, name: &str, node: &Node<'_>) -> Vec<Text> {
        let Some(items) = self.items(name, node) else { return Vec::new() };
        items.iter().filter_map(|item| self.some_text(name, item)).collect()
    }

    /// An instant as RFC 3339 writes it.
    pub fn timestamp(&mut self, name: &str, node: &Node<'_>) -> Option<Timestamp> {
        let text = self.text(name, node)?;
        match instant::read(&text) {
            Ok(found) => Some(found),
            Err(help) => {
                let message = format!("`{name}` is not an instant: `{}`", short(&text));
                self.push(Diagnostic::error("wrong-time", message, node.span).with_help(help));
                None
            }
        }
    }

    /// A CEL expression. Numbers and booleans are CEL too.
    pub(super) fn cel(&mut self, name: &str, node: &Node<'_>) -> Option<Source> {
        let Kind::Scalar(text, style) = &node.kind else {
            match self.misread_as_other(node) {
                Some(error) => self.push(error),
                None => {
                    let message = format!("`{name}` must be an expression, not {}", describe(node));
                    let error = Diagnostic::error("wrong-type", message, self.head(node.span));
                    let flow = self.text.get(node.span.start as usize..).is_some_and(|t| t.starts_with(['{', '[']));
                    let error = if flow {
                        error.with_help("quote the expression if it should begin with a bracket")
                    } else if name == "when" || name == "match" {
                        error.with_help("use `conditions` with `all`, `any` or `none` for a list of conditions")
                    } else {
                        error
                    };
                    self.push(error);
                }
            }
            return None;
        };
        if text.trim().is_empty() {
            let error =
                Diagnostic::error("empty-expression", format!("the expression of `{name}` is empty"), node.span);
            self.push(error.with_help("write `true` for what always holds"));
            return None;
        }
        if *style == Style::Plain
            && let Some(error) = misread::cut_by_comment(self.text, node.span, text)
        {
            self.push(error);
            return None;
        }
        let source = Source { text: Arc::from(&**text), span: node.span, map: self.map(node, text, *style) };
        // Where YAML joins lines, a comment goes on into the next one.
        for (start, end) in scan::comments(text) {
            let place = source.locate(offsets::span(start, end));
            let raw = self.text.get(place.start as usize..place.end as usize).unwrap_or_default();
            if raw.contains('\n') {
                let message = "the comment swallows the next line, because yaml joins the lines of this text";
                let error = Diagnostic::error("swallowing-comment", message, self.head(place));
                self.push(error.with_help("remove the comment, or write the expression as a block: `|`"));
                return None;
            }
        }
        Some(source)
    }

    fn map(&self, node: &Node<'_>, text: &str, style: Style) -> SourceMap {
        align(self.text, node.span, style, text)
    }

    /// Text that may hold expressions.
    pub(super) fn template(&mut self, name: &str, node: &Node<'_>) -> Option<Template> {
        let text = self.text(name, node)?;
        self.template_of(&text, node)
    }

    fn template_of(&mut self, text: &str, node: &Node<'_>) -> Option<Template> {
        let Kind::Scalar(_, style) = node.kind else { return None };
        match Template::parse(text, &self.map(node, text, style), node.span) {
            Ok(template) => Some(template),
            Err(error) => {
                self.push(error);
                None
            }
        }
    }

    /// Free data whose texts may hold expressions.
    pub(super) fn data(&mut self, name: &str, node: &Node<'_>) -> Option<Data> {
        Some(match &node.kind {
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.data(name, item)).collect();
                Data::List(items.into_iter().collect::<Option<_>>()?)
            }
            Kind::Map(_) => Data::Map(self.data_map(name, node)?),
            Kind::Scalar(..) if node.is_null() => Data::Null,
            Kind::Scalar(text, Style::Plain) => match plain(text) {
                None => Data::Text(self.template_of(text, node)?),
                Some(value) => match number(value) {
                    Some(Ok(number)) => Data::Number(number),
                    Some(Err(flag)) => Data::Bool(flag),
                    None => return self.unclear(name, text, node.span),
                },
            },
            Kind::Scalar(text, _) => Data::Text(self.template_of(text, node)?),
        })
    }

    /// The free part of an action.
    pub(super) fn data_map(&mut self, name: &str, node: &Node<'_>) -> Option<Metadata> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_type(name, "a mapping", node);
            return None;
        };
        let entries: Vec<_> =
            entries.iter().map(|(key, value)| Some((Arc::from(&*key.text), self.data(name, value)?))).collect();
        entries.into_iter().collect()
    }

    /// Free data without templates.
    pub fn json(&mut self, name: &str, node: &Node<'_>) -> Option<serde_json::Value> {
        use serde_json::Value;
        Some(match &node.kind {
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.json(name, item)).collect();
                Value::Array(items.into_iter().collect::<Option<_>>()?)
            }
            Kind::Map(_) => Value::Object(self.json_map(name, node)?),
            Kind::Scalar(..) if node.is_null() => Value::Null,
            Kind::Scalar(text, Style::Plain) => match plain(text) {
                None => Value::String(text.to_string()),
                Some(value) => match number(value) {
                    Some(Ok(number)) => Value::Number(number),
                    Some(Err(flag)) => Value::Bool(flag),
                    None => return self.unclear(name, text, node.span),
                },
            },
            Kind::Scalar(text, _) => Value::String(text.to_string()),
        })
    }

    /// A mapping of free data without templates.
    pub fn json_map(&mut self, name: &str, node: &Node<'_>) -> Option<serde_json::Map<String, serde_json::Value>> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_type(name, "a mapping", node);
            return None;
        };
        let entries: Vec<_> =
            entries.iter().map(|(key, value)| Some((key.text.to_string(), self.json(name, value)?))).collect();
        entries.into_iter().collect()
    }

    /// A constant of a list, a table or a condition.
    pub(super) fn constant(&mut self, name: &str, node: &Node<'_>) -> Option<Constant> {
        let Kind::Scalar(text, style) = &node.kind else {
            self.wrong_type(name, "text, a number or a boolean", node);
            return None;
        };
        if node.is_null() {
            self.wrong_type(name, "text, a number or a boolean", node);
            return None;
        }
        if *style != Style::Plain {
            return Some(Constant::String(Arc::from(&**text)));
        }
        match plain(text) {
            None => Some(Constant::String(Arc::from(&**text))),
            Some(Plain::Bool(value)) => Some(Constant::Bool(value)),
            Some(Plain::Int(value)) => Some(Constant::Int(value)),
            Some(Plain::Double(value)) => Some(Constant::Double(value)),
            Some(Plain::Uint(_) | Plain::Unclear) => self.unclear(name, text, node.span),
        }
    }

    /// Reports a plain scalar that looks like a number or a boolean and is none that everybody reads alike.
    fn unclear<T>(&mut self, name: &str, text: &str, span: Span) -> Option<T> {
        let message = format!("`{text}` in `{name}` is not a number or boolean that everybody reads alike");
        self.push(
            Diagnostic::error("unclear-value", message, span)
                .with_help(format!("quote it if it is text: `\"{text}\"`")),
        );
        None
    }
}

/// The JSON number, or the boolean, that a plain scalar stands for.
fn number(value: Plain) -> Option<Result<serde_json::Number, bool>> {
    match value {
        Plain::Bool(flag) => Some(Err(flag)),
        Plain::Int(value) => Some(Ok(value.into())),
        Plain::Uint(value) => Some(Ok(value.into())),
        Plain::Double(value) => serde_json::Number::from_f64(value).map(Ok),
        Plain::Unclear => None,
    }
}
