//! The providers' own types: npm packages, installed once and read by `extract.mjs`.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::npm::Made;

const TYPES: Made<'static> = Made {
    name: "provider-types",
    files: &[
        ("package.json", include_str!("package.json")),
        ("package-lock.json", include_str!("package-lock.json")),
        ("extract.mjs", include_str!("extract.mjs")),
        ("roots.ts", include_str!("roots.ts")),
    ],
    options: &["--omit=optional"],
    script: "extract.mjs",
    result: "leaves.json",
};

/// The text leaves of each type.
pub fn leaves() -> Json {
    let path = TYPES.below(Path::new(env!("CARGO_TARGET_TMPDIR"))).join("leaves.json");
    let text = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
