//! The loops that comprehension macros expand to, for one variable and two.

use crate::ast::{Comprehension, ComprehensionKind, Expr, ExprId, Name};

use super::Expander;

/// The accumulator of every loop here; its name cannot be written in source.
const ACCUMULATOR: &str = "@result";

/// What is looped over, with which variables.
pub(super) struct Loop {
    pub range: ExprId,
    pub var: Name,
    pub var2: Option<Name>,
}

/// The changing parts of a loop.
struct Parts {
    init: ExprId,
    condition: ExprId,
    step: ExprId,
    result: ExprId,
}

impl Loop {
    pub(super) fn all(self, x: &mut Expander<'_>, predicate: ExprId) -> ExprId {
        let init = x.bool(true);
        let so_far = x.ident(ACCUMULATOR);
        let condition = x.call("@not_strictly_false", [so_far]);
        let so_far = x.ident(ACCUMULATOR);
        let step = x.call("_&&_", [so_far, predicate]);
        let result = x.ident(ACCUMULATOR);
        self.build(x, ComprehensionKind::All { predicate }, Parts { init, condition, step, result })
    }

    pub(super) fn exists(self, x: &mut Expander<'_>, predicate: ExprId) -> ExprId {
        let init = x.bool(false);
        let so_far = x.ident(ACCUMULATOR);
        let not_yet = x.call("!_", [so_far]);
        let condition = x.call("@not_strictly_false", [not_yet]);
        let so_far = x.ident(ACCUMULATOR);
        let step = x.call("_||_", [so_far, predicate]);
        let result = x.ident(ACCUMULATOR);
        self.build(x, ComprehensionKind::Exists { predicate }, Parts { init, condition, step, result })
    }

    pub(super) fn exists_one(self, x: &mut Expander<'_>, predicate: ExprId) -> ExprId {
        let init = x.int(0);
        let condition = x.bool(true);
        let (so_far, one) = (x.ident(ACCUMULATOR), x.int(1));
        let more = x.call("_+_", [so_far, one]);
        let step = keep_if(x, predicate, more);
        let (so_far, one) = (x.ident(ACCUMULATOR), x.int(1));
        let result = x.call("_==_", [so_far, one]);
        self.build(x, ComprehensionKind::ExistsOne { predicate }, Parts { init, condition, step, result })
    }

    /// A list of `transform` for each element, or for those that pass `filter`.
    pub(super) fn map(self, x: &mut Expander<'_>, filter: Option<ExprId>, transform: ExprId) -> ExprId {
        let longer = append(x, transform);
        let step = filter.map_or(longer, |filter| keep_if(x, filter, longer));
        self.collect_list(x, ComprehensionKind::Map { filter, transform }, step)
    }

    /// A list of the elements that pass `predicate`.
    pub(super) fn filter(self, x: &mut Expander<'_>, predicate: ExprId) -> ExprId {
        let element = x.ident(self.var.clone());
        let longer = append(x, element);
        let step = keep_if(x, predicate, longer);
        self.collect_list(x, ComprehensionKind::Filter { predicate }, step)
    }

    /// A map of the same keys, or those that pass `filter`, to `transform`.
    pub(super) fn transform_map(self, x: &mut Expander<'_>, filter: Option<ExprId>, transform: ExprId) -> ExprId {
        let key = x.ident(self.var.clone());
        let kind = ComprehensionKind::TransformMap { filter, transform };
        self.collect_map(x, kind, filter, &[key, transform])
    }

    /// A map of the entries of `transform`, itself a map, for each entry or for those that pass `filter`.
    pub(super) fn transform_map_entry(self, x: &mut Expander<'_>, filter: Option<ExprId>, transform: ExprId) -> ExprId {
        let kind = ComprehensionKind::TransformMapEntry { filter, transform };
        self.collect_map(x, kind, filter, &[transform])
    }

    fn collect_list(self, x: &mut Expander<'_>, kind: ComprehensionKind, step: ExprId) -> ExprId {
        let parts = Parts { init: x.list(&[]), condition: x.bool(true), step, result: x.ident(ACCUMULATOR) };
        self.build(x, kind, parts)
    }

    fn collect_map(
        self,
        x: &mut Expander<'_>,
        kind: ComprehensionKind,
        filter: Option<ExprId>,
        inserted: &[ExprId],
    ) -> ExprId {
        let so_far = x.ident(ACCUMULATOR);
        let larger = x.call("cel.@mapInsert", [&[so_far], inserted].concat());
        let step = filter.map_or(larger, |filter| keep_if(x, filter, larger));
        let init = x.add(Expr::Map(Vec::new()));
        let parts = Parts { init, condition: x.bool(true), step, result: x.ident(ACCUMULATOR) };
        self.build(x, kind, parts)
    }

    fn build(self, x: &mut Expander<'_>, kind: ComprehensionKind, parts: Parts) -> ExprId {
        let Self { range, var, var2 } = self;
        let Parts { init, condition, step, result } = parts;
        let accumulator = ACCUMULATOR.into();
        x.comprehension(Comprehension { kind, range, var, var2, accumulator, init, condition, step, result })
    }
}

/// `@result + [element]`
fn append(x: &mut Expander<'_>, element: ExprId) -> ExprId {
    let so_far = x.ident(ACCUMULATOR);
    let element = x.list(&[element]);
    x.call("_+_", [so_far, element])
}

/// `condition ? next : @result`
fn keep_if(x: &mut Expander<'_>, condition: ExprId, next: ExprId) -> ExprId {
    let so_far = x.ident(ACCUMULATOR);
    x.conditional(condition, next, so_far)
}
