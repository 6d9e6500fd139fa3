//! The syntax tree: an arena of nodes addressed by `u32` ids, each with the span of source it came from.
//!
//! Dropping or cloning a tree never recurses, whatever its depth.

use std::sync::Arc;

/// A name in an expression: an identifier, a field, or a function.
pub type Name = Arc<str>;

/// The number of a node within its [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// A range of bytes of the source, `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span `start..end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The line and the column in `text` where it begins, both from 1; the column counts characters.
    #[must_use]
    pub fn line_and_column(self, text: &str) -> (usize, usize) {
        let before = text.get(..self.start as usize).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// A constant written in the source.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `-1`, `0x1F`
    Int(i64),
    /// `1u`
    Uint(u64),
    /// `1.5`, `1e3`
    Double(f64),
    /// `'text'`, `r"raw"`, `'''long'''`
    String(Arc<str>),
    /// `b'bytes'`
    Bytes(Arc<[u8]>),
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Literal),
    /// An identifier; a leading dot (`.name`) is kept as part of the name.
    Ident(Name),
    /// `operand.field`, or with `test` the presence test `has(operand.field)`.
    Select {
        /// What the field is selected from.
        operand: ExprId,
        /// The field's name.
        field: Name,
        /// True for `has(operand.field)`.
        test: bool,
    },
    /// A call of a function or an operator (`_+_`, `_&&_`, `_?_:_`, `_[_]`, `_?._`, `_[?_]`, `@in`, `!_`, `-_`, ...).
    Call {
        /// The receiver of a member call (`target.function(args)`).
        target: Option<ExprId>,
        /// The function's or operator's name, as cel-go writes it.
        function: Name,
        /// The arguments without the receiver.
        args: Vec<ExprId>,
    },
    /// `[a, ?b]`
    List(Vec<ListElement>),
    /// `{k: v, ?k: v}`
    Map(Vec<MapEntry>),
    /// `pkg.Message{field: value}`: parsed, so that its error can be precise; no message types exist.
    Struct {
        /// The message's name.
        name: Name,
        /// The fields and their values.
        fields: Vec<StructField>,
    },
    /// What a comprehension macro expands to.
    Comprehension(Box<Comprehension>),
}

/// An element of a list literal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListElement {
    /// The element.
    pub value: ExprId,
    /// True for `?element`.
    pub optional: bool,
}

/// An entry of a map literal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapEntry {
    /// The key.
    pub key: ExprId,
    /// The value.
    pub value: ExprId,
    /// True for `?key: value`.
    pub optional: bool,
}

/// A field of a message literal.
#[derive(Clone, Debug, PartialEq)]
pub struct StructField {
    /// The field's name.
    pub name: Name,
    /// The value.
    pub value: ExprId,
    /// True for `?field: value`.
    pub optional: bool,
}

/// A loop over a list or map, in the shape that cel-go's macros expand to.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// Which macro made it, so that lowering can choose a fast loop.
    pub kind: ComprehensionKind,
    /// The list or map that is looped over.
    pub range: ExprId,
    /// The loop variable (element; with `var2` the index or key).
    pub var: Name,
    /// The second loop variable (element or value) of two-variable macros.
    pub var2: Option<Name>,
    /// The accumulator's name, `@result` by default.
    pub accumulator: Name,
    /// The accumulator's first value.
    pub init: ExprId,
    /// The loop goes on while this is true (wrapped in `@not_strictly_false` where cel-go does).
    pub condition: ExprId,
    /// The accumulator's next value.
    pub step: ExprId,
    /// The comprehension's value.
    pub result: ExprId,
}

/// Which macro a comprehension came from, with the nodes that a fast loop needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ComprehensionKind {
    /// `range.all(x, predicate)`
    All {
        /// The predicate.
        predicate: ExprId,
    },
    /// `range.exists(x, predicate)`
    Exists {
        /// The predicate.
        predicate: ExprId,
    },
    /// `range.exists_one(x, predicate)`, `existsOne`
    ExistsOne {
        /// The predicate.
        predicate: ExprId,
    },
    /// `range.map(x, transform)`, `range.map(x, filter, transform)`, `range.transformList(...)`
    Map {
        /// The filter, if any.
        filter: Option<ExprId>,
        /// The new element.
        transform: ExprId,
    },
    /// `range.filter(x, predicate)`
    Filter {
        /// The predicate.
        predicate: ExprId,
    },
    /// `range.transformMap(k, v, [filter,] transform)`
    TransformMap {
        /// The filter, if any.
        filter: Option<ExprId>,
        /// The new value under the same key.
        transform: ExprId,
    },
    /// `range.transformMapEntry(k, v, [filter,] {key: value})`
    TransformMapEntry {
        /// The filter, if any.
        filter: Option<ExprId>,
        /// A map whose entries are added.
        transform: ExprId,
    },
    /// `cel.bind(name, value, body)`: `accumulator` is the name, `init` the value, `result` the body.
    Bind,
    /// Any other comprehension.
    Fold,
}

/// A call of a macro as it was written, kept for messages and tools.
#[derive(Clone, Debug, PartialEq)]
pub struct MacroCall {
    /// The node that the macro expanded to.
    pub expansion: ExprId,
    /// The receiver, if it was a member call.
    pub target: Option<ExprId>,
    /// The macro's name.
    pub function: Name,
    /// The arguments as they were written.
    pub args: Vec<ExprId>,
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Ast {
    source: Arc<str>,
    nodes: Vec<Expr>,
    spans: Vec<Span>,
    depths: Vec<u16>,
    macro_calls: Vec<MacroCall>,
    root: ExprId,
}

impl Ast {
    /// An empty tree over `source`; nodes are added with [`Ast::add`], the root is set with [`Ast::set_root`].
    #[must_use]
    pub fn new(source: Arc<str>) -> Self {
        Self {
            source,
            nodes: Vec::new(),
            spans: Vec::new(),
            depths: Vec::new(),
            macro_calls: Vec::new(),
            root: ExprId(0),
        }
    }

    /// The source text.
    #[must_use]
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// Adds a node whose children are in the tree already.
    pub fn add(&mut self, expr: Expr, span: Span) -> ExprId {
        let mut depth = 0;
        for_each_child(&expr, |child| depth = depth.max(self.depth(child)));
        let id = ExprId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(expr);
        self.spans.push(span);
        self.depths.push(depth.saturating_add(1));
        id
    }

    /// The node `id`. An id of another tree gives the literal `null`.
    #[must_use]
    pub fn expr(&self, id: ExprId) -> &Expr {
        const NULL: &Expr = &Expr::Literal(Literal::Null);
        self.nodes.get(id.0 as usize).unwrap_or(NULL)
    }

    /// Where node `id` stands in the source. For a binary operator call this is the whole expression.
    #[must_use]
    pub fn span(&self, id: ExprId) -> Span {
        self.spans.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// The source text of node `id`.
    #[must_use]
    pub fn text(&self, id: ExprId) -> &str {
        let span = self.span(id);
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The height of the tree under node `id`; a leaf has 1.
    #[must_use]
    pub fn depth(&self, id: ExprId) -> u16 {
        self.depths.get(id.0 as usize).copied().unwrap_or(0)
    }

    /// The number of nodes, macro arguments that were rewritten among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All nodes, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = ExprId> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(ExprId)
    }

    /// True when the tree has no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The outermost node.
    #[must_use]
    pub fn root(&self) -> ExprId {
        self.root
    }

    /// Makes `id` the outermost node.
    pub fn set_root(&mut self, id: ExprId) {
        self.root = id;
    }

    /// The operands of the tree of calls of one operator at `id`, from left to right: of `a && b && c` all three. Any other
    /// node is its own only operand.
    #[must_use]
    pub fn operands(&self, id: ExprId, operator: &str) -> Vec<ExprId> {
        let mut out = Vec::new();
        let mut open = vec![id];
        while let Some(at) = open.pop() {
            match self.expr(at) {
                Expr::Call { target: None, function, args } if **function == *operator => {
                    open.extend(args.iter().rev())
                }
                _ => out.push(at),
            }
        }
        out
    }

    /// Records that a macro was expanded.
    pub fn add_macro_call(&mut self, call: MacroCall) {
        self.macro_calls.push(call);
    }

    /// The macros that were expanded, innermost first.
    #[must_use]
    pub fn macro_calls(&self) -> &[MacroCall] {
        &self.macro_calls
    }
}

/// Calls `f` with each direct child of `expr`, in source order.
pub fn for_each_child(expr: &Expr, mut f: impl FnMut(ExprId)) {
    match expr {
        Expr::Literal(_) | Expr::Ident(_) => {}
        Expr::Select { operand, .. } => f(*operand),
        Expr::Call { target, args, .. } => {
            target.iter().copied().for_each(&mut f);
            args.iter().copied().for_each(f);
        }
        Expr::List(elements) => elements.iter().for_each(|e| f(e.value)),
        Expr::Map(entries) => entries.iter().for_each(|e| {
            f(e.key);
            f(e.value);
        }),
        Expr::Struct { fields, .. } => fields.iter().for_each(|x| f(x.value)),
        Expr::Comprehension(c) => [c.range, c.init, c.condition, c.step, c.result].into_iter().for_each(f),
    }
}
