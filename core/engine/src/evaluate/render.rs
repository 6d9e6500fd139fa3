//! Templates and parameters, filled in.

use std::fmt::Write;
use std::sync::Arc;

use llm_policy_cel::error::Result;
use llm_policy_cel::eval::Evaluator;
use llm_policy_cel::library::{conversions, time};
use llm_policy_cel::program::NodeId;
use llm_policy_cel::value::Val;
use serde_json::Value as Json;

use crate::compile::rules::{Text, TextPart, Tree};

/// What stands in the place of a value that could not be worked out.
pub(crate) const ERROR: &str = "<error>";

/// A text of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rendered {
    /// As it was written.
    Fixed(Arc<str>),
    /// With values in it.
    Made(Box<str>),
}

impl Rendered {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Made(text) => text,
        }
    }
}

/// A text with its values filled in; a value that fails reads `<error>`.
pub(crate) fn text(evaluator: &Evaluator<'_>, text: &Text) -> Rendered {
    match text {
        Text::Fixed(text) => Rendered::Fixed(text.clone()),
        Text::Parts(parts) => Rendered::Made(join(evaluator, parts).0.into()),
    }
}

/// The same, or `None` when a value fails.
pub(crate) fn text_or_error(evaluator: &Evaluator<'_>, text: &Text) -> Option<Rendered> {
    match text {
        Text::Fixed(text) => Some(Rendered::Fixed(text.clone())),
        Text::Parts(parts) => {
            let (text, failed) = join(evaluator, parts);
            (!failed).then(|| Rendered::Made(text.into()))
        }
    }
}

fn join(evaluator: &Evaluator<'_>, parts: &[TextPart]) -> (String, bool) {
    let mut out = String::new();
    let mut failed = false;
    for part in parts {
        match part {
            TextPart::Text(text) => out.push_str(text),
            TextPart::Node(node) => match paid(evaluator, *node) {
                Ok(Val::Str(text)) => out.push_str(text),
                Ok(value) => write_value(value, &mut out),
                Err(_) => {
                    failed = true;
                    out.push_str(ERROR);
                }
            },
        }
    }
    (out, failed)
}

/// The value of `node`, with fuel paid for writing all of it: what an expression shares is written as often as it is named.
pub(crate) fn paid<'a>(evaluator: &Evaluator<'a>, node: NodeId) -> Result<Val<'a>> {
    let value = evaluator.value(node)?;
    let fuel = evaluator.fuel();
    evaluator.refuel(fuel - value.weight_within(fuel)?);
    Ok(value)
}

fn write_value(value: Val<'_>, out: &mut String) {
    // Writing to a string does not fail.
    let _ = match to_json(value) {
        Json::String(text) => write!(out, "{text}"),
        other => write!(out, "{other}"),
    };
}

/// Parameters with their values filled in; a value that fails is the text `<error>`.
pub(crate) fn tree(evaluator: &Evaluator<'_>, tree: &Tree) -> Json {
    match tree {
        Tree::Value(value) => value.clone(),
        Tree::Text(parts) => Json::String(text(evaluator, parts).as_str().to_owned()),
        Tree::Node(node) => paid(evaluator, *node).map_or_else(|_| Json::String(ERROR.to_owned()), to_json),
        Tree::List(items) => Json::Array(items.iter().map(|item| self::tree(evaluator, item)).collect()),
        Tree::Map(entries) => {
            Json::Object(entries.iter().map(|(k, v)| (k.to_string(), self::tree(evaluator, v))).collect())
        }
    }
}

/// A value of an input, or one that was [`paid`] for, as JSON: timestamps and durations as text, bytes in base64, an optional as what is in it.
pub(crate) fn to_json(value: Val<'_>) -> Json {
    match value {
        Val::Null => Json::Null,
        Val::Bool(b) => Json::Bool(b),
        Val::Int(i) => Json::from(i),
        Val::Uint(u) => Json::from(u),
        Val::Double(d) => {
            serde_json::Number::from_f64(d).map_or_else(|| Json::String(conversions::double_text(d)), Json::Number)
        }
        Val::Str(text) => Json::String(text.to_owned()),
        Val::Bytes(bytes) => {
            use base64::Engine;
            Json::String(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        Val::Timestamp(t) => Json::String(time::TimestampText(t).to_string()),
        Val::Duration(d) => Json::String(time::DurationText(d).to_string()),
        Val::Type(t) => Json::String(t.0.to_owned()),
        Val::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Val::Map(map) => Json::Object(
            map.iter()
                .map(|(key, value)| {
                    let key = match to_json(key) {
                        Json::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, to_json(value))
                })
                .collect(),
        ),
        Val::Optional(optional) => optional.get().map_or(Json::Null, to_json),
        Val::Ip(ip) => Json::String(ip.to_string()),
        Val::Cidr(cidr) => Json::String(format!("{}/{}", cidr.address, cidr.prefix)),
    }
}
