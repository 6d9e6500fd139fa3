//! cel-go's own answers: the tree with types and overloads, byte for byte.
//!
//! `tests/data/checked.json` holds those tests of the CEL conformance suite and of cel-go's checker that need no protobuf
//! messages, with the answers that the package `@bufbuild/cel-spec` (Apache-2.0) records for them.

use serde_json::Value;

use crate::checker::debug;
use crate::env::{Env, EnvBuilder};
use crate::function::{Function, Overload};
use crate::types::Type;

const TESTS: &str = include_str!("../../../tests/data/checked.json");

/// Where we differ on purpose: the expression, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("optional.none().optMap(y, y + 1).hasValue()", "our macro names its receiver, cel-go's copies it"),
    ("optional.of(42).optMap(y, y + 1).value()", "our macro names its receiver, cel-go's copies it"),
    ("[optional.of(1), null][0]", "the suite itself asks for optional_type(int); the recorded cel-go said null"),
];

/// Errors of the recorded cel-go that only say which of its options were off.
const OFF: &[&str] = &[
    "unsupported syntax",
    "undeclared reference to 'all'",
    "undeclared reference to 'exists",
    "undeclared reference to 'transform",
    "argument must be a simple name",
    "argument is not an identifier",
    "expression recursion limit exceeded",
];

/// Errors of an optional validator of cel-go's; ours come when the call runs.
const FORMAT: &[&str] = &["error during formatting", "could not parse formatting clause", "index 2 out of range"];

/// Reads `map(string, list(int))`.
fn type_named(text: &str) -> Type {
    let (head, inner) = match text.split_once('(') {
        Some((head, rest)) => (head, rest.strip_suffix(')').unwrap()),
        None => (text, ""),
    };
    match head {
        "dyn" => Type::Dyn,
        "null" => Type::Null,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "type" => Type::Type(None),
        "list" => Type::list(type_named(inner)),
        "optional_type" => Type::optional(type_named(inner)),
        "map" => {
            let (key, value) = inner.split_once(", ").unwrap();
            Type::map(type_named(key), type_named(value))
        }
        param => Type::param(param),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn declared(name: &str, overloads: Vec<Overload>) -> Function {
    Function { name: name.into(), overloads, implementation: None, doc: "", example: "" }
}

/// The environment of cel-go's checker tests. Comparisons of different numbers are off there, except inside of macros, so
/// there is one environment of either kind.
fn bases() -> [Env; 2] {
    let full = Env::builder().standard().extensions().build();
    let strict = full.functions().iter().cloned().map(|mut function| {
        let mixed = |o: &Overload| o.params.windows(2).any(|pair| pair[0] != pair[1]);
        if matches!(&*function.name, "_<_" | "_<=_" | "_>_" | "_>=_") {
            function.overloads.retain(|overload| !mixed(overload));
        }
        function
    });
    let strict = full.extend().without_functions().functions(strict).build();
    [strict, full].map(|env| {
        let names = [
            ("is", Type::String),
            ("ii", Type::Int),
            ("iu", Type::Uint),
            ("iz", Type::Bool),
            ("id", Type::Double),
            ("ix", Type::Null),
            ("ib", Type::Bytes),
        ];
        let builder = names.into_iter().fold(env.extend(), |builder, (name, t)| builder.variable(name, t));
        builder
            .function(declared("fg_s", vec![Overload::global("fg_s_0", vec![], Type::String)]))
            .function(declared("fi_s_s", vec![Overload::member("fi_s_s_0", vec![Type::String], Type::String)]))
            .build()
    })
}

fn declare(mut env: EnvBuilder, test: &Value) -> Env {
    for pair in array(test, "variables") {
        env = env.variable(pair[0].as_str().unwrap(), type_named(pair[1].as_str().unwrap()));
    }
    for f in array(test, "functions") {
        let [name, id, result] = [0, 1, 4].map(|at| f[at].as_str().unwrap());
        let params: Vec<Type> = f[3].as_array().unwrap().iter().map(|p| type_named(p.as_str().unwrap())).collect();
        let make = if f[2] == true { Overload::member } else { Overload::global };
        env = env.function(declared(name, vec![make(id, params, type_named(result))]));
    }
    env.container(text(test, "container").unwrap_or_default()).build()
}

#[test]
fn goldens() {
    let tests: Vec<Value> = serde_json::from_str(TESTS).unwrap();
    let bases = bases();
    let (mut equal, mut refused, mut off, mut format, mut wrong) = (0, 0, 0, 0, Vec::new());
    let mut different = Vec::new();
    for test in &tests {
        let expr = text(test, "expr").unwrap();
        let [strict, full] = bases.each_ref().map(|base| declare(base.extend(), test).compile(expr));
        let deduced =
            text(test, "deduced").is_none_or(|t| full.as_ref().is_ok_and(|c| c.result_type().to_string() == t));
        match (text(test, "checked"), text(test, "error")) {
            (Some(tree), _) => {
                let same = [&strict, &full].into_iter().flatten().any(|checked| {
                    debug::print(checked) == tree && Some(&*checked.result_type().to_string()) == text(test, "type")
                });
                if same && deduced {
                    equal += 1;
                } else if DIFFERENT.iter().any(|(known, _)| *known == expr) && deduced && full.is_ok() {
                    different.push(expr);
                } else {
                    let shown = full.map_or_else(|errors| format!("{errors:#?}"), |checked| debug::print(&checked));
                    wrong.push(format!("{expr}\nwanted {tree}\ngot    {shown}"));
                }
            }
            (None, Some(error)) => {
                if OFF.iter().any(|start| error.starts_with(start)) {
                    off += 1;
                    if !deduced {
                        wrong.push(expr.to_owned());
                    }
                } else if FORMAT.iter().any(|start| error.starts_with(start)) {
                    format += 1;
                } else if strict.is_err() {
                    refused += 1;
                } else {
                    wrong.push(format!("{expr}\naccepted, wanted {error}"));
                }
            }
            (None, None) => wrong.push(format!("{expr}: no answer is recorded")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tests.len(), wrong.join("\n\n"));
    assert_eq!(different.len(), DIFFERENT.len(), "{different:?}");
    assert_eq!((equal, refused, off, format), (1498, 106, 184, 14));
}
