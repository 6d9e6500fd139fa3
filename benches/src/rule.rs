//! The abstract rules that the benchmarks are made of.
//!
//! A [`Rule`] belongs to no policy language. The modules in [`crate::dialect`] write it down for each contender, and
//! [`Rule::holds`] says what the answer must be, so no contender is the judge of another.

use regex::Regex;
use serde_json::Value;

/// What a field of the request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Decimal,
    /// True or false.
    Flag,
    /// A list of strings.
    TextList,
}

/// A field of the request, such as `request.model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its dotted path.
    pub path: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl Field {
    /// A field that holds a `kind`.
    pub const fn new(path: &'static str, kind: Kind) -> Self {
        Self { path, kind }
    }

    fn read(self, request: &Value) -> Option<&Value> {
        self.path.split('.').try_fold(request, |at, name| at.get(name))
    }

    fn text(self, request: &Value) -> &str {
        self.read(request).and_then(Value::as_str).unwrap_or_else(|| panic!("{} is text", self.path))
    }

    fn texts(self, request: &Value) -> Vec<&str> {
        let list = self.read(request).and_then(Value::as_array).unwrap_or_else(|| panic!("{} is a list", self.path));
        list.iter().filter_map(Value::as_str).collect()
    }
}

/// Something that can be compared by size.
#[derive(Debug, Clone)]
pub enum Number {
    /// The value of a field.
    Field(Field),
    /// A whole constant.
    Integer(i64),
    /// A constant with a fraction; never a whole number, so that every language reads it as one.
    Decimal(f64),
    /// Two numbers added.
    Sum(Box<Number>, Box<Number>),
    /// A number times a constant.
    Times(Box<Number>, i64),
    /// Characters of a text, or elements of a list.
    Size(Field),
}

impl Number {
    /// Whether this is a number with a fraction.
    pub fn is_decimal(&self) -> bool {
        match self {
            Self::Field(field) => field.kind == Kind::Decimal,
            Self::Decimal(_) => true,
            Self::Integer(_) | Self::Size(_) => false,
            Self::Sum(left, _) | Self::Times(left, _) => left.is_decimal(),
        }
    }

    fn value(&self, request: &Value) -> f64 {
        match self {
            Self::Field(field) => {
                field.read(request).and_then(Value::as_f64).unwrap_or_else(|| panic!("{} is a number", field.path))
            }
            Self::Integer(number) => *number as f64,
            Self::Decimal(number) => *number,
            Self::Sum(left, right) => left.value(request) + right.value(request),
            Self::Times(left, factor) => left.value(request) * *factor as f64,
            Self::Size(field) if field.kind == Kind::TextList => field.texts(request).len() as f64,
            Self::Size(field) => field.text(request).chars().count() as f64,
        }
    }
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Order {
    /// The operator, which all languages here write alike.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// One clause of a condition.
#[derive(Debug, Clone)]
pub enum Term {
    /// A text field has this value.
    Equals(Field, String),
    /// A text field has another value.
    Differs(Field, String),
    /// A text field has one of these values.
    OneOf(Field, Vec<String>),
    /// A list of texts has this element.
    Holds(Field, String),
    /// A text field starts so.
    StartsWith(Field, String),
    /// A text field has this somewhere.
    Contains(Field, String),
    /// A text field matches a regular expression.
    Matches {
        /// The text that is searched.
        field: Field,
        /// The regular expression.
        pattern: String,
        /// The nearest pattern with `*` only, for a language without regular expressions, if it comes near enough.
        wildcard: Option<String>,
    },
    /// A field is present.
    Has(Field),
    /// A boolean field is true.
    Flag(Field),
    /// Some element of a list of texts starts so.
    AnyStartsWith(Field, String),
    /// Two numbers compare so.
    Compare(Number, Order, Number),
    /// The clause does not hold.
    Not(Box<Term>),
    /// One of the clauses holds.
    Either(Vec<Term>),
}

impl Term {
    /// What the clause says of `request`, by definition.
    pub fn holds(&self, request: &Value) -> bool {
        match self {
            Self::Equals(field, text) => field.text(request) == text,
            Self::Differs(field, text) => field.text(request) != text,
            Self::OneOf(field, texts) => texts.iter().any(|text| field.text(request) == text),
            Self::Holds(field, text) => field.texts(request).contains(&text.as_str()),
            Self::StartsWith(field, prefix) => field.text(request).starts_with(prefix),
            Self::Contains(field, part) => field.text(request).contains(part),
            Self::Matches { field, pattern, .. } => {
                Regex::new(pattern).expect("generated patterns are valid").is_match(field.text(request))
            }
            Self::Has(field) => field.read(request).is_some(),
            Self::Flag(field) => field.read(request) == Some(&Value::Bool(true)),
            Self::AnyStartsWith(field, prefix) => field.texts(request).iter().any(|text| text.starts_with(prefix)),
            Self::Compare(left, order, right) => {
                let (left, right) = (left.value(request), right.value(request));
                match order {
                    Order::Less => left < right,
                    Order::AtMost => left <= right,
                    Order::Greater => left > right,
                    Order::AtLeast => left >= right,
                }
            }
            Self::Not(term) => !term.holds(request),
            Self::Either(terms) => terms.iter().any(|term| term.holds(request)),
        }
    }

    /// Whether `found` is true of this clause or of one inside it.
    pub fn any(&self, found: &dyn Fn(&Term) -> bool) -> bool {
        found(self)
            || match self {
                Self::Not(term) => term.any(found),
                Self::Either(terms) => terms.iter().any(|term| term.any(found)),
                _ => false,
            }
    }
}

/// What a rule asks for when its condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Refuse the request; wins over every allow.
    Deny,
    /// Let the request through.
    Allow,
}

/// A rule: clauses that must all hold, and what follows.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, unique in a workload.
    pub id: String,
    /// What follows when it matches.
    pub effect: Effect,
    /// The clauses, in the order in which they are written.
    pub terms: Vec<Term>,
}

impl Rule {
    /// Whether all clauses hold for `request`, by definition.
    pub fn holds(&self, request: &Value) -> bool {
        self.terms.iter().all(|term| term.holds(request))
    }
}
