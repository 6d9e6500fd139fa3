//! `schema`, `variables`, `lists` and `tables`.

use std::sync::Arc;

use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_cel::types::Type;
use rustc_hash::FxHashSet;

use super::{Loader, Reader, describe, short};
use crate::document::model::{Constant, FieldMissing, List, Scalar, SchemaField, Spanned, Table, Text, Variable};
use crate::document::tree::{Key, Node};
use crate::document::{is_identifier, is_path, parse};

pub(super) const FIELD: &[&str] = &["type", "missing", "description"];
pub(super) const TABLE: &[&str] = &["key", "value", "file", "entries"];
const TYPES: &[(&str, Scalar)] =
    &[("string", Scalar::String), ("int", Scalar::Int), ("double", Scalar::Double), ("bool", Scalar::Bool)];

impl Reader<'_> {
    pub(super) fn schema(&mut self, node: Option<&Node<'_>>) -> Vec<SchemaField> {
        let Some(node) = node else { return Vec::new() };
        let mut fields = Vec::new();
        for (key, value) in self.entries("schema", node) {
            if !is_path(&key.text) || !key.text.contains('.') {
                let message = format!("`{}` is not the path of a field", short(&key.text));
                self.push(
                    Diagnostic::error("wrong-path", message, key.span)
                        .with_help("a path is two or more names with dots between them, such as `user.clearance`"),
                );
            }
            let Some(parts) = self.fields(value, "a field of `schema`", FIELD) else { continue };
            let ty = self.required(&parts, "type").and_then(|node| self.field_type(node));
            let missing = parts.get("missing").and_then(|node| {
                let choices = [
                    ("error", FieldMissing::Error),
                    ("default", FieldMissing::Default),
                    ("required", FieldMissing::Required),
                ];
                self.choice("missing", node, &choices)
            });
            let description = parts.get("description").and_then(|node| self.text("description", node));
            if let Some(ty) = ty {
                fields.push(SchemaField { path: text(key), ty, missing: missing.unwrap_or_default(), description });
            }
        }
        fields
    }

    fn field_type(&mut self, node: &Node<'_>) -> Option<Type> {
        let text = self.text("type", node)?;
        let found = parse_type(&text, 0);
        if found.is_none() {
            let help = match text.trim() {
                "list" | "array" => "write the type of the items too: `list(string)`".to_owned(),
                "map" | "object" => "write the type of the values too: `map(string, string)`".to_owned(),
                word => match did_you_mean(word, BASIC.iter().map(|(name, _)| *name)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "use `bool`, `int`, `double`, `string`, `timestamp`, `duration`, `dyn`, `list(...)` or \
                             `map(string, ...)`"
                        .to_owned(),
                },
            };
            let message = format!("there is no type `{}`", short(&text));
            self.push(Diagnostic::error("unknown-type", message, node.span).with_help(help));
        }
        found
    }

    pub(super) fn variables(&mut self, node: Option<&Node<'_>>) -> Vec<Variable> {
        let Some(node) = node else { return Vec::new() };
        let mut variables = Vec::new();
        for (key, value) in self.entries("variables", node) {
            self.check_identifier("variables", key);
            if let Some(value) = self.cel(&key.text, value) {
                variables.push(Variable { name: text(key), value });
            }
        }
        variables
    }

    pub(super) fn lists(&mut self, node: Option<&Node<'_>>) -> Vec<List> {
        let Some(node) = node else { return Vec::new() };
        let mut lists = Vec::new();
        for (key, value) in self.entries("lists", node) {
            self.check_identifier("lists", key);
            let Some(nodes) = self.items(&key.text, value) else { continue };
            if nodes.is_empty() {
                let message = format!("the list `{}` is empty, so nothing is in it", key.text);
                self.push(Diagnostic::warning("empty-list", message, value.span));
            }
            let items = nodes
                .iter()
                .filter_map(|item| Some(Spanned::new(self.constant(&key.text, item)?, item.span)))
                .collect();
            let (item_type, items) = self.one_type(items);
            lists.push(List { name: text(key), item_type, items });
        }
        lists
    }

    /// All items as one type: integers become doubles beside doubles.
    fn one_type(&mut self, mut items: Vec<Spanned<Constant>>) -> (Scalar, Vec<Spanned<Constant>>) {
        let has_double = items.iter().any(|item| matches!(item.value, Constant::Double(_)));
        let wanted = match items.first().map(|item| item.value.scalar()) {
            Some(Scalar::Int) if has_double => Scalar::Double,
            Some(first) => first,
            None => Scalar::String,
        };
        for item in &mut items {
            match convert(&item.value, wanted) {
                Some(value) => item.value = value,
                None => {
                    let message = format!("the item is {}, the first is {}", item.value.scalar().name(), wanted.name());
                    self.push(
                        Diagnostic::error("mixed-types", message, item.span)
                            .with_help("the items of a list have one type; quote those that are text"),
                    );
                }
            }
        }
        (wanted, items)
    }

    fn check_identifier(&mut self, what: &str, key: &Key<'_>) {
        if !is_identifier(&key.text) {
            let message = format!("`{}` cannot be a name in `{what}`", short(&key.text));
            self.push(
                Diagnostic::error("wrong-name", message, key.span)
                    .with_help("use letters, digits and `_`, not beginning with a digit, and no word of cel"),
            );
        }
    }

    pub(super) fn tables(&mut self, node: Option<&Node<'_>>, load: &mut Loader<'_>) -> Vec<Table> {
        let Some(node) = node else { return Vec::new() };
        let mut tables = Vec::new();
        for (key, value) in self.entries("tables", node) {
            self.check_name("tables", &key.text, key.span);
            if let Some(table) = self.table(text(key), value, load) {
                tables.push(table);
            }
        }
        tables
    }

    fn table(&mut self, name: Text, node: &Node<'_>, load: &mut Loader<'_>) -> Option<Table> {
        let fields = self.fields(node, "a table", TABLE)?;
        let keys: Vec<_> = TYPES.iter().copied().filter(|(_, scalar)| *scalar != Scalar::Double).collect();
        let key = self.required(&fields, "key").and_then(|node| self.choice("key", node, &keys));
        let value = self.required(&fields, "value").and_then(|node| self.choice("value", node, TYPES));
        let (key, value) = (key?, value?);
        let (file, entries) = match (fields.get("file"), fields.get("entries")) {
            (Some(node), None) => {
                let file = self.some_text("file", node)?;
                let entries = self.file_entries(&file, key, value, load)?;
                (Some(file), entries)
            }
            (None, Some(node)) => match self.table_entries("entries", node, key, value) {
                Ok(entries) => (None, entries),
                Err(errors) => {
                    errors.into_iter().for_each(|error| self.push(error));
                    return None;
                }
            },
            _ => {
                let message = "a table needs either `file` or `entries`";
                self.error("missing-key", message, fields.at);
                return None;
            }
        };
        Some(Table { name, key, value, file, entries })
    }

    fn file_entries(
        &mut self,
        file: &Text,
        key: Scalar,
        value: Scalar,
        load: &mut Loader<'_>,
    ) -> Option<Vec<(Constant, Constant)>> {
        let name = &file.value;
        if !is_inside(name) {
            let error = Diagnostic::error(
                "wrong-file",
                format!("`{}` is not a file beside the policy", short(name)),
                file.span,
            );
            self.push(error.with_help("use a relative name with `/`, without `..`"));
            return None;
        }
        let text = match load(name) {
            Ok(text) => text,
            Err(cause) => {
                self.error("wrong-file", format!("`{name}` cannot be read: {cause}"), file.span);
                return None;
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let reader = Reader::new(text);
        let errors = match parse(text, name) {
            Ok(root) => match reader.table_entries("the file", &root, key, value) {
                Ok(entries) => return Some(entries),
                Err(errors) => errors,
            },
            Err(errors) => errors,
        };
        for error in errors {
            let (line, column) = error.span.line_and_column(text);
            let message = format!("{name}:{line}:{column}: {}", error.message);
            self.push(Diagnostic { message, span: file.span, ..error });
        }
        None
    }

    /// The keys and values of a table, all of the declared types.
    fn table_entries(
        &self,
        name: &str,
        node: &Node<'_>,
        key_type: Scalar,
        value_type: Scalar,
    ) -> Result<Vec<(Constant, Constant)>, Vec<Diagnostic>> {
        let mut reader = Reader::new(self.text);
        let mut entries = Vec::new();
        let mut seen = FxHashSet::default();
        for (key, value) in reader.entries(name, node) {
            let parsed = match key_type {
                Scalar::String => Some(Constant::String(Arc::from(&*key.text))),
                Scalar::Int => key.text.parse().ok().map(Constant::Int),
                Scalar::Bool => key.text.parse().ok().map(Constant::Bool),
                Scalar::Double => None,
            };
            let Some(parsed) = parsed else {
                let message = format!("the key `{}` is not {}", short(&key.text), key_type.name());
                reader.error("wrong-type", message, key.span);
                continue;
            };
            // `1` and `01` are two texts and one integer.
            if let Constant::Int(number) = parsed
                && !seen.insert(number)
            {
                reader.push(crate::document::tree::repeated_key(&key.text, key.span));
            }
            let Some(found) = reader.constant(name, value) else { continue };
            match convert(&found, value_type) {
                Some(found) => entries.push((parsed, found)),
                None => {
                    let message = format!(
                        "the value of `{}` is {}, not {}",
                        short(&key.text),
                        describe(value),
                        value_type.name()
                    );
                    reader.error("wrong-type", message, value.span);
                }
            }
        }
        if reader.findings.is_empty() { Ok(entries) } else { Err(reader.findings) }
    }
}

impl Constant {
    /// The type.
    #[must_use]
    pub const fn scalar(&self) -> Scalar {
        match self {
            Self::Bool(_) => Scalar::Bool,
            Self::Int(_) => Scalar::Int,
            Self::Double(_) => Scalar::Double,
            Self::String(_) => Scalar::String,
        }
    }
}

impl Scalar {
    const fn name(self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Int => "an integer",
            Self::Double => "a number",
            Self::String => "text",
        }
    }
}

/// `value` as a constant of type `wanted`: an integer is a double where doubles are wanted.
fn convert(value: &Constant, wanted: Scalar) -> Option<Constant> {
    const EXACT: i64 = 1 << 53;
    match (value, wanted) {
        #[expect(clippy::cast_precision_loss, reason = "integers in this range are exact doubles")]
        (Constant::Int(int), Scalar::Double) if (-EXACT..=EXACT).contains(int) => Some(Constant::Double(*int as f64)),
        (value, wanted) if value.scalar() == wanted => Some(value.clone()),
        _ => None,
    }
}

fn text(key: &Key<'_>) -> Text {
    Spanned::new(Arc::from(&*key.text), key.span)
}

const BASIC: &[(&str, Type)] = &[
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("double", Type::Double),
    ("string", Type::String),
    ("timestamp", Type::Timestamp),
    ("duration", Type::Duration),
    ("dyn", Type::Dyn),
];

/// `int`, `list(string)`, `map(string, list(int))`
fn parse_type(text: &str, depth: u8) -> Option<Type> {
    let text = text.trim();
    if let Some((_, ty)) = BASIC.iter().find(|(name, _)| *name == text) {
        return Some(ty.clone());
    }
    if depth >= 8 {
        return None;
    }
    let (name, inner) = text.strip_suffix(')')?.split_once('(')?;
    match name.trim() {
        "list" => Some(Type::list(parse_type(inner, depth + 1)?)),
        "map" => {
            let (key, value) = inner.split_once(',')?;
            (key.trim() == "string").then_some(())?;
            Some(Type::map(Type::String, parse_type(value, depth + 1)?))
        }
        _ => None,
    }
}

/// True for a relative name that stays below the directory it is relative to, on every system.
fn is_inside(name: &str) -> bool {
    name.len() <= 1024
        && !name.contains(['\\', ':', '\0'])
        && !name.chars().any(char::is_control)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
