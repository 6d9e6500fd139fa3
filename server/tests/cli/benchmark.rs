//! `benchmark`

use serde_json::Value as Json;

use super::common::run;

#[test]
fn reports() {
    let ran = run("benchmark -p policies -c contexts/several.jsonl --seconds 0.05 --threads 2 -o json");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["contexts"], 3);
    assert_eq!(report["threads"], 2);
    let time = |name: &str| report["latency_ns"][name].as_f64().unwrap();
    assert!(time("p50") > 0.0 && time("p50") <= time("p99") && time("p99.9") <= time("max"));
    assert!(report["decisions"].as_u64().unwrap() > 0 && report["decisions_per_sample"].as_u64().unwrap() > 0);

    let ran = run("benchmark -p policies -c contexts/allowed.json --seconds 0.05 --prepared");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for part in ["a second", "prepared input", "p99.9", "1 context: 1 allow", "decisions in"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}

#[test]
fn refuses() {
    assert_eq!(run("benchmark -p policies -c contexts/broken.json").code, 3);
    assert_eq!(run("benchmark -p broken -c contexts/allowed.json").code, 3);
    assert_eq!(run("benchmark -p policies -c contexts/allowed.json --seconds 0").code, 2);
    assert_eq!(run("benchmark -p policies -c contexts/allowed.json --threads 0").code, 2);
}
