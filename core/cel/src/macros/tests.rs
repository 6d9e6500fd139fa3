use crate::ast::{ComprehensionKind, Expr};
use crate::parser::parse;
use crate::parser::tests::{all_macros, shape};

#[test]
fn expansions() {
    for (source, expected) in [
        ("r.all(x, p)", "__comprehension__(x,r,@result,true,@not_strictly_false(@result),_&&_(@result,p),@result)"),
        (
            "r.exists(k, v, p)",
            "__comprehension__(k,v,r,@result,false,@not_strictly_false(!_(@result)),_||_(@result,p),@result)",
        ),
        (
            "r.exists_one(k, v, p)",
            "__comprehension__(k,v,r,@result,0,true,_?_:_(p,_+_(@result,1),@result),_==_(@result,1))",
        ),
        ("r.transformList(k, v, t)", "__comprehension__(k,v,r,@result,[],true,_+_(@result,[t]),@result)"),
        (
            "r.transformList(k, v, p, t)",
            "__comprehension__(k,v,r,@result,[],true,_?_:_(p,_+_(@result,[t]),@result),@result)",
        ),
        ("r.transformMap(k, v, t)", "__comprehension__(k,v,r,@result,{},true,cel.@mapInsert(@result,k,t),@result)"),
        (
            "r.transformMap(k, v, p, t)",
            "__comprehension__(k,v,r,@result,{},true,_?_:_(p,cel.@mapInsert(@result,k,t),@result),@result)",
        ),
        ("r.transformMapEntry(k, v, t)", "__comprehension__(k,v,r,@result,{},true,cel.@mapInsert(@result,t),@result)"),
        ("cel.bind(x, v, b)", "__comprehension__(#unused,[],x,v,false,x,b)"),
        ("other.bind(x, v, b)", "other.bind(x,v,b)"),
        (
            "o.optMap(x, b)",
            "_?_:_(o.hasValue(),optional.of(__comprehension__(#unused,[],x,o.value(),false,x,b)),optional.none())",
        ),
        (
            "f().optFlatMap(x, b)",
            "__comprehension__(#unused,[],@target,f(),false,@target,_?_:_(@target.hasValue(),\
             __comprehension__(#unused,[],x,@target.value(),false,x,b),optional.none()))",
        ),
        ("cel.block([1, cel.index(0)], cel.index(1))", "cel.@block([1,@index0],@index1)"),
        ("cel.iterVar(0, 1) + cel.accuVar(2, 3)", "_+_(@it:0:1,@ac:2:3)"),
        (
            "[1].map(cel.iterVar(0, 0), cel.iterVar(0, 0))",
            "__comprehension__(@it:0:0,[1],@result,[],true,_+_(@result,[@it:0:0]),@result)",
        ),
        ("math.greatest(a)", "math.@max(a)"),
        ("math.greatest([1, a])", "math.@max([1,a])"),
        ("math.least(a, 1)", "math.@min(a,1)"),
        ("math.least(a, 1, 2u)", "math.@min([a,1,2u])"),
    ] {
        assert_eq!(shape(source), expected, "{source}");
    }
}

#[test]
fn arguments_are_checked() {
    for (source, message) in [
        ("has(a)", "`a` is not a field, so `has` cannot test it"),
        ("r.all(a.b, true)", "`a.b` is not a plain name for a variable"),
        ("r.all(k, k, true)", "both variables are named `k`"),
        ("cel.bind(1, 2, 3)", "`1` is not a plain name for a variable"),
        ("o.optMap(f(), 1)", "`f()` is not a plain name for a variable"),
        ("cel.block(1, 2)", "the first argument of `cel.block` must be a list literal"),
        ("cel.index(-1)", "`-1` is not a literal number of 0 or more"),
        ("math.least()", "`math.least` needs at least one argument"),
        ("math.least([])", "`math.least` of an empty list has no value"),
        ("math.least('a')", "`math.least` takes numbers, and `'a'` is none"),
        ("math.greatest(1, [2])", "`math.greatest` takes numbers, and `[2]` is none"),
    ] {
        let errors = parse(source, &all_macros()).unwrap_err();
        assert_eq!(errors[0].message, message, "{source}");
    }
}

#[test]
fn comprehensions_know_their_kind() {
    let kind = |source: &str| {
        let ast = parse(source, &all_macros()).unwrap();
        let Expr::Comprehension(c) = ast.expr(ast.root()) else { panic!("{source}") };
        let text = |id| ast.text(id).to_owned();
        match c.kind {
            ComprehensionKind::All { predicate } => format!("all {}", text(predicate)),
            ComprehensionKind::Exists { predicate } => format!("exists {}", text(predicate)),
            ComprehensionKind::ExistsOne { predicate } => format!("one {}", text(predicate)),
            ComprehensionKind::Map { filter, transform } => format!("map {:?} {}", filter.map(text), text(transform)),
            ComprehensionKind::Filter { predicate } => format!("filter {}", text(predicate)),
            ComprehensionKind::TransformMap { filter, transform } => {
                format!("values {:?} {}", filter.map(text), text(transform))
            }
            ComprehensionKind::TransformMapEntry { filter, transform } => {
                format!("entries {:?} {}", filter.map(text), text(transform))
            }
            ComprehensionKind::Bind => format!("bind {}", text(c.result)),
            ComprehensionKind::Fold => "fold".to_owned(),
        }
    };
    for (source, expected) in [
        ("r.all(x, p)", "all p"),
        ("r.exists(x, p)", "exists p"),
        ("r.existsOne(x, p)", "one p"),
        ("r.map(x, t)", "map None t"),
        ("r.map(x, p, t)", "map Some(\"p\") t"),
        ("r.filter(x, p)", "filter p"),
        ("r.transformList(k, v, p, t)", "map Some(\"p\") t"),
        ("r.transformMap(k, v, t)", "values None t"),
        ("r.transformMapEntry(k, v, p, t)", "entries Some(\"p\") t"),
        ("cel.bind(x, v, b)", "bind b"),
    ] {
        assert_eq!(kind(source), expected, "{source}");
    }
}

#[test]
fn chains_of_macros_grow_by_their_length_only() {
    let mut sizes =
        [10, 20, 30].map(|n| parse(&format!("o{}", ".optMap(x, x)".repeat(n)), &all_macros()).unwrap().len());
    sizes.sort_unstable();
    assert_eq!(sizes[2] - sizes[1], sizes[1] - sizes[0]);
}
