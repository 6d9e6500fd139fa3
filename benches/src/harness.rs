//! Programs in other languages that measure there and print lines of JSON.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::contender::Result;

/// Such a program. It is called with the folder of a workload, the length of a turn in milliseconds, and the number of turns.
#[derive(Debug)]
pub struct Harness {
    /// The language, as tables have it.
    pub language: &'static str,
    /// What runs.
    pub program: PathBuf,
    /// What comes before its own arguments.
    pub arguments: Vec<OsString>,
}

/// One line of its output.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// What the language is run by, with its version.
    Runtime {
        /// Such as `CPython 3.12.1`.
        runtime: String,
    },
    /// What one call of one contender took.
    Took {
        /// `ours`, or a name with its version.
        contender: String,
        /// What was called.
        call: String,
        /// CPU time of a call, in each turn.
        nanoseconds: Vec<f64>,
    },
}

impl Harness {
    /// Runs the program and reads what it prints.
    ///
    /// # Errors
    ///
    /// If it cannot be started, fails, or prints something else; what it says on its standard error goes to ours.
    pub fn run(&self, folder: &Path, milliseconds: f64, turns: usize) -> Result<Vec<Line>> {
        let failed = |what: &dyn Display| format!("{}: {}: {what}", self.language, self.program.display());
        let output = Command::new(&self.program)
            .args(&self.arguments)
            .arg(folder)
            .args([milliseconds.to_string(), turns.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| failed(&error))?;
        if !output.status.success() {
            return Err(failed(&output.status).into());
        }
        let text = String::from_utf8(output.stdout).map_err(|error| failed(&error))?;
        let lines = text.lines().map(|line| serde_json::from_str(line).map_err(|error| failed(&error).into()));
        lines.collect()
    }
}
