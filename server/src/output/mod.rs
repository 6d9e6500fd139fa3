//! Writing to people and to programs.

pub mod advice;
pub mod changes;
pub mod claims;
pub mod clauses;
pub mod decision;
pub mod findings;
pub mod histogram;
pub mod limits;
pub mod style;
pub mod units;
pub mod view;

use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::AutoStream;
use clap::ColorChoice;
use llm_policy_embed::{ErrorCode, Finding, canonical};

use crate::args::Format;
use crate::failure::Failure;

/// Stdout and stderr. Everything is written with colours, and the streams take them out where they are not wanted.
///
/// When nobody reads any more, writing is over and no error. When writing fails otherwise, that is remembered.
pub struct Output {
    format: Format,
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
    closed: bool,
    failed: bool,
}

impl Output {
    pub fn new(color: ColorChoice, format: Format) -> Self {
        let choice = match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::AlwaysAnsi,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self {
            format,
            out: AutoStream::new(io::stdout(), choice),
            err: AutoStream::new(io::stderr(), choice),
            closed: false,
            failed: false,
        }
    }

    /// Writes a result, with a line feed at its end.
    pub fn print(&mut self, text: &str) {
        if self.closed || self.failed {
            return;
        }
        let written = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => {
                self.failed = true;
                let message = format!("stdout cannot be written: {error}");
                self.failure(&Failure::invalid(ErrorCode::UnreadableFile, message));
            }
        }
    }

    /// Writes a message beside the results. That nobody reads it is no reason to stop.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Says that the policies have warnings, which are not shown to people here.
    pub fn warnings(&mut self, found: &[Finding]) {
        let warnings: Vec<Finding> = found.iter().filter(|finding| !finding.is_error()).cloned().collect();
        if warnings.is_empty() {
            return;
        }
        let message =
            format!("{} in the policies; `policy-engine validate` shows them", units::count(warnings.len(), "warning"));
        if self.format == Format::Json {
            let failure = Failure { findings: warnings, ..Failure::invalid(ErrorCode::InvalidPolicy, message) };
            return self.note(&canonical::to_string(&findings::report("warning", &failure)));
        }
        self.note(&format!("{} {message}\n", style::careful("warning:")));
    }

    /// Writes over the current line of the terminal.
    pub fn progress(&mut self, text: &str) {
        if self.shows_progress() {
            let _ = write!(self.err, "\r{:<40}\r{text}", "").and_then(|()| self.err.flush());
        }
    }

    /// Whether someone watches.
    pub fn shows_progress(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// True when there is no use in going on.
    pub fn is_over(&self) -> bool {
        self.closed || self.failed
    }

    /// True when results were lost for another reason than that nobody reads them.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Says why a command could not do its work.
    pub fn failure(&mut self, failure: &Failure) {
        if self.format == Format::Json {
            let report = findings::report("error", failure);
            return self.note(&canonical::to_string(&report));
        }
        for finding in &failure.findings {
            self.note(&finding.render(true));
            if failure.findings.len() > 1 || !failure.message.is_empty() {
                self.note("");
            }
        }
        if !failure.message.is_empty() {
            self.note(&format!("{} {}", style::bad("error:"), failure.message));
            if let Some(help) = &failure.help {
                self.note(&format!("{} {help}", style::name("help:")));
            }
        }
    }
}
