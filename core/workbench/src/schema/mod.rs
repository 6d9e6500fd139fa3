//! JSON Schema (draft 2020-12) of policies, test cases and contexts, for editors and other tools.
//!
//! The schema is made from the keys that the strict readers know. A reader sees more than a schema can say: names that
//! nothing has, CEL that does not compile, sums. What a reader accepts is always valid by the schema.

mod breakers;
mod cases;
mod limits;
mod policy;

use serde_json::{Map, Value as Json, json};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a policy document.
///
/// ```
/// let schema = llm_policy_workbench::schema::policy();
/// assert_eq!(schema["properties"]["rules"]["type"], "array");
/// assert_eq!(schema["additionalProperties"], false);
/// ```
#[must_use]
pub fn policy() -> Json {
    policy::schema()
}

/// The schema of a file of test cases.
#[must_use]
pub fn test() -> Json {
    cases::schema()
}

/// The schema of a context, which `schema/context.toml` is the source of.
#[must_use]
pub fn context() -> Json {
    // The file is part of this crate and was checked when it was made.
    serde_json::from_str(include_str!("../../../../schema/context.schema.json")).unwrap_or_default()
}

/// An object with these keys and no others. `describe` gives the schema of each.
fn object(keys: &[&str], required: &[&str], describe: impl Fn(&str) -> Json) -> Json {
    let properties: Map<String, Json> = keys.iter().map(|key| ((*key).to_owned(), describe(key))).collect();
    let mut out = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Some(object), false) = (out.as_object_mut(), required.is_empty()) {
        object.insert("required".to_owned(), json!(required));
    }
    out
}

/// `schema` with more keys, which replace its own.
fn with(schema: Json, more: Json) -> Json {
    match (schema, more) {
        (Json::Object(mut schema), Json::Object(more)) => {
            schema.extend(more);
            Json::Object(schema)
        }
        (schema, _) => schema,
    }
}

fn doc(schema: Json, description: &str) -> Json {
    with(schema, json!({"description": description}))
}

fn text() -> Json {
    json!({"type": "string"})
}

fn some_text() -> Json {
    json!({"type": "string", "pattern": "\\S"})
}

fn boolean() -> Json {
    json!({"type": "boolean"})
}

fn int(least: i64, most: i64) -> Json {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

fn one_of(words: &[&str]) -> Json {
    json!({"enum": words})
}

fn list(items: Json) -> Json {
    json!({"type": "array", "items": items})
}

fn some(items: Json) -> Json {
    json!({"type": "array", "items": items, "minItems": 1})
}

fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn stages() -> Json {
    let names: Vec<&str> = llm_policy_engine::context::Stage::ALL.iter().map(|stage| stage.name()).collect();
    json!({"type": "array", "items": one_of(&names), "minItems": 1, "uniqueItems": true})
}

/// RFC 3339 with an offset. `format` alone says nothing to many validators.
fn instant() -> Json {
    json!({"type": "string", "format": "date-time", "pattern": "^[0-9+-]"})
}

#[cfg(test)]
mod tests;
