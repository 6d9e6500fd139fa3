//! Binary operators: how tightly they bind, what they are called, and how logical chains are balanced.

use crate::ast::{Expr, ExprId, Span};
use crate::lexer::TokenKind;

use super::tree::Tree;

/// A binary operator.
#[derive(Clone, Copy)]
pub(super) struct Binary {
    pub token: TokenKind,
    /// Greater binds tighter; all operators associate to the left.
    pub power: u8,
    /// The function's name in the tree.
    pub function: &'static str,
}

impl Binary {
    pub(super) fn of(token: TokenKind) -> Option<Self> {
        let (power, function) = match token {
            TokenKind::Or => (1, "_||_"),
            TokenKind::And => (2, "_&&_"),
            TokenKind::Equal => (3, "_==_"),
            TokenKind::NotEqual => (3, "_!=_"),
            TokenKind::Less => (3, "_<_"),
            TokenKind::LessEqual => (3, "_<=_"),
            TokenKind::Greater => (3, "_>_"),
            TokenKind::GreaterEqual => (3, "_>=_"),
            TokenKind::In => (3, "@in"),
            TokenKind::Plus => (4, "_+_"),
            TokenKind::Minus => (4, "_-_"),
            TokenKind::Star => (5, "_*_"),
            TokenKind::Slash => (5, "_/_"),
            TokenKind::Percent => (5, "_%_"),
            _ => return None,
        };
        Some(Self { token, power, function })
    }

    pub(super) fn is_logical(self) -> bool {
        matches!(self.token, TokenKind::And | TokenKind::Or)
    }
}

/// A tree of least height over `terms` in their order, shaped as cel-go shapes it; `None` without terms.
pub(super) fn balance(tree: &mut Tree, function: &str, terms: &[(ExprId, Span)]) -> Option<(ExprId, Span)> {
    if let [only] = terms {
        return Some(*only);
    }
    // The larger half goes to the left.
    let (left, right) = terms.split_at_checked(terms.len().div_ceil(2))?;
    let (left, start) = balance(tree, function, left)?;
    let (right, end) = balance(tree, function, right)?;
    let span = start.join(end);
    let call = Expr::Call { target: None, function: function.into(), args: vec![left, right] };
    Some((tree.add_unwritten(call, span), span))
}
