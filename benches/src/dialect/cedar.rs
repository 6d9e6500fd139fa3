//! Rules in Cedar: `forbid` and `permit` with a `when` clause over the context.
//!
//! What Cedar lacks, and what is done about it:
//!
//! * The subject and the object of a request are entities. A rule's equality on `user.id` or `request.model` becomes
//!   the policy's scope, which is where Cedar wants it.
//! * There is no regular expression: `like` with the nearest wildcards, or the rule is left out.
//! * There is no loop over a list: a rule that needs one is left out.
//! * There is no `size`: the host adds the sizes to the context (see [`size_name`]), free of charge.
//! * Fractions are the `decimal` extension, which has comparison methods and no arithmetic (no rule here needs any).

use super::{quoted, quoted_list};
use crate::request::{MODEL, USER_ID};
use crate::rule::{Effect, Field, Number, Order, Rule, Term};

/// The type of the entities that ask.
pub const USER: &str = "User";
/// The type of the entities that are asked.
pub const MODEL_TYPE: &str = "Model";
/// The id of the policy that allows what nothing forbids.
pub const DEFAULT: &str = "default";

/// Whether Cedar can say `rule`.
pub fn can_say(rule: &Rule) -> bool {
    let lacks = |term: &Term| matches!(term, Term::AnyStartsWith(..) | Term::Matches { wildcard: None, .. });
    !rule.terms.iter().any(|term| term.any(&lacks))
}

/// The attribute of the context record `sizes` under which the host gives the size of `field`.
pub fn size_name(field: Field) -> String {
    field.path.replace('.', "_")
}

/// `rule` as a policy.
pub fn policy(rule: &Rule) -> String {
    let effect = match rule.effect {
        Effect::Deny => "forbid",
        Effect::Allow => "permit",
    };
    let (mut principal, mut resource) = ("principal".to_owned(), "resource".to_owned());
    let mut clauses = Vec::new();
    for term in &rule.terms {
        match term {
            Term::Equals(field, text) if *field == USER_ID => {
                principal = format!("principal == {USER}::{}", quoted(text))
            }
            Term::Equals(field, text) if *field == MODEL => {
                resource = format!("resource == {MODEL_TYPE}::{}", quoted(text));
            }
            term => clauses.push(clause(term)),
        }
    }
    let when = if clauses.is_empty() { String::new() } else { format!(" when {{ {} }}", clauses.join(" && ")) };
    format!("{effect}({principal}, action, {resource}){when};")
}

fn clause(term: &Term) -> String {
    match term {
        Term::Equals(field, text) => format!("{} == {}", path(*field), quoted(text)),
        Term::Differs(field, text) => format!("{} != {}", path(*field), quoted(text)),
        Term::OneOf(field, texts) => format!("[{}].contains({})", quoted_list(texts), path(*field)),
        Term::Holds(field, text) => format!("{}.contains({})", path(*field), quoted(text)),
        Term::StartsWith(field, prefix) => like(*field, &format!("{prefix}*")),
        Term::Contains(field, part) => like(*field, &format!("*{part}*")),
        Term::Matches { field, wildcard, .. } => like(*field, wildcard.as_deref().unwrap_or("*")),
        Term::Has(field) => {
            let (record, name) = field.path.rsplit_once('.').unwrap_or(("", field.path));
            format!("context.{record} has {name}")
        }
        Term::Flag(field) => path(*field),
        Term::AnyStartsWith(..) => unreachable!("`can_say` leaves these rules out"),
        Term::Compare(left, order, right) => compare(left, *order, right),
        Term::Not(inner) => format!("!({})", clause(inner)),
        Term::Either(terms) => format!("({})", terms.iter().map(clause).collect::<Vec<_>>().join(" || ")),
    }
}

fn path(field: Field) -> String {
    format!("context.{}", field.path)
}

fn like(field: Field, pattern: &str) -> String {
    format!("{} like {}", path(field), quoted(pattern))
}

fn compare(left: &Number, order: Order, right: &Number) -> String {
    if !left.is_decimal() {
        return format!("{} {} {}", number(left), order.symbol(), number(right));
    }
    let method = match order {
        Order::Less => "lessThan",
        Order::AtMost => "lessThanOrEqual",
        Order::Greater => "greaterThan",
        Order::AtLeast => "greaterThanOrEqual",
    };
    format!("{}.{method}({})", number(left), number(right))
}

fn number(number: &Number) -> String {
    match number {
        Number::Field(field) => path(*field),
        Number::Integer(number) => number.to_string(),
        Number::Decimal(number) => format!("decimal(\"{number:.4}\")"),
        Number::Sum(left, right) => format!("{} + {}", self::number(left), self::number(right)),
        Number::Times(left, factor) => format!("{} * {factor}", self::number(left)),
        Number::Size(field) => format!("context.sizes.{}", size_name(*field)),
    }
}
