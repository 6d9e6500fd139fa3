//! Running again whenever a file changes.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Command, once};
use crate::failure::{Exit, Failure};
use crate::output::{Output, style};

/// How often files are looked at. Asking for their times costs next to nothing, and works on every file system.
const INTERVAL: Duration = Duration::from_millis(300);

/// Runs until nobody reads the results any more.
pub fn watch(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    loop {
        let (result, read) = once(command, out);
        if let Err(failure) = result {
            out.failure(&failure);
        }
        let before = state(command, &read);
        out.note(&style::quiet("waiting for a change; end with Ctrl-C"));
        while state(command, &read) == before {
            if out.is_over() {
                return Ok(Exit::Allowed);
            }
            std::thread::sleep(INTERVAL);
        }
        out.print("");
    }
}

/// The files that matter with the times of their last change; files that are new in a directory matter too.
fn state(command: &Command, read: &[PathBuf]) -> Vec<(PathBuf, Option<SystemTime>, u64)> {
    let mut files: Vec<PathBuf> = read.to_vec();
    for path in command.paths.iter().chain(&command.policies) {
        files.extend(llm_policy_embed::files::tests(path).unwrap_or_default());
        files.push(path.clone());
    }
    files.sort();
    files.dedup();
    let look = |path: PathBuf| {
        let found = std::fs::metadata(&path).ok();
        let changed = found.as_ref().and_then(|found| found.modified().ok());
        (path, changed, found.map_or(0, |found| found.len()))
    };
    files.into_iter().map(look).collect()
}
