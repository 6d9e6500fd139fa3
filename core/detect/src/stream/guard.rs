//! The guard: a text in chunks, scanned once, emitted as soon as it is decided about.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::cuts::{Cut, Cutter};
use super::utf8::Decoder;
use super::{Action, NotStreamable, Output};
use crate::bytes::{at, floor};
use crate::finding::{Finding, Span};
use crate::held::Held;
use crate::kind::Family;
use crate::profile::Source;
use crate::redact::{Redactor, Restorer, Style};
use crate::scanner::{Part, Scanner, Scratch, overlap, places};

/// So much of the text before a segment is read again as its context.
const CONTEXT: usize = 512;
/// Findings that overlap one another for longer than this are decided about piece by piece.
const MAX_OVERLAP: usize = 64 << 10;
/// The longest finding there is: a web token of three parts.
const LONGEST: usize = 12 << 10;
/// Text that is no longer needed is dropped in steps of so many bytes.
const STEP: usize = 4096;

/// Guards one stream of text (one choice of an answer, one argument of a tool).
///
/// All findings of [streamable](crate::Family::is_streamable) families are those that a scan of the whole text has; what is
/// redacted is never emitted in part; held back are at most some hundred bytes (in prose, about a hundred), or as long as a finding
/// may go on. Work per byte is constant. There is no budget: the whole stream is scanned.
pub struct Guard<'g> {
    scanner: Held<'g, Scanner>,
    action: Box<dyn FnMut(&Finding) -> Action + Send + 'g>,
    redactor: Arc<Mutex<Redactor>>,
    restorer: Option<Restorer<'g>>,
    scratch: Scratch,
    decoder: Decoder,
    cutter: Cutter,
    /// The text that is still needed, and where it starts in the whole.
    text: String,
    base: usize,
    /// By pattern of the author's own: where its last match ended.
    custom: Vec<usize>,
    /// Findings that others may still overlap.
    open: Vec<Finding>,
    emitted: Emitted,
    /// Up to where it is decided what starts there.
    done: usize,
    findings: Vec<Finding>,
    stopped: bool,
    steps: u64,
}

/// Up to where the text was emitted.
#[derive(Debug, Clone, Copy, Default)]
struct Emitted {
    bytes: usize,
    utf16: u32,
    chars: u32,
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is nobody's business.
        let mut shown = formatter.debug_struct("Guard");
        shown.field("held", &self.held()).field("findings", &self.findings).field("stopped", &self.stopped);
        shown.finish_non_exhaustive()
    }
}

impl<'g> Guard<'g> {
    /// A guard for one stream. `action` says what becomes of a finding; it is asked once for each, by place, with spans of the
    /// whole text, and not for what stands behind the one that stops the stream.
    ///
    /// # Errors
    /// When the scanner looks for what cannot be told from a part of the text.
    pub fn new(
        scanner: impl Into<Held<'g, Scanner>>,
        action: impl FnMut(&Finding) -> Action + Send + 'g,
    ) -> Result<Self, NotStreamable> {
        let scanner = scanner.into();
        let on = || scanner.looked_for();
        if let Some(kind) = on().find(|kind| !kind.family().is_streamable()) {
            return Err(NotStreamable::Family(kind.family()));
        }
        let longest = scanner.longest_custom().ok_or(NotStreamable::Pattern)?;
        // Names and addresses are off by default.
        let words = on().any(|kind| kind.family() == Family::Pii && !kind.is_default());
        let cutter = Cutter::new(longest, scanner.reach().ahead.max(LONGEST), words);
        let custom = vec![0; scanner.custom_patterns()];
        Ok(Self {
            scanner,
            action: Box::new(action),
            redactor: Arc::new(Mutex::new(Redactor::new([0; 32]))),
            restorer: None,
            scratch: Scratch::default(),
            decoder: Decoder::default(),
            cutter,
            text: String::new(),
            base: 0,
            custom,
            open: Vec::new(),
            emitted: Emitted::default(),
            done: 0,
            findings: Vec::new(),
            stopped: false,
            steps: 0,
        })
    }

    /// What replaces findings; without it hashes have no secret key.
    #[must_use]
    pub fn redactor(self, redactor: Redactor) -> Self {
        self.shared_redactor(Arc::new(Mutex::new(redactor)))
    }

    /// The same with a redactor that the other streams of a conversation use as well, so that equal values are named alike.
    #[must_use]
    pub fn shared_redactor(mut self, redactor: Arc<Mutex<Redactor>>) -> Self {
        self.redactor = redactor;
        self
    }

    /// What puts values back before the text is judged.
    #[must_use]
    pub fn restorer(mut self, restorer: Restorer<'g>) -> Self {
        self.restorer = Some(restorer);
        self
    }

    /// The next chunk: any bytes of a text in UTF-8.
    pub fn push(&mut self, chunk: &[u8]) -> Output {
        let mut output = Output::default();
        if !self.stopped {
            self.read(|decoder, text| decoder.push(chunk, text), false);
            self.decide(&mut output);
            self.drop_text();
        }
        output
    }

    /// The end of the text: what was held back.
    pub fn finish(&mut self) -> Output {
        let mut output = Output::default();
        if self.stopped {
            return output;
        }
        self.read(Decoder::finish, true);
        self.decide(&mut output);
        if !self.stopped {
            let end = self.base + self.text.len();
            self.segment(Cut { end, known: end }, &mut output);
        }
        self.stopped = true;
        output
    }

    /// Ends the stream; what was held back is dropped. Gives how many bytes that were.
    pub fn abort(&mut self) -> usize {
        let held = self.held();
        self.stopped = true;
        self.text.clear();
        held
    }

    /// What was found in the text that is decided about, by place in the whole text.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Bytes that were pushed and not emitted.
    #[must_use]
    pub fn held(&self) -> usize {
        if self.stopped { 0 } else { self.base + self.text.len() - self.emitted.bytes }
    }

    /// Bytes of text that are kept.
    #[cfg(test)]
    pub(super) fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Work so far: bytes that were looked at.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes text in, by way of the restorer.
    fn read(&mut self, decode: impl FnOnce(&mut Decoder, &mut String), is_end: bool) {
        let Some(restorer) = &mut self.restorer else { return decode(&mut self.decoder, &mut self.text) };
        let mut text = String::new();
        decode(&mut self.decoder, &mut text);
        self.text.push_str(&restorer.push(&text));
        if is_end {
            self.text.push_str(&restorer.finish());
        }
    }

    /// Decides about all segments that are known far enough.
    fn decide(&mut self, output: &mut Output) {
        while !self.stopped
            && let Some(cut) = self.cutter.next(&self.text, self.base)
        {
            self.segment(cut, output);
        }
    }

    /// Decides about a segment.
    fn segment(&mut self, cut: Cut, output: &mut Output) {
        let (first, end) = (self.done - self.base, cut.end - self.base);
        let start = context(self.text.as_bytes(), first);
        let window = self.text.get(start..cut.known - self.base).unwrap_or_default();
        let before = self.base + start;
        let mut custom: Vec<usize> = self.custom.iter().map(|done| done.saturating_sub(before)).collect();
        let part = Part { range: first - start..end - start, custom: &mut custom };
        let known = self.open.len();
        self.steps += self.scanner.look(window, Source::Model, &mut self.scratch, Some(part), &mut self.open);
        self.custom.iter_mut().zip(custom).for_each(|(own, done)| *own = (*own).max(before + done));
        for finding in self.open.iter_mut().skip(known) {
            let range = finding.bytes.range();
            finding.bytes = Span::new(before + range.start, before + range.end);
        }
        self.done = cut.end;
        if !self.open.is_empty() {
            let scanner = &self.scanner;
            overlap::resolve(&mut self.open, |kind| scanner.kind(kind).family());
        }
        let limit = self.closed(cut.end);
        self.emit(limit, output);
    }

    /// Up to where all is decided: before the first of overlapping findings that go on beyond a place.
    fn closed(&mut self, end: usize) -> usize {
        let (mut first, mut last) = (0, 0);
        for finding in &self.open {
            let range = finding.bytes.range();
            if range.start >= last {
                first = range.start;
            }
            last = last.max(range.end);
            if last > end {
                break;
            }
        }
        if last <= end {
            return end;
        }
        if end.saturating_sub(first) <= MAX_OVERLAP {
            return first;
        }
        // Without end: what is there is decided about, and the rest of each finding is a finding of its own.
        let mut rest = Vec::new();
        for finding in self.open.iter_mut().filter(|finding| finding.bytes.end as usize > end) {
            rest.push(Finding { bytes: Span { start: Span::new(end, end).start, ..finding.bytes }, ..*finding });
            finding.bytes.end = Span::new(end, end).end;
        }
        self.open.extend(rest);
        end
    }

    /// Emits the text up to a place, which no finding crosses.
    fn emit(&mut self, limit: usize, output: &mut Output) {
        let from = self.emitted.bytes;
        let count = self.open.partition_point(|finding| (finding.bytes.start as usize) < limit);
        let mut found: Vec<Finding> = self.open.drain(..count).collect();
        for finding in &mut found {
            let range = finding.bytes.range();
            finding.bytes = Span::new(range.start.saturating_sub(from), range.end.saturating_sub(from));
        }
        let text = self.text.get(from - self.base..limit - self.base).unwrap_or_default();
        places::fill(text, &mut found);
        let mut actions = Vec::with_capacity(found.len());
        for finding in &found {
            let action = (self.action)(&self.emitted.place(finding));
            actions.push(action);
            if action == Action::Stop {
                break;
            }
        }
        let stop = actions.iter().position(|action| *action == Action::Stop);
        let mut chosen: Vec<(Finding, Style)> = Vec::new();
        for (finding, action) in found.iter().zip(&actions) {
            if let Action::Redact(style) = action {
                chosen.push((*finding, *style));
            }
        }
        let emitted = match stop.and_then(|stop| found.get(stop)) {
            Some(stop) => before_stop(&chosen, stop),
            None => text.len(),
        };
        chosen.retain(|(finding, _)| (finding.bytes.start as usize) < emitted);
        let shown = text.get(..emitted).unwrap_or_default();
        if chosen.is_empty() {
            output.text.push_str(shown);
        } else {
            let mut redactor = self.redactor.lock().unwrap_or_else(PoisonError::into_inner);
            let redacted = redactor.redact_chosen(shown, chosen, Vec::new(), shown.len(), &self.scanner);
            output.text.push_str(&redacted.text);
        }
        self.findings.extend(found.iter().take(actions.len()).map(|finding| self.emitted.place(finding)));
        if stop.is_some() {
            output.stopped = self.findings.last().copied();
            self.stopped = true;
        }
        self.emitted.pass(text);
    }

    /// Drops the text that is neither to be emitted nor context any more.
    fn drop_text(&mut self) {
        let needed = self.emitted.bytes.min(self.done.saturating_sub(2 * CONTEXT));
        if !self.stopped && needed - self.base >= STEP {
            let len = floor(self.text.as_bytes(), needed - self.base);
            self.text.drain(..len);
            self.base += len;
        }
    }
}

impl Emitted {
    /// A finding that was counted from here, counted from the start of the text.
    fn place(&self, finding: &Finding) -> Finding {
        let bytes = finding.bytes.range();
        let add = |span: Span, by: u32| Span { start: span.start.saturating_add(by), end: span.end.saturating_add(by) };
        Finding {
            bytes: Span::new(bytes.start + self.bytes, bytes.end + self.bytes),
            utf16: add(finding.utf16, self.utf16),
            chars: add(finding.chars, self.chars),
            ..*finding
        }
    }

    fn pass(&mut self, text: &str) {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.bytes += text.len();
        self.utf16 = self.utf16.saturating_add(count(text.chars().map(char::len_utf16).sum()));
        self.chars = self.chars.saturating_add(count(text.chars().count()));
    }
}

/// Where the text ends that is emitted before a finding that stops the stream: not inside of what is replaced.
fn before_stop(replaced: &[(Finding, Style)], stop: &Finding) -> usize {
    let (mut first, mut last) = (0, 0);
    for (finding, _) in replaced.iter().take_while(|(finding, _)| finding.bytes.start < stop.bytes.start) {
        if finding.bytes.start >= last {
            first = finding.bytes.start;
        }
        last = last.max(finding.bytes.end);
    }
    let start = if last > stop.bytes.start { first } else { stop.bytes.start };
    start as usize
}

/// Where the context of a segment begins: behind a blank, if there is one soon.
fn context(bytes: &[u8], first: usize) -> usize {
    if first <= CONTEXT {
        // Whatever lies before is there as well, unless it was dropped.
        return 0;
    }
    let start = floor(bytes, first - CONTEXT);
    (start..start + 64).find(|place| at(bytes, *place).is_ascii_whitespace()).map_or(start, |place| place + 1)
}
