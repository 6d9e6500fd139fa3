//! Circuit breakers in their compiled form: what they ask of a call (`when`, `key`) is expressions of the one program, when they
//! open and close is a [`Rule`] of the ledger.

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;
use llm_policy_cel::program::NodeId;
use llm_policy_cel::types::Type;
use llm_policy_ledger::Space;
use llm_policy_ledger::breaker::Rule;

use super::expressions::{Compiler, Scope};
use super::rules::CompiledAction;
use super::slots::Read;
use crate::context::{Source as FieldSource, Stages};
use crate::document::Source;
use crate::document::breaker::{self as model, Does};
use crate::document::model::{Mode, OnMissing, Spanned};

/// All breakers of a program.
#[derive(Debug, Default)]
pub struct Breakers {
    /// The breakers: by document, and in the order in which they were written.
    pub all: Vec<CompiledBreaker>,
    /// All stages in which any is asked.
    pub stages: Stages,
    /// Those that send what they stop elsewhere.
    pub routing: Vec<u32>,
}

/// A breaker in its compiled form.
#[derive(Debug)]
pub struct CompiledBreaker {
    /// The number of its document.
    pub document: u32,
    /// Its name in its document.
    pub name: Arc<str>,
    /// Where its name stands.
    pub span: Span,
    /// When it opens and closes; its name is `namespace/document/breaker`.
    pub definition: Arc<Rule>,
    /// The stages that ask it.
    pub stages: Stages,
    /// The calls that ask it: the document's target and its own `when`.
    pub when: NodeId,
    /// What it stands for.
    pub key: Box<[NodeId]>,
    /// What happens to a call that it stops.
    pub does: Does,
    /// What the action says, where that is more than its name.
    pub action: Option<CompiledAction>,
}

impl CompiledBreaker {
    /// True when it is only observed.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.definition.space == Space::Shadow
    }
}

/// The fields beside those of the caller that say what is called.
const CALLED: [&str; 4] = ["request.model", "request.provider", "tool.name", "tool.server"];

/// Compiles the breakers of one document.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    scope: &Scope<'_>,
    target: Option<NodeId>,
    covered: Stages,
    document: u32,
) -> Vec<CompiledBreaker> {
    let breakers = &scope.document.breakers;
    let uncovered =
        |breaker: &model::Breaker| breaker.stages.iter().find(|stage| !covered.contains(stage.value)).cloned();
    for (breaker, stage) in breakers.iter().filter_map(|breaker| Some((breaker, uncovered(breaker)?))) {
        let message = format!(
            "the breaker `{}` is asked in the stage `{}`, which the document does not cover",
            breaker.name.value, stage.value
        );
        let diagnostic = Diagnostic::error("stage-not-covered", message, stage.span)
            .with_help("add it to `config.stages`, or leave `config.stages` out");
        compiler.report(scope.document, diagnostic);
    }
    // One that is switched off is still checked.
    let compiled = breakers.iter().map(|breaker| (breaker, one(compiler, scope, breaker, target, document)));
    compiled.filter(|(breaker, _)| breaker.mode != Mode::Disabled).filter_map(|(_, compiled)| compiled).collect()
}

fn one(
    compiler: &mut Compiler<'_>,
    scope: &Scope<'_>,
    breaker: &model::Breaker,
    target: Option<NodeId>,
    document: u32,
) -> Option<CompiledBreaker> {
    let stages: Stages = breaker.stages.iter().map(|stage| stage.value).collect();
    let when = match &breaker.when {
        Some(source) => {
            let expression = compiler.condition(scope, source)?;
            compiler.check_stages(scope.document, &expression.reads, stages, source);
            Some(expression.node)
        }
        None => None,
    };
    let key: Vec<NodeId> =
        breaker.key.iter().map(|source| key(compiler, scope, source, stages)).collect::<Option<_>>()?;
    let action = match &breaker.action {
        Some(action) => Some(compiler.action(scope, &Spanned::new(action.clone(), breaker.name.span), stages)?),
        None => None,
    };
    let gates: Vec<NodeId> = target.into_iter().chain(when).collect();
    let when = compiler.builder.and(&gates);
    compiler.builder.use_root(when);
    Some(CompiledBreaker {
        document,
        name: breaker.name.value.clone(),
        span: breaker.name.span,
        definition: breaker.definition.clone(),
        stages,
        when,
        key: key.into(),
        does: breaker.does,
        action,
    })
}

fn key(compiler: &mut Compiler<'_>, scope: &Scope<'_>, source: &Source, stages: Stages) -> Option<NodeId> {
    let expression = compiler.expression(scope, source, OnMissing::Error, false)?;
    let document = scope.document;
    if !matches!(expression.result, Type::Dyn | Type::String | Type::Int | Type::Uint | Type::Bool) {
        let message = format!("`key` must be text, an integer or a bool, and this is of type {}", expression.result);
        compiler.report(document, Diagnostic::error("type-mismatch", message, source.span));
        return None;
    }
    compiler.check_stages(document, &expression.reads, stages, source);
    let known = |read: &&Read| read.source != FieldSource::Identity && !CALLED.contains(&&*read.path);
    let mut good = true;
    for read in expression.reads.iter().filter(known) {
        let message =
            format!("a breaker stands for what is called, and `{}` comes from the {}", read.path, read.source);
        let help = "use `request.provider`, `request.model`, `tool.server`, `tool.name`, and fields of the caller";
        compiler.report(
            document,
            Diagnostic::error("breaker-reads-input", message, source.locate(read.at)).with_help(help),
        );
        good = false;
    }
    compiler.builder.use_root(expression.node);
    good.then_some(expression.node)
}

impl Breakers {
    /// What all breakers of a program need to know of each other.
    pub(super) fn of(all: Vec<CompiledBreaker>) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let routing = all.iter().enumerate().filter(|(_, breaker)| breaker.does == Does::Route && !breaker.is_shadow());
        let routing = routing.map(|(n, _)| number(n)).collect();
        let stages = all.iter().fold(Stages::NONE, |stages, breaker| stages.union(breaker.stages));
        Self { all, stages, routing }
    }

    /// The breakers that are called so: by the name in their document, or `namespace/document/breaker`.
    pub fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b CompiledBreaker> {
        self.all.iter().filter(move |breaker| *breaker.name == *name || *breaker.definition.name == *name)
    }
}
