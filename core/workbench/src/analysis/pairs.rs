//! Rules that conflict: both match, and which of them counts is not what their priorities say, or nobody said it.

use llm_policy_engine::Effect;
use llm_policy_engine::compile::rules::{ActionEffect, CompiledRule, Text};
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::model::Combine;

use super::outcomes::Outcomes;
use super::rules::{NO_PRIORITY, place};
use super::scenario::{decides, live};
use super::solver::{Answer, Goal};
use super::{Bench, Weight};

/// So many pairs are asked about; a bundle with more of them that could conflict is not looked at further.
const PAIRS: usize = 20_000;

/// How two rules would conflict if both matched.
struct Clash {
    why: String,
    /// Whether the claim is about the first rule, which ranks before the other.
    about_first: bool,
    help: &'static str,
}

const PRIORITIES: &str = "give them priorities that say which counts, or let one condition leave out the other's case";

pub(super) fn look(bench: &mut Bench<'_>) {
    let rules = &bench.compiled.rules;
    let mut asked = 0;
    // One conflict of a rule is enough to look at it again.
    let mut told = vec![false; rules.len()];
    for (at, first) in rules.iter().enumerate() {
        for (other, second) in rules.iter().enumerate().skip(at + 1) {
            let Some(clash) = clash(bench, first, second) else { continue };
            let about = if clash.about_first { at } else { other };
            if told.get(about).copied().unwrap_or(true) {
                continue;
            }
            asked += 1;
            if asked > PAIRS {
                bench.unanswered += 1;
                return;
            }
            if conflict(bench, first, second, &clash)
                && let Some(told) = told.get_mut(about)
            {
                *told = true;
            }
        }
    }
}

/// How two rules would conflict if both matched; the first ranks before the second.
fn clash(bench: &Bench<'_>, first: &CompiledRule, second: &CompiledRule) -> Option<Clash> {
    if first.shadow != second.shadow || first.stages.intersection(second.stages).is_empty() {
        return None;
    }
    let clash = |why: String| Some(Clash { why, about_first: false, help: PRIORITIES });
    let same_priority = priority(bench, first)? == priority(bench, second)?;
    if same_priority && let Some(target) = both_change(first, second) {
        return clash(format!("both change `{target}`, and the first one written counts"));
    }
    if first.document != second.document {
        return None;
    }
    let (a, b) = (decides(first)?, decides(second)?);
    match bench.document(first)?.combine {
        Combine::FirstMatch if same_priority && a != b => {
            clash(format!("one decides `{a}`, the other `{b}`, and at the same priority the first one written counts"))
        }
        // The one of higher priority loses.
        Combine::DenyOverrides if !same_priority && a == Effect::Allow && b > a && !is_told(bench, first, second) => {
            let why =
                format!("`{}` has the higher priority, yet `{b}` wins over `{a}` whatever the priorities", first.id);
            Some(Clash { why, about_first: true, help: NO_PRIORITY })
        }
        _ => None,
    }
}

/// Whether it was told that `second` always decides over `first`.
fn is_told(bench: &Bench<'_>, first: &CompiledRule, second: &CompiledRule) -> bool {
    let Some(document) = bench.document(first) else { return false };
    let other = format!("{}/{}", document.id, second.id);
    bench.claims.iter().any(|claim| {
        let about = claim.policy == document.id && claim.rule.as_ref() == Some(&first.id);
        about && claim.code() == "always-overridden" && claim.others.contains(&other)
    })
}

fn priority(bench: &Bench<'_>, rule: &CompiledRule) -> Option<i32> {
    bench.written(rule).map(|rule| rule.priority)
}

/// What both rules change, to values that are known to differ.
fn both_change(first: &CompiledRule, second: &CompiledRule) -> Option<String> {
    for a in &first.actions {
        for b in &second.actions {
            match (&a.effect, &b.effect) {
                (ActionEffect::Set(x), ActionEffect::Set(y)) => {
                    let differs = |(path, node): &(std::sync::Arc<str>, _)| {
                        y.iter().any(|(other, value)| other == path && value != node)
                    };
                    if let Some((path, _)) = x.iter().find(|entry| differs(entry)) {
                        return Some(path.to_string());
                    }
                }
                (ActionEffect::Route { models: x, .. }, ActionEffect::Route { models: y, .. }) => {
                    let texts = |models: &[Text]| -> Option<Vec<String>> {
                        models
                            .iter()
                            .map(|model| match model {
                                Text::Fixed(text) => Some(text.to_string()),
                                Text::Parts(_) => None,
                            })
                            .collect()
                    };
                    if let (Some(x), Some(y)) = (texts(x), texts(y))
                        && x != y
                    {
                        return Some("route".to_owned());
                    }
                }
                _ => {}
            }
        }
    }
    None
}

/// Claims that two rules conflict, if a context shows it.
fn conflict(bench: &mut Bench<'_>, first: &CompiledRule, second: &CompiledRule, clash: &Clash) -> bool {
    let now = bench.options.now;
    let mut goals = vec![Goal::Is(first.condition, Outcomes::TRUE), Goal::Is(second.condition, Outcomes::TRUE)];
    for rule in [first, second] {
        goals.extend(live(rule, now).map(|exception| Goal::Is(exception.condition, Outcomes::NOT_TRUE)));
    }
    let Some(stage) = first.stages.intersection(second.stages).iter().next() else { return false };
    let Answer::Maybe(state) = bench.solve(&goals) else { return false };
    // A rule for a special case of the other's is meant to differ.
    let is_case = [Goal::Is(first.condition, Outcomes::TRUE), Goal::Is(second.condition, Outcomes::NOT_TRUE)];
    if decides(first).is_some_and(|effect| effect != Effect::Allow) && bench.never(&is_case) {
        return false;
    }
    let policy = |rule: &CompiledRule| bench.document(rule).map(|d| d.id.clone()).unwrap_or_else(|| "".into());
    let (one, other) = (policy(first), policy(second));
    let witness = bench.show(&state, &goals, stage, |tried| {
        tried.came_out(first, Outcomes::TRUE) && tried.came_out(second, Outcomes::TRUE)
    });
    // What could not be shown is not claimed.
    let Some(witness) = witness else { return false };
    let (about, against, policy) = if clash.about_first { (first, second, other) } else { (second, first, one) };
    let name = bench.name(against, about);
    let message = format!("rules `{}` and {name} conflict: {}", about.id, clash.why);
    let diagnostic = Diagnostic::warning("conflicting-rules", message, place(about)).with_help(clash.help);
    if let Some(claim) = bench.claim(about, Weight::Warning, diagnostic) {
        claim.witness = Some(witness);
        claim.others = vec![format!("{policy}/{}", against.id)];
    }
    true
}
