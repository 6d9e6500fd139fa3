//! What the cases of a suite exercise: which rules matched, and each clause of each condition true, false, and alone
//! deciding (MC/DC).
//!
//! A clause is measured by itself, whether or not the evaluator needed it: what a case covers does not hang on the order in
//! which an optimised program looks at clauses. A clause counts in a case when its rule covers the case's stage and the
//! document's target holds.

mod measure;
mod sites;

use std::num::NonZeroUsize;
use std::sync::Arc;

use llm_policy_engine::cel::ast::Span;

use crate::run::Suite;

/// What the cases of a suite exercise.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// The documents by the names of their files.
    pub documents: Vec<DocumentCoverage>,
}

/// What the cases exercise of one document.
#[derive(Clone, Debug)]
pub struct DocumentCoverage {
    /// `namespace/name`.
    pub id: String,
    /// The name of the file.
    pub origin: Arc<str>,
    /// The file's text, which all spans count in.
    pub text: Arc<str>,
    /// Its conditions, in the order of the text.
    pub sites: Vec<SiteCoverage>,
}

/// What the cases exercise of one condition.
#[derive(Clone, Debug)]
pub struct SiteCoverage {
    /// What the condition belongs to.
    pub site: Site,
    /// The name of the rule, exception or variable; empty for a target.
    pub name: Arc<str>,
    /// Where the name stands; of a target, the condition.
    pub span: Span,
    /// How often the condition was true, false and an error.
    pub count: Count,
    /// Its clauses.
    pub clauses: Vec<ClauseCoverage>,
}

/// What a condition belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// A rule.
    Rule,
    /// An exception.
    Exception,
    /// A variable that is true or false.
    Variable,
    /// A document's target.
    Target,
}

impl Site {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Exception => "exception",
            Self::Variable => "variable",
            Self::Target => "target",
        }
    }
}

/// How often a condition or a clause had each of its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// True.
    pub yes: u64,
    /// False.
    pub no: u64,
    /// An error.
    pub error: u64,
}

/// What the cases exercise of one clause.
#[derive(Clone, Debug)]
pub struct ClauseCoverage {
    /// As it was written; `schedule` and `rollout` stand for these parts of a rule.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
    /// How often it had each value.
    pub count: Count,
    /// How often it decided alone, being true and being false.
    pub alone: Count,
}

impl ClauseCoverage {
    /// How many of its two values were seen.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        (self.count.yes > 0) as u64 + (self.count.no > 0) as u64
    }

    /// With how many of its two values it was seen to decide alone.
    #[must_use]
    pub const fn decided(&self) -> u64 {
        (self.alone.yes > 0) as u64 + (self.alone.no > 0) as u64
    }

    /// What no case shows, for people.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        let (count, alone) = (self.count, self.alone);
        Some(match (count.yes > 0, count.no > 0, alone.yes > 0, alone.no > 0) {
            (false, false, ..) => "never true, never false",
            (false, true, ..) => "never true",
            (true, false, ..) => "never false",
            (true, true, false, false) => "never decides alone",
            (true, true, true, false) => "never decides alone when false",
            (true, true, false, true) => "never decides alone when true",
            (true, true, true, true) => return None,
        })
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many were seen.
    pub seen: u64,
    /// Of how many.
    pub of: u64,
}

impl Share {
    /// In percent; of nothing, all is seen.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn percent(self) -> f64 {
        if self.of == 0 { 100.0 } else { self.seen as f64 * 100.0 / self.of as f64 }
    }
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Self) {
        self.seen += other.seen;
        self.of += other.of;
    }
}

/// The three figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Rules and exceptions that matched in a case.
    pub rules: Share,
    /// Values of clauses that were seen: two for each clause.
    pub clauses: Share,
    /// Values with which a clause was seen to decide alone: two for each clause.
    pub alone: Share,
}

impl SiteCoverage {
    /// The figures of this condition.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        if matches!(self.site, Site::Rule | Site::Exception) {
            figures.rules = Share { seen: u64::from(self.count.yes > 0), of: 1 };
        }
        for clause in &self.clauses {
            figures.clauses += Share { seen: clause.seen(), of: 2 };
            figures.alone += Share { seen: clause.decided(), of: 2 };
        }
        figures
    }
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.rules += other.rules;
        self.clauses += other.clauses;
        self.alone += other.alone;
    }
}

impl DocumentCoverage {
    /// The figures of all conditions.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.sites.iter().fold(Figures::default(), |mut sum, site| {
            sum += site.figures();
            sum
        })
    }
}

impl Coverage {
    /// The figures of all documents.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.documents.iter().fold(Figures::default(), |mut sum, document| {
            sum += document.figures();
            sum
        })
    }
}

/// Measures what all cases of `suite` exercise, on `jobs` threads. Cases whose context is refused exercise nothing.
#[must_use]
pub fn measure(suite: &Suite, jobs: NonZeroUsize) -> Coverage {
    measure::measure(suite, jobs)
}
