//! The compiled program for people.

use llm_policy_embed::Stage;
use llm_policy_workbench::inspect::View;

use super::{style, units};

/// How many rules were looked at for the contexts of one stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked {
    /// How many contexts.
    pub contexts: usize,
    /// How many rules for all of them together.
    pub rules: usize,
    /// The most for one.
    pub most: usize,
}

/// The program as text, with how many rules of `stage` were `looked` at.
pub fn render(view: &View, about: &str, looked: Option<(Stage, Looked)>) -> String {
    let mut out = format!("{}\n", style::title(about));
    let facts = [
        units::count(view.nodes, "node"),
        units::count(view.fields.len(), "field"),
        format!("{} shared", units::count(view.shared.len(), "sub-expression")),
        units::count(view.patterns.len(), "regular expression"),
    ];
    out.push_str(&format!("{}\n", facts.join(", ")));
    let (rule, all) = view.fuel;
    out.push_str(&format!(
        "bounds: {} units of fuel a rule, {} all rules together\n",
        units::grouped(rule),
        units::grouped(all)
    ));
    out.push_str(&format!(
        "a decision depends on the policies, digest {}, and on the fields below\n",
        units::digest(&view.bundle)
    ));
    index(view, looked, &mut out);
    fields(view, &mut out);
    rules(view, &mut out);
    shared(view, &mut out);
    texts(view, &mut out);
    out.trim_end().to_owned()
}

fn heading(out: &mut String, text: &str) {
    out.push_str(&format!("\n{}\n", style::title(text)));
}

fn index(view: &View, looked: Option<(Stage, Looked)>, out: &mut String) {
    heading(out, "Index: of each stage's rules, those whose condition is looked at for every input");
    for stage in &view.stages {
        let names: Vec<&str> =
            stage.always.iter().filter_map(|n| view.rules.get(*n)).map(|rule| rule.rule.as_str()).collect();
        let counts = format!("{} of {}", names.len(), stage.rules);
        out.push_str(&format!("  {:<12}{counts:<10}{}\n", stage.stage.name(), style::quiet(names.join(", "))));
    }
    if let Some((stage, looked)) = looked.filter(|(_, looked)| looked.contexts > 0) {
        let of = view.stages.iter().find(|s| s.stage == stage).map_or(0, |s| s.rules);
        let contexts = units::count(looked.contexts, "context");
        let average = looked.rules as f64 / looked.contexts as f64;
        out.push_str(&format!(
            "  for {contexts}, {average:.1} of {of} rules of the stage {stage} were looked at on average, {} at most\n",
            looked.most
        ));
    }
}

fn fields(view: &View, out: &mut String) {
    heading(out, "Fields");
    let width = view.fields.iter().map(|field| field.path.len()).max().unwrap_or(0);
    for field in &view.fields {
        let rules: Vec<&str> =
            field.rules.iter().filter_map(|n| view.rules.get(*n)).map(|rule| rule.rule.as_str()).collect();
        let rules = if rules.is_empty() { "templates, or what is made from it".to_owned() } else { rules.join(", ") };
        let content = if field.content { ", content" } else { "" };
        let kind = format!("{} ({}{content})", style::line(&field.value_type, 24), field.source);
        out.push_str(&format!("  {:width$}  {kind:<34}  {}\n", field.path, style::quiet(rules)));
    }
}

fn rules(view: &View, out: &mut String) {
    heading(out, "Rules, by rank");
    for rule in &view.rules {
        let shadow = if rule.shadow { ", shadow" } else { "" };
        let name = format!("{} › {}", rule.policy, rule.rule);
        let cost = units::time(f64::from(rule.nanoseconds));
        out.push_str(&format!(
            "  {}  {} in {}{shadow}, {cost}\n",
            style::name(name),
            rule.actions.join(", "),
            rule.stages
        ));
        out.push_str(&format!("      reads  {}\n", style::quiet(rule.reads.join(", "))));
        for (at, guard) in rule.guards.iter().enumerate() {
            let label = if at == 0 { "found" } else { "or" };
            out.push_str(&format!("      {label:<5}  by {}\n", style::quiet(style::line(guard, 100))));
        }
        if !rule.bars.is_empty() {
            let bars = style::line(&rule.bars.join(" or "), 100);
            out.push_str(&format!("      not    when {}\n", style::quiet(bars)));
        }
    }
}

fn shared(view: &View, out: &mut String) {
    if view.shared.is_empty() {
        return;
    }
    heading(out, "Shared: worked out at most once for each input");
    for node in &view.shared {
        let cost = units::time(f64::from(node.nanoseconds));
        let text = match &node.text {
            Some(text) => style::line(text, 80),
            None => format!("over {}", node.reads.join(", ")),
        };
        let users = units::count(node.rules.len(), "rule");
        out.push_str(&format!("  {cost:>8}  {users:<9} {text}\n"));
    }
}

fn texts(view: &View, out: &mut String) {
    if !view.texts.is_empty() {
        heading(out, "Literals that are looked for in one pass over the text");
        for text in &view.texts {
            let literals: Vec<String> =
                text.literals.iter().map(|literal| format!("'{}'", style::line(literal, 40))).collect();
            out.push_str(&format!("  {}  {}\n", text.path, style::quiet(literals.join(", "))));
        }
    }
    if !view.patterns.is_empty() {
        heading(out, "Regular expressions");
        for pattern in &view.patterns {
            out.push_str(&format!("  {}\n", style::line(pattern, 110)));
        }
    }
}
