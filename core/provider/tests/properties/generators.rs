//! Bodies of all formats.

use llm_policy_engine::context::Stage;
use llm_policy_provider::Format;
use llm_policy_provider::mapping::To;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Every format and stage that there is.
pub fn shapes() -> Vec<(Format, Stage)> {
    let all = Format::ALL.into_iter().flat_map(|format| Stage::ALL.map(|stage| (format, stage)));
    all.filter(|(format, stage)| format.shape(*stage).is_some()).collect()
}

/// Names that the formats have, names of the context, and some that nobody knows.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> =
        ["user", "team", "shield", "now", "x", "é", "", "a/b~c"].iter().map(|n| (*n).to_owned()).collect();
    for (format, stage) in shapes() {
        for (path, _) in format.shape(stage).unwrap().rows {
            names.extend(path.split(['.', '[', ']', '<', '>', '*']).filter(|n| !n.is_empty()).map(str::to_owned));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Words that fixed lists hold, so that rows of one kind of object apply.
pub fn words() -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (format, stage) in shapes() {
        for (path, to) in format.shape(stage).unwrap().rows {
            if let To::Known(known) = to {
                words.extend(known.iter().map(|w| (*w).to_owned()));
            }
            words.extend(path.split('<').skip(1).filter_map(|p| p.split('>').next()).map(str::to_owned));
        }
    }
    words.sort();
    words.dedup();
    words
}

pub fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        4 => "[a-z ]{0,12}",
        2 => select(words()),
        1 => Just("data:image/png;base64,AAAA".to_owned()),
        1 => Just("iVBORw0KGgo=".to_owned()),
        1 => Just("{\"q\": \"inner\"}".to_owned()),
        1 => "\\PC{0,8}",
    ];
    let leaf = prop_oneof![
        6 => text.prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            5 => object(inner),
        ]
    })
}

pub fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let fields = prop::collection::vec((select(names()), inner), 0..6);
    // Half of the objects say what they are.
    (fields, prop::option::of(select(words()))).prop_map(|(fields, word)| {
        let mut map: Map<String, Value> = fields.into_iter().collect();
        if let Some(word) = word {
            map.insert("type".to_owned(), word.into());
        }
        Value::Object(map)
    })
}

/// Bodies that follow the rows: each has some rows' paths, with any values there.
pub fn body() -> impl Strategy<Value = (Format, Stage, Value)> {
    select(shapes()).prop_flat_map(|(format, stage)| {
        let rows = format.shape(stage).unwrap().rows;
        let paths = prop::collection::vec((select(rows), value()), 0..8);
        (Just(format), Just(stage), paths, object(value())).prop_map(|(format, stage, paths, mut body)| {
            for ((path, _), value) in paths {
                put(&mut body, &path.replace("**.", ""), value);
            }
            for (name, values) in format.shape(stage).unwrap().must {
                put(&mut body, name, values.first().copied().into());
            }
            (format, stage, body)
        })
    })
}

/// Puts `value` at the path of a row.
pub fn put(at: &mut Value, path: &str, value: Value) {
    let (segment, rest) = path.split_once('.').map_or((path, None), |(s, rest)| (s, Some(rest)));
    let (segment, kind) = segment.split_once('<').map_or((segment, None), |(s, k)| (s, k.strip_suffix('>')));
    let name = segment.trim_end_matches("[]");
    if !at.is_object() {
        *at = json!({});
    }
    let mut at = at.as_object_mut().unwrap().entry(if name == "*" { "any" } else { name }).or_insert(Value::Null);
    for _ in 0..segment.matches("[]").count() {
        if !at.is_array() {
            *at = json!([null]);
        }
        let items = at.as_array_mut().unwrap();
        if items.is_empty() {
            items.push(Value::Null);
        }
        at = items.last_mut().unwrap();
    }
    if let Some(kind) = kind {
        if !at.is_object() {
            *at = json!({});
        }
        at.as_object_mut().unwrap().insert("type".to_owned(), kind.into());
    }
    match rest {
        Some(rest) => put(at, rest, value),
        None => *at = value,
    }
}
