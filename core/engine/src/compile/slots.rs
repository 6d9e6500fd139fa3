//! From what expressions read to slots.

use std::collections::BTreeMap;
use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::program::{Binding, NodeId, Resolver};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::types::Type;
use llm_policy_cel::value::{Val, Value};
use llm_policy_ledger::Kind;

use super::derived::OPAQUE;
use super::fields::{Field, Fields, Shape};
use super::limits;
use crate::context::{Source, Stages};
use crate::document::model::{FieldMissing, OnMissing};
use crate::input::Paths;
use crate::input::paths::SlotType;

/// The slots of a program, and the paths that fill them.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// What readers of input look for.
    pub paths: Paths,
    /// What is known of each slot, by number.
    pub infos: Vec<SlotInfo>,
}

/// What is known of a slot.
#[derive(Clone, Debug)]
pub struct SlotInfo {
    /// The path, `request.model`.
    pub path: Arc<str>,
    /// What type its value must have.
    pub slot_type: SlotType,
    /// The field's type.
    pub cel_type: Type,
    /// Who says so.
    pub source: Source,
    /// Whether it holds what users, models or tools wrote.
    pub content: bool,
    /// No input fills it, but the engine itself: a limit's view.
    pub own: bool,
}

/// The value in a slot, if there is one.
pub(crate) fn value<'a>(slots: &[Slot<'a>], slot: Option<u32>) -> Option<Val<'a>> {
    match slots.get(slot? as usize) {
        Some(Slot::Present(value)) => Some(*value),
        _ => None,
    }
}

impl Slots {
    /// The slot of `path`, whose field is `field`.
    pub fn want(&mut self, path: &str, field: &Field, slot_type: SlotType) -> u32 {
        let slot = self.paths.want(path.split('.'), slot_type);
        if slot as usize == self.infos.len() {
            self.infos.push(SlotInfo {
                cel_type: match field.cel_type() {
                    // There is no kind of slot for durations: they are checked apart (`super::records`).
                    Type::Duration => Type::Duration,
                    _ if slot_type == SlotType::Dyn => Type::Dyn,
                    declared => declared,
                },
                path: path.into(),
                slot_type,
                source: field.source,
                content: field.content,
                own: false,
            });
        }
        slot
    }

    /// The slot of what the engine knows beside the input, under a name that no path has: `limit('team').used`.
    pub fn want_own(&mut self, name: &str, slot_type: SlotType, cel_type: Type) -> u32 {
        if let Some(slot) = self.find(name) {
            return slot;
        }
        self.infos.push(SlotInfo {
            path: name.into(),
            slot_type,
            cel_type,
            source: Source::Fact,
            content: false,
            own: true,
        });
        self.paths.own()
    }

    /// The slot of `path`, if anything reads it.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<u32> {
        self.infos.iter().position(|info| *info.path == *path).and_then(|at| u32::try_from(at).ok())
    }

    /// The path of `slot`.
    #[must_use]
    pub fn path(&self, slot: u32) -> &str {
        self.infos.get(slot as usize).map_or("", |info| &info.path)
    }

    /// The slots of the facts among `reads`.
    #[must_use]
    pub fn facts(&self, reads: &[Read]) -> Vec<u32> {
        reads.iter().filter(|read| read.source == Source::Fact).filter_map(|read| self.find(&read.path)).collect()
    }

    /// Whether `slot` holds a fact, which a driver has to fetch.
    #[must_use]
    pub fn is_fact(&self, slot: u32) -> bool {
        self.infos.get(slot as usize).is_some_and(|info| info.source == Source::Fact)
    }
}

/// Binds the names of one document's expressions.
#[derive(Debug)]
pub struct Names<'c> {
    /// All fields.
    pub fields: &'c Fields,
    /// The program's slots.
    pub slots: &'c mut Slots,
    /// How absent fields read in this document.
    pub on_missing: OnMissing,
    /// `variables.x` and `lists.x`, by full name.
    pub named: &'c BTreeMap<Arc<str>, Named>,
    /// Overrides `on_missing`: an absent field reads as null.
    pub absent_is_null: bool,
    /// What the expression was seen to read.
    pub reads: Vec<Read>,
}

/// A field that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The path.
    pub path: Arc<str>,
    /// Who says so.
    pub source: Source,
    /// The stages in which it is there.
    pub stages: Stages,
    /// Whether it holds what users, models or tools wrote.
    pub content: bool,
    /// Where it is read, in the expression.
    pub at: Span,
    /// The variable by which it is read, if it is not read directly.
    pub through: Option<Arc<str>>,
}

/// What a name of a document stands for.
#[derive(Clone, Debug)]
pub enum Named {
    /// A list.
    Constant(Value),
    /// A variable's node, and what it reads.
    Node(NodeId, Arc<[Read]>),
    /// A limit, as it stands: its kind, and the full name of the limit, under which its slots are found.
    Limit(Kind, Arc<str>),
}

impl Resolver for Names<'_> {
    fn resolve(&mut self, variable: &str, path: &[&str], at: Span) -> Option<(Binding, usize)> {
        if let Some((name, named)) = self.named.get_key_value(variable) {
            let binding = match named {
                Named::Constant(value) => Binding::Constant(value.clone()),
                Named::Node(node, reads) => {
                    let through = |read: &Read| Read { at, through: Some(name.clone()), ..read.clone() };
                    self.reads.extend(reads.iter().map(through));
                    Binding::Node(*node)
                }
                Named::Limit(kind, limit) => {
                    let field = path.first().copied()?;
                    let slot = limits::view_slot(self.slots, *kind, limit, field)?;
                    self.reads.push(Read {
                        path: self.slots.path(slot).into(),
                        source: Source::Fact,
                        stages: Stages::ALL,
                        content: false,
                        at,
                        through: None,
                    });
                    return Some((Binding::Slot(slot, None), 1));
                }
            };
            return Some((binding, 0));
        }
        if variable == OPAQUE {
            let shape = Shape::Leaf(Type::list(Type::String), SlotType::StringList);
            let field = Field { source: Source::Body, stages: Stages::ALL, content: false, shape, missing: None };
            let slot = self.slots.want(OPAQUE, &field, SlotType::StringList);
            return Some((Binding::Slot(slot, Some(Value::List(Arc::new([])))), 0));
        }
        let (field, used) = self.fields.find(variable, path)?;
        let declared = self.fields.find(variable, path.get(..used)?).map(|(f, _)| f.slot_type());
        let below_free = below_free(self.fields, variable, path.get(..used)?);
        let slot_type = if below_free { SlotType::Dyn } else { declared.unwrap_or(SlotType::Dyn) };
        let mut full = String::from(variable);
        for name in path.iter().take(used) {
            full.push('.');
            full.push_str(name);
        }
        self.reads.push(Read {
            path: full.as_str().into(),
            source: field.source,
            stages: field.stages,
            content: field.content,
            at,
            through: None,
        });
        let default = if self.absent_is_null {
            Some(Value::Null)
        } else {
            match (field.missing, self.on_missing) {
                (Some(FieldMissing::Default), _) | (None | Some(FieldMissing::AsDocument), OnMissing::Default) => {
                    if below_free {
                        Some(Value::Null)
                    } else {
                        field.default_value()
                    }
                }
                _ => None,
            }
        };
        Some((Binding::Slot(self.slots.want(&full, field, slot_type), default), used))
    }
}

/// Whether `root.path` leads below a free object to something that no document declares.
fn below_free(fields: &Fields, root: &str, path: &[&str]) -> bool {
    (0..path.len()).any(|at| {
        let Some((field, used)) = path.get(..at).and_then(|prefix| fields.find(root, prefix)) else { return false };
        match &field.shape {
            Shape::Free(declared) => used == at && path.get(at).is_some_and(|name| !declared.contains_key(*name)),
            _ => false,
        }
    })
}
