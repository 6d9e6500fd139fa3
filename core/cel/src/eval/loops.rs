//! Comprehensions.

use bumpalo::collections::Vec as ArenaVec;

use super::{Evaluator, Truth};
use crate::error::{Error, ErrorKind, Result};
use crate::program::{Loop, LoopKind, NodeId};
use crate::value::{List, Map, Val};

/// What a comprehension runs over.
enum Range<'a> {
    List(List<'a>),
    Map(Map<'a>),
}

impl<'a> Range<'a> {
    fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
        }
    }

    /// Index or key, and element or value, at position `at`.
    fn pair(&self, at: usize) -> (Val<'a>, Val<'a>) {
        match self {
            Self::List(list) => (Val::Int(i64::try_from(at).unwrap_or(i64::MAX)), list.get(at).unwrap_or(Val::Null)),
            Self::Map(map) => map.entry(at).unwrap_or((Val::Null, Val::Null)),
        }
    }
}

impl<'a> Evaluator<'a> {
    fn range(&self, l: &Loop) -> Result<Range<'a>> {
        match self.value(l.range)? {
            Val::List(list) => Ok(Range::List(list)),
            Val::Map(map) => Ok(Range::Map(map)),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    }

    /// Sets the loop variables for step `at`, and gives what a one-variable macro sees: an element or a key.
    fn step(&self, l: &Loop, range: &Range<'a>, at: usize) -> Result<(Val<'a>, Val<'a>)> {
        self.cx.pay(u64::from(l.step_fuel))?;
        let (first, second) = range.pair(at);
        let single = match range {
            Range::List(_) => second,
            Range::Map(_) => first,
        };
        match l.var2 {
            None => self.set_local(l.var, Ok(single)),
            Some(var2) => {
                self.set_local(l.var, Ok(first));
                self.set_local(var2, Ok(second));
            }
        }
        Ok((first, single))
    }

    #[inline(never)]
    pub(super) fn loop_truth(&self, index: u32) -> Truth {
        let Some(l) = self.program.comprehension(index) else { return self.fail(ErrorKind::UnknownFunction) };
        match l.kind {
            LoopKind::All(predicate) => self.quantifier(l, predicate, Truth::False, Truth::True),
            LoopKind::Exists(predicate) => self.quantifier(l, predicate, Truth::True, Truth::False),
            LoopKind::ExistsOne(predicate) => match self.count_is_one(l, predicate) {
                Ok(one) => one.into(),
                Err(e) => self.fail(e),
            },
            _ => match self.loop_value(index) {
                Ok(Val::Bool(b)) => b.into(),
                Ok(_) => self.fail(ErrorKind::NoSuchOverload),
                Err(e) => self.fail(e),
            },
        }
    }

    /// `all` or `exists`: one decisive step decides, whatever errors the others have.
    fn quantifier(&self, l: &Loop, predicate: NodeId, decisive: Truth, otherwise: Truth) -> Truth {
        let range = match self.range(l) {
            Ok(range) => range,
            Err(e) => return self.fail(e),
        };
        let mut failed: Option<Error> = None;
        for at in 0..range.len() {
            if let Err(e) = self.step(l, &range, at) {
                return self.fail(e);
            }
            let truth = self.inner_truth(predicate);
            if truth == decisive {
                return decisive;
            }
            if truth == Truth::Error && failed.is_none() {
                failed = Some(self.error());
            }
        }
        failed.map_or(otherwise, |e| self.fail(e))
    }

    fn count_is_one(&self, l: &Loop, predicate: NodeId) -> Result<bool> {
        let range = self.range(l)?;
        let mut count = 0_usize;
        for at in 0..range.len() {
            self.step(l, &range, at)?;
            count += usize::from(self.holds(Some(predicate))?);
        }
        Ok(count == 1)
    }

    /// Whether the filter holds; a missing filter does.
    fn holds(&self, filter: Option<NodeId>) -> Result<bool> {
        match filter.map_or(Truth::True, |id| self.inner_truth(id)) {
            Truth::True => Ok(true),
            Truth::False => Ok(false),
            Truth::Error => Err(self.error()),
        }
    }

    #[inline(never)]
    pub(super) fn loop_value(&self, index: u32) -> Result<Val<'a>> {
        let Some(l) = self.program.comprehension(index) else { return Err(ErrorKind::UnknownFunction.into()) };
        match l.kind {
            LoopKind::All(_) | LoopKind::Exists(_) | LoopKind::ExistsOne(_) => match self.loop_truth(index) {
                Truth::True => Ok(Val::Bool(true)),
                Truth::False => Ok(Val::Bool(false)),
                Truth::Error => Err(self.error()),
            },
            LoopKind::Filter(predicate) => self.collect(l, Some(predicate), None),
            LoopKind::Map { filter, transform } => self.collect(l, filter, Some(transform)),
            LoopKind::TransformMap { filter, transform } => self.collect_map(l, filter, transform, false),
            LoopKind::TransformMapEntry { filter, transform } => self.collect_map(l, filter, transform, true),
            LoopKind::Fold { accumulator, init, condition, step, result } => {
                self.fold(l, accumulator, init, condition, step, result)
            }
        }
    }

    #[inline(never)]
    fn collect(&self, l: &Loop, filter: Option<NodeId>, transform: Option<NodeId>) -> Result<Val<'a>> {
        let range = self.range(l)?;
        let mut items = ArenaVec::new_in(self.cx.arena);
        for at in 0..range.len() {
            let (_, single) = self.step(l, &range, at)?;
            if self.holds(filter)? {
                items.push(match transform {
                    Some(id) => self.value(id)?,
                    None => single,
                });
            }
        }
        Ok(Val::List(List::Arena(items.into_bump_slice())))
    }

    #[inline(never)]
    fn collect_map(&self, l: &Loop, filter: Option<NodeId>, transform: NodeId, entry: bool) -> Result<Val<'a>> {
        let range = self.range(l)?;
        let mut entries = ArenaVec::new_in(self.cx.arena);
        for at in 0..range.len() {
            let (first, _) = self.step(l, &range, at)?;
            if !self.holds(filter)? {
                continue;
            }
            match (self.value(transform)?, entry) {
                (value, false) => entries.push((first, value)),
                (Val::Map(map), true) => {
                    self.cx.pay(map.len() as u64)?;
                    entries.extend(map.iter());
                }
                _ => return Err(ErrorKind::NoSuchOverload.into()),
            }
        }
        self.finish_map(entries)
    }

    #[inline(never)]
    fn fold(
        &self,
        l: &Loop,
        accumulator: u32,
        init: NodeId,
        condition: NodeId,
        step: NodeId,
        result: NodeId,
    ) -> Result<Val<'a>> {
        let range = self.range(l)?;
        let first = self.value(init);
        self.set_local(accumulator, first);
        for at in 0..range.len() {
            self.step(l, &range, at)?;
            if !self.holds(Some(condition))? {
                break;
            }
            let next = self.value(step);
            self.set_local(accumulator, next);
        }
        self.value(result)
    }
}
