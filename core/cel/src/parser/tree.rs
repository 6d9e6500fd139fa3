//! The tree while it grows: each node is measured as it is added, so that no cap is passed by much.

use crate::ast::{Ast, Expr, ExprId, MacroCall, Span, for_each_child};
use crate::diagnostic::Diagnostic;
use crate::limits::Limits;

/// How many levels one written level may become when macros are expanded. The deepest of the macros here takes five.
const EXPANSION: usize = 6;

/// What is known of the tree under one node.
#[derive(Clone, Copy, Default)]
struct Measure {
    /// Nesting as written.
    written: usize,
    /// Nesting of what macros expanded to, `+` chains again not counted.
    expanded: usize,
    /// Nodes, one that is used twice counted twice.
    size: usize,
}

/// An [`Ast`] that notices when a cap is passed.
pub(crate) struct Tree {
    ast: Ast,
    measures: Vec<Measure>,
    limits: Limits,
    fault: Option<Box<Diagnostic>>,
}

impl Tree {
    pub(crate) fn new(source: &str, limits: Limits) -> Self {
        Self { ast: Ast::new(source.into()), measures: Vec::new(), limits, fault: None }
    }

    pub(crate) fn ast(&self) -> &Ast {
        &self.ast
    }

    pub(crate) fn finish(mut self, root: ExprId) -> Ast {
        self.ast.set_root(root);
        self.ast
    }

    /// The first cap that was passed.
    pub(crate) fn take_fault(&mut self) -> Option<Box<Diagnostic>> {
        self.fault.take()
    }

    /// Refuses to go deeper than the cap, before any node shows it.
    pub(crate) fn check_nesting(&self, nesting: usize, span: Span) -> Result<(), Box<Diagnostic>> {
        let cap = self.limits.depth;
        if nesting > cap { Err(Box::new(nested_too_deeply(cap, span))) } else { Ok(()) }
    }

    /// Adds a node that was written.
    pub(crate) fn add(&mut self, expr: Expr, span: Span) -> ExprId {
        self.push(expr, span, 1)
    }

    /// Adds a node that is no level of what was written: part of a balanced chain or of what a macro expanded to.
    pub(crate) fn add_unwritten(&mut self, expr: Expr, span: Span) -> ExprId {
        self.push(expr, span, 0)
    }

    fn push(&mut self, expr: Expr, span: Span, level: usize) -> ExprId {
        let spine = self.spine(&expr);
        let mut measure = Measure { written: 1, expanded: 1, size: 1 };
        for_each_child(&expr, |id| {
            let child = self.measure(id);
            let counts = usize::from(spine != Some(id));
            measure.written = measure.written.max(child.written + counts * level);
            measure.expanded = measure.expanded.max(child.expanded + counts);
            measure.size = measure.size.saturating_add(child.size);
        });
        let id = self.ast.add(expr, span);
        self.measures.push(measure);
        self.check(measure, span);
        id
    }

    /// Records a macro call; its nesting as written is that of its receiver and arguments, whatever it expanded to.
    pub(crate) fn add_macro_call(&mut self, call: MacroCall, span: Span) {
        self.set_level_above(call.expansion, call.target.iter().chain(&call.args).copied(), span);
        self.ast.add_macro_call(call);
    }

    /// Says that as written, node `id` stands one level above `parts`.
    pub(crate) fn set_level_above(&mut self, id: ExprId, parts: impl Iterator<Item = ExprId>, span: Span) {
        let deepest = parts.map(|part| self.measure(part).written).max().unwrap_or(0);
        self.set_written(id, deepest + 1, span);
    }

    /// Says that node `id` was written with `levels` more than it has.
    pub(crate) fn deepen(&mut self, id: ExprId, levels: usize, span: Span) {
        self.set_written(id, self.measure(id).written.saturating_add(levels), span);
    }

    fn set_written(&mut self, id: ExprId, written: usize, span: Span) {
        if let Some(measure) = self.measures.get_mut(id.0 as usize) {
            measure.written = written;
            let measure = *measure;
            self.check(measure, span);
        }
    }

    fn measure(&self, id: ExprId) -> Measure {
        self.measures.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// The left operand of a `+` that is a `+` itself: a link of a chain, which adds no level.
    fn spine(&self, expr: &Expr) -> Option<ExprId> {
        let left = plus_operands(expr)?.first().copied()?;
        plus_operands(self.ast.expr(left)).map(|_| left)
    }

    fn check(&mut self, measure: Measure, span: Span) {
        if self.fault.is_some() {
            return;
        }
        let Limits { nodes, depth, .. } = self.limits;
        let expanded = depth.saturating_mul(EXPANSION).max(64);
        self.fault = if measure.size > nodes || self.ast.len() > nodes {
            Some(Box::new(too_many_nodes(nodes, span)))
        } else if measure.written > depth {
            Some(Box::new(nested_too_deeply(depth, span)))
        } else if measure.expanded > expanded {
            let message = format!("macros expand to more than {expanded} nested levels");
            Some(Box::new(Diagnostic::error("nested-too-deeply", message, span)))
        } else {
            None
        };
    }
}

fn plus_operands(expr: &Expr) -> Option<&[ExprId]> {
    match expr {
        Expr::Call { target: None, function, args } if &**function == "_+_" && args.len() == 2 => Some(args),
        _ => None,
    }
}

fn too_many_nodes(cap: usize, span: Span) -> Diagnostic {
    Diagnostic::error("too-many-nodes", format!("the expression has more than {cap} nodes"), span)
        .with_help("split it into several variables or rules; long lists belong into `lists` or data")
}

fn nested_too_deeply(cap: usize, span: Span) -> Diagnostic {
    Diagnostic::error("nested-too-deeply", format!("the expression is nested more than {cap} levels deep"), span)
        .with_help("give inner parts names of their own")
}
