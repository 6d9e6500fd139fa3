//! Answers: an array whose first byte is 0, and then what was asked for; or the number of an error, and then what it says.

use std::ptr;

use jni_sys::{JNIEnv, jbyteArray, jobject};
use llm_policy_embed::guard::guarded;
use llm_policy_embed::limits::Hold;
use llm_policy_embed::{Decision, Effect, Engine, Error, Question, canonical, packed};
use serde_json::Value as Json;

use crate::env::Env;
use crate::objects::Held;
use crate::shared::Known;

/// An answer under way.
pub(crate) struct Reply(Vec<u8>);

/// Why there is no answer, and the deny that stands for the decision that was asked for.
pub(crate) struct Failure {
    error: Error,
    decision: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, decision: None }
    }
}

impl Failure {
    /// The failure of an evaluation.
    pub(crate) fn of_decision(error: Error, question: Question, bundle: &str) -> Self {
        let decision = Some(error.decision(question.stage, bundle));
        Self { error, decision }
    }
}

/// Runs `work` behind the panic boundary, and gives its answer or its failure.
///
/// # Safety
/// As [`Env::new`].
pub(crate) unsafe fn replied(
    env: *mut JNIEnv,
    work: impl FnOnce(Env, &mut Reply) -> Result<(), Failure>,
) -> jbyteArray {
    // SAFETY: the caller's promise is ours.
    unsafe { replied_or_object(env, |env, reply| work(env, reply).map(|()| None)) }
}

/// As [`replied`], for what may answer with a Java object instead.
///
/// # Safety
/// As [`Env::new`].
pub(crate) unsafe fn replied_or_object(
    env: *mut JNIEnv,
    work: impl FnOnce(Env, &mut Reply) -> Result<Option<jobject>, Failure>,
) -> jobject {
    // SAFETY: the caller's promise is ours.
    let env = unsafe { Env::new(env) };
    let answer = guarded(|| {
        let mut reply = Reply::new();
        Ok(work(env, &mut reply).map(|object| (object, reply)))
    });
    let answer = match answer {
        Ok(Ok((Some(object), _))) => return object,
        Ok(Ok((None, reply))) => reply,
        Ok(Err(failure)) => Reply::failed(&failure),
        Err(panic) => Reply::failed(&panic.into()),
    };
    guarded(|| Ok(env.array(&answer.0))).unwrap_or(ptr::null_mut())
}

impl Reply {
    pub(crate) fn new() -> Self {
        let mut bytes = Vec::with_capacity(512);
        bytes.push(0);
        Self(bytes)
    }

    pub(crate) fn failed(failure: &Failure) -> Self {
        let mut reply = Self(vec![u8::try_from(failure.error.code.number()).unwrap_or(u8::MAX)]);
        reply.text(Some(&failure.error.report()));
        reply.part(|reply| reply.tree(&failure.error.to_json()));
        reply.text(failure.decision.as_deref());
        reply
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn tree(&mut self, tree: &Json) {
        packed::write(tree, &mut self.0);
    }

    /// The length as 4 bytes, and then what `write` writes.
    pub(crate) fn part(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        write(self);
        let length = u32::try_from(self.0.len() - start - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.0.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// Text after its length; `None` is a length of `u32::MAX`.
    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.part(|reply| reply.bytes(text.as_bytes())),
            None => self.bytes(&u32::MAX.to_le_bytes()),
        }
    }

    /// Effect, effect in shadow (0: none), how long to wait (`u64::MAX`: nothing said), then texts: those of limits and of what is held last.
    pub(crate) fn decision(&mut self, decision: &Decision) {
        self.0.push(number(decision.effect()));
        self.0.push(decision.shadow_effect().map_or(0, number));
        self.number(decision.retry_after_ms().unwrap_or(u64::MAX));
        self.text(Some(&decision.reason()));
        self.text(decision.code());
        self.text(decision.public_message());
        self.text(decision.policy());
        self.text(decision.rule());
        self.text(Some(&decision.to_canonical_json()));
        let limits = decision.limits();
        self.text((!limits.is_empty()).then(|| canonical::to_string(&decision.limits_json())).as_deref());
        self.text(decision.hold().map(Hold::to_text).as_deref());
    }
}

/// A decision, or the failure with the deny that stands for it.
pub(crate) fn decided(
    reply: &mut Reply,
    engine: &Engine,
    question: Question,
    made: Result<Decision, Error>,
) -> Result<(), Failure> {
    let made = made.map_err(|error| Failure::of_decision(error, question, &engine.bundle()))?;
    reply.decision(&made);
    Ok(())
}

/// As [`decided`], by the object of a decision that was made before, or after the ticket to hand in its object with.
pub(crate) fn decided_before(
    env: Env,
    reply: &mut Reply,
    held: &Held,
    question: Question,
    made: Result<Decision, Error>,
) -> Result<Option<jobject>, Failure> {
    let made = made.map_err(|error| Failure::of_decision(error, question, &held.engine.bundle()))?;
    let ticket = match held.shared.look_up(&made) {
        Known::Object(generation, at) => match generation.object(at) {
            Some(object) => return Ok(Some(env.local(object))),
            None => 0,
        },
        Known::Ticket(ticket) => ticket,
    };
    reply.number(ticket);
    reply.decision(&made);
    Ok(None)
}

/// The number of an effect on the Java side.
const fn number(effect: Effect) -> u8 {
    match effect {
        Effect::Allow => 1,
        Effect::Throttle => 2,
        Effect::RequireApproval => 3,
        Effect::Deny => 4,
    }
}
