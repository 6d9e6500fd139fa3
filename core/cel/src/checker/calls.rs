//! Calls: which function is meant, and which of its overloads fit.

use std::sync::Arc;

use super::{Checker, Reference, Step};
use crate::ast::{Expr, ExprId, Literal, Name};
use crate::env::qualified_name;
use crate::function::Overload;
use crate::types::Type;

/// What `cel.block` expands to: a list of values, and a body that calls them `@index0` and so on.
const BLOCK: &str = "cel.@block";

/// `operand.?field`, which the parser writes as a call.
const OPTIONAL_SELECT: &str = "_?._";

impl Checker<'_> {
    pub(super) fn visit_call(&mut self, id: ExprId, target: Option<ExprId>, function: &Name, args: &[ExprId]) {
        let (env, ast) = (self.env, self.ast);
        if let (OPTIONAL_SELECT, [operand, _]) = (&**function, args) {
            return self.push([Step::Visit(*operand), Step::Finish(id)]);
        }
        let found = env.resolve_call(ast, id, |name| self.local(name).is_some());
        let mut receiver = target;
        match found {
            Some((index, qualified)) => {
                // The overloads follow when the arguments have types.
                let name = env.function(index).map_or_else(|| Arc::clone(function), |f| Arc::clone(&f.name));
                self.set_reference(id, Reference::Function { index, name, overloads: Vec::new(), qualified });
                if qualified {
                    receiver = None;
                }
            }
            None => {
                let macro_meant = self.undeclared_function(id, target, function);
                if macro_meant {
                    // Its arguments are no expressions of their own: they would be wrong for no other reason.
                    return;
                }
                if target.is_some_and(|target| self.names_nothing(target)) {
                    // One mistake is enough: the function's whole name is unknown.
                    receiver = None;
                }
            }
        }
        if let ("@in" | "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", [left, _]) = (&**function, args)
            && let Expr::Call { function: negation, args: negated, .. } = ast.expr(*left)
            && let ("!_", [negated]) = (&**negation, &**negated)
        {
            self.negated.push((*negated, id));
        }
        let finish = found.map(|_| Step::Finish(id));
        if let (BLOCK, Some(_), [values, body]) = (&**function, finish, args)
            && let Expr::List(elements) = ast.expr(*values)
        {
            let numbered = (0_u32..).zip(elements).flat_map(|(n, e)| [Step::Visit(e.value), Step::BlockValue(n)]);
            let rest = [Step::Finish(*values), Step::Visit(*body), Step::Finish(id)];
            return self.push(numbered.chain(rest));
        }
        self.push(args.iter().copied().chain(receiver).map(Step::Visit).chain(finish));
    }

    /// True for a name of which no part is declared.
    pub(super) fn names_nothing(&self, id: ExprId) -> bool {
        let (env, ast) = (self.env, self.ast);
        if qualified_name(ast, id).is_none() {
            return false;
        }
        let mut at = id;
        loop {
            if env.resolve_name(ast, at, |name| self.local(name).is_some()).is_some() {
                return false;
            }
            match ast.expr(at) {
                Expr::Select { operand, .. } => at = *operand,
                Expr::Ident(name) => return self.local(name).is_none(),
                _ => return false,
            }
        }
    }

    pub(super) fn finish_call(&mut self, id: ExprId, target: Option<ExprId>, function: &Name, args: &[ExprId]) {
        let (env, ast) = (self.env, self.ast);
        if let (OPTIONAL_SELECT, [operand, field]) = (&**function, args) {
            return self.finish_optional_select(id, *operand, *field);
        }
        let Some(Some(Reference::Function { index, qualified, .. })) = self.references.get(id.0 as usize) else {
            return;
        };
        let (index, qualified) = (*index, *qualified);
        let Some(function) = env.function(index) else { return };
        if let (BLOCK, Some(Expr::List(values))) = (&*function.name, args.first().map(|values| ast.expr(*values))) {
            self.locals.truncate(self.locals.len().saturating_sub(values.len()));
        }
        if let ("_&&_" | "_||_", [overload]) = (&*function.name, &*function.overloads) {
            for arg in args {
                self.expect_bool(
                    *arg,
                    if &*function.name == "_&&_" { "an operand of `&&`" } else { "an operand of `||`" },
                );
            }
            self.set_overloads(id, vec![Arc::clone(&overload.id)]);
            return self.set_type(id, Type::Bool);
        }
        let receiver = if qualified { None } else { target };
        let given: Vec<Type> = receiver.iter().chain(args).map(|arg| self.type_of(*arg)).collect();
        let Some((overloads, mut result)) = self.choose(&function.overloads, receiver.is_some(), &given) else {
            return self.no_overload(id, function, receiver, args, &given);
        };
        if let ("_[_]" | "_[?_]", [operand, key]) = (&*function.name, args)
            && let Expr::Literal(Literal::String(field)) = ast.expr(*key)
            && let Some(t) = self.indexed_field(*key, *operand, field)
        {
            result = if &*function.name == "_[?_]" { Type::optional(t) } else { t };
        }
        self.set_type(id, result);
        self.set_overloads(id, overloads);
    }

    fn set_overloads(&mut self, id: ExprId, fitting: Vec<Arc<str>>) {
        if let Some(Some(Reference::Function { overloads, .. })) = self.references.get_mut(id.0 as usize) {
            *overloads = fitting;
        }
    }

    /// The overloads that fit the types `given`, sorted, and the type of the result. What they bind stays bound.
    fn choose(&mut self, overloads: &[Overload], member: bool, given: &[Type]) -> Option<(Vec<Arc<str>>, Type)> {
        let mut fitting = Vec::new();
        let mut result: Option<Type> = None;
        for overload in overloads {
            if overload.member != member || overload.params.len() != given.len() {
                continue;
            }
            let mut instance = Vec::new();
            let params: Vec<Type> =
                overload.params.iter().map(|param| self.inference.instantiate(param, &mut instance)).collect();
            if !self.inference.all_assignable(given, &params) {
                continue;
            }
            fitting.push(Arc::clone(&overload.id));
            let t = self.inference.instantiate(&overload.result, &mut instance);
            let t = self.inference.substitute(&t, false);
            result = Some(match result {
                Some(before) if !self.inference.same(&before, &t) => Type::Dyn,
                Some(before) => before,
                None => t,
            });
        }
        fitting.sort_unstable();
        result.map(|result| (fitting, result))
    }

    /// True when some overload fits; binds nothing.
    pub(super) fn would_fit(&mut self, overloads: &[Overload], member: bool, given: &[Type]) -> bool {
        let mark = self.inference.mark();
        let fits = self.choose(overloads, member, given).is_some();
        self.inference.undo(mark);
        fits
    }

    /// `record['field']` is as good as `record.field`.
    fn indexed_field(&mut self, key: ExprId, operand: ExprId, field: &str) -> Option<Type> {
        let Type::Object(object) = self.inference.head(&self.type_of(operand)) else { return None };
        let t = object.field(field).cloned();
        if t.is_none() {
            self.undefined_field(key, operand, &object, field);
        }
        t
    }

    fn finish_optional_select(&mut self, id: ExprId, operand: ExprId, field: ExprId) {
        let (env, ast) = (self.env, self.ast);
        let Expr::Literal(Literal::String(name)) = ast.expr(field) else { return };
        let Some(index) = env.function_index(OPTIONAL_SELECT) else {
            return self.no_optionals(id);
        };
        self.set_type(field, Type::String);
        let t = match self.field_type(id, operand, name) {
            already @ Type::Optional(_) if self.is_optional(operand) => already,
            t => Type::optional(t),
        };
        self.set_type(id, t);
        let (name, overloads) = (OPTIONAL_SELECT.into(), vec!["select_optional_field".into()]);
        self.set_reference(id, Reference::Function { index, name, overloads, qualified: false });
    }

    fn is_optional(&self, id: ExprId) -> bool {
        matches!(self.inference.head(&self.type_of(id)), Type::Optional(_))
    }

    /// Reports `id` unless it is a bool; `what` says what it is.
    pub(super) fn expect_bool(&mut self, id: ExprId, what: &str) {
        let t = self.type_of(id);
        if !self.inference.assignable(&t, &Type::Bool) {
            self.not_bool(id, &t, what);
        }
    }
}
