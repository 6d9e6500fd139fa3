//! Hostile expressions: no deep recursion, no exponential work.

use super::{builder, env};
use crate::ast::{Ast, Expr, ExprId, ListElement, Literal, Span};
use crate::checker::{debug, lints};
use crate::limits::Limits;

/// Runs with the smallest stack that is promised to be enough.
fn on_small_stack<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(512 << 10).spawn(f).unwrap().join().unwrap()
}

fn chain(function: &str, first: Literal, length: usize) -> Ast {
    let mut ast = Ast::new("".into());
    let mut at = ast.add(Expr::Literal(first.clone()), Span::default());
    for _ in 0..length {
        let next = ast.add(Expr::Literal(first.clone()), Span::default());
        at = ast.add(Expr::Call { target: None, function: function.into(), args: vec![at, next] }, Span::default());
    }
    ast.set_root(at);
    ast
}

#[test]
fn long_spines() {
    on_small_stack(|| {
        for (function, first) in
            [("_+_", Literal::Int(1)), ("_+_", Literal::String("a".into())), ("_&&_", Literal::Bool(true))]
        {
            let checked = env().check(chain(function, first.clone(), 20_000)).unwrap();
            assert!(lints(&checked).len() < 10);
            let checked = env().check(chain(function, first, 2_000)).unwrap();
            assert!(debug::print(&checked).len() > 2_000);
        }
    });
}

#[test]
fn long_spine_of_empty_lists() {
    on_small_stack(|| {
        let mut ast = Ast::new("".into());
        let mut at = ast.add(Expr::List(Vec::new()), Span::default());
        for _ in 0..1_900 {
            let next = ast.add(Expr::List(Vec::new()), Span::default());
            at = ast.add(Expr::Call { target: None, function: "_+_".into(), args: vec![at, next] }, Span::default());
        }
        ast.set_root(at);
        assert_eq!(env().check(ast).unwrap().result_type().to_string(), "list(dyn)");
    });
}

#[test]
fn nested_lists_have_a_bound() {
    on_small_stack(|| {
        let mut ast = Ast::new("".into());
        let mut at: ExprId = ast.add(Expr::List(Vec::new()), Span::default());
        for _ in 0..100_000 {
            at = ast.add(Expr::List(vec![ListElement { value: at, optional: false }]), Span::default());
        }
        ast.set_root(at);
        let errors = env().check(ast).unwrap_err();
        assert_eq!(errors[0].code, "type-too-complex");
    });
}

#[test]
fn deep_types_are_compared() {
    on_small_stack(|| {
        let nested = |ast: &mut Ast, innermost: Expr| {
            let mut at = ast.add(innermost, Span::default());
            for _ in 0..150 {
                let element = ListElement { value: at, optional: false };
                at = ast.add(Expr::List(vec![element]), Span::default());
            }
            at
        };
        let mut ast = Ast::new("".into());
        let left = nested(&mut ast, Expr::List(Vec::new()));
        let right = nested(&mut ast, Expr::Literal(Literal::Int(1)));
        let equal = Expr::Call { target: None, function: "_==_".into(), args: vec![left, right] };
        let root = ast.add(equal, Span::default());
        ast.set_root(root);
        assert_eq!(env().check(ast).unwrap_err()[0].code, "no-matching-overload");
    });
}

#[test]
fn types_that_double_have_a_bound() {
    on_small_stack(|| {
        let limits = Limits { depth: 1_000, ..Limits::default() };
        let env = builder().limits(limits).build();
        let mut source = "x40 == x40".to_owned();
        for n in (0..40).rev() {
            source = format!("cel.bind(x{}, {{'a': {{x{n}: x{n}}}}}, {source})", n + 1);
        }
        let source = format!("cel.bind(x0, {{}}, {source})");
        let errors = env.compile(&source).unwrap_err();
        assert_eq!(errors[0].code, "type-too-complex", "{errors:?}");
        assert!(errors.iter().all(|error| error.message.len() < 400));
    });
}
