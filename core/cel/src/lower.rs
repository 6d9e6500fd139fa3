//! Checked expressions to program nodes.
