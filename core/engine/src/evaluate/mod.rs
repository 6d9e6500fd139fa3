//! From input to a decision.
//!
//! One evaluation: fill the slots ([`memory`]), run the rules that can match ([`run`]), combine what they say ([`combine`]), decide
//! once more about what `set` and `route` change ([`rewrite`]), and make the decision ([`build`]).

pub(crate) mod breakers;
pub(crate) mod build;
pub(crate) mod combine;
pub(crate) mod limits;
pub(crate) mod memory;
pub(crate) mod render;
pub(crate) mod rewrite;
pub(crate) mod run;

use std::cell::Cell;
use std::sync::Arc;

use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::Context;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Timestamp, Val};

use crate::compile::Compiled;
use crate::context::Stage;
use crate::decision::{Decision, Effect};
use crate::detection::memory::{Detection, Given};
use crate::handles::Handles;
use crate::input::{Input, InputError, Prepared};
use limits::Taking;
use memory::Memory;
use run::Outcome;

/// What an evaluation reads.
#[derive(Clone, Copy)]
pub enum Data<'i> {
    /// An input, read now.
    Input(&'i dyn Input),
    /// An input, and facts that lie over it.
    Layered(&'i dyn Input, &'i dyn Input),
    /// An input that was read before.
    Prepared(&'i Prepared),
}

/// One question to the engine.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) compiled: &'q Arc<Compiled>,
    pub(crate) data: Data<'q>,
    pub(crate) stage: Stage,
    pub(crate) now: jiff::Timestamp,
    pub(crate) handles: Handles,
    /// By rule number, whether the rule takes part; `None`: all do.
    pub(crate) among: Option<&'q [bool]>,
    /// How limits are treated; `None`: there are none, or they do not matter.
    pub(crate) limits: Option<Taking<'q>>,
    /// What is in the text of an answer that is not there as a whole yet.
    pub(crate) given: Option<&'q Given>,
}

/// Decides.
///
/// # Errors
/// When the input is refused as a whole.
pub(crate) fn evaluate(question: Question<'_>) -> Result<Decision, InputError> {
    memory::with(|memory| {
        let Memory { arena, scratch, detection, found, outcomes, documents } = memory;
        let compiled = question.compiled;
        let slots = arena.alloc_slice_fill_copy(compiled.slots.infos.len(), Slot::Absent);
        fill(&question, slots, arena, detection)?;
        let fuel = Cell::new(0);
        let cx = Context { host: detection, ..Context::new(arena, &fuel, compiled.options.limits.regex_bytes) };
        let views = see(&question, slots, cx, scratch);
        let slots: &[Slot<'_>] = slots;
        scratch.prepare(&compiled.program);
        let changes = {
            let evaluator = Evaluator::new(&compiled.program, slots, cx, scratch);
            let among = question.among;
            let pass = run::Pass { compiled, stage: question.stage, now: question.now, evaluator: &evaluator, among };
            let complete = pass.rules(found, outcomes);
            let verdict = pass.verdict(outcomes, documents, complete, false);
            let shadow = pass.shadow(outcomes, documents, complete);
            // What is refused is not sent; what is approved later is sent as it is changed.
            let is_sent = matches!(verdict.effect, Effect::Allow | Effect::RequireApproval);
            let routes = !(compiled.limits.routing.is_empty() && compiled.breakers.routing.is_empty());
            let step = if is_sent && routes { pass.step_route(&question) } else { None };
            if !is_sent || (step.is_none() && !pass.rewrites(outcomes)) {
                return Ok(pass.finish(&question, outcomes, verdict, shadow, &[], None));
            }
            pass.changes(outcomes, verdict, shadow).or_route(step)
        };
        let with = (cx, &*detection, &views);
        let decision = rewrite::decide(&question, &changes, with, scratch, found, outcomes, documents)?;
        Ok(Decision { rewritten: true, ..decision })
    })
}

/// Fills the slots of limits that conditions read.
pub(crate) fn see<'a>(
    question: &Question<'a>,
    slots: &mut [Slot<'a>],
    cx: Context<'a>,
    scratch: &mut Scratch,
) -> limits::Views {
    if question.compiled.limits.viewed.is_empty() {
        return limits::Views::new();
    }
    let before: &[Slot<'a>] = cx.arena.alloc_slice_copy(slots);
    let views = limits::views(question, before, cx, scratch);
    limits::lay(&views, slots);
    views
}

/// Fills the slots.
pub(crate) fn fill<'a>(
    question: &Question<'a>,
    slots: &mut [Slot<'a>],
    arena: &'a bumpalo::Bump,
    detection: &Detection,
) -> Result<(), InputError> {
    let compiled = question.compiled;
    detection.begin(question.stage, question.given);
    read(question, slots, arena)?;
    compiled.derived.fill(slots, arena, question.stage, detection);
    compiled.estimates.fill(slots, &compiled.options.prices, question.now);
    compiled.records.check(slots, arena);
    for slot in &compiled.required {
        let path = compiled.slots.path(*slot);
        let message = match slots.get(*slot as usize) {
            Some(Slot::Present(_)) => continue,
            Some(Slot::Mistyped) => format!("`{path}`, which a policy requires, has a value of another type"),
            Some(Slot::Absent) | None => format!("the input lacks `{path}`, which a policy requires"),
        };
        return Err(InputError { message, offset: None });
    }
    Ok(())
}

fn fill_from<'a>(
    input: &'a dyn Input,
    compiled: &Compiled,
    slots: &mut [Slot<'a>],
    arena: &'a bumpalo::Bump,
) -> Result<(), InputError> {
    input.fill(&compiled.slots.paths, slots, arena)?;
    only_objects(input)
}

/// Refuses an input that is no object. What has no fields would otherwise read as one whose fields are all absent.
pub(crate) fn only_objects(input: &dyn Input) -> Result<(), InputError> {
    match input.is_object() {
        true => Ok(()),
        false => Err(InputError { message: "a context is an object, and this is none".to_owned(), offset: Some(0) }),
    }
}

/// Fills the slots of what the host says; those that the engine makes from others are left.
pub(crate) fn read<'a>(
    question: &Question<'a>,
    slots: &mut [Slot<'a>],
    arena: &'a bumpalo::Bump,
) -> Result<(), InputError> {
    let compiled = question.compiled;
    match question.data {
        Data::Input(input) => fill_from(input, compiled, slots, arena)?,
        Data::Layered(input, over) => {
            fill_from(input, compiled, slots, arena)?;
            fill_from(over, compiled, slots, arena)?;
        }
        Data::Prepared(prepared) if prepared.is_for(compiled.program.id()) => prepared.fill(slots),
        Data::Prepared(_) => {
            let message = "the prepared input is stale: the policies were loaded again since; prepare it again";
            return Err(InputError { message: message.to_owned(), offset: None });
        }
    }
    if let Some(slot) = compiled.now.and_then(|at| slots.get_mut(at as usize)) {
        let now = question.now;
        // jiff counts a negative instant's nanoseconds backwards.
        let (mut seconds, mut nanos) = (now.as_second(), now.subsec_nanosecond());
        if nanos < 0 {
            seconds -= 1;
            nanos += 1_000_000_000;
        }
        *slot = Slot::Present(Val::Timestamp(Timestamp { seconds, nanos }));
    }
    Ok(())
}
