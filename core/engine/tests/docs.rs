//! The documentation: what it shows, works.
//!
//! In README.md and docs/*.md these blocks are tested:
//!
//! ```text
//! yaml           a whole document (it begins with `version:`) loads; anything else is passed over
//! yaml part      loads as the body of a document: `lists:`, `variables:`, `rules:`, ...
//! yaml rules     loads as the rules of a document, with the lists, variables and tables of the example policies' kind
//! yaml actions   loads as the actions of a rule
//! yaml refused   does not load
//! cel            each paragraph is an expression that compiles
//! cel true       each paragraph is true for the context of examples/contexts/allowed-developer.json
//! cel refused    each paragraph is an expression that does not compile
//! ```

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use llm_policy_cel::env::Env;
use llm_policy_engine::compile::functions;
use llm_policy_engine::context::Stage;
use llm_policy_engine::detection::{Detector, questions};
use llm_policy_engine::document::{self, Document};
use llm_policy_engine::explain::Outcome;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options};
use serde_json::{Value, json};

const HEAD: &str = "version: '1.0'\nmetadata: {name: docs}\n";
/// What the blocks may refer to.
const NAMES: &str = "lists: {eu_regions: [eu-west-1, eu-central-1], models: [gpt-4o, gpt-4o-mini]}
variables: {is_prod: request.environment == 'production'}
tables: {team_caps: {key: string, value: double, entries: {search: 0.5}}}
";
const RULE: &str = "rules: [{id: a, when: true, actions: [allow]}]\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fenced block.
struct Block {
    /// What stands behind the opening fence.
    info: String,
    text: String,
    /// File and line, for messages.
    place: String,
}

impl Block {
    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
    }
}

fn pages() -> Vec<(String, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    paths.push(root().join("README.md"));
    paths.sort();
    let read =
        |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
    paths.into_iter().map(read).collect()
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (name, text) in pages() {
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    let place = format!("{name}:{}", number + 1);
                    open = Some(Block { info: info.trim().to_owned(), text: String::new(), place });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name} has a block without an end");
    }
    blocks
}

fn indent(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

fn load(text: &str, name: &str) -> Result<Vec<Document>, String> {
    // The pages show policies of these folders, with the tables beside them.
    let folders = ["examples/policies", "examples/migrating-from-opa/06-tables"];
    let mut table = |name: &str| {
        let file = folders.map(|folder| root().join(folder).join(name)).into_iter().find(|file| file.is_file());
        fs::read_to_string(file.ok_or("no such table in the examples")?).map_err(|e| e.to_string())
    };
    document::read(text, name, &mut table).map(|document| vec![document]).map_err(|refused| refused.to_string())
}

fn engine(text: &str, name: &str) -> Result<Engine, String> {
    let (engine, _) = Engine::new(load(text, name)?, Options::default())
        .map_err(|findings| findings.iter().map(|f| f.render(false)).collect::<Vec<_>>().join("\n\n"))?;
    Ok(engine)
}

/// A document in which `expression` is a variable, or with `condition` a rule's condition.
fn with_expression(expression: &str, condition: bool) -> String {
    let mut document = json!({
        "version": "1.0",
        "metadata": {"name": "docs"},
        "config": {"stages": ["request"]},
        "lists": {"eu_regions": ["eu-west-1", "eu-central-1"], "models": ["gpt-4o", "gpt-4o-mini"]},
        "tables": {"team_caps": {"key": "string", "value": "double", "entries": {"search": 0.5}}},
        "variables": {"is_prod": "request.environment == 'production'"},
        "rules": [{"id": "a", "when": "true", "actions": ["allow"]}],
    });
    let place = if condition { "/rules/0/when" } else { "/variables/is_prod" };
    *document.pointer_mut(place).unwrap() = Value::from(expression);
    document.to_string()
}

/// What a rule with this condition comes to.
fn value_of(expression: &str) -> Result<Outcome, String> {
    let engine = engine(&with_expression(expression, true), "docs.json")?;
    let context = fs::read(root().join("examples/contexts/allowed-developer.json")).unwrap();
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let explanation = engine.explain(Stage::Request, &Json::new(&context), now).unwrap();
    Ok(explanation.rules.first().unwrap().outcome.clone())
}

#[test]
fn policies_of_the_pages_load() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.info.starts_with("yaml")) {
        let text = &block.text;
        let begins = text.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
        let whole = begins.starts_with("version:");
        let name = |key: &str| if text.contains(key) { "" } else { NAMES };
        let document = match block.info.as_str() {
            "yaml" | "yaml refused" if whole => text.clone(),
            "yaml" => continue,
            "yaml part" if text.contains("rules:") => format!("{HEAD}{text}"),
            "yaml part" => format!("{HEAD}{text}{RULE}"),
            "yaml rules" | "yaml refused" => format!("{HEAD}{}rules:\n{}", name("\nlists:"), indent(text, "  ")),
            "yaml actions" => {
                format!("{HEAD}{NAMES}rules:\n  - id: a\n    when: true\n    actions:\n{}", indent(text, "      "))
            }
            other => panic!("{}: no block is called `{other}`", block.place),
        };
        seen += 1;
        match (engine(&document, "docs.yaml"), block.info.as_str()) {
            (Ok(_), "yaml refused") => wrong.push(format!("{}: loads, but it should not", block.place)),
            (Err(findings), info) if info != "yaml refused" => wrong.push(format!("{}:\n{findings}", block.place)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(seen > 10, "the pages have only {seen} policies");
}

#[test]
fn expressions_of_the_pages_compile() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.info.starts_with("cel")) {
        for paragraph in block.paragraphs() {
            seen += 1;
            let place = &block.place;
            // Only a condition is checked for the fields of its stage.
            let condition = block.info != "cel";
            let compiled = engine(&with_expression(paragraph, condition), "docs.json");
            match (block.info.as_str(), compiled) {
                ("cel", Ok(_)) | ("cel refused", Err(_)) => {}
                ("cel refused", Ok(_)) => wrong.push(format!("{place}: `{paragraph}` compiles, but it should not")),
                ("cel true", Ok(_)) => match value_of(paragraph) {
                    Ok(Outcome::True) => {}
                    other => wrong.push(format!("{place}: `{paragraph}` is {other:?}")),
                },
                ("cel" | "cel true", Err(findings)) => wrong.push(format!("{place}:\n{findings}")),
                (other, _) => panic!("{place}: no block is called `{other}`"),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(seen > 20, "the pages have only {seen} expressions");
}

/// README shows a policy, a context in back-ticks, and what is decided.
#[test]
fn the_policy_of_the_readme_decides_as_it_says() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let all = blocks();
    let block = |info: &str| all.iter().find(|b| b.place.starts_with("README.md") && b.info == info).unwrap();
    let context = readme.split('`').find(|text| text.starts_with("{\"user\"")).unwrap();
    let engine = engine(&block("yaml").text, "models.yaml").unwrap();
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let decision = engine.evaluate(Stage::Request, &Json::from(context), now).unwrap();
    assert_eq!(decision.to_canonical_json(), block("json").text.trim());
}

fn env() -> Env {
    Env::builder()
        .standard()
        .extensions()
        .functions(functions::functions())
        .functions(questions::functions(&Detector::of_everything()))
        .macros(functions::macros())
        .build()
}

#[test]
fn examples_of_functions_are_true() {
    let wrong: Vec<String> = env()
        .functions()
        .iter()
        .filter(|function| !function.example.is_empty())
        .filter_map(|function| match value_of(function.example) {
            Ok(Outcome::True) => None,
            other => Some(format!("{}: `{}` is {other:?}", function.name, function.example)),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reference_names_every_macro_and_type() {
    let page = fs::read_to_string(root().join("docs/cel.md")).unwrap();
    let env = env();
    let macros = env.macro_names().map(str::to_owned);
    let types = env.type_names().map(|(name, _)| name.to_string());
    let missing: Vec<String> = macros.chain(types).filter(|name| !page.contains(&**name)).collect();
    assert!(missing.is_empty(), "docs/cel.md says nothing of {missing:?}");
}

/// Links between the pages lead somewhere.
#[test]
fn links_lead_to_files() {
    let mut wrong = Vec::new();
    for (name, text) in pages() {
        let folder = if name == "README.md" { root() } else { root().join("docs") };
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let outside = target.is_empty() || target.contains("://");
            if !outside && !folder.join(target).exists() {
                wrong.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these links lead nowhere: {}", wrong.join(", "));
}
