//! Forms of tokens: a small, linear pattern language for `data/secrets.tsv`.

use crate::bytes::{at, cut};

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Set([u64; 4]);

impl Set {
    fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut set = Self::default();
        bytes.into_iter().for_each(|byte| set.add(byte));
        set
    }

    fn add(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    pub(super) fn has(self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    fn either_case(self) -> Self {
        let mut both = self;
        for byte in (0..=255u8).filter(|byte| self.has(*byte)) {
            both.add(byte.to_ascii_lowercase());
            both.add(byte.to_ascii_uppercase());
        }
        both
    }

    fn without(self, not: Self) -> Self {
        Self::of((0..128u8).filter(|byte| self.has(*byte) && !not.has(*byte)))
    }
}

/// A part of a form: so many bytes of a set. A literal is a part for each byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    set: Set,
    min: u16,
    max: u16,
    /// What follows can begin with a byte of this set, so that fewer bytes than there are may be right.
    open: bool,
}

/// One alternative of a form, ready to match.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) parts: Vec<Part>,
    /// The literal bytes that it begins with.
    pub(super) prefix: String,
}

/// What a form's text may be wrong in.
type Reading<T> = Result<T, String>;

fn class(letter: u8) -> Option<Set> {
    let ranges = |ranges: &[(u8, u8)], more: &[u8]| {
        let all = ranges.iter().flat_map(|(first, last)| *first..=*last).chain(more.iter().copied());
        Set::of(all)
    };
    let alnum = [(b'a', b'z'), (b'A', b'Z'), (b'0', b'9')];
    Some(match letter {
        b'a' => ranges(&alnum, b""),
        b'l' => ranges(&[(b'a', b'z'), (b'0', b'9')], b""),
        b'u' => ranges(&[(b'A', b'Z'), (b'0', b'9')], b""),
        b'd' => ranges(&[(b'0', b'9')], b""),
        b'h' => ranges(&[(b'a', b'f'), (b'0', b'9')], b""),
        b'H' => ranges(&[(b'a', b'f'), (b'A', b'F'), (b'0', b'9')], b""),
        b'w' => ranges(&alnum, b"_"),
        b't' => ranges(&alnum, b"_-"),
        b'z' => ranges(&alnum, b"_-="),
        b'b' => ranges(&alnum, b"+/="),
        _ => return None,
    })
}

impl Form {
    /// All alternatives of a form's text.
    pub(super) fn read(text: &str, either_case: bool) -> Reading<Vec<Self>> {
        let mut all = vec![Self { parts: Vec::new(), prefix: String::new() }];
        let bytes = text.as_bytes();
        let mut place = 0;
        while place < bytes.len() {
            let byte = at(bytes, place);
            let choices: Vec<Vec<(Set, Option<u8>)>> = match byte {
                b'(' => {
                    let end = find(bytes, place, b')')?;
                    let inner = cut(bytes, place + 1..end);
                    place = end + 1;
                    let literal = |choice: &[u8]| choice.iter().map(|byte| (Set::of([*byte]), Some(*byte))).collect();
                    inner.split(|byte| *byte == b'|').map(literal).collect()
                }
                b'[' => {
                    let end = find(bytes, place, b']')?;
                    let inner = cut(bytes, place + 1..end);
                    let set = bracket(inner)?;
                    place = end + 1;
                    // A class of one is a literal.
                    let literal = inner.first().copied().filter(|_| inner.len() == 1);
                    vec![vec![(set, literal)]]
                }
                b'\\' => {
                    let letter = at(bytes, place + 1);
                    place += 2;
                    let set = class(letter).map(|set| (set, None));
                    // Any other sign is itself.
                    vec![vec![set.unwrap_or((Set::of([letter]), Some(letter)))]]
                }
                _ => {
                    place += 1;
                    vec![vec![(Set::of([byte]), Some(byte))]]
                }
            };
            let (min, max, len) = repetition(cut(bytes, place..bytes.len()))?;
            place += len;
            all = all
                .into_iter()
                .flat_map(|form| choices.iter().map(move |choice| form.clone().with(choice, (min, max), either_case)))
                .collect();
        }
        for form in &mut all {
            form.finish();
        }
        Ok(all)
    }

    fn with(mut self, choice: &[(Set, Option<u8>)], (min, max): (u16, u16), either_case: bool) -> Self {
        for (set, literal) in choice {
            let still_literal = self.parts.len() == self.prefix.len();
            if let Some(byte) = literal.filter(|_| still_literal && min == 1 && max == 1) {
                self.prefix.push(char::from(byte));
            }
            let set = if either_case { set.either_case() } else { *set };
            self.parts.push(Part { set, min, max, open: false });
        }
        self
    }

    fn finish(&mut self) {
        let sets: Vec<(Set, u16)> = self.parts.iter().map(|part| (part.set, part.min)).collect();
        for (index, part) in self.parts.iter_mut().enumerate() {
            // Parts that may be empty let those behind them through.
            let mut next = sets.iter().skip(index + 1);
            part.open = part.min < part.max
                && loop {
                    match next.next() {
                        Some((set, _)) if set.meets(part.set) => break true,
                        Some((_, 0)) => {}
                        _ => break false,
                    }
                };
        }
    }

    /// Where the form ends if it begins at a place.
    pub(super) fn matches(&self, text: &[u8], start: usize) -> Option<usize> {
        walk(&self.parts, text, start)
    }

    /// Whether a byte could be more of the last part: then the token is longer than the form allows.
    pub(super) fn goes_on(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || self.parts.last().is_some_and(|part| part.set.without(Set::of(*b"=./+-_~")).has(byte))
    }

    /// The most bytes that the form takes.
    pub(super) fn longest(&self) -> usize {
        self.parts.iter().map(|part| usize::from(part.max)).sum()
    }
}

fn walk(parts: &[Part], text: &[u8], start: usize) -> Option<usize> {
    let Some((part, rest)) = parts.split_first() else { return Some(start) };
    let most = usize::from(part.max);
    let there = cut(text, start..start + most).iter().take_while(|byte| part.set.has(**byte)).count();
    let least = usize::from(part.min);
    if there < least {
        return None;
    }
    if !part.open {
        return walk(rest, text, start + there);
    }
    (least..=there).rev().find_map(|count| walk(rest, text, start + count))
}

fn find(bytes: &[u8], from: usize, sign: u8) -> Reading<usize> {
    let rest = bytes.get(from + 1..).unwrap_or_default();
    rest.iter()
        .position(|byte| *byte == sign)
        .map(|offset| from + 1 + offset)
        .ok_or_else(|| format!("`{}` is missing", char::from(sign)))
}

fn bracket(inner: &[u8]) -> Reading<Set> {
    let (inner, negated) = inner.strip_prefix(b"^").map_or((inner, false), |inner| (inner, true));
    let mut set = Set::default();
    let mut place = 0;
    while place < inner.len() {
        let first = at(inner, place);
        if first == b'\\'
            && let Some(class) = class(at(inner, place + 1))
        {
            (0..128u8).filter(|byte| class.has(*byte)).for_each(|byte| set.add(byte));
            place += 2;
        } else if first == b'\\' {
            set.add(at(inner, place + 1));
            place += 2;
        } else if at(inner, place + 1) == b'-' && place + 2 < inner.len() {
            (first..=at(inner, place + 2)).for_each(|byte| set.add(byte));
            place += 3;
        } else {
            set.add(first);
            place += 1;
        }
    }
    if inner.is_empty() {
        return Err("an empty class".to_owned());
    }
    Ok(if negated { Set::of((33..127u8).filter(|byte| !set.has(*byte))) } else { set })
}

/// `{m}`, `{m,n}` or `?` at the start of a text, and its length.
fn repetition(rest: &[u8]) -> Reading<(u16, u16, usize)> {
    match rest.first() {
        Some(b'?') => Ok((0, 1, 1)),
        Some(b'{') => {
            let end = find(rest, 0, b'}')?;
            let inner = std::str::from_utf8(cut(rest, 1..end)).map_err(|error| error.to_string())?;
            let (min, max) = inner.split_once(',').unwrap_or((inner, inner));
            let number = |text: &str| text.parse::<u16>().map_err(|error| format!("`{text}`: {error}"));
            Ok((number(min)?, number(max)?, end + 1))
        }
        _ => Ok((1, 1, 0)),
    }
}
