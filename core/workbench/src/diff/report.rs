//! The report as one HTML page that needs nothing else.

use std::fmt::Write as _;

use super::{Change, Group, Kind, RuleChange, Summary};
use crate::markup::escaped;
use crate::numbers::grouped;

const STYLE: &str = "
:root { color-scheme: light dark; --bg: #f7f8fa; --card: #fff; --ink: #1c2430; --quiet: #667085; --line: #e3e6eb;
  --allow: #2f7d4f; --throttle: #b7791f; --require_approval: #2563c9; --deny: #c0362c; --same: #cfd4dc; }
@media (prefers-color-scheme: dark) { :root { --bg: #12161c; --card: #1a2029; --ink: #e6e9ee; --quiet: #98a2b3; --line: #2b333f;
  --allow: #57b981; --throttle: #d9a441; --require_approval: #6ea2f5; --deny: #ef7167; --same: #3b4553; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 22px; margin: 8px 0 4px; } h2 { font-size: 17px; margin: 36px 0 10px; }
p.quiet, .quiet { color: var(--quiet); margin: 0; } code, pre { font: 12.5px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 18px; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; flex: 1 1 140px; }
.figure b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 10px 0; }
.bar { display: flex; height: 22px; border-radius: 4px; overflow: hidden; background: var(--same); margin: 4px 0 10px; }
.bar span { display: block; min-width: 2px; }
.row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 16px; align-items: baseline; }
.count { font-variant-numeric: tabular-nums; font-weight: 600; }
.thin { height: 8px; background: var(--line); border-radius: 4px; margin: 6px 0 2px; } .thin span { display: block; height: 8px; min-width: 2px; border-radius: 4px; }
.tag { display: inline-block; padding: 0 7px; border-radius: 9px; border: 1px solid currentColor; font-size: 12px; line-height: 18px; }
.allow { color: var(--allow); } .throttle { color: var(--throttle); } .require_approval { color: var(--require_approval); } .deny { color: var(--deny); }
.bg-allow { background: var(--allow); } .bg-throttle { background: var(--throttle); } .bg-require_approval { background: var(--require_approval); } .bg-deny { background: var(--deny); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; } .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
details summary { cursor: pointer; color: var(--quiet); font-size: 13px; } pre { white-space: pre-wrap; margin: 4px 0 10px; }
table { border-collapse: collapse; width: 100%; } td { border-top: 1px solid var(--line); padding: 6px 10px 6px 0; vertical-align: top; } td:first-child { width: 32%; overflow-wrap: anywhere; }
@media (max-width: 560px) { td, td:first-child { display: block; width: auto; } td + td { border-top: 0; padding-top: 0; } .figure { flex-basis: 42%; } }
";

const EFFECTS: [&str; 4] = ["allow", "throttle", "require_approval", "deny"];

/// The share of `part` in `whole`, as a percentage for CSS.
#[expect(clippy::cast_precision_loss, reason = "a width on a page")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// The page. `before` and `after` name the two sets of policies.
#[must_use]
pub fn render(summary: &Summary, rules: &[RuleChange], before: &str, after: &str) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Policy difference</title><style>{STYLE}</style></head>\n<body><main>\n\
         <h1>What the change of policies changes</h1>\n<p class=\"quiet\">from <code>{}</code> to <code>{}</code></p>\n",
        escaped(before),
        escaped(after)
    );
    out.push_str("<div class=\"figures\">");
    for (number, name) in [
        (summary.total, "contexts compared"),
        (summary.changed_in(Kind::Effect), "with another effect"),
        (summary.changed_in(Kind::Rule), "by another rule"),
        (summary.changed_in(Kind::Details), "in other details"),
        (summary.refused, "refused"),
    ] {
        let _ =
            write!(out, "<div class=\"figure\"><b>{}</b><span class=\"quiet\">{name}</span></div>", grouped(number));
    }
    out.push_str("</div>\n<h2>Effects</h2>\n<div class=\"card\">\n");
    bar(&mut out, summary, "before", |(before, _)| before);
    bar(&mut out, summary, "after", |(_, after)| after);
    out.push_str("<div class=\"legend\">");
    for effect in EFFECTS {
        let _ = write!(out, "<span><i class=\"bg-{effect}\"></i>{}</span>", effect.replace('_', " "));
    }
    out.push_str("</div></div>\n");
    if summary.groups.is_empty() {
        out.push_str("<h2>Decisions</h2>\n<p>No decision changed.</p>\n");
    } else {
        out.push_str("<h2>Decisions that changed, by rule</h2>\n");
        let most = summary.groups.values().map(|group| group.count).max().unwrap_or(1);
        let (details, weighty): (Vec<_>, Vec<_>) =
            summary.ordered().into_iter().partition(|(change, _)| change.kind == Kind::Details);
        for (change, found) in weighty {
            group(&mut out, change, found, most, summary.total);
        }
        if !details.is_empty() {
            out.push_str("<h2>The same decision, with other details</h2>\n");
        }
        for (change, found) in details {
            group(&mut out, change, found, most, summary.total);
        }
    }
    if !rules.is_empty() {
        out.push_str("<h2>Rules that changed</h2>\n<div class=\"card\"><table>\n");
        for change in rules {
            let _ = writeln!(
                out,
                "<tr><td><b>{}</b><br><span class=\"quiet\">{}</span></td><td>{}</td></tr>",
                escaped(&change.rule),
                escaped(&change.policy),
                escaped(&change.text())
            );
        }
        out.push_str("</table></div>\n");
    }
    out.push_str("</main></body></html>\n");
    out
}

/// How often each effect is decided.
fn bar(out: &mut String, summary: &Summary, name: &str, side: impl Fn(&(String, String)) -> &String) {
    let counted = |effect: &str| -> u64 {
        summary.effects.iter().filter(|(effects, _)| side(effects) == effect).map(|(_, count)| count).sum()
    };
    let total: u64 = summary.effects.values().sum();
    let _ = write!(out, "<span class=\"quiet\">{name}</span><div class=\"bar\" role=\"img\" aria-label=\"{name}:");
    for effect in EFFECTS {
        let _ = write!(out, " {effect} {}", counted(effect));
    }
    out.push_str("\">");
    for effect in EFFECTS {
        let count = counted(effect);
        if count > 0 {
            let width = percent(count, total);
            let _ = write!(
                out,
                "<span class=\"bg-{effect}\" style=\"width:{width:.3}%\" title=\"{}: {} ({width:.1}%)\"></span>",
                effect.replace('_', " "),
                grouped(count)
            );
        }
    }
    out.push_str("</div>\n");
}

fn group(out: &mut String, change: &Change, found: &Group, most: u64, total: u64) {
    let side = |side: &super::Side| {
        let effect = EFFECTS.iter().find(|e| **e == side.effect).copied().unwrap_or("deny");
        let by = match (&side.rule, &side.policy, &side.code) {
            (Some(rule), Some(policy), _) => {
                format!("<b>{}</b> <span class=\"quiet\">{}</span>", escaped(rule), escaped(policy))
            }
            (_, Some(policy), _) => format!("default of <span class=\"quiet\">{}</span>", escaped(policy)),
            (_, None, code) => escaped(code.as_deref().unwrap_or_default()),
        };
        format!("<span class=\"tag {effect}\">{}</span> {by}", effect.replace('_', " "))
    };
    let colour = EFFECTS.iter().find(|e| **e == change.after.effect).copied().unwrap_or("deny");
    let what = match change.kind {
        Kind::Details => {
            format!("{}<br><span class=\"quiet\">{}</span>", side(&change.after), escaped(&change.details()))
        }
        _ => format!("{}<br>→ {}", side(&change.before), side(&change.after)),
    };
    let _ = write!(
        out,
        "<div class=\"card\"><div class=\"row\"><div>{what}</div><div class=\"count\">{} <span class=\"quiet\">{:.2}%</span></div></div>\
         <div class=\"thin\"><span class=\"bg-{colour}\" style=\"width:{:.3}%\"></span></div>",
        grouped(found.count),
        percent(found.count, total),
        percent(found.count, most)
    );
    if !found.examples.is_empty() {
        let _ = write!(out, "<details><summary>first {}</summary>", found.examples.len());
        for example in &found.examples {
            let _ = write!(
                out,
                "<span class=\"quiet\">{}</span><pre>{}</pre>",
                escaped(&example.origin),
                escaped(&example.context)
            );
        }
        out.push_str("</details>");
    }
    out.push_str("</div>\n");
}
