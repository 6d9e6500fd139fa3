//! List and map literals.

use bumpalo::collections::Vec as ArenaVec;

use super::Evaluator;
use crate::error::{ErrorKind, Result};
use crate::program::{Children, NodeId, OPTIONAL};
use crate::value::{List, Map, Val};

impl<'a> Evaluator<'a> {
    #[inline(never)]
    pub(super) fn list(&self, run: Children) -> Result<Val<'a>> {
        let ids = self.program.children(run);
        let mut items = ArenaVec::with_capacity_in(ids.len(), self.cx.arena);
        for id in ids {
            items.push(self.value(*id)?);
        }
        Ok(Val::List(List::Arena(items.into_bump_slice())))
    }

    #[inline(never)]
    pub(super) fn optional_list(&self, run: Children) -> Result<Val<'a>> {
        let mut items = ArenaVec::new_in(self.cx.arena);
        for pair in self.program.children(run).chunks_exact(2) {
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
        let mut entries: ArenaVec<'a, (Val<'a>, Val<'a>)> = ArenaVec::new_in(self.cx.arena);
        for triple in self.program.children(run).chunks_exact(3) {
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
        let map = Map::new_in(entries.into_bump_slice(), self.cx.arena);
        if map.repeats_a_key() { Err(ErrorKind::DuplicateKey.into()) } else { Ok(Val::Map(map)) }
    }
}
