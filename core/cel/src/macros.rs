//! Macros: calls that are rewritten while parsing.
//!
//! What a macro here expands to is, node for node, what cel-go's macro of the same name expands to, except that
//! [`optional`] macros name their receiver instead of copying it.

mod bind;
mod block;
mod comprehension;
mod lists;
mod math;
mod optional;
mod standard;
#[cfg(test)]
mod tests;
mod two_variable;

use std::fmt;
use std::sync::Arc;

use crate::ast::{Ast, Comprehension, ComprehensionKind, Expr, ExprId, ListElement, Literal, Name, Span};
use crate::diagnostic::Diagnostic;
use crate::parser::tree::Tree;

pub use bind::bind;
pub use block::block;
pub use lists::lists;
pub use math::math;
pub use optional::optional;
pub use standard::standard;
pub use two_variable::two_variable;

/// What a macro gives: the new node, or `None` to leave the call as it is.
pub type Expansion = Result<Option<ExprId>, Diagnostic>;

/// The function of a macro: receives the receiver and the arguments, which are expanded already.
pub type ExpandFn = dyn Fn(&mut Expander<'_>, Option<ExprId>, &[ExprId]) -> Expansion + Send + Sync;

/// A rule for rewriting calls of one name, form and number of arguments.
#[derive(Clone)]
pub struct Macro {
    /// The function's name.
    pub name: Name,
    /// True for `receiver.name(...)`, false for `name(...)`.
    pub member: bool,
    /// The number of arguments; `None` for any.
    pub arity: Option<usize>,
    /// Makes the new node.
    pub expander: Arc<ExpandFn>,
}

impl Macro {
    /// A macro for `name(...)`.
    pub fn global<F>(name: &str, arity: impl Into<Option<usize>>, expander: F) -> Self
    where
        F: Fn(&mut Expander<'_>, Option<ExprId>, &[ExprId]) -> Expansion + Send + Sync + 'static,
    {
        Self { name: name.into(), member: false, arity: arity.into(), expander: Arc::new(expander) }
    }

    /// A macro for `receiver.name(...)`.
    pub fn member<F>(name: &str, arity: impl Into<Option<usize>>, expander: F) -> Self
    where
        F: Fn(&mut Expander<'_>, Option<ExprId>, &[ExprId]) -> Expansion + Send + Sync + 'static,
    {
        Self { member: true, ..Self::global(name, arity, expander) }
    }

    /// A macro for `receiver.name(...)` with exactly `N` arguments, which always expands.
    fn on_receiver<const N: usize, F>(name: &str, expand: F) -> Self
    where
        F: Fn(&mut Expander<'_>, ExprId, [ExprId; N]) -> Result<ExprId, Diagnostic> + Send + Sync + 'static,
    {
        Self::member(name, N, move |expander, target, args| match (target, <[ExprId; N]>::try_from(args)) {
            (Some(target), Ok(args)) => expand(expander, target, args).map(Some),
            _ => Ok(None),
        })
    }

    /// A macro for `namespace.name(...)`.
    fn in_namespace<F>(namespace: &'static str, name: &str, arity: impl Into<Option<usize>>, expand: F) -> Self
    where
        F: Fn(&mut Expander<'_>, &[ExprId]) -> Expansion + Send + Sync + 'static,
    {
        Self::member(name, arity, move |expander, target, args| {
            match target.map(|target| expander.ast().expr(target)) {
                Some(Expr::Ident(name)) if &**name == namespace => expand(expander, args),
                _ => Ok(None),
            }
        })
    }

    /// True when a call of this form is this macro's.
    #[must_use]
    pub fn matches(&self, name: &str, member: bool, arity: usize) -> bool {
        self.member == member && self.arity.is_none_or(|own| own == arity) && *self.name == *name
    }
}

impl fmt::Debug for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, member, arity, expander: _ } = self;
        f.debug_struct("Macro")
            .field("name", name)
            .field("member", member)
            .field("arity", arity)
            .finish_non_exhaustive()
    }
}

/// Builds the nodes that a macro call becomes. All new nodes have the span of the call.
///
/// A node may be used in one place only; [`Expander::bind`] gives a value a name for more.
pub struct Expander<'t> {
    tree: &'t mut Tree,
    span: Span,
}

impl<'t> Expander<'t> {
    pub(crate) fn new(tree: &'t mut Tree, span: Span) -> Self {
        Self { tree, span }
    }

    /// The tree so far, for looking at arguments.
    #[must_use]
    pub fn ast(&self) -> &Ast {
        self.tree.ast()
    }

    /// Where the macro call stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// An error about the argument `at`.
    #[must_use]
    pub fn error(&self, at: ExprId, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error("bad-macro-argument", message, self.ast().span(at))
    }

    /// The argument `at` as the name of a new variable.
    ///
    /// # Errors
    /// When it is anything but a plain name.
    pub fn variable(&self, at: ExprId) -> Result<Name, Diagnostic> {
        match self.ast().expr(at) {
            Expr::Ident(name) if &**name == "__result__" => {
                Err(self.error(at, "`__result__` cannot be the name of a variable"))
            }
            Expr::Ident(name) if !name.starts_with('.') => Ok(name.clone()),
            _ => {
                let message = format!("`{}` is not a plain name for a variable", self.ast().text(at));
                Err(self.error(at, message).with_help("write a name of your own, such as `x`"))
            }
        }
    }

    /// Adds a node.
    pub fn add(&mut self, expr: Expr) -> ExprId {
        self.tree.add_unwritten(expr, self.span)
    }

    /// A constant.
    pub fn literal(&mut self, literal: Literal) -> ExprId {
        self.add(Expr::Literal(literal))
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> ExprId {
        self.literal(Literal::Bool(value))
    }

    /// An int.
    pub fn int(&mut self, value: i64) -> ExprId {
        self.literal(Literal::Int(value))
    }

    /// A name.
    pub fn ident(&mut self, name: impl Into<Name>) -> ExprId {
        self.add(Expr::Ident(name.into()))
    }

    /// `operand.field`
    pub fn select(&mut self, operand: ExprId, field: impl Into<Name>) -> ExprId {
        self.add(Expr::Select { operand, field: field.into(), test: false })
    }

    /// `has(operand.field)`
    pub fn has(&mut self, operand: ExprId, field: impl Into<Name>) -> ExprId {
        self.add(Expr::Select { operand, field: field.into(), test: true })
    }

    /// `function(args)`; operators have names such as `_==_` and `@in`.
    pub fn call(&mut self, function: &str, args: impl Into<Vec<ExprId>>) -> ExprId {
        self.add(Expr::Call { target: None, function: function.into(), args: args.into() })
    }

    /// `target.function(args)`
    pub fn member_call(&mut self, target: ExprId, function: &str, args: impl Into<Vec<ExprId>>) -> ExprId {
        self.add(Expr::Call { target: Some(target), function: function.into(), args: args.into() })
    }

    /// `[elements]`
    pub fn list(&mut self, elements: &[ExprId]) -> ExprId {
        self.add(Expr::List(elements.iter().map(|value| ListElement { value: *value, optional: false }).collect()))
    }

    /// `condition ? then : otherwise`
    pub fn conditional(&mut self, condition: ExprId, then: ExprId, otherwise: ExprId) -> ExprId {
        self.call("_?_:_", [condition, then, otherwise])
    }

    /// A loop.
    pub fn comprehension(&mut self, comprehension: Comprehension) -> ExprId {
        self.add(Expr::Comprehension(Box::new(comprehension)))
    }

    /// `cel.bind(name, value, body)`
    pub fn bind(&mut self, name: impl Into<Name>, value: ExprId, body: ExprId) -> ExprId {
        let name = name.into();
        let comprehension = Comprehension {
            kind: ComprehensionKind::Bind,
            range: self.list(&[]),
            var: "#unused".into(),
            var2: None,
            accumulator: name.clone(),
            init: value,
            condition: self.bool(false),
            step: self.ident(name),
            result: body,
        };
        self.comprehension(comprehension)
    }
}
