//! The version of this project stands in `Cargo.toml`. The files of other languages repeat it, and are kept equal.

use std::fs;
use std::path::Path;

/// The files that repeat the version, and what stands before it there, once each. It ends at the next `"` or `<`.
const PLACES: [(&str, &[&str]); 11] = [
    ("node/package.json", &["\n  \"version\": \""]),
    (
        "node/package-lock.json",
        &["\n  \"version\": \"", "\"\": {\n      \"name\": \"llm-policy-engine\",\n      \"version\": \""],
    ),
    (
        "examples/node/package-lock.json",
        &["\"../../node\": {\n      \"name\": \"llm-policy-engine\",\n      \"version\": \""],
    ),
    (
        "benches/node/package-lock.json",
        &["\"../../node\": {\n      \"name\": \"llm-policy-engine\",\n      \"version\": \""],
    ),
    ("java/pom.xml", &["\n  <artifactId>llm-policy-engine</artifactId>\n  <version>"]),
    ("examples/java/pom.xml", &["<llm-policy-engine.version>"]),
    ("kotlin/pom.xml", &["\n  <artifactId>llm-policy-engine-kotlin</artifactId>\n  <version>"]),
    ("examples/kotlin/pom.xml", &["<engine.version>"]),
    (
        "kotlin/README.md",
        &[
            "```xml\n<dependency>\n  <groupId>io.github.llmpolicyengine</groupId>\n  \
             <artifactId>llm-policy-engine-kotlin</artifactId>\n  <version>",
            "runs on -->\n  <groupId>io.github.llmpolicyengine</groupId>\n  \
             <artifactId>llm-policy-engine-kotlin</artifactId>\n  <version>",
        ],
    ),
    ("ruby/lib/llm_policy_engine/version.rb", &["VERSION = \""]),
    ("java/README.md", &["\n  <artifactId>llm-policy-engine</artifactId>\n  <version>"]),
];

/// These files, with the version of the workspace.
pub fn render(root: &Path) -> Result<Vec<(&'static str, String)>, String> {
    let mut rendered = Vec::new();
    for (file, places) in PLACES {
        let mut text = fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"))?;
        for before in places {
            text = with(&text, before, env!("CARGO_PKG_VERSION"))
                .ok_or_else(|| format!("{file}: nothing, or too much, is like {before:?}"))?;
        }
        rendered.push((file, text));
    }
    Ok(rendered)
}

/// The text with this version after the one place that ends with `before`.
fn with(text: &str, before: &str, version: &str) -> Option<String> {
    let (head, rest) = text.split_once(before)?;
    let end = rest.find(['"', '<'])?;
    let (_, tail) = rest.split_at_checked(end)?;
    (!tail.contains(before)).then(|| format!("{head}{before}{version}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_after_its_place() {
        assert_eq!(with("<a/><v>1</v>\n", "<v>", "2.0").as_deref(), Some("<a/><v>2.0</v>\n"));
        assert_eq!(with("<v>1</v>", "<w>", "2"), None, "no such place");
        assert_eq!(with("<v>1</v><v>1</v>", "<v>", "2"), None, "two of them");
        assert_eq!(with("<v>1", "<v>", "2"), None, "no end");
    }
}
