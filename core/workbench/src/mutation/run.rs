//! Running the cases against the mutants.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use llm_policy_engine::cel::eval::Truth;
use llm_policy_engine::cel::program::NodeId;
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::document::Document;
use llm_policy_engine::document::model::Rule;
use llm_policy_engine::input::Prepared;
use llm_policy_engine::{Engine, Options};

use super::{Change, Equivalence, Fate, Mutant, Mutation, mutants};
use crate::cases::Case;
use crate::run::{PolicySet, Suite, TestFile, engine_for, fits, parallel};

pub(super) fn run(suite: &Suite, equivalence: &dyn Equivalence, jobs: NonZeroUsize) -> Mutation {
    let decisions = AtomicU64::new(0);
    let mut all: Vec<(Mutant, Fate)> = Vec::new();
    for document in suite.documents() {
        all.extend(mutants(document).into_iter().map(|mutant| (mutant, Fate::Survived)));
    }
    let mut invalid: Vec<usize> = Vec::new();
    for (number, set) in suite.sets.iter().enumerate() {
        let cases: Vec<(&TestFile, &Case)> = suite
            .files
            .iter()
            .filter(|file| file.set == number)
            .flat_map(|file| file.cases.cases.iter().map(move |case| (file, case)))
            .collect();
        let here: Vec<usize> = (0..all.len()).filter(|at| is_open(&all, set, *at)).collect();
        let (of_rules, of_documents): (Vec<usize>, Vec<usize>) = here
            .into_iter()
            .partition(|at| matches!(all.get(*at), Some((Mutant { change: Change::Rule { .. }, .. }, _))));
        let fates = rules(&all, &of_rules, set, &cases, jobs, &decisions);
        let fates = fates.into_iter().chain(whole(&all, &of_documents, set, &cases, jobs, &decisions));
        for (at, fate) in fates {
            match (fate, all.get_mut(at)) {
                (Found::Killed(file, case), Some((_, known))) => *known = Fate::Killed(file, case),
                (Found::Invalid, _) => invalid.push(at),
                (Found::Survived, _) | (_, None) => {}
            }
        }
    }
    let proof = |mutant: &Mutant| {
        let set = suite.sets.iter().find(|set| set.documents.iter().any(|d| is_of(mutant, d)))?;
        equivalence.proof(mutant, &set.documents)
    };
    let mut mutants = Vec::new();
    for (at, (mutant, fate)) in all.into_iter().enumerate() {
        if invalid.contains(&at) {
            continue;
        }
        let fate = match fate {
            Fate::Survived => proof(&mutant).map_or(Fate::Survived, Fate::Equivalent),
            fate => fate,
        };
        mutants.push((mutant, fate));
    }
    Mutation { mutants, decisions: decisions.into_inner() }
}

/// What a set of cases finds out about a mutant.
enum Found {
    Killed(Arc<str>, String),
    Survived,
    /// It does not compile: a policy like that would never be loaded.
    Invalid,
}

fn is_of(mutant: &Mutant, document: &Document) -> bool {
    mutant.origin == document.origin && mutant.policy == document.id()
}

/// Whether a mutant is one of this set's documents and not killed yet.
fn is_open(all: &[(Mutant, Fate)], set: &PolicySet, at: usize) -> bool {
    all.get(at).is_some_and(|(mutant, fate)| *fate == Fate::Survived && set.documents.iter().any(|d| is_of(mutant, d)))
}

/// Mutants of whole documents, each compiled for itself.
fn whole(
    all: &[(Mutant, Fate)],
    numbers: &[usize],
    set: &PolicySet,
    cases: &[(&TestFile, &Case)],
    jobs: NonZeroUsize,
    decisions: &AtomicU64,
) -> Vec<(usize, Found)> {
    let passing: Vec<&(&TestFile, &Case)> =
        cases.iter().filter(|(_, case)| passes(set.engine(), case, decisions) == Some(true)).collect();
    parallel(numbers, jobs, |at| {
        let Some((mutant @ Mutant { change: Change::Document(other), .. }, _)) = all.get(*at) else {
            return (*at, Found::Survived);
        };
        let documents = set.documents.iter().map(|d| if is_of(mutant, d) { (**other).clone() } else { d.clone() });
        let Ok((engine, _)) = Engine::new(documents.collect(), Options::default()) else {
            return (*at, Found::Invalid);
        };
        for (file, case) in &passing {
            if passes(&engine, case, decisions) != Some(true) {
                return (*at, Found::Killed(file.cases.origin.clone(), case.name.clone()));
            }
        }
        (*at, Found::Survived)
    })
}

/// Whether the decision is as expected; `None`: the context is refused.
fn passes(engine: &Engine, case: &Case, decisions: &AtomicU64) -> Option<bool> {
    decisions.fetch_add(1, Ordering::Relaxed);
    let engine = engine_for(engine, case).ok()?;
    engine.dry_run(case.stage, &case.context, case.now).ok().map(|decision| fits(case, &decision))
}

/// The documents with mutants of their rules beside the originals.
struct Crowd {
    engine: Engine,
    /// Of each rule of the program: the document's position in the set, the rule's position there, and its mutant.
    members: Vec<(usize, usize, Option<usize>)>,
}

impl Crowd {
    /// Fails when one of the mutants does not compile.
    fn new(all: &[(Mutant, Fate)], numbers: &[usize], set: &PolicySet) -> Option<Self> {
        let mut documents = Vec::new();
        let mut positions: BTreeMap<(String, u32), (usize, usize, Option<usize>)> = BTreeMap::new();
        for (number, original) in set.documents.iter().enumerate() {
            let mut others: BTreeMap<usize, Vec<(usize, &Rule)>> = BTreeMap::new();
            for at in numbers {
                if let Some((mutant, _)) = all.get(*at)
                    && let Change::Rule { position, rule: Some(rule) } = &mutant.change
                    && is_of(mutant, original)
                {
                    others.entry(*position).or_default().push((*at, rule));
                }
            }
            let mut document = original.clone();
            document.rules.clear();
            let mut add = |rule: &Rule, position: usize, mutant: Option<usize>, document: &mut Document| {
                let at = u32::try_from(document.rules.len()).unwrap_or(u32::MAX);
                positions.insert((original.id(), at), (number, position, mutant));
                document.rules.push(rule.clone());
            };
            for (position, rule) in original.rules.iter().enumerate() {
                add(rule, position, None, &mut document);
                // Beside the original, so that the order of rules stays.
                for (mutant, rule) in others.get(&position).into_iter().flatten() {
                    add(rule, position, Some(*mutant), &mut document);
                }
            }
            documents.push(document);
        }
        let (engine, _) = Engine::new(documents, Options::default()).ok()?;
        let compiled = engine.compiled();
        let place = |rule: &llm_policy_engine::compile::rules::CompiledRule| {
            let id = compiled.documents.get(rule.document as usize)?.id.to_string();
            positions.get(&(id, rule.position)).copied()
        };
        let members = compiled.rules.iter().map(place).collect::<Option<_>>()?;
        Some(Self { engine, members })
    }

    /// The rules of the policies as they are.
    fn originals(&self) -> Vec<bool> {
        self.members.iter().map(|(_, _, mutant)| mutant.is_none()).collect()
    }

    fn number_of(&self, document: usize, position: usize, mutant: Option<usize>) -> Option<usize> {
        self.members.iter().position(|member| *member == (document, position, mutant))
    }
}

/// A case, with what the originals say about it.
struct Known<'c> {
    file: &'c TestFile,
    case: &'c Case,
    engine: Engine,
    prepared: Prepared,
    /// The value of each rule's condition.
    truths: Vec<Truth>,
    /// The request is changed and decided about once more, so the values are not all that counts.
    rewritten: bool,
}

/// Mutants of rules, all in one program.
fn rules(
    all: &[(Mutant, Fate)],
    numbers: &[usize],
    set: &PolicySet,
    cases: &[(&TestFile, &Case)],
    jobs: NonZeroUsize,
    decisions: &AtomicU64,
) -> Vec<(usize, Found)> {
    let (valid, mut out) = valid(all, numbers, set);
    let Some(crowd) = Crowd::new(all, &valid, set) else { return out };
    let compiled = crowd.engine.compiled();
    let nodes: Vec<NodeId> = compiled.rules.iter().map(|rule| rule.condition).collect();
    let originals = crowd.originals();
    let known: Vec<Known<'_>> = parallel(cases, jobs, |(file, case)| {
        let prepared = crowd.engine.prepare(&case.context).ok()?;
        let engine = engine_for(&crowd.engine, case).ok()?;
        let truths = engine.truths(&nodes, case.stage, &prepared, case.now).ok()?;
        let decision = engine.evaluate_among(&originals, case.stage, &prepared, case.now).ok()?;
        decisions.fetch_add(1, Ordering::Relaxed);
        let rewritten = rewrites(&compiled, &truths, &originals);
        fits(case, &decision).then_some(Known { file, case, engine, prepared, truths, rewritten })
    })
    .into_iter()
    .flatten()
    .collect();
    let fate = |at: &usize| {
        let Some((mutant, _)) = all.get(*at) else { return (*at, Found::Survived) };
        let found = try_mutant(mutant, *at, &crowd, &compiled, set, &known, decisions);
        (*at, found.unwrap_or(Found::Survived))
    };
    out.extend(parallel(&valid, jobs, fate));
    out
}

/// Whether a rule that rewrites the request has a say.
fn rewrites(compiled: &Compiled, truths: &[Truth], among: &[bool]) -> bool {
    let rules = compiled.rules.iter().zip(truths).zip(among);
    rules.into_iter().any(|((rule, truth), there)| *there && rule.classes.rewrites && *truth != Truth::False)
}

fn try_mutant(
    mutant: &Mutant,
    at: usize,
    crowd: &Crowd,
    compiled: &Compiled,
    set: &PolicySet,
    known: &[Known<'_>],
    decisions: &AtomicU64,
) -> Option<Found> {
    let Change::Rule { position, rule } = &mutant.change else { return None };
    let document = set.documents.iter().position(|d| is_of(mutant, d))?;
    let original = crowd.number_of(document, *position, None)?;
    let other = match rule {
        Some(_) => Some(crowd.number_of(document, *position, Some(at))?),
        None => None,
    };
    let mut among = crowd.originals();
    *among.get_mut(original)? = false;
    if let Some(other) = other {
        *among.get_mut(other)? = true;
    }
    let old = compiled.rules.get(original)?;
    let new = other.and_then(|other| compiled.rules.get(other));
    let written = set.documents.get(document)?.rules.get(*position)?;
    let acts_alike = rule.as_ref().is_some_and(|rule| rule.actions == written.actions);
    for known in known {
        let value = |number: Option<usize>, there: bool| match there {
            true => number.and_then(|number| known.truths.get(number)).copied().unwrap_or(Truth::False),
            false => Truth::False,
        };
        let before = value(Some(original), old.stages.contains(known.case.stage));
        let after = value(other, new.is_some_and(|new| new.stages.contains(known.case.stage)));
        // Where both say the same, only other actions make a difference, and only when they are carried out.
        let rewrites = known.rewritten || new.is_some_and(|new| new.classes.rewrites && after != Truth::False);
        let same = before == after && before != Truth::Error && (acts_alike || before == Truth::False);
        if same && !rewrites {
            continue;
        }
        decisions.fetch_add(1, Ordering::Relaxed);
        let decision = known.engine.evaluate_among(&among, known.case.stage, &known.prepared, known.case.now);
        if !decision.is_ok_and(|decision| fits(known.case, &decision)) {
            return Some(Found::Killed(known.file.cases.origin.clone(), known.case.name.clone()));
        }
    }
    Some(Found::Survived)
}

/// The mutants that compile, and the others. Those that do not are found by halving.
fn valid(all: &[(Mutant, Fate)], numbers: &[usize], set: &PolicySet) -> (Vec<usize>, Vec<(usize, Found)>) {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    let mut open = vec![numbers.to_vec()];
    while let Some(some) = open.pop() {
        if Crowd::new(all, &some, set).is_some() {
            good.extend(some);
        } else if let [one] = some.as_slice() {
            bad.push((*one, Found::Invalid));
        } else {
            let (left, right) = some.split_at(some.len() / 2);
            open.extend([right.to_vec(), left.to_vec()]);
        }
    }
    good.sort_unstable();
    (good, bad)
}
