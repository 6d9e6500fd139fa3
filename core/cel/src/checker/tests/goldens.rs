//! cel-go's own answers: the tree with types and overloads, byte for byte.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checker::debug;
use crate::env::{Env, EnvBuilder};
use crate::function::{Function, Overload};
use crate::types::Type;

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

/// The environment that cel-go's own checker tests run in.
fn base() -> EnvBuilder {
    let mut base = Env::builder().standard().extensions();
    for (name, t) in [
        ("is", Type::String),
        ("ii", Type::Int),
        ("iu", Type::Uint),
        ("iz", Type::Bool),
        ("id", Type::Double),
        ("ix", Type::Null),
        ("ib", Type::Bytes),
    ] {
        base = base.variable(name, t);
    }
    base.function(declared("fg_s", vec![Overload::global("fg_s_0", vec![], Type::String)]))
        .function(declared("fi_s_s", vec![Overload::member("fi_s_s_0", vec![Type::String], Type::String)]))
}

fn declared(name: &str, overloads: Vec<Overload>) -> Function {
    Function { name: name.into(), overloads, implementation: None, doc: "", example: "" }
}

/// Without the comparisons of different numbers, as cel-go's checker starts.
fn strict(env: &Env) -> Env {
    let functions = env.functions().iter().cloned().map(|mut function| {
        function.overloads.retain(|overload| {
            let mixed = matches!(&*function.name, "_<_" | "_<=_" | "_>_" | "_>=_")
                && overload.params.windows(2).any(|pair| pair[0] != pair[1]);
            !mixed
        });
        function
    });
    let mut builder = Env::builder().standard().extensions().without_functions().container(env.container());
    for (name, t) in env.variables() {
        builder = builder.variable(name.clone(), t.clone());
    }
    builder.functions(functions).build()
}

fn env_for(test: &Value) -> Env {
    let mut env = base().container(text(test, "container").unwrap());
    for pair in test["variables"].as_array().unwrap() {
        env = env.variable(pair[0].as_str().unwrap(), type_named(pair[1].as_str().unwrap()));
    }
    for f in test["functions"].as_array().unwrap() {
        let params: Vec<Type> = f[3].as_array().unwrap().iter().map(|p| type_named(p.as_str().unwrap())).collect();
        let result = type_named(f[4].as_str().unwrap());
        let id = f[1].as_str().unwrap();
        let overload =
            if f[2] == true { Overload::member(id, params, result) } else { Overload::global(id, params, result) };
        env = env.function(declared(f[0].as_str().unwrap(), vec![overload]));
    }
    env.build()
}

#[test]
fn goldens() {
    let path = std::env::var("CEL_GOLDENS").unwrap_or("/tmp/spec/inscope.json".to_owned());
    let tests: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for test in tests.as_array().unwrap() {
        let env = env_for(test);
        let expr = text(test, "expr").unwrap();
        let outcome = match text(test, "checked") {
            Some(wanted) => {
                let got: Vec<_> = [&strict(&env), &env].into_iter().map(|env| env.compile(expr)).collect();
                let equal = got.iter().flatten().any(|checked| {
                    debug::print(checked) == wanted && checked.result_type().to_string() == text(test, "type").unwrap()
                });
                if equal {
                    "equal".to_owned()
                } else {
                    let shown = match &got[0] {
                        Ok(checked) => debug::print(checked),
                        Err(errors) => errors.iter().map(|e| format!("{}: {e}\n", e.code)).collect(),
                    };
                    println!("---- {} {}: {expr}\nwanted {wanted}\ngot    {shown}", test["group"], test["name"]);
                    "DIFFERENT".to_owned()
                }
            }
            None => {
                let error = text(test, "error").unwrap();
                let ours = strict(&env).compile(expr);
                match ours {
                    Err(_) => "both refuse".to_owned(),
                    Ok(checked) => {
                        let first = error.split(": ").nth(2).unwrap_or(error).split('\n').next().unwrap_or_default();
                        println!(
                            "---- {} {}: {expr}\n  accepted as {}; golden {first}",
                            test["group"],
                            test["name"],
                            checked.result_type()
                        );
                        "ACCEPTED".to_owned()
                    }
                }
            }
        };
        *counts.entry(outcome).or_default() += 1;
    }
    println!("{counts:?}");
}
