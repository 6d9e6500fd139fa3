//! Limits in their compiled form, and `limit(name)` in conditions.
//!
//! What a limit asks of a request (`when`, `key`, `amount`, `cost`) is expressions of the one program; what is the same for
//! every request (window, steps, expiry) is a [`ledger::Limit`]. How a limit stands is read through slots that no input
//! fills: `limit('team').used` is one, and is filled before conditions are evaluated.

use std::sync::Arc;

use llm_policy_cel::ast::{Expr, ExprId, Literal, Span};
use llm_policy_cel::checker::Checked;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_cel::macros::Macro;
use llm_policy_cel::program::NodeId;
use llm_policy_cel::types::{ObjectType, Type};
use llm_policy_ledger as ledger;
use llm_policy_ledger::Kind;

use super::expressions::{Compiler, Scope};
use super::rules::CompiledAction;
use super::slots::{Named, Read, Slots};
use crate::context::{Source as FieldSource, Stage, Stages};
use crate::document::limit::{self as model, OnStoreLoss};
use crate::document::model::{Mode, OnMissing, Spanned};
use crate::document::{Document, Source};
use crate::input::paths::SlotType;

/// All limits of a program.
#[derive(Debug, Default)]
pub struct Limits {
    /// The limits: by document, and in the order in which they were written.
    pub all: Vec<CompiledLimit>,
    /// Those that a condition reads.
    pub viewed: Vec<u32>,
    /// Those with a step that routes.
    pub routing: Vec<u32>,
    /// The slots that name who asks, the first that is there: for `max_open`.
    pub principal: Vec<u32>,
}

/// A limit in its compiled form.
#[derive(Debug)]
pub struct CompiledLimit {
    /// The number of its document.
    pub document: u32,
    /// Its name in its document.
    pub name: Arc<str>,
    /// Where its name stands.
    pub span: Span,
    /// Kind, window, steps, expiry; its name is `namespace/document/limit`.
    pub definition: Arc<ledger::Limit>,
    /// The requests that it counts: the document's target and its own `when`.
    pub when: NodeId,
    /// Whom it counts for.
    pub key: Box<[NodeId]>,
    /// How much may be used.
    pub amount: Amount,
    /// What a request costs, unless that is the default of its kind.
    pub cost: Option<NodeId>,
    /// What each step says, in their order, where that is more than its name.
    pub steps: Box<[Option<CompiledAction>]>,
    /// What happens while the store cannot be asked.
    pub on_store_loss: OnStoreLoss,
    /// The slots of its view that conditions read, with the field of each.
    pub view: Vec<(Field, u32)>,
}

/// How much may be used.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// Micro-dollars, tokens or requests.
    Units(u64),
    /// The value of a node: dollars, tokens or requests.
    Node(NodeId),
}

/// A field of `limit(name)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What may be used at most at a time.
    Amount,
    /// What is used: reserved and settled.
    Used,
    /// What is reserved by requests that are under way.
    Reserved,
    /// What is left.
    Remaining,
    /// What is used, as a share of the amount.
    Fraction,
    /// When it counts anew; absent where the window has no end.
    ResetsAt,
}

impl Field {
    /// All fields with their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("amount", Self::Amount),
        ("used", Self::Used),
        ("reserved", Self::Reserved),
        ("remaining", Self::Remaining),
        ("fraction", Self::Fraction),
        ("resets_at", Self::ResetsAt),
    ];

    /// Money is a double, in dollars; everything else that is counted is an int.
    fn types(self, kind: Kind) -> (SlotType, Type) {
        match self {
            Self::ResetsAt => (SlotType::Timestamp, Type::Timestamp),
            Self::Fraction => (SlotType::Double, Type::Double),
            _ if kind == Kind::Budget => (SlotType::Double, Type::Double),
            _ => (SlotType::Int, Type::Int),
        }
    }
}

/// The slot of a field of a limit's view; `None`: it has no such field.
pub(super) fn view_slot(slots: &mut Slots, kind: Kind, limit: &str, field: &str) -> Option<u32> {
    let (name, field) = Field::ALL.into_iter().find(|(name, _)| *name == field)?;
    let (slot_type, cel_type) = field.types(kind);
    Some(slots.want_own(&format!("limit('{limit}').{name}"), slot_type, cel_type))
}

/// The type of `limit(name)`.
fn view_type(kind: Kind) -> Type {
    let fields = Field::ALL.into_iter().map(|(name, field)| (name.into(), field.types(kind).1)).collect();
    Type::Object(Arc::new(ObjectType::new("limit", fields)))
}

/// The variable that `limit(name)` becomes; nobody can write it.
fn variable(name: &str) -> Arc<str> {
    format!("@limit:{name}").into()
}

/// Declares `limit(name)` for the limits of the scope's document.
pub(super) fn declare(scope: &mut Scope<'_>) {
    let document = scope.document;
    let names: Vec<Arc<str>> = document.limits.iter().map(|limit| limit.name.value.clone()).collect();
    scope.declare_macro(Macro::global("limit", 1, move |expander, _, args| {
        let [name] = args else { return Ok(None) };
        let Expr::Literal(Literal::String(written)) = expander.ast().expr(*name) else {
            return Err(expander.error(*name, "the name of a limit must be a string constant"));
        };
        let written = written.clone();
        if names.iter().any(|known| **known == *written) {
            return Ok(Some(expander.ident(variable(&written))));
        }
        let error = expander.error(*name, format!("this document has no limit `{written}`"));
        Err(match did_you_mean(&written, names.iter().map(|name| &**name)) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => error.with_help("declare it under `limits`"),
        })
    }));
    for limit in &document.limits {
        let kind = limit.definition.kind();
        let full = limit.definition.name().clone();
        scope.declare(&variable(&limit.name.value), view_type(kind), Named::Limit(kind, full));
    }
}

/// Compiles the limits of one document.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    scope: &Scope<'_>,
    target: Option<NodeId>,
    covered: Stages,
    document: u32,
) -> Vec<CompiledLimit> {
    let limits = &scope.document.limits;
    if let Some(limit) = limits.first()
        && !covered.contains(Stage::Request)
    {
        let message = "limits are taken in the stage `request`, which the document does not cover";
        let diagnostic = Diagnostic::error("stage-not-covered", message, limit.name.span)
            .with_help("add it to `config.stages`, or leave `config.stages` out");
        compiler.report(scope.document, diagnostic);
    }
    // One that is switched off is still checked.
    let compiled = limits.iter().map(|limit| (limit, one(compiler, scope, limit, target, document)));
    compiled.filter(|(limit, _)| limit.mode != Mode::Disabled).filter_map(|(_, compiled)| compiled).collect()
}

fn one(
    compiler: &mut Compiler<'_>,
    scope: &Scope<'_>,
    limit: &model::Limit,
    target: Option<NodeId>,
    document: u32,
) -> Option<CompiledLimit> {
    let kind = limit.definition.kind();
    let when = match &limit.when {
        Some(source) => Some(part(compiler, scope, source, Part::When, kind)?),
        None => None,
    };
    let key: Vec<NodeId> =
        limit.key.iter().map(|source| part(compiler, scope, source, Part::Key, kind)).collect::<Option<_>>()?;
    let amount = match &limit.amount {
        model::Amount::Units(units) => Amount::Units(*units),
        model::Amount::Computed(source) => Amount::Node(part(compiler, scope, source, Part::Amount, kind)?),
    };
    let cost = match &limit.cost {
        Some(source) => Some(part(compiler, scope, source, Part::Cost, kind)?),
        None => None,
    };
    let mut steps = Vec::new();
    for action in &limit.actions {
        steps.push(match action {
            Some(action) => {
                let action = Spanned::new(action.clone(), limit.name.span);
                Some(compiler.action(scope, &action, Stages::of(&[Stage::Request]))?)
            }
            None => None,
        });
    }
    let gates: Vec<NodeId> = target.into_iter().chain(when).collect();
    let when = compiler.builder.and(&gates);
    compiler.builder.use_root(when);
    Some(CompiledLimit {
        document,
        name: limit.name.value.clone(),
        span: limit.name.span,
        definition: limit.definition.clone(),
        when,
        key: key.into(),
        amount,
        cost,
        steps: steps.into(),
        on_store_loss: limit.on_store_loss,
        view: Vec::new(),
    })
}

/// A part of a limit that is an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `when`
    When,
    /// `key`
    Key,
    /// `amount`
    Amount,
    /// `cost`
    Cost,
}

impl Part {
    /// The key in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::When => "when",
            Self::Key => "key",
            Self::Amount => "amount",
            Self::Cost => "cost",
        }
    }

    fn accepts(self, kind: Kind, result: &Type) -> bool {
        match (self, result) {
            (_, Type::Dyn) => true,
            (Self::When, t) => *t == Type::Bool,
            (Self::Key, t) => matches!(t, Type::String | Type::Int | Type::Uint | Type::Bool),
            (Self::Amount | Self::Cost, Type::Double) => kind == Kind::Budget,
            (Self::Amount | Self::Cost, t) => matches!(t, Type::Int | Type::Uint),
        }
    }

    fn wanted(self, kind: Kind) -> &'static str {
        match self {
            Self::When => "true or false",
            Self::Key => "text, an integer or a bool",
            _ if kind == Kind::Budget => "a number of dollars",
            _ => "an integer",
        }
    }
}

fn part(compiler: &mut Compiler<'_>, scope: &Scope<'_>, source: &Source, part: Part, kind: Kind) -> Option<NodeId> {
    let expression = match part {
        Part::When => compiler.condition(scope, source)?,
        _ => compiler.expression(scope, source, OnMissing::Error, false)?,
    };
    let document = scope.document;
    if !part.accepts(kind, &expression.result) {
        let (name, wanted) = (part.name(), part.wanted(kind));
        let message = format!("`{name}` must be {wanted}, and this is of type {}", expression.result);
        compiler.report(document, Diagnostic::error("type-mismatch", message, source.span));
        return None;
    }
    compiler.check_stages(document, &expression.reads, Stages::of(&[Stage::Request]), source);
    let mut good = true;
    for read in &expression.reads {
        if let Some((message, help)) = misplaced(part, read) {
            compiler.report(
                document,
                Diagnostic::error("limit-reads-input", message, source.locate(read.at)).with_help(help),
            );
            good = false;
        }
    }
    compiler.builder.use_root(expression.node);
    good.then_some(expression.node)
}

/// What is wrong with a part of a limit that reads this.
fn misplaced(part: Part, read: &Read) -> Option<(String, &'static str)> {
    let path = &read.path;
    if path.starts_with("limit(") {
        return (part != Part::When).then(|| {
            (format!("`{}` of a limit cannot depend on how a limit stands", part.name()), "ask for it in `when`")
        });
    }
    let trusted = read.source == FieldSource::Identity || **path == *"request.model";
    (part == Part::Key && !trusted).then(|| {
        let message = format!("a limit counts by who asks, and `{path}` comes from the {}", read.source);
        (message, "use fields of the caller, and `request.model`")
    })
}

impl Limits {
    /// What all limits of a program need to know of each other and of the slots.
    pub(super) fn of(mut all: Vec<CompiledLimit>, slots: &Slots, principal: Vec<u32>) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for limit in &mut all {
            let slot = |name: &str| slots.find(&format!("limit('{}').{name}", limit.definition.name()));
            limit.view = Field::ALL.into_iter().filter_map(|(name, field)| Some((field, slot(name)?))).collect();
        }
        let which = |wanted: &dyn Fn(&CompiledLimit) -> bool| {
            all.iter().enumerate().filter(|(_, limit)| wanted(limit)).map(|(n, _)| number(n)).collect()
        };
        let routes = |limit: &CompiledLimit| limit.definition.steps().iter().any(|s| s.action == ledger::Action::Route);
        Self { viewed: which(&|limit| !limit.view.is_empty()), routing: which(&routes), principal, all }
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// What is said of views that are used as a whole: they are read field by field.
pub(super) fn as_values(checked: &Checked) -> Vec<Diagnostic> {
    let ast = checked.ast();
    let mut read: Vec<ExprId> = Vec::new();
    let mut views: Vec<ExprId> = Vec::new();
    for id in ast.ids() {
        match ast.expr(id) {
            Expr::Select { operand, .. } => read.push(*operand),
            Expr::Ident(name) if name.starts_with("@limit:") => views.push(id),
            _ => {}
        }
    }
    let whole = views.into_iter().filter(|id| !read.contains(id));
    let fields: Vec<String> = Field::ALL.into_iter().map(|(name, _)| format!("`.{name}`")).collect();
    let diagnostic = |id| {
        Diagnostic::error("limit-as-value", "a limit is no value of its own", ast.span(id))
            .with_help(format!("read one of its fields: {}", fields.join(", ")))
    };
    whole.map(diagnostic).collect()
}

/// The fields that name who asks, the most exact first.
pub(super) const PRINCIPAL: [&str; 5] = ["user.id", "key.id", "agent.id", "session.id", "app.id"];

/// Whether any limit of `document` bounds open reservations, so that it matters who asks.
pub(super) fn bounds_open(document: &Document) -> bool {
    document.limits.iter().any(|limit| limit.definition.max_open().is_some())
}
