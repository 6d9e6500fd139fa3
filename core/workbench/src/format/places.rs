//! Which values of a policy document are CEL.

use super::yaml::{Expressions, Kind, Node};

/// Where the scalars begin that are expressions.
pub(super) fn expressions(root: &Node) -> Expressions {
    let mut found = Found::default();
    found.config(root);
    found.values_of(root.get("variables"));
    for rule in root.get("rules").into_iter().flat_map(Node::items) {
        found.conditional(rule);
        found.expression(rule.get("rollout").and_then(|rollout| rollout.get("by")));
        for action in rule.get("actions").into_iter().flat_map(Node::items) {
            found.action(action);
        }
    }
    for exception in root.get("exceptions").into_iter().flat_map(Node::items) {
        found.conditional(exception);
    }
    found.0
}

#[derive(Default)]
struct Found(Expressions);

impl Found {
    fn expression(&mut self, node: Option<&Node>) {
        if let Some(node) = node
            && node.scalar().is_some()
        {
            self.0.insert(node.start);
        }
    }

    fn config(&mut self, root: &Node) {
        self.expression(root.get("config").and_then(|config| config.get("target")));
    }

    /// All values of a mapping are expressions.
    fn values_of(&mut self, node: Option<&Node>) {
        for (_, value) in node.map(Node::entries).unwrap_or_default() {
            self.expression(Some(value));
        }
    }

    /// A rule or an exception.
    fn conditional(&mut self, node: &Node) {
        self.expression(node.get("when"));
        if let Some(conditions) = node.get("conditions") {
            self.group(conditions);
        }
    }

    fn group(&mut self, node: &Node) {
        self.expression(node.get("match"));
        for key in ["all", "any", "none"] {
            for item in node.get(key).into_iter().flat_map(Node::items) {
                match &item.kind {
                    Kind::Scalar(_) => self.expression(Some(item)),
                    _ => self.group(item),
                }
            }
        }
        if node.get("function").is_some() {
            for argument in node.get("args").into_iter().flat_map(Node::items) {
                self.expression(Some(argument));
            }
        }
    }

    /// `set` and `tag`, in the short form and in the long one.
    fn action(&mut self, node: &Node) {
        let is_long = node.get("type").and_then(Node::scalar).is_some_and(|t| matches!(&*t.value, "set" | "tag"));
        if is_long {
            self.values_of(node.get("values"));
        }
        if node.get("type").is_none() {
            self.values_of(node.get("set"));
            self.values_of(node.get("tag"));
        }
    }
}
