//! Suites from text and from the examples.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use llm_policy_engine::document::{self, Document};
use llm_policy_workbench::cases;
use llm_policy_workbench::run::{PolicySet, Suite};

pub const JOBS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// A suite of one policy and one file of cases.
pub fn suite(policy: &str, tests: &str) -> Suite {
    let document = document::read(policy, "policy.yaml", &mut document::no_files).unwrap_or_else(|e| panic!("{e}"));
    let tests =
        cases::read(tests, "policy_test.yaml", &mut |_| Err("no files".into())).unwrap_or_else(|e| panic!("{e}"));
    let mut suite = Suite::default();
    let set = suite.add_set(PolicySet::new(vec![document]).unwrap().0);
    suite.add_file(tests, set).unwrap();
    suite
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/policies")
}

fn document(name: &str) -> Document {
    let text = fs::read_to_string(examples().join(name)).unwrap();
    let mut table = |name: &str| fs::read_to_string(examples().join(name)).map_err(|e| e.to_string());
    document::read(&text, name, &mut table).unwrap_or_else(|e| panic!("{e}"))
}

/// The example policies with their cases.
pub fn examples_suite() -> Suite {
    let mut suite = Suite::default();
    for name in ["budget", "governance", "security"] {
        let file = format!("{name}_test.yaml");
        let text = fs::read_to_string(examples().join(&file)).unwrap();
        let tests = cases::read(&text, &file, &mut |_| Err("no files".into())).unwrap_or_else(|e| panic!("{e}"));
        let documents = tests.policies.iter().flatten().map(|policy| document(&policy.value)).collect();
        let set = suite.add_set(PolicySet::new(documents).unwrap().0);
        suite.add_file(tests, set).unwrap();
    }
    suite
}
