//! Functions: conversions.
