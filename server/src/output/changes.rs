//! What a change of policies changes, for people.

use llm_policy_workbench::diff::{Kind, RuleChange, Summary};

use super::{style, units};

/// So many changes are shown.
const GROUPS: usize = 30;

/// The summary as text.
pub fn render(summary: &Summary, rules: &[RuleChange]) -> String {
    let mut out = String::new();
    if !rules.is_empty() {
        out.push_str(&format!("{}\n", style::title("Rules that changed")));
        for change in rules {
            let name = style::name(format!("{} › {}", change.policy, change.rule));
            out.push_str(&format!("  {name}  {}\n", style::safe(&change.text())));
        }
        out.push('\n');
    }
    let total = summary.total + summary.refused;
    let contexts = units::count(usize::try_from(total).unwrap_or(usize::MAX), "context");
    let groups = summary.ordered();
    for (change, group) in groups.iter().take(GROUPS) {
        let count = units::grouped(group.count);
        let what = match change.kind {
            Kind::Details => format!("{}, {}", change.after.text(), change.details()),
            _ => format!("{} → {}", change.before.text(), change.after.text()),
        };
        out.push_str(&format!("{}  {}\n", style::title(format!("{count:>9}")), style::safe(&what)));
        // Of what hardly weighs, the first place is enough.
        if change.kind == Kind::Details
            && let Some(example) = group.examples.first()
        {
            out.push_str(&format!("           {}\n", style::quiet(&example.origin)));
            continue;
        }
        for example in &group.examples {
            let text = format!("{}  {}", example.origin, style::line(&example.context, 100));
            out.push_str(&format!("           {}\n", style::quiet(text)));
        }
    }
    if groups.len() > GROUPS {
        let more = units::grouped((groups.len() - GROUPS) as u64);
        out.push_str(&format!(
            "           and {more} other changes; `--output json` and `--report` have all of them\n"
        ));
    }
    if summary.changed() > 0 {
        out.push('\n');
    }
    for (action, count) in &summary.unhandled {
        let (contexts, are) = match count {
            1 => ("1 context".to_owned(), "is"),
            n => (format!("{} contexts", units::grouped(*n)), "are"),
        };
        let flag = style::title(format!("--handles {action}"));
        out.push_str(&format!(
            "{contexts} {are} denied only because the host declares no `{action}`; if it does: {flag}\n"
        ));
    }
    let mark = if summary.changed() > 0 { style::careful("!") } else { style::good("✓") };
    let found = match summary.changed() {
        0 => "no decision changes".to_owned(),
        n => format!(
            "{} of the decisions change, {} of them in their effect",
            units::grouped(n),
            units::grouped(summary.changed_in(Kind::Effect))
        ),
    };
    out.push_str(&format!("{mark} {contexts}: {found}"));
    if summary.refused > 0 {
        out.push_str(&format!("; {} refused", units::grouped(summary.refused)));
    }
    out
}
