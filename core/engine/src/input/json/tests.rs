use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Val, Value as Held};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::input::MAX_DEPTH;
use crate::input::paths::{Found, PathNode, SlotType};

const TYPES: [SlotType; 9] = [
    SlotType::Dyn,
    SlotType::Bool,
    SlotType::Int,
    SlotType::Double,
    SlotType::String,
    SlotType::Timestamp,
    SlotType::StringList,
    SlotType::List,
    SlotType::Map,
];

/// The paths, dots between names; the empty path is the root.
fn paths(wanted: &[(&str, SlotType)]) -> Paths {
    let mut paths = Paths::default();
    for (path, slot_type) in wanted {
        paths.want(path.split('.').filter(|name| !name.is_empty()), *slot_type);
    }
    paths
}

/// What the slots hold, as text that tells every difference.
fn fill(input: &impl Input, paths: &Paths) -> Result<Vec<String>, InputError> {
    let arena = Bump::new();
    let mut slots = vec![Slot::Absent; paths.slots() as usize];
    input.fill(paths, &mut slots, &arena)?;
    let show = |slot: &Slot<'_>| match slot {
        Slot::Present(value) => format!("{:?}", value.to_value().unwrap()),
        other => format!("{other:?}"),
    };
    Ok(slots.iter().map(show).collect())
}

fn one(json: &str, path: &str, slot_type: SlotType) -> Result<String, String> {
    let filled = fill(&Json::new(json.as_bytes()), &paths(&[(path, slot_type)]));
    filled.map(|slots| slots[0].clone()).map_err(|error| error.to_string())
}

fn root(json: &str) -> Result<String, String> {
    one(json, "", SlotType::Dyn)
}

/// The verdict where nothing of the value is wanted.
fn skipped(json: &str) -> Result<String, String> {
    one(&format!("{{\"y\": [{json}]}}"), "x", SlotType::Int)
}

fn held(value: Held) -> Result<String, String> {
    Ok(format!("{value:?}"))
}

#[test]
fn scalars_reach_their_slots() {
    let json = br#" {"user": {"id": "ann", "x": [1, {"y": "\n"}], "mfa": true, "age": 41, "score": 2.5},
        "at": "2024-02-29T12:00:00Z", "roles": ["a", "b"], "none": null, "mixed": ["a", 1]} "#;
    let paths = paths(&[
        ("user.id", SlotType::String),
        ("user.mfa", SlotType::Bool),
        ("user.age", SlotType::Int),
        ("user.age.more", SlotType::Int),
        ("user.score", SlotType::Double),
        ("user.gone", SlotType::Double),
        ("at", SlotType::Timestamp),
        ("roles", SlotType::StringList),
        ("none", SlotType::String),
        ("none.below", SlotType::String),
        ("mixed", SlotType::StringList),
        ("mixed.x", SlotType::List),
        ("user", SlotType::List),
        ("gone.far.away", SlotType::Dyn),
    ]);
    let slots = fill(&Json::new(json), &paths).unwrap();
    let want = [
        "String(\"ann\")",
        "Bool(true)",
        "Int(41)",
        "Mistyped",
        "Double(2.5)",
        "Absent",
        "Timestamp(Timestamp { seconds: 1709208000, nanos: 0 })",
        "List([String(\"a\"), String(\"b\")])",
        "Absent",
        "Absent",
        "Mistyped",
        "Mistyped",
        "Mistyped",
        "Absent",
    ];
    assert_eq!(slots, want);
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let paths = paths(&[("a", SlotType::Int)]);
    let marked = Json::new("\u{feff} {\"a\": 1}".as_bytes());
    assert_eq!(fill(&marked, &paths).unwrap(), ["Int(1)"]);
    assert!(marked.is_object());
    // Places count from the beginning of the bytes.
    let error = |text: &str| fill(&Json::new(text.as_bytes()), &paths).unwrap_err().to_string();
    assert_eq!(error("\u{feff}{\"a\": x}"), "expected a value at byte 9");
    for text in ["\u{feff}", "\u{feff}\u{feff}{}", " \u{feff}{}", "{\u{feff}}", "{}\u{feff}"] {
        assert!(error(text).starts_with("expected "), "{text:?}");
    }
}

#[test]
fn a_subtree_and_paths_below_it_are_both_filled() {
    let paths = paths(&[
        ("a", SlotType::Map),
        ("a.b", SlotType::Dyn),
        ("a.b.c", SlotType::Int),
        ("a.b.c.d", SlotType::Int),
        ("a.x", SlotType::Int),
        ("", SlotType::Map),
    ]);
    let slots = fill(&Json::new(br#"{"a": {"b": {"c": 1}, "x": null}}"#), &paths).unwrap();
    let text = format!("{slots:?}");
    assert!(slots[0].starts_with("Map") && slots[1].starts_with("Map") && slots[5].starts_with("Map"), "{text}");
    assert_eq!(slots[2..5], ["Int(1)", "Mistyped", "Absent"], "{text}");
    let error = fill(&Json::new(br#"{"a": {"B": 1}}"#), &paths).unwrap_err();
    assert_eq!(error.to_string(), "field `B` differs from `b` only in case at byte 0");
}

#[test]
fn strings_are_borrowed_or_decoded() {
    let json = br#"{"a": "plain text that is longer than two words", "b": "\u00e9"}"#;
    let input = Json::new(json);
    let (paths, arena) = (paths(&[("a", SlotType::String), ("b", SlotType::String)]), Bump::new());
    let mut slots = [Slot::Absent; 2];
    input.fill(&paths, &mut slots, &arena).unwrap();
    let Slot::Present(Val::Str(a)) = slots[0] else { panic!("{slots:?}") };
    assert!(json.as_ptr_range().contains(&a.as_ptr()));
    assert!(matches!(slots[1], Slot::Present(Val::Str("é"))));
}

#[test]
fn escapes() {
    let string = |s: &str| held(Held::String(s.into()));
    assert_eq!(root(r#""\"\\\/\b\f\n\r\t""#), string("\"\\/\u{8}\u{c}\n\r\t"));
    assert_eq!(root(r#""\u0000\u007fA\uFFFF""#), string("\0\u{7f}A\u{ffff}"));
    assert_eq!(root(r#""x\ud83d\ude00y\uDBFF\uDFFF""#), string("x😀y\u{10ffff}"));
    assert_eq!(root(r#""é\u00e9é""#), string("ééé"));
    assert_eq!(root("\"\u{7f}\u{80}\""), string("\u{7f}\u{80}"));
    for bad in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83d\u0041""#, r#""\ud83dx""#, r#""\ud83d\n""#, r#""\ud83d\ud83d""#]
    {
        assert!(root(bad).unwrap_err().contains("surrogate"), "{bad}");
        assert!(skipped(bad).unwrap_err().contains("surrogate"), "{bad}");
    }
    for bad in [
        r#""\x""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\U0041""#,
        r#""\u+123""#,
        "\"\n\"",
        "\"\u{1f}\"",
        "\"\\",
        "\"\\\"",
        "\"",
    ] {
        assert!(root(bad).is_err(), "{bad}");
        assert!(skipped(bad).is_err(), "{bad}");
    }
    // Keys are compared after their escapes are read.
    assert_eq!(one(r#"{"\u0061": 1}"#, "a", SlotType::Int), held(Held::Int(1)));
    assert!(one(r#"{"\u0061": 1, "a": 2}"#, "a", SlotType::Int).unwrap_err().contains("repeated"));
    assert!(one(r#"{"\u0041": 1}"#, "a", SlotType::Int).unwrap_err().contains("only in case"));
}

#[test]
fn numbers() {
    let (int, uint, double) = (|i| held(Held::Int(i)), |u| held(Held::Uint(u)), |d| held(Held::Double(d)));
    for (zero, text) in ["0", "-0", "0.0", "-0.0", "0e9", "-0e-9", "1e-999"].iter().enumerate() {
        assert_eq!(root(text), int(0), "{zero}");
    }
    for one in ["1", "1.0", "1e0", "0.1e1", "10e-1", "1.00000000000000000001", "1E+0"] {
        assert_eq!(root(one), int(1), "{one}");
    }
    assert_eq!(root("1e3"), int(1000));
    assert_eq!(root("-12.5"), double(-12.5));
    assert_eq!(root("9007199254740992"), int(1 << 53));
    assert_eq!(root("9007199254740993"), int((1 << 53) + 1));
    assert_eq!(root("9007199254740991.0"), int((1 << 53) - 1));
    assert_eq!(root("9007199254740992.0"), int(1 << 53));
    assert_eq!(root("-9007199254740992.0"), int(-(1 << 53)));
    assert_eq!(root("9007199254740994.0"), double(9_007_199_254_740_994.0));
    assert_eq!(root("1e18"), double(1e18));
    assert_eq!(root("9223372036854775807"), int(i64::MAX));
    assert_eq!(root("-9223372036854775808"), int(i64::MIN));
    assert_eq!(root("9223372036854775808"), uint(1 << 63));
    assert_eq!(root("18446744073709551615"), uint(u64::MAX));
    assert_eq!(root("18446744073709551616"), double(18_446_744_073_709_551_616.0));
    assert_eq!(root("-9223372036854775809"), double(-9_223_372_036_854_775_808.0));
    assert_eq!(root("1.7976931348623157e308"), double(f64::MAX));
    let digits = "1".repeat(10_000);
    assert_eq!(root(&format!("0.{digits}")), double(0.111_111_111_111_111_1));
    assert_eq!(root(&format!("1.{}", "0".repeat(10_000))), int(1));
    let (nines, many) = ("9".repeat(309), "1".repeat(309));
    assert_eq!(root(&many), double(many.parse().unwrap()));
    for huge in [&nines, "1e400", "-1e400", "1e309", "1e99999999999999999999", &digits, &format!("{digits}.5")] {
        assert!(root(huge).unwrap_err().contains("out of range"), "{huge}");
        assert!(skipped(huge).unwrap_err().contains("out of range"), "{huge}");
    }
    for bad in
        ["-", "+1", "01", "-01", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "NaN", "Infinity", "-Infinity", "1 2", "1a"]
    {
        assert!(root(bad).is_err(), "{bad}");
        assert!(skipped(bad).is_err(), "{bad}");
    }
}

#[test]
fn declared_types_of_numbers() {
    let slot = |text: &str, slot_type| one(&format!("[{text}]").replace(['[', ']'], ""), "", slot_type);
    let mistyped = || Ok("Mistyped".to_owned());
    assert_eq!(slot("1.0", SlotType::Int), held(Held::Int(1)));
    assert_eq!(slot("9223372036854775807", SlotType::Int), held(Held::Int(i64::MAX)));
    assert_eq!(slot("9223372036854775808", SlotType::Int), mistyped());
    assert_eq!(slot("1e18", SlotType::Int), mistyped());
    assert_eq!(slot("1.5", SlotType::Int), mistyped());
    assert_eq!(slot("\"1\"", SlotType::Int), mistyped());
    assert_eq!(slot("7", SlotType::Double), held(Held::Double(7.0)));
    assert_eq!(slot("18446744073709551615", SlotType::Double), held(Held::Double(18_446_744_073_709_551_616.0)));
    assert_eq!(slot("1", SlotType::Bool), mistyped());
    assert_eq!(slot("1", SlotType::String), mistyped());
    assert_eq!(slot("1", SlotType::Timestamp), mistyped());
    assert_eq!(slot("null", SlotType::Int), Ok("Absent".to_owned()));
}

#[test]
fn repeated_and_variant_keys() {
    let one = |json| one(json, "user.id", SlotType::Int).map_err(|e| e.to_string());
    assert_eq!(one(r#"{"user": {"id": 1}, "user": {}}"#).unwrap_err(), "field `user` is repeated at byte 21");
    assert_eq!(one(r#"{"user": null, "user": {"id": 1}}"#).unwrap_err(), "field `user` is repeated at byte 16");
    assert_eq!(one(r#"{"user": {"id": 1, "id": 1}}"#).unwrap_err(), "field `id` is repeated at byte 20");
    assert_eq!(one(r#"{"User": 1}"#).unwrap_err(), "field `User` differs from `user` only in case at byte 2");
    assert_eq!(one(r#"{"user": {"iD": 1}}"#).unwrap_err(), "field `iD` differs from `id` only in case at byte 11");
    // What is not wanted is not examined.
    assert_eq!(one(r#"{"x": 1, "x": {"y": 1, "y": 2}, "user": {"id": 1, "x": 1, "x": 2}}"#), Ok("Int(1)".to_owned()));
    let built = |json| super::tests::one(json, "m", SlotType::Dyn);
    assert_eq!(built(r#"{"m": {"a": 1, "a": 1}}"#).unwrap_err(), "field `a` is repeated at byte 6");
    assert!(built(r#"{"m": [[{"a": 1, "b": 1, "\u0061": 1}]]}"#).unwrap_err().contains("repeated"));
    assert!(built(r#"{"m": {"a": 1, "A": 1}}"#).is_ok());
    // Two wanted names that differ only in case are both themselves.
    let both = paths(&[("a", SlotType::Int), ("A", SlotType::Int), ("aA", SlotType::Int)]);
    assert_eq!(fill(&Json::new(br#"{"A": 1, "a": 2, "aA": 3}"#), &both).unwrap(), ["Int(2)", "Int(1)", "Int(3)"]);
    assert!(fill(&Json::new(br#"{"Aa": 3}"#), &both).is_err());
    // Beyond ASCII case is not looked at.
    let accent = paths(&[("é", SlotType::Int)]);
    assert_eq!(fill(&Json::new("{\"É\": 1}".as_bytes()), &accent).unwrap(), ["Absent"]);
}

#[test]
fn large_maps_are_examined_for_repetition() {
    let map = |names: &[usize]| {
        let entries: Vec<String> = names.iter().map(|n| format!("\"k{n}\": {n}")).collect();
        format!("{{{}}}", entries.join(","))
    };
    let mut names: Vec<usize> = (0..300).map(|n| n * 7 % 300).collect();
    assert!(root(&map(&names)).is_ok());
    names.push(37);
    assert!(root(&map(&names)).unwrap_err().starts_with("field `k37` is repeated"));
}

#[test]
fn many_wanted_fields_are_told_apart() {
    let names: Vec<String> = (0..500).map(|n| format!("metadata.field_number_{n}")).collect();
    let wanted: Vec<_> = names.iter().map(|name| (name.as_str(), SlotType::Int)).collect();
    let paths = paths(&wanted);
    let fields: Vec<_> = (0..1000).rev().step_by(3).map(|n| format!("\"field_number_{n}\": {n}")).collect();
    let json = format!("{{\"metadata\": {{{}}}}}", fields.join(", "));
    for (n, slot) in fill(&Json::from(json.as_str()), &paths).unwrap().into_iter().enumerate() {
        assert_eq!(slot, if n % 3 == 0 { format!("Int({n})") } else { "Absent".to_owned() });
    }
}

#[test]
fn refusals_say_where() {
    let error = |json: &[u8]| fill(&Json::new(json), &paths(&[("a", SlotType::Int)])).unwrap_err().to_string();
    assert_eq!(error(b""), "expected a value at byte 0");
    assert_eq!(error(b"{\"a\":1} x"), "expected nothing after the value at byte 8");
    assert_eq!(error(b"{\"a\":1,}"), "expected a key in quotes at byte 7");
    assert_eq!(error(b"{\"b\":[1,]}"), "expected a value at byte 8");
    assert_eq!(error(b"{\"b\":[1}"), "expected `,` or `]` at byte 7");
    assert_eq!(error(b"{\"b\" 1}"), "expected `:` at byte 5");
    assert_eq!(error(b"{\"b\":\"\xff\"}"), "not valid UTF-8 at byte 6");
    assert_eq!(error(b"{\"b\":\"abc"), "the text has no closing quote at byte 9");
    assert_eq!(error(b"{\"b\":\"a\0\"}"), "a control character in text must be escaped at byte 7");
    assert_eq!(error(b"\0"), "expected a value at byte 0");
    assert_eq!(error(b"{}\0"), "expected nothing after the value at byte 2");
}

#[test]
fn depth_is_bounded_and_never_overflows() {
    fn deep() {
        let wants =
            [paths(&[]), paths(&[("", SlotType::Dyn)]), paths(&[("a", SlotType::Dyn), ("a.a.a", SlotType::Int)]), {
                let mut all = Paths::default();
                for depth in 0..400 {
                    all.want(std::iter::repeat_n("a", depth), if depth == 399 { SlotType::Dyn } else { SlotType::Int });
                }
                all
            }];
        for paths in &wants {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let nested = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let fits = nested(MAX_DEPTH);
                assert!(fill(&Json::new(fits.as_bytes()), paths).is_ok());
                for depth in [MAX_DEPTH + 1, 100_000] {
                    let error = fill(&Json::new(nested(depth).as_bytes()), paths).unwrap_err();
                    assert!(error.message.starts_with("nested deeper than 128"), "{error}");
                    assert_eq!(error.offset, Some(MAX_DEPTH * open.len()));
                    assert!(fill(&Json::new(open.repeat(depth).as_bytes()), paths).is_err());
                }
            }
        }
        for make in [|v| json!([v]), |v| json!({ "a": v })] {
            let mut value = json!(1);
            for _ in 0..MAX_DEPTH {
                value = make(value);
            }
            assert!(wants.iter().all(|paths| fill(&value, paths).is_ok()));
            value = make(value);
            assert!(fill(&value, &wants[1]).unwrap_err().message.starts_with("nested deeper than 128"));
        }
    }
    std::thread::Builder::new().stack_size(512 << 10).spawn(deep).unwrap().join().unwrap();
}

#[test]
fn size_is_bounded() {
    let mut json = vec![b' '; MAX_BYTES];
    json[0] = b'1';
    assert!(fill(&Json::new(&json), &paths(&[])).is_ok());
    json.push(b' ');
    assert!(fill(&Json::new(&json), &paths(&[])).unwrap_err().message.starts_with("larger than"));
}

/// JSON's verdict must be the one of `serde_json`, but for repeated keys where something is wanted.
fn same_verdict(json: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(json);
    let mine = fill(&Json::new(json), &paths(&[]));
    assert_eq!(mine.is_ok(), theirs.is_ok(), "{:?}: {mine:?} {theirs:?}", String::from_utf8_lossy(json));
    for wanted in
        [&[("", SlotType::Dyn)][..], &[("a", SlotType::Dyn), ("b.c", SlotType::String), ("b.d", SlotType::Int)]]
    {
        let mine = fill(&Json::new(json), &paths(wanted));
        let own = |e: &InputError| e.message.contains("repeated") || e.message.contains("only in case");
        match (&mine, &theirs) {
            (Err(error), Ok(_)) => assert!(own(error), "{:?}: {error}", String::from_utf8_lossy(json)),
            (Ok(_), Err(error)) => panic!("{:?}: {error}", String::from_utf8_lossy(json)),
            _ => {}
        }
    }
}

/// A document with everything in it.
const ALL: &str = r#"{"a":{"x":[1,-2.5e3,"é\n\u00e9\ud83d\ude00",true,false,null,{}, []]}, "b" :{"c": "long text with é, 16+","d":-0.0E+1},
	"longer keys too":[{"k":"v"},[[0]]]}"#;

#[test]
fn truncations_and_mutations_have_the_verdict_of_serde_json() {
    for end in 0..=ALL.len() {
        same_verdict(&ALL.as_bytes()[..end]);
    }
    let mut json = ALL.as_bytes().to_vec();
    for at in 0..json.len() {
        let old = json[at];
        for new in 0..=255 {
            json[at] = new;
            same_verdict(&json);
        }
        json[at] = old;
        let removed = json.remove(at);
        same_verdict(&json);
        json.insert(at, removed);
    }
}

/// Names that differ only in case, that are empty, short, long, escaped and not ASCII.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "id", "user", "user_name", "max_tokens"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["", "é", "\n", "😀", "\"", "user_names", "a_rather_long_name_of_a_field"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["A", "User", "ID"]).prop_map(str::to_owned),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-100_i64..100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000..1000).prop_map(|n| Value::from(f64::from(n) / 4.0)),
        prop::sample::select(vec![1_u64 << 53, (1 << 53) + 1, (1 << 53) - 1, 1 << 63, (1 << 63) - 1])
            .prop_map(Value::from),
        prop::sample::select(vec![9_007_199_254_740_992.0, 9_007_199_254_740_994.0, -0.0, 1e18, 1e300])
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z \"\\\\\n]{0,80}".prop_map(Value::from),
        Just(json!("2024-02-29T23:59:59.25+01:00")),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let field = scalar().prop_recursive(4, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..20)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            prop::collection::vec(any::<String>(), 0..5).prop_map(Value::from),
        ]
    });
    let fields = prop::collection::vec((name(), field.clone()), 0..20);
    prop_oneof![
        1 => field,
        9 => fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
    ]
}

/// All paths that a document has.
fn collect(value: &Value, path: &[String], all: &mut Vec<Vec<String>>) {
    all.push(path.to_vec());
    for (name, field) in value.as_object().into_iter().flatten() {
        collect(field, &[path, std::slice::from_ref(name)].concat(), all);
    }
}

/// A document and wanted paths, of which it has most.
fn document_and_wanted() -> impl Strategy<Value = (Value, Paths)> {
    document().prop_flat_map(|value| {
        let mut all = Vec::new();
        collect(&value, &[], &mut all);
        let types = prop_oneof![2 => Just(SlotType::Dyn), 3 => prop::sample::select(TYPES.to_vec())];
        let path = prop_oneof![4 => prop::sample::select(all), 1 => prop::collection::vec(name(), 0..4)];
        let wanted = prop::collection::vec((path, types), 0..16).prop_map(|wanted| {
            let mut paths = Paths::default();
            for (path, slot_type) in &wanted {
                paths.want(path.iter().map(String::as_str), *slot_type);
            }
            paths
        });
        (Just(value), wanted)
    })
}

/// Writes a value as JSON in one of the many ways there are; `seed` chooses.
fn write(value: &Value, seed: &mut u64, out: &mut String) {
    fn next(seed: &mut u64, below: u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % below
    }
    fn space(seed: &mut u64, out: &mut String) {
        out.push_str(["", "", "", " ", "\n\t\r ", "            "][next(seed, 6) as usize]);
    }
    fn string(text: &str, seed: &mut u64, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            let escape = matches!(c, '"' | '\\' | '\0'..'\u{20}') || next(seed, 20) == 0;
            match c {
                '/' if escape => out.push_str("\\/"),
                '\n' if next(seed, 2) == 0 => out.push_str("\\n"),
                c if escape => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&if next(seed, 2) == 0 {
                            format!("\\u{unit:04x}")
                        } else {
                            format!("\\u{unit:04X}")
                        });
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
    space(seed, out);
    match value {
        Value::String(text) => string(text, seed, out),
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                write(item, seed, out);
            }
            space(seed, out);
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (n, (name, item)) in fields.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                space(seed, out);
                string(name, seed, out);
                space(seed, out);
                out.push(':');
                write(item, seed, out);
            }
            space(seed, out);
            out.push('}');
        }
        Value::Number(n) if n.as_i64().is_some_and(|n| n.unsigned_abs() <= 1 << 53) => {
            out.push_str(&n.to_string());
            out.push_str(["", "", ".0", "e0", "E-0", ".00e+0"][next(seed, 6) as usize]);
        }
        other => out.push_str(&other.to_string()),
    }
    space(seed, out);
}

/// Changes what is not wanted and stays so.
fn change_unwanted(value: &mut Value, paths: &Paths, node: &PathNode) {
    let Value::Object(fields) = value else { return };
    if matches!(node.slot(), Some((_, SlotType::Dyn | SlotType::Map))) {
        return;
    }
    for (name, field) in fields.iter_mut() {
        match node.find(name) {
            Found::Unwanted => *field = json!({"changed": [name, field.clone(), {"x": [1.5]}]}),
            Found::Wanted(id) => change_unwanted(field, paths, paths.node(id).unwrap()),
            Found::Variant(_) => {}
        }
    }
    if node.find("something new") == Found::Unwanted {
        fields.insert("something new".to_owned(), json!([1, {"user": 2}]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_and_values_fill_the_same_slots((value, paths) in document_and_wanted(), mut seed in any::<u64>()) {
        let mut json = String::new();
        write(&value, &mut seed, &mut json);
        let mine = fill(&Json::new(json.as_bytes()), &paths);
        let theirs = fill(&value, &paths);
        prop_assert_eq!(mine.is_ok(), theirs.is_ok(), "{:?} {:?} {}", mine, theirs, json);
        if let (Ok(mine), Ok(theirs)) = (mine, theirs) {
            prop_assert_eq!(mine, theirs, "{}", json);
        }
    }

    #[test]
    fn what_is_not_wanted_changes_nothing((value, paths) in document_and_wanted(), mut seed in any::<u64>()) {
        let mut changed = value.clone();
        change_unwanted(&mut changed, &paths, paths.root());
        let mut json = String::new();
        write(&changed, &mut seed, &mut json);
        let before = fill(&Json::from(value.to_string().as_str()), &paths);
        let after = fill(&Json::new(json.as_bytes()), &paths);
        prop_assert_eq!(before.is_ok(), after.is_ok());
        if let (Ok(before), Ok(after)) = (before, after) {
            prop_assert_eq!(before, after, "{}", json);
        }
    }

    #[test]
    fn any_change_has_the_verdict_of_serde_json(value in document(), mut seed in any::<u64>(), at in any::<prop::sample::Index>(), new in any::<u8>()) {
        let mut json = String::new();
        write(&value, &mut seed, &mut json);
        let mut json = json.into_bytes();
        same_verdict(&json);
        let at = at.index(json.len());
        json[at] = new;
        same_verdict(&json);
        json.truncate(at);
        same_verdict(&json);
    }

    #[test]
    fn any_bytes_have_the_verdict_of_serde_json(json in "[\\[\\]{}:,\"\\\\utrfalsen0-9eE+. -]{0,40}") {
        same_verdict(json.as_bytes());
    }

    #[test]
    fn any_number_is_read_as_serde_json_does(json in "-?[0-9]{1,25}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
        same_verdict(json.as_bytes());
    }
}
