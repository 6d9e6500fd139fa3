//! `scan` and `eval-detectors`

use serde_json::Value as Json;

use super::common::{run, run_with};

const TEXT: &[u8] = "Grüße an ada@example.org, Karte 4111 1111 1111 1111.".as_bytes();

#[test]
fn findings_for_people() {
    let ran = run_with("scan", TEXT);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 3, "{}", ran.out);
    assert_eq!(lines[1][..3], ["pii", "email", "11..26"]);
    assert_eq!(lines[2][..3], ["pii", "credit_card", "34..53"]);
    let columns: Vec<Option<usize>> =
        [" kind", " email", " credit_card"].iter().zip(ran.out.lines()).map(|(n, l)| l.find(n)).collect();
    assert!(columns[0].is_some() && columns.iter().all(|column| *column == columns[0]), "{}", ran.out);
    assert!(!ran.out.contains("ada@"), "findings hold no text");
    assert_eq!(run_with("scan", b"The boats were late.").out, "Nothing found.\n");
}

#[test]
fn findings_for_programs() {
    let ran = run_with("scan --output json --kind email", TEXT);
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    let found = &report["findings"][0];
    assert_eq!((&found["kind"], &found["bytes"][0], &found["chars"][0]), (&"email".into(), &11.into(), &9.into()));
    assert_eq!(report["complete"], true);
}

#[test]
fn the_text_with_marks() {
    let ran = run_with("scan --output marked", TEXT);
    assert_eq!(ran.out, "Grüße an [email: ada@example.org], Karte [credit_card: 4111 1111 1111 1111].\n");
}

#[test]
fn what_cannot_be_scanned_is_said() {
    let ran = run_with("scan", b"\xFF");
    assert_eq!((ran.code, ran.err.contains("not UTF-8 at byte 0")), (3, true), "{}", ran.err);
    let ran = run_with("scan --kind emial", b"");
    assert_eq!((ran.code, ran.err.contains("no detector finds `emial`")), (2, true), "{}", ran.err);
}

#[test]
fn labelled_texts_are_scored() {
    let ran = run("eval-detectors labelled --output json");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("small: 1 rows are of kinds"), "{}", ran.err);
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    let file = &report["files"]["small"];
    let counts =
        |tally: &Json| ["positives", "detected", "negatives", "flagged"].map(|name| tally[name].as_u64().unwrap());
    // The second row's span is not where the address is.
    assert_eq!(counts(file), [3, 2, 2, 1]);
    assert_eq!(counts(&file["kinds"]["pii:EMAIL"]), [2, 1, 0, 0]);
    assert_eq!(counts(&file["kinds"]["secret"]), [1, 1, 0, 0]);
    assert_eq!(counts(&file["kinds"]["benign:prose"]), [0, 0, 2, 1]);
    assert!(file["bytes"].as_u64().unwrap() > 100 && file["seconds"].as_f64().unwrap() > 0.0);

    let half = |name: &str| -> u64 {
        let ran = run(&format!("eval-detectors labelled --half {name} -o json"));
        let report: Json = serde_json::from_str(&ran.out).unwrap();
        counts(&report["files"]["small"]).into_iter().step_by(2).sum()
    };
    assert_eq!(half("dev") + half("test"), 5);
}
