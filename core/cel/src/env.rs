//! What an expression may use: variables, functions, macros, limits.
