//! One automaton for all literals that are looked for in the text of one slot.
//!
//! `contains('x')` is answered by it exactly. A regular expression runs only if one of the literals was found without which
//! it cannot match. The automaton ignores ASCII case, so that `(?i)` patterns share it; where case matters, a hit is
//! compared with the text once more. It runs only where the text has the first bytes of some literal.

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};
use regex_syntax::hir::{Class, Hir, HirKind};

/// The literals of one slot.
#[derive(Clone, Debug)]
pub struct TextAutomaton {
    slot: u32,
    starts: Option<Starts>,
    automaton: AhoCorasick,
    literals: Box<[Literal]>,
    /// The length of the longest literal.
    longest: usize,
}

/// Text to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    /// The text; in lower case when case does not matter.
    pub text: Box<str>,
    /// Whether ASCII case is ignored.
    pub ignore_case: bool,
}

impl TextAutomaton {
    /// An automaton for `literals` in the text of `slot`, or `None` when it would be too large.
    pub(super) fn new(slot: u32, literals: Vec<Literal>) -> Option<Self> {
        let starts = Starts::of(&literals);
        let bytes: usize = literals.iter().map(|l| l.text.len()).sum();
        let (kind, start) = match starts {
            Some(_) => (AhoCorasickKind::ContiguousNFA, StartKind::Both),
            None if bytes <= DFA_BYTES => (AhoCorasickKind::DFA, StartKind::Unanchored),
            None => (AhoCorasickKind::ContiguousNFA, StartKind::Unanchored),
        };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .kind(Some(kind))
            .start_kind(start)
            .build(literals.iter().map(|l| &*l.text))
            .ok()?;
        let longest = literals.iter().map(|l| l.text.len()).max().unwrap_or(0);
        Some(Self { slot, starts, automaton, literals: literals.into(), longest })
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
        let Some(starts) = &self.starts else { return self.run(text, Input::new(text), &mut found) };
        // In text that is made to look promising everywhere, one run over all that is left is less work.
        let mut left = PROMISING * text.len() + PROMISING_AT_LEAST;
        let mut last = 0;
        let mut seen = 0;
        while let Some(more) = starts.find(text.as_bytes().get(seen..).unwrap_or_default(), &mut last) {
            seen += more + 1;
            let Some(at) = seen.checked_sub(starts.width) else { continue };
            let rest = Input::new(text).range(at..);
            match left.checked_sub(self.longest) {
                Some(less) => left = less,
                None => return self.run(text, rest, &mut found),
            }
            self.run(text, rest.anchored(Anchored::Yes), &mut found);
        }
    }

    fn run(&self, text: &str, input: Input<'_>, found: &mut impl FnMut(u32)) {
        let mut state = OverlappingState::start();
        while self.automaton.try_find_overlapping(input.clone(), &mut state).is_ok()
            && let Some(hit) = state.get_match()
        {
            let Some(literal) = self.literals.get(hit.pattern().as_usize()) else { continue };
            let exact = || text.as_bytes().get(hit.range()).is_some_and(|bytes| bytes == literal.text.as_bytes());
            if literal.ignore_case || exact() {
                found(hit.pattern().as_u32());
            }
        }
    }
}

/// What literals begin with: a set of bits, by a hash of the first bytes. It passes over ordinary text at ten instructions
/// a byte, where an automaton takes twenty.
#[derive(Clone, Debug)]
struct Starts {
    /// How many bytes are looked at.
    width: usize,
    /// Leaves so many of the last four bytes.
    mask: u32,
    bits: Box<[u64]>,
    /// What is shifted out of a hash.
    shift: u32,
}

/// The most bytes of a start.
const WIDE: usize = 4;
/// The fewest that are worth it; with a shorter literal all text is searched.
const NARROW: usize = 3;
/// At most one of so many bits is set.
const SPARSE: usize = 64;
/// So many times the bytes of a text may be looked at by runs from a start.
const PROMISING: usize = 4;
/// So many bytes may be looked at by them in any case.
const PROMISING_AT_LEAST: usize = 1_024;

impl Starts {
    fn of(literals: &[Literal]) -> Option<Self> {
        let shortest = literals.iter().map(|l| l.text.len()).min().unwrap_or(0);
        let width = shortest.min(WIDE);
        if width < NARROW {
            return None;
        }
        let size = (literals.len() * SPARSE).next_power_of_two().clamp(64, 1 << 20);
        let mask = if width == WIDE { u32::MAX } else { u32::MAX >> 8 };
        let shift = u32::BITS - size.trailing_zeros();
        let mut starts = Self { width, mask, bits: vec![0; size / 64].into(), shift };
        for literal in literals {
            let start = literal.text.bytes().take(width).fold(0, |last, byte| (last << 8) | u32::from(fold(byte)));
            let at = starts.place(start);
            if let Some(word) = starts.bits.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
        Some(starts)
    }

    #[inline]
    fn place(&self, last: u32) -> usize {
        ((last & self.mask).wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    /// The place of the first byte that, with those before it, may be the start of a literal. `last` are the four bytes
    /// before, and then those up to there.
    #[inline(never)]
    fn find(&self, bytes: &[u8], last: &mut u32) -> Option<usize> {
        let mut seen = *last;
        let found = bytes.iter().position(|byte| {
            seen = (seen << 8) | u32::from(fold(*byte));
            let at = self.place(seen);
            self.bits.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
        });
        *last = seen;
        found
    }
}

/// The same for both cases of a letter, and sometimes for other bytes.
#[inline]
const fn fold(byte: u8) -> u8 {
    byte | 0x20
}

/// Up to so many bytes of literals an automaton that runs over all text is a DFA, which is twice as fast and takes about
/// 256 bytes for each of them.
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
    Literal { text: if ignore_case { text.to_ascii_lowercase() } else { text }.into(), ignore_case }
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

#[cfg(test)]
mod tests;
