//! What a context or a decision hints at that is not a part of the decision: a misspelt field, another stage, a host that
//! carries out less than it could.

use llm_policy_embed::{Decision, Engine, Stage, context};
use serde_json::Value as Json;

use super::style;

/// The most fields and documents that are named.
const MOST: usize = 5;

/// About a context as it came; a provider's body has no fields of ours.
pub fn of_context(engine: &Engine, bytes: &[u8], stage: Stage) -> Vec<(&'static str, String)> {
    let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return Vec::new() };
    let mut out = Vec::new();
    let strays = engine.compiled().fields.strays(&json);
    for stray in strays.iter().take(MOST) {
        let near = stray.near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        out.push(("unread", format!("{} is no field of the context{near}", style::name(style::safe(&stray.path)))));
    }
    if let Some(more) = strays.len().checked_sub(MOST).filter(|more| *more > 0) {
        out.push(("unread", style::quiet(format!("and {more} more"))));
    }
    out.extend(other_stage(&json, stage).map(|help| ("help", help)));
    out
}

/// A context with a field that its stage has not is about another stage.
fn other_stage(json: &Json, stage: Stage) -> Option<String> {
    let fields = |json: &Json, above: Option<&str>| -> Vec<&'static context::Field> {
        let names = json.as_object().into_iter().flat_map(|object| object.iter().filter(|(_, value)| !value.is_null()));
        let path = |name: &String| above.map_or_else(|| name.clone(), |above| format!("{above}.{name}"));
        names.filter_map(|(name, _)| context::field(&path(name))).filter(|f| !f.stages.contains(stage)).collect()
    };
    let field = fields(json, None).first().copied()?;
    let below = json.get(field.path).map(|below| fields(below, Some(field.path))).unwrap_or_default();
    // `tool.result` says more than `tool`.
    let stages = below.iter().fold(field.stages, |stages, below| stages.intersection(below.stages));
    let other = stages.iter().next().or_else(|| field.stages.iter().next())?;
    let help = style::title(format!("--stage {other}"));
    Some(format!("the context has `{}`, which a {stage} has not: {help}?", field.path))
}

/// About a decision.
pub fn of_decision(engine: &Engine, decision: &Decision) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if let Some(action) = decision.unhandled() {
        let flag = style::title(format!("--handles {action}"));
        out.push(("help", format!("if the host does carry it out, say so: {flag}")));
    }
    if decision.code() == Some("no_policy") {
        out.push((
            "help",
            match uncovered(engine, decision.stage()) {
                Some(help) => help,
                None => "a document decides what its rules leave open when it has a `default_action`".to_owned(),
            },
        ));
    }
    out
}

/// When no rule and no default is of the stage: those that there are.
fn uncovered(engine: &Engine, stage: Stage) -> Option<String> {
    let compiled = engine.compiled();
    let asked = compiled.stage(stage);
    if !asked.rules.is_empty() || !asked.defaults.is_empty() {
        return None;
    }
    let covered = |number: usize| -> Vec<&'static str> {
        let is_it = |document: u32| usize::try_from(document) == Ok(number);
        let covers = |stage: &Stage| {
            compiled.rules.iter().any(|rule| is_it(rule.document) && rule.stages.contains(*stage))
                || compiled.stage(*stage).defaults.iter().any(|document| is_it(*document))
        };
        Stage::ALL.into_iter().filter(covers).map(Stage::name).collect()
    };
    let mut documents: Vec<String> = compiled
        .documents
        .iter()
        .enumerate()
        .take(MOST)
        .map(|(number, document)| format!("{}: {}", document.id, covered(number).join(", ")))
        .collect();
    if let Some(more) = compiled.documents.len().checked_sub(MOST).filter(|more| *more > 0) {
        documents.push(format!("and {more} more"));
    }
    Some(format!("no document covers the stage {stage} ({})", documents.join("; ")))
}
