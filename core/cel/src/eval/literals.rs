//! List and map literals.

use bumpalo::collections::Vec as ArenaVec;

use super::Evaluator;
use crate::error::{ErrorKind, Result};
use crate::program::{Children, NodeId, OPTIONAL};
use crate::value::{List, Map, Val};

/// So many elements of a literal cost one unit of fuel; what is in them is paid for by the loop around.
const LITERAL: u64 = 4;

impl<'a> Evaluator<'a> {
    #[inline(never)]
    pub(super) fn list(&self, run: Children) -> Result<Val<'a>> {
        let ids = self.program.children(run);
        self.cx.pay(ids.len() as u64 / LITERAL)?;
        let mut items = ArenaVec::with_capacity_in(ids.len(), self.cx.arena);
        for id in ids {
            items.push(self.value(*id)?);
        }
        Ok(Val::List(List::Arena(items.into_bump_slice())))
    }

    #[inline(never)]
    pub(super) fn optional_list(&self, run: Children) -> Result<Val<'a>> {
        let ids = self.program.children(run);
        self.cx.pay(ids.len() as u64 / LITERAL)?;
        let mut items = ArenaVec::with_capacity_in(ids.len() / 2, self.cx.arena);
        for pair in ids.chunks_exact(2) {
            let [id, marker] = pair else { continue };
            items.extend(self.element(*id, *marker)?);
        }
        Ok(Val::List(List::Arena(items.into_bump_slice())))
    }

    /// The value of an element, or nothing for `?optional.none()`.
    fn element(&self, id: NodeId, marker: NodeId) -> Result<Option<Val<'a>>> {
        let value = self.value(id)?;
        if marker != OPTIONAL {
            return Ok(Some(value));
        }
        match value {
            Val::Optional(optional) => Ok(optional.get()),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    }

    #[inline(never)]
    pub(super) fn map(&self, run: Children) -> Result<Val<'a>> {
        let ids = self.program.children(run);
        let mut entries: ArenaVec<'a, (Val<'a>, Val<'a>)> = ArenaVec::with_capacity_in(ids.len() / 3, self.cx.arena);
        for triple in ids.chunks_exact(3) {
            let [key, value, marker] = triple else { continue };
            let key = self.value(*key)?;
            if !matches!(key, Val::Bool(_) | Val::Int(_) | Val::Uint(_) | Val::Str(_)) {
                return Err(ErrorKind::NoSuchOverload.into());
            }
            if let Some(value) = self.element(*value, *marker)? {
                entries.push((key, value));
            }
        }
        self.finish_map(entries)
    }

    /// A map of `entries`, whose keys must differ.
    pub(super) fn finish_map(&self, entries: ArenaVec<'a, (Val<'a>, Val<'a>)>) -> Result<Val<'a>> {
        // Beyond a few entries keys are sorted.
        let text: usize = entries.iter().map(|(key, _)| if let Val::Str(s) = key { s.len() } else { 0 }).sum();
        let rounds = u64::from(entries.len().max(1).ilog2()) + 1;
        self.cx.pay((entries.len() as u64 / 2 + text as u64 / 64).saturating_mul(rounds))?;
        let map = Map::new_in(entries.into_bump_slice(), self.cx.arena);
        if map.repeats_a_key() { Err(ErrorKind::DuplicateKey.into()) } else { Ok(Val::Map(map)) }
    }
}
