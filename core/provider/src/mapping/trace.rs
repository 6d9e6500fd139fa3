//! Where each text of a body went.

use std::ops::Range;

use llm_policy_cel::value::Val;
pub use llm_policy_detect::redact::Step;

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

/// A number of the body, or the name of a field that no row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) body: Vec<Step>,
    pub(crate) is_key: bool,
    /// The field of the context that has it.
    pub(crate) field: String,
    pub(crate) declared: bool,
    /// As in [`Trace::bases`].
    pub(crate) base: Option<usize>,
}

/// The leaves so far, and where the walk is.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) others: Vec<Other>,
    /// By leaf: the steps of its place that lead to the value of its field, when the field has that value as it stands.
    pub(crate) bases: Vec<Option<usize>>,
    base: Option<usize>,
    pub(super) at: Vec<Step>,
}

impl Trace {
    /// The text at this place.
    pub(super) fn leaf(&mut self, fate: Fate, declared: bool) {
        self.leaves.push(Leaf { body: self.at.clone(), fate, declared });
        self.bases.push(self.base);
    }

    /// The number at this place, or the name of the field that the place ends in.
    pub(super) fn other(&mut self, is_key: bool, field: &str, declared: bool) {
        let (body, field) = (self.at.clone(), field.to_owned());
        self.others.push(Other { body, is_key, field, declared, base: self.base });
    }

    /// The field has the value at this place as it stands.
    pub(super) fn field(&mut self, value: Val<'_>, field: String) {
        self.base = Some(self.at.len());
        self.all(value, &Fate::Kept { field }, true);
        self.base = None;
    }

    /// All texts, numbers and names of fields of `value`, which stands at this place.
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
                    if let Fate::Kept { field } = fate {
                        self.other(true, field, declared);
                    }
                    self.all(item, fate, declared);
                    self.at.pop();
                }
            }
            Val::Int(_) | Val::Uint(_) | Val::Double(_) => {
                if let Fate::Kept { field } = fate {
                    self.other(false, field, declared);
                }
            }
            _ => {}
        }
    }
}
