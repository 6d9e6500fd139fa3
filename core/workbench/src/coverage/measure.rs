//! Measuring: every probe for every case, added up by condition.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::cel::eval::Truth;
use llm_policy_engine::cel::program::NodeId;
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::document::Document;
use llm_policy_engine::document::model::Stage;
use llm_policy_engine::{Engine, Options};

use super::sites::{Measured, add_probes};
use super::{ClauseCoverage, Count, Coverage, DocumentCoverage, SiteCoverage};
use crate::cases::Case;
use crate::conditions::{Syntax, Tree};
use crate::run::{Suite, engine_for, parallel};

/// A condition whose clauses are nodes of a program.
struct Probed {
    /// The document, by its number in the coverage, and the condition's number there.
    document: usize,
    site: usize,
    stages: Vec<Stage>,
    /// What must hold for the condition to be looked at.
    target: Option<NodeId>,
    whole: NodeId,
    /// Of the clauses that are listed: schedule and rollout first, then what was written.
    clauses: Vec<NodeId>,
    /// How the listed clauses are put together.
    tree: Tree,
}

/// What one case shows of one condition.
struct Shown {
    document: usize,
    site: usize,
    whole: Option<bool>,
    /// The value of each clause, and whether it decided alone.
    clauses: Vec<(Option<bool>, bool)>,
}

pub(super) fn measure(suite: &Suite, jobs: NonZeroUsize) -> Coverage {
    let mut coverage = Coverage::default();
    let mut places: BTreeMap<(Arc<str>, String), usize> = BTreeMap::new();
    for document in suite.documents() {
        places.insert((document.origin.clone(), document.id()), coverage.documents.len());
        coverage.documents.push(DocumentCoverage {
            id: document.id(),
            origin: document.origin.clone(),
            text: document.text.clone(),
            sites: Vec::new(),
        });
    }
    let syntax = Syntax::default();
    for (number, set) in suite.sets.iter().enumerate() {
        let mut documents = set.documents.clone();
        let sites: Vec<Vec<Measured>> = documents.iter_mut().map(|d| add_probes(&syntax, d)).collect();
        let place = |document: &Document| places.get(&(document.origin.clone(), document.id())).copied();
        let of_document: Vec<(String, usize)> =
            documents.iter().filter_map(|document| Some((document.id(), place(document)?))).collect();
        // What compiled before compiles with probes of its own clauses.
        let Ok((engine, _)) = Engine::new(documents, Options::default()) else { continue };
        let compiled = engine.compiled();
        let mut probed = Vec::new();
        for ((id, place), sites) in of_document.iter().zip(&sites) {
            let rules = rules_by_position(&compiled, id);
            let Some(document) = coverage.documents.get_mut(*place) else { continue };
            for site in sites {
                let Some((found, listed)) = resolve(site, &rules, &document.text) else { continue };
                // The document may be in several sets.
                let same = |other: &SiteCoverage| other.site == listed.site && other.span == listed.span;
                let number = document.sites.iter().position(same).unwrap_or_else(|| {
                    document.sites.push(listed);
                    document.sites.len() - 1
                });
                probed.push(Probed { document: *place, site: number, ..found });
            }
        }
        let files = suite.files.iter().filter(|file| file.set == number);
        let cases: Vec<&Case> = files.flat_map(|file| &file.cases.cases).collect();
        for shown in parallel(&cases, jobs, |case| look(&engine, &probed, case)).into_iter().flatten() {
            add(&mut coverage, &shown);
        }
    }
    for document in &mut coverage.documents {
        document.sites.sort_by_key(|site| site.span.start);
    }
    coverage
}

fn rules_by_position<'c>(compiled: &'c Compiled, id: &str) -> BTreeMap<u32, &'c CompiledRule> {
    let of = |rule: &&CompiledRule| compiled.documents.get(rule.document as usize).is_some_and(|d| *d.id == *id);
    compiled.rules.iter().filter(of).map(|rule| (rule.position, rule)).collect()
}

/// The nodes of a condition, and its line in the coverage.
fn resolve(site: &Measured, rules: &BTreeMap<u32, &CompiledRule>, text: &str) -> Option<(Probed, SiteCoverage)> {
    let whole = rules.get(&site.whole)?;
    let gate = |rule: &CompiledRule, name: &str| rule.gates.iter().find(|(gate, _)| *gate == name).map(|(_, n)| *n);
    let target = (site.site != super::Site::Target).then(|| gate(whole, "target")).flatten();
    let mut listed = SiteCoverage {
        site: site.site,
        name: site.name.clone(),
        span: site.span,
        count: Count::default(),
        clauses: Vec::new(),
    };
    let mut clauses = Vec::new();
    let mut add = |node: NodeId, text: Arc<str>, span: Span| {
        listed.clauses.push(ClauseCoverage { text, span, count: Count::default(), alone: Count::default() });
        clauses.push(node);
        Tree::Clause(clauses.len() - 1)
    };
    let mut all = Vec::new();
    let rule = site.rule.and_then(|position| rules.get(&position));
    for name in ["schedule", "rollout"] {
        if let Some((rule, node)) = rule.and_then(|rule| Some((rule, gate(rule, name)?))) {
            all.push(add(node, name.into(), key_in(text, rule.span, name).unwrap_or(rule.name)));
        }
    }
    // Constants are left out of the list, and stand in the tree as what they are.
    let mut parts = Vec::new();
    for (clause, probe) in site.condition.clauses.iter().zip(&site.probes) {
        parts.push(match probe {
            Some(probe) => {
                let node = rules.get(probe)?.clauses.first()?.node;
                add(node, clause.source.text.trim().into(), clause.source.span)
            }
            None if &*clause.source.text == "true" => Tree::All(Vec::new()),
            None => Tree::Any(Vec::new()),
        });
    }
    all.push(graft(&site.condition.tree, &parts));
    let whole = match rule {
        Some(rule) => rule.condition,
        None => whole.condition,
    };
    let stages = site.stages.clone();
    Some((Probed { document: 0, site: 0, stages, target, whole, clauses, tree: Tree::All(all) }, listed))
}

/// Where the key `name` of a rule stands.
fn key_in(text: &str, rule: Span, name: &str) -> Option<Span> {
    let whole = text.get(rule.start as usize..rule.end as usize)?;
    let is_key = |(at, _): &(usize, &str)| {
        let behind = whole.get(at + name.len()..).unwrap_or_default();
        let before = whole.get(..*at).unwrap_or_default();
        behind.trim_start_matches(['"', '\'']).starts_with(':')
            && !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    let (at, _) = whole.match_indices(name).find(is_key)?;
    let start = rule.start + u32::try_from(at).ok()?;
    Some(Span::new(start, start + u32::try_from(name.len()).ok()?))
}

/// The tree with its clauses replaced by `parts`.
fn graft(tree: &Tree, parts: &[Tree]) -> Tree {
    let all = |trees: &[Tree]| trees.iter().map(|tree| graft(tree, parts)).collect();
    match tree {
        Tree::Clause(at) => parts.get(*at).cloned().unwrap_or(Tree::All(Vec::new())),
        Tree::All(trees) => Tree::All(all(trees)),
        Tree::Any(trees) => Tree::Any(all(trees)),
        Tree::Not(one) => Tree::Not(Box::new(graft(one, parts))),
        Tree::If(trees) => Tree::If(Box::new(trees.each_ref().map(|tree| graft(tree, parts)))),
    }
}

fn look(engine: &Engine, probed: &[Probed], case: &Case) -> Vec<Shown> {
    let here: Vec<&Probed> = probed.iter().filter(|probed| probed.stages.contains(&case.stage)).collect();
    let nodes: Vec<NodeId> =
        here.iter().flat_map(|p| p.target.into_iter().chain([p.whole]).chain(p.clauses.iter().copied())).collect();
    let truths = engine_for(engine, case)
        .and_then(|engine| Ok((engine.prepare(&case.context)?, engine)))
        .and_then(|(prepared, engine)| engine.truths(&nodes, case.stage, &prepared, case.now))
        .unwrap_or_default();
    let mut truths = truths.into_iter().map(|truth| match truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Error => None,
    });
    let mut out = Vec::new();
    for probed in here {
        let target = probed.target.map(|_| truths.next());
        let Some(whole) = truths.next() else { break };
        let values: Vec<Option<bool>> = truths.by_ref().take(probed.clauses.len()).collect();
        if target == Some(Some(Some(false))) {
            continue;
        }
        let clauses =
            values.iter().enumerate().map(|(at, value)| (*value, probed.tree.decided_by(at, &values))).collect();
        out.push(Shown { document: probed.document, site: probed.site, whole, clauses });
    }
    out
}

fn add(coverage: &mut Coverage, shown: &Shown) {
    let site = coverage.documents.get_mut(shown.document).and_then(|document| document.sites.get_mut(shown.site));
    let Some(site) = site else { return };
    site.count.add(shown.whole);
    for (clause, (value, alone)) in site.clauses.iter_mut().zip(&shown.clauses) {
        clause.count.add(*value);
        if *alone {
            clause.alone.add(*value);
        }
    }
}

impl Count {
    fn add(&mut self, value: Option<bool>) {
        match value {
            Some(true) => self.yes += 1,
            Some(false) => self.no += 1,
            None => self.error += 1,
        }
    }
}
