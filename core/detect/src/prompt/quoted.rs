//! Whether a text quotes or describes an order instead of giving it. Looks back only, so that a stream knows at once.

use crate::bytes::{cut, floor};

/// How far back a cue may stand.
const BACK: usize = 120;

/// Words that introduce a quotation or a description.
const CUES: [&str; 34] = [
    "for example",
    "such as",
    "e.g.",
    "example of",
    "examples of",
    "phrases like",
    "prompts like",
    "inputs like",
    "text like",
    "messages like",
    "attack",
    "injection",
    "detect",
    "classif",
    "what does",
    "meaning of",
    "is called",
    "known as",
    "try to trick",
    "tries to",
    "attempts to",
    "instead of saying",
    "zum beispiel",
    "par exemple",
    "por ejemplo",
    "por exemplo",
    "ad esempio",
    "translate the following",
    "translate this",
    "the phrase",
    "the sentence",
    "asks you to",
    "tells you to",
    "if a user",
];

/// What a quotation takes off the score.
const QUOTED: u8 = 40;

/// What to take off an order's score for what stands in front of it.
pub(super) fn damping(text: &[u8], start: usize) -> u8 {
    let back = cut(text, floor(text, start.saturating_sub(BACK))..start);
    let described =
        CUES.iter().any(|cue| back.windows(cue.len()).any(|window| window.eq_ignore_ascii_case(cue.as_bytes())));
    if described { QUOTED } else { 0 }
}
