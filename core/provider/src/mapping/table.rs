//! A shape's rows as a trie.

use super::shape::To;

/// The rows of a shape as a trie.
#[derive(Debug)]
pub(crate) struct Table {
    nodes: Vec<Node>,
}

/// One level.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(super) to: Option<To>,
    /// The fields below: name, node, and whether it is another spelling of a field.
    children: Vec<(Box<str>, u32, bool)>,
    /// The elements of a list.
    element: Option<u32>,
    /// Any field that is not in `children`.
    any: Option<u32>,
    /// The same object by its `type`.
    variants: Vec<(&'static str, u32)>,
    /// Fields anywhere below.
    deep: Vec<(Box<str>, u32)>,
}

/// What a field is to a level.
pub(super) enum Found<'t> {
    /// A row, or a row below it, names it.
    Row(&'t Node),
    /// It is another spelling of this row's field, whose name is this.
    Alias(&'t Node, &'t str),
    /// Equal to this name in all but ASCII case.
    Variant(&'t str),
    /// No row names it.
    Unknown,
}

impl Table {
    pub(super) fn new(rows: &[(&'static str, To)], snake_case: bool) -> Self {
        let mut table = Self { nodes: vec![Node::default()] };
        for (path, to) in rows {
            let mut at = 0;
            let mut deep = false;
            for segment in path.split('.') {
                if segment == "**" {
                    deep = true;
                    continue;
                }
                at = table.segment(at, segment, deep, snake_case);
                deep = false;
            }
            if let Some(node) = table.nodes.get_mut(at as usize) {
                node.to = Some(*to);
            }
        }
        table
    }

    fn segment(&mut self, at: u32, segment: &'static str, deep: bool, snake_case: bool) -> u32 {
        let (segment, variant) = match segment.split_once('<') {
            Some((name, variant)) => (name, variant.strip_suffix('>')),
            None => (segment, None),
        };
        let name = segment.trim_end_matches("[]");
        let lists = (segment.len() - name.len()) / 2;
        let snake = snake_case.then(|| snake(name)).flatten();
        let mut at = match (name, deep) {
            ("", _) => at,
            ("*", _) => self.below(at, |node| node.any, |node, id| node.any = Some(id)),
            (_, true) => self.below(
                at,
                |node| node.deep.iter().find(|(n, _)| **n == *name).map(|(_, id)| *id),
                |node, id| {
                    node.deep.push((name.into(), id));
                    node.deep.extend(snake.map(|snake| (snake.into_boxed_str(), id)));
                },
            ),
            (_, false) => self.below(
                at,
                |node| node.children.iter().find(|(n, ..)| **n == *name).map(|(_, id, _)| *id),
                |node, id| {
                    node.children.push((name.into(), id, false));
                    node.children.extend(snake.map(|snake| (snake.into_boxed_str(), id, true)));
                },
            ),
        };
        for _ in 0..lists {
            at = self.below(at, |node| node.element, |node, id| node.element = Some(id));
        }
        if let Some(variant) = variant {
            at = self.below(
                at,
                |node| node.variants.iter().find(|(n, _)| *n == variant).map(|(_, id)| *id),
                |node, id| node.variants.push((variant, id)),
            );
        }
        at
    }

    fn below(&mut self, at: u32, find: impl Fn(&Node) -> Option<u32>, add: impl FnOnce(&mut Node, u32)) -> u32 {
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let Some(node) = self.nodes.get_mut(at as usize) else { return at };
        if let Some(found) = find(node) {
            return found;
        }
        add(node, next);
        self.nodes.push(Node::default());
        next
    }

    pub(super) fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    pub(super) fn element(&self, node: &Node) -> Option<&Node> {
        node.element.and_then(|id| self.node(id))
    }

    pub(super) fn variant(&self, node: &Node, name: &str) -> Option<&Node> {
        let id = node.variants.iter().find(|(n, _)| *n == name).map(|(_, id)| *id)?;
        self.node(id)
    }

    /// What the field `name` is at `node`.
    pub(super) fn find<'t>(&'t self, node: &'t Node, name: &str) -> Found<'t> {
        let mut variant = Found::Unknown;
        for (wanted, id, alias) in &node.children {
            if wanted.len() != name.len() {
                continue;
            }
            if **wanted == *name {
                let Some(child) = self.node(*id) else { return Found::Unknown };
                if !*alias {
                    return Found::Row(child);
                }
                let first = node.children.iter().find(|(_, other, alias)| other == id && !alias);
                return first.map_or(Found::Row(child), |(first, ..)| Found::Alias(child, first));
            }
            if wanted.eq_ignore_ascii_case(name) {
                variant = Found::Variant(wanted);
            }
        }
        match (variant, node.any.and_then(|id| self.node(id))) {
            (Found::Unknown, Some(any)) => Found::Row(any),
            (variant, _) => variant,
        }
    }
}

impl Node {
    /// True for a level with nothing below.
    pub(super) fn is_leaf(&self) -> bool {
        self.children.is_empty() && self.element.is_none() && self.any.is_none() && self.deep.is_empty()
    }

    pub(super) fn has_variants(&self) -> bool {
        !self.variants.is_empty()
    }

    pub(super) fn deep(&self) -> &[(Box<str>, u32)] {
        &self.deep
    }
}

/// `inlineData` as `inline_data`, if that is another name.
fn snake(name: &str) -> Option<String> {
    if !name.contains(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    Some(out)
}
