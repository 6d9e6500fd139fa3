//! Python objects as input: the wanted paths are walked, and nothing is made of the rest.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use llm_policy_embed::input::coerce::{mistype, mistype_below, number, put, unsigned};
use llm_policy_embed::input::paths::{Found, PathNode, Paths, SlotType};
use llm_policy_embed::input::{Input, InputError, MAX_DEPTH};
use llm_policy_embed::slot::Slot;
use llm_policy_embed::value::{List, Map, Val};
use llm_policy_embed::{Error, ErrorCode, MAX_INPUT_BYTES};
use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::PyString;
use smallvec::SmallVec;

use crate::objects::{Fault, Kind, Result, kind, surrogate};
use crate::refusal::Refusal;

/// How many contexts may be read inside of each other: reading one may run Python code, which may ask an engine about another.
const NESTED: u32 = 16;

/// That a context is being read on this thread.
pub(crate) struct Reading;

thread_local! {
    static NOW: Cell<u32> = const { Cell::new(0) };
}

impl Reading {
    /// Begins one; it ends when it is dropped.
    #[inline]
    pub(crate) fn begin() -> std::result::Result<Self, Error> {
        let now = NOW.get();
        if now >= NESTED {
            let message = "reading the context asks an engine about a context, over and over";
            return Err(Error::new(ErrorCode::InvalidInput, message));
        }
        NOW.set(now + 1);
        Ok(Self)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        NOW.set(NOW.get() - 1);
    }
}

/// An object of Python as input. It lends its texts to the evaluation, and keeps them alive until it is dropped.
pub(crate) struct Object<'py> {
    object: Bound<'py, PyAny>,
    lent: RefCell<SmallVec<[Bound<'py, PyString>; 16]>>,
    /// How many bytes of values are made, as JSON would have them at least.
    bytes: Cell<usize>,
    fault: RefCell<Option<Box<Fault>>>,
}

impl<'py> Object<'py> {
    pub(crate) fn new(object: &Bound<'py, PyAny>) -> Self {
        Self { object: object.clone(), lent: RefCell::default(), bytes: Cell::new(0), fault: RefCell::default() }
    }

    /// Why there is no decision: with what was raised while the object was read, and what to do.
    pub(crate) fn explain(&self, error: Error) -> Box<Refusal> {
        match self.fault.take() {
            Some(fault) if error.code == ErrorCode::InvalidInput => fault.into(),
            _ => error.into(),
        }
    }

    /// The text, for as long as this input lives.
    fn lend<'a>(&'a self, text: &Bound<'py, PyString>) -> Result<&'a str> {
        let borrowed = text.to_str().map_err(|_| surrogate())?;
        self.pay(borrowed.len())?;
        #[expect(unsafe_code, reason = "the text is borrowed from an object that is kept beside it")]
        // SAFETY: a `str` never changes, and its UTF-8 is kept with it. The reference that is pushed keeps both for as long as
        // `self` lives: nothing is ever taken out of `lent`.
        let lent = unsafe { &*std::ptr::from_ref(borrowed) };
        self.lent.borrow_mut().push(text.clone());
        Ok(lent)
    }

    /// Counts a value of so many bytes. A list may be in many places of another, over and over, and then the whole is far larger
    /// than what it is made of.
    fn pay(&self, bytes: usize) -> Result<()> {
        let all = self.bytes.get().saturating_add(bytes).saturating_add(2);
        self.bytes.set(all);
        if all > MAX_INPUT_BYTES { Err(Fault::new(format!("larger than {MAX_INPUT_BYTES} bytes"))) } else { Ok(()) }
    }
}

impl Input for Object<'_> {
    fn fill<'a>(
        &'a self,
        paths: &Paths,
        slots: &mut [Slot<'a>],
        arena: &'a Bump,
    ) -> std::result::Result<(), InputError> {
        let walk = Walk { input: self, paths, arena };
        walk.fill(self.object.as_borrowed(), paths.root(), slots, 0).map_err(|fault| {
            let error = InputError { message: fault.text(), offset: None };
            self.fault.replace(Some(fault));
            error
        })
    }

    fn is_object(&self) -> bool {
        matches!(kind(self.object.as_borrowed()), Ok(Kind::Object(_)))
    }
}

struct Walk<'w, 'a, 'py> {
    input: &'a Object<'py>,
    paths: &'w Paths,
    arena: &'a Bump,
}

impl<'a, 'py> Walk<'_, 'a, 'py> {
    /// Fills the slot of `node` and all slots below it from `object`.
    fn fill(
        &self,
        object: Borrowed<'_, 'py, PyAny>,
        node: &PathNode,
        slots: &mut [Slot<'a>],
        depth: usize,
    ) -> Result<()> {
        let kind = kind(object)?;
        if let Some((_, slot_type)) = node.slot() {
            // What would not fit is not converted.
            let fits = match &kind {
                Kind::Object(_) => matches!(slot_type, SlotType::Dyn | SlotType::Map),
                Kind::List(_) => matches!(slot_type, SlotType::Dyn | SlotType::List | SlotType::StringList),
                _ => true,
            };
            if fits {
                put(node, self.convert(&kind, depth)?, slots);
            } else {
                mistype(node, slots);
            }
        }
        if node.is_leaf() {
            return Ok(());
        }
        match kind {
            Kind::Null => Ok(()),
            Kind::Object(fields) => {
                if depth >= MAX_DEPTH {
                    return Err(InputError::too_deep(None).into());
                }
                fields.each(|name, place| {
                    let text = name.to_str().map_err(|_| surrogate())?;
                    // A mapping may go on for ever.
                    self.input.pay(text.len())?;
                    match node.find(text) {
                        Found::Unwanted => Ok(()),
                        Found::Variant(wanted) => Err(InputError::variant(text, wanted, None).into()),
                        Found::Wanted(id) => {
                            let Some(child) = self.paths.node(id) else { return Ok(()) };
                            let filled =
                                place.value().and_then(|v| self.fill(v.as_borrowed(), child, slots, depth + 1));
                            filled.map_err(|fault| fault.in_field(text))
                        }
                    }
                })
            }
            _ => {
                mistype_below(self.paths, node, slots);
                Ok(())
            }
        }
    }

    /// The value with all that is in it.
    fn convert(&self, kind: &Kind<'_, 'py>, depth: usize) -> Result<Val<'a>> {
        self.input.pay(0)?;
        if depth >= MAX_DEPTH && matches!(kind, Kind::List(_) | Kind::Object(_)) {
            return Err(InputError::too_deep(None).into());
        }
        Ok(match kind {
            Kind::Null => Val::Null,
            Kind::Bool(bool) => Val::Bool(*bool),
            Kind::Int(int) => Val::Int(*int),
            Kind::Uint(uint) => unsigned(*uint),
            Kind::Double(double) => number(*double).ok_or_else(|| not_finite(*double))?,
            Kind::Text(text) => Val::Str(self.input.lend(text)?),
            Kind::List(items) => {
                let mut list = ArenaVec::new_in(self.arena);
                items.each(|_, item| {
                    list.push(self.convert(&crate::objects::kind(item)?, depth + 1)?);
                    Ok(())
                })?;
                Val::List(List::Arena(list.into_bump_slice()))
            }
            Kind::Object(fields) => {
                let mut entries = ArenaVec::new_in(self.arena);
                fields.each(|name, place| {
                    let text = self.input.lend(name)?;
                    let convert =
                        |value: Bound<'py, PyAny>| self.convert(&crate::objects::kind(value.as_borrowed())?, depth + 1);
                    let value = place.value().and_then(convert).map_err(|fault| fault.in_field(text))?;
                    entries.push((Val::Str(text), value));
                    Ok(())
                })?;
                Val::Map(Map::new_in(entries.into_bump_slice(), self.arena))
            }
        })
    }
}

#[cold]
pub(crate) fn not_finite(double: f64) -> Box<Fault> {
    Fault::new(if double.is_nan() { "NaN is no number that a context can hold" } else { "an infinite number" })
}
