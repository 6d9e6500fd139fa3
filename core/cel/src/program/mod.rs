//! Compiled programs: many expressions in one arena of shared nodes.
//!
//! A [`ProgramBuilder`] takes any number of expressions, checked or not. Equal sub-expressions become one node, whichever
//! expressions they come from; nodes over constants are folded; constant regular expressions are compiled; `in` over
//! constants becomes a hash lookup; `&&` and `||` chains become one n-ary node whose operands stand cheapest first, which
//! CEL allows, as both operators absorb errors in either order.
//!
//! When the program is finished, nodes that several expressions share and that are worth it are evaluated once an
//! evaluation ([`Node::Memo`]), and all literals that are looked for in the text of one slot become one automaton.

mod builder;
mod constants;
mod lower;
mod node;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashSet;

pub use builder::ProgramBuilder;
pub use lower::{Binding, Lowered, Resolver, Variables};
pub use node::{Arithmetic, Children, Loop, LoopKind, Node, NodeId, OPTIONAL, PLAIN, Relation};
pub use text::TextAutomaton;

use crate::error::ErrorKind;
use crate::function::Implementation;
use crate::value::{Val, Value};

/// A compiled program. It is never changed; what an evaluation needs to write is in a
/// [`Scratch`](crate::eval::Scratch).
pub struct Program {
    id: u64,
    nodes: Vec<Node>,
    children: Vec<NodeId>,
    constants: Vec<Value>,
    sets: Vec<ConstantSet>,
    /// The pattern's constant, and the compiled form.
    regexes: Vec<(u32, regex_automata::meta::Regex)>,
    loops: Vec<Loop>,
    errors: Vec<ErrorKind>,
    functions: Vec<Implementation>,
    texts: Vec<TextAutomaton>,
    locals: usize,
    memos: usize,
    regex_bytes: usize,
    /// What each node costs, for tools that look at the program.
    costs: Vec<u32>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("nodes", &self.nodes.len()).field("memos", &self.memos).finish_non_exhaustive()
    }
}

impl Program {
    fn empty(id: u64, regex_bytes: usize) -> Self {
        Self {
            id,
            nodes: Vec::new(),
            children: Vec::new(),
            constants: Vec::new(),
            sets: Vec::new(),
            regexes: Vec::new(),
            loops: Vec::new(),
            errors: Vec::new(),
            functions: Vec::new(),
            texts: Vec::new(),
            locals: 0,
            memos: 0,
            regex_bytes,
            costs: Vec::new(),
        }
    }

    /// Gives back memory that building took and running does not need.
    fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.children.shrink_to_fit();
        self.constants.shrink_to_fit();
        self.sets.shrink_to_fit();
        self.loops.shrink_to_fit();
    }

    /// A number that no other program of this process has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The node `id`.
    #[inline]
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node {
        *self.node_ref(id)
    }

    #[inline]
    pub(crate) fn node_ref(&self, id: NodeId) -> &Node {
        // No error has this number, so it reads as an unknown function.
        const NONE: &Node = &Node::Fail(u32::MAX);
        self.nodes.get(id.0 as usize).unwrap_or(NONE)
    }

    /// The error that [`Node::Fail`] names.
    #[must_use]
    pub fn error(&self, index: u32) -> ErrorKind {
        self.errors.get(index as usize).copied().unwrap_or(ErrorKind::UnknownFunction)
    }

    /// The node `id`, looked at through [`Node::Memo`].
    #[must_use]
    pub fn plain_node(&self, id: NodeId) -> Node {
        match self.node(id) {
            Node::Memo { inner, .. } => self.node(inner),
            node => node,
        }
    }

    /// The nodes of a run.
    #[inline]
    #[must_use]
    pub fn children(&self, run: Children) -> &[NodeId] {
        self.children.get(run.start as usize..run.start as usize + run.len as usize).unwrap_or_default()
    }

    /// The constant `index`.
    #[inline]
    #[must_use]
    pub fn constant(&self, index: u32) -> &Value {
        self.constants.get(index as usize).unwrap_or(&Value::Null)
    }

    /// The constant `index` as text, empty when it is none.
    #[inline]
    #[must_use]
    pub fn constant_str(&self, index: u32) -> &str {
        match self.constant(index) {
            Value::String(s) => s,
            _ => "",
        }
    }

    /// The set `index`.
    #[must_use]
    pub fn set(&self, index: u32) -> Option<&ConstantSet> {
        self.sets.get(index as usize)
    }

    /// The comprehension `index`.
    #[inline]
    #[must_use]
    pub fn comprehension(&self, index: u32) -> Option<&Loop> {
        self.loops.get(index as usize)
    }

    /// The automata over the text of slots.
    #[must_use]
    pub fn texts(&self) -> &[TextAutomaton] {
        &self.texts
    }

    /// The compiled regular expression `index`.
    #[inline]
    pub(crate) fn regex(&self, index: u32) -> Option<&regex_automata::meta::Regex> {
        self.regexes.get(index as usize).map(|(_, regex)| regex)
    }

    /// The patterns of the regular expressions, by number.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.regexes.iter().map(|(constant, _)| self.constant_str(*constant))
    }

    /// The nodes that node `id` evaluates, in order.
    #[must_use]
    pub fn operands(&self, id: NodeId) -> Vec<NodeId> {
        builder::children_of(self, self.node(id))
    }

    /// The slots that `node` reads itself, without those that its operands read.
    #[must_use]
    pub fn own_slots(&self, node: Node) -> Vec<u32> {
        match node {
            Node::Slot(slot)
            | Node::SlotOr { slot, .. }
            | Node::HasSlot(slot)
            | Node::SlotEqualsString { slot, .. }
            | Node::SlotCompareInt { slot, .. } => vec![slot],
            Node::SlotCompareSlot { left, right, .. } => vec![left, right],
            Node::ContainsLiteral { text, .. } | Node::MatchesLiteral { text, .. } => {
                self.texts.get(text as usize).map(TextAutomaton::slot).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Rough nanoseconds that node `id` takes when each of its loops runs eight times; 0 for what is no node.
    #[must_use]
    pub fn cost(&self, id: NodeId) -> u32 {
        self.costs.get(id.0 as usize).copied().unwrap_or(0)
    }

    /// How many regular expressions there are; equal patterns are one.
    #[must_use]
    pub fn regexes(&self) -> usize {
        self.regexes.len()
    }

    /// The implementation of the function that [`Node::Call`] names.
    #[must_use]
    pub fn function(&self, index: u32) -> Option<&Implementation> {
        self.functions.get(index as usize)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True without a node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn locals(&self) -> usize {
        self.locals
    }

    /// How many nodes are evaluated at most once an evaluation because they are shared.
    #[must_use]
    pub fn memos(&self) -> usize {
        self.memos
    }
}

fn next_program_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn parts(value: &Value) -> u64 {
    match value {
        Value::List(items) => items.iter().map(parts).sum::<u64>() + 1,
        Value::Map(map) => map.entries().iter().map(|(_, v)| parts(v) + 1).sum::<u64>() + 1,
        Value::Optional(Some(inner)) => parts(inner) + 1,
        Value::String(text) => text.len() as u64 / 64 + 1,
        _ => 1,
    }
}

/// So few texts are compared with one by one.
const FEW: usize = 8;

/// A set of constants for `in`, hashed by type.
#[derive(Clone, Debug, Default)]
pub struct ConstantSet {
    /// All texts, when they are few.
    few: Box<[Arc<str>]>,
    /// All texts, when they are many.
    strings: FxHashSet<Arc<str>>,
    ints: FxHashSet<i64>,
    /// What is neither text nor an int (bools, doubles, uints beyond `i64`, lists, ...), searched one by one.
    others: Vec<Value>,
    has_numbers: bool,
    /// How many parts `others` have.
    parts: u64,
    constant: u32,
}

impl ConstantSet {
    fn new(constant: u32, items: &[Value]) -> Self {
        let mut set = Self { constant, ..Self::default() };
        let texts = items.iter().filter(|item| matches!(item, Value::String(_))).count();
        let mut few = Vec::with_capacity(texts.min(FEW));
        for item in items {
            match item {
                Value::String(s) if texts <= FEW => few.push(s.clone()),
                Value::String(s) => {
                    set.strings.insert(s.clone());
                }
                Value::Int(i) => {
                    set.has_numbers = true;
                    set.ints.insert(*i);
                }
                other => {
                    set.has_numbers |= matches!(other, Value::Uint(_) | Value::Double(_));
                    set.parts += parts(other);
                    set.others.push(other.clone());
                }
            }
        }
        set.few = few.into();
        set
    }

    /// The constant list that the set was made from.
    #[must_use]
    pub fn constant(&self) -> u32 {
        self.constant
    }

    /// The fuel for asking whether `value` is one of the constants.
    #[inline]
    pub(crate) fn work(&self, value: Val<'_>) -> u64 {
        match value {
            Val::Str(text) => text.len() as u64 / 64,
            Val::Int(_) if self.others.is_empty() => 0,
            Val::Int(_) | Val::Uint(_) | Val::Double(_) => (self.ints.len() as u64 + self.others.len() as u64) / 8,
            _ => self.parts / 4,
        }
    }

    /// Whether `value` equals one of the constants.
    #[inline]
    #[must_use]
    pub fn contains(&self, value: Val<'_>) -> bool {
        match value {
            Val::Str(s) => self.few.iter().any(|x| **x == *s) || self.strings.contains(s),
            Val::Int(i) if self.ints.contains(&i) => true,
            Val::Int(_) if self.others.is_empty() => false,
            Val::Int(_) | Val::Uint(_) | Val::Double(_) if self.has_numbers => {
                self.ints.iter().any(|x| Val::Int(*x).equals(value))
                    || self.others.iter().any(|x| x.as_val().equals(value))
            }
            _ => self.others.iter().any(|x| x.as_val().equals(value)),
        }
    }
}
