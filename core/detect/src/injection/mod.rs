//! Injection: values that a program would run.
//!
//! SQL (`sql/`), commands for a shell (`shell/`), script in markup (`markup.rs`), paths that leave their folder (`path.rs`),
//! addresses that only the server should reach (`ssrf.rs`), and templates and code (`code.rs`). Each tells a bare value from
//! prose (`value.rs`): a value is judged strictly, and in prose only what nobody writes there by chance counts.

mod code;
mod markup;
mod path;
mod shell;
pub(crate) mod sql;
mod ssrf;
#[cfg(test)]
mod tests;
mod value;

use crate::detector::Detector;
use crate::kind::Family;
pub(crate) use value::has_any;

/// The detectors of one family of injections.
pub(crate) fn detectors(family: Family) -> Vec<Box<dyn Detector>> {
    match family {
        Family::Sql => vec![Box::new(sql::Sql::new())],
        Family::Shell => vec![Box::new(shell::Shell::new())],
        Family::Xss => vec![Box::new(markup::Markup)],
        Family::Path => vec![Box::new(path::Paths)],
        Family::Ssrf => vec![Box::new(ssrf::Ssrf)],
        Family::Code => vec![Box::new(code::Code)],
        _ => Vec::new(),
    }
}
