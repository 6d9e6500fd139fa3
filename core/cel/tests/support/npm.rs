//! Data that npm packages carry: the packages are installed once, and a script writes out what the tests read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is made of npm packages.
pub struct Made<'a> {
    /// The directory's name.
    pub name: &'a str,
    /// The files that it is made from, `package.json` and `package-lock.json` among them.
    pub files: &'a [(&'a str, &'a str)],
    /// More arguments of `npm ci`.
    pub options: &'a [&'a str],
    /// The script among the files that writes the data.
    pub script: &'a str,
    /// A file that the script writes.
    pub result: &'a str,
}

impl Made<'_> {
    /// The directory with the data below `parent`, made when it is not there or not from these files. A machine without npm is
    /// an error: the tests are never skipped.
    pub fn below(&self, parent: &Path) -> PathBuf {
        let directory = parent.join(self.name);
        if self.is_current(&directory) {
            return directory;
        }
        // Made aside and moved into place whole, so that a run that was stopped leaves nothing half done.
        let draft = parent.join(format!("{}-{}", self.name, std::process::id()));
        let _ = fs::remove_dir_all(&draft);
        fs::create_dir_all(&draft).unwrap();
        for (name, text) in self.files {
            fs::write(draft.join(name), text).unwrap();
        }
        let install = ["ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund"];
        run(&draft, "npm", &[&install, self.options].concat());
        run(&draft, "node", &[self.script]);
        // Nobody needs the packages any more, and they are large.
        let _ = fs::remove_dir_all(draft.join("node_modules"));
        let _ = fs::remove_dir_all(&directory);
        if let Err(e) = fs::rename(&draft, &directory) {
            // Another process was faster.
            assert!(self.is_current(&directory), "{}: {e}", directory.display());
            let _ = fs::remove_dir_all(&draft);
        }
        directory
    }

    fn is_current(&self, directory: &Path) -> bool {
        let same = |(name, text): &(&str, &str)| fs::read_to_string(directory.join(name)).is_ok_and(|old| old == *text);
        directory.join(self.result).is_file() && self.files.iter().all(same)
    }
}

fn run(directory: &Path, program: &str, arguments: &[&str]) {
    let command = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap_or_else(|e| panic!("the tests need `{command}` (Node.js 20 or later with npm): {e}"));
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "`{command}` failed in {}:\n{out}{error}", directory.display());
}
