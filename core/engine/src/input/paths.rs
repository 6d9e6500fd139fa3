//! The trie of paths that a program reads.

/// What type a slot's value must have; readers convert or mark the slot as mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotType {
    /// Any value as it is.
    Dyn,
    /// `true` or `false`
    Bool,
    /// An integral number in the range of `i64`.
    Int,
    /// Any number, as a double.
    Double,
    /// Text.
    String,
    /// RFC 3339 text, as a timestamp.
    Timestamp,
    /// A list whose elements are all text.
    StringList,
    /// A list of any values.
    List,
    /// An object.
    Map,
}

/// One level of the trie.
#[derive(Clone, Debug, Default)]
pub struct PathNode {
    /// The wanted fields below, sorted by name, with the position of their node.
    pub children: Vec<(Box<str>, u32)>,
    /// The slot that the value at this path goes to, if the path itself is wanted.
    pub slot: Option<(u32, SlotType)>,
}

/// The wanted paths. A path may be wanted together with paths below it.
#[derive(Clone, Debug)]
pub struct Paths {
    nodes: Vec<PathNode>,
    slots: u32,
}

impl Default for Paths {
    fn default() -> Self {
        Self { nodes: vec![PathNode::default()], slots: 0 }
    }
}

impl Paths {
    /// Wants `path` (an empty path is the whole input) and gives its slot; the same path gives the same slot.
    pub fn want<'p>(&mut self, path: impl IntoIterator<Item = &'p str>, slot_type: SlotType) -> u32 {
        let mut at = 0;
        for name in path {
            let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            let Some(node) = self.nodes.get_mut(at as usize) else { break };
            at = match node.children.binary_search_by(|(n, _)| (**n).cmp(name)) {
                Ok(found) => node.children.get(found).map_or(0, |(_, child)| *child),
                Err(place) => {
                    node.children.insert(place, (name.into(), next));
                    self.nodes.push(PathNode::default());
                    next
                }
            };
        }
        let slots = &mut self.slots;
        let fresh = |slots: &mut u32| {
            let slot = *slots;
            *slots += 1;
            (slot, slot_type)
        };
        self.nodes.get_mut(at as usize).map_or(0, |node| node.slot.get_or_insert_with(|| fresh(slots)).0)
    }

    /// The level `id`; level 0 is the whole input.
    #[must_use]
    pub fn node(&self, id: u32) -> Option<&PathNode> {
        self.nodes.get(id as usize)
    }

    /// The level below `node` for the field `name`.
    #[must_use]
    pub fn child(&self, node: &PathNode, name: &str) -> Option<&PathNode> {
        let found = node.children.binary_search_by(|(n, _)| (**n).cmp(name)).ok()?;
        node.children.get(found).and_then(|(_, id)| self.node(*id))
    }

    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }
}
