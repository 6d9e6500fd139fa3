//! A look into a compiled program while it decides: what tools show that say why policies are fast.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::Context;
use llm_policy_cel::slot::Slot;

use crate::compile::Compiled;
use crate::context::Stage;
use crate::detection::memory::Detection;
use crate::evaluate::{Data, Question, fill};
use crate::handles::Handles;
use crate::input::{Input, InputError};

/// The rules, by rank, that are looked at when `input` is decided about: those that the index finds, and those that are
/// looked at for every input.
///
/// ```
/// use llm_policy_engine::context::Stage;
/// use llm_policy_engine::{Engine, Options, document, input::Json, inspect};
///
/// let policy = "{version: '1.0', metadata: {name: p}, rules: [
///     {id: a, when: user.tier == 'a', actions: [deny]}, {id: b, when: user.tier == 'b', actions: [deny]}]}";
/// let document = document::read(policy, "p.yaml", &mut document::no_files).unwrap();
/// let compiled = Engine::new(vec![document], Options::default()).unwrap().0.compiled();
/// let input = Json::new(br#"{"user": {"tier": "b"}}"#);
/// assert_eq!(inspect::candidates(&compiled, Stage::Request, &input, jiff::Timestamp::now())?, [1]);
/// # Ok::<(), llm_policy_engine::input::InputError>(())
/// ```
///
/// # Errors
/// When the input is refused as a whole.
pub fn candidates(
    compiled: &Arc<Compiled>,
    stage: Stage,
    input: &dyn Input,
    now: jiff::Timestamp,
) -> Result<Vec<u32>, InputError> {
    let data = Data::Input(input);
    let question =
        Question { compiled, data, stage, now, handles: Handles::NONE, among: None, limits: None, given: None };
    let arena = Bump::new();
    let slots = arena.alloc_slice_fill_copy(compiled.slots.infos.len(), Slot::Absent);
    let detection = Detection::default();
    fill(&question, slots, &arena, &detection)?;
    let fuel = Cell::new(compiled.options.rule_fuel);
    let cx = Context { host: &detection, ..Context::new(&arena, &fuel, compiled.options.limits.regex_bytes) };
    let mut scratch = Scratch::new();
    scratch.prepare(&compiled.program);
    let evaluator = Evaluator::new(&compiled.program, slots, cx, &scratch);
    let index = &compiled.stage(stage).index;
    let mut found = Vec::new();
    index.candidates(&evaluator, &mut found);
    found.extend(index.always());
    found.sort_unstable();
    Ok(found)
}
