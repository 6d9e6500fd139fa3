//! Syntax trees to program nodes.
//!
//! Names are resolved as the checker resolves them, so a tree may be lowered whether it was checked or not.

use super::builder::{MAX_EVALUATION_DEPTH, ProgramBuilder, index_of};
use super::node::{Arithmetic, Loop, LoopKind, Node, NodeId, OPTIONAL, PLAIN, Relation};
use crate::ast::{Ast, Comprehension, ComprehensionKind, Expr, ExprId, Literal, Name, Span};
use crate::checker::Reference;
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::error::ErrorKind;
use crate::library::time::{self, meant};
use crate::value::Value;

/// What a variable, or a field below it, is bound to.
#[derive(Clone, Debug)]
pub enum Binding {
    /// A slot, and the value to read when it is absent; without one, reading it then is an error.
    Slot(u32, Option<Value>),
    /// A constant.
    Constant(Value),
    /// A node that was lowered before.
    Node(NodeId),
}

/// Binds variables while expressions are lowered.
pub trait Resolver {
    /// Binds `variable`, or the longest part of `variable.path[0].path[1]...` that has a binding of its own; with it comes how
    /// many names of the path it covers. `at` is where it is read. `None`: the variable has no value.
    fn resolve(&mut self, variable: &str, path: &[&str], at: Span) -> Option<(Binding, usize)>;
}

/// The simplest resolver: each variable is one slot.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    names: Vec<Name>,
}

impl Variables {
    /// Variables that have the slots 0, 1, ... in this order.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = Name>) -> Self {
        Self { names: names.into_iter().collect() }
    }
}

impl Resolver for Variables {
    fn resolve(&mut self, variable: &str, _: &[&str], _: Span) -> Option<(Binding, usize)> {
        let slot = self.names.iter().position(|name| **name == *variable)?;
        Some((Binding::Slot(index_of(slot), None), 0))
    }
}

/// An expression in a program.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// Its node.
    pub node: NodeId,
    /// Errors for constants that are not valid: regular expressions (or too large ones), and the texts of `timestamp` and
    /// `duration`; and warnings (`dynamic-regex`) for patterns that are known only at run time.
    pub diagnostics: Vec<Diagnostic>,
}

impl ProgramBuilder {
    /// Adds an expression. The node counts as used from outside of the program.
    pub fn lower(&mut self, env: &Env, ast: &Ast, resolver: &mut dyn Resolver) -> Lowered {
        let lowered = self.lower_part(env, ast, ast.root(), resolver);
        self.use_root(lowered.node);
        lowered
    }

    /// Adds the part of an expression under `id`, which must not stand inside of a comprehension. This is no use of it: parts
    /// are for looking into an expression that was added as a whole.
    pub fn lower_part(&mut self, env: &Env, ast: &Ast, id: ExprId, resolver: &mut dyn Resolver) -> Lowered {
        let mut lowering =
            Lowering { builder: self, env, ast, resolver, scope: Vec::new(), next_local: 0, diagnostics: Vec::new() };
        let mut node = lowering.expr(id);
        let mut diagnostics = lowering.diagnostics;
        if self.depth(node) > MAX_EVALUATION_DEPTH {
            let message = format!(
                "with the names that it uses, the expression is nested more than {MAX_EVALUATION_DEPTH} levels deep"
            );
            diagnostics.push(
                Diagnostic::error("nested-too-deeply", message, ast.span(id)).with_help("use fewer names within names"),
            );
            node = self.fail(ErrorKind::TooDeep);
        }
        Lowered { node, diagnostics }
    }
}

struct Lowering<'l> {
    builder: &'l mut ProgramBuilder,
    env: &'l Env,
    ast: &'l Ast,
    resolver: &'l mut dyn Resolver,
    /// Loop variables and bound names, innermost last.
    scope: Vec<(Name, u32)>,
    next_local: u32,
    diagnostics: Vec<Diagnostic>,
}

impl Lowering<'_> {
    fn expr(&mut self, id: ExprId) -> NodeId {
        match self.ast.expr(id) {
            Expr::Literal(literal) => self.builder.constant(literal_value(literal)),
            Expr::Ident(_) => self.path(id),
            Expr::Select { test: false, .. } => self.path(id),
            Expr::Select { operand, field, test: true } => self.has(*operand, field),
            Expr::Call { target, function, args } => self.call(id, *target, function, args),
            Expr::List(_) => self.list(id),
            Expr::Map(_) => self.map(id),
            Expr::Struct { .. } => self.builder.fail(ErrorKind::UnknownFunction),
            Expr::Comprehension(c) => self.comprehension(c),
        }
    }

    fn fail(&mut self, kind: ErrorKind) -> NodeId {
        self.builder.fail(kind)
    }

    fn reference(&self, id: ExprId) -> Option<Reference> {
        self.env.resolve_name(self.ast, id, |name| self.scope.iter().any(|(n, _)| **n == *name))
    }

    /// A chain of selects down to a name, as far as the chain goes: the name's reference and the fields, outermost last.
    fn chain(&self, id: ExprId) -> Option<(Reference, Vec<Name>)> {
        let mut fields = Vec::new();
        let mut at = id;
        loop {
            if let Some(reference) = self.reference(at) {
                fields.reverse();
                return Some((reference, fields));
            }
            match self.ast.expr(at) {
                Expr::Select { operand, field, test: false } => {
                    fields.push(field.clone());
                    at = *operand;
                }
                Expr::Call { target: None, function, args } if **function == *"_[_]" => {
                    let [operand, index] = args.as_slice() else { return None };
                    let Expr::Literal(Literal::String(key)) = self.ast.expr(*index) else { return None };
                    fields.push(key.clone());
                    at = *operand;
                }
                _ => return None,
            }
        }
    }

    /// An identifier or a selection.
    fn path(&mut self, id: ExprId) -> NodeId {
        let Some((reference, fields)) = self.chain(id) else {
            return match self.ast.expr(id) {
                Expr::Select { operand, field, .. } => {
                    let operand = self.expr(*operand);
                    self.select(operand, field)
                }
                Expr::Call { args, .. } => match args.as_slice() {
                    [operand, index] => self.index(*operand, *index),
                    _ => self.fail(ErrorKind::NoSuchOverload),
                },
                _ => self.fail(ErrorKind::UnboundVariable),
            };
        };
        let (mut node, used) = match reference {
            Reference::Variable(name) => {
                let path: Vec<&str> = fields.iter().map(|f| &**f).collect();
                match self.resolver.resolve(&name, &path, self.ast.span(id)) {
                    Some((binding, used)) => (self.bound(binding), used),
                    None => return self.fail(ErrorKind::UnboundVariable),
                }
            }
            Reference::Local(name) => (self.local(&name), 0),
            Reference::TypeName(name, _) => (self.builder.constant(Value::Type(name)), 0),
            Reference::Function { .. } => return self.fail(ErrorKind::UnboundVariable),
        };
        for field in fields.iter().skip(used) {
            node = self.select(node, field);
        }
        node
    }

    fn bound(&mut self, binding: Binding) -> NodeId {
        match binding {
            Binding::Slot(slot, default) => self.builder.slot(slot, default),
            Binding::Constant(value) => self.builder.constant(value),
            Binding::Node(node) => node,
        }
    }

    fn local(&mut self, name: &str) -> NodeId {
        match self.scope.iter().rev().find(|(n, _)| **n == *name) {
            Some((_, local)) => self.builder.add(Node::Local(*local)),
            None => self.fail(ErrorKind::UnboundVariable),
        }
    }

    fn select(&mut self, operand: NodeId, field: &str) -> NodeId {
        let field = self.builder.text_index(field);
        self.builder.add(Node::Select { operand, field })
    }

    fn has(&mut self, operand: ExprId, field: &Name) -> NodeId {
        if let Some((Reference::Variable(name), mut fields)) = self.chain(operand) {
            fields.push(field.clone());
            let path: Vec<&str> = fields.iter().map(|f| &**f).collect();
            if let Some((Binding::Slot(slot, _), used)) = self.resolver.resolve(&name, &path, self.ast.span(operand))
                && used == path.len()
            {
                return self.builder.add(Node::HasSlot(slot));
            }
        }
        let operand = self.expr(operand);
        let field = self.builder.text_index(field);
        self.builder.add(Node::Has { operand, field })
    }

    fn index(&mut self, operand: ExprId, index: ExprId) -> NodeId {
        let (operand, index) = (self.expr(operand), self.expr(index));
        self.builder.add(Node::Index(operand, index))
    }

    fn list(&mut self, id: ExprId) -> NodeId {
        let Expr::List(elements) = self.ast.expr(id) else { return self.fail(ErrorKind::NoSuchOverload) };
        if elements.iter().all(|e| !e.optional) {
            let ids: Vec<NodeId> = elements.iter().map(|e| self.expr(e.value)).collect();
            let run = self.builder.run(&ids);
            return self.builder.add(Node::List(run));
        }
        let mut ids = Vec::new();
        for element in elements {
            ids.extend([self.expr(element.value), if element.optional { OPTIONAL } else { PLAIN }]);
        }
        let run = self.builder.run(&ids);
        self.builder.add(Node::OptionalList(run))
    }

    fn map(&mut self, id: ExprId) -> NodeId {
        let Expr::Map(entries) = self.ast.expr(id) else { return self.fail(ErrorKind::NoSuchOverload) };
        let mut ids = Vec::new();
        for entry in entries {
            let (key, value) = (self.expr(entry.key), self.expr(entry.value));
            ids.extend([key, value, if entry.optional { OPTIONAL } else { PLAIN }]);
        }
        let run = self.builder.run(&ids);
        self.builder.add(Node::Map(run))
    }

    fn call(&mut self, id: ExprId, target: Option<ExprId>, name: &str, args: &[ExprId]) -> NodeId {
        match (target, name, args) {
            (None, "_&&_" | "_||_", _) => {
                let operands: Vec<NodeId> = self.ast.operands(id, name).into_iter().map(|id| self.expr(id)).collect();
                if name == "_&&_" { self.builder.and(&operands) } else { self.builder.or(&operands) }
            }
            (None, "_+_", [_, _]) => self.sum(id),
            (None, "_[_]", [_, _]) => self.path(id),
            (None, "_?._", [operand, field]) => match self.ast.expr(*field) {
                Expr::Literal(Literal::String(field)) => {
                    let field = self.builder.text_index(field);
                    let operand = self.expr(*operand);
                    self.builder.add(Node::OptionalSelect { operand, field })
                }
                _ => self.fail(ErrorKind::NoSuchOverload),
            },
            (None, "_?_:_", [condition, then, otherwise]) => {
                let (condition, then, otherwise) = (self.expr(*condition), self.expr(*then), self.expr(*otherwise));
                self.conditional(condition, then, otherwise)
            }
            (None, _, [operand]) if matches!(name, "!_" | "-_" | "@not_strictly_false" | "__not_strictly_false__") => {
                let operand = self.expr(*operand);
                self.builder.add(match name {
                    "!_" => Node::Not(operand),
                    "-_" => Node::Negate(operand),
                    _ => Node::NotStrictlyFalse(operand),
                })
            }
            (None, "cel.@block", [bindings, body]) => self.block(*bindings, *body),
            (None, _, [a, b]) if binary(name).is_some() => {
                let (a, b) = (self.expr(*a), self.expr(*b));
                match binary(name) {
                    Some(node) => self.builder.add(node(a, b)),
                    None => self.fail(ErrorKind::UnknownFunction),
                }
            }
            _ => self.function(id, target, args),
        }
    }

    /// `a + b + ...`: only the left spine is one sum, as `+` is not associative where it overflows.
    fn sum(&mut self, id: ExprId) -> NodeId {
        let mut operands = Vec::new();
        let mut at = id;
        while let Expr::Call { target: None, function, args } = self.ast.expr(at) {
            let ("_+_", [left, right]) = (&**function, args.as_slice()) else { break };
            operands.push(*right);
            at = *left;
        }
        operands.push(at);
        let ids: Vec<NodeId> = operands.into_iter().rev().map(|id| self.expr(id)).collect();
        let run = self.builder.run(&ids);
        self.builder.add(Node::Add(run))
    }

    fn conditional(&mut self, condition: NodeId, then: NodeId, otherwise: NodeId) -> NodeId {
        match self.builder.as_constant(condition) {
            Some(Value::Bool(true)) => then,
            Some(Value::Bool(false)) => otherwise,
            _ => self.builder.add(Node::Conditional { condition, then, otherwise }),
        }
    }

    fn block(&mut self, bindings: ExprId, body: ExprId) -> NodeId {
        let Expr::List(elements) = self.ast.expr(bindings) else { return self.fail(ErrorKind::NoSuchOverload) };
        let (scope, first) = (self.scope.len(), self.next_local);
        let mut values = Vec::new();
        for (at, element) in elements.iter().enumerate() {
            values.push(self.expr(element.value));
            self.scope.push((format!("@index{at}").into(), self.next_local));
            self.next_local += 1;
        }
        let mut node = self.expr(body);
        for (at, value) in values.into_iter().enumerate().rev() {
            node = self.builder.add(Node::Bind { local: first + index_of(at), value, body: node });
        }
        self.scope.truncate(scope);
        self.next_local = first;
        node
    }

    /// A call of a function of the environment.
    fn function(&mut self, id: ExprId, target: Option<ExprId>, args: &[ExprId]) -> NodeId {
        let local = |name: &str| self.scope.iter().any(|(n, _)| **n == *name);
        let Some((index, qualified)) = self.env.resolve_call(self.ast, id, local) else {
            return self.fail(ErrorKind::UnknownFunction);
        };
        let Some(function) = self.env.function(index) else { return self.fail(ErrorKind::UnknownFunction) };
        let receiver = target.filter(|_| !qualified);
        let all: Vec<ExprId> = receiver.into_iter().chain(args.iter().copied()).collect();
        let ids: Vec<NodeId> = all.iter().map(|id| self.expr(*id)).collect();
        if let ([argument], [written]) = (ids.as_slice(), all.as_slice()) {
            self.constant_time(&function.name, *argument, *written);
        }
        if let ("size", [operand]) = (&*function.name, ids.as_slice()) {
            return self.builder.add(Node::Size(*operand));
        }
        if let [operand, argument] = ids.as_slice()
            && let Some(node) = self.special(&function.name, *operand, *argument, &all, receiver.is_some())
        {
            return node;
        }
        self.builder.call(function, &ids)
    }

    /// Reports `timestamp` or `duration` of a constant text that is neither: the call would fail each time.
    fn constant_time(&mut self, name: &str, argument: NodeId, written: ExprId) {
        let Some(Value::String(text)) = self.builder.as_constant(argument) else { return };
        let (code, problem, meant) = match name {
            "timestamp" if time::parse_timestamp(text).is_err() => {
                ("invalid-timestamp", "this text is not a timestamp", meant::timestamp(text))
            }
            "duration" if time::parse_duration(text).is_err() => {
                ("invalid-duration", "this text is not a duration", meant::duration(text))
            }
            _ => return,
        };
        let place = self.ast.span(written);
        self.diagnostics.push(Diagnostic::error(code, problem, place).with_help(meant));
    }

    /// Functions of two arguments that have a node of their own.
    fn special(
        &mut self,
        name: &str,
        operand: NodeId,
        argument: NodeId,
        exprs: &[ExprId],
        member: bool,
    ) -> Option<NodeId> {
        let text = match self.builder.as_constant(argument) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        let place = exprs.last().map(|id| self.ast.span(*id)).unwrap_or_default();
        Some(match (name, text) {
            ("matches", None) => {
                self.diagnostics.push(
                    Diagnostic::warning("dynamic-regex", "the pattern of `matches` is known only at run time", place)
                        .with_help("write the pattern as a string constant, so that it is checked and compiled once"),
                );
                return None;
            }
            ("matches", Some(pattern)) => {
                let constant = self.builder.text_index(&pattern);
                match self.builder.matches(operand, constant) {
                    Ok(node) => node,
                    Err(problem) => {
                        self.diagnostics.push(Diagnostic::error("invalid-regex", problem, place));
                        self.fail(ErrorKind::InvalidRegex)
                    }
                }
            }
            ("startsWith", Some(text)) if member => {
                let prefix = self.builder.text_index(&text);
                self.builder.add(Node::StartsWith { operand, prefix })
            }
            ("endsWith", Some(text)) if member => {
                let suffix = self.builder.text_index(&text);
                self.builder.add(Node::EndsWith { operand, suffix })
            }
            ("contains", Some(text)) if member => {
                let needle = self.builder.text_index(&text);
                self.builder.add(Node::Contains { operand, needle })
            }
            ("or", _) if member => self.builder.add(Node::OptionalOr(operand, argument)),
            ("orValue", _) if member => self.builder.add(Node::OptionalOrValue(operand, argument)),
            _ => return None,
        })
    }

    fn comprehension(&mut self, c: &Comprehension) -> NodeId {
        let first = self.next_local;
        let scope = self.scope.len();
        let node = if c.kind == ComprehensionKind::Bind {
            let value = self.expr(c.init);
            self.scope.push((c.accumulator.clone(), first));
            self.next_local = first + 1;
            let body = self.expr(c.result);
            self.builder.add(Node::Bind { local: first, value, body })
        } else {
            self.each(c, first)
        };
        self.scope.truncate(scope);
        self.next_local = first;
        node
    }

    fn each(&mut self, c: &Comprehension, first: u32) -> NodeId {
        let range = self.expr(c.range);
        let (var2, accumulator) = (first + 1, first + 2);
        let init = matches!(c.kind, ComprehensionKind::Fold).then(|| self.expr(c.init));
        self.next_local = first + 3;
        self.scope.push((c.var.clone(), first));
        if let Some(name) = &c.var2 {
            self.scope.push((name.clone(), var2));
        }
        let mut body = Vec::new();
        let mut lower = |this: &mut Self, id: ExprId| {
            let node = this.expr(id);
            body.push(node);
            node
        };
        let kind = match c.kind {
            ComprehensionKind::All { predicate } => LoopKind::All(lower(self, predicate)),
            ComprehensionKind::Exists { predicate } => LoopKind::Exists(lower(self, predicate)),
            ComprehensionKind::ExistsOne { predicate } => LoopKind::ExistsOne(lower(self, predicate)),
            ComprehensionKind::Filter { predicate } => LoopKind::Filter(lower(self, predicate)),
            ComprehensionKind::Map { filter, transform } => {
                let filter = filter.map(|id| lower(self, id));
                LoopKind::Map { filter, transform: lower(self, transform) }
            }
            ComprehensionKind::TransformMap { filter, transform } => {
                let filter = filter.map(|id| lower(self, id));
                LoopKind::TransformMap { filter, transform: lower(self, transform) }
            }
            ComprehensionKind::TransformMapEntry { filter, transform } => {
                let filter = filter.map(|id| lower(self, id));
                LoopKind::TransformMapEntry { filter, transform: lower(self, transform) }
            }
            ComprehensionKind::Bind | ComprehensionKind::Fold => {
                self.scope.push((c.accumulator.clone(), accumulator));
                let condition = lower(self, c.condition);
                let step = lower(self, c.step);
                let hidden = self.scope.len() - 1 - usize::from(c.var2.is_some()) - 1;
                // The result sees the accumulator, but no loop variable.
                let variables: Vec<(Name, u32)> = self.scope.drain(hidden..).collect();
                self.scope.extend(variables.last().cloned());
                let result = self.expr(c.result);
                LoopKind::Fold { accumulator, init: init.unwrap_or(range), condition, step, result }
            }
        };
        let size: u32 = body.iter().map(|id| self.builder.size(*id)).fold(0, u32::saturating_add);
        let var2 = c.var2.as_ref().map(|_| var2);
        self.builder.add_loop(Loop { kind, range, var: first, var2, step_fuel: 1 + size / 16 })
    }
}

/// The node of a strict operator with two operands.
fn binary(name: &str) -> Option<fn(NodeId, NodeId) -> Node> {
    Some(match name {
        "_==_" => Node::Equal,
        "_!=_" => Node::NotEqual,
        "_<_" => |a, b| Node::Compare(Relation::Less, a, b),
        "_<=_" => |a, b| Node::Compare(Relation::LessEqual, a, b),
        "_>_" => |a, b| Node::Compare(Relation::Greater, a, b),
        "_>=_" => |a, b| Node::Compare(Relation::GreaterEqual, a, b),
        "@in" => Node::In,
        "_-_" => |a, b| Node::Arithmetic(Arithmetic::Subtract, a, b),
        "_*_" => |a, b| Node::Arithmetic(Arithmetic::Multiply, a, b),
        "_/_" => |a, b| Node::Arithmetic(Arithmetic::Divide, a, b),
        "_%_" => |a, b| Node::Arithmetic(Arithmetic::Modulo, a, b),
        "_[?_]" => Node::OptionalIndex,
        _ => return None,
    })
}

fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(i) => Value::Int(*i),
        Literal::Uint(u) => Value::Uint(*u),
        Literal::Double(d) => Value::Double(*d),
        Literal::String(s) => Value::String(s.clone()),
        Literal::Bytes(b) => Value::Bytes(b.clone()),
    }
}
