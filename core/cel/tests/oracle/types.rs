//! The types of generated expressions, and patterns of types.

use std::fmt;

use super::rng::Rng;

/// A type, or in a production a pattern with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List(Box<Self>),
    Map(Box<Self>, Box<Self>),
    /// A variable of a production: its letter tells what it may stand for.
    Var(char),
}

use Ty::{Bool, Bytes, Double, Duration, Int, List, Map, Null, String as Str, Timestamp, Uint, Var};

const ORDERED: [Ty; 8] = [Bool, Int, Uint, Double, Str, Bytes, Timestamp, Duration];
const NUMBERS: [Ty; 3] = [Int, Uint, Double];
const KEYS: [Ty; 6] = [Str, Str, Str, Int, Uint, Bool];

impl Ty {
    /// `list(item)`
    pub fn list(item: Self) -> Self {
        List(Box::new(item))
    }

    /// `map(key, value)`
    pub fn map(key: Self, value: Self) -> Self {
        Map(Box::new(key), Box::new(value))
    }

    /// A type for the variable `letter` of a production.
    pub fn random(letter: char, rng: &mut Rng) -> Self {
        match letter {
            // Ordered types, numbers, types of keys.
            'O' => rng.pick(&ORDERED).clone(),
            'N' | 'M' => rng.pick(&NUMBERS).clone(),
            'K' => rng.pick(&KEYS).clone(),
            // Types of elements: mostly plain ones.
            'E' | 'V' => match rng.below(12) {
                0 => Self::list(rng.pick(&[Int, Str, Bool]).clone()),
                1 => Self::map(Str, rng.pick(&[Int, Str]).clone()),
                2 | 3 => Str,
                4..=6 => Int,
                _ => rng.pick(&ORDERED).clone(),
            },
            // Any type.
            _ => match rng.below(10) {
                0 | 1 => Self::list(Self::random('E', rng)),
                2 | 3 => Self::map(Self::random('K', rng), Self::random('V', rng)),
                4 => rng.pick(&[Null, Int, Str]).clone(),
                _ => rng.pick(&ORDERED).clone(),
            },
        }
    }

    /// True when the variable `letter` of a production may stand for this type.
    fn may_be(&self, letter: char) -> bool {
        match letter {
            'O' => ORDERED.contains(self),
            'N' | 'M' => NUMBERS.contains(self),
            'K' => KEYS.contains(self),
            _ => true,
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Null => f.write_str("null"),
            Bool => f.write_str("bool"),
            Int => f.write_str("int"),
            Uint => f.write_str("uint"),
            Double => f.write_str("double"),
            Str => f.write_str("string"),
            Bytes => f.write_str("bytes"),
            Timestamp => f.write_str("timestamp"),
            Duration => f.write_str("duration"),
            List(item) => write!(f, "list({item})"),
            Map(key, value) => write!(f, "map({key}, {value})"),
            Var(letter) => write!(f, "{letter}"),
        }
    }
}

/// What the variables of a production stand for.
#[derive(Clone, Debug, Default)]
pub struct Bindings(Vec<(char, Ty)>);

impl Bindings {
    /// True when `pattern` can be `ty`; its variables are bound.
    pub fn unify(&mut self, pattern: &Ty, ty: &Ty) -> bool {
        match (pattern, ty) {
            (Var(letter), _) => match self.0.iter().find(|(l, _)| l == letter) {
                Some((_, bound)) => bound == ty,
                None => {
                    self.0.push((*letter, ty.clone()));
                    ty.may_be(*letter)
                }
            },
            (List(p), List(t)) => self.unify(p, t),
            (Map(pk, pv), Map(tk, tv)) => self.unify(pk, tk) && self.unify(pv, tv),
            _ => pattern == ty,
        }
    }

    /// The type that `pattern` is; variables that are not bound yet are bound at random.
    pub fn fill(&mut self, pattern: &Ty, rng: &mut Rng) -> Ty {
        match pattern {
            Var(letter) => match self.0.iter().find(|(l, _)| l == letter) {
                Some((_, bound)) => bound.clone(),
                None => {
                    let ty = Ty::random(*letter, rng);
                    self.0.push((*letter, ty.clone()));
                    ty
                }
            },
            List(p) => Ty::list(self.fill(p, rng)),
            Map(k, v) => Ty::map(self.fill(k, rng), self.fill(v, rng)),
            _ => pattern.clone(),
        }
    }
}

/// Reads a pattern: `int`, `list(T)`, `map(string, V)`; a capital letter is a variable.
pub fn parse(text: &str) -> Ty {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("list(").and_then(|t| t.strip_suffix(')')) {
        return Ty::list(parse(inner));
    }
    if let Some(inner) = text.strip_prefix("map(").and_then(|t| t.strip_suffix(')')) {
        let (key, value) = inner.split_once(',').unwrap();
        return Ty::map(parse(key), parse(value));
    }
    match text {
        "null" => Null,
        "bool" => Bool,
        "int" => Int,
        "uint" => Uint,
        "double" => Double,
        "string" => Str,
        "bytes" => Bytes,
        "timestamp" => Timestamp,
        "duration" => Duration,
        _ => {
            let mut letters = text.chars();
            let letter = letters.next().filter(char::is_ascii_uppercase);
            assert!(letters.next().is_none(), "not a type: {text}");
            Var(letter.unwrap_or_else(|| panic!("not a type: {text}")))
        }
    }
}
