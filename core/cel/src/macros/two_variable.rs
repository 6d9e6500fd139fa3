//! Comprehensions over index and element, or key and value.

use crate::ast::ExprId;
use crate::diagnostic::Diagnostic;

use super::comprehension::Loop;
use super::{Expander, Macro};

/// `all`, `exists`, `existsOne`, `exists_one`, `transformList`, `transformMap` and `transformMapEntry` with two variables.
#[must_use]
pub fn two_variable() -> Vec<Macro> {
    vec![
        Macro::on_receiver("all", |x, range, [k, v, predicate]| Ok(over(x, range, k, v)?.all(x, predicate))),
        Macro::on_receiver("exists", |x, range, [k, v, predicate]| Ok(over(x, range, k, v)?.exists(x, predicate))),
        Macro::on_receiver("existsOne", |x, range, [k, v, predicate]| {
            Ok(over(x, range, k, v)?.exists_one(x, predicate))
        }),
        Macro::on_receiver("exists_one", |x, range, [k, v, predicate]| {
            Ok(over(x, range, k, v)?.exists_one(x, predicate))
        }),
        Macro::on_receiver("transformList", |x, range, [k, v, transform]| {
            Ok(over(x, range, k, v)?.map(x, None, transform))
        }),
        Macro::on_receiver("transformList", |x, range, [k, v, filter, transform]| {
            Ok(over(x, range, k, v)?.map(x, Some(filter), transform))
        }),
        Macro::on_receiver("transformMap", |x, range, [k, v, transform]| {
            Ok(over(x, range, k, v)?.transform_map(x, None, transform))
        }),
        Macro::on_receiver("transformMap", |x, range, [k, v, filter, transform]| {
            Ok(over(x, range, k, v)?.transform_map(x, Some(filter), transform))
        }),
        Macro::on_receiver("transformMapEntry", |x, range, [k, v, transform]| {
            Ok(over(x, range, k, v)?.transform_map_entry(x, None, transform))
        }),
        Macro::on_receiver("transformMapEntry", |x, range, [k, v, filter, transform]| {
            Ok(over(x, range, k, v)?.transform_map_entry(x, Some(filter), transform))
        }),
    ]
}

fn over(x: &Expander<'_>, range: ExprId, key: ExprId, value: ExprId) -> Result<Loop, Diagnostic> {
    let (var, var2) = (x.variable(key)?, x.variable(value)?);
    if var == var2 {
        return Err(x.error(value, format!("both variables are named `{var}`")));
    }
    Ok(Loop { range, var, var2: Some(var2) })
}
