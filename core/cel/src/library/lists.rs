//! Functions: lists.
