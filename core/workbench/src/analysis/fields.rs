//! Fields that may be absent: reads that nothing guards, and rules that a caller avoids by leaving a field out.

use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::context::Source;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::ActionClass;

use super::cells::Kind;
use super::outcomes::Outcomes;
use super::rules::{first_stage, listed, place};
use super::solver::{Answer, Goal};
use super::tried::Tried;
use super::witness::{self, Held};
use super::{Bench, Weight, Witness};

pub(super) fn look(bench: &mut Bench<'_>) {
    if !bench.options.notes {
        return;
    }
    for rule in &bench.compiled.rules {
        unguarded(bench, rule);
        avoidable(bench, rule);
    }
}

/// The slots of a rule that may be absent.
fn optional_slots(bench: &mut Bench<'_>, rule: &CompiledRule) -> Vec<u32> {
    let mut slots: Vec<u32> = Vec::new();
    for clause in &rule.clauses {
        slots.extend(bench.theory.reads.slots(clause.node));
    }
    slots.sort_unstable();
    slots.dedup();
    slots.retain(|slot| bench.compiled.now != Some(*slot) && !bench.compiled.required.contains(slot));
    slots
}

/// The goal that a slot is absent, or that it has a value.
fn presence(bench: &Bench<'_>, slot: u32, present: bool) -> Option<Goal> {
    let subject = bench.theory.slot(slot)?;
    let known = bench.theory.known(subject)?;
    let fits = |kind: Kind| if present { kind.is_value() } else { kind == Kind::Absent };
    let cells = (0..known.cells.len()).filter(|at| known.cells.get(*at).is_some_and(|cell| fits(cell.kind)));
    Some(Goal::In(subject, cells.collect()))
}

/// Notes the fields without which the condition fails, though everything else is there.
fn unguarded(bench: &mut Bench<'_>, rule: &CompiledRule) {
    let slots = optional_slots(bench, rule);
    let mut found: Vec<String> = Vec::new();
    let mut shown: Option<Witness> = None;
    for slot in &slots {
        let path = bench.compiled.slots.path(*slot).to_owned();
        // The error must be this field's, and no other's.
        let mut goals = vec![Goal::Is(rule.condition, Outcomes::ERROR)];
        goals.extend(slots.iter().filter_map(|other| presence(bench, *other, other != slot)));
        let (Answer::Maybe(state), Some(stage)) = (bench.solve(&goals), first_stage(rule)) else { continue };
        let witness = bench.show(&state, &goals, stage, |tried| {
            tried.came_out(rule, Outcomes::ERROR)
                && tried.decision.errors().iter().any(|error| error.path.as_deref() == Some(&path))
        });
        if let Some(witness) = witness {
            found.push(path);
            shown.get_or_insert(witness);
        }
    }
    let Some(witness) = shown else { return };
    let applies =
        rule.actions.iter().any(|action| matches!(action.class, ActionClass::Restricts | ActionClass::Changes));
    let then = if applies { "the rule applies" } else { "the rule does not apply" };
    let message = format!(
        "nothing guards rule `{}` against the absence of {}: its condition fails then, and {then}",
        rule.id,
        listed(&found.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>())
    );
    let diagnostic = Diagnostic::warning("unguarded-read", message, place(rule)).with_help(
        "if the field may be absent, say what that means: `has(field) && ...`, or `missing: default` under `schema`",
    );
    if let Some(claim) = bench.claim(rule, Weight::Note, diagnostic) {
        claim.witness = Some(witness);
        claim.fields = found;
    }
}

/// Notes the fields of the body that a restricting rule needs: whoever leaves one out avoids the rule.
fn avoidable(bench: &mut Bench<'_>, rule: &CompiledRule) {
    if !rule.classes.restricts {
        return;
    }
    let (engine, compiled, now) = (bench.engine, bench.compiled, bench.options.now);
    let Some(stage) = first_stage(rule) else { return };
    for slot in optional_slots(bench, rule) {
        let from_body = compiled.slots.infos.get(slot as usize).is_some_and(|info| info.source == Source::Body);
        let Some(present) = presence(bench, slot, true).filter(|_| from_body) else { continue };
        let goals = vec![Goal::Is(rule.condition, Outcomes::TRUE), present];
        let Answer::Maybe(state) = bench.solve(&goals) else { continue };
        let witness = witness::find(&mut bench.theory, &state, &goals, |theory, guess| {
            let mut without = guess.clone();
            without.iter_mut().filter(|(s, _)| *s == slot).for_each(|(_, held)| *held = Held::Absent);
            let at = witness::instant(compiled, guess).unwrap_or(now);
            let attempt = |guess| {
                let context = witness::context(compiled, theory, guess)?;
                let tried = Tried::new(engine, &context, stage, at)?;
                Some((context, tried))
            };
            let (_, before) = attempt(guess)?;
            let (context, after) = attempt(&without)?;
            let avoided = before.came_out(rule, Outcomes::TRUE) && after.came_out(rule, Outcomes::FALSE);
            avoided.then(|| Witness::new(context, stage, witness::instant(compiled, guess), &after.decision))
        });
        let Some(witness) = witness else { continue };
        let path = compiled.slots.path(slot);
        let message = format!("whoever leaves `{path}` out avoids rule `{}`", rule.id);
        let diagnostic = Diagnostic::warning("avoided-by-absence", message, place(rule)).with_help(
            "the body is the caller's: read the field unguarded, so that its absence is an error and the rule applies, \
             or deny what lacks it",
        );
        if let Some(claim) = bench.claim(rule, Weight::Note, diagnostic) {
            claim.witness = Some(witness);
            claim.fields = vec![compiled.slots.path(slot).to_owned()];
        }
    }
}

/// The paths that a rule's condition reads.
pub(super) fn paths(bench: &mut Bench<'_>, rule: &CompiledRule) -> Vec<String> {
    let slots = bench.theory.reads.slots(rule.condition);
    slots.into_iter().map(|slot| bench.compiled.slots.path(slot).to_owned()).collect()
}

/// The clauses of a rule that the analysis cannot see into: they count as able to have any outcome.
pub(super) fn opaque(bench: &mut Bench<'_>, rule: &CompiledRule) -> Vec<String> {
    let mut out = Vec::new();
    for clause in &rule.clauses {
        if !bench.is_understood(clause.node) {
            out.push(bench.text(rule, clause.span));
        }
    }
    out
}

impl Bench<'_> {
    /// Whether every test below `node` has one outcome in each cell of its subject.
    fn is_understood(&mut self, node: llm_policy_engine::cel::program::NodeId) -> bool {
        use super::theory::Form;
        let form = self.theory.form(node);
        match &*form {
            Form::Constant(_) => true,
            Form::All(operands) | Form::Any(operands) => operands.iter().all(|id| self.is_understood(*id)),
            Form::Not(operand) | Form::Lenient(operand) => self.is_understood(*operand),
            Form::If { condition, then, otherwise } => {
                [*condition, *then, *otherwise].iter().all(|id| self.is_understood(*id))
            }
            Form::Atom { atom, .. } => {
                let Some(atom) = self.theory.atom(*atom) else { return false };
                atom.definite || matches!(atom.test, Some(super::tests_of::Test::Holds(_)))
            }
        }
    }
}
