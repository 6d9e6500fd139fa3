//! What came out in each language, side by side.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Case, Results, cases, entries};

/// A difference that is allowed, by case: the languages, and why.
type Differences = BTreeMap<String, Allowed>;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    /// Where the results differ.
    languages: Vec<String>,
    /// Why they may.
    #[expect(dead_code, reason = "it is for people")]
    why: String,
}

/// Compares the results of all languages that have some, byte by byte, and shows a table.
///
/// # Errors
/// When a case is missing in a language, or comes out otherwise and is not in `conformance/differences.json`; when a language of
/// `wanted` has no results; when an allowed difference is none.
pub fn run(root: &Path, wanted: &[&str]) -> Result<(), String> {
    let cases = cases(root)?;
    let allowed: Differences = read(&root.join("conformance/differences.json"))?;
    let mut wrong: Vec<String> = allowed.keys().filter(|name| !cases.contains_key(*name)).map(unknown).collect();
    let mut seen = Vec::new();
    println!("{:<10} {:>6} {:>8} {:>8}", "language", "cases", "missing", "differ");
    let files = entries(&root.join("conformance/results")).unwrap_or_default();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "json")) {
        let language = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let results: Results = read(file)?;
        let excused = |name: &str| allowed.get(name).is_some_and(|a| a.languages.contains(&language));
        let missing: Vec<&String> = cases.keys().filter(|name| !results.contains_key(*name)).collect();
        let differs = |(name, (_, case)): (_, &(_, Case))| -> Option<(&String, String)> {
            let came = results.get::<String>(name).filter(|came| **came != case.expect)?;
            let (came, expected) = (came.join("\n    "), case.expect.join("\n    "));
            Some((name, format!("{language}: {name}\n  expected\n    {expected}\n  came\n    {came}")))
        };
        let differing: Vec<(&String, String)> = cases.iter().filter_map(differs).collect();
        println!("{language:<10} {:>6} {:>8} {:>8}", results.len(), missing.len(), differing.len());
        wrong.extend(missing.iter().map(|name| format!("{language}: {name} is missing")));
        wrong.extend(
            results.keys().filter(|name| !cases.contains_key(*name)).map(|n| format!("{language}: {}", unknown(n))),
        );
        wrong.extend(differing.iter().filter(|(name, _)| !excused(name)).map(|(_, difference)| difference.clone()));
        let needless =
            allowed.keys().filter(|name| excused(name) && !differing.iter().any(|(differs, _)| differs == name));
        wrong.extend(
            needless.map(|name| format!("{language}: {name} does not differ: take it out of differences.json")),
        );
        seen.push(language);
    }
    let silent = wanted.iter().filter(|language| !seen.iter().any(|seen| seen == *language));
    wrong.extend(silent.map(|language| format!("{language} has no results: run its tests first")));
    if seen.is_empty() {
        wrong.push("there are no results in conformance/results: run the languages' tests first".to_owned());
    }
    match wrong.as_slice() {
        [] => {
            println!("{} cases, {} languages, {} allowed differences", cases.len(), seen.len(), allowed.len());
            Ok(())
        }
        wrong => Err(wrong.join("\n")),
    }
}

fn unknown(name: &String) -> String {
    format!("{name} is no case")
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}
