//! Policy documents: the format, read strictly from YAML or JSON.

pub mod action;
pub mod model;
pub mod schedule;
pub mod source;
pub mod template;

pub use action::{Action, ActionClass};
pub use model::Document;
pub use source::Source;
pub use template::Template;
