//! The patterns of `examples/patterns`: nothing to complain about, no clause and no change that their cases do not
//! notice; and `docs/policy-design.md` shows what is in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the command prints when it ends well.
fn succeeds(arguments: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy-engine"));
    let output = command.args(arguments.split_whitespace()).current_dir(root()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "`{arguments}` ends with {}\n{out}{err}", output.status);
    out.into_owned()
}

/// The names of the patterns: each has a policy and test cases, and there is nothing else.
fn patterns() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("examples/patterns")).unwrap();
    let names: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let policies = names.iter().filter(|name| !name.ends_with("_test.yaml"));
    let patterns: BTreeSet<String> = policies.map(|name| name.strip_suffix(".yaml").unwrap().to_owned()).collect();
    let expected = patterns.iter().flat_map(|name| [format!("{name}.yaml"), format!("{name}_test.yaml")]);
    assert_eq!(names, expected.collect());
    patterns
}

#[test]
fn policies_are_valid_each_on_its_own_and_together() {
    succeeds("validate --strict examples/patterns");
    for pattern in patterns() {
        succeeds(&format!("validate --strict examples/patterns/{pattern}.yaml"));
    }
}

#[test]
fn cases_notice_every_clause_and_every_change() {
    for folder in ["examples/patterns", "examples/policies"] {
        succeeds(&format!("test {folder} --coverage --min 100 --min-alone 100 --mutate --min-mutation 100"));
    }
}

/// The chapters of docs/policy-design.md: the name of a pattern, and the text below it.
fn chapters(page: &str) -> Vec<(&str, &str)> {
    let chapters = page.split("\n### ").skip(1).filter_map(|text| text.split_once('\n'));
    chapters.map(|(name, text)| (name, text.split("\n## ").next().unwrap_or(text))).collect()
}

#[test]
fn the_guide_shows_each_pattern_as_it_is() {
    let page = fs::read_to_string(root().join("docs/policy-design.md")).unwrap();
    let chapters = chapters(&page);
    let mut shown = BTreeSet::new();
    for (name, text) in chapters {
        let policy = fs::read_to_string(root().join(format!("examples/patterns/{name}.yaml"))).unwrap();
        let excerpts: Vec<&str> =
            text.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
        assert!(!excerpts.is_empty(), "{name} has no excerpt");
        for excerpt in excerpts {
            assert!(policy.contains(excerpt), "this is not in {name}.yaml:\n{excerpt}");
        }
        assert!(page.contains(&format!("| [`{name}`](#{name}) |")), "{name} is not in the table");
        assert!(shown.insert(name.to_owned()), "{name} has two chapters");
    }
    assert_eq!(shown, patterns());
    let listed = succeeds("new --list");
    let listed: BTreeSet<String> =
        listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert_eq!(listed, patterns(), "`new` writes other patterns");
}
