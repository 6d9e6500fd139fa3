//! Tokens to a syntax tree: a Pratt parser.
