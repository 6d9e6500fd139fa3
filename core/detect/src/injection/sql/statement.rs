//! A whole statement of SQL, where statements are what is asked for: what it does, and whether something was put into it.

use super::lexer::{self, MAX_BYTES, Tokens};
use super::words::Words;
use super::{INJECTION, UNBOUND};
use crate::bytes::cut;
use crate::detector::Cx;
use crate::finding::{Sign, Signs};
use crate::grammar::{Grammar, Rule, rule};

/// What a statement written on purpose does not hold.
pub(in crate::injection) const RULES: &[Rule] = &[
    // A condition that is always true: `or 1=1`, `or 'a'='a'`.
    rule(70, r"l[(]*[n][)]*=[(]*n"),
    rule(70, r"l[(]*[s][)]*=[(]*[sq]"),
    // Cut off in the middle of a condition.
    rule(60, r"=sc$"),
    // A union of constants.
    rule(60, r"uk?e(?:n,){3}"),
    // Another statement behind a condition.
    rule(70, r"=[ns][)]*;(?:tk|tb|tx|t[vi]|e)"),
    // Procedures that leave the database, and comments that MySQL runs.
    rule(75, r"tx"),
    rule(75, r"m"),
];

/// Judges a text as a statement.
pub(super) fn judge(words: &Words, grammar: &Grammar, cx: &mut Cx<'_>) {
    let tokens = lexer::read(words, cx.text, 0, 0);
    cx.spend(MAX_BYTES.min(cx.text.len()));
    if let Some(found) = grammar.best(tokens.classes()) {
        cx.report(
            INJECTION,
            0..tokens.end(found.end.saturating_sub(1)),
            found.score,
            Signs::NONE.with(Sign::Structure),
        );
    }
    unbound(&tokens, cx);
}

/// `UPDATE`, `DELETE` and `TRUNCATE` that nothing narrows: each statement by itself, if its end was read.
fn unbound(tokens: &Tokens, cx: &mut Cx<'_>) {
    let classes = tokens.classes();
    let whole = classes.len() < lexer::MAX_TOKENS && cx.text.len() <= MAX_BYTES;
    let mut first = 0;
    for statement in classes.split(|class| *class == b';') {
        let last = first + statement.len();
        let verb = cut(cx.text, tokens.start(first)..tokens.end(first));
        let is = |word: &[u8]| statement.first() == Some(&b't') && verb.eq_ignore_ascii_case(word);
        let is_over = last < classes.len() || whole;
        let narrows = (first..last)
            .any(|index| cut(cx.text, tokens.start(index)..tokens.end(index)).eq_ignore_ascii_case(b"where"));
        if is(b"truncate") || is_over && !narrows && (is(b"update") || is(b"delete")) {
            cx.report(
                UNBOUND,
                tokens.start(first)..tokens.end(last.saturating_sub(1)),
                60,
                Signs::NONE.with(Sign::Structure),
            );
        }
        first = last + 1;
    }
}
