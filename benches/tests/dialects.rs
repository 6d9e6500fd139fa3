//! One rule with every clause, as each language has it.

use llm_policy_benches::dialect::{cedar, cel, document, rego};
use llm_policy_benches::request::{
    APPROVAL, COST_LIMIT, MAX_TOKENS, MFA, MODEL, PROMPT, REGION, ROLES, TIER, USER_BUDGET,
};
use llm_policy_benches::rule::{Effect, Number, Order, Rule, Term};

fn rule(terms: Vec<Term>) -> Rule {
    Rule { id: "r-00000".to_owned(), effect: Effect::Deny, terms }
}

fn everyday() -> Rule {
    rule(vec![
        Term::Equals(MODEL, "gpt-5".to_owned()),
        Term::Not(Box::new(Term::OneOf(TIER, vec!["pro".to_owned(), "free".to_owned()]))),
        Term::Holds(ROLES, "intern".to_owned()),
        Term::Either(vec![Term::StartsWith(REGION, "eu-".to_owned()), Term::Flag(MFA)]),
        Term::Not(Box::new(Term::Has(APPROVAL))),
    ])
}

fn numbers() -> Rule {
    let twice = Number::Times(Box::new(Number::Size(PROMPT)), 2);
    rule(vec![
        Term::Compare(Number::Field(COST_LIMIT), Order::Greater, Number::Field(USER_BUDGET)),
        Term::Compare(
            Number::Sum(Box::new(Number::Field(MAX_TOKENS)), Box::new(twice)),
            Order::Less,
            Number::Integer(9),
        ),
        Term::Compare(Number::Field(COST_LIMIT), Order::AtMost, Number::Decimal(0.25)),
    ])
}

fn texts() -> Rule {
    let (pattern, wildcard) = (r"\bAU-[0-9]+".to_owned(), Some("*AU-*".to_owned()));
    rule(vec![Term::Contains(PROMPT, "it's".to_owned()), Term::Matches { field: PROMPT, pattern, wildcard }])
}

#[test]
fn in_cel() {
    assert_eq!(
        cel::condition(&everyday()),
        r#"request.model == "gpt-5" && !(user.tier in ["pro", "free"]) && "intern" in user.roles && "#.to_owned()
            + r#"(request.region.startsWith("eu-") || user.mfa_verified) && !has(metadata.approval)"#
    );
    assert_eq!(
        cel::condition(&numbers()),
        "user.limits.max_request_cost > user.budget.remaining && request.max_tokens + size(request.prompt) * 2 < 9 && \
         user.limits.max_request_cost <= 0.25"
    );
    assert_eq!(
        cel::condition(&texts()),
        r#"request.prompt.contains("it's") && request.prompt.matches("\\bAU-[0-9]+")"#
    );
}

#[test]
fn in_a_document_of_ours() {
    let yaml = document::yaml(&[texts()]);
    let line = r#"    when: 'request.prompt.contains("it''s") && request.prompt.matches("\\bAU-[0-9]+")'"#;
    assert!(yaml.lines().any(|found| found == line), "{yaml}");
}

#[test]
fn in_rego() {
    let module = rego::module(&[everyday(), numbers(), texts()]);
    let lines: Vec<&str> = module.lines().skip(3).collect();
    let head =
        r#"deny contains "r-00000" if { input.request.model == "gpt-5"; not input.user.tier in {"pro", "free"}; "#
            .to_owned()
            + r#""intern" in input.user.roles; "#;
    let tail = "; not input.metadata.approval }";
    assert_eq!(lines[0], format!(r#"{head}startswith(input.request.region, "eu-"){tail}"#));
    assert_eq!(lines[1], format!("{head}input.user.mfa_verified{tail}"));
    assert!(lines[2].contains("input.request.max_tokens + count(input.request.prompt) * 2 < 9"), "{module}");
    assert!(lines[3].contains(r#"regex.match("\\bAU-[0-9]+", input.request.prompt)"#), "{module}");
    assert_eq!(lines[4], "allow := set()");
}

#[test]
fn in_cedar() {
    assert_eq!(
        cedar::policy(&everyday()),
        r#"forbid(principal, action, resource == Model::"gpt-5") when { "#.to_owned()
            + r#"!(["pro", "free"].contains(context.user.tier)) && context.user.roles.contains("intern") && "#
            + r#"(context.request.region like "eu-*" || context.user.mfa_verified) && "#
            + "!(context.metadata has approval) };"
    );
    assert_eq!(
        cedar::policy(&numbers()),
        "forbid(principal, action, resource) when { \
         context.user.limits.max_request_cost.greaterThan(context.user.budget.remaining) && \
         context.request.max_tokens + context.sizes.request_prompt * 2 < 9 && \
         context.user.limits.max_request_cost.lessThanOrEqual(decimal(\"0.2500\")) };"
    );
    assert!(cedar::policy(&texts()).contains(r#"context.request.prompt like "*AU-*""#));
    assert!(!cedar::can_say(&rule(vec![Term::AnyStartsWith(ROLES, "on-".to_owned())])));
}
