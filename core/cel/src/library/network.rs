//! Functions: network.
