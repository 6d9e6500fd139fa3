//! `list.sortBy(x, key)`: the list in the order of what `key` is for each element.

use super::Macro;
use super::comprehension::Loop;

/// Holds the list, which is read twice; the name cannot be written in source.
const INPUT: &str = "@__sortBy_input__";

/// `sortBy`
#[must_use]
pub fn lists() -> Vec<Macro> {
    vec![Macro::on_receiver("sortBy", |x, list, [var, key]| {
        let var = x.variable(var)?;
        let range = x.ident(INPUT);
        let keys = Loop { range, var, var2: None }.map(x, None, key);
        let input = x.ident(INPUT);
        let sorted = x.member_call(input, "@sortByAssociatedKeys", [keys]);
        Ok(x.bind(INPUT, list, sorted))
    })]
}
