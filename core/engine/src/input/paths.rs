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
    /// The wanted fields below, with the position of their node; in the order of their tags.
    children: Vec<(Box<str>, u32)>,
    /// The tag of each child.
    tags: Vec<u64>,
    /// One bit for the top six bits of each tag: most unwanted fields are recognised by it alone.
    filter: u64,
    /// The slot that the value at this path goes to, if the path itself is wanted.
    slot: Option<(u32, SlotType)>,
}

/// What a field of the input is to one level of the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'p> {
    /// Not wanted.
    Unwanted,
    /// Wanted: its node.
    Wanted(u32),
    /// Not wanted, but equal in all but ASCII case to this wanted field. Readers refuse it, because other readers of the
    /// same data may take it for the wanted field.
    Variant(&'p str),
}

/// The wanted paths. A path may be wanted together with paths below it.
///
/// ```
/// use llm_policy_engine::input::paths::{Found, Paths, SlotType};
///
/// let mut paths = Paths::default();
/// assert_eq!(paths.want(["user", "id"], SlotType::String), 0);
/// assert_eq!(paths.want(["user"], SlotType::Map), 1);
/// assert_eq!(paths.want(["user", "id"], SlotType::String), 0);
/// assert_eq!(paths.slots(), 2);
/// assert_eq!(paths.root().find("User"), Found::Variant("user"));
/// ```
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
            at = match node.find(name) {
                Found::Wanted(child) => child,
                Found::Unwanted | Found::Variant(_) => {
                    node.insert(name, next);
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

    /// A slot that no input fills: the engine fills it itself.
    pub fn own(&mut self) -> u32 {
        let slot = self.slots;
        self.slots += 1;
        slot
    }

    /// The whole input's level.
    #[must_use]
    pub fn root(&self) -> &PathNode {
        static NONE: PathNode = PathNode { children: Vec::new(), tags: Vec::new(), filter: 0, slot: None };
        self.nodes.first().unwrap_or(&NONE)
    }

    /// The level `id`; level 0 is the whole input.
    #[inline]
    #[must_use]
    pub fn node(&self, id: u32) -> Option<&PathNode> {
        self.nodes.get(id as usize)
    }

    /// The level below `node` for the field `name`.
    #[must_use]
    pub fn child(&self, node: &PathNode, name: &str) -> Option<&PathNode> {
        match node.find(name) {
            Found::Wanted(id) => self.node(id),
            Found::Unwanted | Found::Variant(_) => None,
        }
    }

    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// How many levels there are; each has an id below this.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }
}

impl PathNode {
    /// The slot that the value at this path goes to, if the path itself is wanted.
    #[inline]
    #[must_use]
    pub fn slot(&self) -> Option<(u32, SlotType)> {
        self.slot
    }

    /// True when no path below this one is wanted.
    #[inline]
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The wanted fields below and their nodes' ids, in no particular order.
    pub fn children(&self) -> impl ExactSizeIterator<Item = (&str, u32)> {
        self.children.iter().map(|(name, id)| (&**name, *id))
    }

    /// What the field `name` is here.
    #[inline]
    #[must_use]
    pub fn find(&self, name: &str) -> Found<'_> {
        self.find_bytes(name.as_bytes())
    }

    /// [`PathNode::find`] for a name that is known to be valid UTF-8.
    #[inline]
    pub(super) fn find_bytes(&self, name: &[u8]) -> Found<'_> {
        let tag = tag(name);
        if (self.filter >> (tag >> 58)) & 1 == 0 { Found::Unwanted } else { self.find_tagged(tag, name) }
    }

    fn find_tagged(&self, tag: u64, name: &[u8]) -> Found<'_> {
        /// Up to so many tags are searched from front to back.
        const LINEAR: usize = 16;
        let first = if self.tags.len() <= LINEAR {
            self.tags.iter().position(|t| *t >= tag).unwrap_or(self.tags.len())
        } else {
            self.tags.partition_point(|t| *t < tag)
        };
        let mut variant = Found::Unwanted;
        let children = self.children.get(first..).unwrap_or_default();
        for ((wanted, id), other) in children.iter().zip(self.tags.get(first..).unwrap_or_default()) {
            if *other != tag {
                break;
            }
            if wanted.as_bytes() == name {
                return Found::Wanted(*id);
            }
            if wanted.as_bytes().eq_ignore_ascii_case(name) {
                variant = Found::Variant(wanted);
            }
        }
        variant
    }

    fn insert(&mut self, name: &str, id: u32) {
        let tag = tag(name.as_bytes());
        let place = self.tags.partition_point(|t| *t < tag);
        self.tags.insert(place, tag);
        self.children.insert(place, (name.into(), id));
        self.filter |= 1 << (tag >> 58);
    }
}

/// A hash of a name's length, start and end that is the same for names that differ only in ASCII case.
#[inline]
fn tag(name: &[u8]) -> u64 {
    /// The bit by which small and capital ASCII letters differ, in each byte.
    const CASE: u64 = 0x2020_2020_2020_2020;
    let (head, tail) = if let (Some(head), Some(tail)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
    } else if let (Some(head), Some(tail)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (u64::from(u32::from_le_bytes(*head)), u64::from(u32::from_le_bytes(*tail)))
    } else {
        let byte = |at: usize| u64::from(name.get(at).copied().unwrap_or(0));
        (byte(0) | byte(1) << 8, byte(2))
    };
    let length = name.len() as u64;
    let mixed = (head | CASE).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (tail | CASE).rotate_left(23) ^ length;
    mixed.wrapping_mul(0xd6e8_feb8_6659_fd93)
}
