//! Expressions that are right by the rules and yet probably not what was meant.

use super::errors::quote;
use super::{Checked, Reference};
use crate::ast::{Ast, Expr, ExprId, Literal, for_each_child};
use crate::diagnostic::Diagnostic;
use crate::types::Type;

/// Warnings about a checked expression, in the order of the source.
///
/// ```
/// use llm_policy_cel::{checker::lints, env::Env, types::Type};
///
/// let env = Env::builder().standard().variable("x", Type::Dyn).build();
/// let warnings = lints(&env.compile("!x in [true]").unwrap());
/// assert_eq!(warnings[0].code, "negation-precedence");
/// assert_eq!(warnings[0].help.as_deref(), Some("write `!(x in [true])`"));
/// ```
#[must_use]
pub fn lints(checked: &Checked) -> Vec<Diagnostic> {
    let ast = checked.ast();
    let mut lints = Lints { checked, ast, constant: constants(ast), found: Vec::new() };
    let mut steps = vec![ast.root()];
    while let Some(id) = steps.pop() {
        let expr = ast.expr(id);
        // The parts of a qualified name, and the machinery of a macro, are not what people wrote.
        if let Some(Reference::Variable(_) | Reference::TypeName(..)) = checked.reference(id) {
            continue;
        }
        if let Expr::Call { function, args, .. } = expr {
            lints.call(id, function, args);
        }
        if let Expr::Comprehension(c) = expr
            && let Some((condition, name)) = super::written_condition(c)
        {
            lints.condition(condition, &format!("the condition of `{name}`"));
        }
        for_each_child(expr, |child| steps.push(child));
    }
    if *checked.result_type() == Type::Bool {
        lints.condition(ast.root(), "the whole expression");
    }
    let mut found = lints.found;
    found.sort_by_key(|warning| (warning.span.start, warning.span.end));
    // A condition in a macro is an operand of what the macro made of it, too.
    found.dedup_by(|later, first| later.code == first.code && later.span == first.span);
    found
}

struct Lints<'a> {
    checked: &'a Checked,
    ast: &'a Ast,
    constant: Vec<bool>,
    found: Vec<Diagnostic>,
}

impl Lints<'_> {
    fn call(&mut self, id: ExprId, function: &str, args: &[ExprId]) {
        match (function, args) {
            ("@in" | "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
                comparison(self.checked, id, function, *left, *right, &mut self.found);
            }
            // If the whole is constant, the whole is reported.
            ("_&&_" | "_||_", args) if !self.is_constant(id) => {
                // The operator's span is the whole expression: a literal that a macro added has the same one.
                for arg in args.iter().filter(|arg| self.ast.span(**arg) != self.ast.span(id)) {
                    self.condition(*arg, &format!("an operand of `{}`", function.trim_matches('_')));
                }
            }
            ("_?_:_", [condition, ..]) if self.ast.span(*condition) != self.ast.span(id) => {
                self.condition(*condition, "the condition of `? :`");
            }
            _ => {}
        }
    }

    fn is_constant(&self, id: ExprId) -> bool {
        self.constant.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Warns when the condition `id` has the same value for every input.
    fn condition(&mut self, id: ExprId, what: &str) {
        if self.is_constant(id) {
            let message = format!("{what} is constant: `{}` does not depend on any input", quote(self.ast, id));
            self.found.push(Diagnostic::warning("constant-condition", message, self.ast.span(id)));
        }
    }
}

fn comparison(checked: &Checked, id: ExprId, function: &str, left: ExprId, right: ExprId, found: &mut Vec<Diagnostic>) {
    let ast = checked.ast();
    let sign = if function == "@in" { "in" } else { function.trim_matches('_') };
    if let Expr::Call { function: inner, args, .. } = ast.expr(left) {
        match (&**inner, &**args) {
            ("!_", [negated]) if !parenthesised(ast, left, id) => {
                let (negated, right) = (quote(ast, *negated), quote(ast, right));
                let message = format!("this means `(!{negated}) {sign} {right}`: `!` binds tighter than `{sign}`");
                found.push(
                    Diagnostic::warning("negation-precedence", message, ast.span(id))
                        .with_help(format!("write `!({negated} {sign} {right})`")),
                );
            }
            ("_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "@in", [a, b]) if !parenthesised(ast, left, id) => {
                let first = if &**inner == "@in" { "in" } else { inner.trim_matches('_') };
                let (a, b, c) = (quote(ast, *a), quote(ast, *b), quote(ast, right));
                let message = format!("this compares the result of `{a} {first} {b}`, which is a bool, with `{c}`");
                found.push(
                    Diagnostic::warning("comparison-chain", message, ast.span(id))
                        .with_help(format!("write `{a} {first} {b} && {b} {sign} {c}`")),
                );
            }
            _ => {}
        }
    }
    if !matches!(function, "_==_" | "_!=_") {
        return;
    }
    for (literal, other) in [(right, left), (left, right)] {
        let Expr::Literal(Literal::Bool(value)) = ast.expr(literal) else { continue };
        // With `dyn` the comparison asks for the type too, so it is not the same as the value alone.
        if *checked.type_of(other) != Type::Bool {
            continue;
        }
        let text = quote(ast, other);
        let simple = matches!(ast.expr(other), Expr::Ident(_) | Expr::Select { .. } | Expr::Literal(_))
            || matches!(ast.expr(other), Expr::Call { function, .. } if super::errors::operator(function).is_none());
        let plain = *value == (function == "_==_");
        let better = match (plain, simple) {
            (true, _) => text.clone(),
            (false, true) => format!("!{text}"),
            (false, false) => format!("!({text})"),
        };
        let message = format!("`{text}` is a bool already");
        found.push(
            Diagnostic::warning("needless-comparison", message, ast.span(id)).with_help(format!("write `{better}`")),
        );
        break;
    }
}

/// True when the source has a closing parenthesis between the left operand `inner` and what follows it in `outer`.
fn parenthesised(ast: &Ast, inner: ExprId, outer: ExprId) -> bool {
    let (inner, outer) = (ast.span(inner), ast.span(outer));
    let before = ast.source().get(outer.start as usize..inner.start as usize);
    let behind = ast.source().get(inner.end as usize..outer.end as usize);
    ast.source().get(inner.start as usize..inner.end as usize).is_some_and(|text| text.starts_with('('))
        || before.is_some_and(|text| text.contains('('))
        || behind.is_some_and(|text| text.trim_start().starts_with(')'))
}

/// For each node whether nothing but literals and operators is under it.
fn constants(ast: &Ast) -> Vec<bool> {
    let mut constant: Vec<bool> = Vec::with_capacity(ast.len());
    // A node's children come before it, so one pass is enough.
    for id in (0_u32..).take(ast.len()).map(ExprId) {
        let expr = ast.expr(id);
        let mut plain = match expr {
            Expr::Literal(_) | Expr::List(_) | Expr::Map(_) => true,
            Expr::Call { function, .. } => super::errors::operator(function).is_some(),
            _ => false,
        };
        for_each_child(expr, |child| plain &= constant.get(child.0 as usize).copied().unwrap_or(false));
        constant.push(plain);
    }
    constant
}
