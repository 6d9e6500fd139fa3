//! Conditions in CEL, for our engine, `cel` and `cel-core` alike.

use super::{quoted, quoted_list};
use crate::rule::{Number, Rule, Term};

/// The condition of `rule`.
pub fn condition(rule: &Rule) -> String {
    joined(&rule.terms, " && ")
}

fn joined(terms: &[Term], operator: &str) -> String {
    terms.iter().map(term).collect::<Vec<_>>().join(operator)
}

fn term(term: &Term) -> String {
    match term {
        Term::Equals(field, text) => format!("{} == {}", field.path, quoted(text)),
        Term::Differs(field, text) => format!("{} != {}", field.path, quoted(text)),
        Term::OneOf(field, texts) => format!("{} in [{}]", field.path, quoted_list(texts)),
        Term::Holds(field, text) => format!("{} in {}", quoted(text), field.path),
        Term::StartsWith(field, prefix) => format!("{}.startsWith({})", field.path, quoted(prefix)),
        Term::Contains(field, part) => format!("{}.contains({})", field.path, quoted(part)),
        Term::Matches { field, pattern, .. } => format!("{}.matches({})", field.path, quoted(pattern)),
        Term::Has(field) => format!("has({})", field.path),
        Term::Flag(field) => field.path.to_owned(),
        Term::AnyStartsWith(list, prefix) => {
            format!("{}.exists(item, item.startsWith({}))", list.path, quoted(prefix))
        }
        Term::Compare(left, order, right) => format!("{} {} {}", number(left), order.symbol(), number(right)),
        Term::Not(inner) if matches!(**inner, Term::Flag(_) | Term::Has(_) | Term::StartsWith(..)) => {
            format!("!{}", self::term(inner))
        }
        Term::Not(inner) => format!("!({})", self::term(inner)),
        Term::Either(terms) => format!("({})", joined(terms, " || ")),
    }
}

fn number(number: &Number) -> String {
    match number {
        Number::Field(field) => field.path.to_owned(),
        Number::Integer(number) => number.to_string(),
        Number::Decimal(number) => number.to_string(),
        Number::Sum(left, right) => format!("{} + {}", self::number(left), self::number(right)),
        Number::Times(left, factor) => format!("{} * {factor}", self::number(left)),
        Number::Size(field) => format!("size({})", field.path),
    }
}
