//! The toolkit that all formats are mapped with.
//!
//! A format is a table of rows ([`Shape`]): a path of the body, and what becomes of the value there ([`To`]). One walk over
//! the parsed body (`walk`) carries it out. Values are shared with the body, never copied; text of several parts is joined.

mod digest;
mod media;
mod record;
mod shape;
mod table;
mod trace;
mod walk;

pub use shape::{Root, Shape, To};
pub use trace::{Fate, Leaf, Step};

pub(crate) use walk::{map, map_traced};
