//! One text of an answer, on its way.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use llm_policy_detect::redact::Restorer;
use llm_policy_detect::stream::{Decoder, Guard};

use super::Stream;
use super::judge::Judge;

/// What stands for text that detectors did not read.
const UNSCANNED: &str = "[UNSCANNED]";

/// What came through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Text that is safe to show.
    pub text: String,
    /// Whether the answer ends here: nothing comes after it, and [`Stream::stopped`] says why.
    pub is_stopped: bool,
}

/// One text of an answer: of one choice, or of one block.
pub struct Lane {
    judge: Arc<Mutex<Judge>>,
    decoder: Decoder,
    restorer: Option<Restorer<'static>>,
    way: Way,
    /// All of the text, with the values put back and nothing taken out.
    text: String,
    /// Bytes of one text that detectors read.
    budget: usize,
    is_over: bool,
}

/// What becomes of text.
enum Way {
    /// It passes: no rule looks at it as it does.
    Free,
    /// It passes as its guard lets it.
    Guarded(Box<Guard<'static>>),
    /// It is longer than detectors read, and that is all that is said of the rest.
    Dropped,
    /// It waits for the end.
    Held,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is nobody's business.
        f.debug_struct("Lane").field("bytes", &self.text.len()).field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

impl Lane {
    pub(super) fn new(stream: &Stream) -> Self {
        let judge = stream.judge();
        let scanner = judge.scanner();
        let budget = scanner.as_ref().map_or(usize::MAX, |scanner| scanner.budget());
        let way = if judge.is_buffered() {
            Way::Held
        } else {
            scanner.map_or(Way::Free, |scanner| {
                let judge = stream.judge.clone();
                let note = move |finding: &_| judge.lock().unwrap_or_else(PoisonError::into_inner).note(finding);
                match Guard::new(scanner, note) {
                    Ok(guard) => Way::Guarded(Box::new(guard.shared_redactor(stream.redactor.clone()))),
                    // Scanners of streams were tried when the policies were loaded.
                    Err(_) => Way::Held,
                }
            })
        };
        Self {
            judge: stream.judge.clone(),
            decoder: Decoder::default(),
            restorer: stream.restorer(),
            way,
            text: String::new(),
            budget,
            is_over: judge.stopped().is_some(),
        }
    }

    /// The next chunk: any bytes of a text in UTF-8. Gives what is safe to show now.
    pub fn push(&mut self, chunk: &[u8]) -> Passed {
        let mut text = String::new();
        self.decoder.push(chunk, &mut text);
        if let Some(restorer) = &mut self.restorer {
            text = restorer.push(&text);
        }
        self.pass(&text)
    }

    /// The end of the text: what was held back. A text that waits for the end of the answer gives nothing; see
    /// [`Stream::release`].
    pub fn finish(&mut self) -> Passed {
        let mut text = String::new();
        self.decoder.finish(&mut text);
        if let Some(restorer) = &mut self.restorer {
            text = restorer.push(&text) + &restorer.finish();
        }
        let mut passed = self.pass(&text);
        if let (Way::Guarded(guard), false) = (&mut self.way, self.is_over) {
            let rest = guard.finish();
            passed.text.push_str(&rest.text);
            passed.is_stopped = rest.stopped.is_some();
        }
        self.is_over = true;
        passed
    }

    /// All of the text so far, with the values put back that placeholders stood for, and nothing taken out.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text waits for the end of the answer.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.way, Way::Held)
    }

    fn pass(&mut self, text: &str) -> Passed {
        if self.is_over || self.judge.lock().unwrap_or_else(PoisonError::into_inner).stopped().is_some() {
            self.is_over = true;
            return Passed::default();
        }
        let room = self.budget.saturating_sub(self.text.len());
        self.text.push_str(text);
        let mut passed = Passed::default();
        match &mut self.way {
            Way::Free => passed.text.push_str(text),
            Way::Dropped | Way::Held => {}
            Way::Guarded(guard) if text.len() <= room => {
                let output = guard.push(text.as_bytes());
                passed = Passed { text: output.text, is_stopped: output.stopped.is_some() };
            }
            Way::Guarded(guard) => {
                // From here on nobody reads on, as in the whole text.
                let (first, rest) = text.split_at(text.floor_char_boundary(room));
                let (before, end) = (guard.push(first.as_bytes()), guard.finish());
                passed.text = before.text + &end.text;
                passed.is_stopped = before.stopped.is_some() || end.stopped.is_some();
                if !passed.is_stopped {
                    let mut judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner);
                    passed.is_stopped = judge.beyond();
                    let drops = judge.takes_out();
                    if !passed.is_stopped {
                        passed.text.push_str(if drops { UNSCANNED } else { rest });
                    }
                    self.way = if drops { Way::Dropped } else { Way::Free };
                }
            }
        }
        self.is_over |= passed.is_stopped;
        passed
    }
}
