//! Building a program: nodes are interned, so equal ones are one; constants are folded on the way.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use super::constants::{is_small, write_key};
use super::node::{Arithmetic, Children, Loop, LoopKind, Node, NodeId, OPTIONAL, PLAIN, Relation};
use super::text::{Literal, TextAutomaton, required_literals};
use super::{ConstantSet, Program, next_program_id};
use crate::error::ErrorKind;
use crate::eval::{Evaluator, Scratch};
use crate::function::{Context, Function};
use crate::value::Value;

/// Fuel that folding one node may use; what costs more is left for run time.
const FOLD_FUEL: u64 = 10_000;
/// From this cost on, a shared node is evaluated once and its value kept.
const MEMO_COST: u32 = 8;
/// Text is looked at by an automaton when it is asked for at least this many literals.
const AUTOMATON_LITERALS: usize = 2;

/// How many levels an evaluation may descend, on a stack of 512 KiB. Expressions under the default limits stay below
/// that; only those that are made of other expressions ([`super::Binding::Node`]) can pass it.
pub(super) const MAX_EVALUATION_DEPTH: u32 = 256;

/// What a builder knows about a node besides the node itself.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    /// Rough nanoseconds.
    cost: u32,
    /// Nodes below, for the fuel of a loop step.
    size: u32,
    /// One more than the highest local that the node reads and does not bind itself; 0 when it stands alone.
    open: u32,
    /// Whether the node depends on a slot.
    reads: bool,
    /// Levels that an evaluation of the node descends.
    depth: u32,
}

impl Facts {
    fn join(self, other: Self) -> Self {
        Self {
            cost: self.cost.saturating_add(other.cost),
            size: self.size.saturating_add(other.size),
            open: self.open.max(other.open),
            reads: self.reads || other.reads,
            depth: self.depth.max(other.depth),
        }
    }
}

/// Collects expressions into a [`Program`].
#[derive(Debug)]
pub struct ProgramBuilder {
    program: Program,
    facts: Vec<Facts>,
    references: Vec<u32>,
    nodes: FxHashMap<Node, NodeId>,
    children: FxHashMap<Box<[NodeId]>, Children>,
    constants: FxHashMap<Vec<u8>, u32>,
    sets: FxHashMap<u32, u32>,
    patterns: FxHashMap<u32, Result<u32, String>>,
    loops: FxHashMap<Loop, u32>,
    functions: FxHashMap<usize, u32>,
    /// By function: rough nanoseconds of a call.
    function_costs: Vec<u32>,
}

impl ProgramBuilder {
    /// An empty program; one compiled regular expression may take `regex_bytes` bytes.
    #[must_use]
    pub fn new(regex_bytes: usize) -> Self {
        Self {
            program: Program::empty(next_program_id(), regex_bytes),
            facts: Vec::new(),
            references: Vec::new(),
            nodes: FxHashMap::default(),
            children: FxHashMap::default(),
            constants: FxHashMap::default(),
            sets: FxHashMap::default(),
            patterns: FxHashMap::default(),
            loops: FxHashMap::default(),
            functions: FxHashMap::default(),
            function_costs: Vec::new(),
        }
    }

    /// What has been built so far, before nodes are shared and automata made.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Marks `id` as used once more from outside of the program. Nodes used more than once may be kept during an
    /// evaluation.
    pub fn use_root(&mut self, id: NodeId) {
        if let Some(count) = self.references.get_mut(id.0 as usize) {
            *count += 1;
        }
    }

    /// Rough nanoseconds that node `id` takes when nothing loops.
    #[must_use]
    pub fn cost(&self, id: NodeId) -> u32 {
        self.facts(id).cost
    }

    /// Whether node `id` depends on a slot.
    #[must_use]
    pub fn reads_slots(&self, id: NodeId) -> bool {
        self.facts(id).reads
    }

    fn facts(&self, id: NodeId) -> Facts {
        self.facts.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// The node that is the constant `value`.
    pub fn constant(&mut self, value: Value) -> NodeId {
        let index = self.constant_index(value);
        self.add(Node::Constant(index))
    }

    /// The constant that node `id` is, if it is one.
    #[must_use]
    pub fn as_constant(&self, id: NodeId) -> Option<&Value> {
        match self.program.node(id) {
            Node::Constant(index) => Some(self.program.constant(index)),
            _ => None,
        }
    }

    pub(super) fn constant_index(&mut self, value: Value) -> u32 {
        let mut key = Vec::new();
        write_key(value.as_val(), &mut key);
        let next = index_of(self.program.constants.len());
        let index = *self.constants.entry(key).or_insert(next);
        if index == next {
            self.program.constants.push(value);
        }
        index
    }

    pub(super) fn text_index(&mut self, text: &str) -> u32 {
        self.constant_index(Value::String(text.into()))
    }

    /// The node for `slot`, with what an absent value means.
    pub fn slot(&mut self, slot: u32, default: Option<Value>) -> NodeId {
        let node = match default {
            None => Node::Slot(slot),
            Some(value) => Node::SlotOr { slot, default: self.constant_index(value) },
        };
        self.add(node)
    }

    pub(super) fn run(&mut self, ids: &[NodeId]) -> Children {
        if let Some(run) = self.children.get(ids) {
            return *run;
        }
        let run = Children { start: index_of(self.program.children.len()), len: index_of(ids.len()) };
        self.program.children.extend_from_slice(ids);
        self.children.insert(ids.into(), run);
        run
    }

    pub(super) fn add_loop(&mut self, l: Loop) -> NodeId {
        let next = index_of(self.program.loops.len());
        let index = *self.loops.entry(l).or_insert(next);
        if index == next {
            self.program.loops.push(l);
        }
        self.add(Node::Loop(index))
    }

    /// How many levels an evaluation of `id` descends.
    pub(super) fn depth(&self, id: NodeId) -> u32 {
        self.facts(id).depth
    }

    /// How many nodes stand below `id`, itself included.
    pub(super) fn size(&self, id: NodeId) -> u32 {
        self.facts(id).size
    }

    /// The node that is an error.
    pub(super) fn fail(&mut self, kind: ErrorKind) -> NodeId {
        let known = self.program.errors.iter().position(|k| *k == kind);
        let index = known.unwrap_or_else(|| {
            self.program.errors.push(kind);
            self.program.errors.len() - 1
        });
        self.add(Node::Fail(index_of(index)))
    }

    /// A call of `function`.
    pub fn call(&mut self, function: &Function, args: &[NodeId]) -> NodeId {
        let Some(implementation) = &function.implementation else {
            return self.fail(ErrorKind::UnknownFunction);
        };
        let code_cost = function.cost;
        let next = index_of(self.program.functions.len());
        // Documents may have functions of one name with different tables behind them: the code itself tells them apart.
        let function = *self.functions.entry(Arc::as_ptr(implementation).cast::<()>() as usize).or_insert(next);
        if function == next {
            self.program.functions.push(implementation.clone());
            self.function_costs.push(code_cost);
        }
        let args = self.run(args);
        self.add(Node::Call { function, args })
    }

    /// The compiled form of the constant pattern `constant`, or what is wrong with it.
    fn regex(&mut self, constant: u32) -> Result<u32, String> {
        if let Some(known) = self.patterns.get(&constant) {
            return known.clone();
        }
        let pattern = self.program.constant_str(constant);
        let compiled = crate::library::regexes::compile(pattern, self.program.regex_bytes);
        let index = compiled.map_err(|e| e.to_string()).map(|regex| {
            self.program.regexes.push((constant, regex));
            index_of(self.program.regexes.len() - 1)
        });
        self.patterns.insert(constant, index.clone());
        index
    }

    /// `a && b && ...`
    pub fn and(&mut self, operands: &[NodeId]) -> NodeId {
        self.junction(operands, true)
    }

    /// `a || b || ...`
    pub fn or(&mut self, operands: &[NodeId]) -> NodeId {
        self.junction(operands, false)
    }

    /// An n-ary `&&` (`all`) or `||`: flattened, without repetitions, cheapest first.
    fn junction(&mut self, operands: &[NodeId], all: bool) -> NodeId {
        let mut flat: Vec<NodeId> = Vec::with_capacity(operands.len());
        for id in operands {
            match (self.program.node(*id), all) {
                (Node::And(run), true) | (Node::Or(run), false) => flat.extend(self.program.children(run)),
                _ => flat.push(*id),
            }
        }
        let mut seen = rustc_hash::FxHashSet::default();
        flat.retain(|id| seen.insert(*id));
        // A constant that is neutral goes, one that decides is the whole answer, and any other must still give its error.
        if flat.iter().any(|id| matches!(self.as_constant(*id), Some(Value::Bool(b)) if *b != all)) {
            return self.constant(Value::Bool(!all));
        }
        flat.retain(|id| !matches!(self.as_constant(*id), Some(Value::Bool(_))));
        match flat.as_slice() {
            [] => return self.constant(Value::Bool(all)),
            [one] if self.is_boolean(*one) => return *one,
            _ => {}
        }
        flat.sort_by_key(|id| self.facts(*id).cost);
        let run = self.run(&flat);
        self.add(if all { Node::And(run) } else { Node::Or(run) })
    }

    /// Whether `id` cannot have another value than a bool or an error.
    fn is_boolean(&self, id: NodeId) -> bool {
        match self.program.node(id) {
            Node::Constant(index) => matches!(self.program.constant(index), Value::Bool(_)),
            Node::Loop(index) => self
                .program
                .comprehension(index)
                .is_some_and(|l| matches!(l.kind, LoopKind::All(_) | LoopKind::Exists(_) | LoopKind::ExistsOne(_))),
            node => node.is_test(),
        }
    }

    /// Adds `node`, or finds its equal, or the constant that it is.
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.nodes.get(&node) {
            return *id;
        }
        let node = self.specialise(node);
        if let Some(id) = self.nodes.get(&node) {
            return *id;
        }
        let facts = self.measure(node);
        if let Some(value) = self.fold(node, facts) {
            let id = self.constant(value);
            self.nodes.insert(node, id);
            return id;
        }
        let id = NodeId(index_of(self.program.nodes.len()));
        for child in children_of(&self.program, node) {
            self.use_root(child);
        }
        self.program.nodes.push(node);
        self.facts.push(facts);
        self.references.push(0);
        self.nodes.insert(node, id);
        id
    }

    /// The int that node `id` is.
    fn int(&self, id: NodeId) -> Option<i64> {
        match self.as_constant(id) {
            Some(Value::Int(i)) => Some(*i),
            _ => None,
        }
    }

    fn compare_int(&self, relation: Relation, operand: NodeId, constant: i64) -> Node {
        match self.program.node(operand) {
            Node::Slot(slot) => Node::SlotCompareInt { relation, slot, constant },
            _ => Node::CompareInt { relation, operand, constant },
        }
    }

    /// The fastest node that means the same.
    fn specialise(&mut self, node: Node) -> Node {
        let plain = |id: NodeId| self.program.node(id);
        match node {
            Node::Equal(a, b) => match (plain(a), plain(b)) {
                (Node::Slot(slot), Node::Constant(constant)) | (Node::Constant(constant), Node::Slot(slot))
                    if matches!(self.program.constant(constant), Value::String(_)) =>
                {
                    Node::SlotEqualsString { slot, constant }
                }
                _ => node,
            },
            Node::NotEqual(a, b) => match (plain(a), plain(b)) {
                (Node::Slot(_), Node::Constant(c)) | (Node::Constant(c), Node::Slot(_))
                    if matches!(self.program.constant(c), Value::String(_)) =>
                {
                    Node::Not(self.add(Node::Equal(a, b)))
                }
                _ => node,
            },
            Node::Compare(relation, a, b) => match (plain(a), plain(b)) {
                (Node::Slot(left), Node::Slot(right)) => Node::SlotCompareSlot { relation, left, right },
                _ => match (self.int(a), self.int(b)) {
                    (_, Some(constant)) => self.compare_int(relation, a, constant),
                    (Some(constant), _) => self.compare_int(relation.mirrored(), b, constant),
                    _ => node,
                },
            },
            Node::Arithmetic(operation, a, b) => match (operation, self.int(a), self.int(b)) {
                (_, _, Some(constant)) => Node::ArithmeticInt { operation, operand: a, constant },
                (Arithmetic::Multiply, Some(constant), _) => Node::ArithmeticInt { operation, operand: b, constant },
                _ => node,
            },
            Node::In(operand, list) => match plain(list) {
                Node::Constant(constant) => match self.program.constant(constant) {
                    Value::List(items) => {
                        let next = index_of(self.program.sets.len());
                        let set = *self.sets.entry(constant).or_insert(next);
                        if set == next {
                            self.program.sets.push(ConstantSet::new(constant, items));
                        }
                        Node::InSet { operand, set }
                    }
                    _ => node,
                },
                _ => node,
            },
            _ => node,
        }
    }

    /// The node for `operand.matches(pattern)` with a constant pattern, or what is wrong with the pattern.
    pub(super) fn matches(&mut self, operand: NodeId, pattern: u32) -> Result<NodeId, String> {
        let regex = self.regex(pattern)?;
        Ok(self.add(Node::Matches { operand, regex }))
    }

    /// The value of `node`, when all that it reads is constant and working it out is cheap.
    fn fold(&self, node: Node, facts: Facts) -> Option<Value> {
        let leaf = matches!(node, Node::Constant(_) | Node::Fail(_));
        if leaf || facts.open > 0 || facts.reads || facts.depth > MAX_EVALUATION_DEPTH {
            return None;
        }
        let constant = |id: NodeId| matches!(self.program.node(id), Node::Constant(_));
        let whole = matches!(node, Node::Loop(_) | Node::Bind { .. });
        if !whole && !children_of(&self.program, node).into_iter().all(constant) {
            return None;
        }
        let (arena, fuel, scratch) = (Bump::new(), Cell::new(FOLD_FUEL), Scratch::new());
        let cx = Context::new(&arena, &fuel, self.program.regex_bytes);
        let value = Evaluator::new(&self.program, &[], cx, &scratch).run(&node).ok()?;
        if is_small(value) { value.to_value().ok() } else { None }
    }

    fn measure(&mut self, node: Node) -> Facts {
        let own = |cost| Facts { cost, size: 1, ..Facts::default() };
        let mut facts = match node {
            Node::Constant(_) | Node::Fail(_) => own(0),
            Node::Slot(_) | Node::SlotOr { .. } | Node::HasSlot(_) => Facts { reads: true, ..own(1) },
            Node::SlotEqualsString { .. } | Node::SlotCompareInt { .. } => Facts { reads: true, ..own(2) },
            Node::SlotCompareSlot { .. } => Facts { reads: true, ..own(3) },
            Node::ContainsLiteral { .. } | Node::MatchesLiteral { .. } => Facts { reads: true, ..own(60) },
            Node::Local(index) => Facts { open: index + 1, ..own(1) },
            Node::Not(_) | Node::NotStrictlyFalse(_) | Node::And(_) | Node::Or(_) | Node::Memo { .. } => own(1),
            Node::Conditional { .. } | Node::Bind { .. } => own(2),
            Node::Equal(..) | Node::NotEqual(..) | Node::Compare(..) | Node::CompareInt { .. } => own(4),
            Node::Arithmetic(..) | Node::ArithmeticInt { .. } | Node::Negate(_) => own(4),
            Node::InSet { .. } | Node::StartsWith { .. } | Node::EndsWith { .. } => own(4),
            Node::Select { .. } | Node::Has { .. } | Node::Index(..) | Node::OptionalSelect { .. } => own(8),
            Node::OptionalIndex(..) | Node::OptionalOr(..) | Node::OptionalOrValue(..) => own(8),
            Node::In(..) | Node::Size(_) => own(10),
            Node::Add(run) | Node::List(run) | Node::OptionalList(run) | Node::Map(run) => own(8 + 4 * run.len),
            Node::Contains { .. } => own(50),
            Node::Call { function, .. } => {
                own(self.function_costs.get(function as usize).copied().unwrap_or(Function::COST))
            }
            Node::Matches { .. } => own(150),
            Node::Loop(_) => own(20),
        };
        for child in children_of(&self.program, node) {
            let is_chained = is_chain_link(&self.program, node, child);
            let mut child = self.facts(child);
            child.depth = child.depth.saturating_add(u32::from(!is_chained));
            if matches!(node, Node::Loop(_)) {
                // A loop is taken to run eight times; how often it really does is what fuel is for.
                child.cost = child.cost.saturating_mul(8);
            }
            facts = facts.join(child);
        }
        let binds = match node {
            Node::Bind { local, .. } => Some(local),
            Node::Loop(index) => self.program.comprehension(index).map(|l| l.var),
            _ => None,
        };
        if let Some(first) = binds {
            // Locals are numbered from the outside in, so all from the first bound one on are bound here.
            self.program.locals = self.program.locals.max(facts.open as usize).max(first as usize + 3);
            facts.open = facts.open.min(first);
        }
        facts
    }

    /// The finished program.
    #[must_use]
    pub fn finish(mut self) -> Program {
        self.gather_literals();
        self.share();
        self.program.costs = self.facts.iter().map(|facts| facts.cost).collect();
        self.program.shrink();
        self.program
    }

    /// Lets nodes that are used more than once, stand alone and are worth it be evaluated once.
    fn share(&mut self) {
        // The links of a chain of `cel.bind` must stay what they are, because it is evaluated in a loop.
        let links: rustc_hash::FxHashSet<NodeId> = self
            .program
            .nodes
            .iter()
            .filter_map(|node| match node {
                Node::Bind { body, .. } if is_chain_link(&self.program, *node, *body) => Some(*body),
                _ => None,
            })
            .collect();
        for at in 0..self.program.nodes.len() {
            let Some(node) = self.program.nodes.get(at).copied() else { break };
            let facts = self.facts.get(at).copied().unwrap_or_default();
            let shared = self.references.get(at).is_some_and(|count| *count > 1);
            let cheap = matches!(node, Node::ContainsLiteral { .. });
            let link = links.contains(&NodeId(index_of(at)));
            if !shared || cheap || link || facts.open > 0 || facts.cost < MEMO_COST {
                continue;
            }
            let inner = NodeId(index_of(self.program.nodes.len()));
            self.program.nodes.push(node);
            self.facts.push(facts);
            self.references.push(1);
            if let Some(place) = self.program.nodes.get_mut(at) {
                *place = Node::Memo { inner, index: index_of(self.program.memos) };
            }
            self.program.memos += 1;
        }
    }

    /// Makes an automaton for each slot whose text is looked at for several literals.
    fn gather_literals(&mut self) {
        /// What one node looks for: literals of which one must be there.
        struct Use {
            node: usize,
            literals: Vec<Literal>,
        }
        let mut slots: std::collections::BTreeMap<u32, Vec<Use>> = std::collections::BTreeMap::new();
        for (at, node) in self.program.nodes.iter().enumerate() {
            let (operand, literals) = match node {
                Node::Contains { operand, needle } => {
                    let text = self.program.constant_str(*needle);
                    if text.is_empty() {
                        continue;
                    }
                    (*operand, vec![Literal { text: text.into(), ignore_case: false }])
                }
                Node::Matches { operand, regex } => {
                    let Some((pattern, _)) = self.program.regexes.get(*regex as usize) else { continue };
                    let Some(literals) = required_literals(self.program.constant_str(*pattern)) else { continue };
                    (*operand, literals)
                }
                _ => continue,
            };
            if let Node::Slot(slot) = self.program.node(operand) {
                slots.entry(slot).or_default().push(Use { node: at, literals });
            }
        }
        for (slot, uses) in slots {
            let mut numbers: FxHashMap<Literal, u32> = FxHashMap::default();
            let mut literals = Vec::new();
            for literal in uses.iter().flat_map(|u| &u.literals) {
                let next = index_of(literals.len());
                if *numbers.entry(literal.clone()).or_insert(next) == next {
                    literals.push(literal.clone());
                }
            }
            if literals.len() < AUTOMATON_LITERALS {
                continue;
            }
            let Ok(text) = u16::try_from(self.program.texts.len()) else { break };
            let Some(automaton) = TextAutomaton::new(slot, literals) else { continue };
            self.program.texts.push(automaton);
            for used in uses {
                let ids: Vec<NodeId> =
                    used.literals.iter().filter_map(|l| numbers.get(l)).map(|n| NodeId(*n)).collect();
                let run = self.run(&ids);
                let Some(place) = self.program.nodes.get_mut(used.node) else { continue };
                *place = match (*place, ids.first()) {
                    (Node::Contains { .. }, Some(literal)) => Node::ContainsLiteral { text, literal: literal.0 },
                    (Node::Matches { regex, .. }, _) => Node::MatchesLiteral { text, literals: run, regex },
                    (other, _) => other,
                };
            }
        }
    }
}

pub(super) fn index_of(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// The nodes that `node` evaluates, markers left out.
pub(super) fn children_of(program: &Program, node: Node) -> Vec<NodeId> {
    match node {
        Node::Constant(_) | Node::Slot(_) | Node::SlotOr { .. } | Node::HasSlot(_) | Node::Local(_) | Node::Fail(_) => {
            vec![]
        }
        Node::SlotEqualsString { .. } | Node::SlotCompareInt { .. } | Node::SlotCompareSlot { .. } => vec![],
        Node::ContainsLiteral { .. } | Node::MatchesLiteral { .. } => vec![],
        Node::Select { operand, .. } | Node::Has { operand, .. } | Node::OptionalSelect { operand, .. } => {
            vec![operand]
        }
        Node::StartsWith { operand, .. } | Node::EndsWith { operand, .. } | Node::Contains { operand, .. } => {
            vec![operand]
        }
        Node::Matches { operand, .. } | Node::InSet { operand, .. } => vec![operand],
        Node::CompareInt { operand, .. } | Node::ArithmeticInt { operand, .. } => vec![operand],
        Node::Not(a) | Node::NotStrictlyFalse(a) | Node::Negate(a) | Node::Size(a) | Node::Memo { inner: a, .. } => {
            vec![a]
        }
        Node::Conditional { condition, then, otherwise } => vec![condition, then, otherwise],
        Node::Equal(a, b) | Node::NotEqual(a, b) | Node::Compare(_, a, b) | Node::In(a, b) => vec![a, b],
        Node::Arithmetic(_, a, b) | Node::Index(a, b) | Node::OptionalIndex(a, b) => vec![a, b],
        Node::OptionalOr(a, b) | Node::OptionalOrValue(a, b) => vec![a, b],
        Node::And(run) | Node::Or(run) | Node::Add(run) | Node::List(run) | Node::Call { args: run, .. } => {
            program.children(run).to_vec()
        }
        Node::OptionalList(run) | Node::Map(run) => {
            program.children(run).iter().copied().filter(|id| *id != OPTIONAL && *id != PLAIN).collect()
        }
        Node::Bind { value, body, .. } => vec![value, body],
        Node::Loop(index) => program.comprehension(index).map(loop_children).unwrap_or_default(),
    }
}

/// Whether `child` is the body of a `cel.bind` and itself one: such a chain is evaluated in a loop.
fn is_chain_link(program: &Program, node: Node, child: NodeId) -> bool {
    matches!(node, Node::Bind { body, .. } if body == child) && matches!(program.node(child), Node::Bind { .. })
}

fn loop_children(l: &Loop) -> Vec<NodeId> {
    let mut out = vec![l.range];
    match l.kind {
        LoopKind::All(p) | LoopKind::Exists(p) | LoopKind::ExistsOne(p) | LoopKind::Filter(p) => out.push(p),
        LoopKind::Map { filter, transform }
        | LoopKind::TransformMap { filter, transform }
        | LoopKind::TransformMapEntry { filter, transform } => {
            out.extend(filter);
            out.push(transform);
        }
        LoopKind::Fold { init, condition, step, result, .. } => out.extend([init, condition, step, result]),
    }
    out
}
