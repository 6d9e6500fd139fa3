//! Conditions as people read them: a tree of `&&`, `||`, `!` and `? :` over clauses that hold none of these.

use std::collections::BTreeMap;

use llm_policy_engine::cel::ast::{Ast, Expr, ExprId, Literal, MacroCall, Span};
use llm_policy_engine::cel::env::Env;
use llm_policy_engine::compile::functions;
use llm_policy_engine::document::Source;

/// A condition and its clauses.
#[derive(Clone, Debug)]
pub struct Condition {
    /// How the clauses are put together.
    pub tree: Tree,
    /// The clauses from left to right.
    pub clauses: Vec<Clause>,
}

/// A part of a condition that is true or false as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// The clause as an expression of its own.
    pub source: Source,
    /// True for `true` and `false`, which can be nothing else.
    pub constant: bool,
}

/// How clauses are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A clause, by number.
    Clause(usize),
    /// True when all are.
    All(Vec<Tree>),
    /// True when one is.
    Any(Vec<Tree>),
    /// True when the other is false.
    Not(Box<Tree>),
    /// The second when the first is true, else the third.
    If(Box<[Tree; 3]>),
}

impl Tree {
    /// The value for these values of the clauses; `None` stands for an error, which `&&` and `||` absorb as CEL says.
    #[must_use]
    pub fn value(&self, values: &[Option<bool>]) -> Option<bool> {
        let junction = |parts: &[Self], strong: bool| {
            let mut error = false;
            for part in parts {
                match part.value(values) {
                    Some(value) if value == strong => return Some(strong),
                    Some(_) => {}
                    None => error = true,
                }
            }
            (!error).then_some(!strong)
        };
        match self {
            Self::Clause(at) => values.get(*at).copied().flatten(),
            Self::All(parts) => junction(parts, false),
            Self::Any(parts) => junction(parts, true),
            Self::Not(part) => part.value(values).map(|value| !value),
            Self::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                if condition.value(values)? { then.value(values) } else { otherwise.value(values) }
            }
        }
    }

    /// Whether clause `at` alone decides: with its other value, the condition has its other value, or none. So a guard
    /// (`has(a.x) && a.x > 1`) decides when it is false: without it the condition is an error.
    #[must_use]
    pub fn decided_by(&self, at: usize, values: &[Option<bool>]) -> bool {
        let Some(value) = values.get(at).copied().flatten() else { return false };
        let mut other = values.to_vec();
        if let Some(clause) = other.get_mut(at) {
            *clause = Some(!value);
        }
        self.value(values).is_some_and(|as_it_is| self.value(&other) != Some(as_it_is))
    }
}

/// Parses expressions of policies; nothing is checked, because the policies have been compiled before.
#[derive(Debug)]
pub struct Syntax {
    env: Env,
}

impl Default for Syntax {
    fn default() -> Self {
        let builder = Env::builder().standard().extensions();
        Self { env: builder.functions(functions::functions()).macros(functions::macros()).build() }
    }
}

/// A parsed expression, with the macros as they were written.
pub(crate) struct Parsed {
    pub(crate) ast: Ast,
    macros: BTreeMap<ExprId, MacroCall>,
}

impl Parsed {
    /// The macro call that node `id` was made by.
    pub(crate) fn macro_call(&self, id: ExprId) -> Option<&MacroCall> {
        self.macros.get(&id)
    }

    /// The call of an operator or a function without receiver, unless a macro made it.
    pub(crate) fn call(&self, id: ExprId) -> Option<(&str, &[ExprId])> {
        match self.ast.expr(id) {
            Expr::Call { target: None, function, args } if !self.macros.contains_key(&id) => Some((function, args)),
            _ => None,
        }
    }
}

impl Syntax {
    /// `None` for what is no expression.
    pub(crate) fn parse(&self, text: &str) -> Option<Parsed> {
        let ast = self.env.parse(text).ok()?;
        let macros = ast.macro_calls().iter().map(|call| (call.expansion, call.clone())).collect();
        Some(Parsed { ast, macros })
    }

    /// The clauses of a condition. What cannot be parsed is one clause.
    #[must_use]
    pub fn condition(&self, source: &Source) -> Condition {
        let mut clauses = Vec::new();
        let tree = match self.parse(&source.text) {
            Some(parsed) => tree(&parsed, parsed.ast.root(), source, &mut clauses),
            None => {
                clauses.push(Clause { source: source.clone(), constant: false });
                Tree::Clause(0)
            }
        };
        Condition { tree, clauses }
    }
}

fn tree(parsed: &Parsed, id: ExprId, source: &Source, clauses: &mut Vec<Clause>) -> Tree {
    let mut all = |ids: &[ExprId]| -> Vec<Tree> { ids.iter().map(|id| tree(parsed, *id, source, clauses)).collect() };
    match parsed.call(id) {
        Some(("_&&_", _)) => return Tree::All(all(&parsed.ast.operands(id, "_&&_"))),
        Some(("_||_", _)) => return Tree::Any(all(&parsed.ast.operands(id, "_||_"))),
        Some(("!_", [one])) => return Tree::Not(Box::new(tree(parsed, *one, source, clauses))),
        Some(("_?_:_", args)) => {
            if let Ok(parts) = <[Tree; 3]>::try_from(all(args)) {
                return Tree::If(Box::new(parts));
            }
        }
        _ => {}
    }
    let span = parsed.ast.span(id);
    let constant = matches!(parsed.ast.expr(id), Expr::Literal(Literal::Bool(_)));
    clauses.push(Clause { source: part(source, span), constant });
    Tree::Clause(clauses.len() - 1)
}

/// A part of an expression as an expression.
pub(crate) fn part(source: &Source, span: Span) -> Source {
    let text = source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    Source { text: text.into(), span: source.locate(span), map: source.map.slice(span.start, span.end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use llm_policy_engine::document::SourceMap;

    fn condition(text: &str) -> Condition {
        let span = Span::new(0, u32::try_from(text.len()).unwrap());
        let mut map = SourceMap::new();
        map.push_exact(0, span);
        Syntax::default().condition(&Source { text: text.into(), span, map })
    }

    fn clauses(text: &str) -> Vec<String> {
        condition(text).clauses.iter().map(|clause| clause.source.text.to_string()).collect()
    }

    #[test]
    fn clauses_are_what_people_wrote() {
        assert_eq!(clauses("a == 1 && (b || !c) && d in [1, 2]"), ["a == 1", "b", "c", "d in [1, 2]"]);
        assert_eq!(clauses("has(a.b) && user.has_permission('x')"), ["has(a.b)", "user.has_permission('x')"]);
        assert_eq!(clauses("!l.exists(x, x > 1 && x < 3)"), ["l.exists(x, x > 1 && x < 3)"]);
        assert_eq!(clauses("a ? b && c : d"), ["a", "b", "c", "d"]);
        assert_eq!(clauses("  a == 'ü' || is_business_hours()"), ["a == 'ü'", "is_business_hours()"]);
        assert_eq!(clauses("true"), ["true"]);
        assert!(condition("true && x").clauses[0].constant);
    }

    #[test]
    fn values_and_who_decides() {
        let tree = condition("a && (b || !c)").tree;
        let (t, f) = (Some(true), Some(false));
        assert_eq!(tree.value(&[t, f, f]), t);
        assert_eq!(tree.value(&[f, None, None]), f);
        assert_eq!(tree.value(&[t, None, f]), t);
        assert_eq!(tree.value(&[t, None, t]), None);
        assert!(tree.decided_by(0, &[t, t, t]) && tree.decided_by(1, &[t, t, t]));
        assert!(!tree.decided_by(2, &[t, t, t]));
        assert!(!tree.decided_by(1, &[f, t, t]));
        let guarded = condition("has(a.x) && a.x > 1").tree;
        assert!(guarded.decided_by(0, &[f, None]) && !guarded.decided_by(0, &[t, None]));
        let choice = condition("a ? b : c").tree;
        assert!(choice.decided_by(1, &[t, f, t]) && !choice.decided_by(2, &[t, f, t]));
        assert_eq!(choice.value(&[None, t, t]), None);
    }
}
