//! One expression of a document: parsed, checked, and added to the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::checker::lints;
use llm_policy_cel::diagnostic::{Diagnostic, Severity};
use llm_policy_cel::env::Env;
use llm_policy_cel::macros::Macro;
use llm_policy_cel::program::{NodeId, Program, ProgramBuilder};
use llm_policy_cel::types::Type;
use llm_policy_cel::value::Value;

use super::fields::{Field, Fields};
use super::rules::Clause;
use super::slots::{Named, Names, Read, Slots};
use super::{Finding, Options, finding, shared_env};
use super::{functions, limits, names, pricing};
use crate::context::Stages;
use crate::detection::{Detectors, questions};
use crate::document::model::{Constant, OnMissing, Rollout, Scalar};
use crate::document::schedule::Schedule;
use crate::document::{Document, Source};

/// The most that one expression may cost when nothing loops more than eight times, in rough nanoseconds.
const COST: u32 = 10_000_000;

/// What compiling all documents shares.
#[derive(Debug)]
pub struct Compiler<'c> {
    /// The program so far.
    pub builder: ProgramBuilder,
    /// The slots so far.
    pub slots: Slots,
    /// What was found so far.
    pub findings: Vec<Finding>,
    /// The detectors that documents use.
    pub(crate) detectors: Detectors,
    fields: &'c Fields,
    env: Env,
}

/// What the expressions of one document may use.
#[derive(Debug)]
pub struct Scope<'d> {
    /// The document.
    pub document: &'d Document,
    /// The place of its detector.
    pub(super) detector: usize,
    env: Env,
    pub(super) named: BTreeMap<Arc<str>, Named>,
}

/// An expression in the program.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Its node.
    pub node: NodeId,
    /// Its type.
    pub result: Type,
    /// What it reads.
    pub reads: Vec<Read>,
    /// The operands of its outermost `&&`, with their places in the document.
    pub clauses: Vec<Clause>,
    /// That it is constant, which is no fault in itself.
    pub constant: Option<Diagnostic>,
}

impl<'d> Scope<'d> {
    /// The scope of `document`, without its lists and variables.
    pub fn new(compiler: &mut Compiler<'_>, document: &'d Document) -> Self {
        let detector = compiler.detectors.of(&document.config.detectors);
        let asking = compiler.detectors.functions(detector);
        let env = compiler.env.extend().function(functions::lookup(document)).functions(asking).build();
        Self { document, detector, env, named: BTreeMap::new() }
    }

    /// Adds `name`, of type `t`.
    pub fn declare(&mut self, name: &Arc<str>, t: Type, named: Named) {
        self.env = self.env.extend().variable(name.clone(), t).build();
        self.named.insert(name.clone(), named);
    }

    /// Adds a macro.
    pub(super) fn declare_macro(&mut self, new: Macro) {
        self.env = self.env.extend().macros([new]).build();
    }

    /// The environment of the document's expressions.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }
}

impl<'c> Compiler<'c> {
    /// Nothing compiled yet.
    #[must_use]
    pub fn new(fields: &'c Fields, options: &Options) -> Self {
        Self {
            builder: ProgramBuilder::new(options.limits.regex_bytes),
            slots: Slots::default(),
            findings: Vec::new(),
            fields,
            detectors: Detectors::default(),
            env: shared_env(fields, &options.limits).extend().function(pricing::function(&options.prices)).build(),
        }
    }

    /// The finished program and its slots.
    #[must_use]
    pub fn finish(self) -> (Program, Slots) {
        (self.builder.finish(), self.slots)
    }

    /// Records a finding.
    pub fn report(&mut self, document: &Document, diagnostic: Diagnostic) {
        let found = finding(document, diagnostic);
        if !self.findings.contains(&found) {
            self.findings.push(found);
        }
    }

    /// Compiles an expression. `None`: it was reported why not.
    pub fn expression(
        &mut self,
        scope: &Scope<'_>,
        source: &Source,
        on_missing: OnMissing,
        absent_is_null: bool,
    ) -> Option<Expression> {
        let document = scope.document;
        let checked = match scope.env.compile(&source.text) {
            Ok(checked) => checked,
            Err(diagnostics) => {
                for diagnostic in diagnostics {
                    let diagnostic = names::explained(scope, diagnostic, &source.text);
                    self.report(document, Diagnostic { span: source.locate(diagnostic.span), ..diagnostic });
                }
                return None;
            }
        };
        let ast = checked.ast();
        let whole = |d: &Diagnostic| d.code == "constant-condition" && d.span == ast.span(ast.root());
        let (mut constant, lints): (Vec<_>, Vec<_>) = lints(&checked).into_iter().partition(whole);
        let named = names::lookups(document, &checked).into_iter().chain(limits::as_values(&checked));
        for diagnostic in lints.into_iter().chain(named) {
            self.report(document, Diagnostic { span: source.locate(diagnostic.span), ..diagnostic });
        }
        let strongest = if document.config.on_missing == OnMissing::Default { OnMissing::Default } else { on_missing };
        if let Some(asked) = self.detectors.asked(scope.detector) {
            for diagnostic in questions::check(document, &checked, asked) {
                self.report(document, Diagnostic { span: source.locate(diagnostic.span), ..diagnostic });
            }
        }
        let mut names = Names {
            fields: self.fields,
            slots: &mut self.slots,
            on_missing: strongest,
            named: &scope.named,
            absent_is_null,
            reads: Vec::new(),
        };
        let lowered = self.builder.lower(&scope.env, ast, &mut names);
        let reads = std::mem::take(&mut names.reads);
        let mut clause = |id| {
            let node = self.builder.lower_part(&scope.env, ast, id, &mut names).node;
            let mut slots: Vec<u32> = names.reads.drain(..).filter_map(|read| names.slots.find(&read.path)).collect();
            slots.sort_unstable();
            slots.dedup();
            Clause { node, span: source.locate(ast.span(id)), reads: slots.into() }
        };
        let clauses = ast.operands(ast.root(), "_&&_").into_iter().map(&mut clause).collect();
        let mut refused = false;
        for diagnostic in lowered.diagnostics {
            refused = true;
            // A policy's patterns are compiled at load; one that is known only at run time is refused.
            let diagnostic =
                Diagnostic { severity: Severity::Error, span: source.locate(diagnostic.span), ..diagnostic };
            self.report(document, diagnostic);
        }
        if self.builder.cost(lowered.node) > COST {
            refused = true;
            let message = "the expression costs too much: its loops are nested too deeply";
            self.report(document, Diagnostic::error("too-costly", message, source.span));
        }
        (!refused).then(|| Expression {
            node: lowered.node,
            result: checked.result_type().clone(),
            reads,
            clauses,
            constant: constant.pop(),
        })
    }

    /// Compiles an expression that must be true or false.
    pub fn condition(&mut self, scope: &Scope<'_>, source: &Source) -> Option<Expression> {
        let expression = self.expression(scope, source, OnMissing::Error, false)?;
        if !matches!(expression.result, Type::Bool | Type::Dyn) {
            let message = format!("a condition is true or false, and this is of type {}", expression.result);
            let diagnostic = Diagnostic::error("not-a-condition", message, source.span);
            self.report(
                scope.document,
                match expression.result {
                    Type::Double => diagnostic.with_help("compare it with a number: `... > 0.5`"),
                    _ => diagnostic,
                },
            );
            return None;
        }
        // A rule that always matches is written as `true`.
        if let Some(diagnostic) = expression.constant.as_ref().filter(|_| source.text.trim() != "true") {
            let span = source.locate(diagnostic.span);
            self.report(scope.document, Diagnostic { span, ..diagnostic.clone() });
        }
        Some(expression)
    }

    /// Reports fields that are not there in all of `stages`.
    pub fn check_stages(&mut self, document: &Document, reads: &[Read], stages: Stages, source: &Source) {
        for read in reads {
            let through = read.through.as_ref().map(|name| format!(", which `{name}` reads,")).unwrap_or_default();
            if let Some(found) = not_in_stage(&read.path, &through, read.stages, stages, source.locate(read.at)) {
                self.report(document, found);
            }
        }
    }

    /// The node that tells whether `schedule` holds now.
    pub fn schedule(&mut self, schedule: &Schedule) -> NodeId {
        let now = self.now();
        self.builder.call(&functions::schedule(schedule), &[now])
    }

    /// The slot of a field of the context, which is in the table.
    pub(super) fn slot_of(&mut self, path: &str) -> Option<u32> {
        let mut names = path.split('.');
        let root = names.next()?;
        let rest: Vec<&str> = names.collect();
        let (field, _) = self.fields.find(root, &rest)?;
        Some(self.slots.want(path, field, field.slot_type()))
    }

    /// The field at `path`; `None` when there is no such field.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<Field> {
        self.fields.at(path)
    }

    fn now(&mut self) -> NodeId {
        let slot =
            self.fields.find("now", &[]).map_or(0, |(field, _)| self.slots.want("now", field, field.slot_type()));
        self.builder.slot(slot, None)
    }

    /// The node that names the identity of a rollout; null when it is absent.
    pub fn rollout_identity(&mut self, scope: &Scope<'_>, by: &Source) -> Option<NodeId> {
        let expression = self.expression(scope, by, OnMissing::Error, true)?;
        if !matches!(expression.result, Type::String | Type::Int | Type::Uint | Type::Dyn) {
            let message = format!("a rollout goes by text or an integer, and this is of type {}", expression.result);
            self.report(scope.document, Diagnostic::error("type-mismatch", message, by.span));
            return None;
        }
        for read in expression.reads.iter().filter(|r| r.source != crate::context::Source::Identity) {
            let message = format!("a rollout goes by who asks, and `{}` comes from the {}", read.path, read.source);
            self.report(scope.document, Diagnostic::error("rollout-reads-input", message, by.locate(read.at)));
        }
        Some(expression.node)
    }

    /// The node that tells whether the identity `by` is in the share.
    pub fn rollout(&mut self, by: NodeId, share: &Arc<Rollout>) -> NodeId {
        self.builder.call(&functions::rollout(share), &[by])
    }
}

/// Says that the field `path`, which is there in the stages `there`, is not there in all of `stages`.
pub(super) fn not_in_stage(path: &str, through: &str, there: Stages, stages: Stages, at: Span) -> Option<Diagnostic> {
    let stage = stages.iter().find(|stage| !there.contains(*stage))?;
    let message = format!("`{path}`{through} is not there in the stage `{stage}`");
    let help = format!("it is there in {there}: name these under `stages`");
    Some(Diagnostic::error("field-not-in-stage", message, at).with_help(help))
}

/// The type of a scalar.
#[must_use]
pub const fn scalar_type(scalar: Scalar) -> Type {
    match scalar {
        Scalar::Bool => Type::Bool,
        Scalar::Int => Type::Int,
        Scalar::Double => Type::Double,
        Scalar::String => Type::String,
    }
}

/// A constant as a value.
#[must_use]
pub fn constant(constant: &Constant) -> Value {
    match constant {
        Constant::Bool(b) => Value::Bool(*b),
        Constant::Int(i) => Value::Int(*i),
        Constant::Double(d) => Value::Double(*d),
        Constant::String(s) => Value::String(s.clone()),
    }
}
