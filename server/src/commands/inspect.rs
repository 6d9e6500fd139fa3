//! `policy-engine inspect`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use llm_policy_embed::{Engine, Question, Stage, Timestamp, canonical};
use llm_policy_workbench::inspect::{View, svg};

use serde_json::json;

use crate::args::{Format, Policies, stage_parser};
use crate::contexts;
use crate::failure::{Exit, Failure};
use crate::output::{Output, view};

const EXAMPLES: &str = "Examples:
  policy-engine inspect policies/
  policy-engine inspect -p policies/ -c calls.jsonl
  policy-engine inspect -p policies/ --output json | jq '.rules[] | {rule, guards}'
  policy-engine inspect -p policies/ --output svg > fields.svg

Exit codes: 0, 2 usage, 3 invalid policy.";

/// How the program is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Shown {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// As a picture.
    Svg,
}

/// Show the compiled program: what it reads, what it shares, how rules are found, what they cost
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Policy files or directories of them, or `-` for a document from stdin
    #[arg(value_name = "PATH", required_unless_present = "policies")]
    paths: Vec<PathBuf>,
    /// The same, as the other commands take it
    #[arg(short = 'p', long = "policy", value_name = "PATH", help_heading = "Policies")]
    policies: Vec<PathBuf>,
    /// Only documents of this namespace
    #[arg(short, long, value_name = "NAME", help_heading = "Policies")]
    namespace: Option<String>,
    /// Only documents with this tag; repeated: with one of these tags
    #[arg(short, long = "tag", value_name = "TAG", help_heading = "Policies")]
    tags: Vec<String>,
    /// Contexts to count for how many rules the index leaves to be looked at: a file, JSONL, or a directory; may be
    /// repeated
    #[arg(short = 'c', long = "context", value_name = "FILE")]
    contexts: Vec<PathBuf>,
    /// The stage that the contexts are about
    #[arg(short, long, default_value = "request", value_parser = stage_parser())]
    stage: Stage,
    /// `text` for people; `json`: one object; `svg`: a picture of which field feeds which rules
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    output: Shown,
}

/// Counts the rules that the index leaves for the contexts.
fn looked_at(command: &Command, engine: &Engine) -> Result<view::Looked, Failure> {
    let mut looked = view::Looked::default();
    let mut files = Vec::new();
    for file in &command.contexts {
        files.extend(contexts::files(file)?);
    }
    for context in contexts::Contexts::new(files) {
        let context = context?;
        let found = engine
            .candidates(&context.bytes, Question { stage: command.stage, now: Timestamp::now() })
            .map_err(|error| context.refused(error))?;
        looked.contexts += 1;
        looked.rules += found.len();
        looked.most = looked.most.max(found.len());
    }
    Ok(looked)
}

impl Command {
    /// For whom it writes errors.
    pub fn format(&self) -> Format {
        if self.output == Shown::Json { Format::Json } else { Format::Text }
    }
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let policies = Policies {
        paths: [command.paths.as_slice(), &command.policies].concat(),
        namespace: command.namespace.clone(),
        tags: command.tags.clone(),
    };
    let (engine, checked) = policies.load()?;
    let view = View::of(&engine.compiled());
    let looked = looked_at(command, &engine)?;
    match command.output {
        Shown::Text => {
            let about = crate::output::findings::about(&checked);
            out.print(&view::render(&view, &about, Some((command.stage, looked))));
        }
        Shown::Json => {
            let mut json = view.to_json();
            if let Some(object) = json.as_object_mut().filter(|_| looked.contexts > 0) {
                let looked = json!({"contexts": looked.contexts, "rules": looked.rules, "most": looked.most});
                object.insert("looked_at".to_owned(), looked);
            }
            out.print(&canonical::to_string(&json));
        }
        Shown::Svg => out.print(svg::render(&view).trim_end()),
    }
    Ok(Exit::Allowed)
}
