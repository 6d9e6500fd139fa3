//! Functions: math.
