//! Where a text is cut into segments: at places where nothing that is found begins on the left and goes on far to the right.
//!
//! A segment ends between two words, when so much of what follows is known that no finding that starts before depends on more.
//! In prose that is little; where there are digits, signs or an open quotation it is more. Inside of a private key there is no cut.
//! Text without any such place is cut by length.

use crate::bytes::{at, before, cut, floor};

/// Segments are at least so long, so that the context around them is read a bounded number of times.
const MIN_SEGMENT: usize = 48;
/// Text without a place to cut is cut after so many bytes.
pub(super) const MAX_SEGMENT: usize = 16 << 10;
/// So much around a cut must be plain words for it to be quiet: before it, and behind it.
const QUIET_BEFORE: usize = 64;
const QUIET: usize = 48;
/// So much of what follows any other cut must be known: a password in quotes (256), a number with the word that names it.
const FAR: usize = 320;
/// The longest private key, with its frame.
const KEY: usize = 4400;

/// What is found in a segment, and what has to be known of the text for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// Where the segment ends.
    pub end: usize,
    /// Where the text ends that it is judged by.
    pub known: usize,
}

/// Finds the cuts of a text, a character at a time. Places are counted from the start of the text.
#[derive(Debug, Clone)]
pub(super) struct Cutter {
    /// How far the text was looked at.
    seen: usize,
    /// Where the last segment ended.
    last: usize,
    /// Behind the last character that is not part of plain words.
    odd: usize,
    /// Behind the last quotation mark that may open a value.
    quote: usize,
    /// What must be known behind a quiet cut (`None`: there are none), any other cut, and a cut by length.
    quiet: Option<(usize, Key)>,
    far: (usize, Key),
    farthest: usize,
}

impl Cutter {
    /// `longest`: the longest match of the author's own patterns; `farthest`: how far any detector looks; `words`: whether something
    /// that is looked for can be plain words, as names are.
    pub(super) fn new(longest: usize, farthest: usize, words: bool) -> Self {
        let own = if longest > 0 { longest + 8 } else { 0 };
        Self {
            seen: 0,
            last: 0,
            odd: 0,
            quote: 0,
            quiet: (!words).then(|| (QUIET.max(own), Key::default())),
            far: (FAR.max(own), Key::default()),
            farthest: farthest.max(FAR).max(own),
        }
    }

    /// The next cut, if the text (of which what lies before `base` is gone) is known far enough.
    pub(super) fn next(&mut self, text: &str, base: usize) -> Option<Cut> {
        let bytes = text.as_bytes();
        for c in text.get(self.seen - base..).unwrap_or_default().chars() {
            let before = self.seen;
            self.seen += c.len_utf8();
            self.note(c, bytes, before - base);
            for known in before + 1..=self.seen {
                if let Some(end) = self.cut(bytes, base, known) {
                    self.last = end;
                    return Some(Cut { end, known: self.seen });
                }
            }
        }
        None
    }

    /// Notes what speaks against a quiet cut near the character at `place`.
    fn note(&mut self, c: char, bytes: &[u8], place: usize) {
        let previous = before(bytes, place);
        let is_value = matches!(previous, b'=' | b':' | b'>' | b',' | b'(' | b'[' | b'@' | b'\\')
            || previous == b' ' && matches!(before(bytes, place.saturating_sub(1)), b'=' | b':' | b'>' | b',');
        if matches!(c, '"' | '\'' | '`') && is_value {
            self.quote = self.seen;
        }
        if !is_plain(c, previous) {
            self.odd = self.seen;
        }
    }

    /// The place to cut at, if that is so now that the text is known up to `known`.
    fn cut(&mut self, bytes: &[u8], base: usize, known: usize) -> Option<usize> {
        let least = self.last + MIN_SEGMENT;
        let fits = |place: usize| place >= least && is_between_words(bytes, place - base);
        if let Some((ahead, key)) = &mut self.quiet
            && let Some(place) = known.checked_sub(*ahead)
        {
            key.pass(bytes, base, place);
            let is_quiet = self.odd + QUIET_BEFORE <= place && (self.quote == 0 || self.quote + FAR <= known);
            if is_quiet && fits(place) && !key.is_open(place) {
                return Some(place);
            }
        }
        let (ahead, key) = &mut self.far;
        if let Some(place) = known.checked_sub(*ahead) {
            key.pass(bytes, base, place);
            if fits(place) && !key.is_open(place) {
                return Some(place);
            }
        }
        (known >= self.last + MAX_SEGMENT + self.farthest).then(|| base + floor(bytes, self.last + MAX_SEGMENT - base))
    }
}

/// Whether a private key is open at a place that moves along the text.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    at: usize,
    open: Option<usize>,
}

impl Key {
    fn pass(&mut self, bytes: &[u8], base: usize, place: usize) {
        while self.at < place {
            self.at += 1;
            let Some(end) = self.at.checked_sub(base) else { continue };
            if before(bytes, end) == b'N' && cut(bytes, end.saturating_sub(10)..end) == b"-----BEGIN" {
                self.open = Some(self.at);
            } else if before(bytes, end) == b'D' && cut(bytes, end.saturating_sub(8)..end) == b"-----END" {
                self.open = None;
            }
        }
    }

    fn is_open(self, place: usize) -> bool {
        self.open.is_some_and(|open| place < open + KEY)
    }
}

/// Whether a word starts here behind a blank, or two characters meet of scripts that write without blanks.
fn is_between_words(bytes: &[u8], place: usize) -> bool {
    let (left, right) = (before(bytes, place), at(bytes, place));
    if left.is_ascii_whitespace() {
        return !right.is_ascii_whitespace();
    }
    // Kana, Han and Hangul are three bytes, the first of which is one of these.
    let glued = |byte: u8| matches!(byte, 0xE3..=0xED);
    left >= 0x80 && glued(right) && glued(at(bytes, place.saturating_sub(3)))
}

/// Whether a character is part of plain words, of which no finding is made but those of few words.
fn is_plain(c: char, previous: u8) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | ' ' | '\n' | ',' | '.' | '!' | '?' | ';' | '(' | ')' | '"' | '\'' => true,
        '-' => previous != b'-',
        ':' => previous.is_ascii_alphabetic(),
        '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3002}' | '\u{1F300}'..='\u{1F64F}' => true,
        // Forms that fold to ASCII letters, digits and signs, or to nothing.
        '\u{FE00}'..='\u{FFFF}' | '\u{10000}'.. => false,
        c => !c.is_ascii() && c.is_alphabetic(),
    }
}
