//! Macros: calls that are rewritten while parsing.
