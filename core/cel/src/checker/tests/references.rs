//! What names refer to.

use super::{builder, compile};
use crate::ast::Expr;
use crate::checker::{Checked, Reference};
use crate::env::Declaration;
use crate::types::Type;

fn root(checked: &Checked) -> &Reference {
    checked.reference(checked.ast().root()).unwrap()
}

#[test]
fn qualified_names() {
    let env = builder().variable("user.id", Type::String).variable("user.tier", Type::Int).build();
    let checked = env.compile("user.id").unwrap();
    assert_eq!(*root(&checked), Reference::Variable("user.id".into()));
    let Expr::Select { operand, .. } = checked.ast().expr(checked.ast().root()) else { panic!() };
    assert_eq!(checked.reference(*operand), None);

    let error = env.compile("user.email == ''").unwrap_err().remove(0);
    assert_eq!(error.help.as_deref(), Some("declared are `user.id`, `user.tier`"));
}

#[test]
fn containers() {
    let env = builder().variable("a.b.x", Type::Int).variable("a.x", Type::Bool).variable("x", Type::String);
    let env = env.container("a.b").build();
    for (source, t) in [("x", Type::Int), ("b.x", Type::Int), (".x", Type::String), ("a.x", Type::Bool)] {
        assert_eq!(*env.compile(source).unwrap().result_type(), t, "{source}");
    }
    assert_eq!(env.resolve("x"), Some(Declaration::Variable(&"a.b.x".into(), &Type::Int)));
}

#[test]
fn loop_variables_hide_names() {
    let env = builder().variable("x", Type::Int).variable("x.id", Type::Int).build();
    for (source, t) in [
        ("[{'id': 'a'}].map(x, x.id)", "list(string)"),
        ("['a'].map(x, x)", "list(string)"),
        ("['a'].map(x, .x)", "list(int)"),
        ("cel.bind(math, {'abs': 1}, math.abs)", "int"),
    ] {
        assert_eq!(env.compile(source).unwrap().result_type().to_string(), t, "{source}");
    }
    // What the name hides is also no namespace.
    assert!(env.compile("cel.bind(math, 1, math.abs(1))").is_err());
}

#[test]
fn functions() {
    let checked = compile("math.abs(n)");
    let Reference::Function { name, overloads, qualified, index } = root(&checked) else { panic!() };
    assert_eq!((&**name, &*overloads[0], *qualified), ("math.abs", "math_abs_int", true));
    assert_eq!(super::env().function(*index).unwrap().name, *name);

    let checked = compile("any + any");
    let Reference::Function { overloads, qualified: false, .. } = root(&checked) else { panic!() };
    assert!(overloads.len() > 5 && overloads.is_sorted());
}

#[test]
fn records() {
    for (source, t) in [
        ("request.user.tier", "int"),
        ("request['user'].tier", "int"),
        ("request[?'user'].tier", "optional_type(int)"),
        ("request.?user.?tier", "optional_type(int)"),
        ("has(request.user)", "bool"),
        ("request == {'prompt': '', 'cost': 1.0}", "bool"),
        ("request[text]", "dyn"),
        ("size(request)", "int"),
        ("request.exists(k, k == 'prompt')", "bool"),
        ("'prompt' in request", "bool"),
        ("request.user == null", "bool"),
        ("[request, {'a': 1}]", "list(dyn)"),
        ("[request, {'a': any}]", "list(map(string, dyn))"),
    ] {
        assert_eq!(compile(source).result_type().to_string(), t, "{source}");
    }
}

#[test]
fn types_are_values() {
    for name in ["int", "list", "null_type", "optional_type", "net.IP", "google.protobuf.Timestamp", "type"] {
        let checked = compile(name);
        assert!(matches!(root(&checked), Reference::TypeName(known, _) if **known == *name));
    }
}
