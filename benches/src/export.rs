//! Workloads as files, for the programs that measure from other languages.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::contender::Result;
use crate::dialect::cedar::{MODEL_TYPE, USER, can_say, policy, size_name};
use crate::dialect::{cel, document, json_rules, rego};
use crate::request::{JSON, MODEL, PROMPT, ROLES, TAGS, USER_ID};
use crate::rule::Field;
use crate::workload::Workload;

/// Writes `workload` to `folder`, which is made: `policy.yaml` and `request.json` for us; `workload.json` with what must come
/// out and with the rules and the request as the others want them.
///
/// # Errors
///
/// If a file cannot be written.
pub fn write(workload: &Workload, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("policy.yaml"), document::yaml(&workload.rules))?;
    fs::write(folder.join("request.json"), JSON)?;
    let expected = workload.verdict_without(&[]);
    let page = json!({
        "name": workload.shape.name(),
        "denied": expected.denied,
        "deciding": expected.deciding,
        "cel": workload.rules.iter().map(cel::condition).collect::<Vec<_>>(),
        "ids": workload.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
        "rego": rego::module(&workload.rules),
        "cedar": cedar(workload)?,
        "json_rules": json_rules::rules(&workload.rules),
    });
    fs::write(folder.join("workload.json"), page.to_string())?;
    Ok(())
}

/// Policies and request for the authorizer's JSON interface, or nothing if Cedar cannot say every rule.
fn cedar(workload: &Workload) -> Result<Option<Value>> {
    if !workload.rules.iter().all(can_say) {
        return Ok(None);
    }
    let mut policies: Vec<String> = workload.rules.iter().map(policy).collect();
    policies.push("permit(principal, action, resource);".to_owned());
    let request: Value = serde_json::from_str(JSON)?;
    let at = |field: Field| request.pointer(&format!("/{}", field.path.replace('.', "/"))).unwrap_or(&Value::Null);
    let size = |field: Field| match at(field) {
        Value::Array(items) => items.len(),
        value => value.as_str().map_or(0, |text| text.chars().count()),
    };
    let mut context = decimals(&request);
    context["sizes"] = [PROMPT, ROLES, TAGS].iter().map(|field| (size_name(*field), json!(size(*field)))).collect();
    Ok(Some(json!({
        "policies": policies.join("\n"),
        "principal": {"type": USER, "id": at(USER_ID)},
        "action": {"type": "Action", "id": "invoke"},
        "resource": {"type": MODEL_TYPE, "id": at(MODEL)},
        "context": context,
    })))
}

/// `value` with fractions in the form that Cedar's JSON has for its `decimal`.
fn decimals(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = number.as_f64().map_or(String::new(), |number| format!("{number:.4}"));
            json!({"__extn": {"fn": "decimal", "arg": text}})
        }
        Value::Array(items) => items.iter().map(decimals).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), decimals(value))).collect(),
        value => value.clone(),
    }
}
