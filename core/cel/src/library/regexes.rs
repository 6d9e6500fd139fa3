//! Functions: regexes.
