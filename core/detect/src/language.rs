//! The language that a text is written in.
//!
//! Letters and groups of three letters are counted by the `whatlang` crate, which knows 70 languages and how sure it is. What is
//! not sure is no answer: see [`of`].

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use whatlang::{Lang, detect};

use crate::normalise::is_invisible;

/// The answer when the language cannot be told: "undetermined" in ISO 639-2 and BCP 47.
pub const UNDETERMINED: &str = "und";

/// The most bytes of a text that are read.
pub const MAX_READ: usize = 2048;

/// A longer text is read in so many pieces, from its beginning to its end.
const PIECES: usize = 8;

/// An answer counts from here on: the distance between the likeliest language and the next, as `whatlang` measures it, from 0 to 1.
const SURE: f64 = 0.3;

/// The codes of all languages that are told apart, without [`UNDETERMINED`].
pub fn codes() -> impl Iterator<Item = &'static str> {
    Lang::all().iter().map(|lang| code(*lang))
}

/// The language of a text, as ISO 639-1 has it (`en`, `de`, `zh`); [`UNDETERMINED`] for a text without letters, and where no language
/// is clearly likelier than the others.
///
/// At most [`MAX_READ`] bytes are read, evenly over the text. Of two scripts the one with more letters counts; what mixes languages of
/// one script has the one that it is most like, or none. Invisible characters and words that are no words (addresses, numbers, names
/// of variables) do not count.
///
/// ```
/// use llm_policy_detect::language;
///
/// assert_eq!(language::of("Wie spät ist es in Tokio, wenn es hier Mittag ist?"), "de");
/// assert_eq!(language::of("42 + 1"), "und");
/// ```
#[must_use]
pub fn of(text: &str) -> &'static str {
    let mut sample = Sample::new(text.len());
    sample.push(text);
    sample.language()
}

/// The part that is read of texts that come one by one, as if they were one.
#[derive(Debug)]
pub struct Sample {
    pieces: Vec<Range<usize>>,
    /// Bytes that went by.
    seen: usize,
    text: String,
}

impl Sample {
    /// A sample of texts that have `total` bytes together.
    #[must_use]
    pub fn new(total: usize) -> Self {
        const PIECE: usize = MAX_READ / PIECES;
        // The division comes first, so that nothing overflows, whatever the total is.
        let (count, len, step) = match total {
            0..=MAX_READ => (1, total, 0),
            _ => (PIECES, PIECE, (total - PIECE) / (PIECES - 1)),
        };
        let pieces = (0..count).map(|at| step * at..step * at + len).collect();
        Self { pieces, seen: 0, text: String::with_capacity(total.min(MAX_READ) + PIECES) }
    }

    /// The next text.
    pub fn push(&mut self, text: &str) {
        let here = self.seen..self.seen.saturating_add(text.len());
        for piece in &self.pieces {
            let (start, end) = (piece.start.max(here.start), piece.end.min(here.end));
            if start < end {
                let start = text.ceil_char_boundary(start - here.start);
                let end = text.floor_char_boundary(end - here.start);
                self.text.push_str(text.get(start..end).unwrap_or_default());
                self.text.push(' ');
            }
        }
        self.seen = here.end;
    }

    /// The language of what was read.
    #[must_use]
    pub fn language(&self) -> &'static str {
        let visible = self.text.chars().filter(|c| !is_invisible(*c));
        let text: String = visible.nfkc().collect();
        let mut words = String::with_capacity(text.len());
        for word in text.split_whitespace().filter(|word| is_word(word)) {
            words.push_str(word);
            words.push(' ');
        }
        match detect(&words) {
            Some(info) if info.confidence() >= SURE => code(info.lang()),
            _ => UNDETERMINED,
        }
    }
}

/// Whether what stands between blanks may belong to a language. What is not ASCII always may: not all scripts put blanks between words.
fn is_word(word: &str) -> bool {
    !word.is_ascii() || !word.bytes().any(|byte| byte.is_ascii_digit() || b"@/\\_=<>{}|$%&#*+^~".contains(&byte))
}

/// The code of ISO 639-1, which has one for all languages that are known.
fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
    }
}
