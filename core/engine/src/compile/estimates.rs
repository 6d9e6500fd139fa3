//! What a request will take and cost, before it is sent: `request.estimated_tokens` and `request.estimated_cost`.
//!
//! A host that knows better gives these fields itself. Otherwise tokens are counted roughly (four ASCII characters a token, one
//! for every other character, 1,600 for a part that is not text), and the answer counts as long as it may get: `max_tokens`, or
//! [`ANSWER`] without it. A cost is that of the dearest way in which these tokens can be charged.

use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Timestamp, Val};
use llm_policy_ledger::{Kind, Time};

use super::breakers::Breakers;
use super::expressions::Compiler;
use super::limits::CompiledLimit;
use super::pricing::{Prices, dollars};
use super::slots::value;

/// Tokens of an answer whose request does not say how long it may get, or what the model can write at most, if that is less.
pub const ANSWER: u64 = 4_096;

/// Tokens of a part that is not text: about what providers count for a large image.
const PART: u64 = 1_600;

/// Tokens that a message takes beside its text.
const MESSAGE: u64 = 4;

/// The slots of estimates, and of what they are made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Estimates {
    tokens: Option<u32>,
    cost: Option<u32>,
    /// The model that is asked for.
    pub(crate) model: Option<u32>,
    max_tokens: Option<u32>,
    system_prompt: Option<u32>,
    messages: Option<u32>,
    prompt: Option<u32>,
    tools: Option<u32>,
}

impl Estimates {
    /// Wants what the estimates need that conditions read, or that are counted: a budget counts the cost, a quota the tokens, and
    /// what counts requests none.
    pub(super) fn want(compiler: &mut Compiler<'_>, limits: &[CompiledLimit], breakers: &Breakers) -> Self {
        let mut estimates = Self {
            tokens: compiler.slots.find("request.estimated_tokens"),
            cost: compiler.slots.find("request.estimated_cost"),
            ..Self::default()
        };
        let counts = |kind| limits.iter().any(|limit| limit.definition.kind() == kind);
        if counts(Kind::Quota) {
            estimates.tokens = compiler.slot_of("request.estimated_tokens");
        }
        if counts(Kind::Budget) {
            estimates.cost = compiler.slot_of("request.estimated_cost");
        }
        if !limits.is_empty() || !breakers.routing.is_empty() {
            // What is held knows the model, for its price; a breaker sends no call to the model that it stops.
            estimates.model = compiler.slot_of("request.model");
        }
        if estimates.tokens.is_some() || estimates.cost.is_some() {
            estimates.model = compiler.slot_of("request.model");
            estimates.max_tokens = compiler.slot_of("request.max_tokens");
            estimates.system_prompt = compiler.slot_of("request.system_prompt");
            estimates.messages = compiler.slot_of("request.messages");
            estimates.prompt = compiler.slot_of("request.prompt");
            estimates.tools = compiler.slot_of("request.tools");
        }
        estimates
    }

    /// Fills the slots of estimates that the host has not given.
    pub(crate) fn fill<'a>(&self, slots: &mut [Slot<'a>], prices: &Prices, now: jiff::Timestamp) {
        let is_absent = |slot: Option<u32>| slot.is_some_and(|s| matches!(slots.get(s as usize), Some(Slot::Absent)));
        let (wants_tokens, wants_cost) = (is_absent(self.tokens), is_absent(self.cost));
        if !wants_tokens && !wants_cost {
            return;
        }
        let parts = [self.model, self.max_tokens, self.system_prompt, self.messages, self.prompt, self.tools];
        let parts = parts.map(|slot| slots.get(slot? as usize));
        // Without a request there is nothing to estimate, and what has another type than it should cannot be counted.
        let is_there = parts.iter().flatten().any(|slot| matches!(slot, Slot::Present(_)));
        if !is_there || parts.iter().flatten().any(|slot| matches!(slot, Slot::Mistyped)) {
            return;
        }
        let now = Time::from_micros(now.as_microsecond());
        let model = match value(slots, self.model) {
            Some(Val::Str(model)) => prices.table().find(model),
            _ => None,
        };
        let most = model.as_ref().and_then(|found| found.model.max_output);
        let prompt = prompt_tokens(
            value(slots, self.messages),
            value(slots, self.prompt),
            [value(slots, self.system_prompt), value(slots, self.tools)],
        );
        let answer = match value(slots, self.max_tokens) {
            Some(Val::Int(tokens)) => u64::try_from(tokens).unwrap_or(0),
            _ => most.map_or(ANSWER, |most| most.min(ANSWER)),
        };
        let mut put = |slot: Option<u32>, value: Val<'a>| {
            if let Some(place) = slot.and_then(|s| slots.get_mut(s as usize)) {
                *place = Slot::Present(value);
            }
        };
        if wants_tokens {
            put(self.tokens, Val::Int(i64::try_from(prompt.saturating_add(answer)).unwrap_or(i64::MAX)));
        }
        if wants_cost && let Some(price) = model.and_then(|found| found.price(now)) {
            put(self.cost, Val::Double(dollars(price.at_most(prompt, answer))));
        }
    }

    /// The estimated tokens, and the estimated cost in dollars.
    pub(crate) fn of(&self, slots: &[Slot<'_>]) -> (Option<u64>, Option<f64>) {
        let tokens = match value(slots, self.tokens) {
            Some(Val::Int(tokens)) => u64::try_from(tokens).ok(),
            _ => None,
        };
        let cost = match value(slots, self.cost) {
            Some(Val::Double(cost)) => Some(cost),
            _ => None,
        };
        (tokens, cost)
    }
}

/// The tokens that a model reads: of the messages, or else of the prompt, and of what stands `beside` them.
pub(crate) fn prompt_tokens(messages: Option<Val<'_>>, prompt: Option<Val<'_>>, beside: [Option<Val<'_>>; 2]) -> u64 {
    let said = messages.or(prompt);
    beside.into_iter().chain([said]).flatten().map(tokens).fold(0, u64::saturating_add)
}

/// The tokens of all text below `value`. Input is at most 128 levels deep.
fn tokens(value: Val<'_>) -> u64 {
    match value {
        Val::Str(text) => tokens_of(text),
        Val::List(items) => items.iter().map(|item| tokens(item).saturating_add(MESSAGE)).sum(),
        Val::Map(map) => map
            .iter()
            .map(|(key, value)| match (key, value) {
                (Val::Str("role"), _) => 0,
                (Val::Str("parts"), Val::List(parts)) => PART.saturating_mul(parts.len() as u64),
                (_, value) => tokens(value),
            })
            .sum(),
        _ => 1,
    }
}

/// Four ASCII characters are a token, and so is each other character.
fn tokens_of(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let other = text.bytes().filter(|byte| (0xc0..).contains(byte)).count() as u64;
    ascii.div_ceil(4) + other
}

/// An instant as CEL has it.
#[must_use]
pub(crate) fn timestamp(at: Time) -> Timestamp {
    let micros = i32::try_from(at.micros().rem_euclid(1_000_000)).unwrap_or(0);
    Timestamp { seconds: at.micros().div_euclid(1_000_000), nanos: micros * 1000 }
}
