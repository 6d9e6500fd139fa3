//! What is borrowed by whoever lives shorter, and shared by whoever lives on his own.

use std::ops::Deref;
use std::sync::Arc;

/// A scanner or a vault, lent or shared.
#[derive(Debug)]
pub enum Held<'h, T> {
    /// Lent for a time.
    Lent(&'h T),
    /// Shared.
    Shared(Arc<T>),
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Lent(held) => held,
            Self::Shared(held) => held,
        }
    }
}

impl<T> Clone for Held<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Lent(held) => Self::Lent(held),
            Self::Shared(held) => Self::Shared(held.clone()),
        }
    }
}

impl<'h, T> From<&'h T> for Held<'h, T> {
    fn from(held: &'h T) -> Self {
        Self::Lent(held)
    }
}

impl<T> From<Arc<T>> for Held<'_, T> {
    fn from(held: Arc<T>) -> Self {
        Self::Shared(held)
    }
}
