//! `list.sortBy(name, key)`: the list in the order of a key of its elements.

use super::Macro;
use super::comprehension::Loop;

/// The name that stands for the list; it cannot be written in source.
const INPUT: &str = "@__sortBy_input__";

/// The macros over lists.
#[must_use]
pub fn lists() -> Vec<Macro> {
    vec![Macro::on_receiver("sortBy", |x, list, [name, key]| {
        let var = x.variable(name)?;
        let range = x.ident(INPUT);
        let keys = Loop { range, var, var2: None }.map(x, None, key);
        let input = x.ident(INPUT);
        let sorted = x.member_call(input, "@sortByAssociatedKeys", [keys]);
        Ok(x.bind(INPUT, list, sorted))
    })]
}
