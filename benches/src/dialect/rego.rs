//! Rules in Rego: two sets of rule names, `deny` and `allow`.

use std::fmt::Write as _;

use super::{quoted, quoted_list};
use crate::rule::{Effect, Number, Order, Rule, Term};

/// The rule that asks for the whole decision.
pub const ENTRY_POINT: &str = "data.bench.decision";

/// One module with `rules`.
pub fn module<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> String {
    let mut module = String::from("package bench\nimport rego.v1\ndecision := {\"deny\": deny, \"allow\": allow}\n");
    let mut written = Vec::new();
    for rule in rules {
        let set = name(rule.effect);
        written.push(rule.effect);
        for body in bodies(&rule.terms) {
            let _ = writeln!(module, "{set} contains {} if {{ {} }}", quoted(&rule.id), body.join("; "));
        }
    }
    // A set that no rule adds to would be unknown, not empty.
    for effect in [Effect::Deny, Effect::Allow] {
        if !written.contains(&effect) {
            let _ = writeln!(module, "{} := set()", name(effect));
        }
    }
    module
}

fn name(effect: Effect) -> &'static str {
    match effect {
        Effect::Deny => "deny",
        Effect::Allow => "allow",
    }
}

/// A body for each way to choose one clause of every `Either`, which is how Rego says "or".
fn bodies(terms: &[Term]) -> Vec<Vec<String>> {
    let mut bodies = vec![Vec::new()];
    for term in terms {
        let choices: Vec<String> = match term {
            Term::Either(terms) => terms.iter().map(clause).collect(),
            term => vec![clause(term)],
        };
        bodies = bodies
            .iter()
            .flat_map(|body| choices.iter().map(move |choice| body.iter().cloned().chain([choice.clone()]).collect()))
            .collect();
    }
    bodies
}

fn clause(term: &Term) -> String {
    match term {
        Term::Equals(field, text) => format!("input.{} == {}", field.path, quoted(text)),
        Term::Differs(field, text) => format!("input.{} != {}", field.path, quoted(text)),
        Term::OneOf(field, texts) => format!("input.{} in {{{}}}", field.path, quoted_list(texts)),
        Term::Holds(field, text) => format!("{} in input.{}", quoted(text), field.path),
        Term::StartsWith(field, prefix) => format!("startswith(input.{}, {})", field.path, quoted(prefix)),
        Term::Contains(field, part) => format!("contains(input.{}, {})", field.path, quoted(part)),
        Term::Matches { field, pattern, .. } => format!("regex.match({}, input.{})", quoted(pattern), field.path),
        Term::Has(field) | Term::Flag(field) => format!("input.{}", field.path),
        Term::AnyStartsWith(list, prefix) => {
            format!("some item in input.{}; startswith(item, {})", list.path, quoted(prefix))
        }
        Term::Compare(left, order, right) => compare(left, *order, right),
        Term::Not(inner) => match &**inner {
            Term::Either(_) | Term::AnyStartsWith(..) => {
                unreachable!("the generator does not negate a clause that takes several expressions in Rego")
            }
            inner => format!("not {}", clause(inner)),
        },
        Term::Either(_) => unreachable!("split into bodies"),
    }
}

fn compare(left: &Number, order: Order, right: &Number) -> String {
    format!("{} {} {}", number(left), order.symbol(), number(right))
}

fn number(number: &Number) -> String {
    match number {
        Number::Field(field) => format!("input.{}", field.path),
        Number::Integer(number) => number.to_string(),
        Number::Decimal(number) => number.to_string(),
        Number::Sum(left, right) => format!("{} + {}", self::number(left), self::number(right)),
        Number::Times(left, factor) => format!("{} * {factor}", self::number(left)),
        Number::Size(field) => format!("count(input.{})", field.path),
    }
}
