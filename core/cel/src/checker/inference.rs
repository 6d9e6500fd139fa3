//! Type variables: what they stand for, and which types fit which.
//!
//! The rules are cel-go's. Bindings are kept in one table with an undo log, so trying an overload costs only what it
//! binds. All work is paid for from one allowance, because types can share parts and so be far larger than the
//! expression that made them; nothing here recurses deeper than [`MAX_DEPTH`].

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::types::{ObjectType, Type};

/// The deepest type that is looked at; the parser's depth cap keeps honest expressions far below.
const MAX_DEPTH: u16 = 160;

/// Steps that one expression may take. The largest honest expressions take some 100,000.
const ALLOWANCE: u32 = 2_000_000;

/// The type variables of one expression.
pub(super) struct Inference {
    bindings: FxHashMap<Arc<str>, Type>,
    /// What each changed variable was bound to before.
    trail: Vec<(Arc<str>, Option<Type>)>,
    made: u32,
    left: u32,
}

/// A point in the undo log.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

impl Inference {
    pub(super) fn new() -> Self {
        Self { bindings: FxHashMap::default(), trail: Vec::new(), made: 0, left: ALLOWANCE }
    }

    /// True when the allowance is used up; every answer since then is worthless.
    pub(super) const fn exhausted(&self) -> bool {
        self.left == 0
    }

    /// Pays one step at `depth`; false when that is too much.
    fn pay(&mut self, depth: u16) -> bool {
        if depth > MAX_DEPTH {
            self.left = 0;
        }
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// A variable that nothing else uses.
    pub(super) fn fresh(&mut self) -> Type {
        let name = format!("_var{}", self.made);
        self.made += 1;
        Type::Param(name.into())
    }

    /// Where the undo log stands.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.trail.len())
    }

    /// Forgets what was bound since `mark`.
    pub(super) fn undo(&mut self, mark: Mark) {
        while self.trail.len() > mark.0 {
            match self.trail.pop() {
                Some((name, Some(before))) => {
                    self.bindings.insert(name, before);
                }
                Some((name, None)) => {
                    self.bindings.remove(&name);
                }
                None => break,
            }
        }
    }

    fn set(&mut self, name: Arc<str>, to: Type) {
        let before = self.bindings.insert(Arc::clone(&name), to);
        self.trail.push((name, before));
    }

    /// `from` where `to` is wanted. Binds variables only if it fits.
    pub(super) fn assignable(&mut self, from: &Type, to: &Type) -> bool {
        let mark = self.mark();
        let fits = self.unify(from, to, 0);
        if !fits {
            self.undo(mark);
        }
        fits
    }

    /// Each of `from` where each of `to` is wanted. Binds variables only if all fit.
    pub(super) fn all_assignable(&mut self, from: &[Type], to: &[Type]) -> bool {
        let mark = self.mark();
        let fits = from.len() == to.len() && from.iter().zip(to).all(|(from, to)| self.unify(from, to, 0));
        if !fits {
            self.undo(mark);
        }
        fits
    }

    /// May leave bindings behind when it fails.
    fn unify(&mut self, from: &Type, to: &Type, depth: u16) -> bool {
        if !self.pay(depth) {
            return false;
        }
        if let Type::Param(variable) = to {
            match self.bind(from, variable, depth) {
                Bound::Fits => return true,
                Bound::Clashes => return false,
                Bound::Cyclic => {}
            }
        }
        if let Type::Param(variable) = from {
            return matches!(self.bind(to, variable, depth), Bound::Fits);
        }
        match (from, to) {
            (Type::Dyn, _) | (_, Type::Dyn) | (Type::Type(_), Type::Type(_)) => true,
            (Type::Null, other) | (other, Type::Null) => nullable(other),
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.unify(a, b, depth + 1),
            (Type::Map(a), Type::Map(b)) => self.unify(&a.0, &b.0, depth + 1) && self.unify(&a.1, &b.1, depth + 1),
            (Type::Object(a), Type::Object(b)) => Arc::ptr_eq(a, b) || a == b,
            (Type::Object(object), Type::Map(map)) | (Type::Map(map), Type::Object(object)) => {
                self.unify(&Type::String, &map.0, depth + 1) && self.values_fit(object, &map.1, depth)
            }
            (Type::Opaque(a), Type::Opaque(b)) => a == b,
            _ => std::mem::discriminant(from) == std::mem::discriminant(to),
        }
    }

    /// A record is a map at run time: all its fields where values of type `value` are wanted.
    fn values_fit(&mut self, object: &ObjectType, value: &Type, depth: u16) -> bool {
        match self.head(value) {
            // Nothing is known of the key, so nothing is known of the value.
            Type::Param(_) | Type::Dyn => self.unify(&Type::Dyn, value, depth + 1),
            value => object.fields.iter().all(|(_, field)| self.unify(field, &value, depth + 1)),
        }
    }

    /// The last variable of the chain that starts with `name`, and what it is bound to.
    fn end_of_chain(&self, name: &Arc<str>) -> (Arc<str>, Option<Type>) {
        let mut name = name;
        // A chain has no cycle, because `bind` checks for one; the bound is for safety only.
        for _ in 0..=self.bindings.len() {
            match self.bindings.get(name) {
                Some(Type::Param(next)) => name = next,
                Some(bound) => return (Arc::clone(name), Some(bound.clone())),
                None => break,
            }
        }
        (Arc::clone(name), None)
    }

    /// `t`, or what it is bound to if it is a variable; its parts may still be variables.
    pub(super) fn head(&self, t: &Type) -> Type {
        match t {
            Type::Param(name) => {
                let (last, bound) = self.end_of_chain(name);
                bound.unwrap_or(Type::Param(last))
            }
            _ => t.clone(),
        }
    }

    /// Tries to make `variable` stand for `other` too.
    fn bind(&mut self, other: &Type, variable: &Arc<str>, depth: u16) -> Bound {
        let (variable, bound) = self.end_of_chain(variable);
        if let Type::Param(name) = other
            && self.end_of_chain(name).0 == variable
        {
            return Bound::Fits;
        }
        match bound {
            Some(bound) => {
                if !self.unify(other, &bound, depth + 1) {
                    return Bound::Clashes;
                }
                let general = if self.less_specific(other, &bound, depth) { other.clone() } else { bound };
                if !self.occurs(&variable, &general, depth) {
                    self.set(variable, general);
                }
                Bound::Fits
            }
            None if self.occurs(&variable, other, depth) => Bound::Cyclic,
            None => {
                self.set(variable, other.clone());
                Bound::Fits
            }
        }
    }

    /// True when `variable` is part of `within`.
    fn occurs(&mut self, variable: &Arc<str>, within: &Type, depth: u16) -> bool {
        if !self.pay(depth) {
            return true;
        }
        match within {
            Type::Param(name) => {
                let (last, bound) = self.end_of_chain(name);
                last == *variable || bound.is_some_and(|bound| self.occurs(variable, &bound, depth + 1))
            }
            Type::List(inner) | Type::Optional(inner) | Type::Type(Some(inner)) => {
                self.occurs(variable, inner, depth + 1)
            }
            Type::Map(map) => self.occurs(variable, &map.0, depth + 1) || self.occurs(variable, &map.1, depth + 1),
            _ => false,
        }
    }

    /// The more general of two types that are known to fit each other.
    pub(super) fn most_general(&mut self, a: Type, b: &Type) -> Type {
        if self.less_specific(&a, b, 0) { a } else { b.clone() }
    }

    /// True when `a` is equal to `b` or says less.
    fn less_specific(&mut self, a: &Type, b: &Type, depth: u16) -> bool {
        if !self.pay(depth) {
            return true;
        }
        match (a, b) {
            (Type::Dyn | Type::Param(_), _) => true,
            (_, Type::Dyn | Type::Param(_)) => false,
            // A type that allows `null` says less than `null`.
            (_, Type::Null) => true,
            (Type::Null, _) => false,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.less_specific(a, b, depth + 1)
            }
            (Type::Map(a), Type::Map(b)) => {
                self.less_specific(&a.0, &b.0, depth + 1) && self.less_specific(&a.1, &b.1, depth + 1)
            }
            (Type::Type(_), Type::Type(_)) => true,
            // A record is a map whose fields are known.
            (Type::Map(_), Type::Object(_)) => true,
            _ => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }

    /// True when both are the same type, written the same way.
    pub(super) fn same(&mut self, a: &Type, b: &Type) -> bool {
        self.same_at(a, b, 0)
    }

    fn same_at(&mut self, a: &Type, b: &Type, depth: u16) -> bool {
        if !self.pay(depth) {
            return false;
        }
        match (a, b) {
            (Type::List(a), Type::List(b))
            | (Type::Optional(a), Type::Optional(b))
            | (Type::Type(Some(a)), Type::Type(Some(b))) => Arc::ptr_eq(a, b) || self.same_at(a, b, depth + 1),
            (Type::Map(a), Type::Map(b)) => {
                Arc::ptr_eq(a, b) || self.same_at(&a.0, &b.0, depth + 1) && self.same_at(&a.1, &b.1, depth + 1)
            }
            _ => a == b,
        }
    }

    /// True when a type variable is part of `t`.
    pub(super) fn has_variable(&mut self, t: &Type) -> bool {
        self.has_variable_at(t, 0)
    }

    fn has_variable_at(&mut self, t: &Type, depth: u16) -> bool {
        if !self.pay(depth) {
            return false;
        }
        match t {
            Type::Param(_) => true,
            Type::List(inner) | Type::Optional(inner) | Type::Type(Some(inner)) => {
                self.has_variable_at(inner, depth + 1)
            }
            Type::Map(map) => self.has_variable_at(&map.0, depth + 1) || self.has_variable_at(&map.1, depth + 1),
            _ => false,
        }
    }

    /// `t` with every bound variable replaced; `to_dyn` makes the unbound ones `dyn`.
    pub(super) fn substitute(&mut self, t: &Type, to_dyn: bool) -> Type {
        self.substitute_at(t, to_dyn, 0)
    }

    fn substitute_at(&mut self, t: &Type, to_dyn: bool, depth: u16) -> Type {
        if !self.pay(depth) {
            return Type::Dyn;
        }
        match t {
            Type::Param(name) => match self.end_of_chain(name) {
                (_, Some(bound)) => self.substitute_at(&bound, to_dyn, depth + 1),
                (_, None) if to_dyn => Type::Dyn,
                (last, None) => Type::Param(last),
            },
            Type::List(inner) => Type::list(self.substitute_at(inner, to_dyn, depth + 1)),
            Type::Optional(inner) => Type::optional(self.substitute_at(inner, to_dyn, depth + 1)),
            Type::Type(Some(inner)) => Type::Type(Some(Arc::new(self.substitute_at(inner, to_dyn, depth + 1)))),
            Type::Map(map) => {
                let key = self.substitute_at(&map.0, to_dyn, depth + 1);
                Type::map(key, self.substitute_at(&map.1, to_dyn, depth + 1))
            }
            _ => t.clone(),
        }
    }

    /// `t` with its parameters replaced by the variables of `instance`, which gets a new one for a new parameter.
    pub(super) fn instantiate(&mut self, t: &Type, instance: &mut Vec<(Arc<str>, Type)>) -> Type {
        match t {
            Type::Param(name) => {
                if let Some((_, variable)) = instance.iter().find(|(known, _)| known == name) {
                    return variable.clone();
                }
                let variable = self.fresh();
                instance.push((Arc::clone(name), variable.clone()));
                variable
            }
            Type::List(inner) => Type::list(self.instantiate(inner, instance)),
            Type::Optional(inner) => Type::optional(self.instantiate(inner, instance)),
            Type::Type(Some(inner)) => Type::Type(Some(Arc::new(self.instantiate(inner, instance)))),
            Type::Map(map) => {
                let key = self.instantiate(&map.0, instance);
                Type::map(key, self.instantiate(&map.1, instance))
            }
            _ => t.clone(),
        }
    }
}

/// What came of giving a variable a meaning.
enum Bound {
    /// The variable stands for the type.
    Fits,
    /// The variable stands for another type already.
    Clashes,
    /// The variable is part of the type.
    Cyclic,
}

/// True for the types that `null` belongs to.
const fn nullable(t: &Type) -> bool {
    matches!(t, Type::Null | Type::Optional(_) | Type::Opaque(_) | Type::Object(_) | Type::Timestamp | Type::Duration)
}
