//! Tests of the operators.
