//! Evaluation of a program's nodes over slots.
//!
//! Tests (nodes that give a bool) take a path of their own: they answer with one byte, and an error is left behind in the
//! evaluator. Everything else gives a [`Val`]. Neither allocates unless the expression makes new text, lists or maps, and
//! those go to the arena.

mod literals;
mod loops;
mod numbers;
mod scratch;

use std::cell::{Cell, RefCell};

use bumpalo::collections::Vec as ArenaVec;

use numbers::Number;
pub use scratch::Scratch;
use scratch::{Kept, Outcome};

use crate::error::{Error, ErrorKind, Result};
use crate::function::Context;
use crate::library::{operators, optionals};
use crate::program::{Children, Node, NodeId, Program};
use crate::slot::Slot;
use crate::value::Val;

/// The outcome of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// `false`
    False,
    /// `true`
    True,
    /// An error, which [`Evaluator::error`] has.
    Error,
}

impl Truth {
    /// `!` of it.
    #[inline]
    fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Error => Self::Error,
        }
    }
}

impl From<bool> for Truth {
    #[inline]
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// One evaluation: a program, its slots, and the memory that it may use.
#[derive(Debug)]
pub struct Evaluator<'a> {
    program: &'a Program,
    slots: &'a [Slot<'a>],
    cx: Context<'a>,
    scratch: &'a Scratch,
    /// Loop variables and bound names; an error is only an error for who reads it.
    locals: &'a [Cell<Result<Val<'a>>>],
    kept: RefCell<ArenaVec<'a, Result<Val<'a>>>>,
    error: Cell<Error>,
    /// The last result that was no [`Number`].
    left: Cell<Result<Val<'a>>>,
}

impl<'a> Evaluator<'a> {
    /// An evaluation of `program` over `slots`. `scratch` must have been made ready with [`Scratch::prepare`] for this
    /// program, once an evaluation.
    #[must_use]
    pub fn new(program: &'a Program, slots: &'a [Slot<'a>], cx: Context<'a>, scratch: &'a Scratch) -> Self {
        let unbound = || Cell::new(Err(Error::new(ErrorKind::UnboundVariable)));
        Self {
            program,
            slots,
            cx,
            scratch,
            locals: cx.arena.alloc_slice_fill_with(program.locals(), |_| unbound()),
            kept: RefCell::new(ArenaVec::new_in(cx.arena)),
            error: Cell::new(Error::new(ErrorKind::UnknownFunction)),
            left: Cell::new(Ok(Val::Null)),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// The slots.
    #[must_use]
    pub fn slots(&self) -> &'a [Slot<'a>] {
        self.slots
    }

    /// What functions are given.
    #[must_use]
    pub fn context(&self) -> Context<'a> {
        self.cx
    }

    /// The fuel that is left.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.cx.fuel.get()
    }

    /// Gives the evaluation `units` of fuel from here on.
    pub fn refuel(&self, units: u64) {
        self.cx.fuel.set(units);
    }

    /// The error of the last test that had one.
    #[must_use]
    pub fn error(&self) -> Error {
        self.error.get()
    }

    /// The value of node `id`.
    ///
    /// # Errors
    /// What CEL defines as an error, absent input, and [`ErrorKind::OutOfFuel`].
    #[inline]
    pub fn value(&self, id: NodeId) -> Result<Val<'a>> {
        let node = self.program.node_ref(id);
        // Leaves are most of what is asked for, and cheaper than the call.
        match *node {
            Node::Slot(slot) => self.slot(slot),
            Node::Constant(index) => Ok(self.program.constant(index).as_val()),
            _ => self.run(node),
        }
    }

    /// Whether node `id` is true; any other value than a bool is an error.
    #[inline]
    #[must_use]
    pub fn truth(&self, id: NodeId) -> Truth {
        let node = self.program.node_ref(id);
        // The conditions of rules are mostly this, and a jump to a known place is cheaper.
        match *node {
            Node::And(run) => self.junction(run, Truth::False, Truth::True),
            _ => self.test(node),
        }
    }

    #[inline]
    fn inner_truth(&self, id: NodeId) -> Truth {
        self.test(self.program.node_ref(id))
    }

    fn fail(&self, error: impl Into<Error>) -> Truth {
        self.error.set(error.into());
        Truth::Error
    }

    #[inline]
    fn slot(&self, slot: u32) -> Result<Val<'a>> {
        match self.slots.get(slot as usize) {
            Some(Slot::Present(value)) => Ok(*value),
            Some(Slot::Mistyped) => Err(ErrorKind::MistypedInput(slot).into()),
            Some(Slot::Absent) | None => Err(ErrorKind::MissingInput(slot).into()),
        }
    }

    /// Whether `node` is true.
    ///
    /// Each kind of node has a function of its own, so that this one needs no stack and only jumps.
    fn test(&self, node: &Node) -> Truth {
        match *node {
            Node::SlotEqualsString { slot, constant } => self.slot_is(slot, constant),
            Node::SlotCompareInt { relation, slot, constant } => self.compare_slot_int(relation, slot, constant),
            Node::CompareInt { relation, operand, constant } => self.compare_int(relation, operand, constant),
            Node::SlotCompareSlot { relation, left, right } => self.compare_slots(relation, left, right),
            Node::And(run) => self.junction(run, Truth::False, Truth::True),
            Node::Or(run) => self.junction(run, Truth::True, Truth::False),
            Node::Not(operand) => self.not(operand),
            Node::NotStrictlyFalse(operand) => (self.inner_truth(operand) != Truth::False).into(),
            Node::HasSlot(slot) => self.has_slot(slot),
            Node::Memo { inner, index } => self.remembered_truth(inner, index),
            Node::Equal(a, b) => self.equal(a, b),
            Node::NotEqual(a, b) => self.not_equal(a, b),
            Node::Compare(relation, a, b) => self.compare(relation, a, b),
            Node::InSet { operand, set } => self.in_set(operand, set),
            Node::StartsWith { .. }
            | Node::EndsWith { .. }
            | Node::Contains { .. }
            | Node::Matches { .. }
            | Node::ContainsLiteral { .. }
            | Node::MatchesLiteral { .. } => self.test_text(node),
            Node::Loop(index) => self.loop_truth(index),
            Node::Conditional { condition, then, otherwise } => self.choose(condition, then, otherwise),
            _ => self.test_value(node),
        }
    }

    #[inline(never)]
    fn slot_is(&self, slot: u32, constant: u32) -> Truth {
        match self.slots.get(slot as usize) {
            Some(Slot::Present(Val::Str(text))) => (*text == self.program.constant_str(constant)).into(),
            _ => self.slot(slot).map_or_else(|e| self.fail(e), |_| Truth::False),
        }
    }

    #[inline(never)]
    fn not(&self, operand: NodeId) -> Truth {
        self.inner_truth(operand).negated()
    }

    #[inline(never)]
    fn has_slot(&self, slot: u32) -> Truth {
        match self.slots.get(slot as usize) {
            Some(Slot::Present(_)) => Truth::True,
            Some(Slot::Mistyped) => self.fail(ErrorKind::MistypedInput(slot)),
            Some(Slot::Absent) | None => Truth::False,
        }
    }

    #[inline(never)]
    fn not_equal(&self, a: NodeId, b: NodeId) -> Truth {
        self.equal(a, b).negated()
    }

    #[inline(never)]
    fn in_set(&self, operand: NodeId, set: u32) -> Truth {
        match (self.value(operand), self.program.set(set)) {
            (Ok(value), Some(set)) => match self.cx.pay(set.work(value)) {
                Ok(()) => set.contains(value).into(),
                Err(e) => self.fail(e),
            },
            (Err(e), _) => self.fail(e),
            (_, None) => self.fail(ErrorKind::UnknownFunction),
        }
    }

    #[inline(never)]
    fn choose(&self, condition: NodeId, then: NodeId, otherwise: NodeId) -> Truth {
        match self.inner_truth(condition) {
            Truth::True => self.inner_truth(then),
            Truth::False => self.inner_truth(otherwise),
            Truth::Error => Truth::Error,
        }
    }

    #[inline(never)]
    fn test_value(&self, node: &Node) -> Truth {
        match self.run(node) {
            Ok(Val::Bool(b)) => b.into(),
            Ok(_) => self.fail(ErrorKind::NoSuchOverload),
            Err(e) => self.fail(e),
        }
    }

    /// [`Evaluator::test`] for tests of text.
    #[inline(never)]
    fn test_text(&self, node: &Node) -> Truth {
        match *node {
            Node::StartsWith { operand, prefix } => {
                self.text_test(operand, self.program.constant_str(prefix).len(), |text| {
                    text.starts_with(self.program.constant_str(prefix))
                })
            }
            Node::EndsWith { operand, suffix } => {
                self.text_test(operand, self.program.constant_str(suffix).len(), |text| {
                    text.ends_with(self.program.constant_str(suffix))
                })
            }
            Node::Contains { operand, needle } => {
                self.text_test(operand, usize::MAX, |text| text.contains(self.program.constant_str(needle)))
            }
            Node::Matches { operand, regex } => self.text_test(operand, usize::MAX, |text| self.matches(regex, text)),
            Node::ContainsLiteral { text, literal } => self.with_hits(text.into(), |bits, _| has_bit(bits, literal)),
            Node::MatchesLiteral { text, literals, regex } => self.with_hits(text.into(), |bits, value| {
                self.program.children(literals).iter().any(|l| has_bit(bits, l.0)) && self.matches(regex, value)
            }),
            _ => self.fail(ErrorKind::UnknownFunction),
        }
    }

    /// `&&` or `||`: the first operand that is `decisive` decides, whatever errors stand beside it.
    #[inline(never)]
    fn junction(&self, run: Children, decisive: Truth, otherwise: Truth) -> Truth {
        let mut failed = None;
        for id in self.program.children(run) {
            let truth = self.inner_truth(*id);
            if truth == decisive {
                return decisive;
            }
            if truth == Truth::Error && failed.is_none() {
                failed = Some(self.error.get());
            }
        }
        failed.map_or(otherwise, |e| self.fail(e))
    }

    #[inline(never)]
    fn equal(&self, a: NodeId, b: NodeId) -> Truth {
        match (self.value(a), self.value(b)) {
            (Ok(x), Ok(y)) => match operators::equals(&self.cx, x, y) {
                Ok(same) => same.into(),
                Err(e) => self.fail(e),
            },
            (Err(e), _) | (_, Err(e)) => self.fail(e),
        }
    }

    /// A test of text that looks at no more than `most` bytes of it.
    #[inline]
    fn text_test(&self, operand: NodeId, most: usize, test: impl FnOnce(&'a str) -> bool) -> Truth {
        match self.value(operand) {
            Ok(Val::Str(text)) => match self.cx.pay_bytes(text.len().min(most)) {
                Ok(()) => test(text).into(),
                Err(e) => self.fail(e),
            },
            Ok(_) => self.fail(ErrorKind::NoSuchOverload),
            Err(e) => self.fail(e),
        }
    }

    fn matches(&self, regex: u32, text: &str) -> bool {
        let Some(compiled) = self.program.regex(regex) else { return false };
        let mut caches = self.scratch.regexes.borrow_mut();
        match caches.first_mut().and_then(|(_, caches)| caches.get_mut(regex as usize)) {
            Some(cache) => {
                let cache = cache.get_or_insert_with(|| Box::new(compiled.create_cache()));
                compiled.search_half_with(cache, &regex_automata::Input::new(text).earliest(true)).is_some()
            }
            None => compiled.is_match(text),
        }
    }

    /// Which literals of automaton `text` were found, and the text; looked for at the first question.
    #[inline]
    fn with_hits(&self, text: u32, answer: impl FnOnce(&[u64], &str) -> bool) -> Truth {
        let (Some(automaton), Some(hits)) =
            (self.program.texts().get(text as usize), self.scratch.texts.get(text as usize))
        else {
            return self.fail(ErrorKind::UnknownFunction);
        };
        let value = match self.slot(automaton.slot()) {
            Ok(Val::Str(value)) => value,
            Ok(_) => return self.fail(ErrorKind::NoSuchOverload),
            Err(e) => return self.fail(e),
        };
        if let Err(e) = self.cx.pay_bytes(value.len()) {
            return self.fail(e);
        }
        self.find_literals(text);
        answer(&hits.bits.borrow(), value).into()
    }

    /// Looks for all literals of automaton `text`, unless this evaluation has done so, and gives the set bits of those
    /// found to `each`. Nothing is found in a slot without text.
    fn find_literals(&self, text: u32) {
        let (Some(automaton), Some(hits)) =
            (self.program.texts().get(text as usize), self.scratch.texts.get(text as usize))
        else {
            return;
        };
        if hits.epoch.replace(self.scratch.epoch) == self.scratch.epoch {
            return;
        }
        let mut bits = hits.bits.borrow_mut();
        bits.clear();
        bits.resize(automaton.len().div_ceil(64), 0);
        if let Ok(Val::Str(value)) = self.slot(automaton.slot()) {
            automaton.search(value, |literal| {
                if let Some(word) = bits.get_mut(literal as usize / 64) {
                    *word |= 1 << (literal % 64);
                }
            });
        }
    }

    /// Calls `found` with the number of each literal of automaton `text` that is in its slot's text.
    pub fn each_literal(&self, text: u32, mut found: impl FnMut(u32)) {
        self.find_literals(text);
        let Some(hits) = self.scratch.texts.get(text as usize) else { return };
        for (at, word) in hits.bits.borrow().iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                found(u32::try_from(at * 64).unwrap_or(u32::MAX) + word.trailing_zeros());
                word &= word - 1;
            }
        }
    }

    #[inline]
    fn remembered(&self, index: u32) -> Option<Kept> {
        let kept = self.scratch.memos.get(index as usize)?.get();
        (kept.epoch == self.scratch.epoch).then_some(kept)
    }

    /// What is known of a memo, unless there is not enough fuel to pay for it: how far the fuel goes, and whether an error
    /// it ends in is absorbed, only evaluating once more can tell.
    #[inline]
    fn recall(&self, index: u32) -> Option<Kept> {
        self.remembered(index).filter(|kept| kept.fuel <= self.cx.fuel.get())
    }

    fn remember(&self, index: u32, what: Outcome, fuel_before: u64) {
        // Where the fuel ran out on the way, and the error was absorbed, a rule with more fuel may see another outcome.
        if self.cx.fuel.get() == 0 {
            return;
        }
        if let Some(cell) = self.scratch.memos.get(index as usize) {
            let fuel = fuel_before.saturating_sub(self.cx.fuel.get());
            cell.set(Kept { epoch: self.scratch.epoch, what, fuel });
        }
    }

    fn keep(&self, result: Result<Val<'a>>) -> Outcome {
        if let Ok(Val::Bool(b)) = result {
            return if b { Outcome::True } else { Outcome::False };
        }
        let mut kept = self.kept.borrow_mut();
        kept.push(result);
        Outcome::Value(u32::try_from(kept.len() - 1).unwrap_or(u32::MAX))
    }

    fn kept_value(&self, at: u32) -> Result<Val<'a>> {
        self.kept.borrow().get(at as usize).copied().unwrap_or(Err(ErrorKind::UnknownFunction.into()))
    }

    #[inline(never)]
    fn remembered_truth(&self, inner: NodeId, index: u32) -> Truth {
        if let Some(kept) = self.recall(index) {
            if let Err(e) = self.cx.pay(kept.fuel) {
                return self.fail(e);
            }
            return match kept.what {
                Outcome::False => Truth::False,
                Outcome::True => Truth::True,
                Outcome::Int(_) | Outcome::Double(_) => self.fail(ErrorKind::NoSuchOverload),
                Outcome::Value(at) => match self.kept_value(at) {
                    Ok(Val::Bool(b)) => b.into(),
                    Ok(_) => self.fail(ErrorKind::NoSuchOverload),
                    Err(e) => self.fail(e),
                },
            };
        }
        let before = self.cx.fuel.get();
        let truth = self.inner_truth(inner);
        match truth {
            Truth::False => self.remember(index, Outcome::False, before),
            Truth::True => self.remember(index, Outcome::True, before),
            // A value that is no bool is not kept as an error: another reader may want the value itself.
            Truth::Error if self.program.node(inner).is_test() && self.error.get().kind != ErrorKind::OutOfFuel => {
                let outcome = self.keep(Err(self.error.get()));
                self.remember(index, outcome, before);
            }
            Truth::Error => {}
        }
        truth
    }

    #[inline(never)]
    fn remembered_number(&self, inner: NodeId, index: u32) -> Number {
        if let Some(kept) = self.recall(index) {
            if let Err(e) = self.cx.pay(kept.fuel) {
                return self.leave(Err(e));
            }
            return match kept.what {
                Outcome::Int(i) => Number::Int(i),
                Outcome::Double(d) => Number::double(d),
                Outcome::False => self.leave(Ok(Val::Bool(false))),
                Outcome::True => self.leave(Ok(Val::Bool(true))),
                Outcome::Value(at) => self.leave(self.kept_value(at)),
            };
        }
        let before = self.cx.fuel.get();
        let number = self.number(inner);
        let outcome = match number {
            Number::Int(i) => Outcome::Int(i),
            Number::Double(d) => Outcome::Double(d.double()),
            Number::Other => match self.left.get() {
                // How much fuel is left differs from rule to rule, so running out of it is nothing to remember.
                Err(Error { kind: ErrorKind::OutOfFuel, .. }) => return number,
                result => self.keep(result),
            },
        };
        self.remember(index, outcome, before);
        number
    }

    /// The value of `node`.
    pub(crate) fn run(&self, node: &Node) -> Result<Val<'a>> {
        match *node {
            Node::Constant(index) => Ok(self.program.constant(index).as_val()),
            Node::Slot(slot) => self.slot(slot),
            Node::SlotOr { slot, default } => match self.slot(slot) {
                Err(Error { kind: ErrorKind::MissingInput(_), .. }) => Ok(self.program.constant(default).as_val()),
                result => result,
            },
            Node::Local(index) => match self.locals.get(index as usize) {
                Some(cell) => cell.get(),
                None => Err(ErrorKind::UnboundVariable.into()),
            },
            Node::Select { operand, field } => self.select(operand, field),
            Node::Has { operand, field } => self.has(operand, field).map(Val::Bool),
            Node::Conditional { condition, then, otherwise } => match self.inner_truth(condition) {
                Truth::True => self.value(then),
                Truth::False => self.value(otherwise),
                Truth::Error => Err(self.error.get()),
            },
            Node::Add(_) | Node::Arithmetic(..) | Node::ArithmeticInt { .. } | Node::Size(_) | Node::Memo { .. } => {
                self.pick_up(self.calculate(node))
            }
            Node::Negate(operand) => operators::negate(self.value(operand)?),
            Node::Index(a, b) => self.index(a, b),
            Node::Call { function, args } => self.call(function, args),
            Node::List(run) => self.list(run),
            Node::OptionalList(run) => self.optional_list(run),
            Node::Map(run) => self.map(run),
            Node::Loop(index) => self.loop_value(index),
            Node::Bind { local, value, body } => self.bind(local, value, body),
            Node::In(..)
            | Node::OptionalSelect { .. }
            | Node::OptionalIndex(..)
            | Node::OptionalOr(..)
            | Node::OptionalOrValue(..) => self.run_rest(node),
            Node::Fail(kind) => Err(self.program.error(kind).into()),
            // Named one by one: a node that neither this nor `test` knew would be passed to and fro for ever.
            Node::HasSlot(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Not(_)
            | Node::NotStrictlyFalse(_)
            | Node::Equal(..)
            | Node::NotEqual(..)
            | Node::Compare(..)
            | Node::CompareInt { .. }
            | Node::SlotEqualsString { .. }
            | Node::SlotCompareInt { .. }
            | Node::SlotCompareSlot { .. }
            | Node::InSet { .. }
            | Node::StartsWith { .. }
            | Node::EndsWith { .. }
            | Node::Contains { .. }
            | Node::Matches { .. }
            | Node::ContainsLiteral { .. }
            | Node::MatchesLiteral { .. } => match self.test(node) {
                Truth::False => Ok(Val::Bool(false)),
                Truth::True => Ok(Val::Bool(true)),
                Truth::Error => Err(self.error.get()),
            },
        }
    }

    /// [`Evaluator::run`] for nodes that stand apart because the frames of that one add up.
    #[inline(never)]
    fn run_rest(&self, node: &Node) -> Result<Val<'a>> {
        match *node {
            Node::In(a, b) => {
                let (item, list) = (self.value(a)?, self.value(b)?);
                operators::contains(&self.cx, item, list).map(Val::Bool)
            }
            Node::OptionalSelect { operand, field } => {
                let operand = self.value(operand)?;
                optionals::select_optional(&self.cx, operand, self.program.constant_str(field))
            }
            Node::OptionalIndex(a, b) => {
                let (operand, key) = (self.value(a)?, self.value(b)?);
                optionals::index_optional(&self.cx, operand, key)
            }
            Node::OptionalOr(a, b) => match self.value(a)? {
                Val::Optional(optional) if optional.get().is_some() => Ok(Val::Optional(optional)),
                Val::Optional(_) => match self.value(b)? {
                    other @ Val::Optional(_) => Ok(other),
                    _ => Err(ErrorKind::NoSuchOverload.into()),
                },
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            Node::OptionalOrValue(a, b) => match self.value(a)? {
                Val::Optional(optional) => optional.get().map_or_else(|| self.value(b), Ok),
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            _ => Err(ErrorKind::UnknownFunction.into()),
        }
    }

    #[inline(never)]
    fn select(&self, operand: NodeId, field: u32) -> Result<Val<'a>> {
        let name = self.program.constant_str(field);
        match self.value(operand)? {
            Val::Map(map) => map.get_str(name).ok_or(ErrorKind::NoSuchKey.into()),
            optional @ Val::Optional(_) => optionals::select_optional(&self.cx, optional, name),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    }

    #[inline(never)]
    fn has(&self, operand: NodeId, field: u32) -> Result<bool> {
        let name = self.program.constant_str(field);
        let mut value = self.value(operand)?;
        if let Val::Optional(optional) = value {
            match optional.get() {
                Some(inner) => value = inner,
                None => return Ok(false),
            }
        }
        match value {
            Val::Map(map) => Ok(map.get_str(name).is_some()),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    }

    #[inline(never)]
    fn index(&self, a: NodeId, b: NodeId) -> Result<Val<'a>> {
        let (operand, key) = (self.value(a)?, self.value(b)?);
        match operand {
            Val::Optional(_) => optionals::index_optional(&self.cx, operand, key),
            _ => operators::index(&self.cx, operand, key),
        }
    }

    #[inline(never)]
    fn call(&self, function: u32, args: Children) -> Result<Val<'a>> {
        let Some(implementation) = self.program.function(function) else {
            return Err(ErrorKind::UnknownFunction.into());
        };
        let mut values: smallvec::SmallVec<[Val<'a>; 4]> = smallvec::SmallVec::new();
        for id in self.program.children(args) {
            values.push(self.value(*id)?);
        }
        implementation(&self.cx, &values)
    }

    /// `cel.bind`; a chain of them takes no more stack than one.
    #[inline(never)]
    fn bind(&self, local: u32, value: NodeId, body: NodeId) -> Result<Val<'a>> {
        let mut link = (local, value, body);
        loop {
            let (local, value, body) = link;
            let result = self.value(value);
            self.set_local(local, result);
            match self.program.node_ref(body) {
                Node::Bind { local, value, body } => link = (*local, *value, *body),
                last => return self.run(last),
            }
        }
    }

    fn set_local(&self, local: u32, value: Result<Val<'a>>) {
        if let Some(cell) = self.locals.get(local as usize) {
            cell.set(value);
        }
    }
}

#[inline]
fn has_bit(bits: &[u64], at: u32) -> bool {
    bits.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
}
