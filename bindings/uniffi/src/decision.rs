//! Decisions.

use llm_policy_embed::limits::Hold;
use llm_policy_embed::{self as embed, Error, canonical};

use crate::question::Stage;

/// What is decided, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
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

impl From<embed::Effect> for Effect {
    fn from(effect: embed::Effect) -> Self {
        match effect {
            embed::Effect::Allow => Self::Allow,
            embed::Effect::Throttle => Self::Throttle,
            embed::Effect::RequireApproval => Self::RequireApproval,
            embed::Effect::Deny => Self::Deny,
        }
    }
}

/// What was decided, and why. `code` and `public_message` may go to end users; the rest may not.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Decision {
    /// What is decided.
    pub effect: Effect,
    /// Whether the request passes. Obligations may be left to carry out: those that the host declared.
    pub allowed: bool,
    /// The stage that was asked about.
    pub stage: Stage,
    /// Why, for operators.
    pub reason: String,
    /// A stable name of the reason.
    pub code: Option<String>,
    /// What end users may read, when a rule says something to them.
    pub public_message: Option<String>,
    /// The document that decided, if one did.
    pub policy: Option<String>,
    /// The rule that decided, if one did.
    pub rule: Option<String>,
    /// The limit that decided, if one did.
    pub limit: Option<String>,
    /// The breaker that decided, if one did.
    pub breaker: Option<String>,
    /// How long to wait when throttled, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What would be decided with all rules in shadow in force, when there are some.
    pub shadow_effect: Option<Effect>,
    /// What the host is asked to carry out, redactions among them.
    pub obligations: Vec<Obligation>,
    /// The warnings, most important first.
    pub warnings: Vec<String>,
    /// Where the request goes instead.
    pub route: Option<Route>,
    /// What is reserved for the request, for `settle`, `release` and `extend`.
    pub hold: Option<String>,
    /// How each limit stands that applies to the request, a list in canonical JSON. It varies from run to run, so it is no part of the
    /// canonical form.
    pub limits_json: String,
    /// The digest of the documents that decided; empty when none did, because the engine was closed or never made.
    pub bundle: String,
    /// The whole decision in canonical form (RFC 8785), the same bytes in every language.
    pub canonical_json: String,
}

/// Something that the host is asked to carry out.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Obligation {
    /// The name: `redact`, `audit`.
    pub action: String,
    /// Its parameters, an object in JSON.
    pub params_json: String,
    /// The document that asks for it.
    pub policy: String,
    /// The rule that asks for it, if one does.
    pub rule: Option<String>,
    /// The limit that asks for it, if one does.
    pub limit: Option<String>,
    /// The breaker that asks for it, if one does.
    pub breaker: Option<String>,
}

/// Where a request goes instead.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Route {
    /// The model, if it changes.
    pub model: Option<String>,
    /// The provider, if it changes.
    pub provider: Option<String>,
}

impl Decision {
    pub(crate) fn of(decision: &embed::Decision) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            effect: decision.effect().into(),
            allowed: decision.allowed(),
            stage: decision.stage().into(),
            reason: decision.reason().into_owned(),
            code: owned(decision.code()),
            public_message: owned(decision.public_message()),
            policy: owned(decision.policy()),
            rule: owned(decision.rule()),
            limit: owned(decision.limit()),
            breaker: owned(decision.breaker()),
            retry_after_ms: decision.retry_after_ms(),
            shadow_effect: decision.shadow_effect().map(Into::into),
            obligations: decision
                .obligations()
                .map(|(policy, by, action, params)| {
                    let named = |kind| (by.kind() == kind).then(|| by.name().to_owned());
                    Obligation {
                        action: action.to_owned(),
                        params_json: params.to_string(),
                        policy: policy.to_owned(),
                        rule: named("rule"),
                        limit: named("limit"),
                        breaker: named("breaker"),
                    }
                })
                .collect(),
            warnings: decision.warnings().map(str::to_owned).collect(),
            route: decision.route().map(|route| Route {
                model: owned(route.model.as_deref()),
                provider: owned(route.provider.as_deref()),
            }),
            hold: decision.hold().map(Hold::to_text),
            limits_json: canonical::to_string(&decision.limits_json()),
            bundle: decision.bundle().to_owned(),
            canonical_json: decision.to_canonical_json(),
        }
    }

    /// The deny that stands for a decision that could not be made.
    pub(crate) fn refused(error: &Error, stage: embed::Stage, bundle: &str) -> Self {
        Self {
            effect: Effect::Deny,
            allowed: false,
            stage: stage.into(),
            reason: error.to_string(),
            code: Some(error.code.name().to_owned()),
            public_message: None,
            policy: None,
            rule: None,
            limit: None,
            breaker: None,
            retry_after_ms: None,
            shadow_effect: None,
            obligations: Vec::new(),
            warnings: Vec::new(),
            route: None,
            hold: None,
            limits_json: "[]".to_owned(),
            bundle: bundle.to_owned(),
            canonical_json: error.decision(stage, bundle),
        }
    }
}
