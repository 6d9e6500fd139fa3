//! What a decision says of limits: how each stands, what its steps ask for, and what is held.

use llm_policy_ledger::Key;
use llm_policy_ledger::breaker::Cause;
use llm_policy_ledger::units::MICROS;
use serde_json::{Value as Json, json};
use smallvec::SmallVec;

use super::{Decision, RuleError};
use crate::compile::breakers::CompiledBreaker;
use crate::compile::limits::CompiledLimit;
use crate::compile::pricing::dollars;
use crate::evaluate::combine::{Gate, Verdict};
use crate::evaluate::render::Rendered;
use crate::limits::{Hold, Kind, Time};

/// What became of the limits that apply to a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limited {
    pub(crate) standings: SmallVec<[LimitState; 2]>,
    pub(crate) hold: Option<Hold>,
    pub(crate) warnings: Vec<(u32, Rendered)>,
    pub(crate) obligations: Vec<StepObligation>,
    pub(crate) errors: Vec<RuleError>,
    /// The breaker that stopped it.
    pub(crate) stop: Option<Stop>,
    /// The one in shadow that would have.
    pub(crate) shadow_stop: Option<Stop>,
    /// The store could not be asked.
    pub(crate) lost: bool,
    /// Only worked out, and nothing taken.
    pub(crate) dry_run: bool,
}

/// Why a breaker lets nothing through.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) key: Key,
    pub(crate) cause: Cause,
}

impl Stop {
    /// `open for gpt-4o`
    pub(crate) fn text(&self) -> String {
        let what = match self.cause {
            Cause::Open => "open",
            Cause::Probing => "trying whether calls succeed again",
            Cause::Switch(_) => "switched off",
        };
        let key: Vec<&str> = self.key.parts().collect();
        if key.is_empty() { what.to_owned() } else { format!("{what} for `{}`", key.join("`, `")) }
    }
}

/// What a step of a limit, or a breaker, asks the host to do.
#[derive(Clone, Debug)]
pub(crate) struct StepObligation {
    pub(crate) by: Gate,
    pub(crate) action: &'static str,
    pub(crate) params: Json,
}

/// How a limit stands after a request.
///
/// Amounts are microdollars, tokens or requests, by [`LimitState::kind`].
#[derive(Clone, Debug, PartialEq)]
pub struct LimitState {
    /// Which limit of the program.
    pub(crate) limit: u32,
    /// What it counts.
    pub kind: Kind,
    /// It is only observed.
    pub shadow: bool,
    /// Whom it counts for.
    pub key: Vec<Box<str>>,
    /// What may be used at most at a time.
    pub amount: u64,
    /// What is used after this request, and when that was refused or only tried, what would have been used.
    pub used: u64,
    /// Of what is used, what requests that are under way have reserved.
    pub reserved: u64,
    /// What this request costs, as it is estimated.
    pub cost: u64,
    /// The request has room here.
    pub fits: bool,
    /// When the limit counts anew, if its window has an end.
    pub resets_at: Option<Time>,
    /// Milliseconds until the request would have room, where it has none and that can be said.
    pub retry_after_ms: Option<u64>,
    /// The shares, in millionths, of the steps that are in force.
    pub reached: Vec<u32>,
    /// Of these, those that this request was the first to reach in this window: what an alert goes by.
    pub alerts: Vec<u32>,
}

impl LimitState {
    /// What is left.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.amount.saturating_sub(self.used)
    }

    fn number(&self, units: u64) -> Json {
        let whole = units.is_multiple_of(MICROS);
        match self.kind {
            Kind::Budget if whole => json!(units / MICROS),
            Kind::Budget => json!(dollars(units)),
            _ => json!(units),
        }
    }

    /// `12.5 of 100 USD`
    pub(crate) fn text(&self) -> String {
        format!("{} of {} {}", self.number(self.used), self.number(self.amount), self.kind.unit())
    }
}

impl Decision {
    /// How each limit stands that applies to the request. Empty when none applies, and when a rule decided before limits were
    /// looked at. It varies from run to run, so it is not in the canonical form.
    #[must_use]
    pub fn limits(&self) -> &[LimitState] {
        self.limited.as_ref().map_or(&[], |limited| &limited.standings)
    }

    /// The document and the name of a limit of this decision.
    #[must_use]
    pub fn limit_name(&self, state: &LimitState) -> (&str, &str) {
        self.limit_of(state.limit)
            .map_or(("", ""), |limit| (self.policy_id(limit.document).unwrap_or_default(), &*limit.name))
    }

    /// What is held for the request: what limits have reserved, and passes of breakers. `None` when neither applies, the request
    /// is not let through, or it was a dry run.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        self.limited.as_ref().and_then(|limited| limited.hold.as_ref())
    }

    /// The limits as JSON, beside the canonical form.
    #[must_use]
    pub fn limits_json(&self) -> Json {
        let shares = |shares: &[u32]| -> Json { shares.iter().map(|m| json!(f64::from(*m) / 1e6)).collect() };
        let state = |state: &LimitState| {
            let (policy, limit) = self.limit_name(state);
            let mut out = json!({
                "policy": policy,
                "limit": limit,
                "kind": state.kind.name(),
                "unit": state.kind.unit(),
                "key": state.key,
                "amount": state.number(state.amount),
                "used": state.number(state.used),
                "reserved": state.number(state.reserved),
                "remaining": state.number(state.remaining()),
                "cost": state.number(state.cost),
                "fits": state.fits,
                "resets_at": state.resets_at.and_then(|at| jiff::Timestamp::from_microsecond(at.micros()).ok()).map(|at| at.to_string()),
                "retry_after_ms": state.retry_after_ms,
                "reached": shares(&state.reached),
                "alerts": shares(&state.alerts),
                "shadow": state.shadow.then_some(true),
            });
            if let Some(object) = out.as_object_mut() {
                object.retain(|_, value| !value.is_null());
            }
            out
        };
        self.limits().iter().map(state).collect()
    }

    /// The name of the limit that decided, if one did.
    #[must_use]
    pub fn limit(&self) -> Option<&str> {
        self.verdict.origin.limit().and_then(|limit| self.limit_of(limit)).map(|limit| &*limit.name)
    }

    /// True when limits apply and their store could not be asked: each limit's `on_store_loss` said what happened, and the errors
    /// say why.
    #[must_use]
    pub fn limits_lost(&self) -> bool {
        self.limited.as_ref().is_some_and(|limited| limited.lost)
    }

    /// The name of the breaker that decided, if one did.
    #[must_use]
    pub fn breaker(&self) -> Option<&str> {
        self.breaker_of(self.verdict).map(|breaker| &*breaker.name)
    }

    pub(super) fn breaker_of(&self, verdict: Verdict) -> Option<&CompiledBreaker> {
        match verdict.origin.gate()? {
            Gate::Breaker(breaker) => self.compiled.breakers.all.get(breaker as usize),
            Gate::Limit(_) => None,
        }
    }

    /// Why a breaker stops it, if one does.
    pub(crate) fn stop(&self, verdict: Verdict) -> Option<&Stop> {
        let (limited, breaker) = (self.limited.as_ref()?, self.breaker_of(verdict)?);
        if breaker.is_shadow() { limited.shadow_stop.as_ref() } else { limited.stop.as_ref() }
    }

    pub(super) fn limit_of(&self, limit: u32) -> Option<&CompiledLimit> {
        self.compiled.limits.all.get(limit as usize)
    }

    /// The state of a limit, when it was looked at.
    pub(super) fn state_of(&self, limit: u32) -> Option<&LimitState> {
        self.limits().iter().find(|state| state.limit == limit)
    }
}
