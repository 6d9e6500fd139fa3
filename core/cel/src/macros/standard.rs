//! The macros of CEL's standard: `has`, `all`, `exists`, `exists_one`, `existsOne`, `map` and `filter`.

use crate::ast::{Expr, ExprId};
use crate::diagnostic::Diagnostic;

use super::comprehension::Loop;
use super::{Expander, Expansion, Macro};

/// The standard macros.
#[must_use]
pub fn standard() -> Vec<Macro> {
    vec![
        Macro::global("has", 1, |x, _, args| has(x, args)),
        Macro::on_receiver("all", |x, range, [var, predicate]| Ok(over(x, range, var)?.all(x, predicate))),
        Macro::on_receiver("exists", |x, range, [var, predicate]| Ok(over(x, range, var)?.exists(x, predicate))),
        Macro::on_receiver(
            "exists_one",
            |x, range, [var, predicate]| Ok(over(x, range, var)?.exists_one(x, predicate)),
        ),
        Macro::on_receiver("existsOne", |x, range, [var, predicate]| Ok(over(x, range, var)?.exists_one(x, predicate))),
        Macro::on_receiver("map", |x, range, [var, transform]| Ok(over(x, range, var)?.map(x, None, transform))),
        Macro::on_receiver("map", |x, range, [var, filter, transform]| {
            Ok(over(x, range, var)?.map(x, Some(filter), transform))
        }),
        Macro::on_receiver("filter", |x, range, [var, predicate]| Ok(over(x, range, var)?.filter(x, predicate))),
    ]
}

fn has(x: &mut Expander<'_>, args: &[ExprId]) -> Expansion {
    let [arg] = *args else { return Ok(None) };
    match x.ast().expr(arg) {
        Expr::Select { operand, field, test: false } => {
            let (operand, field) = (*operand, field.clone());
            Ok(Some(x.has(operand, field)))
        }
        _ => {
            let message = format!("`{}` is not a field, so `has` cannot test it", x.ast().text(arg));
            Err(x.error(arg, message).with_help("write `has(object.field)`; for a key of a map `'key' in map`"))
        }
    }
}

fn over(x: &Expander<'_>, range: ExprId, var: ExprId) -> Result<Loop, Diagnostic> {
    Ok(Loop { range, var: x.variable(var)?, var2: None })
}
