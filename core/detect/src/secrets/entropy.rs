//! How random a value looks, and whether it only stands for one.

use crate::bytes::cut;
use crate::pii::checks::is_sequence;

/// Bits a character, by the frequencies of the value's own characters (Shannon).
pub(super) fn bits(value: &[u8]) -> f32 {
    let mut counts = [0u16; 256];
    let value = cut(value, 0..1024);
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
    let len = value.len() as f32;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f32::from(*count) / len;
            -share * share.log2()
        })
        .sum()
}

/// Words that say that a value is none.
const WORDS: [&[u8]; 26] = [
    b"example",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"redacted",
    b"dummy",
    b"sample",
    b"insert",
    b"replace",
    b"your_",
    b"your-",
    b"yourpass",
    b"yoursecret",
    b"yourtoken",
    b"yourkey",
    b"yourapi",
    b"xxxx",
    b"****",
    b"....",
    b"todo",
    b"secret_here",
    b"tokenhere",
    b"keyhere",
    b"put_your",
    b"<",
];

/// Whether a value stands for a value: says so, is a variable, or repeats itself.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let is_variable = value.starts_with(b"$")
        || value.starts_with(b"{{")
        || value.starts_with(b"%(")
        || value.starts_with(b"#{")
        || contains(value, b"${");
    is_variable || says_so(value) || is_mostly_runs(value) || is_few(value)
}

fn says_so(value: &[u8]) -> bool {
    WORDS.iter().any(|word| value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word)))
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Mostly one character over and over, or the alphabet in its order.
fn is_mostly_runs(value: &[u8]) -> bool {
    let repeated: usize = value.chunk_by(|a, b| a == b).map(<[u8]>::len).filter(|len| *len >= 5).sum();
    let counted = value
        .chunk_by(|a, b| a.is_ascii_alphabetic() && a + 1 == *b)
        .map(<[u8]>::len)
        .filter(|len| *len >= 8)
        .sum::<usize>();
    repeated * 5 >= value.len() * 3 || counted * 2 >= value.len()
}

/// Hardly any different characters, or nothing but counting.
fn is_few(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in value {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    seen.iter().filter(|seen| **seen).count() < 5.min(value.len())
        || (value.len() > 4 && value.iter().all(u8::is_ascii_digit) && is_sequence(value))
}

/// The classes of characters in a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mix {
    pub(super) digits: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) other: usize,
}

impl Mix {
    pub(super) fn of(value: &[u8]) -> Self {
        let mut mix = Self::default();
        for byte in value {
            match byte {
                b'0'..=b'9' => mix.digits += 1,
                b'a'..=b'z' => mix.lower += 1,
                b'A'..=b'Z' => mix.upper += 1,
                _ => mix.other += 1,
            }
        }
        mix
    }

    pub(super) fn letters(self) -> usize {
        self.lower + self.upper
    }

    /// How many of the four classes occur.
    pub(super) fn classes(self) -> usize {
        [self.digits, self.lower, self.upper, self.other].into_iter().filter(|count| *count > 0).count()
    }
}
