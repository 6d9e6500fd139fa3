//! Streams that are judged when all of the text is there.

use std::fmt;

use super::utf8::Decoder;
use super::{Action, Output};
use crate::finding::{Finding, Findings};
use crate::profile::Source;
use crate::redact::Redactor;
use crate::scanner::{Scanner, Scratch};

/// Judges a stream at its end, by a scan of the whole text: for families that are not
/// [streamable](crate::Family::is_streamable). [`Whole::buffer`] holds the text back until then, [`Whole::at_end`] lets it through.
///
/// The text is kept up to the scanner's budget. What lies beyond was not judged, as [`Findings::beyond`] says; a buffer gives
/// `[UNSCANNED]` in its place.
pub struct Whole<'g> {
    scanner: &'g Scanner,
    action: Box<dyn Fn(&Finding) -> Action + Send + 'g>,
    redactor: Redactor,
    is_held: bool,
    decoder: Decoder,
    text: String,
    beyond: usize,
}

impl fmt::Debug for Whole<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Whole").field("kept", &self.text.len()).finish_non_exhaustive()
    }
}

impl<'g> Whole<'g> {
    /// Lets the text through; the findings at the end are notes.
    #[must_use]
    pub fn at_end(scanner: &'g Scanner) -> Self {
        Self::new(scanner, Box::new(|_| Action::Note), false)
    }

    /// Holds the text back until its end.
    #[must_use]
    pub fn buffer(scanner: &'g Scanner, action: impl Fn(&Finding) -> Action + Send + 'g) -> Self {
        Self::new(scanner, Box::new(action), true)
    }

    fn new(scanner: &'g Scanner, action: Box<dyn Fn(&Finding) -> Action + Send + 'g>, is_held: bool) -> Self {
        let redactor = Redactor::new([0; 32]);
        Self { scanner, action, redactor, is_held, decoder: Decoder::default(), text: String::new(), beyond: 0 }
    }

    /// What replaces findings; without it hashes have no secret key.
    #[must_use]
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The next chunk.
    pub fn push(&mut self, chunk: &[u8]) -> Output {
        let mut text = String::new();
        self.decoder.push(chunk, &mut text);
        self.keep(text)
    }

    /// The end of the text: what is emitted now, and all findings.
    pub fn finish(&mut self) -> (Output, Findings) {
        let mut text = String::new();
        self.decoder.finish(&mut text);
        let mut output = self.keep(text);
        let mut findings = self.scanner.scan_from(&self.text, Source::Model, &mut Scratch::default());
        findings.beyond += self.beyond;
        if self.is_held {
            let stop = findings.iter().find(|finding| (self.action)(finding) == Action::Stop).copied();
            output.stopped = stop;
            if stop.is_none() {
                let chosen = findings.iter().filter_map(|finding| match (self.action)(finding) {
                    Action::Redact(style) => Some((*finding, style)),
                    Action::Note | Action::Stop => None,
                });
                let chosen = chosen.collect();
                let redacted =
                    self.redactor.redact_chosen(&self.text, chosen, Vec::new(), findings.scanned(), self.scanner);
                output.text = redacted.text;
                if self.beyond > 0 && findings.scanned() == self.text.len() {
                    output.text.push_str("[UNSCANNED]");
                }
            }
        }
        (output, findings)
    }

    fn keep(&mut self, text: String) -> Output {
        let room = self.scanner.budget().saturating_sub(self.text.len());
        // Once something was left out, nothing more is taken in.
        let kept = if self.beyond > 0 { 0 } else { text.floor_char_boundary(room) };
        self.text.push_str(text.get(..kept).unwrap_or_default());
        self.beyond += text.len() - kept;
        Output { text: if self.is_held { String::new() } else { text }, stopped: None }
    }
}
