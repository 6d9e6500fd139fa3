//! Runs one case.

use std::cell::Cell;
use std::sync::LazyLock;

use bumpalo::Bump;
use llm_policy_cel::ast::Ast;
use llm_policy_cel::checker::debug;
use llm_policy_cel::diagnostic::Diagnostic;
use llm_policy_cel::env::{Env, EnvBuilder};
use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::{Context, Function};
use llm_policy_cel::macros;
use llm_policy_cel::parser::{ParserOptions, parse};
use llm_policy_cel::program::{ProgramBuilder, Variables};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::types::Type;
use llm_policy_cel::unparse::to_debug_string;
use llm_policy_cel::value::{Val, Value};

use crate::cases::{Case, Outcome};
use crate::protojson;

const REGEX_BYTES: usize = 1 << 20;
const FUEL: u64 = 10_000_000;

/// Everything that CEL has here.
pub fn whole() -> EnvBuilder {
    Env::builder().standard().extensions()
}

/// The environment in which cel-go checked for the goldens: without two-variable comprehensions, and mostly without
/// operators over numbers of different types.
fn golden(mixed_numbers: bool) -> EnvBuilder {
    let all = whole().build();
    let mut builder = Env::builder()
        .macros(macros::standard())
        .macros(macros::bind())
        .macros(macros::block())
        .macros(macros::math())
        .macros(macros::optional());
    for (name, t) in all.type_names() {
        builder = builder.type_name(name.clone(), t.clone());
    }
    for function in all.functions() {
        let mut function = function.clone();
        if !mixed_numbers && matches!(&*function.name, "_<_" | "_<=_" | "_>_" | "_>=_") {
            function.overloads.retain(|overload| overload.params.first() == overload.params.last());
        }
        builder = builder.function(function);
    }
    builder
}

/// What is wrong with a case.
pub struct Failure {
    /// The tree before checking is not the one that cel-go printed.
    pub tree: Option<String>,
    /// The checked tree is not the one that cel-go printed.
    pub checked: Option<String>,
    /// The value is not right.
    pub value: Option<String>,
}

/// Runs `case`.
pub fn run(case: &Case) -> Result<(), Failure> {
    static GOLDEN: LazyLock<EnvBuilder> = LazyLock::new(|| golden(false));
    static MIXED: LazyLock<EnvBuilder> = LazyLock::new(|| golden(true));
    static WHOLE: LazyLock<EnvBuilder> = LazyLock::new(whole);
    let declared = |builder: &EnvBuilder| Ok(declare(case, builder.clone())?.build());
    let printed = |builder| declared(builder).and_then(|env| goldens(case, &env));
    let tree = tree(case).err();
    let checked = printed(&GOLDEN).or_else(|first| printed(&MIXED).map_err(|_| first)).err();
    let value = declared(&WHOLE).and_then(|env| outcome(case, &declare_bound(case, env))).err();
    if tree.is_none() && checked.is_none() && value.is_none() { Ok(()) } else { Err(Failure { tree, checked, value }) }
}

/// Adds the case's variables, functions and container.
fn declare(case: &Case, mut builder: EnvBuilder) -> Result<EnvBuilder, String> {
    for declaration in &case.type_env {
        let name = declaration["name"].as_str().unwrap_or_default();
        if let Some(ident) = declaration.get("ident") {
            builder = builder.variable(name, protojson::cel_type(&ident["type"])?);
        } else {
            let overloads = declaration["function"]["overloads"].as_array().into_iter().flatten();
            builder = builder.function(Function {
                name: name.into(),
                overloads: overloads.map(protojson::overload).collect::<Result<_, _>>()?,
                implementation: None,
                doc: "",
                example: "",
                cost: Function::COST,
            });
        }
    }
    Ok(builder.container(case.container.as_str()))
}

/// Declares the variables that have values and nothing else.
fn declare_bound(case: &Case, env: Env) -> Env {
    let undeclared = case.bindings.iter().filter(|(name, _)| env.variable(name).is_none());
    undeclared.fold(env.extend(), |builder, (name, _)| builder.variable(name.as_str(), Type::Dyn)).build()
}

/// Compares with what cel-go printed after parsing. Of the macros, it knew only those of the standard.
fn tree(case: &Case) -> Result<(), String> {
    let golden = &case.golden;
    match (parse(&case.expr, &ParserOptions::default()), &golden.ast) {
        (Ok(tree), Some(expected)) => equal("the tree", expected, &to_debug_string(&tree)),
        (Err(errors), Some(_)) => Err(listed("parsing", &errors)),
        (Err(errors), None) if golden.error.as_deref().is_some_and(|e| matches!(gap(e), Some(Gap::Syntax))) => {
            Err(listed("parsing", &errors))
        }
        (_, None) => Ok(()),
    }
}

/// Compares with what cel-go printed after checking.
fn goldens(case: &Case, env: &Env) -> Result<(), String> {
    let golden = &case.golden;
    if golden.error.as_deref().is_some_and(|error| gap(error).is_some()) {
        return Ok(());
    }
    if golden.ast.is_none() && golden.error.is_some() && parse(&case.expr, &ParserOptions::default()).is_err() {
        return Ok(());
    }
    let ast = match env.parse(&case.expr) {
        Ok(ast) => ast,
        Err(_) if golden.error.is_some() => return Ok(()),
        Err(errors) => return Err(listed("parsing", &errors)),
    };
    match (env.check(ast), &golden.checked_ast, &golden.error) {
        (Ok(checked), Some(expected), _) => {
            equal("the checked tree", expected, &debug::print(&checked))?;
            equal("the type", golden.result_type.as_deref().unwrap_or_default(), &checked.result_type().to_string())
        }
        (Ok(checked), None, Some(error)) => {
            // What cel-go's checks of constant arguments find, our evaluator does.
            let argument = ["formatting", "out of range"].iter().any(|what| error.contains(what));
            match evaluate(case, env, checked.ast()) {
                Err(_) if argument => Ok(()),
                outcome => Err(format!("accepted and evaluated to {outcome:?}, but cel-go says: {error}")),
            }
        }
        (Err(errors), Some(_), _) => Err(listed("checking", &errors)),
        (_, None, None) | (Err(_), None, Some(_)) => Ok(()),
    }
}

/// What the environment of the goldens did not have, but this crate has.
enum Gap {
    /// Optional syntax and quoted fields.
    Syntax,
    /// Depth beyond 32.
    Depth,
}

/// What a golden error comes from, when it does not come from the expression.
fn gap(error: &str) -> Option<Gap> {
    let mut messages = error.lines().filter(|line| line.starts_with("ERROR: "));
    if error.contains("recursion") {
        let depth = |line: &str| line.contains("recursion limit exceeded: 32") || line.contains("max recursion depth");
        return messages.all(depth).then_some(Gap::Depth);
    }
    messages.all(|line| line.contains("unsupported syntax")).then_some(Gap::Syntax)
}

/// Compares with what the case says about its value.
fn outcome(case: &Case, env: &Env) -> Result<(), String> {
    let found = || -> Result<(Option<Type>, Result<Value, String>), String> {
        let ast = env.parse(&case.expr).map_err(|e| listed("parsing", &e))?;
        if !case.check {
            return Ok((None, evaluate(case, env, &ast)));
        }
        let checked = env.check(ast).map_err(|e| listed("checking", &e))?;
        Ok((Some(checked.result_type().clone()), evaluate(case, env, checked.ast())))
    };
    match &case.outcome {
        Outcome::Unknown => Ok(()),
        Outcome::Anything => found()?.1.map(drop),
        Outcome::Type(expected) => {
            let checked = env.compile(&case.expr).map_err(|e| listed("checking", &e))?;
            equal("the type", expected, &checked.result_type().to_string())
        }
        Outcome::Error => match found().and_then(|(_, value)| value) {
            Ok(value) => Err(format!("expected an error, got {value:?}")),
            Err(_) => Ok(()),
        },
        Outcome::Value(expected) => compare(expected, &found()?.1?),
        Outcome::Typed(deduced, value) => {
            let (t, evaluated) = found()?;
            if let (Some(deduced), Some(t)) = (deduced, t) {
                equal("the type", &protojson::cel_type(deduced)?.to_string(), &t.to_string())?;
            }
            value.as_ref().map_or(Ok(()), |expected| compare(expected, &evaluated?))
        }
    }
}

fn compare(expected: &serde_json::Value, found: &Value) -> Result<(), String> {
    let expected = protojson::value(expected)?;
    if protojson::same(expected.as_val(), found.as_val()) {
        return Ok(());
    }
    Err(format!("expected {expected:?}, got {found:?}"))
}

fn equal(what: &str, expected: &str, found: &str) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} should be\n{expected}\nbut is\n{found}"))
}

fn listed(what: &str, errors: &[Diagnostic]) -> String {
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    format!("{what}: {}", messages.join("; "))
}

/// Evaluates the tree with the case's bindings.
fn evaluate(case: &Case, env: &Env, ast: &Ast) -> Result<Value, String> {
    let values = case.bindings.iter().map(|(_, json)| protojson::value(json)).collect::<Result<Vec<_>, _>>()?;
    evaluate_with(env, ast, &case.bindings.iter().map(|(name, _)| name.as_str()).zip(values).collect::<Vec<_>>())
}

/// Evaluates the tree with these variables.
pub fn evaluate_with(env: &Env, ast: &Ast, variables: &[(&str, Value)]) -> Result<Value, String> {
    let mut builder = ProgramBuilder::new(REGEX_BYTES);
    let mut resolver = Variables::new(variables.iter().map(|(name, _)| (*name).into()));
    let lowered = builder.lower(env, ast, &mut resolver);
    let program = builder.finish();
    let arena = Bump::new();
    let fuel = Cell::new(FUEL);
    let slots: Vec<Slot<'_>> = variables.iter().map(|(_, value)| Slot::Present(value.as_val())).collect();
    let mut scratch = Scratch::new();
    scratch.prepare(&program);
    let context = Context::new(&arena, &fuel, REGEX_BYTES);
    let value = Evaluator::new(&program, &slots, context, &scratch).value(lowered.node);
    value.and_then(Val::to_value).map_err(|e| format!("evaluating: {e}"))
}
