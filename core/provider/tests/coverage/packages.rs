//! The providers' own types: npm packages, installed once and read by `extract.mjs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
    ("extract.mjs", include_str!("extract.mjs")),
    ("roots.ts", include_str!("roots.ts")),
];

/// The text leaves of each type. A machine without npm is an error: the test is never skipped.
pub fn leaves() -> Json {
    let path = installed(Path::new(env!("CARGO_TARGET_TMPDIR"))).join("leaves.json");
    let text = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The directory with the leaves below `parent`, made when it is not there or not from these files.
fn installed(parent: &Path) -> PathBuf {
    let directory = parent.join("provider-types");
    let current = |directory: &Path| {
        directory.join("leaves.json").is_file()
            && FILES.iter().all(|(name, text)| fs::read_to_string(directory.join(name)).is_ok_and(|old| old == *text))
    };
    if current(&directory) {
        return directory;
    }
    // Made aside and moved into place whole, so that a run that was stopped leaves nothing half done.
    let draft = parent.join(format!("provider-types-{}", std::process::id()));
    let _ = fs::remove_dir_all(&draft);
    fs::create_dir_all(&draft).unwrap();
    for (name, text) in FILES {
        fs::write(draft.join(name), text).unwrap();
    }
    run(&draft, "npm", &["ci", "--ignore-scripts", "--omit=peer", "--omit=optional", "--no-audit", "--no-fund"]);
    run(&draft, "node", &["extract.mjs"]);
    // Nobody needs the packages any more, and they are large.
    let _ = fs::remove_dir_all(draft.join("node_modules"));
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
        .unwrap_or_else(|e| panic!("the coverage test needs `{command}` (Node.js 20 or later with npm): {e}"));
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "`{command}` failed in {}:\n{out}{error}", directory.display());
}
