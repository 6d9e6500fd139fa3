//! Functions: strings.
