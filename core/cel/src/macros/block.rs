//! `cel.block([values], body)`: values numbered for reuse, as tools that share common sub-expressions write them.

use crate::ast::{Expr, ExprId, Literal};
use crate::diagnostic::Diagnostic;

use super::{Expander, Macro};

/// `cel.block`, `cel.index`, `cel.iterVar` and `cel.accuVar`.
///
/// `cel.block` becomes a call of `cel.@block`, `cel.index(n)` the name `@indexN`, and the variables `@it:n:m` and `@ac:n:m`.
#[must_use]
pub fn block() -> Vec<Macro> {
    vec![
        Macro::in_namespace("cel", "block", 2, |x, args| match args {
            [values, _] if matches!(x.ast().expr(*values), Expr::List(_)) => Ok(Some(x.call("cel.@block", args))),
            [values, ..] => Err(x.error(*values, "the first argument of `cel.block` must be a list literal")),
            [] => Ok(None),
        }),
        Macro::in_namespace("cel", "index", 1, |x, args| {
            let [index] = *args else { return Ok(None) };
            let index = number(x, index)?;
            Ok(Some(x.ident(format!("@index{index}"))))
        }),
        variable("iterVar", "@it"),
        variable("accuVar", "@ac"),
    ]
}

fn variable(name: &str, prefix: &'static str) -> Macro {
    Macro::in_namespace("cel", name, 2, move |x, args| {
        let [depth, index] = *args else { return Ok(None) };
        let (depth, index) = (number(x, depth)?, number(x, index)?);
        Ok(Some(x.ident(format!("{prefix}:{depth}:{index}"))))
    })
}

fn number(x: &Expander<'_>, at: ExprId) -> Result<i64, Diagnostic> {
    match x.ast().expr(at) {
        Expr::Literal(Literal::Int(value)) if *value >= 0 => Ok(*value),
        _ => Err(x.error(at, format!("`{}` is not a literal number of 0 or more", x.ast().text(at)))),
    }
}
