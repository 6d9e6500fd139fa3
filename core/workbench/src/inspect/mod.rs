//! The compiled program, made visible: what it reads, what it shares, how rules are found, what they cost.
//!
//! ```
//! use llm_policy_engine::{Engine, Options, document};
//! use llm_policy_workbench::inspect::View;
//!
//! let policy = "{version: '1.0', metadata: {name: p}, rules: [{id: a, when: user.tier == 'a', actions: [deny]}]}";
//! let document = document::read(policy, "p.yaml", &mut document::no_files).unwrap();
//! let compiled = Engine::new(vec![document], Options::default()).unwrap().0.compiled();
//! let view = View::of(&compiled);
//! assert_eq!(view.fields[0].path, "user.tier");
//! assert_eq!(view.rules[0].guards, ["user.tier == 'a'"]);
//! ```

mod guards;
pub mod svg;

use std::collections::{BTreeMap, BTreeSet};

use llm_policy_engine::cel::program::{Node, NodeId, Program};
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::context::Stage;
use serde_json::{Value as Json, json};

/// A compiled program.
#[derive(Clone, Debug)]
pub struct View {
    /// The digest of the documents: SHA-256, in hexadecimal. Together with the fields it is what a decision depends on.
    pub bundle: String,
    /// How many nodes the program has; equal sub-expressions are one.
    pub nodes: usize,
    /// The fields that are read, by path.
    pub fields: Vec<FieldView>,
    /// The rules by rank.
    pub rules: Vec<RuleView>,
    /// The stages that have rules.
    pub stages: Vec<StageView>,
    /// What several rules use and is worked out once, the dearest first.
    pub shared: Vec<SharedView>,
    /// The texts that are looked through for literals, once each.
    pub texts: Vec<TextView>,
    /// The regular expressions.
    pub patterns: Vec<String>,
    /// The fuel of one rule, and of all rules of an evaluation together.
    pub fuel: (u64, u64),
}

/// A field that the program reads.
#[derive(Clone, Debug)]
pub struct FieldView {
    /// The path.
    pub path: String,
    /// The type that it must have.
    pub value_type: String,
    /// Who says so: identity, body, engine or fact.
    pub source: String,
    /// Whether it holds what users, models or tools wrote.
    pub content: bool,
    /// The rules whose condition or exceptions read it, by their number in [`View::rules`].
    pub rules: Vec<usize>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleView {
    /// The document's id.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// The stages.
    pub stages: String,
    /// The names of its actions.
    pub actions: Vec<&'static str>,
    /// Whether it is in shadow.
    pub shadow: bool,
    /// The fields that its condition and its exceptions read.
    pub reads: Vec<String>,
    /// The tests that it can be looked up by, in words: without one of them it cannot match.
    pub guards: Vec<String>,
    /// The tests by which it is passed over, in words: when one of them holds, it cannot match.
    pub bars: Vec<String>,
    /// Rough nanoseconds of its condition, when nothing is shared, loops run eight times and text is short.
    pub nanoseconds: u32,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct StageView {
    /// The name.
    pub stage: Stage,
    /// How many rules it has.
    pub rules: usize,
    /// The rules whose whole condition is looked at for every input, by their number in [`View::rules`].
    pub always: Vec<usize>,
}

/// A sub-expression that is worked out at most once for each input.
#[derive(Clone, Debug)]
pub struct SharedView {
    /// As it was written, where it is a clause of a rule.
    pub text: Option<String>,
    /// The fields that it reads.
    pub reads: Vec<String>,
    /// Rough nanoseconds.
    pub nanoseconds: u32,
    /// The rules that use it, by their number in [`View::rules`].
    pub rules: Vec<usize>,
}

/// A text that is looked through for literals.
#[derive(Clone, Debug)]
pub struct TextView {
    /// The field.
    pub path: String,
    /// What is looked for.
    pub literals: Vec<String>,
}

impl View {
    /// The view of `compiled`.
    #[must_use]
    pub fn of(compiled: &Compiled) -> Self {
        let program = &compiled.program;
        let reads: Vec<Vec<u32>> = compiled.rules.iter().map(|rule| slots_of(program, rule)).collect();
        let path = |slot: &u32| compiled.slots.path(*slot).to_owned();
        let mut fields: Vec<FieldView> = (0_u32..)
            .zip(&compiled.slots.infos)
            .map(|(slot, info)| FieldView {
                path: info.path.to_string(),
                value_type: info.cel_type.to_string(),
                source: info.source.to_string(),
                content: info.content,
                rules: reads.iter().enumerate().filter(|(_, r)| r.contains(&slot)).map(|(n, _)| n).collect(),
            })
            .collect();
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        let rules = compiled.rules.iter().zip(&reads).map(|(rule, reads)| RuleView {
            policy: compiled.documents.get(rule.document as usize).map(|d| d.id.to_string()).unwrap_or_default(),
            rule: rule.id.to_string(),
            stages: rule.stages.to_string(),
            actions: rule.actions.iter().map(|action| action.name).collect(),
            shadow: rule.shadow,
            reads: reads.iter().map(path).collect(),
            guards: guards::texts(compiled, rule.condition),
            bars: guards::bars(compiled, rule.condition),
            nanoseconds: program.cost(rule.condition),
        });
        let stages = Stage::ALL.into_iter().map(|stage| {
            let program = compiled.stage(stage);
            let always = program.index.always().iter().map(|n| *n as usize).collect();
            StageView { stage, rules: program.rules.len(), always }
        });
        let texts = program.texts().iter().map(|automaton| TextView {
            path: compiled.slots.path(automaton.slot()).to_owned(),
            literals: automaton.literals().iter().map(|literal| literal.text.to_string()).collect(),
        });
        Self {
            bundle: compiled.digest.to_string(),
            nodes: program.len(),
            rules: rules.collect(),
            stages: stages.filter(|stage| stage.rules > 0).collect(),
            shared: shared(compiled),
            texts: texts.collect(),
            patterns: program.patterns().map(str::to_owned).collect(),
            fuel: (compiled.options.rule_fuel, compiled.options.total_fuel),
            fields,
        }
    }

    /// `policy › rule` of rule `number`.
    #[must_use]
    pub fn name(&self, number: usize) -> String {
        self.rules.get(number).map(|rule| format!("{} › {}", rule.policy, rule.rule)).unwrap_or_default()
    }

    /// The view for programs.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let names = |numbers: &[usize]| -> Vec<Json> {
            let name = |n: &usize| self.rules.get(*n).map(|rule| json!({"policy": rule.policy, "rule": rule.rule}));
            numbers.iter().filter_map(name).collect()
        };
        let fields = self.fields.iter().map(|field| {
            json!({
                "path": field.path,
                "type": field.value_type,
                "source": field.source,
                "content": field.content,
                "rules": names(&field.rules),
            })
        });
        let rules = self.rules.iter().map(|rule| {
            json!({
                "policy": rule.policy,
                "rule": rule.rule,
                "stages": rule.stages.split(", ").collect::<Vec<_>>(),
                "actions": rule.actions,
                "shadow": rule.shadow,
                "reads": rule.reads,
                "guards": rule.guards,
                "bars": rule.bars,
                "nanoseconds": rule.nanoseconds,
            })
        });
        let stages = self.stages.iter().map(|stage| {
            json!({"stage": stage.stage.name(), "rules": stage.rules, "always_looked_at": names(&stage.always)})
        });
        let shared = self.shared.iter().map(|node| {
            json!({
                "text": node.text,
                "reads": node.reads,
                "nanoseconds": node.nanoseconds,
                "rules": names(&node.rules),
            })
        });
        let texts = self.texts.iter().map(|text| json!({"path": text.path, "literals": text.literals}));
        json!({
            "bundle": self.bundle,
            "nodes": self.nodes,
            "fields": fields.collect::<Vec<_>>(),
            "rules": rules.collect::<Vec<_>>(),
            "stages": stages.collect::<Vec<_>>(),
            "shared": shared.collect::<Vec<_>>(),
            "texts": texts.collect::<Vec<_>>(),
            "regexes": self.patterns,
            "fuel": {"rule": self.fuel.0, "total": self.fuel.1},
        })
    }
}

/// The slots that a rule's condition and exceptions read, sorted by number.
fn slots_of(program: &Program, rule: &CompiledRule) -> Vec<u32> {
    let mut nodes = BTreeSet::new();
    let roots = std::iter::once(rule.condition).chain(rule.exceptions.iter().map(|e| e.condition));
    roots.for_each(|root| below(program, root, &mut nodes));
    let mut slots = BTreeSet::new();
    for node in nodes {
        slots.extend(program.own_slots(program.node(node)));
    }
    slots.into_iter().collect()
}

/// Adds `id` and all nodes below it.
fn below(program: &Program, id: NodeId, out: &mut BTreeSet<NodeId>) {
    if out.insert(id) {
        program.operands(id).into_iter().for_each(|child| below(program, child, out));
    }
}

/// The nodes that are kept for all who use them.
fn shared(compiled: &Compiled) -> Vec<SharedView> {
    let program = &compiled.program;
    let mut users: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
    let mut written: BTreeMap<NodeId, String> = BTreeMap::new();
    for (number, rule) in compiled.rules.iter().enumerate() {
        let mut nodes = BTreeSet::new();
        below(program, rule.condition, &mut nodes);
        for node in nodes.into_iter().filter(|node| matches!(program.node(*node), Node::Memo { .. })) {
            users.entry(node).or_default().push(number);
        }
        let text = compiled.documents.get(rule.document as usize).map(|d| d.text.clone()).unwrap_or_else(|| "".into());
        for clause in &rule.clauses {
            let text = text.get(clause.span.start as usize..clause.span.end as usize).unwrap_or_default();
            written.entry(clause.node).or_insert_with(|| text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    let mut out: Vec<SharedView> = users
        .into_iter()
        .filter(|(_, rules)| rules.len() > 1)
        .map(|(node, rules)| {
            let mut nodes = BTreeSet::new();
            below(program, node, &mut nodes);
            let slots: BTreeSet<u32> = nodes.iter().flat_map(|n| program.own_slots(program.node(*n))).collect();
            SharedView {
                text: written.get(&node).cloned(),
                reads: slots.into_iter().map(|slot| compiled.slots.path(slot).to_owned()).collect(),
                nanoseconds: program.cost(node),
                rules,
            }
        })
        .collect();
    out.sort_by_key(|node| std::cmp::Reverse((node.nanoseconds, node.rules.len())));
    out
}
