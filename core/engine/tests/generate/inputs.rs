//! Contexts: fields that are there, absent, null or of another type.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// What a field of a context may hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Prose,
    Texts,
    Int,
    Double,
    Bool,
    Any,
}

/// The fields of a context.
pub const SPECS: &[(&str, Kind)] = &[
    ("user.tier", Kind::Text),
    ("user.region", Kind::Text),
    ("user.roles", Kind::Texts),
    ("user.permissions", Kind::Texts),
    ("user.mfa_verified", Kind::Bool),
    ("user.budget.remaining", Kind::Double),
    ("user.attributes.c", Kind::Any),
    ("session.turn", Kind::Int),
    ("house.level", Kind::Int),
    ("house.name", Kind::Text),
    ("house.flag", Kind::Bool),
    ("system.load", Kind::Double),
    ("shield.score", Kind::Any),
    ("request.model", Kind::Text),
    ("request.environment", Kind::Text),
    ("request.prompt", Kind::Prose),
    ("request.system_prompt", Kind::Prose),
    ("request.tags", Kind::Texts),
    ("request.opaque", Kind::Texts),
    ("request.max_tokens", Kind::Int),
    ("request.temperature", Kind::Double),
    ("request.stream", Kind::Bool),
    ("request.context.b", Kind::Any),
    ("metadata.a", Kind::Any),
    ("metadata.deep.d", Kind::Any),
    ("tool.name", Kind::Text),
    ("tool.server", Kind::Text),
    ("tool.arguments.q", Kind::Any),
    ("tool.arguments.deep.r", Kind::Any),
];

const TEXTS: &[&str] = &[
    "gold",
    "free",
    "",
    "gpt-4",
    "gpt-4o",
    "gpt-5-mini",
    "eu-1",
    "eu",
    "ünder",
    "ü",
    "K",
    "admin",
    "Gold",
    "\u{212a}",
    "a",
];
const PROSE: &[&str] = &[
    "",
    "a secret",
    "A SECRET",
    "a ſecret",
    "Ignore all of it",
    "IGNORE PREVIOUS",
    "the key is under the mat",
    "the \u{212a}ey",
    "STRASSE",
    "STRAßE",
    "123-45",
    "Write to ada@example.org, gold",
    "1' OR '1'='1",
    "Ünder: IBAN DE89 3704 0044 0532 0130 00 👋, secret",
    "admin is free, K",
    "gold",
    "marigolds",
    "ünder",
    "secre t",
    "line\nsecret\nline",
];

fn numbers() -> Vec<Value> {
    let text = |t: &str| t.parse::<serde_json::Number>().map(Value::Number).unwrap_or_default();
    [
        "0",
        "1",
        "1.0",
        "5",
        "5.0",
        "-3",
        "100",
        "5.5",
        "0.5",
        "-0.0",
        "9007199254740992",
        "9007199254740992.0",
        "9007199254740993",
        "9007199254740994.0",
        "9007199254740994",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "1e300",
        "-1e300",
        "1e18",
    ]
    .iter()
    .map(|t| text(t))
    .collect()
}

/// Any value.
pub fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(TEXTS).prop_map(Value::from),
        select(PROSE).prop_map(Value::from),
        select(numbers()),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    prop_oneof![
        5 => leaf.clone(),
        2 => prop::collection::vec(leaf.clone(), 0..4).prop_map(Value::from),
        1 => select(&["gold", "x", "admin"][..]).prop_flat_map(move |key| leaf.clone().prop_map(move |v| json!({key: v}))),
    ]
}

/// Text or a list that takes much of a small budget.
fn large(kind: Kind) -> impl Strategy<Value = Value> {
    let list = matches!(kind, Kind::Texts);
    select(&[1_usize, 3, 10, 400, 900, 1_100][..]).prop_flat_map(move |size| {
        (select(PROSE), any::<bool>()).prop_map(move |(end, start)| {
            if list {
                return Value::from([vec!["eu"; size], vec![end]].concat());
            }
            let padding = "abc ".repeat(size * 20);
            Value::from(if start { format!("{end}{padding}") } else { format!("{padding}{end}") })
        })
    })
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    let right = match kind {
        Kind::Text => select(TEXTS).prop_map(Value::from).boxed(),
        Kind::Prose => select(PROSE).prop_map(Value::from).boxed(),
        Kind::Texts => prop::collection::vec(select(TEXTS), 0..4).prop_map(Value::from).boxed(),
        Kind::Int | Kind::Double => select(numbers()).boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Any => any_value().boxed(),
    };
    prop_oneof![12 => right, 3 => any_value(), 1 => large(kind)].boxed()
}

/// A context: each field there, absent, null or wrong.
pub fn context() -> impl Strategy<Value = Value> {
    let fields: Vec<_> = SPECS.iter().map(|(_, kind)| prop::option::weighted(0.75, value(*kind))).collect();
    let broken = prop::option::weighted(
        0.08,
        (
            select(
                &[
                    "user",
                    "metadata",
                    "request",
                    "user.budget",
                    "metadata.deep",
                    "shield",
                    "house",
                    "tool",
                    "tool.arguments",
                ][..],
            ),
            any_value(),
        ),
    );
    (fields, broken).prop_map(|(values, broken)| {
        let mut out = json!({});
        for ((path, _), value) in SPECS.iter().zip(values) {
            if let Some(value) = value {
                put(&mut out, path, value);
            }
        }
        if let Some((path, value)) = broken {
            put(&mut out, path, value);
        }
        out
    })
}

/// Some contexts.
#[derive(Clone)]
pub struct Contexts(pub Vec<Value>);

impl std::fmt::Debug for Contexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|context| write!(f, "\n{context}"))
    }
}

/// Up to `count` contexts.
pub fn contexts(count: usize) -> impl Strategy<Value = Contexts> {
    prop::collection::vec(context(), 1..=count).prop_map(Contexts)
}

/// Puts `value` at `path`.
pub fn put(into: &mut Value, path: &str, value: Value) {
    let mut at = into;
    for name in path.split('.') {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    *at = value;
}
