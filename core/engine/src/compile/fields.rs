//! The fields that policies can read: the standard context, and what documents declare on top of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use llm_policy_cel::types::{ObjectType, Type};
use llm_policy_cel::value::{OwnedMap, Value};

use crate::context::{self, FieldType, Source, Stages};
use crate::document::model::{FieldMissing, SchemaField};
use crate::input::paths::SlotType;

/// All fields, as a tree of records.
#[derive(Clone, Debug)]
pub struct Fields {
    pub(super) roots: BTreeMap<Arc<str>, Field>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Who says so.
    pub source: Source,
    /// The stages in which it is there.
    pub stages: Stages,
    /// Whether it holds what users, models or tools wrote.
    pub content: bool,
    /// What it holds.
    pub shape: Shape,
    /// What happens when it is absent; `None`: what the document says.
    pub missing: Option<FieldMissing>,
}

/// What a field holds.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value that is read whole.
    Leaf(Type, SlotType),
    /// A free object, with the types that documents declare below it.
    Free(BTreeMap<Arc<str>, Field>),
    /// Fields.
    Record(Arc<str>, BTreeMap<Arc<str>, Field>),
}

impl Default for Fields {
    /// The standard context.
    fn default() -> Self {
        let mut roots: BTreeMap<Arc<str>, Field> = BTreeMap::new();
        for field in context::FIELDS.iter().filter(|f| !f.path.contains('[')) {
            let shape = match field.field_type {
                FieldType::Object(name) => Shape::Record(name.into(), BTreeMap::new()),
                FieldType::Map => Shape::Free(BTreeMap::new()),
                leaf => Shape::Leaf(field.cel_type(), leaf.slot_type()),
            };
            let entry =
                Field { source: field.source, stages: field.stages, content: field.content, shape, missing: None };
            let mut at = &mut roots;
            let mut names = field.path.split('.').peekable();
            while let Some(name) = names.next() {
                if names.peek().is_none() {
                    at.insert(name.into(), entry);
                    break;
                }
                // A record stands before its fields in the table.
                match at.get_mut(name).map(|f| &mut f.shape) {
                    Some(Shape::Record(_, fields) | Shape::Free(fields)) => at = fields,
                    _ => break,
                }
            }
        }
        Self { roots }
    }
}

/// Why a declared field cannot be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// It is there with another type.
    Declared(String),
    /// It is there, and what happens when it is absent is another thing.
    Missing,
    /// A part of its path is no object.
    NoObject(String),
}

impl Fields {
    /// Adds a field that a document declares.
    ///
    /// # Errors
    /// When it is there already with another type or another `missing`, or its path leads through something that is no object.
    pub fn declare(&mut self, declared: &SchemaField) -> Result<(), Clash> {
        let mut at = &mut self.roots;
        let mut inherited: Option<(Source, Stages, bool)> = None;
        let mut path = String::new();
        let mut names = declared.path.value.split('.').peekable();
        while let Some(name) = names.next() {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
            let (source, stages, content) = inherited.unwrap_or((Source::Identity, Stages::ALL, false));
            if names.peek().is_none() {
                if let Some(known) = at.get_mut(name) {
                    if known.cel_type() != declared.ty {
                        return Err(Clash::Declared(known.cel_type().to_string()));
                    }
                    // A field of the standard context says nothing about being absent, so the first document does.
                    return match *known.missing.get_or_insert(declared.missing) == declared.missing {
                        true => Ok(()),
                        false => Err(Clash::Missing),
                    };
                }
                let shape = Shape::Leaf(declared.ty.clone(), slot_type(&declared.ty));
                at.insert(name.into(), Field { source, stages, content, shape, missing: Some(declared.missing) });
                return Ok(());
            }
            let field = at.entry(name.into()).or_insert_with(|| Field {
                source,
                stages,
                content,
                shape: Shape::Record(path.as_str().into(), BTreeMap::new()),
                missing: None,
            });
            inherited = Some((field.source, field.stages, field.content));
            match &mut field.shape {
                Shape::Record(_, fields) | Shape::Free(fields) => at = fields,
                Shape::Leaf(..) => return Err(Clash::NoObject(path)),
            }
        }
        Ok(())
    }

    /// The root variables and their types.
    pub fn variables(&self) -> impl Iterator<Item = (Arc<str>, Type)> {
        self.roots.iter().map(|(name, field)| (name.clone(), field.cel_type()))
    }

    /// The field that `root.path[0].path[1]...` reads, and how many names of the path lead to it. Below a free object that is
    /// the whole path.
    #[must_use]
    pub fn find(&self, root: &str, path: &[&str]) -> Option<(&Field, usize)> {
        let mut field = self.roots.get(root)?;
        for (used, name) in path.iter().enumerate() {
            match &field.shape {
                Shape::Leaf(..) => return Some((field, used)),
                Shape::Record(_, fields) => field = fields.get(*name)?,
                Shape::Free(fields) => match fields.get(*name) {
                    Some(declared) => field = declared,
                    None => return Some((field, path.len())),
                },
            }
        }
        Some((field, path.len()))
    }

    /// The first path in `object` whose value may not come from one of `sources`. Names of no field are let pass: nothing
    /// reads them.
    #[must_use]
    pub fn foreign(&self, object: &serde_json::Map<String, serde_json::Value>, sources: &[Source]) -> Option<String> {
        fn any_from(field: &Field, sources: &[Source]) -> bool {
            sources.contains(&field.source)
                || matches!(&field.shape, Shape::Record(_, below) if below.values().any(|field| any_from(field, sources)))
        }
        fn walk(
            prefix: &str,
            fields: &BTreeMap<Arc<str>, Field>,
            object: &serde_json::Map<String, serde_json::Value>,
            sources: &[Source],
        ) -> Option<String> {
            object.iter().find_map(|(name, value)| {
                let field = fields.get(name.as_str())?;
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                match (&field.shape, value) {
                    (Shape::Record(_, below), serde_json::Value::Object(object)) if any_from(field, sources) => {
                        walk(&path, below, object, sources)
                    }
                    _ => (!sources.contains(&field.source)).then_some(path),
                }
            })
        }
        walk("", &self.roots, object, sources)
    }

    /// The field that `path` names. What lies below a free object may be of any type.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<Field> {
        let mut names = path.split('.');
        let root = names.next()?;
        let rest: Vec<&str> = names.collect();
        let (field, used) = self.find(root, &rest).filter(|(_, used)| *used == rest.len())?;
        let free = |path: &[&str]| self.find(root, path).is_some_and(|(f, _)| matches!(f.shape, Shape::Free(_)));
        let above = used.checked_sub(1).and_then(|end| rest.get(..end));
        let shape = match above {
            Some(above) if free(&rest) && free(above) => Shape::Leaf(Type::Dyn, SlotType::Dyn),
            _ => field.shape.clone(),
        };
        Some(Field { shape, ..field.clone() })
    }

    /// The paths of all fields that an input must have.
    #[must_use]
    pub fn required(&self) -> Vec<String> {
        fn walk(prefix: &str, fields: &BTreeMap<Arc<str>, Field>, out: &mut Vec<String>) {
            for (name, field) in fields {
                let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
                match &field.shape {
                    Shape::Record(_, below) | Shape::Free(below) => walk(&path, below, out),
                    Shape::Leaf(..) if field.missing == Some(FieldMissing::Required) => out.push(path),
                    Shape::Leaf(..) => {}
                }
            }
        }
        let mut out = Vec::new();
        walk("", &self.roots, &mut out);
        out
    }
}

impl Field {
    /// The type as CEL sees it.
    #[must_use]
    pub fn cel_type(&self) -> Type {
        match &self.shape {
            Shape::Leaf(t, _) => t.clone(),
            Shape::Free(_) => Type::map(Type::String, Type::Dyn),
            Shape::Record(name, fields) => {
                let fields = fields.iter().map(|(name, field)| (name.clone(), field.cel_type())).collect();
                Type::Object(Arc::new(ObjectType::new(name.clone(), fields)))
            }
        }
    }

    /// The type of the field's slot.
    #[must_use]
    pub fn slot_type(&self) -> SlotType {
        match &self.shape {
            Shape::Leaf(_, slot) => *slot,
            Shape::Free(_) | Shape::Record(..) => SlotType::Map,
        }
    }

    /// What an absent field reads as where absent fields have a default. Timestamps and durations have none.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        default_of(&self.cel_type())
    }
}

fn default_of(t: &Type) -> Option<Value> {
    Some(match t {
        Type::String => Value::String("".into()),
        Type::Int => Value::Int(0),
        Type::Uint => Value::Uint(0),
        Type::Double => Value::Double(0.0),
        Type::Bool => Value::Bool(false),
        Type::List(_) => Value::List(Arc::new([])),
        Type::Map(_) | Type::Object(_) => Value::Map(Arc::new(OwnedMap::default())),
        Type::Dyn => Value::Null,
        _ => return None,
    })
}

fn slot_type(t: &Type) -> SlotType {
    match t {
        Type::Bool => SlotType::Bool,
        Type::Int => SlotType::Int,
        Type::Double => SlotType::Double,
        Type::String => SlotType::String,
        Type::Timestamp => SlotType::Timestamp,
        Type::List(item) if **item == Type::String => SlotType::StringList,
        Type::List(_) => SlotType::List,
        Type::Map(_) | Type::Object(_) => SlotType::Map,
        _ => SlotType::Dyn,
    }
}
