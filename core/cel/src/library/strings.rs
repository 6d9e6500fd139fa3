//! Functions of strings, and `size`. Positions in strings count code points from 0.

use super::declare::{function, global, list_of_a, map_of_a_b, member};
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function};
use crate::types::Type;
use crate::value::Val;

mod edit;
pub(super) use edit::reverse;
mod format;
mod search;
#[cfg(test)]
mod tests;

/// The standard functions of strings, `size`, and CEL's extension of strings.
#[must_use]
pub fn functions() -> Vec<Function> {
    let mut all = standard();
    all.extend(positions());
    all.extend(parts());
    all.extend(texts());
    all
}

fn standard() -> Vec<Function> {
    use Type::{Bool, Bytes, Int, String};
    vec![
        function(
            "size",
            vec![
                global("size_bytes", [Bytes], Int),
                member("bytes_size", [Bytes], Int),
                global("size_list", [list_of_a()], Int),
                member("list_size", [list_of_a()], Int),
                global("size_map", [map_of_a_b()], Int),
                member("map_size", [map_of_a_b()], Int),
                global("size_string", [String], Int),
                member("string_size", [String], Int),
            ],
            |cx, args| match args {
                [value] => size(cx, *value),
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "The number of code points of a string, of bytes, or of the entries of a list or map.",
            "size('Straße') == 6",
        ),
        function(
            "contains",
            vec![member("contains_string", [String, String], Bool)],
            search::contains,
            "True when the argument is somewhere in the string.",
            "'policy'.contains('lic') == true",
        ),
        function(
            "endsWith",
            vec![member("ends_with_string", [String, String], Bool)],
            search::ends_with,
            "True when the string ends with the argument.",
            "'policy'.endsWith('icy') == true",
        ),
        function(
            "startsWith",
            vec![member("starts_with_string", [String, String], Bool)],
            search::starts_with,
            "True when the string starts with the argument.",
            "'policy'.startsWith('pol') == true",
        ),
    ]
}

fn positions() -> Vec<Function> {
    use Type::{Int, String};
    vec![
        function(
            "charAt",
            vec![member("string_char_at_int", [String, Int], String)],
            search::char_at,
            "The character at a position; empty at the end.",
            "'hello'.charAt(4) == 'o'",
        ),
        function(
            "indexOf",
            vec![
                member("string_index_of_string", [String, String], Int),
                member("string_index_of_string_int", [String, String, Int], Int),
            ],
            search::index_of,
            "The position of the argument's first occurrence, at or after an optional position; -1 without one.",
            "'hello mellow'.indexOf('ello', 2) == 7",
        ),
        function(
            "lastIndexOf",
            vec![
                member("string_last_index_of_string", [String, String], Int),
                member("string_last_index_of_string_int", [String, String, Int], Int),
            ],
            search::last_index_of,
            "The position of the argument's last occurrence, at or before an optional position; -1 without one.",
            "'hello mellow'.lastIndexOf('ello') == 7",
        ),
    ]
}

fn parts() -> Vec<Function> {
    use Type::{Int, String};
    vec![
        function(
            "join",
            vec![
                member("list_join", [Type::list(String)], String),
                member("list_join_string", [Type::list(String), String], String),
            ],
            edit::join,
            "The strings of a list as one, with an optional separator between them.",
            "['a', 'b'].join('-') == 'a-b'",
        ),
        function(
            "split",
            vec![
                member("string_split_string", [String, String], Type::list(String)),
                member("string_split_string_int", [String, String, Int], Type::list(String)),
            ],
            edit::split,
            "The parts of a string between separators, optionally no more than a number of parts.",
            "'a,b,c'.split(',', 2) == ['a', 'b,c']",
        ),
        function(
            "substring",
            vec![
                member("string_substring_int", [String, Int], String),
                member("string_substring_int_int", [String, Int, Int], String),
            ],
            edit::substring,
            "The part of a string from a position, to its end or up to another position.",
            "'tacocat'.substring(0, 4) == 'taco'",
        ),
        function(
            "trim",
            vec![member("string_trim", [String], String)],
            edit::trim,
            "The string without white space at both ends.",
            "'  trim\\n'.trim() == 'trim'",
        ),
    ]
}

fn texts() -> Vec<Function> {
    use Type::{Dyn, Int, String};
    vec![
        function(
            "format",
            vec![member("string_format", [String, Type::list(Dyn)], String)],
            format::format,
            "The string with its clauses %s, %d, %f, %e, %b, %x, %X and %o replaced by the list's values in order.",
            "'%s has %d'.format(['Ann', 2]) == 'Ann has 2'",
        ),
        function(
            "strings.quote",
            vec![global("strings_quote", [String], String)],
            edit::quote,
            "The string in double quotes, with escapes for quotes, backslashes and control characters.",
            r#"strings.quote("a\nb") == "\"a\\nb\"""#,
        ),
        function(
            "replace",
            vec![
                member("string_replace_string_string", [String, String, String], String),
                member("string_replace_string_string_int", [String, String, String, Int], String),
            ],
            edit::replace,
            "The string with all occurrences of the first argument, or a number of them, replaced by the second.",
            "'hello hello'.replace('he', 'we', 1) == 'wello hello'",
        ),
        function(
            "lowerAscii",
            vec![member("string_lower_ascii", [String], String)],
            edit::lower_ascii,
            "The string with the letters A to Z in lower case.",
            "'TacoCat'.lowerAscii() == 'tacocat'",
        ),
        function(
            "upperAscii",
            vec![member("string_upper_ascii", [String], String)],
            edit::upper_ascii,
            "The string with the letters a to z in upper case.",
            "'TacoCat'.upperAscii() == 'TACOCAT'",
        ),
        function(
            "reverse",
            vec![member("string_reverse", [String], String)],
            edit::reverse,
            "The string's characters in reverse order.",
            "'gums'.reverse() == 'smug'",
        ),
    ]
}

/// `size(value)`
///
/// # Errors
/// A value without a size, or no fuel left.
#[inline]
pub fn size<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    let size = match value {
        Val::Str(s) => {
            cx.pay_bytes(s.len())?;
            s.chars().count()
        }
        Val::Bytes(b) => b.len(),
        Val::List(l) => l.len(),
        Val::Map(m) => m.len(),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    Ok(int(size))
}

/// A count as an int.
fn int<'a>(count: usize) -> Val<'a> {
    Val::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The byte at which code point `position` of a string starts; its length for the position after the last one.
fn byte_of(s: &str, position: i64) -> Result<usize> {
    const OUT_OF_RANGE: ErrorKind = ErrorKind::InvalidArgument("the position is outside of the string");
    let position = usize::try_from(position).map_err(|_| OUT_OF_RANGE)?;
    if position > s.len() {
        return Err(OUT_OF_RANGE.into());
    }
    if s.is_ascii() {
        return Ok(position);
    }
    let mut starts = s.char_indices().map(|(at, _)| at).chain([s.len()]);
    starts.nth(position).ok_or(OUT_OF_RANGE.into())
}
