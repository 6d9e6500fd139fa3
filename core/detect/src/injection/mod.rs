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
pub(crate) use value::has_any;

/// All detectors of these families.
pub(crate) fn detectors() -> Vec<Box<dyn Detector>> {
    vec![
        Box::new(sql::Sql::new()),
        Box::new(shell::Shell::new()),
        Box::new(markup::Markup),
        Box::new(path::Paths),
        Box::new(ssrf::Ssrf),
        Box::new(code::Code),
    ]
}
