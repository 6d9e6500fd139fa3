//! Runs what the fuzz target `cel` runs over the corpus and the seeds that are kept.

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod support;

use llm_policy_cel::limits::Limits;

#[test]
fn nothing_in_the_corpus_fails() {
    let env = support::env(Limits::default());
    let mut count = 0;
    for folder in ["../../fuzz/seeds/cel", "tests/corpus"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in std::fs::read_dir(folder).unwrap() {
            let data = std::fs::read(file.unwrap().path()).unwrap();
            support::fuzz(&env, &data);
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}
