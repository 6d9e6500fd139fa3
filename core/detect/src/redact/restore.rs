//! Putting values back where a model wrote their placeholders.

use std::ops::Range;

use super::vault::Vault;
use crate::held::Held;

/// Between the words of a placeholder a model may write so many separators.
const MAX_GAP: usize = 3;
/// The longest placeholder in any way of writing, in bytes. What is held back of a stream is no longer.
pub const MAX_PLACEHOLDER: usize = 160;

/// Puts values back in texts of a model. Case, blanks, hyphens, markdown and lost brackets do not matter (`**email k7f3q9xa**` is
/// `[EMAIL_K7F3Q9XA]`).
///
/// Inside a URL or the target of a markdown link nothing is put back: a page that a model is talked into linking to would get
/// the values. [`Restorer::in_urls`] is the explicit rule that allows it.
///
/// As a stream: [`push`](Self::push) gives what is settled, [`finish`](Self::finish) the rest. The joined text is the same however
/// the answer is cut.
#[derive(Debug, Clone)]
pub struct Restorer<'v> {
    vault: Held<'v, Vault>,
    in_urls: bool,
    /// What may still become a placeholder.
    held: String,
    state: State,
}

/// What is known of the text before the place.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    previous: u8,
    before_previous: u8,
    in_url: bool,
    /// How many values were put back.
    restored: usize,
}

/// What stands at a place.
enum Match<'v> {
    No,
    /// So many bytes that stand for a value.
    Yes(usize, &'v str),
    /// The text ends before that can be told.
    More,
}

impl<'v> Restorer<'v> {
    /// A restorer of a conversation's values.
    #[must_use]
    pub fn new(vault: impl Into<Held<'v, Vault>>) -> Self {
        Self { vault: vault.into(), in_urls: false, held: String::new(), state: State::default() }
    }

    /// Also inside URLs and the targets of links.
    #[must_use]
    pub fn in_urls(mut self) -> Self {
        self.in_urls = true;
        self
    }

    /// A whole text.
    #[must_use]
    pub fn restore(&mut self, text: &str) -> String {
        let mut out = self.push(text);
        out.push_str(&self.finish());
        out
    }

    /// More of an answer; gives what is settled now.
    #[must_use]
    pub fn push(&mut self, text: &str) -> String {
        self.held.push_str(text);
        self.settle(false)
    }

    /// The end of an answer; gives what was held back. The restorer can begin with another text.
    #[must_use]
    pub fn finish(&mut self) -> String {
        let out = self.settle(true);
        self.state = State { restored: self.state.restored, ..State::default() };
        out
    }

    /// How many values were put back so far.
    #[must_use]
    pub fn restored(&self) -> usize {
        self.state.restored
    }

    /// Bytes that are held back; at most [`MAX_PLACEHOLDER`].
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn settle(&mut self, is_end: bool) -> String {
        let held = std::mem::take(&mut self.held);
        let mut out = String::with_capacity(held.len());
        let mut at = 0;
        while let Some(rest) = held.get(at..).filter(|rest| !rest.is_empty()) {
            match self.look(rest.as_bytes(), is_end) {
                Match::More => break,
                Match::Yes(len, value) => {
                    out.push_str(value);
                    self.state.restored += 1;
                    held.as_bytes().get(at..at + len).into_iter().flatten().for_each(|byte| self.state.pass(*byte));
                    at += len;
                }
                Match::No => {
                    let len = rest.chars().next().map_or(1, char::len_utf8);
                    rest.as_bytes().iter().take(len).for_each(|byte| self.state.pass(*byte));
                    out.push_str(rest.get(..len).unwrap_or_default());
                    at += len;
                }
            }
        }
        self.held.push_str(held.get(at..).unwrap_or_default());
        out
    }

    fn look(&self, rest: &[u8], is_end: bool) -> Match<'_> {
        if self.state.in_url && !self.in_urls {
            return Match::No;
        }
        placeholder(&self.vault, self.state.previous, rest, is_end)
    }
}

impl State {
    fn pass(&mut self, byte: u8) {
        self.in_url = match (self.before_previous, self.previous, byte) {
            _ if byte.is_ascii_whitespace() || matches!(byte, b'"' | b'<' | b'>') => false,
            (_, b'/', b'/') | (_, b']', b'(') | (b'w' | b'W', b'w' | b'W', b'w' | b'W') => true,
            _ => self.in_url,
        };
        (self.before_previous, self.previous) = (self.previous, byte);
    }
}

/// Whether a placeholder of the vault begins here, behind the byte `previous`.
fn placeholder<'v>(vault: &'v Vault, previous: u8, rest: &[u8], is_end: bool) -> Match<'v> {
    // Where the text ends before it can be told.
    let short = if is_end { Match::No } else { Match::More };
    let at = |place: usize| rest.get(place).copied();
    let escaped = usize::from(at(0) == Some(b'\\'));
    let open = at(escaped).and_then(|byte| match byte {
        b'[' => Some(b']'),
        b'{' => Some(b'}'),
        b'<' => Some(b'>'),
        _ => None,
    });
    let mut place = 0;
    match open {
        Some(_) => place = escaped + 1,
        None if escaped == 1 => return if at(1).is_none() { short } else { Match::No },
        None if previous.is_ascii_alphanumeric() => return Match::No,
        None => {}
    }
    if open.is_some() {
        place += rest.iter().skip(place).take(MAX_GAP).take_while(|byte| is_gap(**byte)).count();
    }
    let mut name = String::new();
    let mut gap = MAX_GAP;
    while place < MAX_PLACEHOLDER {
        let Some(byte) = at(place) else {
            // At the end of the whole text the name is as long as it will be.
            return match vault.value(&name).filter(|_| is_end) {
                Some(value) => Match::Yes(place, value),
                None => short,
            };
        };
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte.to_ascii_uppercase()));
            if !vault.begins(&name) {
                return Match::No;
            }
            gap = 0;
        } else if is_gap(byte) && gap < MAX_GAP && vault.value(&name).is_none() {
            gap += 1;
        } else {
            break;
        }
        place += 1;
    }
    let Some(value) = vault.value(&name) else { return Match::No };
    let Some(close) = open else { return Match::Yes(place, value) };
    // The bracket that was opened, perhaps behind blanks or a backslash. Without it the bracket before is text.
    let mut end = place;
    while end < place + MAX_GAP && at(end).is_some_and(is_gap) {
        end += 1;
    }
    // A backslash before belongs to the placeholder only if its end has one, too.
    let is_even = escaped == 0 || rest.get(place..end).unwrap_or_default().contains(&b'\\');
    match at(end) {
        Some(byte) if byte == close && is_even => Match::Yes(end + 1, value),
        None if !is_end => Match::More,
        _ => Match::No,
    }
}

fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'_' | b'-' | b'\\' | b'*' | b'`')
}

/// Places of a text that would be restored: whoever writes them before anything was redacted means them literally.
pub(super) fn written(vault: &Vault, text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut at, mut previous) = (0, 0);
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty() && !vault.is_empty()) {
        let len = match placeholder(vault, previous, rest, true) {
            Match::Yes(len, _) => {
                found.push(at..at + len);
                len
            }
            _ => 1,
        };
        at += len;
        previous = text.as_bytes().get(at - 1).copied().unwrap_or(0);
    }
    found
}
