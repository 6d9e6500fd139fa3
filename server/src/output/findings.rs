//! Findings in documents.

use llm_policy_embed::error::finding_json;
use llm_policy_embed::{Checked, Finding};
use serde_json::{Value as Json, json};

use super::{style, units};
use crate::failure::Failure;

/// How many findings are errors, and how many warnings.
pub fn counts(findings: &[Finding]) -> (usize, usize) {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    (errors, findings.len() - errors)
}

/// One line about all documents, with `claimed` warnings of the analysis.
pub fn summary(checked: &Checked, claimed: usize, refused: bool) -> String {
    let (errors, warnings) = counts(&checked.findings);
    let warnings = warnings + claimed;
    let mark = match (refused, warnings) {
        (true, _) => style::bad("✗"),
        (false, 0) => style::good("✓"),
        (false, _) => style::careful("!"),
    };
    let found = match (errors, warnings) {
        (0, 0) => "nothing to complain about".to_owned(),
        (0, w) => units::count(w, "warning"),
        (e, 0) => units::count(e, "error"),
        (e, w) => format!("{}, {}", units::count(e, "error"), units::count(w, "warning")),
    };
    let unread = match checked.unread {
        0 => String::new(),
        unread => {
            format!("; the conditions of {} were not checked yet: mend these first", units::count(unread, "document"))
        }
    };
    format!("{mark} {}: {found}{unread}", about(checked))
}

/// `3 documents, 24 rules, digest 5163920c4c0a`
pub fn about(checked: &Checked) -> String {
    let (documents, rules) = (units::count(checked.documents, "document"), units::count(checked.rules, "rule"));
    match checked.engine() {
        Ok(engine) => format!("{documents}, {rules}, digest {}", units::digest(&engine.bundle())),
        // The rules of a document whose form is wrong are not known.
        Err(_) if checked.unread > 0 => documents,
        Err(_) => format!("{documents}, {rules}"),
    }
}

/// Why a command could not do its work, or what it warns about, for programs.
pub fn report(severity: &str, failure: &Failure) -> Json {
    let found: Vec<Json> = failure.findings.iter().map(finding_json).collect();
    let message = match failure.findings.as_slice() {
        [first, ..] if failure.message.is_empty() => &first.diagnostic.message,
        _ => &failure.message,
    };
    let mut out = json!({"severity": severity, "code": failure.code, "message": message, "findings": found});
    if let (Some(object), Some(help)) = (out.as_object_mut(), &failure.help) {
        object.insert("help".to_owned(), json!(help));
    }
    out
}
