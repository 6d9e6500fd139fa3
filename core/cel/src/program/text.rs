//! One automaton for all literals that are looked for in the text of one slot.
//!
//! `contains('x')` is answered by it exactly. A regular expression runs only if one of the literals was found without which
//! it cannot match. The automaton ignores ASCII case, so that `(?i)` patterns share it; where case matters, a hit is
//! compared with the text once more.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind};

/// The literals of one slot.
#[derive(Clone, Debug)]
pub struct TextAutomaton {
    slot: u32,
    automaton: AhoCorasick,
    literals: Vec<Literal>,
}

/// Text to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    /// The text; in lower case when case does not matter.
    pub text: String,
    /// Whether ASCII case is ignored.
    pub ignore_case: bool,
}

impl TextAutomaton {
    /// An automaton for `literals` in the text of `slot`, or `None` when it would be too large.
    pub(super) fn new(slot: u32, literals: Vec<Literal>) -> Option<Self> {
        let bytes: usize = literals.iter().map(|l| l.text.len()).sum();
        let kind = if bytes <= DFA_BYTES { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .kind(Some(kind))
            .build(literals.iter().map(|l| &l.text))
            .ok()?;
        Some(Self { slot, automaton, literals })
    }

    /// The slot whose text is looked at.
    #[must_use]
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// How many literals there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.literals.len()
    }

    /// True without literals.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// The literals, by number.
    #[must_use]
    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// Calls `found` with the number of each literal that is in `text`; a literal may come more than once.
    pub fn search(&self, text: &str, mut found: impl FnMut(u32)) {
        for hit in self.automaton.find_overlapping_iter(text) {
            let Some(literal) = self.literals.get(hit.pattern().as_usize()) else { continue };
            let exact = || text.as_bytes().get(hit.range()).is_some_and(|bytes| bytes == literal.text.as_bytes());
            if literal.ignore_case || exact() {
                found(hit.pattern().as_u32());
            }
        }
    }
}

/// Up to so many bytes of literals an automaton is a DFA, which is twice as fast and takes about 256 bytes for each of them.
const DFA_BYTES: usize = 4 << 10;
/// The shortest literal that is worth looking for on behalf of a pattern.
const USEFUL: usize = 3;
/// The most alternatives that a pattern may bring.
const ALTERNATIVES: usize = 32;

/// Literals of which at least one is in every text that `pattern` matches, or `None` when there is no useful such set.
pub(super) fn required_literals(pattern: &str) -> Option<Vec<Literal>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let found = required(&hir)?;
    found.iter().all(|l| l.text.len() >= USEFUL).then_some(found)
}

fn required(hir: &Hir) -> Option<Vec<Literal>> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![Literal { text: text.into(), ignore_case: false }])
        }
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => best_of_concat(parts),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(required(branch)?);
            }
            (all.len() <= ALTERNATIVES).then_some(all)
        }
        _ => None,
    }
}

/// The best requirement of a sequence: runs of single letters in either case are joined to one literal first.
fn best_of_concat(parts: &[Hir]) -> Option<Vec<Literal>> {
    let mut best: Option<Vec<Literal>> = None;
    let mut consider = |candidate: Vec<Literal>| {
        let score = |set: &[Literal]| (set.iter().map(|l| l.text.len()).min().unwrap_or(0), usize::MAX - set.len());
        if best.as_deref().is_none_or(|b| score(&candidate) > score(b)) {
            best = Some(candidate);
        }
    };
    let mut run = String::new();
    let mut ignore_case = false;
    for part in parts {
        if let Some((text, folded)) = one_text(part) {
            run.push_str(&text);
            ignore_case |= folded;
            continue;
        }
        if !run.is_empty() {
            consider(vec![literal(std::mem::take(&mut run), std::mem::take(&mut ignore_case))]);
        }
        if let Some(set) = required(part) {
            consider(set);
        }
    }
    if !run.is_empty() {
        consider(vec![literal(run, ignore_case)]);
    }
    best
}

fn literal(text: String, ignore_case: bool) -> Literal {
    Literal { text: if ignore_case { text.to_ascii_lowercase() } else { text }, ignore_case }
}

/// The text that `hir` stands for, when it is a literal or one ASCII letter in both cases; and whether case is ignored.
fn one_text(hir: &Hir) -> Option<(String, bool)> {
    match hir.kind() {
        HirKind::Literal(literal) => Some((std::str::from_utf8(&literal.0).ok()?.to_owned(), false)),
        HirKind::Class(Class::Unicode(class)) => {
            // `(?i)k` also matches U+212A and `(?i)s` U+017F, which the automaton cannot see: those letters end a run.
            let mut letters = class.iter().map(|r| (r.start(), r.end()));
            let (Some((a, a2)), Some((b, b2)), None) = (letters.next(), letters.next(), letters.next()) else {
                return None;
            };
            (a == a2 && b == b2 && a.is_ascii() && b.is_ascii() && a.eq_ignore_ascii_case(&b))
                .then(|| (a.to_ascii_lowercase().to_string(), true))
        }
        _ => None,
    }
}
