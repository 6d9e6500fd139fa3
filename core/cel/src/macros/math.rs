//! `math.greatest` and `math.least` of any number of arguments.

use crate::ast::{Expr, ExprId, Literal};
use crate::diagnostic::Diagnostic;

use super::{Expander, Expansion, Macro};

/// `math.greatest` and `math.least`, which become calls of `math.@max` and `math.@min`: of one value or list, of two
/// values, or of a list of three or more.
#[must_use]
pub fn math() -> Vec<Macro> {
    [("greatest", "math.@max"), ("least", "math.@min")]
        .map(|(name, function)| {
            Macro::in_namespace("math", name, None, move |x, args| extreme(x, name, function, args))
        })
        .into()
}

fn extreme(x: &mut Expander<'_>, name: &str, function: &str, args: &[ExprId]) -> Expansion {
    let call = match args {
        [] => {
            let message = format!("`math.{name}` needs at least one argument");
            return Err(Diagnostic::error("bad-macro-argument", message, x.span()));
        }
        [one] => {
            check_one(x, name, *one)?;
            x.call(function, args)
        }
        _ => {
            for arg in args {
                check(x, name, *arg)?;
            }
            if args.len() == 2 {
                x.call(function, args)
            } else {
                let list = x.list(args);
                x.call(function, [list])
            }
        }
    };
    Ok(Some(call))
}

/// A single argument may also be a list of what may be numbers.
fn check_one(x: &Expander<'_>, name: &str, arg: ExprId) -> Result<(), Diagnostic> {
    match x.ast().expr(arg) {
        Expr::List(elements) if elements.is_empty() => {
            Err(x.error(arg, format!("`math.{name}` of an empty list has no value")))
        }
        Expr::List(elements) => elements.iter().try_for_each(|element| check(x, name, element.value)),
        _ => check(x, name, arg),
    }
}

fn check(x: &Expander<'_>, name: &str, arg: ExprId) -> Result<(), Diagnostic> {
    match x.ast().expr(arg) {
        Expr::Literal(Literal::Int(_) | Literal::Uint(_) | Literal::Double(_)) => Ok(()),
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) | Expr::Struct { .. } => {
            Err(x.error(arg, format!("`math.{name}` takes numbers, and `{}` is none", x.ast().text(arg))))
        }
        _ => Ok(()),
    }
}
