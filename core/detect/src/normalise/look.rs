//! One quick look over the bytes of a text: is there anything to undo?

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const SYMBOL: u8 = 4;
const ESCAPE: u8 = 8;
const RUN: u8 = 16;
const PLAIN: u8 = 32;
const TURNED: u8 = 64;

/// What each byte says.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut index = 0;
    while index < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = index as u8;
        let mut class = 0;
        if byte.is_ascii_alphabetic() {
            class |= LETTER | RUN;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT | RUN;
        }
        class |= match byte {
            b'+' => SYMBOL | RUN,
            b'@' | b'$' | b'!' | b'|' => SYMBOL,
            b'%' | b'&' | b'\\' => ESCAPE,
            b'/' | b'-' | b'_' => RUN,
            _ => 0,
        };
        class |= match byte.to_ascii_lowercase() {
            b'e' | b't' | b'o' | b'i' | b's' | b'h' => PLAIN,
            b'r' | b'g' | b'b' | b'v' | b'f' | b'u' => TURNED,
            _ => 0,
        };
        #[expect(clippy::indexing_slicing, reason = "a constant's evaluation")]
        {
            classes[index] = class;
        }
        index += 1;
    }
    classes
};

/// What there may be to undo in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Bytes that start an escape.
    pub escapes: bool,
    /// The longest run of characters of base64.
    pub longest_run: usize,
    /// A digit or symbol right before a letter.
    pub symbols_in_words: bool,
    /// Four single letters or digits in a row.
    pub single_letters: bool,
    /// The letters are spread as in a text turned by thirteen places.
    pub turned: bool,
    /// Bytes looked at.
    pub steps: usize,
}

impl Look {
    pub(crate) fn at(bytes: &[u8]) -> Self {
        let (mut all, mut previous, mut words, mut run, mut longest) = (0u8, 0u8, 0u8, 0usize, 0usize);
        let (mut alternating, mut singles) = (0u8, false);
        let (mut plain, mut turned) = (0usize, 0usize);
        for byte in bytes {
            let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(0);
            all |= class;
            // A digit or a symbol, then a letter.
            words |= (previous >> 1 | previous >> 2) & class & LETTER;
            run = (run + 1) * usize::from(class & RUN != 0);
            longest = longest.max(run);
            alternating = alternating << 1 | u8::from(class & (LETTER | DIGIT) != 0);
            singles |= alternating & 0x7F == 0b101_0101;
            plain += usize::from(class & PLAIN != 0);
            turned += usize::from(class & TURNED != 0);
            previous = class;
        }
        Self {
            escapes: all & ESCAPE != 0,
            longest_run: longest,
            symbols_in_words: words != 0,
            single_letters: singles,
            turned: turned > plain && turned >= 10,
            steps: bytes.len(),
        }
    }
}
