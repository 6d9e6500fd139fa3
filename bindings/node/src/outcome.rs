//! What calls come to: codes of decisions, and failures.

use std::cell::RefCell;
use std::collections::HashMap;

use llm_policy_embed::guard::guarded;
use llm_policy_embed::limits::Hold;
use llm_policy_embed::{Decision, DecisionKey, Engine, Error, Stage};
use napi_derive::napi;
use serde_json::json;

/// A decision was made for this input alone: `take_text` has it.
pub const MADE: i32 = -1;
/// The policies were replaced since `wanted` was read: read it again and try once more.
pub const STALE: i32 = -2;
/// There is no decision: `take_failure` says why.
pub const REFUSED: i32 = -3;

/// So many decisions are kept.
const KEPT: usize = 1024;

thread_local! {
    static FAILURE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What went wrong in the last call of this thread that failed, as JSON: that of the error, its `text` for people, and, when the
/// call was to decide, the `decision` that stands for it, in canonical form.
#[napi(catch_unwind)]
pub fn take_failure() -> Option<String> {
    FAILURE.take()
}

/// Whether there is something for [`take_failure`].
#[napi(catch_unwind)]
pub fn has_failed() -> bool {
    FAILURE.with_borrow(Option::is_some)
}

/// Runs `work` behind the panic boundary; a failure is left for [`take_failure`].
pub(crate) fn reported<T>(work: impl FnOnce() -> Result<T, Error>) -> Option<T> {
    guarded(work).map_err(|error| fail(&error, None)).ok()
}

/// Leaves a failure for [`take_failure`]; `about` is the stage and the policies of a decision that was to be made.
#[cold]
pub(crate) fn fail(error: &Error, about: Option<(Stage, &str)>) {
    let mut failure = error.to_json();
    if let Some(object) = failure.as_object_mut() {
        object.insert("text".to_owned(), json!(error.report()));
        if let Some((stage, bundle)) = about {
            object.insert("decision".to_owned(), json!(error.decision(stage, bundle)));
        }
    }
    FAILURE.set(Some(failure.to_string()));
}

/// Panics inside the boundary on purpose, so that whoever packs this addon can prove that the boundary holds there.
#[napi(catch_unwind)]
pub fn self_test_panic() {
    if let Err(error) = llm_policy_embed::guard::self_test_panic() {
        fail(&error, None);
    }
}

/// What a decision says: its canonical form, and where limits apply a further line, as JSON: `limits` and `hold`.
pub(crate) fn said(decision: &Decision) -> String {
    let mut text = decision.to_canonical_json();
    let hold = decision.hold().map(Hold::to_text);
    if hold.is_some() || !decision.limits().is_empty() {
        text.push('\n');
        text.push_str(&json!({"limits": decision.limits_json(), "hold": hold}).to_string());
    }
    text
}

/// Decisions that come again and again, known by a number, so that JavaScript makes an object of each only once.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// The digest of the policies whose wanted fields JavaScript has read.
    pub(crate) wanted: Option<String>,
    numbers: HashMap<DecisionKey, i32>,
    /// The number of the first of `texts`. Numbers are never used again.
    first: i32,
    texts: Vec<String>,
    /// The last decision that was not kept.
    made: Option<String>,
}

impl Outcomes {
    /// The code of a decision.
    pub(crate) fn code(&mut self, decision: &Decision) -> i32 {
        let Some(key) = decision.key() else {
            self.made = Some(said(decision));
            return MADE;
        };
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        if self.texts.len() == KEPT {
            self.first = self.first.wrapping_add(KEPT as i32) & i32::MAX;
            self.numbers.clear();
            self.texts.clear();
        }
        let number = self.first + self.texts.len() as i32;
        self.texts.push(decision.to_canonical_json());
        self.numbers.insert(key, number);
        number
    }

    /// The canonical form of a decision whose code was given out by the last call, with what limits say of it: see [`said`].
    pub(crate) fn take_text(&mut self, code: i32) -> Option<String> {
        if code == MADE {
            return self.made.take();
        }
        let at = usize::try_from(code.checked_sub(self.first)?).ok()?;
        self.texts.get(at).cloned()
    }

    /// The number that the next decision gets that is kept.
    pub(crate) fn next(&self) -> i32 {
        self.first.wrapping_add(self.texts.len() as i32)
    }

    /// As [`Outcomes::take_text`], for what JavaScript cannot have seen: what was not kept, and what has a number from `before` on.
    pub(crate) fn take_since(&mut self, code: i32, before: i32) -> Option<String> {
        (code == MADE || code.wrapping_sub(before) >= 0).then(|| self.take_text(code)).flatten()
    }

    /// The code of what an evaluation came to.
    pub(crate) fn of(&mut self, engine: &Engine, stage: Stage, made: Result<Decision, Error>) -> i32 {
        match made {
            Ok(decision) => self.code(&decision),
            Err(error) => {
                fail(&error, Some((stage, &engine.bundle())));
                REFUSED
            }
        }
    }
}
