//! Evaluation of a program's nodes over slots.
