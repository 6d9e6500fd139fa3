//! A provider's body as input of the engine.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Map, Val};
use llm_policy_engine::context::Stage;
use llm_policy_engine::input::json::{MAX_BYTES, value_of};
use llm_policy_engine::input::{Input, InputError, Json, Paths};
use serde_json::Value;

use crate::format::Format;
use crate::mapping::{Leaf, Shape, map, map_traced};

/// A provider's body, and what the host says beside it.
///
/// The whole body is read: it must be JSON in which no field is there twice, and none differs only in case from one that the
/// format has. Where the host and the body say the same field, the host's counts.
#[derive(Clone, Copy, Debug)]
pub struct Body<'b> {
    pub(crate) shape: &'static Shape,
    pub(crate) bytes: &'b [u8],
    host: Option<&'b [u8]>,
}

impl<'b> Body<'b> {
    /// A body of this format in this stage; it is read when it is asked for.
    ///
    /// # Errors
    /// When the format has nothing for the stage: embeddings call no tools.
    pub fn new(format: Format, stage: Stage, bytes: &'b [u8]) -> Result<Self, InputError> {
        let message = || format!("bodies of the format {format} say nothing about the stage {stage}");
        let shape = format.shape(stage).ok_or_else(|| InputError { message: message(), offset: None })?;
        Ok(Self { shape, bytes, host: None })
    }

    /// With what the host says: a context in JSON, such as `{"user": {"id": "ann"}}`.
    #[must_use]
    pub fn host(self, context: &'b [u8]) -> Self {
        Self { host: Some(context), ..self }
    }

    /// The whole context.
    ///
    /// # Errors
    /// When the body or the host's context is refused.
    pub fn context(&self) -> Result<Value, InputError> {
        Ok(value_of(self.value(true, &Bump::new())?))
    }

    /// Where each text of the body went: what a change to a field of the context must change in the body.
    ///
    /// # Errors
    /// As [`Body::context`].
    pub fn leaves(&self) -> Result<Vec<Leaf>, InputError> {
        map_traced(self.shape, self.bytes, &Bump::new()).map(|(_, trace)| trace.leaves)
    }

    fn value<'a>(&'a self, digests: bool, arena: &'a Bump) -> Result<Val<'a>, InputError> {
        let body = map(self.shape, self.bytes, digests, arena)?;
        let Some(host) = self.host else { return Ok(body) };
        // Offsets are places in the body.
        let refuse =
            |what: &dyn std::fmt::Display| InputError { message: format!("the host's context: {what}"), offset: None };
        match (body, Json::new(host).read(arena).map_err(|error| refuse(&error))?) {
            (Val::Map(body), Val::Map(host)) => Ok(Val::Map(lay_over(body, host, arena))),
            _ => Err(refuse(&"it is an object, and this is none")),
        }
    }
}

impl Input for Body<'_> {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError> {
        if self.bytes.len() > MAX_BYTES {
            return Err(InputError { message: format!("larger than {MAX_BYTES} bytes"), offset: None });
        }
        // Digests are made only where a policy may look at one.
        let request = paths.child(paths.root(), "request");
        let digests = request.is_some_and(|node| node.slot().is_some() || paths.child(node, "tools").is_some());
        let value: &'a Val<'a> = arena.alloc(self.value(digests, arena)?);
        value.fill(paths, slots, arena)
    }
}

/// Lays `over` over `under`; objects that are in both are joined.
fn lay_over<'a>(under: Map<'a>, over: Map<'a>, arena: &'a Bump) -> Map<'a> {
    let mut entries = ArenaVec::with_capacity_in(under.len() + over.len(), arena);
    for (key, value) in under.iter() {
        entries.push((
            key,
            match (value, over.get(key)) {
                (Val::Map(under), Some(Val::Map(over))) => Val::Map(lay_over(under, over, arena)),
                (value, None | Some(Val::Null)) => value,
                (_, Some(value)) => value,
            },
        ));
    }
    entries.extend(over.iter().filter(|(key, _)| under.get(*key).is_none()));
    Map::new_in(entries.into_bump_slice(), arena)
}
