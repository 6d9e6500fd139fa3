//! Making expressions at random.

use super::answer::Value;
use super::productions::{Piece, Production};
use super::rng::Rng;
use super::tree::{Marks, Part, Tree, mentions};
use super::types::{Bindings, Ty};
use super::values::{self, literal};

/// An expression, and the values of the variables.
#[derive(Clone, Debug)]
pub struct Case {
    pub tree: Tree,
    /// A variable without a value is not here.
    pub bindings: Vec<(&'static str, Value)>,
}

/// Makes cases.
pub struct Generator {
    productions: Vec<Production>,
    variables: Vec<(&'static str, Ty)>,
}

/// The names of loop variables; some hide global variables.
const LOCALS: [&str; 6] = ["x", "v", "k", "n", "s", "i"];

impl Generator {
    pub fn new() -> Self {
        Self { productions: super::productions::all(), variables: values::variables() }
    }

    /// The global variables.
    pub fn variables(&self) -> &[(&'static str, Ty)] {
        &self.variables
    }

    /// The case that `rng` makes.
    pub fn case(&self, mut rng: Rng) -> Case {
        let ty = Ty::random(*rng.pick(&['O', 'T', 'T']), &mut rng);
        let ty = if rng.chance(50) { Ty::Bool } else { ty };
        let depth = 1 + rng.below(5);
        let mistakes = if rng.chance(20) { 4 } else { 0 };
        let mut making = Making { generator: self, rng: &mut rng, locals: Vec::new(), mistakes };
        let tree = making.expression(&ty, depth);
        let bindings = self.variables.iter().filter_map(|(name, ty)| {
            let value = values::value(ty, &mut rng);
            (!rng.chance(1)).then_some((*name, value))
        });
        let source = tree.source();
        let bindings = bindings.filter(|(name, _)| mentions(&source, name)).collect();
        Case { tree, bindings }
    }
}

struct Making<'g> {
    generator: &'g Generator,
    rng: &'g mut Rng,
    locals: Vec<(&'static str, Ty)>,
    /// In how many of 100 places an operand of another type is put.
    mistakes: usize,
}

impl Making<'_> {
    /// An expression of type `ty`, at most `depth` levels deep.
    fn expression(&mut self, ty: &Ty, depth: usize) -> Tree {
        if self.mistakes > 0 && self.rng.chance(self.mistakes) {
            let other = Ty::random('T', self.rng);
            let mut tree = self.right(&other, depth);
            tree.marks = tree.marks.and(Marks::MISTYPED);
            if self.rng.chance(50) {
                let marks = tree.marks;
                let parts = vec![Part::Text("dyn(".into()), Part::Operand(tree, 0), Part::Text(")".into())];
                return Tree { ty: ty.clone(), precedence: 7, parts, marks };
            }
            return tree;
        }
        self.right(ty, depth)
    }

    fn right(&mut self, ty: &Ty, depth: usize) -> Tree {
        if depth == 0 || self.rng.chance(15) {
            return self.leaf(ty, depth);
        }
        let fitting: Vec<(&Production, Bindings)> = self
            .generator
            .productions
            .iter()
            .filter_map(|production| {
                let mut bindings = Bindings::default();
                bindings.unify(&production.result, ty).then_some((production, bindings))
            })
            .collect();
        // Productions that make any type are taken less often than those that make this one.
        let weight = |production: &Production| match production.result {
            Ty::Var(_) => production.weight,
            _ => production.weight * 2,
        };
        let total: usize = fitting.iter().map(|(p, _)| weight(p)).sum::<usize>() + 4;
        let mut at = self.rng.below(total);
        for (production, bindings) in fitting {
            let weight = weight(production);
            if at < weight {
                return self.apply(production, bindings, ty, depth - 1);
            }
            at -= weight;
        }
        match ty {
            Ty::List(item) => self.list(item, depth - 1),
            Ty::Map(key, value) => self.map(key, value, depth - 1),
            _ => self.leaf(ty, depth - 1),
        }
    }

    fn apply(&mut self, production: &Production, mut bindings: Bindings, ty: &Ty, depth: usize) -> Tree {
        let scope = self.locals.len();
        let mut parts = Vec::new();
        for piece in &production.parts {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Operand(pattern, least) => {
                    let ty = bindings.fill(pattern, self.rng);
                    Part::Operand(self.expression(&ty, depth), *least)
                }
                Piece::Binder(pattern) => {
                    let ty = bindings.fill(pattern, self.rng);
                    let name = *self.rng.pick(&LOCALS);
                    self.locals.push((name, ty));
                    Part::Binder(name)
                }
                Piece::Field => Part::Text((*self.rng.pick(&values::KEYS)).to_string()),
            });
        }
        self.locals.truncate(scope);
        Tree { ty: ty.clone(), precedence: production.precedence, parts, marks: production.marks }
    }

    fn leaf(&mut self, ty: &Ty, depth: usize) -> Tree {
        if let Some(name) = self.variable(ty) {
            return Tree::leaf(ty.clone(), 8, name);
        }
        match ty {
            Ty::List(item) if self.rng.chance(85) => self.list(item, depth.saturating_sub(1)),
            Ty::Map(key, value) if self.rng.chance(85) => self.map(key, value, depth.saturating_sub(1)),
            _ => literal(ty, self.rng),
        }
    }

    /// A variable of this type, in half of the cases; loop variables are taken more often.
    fn variable(&mut self, ty: &Ty) -> Option<&'static str> {
        let hidden = |name: &str, after: &[(&str, Ty)]| after.iter().any(|(other, _)| *other == name);
        let mut names = Vec::new();
        for (at, (name, t)) in self.locals.iter().enumerate() {
            if t == ty && !hidden(name, &self.locals[at + 1..]) {
                names.extend([*name; 3]);
            }
        }
        for (name, t) in &self.generator.variables {
            if t == ty && !hidden(name, &self.locals) {
                names.push(name);
            }
        }
        (!names.is_empty() && self.rng.chance(55)).then(|| *self.rng.pick(&names))
    }

    fn list(&mut self, item: &Ty, depth: usize) -> Tree {
        let mut parts = vec![Part::Text("[".into())];
        for at in 0..self.rng.below(5) {
            if at > 0 {
                parts.push(Part::Text(", ".into()));
            }
            parts.push(Part::Operand(self.expression(item, depth), 0));
        }
        parts.push(Part::Text("]".into()));
        Tree { ty: Ty::list(item.clone()), precedence: 8, parts, marks: Marks::default() }
    }

    fn map(&mut self, key: &Ty, value: &Ty, depth: usize) -> Tree {
        let mut parts = vec![Part::Text("{".into())];
        let first = self.rng.below(values::KEYS.len());
        for at in 0..self.rng.below(4) {
            if at > 0 {
                parts.push(Part::Text(", ".into()));
            }
            let key = match key {
                Ty::String if self.rng.chance(80) => {
                    Tree::leaf(Ty::String, 8, format!("'{}'", values::KEYS[(first + at) % values::KEYS.len()]))
                }
                key if self.rng.chance(70) => literal(key, self.rng),
                key => self.expression(key, depth),
            };
            parts.push(Part::Operand(key, 0));
            parts.push(Part::Text(": ".into()));
            parts.push(Part::Operand(self.expression(value, depth), 0));
        }
        parts.push(Part::Text("}".into()));
        Tree { ty: Ty::map(key.clone(), value.clone()), precedence: 8, parts, marks: Marks::default() }
    }
}
