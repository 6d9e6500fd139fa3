//! A histogram.
