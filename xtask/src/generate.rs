//! The generated files: which they are, and whether they are up to date.

use std::fs;
use std::path::Path;

use crate::schema::Schema;
use crate::{functions, header, json_schema, markdown, providers, results, rust_table, versions};

const SOURCE: &str = "schema/context.toml";

/// The files as they should be, by their paths below the root.
fn files(root: &Path) -> Result<Vec<(&'static str, String)>, String> {
    let source = fs::read_to_string(root.join(SOURCE)).map_err(|e| format!("{SOURCE}: {e}"))?;
    let schema = Schema::read(&source).map_err(|e| format!("{SOURCE}: {e}"))?;
    let mut files = vec![
        ("core/engine/src/context/fields.rs", rust_table::render(&schema)),
        ("schema/context.schema.json", json_schema::render(&schema)),
        ("docs/context.md", markdown::render(&schema)),
        ("docs/providers.md", providers::render()),
        ("docs/cel-functions.md", functions::render()?),
        ("README.md", results::render(root)?),
        ("ffi/include/llm_policy.h", header::render(root)?),
        ("go/llm_policy.h", header::render(root)?),
    ];
    files.extend(versions::render(root)?);
    Ok(files)
}

/// Writes the files that are not as they should be.
pub fn write(root: &Path) -> Result<(), String> {
    for (path, text) in files(root)? {
        let full = root.join(path);
        if fs::read_to_string(&full).is_ok_and(|old| old == text) {
            continue;
        }
        if let Some(directory) = full.parent() {
            fs::create_dir_all(directory).map_err(|e| format!("{path}: {e}"))?;
        }
        fs::write(&full, text).map_err(|e| format!("{path}: {e}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Fails when a file is not as it should be.
pub fn check(root: &Path) -> Result<(), String> {
    let stale: Vec<&str> = files(root)?
        .into_iter()
        .filter(|(path, text)| !fs::read_to_string(root.join(path)).is_ok_and(|old| old == *text))
        .map(|(path, _)| path)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("not up to date; run `cargo xtask gen`:\n  {}", stale.join("\n  ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_are_up_to_date() {
        check(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
    }
}
