//! Rules of `json-rules-engine`: JSON objects that name a fact, a path in it, an operator and a value.

use serde_json::{Value, json};

use crate::rule::{Field, Number, Order, Rule, Term};

/// `rules` as the library's own, or nothing if one of them needs what its operators do not have: a search in a text, a size,
/// arithmetic, or whether a field is there.
pub fn rules(rules: &[Rule]) -> Option<Vec<Value>> {
    let rule = |rule: &Rule| {
        let all = rule.terms.iter().map(condition).collect::<Option<Vec<_>>>()?;
        Some(json!({"conditions": {"all": all}, "event": {"type": rule.id}}))
    };
    rules.iter().map(rule).collect()
}

fn condition(term: &Term) -> Option<Value> {
    Some(match term {
        Term::Equals(field, text) => test(*field, "equal", json!(text)),
        Term::Differs(field, text) => test(*field, "notEqual", json!(text)),
        Term::OneOf(field, texts) => test(*field, "in", json!(texts)),
        Term::Holds(field, text) => test(*field, "contains", json!(text)),
        Term::Flag(field) => test(*field, "equal", json!(true)),
        Term::Not(inner) => json!({"not": condition(inner)?}),
        Term::Either(terms) => json!({"any": terms.iter().map(condition).collect::<Option<Vec<_>>>()?}),
        Term::Compare(Number::Field(field), order, right) => test(*field, operator(*order), number(right)?),
        _ => return None,
    })
}

fn test(field: Field, operator: &str, value: Value) -> Value {
    let (fact, path) = place(field);
    json!({"fact": fact, "path": path, "operator": operator, "value": value})
}

/// The fact that `field` stands in, and its place there as JSONPath.
fn place(field: Field) -> (&'static str, String) {
    let (fact, path) = field.path.split_once('.').unwrap_or((field.path, ""));
    (fact, format!("$.{path}"))
}

fn number(number: &Number) -> Option<Value> {
    match number {
        Number::Integer(number) => Some(json!(number)),
        Number::Decimal(number) => Some(json!(number)),
        Number::Field(field) => {
            let (fact, path) = place(*field);
            Some(json!({"fact": fact, "path": path}))
        }
        Number::Sum(..) | Number::Times(..) | Number::Size(_) => None,
    }
}

fn operator(order: Order) -> &'static str {
    match order {
        Order::Less => "lessThan",
        Order::AtMost => "lessThanInclusive",
        Order::Greater => "greaterThan",
        Order::AtLeast => "greaterThanInclusive",
    }
}
