//! Providers' own bodies instead of contexts.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use llm_policy_embed::explain::Explanation;
use llm_policy_embed::{Decision, Engine, Error, Format, Question};

use crate::contexts;
use crate::failure::Failure;
use crate::output::advice;

/// Which bodies are decided about, and what the host says beside them.
#[derive(Args, Debug)]
pub struct Bodies {
    /// Provider bodies to decide about, as `--context` names contexts; only with `--from`
    #[arg(value_name = "BODY", requires = "from", id = "bodies", conflicts_with = "files", help_heading = "Context")]
    pub files: Vec<PathBuf>,
    /// Decide about a provider's own bodies in this format, instead of contexts
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), help_heading = "Context")]
    pub from: Option<Format>,
    /// With `--from`: a file with what the host says beside the body, a context that holds who asks
    #[arg(long, value_name = "FILE", requires = "from", help_heading = "Context")]
    pub identity: Option<PathBuf>,
}

impl Bodies {
    /// What decides about a context or a body.
    pub fn judge<'e>(&self, engine: &'e Engine, question: Question) -> Result<Judge<'e>, Failure> {
        let host = match &self.identity {
            Some(file) => contexts::whole(file)?,
            None => b"{}".to_vec(),
        };
        Ok(Judge { engine, question, body: self.from.map(|format| (format, host)) })
    }
}

/// Decides about contexts or bodies.
pub struct Judge<'e> {
    engine: &'e Engine,
    question: Question,
    /// The format of the bodies, and what the host says beside them.
    body: Option<(Format, Vec<u8>)>,
}

impl Judge<'_> {
    /// What a context and its decision hint at, for people: labels and texts.
    pub fn advice(&self, bytes: &[u8], decision: &Decision) -> Vec<(&'static str, String)> {
        let mut out = match &self.body {
            None => advice::of_context(self.engine, bytes, self.question.stage),
            Some(_) => Vec::new(),
        };
        out.extend(advice::of_decision(self.engine, decision));
        out
    }

    /// Decides.
    pub fn evaluate(&self, bytes: &[u8]) -> Result<Decision, Error> {
        match &self.body {
            None => self.engine.evaluate(bytes, self.question),
            Some((format, host)) => self.engine.evaluate_body(*format, bytes, host, self.question),
        }
    }

    /// Decides, and takes nothing from limits.
    pub fn dry_run(&self, bytes: &[u8]) -> Result<Decision, Error> {
        match &self.body {
            None => self.engine.dry_run(bytes, self.question),
            Some((format, host)) => self.engine.dry_run_body(*format, bytes, host, self.question),
        }
    }

    /// Decides, and says why.
    pub fn explain(&self, bytes: &[u8]) -> Result<Explanation, Error> {
        match &self.body {
            None => self.engine.explain(bytes, self.question),
            Some((format, host)) => self.engine.explain_body(*format, bytes, host, self.question),
        }
    }
}

/// A format of bodies by its name.
pub fn format_parser() -> impl TypedValueParser<Value = Format> {
    let value = |format: Format| PossibleValue::new(format.name()).help(format.title());
    PossibleValuesParser::new(Format::ALL.map(value)).try_map(|name| name.parse::<Format>())
}
