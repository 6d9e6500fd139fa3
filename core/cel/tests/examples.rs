//! The example of each function, from text to value.

use std::cell::Cell;

use bumpalo::Bump;
use llm_policy_cel::env::Env;
use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::Context;
use llm_policy_cel::program::{ProgramBuilder, Variables};
use llm_policy_cel::value::{Val, Value};

/// The value of `source`, or what is wrong with it.
fn evaluate(env: &Env, source: &str) -> Result<Value, String> {
    let checked =
        env.compile(source).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let mut builder = ProgramBuilder::new(1 << 20);
    let node = builder.lower(env, checked.ast(), &mut Variables::default()).node;
    let program = builder.finish();
    let mut scratch = Scratch::new();
    scratch.prepare(&program);
    let (arena, fuel) = (Bump::new(), Cell::new(1_000_000));
    let cx = Context { arena: &arena, fuel: &fuel, regex_bytes: 1 << 20 };
    let result = Evaluator::new(&program, &[], cx, &scratch).value(node);
    result.map(Val::to_value).map_err(|error| error.to_string())
}

#[test]
fn every_function_has_an_example_that_is_true() {
    let env = Env::builder().standard().extensions().build();
    let mut wrong = Vec::new();
    // What only macros call has none.
    for function in env.functions().iter().filter(|f| !(f.name.contains('@') && f.example.is_empty())) {
        let result = evaluate(&env, function.example);
        if !matches!(result, Ok(Value::Bool(true))) {
            wrong.push(format!("{}: {}: {result:?}", function.name, function.example));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
