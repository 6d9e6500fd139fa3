//! The cases that every language runs: `conformance/README.md` says what they are.

mod case;
pub mod flat;
pub mod parity;
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub use case::Case;

/// What came out, by the name of the case: `<lang>.json` in `conformance/results`.
type Results = BTreeMap<String, Vec<String>>;

/// All cases, by name (`area/name`), with their files.
pub fn cases(root: &Path) -> Result<BTreeMap<String, (PathBuf, Case)>, String> {
    let mut all = BTreeMap::new();
    for area in entries(&root.join("conformance/cases"))? {
        for file in entries(&area)? {
            let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let case = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?;
            let part = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.insert(format!("{}/{}", part(&area), part(&file)), (file, case));
        }
    }
    Ok(all)
}

/// What stands in a directory, sorted.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let read = || fs::read_dir(directory)?.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>();
    let mut entries = read().map_err(|e| format!("{}: {e}", directory.display()))?;
    entries.sort();
    Ok(entries)
}

/// Runs all cases, writes what came out, and compares it with what is expected.
pub fn run(root: &Path) -> Result<(), String> {
    let results = all(root)?;
    write(root, "rust", &results)?;
    let cases = cases(root)?;
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, (_, case))| {
            let came = results.get(name).map(Vec::as_slice).unwrap_or_default();
            (came != case.expect).then(|| {
                let came = came.join("\n    ");
                format!("{name}\n  expected\n    {}\n  came\n    {came}", case.expect.join("\n    "))
            })
        })
        .collect();
    match wrong.len() {
        0 => {
            println!("{} cases: as expected", cases.len());
            Ok(())
        }
        n => Err(format!("{n} of {} cases came out otherwise:\n{}", cases.len(), wrong.join("\n"))),
    }
}

fn all(root: &Path) -> Result<Results, String> {
    cases(root)?
        .into_iter()
        .map(|(name, (_, case))| Ok((name.clone(), run::run(&case).map_err(|e| format!("{name}: {e}"))?)))
        .collect()
}

/// Writes what came out in a language.
fn write(root: &Path, language: &str, results: &Results) -> Result<(), String> {
    let directory = root.join("conformance/results");
    let path = directory.join(format!("{language}.json"));
    let text = serde_json::to_string_pretty(results).map_err(|e| e.to_string())?;
    fs::create_dir_all(&directory).and_then(|()| fs::write(&path, text)).map_err(|e| format!("{}: {e}", path.display()))
}

/// Writes what comes out into the cases' files, for their author to read.
pub fn bless(root: &Path) -> Result<(), String> {
    for (name, (path, case)) in cases(root)? {
        let came = run::run(&case).map_err(|e| format!("{name}: {e}"))?;
        if came == case.expect {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let expect = "\n  \"expect\": [";
        let (before, _) = text.rsplit_once(expect).ok_or_else(|| format!("{name}: `expect` is the last key"))?;
        let lines: Vec<String> = came.iter().map(|line| format!("    {}", serde_json::Value::from(&**line))).collect();
        let text = format!("{before}{expect}\n{}\n  ]\n}}\n", lines.join(",\n"));
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        println!("wrote {name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
