//! What tells a decision from the others of its program.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Decision, Matched, Obligation, Shadow, Warning};
use crate::evaluate::combine::{Origin, Verdict};
use crate::evaluate::render::Rendered;

/// Two decisions with equal keys are equal in all that they say.
pub type Key = SmallVec<[u64; 24]>;

impl Decision {
    /// A key under which a host may keep what it made of this decision, for the next decision that is the same. `None` when the
    /// decision says something that was made for its input, has findings of detectors or limits, or has errors; such decisions are better not kept.
    ///
    /// ```
    /// use llm_policy_engine::context::Stage;
    /// use llm_policy_engine::input::Json;
    /// use llm_policy_engine::{Engine, Options, document};
    ///
    /// let policy = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: request.stream, actions: [{type: allow}]}]}";
    /// let document = document::read(policy, "a.yaml", &mut document::no_files).unwrap();
    /// let (engine, _) = Engine::new(vec![document], Options::default()).unwrap();
    /// let key = |context: &str| {
    ///     let input = Json::from(context);
    ///     engine.evaluate(Stage::Request, &input, jiff::Timestamp::now()).map(|decision| decision.key())
    /// };
    /// assert_eq!(key(r#"{"request": {"stream": true}}"#)?, key(r#"{"request": {"stream": true, "model": "m"}}"#)?);
    /// assert_ne!(key(r#"{"request": {"stream": true}}"#)?, key(r#"{"request": {"stream": false}}"#)?);
    /// assert!(key("{}")?.is_none(), "a rule failed");
    /// # Ok::<(), llm_policy_engine::input::InputError>(())
    /// ```
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        // All fields by name: one that is added has to be thought of here.
        let Self {
            compiled,
            stage,
            verdict,
            reason,
            public_message,
            matched,
            obligations,
            warnings,
            suppressed,
            route,
            retry_after_ms,
            shadow,
            facts: _,
            errors,
            error_count,
            evidence,
            evidence_count: _,
            rewritten,
            limited,
        } = self;
        // What limits say varies from request to request, and a reservation belongs to one.
        let was_made_for_its_input = route.is_some() || !evidence.is_empty() || *rewritten || limited.is_some();
        if was_made_for_its_input || !suppressed.is_empty() || !errors.is_empty() || *error_count > 0 {
            return None;
        }
        let mut key = Key::new();
        key.push(compiled.program.id());
        key.push(*stage as u64);
        push_verdict(&mut key, *verdict)?;
        push_text(&mut key, reason.as_ref())?;
        push_text(&mut key, public_message.as_ref())?;
        key.push(retry_after_ms.map_or(0, |ms| ms.saturating_add(1)));
        if let Some(shadow) = shadow {
            let Shadow { verdict, reason } = &**shadow;
            key.push(1);
            push_verdict(&mut key, *verdict)?;
            push_text(&mut key, reason.as_ref())?;
        } else {
            key.push(0);
        }
        key.push(matched.len() as u64);
        for Matched { rule, failed, exception, variant } in matched {
            let part = |part: &Option<u16>| part.map_or(0, |at| u64::from(at) + 1);
            key.push(u64::from(*rule) << 1 | u64::from(*failed));
            key.push(part(exception) << 32 | part(variant));
        }
        key.push(obligations.len() as u64);
        for Obligation { rule, action, params } in obligations {
            if params.is_some() {
                return None;
            }
            key.push(u64::from(*rule) << 16 | u64::from(*action));
        }
        for Warning { rule, text } in warnings {
            key.push(u64::from(*rule));
            push_text(&mut key, Some(text))?;
        }
        Some(key)
    }
}

/// `None`: a limit decides, and what it says changes from one request to the next.
fn push_verdict(key: &mut Key, verdict: Verdict) -> Option<()> {
    let (kind, number) = match verdict.origin {
        Origin::Rule(rule) => (0, u64::from(rule)),
        Origin::Default(document) => (1, u64::from(document)),
        Origin::Fallback(document) => (2, u64::from(document)),
        Origin::NoPolicy => (3, 0),
        Origin::OutOfFuel => (4, 0),
        Origin::SecondChange(rule) => (5, u64::from(rule)),
        Origin::ChangeFailed(rule) => (6, u64::from(rule)),
        Origin::NoRoute(rule) => (7, u64::from(rule)),
        Origin::Unhandled(rule, action) => (8, u64::from(rule) << 16 | u64::from(action)),
        Origin::Limit(..)
        | Origin::LimitOpen(_)
        | Origin::LimitFailed(_)
        | Origin::LimitLost(_)
        | Origin::Breaker(_)
        | Origin::BreakerFailed(_)
        | Origin::NoStepRoute(_)
        | Origin::UnhandledStep(..) => return None,
    };
    key.push((verdict.effect as u64) << 8 | kind);
    key.push(number);
    Some(())
}

/// Text as it was written is known by its place in the program, which the key names; text that was made is `None`.
fn push_text(key: &mut Key, text: Option<&Rendered>) -> Option<()> {
    key.push(match text {
        None => 0,
        Some(Rendered::Fixed(text)) => Arc::as_ptr(text).cast::<u8>() as u64,
        Some(Rendered::Made(_)) => return None,
    });
    Some(())
}
