//! YAML with comments: read into a tree that keeps them, written in one way.

mod gaps;
mod print;
mod read;

pub(super) use print::{Expressions, print};
pub(super) use read::{Kind, Node, Style, Tree, read};
