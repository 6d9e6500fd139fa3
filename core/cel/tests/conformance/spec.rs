//! The published test data: the npm package `@bufbuild/cel-spec`, installed once and written out as JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value as Json;

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
    ("dump.mjs", include_str!("dump.mjs")),
];

/// One of the package's data modules. A machine without npm is an error: the tests are never skipped.
pub fn module(name: &str) -> Json {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| installed(Path::new(env!("CARGO_TARGET_TMPDIR"))));
    let path = directory.join(name).with_extension("json");
    let text = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The directory with the data below `parent`, made when it is not there or not from these files.
fn installed(parent: &Path) -> PathBuf {
    let directory = parent.join("cel-spec");
    let current = |directory: &Path| {
        directory.join("checking.json").is_file()
            && FILES.iter().all(|(name, text)| fs::read_to_string(directory.join(name)).is_ok_and(|old| old == *text))
    };
    if current(&directory) {
        return directory;
    }
    // Made aside and moved into place whole, so that a run that was stopped leaves nothing half done.
    let draft = parent.join(format!("cel-spec-{}", std::process::id()));
    let _ = fs::remove_dir_all(&draft);
    fs::create_dir_all(&draft).unwrap();
    for (name, text) in FILES {
        fs::write(draft.join(name), text).unwrap();
    }
    run(&draft, "npm", &["ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund"]);
    run(&draft, "node", &["dump.mjs"]);
    let _ = fs::remove_dir_all(&directory);
    if let Err(e) = fs::rename(&draft, &directory) {
        // Another process was faster.
        assert!(current(&directory), "{}: {e}", directory.display());
        let _ = fs::remove_dir_all(&draft);
    }
    directory
}

fn run(directory: &Path, program: &str, arguments: &[&str]) {
    let command = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap_or_else(|e| panic!("the conformance tests need `{command}` (Node.js 20 or later with npm): {e}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{command}` failed in {}:\n{error}", directory.display());
}
