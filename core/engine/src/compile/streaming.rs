//! When each rule about answers can be judged while an answer streams.
//!
//! A condition is *streamable* when it can only become true as the text grows, and becomes so by a finding of bounded span: it asks
//! detectors about `response.text`, joined by `&&` and `||`, beside what is known before the answer begins. A rule that takes
//! findings out has to be true before the first of them is let through, so each of them has to make it true by itself. What else
//! reads the answer needs all of it. Then actions that only record wait for the end, and all others hold the text back
//! ([`Class::Buffer`]), unless their document says `stream: at_end`. Text that is not allowed yet is never let through, so a rule
//! that allows by the text always buffers, and so does what changes the text.

use std::sync::Arc;

use llm_policy_cel::program::{LoopKind, Node, NodeId, Program, Relation};
use llm_policy_cel::value::Value;
use llm_policy_detect::redact::{Fields, steps};
use llm_policy_detect::stream::Class;
use llm_policy_detect::{Family, Kind, Scanner};
use rustc_hash::{FxHashMap, FxHashSet};

use super::rules::{ActionEffect, CompiledAction, CompiledDocument, CompiledRule, Redaction};
use super::slots::Slots;
use crate::context::Stage;
use crate::detection::Detector;
use crate::detection::questions::{Answer, Asking};
use crate::document::model::Stream;

/// The field that a stream fills.
pub(crate) const TEXT: &str = "response.text";

/// When each rule about answers is judged.
#[derive(Clone, Debug, Default)]
pub struct Streaming {
    /// By rule; rules of other stages are streamable.
    classes: Vec<Class>,
    class: Class,
    /// The detector that is asked while text passes, and its scanner for that.
    guard: Option<(u32, Arc<Scanner>)>,
    /// Whether a condition counts findings.
    counts: bool,
}

impl Streaming {
    /// The class of a rule, by its rank.
    #[must_use]
    pub fn class_of(&self, rule: u32) -> Class {
        self.classes.get(rule as usize).copied().unwrap_or_default()
    }

    /// The class of all rules together, the latest there is.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The number of the detector that is asked while text passes, and what looks at the text; `None`: nothing has to.
    #[must_use]
    pub fn guard(&self) -> Option<&(u32, Arc<Scanner>)> {
        self.guard.as_ref()
    }

    /// Whether a condition counts findings.
    pub(crate) fn counts(&self) -> bool {
        self.counts
    }

    /// By rule, whether it can be judged while text passes.
    pub(crate) fn among(&self) -> Vec<bool> {
        self.classes.iter().map(|class| *class == Class::Streamable).collect()
    }

    pub(super) fn of(parts: &Parts<'_>) -> Self {
        let look = Look::new(parts);
        let mut guard: Option<(u32, Arc<Scanner>)> = None;
        let mut classes = vec![Class::Streamable; parts.rules.len()];
        for (rule, class) in parts.rules.iter().zip(&mut classes) {
            if !rule.stages.contains(Stage::Response) {
                continue;
            }
            let (judged, detector) = look.rule(rule);
            *class = judged;
            let Some(detector) = detector.filter(|_| judged == Class::Streamable) else { continue };
            // One scanner looks at the text: rules of documents that read texts in another way wait.
            match &guard {
                Some((number, _)) if *number == detector => {}
                None => guard = look.streamed(detector).map(|scanner| (detector, scanner.clone())),
                Some(_) => *class = Class::Buffer,
            }
        }
        let needs_all = parts.required.iter().any(|slot| look.growing.contains(slot) && look.text != Some(*slot));
        let needs_all = if needs_all { Class::Buffer } else { Class::Streamable };
        let class = classes.iter().copied().chain([needs_all]).max().unwrap_or_default();
        let nodes = (0..u32::try_from(parts.program.len()).unwrap_or(u32::MAX)).map(NodeId);
        let mut counted = nodes.filter_map(|id| match parts.program.plain_node(id) {
            Node::Size(list) => look.asked(list),
            _ => None,
        });
        let counts = guard.is_some() && counted.next().is_some();
        Self { classes, class, guard, counts }
    }
}

/// What classes are made from.
pub(super) struct Parts<'p> {
    pub(super) program: &'p Program,
    pub(super) slots: &'p Slots,
    pub(super) documents: &'p [CompiledDocument],
    pub(super) rules: &'p [CompiledRule],
    pub(super) required: &'p [u32],
    pub(super) asking: &'p [Asking],
    pub(super) detectors: &'p [Arc<Detector>],
}

/// What a condition says while the answer's text grows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Growth {
    /// The same from the beginning to the end.
    Constant,
    /// False, until something is found that makes it true.
    Rises(u32),
    /// That can only be told at the end.
    Unknown,
}

impl Growth {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant, growth) | (growth, Self::Constant) => growth,
            (Self::Rises(a), Self::Rises(b)) if a == b => Self::Rises(a),
            _ => Self::Unknown,
        }
    }
}

struct Look<'p> {
    parts: &'p Parts<'p>,
    /// The slots that are filled as the answer comes.
    growing: FxHashSet<u32>,
    text: Option<u32>,
    streamed: FxHashMap<u32, Arc<Scanner>>,
}

impl<'p> Look<'p> {
    fn new(parts: &'p Parts<'p>) -> Self {
        let grows = |path: &str| path == "response" || path.starts_with("response.") || path == "request.text";
        let slots = (0..).zip(&parts.slots.infos);
        let growing = slots.filter(|(_, info)| grows(&info.path)).map(|(slot, _)| slot).collect();
        // Built when policies are loaded, for no more than rules about answers ask.
        let redacts = |rule: &CompiledRule| rule.actions.iter().any(|a| matches!(a.effect, ActionEffect::Redact(_)));
        let asks = |rule: &&CompiledRule| rule.stages.contains(Stage::Response) && (rule.detects || redacts(rule));
        let about = parts.rules.iter().filter(asks);
        let documents = about.filter_map(|rule| parts.documents.get(rule.document as usize));
        let own: FxHashSet<u32> = documents.map(|document| document.detector).collect();
        let detectors = parts.detectors.iter().filter(|detector| own.contains(&detector.number()));
        let streamed = detectors.filter_map(|detector| Some((detector.number(), detector.streamed()?))).collect();
        Self { parts, growing, text: parts.slots.find(TEXT), streamed }
    }

    fn streamed(&self, detector: u32) -> Option<&Arc<Scanner>> {
        self.streamed.get(&detector)
    }

    /// The class of a rule, and the detector that has to look at the text for it.
    fn rule(&self, rule: &CompiledRule) -> (Class, Option<u32>) {
        let document = self.parts.documents.get(rule.document as usize);
        let exceptions = rule.exceptions.iter().map(|exception| self.growth(exception.condition));
        // What suspends a rule must not change any more once the rule was obeyed.
        let exceptions = exceptions.map(|growth| if growth == Growth::Constant { growth } else { Growth::Unknown });
        let growth = exceptions.fold(self.growth(rule.condition), Growth::and);
        if rule.shadow {
            return (if growth == Growth::Constant { Class::Streamable } else { Class::AtEnd }, None);
        }
        let changes = rule.actions.iter().filter(|action| self.changes(action));
        let mut detector = match growth {
            Growth::Rises(detector) => Some(detector),
            _ => None,
        };
        for change in changes {
            let ActionEffect::Redact(redaction) = &change.effect else { return (Class::Buffer, None) };
            let own = document.map(|document| document.detector);
            let streams = own.is_some_and(|own| self.redacts(rule, &growth, redaction, own));
            if !streams || detector.is_some_and(|detector| Some(detector) != own) {
                return (Class::Buffer, None);
            }
            detector = own;
        }
        let binds = |action: &CompiledAction| action.mandatory && !matches!(action.effect, ActionEffect::Redact(_));
        let class = match growth {
            Growth::Constant => Class::Streamable,
            Growth::Rises(_) if !rule.classes.permits => Class::Streamable,
            _ if rule.classes.permits => Class::Buffer,
            _ if rule.classes.restricts || rule.actions.iter().any(binds) => match document.map(|d| d.stream) {
                Some(Stream::AtEnd) => Class::AtEnd,
                _ => Class::Buffer,
            },
            _ => Class::AtEnd,
        };
        (class, detector)
    }

    /// Whether an action changes the answer.
    fn changes(&self, action: &CompiledAction) -> bool {
        match &action.effect {
            ActionEffect::Set(values) => values.iter().any(|(path, _)| path.starts_with("response")),
            ActionEffect::Redact(redaction) => redaction.paths.iter().any(|path| is_of_answer(path)),
            _ => false,
        }
    }

    /// Whether a redaction can be carried out as the text passes: the rule is true when the first finding comes that it takes out.
    fn redacts(&self, rule: &CompiledRule, growth: &Growth, redaction: &Redaction, detector: u32) -> bool {
        if redaction.detect.is_empty() {
            return false;
        }
        let mut text = Fields::all();
        for path in redaction.paths.iter().filter(|path| is_of_answer(path)) {
            if **path != *TEXT || text.add(path).is_err() {
                return false;
            }
        }
        let Some(scanner) = self.streamed(detector).filter(|_| text.covers(&steps(TEXT))) else { return false };
        let named = |name: &str| redaction.detect.iter().any(|wanted| **wanted == *name);
        let own = |name: &str| scanner.looked_for().any(|kind| kind.name() == name || kind.family().name() == name);
        // A family that is not looked for while text passes.
        if !redaction.detect.iter().all(|name| own(name)) {
            return false;
        }
        let taken = |kind: &&Kind| named(kind.name()) || named(kind.family().name());
        *growth == Growth::Constant
            || scanner.looked_for().filter(taken).all(|kind| self.made_true_by(rule.condition, kind) == Some(true))
    }

    /// Whether a finding of a kind makes a condition true by itself; `None`: findings have no part in it.
    fn made_true_by(&self, id: NodeId, kind: &Kind) -> Option<bool> {
        if !self.reads_answer(id) {
            return None;
        }
        Some(match self.parts.program.plain_node(id) {
            Node::And(run) => {
                let mut parts = self.parts.program.children(run).iter().map(|id| self.made_true_by(*id, kind));
                parts.all(|part| part != Some(false))
            }
            Node::Or(run) => {
                let mut parts = self.parts.program.children(run).iter().map(|id| self.made_true_by(*id, kind));
                parts.any(|part| part == Some(true))
            }
            Node::Call { args, .. } => {
                let asks = |asking: &Asking| asking.family == kind.family() && asking.answer == Answer::Contains;
                let kinds = self.parts.program.children(args).get(2).map(|kinds| self.parts.program.plain_node(*kinds));
                let named = match kinds {
                    None => kind.is_default(),
                    Some(Node::Constant(kinds)) => match self.parts.program.constant(kinds) {
                        Value::List(names) => {
                            names.iter().any(|name| matches!(name, Value::String(name) if **name == *kind.name()))
                        }
                        _ => false,
                    },
                    Some(_) => false,
                };
                named && self.asked(id).is_some_and(asks)
            }
            _ => false,
        })
    }

    fn growth(&self, id: NodeId) -> Growth {
        if !self.reads_answer(id) {
            return Growth::Constant;
        }
        let program = self.parts.program;
        let rises = |id: NodeId, answers: &[Answer]| match self.asked(id) {
            Some(asking) if answers.contains(&asking.answer) => Growth::Rises(asking.detector),
            _ => Growth::Unknown,
        };
        let count = |id: NodeId| match program.plain_node(id) {
            Node::Size(list) => rises(list, &[Answer::Findings]),
            _ => rises(id, &[Answer::Score]),
        };
        match program.plain_node(id) {
            Node::And(run) | Node::Or(run) => {
                program.children(run).iter().map(|id| self.growth(*id)).fold(Growth::Constant, Growth::and)
            }
            Node::Call { .. } => rises(id, &[Answer::Contains]),
            Node::Compare(Relation::Greater | Relation::GreaterEqual, grown, bound)
            | Node::Compare(Relation::Less | Relation::LessEqual, bound, grown)
                if matches!(program.plain_node(bound), Node::Constant(_)) =>
            {
                count(grown)
            }
            Node::CompareInt { relation: Relation::Greater | Relation::GreaterEqual, operand, .. } => count(operand),
            Node::Loop(at) => match program.comprehension(at) {
                Some(each) => match each.kind {
                    LoopKind::Exists(test) if !self.reads_answer(test) => rises(each.range, &[Answer::Findings]),
                    _ => Growth::Unknown,
                },
                None => Growth::Unknown,
            },
            _ => Growth::Unknown,
        }
    }

    /// What a call asks about the answer's text, if that can be told while it passes.
    fn asked(&self, id: NodeId) -> Option<&Asking> {
        let program = self.parts.program;
        let Node::Call { function, args } = program.plain_node(id) else { return None };
        let implementation = program.function(function)?;
        let asking = self.parts.asking.iter().find(|asking| asking.is(implementation))?;
        let text = program.children(args).first().map(|text| program.plain_node(*text));
        let is_text = match text? {
            Node::Slot(slot) | Node::SlotOr { slot, .. } => Some(slot) == self.text,
            _ => false,
        };
        let mut looked_for = self.streamed(asking.detector)?.looked_for().map(Kind::family);
        (is_text && looked_for.any(|family: Family| family == asking.family)).then_some(asking)
    }

    /// Whether a node reads what comes with the answer.
    fn reads_answer(&self, id: NodeId) -> bool {
        let program = self.parts.program;
        let mut seen = FxHashSet::default();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if program.own_slots(program.node(id)).iter().any(|slot| self.growing.contains(slot)) {
                return true;
            }
            open.extend(program.operands(id));
        }
        false
    }
}

/// Whether a path of a redaction is about the answer.
fn is_of_answer(path: &str) -> bool {
    path == "request.text" || path == "response" || path.starts_with("response.") || path.starts_with("response[")
}
