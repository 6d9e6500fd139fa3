//! The bounds that keep any expression cheap to refuse and safe to run.

/// Bounds on one expression. Each is checked where its figure is first known, and the error names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of source. Default 16 KiB.
    pub source_bytes: usize,
    /// Nodes after macros are expanded. Default 2,000.
    pub nodes: usize,
    /// Nesting as written, left spines counted (`a.b.c` has depth 3); long `&&`, `||` and `+` chains do not count
    /// by their length. Default 64.
    pub depth: usize,
    /// Bytes that one compiled regular expression may take. Default 256 KiB.
    pub regex_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { source_bytes: 16 << 10, nodes: 2_000, depth: 64, regex_bytes: 256 << 10 }
    }
}
