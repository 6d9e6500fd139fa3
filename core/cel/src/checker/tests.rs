//! Tests of the checker.

mod goldens;
