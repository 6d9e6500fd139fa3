//! `conditions`: every form becomes one CEL expression, whose parts know where they came from.

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};

use super::{Reader, describe, quoted, short};
use crate::document::misread;
use crate::document::model::Constant;
use crate::document::scan::{Shape, has_comment, shape};
use crate::document::source::{Source, SourceMap};
use crate::document::tree::{Kind, Node, Style};
use crate::document::{is_identifier, is_path};

pub(super) const GROUP: &[&str] = &["match", "all", "any", "none"];
pub(super) const COMPARISON: &[&str] = &["field", "operator", "value"];
pub(super) const CALL: &[&str] = &["function", "args"];

/// The fields of the context that are lists of text: `contains` asks for an element of them.
const LIST_FIELDS: &[&str] = &[
    "key.scopes",
    "key.tags",
    "model.modalities",
    "request.opaque",
    "request.tags",
    "session.labels",
    "user.groups",
    "user.permissions",
    "user.roles",
];

/// The names of the operators.
pub(super) fn operators() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|(name, _)| *name)
}

/// The operators of `{field, operator, value}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// `field <operator> value`
    Infix(&'static str),
    /// `field < value` and so on: values that have an order.
    Order(&'static str),
    In,
    NotIn,
    Contains,
    NotContains,
    /// `field.function(value)`
    Method(&'static str),
    Exists,
    NotExists,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("equals", Operator::Infix("==")),
    ("not_equals", Operator::Infix("!=")),
    ("in", Operator::In),
    ("not_in", Operator::NotIn),
    ("greater_than", Operator::Order(">")),
    ("greater_than_or_equals", Operator::Order(">=")),
    ("less_than", Operator::Order("<")),
    ("less_than_or_equals", Operator::Order("<=")),
    ("contains", Operator::Contains),
    ("not_contains", Operator::NotContains),
    ("starts_with", Operator::Method("startsWith")),
    ("ends_with", Operator::Method("endsWith")),
    ("matches", Operator::Method("matches")),
    ("exists", Operator::Exists),
    ("not_exists", Operator::NotExists),
    ("eq", Operator::Infix("==")),
    ("ne", Operator::Infix("!=")),
    ("gt", Operator::Order(">")),
    ("gte", Operator::Order(">=")),
    ("lt", Operator::Order("<")),
    ("lte", Operator::Order("<=")),
];

/// CEL that is put together from pieces.
#[derive(Default)]
struct Builder {
    text: String,
    map: SourceMap,
}

impl Builder {
    fn at(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    /// Text that was made from `span`.
    fn made(&mut self, text: &str, span: Span) {
        self.map.push_made(self.at(), span);
        self.text.push_str(text);
    }

    /// An expression as it is, in brackets.
    fn nested(&mut self, source: &Source) {
        self.made("(", source.span);
        self.map.append(self.at(), &source.map, source.span);
        self.text.push_str(&source.text);
        // A comment at the end would swallow the bracket.
        self.made(if has_comment(&source.text) { "\n)" } else { ")" }, source.span);
    }

    fn finish(self, span: Span) -> Source {
        Source { text: self.text.into(), span, map: self.map }
    }
}

impl Reader<'_> {
    /// `{match: CEL}` or `{all | any | none: [...]}`.
    pub(super) fn conditions(&mut self, node: &Node<'_>) -> Option<Source> {
        if let Kind::Scalar(text, _) = &node.kind {
            self.push(
                Diagnostic::error(
                    "wrong-type",
                    format!("`conditions` is a mapping, not {}", describe(node)),
                    node.span,
                )
                .with_help(format!("for one expression write `when: {}`", short(text))),
            );
            return None;
        }
        if let Kind::List(_) = &node.kind {
            self.push(
                Diagnostic::error("wrong-type", "`conditions` is a mapping, not a list", self.head(node.span))
                    .with_help("say how the list is combined: `conditions: {all: [...]}`, or `any`, or `none`"),
            );
            return None;
        }
        let fields = self.fields(node, "`conditions`", GROUP)?;
        match fields.entries.as_slice() {
            [(key, value)] => self.group(&key.text, key.span, value),
            [] if !fields.reported.is_empty() => None,
            [] => {
                // With unknown keys there is an error already.
                if matches!(&node.kind, Kind::Map(entries) if entries.is_empty()) {
                    let message = "`conditions` is empty";
                    self.push(
                        Diagnostic::error("missing-condition", message, node.span)
                            .with_help("for a rule that always matches write `when: true`"),
                    );
                }
                None
            }
            [.., (key, _)] => {
                self.push(
                    Diagnostic::error("two-conditions", "`conditions` has more than one way to combine", key.span)
                        .with_help(format!("use one of {}; groups can be nested", quoted(GROUP))),
                );
                None
            }
        }
    }

    fn group(&mut self, key: &str, at: Span, value: &Node<'_>) -> Option<Source> {
        if key == "match" {
            return self.cel("match", value);
        }
        let items = self.some_items(key, value)?;
        let items: Vec<_> = items.iter().map(|item| self.condition_item(item)).collect();
        let items: Vec<Source> = items.into_iter().collect::<Option<_>>()?;
        let mut out = Builder::default();
        let (open, operator, close) = match key {
            "all" => ("", " && ", ""),
            "any" => ("", " || ", ""),
            _ => ("!(", " || ", ")"),
        };
        if !open.is_empty() {
            out.made(open, at);
        }
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                out.made(operator, at);
            }
            out.nested(item);
        }
        if !close.is_empty() {
            out.made(close, at);
        }
        Some(out.finish(value.span))
    }

    /// An item of `all`, `any` or `none`.
    fn condition_item(&mut self, node: &Node<'_>) -> Option<Source> {
        let entries = match &node.kind {
            Kind::Scalar(_, style) => {
                let source = self.cel("a condition", node)?;
                return self.whole(&source, *style).then_some(source);
            }
            Kind::List(_) => {
                let error = match self.misread_as_other(node) {
                    Some(error) => error,
                    None => Diagnostic::error("wrong-type", "a condition is not a list", self.head(node.span))
                        .with_help("nest a group instead: `{any: [...]}`"),
                };
                self.push(error);
                return None;
            }
            Kind::Map(entries) => entries,
        };
        let has = |keys: &[&str]| entries.iter().any(|(key, _)| keys.contains(&&*key.text));
        if has(COMPARISON) {
            return self.comparison(node);
        }
        if has(CALL) {
            return self.call(node);
        }
        if has(GROUP) {
            return self.conditions(node);
        }
        if let Some(error) = self.misread_as_other(node) {
            self.push(error);
            return None;
        }
        let known: Vec<&str> = [COMPARISON, CALL, GROUP].concat();
        // Reports the unknown keys.
        self.fields(node, "a condition", &known)?;
        if entries.is_empty() {
            let message = "the condition is empty";
            self.push(
                Diagnostic::error("missing-condition", message, node.span)
                    .with_help("write an expression, `{field, operator, value}`, `{function, args}` or a group"),
            );
        }
        None
    }

    /// True when the brackets of an expression are balanced, so that it stays one operand among others.
    fn whole(&mut self, source: &Source, style: Style) -> bool {
        let (at, message) = match shape(&source.text) {
            Shape::Closed => return true,
            Shape::OpenString(at) => (at, "the string has no end"),
            Shape::Bracket(at) => (at, "the bracket has no partner"),
        };
        let span = source.locate(crate::document::offsets::span(at, at + 1));
        let error = Diagnostic::error("open-expression", message, span);
        self.push(match style {
            Style::Plain => error.with_help(misread::IN_FLOW),
            _ => error,
        });
        false
    }

    /// `{field, operator, value}`
    fn comparison(&mut self, node: &Node<'_>) -> Option<Source> {
        let fields = self.fields(node, "a condition", COMPARISON)?;
        let field = self.required(&fields, "field").and_then(|node| self.field(node));
        let operator = self.required(&fields, "operator").and_then(|node| self.operator(node));
        let (field, (operator, operator_at)) = (field?, operator?);
        if matches!(operator, Operator::Exists | Operator::NotExists) {
            if let Some(key) = fields.key("value") {
                self.error("unknown-key", "`exists` and `not_exists` take no `value`", key.span);
                return None;
            }
            return self.presence(&field, operator == Operator::Exists, node.span);
        }
        if fields.was_reported("value") {
            return None;
        }
        let value = self.required(&fields, "value")?;
        let literal = match operator {
            Operator::In | Operator::NotIn => self.list_literal(value)?,
            Operator::Exists | Operator::NotExists => return None,
            Operator::Infix(_) | Operator::Contains | Operator::NotContains => literal(&self.constant("value", value)?),
            Operator::Order(_) => match self.constant("value", value)? {
                Constant::Bool(_) => {
                    self.wrong_type("value", "a number or text", value);
                    return None;
                }
                constant => literal(&constant),
            },
            Operator::Method(_) => match self.constant("value", value)? {
                constant @ Constant::String(_) => literal(&constant),
                _ => {
                    self.wrong_type("value", "text", value);
                    return None;
                }
            },
        };
        let mut out = Builder::default();
        let (path, at) = &field;
        let is_list = LIST_FIELDS.contains(&path.as_str()) || self.list_fields.contains(path.as_str());
        let text = literal.starts_with('"') && !is_list;
        match operator {
            Operator::Infix(sign) | Operator::Order(sign) => {
                out.made(path, *at);
                out.made(&format!(" {sign} "), operator_at);
                out.made(&literal, value.span);
            }
            Operator::In | Operator::NotIn => {
                let not = operator == Operator::NotIn;
                out.made(if not { "!(" } else { "" }, operator_at);
                out.made(path, *at);
                out.made(" in ", operator_at);
                out.made(&literal, value.span);
                out.made(if not { ")" } else { "" }, operator_at);
            }
            // Text can be in text; anything else can only be in a list.
            Operator::Contains | Operator::NotContains => {
                out.made(if operator == Operator::NotContains { "!(" } else { "" }, operator_at);
                if text {
                    out.made(path, *at);
                    out.made(".contains(", operator_at);
                    out.made(&literal, value.span);
                    out.made(")", operator_at);
                } else {
                    out.made(&literal, value.span);
                    out.made(" in ", operator_at);
                    out.made(path, *at);
                }
                out.made(if operator == Operator::NotContains { ")" } else { "" }, operator_at);
            }
            Operator::Method(function) => {
                out.made(path, *at);
                out.made(&format!(".{function}("), operator_at);
                out.made(&literal, value.span);
                out.made(")", operator_at);
            }
            Operator::Exists | Operator::NotExists => {}
        }
        Some(out.finish(node.span))
    }

    /// `has(a.b) && has(a.b.c)`: absent is whatever has an absent parent.
    fn presence(&mut self, field: &(String, Span), exists: bool, span: Span) -> Option<Source> {
        let (path, at) = field;
        let steps: Vec<String> = path
            .match_indices('.')
            .skip(1)
            .map(|(dot, _)| path.get(..dot).unwrap_or_default())
            .chain([path.as_str()])
            .map(|prefix| format!("has({prefix})"))
            .collect();
        if !path.contains('.') {
            self.push(
                Diagnostic::error("wrong-path", format!("`{path}` is always there"), *at)
                    .with_help("`exists` and `not_exists` need a path of two or more names, such as `user.tier`"),
            );
            return None;
        }
        let mut out = Builder::default();
        let all = steps.join(" && ");
        out.made(&if exists { all } else { format!("!({all})") }, *at);
        Some(out.finish(span))
    }

    fn field(&mut self, node: &Node<'_>) -> Option<(String, Span)> {
        let text = self.some_text("field", node)?;
        if is_path(&text.value) {
            return Some((text.value.to_string(), text.span));
        }
        let message = format!("`{}` is not the path of a field", short(&text.value));
        self.push(
            Diagnostic::error("wrong-path", message, text.span)
                .with_help("a path is names with dots between them; anything else is written as an expression"),
        );
        None
    }

    fn operator(&mut self, node: &Node<'_>) -> Option<(Operator, Span)> {
        if let Kind::Scalar(text, _) = &node.kind
            && !OPERATORS.iter().any(|(name, _)| name == text)
        {
            let names = OPERATORS.iter().map(|(name, _)| *name).filter(|name| name.len() > 3 || *name == "in");
            let help = match (did_you_mean(text, OPERATORS.iter().map(|(name, _)| *name)), &**text) {
                (_, "==" | "=") => "did you mean `equals`?".to_owned(),
                (_, "!=") => "did you mean `not_equals`?".to_owned(),
                (_, ">") => "did you mean `greater_than`?".to_owned(),
                (_, "<") => "did you mean `less_than`?".to_owned(),
                (_, ">=") => "did you mean `greater_than_or_equals`?".to_owned(),
                (_, "<=") => "did you mean `less_than_or_equals`?".to_owned(),
                (_, "regex" | "regexp" | "match") => "did you mean `matches`?".to_owned(),
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, _) => format!("the operators are {}", quoted(&names.collect::<Vec<_>>())),
            };
            let message = format!("there is no operator `{}`", short(text));
            self.push(Diagnostic::error("unknown-value", message, node.span).with_help(help));
            return None;
        }
        Some((self.choice("operator", node, OPERATORS)?, node.span))
    }

    fn list_literal(&mut self, node: &Node<'_>) -> Option<String> {
        if let Kind::Scalar(text, _) = &node.kind {
            let error =
                Diagnostic::error("wrong-type", format!("`value` must be a list, not {}", describe(node)), node.span);
            let help = if text.starts_with("lists.") {
                format!("to use a named list write an expression: `user.region in {text}`")
            } else {
                format!("write `value: [{text}]`, or use `equals`")
            };
            self.push(error.with_help(help));
            return None;
        }
        let items = self.some_items("value", node)?;
        let items: Vec<_> = items.iter().map(|item| self.constant("value", item)).collect();
        let items: Vec<Constant> = items.into_iter().collect::<Option<_>>()?;
        if let Some(first) = items.first()
            && items.iter().any(|item| item.scalar() != first.scalar())
        {
            self.push(
                Diagnostic::error("mixed-types", "the values have different types", self.head(node.span))
                    .with_help("quote those that are text"),
            );
            return None;
        }
        let items: Vec<String> = items.iter().map(literal).collect();
        Some(format!("[{}]", items.join(", ")))
    }

    /// `{function, args}`: each argument is an expression.
    fn call(&mut self, node: &Node<'_>) -> Option<Source> {
        let fields = self.fields(node, "a condition", CALL)?;
        let function = self.required(&fields, "function").and_then(|node| {
            let text = self.some_text("function", node)?;
            if is_path(&text.value) || is_identifier(&text.value) {
                return Some(text);
            }
            let message = format!("`{}` is not the name of a function", short(&text.value));
            self.error("wrong-name", message, text.span);
            None
        });
        let args: Vec<Option<Source>> = match fields.get("args") {
            None => Vec::new(),
            Some(node) => self.items("args", node)?.iter().map(|item| self.argument(item)).collect(),
        };
        let (function, args) = (function?, args.into_iter().collect::<Option<Vec<_>>>()?);
        let mut out = Builder::default();
        out.made(&function.value, function.span);
        out.made("(", function.span);
        for (number, arg) in args.iter().enumerate() {
            if number > 0 {
                out.made(", ", node.span);
            }
            out.nested(arg);
        }
        out.made(")", function.span);
        Some(out.finish(node.span))
    }

    fn argument(&mut self, node: &Node<'_>) -> Option<Source> {
        if let Kind::Scalar(text, Style::Plain) = &node.kind
            && text.is_empty()
        {
            self.error("no-value", "the argument has no value", node.span);
            return None;
        }
        let Kind::Scalar(_, style) = node.kind else {
            self.cel("args", node);
            return None;
        };
        let source = self.cel("args", node)?;
        self.whole(&source, style).then_some(source)
    }
}

/// A constant as CEL writes it.
fn literal(constant: &Constant) -> String {
    match constant {
        Constant::Bool(value) => value.to_string(),
        Constant::Int(value) => value.to_string(),
        Constant::Double(value) => format!("{value:?}"),
        Constant::String(text) => string_literal(text),
    }
}

fn string_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
