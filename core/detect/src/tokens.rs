//! Tokens of texts: exact for the encodings of OpenAI's models, a stated estimate for all others.
//!
//! The vocabularies are built in and weigh megabytes, so exact counts are behind the feature `tokens`; without it all models are
//! estimated.

#[cfg(feature = "tokens")]
use bpe_openai::Tokenizer;

/// Text is counted as soon as it has a place that parts tokens, and in any case when it has so many bytes.
const MAX_HELD: usize = 64 << 10;
/// Bytes of ASCII that an average token has, in the estimate.
const BYTES_A_TOKEN: usize = 4;

/// An encoding of OpenAI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `o200k_base`: GPT-4o and all later models.
    O200k,
    /// `cl100k_base`: GPT-4, GPT-3.5 Turbo, embeddings.
    Cl100k,
}

impl Encoding {
    /// The encoding of a model, by its name; `None` for models of others. A provider in front (`openai/gpt-5`) and a fine-tune's
    /// `ft:` do not matter. Without the feature `tokens` no encoding is known.
    ///
    /// ```
    /// use llm_policy_detect::tokens::Encoding;
    ///
    /// # if cfg!(feature = "tokens") {
    /// assert_eq!(Encoding::of("gpt-5-mini"), Some(Encoding::O200k));
    /// assert_eq!(Encoding::of("gpt-4-turbo"), Some(Encoding::Cl100k));
    /// assert_eq!(Encoding::of("claude-sonnet-4-5"), None);
    /// # }
    /// ```
    #[must_use]
    pub fn of(model: &str) -> Option<Self> {
        if !cfg!(feature = "tokens") {
            return None;
        }
        let model = model.strip_prefix("ft:").unwrap_or(model);
        let model = model.rsplit('/').next().unwrap_or(model);
        let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| model.starts_with(prefix));
        if is(&["gpt-4o", "gpt-4.", "gpt-5", "gpt-oss", "chatgpt-4o", "codex-mini", "computer-use", "o1", "o3", "o4"]) {
            return Some(Self::O200k);
        }
        is(&["gpt-4", "gpt-3.5", "gpt-35", "text-embedding-3", "text-embedding-ada-002"]).then_some(Self::Cl100k)
    }

    #[cfg(feature = "tokens")]
    fn tokenizer(self) -> &'static Tokenizer {
        match self {
            Self::O200k => bpe_openai::o200k_base(),
            Self::Cl100k => bpe_openai::cl100k_base(),
        }
    }

    /// The tokens of a text. Work grows linearly with the text, whatever it holds.
    #[must_use]
    pub fn count(self, text: &str) -> usize {
        #[cfg(feature = "tokens")]
        return self.tokenizer().count(text);
        #[cfg(not(feature = "tokens"))]
        estimate(text)
    }
}

/// How many tokens a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The tokens.
    pub tokens: usize,
    /// Whether that is what the model's own encoding gives.
    pub is_exact: bool,
}

/// The tokens of a text for a model: exact for OpenAI's, else [`estimate`].
#[must_use]
pub fn count(model: &str, text: &str) -> Count {
    match Encoding::of(model) {
        Some(encoding) => Count { tokens: encoding.count(text), is_exact: true },
        None => Count { tokens: estimate(text), is_exact: false },
    }
}

/// An estimate for any model: a token for four bytes of ASCII, and one for every other character; rounded up.
#[must_use]
pub fn estimate(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    ascii.div_ceil(BYTES_A_TOKEN) + text.chars().filter(|c| !c.is_ascii()).count()
}

/// Counts a text that comes in pieces; each byte is encoded once. The same as for the whole text, as long as two letters of ASCII
/// with one blank between them come at least every 64 KiB.
#[derive(Debug, Clone)]
pub struct Counter {
    encoding: Option<Encoding>,
    tokens: usize,
    ascii: usize,
    held: String,
}

impl Counter {
    /// A counter for a model.
    #[must_use]
    pub fn new(model: &str) -> Self {
        Self { encoding: Encoding::of(model), tokens: 0, ascii: 0, held: String::new() }
    }

    /// The next piece.
    pub fn push(&mut self, text: &str) {
        let Some(encoding) = self.encoding else {
            let ascii = text.bytes().filter(u8::is_ascii).count();
            self.ascii += ascii;
            self.tokens += text.chars().count() - ascii;
            return;
        };
        let seen = self.held.len().saturating_sub(2);
        self.held.push_str(text);
        let cut = match last_gap(self.held.as_bytes(), seen) {
            None if self.held.len() >= MAX_HELD => self.held.len(),
            None => return,
            Some(cut) => cut,
        };
        self.tokens += encoding.count(self.held.get(..cut).unwrap_or_default());
        self.held.drain(..cut);
    }

    /// The tokens so far, what is held included.
    #[must_use]
    pub fn count(&self) -> Count {
        match self.encoding {
            Some(encoding) => Count { tokens: self.tokens + encoding.count(&self.held), is_exact: true },
            None => Count { tokens: self.tokens + self.ascii.div_ceil(BYTES_A_TOKEN), is_exact: false },
        }
    }
}

/// The last blank between two letters: a token always begins there, whatever else stands around it.
fn last_gap(bytes: &[u8], from: usize) -> Option<usize> {
    let windows = bytes.get(from..)?.windows(3);
    let is_gap = |window: &[u8]| matches!(window, [a, b' ', b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    windows.enumerate().rev().find(|(_, window)| is_gap(window)).map(|(index, _)| from + index + 1)
}

#[cfg(all(test, feature = "tokens"))]
mod tests {
    #![expect(clippy::string_slice, reason = "a test")]

    use super::*;

    #[test]
    fn counts_are_those_of_the_encodings() {
        // From OpenAI's own documentation of the encodings.
        assert_eq!(Encoding::Cl100k.count("tiktoken is great!"), 6);
        assert_eq!(Encoding::O200k.count("tiktoken is great!"), 6);
        assert_eq!(Encoding::Cl100k.count("antidisestablishmentarianism"), 6);
        assert_eq!(Encoding::Cl100k.count("2 + 2 = 4"), 7);
        assert_eq!(Encoding::Cl100k.count("お誕生日おめでとう"), 9);
        assert_eq!(Encoding::O200k.count("お誕生日おめでとう"), 8);
        assert_eq!(Encoding::O200k.count(""), 0);
    }

    #[test]
    fn the_estimate_is_what_it_says() {
        assert_eq!(count("claude-opus-4", "12345"), Count { tokens: 2, is_exact: false });
        assert_eq!(estimate("日本 a"), 3);
    }

    #[test]
    fn a_counter_counts_what_the_whole_text_has() {
        let text = "We'll see: it's 3.14159 or so,  isn't it?\n\n  日本語の文章です。 Straße WORDs don'T\tfn main() { x += 1; } 👋👋 a b c 's 're";
        for model in ["gpt-5", "gpt-4", "mistral-large"] {
            let whole = count(model, text);
            for left in (0..=text.len()).filter(|place| text.is_char_boundary(*place)) {
                let mut counter = Counter::new(model);
                counter.push(&text[..left]);
                counter.push(&text[left..]);
                assert_eq!(counter.count(), whole, "{model} at {left}");
            }
            let mut counter = Counter::new(model);
            text.chars().for_each(|c| counter.push(c.encode_utf8(&mut [0; 4])));
            assert_eq!(counter.count(), whole, "{model}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        // Quadratic encoders need minutes for this.
        let mut counter = Counter::new("gpt-5");
        for unit in ["a", "((((", "=", "é", " "] {
            counter.push(&unit.repeat(200_000 / unit.len()));
        }
        assert!(counter.count().tokens > 10_000);
    }
}
