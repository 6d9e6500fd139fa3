//! Filling slots from values that are already there.

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;

use super::coerce::{mistype_below, put};
use super::paths::{Found, PathNode, Paths};
use super::{Input, InputError};

/// A value that is already there, such as one that was made from another format; nothing is copied.
impl Input for Val<'_> {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], _: &'a Bump) -> Result<(), InputError> {
        fill(paths, paths.root(), *self, slots)
    }

    fn is_object(&self) -> bool {
        matches!(self, Val::Map(_))
    }
}

/// Fills the slot of `node` and all slots below it from `value`.
///
/// Recursion is as deep as the wanted paths and the value both are.
pub(super) fn fill<'a>(
    paths: &Paths,
    node: &PathNode,
    value: Val<'a>,
    slots: &mut [Slot<'a>],
) -> Result<(), InputError> {
    put(node, value, slots);
    below(paths, node, value, slots)
}

/// Fills all slots below `node`, but not its own.
pub(super) fn below<'a>(
    paths: &Paths,
    node: &PathNode,
    value: Val<'a>,
    slots: &mut [Slot<'a>],
) -> Result<(), InputError> {
    if node.is_leaf() {
        return Ok(());
    }
    match value {
        Val::Null => {}
        Val::Map(map) => {
            for (key, value) in map.iter() {
                let Val::Str(name) = key else { continue };
                match node.find(name) {
                    Found::Unwanted => {}
                    Found::Variant(wanted) => return Err(InputError::variant(name, wanted, None)),
                    Found::Wanted(id) => {
                        if let Some(child) = paths.node(id) {
                            fill(paths, child, value, slots)?;
                        }
                    }
                }
            }
        }
        _ => mistype_below(paths, node, slots),
    }
    Ok(())
}
