//! Differences that are known, with the reason why each is right or does not matter.

use llm_policy_cel::types::Type;

use super::answer::{Answer, Value};
use super::generate::Case;
use super::run::Answers;

/// Who differs from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The `cel` crate.
    Cel,
    /// The `cel-core` crate.
    CelCore,
    /// Our checker, from what the generator knows.
    Checker,
}

/// A difference, on the smallest expression that has it.
pub struct Difference<'a> {
    pub who: Who,
    pub source: &'a str,
    pub case: &'a Case,
    pub answers: &'a Answers,
}

impl Difference<'_> {
    fn value(answer: Option<&Answer>) -> Option<&Value> {
        match answer {
            Some(Answer::Value(value)) => Some(value),
            _ => None,
        }
    }

    fn ours(&self) -> Option<&Value> {
        Self::value(Some(&self.answers.ours))
    }

    fn theirs(&self) -> Option<&Value> {
        Self::value(self.answers.of(self.who))
    }

    fn ours_fails(&self) -> bool {
        matches!(self.answers.ours, Answer::Error(_))
    }

    fn ours_fails_with(&self, message: &str) -> bool {
        matches!(&self.answers.ours, Answer::Error(text) if text == message)
    }

    /// Both are strings that are the same number.
    fn both_are_numbers_in_strings(&self) -> bool {
        match (self.ours(), self.theirs()) {
            (Some(Value::String(a)), Some(Value::String(b))) => a.parse::<f64>().is_ok_and(|a| Ok(a) == b.parse()),
            _ => false,
        }
    }
}

/// A known difference.
pub struct Known {
    pub who: Who,
    /// Why it is there.
    pub reason: &'static str,
    /// True for the differences that it explains.
    applies: fn(&Difference<'_>) -> bool,
}

/// All known differences.
pub const KNOWN: &[Known] = &[
    Known {
        who: Who::CelCore,
        reason: "has() is false, not an error, for a field of what is no map or below a missing key",
        applies: |d| d.source.starts_with("has(") && d.ours_fails() && d.theirs() == Some(&Value::Bool(false)),
    },
    Known {
        who: Who::CelCore,
        reason: "a negative index counts from the end of a list",
        applies: |d| d.ours_fails_with("index out of bounds") && d.theirs().is_some() && d.source.ends_with(']'),
    },
    Known {
        who: Who::CelCore,
        reason: "text and bytes can be indexed",
        applies: |d| {
            d.ours_fails_with("no such overload for these types") && d.theirs().is_some() && d.source.ends_with(']')
        },
    },
    Known { who: Who::CelCore, reason: UNORDERED_NAN, applies: unordered_nan },
    Known { who: Who::Cel, reason: UNORDERED_NAN, applies: unordered_nan },
    Known { who: Who::CelCore, reason: SIGNED_UINT, applies: signed_uint },
    Known { who: Who::Cel, reason: SIGNED_UINT, applies: signed_uint },
    Known {
        who: Who::Checker,
        reason: "the elements of what is empty have the type of the first overload that fits, as in cel-go",
        applies: |d| d.source.contains("[]") || d.source.contains("{}"),
    },
    Known {
        who: Who::CelCore,
        reason: "durations may be longer than an int has nanoseconds",
        applies: |d| {
            d.ours_fails() && matches!(d.theirs(), Some(Value::Duration(nanos)) if i64::try_from(*nanos).is_err())
        },
    },
    Known {
        who: Who::CelCore,
        reason: "the seconds of a duration are read as a double, which rounds",
        applies: |d| d.source.starts_with("duration(") && d.ours().is_some() && d.theirs().is_some(),
    },
    Known { who: Who::CelCore, reason: "a duration of 0 needs a unit", applies: |d| d.source == "duration('0')" },
    Known {
        who: Who::CelCore,
        reason: "string() of a double keeps .0, and writes no exponents",
        applies: |d| d.source.starts_with("string(") && d.both_are_numbers_in_strings(),
    },
    Known {
        who: Who::CelCore,
        reason: "a literal that is too large for a double is infinite",
        applies: |d| d.source == "1e400",
    },
    Known {
        who: Who::CelCore,
        reason: "math.round() loses the sign of -0.0",
        applies: |d| d.source.starts_with("math.round(") && d.theirs() == Some(&Value::Double(0.0)),
    },
    Known {
        who: Who::CelCore,
        reason: "base64.decode() refuses line breaks",
        applies: |d| d.source.starts_with("base64.decode(") && d.ours().is_some() && d.theirs().is_none(),
    },
    Known {
        who: Who::Cel,
        reason: "string() of a double writes no exponents",
        applies: |d| d.source.starts_with("string(") && d.both_are_numbers_in_strings(),
    },
    Known {
        who: Who::Cel,
        reason: "duration() ignores what follows a duration",
        applies: |d| d.source == "duration('1h 1m')",
    },
    Known {
        who: Who::Cel,
        reason: "getMilliseconds() of a duration is all of it, not the part below a second",
        applies: |d| d.source.ends_with(".getMilliseconds()") && d.ours().is_some() && d.theirs().is_some(),
    },
    Known {
        who: Who::Cel,
        reason: "without a time zone, parts of a time are those at the offset that it was written with",
        applies: |d| d.source.starts_with("timestamp('") && d.source.contains(").get") && d.source.ends_with("()"),
    },
];

const UNORDERED_NAN: &str = "< and its like are an error for NaN; as in IEEE 754 they are false here";

fn unordered_nan(d: &Difference<'_>) -> bool {
    let ordered = d.case.tree.precedence == 3 && d.source.contains(['<', '>']);
    ordered && d.ours() == Some(&Value::Bool(false)) && d.theirs().is_none()
}

const SIGNED_UINT: &str = "uint() takes text with a plus sign, which Go's parser refuses";

fn signed_uint(d: &Difference<'_>) -> bool {
    d.source.starts_with("uint(") && d.ours_fails() && d.theirs() == Some(&Value::Uint(5))
}

/// Where the list has this difference.
pub fn position(difference: &Difference<'_>) -> Option<usize> {
    KNOWN.iter().position(|known| known.who == difference.who && (known.applies)(difference))
}

/// True when an expression of the type `found` may be of the type `expected`.
pub fn is_type(found: &Type, expected: &Type) -> bool {
    match (found, expected) {
        (Type::Dyn, _) => true,
        (Type::List(a), Type::List(b)) => is_type(a, b),
        (Type::Map(a), Type::Map(b)) => is_type(&a.0, &b.0) && is_type(&a.1, &b.1),
        _ => found == expected,
    }
}
