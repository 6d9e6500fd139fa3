//! `optMap` and `optFlatMap`: a change to the value of an optional, if it has one.

use crate::ast::{Expr, ExprId, Name};

use super::{Expander, Macro};

/// The name that stands for a receiver; it cannot be written in source.
const RECEIVER: &str = "@target";

/// `optional.optMap(name, body)` and `optional.optFlatMap(name, body)`.
#[must_use]
pub fn optional() -> Vec<Macro> {
    vec![
        Macro::on_receiver("optMap", |x, target, [name, body]| {
            let name = x.variable(name)?;
            Ok(on_value(x, target, |x, value| {
                let mapped = x.bind(name, value, body);
                x.call("optional.of", [mapped])
            }))
        }),
        Macro::on_receiver("optFlatMap", |x, target, [name, body]| {
            let name = x.variable(name)?;
            Ok(on_value(x, target, |x, value| x.bind(name, value, body)))
        }),
    ]
}

/// `target.hasValue() ? then(target.value()) : optional.none()`
///
/// Any receiver but a name is bound to a name first: copies would double with each link of a chain of calls.
fn on_value(x: &mut Expander<'_>, target: ExprId, then: impl FnOnce(&mut Expander<'_>, ExprId) -> ExprId) -> ExprId {
    match x.ast().expr(target) {
        Expr::Ident(name) => {
            let name = name.clone();
            conditional(x, name, then)
        }
        _ => {
            let body = conditional(x, RECEIVER.into(), then);
            x.bind(RECEIVER, target, body)
        }
    }
}

fn conditional(x: &mut Expander<'_>, receiver: Name, then: impl FnOnce(&mut Expander<'_>, ExprId) -> ExprId) -> ExprId {
    let tested = x.ident(receiver.clone());
    let present = x.member_call(tested, "hasValue", []);
    let taken = x.ident(receiver);
    let value = x.member_call(taken, "value", []);
    let some = then(x, value);
    let none = x.call("optional.none", []);
    x.conditional(present, some, none)
}
