//! Messages for people: what is wrong, where, and what to do about it.

use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::ast::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look; nothing is refused.
    Warning,
    /// The text is refused.
    Error,
}

/// One finding about a piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name of the finding in kebab-case, such as `undeclared-name`.
    pub code: &'static str,
    /// What is wrong: lower case, no full stop, the user's own text in back-ticks.
    pub message: String,
    /// Where, in bytes of the text that was read.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), span, help: None }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, span) }
    }

    /// The same finding with advice.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The finding with the line it is about and a caret under the place.
    ///
    /// `origin` names the text (a file's path); `colour` asks for ANSI colours.
    #[must_use]
    pub fn render(&self, source: &str, origin: &str, colour: bool) -> String {
        let clamp = |at: u32| {
            let mut at = (at as usize).min(source.len());
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (clamp(self.span.start), clamp(self.span.end.max(self.span.start)));
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut report = vec![
            level
                .primary_title(self.message.as_str())
                .id(self.code)
                .element(Snippet::source(source).path(origin).annotation(AnnotationKind::Primary.span(start..end))),
        ];
        if let Some(help) = &self.help {
            report.push(annotate_snippets::Group::with_title(Level::HELP.secondary_title(help.as_str())));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&report)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The candidate nearest to `name`, when it is near enough to be what was meant.
#[must_use]
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
