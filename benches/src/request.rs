//! The one request that every contender judges: 738 bytes of JSON, of the size and shape of a chat completion call with
//! the identity that a gateway adds to it.

use crate::rule::{Field, Kind};

/// `user.id`
pub const USER_ID: Field = Field::new("user.id", Kind::Text);
/// `user.role`
pub const ROLE: Field = Field::new("user.role", Kind::Text);
/// `user.roles`
pub const ROLES: Field = Field::new("user.roles", Kind::TextList);
/// `user.permissions`
pub const PERMISSIONS: Field = Field::new("user.permissions", Kind::TextList);
/// `user.tier`
pub const TIER: Field = Field::new("user.tier", Kind::Text);
/// `user.mfa_verified`
pub const MFA: Field = Field::new("user.mfa_verified", Kind::Flag);
/// `user.quota.tokens_remaining`
pub const QUOTA: Field = Field::new("user.quota.tokens_remaining", Kind::Integer);
/// `user.budget.remaining`
pub const USER_BUDGET: Field = Field::new("user.budget.remaining", Kind::Decimal);
/// `user.quota.tokens_used`
pub const TOKENS_USED: Field = Field::new("user.quota.tokens_used", Kind::Integer);
/// `user.limits.max_request_cost`
pub const COST_LIMIT: Field = Field::new("user.limits.max_request_cost", Kind::Decimal);
/// `team.id`
pub const TEAM: Field = Field::new("team.id", Kind::Text);
/// `team.budget.remaining`
pub const TEAM_BUDGET: Field = Field::new("team.budget.remaining", Kind::Decimal);
/// `app.id`
pub const APP: Field = Field::new("app.id", Kind::Text);
/// `request.provider`
pub const PROVIDER: Field = Field::new("request.provider", Kind::Text);
/// `request.model`
pub const MODEL: Field = Field::new("request.model", Kind::Text);
/// `request.prompt`
pub const PROMPT: Field = Field::new("request.prompt", Kind::Text);
/// `request.max_tokens`
pub const MAX_TOKENS: Field = Field::new("request.max_tokens", Kind::Integer);
/// `request.environment`
pub const ENVIRONMENT: Field = Field::new("request.environment", Kind::Text);
/// `request.region`
pub const REGION: Field = Field::new("request.region", Kind::Text);
/// `request.tags`
pub const TAGS: Field = Field::new("request.tags", Kind::TextList);
/// `metadata.ticket`, which the request has
pub const TICKET: Field = Field::new("metadata.ticket", Kind::Text);
/// `metadata.approval`, which the request does not have
pub const APPROVAL: Field = Field::new("metadata.approval", Kind::Text);

/// The request as JSON.
pub const JSON: &str = concat!(
    r#"{"user":{"id":"u-10482","role":"engineer","roles":["engineer","ml-platform","on-call"],"#,
    r#""permissions":["chat.use","models.read"],"tier":"pro","mfa_verified":true,"#,
    r#""quota":{"tokens_remaining":200000,"tokens_used":4096},"budget":{"remaining":0.62},"#,
    r#""limits":{"max_request_cost":0.75}},"#,
    r#""team":{"id":"team-7","budget":{"remaining":1840.5}},"app":{"id":"app-7"},"#,
    r#""request":{"provider":"openai","model":"gpt-4o-mini","max_tokens":1024,"environment":"production","#,
    r#""region":"eu-west-1","tags":["batch","summary"],"#,
    r#""prompt":"Summarise the incident review of last Tuesday for the team newsletter. Keep the timeline, name the "#,
    r#"services that were degraded, say what customers noticed, and close with what we agreed to do."},"#,
    r#""metadata":{"ticket":"OPS-4411"}}"#,
);

#[cfg(test)]
mod tests {
    #[test]
    fn the_request_is_valid_and_has_the_documented_size() {
        assert_eq!(super::JSON.len(), 738);
        serde_json::from_str::<serde_json::Value>(super::JSON).expect("valid JSON");
    }
}
