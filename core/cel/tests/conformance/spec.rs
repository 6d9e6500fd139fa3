//! The published test data: the npm package `@bufbuild/cel-spec`, installed once and written out as JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::npm::Made;

const SPEC: Made<'static> = Made {
    name: "cel-spec",
    files: &[
        ("package.json", include_str!("package.json")),
        ("package-lock.json", include_str!("package-lock.json")),
        ("dump.mjs", include_str!("dump.mjs")),
    ],
    options: &[],
    script: "dump.mjs",
    result: "checking.json",
};

/// One of the package's data modules.
pub fn module(name: &str) -> Json {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| SPEC.below(Path::new(env!("CARGO_TARGET_TMPDIR"))));
    let path = directory.join(name).with_extension("json");
    let text = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
