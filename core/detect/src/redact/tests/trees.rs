use serde_json::{Value, json};

use super::*;

fn tree(rules: &[Rule], text: &str) -> Option<String> {
    let scanner = &*ALL;
    let (mut redactor, mut scratch) = (Redactor::new([1; 32]), Scratch::default());
    TreeRedaction::new(rules, scanner, &mut redactor, &mut scratch).json(text).unwrap()
}

fn rule(fields: &str, what: What, style: Style) -> Rule {
    let fields = if fields.is_empty() { Fields::all() } else { fields.parse().unwrap() };
    Rule { fields, what, style }
}

#[test]
fn only_what_is_replaced_changes() {
    let text = "{ \"to\" :\"ada@example.org\",\n\t\"n\": 1.50e3, \"s\": \"\\u0041 \\/\", \"big\": 123456789012345678901234567890 }";
    let redacted = tree(&[rule("", What::default(), Style::Label)], text).unwrap();
    assert_eq!(redacted, text.replace("ada@example.org", "[EMAIL]"));
    assert_eq!(tree(&[rule("note", What::default(), Style::Label)], text), None);
}

#[test]
fn keys_stay_apart() {
    let text = r#"{"ada@example.org": 1, "bob@example.org": {"x": "bob@example.org"}, "[EMAIL]": 3}"#;
    let redacted = tree(&[rule("", What::default(), Style::Label)], text).unwrap();
    assert_eq!(redacted, r#"{"[EMAIL]~2": 1, "[EMAIL]~3": {"x": "[EMAIL]"}, "[EMAIL]": 3}"#);
}

#[test]
fn numbers_stay_numbers() {
    let text = r#"{"card": 4111111111111111, "ssn": 536228726, "count": 12, "list": [4111111111111111]}"#;
    let all = |style| tree(&[rule("", What::default(), style)], text).unwrap();
    assert_eq!(all(Style::Mask), r#"{"card": 0, "ssn": 0, "count": 12, "list": [0]}"#);
    assert_eq!(all(Style::Partial), r#"{"card": 1111, "ssn": 8726, "count": 12, "list": [1111]}"#);
    let hashed: Value = all(Style::Hash).parse().unwrap();
    assert!(hashed["card"].as_u64().unwrap() < 1 << 52 && hashed["card"] == hashed["list"][0]);
    assert_ne!(hashed["card"], hashed["ssn"]);
}

#[test]
fn the_name_of_a_field_says_what_it_is() {
    let text = r#"{"password": "kX9$vR2!mQ", "colour": "kX9 vR2 mQ"}"#;
    let redacted = tree(&[rule("", What::default(), Style::Label)], text).unwrap();
    assert_eq!(redacted, r#"{"password": "[PASSWORD]", "colour": "kX9 vR2 mQ"}"#);
}

#[test]
fn json_in_texts_is_opened_and_stays_json() {
    let arguments = json!({"to": "ada@example.org", "inner": json!({"cc": ["bob@example.org", "x"]}).to_string()});
    let text = json!({"arguments": arguments.to_string()}).to_string();
    let redacted: Value =
        tree(&[rule("arguments.inner.cc[0]", What::default(), Style::Label)], &text).unwrap().parse().unwrap();
    let inner: Value = redacted["arguments"].as_str().unwrap().parse().unwrap();
    assert_eq!(inner["to"], "ada@example.org");
    assert_eq!(inner["inner"], r#"{"cc":["[EMAIL]","x"]}"#);
}

#[test]
fn kinds_families_and_whole_fields() {
    let text = r#"{"a": "ada@example.org 4111 1111 1111 1111", "b": {"c": "hello", "d": [7, true, null]}}"#;
    let kinds = |names: &[&str]| What::Findings(names.iter().map(|name| (*name).to_owned()).collect());
    let mail = tree(&[rule("", kinds(&["email"]), Style::Label)], text).unwrap();
    assert!(mail.contains("[EMAIL] 4111"), "{mail}");
    assert_eq!(tree(&[rule("", kinds(&["secret"]), Style::Label)], text), None);
    let rules = [rule("", kinds(&["pii"]), Style::Remove), rule("b", What::Whole, Style::Label)];
    assert_eq!(tree(&rules, text).unwrap(), r#"{"a": " ", "b": {"c": "[REDACTED]", "d": [0, true, null]}}"#);
}

#[test]
fn paths_are_read_strictly() {
    for bad in ["", "a..b", ".a", "a[", "a[x]", "a[1", "a]", "[0]x"] {
        assert!(bad.parse::<Fields>().is_err(), "{bad:?}");
    }
    let path = [Step::Key("a".to_owned()), Step::Index(2), Step::Key("b".to_owned())];
    for (fields, covers) in
        [("a", true), ("a[]", true), ("a[2].*", true), ("[].a", false), ("a[1]", false), ("a.b", false)]
    {
        assert_eq!(fields.parse::<Fields>().unwrap().covers(&path), covers, "{fields}");
    }
    assert!("a[].b.c".parse::<Fields>().unwrap().touches(&path) && !"a[].c".parse::<Fields>().unwrap().touches(&path));
}

#[test]
fn what_is_no_json_is_refused() {
    let deep = "[".repeat(100_000);
    for bad in ["", "{", "{\"a\":}", "[1,]", "\"\\ud800\"x", "nul", deep.as_str()] {
        assert!(edit(bad, &mut |_, _| Some(String::new())).is_err(), "{bad:.20}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["\\PC{0,10}", Just("ada@example.org".to_owned()), Just("{\"a\": [1, \"x\"]}".to_owned())];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(4_111_111_111_111_111u64)),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let key = prop_oneof!["\\PC{0,4}", Just("ada@example.org".to_owned()), "[a-c]"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Whether two trees differ in texts, numbers and names of fields only.
fn same_structure(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_structure(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.values().zip(b.values()).all(|(a, b)| same_structure(a, b))
        }
        _ => std::mem::discriminant(a) == std::mem::discriminant(b) && (!a.is_null() || b.is_null()),
    }
}

proptest! {
    #[test]
    fn every_item_is_shown_once_and_nothing_else_changes(tree in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&tree).unwrap() } else { tree.to_string() };
        prop_assert_eq!(edit(&text, &mut |_, _| None).unwrap(), None);
        // Every text and number replaced by itself: the same bytes.
        let same = edit(&text, &mut |_, item| match item {
            Item::Text(text) | Item::Number(text) => Some(text.to_owned()),
            Item::Key(_) => None,
        });
        prop_assert_eq!(same.unwrap().unwrap_or_else(|| text.clone()).parse::<Value>().unwrap(), tree.clone());
        let mut wrong = Vec::new();
        edit(&text, &mut |path, item| {
            let mut at = Some(&tree);
            for step in path {
                at = match step {
                    Step::Key(key) => at.and_then(|at| at.get(key)),
                    Step::Index(index) => at.and_then(|at| at.get(*index)),
                };
            }
            let right = match item {
                Item::Text(text) => at.and_then(Value::as_str) == Some(text),
                Item::Number(number) => at.map(Value::to_string).as_deref() == Some(number),
                Item::Key(key) => path.last() == Some(&Step::Key(key.to_owned())) && at.is_some(),
            };
            if !right {
                wrong.push(format!("{path:?} {item:?}"));
            }
            None
        }).unwrap();
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
    }

    #[test]
    fn a_redacted_tree_has_the_same_structure(mut tree in any_json(), style in prop::sample::select(&Style::ALL), whole: bool) {
        let scanner = &*PII;
        let what = if whole { What::Whole } else { What::default() };
        let rules = [rule("", what, style)];
        let before = tree.clone();
        let mut redactor = Redactor::new([1; 32]).with_vault(Vault::new([3; 32], "a"));
        let mut scratch = Scratch::default();
        let mut redaction = TreeRedaction::new(&rules, scanner, &mut redactor, &mut scratch);
        let changed = redaction.value(&mut tree).unwrap();
        prop_assert!(same_structure(&before, &tree), "{}\n{}", before, tree);
        prop_assert_eq!(changed, !redaction.replaced().is_empty());
        prop_assert!(!whole || !tree.to_string().contains("\"ada@example.org\"") || before.to_string().contains("\"ada@example.org\":"));
    }
}
