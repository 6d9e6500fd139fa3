//! Where each text of a body went.

use std::fmt;
use std::ops::Range;

use llm_policy_cel::value::Val;

/// One step into a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The field with this name.
    Key(String),
    /// The element at this index.
    Index(usize),
}

/// A text of the body, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where it stands in the body.
    pub body: Vec<Step>,
    /// What became of it.
    pub fate: Fate,
    /// False when no row says what it is: it went with what is around it.
    pub declared: bool,
}

/// What became of a text. Fields are paths of the context, such as `request.messages[2].text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is this field, or stands in it as it stood in the body.
    Kept {
        /// The field.
        field: String,
    },
    /// It is these bytes of this field, which joins texts.
    Joined {
        /// The field.
        field: String,
        /// Its bytes there.
        range: Range<usize>,
    },
    /// It is kept in this field, and stands for something of this kind that the engine cannot read.
    Opaque {
        /// The field.
        field: String,
        /// The kind.
        kind: &'static str,
    },
    /// It is media of this kind, and left out.
    Media(&'static str),
    /// It is a name from a fixed list, and left out.
    Known,
}

impl Leaf {
    /// Where it stands, as a JSON Pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        self.body.iter().map(|step| format!("/{step}")).collect()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(&key.replace('~', "~0").replace('/', "~1")),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// The leaves so far, and where the walk is.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) leaves: Vec<Leaf>,
    pub(super) at: Vec<Step>,
}

impl Trace {
    /// The text at this place.
    pub(super) fn leaf(&mut self, fate: Fate, declared: bool) {
        self.leaves.push(Leaf { body: self.at.clone(), fate, declared });
    }

    /// All texts of `value`, which stands at this place.
    pub(super) fn all(&mut self, value: Val<'_>, fate: &Fate, declared: bool) {
        match value {
            Val::Str(_) => self.leaf(fate.clone(), declared),
            Val::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.at.push(Step::Index(index));
                    self.all(item, fate, declared);
                    self.at.pop();
                }
            }
            Val::Map(map) => {
                for (key, item) in map.iter() {
                    let Val::Str(key) = key else { continue };
                    self.at.push(Step::Key(key.to_owned()));
                    self.all(item, fate, declared);
                    self.at.pop();
                }
            }
            _ => {}
        }
    }
}
