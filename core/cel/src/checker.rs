//! Resolves names and gives every node a type.
//!
//! The rules are cel-go's: types of overloads are unified with the arguments' types, all matching overloads are kept, and
//! what they do not agree on is `dyn`. The walk keeps its own stack, so no expression is too deep for it.

mod calls;
pub mod debug;
mod errors;
mod inference;
pub mod lints;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use lints::lints;

use crate::ast::{Ast, Comprehension, ComprehensionKind, Expr, ExprId, Literal, Name};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::types::Type;
use inference::Inference;

/// A checked expression: the tree, the type of each node, and what each name refers to.
#[derive(Clone, Debug)]
pub struct Checked {
    ast: Arc<Ast>,
    types: Arc<[Type]>,
    references: Arc<[Option<Reference>]>,
}

/// What a node refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// A variable of the environment, by its full name. On a chain of selects (`user.id`) the reference is on the
    /// outermost select that belongs to the name; the nodes under it have none.
    Variable(Name),
    /// A loop variable, an accumulator, or a name bound by `cel.bind`.
    Local(Name),
    /// A name that stands for a type: the full name and the type. Its place is like a variable's.
    TypeName(Name, Type),
    /// A function.
    Function {
        /// Its number in the environment.
        index: u32,
        /// Its full name.
        name: Name,
        /// The overloads that fit the arguments' types, sorted.
        overloads: Vec<Arc<str>>,
        /// True when the written receiver is part of the function's name (`math.abs(x)`), and so is no argument.
        qualified: bool,
    },
}

impl Checked {
    /// The syntax tree.
    #[must_use]
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// The type of node `id`; `dyn` for a node that is not part of the expression, such as a part of a name.
    #[must_use]
    pub fn type_of(&self, id: ExprId) -> &Type {
        self.types.get(id.0 as usize).unwrap_or(&Type::Dyn)
    }

    /// What node `id` refers to. Literals, field selections, list and map literals and loops refer to nothing.
    #[must_use]
    pub fn reference(&self, id: ExprId) -> Option<&Reference> {
        self.references.get(id.0 as usize).and_then(Option::as_ref)
    }

    /// The type of the whole expression.
    #[must_use]
    pub fn result_type(&self) -> &Type {
        self.type_of(self.ast.root())
    }
}

/// Checks `ast` in `env`.
///
/// # Errors
/// All that is wrong with the expression, in the order of the source.
pub(crate) fn check(env: &Env, ast: Ast) -> Result<Checked, Vec<Diagnostic>> {
    let mut checker = Checker {
        env,
        ast: &ast,
        types: vec![Type::Dyn; ast.len()],
        references: vec![None; ast.len()],
        inference: Inference::new(),
        locals: Vec::new(),
        steps: vec![Step::Visit(ast.root())],
        conditions: Vec::new(),
        negated: Vec::new(),
        errors: Vec::new(),
    };
    checker.run();
    let (types, references) = checker.finish()?;
    Ok(Checked { ast: Arc::new(ast), types: types.into(), references: references.into() })
}

/// The type and the reference of each node.
type Findings = (Vec<Type>, Vec<Option<Reference>>);

/// What is to be done next.
#[derive(Clone, Copy)]
enum Step {
    /// Look at a node for the first time.
    Visit(ExprId),
    /// All children of the node have types.
    Finish(ExprId),
    /// The range and the first accumulator of a loop have types: its variables come into scope.
    EnterLoop(ExprId),
    /// The condition of a loop has a type.
    LoopCondition(ExprId),
    /// Value number `n` of a `cel.block` has a type: it comes into scope.
    BlockValue(u32),
    /// The step of a loop has a type: only the accumulator stays in scope.
    LeaveLoop(ExprId),
}

struct Checker<'a> {
    env: &'a Env,
    ast: &'a Ast,
    types: Vec<Type>,
    references: Vec<Option<Reference>>,
    inference: Inference,
    /// The variables of the surrounding loops, the innermost last.
    locals: Vec<(Name, Type)>,
    steps: Vec<Step>,
    /// The conditions that people wrote in macros, with the macro's name.
    conditions: Vec<(ExprId, &'static str)>,
    /// Operands of `!` on the left of a comparison, with the comparison: `!a in b` is rarely meant so.
    negated: Vec<(ExprId, ExprId)>,
    errors: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn run(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Visit(id) => self.visit(id),
                Step::Finish(id) => self.finish_node(id),
                Step::EnterLoop(id) => self.enter_loop(id),
                Step::LoopCondition(id) => {
                    if let Expr::Comprehension(c) = self.ast.expr(id) {
                        self.expect_bool(c.condition, "the condition of a loop");
                    }
                }
                Step::BlockValue(n) => self.locals.push((format!("@index{n}").into(), Type::Dyn)),
                Step::LeaveLoop(id) => self.leave_loop(id),
            }
            if self.inference.exhausted() {
                return self.errors.push(self.too_complex());
            }
        }
    }

    /// The final types, or what is wrong.
    fn finish(mut self) -> Result<Findings, Vec<Diagnostic>> {
        if self.errors.is_empty() {
            let types = std::mem::take(&mut self.types);
            let types: Vec<Type> = types.iter().map(|t| self.inference.substitute(t, true)).collect();
            if !self.inference.exhausted() {
                return Ok((types, self.references));
            }
            self.errors.push(self.too_complex());
        }
        self.errors.sort_by_key(|error| (error.span.start, error.span.end));
        self.errors.dedup();
        Err(self.errors)
    }

    fn type_of(&self, id: ExprId) -> Type {
        self.types.get(id.0 as usize).cloned().unwrap_or(Type::Dyn)
    }

    fn set_type(&mut self, id: ExprId, t: Type) {
        if let Some(slot) = self.types.get_mut(id.0 as usize) {
            *slot = t;
        }
    }

    fn set_reference(&mut self, id: ExprId, reference: Reference) {
        if let Some(slot) = self.references.get_mut(id.0 as usize) {
            *slot = Some(reference);
        }
    }

    /// Does `steps` next, in the given order.
    fn push(&mut self, steps: impl IntoIterator<Item = Step>) {
        let from = self.steps.len();
        self.steps.extend(steps);
        if let Some(new) = self.steps.get_mut(from..) {
            new.reverse();
        }
    }

    fn local(&self, name: &str) -> Option<&Type> {
        self.locals.iter().rev().find(|(local, _)| **local == *name).map(|(_, t)| t)
    }

    fn visit(&mut self, id: ExprId) {
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Literal(literal) => self.set_type(id, literal_type(literal)),
            Expr::Ident(name) => {
                if !self.visit_name(id) {
                    self.undeclared_variable(id, name);
                }
            }
            Expr::Select { operand, .. } => {
                if !self.visit_name(id) {
                    self.push([Step::Visit(*operand), Step::Finish(id)]);
                }
            }
            Expr::Call { target, args, function } => self.visit_call(id, *target, function, args),
            Expr::List(elements) => {
                self.push(elements.iter().map(|e| Step::Visit(e.value)).chain([Step::Finish(id)]));
            }
            Expr::Map(entries) => {
                let children = entries.iter().flat_map(|e| [Step::Visit(e.key), Step::Visit(e.value)]);
                self.push(children.chain([Step::Finish(id)]));
            }
            Expr::Struct { name, fields } => {
                self.no_message_types(id, name);
                self.push(fields.iter().map(|field| Step::Visit(field.value)));
            }
            Expr::Comprehension(c) => {
                if let Some(condition) = written_condition(c) {
                    self.conditions.push(condition);
                }
                self.push([
                    Step::Visit(c.range),
                    Step::Visit(c.init),
                    Step::EnterLoop(id),
                    Step::Visit(c.condition),
                    Step::LoopCondition(id),
                    Step::Visit(c.step),
                    Step::LeaveLoop(id),
                    Step::Visit(c.result),
                    Step::Finish(id),
                ]);
            }
        }
    }

    /// Resolves an identifier, or a chain of selects that is a name as a whole.
    fn visit_name(&mut self, id: ExprId) -> bool {
        let (env, ast) = (self.env, self.ast);
        let Some(reference) = env.resolve_name(ast, id, |name| self.local(name).is_some()) else { return false };
        let t = match &reference {
            Reference::Local(name) => self.local(name).cloned().unwrap_or(Type::Dyn),
            Reference::TypeName(_, t) => Type::Type(Some(Arc::new(t.clone()))),
            Reference::Variable(name) => env.variable(name).cloned().unwrap_or(Type::Dyn),
            Reference::Function { .. } => Type::Dyn,
        };
        self.set_type(id, t);
        self.set_reference(id, reference);
        true
    }

    fn finish_node(&mut self, id: ExprId) {
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Select { operand, field, test } => {
                let t = self.field_type(id, *operand, field);
                self.set_type(id, if *test { Type::Bool } else { t });
            }
            Expr::Call { target, args, function } => self.finish_call(id, *target, function, args),
            Expr::List(elements) => {
                let mut element = Joined::default();
                for e in elements {
                    let t = self.element_type(e.value, e.optional);
                    element.add(&mut self.inference, t);
                }
                let t = Type::list(element.finish(&mut self.inference));
                self.set_type(id, t);
            }
            Expr::Map(entries) => {
                let (mut key, mut value) = (Joined::default(), Joined::default());
                for e in entries {
                    let t = self.type_of(e.key);
                    key.add(&mut self.inference, t);
                    let t = self.element_type(e.value, e.optional);
                    value.add(&mut self.inference, t);
                }
                let key = key.finish(&mut self.inference);
                let t = Type::map(key, value.finish(&mut self.inference));
                self.set_type(id, t);
            }
            Expr::Comprehension(c) => {
                self.locals.pop();
                self.set_type(id, self.type_of(c.result));
            }
            Expr::Literal(_) | Expr::Ident(_) | Expr::Struct { .. } => {}
        }
    }

    /// The type of `operand.field`. Select on an optional gives an optional.
    fn field_type(&mut self, id: ExprId, operand: ExprId, field: &str) -> Type {
        let whole = self.inference.head(&self.type_of(operand));
        let (t, optional) = match &whole {
            Type::Optional(inner) => (self.inference.head(inner), true),
            _ => (whole.clone(), false),
        };
        let result = match &t {
            Type::Map(map) => map.1.clone(),
            Type::Object(object) => match object.field(field) {
                Some(t) => t.clone(),
                None => {
                    self.undefined_field(id, operand, object, field);
                    Type::Dyn
                }
            },
            Type::Param(_) => {
                // Nothing more special than `dyn` may be made of the operand later on.
                self.inference.assignable(&Type::Dyn, &t);
                Type::Dyn
            }
            Type::Dyn => Type::Dyn,
            _ => {
                self.no_fields(id, operand, &t, field);
                Type::Dyn
            }
        };
        if optional { Type::optional(result) } else { result }
    }

    /// The type of an element of a literal; an optional one (`[?x]`) stands for its value.
    fn element_type(&mut self, id: ExprId, optional: bool) -> Type {
        let t = self.type_of(id);
        if !optional {
            return t;
        }
        match self.inference.head(&t) {
            Type::Optional(inner) => (*inner).clone(),
            Type::Dyn => Type::Dyn,
            other => {
                self.not_optional(id, &other);
                Type::Dyn
            }
        }
    }

    fn enter_loop(&mut self, id: ExprId) {
        let Expr::Comprehension(c) = self.ast.expr(id) else { return };
        let accumulator = self.type_of(c.init);
        self.locals.push((Arc::clone(&c.accumulator), accumulator));
        let range = self.inference.head(&self.type_of(c.range));
        let two = c.var2.is_some();
        let (first, second) = match &range {
            Type::List(element) if two => (Type::Int, (**element).clone()),
            Type::List(element) => ((**element).clone(), Type::Dyn),
            Type::Map(map) => (map.0.clone(), map.1.clone()),
            Type::Object(_) => (Type::String, Type::Dyn),
            Type::Dyn => (Type::Dyn, Type::Dyn),
            Type::Param(_) => {
                self.inference.assignable(&Type::Dyn, &range);
                (Type::Dyn, Type::Dyn)
            }
            _ => {
                self.no_range(c, &range);
                (Type::Dyn, Type::Dyn)
            }
        };
        self.locals.push((Arc::clone(&c.var), first));
        if let Some(var2) = &c.var2 {
            self.locals.push((Arc::clone(var2), second));
        }
    }

    fn leave_loop(&mut self, id: ExprId) {
        let Expr::Comprehension(c) = self.ast.expr(id) else { return };
        let (accumulator, step) = (self.type_of(c.init), self.type_of(c.step));
        if !self.inference.assignable(&accumulator, &step) {
            self.step_differs(c, &accumulator, &step);
        }
        self.locals.pop();
        if c.var2.is_some() {
            self.locals.pop();
        }
    }
}

/// The joined type of the elements of a literal.
#[derive(Default)]
struct Joined {
    t: Option<Type>,
    /// Where to go back to when the elements have nothing in common.
    mark: Option<inference::Mark>,
}

impl Joined {
    fn add(&mut self, inference: &mut Inference, t: Type) {
        if self.mark.is_none() {
            let open = inference.has_variable(&t) || self.t.as_ref().is_some_and(|t| inference.has_variable(t));
            self.mark = open.then(|| inference.mark());
        }
        self.t = Some(match self.t.take() {
            None => t,
            Some(before) if inference.assignable(&before, &t) => inference.most_general(before, &t),
            Some(before) if inference.assignable(&t, &before) => inference.most_general(t, &before),
            Some(_) => Type::Dyn,
        });
    }

    fn finish(self, inference: &mut Inference) -> Type {
        let Some(t) = self.t else { return inference.fresh() };
        if let (Type::Dyn, Some(mark)) = (&t, self.mark) {
            inference.undo(mark);
        }
        t
    }
}

/// The condition that was written in a macro, and the macro's name.
const fn written_condition(c: &Comprehension) -> Option<(ExprId, &'static str)> {
    match c.kind {
        ComprehensionKind::All { predicate } => Some((predicate, "all")),
        ComprehensionKind::Exists { predicate } => Some((predicate, "exists")),
        ComprehensionKind::ExistsOne { predicate } => Some((predicate, "exists_one")),
        ComprehensionKind::Filter { predicate } => Some((predicate, "filter")),
        ComprehensionKind::Map { filter: Some(filter), .. } => Some((filter, "map")),
        ComprehensionKind::TransformMap { filter: Some(filter), .. } => Some((filter, "transformMap")),
        ComprehensionKind::TransformMapEntry { filter: Some(filter), .. } => Some((filter, "transformMapEntry")),
        _ => None,
    }
}

const fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}
