//! Which field feeds which rules, as a picture.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::View;
use crate::markup::escaped;

const ROW: usize = 22;
const TOP: usize = 64;
const LEFT: usize = 300;
const RIGHT: usize = 660;
const WIDTH: usize = 1_000;

/// Styles for light and dark. The colour of a line says who the field's value comes from.
const STYLE: &str = "
  svg { --bg: #fff; --ink: #1c2430; --quiet: #667085; --identity: #2563c9; --body: #b4500f; --engine: #2f7d4f; --fact: #8b3fb0; }
  @media (prefers-color-scheme: dark) {
    svg { --bg: #12161c; --ink: #e6e9ee; --quiet: #98a2b3; --identity: #7fb0ff; --body: #f2a261; --engine: #74cf9b; --fact: #cf9bf0; }
  }
  rect.bg { fill: var(--bg); }
  text { fill: var(--ink); font: 13px ui-sans-serif, system-ui, sans-serif; }
  text.quiet { fill: var(--quiet); font-size: 11px; }
  text.title { font-size: 16px; font-weight: 600; }
  path { fill: none; stroke-width: 1.4; opacity: .5; }
  g.field:hover path { opacity: 1; stroke-width: 2.4; }
  .identity { stroke: var(--identity); } .body { stroke: var(--body); } .engine { stroke: var(--engine); } .fact { stroke: var(--fact); }
  circle.identity { fill: var(--identity); } circle.body { fill: var(--body); } circle.engine { fill: var(--engine); } circle.fact { fill: var(--fact); }
  circle.rule { fill: var(--quiet); }
";

/// The picture, as an SVG document. It follows the reader's light or dark setting and shows a field's lines when it is pointed at.
#[must_use]
pub fn render(view: &View) -> String {
    // Rules stand by document, then by rank.
    let mut order: Vec<usize> = (0..view.rules.len()).collect();
    order.sort_by_key(|n| view.rules.get(*n).map(|rule| rule.policy.clone()));
    let mut rule_at: BTreeMap<usize, usize> = BTreeMap::new();
    let mut headings: Vec<(usize, &str)> = Vec::new();
    let mut row = 0;
    for number in order {
        let Some(rule) = view.rules.get(number) else { continue };
        if headings.last().is_none_or(|(_, policy)| *policy != rule.policy) {
            row += usize::from(row > 0);
            headings.push((row, &rule.policy));
            row += 1;
        }
        rule_at.insert(number, row);
        row += 1;
    }
    let rows = row;
    // Fields stand where their rules are, as far as there is room: so lines cross less.
    let mut fields: Vec<&super::FieldView> = view.fields.iter().filter(|field| !field.rules.is_empty()).collect();
    let middle = |field: &super::FieldView| {
        let at: usize = field.rules.iter().filter_map(|n| rule_at.get(n)).sum();
        at * 16 / field.rules.len().max(1)
    };
    fields.sort_by_key(|field| (middle(field), field.path.clone()));
    let field_rows = fields.len();
    let height = TOP + rows.max(field_rows) * ROW + 24;
    let spread = if field_rows > 1 && field_rows < rows { (rows - 1) * ROW / (field_rows - 1) } else { ROW };
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Which field feeds which rules\">\n<style>{STYLE}</style>\n\
         <rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"title\" x=\"20\" y=\"28\">{} fields feed {} rules</text>\n",
        field_rows,
        view.rules.len()
    );
    for (at, source) in ["identity", "body", "engine", "fact"].into_iter().enumerate() {
        let x = 20 + at * 90;
        let _ = write!(
            out,
            "<circle class=\"{source}\" cx=\"{}\" cy=\"46\" r=\"4\"/><text class=\"quiet\" x=\"{}\" y=\"50\">{source}</text>",
            x + 4,
            x + 14
        );
    }
    out.push('\n');
    for (at, field) in fields.iter().enumerate() {
        let y = TOP + at * spread + ROW / 2;
        let source = &field.source;
        let _ = write!(
            out,
            "<g class=\"field\"><title>{}: {}, from the {source}, read by {} rules</title>",
            escaped(&field.path),
            escaped(&field.value_type),
            field.rules.len()
        );
        for number in &field.rules {
            let Some(row) = rule_at.get(number) else { continue };
            let to = TOP + row * ROW + ROW / 2;
            let (a, b) = (LEFT + 10, RIGHT - 10);
            let bend = (b - a) / 2;
            let _ =
                write!(out, "<path class=\"{source}\" d=\"M{a} {y}C{} {y} {} {to} {b} {to}\"/>", a + bend, b - bend);
        }
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><circle class=\"{source}\" cx=\"{LEFT}\" cy=\"{y}\" r=\"4\"/></g>",
            LEFT - 10,
            y + 4,
            escaped(&cut(&field.path, 40)),
        );
    }
    for (row, policy) in headings {
        let y = TOP + row * ROW + ROW / 2 + 4;
        let _ = writeln!(out, "<text class=\"quiet\" x=\"{RIGHT}\" y=\"{y}\">{}</text>", escaped(&cut(policy, 46)));
    }
    for (number, row) in &rule_at {
        let Some(rule) = view.rules.get(*number) else { continue };
        let y = TOP + row * ROW + ROW / 2;
        let _ = writeln!(
            out,
            "<g><title>{}: {}</title><circle class=\"rule\" cx=\"{RIGHT}\" cy=\"{y}\" r=\"4\"/><text x=\"{}\" y=\"{}\">{}</text></g>",
            escaped(&rule.rule),
            escaped(&rule.actions.join(", ")),
            RIGHT + 10,
            y + 4,
            escaped(&cut(&rule.rule, 40)),
        );
    }
    out.push_str("</svg>\n");
    out
}

/// `text` with at most `most` characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
