//! SQL where a value belongs.
//!
//! A text is read as a database would read it if it were pasted into a statement: bare, or inside each kind of quotes. The
//! tokens' classes are matched against a grammar of attacks (`rules.rs`). In prose the same is done from every place at which
//! an attack may start. In the profile for SQL the text is a statement by design, and is judged as such (`statement.rs`).

mod lexer;
pub(super) mod rules;
pub(crate) mod statement;
mod words;

use crate::bytes::{at, before, cut, floor};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::grammar::Grammar;
use crate::kind::{Family, Kind};
use crate::profile::Profile;
use lexer::{MAX_BYTES, Tokens};
use words::Words;

const INJECTION: u16 = 0;
const UNBOUND: u16 = 1;

/// How far behind an attack's first word a window of prose goes.
const WINDOW: usize = 320;

/// How far in front of a union a statement's start is looked for.
const STATEMENT: usize = 192;

/// More blanks than that in front of a quote make a sentence.
const BLANKS: usize = 4;

/// How far in front of an attack's first word its start is looked for.
const BACK: usize = 48;

/// The detector.
#[derive(Debug)]
pub(crate) struct Sql {
    words: Words,
    value: Grammar,
    prose: Grammar,
    statement: Grammar,
}

impl Sql {
    pub(crate) fn new() -> Self {
        Self {
            words: Words::new(),
            value: Grammar::new(rules::VALUE),
            prose: Grammar::new(rules::PROSE),
            statement: Grammar::new(statement::RULES),
        }
    }

    /// The text's start as a value, in every context of quotes.
    fn value(&self, cx: &mut Cx<'_>) {
        let start = cx.text.iter().take(MAX_BYTES).take_while(|byte| byte.is_ascii_whitespace()).count();
        let mut best: Option<(u8, usize)> = None;
        for quote in [0, b'\'', b'"', b'`'] {
            // A sentence in front of the quote is prose.
            let head = cut(cx.text, start..start + MAX_BYTES);
            let head = cut(head, 0..head.iter().position(|byte| quote != 0 && *byte == quote).unwrap_or(0));
            cx.spend(MAX_BYTES.min(cx.text.len() - start));
            if head.iter().filter(|byte| **byte == b' ').count() > BLANKS {
                continue;
            }
            let tokens = lexer::read(&self.words, cx.text, start, quote);
            if quote == 0 && is_statement(tokens.classes()) {
                // Statements belong into conversations; what attacks put into one is found by windows.
                break;
            }
            if is_prose(&tokens) {
                continue;
            }
            if let Some(found) = self.value.best(tokens.classes()) {
                let end = tokens.end(found.end.saturating_sub(1)).max(start + 1);
                if best.is_none_or(|(score, _)| found.score > score) {
                    best = Some((found.score, end));
                }
            }
        }
        if let Some((score, end)) = best {
            cx.report(INJECTION, start..end.min(cx.text.len()), score, Signs::NONE.with(Sign::Format));
        }
    }

    /// An attack inside of prose, around a word that attacks need.
    fn window(&self, hit: Hit, cx: &mut Cx<'_>) {
        let from = floor(cx.text, hit.start.saturating_sub(BACK));
        let back = cut(cx.text, from..hit.start);
        // Candidates for the start: the nearest quote, and the value right in front.
        let quote = back.iter().rposition(|byte| matches!(byte, b'\'' | b'"' | b'`'));
        let mut value = hit.start;
        while value > from && matches!(before(cx.text, value), b' ' | b'\t' | b'\n' | b'+' | b'/' | b'*' | b')' | b';')
        {
            value -= 1;
        }
        while value > from && (before(cx.text, value).is_ascii_digit() || matches!(before(cx.text, value), b'.' | b'-'))
        {
            value -= 1;
        }
        let starts = [
            quote.map(|offset| (from + offset, at(back, offset))),
            (value < hit.start).then_some((value, 0)),
            Some((hit.start, 0)),
        ];
        for (start, quote) in starts.into_iter().flatten() {
            let tokens = lexer::read(&self.words, cut(cx.text, 0..floor(cx.text, hit.end + WINDOW)), start, quote);
            cx.spend(WINDOW);
            if let Some(found) = self.prose.best(tokens.classes()) {
                let end = tokens.end(found.end.saturating_sub(1));
                if end > hit.start {
                    cx.report(INJECTION, start..end, found.score, Signs::NONE.with(Sign::Context));
                    return;
                }
            }
        }
    }
}

fn has_select(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    has(b"select ") && has(b" from ")
}

/// Whether a text is a statement from its first word on.
fn is_statement(classes: &[u8]) -> bool {
    match classes {
        [b'e', second, ..] => {
            matches!(second, b'k' | b'i' | b'n' | b's' | b'o' | b'f' | b'g' | b'(' | b'{') && ends_well(classes)
        }
        [b't', second, ..] => matches!(second, b'b' | b'k' | b'i'),
        // `with a as (`, `with recursive a as (`
        [b'k', b'i', b'k', b'(', ..] | [b'k', b'i', b'i', b'k' | b'(', ..] => true,
        _ => false,
    }
}

/// Whether a statement is whole: it does not end in the middle of a clause.
fn ends_well(classes: &[u8]) -> bool {
    classes.contains(&b'b') && !matches!(classes.last(), Some(b'b' | b'c'))
}

/// Whether a text is prose: it starts with some words, or most of its words mean nothing in SQL.
fn is_prose(tokens: &Tokens) -> bool {
    let classes = tokens.classes();
    let names = classes.windows(2).filter(|pair| *pair == b"ii").count();
    let words = classes.iter().take_while(|class| matches!(class, b'i' | b'k' | b'~')).count();
    names * 3 > classes.len() || words >= 3
}

impl Detector for Sql {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("sql_injection", Family::Sql, "SQL that leaves a value: our own grammar over its tokens"),
            Kind::new("sql_unbound_write", Family::Sql, "UPDATE or DELETE that no WHERE narrows (profile sql)"),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        let words =
            ["union", "or", "and", "||", "&&", "xor", "having", "select", "drop", "delete", "insert", "update", "exec"];
        words.map(|word| Literal::word(word, 0)).into()
    }

    fn reach(&self) -> Reach {
        Reach { back: STATEMENT, ahead: MAX_BYTES }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        if cx.profile == Profile::Sql || hit.start < 1 {
            return;
        }
        // What attacks put in front of their first word, and what follows it.
        let mut left = hit.start;
        while left > 0
            && hit.start - left < 8
            && matches!(before(cx.text, left), b' ' | b'\t' | b'\n' | b'+' | b'/' | b'*' | b'(')
        {
            left -= 1;
        }
        let opens = matches!(before(cx.text, left), b'0'..=b'9' | b'\'' | b'"' | b'`' | b')' | b';');
        // What stands inside of a statement is its author's own.
        let from = hit.start.saturating_sub(STATEMENT);
        let is_union = at(cx.text, hit.start + 1).eq_ignore_ascii_case(&b'n') && hit.end == hit.start + 5;
        if (opens || is_union) && !has_select(cut(cx.text, from..hit.start)) {
            self.window(hit, cx);
        }
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        if cx.text.is_empty() {
            return;
        }
        if cx.profile == Profile::Sql {
            statement::judge(&self.words, &self.statement, cx);
        } else {
            self.value(cx);
        }
    }
}
