//! Values as JSON, and the digest of a tool's declaration.

use std::fmt::Write as _;

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use llm_policy_cel::value::Val;
use llm_policy_engine::decision::canonical;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// `sha256:` and the SHA-256 of a declaration's canonical form (RFC 8785).
pub(super) fn digest<'a>(declaration: Val<'_>, arena: &'a Bump) -> &'a str {
    let hash = Sha256::digest(canonical::to_string(&to_json(declaration)));
    let mut text = ArenaString::with_capacity_in(71, arena);
    text.push_str("sha256:");
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    text.into_bump_str()
}

/// The value as JSON. Bodies are JSON, so there is nothing in them that JSON cannot say.
pub(crate) fn to_json(value: Val<'_>) -> Json {
    match value {
        Val::Bool(b) => b.into(),
        Val::Int(i) => i.into(),
        Val::Uint(u) => u.into(),
        Val::Double(d) => d.into(),
        Val::Str(s) => s.into(),
        Val::List(items) => items.iter().map(to_json).collect(),
        Val::Map(map) => {
            let entry = |(key, value)| match key {
                Val::Str(key) => Some((key.to_owned(), to_json(value))),
                _ => None,
            };
            Json::Object(map.iter().filter_map(entry).collect())
        }
        _ => Json::Null,
    }
}
