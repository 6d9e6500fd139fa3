//! No expression, however long or deep, overflows a stack of 512 KiB in any stage; what is too much is refused with a
//! message that names the cap.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod support;

use std::cell::Cell;

use bumpalo::Bump;
use llm_policy_cel::ast::Span;
use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::Context;
use llm_policy_cel::limits::Limits;
use llm_policy_cel::program::{Binding, NodeId, ProgramBuilder, Resolver};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{List, Map, Val};
use support::{Mode, Outcome, env, run, variables};

/// Runs `f` on a thread with a small stack.
fn on_small_stack(f: impl FnOnce() + Send + 'static) {
    let kib: usize = std::env::var("STACK_KIB").ok().and_then(|kib| kib.parse().ok()).unwrap_or(512);
    std::thread::Builder::new().stack_size(kib << 10).spawn(f).unwrap().join().unwrap();
}

/// Expressions that grow with a number.
type Shape = (&'static str, fn(usize) -> String);

/// `open` n times, `core`, `close` n times.
fn around(open: &str, core: &str, close: &str, n: usize) -> String {
    format!("{}{core}{}", open.repeat(n), close.repeat(n))
}

fn behind(core: &str, link: &str, n: usize) -> String {
    format!("{core}{}", link.repeat(n))
}

macro_rules! shapes {
    ($($name:literal: $make:expr;)*) => { [$(($name, $make as fn(usize) -> String)),*] };
}

const LONG: [Shape; 58] = shapes! {
    "constant sum": |n| behind("1", "+1", n);
    "sum": |n| behind("n", "+n", n);
    "text sum": |n| behind("s", "+'a'", n);
    "list sum": |n| behind("l", "+[n]", n);
    "difference": |n| behind("n", "-n", n);
    "product": |n| behind("n", "*1", n);
    "mixed": |n| behind("n", "+n-1", n);
    "right sum": |n| around("n+(", "n", ")", n);
    "and": |n| behind("b", "&&b", n);
    "or": |n| behind("b", "||n==1", n);
    "and of different": |n| format!("b{}", (0..n).map(|i| format!("&&n!={i}")).collect::<String>());
    "and of or": |n| around("b&&(b||", "b", ")", n);
    "equals": |n| behind("b", "==b", n);
    "in": |n| behind("x", " in x", n);
    "index": |n| behind("x", "[0]", n);
    "index in index": |n| around("l[", "0", "]", n);
    "optional index": |n| behind("x", "[?0]", n);
    "select": |n| behind("x", ".f", n);
    "optional select": |n| behind("x", ".?f", n);
    "has": |n| format!("has({})", behind("x", ".f", n));
    "select of map": |n| around("{'a':", "1", "}.a", n);
    "methods": |n| behind("texts", ".reverse()", n);
    "unknown methods": |n| behind("x", ".f()", n);
    "arguments": |n| around("dyn(", "n", ")", n);
    "types": |n| around("type(", "n", ")", n);
    "second arguments": |n| around("math.bitAnd(1,", "1", ")", n);
    "greatest": |n| around("math.greatest(n,", "n", ")", n);
    "not": |n| format!("{}b", "!".repeat(n));
    "minus": |n| format!("{}n", "-".repeat(n));
    "not of parentheses": |n| around("!(", "b", ")", n);
    "minus of parentheses": |n| around("-(", "n", ")", n);
    "parentheses": |n| around("(", "n", ")", n);
    "lists": |n| around("[", "n", "]", n);
    "lists of two": |n| around("[n,", "n", "]", n);
    "maps": |n| around("{1:", "n", "}", n);
    "keys": |n| around("{", "n", ":1}", n);
    "optional elements": |n| around("[?optional.of(", "n", ")]", n);
    "otherwise": |n| format!("{}n", "b?n:".repeat(n));
    "then": |n| around("b?(", "n", "):n", n);
    "condition": |n| around("(", "b", "?b:b)", n);
    "all in predicate": |n| around("l.all(i,", "b", ")", n);
    "exists in predicate": |n| around("l.exists(i,", "b", ")", n);
    "exists_one in predicate": |n| around("l.exists_one(i,", "b", ")", n);
    "map in transform": |n| around("l.map(i,", "i", ")", n);
    "map with filter": |n| around("l.map(i,b,", "i", ")", n);
    "filter in predicate": |n| around("[b].filter(i,size(", "l", ")>0)", n);
    "filter of filter": |n| behind("l", ".filter(i,b)", n);
    "map of map": |n| behind("l", ".map(i,i)", n);
    "two variables": |n| around("l.all(i,v,", "b", ")", n);
    "transformList": |n| around("l.transformList(i,v,", "n", ")", n);
    "transformMap": |n| around("m.transformMap(i,v,", "n", ")", n);
    "transformMapEntry": |n| around("m.transformMapEntry(i,v,{i:", "n", "})", n);
    "sortBy": |n| behind("l", ".sortBy(i,i)", n);
    "bind in body": |n| around("cel.bind(v,n,", "n", ")", n);
    "bind in value": |n| around("cel.bind(v,", "n", ",v)", n);
    "optMap": |n| around("optional.of(n).optMap(v,", "n", ")", n);
    "optFlatMap": |n| around("optional.of(n).optFlatMap(v,", "optional.of(n)", ")", n);
    "or else": |n| around("optional.none().orValue(", "n", ")", n);
};

const MORE: [Shape; 7] = shapes! {
    "block": |n| format!("cel.block([{}],cel.index(0))", vec!["n"; n + 1].join(","));
    "block of steps": |n| {
        let steps = (0..n).map(|i| format!(",[cel.index({i})]")).collect::<String>();
        format!("cel.block([n{steps}],cel.index({n})==cel.index({n}))")
    };
    "text template": |n| around("'a'+string(", "s", "+'b')", n);
    "binds of lists": |n| around("cel.bind(v,[[[[n]]]],", "v", ")", n);
    "binds that deepen": |n| format!("cel.bind(v,[n],{}", around("cel.bind(v,[[[[[[v]]]]]],", "v==v)", ")", n));
    "binds that double": |n| format!("cel.bind(v,[n],{}", around("cel.bind(v,[v,v],", "v==v)", ")", n));
    "constant binds that double": |n| format!("cel.bind(v,[1],{}", around("cel.bind(v,[v,v],", "v==v)", ")", n));
};

/// Inputs that let every shape run as deep as it is.
fn deep_inputs(arena: &Bump) -> Vec<Slot<'_>> {
    // A value that has itself as `f` and as element 0, so to say.
    let mut deep = Val::Int(1);
    for at in 0..64 {
        deep = if at % 2 == 0 {
            Val::Map(Map::new_in(arena.alloc_slice_copy(&[(Val::Str("f"), deep), (Val::Int(0), deep)]), arena))
        } else {
            Val::List(List::Arena(arena.alloc_slice_copy(&[deep])))
        };
    }
    let mut slots = support::inputs(&[], arena);
    for ((name, _), slot) in variables().iter().zip(&mut slots) {
        let ints: &[Val<'_>] = arena.alloc_slice_copy(&[Val::Int(0)]);
        match *name {
            "b" => *slot = Slot::Present(Val::Bool(true)),
            "x" => *slot = Slot::Present(deep),
            "l" => *slot = Slot::Present(Val::List(List::Arena(ints))),
            "m" => {
                let entries = arena.alloc_slice_copy(&[(Val::Str("k"), Val::Int(1))]);
                *slot = Slot::Present(Val::Map(Map::new_in(entries, arena)));
            }
            _ => {}
        }
    }
    slots
}

fn all_shapes() -> impl Iterator<Item = Shape> {
    LONG.into_iter().chain(MORE)
}

/// Whether an expression got as far as its evaluation. One that did not must say which cap it passed, or which types do
/// not fit.
fn runs(limits: &Limits, name: &str, source: &str, mode: Mode) -> bool {
    let arena = Bump::new();
    let (outcome, _) = run(&env(limits.clone()), source, mode, &deep_inputs(&arena), 100_000);
    let Outcome::Refused(diagnostics) = outcome else { return true };
    let first = diagnostics.first().unwrap_or_else(|| panic!("{name}: refused without a reason"));
    let cap = match first.code {
        "source-too-long" => limits.source_bytes.to_string(),
        "too-many-nodes" => limits.nodes.to_string(),
        "nested-too-deeply" => String::new(),
        "type-too-complex" => return false,
        // Some shapes do not fit types when they are long.
        "undeclared-name" | "no-matching-overload" | "not-a-range" | "no-fields" | "dynamic-regex" => return true,
        other => panic!("{name}: {other}: {first}"),
    };
    let by_itself = !first.message.starts_with("with the names");
    assert!(by_itself || *limits != DEFAULT, "{name}: the evaluation's cap is below the parser's");
    assert!(first.message.contains(&cap) && first.message.contains(|c: char| c.is_ascii_digit()), "{name}: {first}");
    false
}

/// The greatest length up to `most` that `accepts`, where all that is longer is refused.
fn greatest(most: usize, accepts: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if accepts(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn at_and_beyond_the_caps(limits: &'static Limits, mode: Mode) {
    let wanted = std::env::var("SHAPE").unwrap_or_default();
    for (name, make) in all_shapes().filter(|(name, _)| name.contains(&*wanted)) {
        if std::env::var_os("STACK_SHOW").is_some() {
            println!("{name}");
        }
        on_small_stack(move || {
            let most = greatest(limits.source_bytes, |n| runs(limits, name, &make(n), mode));
            if std::env::var_os("STACK_SHOW").is_some() {
                println!("{name}: {most}");
            }
            for n in [most + 1, most + 2, 2 * most + 50, 20_000, 200_000] {
                assert!(!runs(limits, name, &make(n), mode), "{name} of length {n} is accepted, {most} was the most");
            }
        });
    }
}

static DEFAULT: Limits = Limits { source_bytes: 16 << 10, nodes: 2_000, depth: 64, regex_bytes: 256 << 10 };
/// Caps that a careless host might set.
static LOOSE: Limits = Limits { source_bytes: 1 << 17, nodes: 20_000, depth: 1_000, regex_bytes: 256 << 10 };

#[test]
fn default_limits_are_those_tested_here() {
    assert_eq!(DEFAULT, Limits::default());
}

#[test]
fn checked() {
    at_and_beyond_the_caps(&DEFAULT, Mode::Checked);
}

#[test]
fn unchecked() {
    at_and_beyond_the_caps(&DEFAULT, Mode::Unchecked);
}

#[test]
fn checked_with_loose_limits() {
    at_and_beyond_the_caps(&LOOSE, Mode::Checked);
}

#[test]
fn unchecked_with_loose_limits() {
    at_and_beyond_the_caps(&LOOSE, Mode::Unchecked);
}

/// Binds `n` to the expression that was lowered last.
struct Previous(Option<NodeId>);

impl Resolver for Previous {
    fn resolve(&mut self, variable: &str, path: &[&str], at: Span) -> Option<(Binding, usize)> {
        match (variable, self.0) {
            ("n", Some(node)) => Some((Binding::Node(node), 0)),
            _ => support::resolver().resolve(variable, path, at),
        }
    }
}

/// Expressions that use names that stand for expressions that use names, and so on: each alone is within all caps.
#[test]
fn names_within_names() {
    const STEPS: [&str; 14] = [
        "[n]",
        "{'a': n}",
        "dyn(n)",
        "b ? n : 0",
        "n - 1",
        "-n",
        "l.map(i, n)",
        "l.filter(i, n == n)",
        "l.transformMap(i, v, n)",
        "cel.bind(v, n, v)",
        "optional.of(n).optMap(v, v)",
        "!(n == 1)",
        "b && n == 1 || n == 2",
        "cel.bind(v, [[[[[[n]]]]]], v == v)",
    ];
    let wanted = std::env::var("SHAPE").unwrap_or_default();
    for step in STEPS.into_iter().filter(|step| step.contains(&*wanted)) {
        on_small_stack(move || {
            let env = env(Limits::default());
            let ast = env.parse(step).unwrap();
            let mut builder = ProgramBuilder::new(1 << 18);
            let mut names = Previous(None);
            for at in 0.. {
                assert!(at < 1_000, "{step}: never refused");
                let lowered = builder.lower(&env, &ast, &mut names);
                if let Some(refused) = lowered.diagnostics.first() {
                    assert_eq!(refused.code, "nested-too-deeply", "{step}");
                    break;
                }
                // Used twice, so that it is kept once it was evaluated.
                builder.use_root(lowered.node);
                names.0 = Some(lowered.node);
            }
            let program = builder.finish();
            let arena = Bump::new();
            let slots = deep_inputs(&arena);
            for as_test in [false, true] {
                let mut scratch = Scratch::new();
                scratch.prepare(&program);
                let fuel = Cell::new(100_000);
                let cx = Context::new(&arena, &fuel, 1 << 18);
                let evaluator = Evaluator::new(&program, &slots, cx, &scratch);
                if as_test {
                    let _ = evaluator.truth(names.0.unwrap());
                } else {
                    let _ = evaluator.value(names.0.unwrap());
                }
            }
        });
    }
}
