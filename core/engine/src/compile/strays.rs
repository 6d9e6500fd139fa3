//! Names in a context that are no field: what is misspelt is read by nobody, and a rule about it would never match.

use std::collections::BTreeMap;
use std::sync::Arc;

use llm_policy_cel::diagnostic::did_you_mean;
use llm_policy_cel::types::Type;

use super::fields::{Field, Fields, Shape};

/// A name that is no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// `request.modle`; elements of a list have their number: `request.messages.0.txt`.
    pub path: String,
    /// A field beside it with nearly the same name.
    pub near: Option<String>,
}

impl Stray {
    /// `name` below `above`, where only the names `known` may stand.
    fn new<S: AsRef<str>>(above: &[S], name: &str, known: Vec<&str>) -> Self {
        let whole = |name: &str| above.iter().map(AsRef::as_ref).chain([name]).collect::<Vec<_>>().join(".");
        Self { path: whole(name), near: did_you_mean(name, known).map(whole) }
    }
}

/// What may stand at a place of a context.
#[derive(Clone, Copy)]
enum At<'f> {
    Fields(&'f BTreeMap<Arc<str>, Field>),
    Typed(&'f Type),
    Anything,
}

impl<'f> At<'f> {
    fn of(field: &'f Field) -> Self {
        match &field.shape {
            Shape::Leaf(t, _) => Self::Typed(t),
            // What documents declare below a free object adds types; other names are as free as before.
            Shape::Free(_) => Self::Anything,
            Shape::Record(_, fields) => Self::Fields(fields),
        }
    }

    /// Below `name`. `Err`: there is no such field; the names that there are.
    fn below(self, name: &str) -> Result<Self, Vec<&'f str>> {
        match self {
            Self::Fields(fields) => match fields.get(name) {
                Some(field) => Ok(Self::of(field)),
                None => Err(fields.keys().map(|name| &**name).collect()),
            },
            Self::Typed(Type::Object(object)) => match object.field(name) {
                Some(t) => Ok(Self::Typed(t)),
                None => Err(object.fields.iter().map(|(name, _)| &**name).collect()),
            },
            Self::Typed(Type::List(item)) => Ok(Self::Typed(item)),
            // A value of another type than the field's is told when it is read.
            Self::Typed(_) | Self::Anything => Ok(Self::Anything),
        }
    }
}

impl Fields {
    /// The first name of `path` that is no field; below a free object any name may stand.
    #[must_use]
    pub fn stray(&self, path: &[&str]) -> Option<Stray> {
        let mut at = At::Fields(&self.roots);
        for (count, name) in path.iter().enumerate() {
            match at.below(name) {
                Ok(below) => at = below,
                Err(known) => return Some(Stray::new(path.get(..count).unwrap_or_default(), name, known)),
            }
        }
        None
    }

    /// The names in `context` that are no field, each once; nothing below them is told.
    #[must_use]
    pub fn strays(&self, context: &serde_json::Value) -> Vec<Stray> {
        fn walk(at: At<'_>, path: &mut Vec<String>, value: &serde_json::Value, out: &mut Vec<Stray>) {
            use serde_json::Value as Json;
            let mut enter = |name: String, value: &Json| match at.below(&name) {
                Ok(At::Anything) => {}
                Ok(below) => {
                    path.push(name);
                    walk(below, path, value, out);
                    path.pop();
                }
                Err(known) => out.push(Stray::new(path, &name, known)),
            };
            match value {
                Json::Object(object) => object.iter().for_each(|(name, value)| enter(name.clone(), value)),
                Json::Array(items) => {
                    items.iter().enumerate().for_each(|(number, value)| enter(number.to_string(), value));
                }
                _ => {}
            }
        }
        let mut out = Vec::new();
        walk(At::Fields(&self.roots), &mut Vec::new(), context, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_are_no_field() {
        let fields = Fields::default();
        let context = json!({
            "request": {
                "modle": "x", "max_token": {"a": {"b": 1}}, "context": {"anything": 1},
                "messages": [{"role": "user", "text": "a"}, {"rol": "user"}],
                "model": {"a": 1},
            },
            "user": {"id": "ann", "attributes": {"é": {"x": 1}}},
            "uesr": {"id": "x"},
            "metadata": {"x": [1, {"y": 2}]},
            "qqqqqq": null,
        });
        let found: Vec<(String, Option<String>)> =
            fields.strays(&context).into_iter().map(|stray| (stray.path, stray.near)).collect();
        let mut found: Vec<(&str, Option<&str>)> =
            found.iter().map(|(path, near)| (&**path, near.as_deref())).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("qqqqqq", None),
                ("request.max_token", Some("request.max_tokens")),
                ("request.messages.1.rol", Some("request.messages.1.role")),
                ("request.modle", Some("request.model")),
                ("uesr", Some("user")),
            ]
        );
        assert_eq!(fields.strays(&json!([])), []);
    }
}
