//! `policy-engine evaluate`

use clap::Args;
use llm_policy_embed::explain::Explanation;
use llm_policy_embed::limits::Hold;
use llm_policy_embed::{Decision, Error, canonical};
use serde_json::{Value as Json, json};

use crate::args::{Format, Policies, Subject, with_state};
use crate::bodies::{Bodies, Judge};
use crate::failure::{Exit, Failure};
use crate::output::{Output, decision, findings, style};

const EXAMPLES: &str = "Examples:
  policy-engine evaluate --policy policies/ --context call.json
  policy-engine evaluate -p policies/ -c call.json --handles redact,route --output json
  tail -f calls.jsonl | policy-engine evaluate -p policies/ --output json
  policy-engine evaluate -p policies/ --from openai-chat --identity caller.json body.json
  policy-engine evaluate -p policies/ -c call.json --state limits.db
  policy-engine evaluate -p policies/ -c reply.json --stage response --now 2026-03-01T12:00:00Z

Exit codes: 0 allowed, 10 denied, 11 throttled, 12 approval needed, 2 usage,
3 invalid policy or input. With several contexts the strongest decision counts.";

/// Decide about a request, a response or a tool call
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    policies: Policies,
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    bodies: Bodies,
    /// `text` for people; `json`: the canonical decision on one line
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
    /// Show the clauses of the other rules as well; `explain` shows more
    #[arg(short, long)]
    explain: bool,
    /// Keep limits in this file, or in the store of this URL: what a request takes, the next one finds taken. The file is
    /// made when it is not there
    #[arg(long, value_name = "FILE", help_heading = "Limits")]
    state: Option<String>,
    /// With `--state`: decide, and take nothing
    #[arg(long, requires = "state", help_heading = "Limits")]
    dry_run: bool,
}

impl Command {
    /// Decides, and takes from limits what the command says.
    fn decide(&self, judge: &Judge<'_>, bytes: &[u8]) -> Result<Decision, Error> {
        if self.dry_run { judge.dry_run(bytes) } else { judge.evaluate(bytes) }
    }

    /// The decision on one line. Where limits are kept, what is beside the canonical form stands there too.
    fn json(&self, decision: &Decision, mut json: Json) -> String {
        if self.state.is_some()
            && let Some(object) = json.as_object_mut()
        {
            object.insert("limits".to_owned(), decision.limits_json());
            object.insert("hold".to_owned(), json!(decision.hold().map(Hold::to_text)));
        }
        canonical::to_string(&json)
    }

    /// The decision with its reasons. These are what they were before the request took anything.
    fn explained(&self, judge: &Judge<'_>, bytes: &[u8]) -> Result<Explanation, Error> {
        let mut explanation = judge.explain(bytes)?;
        if self.state.is_some() {
            explanation.decision = self.decide(judge, bytes)?;
        }
        Ok(explanation)
    }
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (engine, checked) = command.policies.load()?;
    let mut engine = engine.handles(command.subject.handles);
    if let Some(state) = &command.state {
        engine = with_state(engine, state)?;
    }
    let contexts = command.subject.contexts(&command.bodies.files, &command.policies)?;
    out.warnings(&checked.findings);
    let about = findings::about(&checked);
    let judge = command.bodies.judge(&engine, command.subject.question())?;
    let mut strongest: Option<llm_policy_embed::Effect> = None;
    let mut refused = false;
    let mut several = contexts.several();
    let mut first = true;
    for context in contexts {
        let context = context?;
        several |= context.line.is_some();
        let heading = several.then(|| context.origin());
        let shown = match (command.output, command.explain) {
            (Format::Json, false) => command.decide(&judge, &context.bytes).map(|decision| match command.state {
                None => (decision.effect(), decision.to_canonical_json()),
                Some(_) => (decision.effect(), command.json(&decision, decision.to_json())),
            }),
            (Format::Json, true) => command.explained(&judge, &context.bytes).map(|explanation| {
                (explanation.decision.effect(), command.json(&explanation.decision, explanation.to_json()))
            }),
            (Format::Text, all) => command.explained(&judge, &context.bytes).map(|explanation| {
                let mut text =
                    decision::render(&explanation, &about, &judge.advice(&context.bytes, &explanation.decision));
                if let (Some(state), Some(hold)) = (&command.state, explanation.decision.hold()) {
                    text.push('\n');
                    text.push_str(&decision::held(state, &hold.to_text()));
                }
                if all {
                    text.push_str("\n\n");
                    text.push_str(&super::explain::rules(&explanation, None, false));
                }
                (explanation.decision.effect(), text)
            }),
        };
        if command.output == Format::Text {
            if !first {
                out.print("");
            }
            if let Some(heading) = &heading {
                out.print(&style::quiet(heading));
            }
        }
        first = false;
        match shown {
            Ok((effect, text)) => {
                strongest = strongest.max(Some(effect));
                out.print(&text);
            }
            Err(error) => {
                refused = true;
                if command.output == Format::Json {
                    // Whoever reads decisions by line finds a deny where there is none.
                    out.print(&error.decision(command.subject.stage, &engine.bundle()));
                }
                out.failure(&context.refused(error));
            }
        }
        if out.is_over() {
            break;
        }
    }
    Ok(match strongest {
        _ if refused => Exit::Invalid,
        Some(effect) => effect.into(),
        None => Exit::Invalid,
    })
}
