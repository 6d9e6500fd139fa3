use std::sync::Arc;

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{OwnedMap, Timestamp, Value};

use super::coerce::timestamp;
use super::paths::{Found, SlotType};
use super::*;

fn fill(input: &impl Input, paths: &Paths) -> Result<Vec<String>, InputError> {
    let arena = Bump::new();
    let mut slots = vec![Slot::Absent; paths.slots() as usize];
    input.fill(paths, &mut slots, &arena)?;
    Ok(show(&slots))
}

pub(super) fn show(slots: &[Slot<'_>]) -> Vec<String> {
    let show = |slot: &Slot<'_>| match slot {
        Slot::Present(value) => format!("{:?}", value.to_value().unwrap()),
        other => format!("{other:?}"),
    };
    slots.iter().map(show).collect()
}

fn wanted() -> Paths {
    let mut paths = Paths::default();
    paths.want(["user", "id"], SlotType::String);
    paths.want(["user", "roles"], SlotType::StringList);
    paths.want(["user"], SlotType::Map);
    paths.want(["request", "max_tokens"], SlotType::Int);
    paths.want(["request", "temperature"], SlotType::Dyn);
    paths.want(["metadata", "a", "b"], SlotType::Dyn);
    paths.want(["request", "stream", "deep"], SlotType::Dyn);
    paths.want(["gone"], SlotType::Dyn);
    paths
}

fn context() -> ContextBuilder {
    ContextBuilder::new()
        .string("user.id", "ann")
        .strings("user.roles", ["admin", "dev"])
        .int("request.max_tokens", 500)
        .double("request.temperature", 1.0)
        .bool("request.stream", true)
        .value("metadata", Value::Map(Arc::new(OwnedMap::new(vec![(Value::String("a".into()), Value::Null)]))))
        .value("metadata.a.b", Value::List([Value::Uint(7), Value::Double(-0.0)].into()))
}

const CONTEXT: &str = r#"{"user": {"id": "ann", "roles": ["admin", "dev"]},
    "request": {"max_tokens": 500, "temperature": 1.0, "stream": true}, "metadata": {"a": {"b": [7, -0.0]}}}"#;

#[test]
fn the_builder_gives_what_json_gives() {
    let paths = wanted();
    let slots = fill(&context(), &paths).unwrap();
    assert_eq!(slots, fill(&Json::from(CONTEXT), &paths).unwrap());
    assert_eq!(slots[4], "Int(1)");
    assert_eq!(slots[5], "List([Int(7), Int(0)])");
    assert_eq!(slots[6], "Mistyped");
    let value: serde_json::Value = serde_json::from_str(CONTEXT).unwrap();
    assert_eq!(slots, fill(&value, &paths).unwrap());
}

#[test]
fn the_builder_replaces() {
    let paths = wanted();
    let slots = fill(&context().int("user", 1), &paths).unwrap();
    assert_eq!(slots[..3], ["Mistyped", "Mistyped", "Mistyped"]);
    let slots = fill(&context().int("user", 1).string("user.id", "bob"), &paths).unwrap();
    assert_eq!(slots[..2], ["String(\"bob\")", "Absent"]);
    let slots = fill(&context().value("user", Value::Null), &paths).unwrap();
    assert_eq!(slots[..3], ["Absent", "Absent", "Absent"]);
}

#[test]
fn the_builder_refuses_what_json_cannot_say() {
    let refused = |context: ContextBuilder| fill(&context, &wanted()).unwrap_err().message;
    assert_eq!(refused(context().double("x", f64::NAN)), "number out of range");
    assert_eq!(refused(context().int("User", 1)), "field `User` differs from `user` only in case");
    let map =
        |keys: &[Value]| Value::Map(Arc::new(OwnedMap::new(keys.iter().map(|k| (k.clone(), Value::Null)).collect())));
    assert_eq!(refused(context().value("x", map(&[Value::Int(1)]))), "a map with keys that are not text");
    let twice = map(&[Value::String("a".into()), Value::String("a".into())]);
    assert_eq!(refused(context().value("x", twice)), "field `a` is repeated");
    let mut deep = Value::Null;
    for _ in 0..=MAX_DEPTH {
        deep = Value::List([deep].into());
    }
    assert_eq!(refused(context().value("x", deep)), "nested deeper than 128 levels");
    assert_eq!(refused(context().set(["x"; 200], Value::Null)), "nested deeper than 128 levels");
}

#[test]
fn prepared_gives_what_its_input_gives_and_lies_below_others() {
    let paths = wanted();
    let prepared = Prepared::new(&Json::from(CONTEXT), &paths, 3).unwrap();
    assert!(prepared.is_for(3) && !prepared.is_for(4));
    assert_eq!(prepared.generation(), 3);
    let arena = Bump::new();
    let mut slots = vec![Slot::Absent; paths.slots() as usize];
    prepared.fill(&mut slots);
    assert_eq!(show(&slots), fill(&Json::from(CONTEXT), &paths).unwrap());
    let more = Json::from(r#"{"request": {"max_tokens": 9, "temperature": null}, "gone": "x"}"#);
    more.fill(&paths, &mut slots, &arena).unwrap();
    let slots = show(&slots);
    assert_eq!(slots[3..5], ["Int(9)", "Int(1)"]);
    assert_eq!(slots[7], "String(\"x\")");
    let refused = Prepared::new(&Json::from("{"), &paths, 3).unwrap_err();
    assert_eq!(refused.to_string(), "expected a key in quotes at byte 1");
}

#[test]
fn timestamps() {
    let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
    assert_eq!(timestamp("1970-01-01T00:00:00Z"), at(0, 0));
    assert_eq!(timestamp("1970-01-01t01:00:00+01:00"), at(0, 0));
    assert_eq!(timestamp("1969-12-31T23:59:59.999999999z"), at(-1, 999_999_999));
    assert_eq!(timestamp("2000-02-29T00:00:00.1-23:59"), at(951_868_740, 100_000_000));
    assert_eq!(timestamp("0001-01-01T00:00:00Z"), at(-62_135_596_800, 0));
    assert_eq!(timestamp("9999-12-31T23:59:59.999999999Z"), at(253_402_300_799, 999_999_999));
    for bad in [
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1900-02-29T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-01-00T00:00:00Z",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+00:60",
        "1970-01-01T00:00:00+0000",
        "1970-01-01T00:00:00Z ",
        "1970-01-01T00:00:00Z[UTC]",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
        "١970-01-01T00:00:00Z",
        "+970-01-01T00:00:00Z",
        "1970-01-01T00:00:00,5Z",
    ] {
        assert_eq!(timestamp(bad), None, "{bad}");
    }
    // Against the calendar of another.
    for day in (-62_135_596_800_i64..253_300_000_000).step_by(86_400 * 97 + 12_345) {
        let text = jiff::Timestamp::from_second(day).unwrap().to_string();
        assert_eq!(timestamp(&text), at(day, 0), "{text}");
    }
}

#[test]
fn errors_are_located() {
    let input = "{\n  \"é\": tru,\n}".as_bytes();
    let error = fill(&Json::new(input), &wanted()).unwrap_err();
    assert_eq!(error.to_string(), "expected a value at byte 10");
    assert_eq!(error.locate(input), "expected a value at line 2 column 8: `  \"é\": ` before `tru,`");
    let nowhere = InputError { message: "x".into(), offset: None };
    assert_eq!(nowhere.locate(input), "x");
    let outside = InputError { message: "x".into(), offset: Some(99) };
    assert_eq!(outside.locate(input), "x at byte 99");
    let long = "é".repeat(50);
    let inside = InputError { message: "x".into(), offset: Some(60) };
    let twenty = "é".repeat(20);
    assert_eq!(inside.locate(long.as_bytes()), format!("x at line 1 column 31: `{twenty}` before `{twenty}`"));
    let broken = InputError { message: "x".into(), offset: Some(1) };
    assert_eq!(broken.locate(b"\xff\xff\x01"), "x at line 1 column 2: `\u{fffd}` before `\u{fffd}\u{fffd}`");
}

#[test]
fn paths_are_numbered_once_and_found() {
    let mut paths = Paths::default();
    assert_eq!(paths.want([], SlotType::Map), 0);
    assert_eq!(paths.want(["a", "b"], SlotType::Int), 1);
    assert_eq!(paths.want(["a", "b"], SlotType::String), 1);
    assert_eq!(paths.want(["a"], SlotType::Map), 2);
    assert_eq!(paths.slots(), 3);
    let a = paths.child(paths.root(), "a").unwrap();
    assert_eq!(a.slot(), Some((2, SlotType::Map)));
    assert_eq!(a.children().map(|(name, _)| name).collect::<Vec<_>>(), ["b"]);
    assert_eq!(paths.child(a, "b").unwrap().slot(), Some((1, SlotType::Int)));
    assert_eq!(a.find("B"), Found::Variant("b"));
    assert_eq!(a.find("bb"), Found::Unwanted);
}
