//! The keys that the readers know, for tools that stand beside them: JSON Schema, completion.

use super::{action, breakers, conditions, data, detectors, header, limits, rule, schedule};

/// Of a document.
pub const DOCUMENT: &[&str] = super::KEYS;
/// Of `metadata`.
pub const METADATA: &[&str] = header::METADATA;
/// Of `config`.
pub const CONFIG: &[&str] = header::CONFIG;
/// Of `detectors` in `config`.
pub const DETECTORS: &[&str] = detectors::DETECTORS;
/// Of `fallback`.
pub const FALLBACK: &[&str] = header::FALLBACK;
/// Of a field of `schema`.
pub const FIELD: &[&str] = data::FIELD;
/// Of a table.
pub const TABLE: &[&str] = data::TABLE;
/// Of a rule.
pub const RULE: &[&str] = rule::RULE;
/// Of `rollout`.
pub const ROLLOUT: &[&str] = rule::ROLLOUT;
/// Of a limit.
pub const LIMIT: &[&str] = limits::LIMIT;
/// Of `window` of a limit.
pub const LIMIT_WINDOW: &[&str] = limits::WINDOW;
/// Of a step of a limit.
pub const STEP: &[&str] = limits::STEP;
/// Of a breaker.
pub const BREAKER: &[&str] = breakers::BREAKER;
/// Of `slow` of a breaker.
pub const SLOW: &[&str] = breakers::SLOW;
/// Of an exception.
pub const EXCEPTION: &[&str] = rule::EXCEPTION;
/// Of `conditions` and groups in it.
pub const GROUP: &[&str] = conditions::GROUP;
/// Of a comparison.
pub const COMPARISON: &[&str] = conditions::COMPARISON;
/// Of a call.
pub const CALL: &[&str] = conditions::CALL;
/// Of `schedule`.
pub const SCHEDULE: &[&str] = schedule::SCHEDULE;
/// Of an item of `during`.
pub const WINDOW: &[&str] = schedule::WINDOW;

/// The operators of comparisons.
pub fn operators() -> impl Iterator<Item = &'static str> {
    conditions::operators()
}

/// The types of actions, each with its keys beside `type`.
pub fn actions() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    action::shapes()
}
