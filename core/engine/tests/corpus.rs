//! Runs what the fuzz targets `json` and `document` run over the corpora and the seeds that are kept.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod support;

fn each(name: &str, run: fn(&[u8])) {
    let mut count = 0;
    for folder in [format!("../../fuzz/seeds/{name}"), format!("tests/corpus/{name}")] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in std::fs::read_dir(folder).unwrap() {
            run(&std::fs::read(file.unwrap().path()).unwrap());
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn json() {
    each("json", support::json);
}

#[test]
fn documents() {
    each("document", support::document);
}
