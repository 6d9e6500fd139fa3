//! Generated expressions as trees, so that they can be made smaller.

use std::fmt::Write;

use super::types::Ty;

/// An expression.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The type that it was made for; it may have another one if something below was made wrong on purpose.
    pub ty: Ty,
    /// How tightly it binds.
    pub precedence: u8,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// What the adapters and the list of known differences have to know about it.
    pub marks: Marks,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// The name of a new loop variable, which the parts that follow may use.
    Binder(&'static str),
    /// An operand, put in parentheses when it binds less tightly than this.
    Operand(Tree, u8),
}

/// Properties of an expression, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub u32);

impl Marks {
    /// The `cel` crate does not have what the expression uses.
    pub const NOT_IN_CEL: Self = Self(1);
    /// The `cel-core` crate does not have what the expression uses.
    pub const NOT_IN_CEL_CORE: Self = Self(1 << 1);
    /// An operand of another type than the one needed was put somewhere.
    pub const MISTYPED: Self = Self(1 << 2);

    /// True when it has all of the bits of `other`.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Tree {
    /// An expression without operands.
    pub fn leaf(ty: Ty, precedence: u8, text: impl Into<String>) -> Self {
        Self { ty, precedence, parts: vec![Part::Text(text.into())], marks: Marks::default() }
    }

    /// The marks of the whole expression.
    pub fn all_marks(&self) -> Marks {
        self.operands().fold(self.marks, |marks, operand| marks.and(operand.all_marks()))
    }

    fn operands(&self) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter_map(|part| match part {
            Part::Operand(tree, _) => Some(tree),
            Part::Text(_) | Part::Binder(_) => None,
        })
    }

    /// The expression as source text.
    pub fn source(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Binder(name) => out.push_str(name),
                Part::Operand(tree, least) if tree.precedence < *least => {
                    out.push('(');
                    tree.write(out);
                    out.push(')');
                }
                Part::Operand(tree, _) => tree.write(out),
            }
        }
    }

    /// The number of expressions in it.
    pub fn size(&self) -> usize {
        1 + self.operands().map(Self::size).sum::<usize>()
    }

    /// The smallest expression that can be made by cutting parts away and still has the property `keeps`.
    pub fn shrink(&self, simplest: &dyn Fn(&Ty) -> Vec<Self>, keeps: &dyn Fn(&Self) -> bool) -> Self {
        let mut best = self.clone();
        loop {
            let mut candidates = best.smaller(simplest);
            candidates.sort_by_key(|tree| (tree.size(), tree.source().len()));
            match candidates.into_iter().find(|tree| keeps(tree)) {
                Some(tree) => best = tree,
                None => return best,
            }
        }
    }

    /// Expressions with one place made smaller: replaced by one of its operands, or by a leaf.
    fn smaller(&self, simplest: &dyn Fn(&Ty) -> Vec<Self>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut bound = Vec::new();
        for part in &self.parts {
            let operand = match part {
                Part::Binder(name) => {
                    bound.push(*name);
                    continue;
                }
                Part::Operand(operand, _) => operand,
                Part::Text(_) => continue,
            };
            // What uses the loop variable means something else without the loop.
            let source = operand.source();
            if bound.iter().any(|name| mentions(&source, name)) {
                continue;
            }
            let mut operand = operand.clone();
            if operand.ty != self.ty {
                operand.marks = operand.marks.and(Marks::MISTYPED);
            }
            all.push(operand);
        }
        if self.size() > 1 {
            all.extend(simplest(&self.ty));
        }
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Operand(tree, least) = part else { continue };
            for smaller in tree.smaller(simplest) {
                let mut copy = self.clone();
                copy.parts[at] = Part::Operand(smaller, *least);
                all.push(copy);
            }
        }
        all
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source())
    }
}

/// True when `source` may read the variable `name`.
pub fn mentions(source: &str, name: &str) -> bool {
    source.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// `text` as a CEL string literal.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
