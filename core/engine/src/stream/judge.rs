//! What the rules say about what was found so far.

use std::sync::Arc;

use llm_policy_detect::redact::{Rule, Style, What, steps};
use llm_policy_detect::stream::{Action, Class};
use llm_policy_detect::{Finding, Findings, Kind, KindId, Scanner};
use rustc_hash::FxHashSet;
use serde_json::{Value as Json, json};

use super::STAGE;
use crate::compile::Compiled;
use crate::compile::streaming::TEXT;
use crate::decision::Decision;
use crate::detection::memory::Given;
use crate::detection::texts::Place;
use crate::evaluate::{Data, Question, evaluate};
use crate::exchange::Exchange;
use crate::handles::Handles;
use crate::input::InputError;
use crate::limits::Shelf;

/// Judges one answer as it comes.
#[derive(Debug)]
pub(super) struct Judge {
    compiled: Arc<Compiled>,
    handles: Handles,
    shelf: Shelf,
    now: jiff::Timestamp,
    /// What is known beside the answer, with a text in the answer's place that nobody reads.
    context: Json,
    /// The rules that are asked while text passes.
    among: Vec<bool>,
    /// By kind of the guard's scanner: the kind of the program's.
    kinds: Vec<Option<KindId>>,
    findings: Vec<Finding>,
    /// Kinds with scores that were found. Conditions can tell no more of findings than that, but for how many there are.
    seen: FxHashSet<(KindId, u8)>,
    /// Whether the text is longer than detectors read.
    beyond: bool,
    /// What was decided last; `None`: nothing yet.
    decision: Option<Decision>,
    /// What is taken out of the text.
    taken: Vec<Rule>,
}

impl Judge {
    pub(super) fn new(exchange: &Exchange, now: jiff::Timestamp) -> Result<Self, InputError> {
        let (compiled, handles, shelf) = exchange.program();
        let kinds = match compiled.streaming.guard() {
            Some((detector, scanner)) => {
                let whole = compiled.detectors.iter().find(|own| own.number() == *detector);
                let whole = whole.and_then(|detector| detector.scanner());
                let id = |kind: &Kind| whole.and_then(|whole| whole.kind_id(kind.name()));
                scanner.kinds().iter().map(id).collect()
            }
            None => Vec::new(),
        };
        let mut context = exchange.known();
        // An earlier answer of this turn is none any more.
        context.insert("response".to_owned(), json!({"text": " "}));
        let among = compiled.streaming.among();
        let context = Json::Object(context);
        let mut judge = Self {
            handles,
            shelf,
            now,
            context,
            among,
            kinds,
            findings: Vec::new(),
            seen: FxHashSet::default(),
            beyond: false,
            decision: None,
            taken: Vec::new(),
            compiled,
        };
        if !judge.is_buffered() {
            judge.ask()?;
        }
        Ok(judge)
    }

    pub(super) fn scanner(&self) -> Option<Arc<Scanner>> {
        self.compiled.streaming.guard().map(|(_, scanner)| scanner.clone())
    }

    pub(super) fn is_buffered(&self) -> bool {
        self.compiled.streaming.class() == Class::Buffer
    }

    pub(super) fn stopped(&self) -> Option<&Decision> {
        self.decision().filter(|decision| !decision.allowed())
    }

    pub(super) fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// The decision about the whole answer.
    pub(super) fn finish(&mut self, decision: Decision) {
        self.decision = Some(decision);
    }

    /// What becomes of a finding. The rules are asked again when it is the first of its kind and score.
    pub(super) fn note(&mut self, finding: &Finding) -> Action {
        if self.stopped().is_some() {
            return Action::Stop;
        }
        let own = self.kinds.get(finding.kind.index()).copied().flatten();
        let Some(kind) = own else { return Action::Note };
        self.findings.push(Finding { kind, ..*finding });
        let is_new = self.seen.insert((kind, finding.score));
        if (is_new || self.compiled.streaming.counts()) && self.ask().is_err() {
            return Action::Stop;
        }
        if self.stopped().is_some() {
            return Action::Stop;
        }
        self.style(finding).map_or(Action::Note, Action::Redact)
    }

    /// The text has become longer than detectors read. True: the answer ends here.
    pub(super) fn beyond(&mut self) -> bool {
        self.beyond = true;
        self.ask().is_err() || self.stopped().is_some()
    }

    /// Whether anything is taken out of the text.
    pub(super) fn takes_out(&self) -> bool {
        !self.taken.is_empty()
    }

    fn style(&self, finding: &Finding) -> Option<Style> {
        let (_, scanner) = self.compiled.streaming.guard()?;
        let kind = scanner.kind(finding.kind);
        let wants = |rule: &&Rule| match &rule.what {
            What::Whole => true,
            What::Findings(names) => names.iter().any(|name| name == kind.name() || name == kind.family().name()),
        };
        self.taken.iter().find(wants).map(|rule| rule.style)
    }

    /// Asks the rules about what was found so far.
    fn ask(&mut self) -> Result<(), InputError> {
        let text = self.context.pointer("/response/text").and_then(Json::as_str).unwrap_or_default();
        let given = self.compiled.streaming.guard().map(|(detector, _)| Given {
            place: Place::of(text),
            detector: *detector,
            findings: Findings::of(self.findings.clone(), 0, usize::from(self.beyond)),
        });
        let decision = evaluate(Question {
            compiled: &self.compiled,
            data: Data::Input(&self.context),
            stage: STAGE,
            now: self.now,
            handles: self.handles,
            among: Some(&self.among),
            // What is let through was paid for with the request.
            limits: self.shelf.taking(&self.compiled, true),
            given: given.as_ref(),
        })?;
        let text = steps(TEXT);
        let rules = decision.of_context().into_iter().flat_map(|redactions| redactions.rules);
        self.taken = rules.filter(|rule| rule.fields.covers(&text)).collect();
        self.decision = Some(decision);
        Ok(())
    }
}
