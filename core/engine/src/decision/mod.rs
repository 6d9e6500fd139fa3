//! Decisions: what was decided, why, and what else is asked for.
//!
//! A decision refers to the program that made it and works out its text when it is asked, so that making one is cheap.

pub mod canonical;
pub mod key;
pub mod limits;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use llm_policy_ledger::breaker::Cause;
use serde_json::{Value as Json, json};
use smallvec::SmallVec;

use crate::compile::Compiled;
use crate::compile::rules::{ActionEffect, CompiledAction, CompiledRule};
use crate::context::Stage;
use crate::detection::Evidence;
use crate::evaluate::build::chosen;
use crate::evaluate::combine::{Gate, Origin, Verdict};
use crate::evaluate::render::Rendered;
use limits::Limited;

pub use limits::LimitState;
pub(crate) use limits::Stop;

/// What is decided, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The request passes.
    Allow,
    /// The request is refused for a while.
    Throttle,
    /// A human is asked.
    RequireApproval,
    /// The request is refused.
    Deny,
}

impl Effect {
    /// All effects, weakest first.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Throttle, Self::RequireApproval, Self::Deny];

    /// The name in the canonical form: `require_approval`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Throttle => "throttle",
            Self::RequireApproval => "require_approval",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The most errors that a decision lists; more are only counted.
pub const MAX_ERRORS: usize = 64;

/// A decision.
#[derive(Clone, Debug)]
pub struct Decision {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) stage: Stage,
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<Rendered>,
    pub(crate) public_message: Option<Rendered>,
    pub(crate) matched: SmallVec<[Matched; 12]>,
    pub(crate) obligations: SmallVec<[Obligation; 4]>,
    pub(crate) warnings: SmallVec<[Warning; 2]>,
    pub(crate) suppressed: Vec<Suppressed>,
    pub(crate) route: Option<Route>,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) shadow: Option<Box<Shadow>>,
    /// The slots of facts that were wanted and not there.
    pub(crate) facts: Vec<u32>,
    pub(crate) errors: Vec<RuleError>,
    pub(crate) error_count: usize,
    /// `set` or `route` changed the request, and it was decided about once more.
    pub(crate) rewritten: bool,
    /// What became of the limits that apply.
    pub(crate) limited: Option<Box<Limited>>,
    /// What was found in texts.
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) evidence_count: usize,
}

/// A rule that had a say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matched {
    pub(crate) rule: u32,
    /// Its condition failed, so only what must not be lost applies.
    pub(crate) failed: bool,
    /// The exception that suspends it.
    pub(crate) exception: Option<u16>,
    /// The part of its rollout that the identity is in, by position.
    pub(crate) variant: Option<u16>,
}

/// An action that is handed to the host.
#[derive(Clone, Debug)]
pub(crate) struct Obligation {
    pub(crate) rule: u32,
    pub(crate) action: u16,
    /// The parameters, unless they are as written.
    pub(crate) params: Option<Box<Json>>,
}

/// A warning and the rule that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Warning {
    pub(crate) rule: u32,
    pub(crate) text: Rendered,
}

/// An action that another one overrides.
#[derive(Clone, Debug)]
pub(crate) struct Suppressed {
    pub(crate) rule: u32,
    pub(crate) action: u16,
    pub(crate) target: Arc<str>,
    pub(crate) by: u32,
}

/// Where the request goes instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The model.
    pub model: Option<Box<str>>,
    /// The provider.
    pub provider: Option<Box<str>>,
}

/// What would have been decided with everything in shadow in force.
#[derive(Clone, Debug)]
pub(crate) struct Shadow {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<Rendered>,
}

/// An error of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The document's id.
    pub policy: Arc<str>,
    /// The rule; empty when it is a limit or a breaker that failed.
    pub rule: Arc<str>,
    /// The limit, when it was one that failed.
    pub limit: Option<Arc<str>>,
    /// The breaker, when it was one that failed.
    pub breaker: Option<Arc<str>>,
    /// The exception, when it was one that failed.
    pub exception: Option<Arc<str>>,
    /// The clause that failed, as it was written; of a limit or a breaker, the key: `cost`.
    pub clause: Option<String>,
    /// The field that is absent or of another type.
    pub path: Option<Arc<str>>,
    /// What went wrong.
    pub cause: String,
}

impl Decision {
    /// What is decided.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.verdict.effect
    }

    /// True for `allow` alone.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.verdict.effect == Effect::Allow
    }

    /// The stage that was decided about.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The digest of the documents that decided: SHA-256, in hexadecimal.
    #[must_use]
    pub fn bundle(&self) -> &str {
        &self.compiled.digest
    }

    /// The rule that decided, if one did.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.rule_of(self.verdict).map(|rule| &*rule.id)
    }

    /// The id of the document that decided, if one did.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        self.policy_of(self.verdict)
    }

    fn rule_of(&self, verdict: Verdict) -> Option<&CompiledRule> {
        match verdict.origin {
            Origin::Rule(rule)
            | Origin::SecondChange(rule)
            | Origin::ChangeFailed(rule)
            | Origin::NoRoute(rule)
            | Origin::Unhandled(rule, _) => self.compiled.rules.get(rule as usize),
            _ => None,
        }
    }

    fn policy_of(&self, verdict: Verdict) -> Option<&str> {
        let document = match verdict.origin {
            Origin::Default(document) | Origin::Fallback(document) => Some(document),
            origin => match origin.gate() {
                Some(Gate::Limit(limit)) => self.limit_of(limit).map(|limit| limit.document),
                Some(Gate::Breaker(_)) => self.breaker_of(verdict).map(|breaker| breaker.document),
                None => self.rule_of(verdict).map(|rule| rule.document),
            },
        };
        self.policy_id(document?)
    }

    fn policy_id(&self, document: u32) -> Option<&str> {
        self.compiled.documents.get(document as usize).map(|d| &*d.id)
    }

    /// Why, for operators. It may name fields of the input and is not for end users.
    #[must_use]
    pub fn reason(&self) -> Cow<'_, str> {
        self.reason_of(self.verdict, self.reason.as_ref())
    }

    pub(crate) fn reason_of<'d>(&'d self, verdict: Verdict, rendered: Option<&'d Rendered>) -> Cow<'d, str> {
        if let Some(text) = rendered {
            return Cow::Borrowed(text.as_str());
        }
        let rule = self.rule_of(verdict).map_or("", |rule| &rule.id);
        let policy = self.policy_of(verdict).unwrap_or_default();
        let limit = || verdict.origin.limit().and_then(|limit| self.limit_of(limit)).map_or("", |limit| &limit.name);
        let gate = || match self.breaker_of(verdict) {
            Some(breaker) => format!("breaker `{}`", breaker.name),
            None => format!("limit `{}`", limit()),
        };
        let state = || verdict.origin.limit().and_then(|limit| self.state_of(limit)).map(LimitState::text);
        Cow::Owned(match verdict.origin {
            Origin::Limit(..) => {
                let state = state().unwrap_or_default();
                format!("limit `{}` of policy `{policy}` is reached: with this request, {state}", limit())
            }
            Origin::LimitOpen(_) => {
                format!("limit `{}` of policy `{policy}` lets nobody have more requests under way", limit())
            }
            Origin::LimitFailed(_) => {
                format!("what limit `{}` of policy `{policy}` asks for could not be worked out", limit())
            }
            Origin::LimitLost(_) => {
                format!("limit `{}` of policy `{policy}` could not be asked", limit())
            }
            Origin::Breaker(_) => {
                let stop = self.stop(verdict).map_or_else(|| "open".to_owned(), Stop::text);
                format!("{} of policy `{policy}` is {stop}", gate())
            }
            Origin::BreakerFailed(_) => {
                format!("what {} of policy `{policy}` stands for could not be worked out", gate())
            }
            Origin::NoStepRoute(_) => {
                format!("no model that {} of policy `{policy}` routes to is allowed", gate())
            }
            Origin::UnhandledStep(_, action) => {
                format!(
                    "{} of policy `{policy}` asks for `{action}`, which the host has not declared to carry out",
                    gate()
                )
            }
            Origin::Rule(_) => format!("rule `{rule}` of policy `{policy}` decides: {}", verdict.effect),
            Origin::Default(_) => {
                format!("no rule of policy `{policy}` decides, and its default is {}", verdict.effect)
            }
            Origin::Fallback(_) => format!("the target of policy `{policy}` could not be evaluated"),
            Origin::NoPolicy => format!("no policy decides about this {}", self.stage),
            Origin::OutOfFuel => "the rules together took more fuel than an evaluation may".to_owned(),
            Origin::SecondChange(_) => {
                format!("rule `{rule}` of policy `{policy}` would change the request a second time")
            }
            Origin::ChangeFailed(_) => {
                format!("rule `{rule}` of policy `{policy}` changes the request to what could not be worked out")
            }
            Origin::NoRoute(_) => format!("no model that rule `{rule}` of policy `{policy}` routes to is allowed"),
            Origin::Unhandled(_, action) => {
                let name = self.rule_of(verdict).and_then(|r| r.actions.get(action as usize)).map_or("", |a| a.name);
                format!(
                    "rule `{rule}` of policy `{policy}` asks for `{name}`, which the host has not declared to carry out"
                )
            }
        })
    }

    /// The action that makes this a deny because the host has not declared to carry it out.
    #[must_use]
    pub fn unhandled(&self) -> Option<&'static str> {
        match self.verdict.origin {
            Origin::Unhandled(rule, action) => self.action(rule, action).map(|(_, action)| action.name),
            Origin::UnhandledStep(_, action) => Some(action),
            _ => None,
        }
    }

    /// What end users may read, if a rule says something to them.
    #[must_use]
    pub fn public_message(&self) -> Option<&str> {
        self.public_message.as_ref().map(Rendered::as_str)
    }

    /// A stable name of the reason, which end users may see.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code_of(self.verdict)
    }

    fn code_of(&self, verdict: Verdict) -> Option<&str> {
        match verdict.origin {
            Origin::Rule(_) => self.rule_of(verdict)?.actions.iter().find_map(|action| match &action.effect {
                ActionEffect::Deny { code, .. } if verdict.effect == Effect::Deny => code.as_deref(),
                _ => None,
            }),
            Origin::Default(_) => Some("default"),
            Origin::Fallback(_) => Some("fallback"),
            Origin::NoPolicy => Some("no_policy"),
            Origin::OutOfFuel => Some("out_of_fuel"),
            Origin::SecondChange(_) => Some("second_change"),
            Origin::ChangeFailed(_) => Some("change_failed"),
            Origin::NoRoute(_) | Origin::NoStepRoute(_) => Some("no_route"),
            Origin::Unhandled(..) | Origin::UnhandledStep(..) => Some("unhandled_obligation"),
            Origin::Limit(limit, step) => {
                let said = self.limit_of(limit)?.steps.get(usize::from(step)).and_then(Option::as_ref);
                match said.map(|action| &action.effect) {
                    Some(ActionEffect::Deny { code: Some(code), .. }) => Some(code),
                    _ => Some("limit_reached"),
                }
            }
            Origin::Breaker(_) => match self.breaker_of(verdict)?.action.as_ref().map(|action| &action.effect) {
                Some(ActionEffect::Deny { code: Some(code), .. }) => Some(code),
                _ => match self.stop(verdict) {
                    Some(Stop { cause: Cause::Switch(_), .. }) => Some("switched_off"),
                    _ => Some("circuit_open"),
                },
            },
            Origin::BreakerFailed(_) => Some("breaker_failed"),
            Origin::LimitOpen(_) => Some("limit_open"),
            Origin::LimitFailed(_) => Some("limit_failed"),
            Origin::LimitLost(_) => Some("limit_unavailable"),
        }
    }

    /// The warnings, most important first.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let of_limits = self.limited.iter().flat_map(|limited| &limited.warnings);
        self.warnings.iter().map(|w| w.text.as_str()).chain(of_limits.map(|(_, text)| text.as_str()))
    }

    /// Where the request goes instead.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    /// How long to wait, when throttled.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after_ms
    }

    /// What failed, by the rank of the rules; at most [`MAX_ERRORS`].
    #[must_use]
    pub fn errors(&self) -> &[RuleError] {
        &self.errors
    }

    /// How many errors there were.
    #[must_use]
    pub fn error_count(&self) -> usize {
        self.error_count
    }

    /// What detectors found for the rules that had a say, by field and place; at most 256.
    /// Never text.
    #[must_use]
    pub fn findings(&self) -> &[Evidence] {
        &self.evidence
    }

    /// How many findings there were.
    #[must_use]
    pub fn finding_count(&self) -> usize {
        self.evidence_count
    }

    /// The rules that had a say: document id, rule id, and whether its condition failed.
    pub fn matched(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.matched.iter().filter_map(|m| {
            let rule = self.compiled.rules.get(m.rule as usize)?;
            Some((self.policy_id(rule.document)?, &*rule.id, m.failed))
        })
    }

    /// How many of each there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Counts {
            matched: count(self.matched.len()),
            obligations: count(self.obligations().count()),
            warnings: count(self.warnings().count()),
            errors: count(self.error_count),
        }
    }

    fn action(&self, rule: u32, action: u16) -> Option<(&CompiledRule, &CompiledAction)> {
        let rule = self.compiled.rules.get(rule as usize)?;
        Some((rule, rule.actions.get(action as usize)?))
    }

    /// What the host is asked to do: document id, who asks for it, the action's name, and its parameters.
    pub fn obligations(&self) -> impl Iterator<Item = (&str, By<'_>, &'static str, &Json)> {
        self.asked_by_rules().chain(self.asked_by_limits())
    }

    fn asked_by_rules(&self) -> impl Iterator<Item = (&str, By<'_>, &'static str, &Json)> {
        self.obligations.iter().filter_map(|o| {
            let (rule, action) = self.action(o.rule, o.action)?;
            let params = o.params.as_deref().or(action.fixed.as_deref())?;
            Some((self.policy_id(rule.document)?, By::Rule(&rule.id), action.name, params))
        })
    }

    fn asked_by_limits(&self) -> impl Iterator<Item = (&str, By<'_>, &'static str, &Json)> {
        self.limited.iter().flat_map(|limited| &limited.obligations).filter_map(|o| {
            let (document, by) = match o.by {
                Gate::Limit(limit) => self.limit_of(limit).map(|limit| (limit.document, By::Limit(&limit.name)))?,
                Gate::Breaker(breaker) => {
                    let breaker = self.compiled.breakers.all.get(breaker as usize)?;
                    (breaker.document, By::Breaker(&breaker.name))
                }
            };
            Some((self.policy_id(document)?, by, o.action, &o.params))
        })
    }

    /// Whether it is for the host's audit log: all but plain allows of documents that say `audit_all_decisions: false`. An allow is not
    /// plain when an exception suspended a rule, a rule failed, rules in shadow say otherwise, or an action asks for a record.
    #[must_use]
    pub fn is_audited(&self) -> bool {
        !self.compiled.stage(self.stage).skips_audit
            || !self.allowed()
            || self.error_count > 0
            || self.matched.iter().any(|matched| matched.exception.is_some())
            || self.shadow.as_ref().is_some_and(|shadow| shadow.verdict.effect != Effect::Allow)
            || self.obligations().any(|(_, _, action, _)| action == "audit")
    }

    /// The canonical form: the same in every language, byte for byte.
    #[must_use]
    pub fn to_canonical_json(&self) -> String {
        canonical::to_string(&self.to_json())
    }

    /// The decision as JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let rule_json = |rule: &CompiledRule| json!({"policy": self.policy_id(rule.document), "rule": &*rule.id});
        let matched = self.matched.iter().filter_map(|m| {
            let rule = self.compiled.rules.get(m.rule as usize)?;
            let mut entry = rule_json(rule);
            let object = entry.as_object_mut()?;
            let actions: Vec<&str> = rule.actions.iter().map(|a| a.name).collect();
            object.insert("actions".into(), json!(actions));
            if m.failed {
                object.insert("failed".into(), json!(true));
            }
            if let Some(exception) = m.exception.and_then(|at| rule.exceptions.get(at as usize)) {
                object.insert("exception".into(), json!(&*exception.id));
            }
            let variant =
                m.variant.zip(rule.rollout.as_ref()).and_then(|(at, (_, share))| share.variants.get(at as usize));
            if let Some(variant) = variant {
                object.insert("variant".into(), json!(&*variant.name.value));
            }
            Some(entry)
        });
        let handed = |wanted: fn(&str) -> bool| -> Vec<Json> {
            let entry = |(policy, by, action, params): (&str, By<'_>, &str, &Json)| {
                let mut entry = json!({"policy": policy, (by.kind()): by.name(), "action": action});
                if let (Some(object), Some(params)) = (entry.as_object_mut(), params.as_object())
                    && !params.is_empty()
                {
                    object.insert("params".into(), json!(params));
                }
                entry
            };
            self.obligations().filter(|(_, _, action, _)| wanted(action)).map(entry).collect()
        };
        let warnings = self.warnings.iter().filter_map(|w| {
            let mut entry = rule_json(self.compiled.rules.get(w.rule as usize)?);
            entry.as_object_mut()?.insert("message".into(), json!(w.text.as_str()));
            Some(entry)
        });
        let of_limits = self.limited.iter().flat_map(|limited| &limited.warnings).filter_map(|(limit, text)| {
            let limit = self.limit_of(*limit)?;
            Some(json!({"policy": self.policy_id(limit.document)?, "limit": &*limit.name, "message": text.as_str()}))
        });
        let warnings = warnings.chain(of_limits);
        let suppressed = self.suppressed.iter().filter_map(|s| {
            let (rule, action) = self.action(s.rule, s.action)?;
            let mut entry = rule_json(rule);
            let object = entry.as_object_mut()?;
            object.insert("action".into(), json!(action.name));
            object.insert("target".into(), json!(&*s.target));
            object.insert("by".into(), rule_json(self.compiled.rules.get(s.by as usize)?));
            Some(entry)
        });
        let approval = (self.effect() == Effect::RequireApproval)
            .then(|| handed(|action| action == "require_approval").into_iter().next())
            .flatten();
        let mut out = json!({
            "effect": self.effect().name(),
            "allowed": self.allowed(),
            "stage": self.stage.name(),
            "reason": self.reason(),
            "code": self.code(),
            "public_message": self.public_message(),
            "policy": self.policy(),
            "rule": self.rule(),
            "limit": self.limit(),
            "breaker": self.breaker(),
            "matched": matched.collect::<Vec<_>>(),
            "obligations": handed(|action| action != "redact"),
            "redactions": handed(|action| action == "redact"),
            "warnings": warnings.collect::<Vec<_>>(),
            "suppressed": suppressed.collect::<Vec<_>>(),
            "errors": self.errors.iter().map(RuleError::to_json).collect::<Vec<_>>(),
            "bundle": self.bundle(),
        });
        if let Some(object) = out.as_object_mut() {
            let mut put = |name: &str, value: Option<Json>| {
                if let Some(value) = value {
                    object.insert(name.into(), value);
                }
            };
            let route = |r: &Route| chosen(r.model.as_deref(), r.provider.as_deref());
            put("route", self.route.as_ref().map(route));
            put("retry_after_ms", self.retry_after_ms.map(|ms| json!(ms)));
            put("approval", approval);
            put("error_count", (self.error_count > self.errors.len()).then(|| json!(self.error_count)));
            let findings = || self.evidence.iter().map(Evidence::to_json).collect();
            put("findings", (!self.evidence.is_empty()).then(findings));
            let more = self.evidence_count > self.evidence.len();
            put("finding_count", more.then(|| json!(self.evidence_count)));
            put("shadow", self.shadow.as_ref().map(|s| self.shadow_json(s)));
            object.retain(|_, value| !value.is_null());
        }
        out
    }

    fn shadow_json(&self, shadow: &Shadow) -> Json {
        let mut out = json!({
            "effect": shadow.verdict.effect.name(),
            "reason": self.reason_of(shadow.verdict, shadow.reason.as_ref()),
            "code": self.code_of(shadow.verdict),
            "policy": self.policy_of(shadow.verdict),
            "rule": self.rule_of(shadow.verdict).map(|r| &*r.id),
            "limit": shadow.verdict.origin.limit().and_then(|limit| self.limit_of(limit)).map(|limit| &*limit.name),
            "breaker": self.breaker_of(shadow.verdict).map(|breaker| &*breaker.name),
        });
        if let Some(object) = out.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        out
    }

    /// What would have been decided with all rules in shadow in force, when some are.
    #[must_use]
    pub fn shadow_effect(&self) -> Option<Effect> {
        self.shadow.as_ref().map(|s| s.verdict.effect)
    }
}

/// Who asks for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'d> {
    /// A rule, by its id.
    Rule(&'d str),
    /// A step of a limit, by the limit's name.
    Limit(&'d str),
    /// A circuit breaker, by its name.
    Breaker(&'d str),
}

impl<'d> By<'d> {
    /// `rule`, `limit` or `breaker`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Rule(_) => "rule",
            Self::Limit(_) => "limit",
            Self::Breaker(_) => "breaker",
        }
    }

    /// The rule's id, or the name.
    #[must_use]
    pub const fn name(self) -> &'d str {
        match self {
            Self::Rule(name) | Self::Limit(name) | Self::Breaker(name) => name,
        }
    }
}

/// How much a decision says, for who wants to know whether to ask for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The rules that had a say.
    pub matched: u32,
    /// The actions that are handed to the host.
    pub obligations: u32,
    /// The warnings.
    pub warnings: u32,
    /// What failed.
    pub errors: u32,
}

impl RuleError {
    fn to_json(&self) -> Json {
        let mut out = json!({
            "policy": &*self.policy,
            "rule": (!self.rule.is_empty()).then_some(&*self.rule),
            "limit": self.limit.as_deref(),
            "breaker": self.breaker.as_deref(),
            "exception": self.exception.as_deref(),
            "clause": self.clause,
            "path": self.path.as_deref(),
            "cause": self.cause,
        });
        if let Some(object) = out.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        out
    }
}
