//! `inspect`

use serde_json::Value as Json;

use super::common::{run, snapshot};

#[test]
fn for_people() {
    snapshot!("inspect", run("inspect -p policies"));
}

#[test]
fn for_programs_and_eyes() {
    let view: Json = serde_json::from_str(&run("inspect -p policies -o json").out).unwrap();
    assert_eq!(view["bundle"].as_str().unwrap().len(), 64);
    assert!(view["rules"].as_array().unwrap().iter().all(|rule| rule["nanoseconds"].is_u64()));
    let ran = run("inspect -p policies -o svg");
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("<svg") && ran.out.contains("request.model"), "{}", ran.out);
    assert_eq!(run("inspect -p broken").code, 3);
    assert_eq!(run("inspect policies").out, run("inspect -p policies").out);
    assert_eq!(run("inspect").code, 2);
}
