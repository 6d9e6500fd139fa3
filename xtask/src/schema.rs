//! `schema/context.toml`: read, checked, and flattened to paths.

use std::collections::{BTreeMap, BTreeSet};

use llm_policy_engine::context::FieldType;
use serde::Deserialize;
use serde_json::Value as Json;

/// The stages, in the order of a turn.
pub const STAGES: [&str; 4] = ["request", "response", "tool_call", "tool_result"];
/// Who a field's value may come from.
const SOURCES: [&str; 4] = ["identity", "body", "engine", "fact"];
/// Longer sentences do not fit into the tables.
const DOC_CHARS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    context: BTreeMap<String, Entry>,
    record: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    n: u32,
    #[serde(rename = "type")]
    type_text: String,
    doc: String,
    source: Option<String>,
    stages: Option<Vec<String>>,
    content: Option<bool>,
    #[serde(default)]
    examples: Vec<Json>,
}

/// The type that `text` names: `list(record(message))`.
fn parse_type(text: &str) -> Option<FieldType> {
    // The names live as long as the chore.
    let record = |text: &str| Some(&*text.strip_prefix("record(")?.strip_suffix(')')?.to_owned().leak());
    Some(match text {
        "any" => FieldType::Any,
        "string" => FieldType::String,
        "int" => FieldType::Int,
        "double" => FieldType::Double,
        "bool" => FieldType::Bool,
        "timestamp" => FieldType::Timestamp,
        "list(string)" => FieldType::StringList,
        "map" => FieldType::Map,
        _ => match text.strip_prefix("list(").and_then(|t| t.strip_suffix(')')) {
            Some(element) => FieldType::ObjectList(record(element)?),
            None => FieldType::Object(record(text)?),
        },
    })
}

/// The record that a type's fields are those of.
fn record_of(field_type: FieldType) -> Option<&'static str> {
    match field_type {
        FieldType::Object(name) | FieldType::ObjectList(name) => Some(name),
        _ => None,
    }
}

/// Whether a field of this type may hold `value`.
fn admits(field_type: FieldType, value: &Json) -> bool {
    match field_type {
        FieldType::Any => true,
        FieldType::String | FieldType::Timestamp => value.is_string(),
        FieldType::Int => value.is_i64(),
        FieldType::Double => value.is_number(),
        FieldType::Bool => value.is_boolean(),
        FieldType::StringList => value.as_array().is_some_and(|a| a.iter().all(Json::is_string)),
        FieldType::Map | FieldType::Object(_) => value.is_object(),
        FieldType::ObjectList(_) => value.as_array().is_some_and(|a| a.iter().all(Json::is_object)),
    }
}

/// The type as the reference has it.
pub const fn type_name(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Any => "any",
        FieldType::String => "string",
        FieldType::Int => "int",
        FieldType::Double => "double",
        FieldType::Bool => "bool",
        FieldType::Timestamp => "timestamp",
        FieldType::StringList => "list(string)",
        FieldType::Map => "map",
        FieldType::Object(_) => "object",
        FieldType::ObjectList(_) => "list(object)",
    }
}

/// A field at its path, with what it inherits.
#[derive(Clone, Debug)]
pub struct Field {
    /// `user.id`, `request.messages[].text`
    pub path: String,
    /// The last name of the path.
    pub name: String,
    /// The type.
    pub field_type: FieldType,
    /// Who says so.
    pub source: String,
    /// Where it is there.
    pub stages: Vec<&'static str>,
    /// True for content.
    pub content: bool,
    /// One sentence.
    pub doc: String,
    /// Values.
    pub examples: Vec<Json>,
    /// The protobuf field number.
    pub number: u32,
}

/// The whole schema.
pub struct Schema {
    fields: Vec<Field>,
}

impl Schema {
    /// Reads and checks the file.
    pub fn read(source: &str) -> Result<Self, String> {
        let file: File = toml::from_str(source).map_err(|e| e.to_string())?;
        if file.schema != 1 {
            return Err(format!("schema = {}: only 1 is known", file.schema));
        }
        let mut walk = Walk { records: &file.record, used: BTreeSet::new(), open: Vec::new(), fields: Vec::new() };
        walk.level("", &file.context, None)?;
        if let Some(unused) = file.record.keys().find(|name| !walk.used.contains(*name)) {
            return Err(format!("record `{unused}` is never used"));
        }
        Ok(Self { fields: walk.fields })
    }

    /// All fields, each below its parent, in the order of their numbers.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields directly below `path` (of the elements, for a list); below `""` the root variables.
    pub fn children(&self, path: &str) -> impl Iterator<Item = &Field> {
        let parent = path.to_owned();
        self.fields.iter().filter(move |field| match field.path.rsplit_once('.') {
            Some((above, _)) => above.trim_end_matches("[]") == parent,
            None => parent.is_empty(),
        })
    }
}

struct Walk<'s> {
    records: &'s BTreeMap<String, BTreeMap<String, Entry>>,
    used: BTreeSet<String>,
    open: Vec<String>,
    fields: Vec<Field>,
}

impl Walk<'_> {
    /// Adds the fields of one record below `prefix` (empty, or ending with a dot).
    fn level(&mut self, prefix: &str, entries: &BTreeMap<String, Entry>, parent: Option<&Field>) -> Result<(), String> {
        let mut ordered: Vec<(&String, &Entry)> = entries.iter().collect();
        ordered.sort_by_key(|(_, entry)| entry.n);
        let mut last = 0;
        for (name, entry) in ordered {
            let field = field(prefix, name, entry, parent).map_err(|e| format!("{prefix}{name}: {e}"))?;
            if field.number == last {
                return Err(format!("{}: n = {last} is used twice", field.path));
            }
            last = field.number;
            self.fields.push(field.clone());
            let Some(record) = record_of(field.field_type) else { continue };
            let below = self.records.get(record).ok_or(format!("{}: there is no record `{record}`", field.path))?;
            if self.open.iter().any(|open| open == record) {
                return Err(format!("{}: record `{record}` holds itself", field.path));
            }
            self.used.insert(record.to_owned());
            self.open.push(record.to_owned());
            let list = matches!(field.field_type, FieldType::ObjectList(_));
            self.level(&format!("{}{}", field.path, if list { "[]." } else { "." }), below, Some(&field))?;
            self.open.pop();
        }
        Ok(())
    }
}

fn field(prefix: &str, name: &str, entry: &Entry, parent: Option<&Field>) -> Result<Field, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err("a name is made of a to z, 0 to 9 and `_`".to_owned());
    }
    if !(1..=18_999).contains(&entry.n) {
        return Err(format!("n = {} is not between 1 and 18999", entry.n));
    }
    let field_type = parse_type(&entry.type_text).ok_or(format!("there is no type `{}`", entry.type_text))?;
    if !entry.doc.ends_with('.') || entry.doc.chars().count() > DOC_CHARS || entry.doc.contains(['|', '"', '\\', '\n'])
    {
        return Err(format!("doc is one sentence of up to {DOC_CHARS} characters, without quotes, `|` and `\\`"));
    }
    if let Some(bad) = entry.examples.iter().find(|example| !admits(field_type, example)) {
        return Err(format!("example {bad} is not of type {}", entry.type_text));
    }
    let source = match (&entry.source, parent) {
        (Some(source), _) if SOURCES.contains(&source.as_str()) => source.clone(),
        (Some(source), _) => return Err(format!("there is no source `{source}`")),
        (None, Some(parent)) => parent.source.clone(),
        (None, None) => return Err("a root variable names its source".to_owned()),
    };
    let above = parent.map_or(STAGES.to_vec(), |parent| parent.stages.clone());
    let stages = match &entry.stages {
        Some(names) => {
            if let Some(bad) = names.iter().find(|name| !above.contains(&name.as_str())) {
                return Err(format!("stage `{bad}` is not known here"));
            }
            above.iter().copied().filter(|stage| names.iter().any(|name| name == stage)).collect()
        }
        None => above,
    };
    if stages.is_empty() || (source == "identity" && stages.len() < STAGES.len()) {
        return Err("a field is there in some stage, and identity in all".to_owned());
    }
    let content = entry.content.unwrap_or(parent.is_some_and(|parent| parent.content));
    Ok(Field {
        path: format!("{prefix}{name}"),
        name: name.to_owned(),
        field_type,
        source,
        stages,
        content,
        doc: entry.doc.clone(),
        examples: entry.examples.clone(),
        number: entry.n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(context: &str, records: &str) -> String {
        let source = format!("schema = 1\n[context]\n{context}\n[record]\n{records}");
        Schema::read(&source).err().unwrap_or_default()
    }

    #[test]
    fn inherits_source_stages_and_content() {
        let schema = Schema::read(
            "schema = 1
            [context]
            a = { n = 1, type = 'list(record(r))', source = 'body', stages = ['response'], content = true, doc = 'A.' }
            [record.r]
            b = { n = 2, type = 'int', doc = 'B.' }
            c = { n = 1, type = 'int', doc = 'C.', source = 'engine', content = false }",
        )
        .unwrap();
        let seen: Vec<_> = schema
            .fields()
            .iter()
            .map(|f| (f.path.as_str(), f.source.as_str(), f.stages.as_slice(), f.content))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", "body", ["response"].as_slice(), true),
                ("a[].c", "engine", ["response"].as_slice(), false),
                ("a[].b", "body", ["response"].as_slice(), true),
            ]
        );
        assert_eq!(schema.children("a").count(), 2);
        assert_eq!(schema.children("").count(), 1);
    }

    #[test]
    fn mistakes_are_named() {
        let a = "a = { n = 1, type = 'int', source = 'body', doc = 'A.' }";
        assert!(
            error_of(&format!("{a}\nb = {{ n = 1, type = 'int', source = 'body', doc = 'A.' }}"), "").contains("twice")
        );
        assert!(error_of("a = { n = 1, type = 'uint', source = 'body', doc = 'A.' }", "").contains("no type `uint`"));
        assert!(error_of("a = { n = 1, type = 'int', doc = 'A.' }", "").contains("source"));
        assert!(
            error_of("a = { n = 1, type = 'int', source = 'body', doc = 'A.', x = 1 }", "").contains("unknown field")
        );
        assert!(
            error_of("a = { n = 1, type = 'record(r)', source = 'body', doc = 'A.' }", "").contains("no record `r`")
        );
        assert!(error_of(a, "[record.r]\nb = { n = 1, type = 'int', doc = 'B.' }").contains("never used"));
        let cycle = "[record.r]\nb = { n = 1, type = 'record(r)', doc = 'B.' }";
        assert!(
            error_of("a = { n = 1, type = 'record(r)', source = 'body', doc = 'A.' }", cycle).contains("holds itself")
        );
        assert!(
            error_of("a = { n = 1, type = 'int', source = 'body', doc = 'A.', examples = ['x'] }", "")
                .contains("example")
        );
        assert!(
            error_of("a = { n = 1, type = 'int', source = 'identity', stages = ['request'], doc = 'A.' }", "")
                .contains("all")
        );
        assert!(
            error_of("a = { n = 1, type = 'int', source = 'body', stages = ['later'], doc = 'A.' }", "")
                .contains("later")
        );
    }
}
