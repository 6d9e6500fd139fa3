//! What the tests over corpora and the fuzz targets share.

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;
use llm_policy_engine::document;
use llm_policy_engine::input::paths::SlotType;
use llm_policy_engine::input::{Input, Json, Paths};

/// The body of the fuzz target `json`: our verdict on the bytes must be that of `serde_json`, and so must be what was read.
pub fn json(data: &[u8]) {
    // A byte order mark is passed over by ours.
    let theirs = serde_json::from_slice::<serde_json::Value>(data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data));
    let nothing = Paths::default();
    let arena = Bump::new();
    let ours = Json::new(data).fill(&nothing, &mut [], &arena);
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {ours:?}, {theirs:?}", String::from_utf8_lossy(data));

    let mut some = Paths::default();
    for (path, slot_type) in [
        ("user.id", SlotType::String),
        ("user.age", SlotType::Int),
        ("user", SlotType::Map),
        ("score", SlotType::Double),
        ("ok", SlotType::Bool),
        ("at", SlotType::Timestamp),
        ("tags", SlotType::StringList),
        ("list", SlotType::List),
        ("a.b.c", SlotType::Dyn),
    ] {
        some.want(path.split('.'), slot_type);
    }
    let mut all = Paths::default();
    all.want([], SlotType::Dyn);
    for paths in [&some, &all] {
        let (input, arena) = (Json::new(data), Bump::new());
        let mut slots = vec![Slot::Absent; paths.slots() as usize];
        match (input.fill(paths, &mut slots, &arena), &theirs) {
            (Err(error), Ok(_)) => {
                // Stricter than JSON on purpose.
                let own = error.message.contains("repeated") || error.message.contains("only in case");
                assert!(own, "{:?}: {error}", String::from_utf8_lossy(data));
                assert!(!error.locate(data).is_empty());
            }
            (Ok(()), Err(error)) => panic!("{:?}: {error}", String::from_utf8_lossy(data)),
            (Err(error), Err(_)) => assert!(!error.locate(data).is_empty()),
            (Ok(()), Ok(value)) => {
                if let [Slot::Present(read)] = slots.as_slice() {
                    assert!(same(*read, value), "{read:?} is not {value}");
                }
                if let Some(Slot::Present(Val::Str(id))) = slots.first()
                    && slots.len() > 1
                {
                    assert_eq!(value.pointer("/user/id").and_then(|v| v.as_str()), Some(*id));
                }
            }
        }
    }
}

/// Whether what was read is what JSON says: numbers by value.
fn same(read: Val<'_>, value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (read, value) {
        (Val::Null, Value::Null) => true,
        (Val::Bool(a), Value::Bool(b)) => a == *b,
        (Val::Str(a), Value::String(b)) => a == *b,
        (Val::Int(a), Value::Number(b)) => {
            b.as_i64() == Some(a) || b.as_f64().is_some_and(|b| Val::Int(a).equals(Val::Double(b)))
        }
        (Val::Uint(a), Value::Number(b)) => b.as_u64() == Some(a),
        (Val::Double(a), Value::Number(b)) => b.as_f64() == Some(a),
        (Val::List(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Val::Map(a), Value::Object(b)) => {
            a.len() == b.len() && b.iter().all(|(k, v)| a.get_str(k).is_some_and(|a| same(a, v)))
        }
        _ => false,
    }
}

/// The body of the fuzz target `document`: reading ends with a document or with findings that can be shown.
pub fn document(data: &[u8]) {
    for origin in ["policy.yaml", "policy.json"] {
        let mut load = |_: &str| Ok("[]".to_owned());
        match document::read_bytes(data, origin, &mut load) {
            Ok(document) => {
                for warning in &document.warnings {
                    assert!(document.render(warning, false).contains(warning.code));
                }
                for source in document.rules.iter().map(|rule| &rule.condition) {
                    // Findings of the compiler are taken back to the document wherever they are.
                    let end = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
                    for at in 0..=end.min(64) {
                        let span = source.locate(llm_policy_cel::ast::Span::new(at, end));
                        assert!(span.start <= span.end, "{span:?}");
                    }
                }
            }
            Err(refused) => {
                assert!(!refused.diagnostics.is_empty());
                assert!(!refused.render(false).is_empty());
            }
        }
    }
}
