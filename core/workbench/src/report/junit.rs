//! Results for build servers, as the XML that JUnit writes.

use std::fmt::Write;

use super::{Report, complaints};
use crate::markup::escaped;
use crate::run::CaseOutcome;

/// One `testsuite` for each file of cases.
#[must_use]
pub fn xml(report: &Report<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = report.results.len();
    let _ = writeln!(out, "<testsuites name=\"policies\" tests=\"{all}\" failures=\"{}\">", report.failed());
    for (number, file) in report.suite.files.iter().enumerate() {
        let results: Vec<_> = report.results.iter().filter(|result| result.file == number).collect();
        if results.is_empty() {
            continue;
        }
        let name = escaped(&file.cases.origin);
        let failed = results.iter().filter(|result| matches!(result.outcome, CaseOutcome::Failed(_))).count();
        let refused = results.iter().filter(|result| matches!(result.outcome, CaseOutcome::Refused(_))).count();
        let count = results.len();
        let _ =
            writeln!(out, "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" errors=\"{refused}\">");
        for result in results {
            let Some(case) = report.suite.case(result.file, result.case) else { continue };
            let (line, _) = case.span.line_and_column(&file.cases.text);
            let title = escaped(&case.name);
            let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{title}\" file=\"{name}\" line=\"{line}\"");
            let lines = complaints(&result.outcome);
            let Some(first) = lines.first() else {
                out.push_str("/>\n");
                continue;
            };
            let tag = if matches!(result.outcome, CaseOutcome::Refused(_)) { "error" } else { "failure" };
            let (message, text) = (escaped(first), escaped(&lines.join("\n")));
            let _ = writeln!(out, ">\n      <{tag} message=\"{message}\">{text}</{tag}>\n    </testcase>");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
