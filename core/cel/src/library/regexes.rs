//! Regular expressions, in the syntax of RE2.

pub use syntax::{RegexError, compile};

use regex_automata::meta::Regex;

use super::declare::{function, global, member};
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function};
use crate::types::Type;
use crate::value::Val;

mod extension;
mod syntax;
#[cfg(test)]
mod tests;

/// `matches`, and CEL's extension of regular expressions.
#[must_use]
pub fn functions() -> Vec<Function> {
    use Type::{Bool, Int, String};
    vec![
        function(
            "matches",
            vec![global("matches", [String, String], Bool), member("matches_string", [String, String], Bool)],
            matches,
            "True when the regular expression matches somewhere in the string.",
            "'banana'.matches('(na)+$') == true",
        ),
        function(
            "regex.extract",
            vec![global("regex_extract_string_string", [String, String], Type::optional(String))],
            extension::extract,
            "The first match of a regular expression, or its group if it has one, as an optional string.",
            "regex.extract('user@host', '@(.+)') == optional.of('host')",
        ),
        function(
            "regex.extractAll",
            vec![global("regex_extractAll_string_string", [String, String], Type::list(String))],
            extension::extract_all,
            "All matches of a regular expression, or of its group if it has one.",
            "regex.extractAll('id:1, id:2', 'id:([0-9])') == ['1', '2']",
        ),
        function(
            "regex.replace",
            vec![
                global("regex_replace_string_string_string", [String, String, String], String),
                global("regex_replace_string_string_string_int", [String, String, String, Int], String),
            ],
            extension::replace,
            "The string with all matches, or a number of them, replaced; \\1 to \\9 stand for groups, \\0 for the match.",
            r"regex.replace('a-b', '(a)-(b)', r'\2-\1') == 'b-a'",
        ),
    ]
}

/// True when a compiled expression matches somewhere in the string.
///
/// # Errors
/// No fuel left.
#[inline]
pub fn is_match(cx: &Context<'_>, regex: &Regex, text: &str) -> Result<bool> {
    cx.pay_bytes(text.len())?;
    Ok(regex.is_match(text))
}

/// `matches` for patterns that are not known before the evaluation.
fn matches<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match args {
        [Val::Str(text), Val::Str(pattern)] => Ok(Val::Bool(is_match(cx, &compile_now(cx, pattern)?, text)?)),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// Compiles during an evaluation, which costs fuel by the size of the pattern and of what it becomes.
fn compile_now(cx: &Context<'_>, pattern: &str) -> Result<Regex> {
    cx.pay(pattern.len() as u64)?;
    let Ok(regex) = compile(pattern, cx.regex_bytes) else {
        // It may have been given up only when all the space was used.
        cx.pay_bytes(cx.regex_bytes)?;
        return Err(ErrorKind::InvalidRegex.into());
    };
    cx.pay_bytes(regex.memory_usage())?;
    Ok(regex)
}
