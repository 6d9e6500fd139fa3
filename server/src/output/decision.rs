//! A decision for people.

use llm_policy_embed::explain::{Explanation, Found, Outcome, RuleTrace};
use llm_policy_embed::{Decision, Effect};
use serde_json::{Map, Value as Json};

use super::{clauses, limits, style, units};

/// The width of the labels.
const LABEL: usize = 10;

/// The most findings that are shown.
const FOUND: usize = 10;

/// The decision, why, and what else was asked for.
///
/// `about` says which policies decided, `advice` what there is to do.
pub fn render(explanation: &Explanation, about: &str, advice: &[(&'static str, String)]) -> String {
    let decision = &explanation.decision;
    let json = decision.to_json();
    let mut page = Page::default();
    page.lines.push(headline(explanation));
    page.lines.push(String::new());
    why(&mut page, explanation, &json, advice);
    what_else(&mut page, decision, &json);
    page.row("policies", &style::quiet(about));
    page.lines.join("\n")
}

/// The effect and the reason. The reason of a rule that applies because it failed speaks of what nobody knows.
pub fn headline(explanation: &Explanation) -> String {
    let decision = &explanation.decision;
    let reason = match deciding(explanation).and_then(|rule| Some((rule, failure(rule)?))) {
        Some((rule, cause)) => format!("`{}` could not be evaluated and applies: {cause}", rule.rule),
        None => decision.reason().into_owned(),
    };
    format!("{}  {}", effect(decision.effect()), style::title(style::safe(&reason)))
}

/// What to do about what is reserved, below a decision.
pub fn held(state: &str, hold: &str) -> String {
    let mut page = Page::default();
    page.row("held", "until it is closed with what the request used, or ten minutes have passed:");
    page.row("held", &style::quiet(format!("policy-engine settle --state {state} {hold}")));
    page.lines.join("\n")
}

/// `advice` below the headline.
pub fn hints(advice: &[(&'static str, String)]) -> String {
    let mut page = Page::default();
    advice.iter().for_each(|(label, text)| page.row(label, text));
    page.lines.join("\n")
}

fn deciding(explanation: &Explanation) -> Option<&RuleTrace> {
    let decision = &explanation.decision;
    let (policy, rule) = (decision.policy()?, decision.rule()?);
    explanation.rules.iter().find(|trace| *trace.policy == *policy && *trace.rule == *rule)
}

/// Why a rule has no value: `user.role is absent`.
fn failure(rule: &RuleTrace) -> Option<String> {
    let Outcome::Error(whole) = &rule.outcome else { return None };
    let failed = rule.gates.iter().chain(&rule.clauses).find_map(|part| match &part.outcome {
        Outcome::Error(cause) => Some((part, cause)),
        _ => None,
    });
    let Some((part, cause)) = failed else { return Some(whole.clone()) };
    let read = part.reads.iter().find_map(|read| match read.found {
        Found::Absent => Some(format!("{} is absent", read.path)),
        Found::Mistyped => Some(format!("{} has another type", read.path)),
        Found::Value(_) => None,
    });
    Some(read.unwrap_or_else(|| cause.clone()))
}

fn effect(effect: Effect) -> String {
    match effect {
        Effect::Allow => style::good("✓ allowed"),
        Effect::Throttle => style::careful("⧗ throttled"),
        Effect::RequireApproval => style::careful("? approval needed"),
        Effect::Deny => style::bad("✗ denied"),
    }
}

/// Lines with a label before them; lines of the same label stand together.
#[derive(Default)]
struct Page {
    lines: Vec<String>,
    label: String,
}

impl Page {
    fn row(&mut self, label: &str, text: &str) {
        let shown = if self.label == label { "" } else { label };
        let padded = style::pad(&style::quiet(shown), shown, LABEL);
        self.lines.push(format!("  {padded}{text}"));
        label.clone_into(&mut self.label);
    }
}

/// `production/models › no-preview`
pub fn rule_name(policy: &str, rule: &str) -> String {
    // A limit warns in the name of its document.
    if rule.is_empty() {
        return style::name(policy);
    }
    format!("{} {} {}", style::name(policy), style::quiet("›"), style::name(rule))
}

/// Where a rule stands.
pub fn place(rule: &RuleTrace) -> String {
    style::quiet(format!("{}:{}", rule.origin, rule.line))
}

fn why(page: &mut Page, explanation: &Explanation, json: &Json, advice: &[(&'static str, String)]) {
    let decision = &explanation.decision;
    let (policy, rule) = (decision.policy(), decision.rule());
    if let (Some(policy), Some(rule)) = (policy, rule) {
        let trace = deciding(explanation);
        let place = trace.map(place).unwrap_or_default();
        page.row("rule", &format!("{}  {place}", rule_name(policy, rule)));
        for clause in trace.map(clauses::lines).unwrap_or_default() {
            page.row("because", &clause.line);
            if let Some(below) = &clause.below {
                page.row("because", below);
            }
        }
    } else if let Some(policy) = policy {
        page.row("policy", &style::name(policy));
    }
    if let Some(code) = decision.code() {
        page.row("code", code);
    }
    for (label, text) in advice {
        page.row(label, text);
    }
    if let Some(message) = decision.public_message() {
        page.row("message", &format!("{} {}", style::safe(message), style::quiet("(for the user)")));
    }
    if let Some(wait) = decision.retry_after_ms() {
        page.row("retry", &format!("after {}", units::time(wait as f64 * 1e6)));
    }
    // Others that matched, unless what they ask for is shown below.
    for entry in list(json, "matched") {
        let (its_policy, its_rule) = names(entry);
        let exception = entry.get("exception").and_then(Json::as_str);
        let failed = entry.get("failed").is_some();
        let told = ["warnings", "redactions", "obligations"]
            .iter()
            .any(|name| list(json, name).iter().any(|other| names(other) == (its_policy, its_rule)));
        if (Some(its_policy), Some(its_rule)) == (policy, rule) || (told && !failed && exception.is_none()) {
            continue;
        }
        let mut text = rule_name(its_policy, its_rule);
        if let Some(exception) = exception {
            text.push_str(&format!("  {}", style::careful(format!("suspended by {exception}"))));
        }
        if failed {
            text.push_str(&format!("  {}", style::careful("failed, so it applies")));
        }
        page.row("matched", &text);
    }
}

fn what_else(page: &mut Page, decision: &Decision, json: &Json) {
    if let Some(route) = decision.route() {
        let to: Vec<&str> = [route.model.as_deref(), route.provider.as_deref()].into_iter().flatten().collect();
        page.row("goes to", &style::title(style::line(&to.join(" at "), 80)));
    }
    for found in decision.findings().iter().take(FOUND) {
        let field = found.field.as_deref().unwrap_or("a text that the condition made");
        let place = style::quiet(format!("{}-{}", found.bytes.start, found.bytes.end));
        let score = format!("{} %", found.score);
        page.row("found", &format!("{}  {}  {place}  {score}", style::name(&found.kind), style::safe(field)));
    }
    if let Some(more) = decision.finding_count().checked_sub(FOUND).filter(|more| *more > 0) {
        page.row("found", &style::quiet(format!("and {more} more")));
    }
    for state in decision.limits() {
        page.row("limit", &limits::of_decision(decision, state));
    }
    for entry in list(json, "warnings") {
        let (policy, rule) = names(entry);
        let message = entry.get("message").and_then(Json::as_str).unwrap_or_default();
        let message = style::safe(message);
        page.row("warning", &format!("{} {message}  {}", style::careful("!"), rule_name(policy, rule)));
    }
    for entry in list(json, "redactions").iter().chain(list(json, "obligations")) {
        let (policy, rule) = names(entry);
        let action = entry.get("action").and_then(Json::as_str).unwrap_or_default();
        if action == "throttle" {
            continue;
        }
        let params = entry.get("params").and_then(Json::as_object).map(parameters).unwrap_or_default();
        page.row("do", &format!("{} {params}  {}", style::title(action), rule_name(policy, rule)));
    }
    for entry in list(json, "suppressed") {
        let (policy, rule) = names(entry);
        let by = entry.get("by").map(names).unwrap_or_default();
        let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
        let what = match text("target") {
            target if target == text("action") => target.to_owned(),
            target => format!("{} of {target}", text("action")),
        };
        let who = rule_name(policy, rule);
        page.row("overruled", &format!("{what}  {who}  {} {}", style::quiet("by"), rule_name(by.0, by.1)));
    }
    for error in decision.errors() {
        let at = error.path.as_deref().map(|path| format!(": {}", style::title(path))).unwrap_or_default();
        let mut text = format!("{} {}{at}", style::careful("!"), error.cause);
        if let Some(exception) = &error.exception {
            text.push_str(&format!(" in exception {exception}"));
        }
        page.row("error", &format!("{text}  {}", rule_name(&error.policy, &error.rule)));
        if let Some(clause) = error.clause.as_deref().filter(|_| error.path.is_none()) {
            page.row("error", &format!("  {}", style::quiet(style::line(clause, 90))));
        }
    }
    let more = decision.error_count().saturating_sub(decision.errors().len());
    if more > 0 {
        page.row("error", &style::quiet(format!("and {} more", units::grouped(more as u64))));
    }
    shadow(page, decision, json);
}

/// What would be decided otherwise.
fn shadow(page: &mut Page, decision: &Decision, json: &Json) {
    let Some(shadow) = json.get("shadow") else { return };
    let text = |name: &str| shadow.get(name).and_then(Json::as_str);
    let same_effect = text("effect") == Some(decision.effect().name());
    let same_rule = (text("policy"), text("rule")) == (decision.policy(), decision.rule());
    if same_rule && (same_effect || decision.unhandled().is_some()) {
        return;
    }
    let reason = style::safe(text("reason").unwrap_or_default());
    let who = text("policy").zip(text("rule")).map(|(p, r)| format!("  {}", rule_name(p, r))).unwrap_or_default();
    let effect = style::title(text("effect").unwrap_or_default());
    page.row("shadow", &format!("with all rules in force: {effect}, {reason}{who}"));
}

fn list<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn names(entry: &Json) -> (&str, &str) {
    let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
    (text("policy"), text("rule"))
}

/// `severity=high fields=["request.prompt"]`
fn parameters(params: &Map<String, Json>) -> String {
    let one = |(name, value): (&String, &Json)| {
        let value = match value {
            Json::String(text)
                if !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c)) =>
            {
                text.clone()
            }
            other => other.to_string(),
        };
        style::line(&format!("{name}={value}"), 60)
    };
    // What was found is in the decision as JSON; here it would hide the rest.
    params.iter().filter(|(name, _)| *name != "findings").map(one).collect::<Vec<_>>().join(" ")
}
