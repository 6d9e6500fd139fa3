//! The cases for a language without a reader of JSON: `ffi/tests/conformance.c` reads them.
//!
//! A command is a line with its word and the number of its arguments, which follow. An argument is a line with the number of
//! its pieces; a piece is a line with how many times it stands there and its length, then its bytes and a line end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use llm_policy_embed::instant;

use super::case::{Case, Data, Lines, Step};

/// Writes all cases to `out`. Files of cases are written below `directory`.
pub fn write(root: &Path, out: &Path, directory: &Path) -> Result<(), String> {
    let mut flat = Flat(Vec::new());
    for (name, (_, case)) in super::cases(root)? {
        flat.case(&name, &case, &directory.join(&name)).map_err(|e| format!("{name}: {e}"))?;
    }
    fs::write(out, flat.0).map_err(|e| format!("{}: {e}", out.display()))
}

struct Flat(Vec<u8>);

impl Flat {
    fn line(&mut self, line: &str) {
        self.0.extend_from_slice(line.as_bytes());
        self.0.push(b'\n');
    }

    /// A command whose arguments are texts.
    fn command(&mut self, word: &str, texts: &[&str]) {
        self.line(&format!("{word} {}", texts.len()));
        texts.iter().for_each(|text| self.pieces(&[(text.as_bytes(), 1)]));
    }

    /// A command whose arguments are texts, then data.
    fn with_data(&mut self, word: &str, texts: &[&str], data: &[&Data]) -> Result<(), String> {
        self.line(&format!("{word} {}", texts.len() + data.len()));
        texts.iter().for_each(|text| self.pieces(&[(text.as_bytes(), 1)]));
        data.iter().try_for_each(|data| self.data(data))
    }

    fn pieces(&mut self, pieces: &[(&[u8], usize)]) {
        self.line(&pieces.len().to_string());
        for (bytes, times) in pieces {
            self.line(&format!("{times} {}", bytes.len()));
            self.0.extend_from_slice(bytes);
            self.0.push(b'\n');
        }
    }

    fn data(&mut self, data: &Data) -> Result<(), String> {
        match data {
            Data::Repeat(pieces) => {
                let pieces: Vec<_> = pieces.iter().map(|(text, times)| (text.as_bytes(), *times)).collect();
                self.pieces(&pieces);
            }
            other => self.pieces(&[(&other.bytes()?, 1)]),
        }
        Ok(())
    }

    fn policies(&mut self, word: &str, policies: &BTreeMap<String, Lines>) {
        for (name, lines) in policies {
            self.command(word, &[name, &lines.join("\n")]);
        }
    }

    fn case(&mut self, name: &str, case: &Case, directory: &Path) -> Result<(), String> {
        self.command("case", &[name]);
        for handled in &case.handles {
            self.command("handles", &[handled]);
        }
        if case.allow_without_policy {
            self.command("allow_without_policy", &[]);
        }
        match &case.files {
            None => {
                self.policies("document", &case.policies);
                self.command("load", &[]);
            }
            Some(files) => {
                for (name, lines) in case.policies.iter().chain(files) {
                    let path = directory.join(name);
                    let write = || {
                        fs::create_dir_all(path.parent().unwrap_or(directory))?;
                        fs::write(&path, lines.join("\n"))
                    };
                    write().map_err(|e| format!("{}: {e}", path.display()))?;
                }
                fs::create_dir_all(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
                let path = directory.join(case.path.as_deref().unwrap_or_default());
                self.command("open", &[&path.to_string_lossy()]);
            }
        }
        for step in &case.steps {
            self.step(step)?;
        }
        for expected in &case.expect {
            self.command("expect", &[expected]);
        }
        self.command("end", &[]);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Evaluate { stage, now, context } => {
                self.with_data("evaluate", &[stage, &microseconds(now)?], &[context])
            }
            Step::Body { stage, now, format, body, host } => {
                self.with_data("body", &[stage, &microseconds(now)?, format], &[body, host])
            }
            Step::Prepare { context } => self.with_data("prepare", &[], &[context]),
            Step::Prepared { stage, now } => self.with_data("prepared", &[stage, &microseconds(now)?], &[]),
            Step::Begin { host } => self.with_data("begin", &[], &[host]),
            Step::Next { stage, now, format, body } => {
                let format = format.as_deref().unwrap_or_default();
                self.with_data("next", &[stage, &microseconds(now)?, format], &[body])
            }
            Step::Scan { options, text } => self.with_data("scan", &[], &[options, text]),
            Step::Redact { options, form, style, text } => self.with_data("redact", &[form, style], &[options, text]),
            Step::RedactBody { format, body, hide } => {
                let format = format.as_deref().unwrap_or_default();
                self.with_data("redact_body", &[format, if *hide { "1" } else { "" }], &[body])
            }
            Step::Restore { text: Some(text) } => self.with_data("restore", &[], &[text]),
            Step::Restore { text: None } => self.with_data("restore_body", &[], &[]),
            Step::Stream { now, format, chunks, size, abort } => {
                let format = format.as_deref().unwrap_or_default();
                let abort = if *abort { "1" } else { "" };
                self.with_data("stream", &[&microseconds(now)?, format, &size.to_string(), abort], &[chunks])
            }
            Step::Resume {} => self.with_data("resume", &[], &[]),
            Step::Take { stage, now, context } => self.with_data("take", &[stage, &microseconds(now)?], &[context]),
            Step::DryRun { stage, now, context } => {
                self.with_data("dry_run", &[stage, &microseconds(now)?], &[context])
            }
            Step::Limits {} => self.with_data("limits", &[], &[]),
            Step::Settle { exchange, used } => {
                let used: Vec<&Data> = used.iter().collect();
                self.with_data(if *exchange { "exchange_settle" } else { "settle" }, &[], &used)
            }
            Step::Release { exchange } => {
                self.with_data(if *exchange { "exchange_release" } else { "release" }, &[], &[])
            }
            Step::Extend {} => self.with_data("extend", &[], &[]),
            Step::Observe { exchange, outcome } => {
                self.with_data(if *exchange { "exchange_observe" } else { "observe" }, &[], &[outcome])
            }
            Step::SwitchOff { breaker, key, reason } => {
                self.with_data("switch_off", &[breaker, &serde_json::json!(key).to_string(), reason], &[])
            }
            Step::SwitchOn { breaker, key } => {
                self.with_data("switch_on", &[breaker, &serde_json::json!(key).to_string()], &[])
            }
            Step::Switches {} => self.with_data("switches", &[], &[]),
            Step::Reload { policies } => {
                self.policies("document", policies);
                self.with_data("reload", &[], &[])
            }
            Step::Close {} => self.with_data("close", &[], &[]),
            Step::Panic {} => self.with_data("panic", &[], &[]),
        }
    }
}

fn microseconds(now: &str) -> Result<String, String> {
    Ok(instant::read(now)?.as_microsecond().to_string())
}
