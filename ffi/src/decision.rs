//! Decisions: a record of fixed size, and text on request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;

use llm_policy_embed::limits::Hold;
use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Decision, DecisionKey, Effect, Error, ErrorCode, Stage, canonical};
use serde_json::json;

use crate::engine::wrong_size;
use crate::error::{LPE_OK, lpe_error, put, reported};
use crate::memory::lpe_buffer;
use crate::objects::no_such;

/// The request passes.
pub const LPE_EFFECT_ALLOW: i32 = 1;
/// The request is refused for a while.
pub const LPE_EFFECT_THROTTLE: i32 = 2;
/// A human is asked.
pub const LPE_EFFECT_REQUIRE_APPROVAL: i32 = 3;
/// The request is refused. Whatever is none of these, 0 among them, is to be read as this.
pub const LPE_EFFECT_DENY: i32 = 4;

/// A decision. Set `struct_size` to `sizeof(lpe_decision)` before the call. A call that fails leaves a deny here.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct lpe_decision {
    /// `sizeof(lpe_decision)`, set by the caller.
    pub struct_size: u32,
    /// `LPE_EFFECT_...`.
    pub effect: i32,
    /// 1 for `LPE_EFFECT_ALLOW`, else 0.
    pub allowed: i32,
    /// 0, or what went wrong so that this is a deny: for batches, where the call has one status only.
    pub status: i32,
    /// What would be decided with all rules in shadow in force; 0 when no rule is.
    pub shadow_effect: i32,
    /// How many rules had a say.
    pub matched: u32,
    /// How many actions the host is asked to carry out, redactions among them.
    pub obligations: u32,
    /// How many warnings there are.
    pub warnings: u32,
    /// How many rules failed.
    pub errors: u32,
    /// 1 when the request goes to another model: see `LPE_TEXT_CANONICAL`.
    pub routed: i32,
    /// How long to wait when throttled, in milliseconds.
    pub retry_after_ms: u64,
}

/// The size of `lpe_decision` in the first version of this interface.
const SMALLEST: usize = size_of::<lpe_decision>();

/// A decision's text and lists, kept until it is freed. 0 is none.
pub type lpe_detail = u64;

static DETAILS: Objects<Detail> = Objects::new(2, "detail", no_such);

/// What is kept of a decision.
pub(crate) enum Detail {
    /// It was made.
    Made(Box<Decision>),
    /// It could not be made: why, and the deny that stands for it.
    Refused { error: Error, stage: Stage, bundle: String },
}

impl Detail {
    /// Keeps it under a number.
    pub(crate) fn keep(self) -> Result<lpe_detail, Error> {
        DETAILS.keep(self)
    }

    fn text(&self, which: i32) -> Result<String, Error> {
        Ok(match (which, self) {
            (LPE_TEXT_REASON, Self::Made(decision)) => decision.reason().into_owned(),
            (LPE_TEXT_REASON, Self::Refused { error, .. }) => error.to_string(),
            (LPE_TEXT_PUBLIC_MESSAGE, Self::Made(decision)) => decision.public_message().unwrap_or_default().to_owned(),
            (LPE_TEXT_CODE, Self::Made(decision)) => decision.code().unwrap_or_default().to_owned(),
            (LPE_TEXT_CODE, Self::Refused { error, .. }) => error.code.name().to_owned(),
            (LPE_TEXT_POLICY, Self::Made(decision)) => decision.policy().unwrap_or_default().to_owned(),
            (LPE_TEXT_RULE, Self::Made(decision)) => decision.rule().unwrap_or_default().to_owned(),
            (LPE_TEXT_OBLIGATIONS, Self::Made(decision)) => obligations(decision),
            (LPE_TEXT_OBLIGATIONS, Self::Refused { .. }) => "[]".to_owned(),
            (LPE_TEXT_CANONICAL, Self::Made(decision)) => canonical(decision),
            (LPE_TEXT_CANONICAL, Self::Refused { error, stage, bundle }) => error.decision(*stage, bundle),
            (LPE_TEXT_LIMITS, Self::Made(decision)) => canonical::to_string(&decision.limits_json()),
            (LPE_TEXT_LIMITS, Self::Refused { .. }) => "[]".to_owned(),
            (LPE_TEXT_HOLD, Self::Made(decision)) => decision.hold().map(Hold::to_text).unwrap_or_default(),
            (LPE_TEXT_LIMIT, Self::Made(decision)) => decision.limit().unwrap_or_default().to_owned(),
            (LPE_TEXT_BREAKER, Self::Made(decision)) => decision.breaker().unwrap_or_default().to_owned(),
            (
                LPE_TEXT_PUBLIC_MESSAGE
                | LPE_TEXT_POLICY
                | LPE_TEXT_RULE
                | LPE_TEXT_HOLD
                | LPE_TEXT_LIMIT
                | LPE_TEXT_BREAKER,
                Self::Refused { .. },
            ) => String::new(),
            _ => return Err(Error::new(ErrorCode::InvalidArgument, format!("there is no text {which} of a decision"))),
        })
    }
}

thread_local! {
    /// The canonical forms of decisions that come again and again: making one takes longer than deciding.
    static CANONICAL: RefCell<HashMap<DecisionKey, Box<str>>> = RefCell::new(HashMap::new());
}

/// So many are kept for a thread, of at most so many bytes each.
const KEPT: usize = 256;
const KEPT_BYTES: usize = 8192;

/// The canonical form, with room for the NUL behind it.
fn canonical(decision: &Decision) -> String {
    let kept = |key: DecisionKey| {
        CANONICAL.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            if let Some(text) = kept.get(&key) {
                let mut copy = String::with_capacity(text.len() + 1);
                copy.push_str(text);
                return copy;
            }
            let text = decision.to_canonical_json();
            if text.len() <= KEPT_BYTES {
                if kept.len() == KEPT {
                    kept.clear();
                }
                kept.insert(key, text.as_str().into());
            }
            text
        })
    };
    // A thread that ends has nothing kept any more.
    decision.key().and_then(|key| kept(key).ok()).unwrap_or_else(|| decision.to_canonical_json())
}

/// `[{"action":..., "params":..., "policy":..., "rule":...}]`, or `limit` or `breaker` in place of `rule`.
fn obligations(decision: &Decision) -> String {
    let all = decision.obligations().map(
        |(policy, by, action, params)| {
            json!({"policy": policy, (by.kind()): by.name(), "action": action, "params": params})
        },
    );
    serde_json::Value::Array(all.collect()).to_string()
}

/// Why, for operators; not for end users.
pub const LPE_TEXT_REASON: i32 = 1;
/// What end users may read; empty when no rule says something to them.
pub const LPE_TEXT_PUBLIC_MESSAGE: i32 = 2;
/// A stable name of the reason, which end users may see; perhaps empty.
pub const LPE_TEXT_CODE: i32 = 3;
/// The document that decided; perhaps empty.
pub const LPE_TEXT_POLICY: i32 = 4;
/// The rule that decided; perhaps empty.
pub const LPE_TEXT_RULE: i32 = 5;
/// What the host is asked to carry out, as a JSON list of objects with `action`, `params`, `policy`, and who
/// asks for it: `rule`, `limit` or `breaker`.
pub const LPE_TEXT_OBLIGATIONS: i32 = 6;
/// The whole decision in canonical form (RFC 8785): the same bytes in every language.
pub const LPE_TEXT_CANONICAL: i32 = 7;
/// How each limit stands that applies to the request, as a JSON list of objects with `policy`, `limit`, `kind`, `unit`, `key`,
/// `amount`, `used`, `reserved`, `remaining`, `cost`, `fits`, `reached`, `alerts`, and perhaps `resets_at`, `retry_after_ms`
/// and `shadow`. It varies from run to run, so it is no part of the canonical form.
pub const LPE_TEXT_LIMITS: i32 = 8;
/// What is held for the request, for `lpe_settle`, `lpe_release`, `lpe_extend` and `lpe_observe`; empty when nothing is.
pub const LPE_TEXT_HOLD: i32 = 9;
/// The limit that decided; perhaps empty.
pub const LPE_TEXT_LIMIT: i32 = 10;
/// The circuit breaker that decided; perhaps empty.
pub const LPE_TEXT_BREAKER: i32 = 11;

/// A text of a decision: `which` is one of `LPE_TEXT_...`.
///
/// # Safety
/// `text` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_detail_text(
    detail: lpe_detail,
    which: i32,
    text: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(text, lpe_buffer::EMPTY, error, || DETAILS.with(detail, |detail| Ok(lpe_buffer::new(detail.text(which)?))))
    }
}

/// Frees a detail.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_detail_free(detail: lpe_detail, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || DETAILS.free(detail)) }
}

impl lpe_decision {
    /// The deny that stands until something else is known.
    pub(crate) const DENY: Self = Self {
        struct_size: size_of::<Self>() as u32,
        effect: LPE_EFFECT_DENY,
        allowed: 0,
        status: LPE_OK,
        shadow_effect: 0,
        matched: 0,
        obligations: 0,
        warnings: 0,
        errors: 0,
        routed: 0,
        retry_after_ms: 0,
    };

    pub(crate) fn of(decision: &Decision) -> Self {
        let counts = decision.counts();
        Self {
            effect: number(decision.effect()),
            allowed: i32::from(decision.allowed()),
            shadow_effect: decision.shadow_effect().map_or(0, number),
            matched: counts.matched,
            obligations: counts.obligations,
            warnings: counts.warnings,
            errors: counts.errors,
            routed: i32::from(decision.route().is_some()),
            retry_after_ms: decision.retry_after_ms().unwrap_or(0),
            ..Self::DENY
        }
    }

    pub(crate) fn failed(error: &Error) -> Self {
        Self { status: error.code.number(), ..Self::DENY }
    }
}

const fn number(effect: Effect) -> i32 {
    match effect {
        Effect::Allow => LPE_EFFECT_ALLOW,
        Effect::Throttle => LPE_EFFECT_THROTTLE,
        Effect::RequireApproval => LPE_EFFECT_REQUIRE_APPROVAL,
        Effect::Deny => LPE_EFFECT_DENY,
    }
}

/// Where a decision is put: the caller's record, which may be of another version of this interface.
pub(crate) struct Place {
    at: *mut lpe_decision,
    size: usize,
}

impl Place {
    /// The caller's record, with a deny in it.
    ///
    /// # Safety
    /// `at` is null, or points to a record that begins with its size and may be written.
    #[inline]
    pub(crate) unsafe fn new(at: *mut lpe_decision) -> Result<Self, Error> {
        if at.is_null() {
            return Err(Error::new(ErrorCode::InvalidArgument, "a null pointer where a decision is to be put"));
        }
        // SAFETY: it is not null, so the first field can be read.
        let size = unsafe { (*at).struct_size } as usize;
        if size < SMALLEST {
            return Err(wrong_size("lpe_decision"));
        }
        let place = Self { at, size };
        place.put(lpe_decision::DENY);
        Ok(place)
    }

    /// The size of the caller's record.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Writes a decision, as much of it as the caller knows, and leaves the size as it is.
    #[inline]
    pub(crate) fn put(&self, decision: lpe_decision) {
        let decision = lpe_decision { struct_size: self.size as u32, ..decision };
        let known = self.size.min(size_of::<lpe_decision>());
        // SAFETY: `new` was promised `size` bytes that may be written, and `known` is not more.
        unsafe { ptr::copy_nonoverlapping((&raw const decision).cast::<u8>(), self.at.cast::<u8>(), known) }
    }
}
