//! Names resolved and types inferred.
