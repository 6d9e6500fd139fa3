//! `policy-engine explain`

use clap::Args;
use llm_policy_embed::context::Stages;
use llm_policy_embed::explain::{Explanation, Outcome, RuleTrace};
use llm_policy_embed::{Engine, Stage, canonical};

use crate::args::{Format, Policies, Subject};
use crate::bodies::Bodies;
use crate::failure::{Exit, Failure};
use crate::output::{Output, clauses, decision, style, units};

const EXAMPLES: &str = "Examples:
  policy-engine explain --policy policies/ --context call.json
  policy-engine explain -p policies/ -c call.json --rule no-preview
  policy-engine explain -p policies/ -c call.json --all
  policy-engine explain -p policies/ --from anthropic --identity caller.json body.json

Values of the context are shown, which may be what users wrote.

Exit codes: 0 explained, 2 usage, 3 invalid policy or input.";

/// Show of each rule and each clause why it did or did not match
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    policies: Policies,
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    bodies: Bodies,
    /// Only this rule
    #[arg(short, long, value_name = "ID")]
    rule: Option<String>,
    /// Also the rules that were not near
    #[arg(short, long)]
    all: bool,
    /// `text` for people; `json`: one object on one line
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (engine, checked) = command.policies.load()?;
    let engine = engine.handles(command.subject.handles);
    let contexts = command.subject.contexts(&command.bodies.files, &command.policies)?;
    out.warnings(&checked.findings);
    let judge = command.bodies.judge(&engine, command.subject.question())?;
    let several = contexts.several();
    let mut exit = Exit::Allowed;
    let mut first = true;
    for context in contexts {
        let context = context?;
        match judge.explain(&context.bytes) {
            Ok(mut explanation) => {
                if let Some(wanted) = &command.rule {
                    only(&engine, &mut explanation, wanted)?;
                }
                match command.output {
                    Format::Json => out.print(&canonical::to_string(&explanation.to_json())),
                    Format::Text => {
                        if !first {
                            out.print("");
                        }
                        if several || context.line.is_some() {
                            out.print(&style::quiet(context.origin()));
                        }
                        out.print(&decision::headline(&explanation));
                        let advice = judge.advice(&context.bytes, &explanation.decision);
                        if !advice.is_empty() {
                            out.print(&format!("\n{}", decision::hints(&advice)));
                        }
                        let rules = rules(&explanation, command.rule.as_deref(), command.all);
                        out.print(&format!("\n{rules}"));
                    }
                }
            }
            Err(error) => {
                exit = Exit::Invalid;
                out.failure(&context.refused(error));
            }
        }
        first = false;
        if out.is_over() {
            break;
        }
    }
    Ok(exit)
}

/// Keeps the rules that are called `wanted`.
fn only(engine: &Engine, explanation: &mut Explanation, wanted: &str) -> Result<(), Failure> {
    let is_it = |rule: &RuleTrace| *rule.rule == *wanted || format!("{}/{}", rule.policy, rule.rule) == wanted;
    if explanation.rules.iter().any(is_it) {
        explanation.rules.retain(is_it);
        return Ok(());
    }
    let stage = explanation.decision.stage();
    if let Some(stages) = stages_of(engine, wanted) {
        let names: Vec<&str> = stages.iter().map(Stage::name).collect();
        let first = names.first().copied().unwrap_or_default();
        let message = format!("there is no rule `{wanted}` in the stage {stage}");
        return Err(Failure::usage(message, format!("it is in {}: --stage {first}", names.join(", "))));
    }
    let mut near: Vec<&str> = explanation.rules.iter().map(|r| &*r.rule).collect();
    near.truncate(12);
    let help = match near.as_slice() {
        [] => format!("no rule is evaluated in the stage {stage}"),
        near => format!("rules of the stage {stage} are {}", near.join(", ")),
    };
    Err(Failure { exit: Exit::Usage, ..Failure::usage(format!("there is no rule `{wanted}` in this stage"), help) })
}

/// The stages of the rule that is called `wanted`.
fn stages_of(engine: &Engine, wanted: &str) -> Option<Stages> {
    let compiled = engine.compiled();
    let mut stages = Stages::NONE;
    for rule in &compiled.rules {
        let document = usize::try_from(rule.document).ok().and_then(|number| compiled.documents.get(number));
        if *rule.id == *wanted || document.is_some_and(|d| format!("{}/{}", d.id, rule.id) == wanted) {
            stages = stages.union(rule.stages);
        }
    }
    (!stages.is_empty()).then_some(stages)
}

/// How a rule came out, for people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Matched,
    Failed,
    Near,
    Far,
}

fn group(rule: &RuleTrace) -> Group {
    let parts = || rule.gates.iter().chain(&rule.clauses);
    match rule.outcome {
        Outcome::True => Group::Matched,
        Outcome::Error(_) => Group::Failed,
        Outcome::False if parts().count() > 1 && parts().filter(|p| p.outcome != Outcome::True).count() == 1 => {
            Group::Near
        }
        Outcome::False => Group::Far,
    }
}

/// The rules as a tree: what matched, what failed, what nearly matched, and the others when `all`, or one is `wanted`.
pub fn rules(explanation: &Explanation, wanted: Option<&str>, all: bool) -> String {
    let groups = [
        (Group::Matched, "matched"),
        (Group::Failed, "could not be evaluated"),
        (Group::Near, "nearly matched: one clause is false"),
        (Group::Far, "did not match"),
    ];
    let mut lines = Vec::new();
    for (wanted_group, title) in groups {
        let members: Vec<&RuleTrace> = explanation.rules.iter().filter(|rule| group(rule) == wanted_group).collect();
        if members.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if wanted_group == Group::Far && !all && wanted.is_none() {
            let count = units::count(members.len(), "other rule");
            lines.push(style::quiet(format!("{count} did not match; `--all` shows them")));
            continue;
        }
        lines.push(style::title(title));
        for rule in members {
            lines.extend(tree(rule, explanation));
        }
    }
    if explanation.rewritten {
        let note =
            "`set` or `route` changed the request, and it was decided about once more; values are those from before";
        lines.extend([String::new(), style::quiet(note)]);
    }
    if lines.is_empty() {
        lines.push(style::quiet(format!("no rule is evaluated in the stage {}", explanation.decision.stage())));
    }
    lines.join("\n")
}

fn tree(rule: &RuleTrace, explanation: &Explanation) -> Vec<String> {
    let decision = &explanation.decision;
    let mut title = format!("  {}  {}", decision::rule_name(&rule.policy, &rule.rule), decision::place(rule));
    if decision.rule() == Some(&*rule.rule) && decision.policy() == Some(&*rule.policy) {
        title.push_str(&format!("  {}", style::title("← decides")));
    }
    if rule.shadow {
        title.push_str(&format!("  {}", style::careful("in shadow: no effect")));
    }
    let parts = clauses::lines(rule);
    let count = parts.len();
    let mut lines = vec![title];
    for (at, clause) in parts.into_iter().enumerate() {
        let (stem, beside) = if at + 1 == count { ("└", " ") } else { ("├", "│") };
        lines.push(format!("    {} {}", style::quiet(stem), clause.line));
        lines.extend(clause.below.map(|below| format!("    {} {below}", style::quiet(beside))));
    }
    lines
}
