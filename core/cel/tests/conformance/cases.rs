//! The cases of the data modules, in one shape.

use std::collections::HashMap;

use serde_json::Value as Json;

/// One test.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// `file/section/name`; what has no name of its own is called by its expression.
    pub name: String,
    pub expr: String,
    pub container: String,
    /// Declarations of variables and functions.
    pub type_env: Vec<Json>,
    /// Values of variables.
    pub bindings: Vec<(String, Json)>,
    /// False when the expression is to be evaluated without having been checked.
    pub check: bool,
    pub golden: Golden,
    pub outcome: Outcome,
}

/// What cel-go printed for the expression in the environment in which the goldens were made.
#[derive(Clone, Debug, Default)]
pub struct Golden {
    pub ast: Option<String>,
    pub checked_ast: Option<String>,
    pub result_type: Option<String>,
    pub error: Option<String>,
}

/// What evaluating gives.
#[derive(Clone, Debug, Default)]
pub enum Outcome {
    /// The data does not say.
    #[default]
    Unknown,
    /// It can be evaluated.
    Anything,
    /// It has this type.
    Type(&'static str),
    /// This value, as JSON of protobuf.
    Value(Json),
    /// An error, while checking or while evaluating.
    Error,
    /// The type, and the value if there is one.
    Typed(Option<Json>, Option<Json>),
}

/// What the test of cel-go declares from which the module `checking` was made.
const CHECKING: &str = r#"[
    {"name": "is", "ident": {"type": {"primitive": "STRING"}}},
    {"name": "ii", "ident": {"type": {"primitive": "INT64"}}},
    {"name": "iu", "ident": {"type": {"primitive": "UINT64"}}},
    {"name": "iz", "ident": {"type": {"primitive": "BOOL"}}},
    {"name": "ib", "ident": {"type": {"primitive": "BYTES"}}},
    {"name": "id", "ident": {"type": {"primitive": "DOUBLE"}}},
    {"name": "ix", "ident": {"type": {"null": null}}},
    {"name": "fg_s", "function": {"overloads": [
        {"overloadId": "fg_s_0", "resultType": {"primitive": "STRING"}}]}},
    {"name": "fi_s_s", "function": {"overloads": [
        {"overloadId": "fi_s_s_0", "params": [{"primitive": "STRING"}], "resultType": {"primitive": "STRING"},
         "isInstanceFunction": true}]}}
]"#;

/// All cases of the module `name`.
pub fn cases(name: &str, module: &Json) -> Vec<Case> {
    let mut found = Vec::new();
    let mut counts = HashMap::new();
    collect(module, "", name, &mut found);
    for case in &mut found {
        if name == "checking" {
            let common: Vec<Json> = serde_json::from_str(CHECKING).unwrap();
            case.type_env.splice(0..0, common);
        }
        let count = counts.entry(case.name.clone()).and_modify(|n| *n += 1).or_insert(1);
        if *count > 1 {
            case.name = format!("{}#{count}", case.name);
        }
    }
    found
}

fn collect(suite: &Json, path: &str, module: &str, found: &mut Vec<Case>) {
    for test in suite["tests"].as_array().into_iter().flatten() {
        found.push(case(test, if path.is_empty() { module } else { path }));
    }
    for inner in suite["suites"].as_array().into_iter().flatten() {
        let name = inner["name"].as_str().unwrap();
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        collect(inner, &path, module, found);
    }
}

fn case(test: &Json, path: &str) -> Case {
    let original = &test["original"];
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let expr = text(&original["expr"]).unwrap();
    let name = text(&original["name"]).unwrap_or_else(|| short(&expr));
    let bindings = original["bindings"].as_object().into_iter().flatten();
    let typed = &original["typedResult"];
    let outcome = if original["name"].is_null() {
        Outcome::Unknown
    } else if !original["evalError"].is_null() {
        Outcome::Error
    } else if !typed.is_null() {
        Outcome::Typed(typed.get("deducedType").cloned(), typed.get("result").cloned())
    } else if original["checkOnly"] == true {
        Outcome::Unknown
    } else {
        // By the specification of the format, what says nothing says true.
        Outcome::Value(original.get("value").cloned().unwrap_or_else(|| serde_json::json!({"boolValue": true})))
    };
    Case {
        name: format!("{path}/{name}"),
        expr,
        container: text(&original["container"]).unwrap_or_default(),
        type_env: original["typeEnv"].as_array().cloned().unwrap_or_default(),
        bindings: bindings.map(|(name, bound)| (name.clone(), bound["value"].clone())).collect(),
        check: original["disableCheck"] != true,
        golden: Golden {
            ast: text(&test["ast"]),
            checked_ast: text(&test["checkedAst"]),
            result_type: text(&test["type"]),
            error: text(&test["error"]),
        },
        outcome,
    }
}

/// An expression as a name: on one line, and not longer than is needed to tell it from others.
fn short(expr: &str) -> String {
    let words: Vec<&str> = expr.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(100).collect();
    name.trim_end().to_owned()
}
