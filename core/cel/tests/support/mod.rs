//! What the tests of whole expressions and the fuzz target share: an environment, inputs, and every stage in a row.

use std::cell::Cell;

use bumpalo::Bump;
use llm_policy_cel::ast::{Ast, Name};
use llm_policy_cel::diagnostic::{Diagnostic, Severity};
use llm_policy_cel::env::Env;
use llm_policy_cel::error::{Error, ErrorKind};
use llm_policy_cel::eval::{Evaluator, Scratch, Truth};
use llm_policy_cel::function::Context;
use llm_policy_cel::limits::Limits;
use llm_policy_cel::program::{ProgramBuilder, Variables};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::types::{ObjectType, Type};
use llm_policy_cel::value::{Duration, List, Map, Timestamp, Val};

/// The variables of [`env`], in the order of their slots.
pub fn variables() -> Vec<(&'static str, Type)> {
    let fields =
        vec![("name".into(), Type::String), ("tags".into(), Type::list(Type::String)), ("age".into(), Type::Int)];
    vec![
        ("b", Type::Bool),
        ("n", Type::Int),
        ("u", Type::Uint),
        ("d", Type::Double),
        ("s", Type::String),
        ("y", Type::Bytes),
        ("l", Type::list(Type::Int)),
        ("m", Type::map(Type::String, Type::Int)),
        ("x", Type::Dyn),
        ("t", Type::Timestamp),
        ("r", Type::Duration),
        ("texts", Type::list(Type::String)),
        ("user.name", Type::String),
        ("obj", Type::Object(ObjectType::new("Obj", fields).into())),
    ]
}

/// CEL with all its libraries and [`variables`], under `limits`.
pub fn env(limits: Limits) -> Env {
    let builder = Env::builder().standard().extensions().limits(limits);
    variables().into_iter().fold(builder, |builder, (name, t)| builder.variable(name, t)).build()
}

/// A resolver for [`variables`].
pub fn resolver() -> Variables {
    Variables::new(variables().into_iter().map(|(name, _)| Name::from(name)))
}

/// What became of an expression.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Some stage refused it.
    Refused(Vec<Diagnostic>),
    /// It has a value; here is what [`fingerprint`] says of it, and of it as a test.
    Value(u64, Truth),
    /// It has an error.
    Failed(ErrorKind),
}

/// What an evaluation used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Units of fuel.
    pub fuel: u64,
    /// Bytes of the arena.
    pub bytes: usize,
}

/// Whether the expression is checked before it is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Checked,
    Unchecked,
}

/// Takes an expression through every stage. When it was checked, the value must be of the type that the checker gave.
pub fn run(env: &Env, source: &str, mode: Mode, slots: &[Slot<'_>], fuel: u64) -> (Outcome, Usage) {
    let parsed = match env.parse(source) {
        Ok(ast) => ast,
        Err(diagnostics) => return (Outcome::Refused(diagnostics), Usage::default()),
    };
    match mode {
        Mode::Unchecked => evaluate(env, &parsed, &Type::Dyn, slots, fuel),
        Mode::Checked => match env.check(parsed) {
            Ok(checked) => {
                let t = checked.result_type().clone();
                evaluate(env, checked.ast(), &t, slots, fuel)
            }
            Err(diagnostics) => (Outcome::Refused(diagnostics), Usage::default()),
        },
    }
}

fn evaluate(env: &Env, ast: &Ast, t: &Type, slots: &[Slot<'_>], fuel: u64) -> (Outcome, Usage) {
    let mut builder = ProgramBuilder::new(env.limits().regex_bytes);
    let lowered = builder.lower(env, ast, &mut resolver());
    if lowered.diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return (Outcome::Refused(lowered.diagnostics), Usage::default());
    }
    let program = builder.finish();
    let mut scratch = Scratch::new();
    scratch.prepare(&program);
    let arena = Bump::new();
    let left = Cell::new(fuel);
    let cx = Context::new(&arena, &left, program_regex_bytes(env));
    let evaluator = Evaluator::new(&program, slots, cx, &scratch);
    let value = evaluator.value(lowered.node);
    let usage = Usage { fuel: fuel - left.get(), bytes: arena.allocated_bytes() };
    evaluator.refuel(fuel);
    let truth = evaluator.truth(lowered.node);
    let outcome = match value {
        Ok(value) => {
            let mut budget = 10_000;
            assert!(conforms(value, t, &mut budget), "{} is not of type {t}", ast.source());
            let as_test = match value {
                Val::Bool(b) => Truth::from(b),
                _ => Truth::Error,
            };
            assert!(truth == as_test, "{}: as a value {value:?}, as a test {truth:?}", ast.source());
            Outcome::Value(fingerprint(value), truth)
        }
        Err(Error { kind, .. }) => {
            assert!(truth == Truth::Error, "{}: as a value {kind:?}, as a test {truth:?}", ast.source());
            Outcome::Failed(kind)
        }
    };
    (outcome, usage)
}

fn program_regex_bytes(env: &Env) -> usize {
    env.limits().regex_bytes
}

/// Whether a value is one of type `t`, looked at as far as `budget` goes.
pub fn conforms(value: Val<'_>, t: &Type, budget: &mut u32) -> bool {
    if *budget == 0 {
        return true;
    }
    *budget -= 1;
    match (t, value) {
        (Type::Dyn | Type::Param(_), _)
        | (Type::Null, Val::Null)
        | (Type::Bool, Val::Bool(_))
        | (Type::Int, Val::Int(_))
        | (Type::Uint, Val::Uint(_))
        | (Type::Double, Val::Double(_))
        | (Type::String, Val::Str(_))
        | (Type::Bytes, Val::Bytes(_))
        | (Type::Timestamp, Val::Timestamp(_))
        | (Type::Duration, Val::Duration(_))
        | (Type::Type(_), Val::Type(_))
        | (Type::Object(_), Val::Map(_)) => true,
        (Type::List(of), Val::List(list)) => list.iter().all(|v| conforms(v, of, budget)),
        (Type::Map(of), Val::Map(map)) => {
            map.iter().all(|(k, v)| conforms(k, &of.0, budget) && conforms(v, &of.1, budget))
        }
        (Type::Optional(of), Val::Optional(optional)) => optional.get().is_none_or(|v| conforms(v, of, budget)),
        (Type::Opaque(name), _) => *value.type_name().0 == **name,
        // `null` may stand where the checker lets it.
        (Type::List(_) | Type::Map(_) | Type::Optional(_) | Type::Timestamp | Type::Duration, Val::Null) => false,
        _ => false,
    }
}

/// A number that differs for values that differ, mostly. Only so much of a value is looked at: one that holds
/// the same part twice, and that part again, can be larger than all memory.
pub fn fingerprint(value: Val<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    let mut open = vec![value];
    let mut budget = 10_000_u32;
    while let (Some(value), true) = (open.pop(), budget > 0) {
        budget -= 1;
        value.type_name().0.hash(&mut hasher);
        match value {
            Val::List(list) => {
                list.len().hash(&mut hasher);
                open.extend(list.iter().take(100));
            }
            Val::Map(map) => {
                map.len().hash(&mut hasher);
                open.extend(map.iter().take(100).flat_map(|(k, v)| [k, v]));
            }
            Val::Optional(optional) => open.extend(optional.get()),
            scalar => format!("{scalar:?}").hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// A supply of bytes, zeros when it is used up.
struct Bytes<'d>(&'d [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }
}

/// A value of type `t` out of `bytes`.
fn value<'a>(t: &Type, bytes: &mut Bytes<'_>, arena: &'a Bump, depth: u32) -> Val<'a> {
    const INTS: [i64; 8] = [0, 1, -1, 2, i64::MAX, i64::MIN, 1 << 53, 64];
    const DOUBLES: [f64; 8] =
        [0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_993.0, -1.0];
    let pick = usize::from(bytes.byte());
    let many = if depth > 3 { 0 } else { pick % 4 };
    match t {
        Type::Bool => Val::Bool(pick % 2 == 1),
        Type::Int => Val::Int(INTS.get(pick).copied().unwrap_or_else(|| bytes.word().cast_signed())),
        Type::Uint => Val::Uint(bytes.word()),
        Type::Double => Val::Double(DOUBLES.get(pick).copied().unwrap_or_else(|| f64::from_bits(bytes.word()))),
        Type::String => {
            let text: Vec<u8> = (0..pick % 20).map(|_| bytes.byte()).collect();
            Val::Str(arena.alloc_str(&String::from_utf8_lossy(&text)))
        }
        Type::Bytes => Val::Bytes(arena.alloc_slice_fill_with(pick % 10, |_| bytes.byte())),
        Type::Timestamp => {
            let seconds = -62_135_596_800 + (bytes.word() % 315_537_897_600).cast_signed();
            Val::Timestamp(Timestamp { seconds, nanos: i32::try_from(bytes.word() % 1_000_000_000).unwrap_or(0) })
        }
        Type::Duration => Val::Duration(Duration { nanos: bytes.word().cast_signed() }),
        Type::List(of) => {
            Val::List(List::Arena(arena.alloc_slice_fill_with(many, |_| value(of, bytes, arena, depth + 1))))
        }
        Type::Map(of) => {
            let entries = arena.alloc_slice_fill_with(many, |at| {
                (Val::Str(["a", "b", "c", "f"].get(at).copied().unwrap_or("")), value(&of.1, bytes, arena, depth + 1))
            });
            Val::Map(Map::new_in(entries, arena))
        }
        Type::Object(object) => {
            let entries = arena.alloc_slice_fill_iter(
                object
                    .fields
                    .iter()
                    .map(|(name, t)| (Val::Str(arena.alloc_str(name)), value(t, bytes, arena, depth + 1)))
                    .collect::<Vec<_>>(),
            );
            Val::Map(Map::new_in(entries, arena))
        }
        _ => {
            let types = [
                Type::Null,
                Type::Bool,
                Type::Int,
                Type::Double,
                Type::String,
                Type::list(Type::Dyn),
                Type::map(Type::String, Type::Dyn),
                Type::Uint,
            ];
            match types.get(pick % types.len()) {
                None | Some(Type::Null) => Val::Null,
                Some(t) => value(t, bytes, arena, depth + 1),
            }
        }
    }
}

/// Inputs for [`variables`] out of `data`; without data, plain ones.
pub fn inputs<'a>(data: &[u8], arena: &'a Bump) -> Vec<Slot<'a>> {
    let mut bytes = Bytes(data);
    variables()
        .iter()
        .map(|(_, t)| match bytes.byte() {
            250.. => Slot::Absent,
            248.. => Slot::Mistyped,
            _ => Slot::Present(value(t, &mut bytes, arena, 0)),
        })
        .collect()
}

/// The body of the fuzz target `cel`: the text up to the first zero byte is an expression, the rest makes the inputs.
pub fn fuzz(env: &Env, data: &[u8]) {
    let mut parts = data.splitn(2, |b| *b == 0);
    let Ok(source) = std::str::from_utf8(parts.next().unwrap_or_default()) else { return };
    let arena = Bump::new();
    let slots = inputs(parts.next().unwrap_or_default(), &arena);
    let fuel = 20_000;
    for mode in [Mode::Checked, Mode::Unchecked] {
        let (first, used) = run(env, source, mode, &slots, fuel);
        let (second, again) = run(env, source, mode, &slots, fuel);
        assert!(format!("{first:?}") == format!("{second:?}"), "{source}: {first:?}, then {second:?}");
        assert!(used.fuel == again.fuel, "{source}: fuel {} and then {}", used.fuel, again.fuel);
        assert!(used.bytes < 16 << 20, "{source}: {} bytes for {} units of fuel", used.bytes, used.fuel);
        if let Outcome::Refused(diagnostics) = first {
            for diagnostic in diagnostics {
                let text = diagnostic.render(source, "policy.yaml", false);
                assert!(text.contains(diagnostic.code), "{text}");
            }
        }
    }
}
