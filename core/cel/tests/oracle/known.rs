//! Differences that are known, with the reason why each is right or does not matter.

use llm_policy_cel::types::Type;

use super::answer::{Answer, Value};
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

    /// The text of our error.
    fn our_error(&self) -> Option<&str> {
        match &self.answers.ours {
            Answer::Error(text) => Some(text),
            _ => None,
        }
    }

    /// The text of their error.
    fn their_error(&self) -> Option<&str> {
        match self.answers.of(self.who) {
            Some(Answer::Error(text)) => Some(text),
            _ => None,
        }
    }

    fn ours_has(&self, text: &str) -> bool {
        self.our_error().is_some_and(|error| error.contains(text))
    }

    fn theirs_has(&self, text: &str) -> bool {
        self.their_error().is_some_and(|error| error.contains(text))
    }

    fn has(&self, text: &str) -> bool {
        self.source.contains(text)
    }

    fn both_are_values(&self) -> bool {
        self.ours().is_some() && self.theirs().is_some()
    }

    /// The two values would be the same if elements were compared with `same`.
    fn same_by(&self, same: fn(&Value, &Value) -> bool) -> bool {
        fn within(a: &Value, b: &Value, same: fn(&Value, &Value) -> bool) -> bool {
            a == b
                || same(a, b)
                || match (a, b) {
                    (Value::List(a), Value::List(b)) => {
                        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| within(a, b, same))
                    }
                    (Value::Map(a), Value::Map(b)) => {
                        let found = |(k, v): &(Value, Value)| b.iter().any(|(l, w)| k == l && within(v, w, same));
                        a.len() == b.len() && a.iter().all(found)
                    }
                    _ => false,
                }
        }
        matches!((self.ours(), self.theirs()), (Some(a), Some(b)) if within(a, b, same))
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
    // Both of the others.
    entry(Who::Cel, UNORDERED_NAN, unordered_nan),
    entry(Who::CelCore, UNORDERED_NAN, unordered_nan),
    entry(Who::Cel, SIGNED_UINT, signed_uint),
    entry(Who::CelCore, SIGNED_UINT, signed_uint),
    entry(Who::Cel, SHORT_BOOL, short_bool),
    entry(Who::CelCore, SHORT_BOOL, short_bool),
    entry(Who::Cel, TOO_LARGE, too_large),
    entry(Who::CelCore, TOO_LARGE, too_large),
    entry(Who::Cel, DURATION_AS_INT, duration_as_int),
    entry(Who::CelCore, DURATION_AS_INT, duration_as_int),
    entry(Who::Cel, ODD_KEYS, odd_keys),
    entry(Who::CelCore, ODD_KEYS, odd_keys),
    entry(Who::Cel, ROUNDED_SECONDS, rounded_seconds),
    entry(Who::CelCore, ROUNDED_SECONDS, rounded_seconds),
    entry(Who::Cel, TEXT_OF_DOUBLES, text_of_doubles),
    entry(Who::CelCore, TEXT_OF_DOUBLES, text_of_doubles),
    entry(Who::Cel, FAR_TIME_ZONES, far_time_zones),
    entry(Who::CelCore, FAR_TIME_ZONES, far_time_zones),
    entry(Who::Cel, PARTIAL_PADDING, partial_padding),
    entry(Who::CelCore, PARTIAL_PADDING, partial_padding),
    entry(Who::Cel, ORDER_OF_MAPS, order_of_maps),
    entry(Who::CelCore, ORDER_OF_MAPS, order_of_maps),
    // `cel`
    Known {
        who: Who::Cel,
        reason: "duration() ignores what follows a duration",
        applies: |d| d.has("1h 1m") && d.our_error().is_some(),
    },
    Known {
        who: Who::Cel,
        reason: "getMilliseconds() of a duration is all of it, not the part below a second",
        applies: |d| d.has(".getMilliseconds()") && d.both_are_values(),
    },
    Known {
        who: Who::Cel,
        reason: "without a time zone, parts of a time are those at the offset that it was written with",
        applies: |d| d.has(".get") && ["-08:00')", "+14:00')", "+05:30')"].iter().any(|offset| d.has(offset)),
    },
    Known {
        who: Who::Cel,
        reason: "indexOf() and lastIndexOf() refuse the position at the end, and take any for an empty string",
        applies: |d| d.has("ndexOf(") && (d.theirs_has("index out of range") || d.ours_has("outside of the string")),
    },
    Known {
        who: Who::Cel,
        reason: "the least int, as a double, is not found as a key",
        applies: |d| d.has("dyn(") && d.theirs_has("No such key: -9223372036854776000"),
    },
    Known {
        who: Who::Cel,
        reason: "the keys of a map can be added to a list",
        applies: |d| d.has(" + ") && d.ours_has("no such overload") && matches!(d.theirs(), Some(Value::List(_))),
    },
    Known {
        who: Who::Cel,
        reason: "duration() does not take ints, which in cel-go and here are nanoseconds",
        applies: |d| d.theirs_has("'duration' applied to '(int)'"),
    },
    // `cel-core`
    Known {
        who: Who::CelCore,
        reason: "has() is false, not an error, for a field of what is no map or below a missing key",
        applies: |d| d.has("has(") && d.our_error().is_some() && d.theirs().is_some(),
    },
    Known {
        who: Who::CelCore,
        reason: "a negative index counts from the end of a list",
        applies: |d| d.ours_has("index out of bounds") && d.theirs().is_some() && d.has("]"),
    },
    Known {
        who: Who::CelCore,
        reason: "text and bytes can be indexed",
        applies: |d| d.ours_has("no such overload") && d.theirs().is_some() && d.has("]"),
    },
    Known {
        who: Who::CelCore,
        reason: "durations may be longer than an int has nanoseconds",
        applies: |d| (d.ours_has("overflow") || d.ours_has("not a duration")) && d.theirs().is_some(),
    },
    Known {
        who: Who::CelCore,
        reason: "the seconds and nanoseconds of a duration may have different signs",
        applies: |d| {
            let parts = [").get", "==", "!=", "<", ">", " in "].iter().any(|text| d.has(text));
            parts && (d.has(" - ") || d.has(" + ")) && d.both_are_values()
        },
    },
    Known {
        who: Who::CelCore,
        reason: "a duration of 0 needs a unit",
        applies: |d| d.theirs_has("missing unit after '0'"),
    },
    Known {
        who: Who::CelCore,
        reason: "a literal that is too large for a double is infinite",
        applies: |d| d.has("1e400") && d.ours_has("out of range for `double`"),
    },
    Known {
        who: Who::CelCore,
        reason: "math.round() adds a half, which rounds itself and loses the sign of -0.0",
        applies: |d| {
            let close =
                |a: &Value, b: &Value| matches!((a, b), (Value::Double(a), Value::Double(b)) if (a - b).abs() <= 1.0);
            d.has("math.round(") && d.same_by(close)
        },
    },
    Known {
        who: Who::CelCore,
        reason: "base64.decode() refuses line breaks",
        applies: |d| d.has("base64.decode(") && d.theirs_has("invalid base64 character"),
    },
    Known {
        who: Who::CelCore,
        reason: "duration() takes ints as seconds, not as the nanoseconds that they are in cel-go",
        applies: |d| d.has("duration(") && (d.both_are_values() || d.theirs_has("duration out of range")),
    },
    Known {
        who: Who::CelCore,
        reason: "join() takes lists of anything",
        applies: |d| d.has(".join(") && d.ours_has("no such overload"),
    },
    Known {
        who: Who::CelCore,
        reason: "split() at an empty text has an empty part at both ends",
        applies: |d| d.has(".split(") && d.both_are_values(),
    },
    Known {
        who: Who::CelCore,
        reason: "reverse() does not take lists",
        applies: |d| d.has(".reverse()") && d.theirs_has("expected string"),
    },
    Known {
        who: Who::CelCore,
        reason: "a double that is too large to be a key is cut down to the largest",
        applies: |d| d.has("dyn(") && (d.ours_has("no such key") || d.ours() == Some(&Value::Bool(false))),
    },
    Known {
        who: Who::CelCore,
        reason: "an int or uint is not always rounded when it is compared with a double",
        applies: |d| {
            let equality = d.has("==") || d.has("!=") || d.has(" in ");
            d.has("dyn(") && equality && matches!((d.ours(), d.theirs()), (Some(Value::Bool(_)), Some(Value::Bool(_))))
        },
    },
    // Our checker.
    Known {
        who: Who::Checker,
        reason: "an element type that nothing tells, as in [] and dyn(), is that of the first overload that fits, as in cel-go",
        applies: |d| d.has("[]") || d.has("{}") || d.has("dyn("),
    },
];

const fn entry(who: Who, reason: &'static str, applies: fn(&Difference<'_>) -> bool) -> Known {
    Known { who, reason, applies }
}

const UNORDERED_NAN: &str = "< and its like are an error for NaN; as in IEEE 754 they are false here";

fn unordered_nan(d: &Difference<'_>) -> bool {
    let relation = ["_<_", "_<=_", "_>_", "_>=_"].iter().any(|name| d.theirs_has(name));
    d.ours().is_some() && relation && (d.theirs_has("double") || d.who == Who::CelCore)
}

const ROUNDED_SECONDS: &str = "the seconds of a duration are read as a double, which rounds";

fn rounded_seconds(d: &Difference<'_>) -> bool {
    let close = |a: &Value, b: &Value| match (a, b) {
        (Value::Duration(a), Value::Duration(b)) => (a - b).abs() < 10_000,
        _ => false,
    };
    d.has("duration(string(") && d.same_by(close)
}

const TOO_LARGE: &str = "double() of text that is too large for a double is infinite, in cel-go and here an error";

fn too_large(d: &Difference<'_>) -> bool {
    d.has("double(") && d.ours_has("overflow") && d.theirs().is_some()
}

const DURATION_AS_INT: &str = "int() does not take durations, which in cel-go and here are nanoseconds";

fn duration_as_int(d: &Difference<'_>) -> bool {
    d.has("int(") && (d.theirs_has("convert duration to int") || d.theirs_has("'int' applied to '(google.protobuf.Dur"))
}

const ODD_KEYS: &str = "looking in a map for what cannot be a key is an error, not false";

fn odd_keys(d: &Difference<'_>) -> bool {
    d.has(" in ") && d.ours().is_some() && (d.theirs_has("'@in'") || d.theirs_has("expected valid map key"))
}

const SIGNED_UINT: &str = "uint() takes text with a plus sign, which Go's parser refuses";

fn signed_uint(d: &Difference<'_>) -> bool {
    d.has("uint(") && d.ours_has("not a number") && d.theirs().is_some()
}

const SHORT_BOOL: &str = "bool() does not take the T and F that Go's parser takes";

fn short_bool(d: &Difference<'_>) -> bool {
    d.has("bool(") && d.ours().is_some() && d.theirs_has("to ") && d.theirs_has("bool")
}

const TEXT_OF_DOUBLES: &str = "string() of a double writes no exponents as Go does; cel-core's keeps .0";

fn text_of_doubles(d: &Difference<'_>) -> bool {
    let number = |a: &Value, b: &Value| match (a, b) {
        (Value::String(a), Value::String(b)) => a.parse::<f64>().is_ok_and(|a| Ok(a) == b.parse()),
        _ => false,
    };
    d.has("string(") && d.same_by(number)
}

const FAR_TIME_ZONES: &str = "daylight saving time is known only for the years that a table has";

fn far_time_zones(d: &Difference<'_>) -> bool {
    (d.has("'America/Los_Angeles'") || d.has("'Australia/Sydney'")) && d.both_are_values()
}

const ORDER_OF_MAPS: &str = "loops go over maps in the order of keys or in none, not in that of the entries";

fn order_of_maps(d: &Difference<'_>) -> bool {
    let unordered = |a: &Value, b: &Value| match (a, b) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().all(|item| b.contains(item)),
        _ => false,
    };
    d.same_by(unordered)
}

const PARTIAL_PADDING: &str = "base64.decode() takes half of the padding, which Go refuses";

fn partial_padding(d: &Difference<'_>) -> bool {
    d.has("base64.decode(") && d.ours_has("not base64") && d.theirs().is_some()
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
