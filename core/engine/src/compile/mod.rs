//! From documents to one program.
//!
//! All expressions of all documents become one CEL program over numbered slots. Rules are numbered by rank (priority,
//! then document, then position), so a lower number always comes first, and are filed in an index for each stage.

pub mod actions;
pub mod breakers;
pub mod derived;
pub mod estimates;
pub mod expressions;
pub mod fields;
pub mod functions;
pub mod guards;
pub mod index;
pub mod limits;
mod lints;
mod names;
pub mod pricing;
pub mod records;
pub mod rules;
pub mod slots;
pub mod strays;
pub mod streaming;

use std::sync::Arc;

use llm_policy_cel::diagnostic::{Diagnostic, Severity};
use llm_policy_cel::env::Env;
use llm_policy_cel::error::{Error, ErrorKind};
use llm_policy_cel::limits::Limits;
use llm_policy_cel::program::{NodeId, Program};
use llm_policy_cel::types::Type;
use llm_policy_cel::value::Value;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

use crate::context::{Source as FieldSource, Stage, Stages};
use crate::detection::{Detector, questions};
use crate::document::Document;
use crate::document::model::{Mode, OnMissing, Rule, SchemaField};
use breakers::CompiledBreaker;
use derived::Derived;
use estimates::Estimates;
use expressions::{Compiler, Expression, Scope};
use fields::{Clash, Fields};
use guards::{Guards, guards};
use index::Index;
use limits::CompiledLimit;
use pricing::Prices;
use records::Records;
use rules::{Classes, CompiledDocument, CompiledException, CompiledRule};
use slots::{Named, Slots};
use streaming::Streaming;

/// Bounds on compiling and evaluating.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bounds on each expression.
    pub limits: Limits,
    /// Fuel for one rule; see [`Context::pay`](llm_policy_cel::function::Context::pay) for the unit. Default 1,000,000.
    pub rule_fuel: u64,
    /// Fuel for all rules of one evaluation together; when it runs out, the decision is a deny. Default 20,000,000.
    pub total_fuel: u64,
    /// What is decided when no document decides. Default false: deny.
    pub allow_without_policy: bool,
    /// What models cost: for `cost`, `request.estimated_cost`, and budgets. Default: the table that comes with the engine.
    pub prices: Prices,
    /// Rules are looked up in an index. Off only to compare with a scan of all rules. Default true.
    pub indexed: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            rule_fuel: 1_000_000,
            total_fuel: 20_000_000,
            allow_without_policy: false,
            prices: Prices::default(),
            indexed: true,
        }
    }
}

/// A finding in one of the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The document's file.
    pub origin: Arc<str>,
    /// The document's text.
    pub text: Arc<str>,
    /// What was found.
    pub diagnostic: Diagnostic,
}

impl Finding {
    /// The finding with its line and a caret.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.diagnostic.render(&self.text, &self.origin, colour)
    }

    /// The line and the column of its beginning, from 1; the column counts characters.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        self.diagnostic.span.line_and_column(&self.text)
    }

    /// True when the documents are refused because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }
}

/// All documents as one program.
#[derive(Debug)]
pub struct Compiled {
    /// The expressions.
    pub program: Program,
    /// The fields that there are.
    pub fields: Fields,
    /// What the program reads.
    pub slots: Slots,
    /// The documents, sorted by id.
    pub documents: Vec<CompiledDocument>,
    /// The rules, by rank.
    pub rules: Vec<CompiledRule>,
    /// For each stage, by the order of [`Stage::ALL`].
    pub stages: [StageProgram; 4],
    /// Slots that every input must fill, because a document says so.
    pub required: Vec<u32>,
    /// The slot of `now`.
    pub now: Option<u32>,
    /// What is read as a whole, with the types of its fields.
    pub records: Records,
    /// Text that is put together from other fields.
    pub derived: Derived,
    /// What a request will take and cost.
    pub estimates: Estimates,
    /// What is limited.
    pub limits: limits::Limits,
    /// What is not called for a while when it fails.
    pub breakers: breakers::Breakers,
    /// What rules ask about texts; those that none asks hold no scanner.
    pub detectors: Vec<Arc<Detector>>,
    /// When each rule about answers can be judged while one streams.
    pub streaming: Streaming,
    /// SHA-256 over the documents, in hexadecimal.
    pub digest: Arc<str>,
    /// The bounds.
    pub options: Options,
}

/// What one stage looks at.
#[derive(Debug, Default)]
pub struct StageProgram {
    /// The rules, found by what they ask for.
    pub index: Index,
    /// All rules of the stage, in order.
    pub rules: Vec<u32>,
    /// The documents that cover the stage and decide something when no rule does, or have a fallback.
    pub defaults: Vec<u32>,
    /// Whether any rule or default of the stage is in shadow.
    pub shadows: bool,
    /// Whether all documents that cover the stage leave plain allows out of the audit log; false when none does.
    pub skips_audit: bool,
}

impl Compiled {
    /// The path of the field that an error is about.
    #[must_use]
    pub fn slot_of(&self, error: Error) -> Option<&Arc<str>> {
        match error.kind {
            ErrorKind::MissingInput(slot) | ErrorKind::MistypedInput(slot) => {
                self.slots.infos.get(slot as usize).map(|info| &info.path)
            }
            _ => None,
        }
    }

    /// What `stage` looks at.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> &StageProgram {
        let [request, response, tool_call, tool_result] = &self.stages;
        match stage {
            Stage::Request => request,
            Stage::Response => response,
            Stage::ToolCall => tool_call,
            Stage::ToolResult => tool_result,
        }
    }
}

/// Compiles `documents`. Warnings come with the program.
///
/// # Errors
/// All findings, when one of them is an error.
pub fn compile(documents: Vec<Document>, options: Options) -> Result<(Compiled, Vec<Finding>), Vec<Finding>> {
    compile_with(documents, &[], options)
}

/// What is found in `documents` when `declared` is declared beside them: they belong to a set with documents that were
/// refused, so there is no program.
#[must_use]
pub fn check(documents: Vec<Document>, declared: &[SchemaField], options: Options) -> Vec<Finding> {
    compile_with(documents, declared, options).map_or_else(|findings| findings, |(_, warnings)| warnings)
}

fn compile_with(
    mut documents: Vec<Document>,
    declared: &[SchemaField],
    options: Options,
) -> Result<(Compiled, Vec<Finding>), Vec<Finding>> {
    documents.sort_by_key(Document::id);
    let mut findings = Vec::new();
    for document in &documents {
        findings.extend(document.warnings.iter().map(|w| finding(document, w.clone())));
    }
    for pair in documents.windows(2) {
        if let [first, second] = pair
            && first.id() == second.id()
        {
            let message = format!("the document `{}` is there twice; the other one is `{}`", second.id(), first.origin);
            let diagnostic = Diagnostic::error("duplicate-document", message, second.metadata.name.span)
                .with_help("give one of them another `metadata.name`");
            findings.push(finding(second, diagnostic));
        }
    }
    let mut fields = declared_fields(&documents, &mut findings);
    for field in declared {
        // A clash is reported once the other document can be read.
        let _ = fields.declare(field);
    }
    let mut compiler = Compiler::new(&fields, &options);
    let mut compiled = Vec::new();
    let mut rules = Vec::new();
    let mut limits: Vec<CompiledLimit> = Vec::new();
    let mut breakers: Vec<CompiledBreaker> = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if document.config.mode == Mode::Disabled {
            // It is checked like any other, but the program knows nothing of it.
            let mut aside = Compiler::new(&fields, &options);
            let Parts { document, .. } = compile_document(&mut aside, document, number);
            compiler.findings.append(&mut aside.findings);
            compiled.push(CompiledDocument { stages: Stages::NONE, target: None, ..document });
            continue;
        }
        let parts = compile_document(&mut compiler, document, number);
        compiled.push(parts.document);
        rules.extend(parts.rules);
        limits.extend(parts.limits);
        breakers.extend(parts.breakers);
    }
    findings.append(&mut compiler.findings);
    let asking = compiler.detectors.asking();
    let detectors = match std::mem::take(&mut compiler.detectors).finish() {
        Ok(detectors) => detectors,
        Err(error) => {
            let message = format!("the detectors cannot be built: {error}");
            findings.extend(documents.first().map(|document| {
                finding(document, Diagnostic::error("detectors-not-built", message, document.metadata.name.span))
            }));
            Vec::new()
        }
    };
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    // Stable: documents are sorted by id, and rules within one stand in order.
    rules.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    let mut rules: Vec<CompiledRule> = rules.into_iter().map(|(_, rule)| rule).collect();
    rules.shrink_to_fit();
    let required = required_slots(&mut compiler, &fields);
    // What only derived text is made from is not checked: it is text whatever its type.
    let records = Records::of(&compiler.slots);
    let derived = Derived::want(&mut compiler.slots, &fields, detectors.iter().any(|d| d.scanner().is_some()));
    let principal = match documents.iter().any(limits::bounds_open) {
        true => limits::PRINCIPAL.iter().filter_map(|path| compiler.slot_of(path)).collect(),
        false => Vec::new(),
    };
    let breakers = breakers::Breakers::of(breakers);
    let estimates = Estimates::want(&mut compiler, &limits, &breakers);
    let now = compiler.slots.find("now");
    let (program, slots) = compiler.finish();
    let limits = limits::Limits::of(limits, &slots, principal);
    if let Some(opaque) = derived.opaque() {
        for rule in &mut rules {
            rule.detects = reads(&program, rule.condition, opaque);
        }
    }
    let guards: Vec<Guards> = rules.iter().map(|rule| guards(&program, rule.condition)).collect();
    let stages = Stage::ALL.map(|stage| stage_program(&program, &compiled, &rules, &guards, stage, &options));
    let streaming = Streaming::of(&streaming::Parts {
        program: &program,
        slots: &slots,
        documents: &compiled,
        rules: &rules,
        required: &required,
        asking: &asking,
        detectors: &detectors,
    });
    let digest = digest(&documents);
    let compiled = Compiled {
        program,
        fields,
        slots,
        documents: compiled,
        rules,
        stages,
        required,
        now,
        records,
        derived,
        estimates,
        limits,
        breakers,
        detectors,
        streaming,
        digest,
        options,
    };
    Ok((compiled, findings))
}

fn finding(document: &Document, diagnostic: Diagnostic) -> Finding {
    Finding { origin: document.origin.clone(), text: document.text.clone(), diagnostic }
}

/// The standard context with what the documents declare.
fn declared_fields(documents: &[Document], findings: &mut Vec<Finding>) -> Fields {
    let mut fields = Fields::default();
    for document in documents {
        for declared in &document.schema {
            let path = &declared.path.value;
            let message = match fields.declare(declared) {
                Ok(()) => continue,
                Err(Clash::Declared(t)) => format!("`{path}` is declared as {t} already"),
                Err(Clash::Missing) => format!("`{path}` is declared with another `missing` already"),
                Err(Clash::NoObject(part)) => format!("`{part}` is no object, so `{path}` cannot be below it"),
            };
            findings.push(finding(document, Diagnostic::error("schema-clash", message, declared.path.span)));
        }
    }
    fields
}

fn required_slots(compiler: &mut Compiler<'_>, fields: &Fields) -> Vec<u32> {
    let mut out = Vec::new();
    for path in fields.required() {
        let mut names = path.split('.');
        let root = names.next().unwrap_or_default();
        let rest: Vec<&str> = names.collect();
        if let Some((field, _)) = fields.find(root, &rest) {
            out.push(compiler.slots.want(&path, field, field.slot_type()));
        }
    }
    out
}

fn stage_program(
    program: &Program,
    documents: &[CompiledDocument],
    rules: &[CompiledRule],
    guards: &[Guards],
    stage: Stage,
    options: &Options,
) -> StageProgram {
    let numbered = || rules.iter().enumerate().map(|(n, rule)| (u32::try_from(n).unwrap_or(u32::MAX), rule));
    let here: Vec<(u32, &CompiledRule)> = numbered().filter(|(_, rule)| rule.stages.contains(stage)).collect();
    let indexed = options.indexed && options.rule_fuel >= index::LEAST_FUEL;
    let none = Guards::default();
    let guarded: Vec<_> =
        here.iter().map(|(n, _)| (*n, guards.get(*n as usize).filter(|_| indexed).unwrap_or(&none))).collect();
    let text_slot = |text: u32| program.texts().get(text as usize).map_or(u32::MAX, |t| t.slot());
    let covering = |d: &&CompiledDocument| d.stages.contains(stage);
    StageProgram {
        index: Index::new(&guarded, text_slot, options.rule_fuel),
        rules: here.iter().map(|(n, _)| *n).collect(),
        defaults: documents
            .iter()
            .enumerate()
            .filter(|(_, d)| covering(d) && (d.default_action.is_some() || d.fallback.is_some()))
            .map(|(n, _)| u32::try_from(n).unwrap_or(u32::MAX))
            .collect(),
        shadows: here.iter().any(|(_, rule)| rule.shadow) || documents.iter().any(|d| covering(&d) && d.shadow),
        skips_audit: documents.iter().any(|d| covering(&d))
            && documents.iter().filter(covering).all(|d| !d.audits_allows),
    }
}

fn digest(documents: &[Document]) -> Arc<str> {
    let mut hash = Sha256::new();
    for document in documents {
        for part in [document.id().as_bytes(), document.text.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        for table in &document.tables {
            hash.update(format!("{:?}", table.entries).as_bytes());
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// A document in its compiled form.
struct Parts {
    document: CompiledDocument,
    /// Each with its priority.
    rules: Vec<(i32, CompiledRule)>,
    limits: Vec<CompiledLimit>,
    breakers: Vec<CompiledBreaker>,
}

fn compile_document(compiler: &mut Compiler<'_>, document: &Document, number: u32) -> Parts {
    let stages = covered_stages(document);
    let mut scope = Scope::new(compiler, document);
    declare_lists(&mut scope);
    limits::declare(&mut scope);
    declare_variables(compiler, &mut scope);
    let config = &document.config;
    let target = config.target.as_ref().and_then(|target| {
        let Expression { node, reads, .. } = compiler.condition(&scope, target)?;
        for read in reads.iter().filter(|r| r.source != FieldSource::Identity) {
            let message = format!("a target decides by who asks, and `{}` comes from the {}", read.path, read.source);
            let diagnostic = Diagnostic::error("target-reads-input", message, target.locate(read.at))
                .with_help("test it in the rules' conditions instead");
            compiler.report(document, diagnostic);
        }
        Some(node)
    });
    let mut rules = Vec::new();
    for (position, rule) in (0..).zip(&document.rules) {
        // A rule that is switched off is still checked.
        let compiled = compile_rule(compiler, &scope, rule, target, stages);
        let on = rule.enabled && rule.mode != Mode::Disabled;
        if let Some(compiled) = compiled.filter(|_| on) {
            rules.push((rule.priority, CompiledRule { document: number, position, ..compiled }));
        }
    }
    let limits = limits::compile(compiler, &scope, target, stages, number);
    let breakers = breakers::compile(compiler, &scope, target, stages, number);
    let compiled = CompiledDocument {
        id: document.id().into(),
        origin: document.origin.clone(),
        text: document.text.clone(),
        stages,
        target,
        default_action: config.default_action,
        combine: config.combine,
        fail_open: config.fail_open,
        audits_allows: config.audit_all_decisions,
        shadow: config.mode == Mode::Shadow,
        fallback: document.fallback.clone(),
        detector: u32::try_from(scope.detector).unwrap_or(u32::MAX),
        stream: config.stream,
    };
    Parts { document: compiled, rules, limits, breakers }
}

/// The stages that a document covers: those it says, or those that its rules name; without rules `request` and those in which
/// its breakers are asked.
fn covered_stages(document: &Document) -> Stages {
    match &document.config.stages {
        Some(stages) => stages.iter().map(|s| s.value).collect(),
        None if document.rules.is_empty() => {
            let asked = document.breakers.iter().flat_map(|breaker| &breaker.stages).map(|stage| stage.value);
            std::iter::once(Stage::Request).chain(asked).collect()
        }
        None => document.rules.iter().flat_map(|r| &r.stages).map(|s| s.value).collect(),
    }
}

fn declare_lists(scope: &mut Scope<'_>) {
    for list in &scope.document.lists {
        let name: Arc<str> = format!("lists.{}", list.name.value).into();
        let items: Vec<Value> = list.items.iter().map(|item| expressions::constant(&item.value)).collect();
        scope.declare(
            &name,
            Type::list(expressions::scalar_type(list.item_type)),
            Named::Constant(Value::List(items.into())),
        );
    }
}

/// Declares `variables.x`; one may use those above it.
fn declare_variables(compiler: &mut Compiler<'_>, scope: &mut Scope<'_>) {
    for variable in &scope.document.variables {
        let name: Arc<str> = format!("variables.{}", variable.name.value).into();
        match compiler.expression(scope, &variable.value, OnMissing::Error, false) {
            Some(expression) => {
                scope.declare(&name, expression.result, Named::Node(expression.node, expression.reads.into()));
            }
            // It was reported where it stands; what uses it shall not be reported as well.
            None => scope.declare(&name, Type::Dyn, Named::Constant(Value::Null)),
        }
    }
}

fn compile_rule(
    compiler: &mut Compiler<'_>,
    scope: &Scope<'_>,
    rule: &Rule,
    target: Option<NodeId>,
    covered: Stages,
) -> Option<CompiledRule> {
    let stages: Stages = rule.stages.iter().map(|s| s.value).collect();
    for stage in rule.stages.iter().filter(|s| !covered.contains(s.value)) {
        let message = format!("the document does not cover the stage `{}`", stage.value);
        let diagnostic = Diagnostic::error("stage-not-covered", message, stage.span)
            .with_help("add it to `config.stages`, or leave `config.stages` out");
        compiler.report(scope.document, diagnostic);
    }
    for warning in lints::contradictions(scope.document, rule) {
        compiler.report(scope.document, warning);
    }
    let condition = compiler.condition(scope, &rule.condition);
    if let Some(condition) = &condition {
        compiler.check_stages(scope.document, &condition.reads, stages, &rule.condition);
    }
    let mut gates: Vec<(&'static str, NodeId)> = target.into_iter().map(|node| ("target", node)).collect();
    if let Some(schedule) = &rule.schedule {
        gates.push(("schedule", compiler.schedule(schedule)));
    }
    let mut rollout = None;
    if let Some(share) = &rule.rollout {
        let by = compiler.rollout_identity(scope, &share.by)?;
        let share = Arc::new(share.clone());
        gates.push(("rollout", compiler.rollout(by, &share)));
        rollout = Some((by, share));
    }
    let mut facts = condition.as_ref().map(|c| compiler.slots.facts(&c.reads)).unwrap_or_default();
    let condition_node = condition.as_ref().map(|c| c.node);
    let parts: Vec<NodeId> = gates.iter().map(|(_, node)| *node).chain(condition_node).collect();
    let all = compiler.builder.and(&parts);
    compiler.builder.use_root(all);
    let actions: Box<[_]> = rule.actions.iter().filter_map(|a| compiler.action(scope, a, stages)).collect();
    let exceptions = exceptions_of(compiler, scope, rule, stages, &mut facts);
    let clauses = condition?.clauses;
    Some(CompiledRule {
        document: 0,
        position: 0,
        span: rule.span,
        name: rule.id.span,
        id: rule.id.value.clone(),
        stages,
        condition: all,
        gates,
        clauses,
        shadow: rule.mode.min(scope.document.config.mode) == Mode::Shadow,
        classes: Classes::of(&actions),
        actions,
        exceptions,
        rollout,
        facts,
        detects: false,
    })
}

fn exceptions_of(
    compiler: &mut Compiler<'_>,
    scope: &Scope<'_>,
    rule: &Rule,
    stages: Stages,
    facts: &mut Vec<u32>,
) -> Vec<CompiledException> {
    let named = |e: &&crate::document::model::Exception| e.rules.iter().any(|r| r.value == rule.id.value);
    let mut out = Vec::new();
    for exception in scope.document.exceptions.iter().filter(named) {
        let Some(condition) = compiler.condition(scope, &exception.condition) else { continue };
        compiler.check_stages(scope.document, &condition.reads, stages, &exception.condition);
        if exception.enabled {
            facts.extend(compiler.slots.facts(&condition.reads));
            let expires = exception.expires.as_ref().map(|at| at.value.as_second());
            out.push(CompiledException { id: exception.id.value.clone(), condition: condition.node, expires });
        }
    }
    out
}

/// Whether node `id` reads `slot`, itself or below.
fn reads(program: &Program, id: NodeId, slot: u32) -> bool {
    let mut seen = FxHashSet::default();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if program.own_slots(program.node(id)).contains(&slot) {
            return true;
        }
        open.extend(program.operands(id));
    }
    false
}

/// What an author may use in a document with no settings, tables and lists: the standard library, the extensions, the engine's
/// functions and the fields.
#[must_use]
pub fn base_env(fields: &Fields, limits: &Limits) -> Env {
    shared_env(fields, limits).extend().functions(questions::functions(&Detector::of_everything())).build()
}

/// The part of an environment that is the same for all documents: detectors read texts as each document says.
fn shared_env(fields: &Fields, limits: &Limits) -> Env {
    let builder = Env::builder().standard().extensions().limits(limits.clone());
    let builder = builder.functions(functions::functions()).macros(functions::macros()).macros(questions::macros());
    let builder = builder.variable(derived::OPAQUE, Type::list(Type::String));
    fields.variables().fold(builder, |builder, (name, t)| builder.variable(name, t)).build()
}
