//! Compiled programs: many expressions in one arena of shared nodes.
