//! CEL Policy YAML, as cel-go has it: nested rules whose first match gives a value.

use llm_policy_engine::cel::lexer::{TokenKind, lex};
use llm_policy_engine::document::tree::Node;
use serde_json::json;

use super::draft::Draft;
use super::published::name;
use super::{ChangeKind, Imported, entries, get, items, text_of};

pub(super) fn import(text: &str, root: &Node<'_>) -> Imported {
    let mut draft = Draft::new(text);
    let named = get(root, "name").and_then(text_of).unwrap_or("imported");
    draft.metadata.insert("name".to_owned(), json!(name(named)));
    if let Some(description) = get(root, "description").and_then(text_of) {
        draft.metadata.insert("description".to_owned(), json!(description));
    }
    // The first match decides, and no match is no answer.
    draft.config.insert("default_action".to_owned(), json!("deny"));
    draft.config.insert("combine".to_owned(), json!("first_match"));
    draft.note(ChangeKind::Look, root.span, "config", "when nothing matches, that is a deny now");
    for (key, value) in entries(root) {
        match &*key.text {
            "name" | "description" | "rule" => {}
            "imports" => draft.note(ChangeKind::Look, value.span, "imports", "types are not imported"),
            other => draft.note(ChangeKind::NotKept, value.span, other, "the key is not known"),
        }
    }
    if let Some(rule) = get(root, "rule") {
        let mut walk = Walk { draft: &mut draft, path: Vec::new(), number: 0 };
        walk.rule(rule, None);
    }
    // Earlier rules come first.
    let count = draft.rules.len();
    for (number, rule) in draft.rules.iter_mut().enumerate() {
        if let Some(rule) = rule.as_object_mut() {
            rule.insert("priority".to_owned(), json!(count - number));
        }
    }
    draft.finish()
}

struct Walk<'d, 't> {
    draft: &'d mut Draft<'t>,
    /// The ids of the rules around this one.
    path: Vec<String>,
    number: usize,
}

impl Walk<'_, '_> {
    /// The matches of a rule that is reached where `outer` holds.
    fn rule(&mut self, node: &Node<'_>, outer: Option<&str>) {
        let id = get(node, "id").and_then(text_of).map_or_else(|| "rule".to_owned(), name);
        self.path.push(id.clone());
        for variable in get(node, "variables").map(items).unwrap_or_default() {
            self.variable(variable);
        }
        let mut closed = false;
        for found in get(node, "match").map(items).unwrap_or_default() {
            closed |= get(found, "condition").is_none();
            self.matched(found, outer);
        }
        for (key, value) in entries(node) {
            if !["id", "description", "variables", "match"].contains(&&*key.text) {
                self.draft.note(ChangeKind::NotKept, value.span, &id, format!("the key `{}` is not known", key.text));
                self.push(outer.unwrap_or("true"), json!({"deny": {"reason": "the rule could not be imported"}}));
                closed = true;
            }
        }
        // A nested rule in which nothing matches is the answer all the same.
        if let (Some(outer), false) = (outer, closed) {
            self.push(outer, json!({"deny": {"reason": "nothing matches in a nested rule", "code": "no_match"}}));
        }
        self.path.pop();
    }

    fn variable(&mut self, node: &Node<'_>) {
        // `name` and `expression`, or the short form of one key.
        let (name, expression) = match (get(node, "name").and_then(text_of), get(node, "expression")) {
            (Some(name), Some(expression)) => (name.to_owned(), expression),
            _ => match entries(node) {
                [(key, value)] => (key.text.to_string(), value),
                _ => {
                    self.draft.note(ChangeKind::NotKept, node.span, "variables", "the form of a variable is not known");
                    return;
                }
            },
        };
        if self.draft.variables.contains_key(&name) {
            let message = "two variables have this name; what reads it is not kept";
            self.draft.note(ChangeKind::NotKept, node.span, &format!("variables.{name}"), message);
            self.draft.variables.remove(&name);
            return;
        }
        if let Some(source) = text_of(expression) {
            self.draft.variable(&name, source, expression.span);
        }
    }

    fn matched(&mut self, node: &Node<'_>, outer: Option<&str>) {
        let about = self.path.join(".");
        let own = get(node, "condition").map_or(Some("true"), text_of);
        let condition = own.map_or(Err(()), |own| self.draft.condition(own, node.span, &about));
        let Ok(condition) = condition else {
            self.draft.note(ChangeKind::NotKept, node.span, &about, "from here on everything is denied");
            self.push(
                outer.unwrap_or("true"),
                json!({"deny": {"reason": "a match could not be imported", "code": "not_imported"}}),
            );
            return;
        };
        let when = match (outer, &*condition) {
            (None, own) => own.to_owned(),
            (Some(outer), "true") => outer.to_owned(),
            (Some(outer), own) => format!("({outer}) && ({own})"),
        };
        if let Some(rule) = get(node, "rule") {
            self.guard(&when);
            return self.rule(rule, Some(&when));
        }
        let output = get(node, "output").and_then(text_of).unwrap_or_default();
        match answer(output) {
            Some(Answer::Allow) => {
                self.guard(&when);
                self.push(&when, json!("allow"));
            }
            Some(Answer::Deny) => self.push(&when, json!("deny")),
            Some(Answer::Reason(text)) => {
                let reason = self.draft.template(&text, node.span, &about);
                self.push(&when, json!({"deny": {"reason": reason}}));
                let message = "the output is a text; it is the reason of a deny";
                self.draft.note(ChangeKind::Look, node.span, &about, message);
            }
            None => {
                let reason = self.draft.template(&format!("{{{{ {output} }}}}"), node.span, &about);
                self.push(&when, json!({"deny": {"reason": reason}}));
                let message = "the output is neither true nor false; it is the reason of a deny";
                self.draft.note(ChangeKind::Look, node.span, &about, message);
            }
        }
    }

    /// There an error ends the evaluation; here the next match would be asked. A rule that denies when the condition
    /// fails, and has no other effect, keeps that.
    fn guard(&mut self, when: &str) {
        if when != "true" {
            let fails = format!("!({when}) && ({when})");
            self.push(&fails, json!({"deny": {"reason": "a condition could not be evaluated", "code": "error"}}));
        }
    }

    fn push(&mut self, when: &str, action: serde_json::Value) {
        self.number += 1;
        let id = format!("{}-{}", self.path.join("."), self.number);
        self.draft.rules.push(json!({"id": id, "when": when, "actions": [action]}));
    }
}

/// What an output says.
enum Answer {
    Allow,
    Deny,
    Reason(String),
}

fn answer(output: &str) -> Option<Answer> {
    let tokens = lex(output).ok()?;
    match tokens.as_slice() {
        [one, _] => match one.kind {
            TokenKind::True => Some(Answer::Allow),
            TokenKind::False => Some(Answer::Deny),
            TokenKind::String => {
                let text = output.trim().trim_matches(['\'', '"']);
                match &*text.to_ascii_lowercase() {
                    "allow" | "allowed" => Some(Answer::Allow),
                    "deny" | "denied" => Some(Answer::Deny),
                    _ => Some(Answer::Reason(text.to_owned())),
                }
            }
            _ => None,
        },
        _ => None,
    }
}
