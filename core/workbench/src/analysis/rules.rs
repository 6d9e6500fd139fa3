//! Rules that never match, rules that always match, and rules that others always override.

use llm_policy_engine::Effect;
use llm_policy_engine::cel::program::{Node, NodeId};
use llm_policy_engine::compile::rules::{Clause, CompiledRule};
use llm_policy_engine::context::Stage;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::ActionClass;
use llm_policy_engine::document::model::Combine;

use super::outcomes::Outcomes;
use super::scenario::{Rival, decides, not_overridden_by, scenarios};
use super::solver::{Answer, Goal};
use super::witness::is_constant;
use super::{Bench, Weight};

/// The most rules that are named as overriding one together.
const NAMED: usize = 6;

/// Help for a rule over which another decides by its effect.
pub(super) const NO_PRIORITY: &str = "no priority helps here: leave the case out of the other rule's condition, name \
     that rule in an exception, or delete this rule";

pub(super) fn look(bench: &mut Bench<'_>) {
    for number in 0..bench.compiled.rules.len() {
        let Some(rule) = bench.compiled.rules.get(number) else { break };
        if never_true(bench, rule) {
            continue;
        }
        always_true(bench, rule);
        needless_clauses(bench, rule);
        if let Some(effect) = decides(rule) {
            overridden(bench, number, rule, effect);
        }
    }
}

/// Claims that a rule's condition is never true, if that is so.
fn never_true(bench: &mut Bench<'_>, rule: &CompiledRule) -> bool {
    if !bench.never(&[Goal::Is(rule.condition, Outcomes::TRUE)]) {
        return false;
    }
    let restricting =
        rule.actions.iter().any(|action| matches!(action.class, ActionClass::Restricts | ActionClass::Changes));
    if restricting && asks_for_failure(bench, rule) {
        return true;
    }
    // The clauses that contradict each other, as few as will do.
    let mut parts: Vec<(String, Goal)> = Vec::new();
    for (name, node) in &rule.gates {
        parts.push((format!("its {name}"), Goal::Is(*node, Outcomes::TRUE)));
    }
    for Clause { node, span, .. } in &rule.clauses {
        parts.push((format!("`{}`", bench.text(rule, *span)), Goal::Is(*node, Outcomes::TRUE)));
    }
    let mut at = 0;
    while at < parts.len() && parts.len() > 1 {
        let without: Vec<Goal> =
            parts.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, (_, goal))| goal.clone()).collect();
        if bench.never(&without) {
            parts.remove(at);
        } else {
            at += 1;
        }
    }
    let names: Vec<String> = parts.into_iter().map(|(name, _)| name).collect();
    let why = match names.as_slice() {
        [one] => format!("{one} is never true"),
        _ => format!("{} cannot hold together", listed(&names)),
    };
    let failing = [Goal::Is(rule.condition, Outcomes::ERROR)];
    let fails = if restricting { bench.solve(&failing) } else { Answer::No };
    let witness = match &fails {
        Answer::Maybe(state) => first_stage(rule)
            .and_then(|stage| bench.show(state, &failing, stage, |tried| tried.came_out(rule, Outcomes::ERROR))),
        _ => None,
    };
    let message = match witness {
        Some(_) => format!("rule `{}` never matches: {why}; it applies only when its condition fails", rule.id),
        None => format!("rule `{}` never matches: {why}", rule.id),
    };
    let diagnostic =
        Diagnostic::warning("never-matches", message, place(rule)).with_help("mend the condition, or delete the rule");
    if let Some(claim) = bench.claim(rule, Weight::Warning, diagnostic) {
        claim.witness = witness;
    }
    true
}

/// Whether a condition is `!(x) && (x)`, which is only ever written to apply where `x` fails.
fn asks_for_failure(bench: &Bench<'_>, rule: &CompiledRule) -> bool {
    let program = &bench.compiled.program;
    let [first, rest @ ..] = rule.clauses.as_slice() else { return false };
    let Node::Not(negated) = program.node(first.node) else { return false };
    let conjuncts = |node: NodeId| match program.node(node) {
        Node::And(run) => program.children(run).to_vec(),
        _ => vec![node],
    };
    let mut once: Vec<NodeId> = conjuncts(negated);
    let mut again: Vec<NodeId> = rest.iter().flat_map(|clause| conjuncts(clause.node)).collect();
    once.sort_unstable();
    again.sort_unstable();
    once == again
}

/// The written condition, or the rule's name when there is none.
pub(super) fn place(rule: &CompiledRule) -> llm_policy_engine::cel::ast::Span {
    match (rule.clauses.first(), rule.clauses.last()) {
        (Some(first), Some(last)) => first.span.join(last.span),
        _ => rule.name,
    }
}

pub(super) fn first_stage(rule: &CompiledRule) -> Option<Stage> {
    rule.stages.iter().next()
}

/// `a`, `b` and `c`
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// Claims that a condition cannot be false, though it reads something.
fn always_true(bench: &mut Bench<'_>, rule: &CompiledRule) {
    let written: Vec<_> = rule.clauses.iter().map(|clause| clause.node).collect();
    if written.iter().all(|node| is_constant(bench.compiled, *node)) {
        return;
    }
    let some = |outcomes: Outcomes| Goal::any(written.iter().map(|node| vec![Goal::Is(*node, outcomes)]).collect());
    if !bench.never(&[some(Outcomes::FALSE)]) {
        return;
    }
    let fails = !bench.never(&[some(Outcomes::ERROR)]);
    let (message, help) = match fails {
        true => (
            format!("the condition of rule `{}` is never false: it is true, or it fails", rule.id),
            "if the rule is meant for all requests, write `when: true`",
        ),
        false => (format!("the condition of rule `{}` is always true", rule.id), "write `when: true`, or mend it"),
    };
    let diagnostic = Diagnostic::warning("always-true", message, place(rule)).with_help(help);
    bench.claim(rule, Weight::Warning, diagnostic);
}

/// Notes clauses without which the rule would be the same.
fn needless_clauses(bench: &mut Bench<'_>, rule: &CompiledRule) {
    if rule.clauses.len() < 2 || !bench.options.notes {
        return;
    }
    for (at, clause) in rule.clauses.iter().enumerate() {
        if is_constant(bench.compiled, clause.node) {
            continue;
        }
        let rest: Vec<_> = rule.clauses.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| c.node).collect();
        // Of a clause that is written twice, the later one is needless.
        if rest.contains(&clause.node) && rule.clauses.iter().position(|c| c.node == clause.node) == Some(at) {
            continue;
        }
        let all = |outcomes: Outcomes| rest.iter().map(|node| Goal::Is(*node, outcomes)).collect::<Vec<_>>();
        let differs = [all(Outcomes::TRUE), vec![Goal::Is(clause.node, Outcomes::NOT_TRUE)]].concat();
        let failing = Goal::any(rest.iter().map(|node| vec![Goal::Is(*node, Outcomes::ERROR)]).collect());
        let absorbs = [all(Outcomes::NOT_FALSE), vec![failing, Goal::Is(clause.node, Outcomes::FALSE)]].concat();
        if bench.never(&differs) && bench.never(&absorbs) {
            let text = bench.text(rule, clause.span);
            let message = format!("rule `{}` would be the same without `{text}`: the other clauses imply it", rule.id);
            let diagnostic = Diagnostic::warning("needless-clause", message, clause.span);
            bench.claim(rule, Weight::Note, diagnostic);
        }
    }
}

/// Claims that whenever a rule decides, others decide over it.
fn overridden(bench: &mut Bench<'_>, number: usize, rule: &CompiledRule, effect: Effect) {
    let now = bench.options.now;
    let mut by: Vec<usize> = Vec::new();
    let mut decides_when_failing = false;
    for stage in rule.stages.iter() {
        let Some(found) = overriding(bench, number, rule, stage, false) else { return };
        by.extend(found);
        match overriding(bench, number, rule, stage, true) {
            Some(found) => by.extend(found),
            None => decides_when_failing = true,
        }
    }
    by.sort_unstable();
    by.dedup();
    let others: Vec<&CompiledRule> = by.iter().filter_map(|n| bench.compiled.rules.get(*n)).collect();
    if others.is_empty() || others.len() > NAMED {
        return;
    }
    let names: Vec<String> = others.iter().map(|other| bench.name(other, rule)).collect();
    let subject = match names.len() {
        1 => format!("{} always decides over it", names.concat()),
        _ => format!("{} together always decide over it", listed(&names)),
    };
    let goals = scenarios(rule, now).into_iter().next().map(|s| s.goals).unwrap_or_default();
    let policy = bench.document(rule).map(|d| d.id.clone()).unwrap_or_else(|| "".into());
    let witness = match bench.solve(&goals) {
        Answer::Maybe(state) => first_stage(rule).and_then(|stage| {
            bench.show(&state, &goals, stage, |tried| {
                let decides = tried.decision.rule() == Some(&rule.id) && tried.decision.policy() == Some(&policy);
                !decides && tried.came_out(rule, Outcomes::TRUE)
            })
        }),
        _ => None,
    };
    let paths: Vec<String> =
        others.iter().map(|other| format!("{}/{}", bench.document(other).map_or("", |d| &d.id), other.id)).collect();
    let message = match decides_when_failing {
        false => format!("the `{effect}` of rule `{}` never decides: {subject}", rule.id),
        true => format!(
            "the `{effect}` of rule `{}` decides only when its condition fails: when it matches, {subject}",
            rule.id
        ),
    };
    // Under `deny_overrides` rank counts between rules of the same effect only; between documents it never does.
    let first_match = bench.document(rule).is_some_and(|document| document.combine == Combine::FirstMatch);
    let rank_counts =
        others.iter().all(|other| other.document == rule.document && (first_match || decides(other) == Some(effect)));
    let help = match rank_counts {
        true => "delete the rule, or let it rank before the other, or let the other leave out what this one is for",
        false => NO_PRIORITY,
    };
    let diagnostic = Diagnostic::warning("always-overridden", message, place(rule)).with_help(help);
    // Documents have owners of their own, and not all are loaded everywhere.
    let is_own = others.iter().all(|other| other.document == rule.document);
    let weight = if is_own { Weight::Warning } else { Weight::Note };
    if let Some(claim) = bench.claim(rule, weight, diagnostic) {
        claim.witness = witness;
        claim.others = paths;
    }
}

/// The rules that always decide over rule `number` in `stage`, as few as are easily found, when its condition is true or when it
/// is `failing`. `None`: they do not.
fn overriding(
    bench: &mut Bench<'_>,
    number: usize,
    rule: &CompiledRule,
    stage: Stage,
    failing: bool,
) -> Option<Vec<usize>> {
    let now = bench.options.now;
    let candidates: Vec<usize> = bench
        .compiled
        .stage(stage)
        .rules
        .iter()
        .map(|other| *other as usize)
        .filter(|other| {
            *other != number && bench.compiled.rules.get(*other).is_some_and(|other| !other.shadow || rule.shadow)
        })
        .collect();
    let in_stage = |n: usize| bench.compiled.rules.get(n).is_some_and(|rule| rule.stages.contains(stage));
    let mut all = Vec::new();
    for scenario in scenarios(rule, now).into_iter().filter(|scenario| scenario.failing == failing) {
        let spared: Vec<(usize, Goal)> = candidates
            .iter()
            .filter_map(|at| {
                let other = bench.compiled.rules.get(*at)?;
                let document = bench.document(other)?;
                let matters = document.combine == Combine::FirstMatch && other.document != rule.document;
                let leaders: Vec<(&CompiledRule, bool)> = (0..*at)
                    .filter(|n| matters && *n != number && in_stage(*n))
                    .filter_map(|n| Some((bench.compiled.rules.get(n)?, n < number)))
                    .filter(|(leader, _)| leader.document == other.document)
                    .collect();
                let rival = Rival {
                    rule: other,
                    document,
                    same_document: other.document == rule.document,
                    ranks_before: *at < number,
                    leaders: &leaders,
                };
                Some((*at, not_overridden_by(rival, scenario.effect, now)?))
            })
            .collect();
        let with = |spared: &[&(usize, Goal)]| {
            scenario.goals.iter().cloned().chain(spared.iter().map(|(_, goal)| goal.clone())).collect::<Vec<_>>()
        };
        // What cannot happen needs nobody to override it.
        if bench.never(&with(&[])) {
            continue;
        }
        // Rules of the same document say more: those of others are left out first.
        let mut every: Vec<&(usize, Goal)> = spared.iter().collect();
        let beside = |(at, _): &(usize, Goal)| {
            bench.compiled.rules.get(*at).is_some_and(|other| other.document == rule.document)
        };
        every.sort_by_key(|one| beside(one));
        if !bench.never(&with(&every)) {
            return None;
        }
        let single = every.iter().rev().copied().find(|one| bench.never(&with(&[one])));
        let mut needed = match single {
            Some(one) => vec![one],
            None => every,
        };
        let mut at = 0;
        while at < needed.len() && needed.len() > 1 {
            let mut fewer = needed.clone();
            fewer.remove(at);
            if bench.never(&with(&fewer)) {
                needed = fewer;
            } else {
                at += 1;
            }
        }
        all.extend(needed.into_iter().map(|(at, _)| *at));
    }
    Some(all)
}
