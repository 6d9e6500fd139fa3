//! `cel.bind(name, value, body)`: a name for a value.

use super::Macro;

/// `cel.bind`
#[must_use]
pub fn bind() -> Vec<Macro> {
    vec![Macro::in_namespace("cel", "bind", 3, |x, args| {
        let [name, value, body] = *args else { return Ok(None) };
        let name = x.variable(name)?;
        Ok(Some(x.bind(name, value, body)))
    })]
}
