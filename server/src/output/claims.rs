//! What the analysis claims.

use std::collections::BTreeMap;

use llm_policy_workbench::analysis::{Analysis, Claim, Weight};

use super::{style, units};

/// How many of the claims are warnings.
pub fn warnings(analysis: &Analysis) -> usize {
    analysis.of_weight(Weight::Warning).count()
}

/// A claim for people: a warning with its line of the document, a note on two lines.
fn render(claim: &Claim) -> String {
    match claim.weight {
        Weight::Warning => format!("{}\n", claim.render(true)),
        Weight::Note => {
            let shown =
                claim.witness.as_ref().map(|witness| format!("\n      {}", style::quiet(style::safe(&witness.text()))));
            format!("{}{}", style::safe(&claim.line()), shown.unwrap_or_default())
        }
    }
}

/// The claims for people. Reads that nothing guards are told by field, as there are many of them.
pub fn all(analysis: &Analysis) -> Vec<String> {
    let (reads, others): (Vec<&Claim>, Vec<&Claim>) =
        analysis.claims.iter().partition(|claim| claim.code() == "unguarded-read");
    let (warnings, notes): (Vec<&Claim>, Vec<&Claim>) =
        others.into_iter().partition(|claim| claim.weight == Weight::Warning);
    let mut out: Vec<String> = warnings.into_iter().map(render).collect();
    if !notes.is_empty() {
        out.push(format!("{}\n", notes.into_iter().map(render).collect::<Vec<_>>().join("\n")));
    }
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for claim in reads {
        for field in &claim.fields {
            fields.entry(field).or_default().push(claim.rule.as_deref().unwrap_or_default());
        }
    }
    if !fields.is_empty() {
        let width = fields.keys().map(|field| field.len()).max().unwrap_or(0);
        let mut text =
            format!("{}: without them these rules' conditions fail", style::title("Fields that nothing guards"));
        for (field, rules) in fields {
            text.push_str(&format!("\n  {field:width$}  {}", style::quiet(rules.join(", "))));
        }
        out.push(text);
    }
    out
}

/// So many of the dearest rules are shown.
const DEAREST: usize = 10;

/// The dearest rules, and how much of the rules was understood.
pub fn costs(analysis: &Analysis) -> String {
    let mut out = String::new();
    let name = |at: &llm_policy_workbench::analysis::Cost| format!("{} › {}", at.policy, at.rule);
    let shown: Vec<_> = analysis.rules.iter().take(DEAREST).collect();
    let width = shown.iter().map(|cost| name(cost).chars().count()).max().unwrap_or(0);
    out.push_str(&style::title("The dearest rules"));
    out.push_str(", when nothing is shared, loops run eight times and text is short\n");
    for cost in shown {
        let plain = name(cost);
        let mut grows: Vec<String> = cost.scans.iter().map(|path| format!("the length of {path}")).collect();
        match cost.loops {
            0 => {}
            1 => grows.push("the elements that it loops over".to_owned()),
            n => grows.push(format!("the elements that it loops over, to the power of {n}")),
        }
        let grows = if grows.is_empty() { String::new() } else { format!("  grows with {}", grows.join(", ")) };
        let time = units::time(f64::from(cost.nanoseconds));
        out.push_str(&format!(
            "  {time:>8}  {}{}\n",
            style::pad(&style::name(&plain), &plain, width),
            style::quiet(grows)
        ));
    }
    let opaque: Vec<_> = analysis.rules.iter().filter(|cost| !cost.opaque.is_empty()).collect();
    if !opaque.is_empty() {
        let count = units::count(opaque.len(), "rule");
        let verb = if opaque.len() == 1 { "has" } else { "have" };
        out.push_str(&format!(
            "\n{} {verb} clauses that the analysis cannot see into; what hangs on these is not known:\n",
            style::title(count)
        ));
        for cost in opaque {
            let text = cost.opaque.first().map(|text| style::line(text, 80)).unwrap_or_default();
            let more = cost.opaque.len().saturating_sub(1);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            out.push_str(&format!("  {}  {}{more}\n", style::name(name(cost)), style::quiet(text)));
        }
    }
    if analysis.unanswered > 0 {
        let count = units::count(analysis.unanswered, "question");
        out.push_str(&format!("\n{count} took too long to answer: about these nothing is claimed\n"));
    }
    if analysis.accepted > 0 {
        let count = units::count(analysis.accepted, "claim");
        out.push_str(&format!("\n{count} accepted by the rules that they are about (`metadata: {{accept: [...]}}`)\n"));
    }
    out
}
