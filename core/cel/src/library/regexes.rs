//! Regular expressions, in the syntax of RE2.

use super::declare::{function, global, member, pending};
use crate::function::Function;
use crate::types::Type;

/// `matches`, and CEL's extension of regular expressions.
#[must_use]
pub fn functions() -> Vec<Function> {
    use Type::{Bool, Int, String};
    vec![
        function(
            "matches",
            vec![global("matches", [String, String], Bool), member("matches_string", [String, String], Bool)],
            pending,
            "True when the regular expression matches somewhere in the string.",
            "'banana'.matches('(na)+$') == true",
        ),
        function(
            "regex.extract",
            vec![global("regex_extract_string_string", [String, String], Type::optional(String))],
            pending,
            "The first match of a regular expression, or its group if it has one, as an optional string.",
            "regex.extract('user@host', '@(.+)') == optional.of('host')",
        ),
        function(
            "regex.extractAll",
            vec![global("regex_extractAll_string_string", [String, String], Type::list(String))],
            pending,
            "All matches of a regular expression, or of its group if it has one.",
            "regex.extractAll('id:1, id:2', 'id:([0-9])') == ['1', '2']",
        ),
        function(
            "regex.replace",
            vec![
                global("regex_replace_string_string_string", [String, String, String], String),
                global("regex_replace_string_string_string_int", [String, String, String, Int], String),
            ],
            pending,
            "The string with all matches, or a number of them, replaced; \\1 to \\9 stand for groups, \\0 for the match.",
            r"regex.replace('a-b', '(a)-(b)', r'\2-\1') == 'b-a'",
        ),
    ]
}

/// TEMP
pub fn compile(pattern: &str, _limit: usize) -> std::result::Result<regex_automata::meta::Regex, Box<regex_automata::meta::BuildError>> {
    regex_automata::meta::Regex::new(pattern).map_err(Box::new)
}
