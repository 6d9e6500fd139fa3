//! `list.sortBy(x, key)`: a list in the order of its elements' keys.

use super::Macro;
use super::comprehension::Loop;

/// The name of the list while it is sorted; no expression can spell it.
const INPUT: &str = "@__sortBy_input__";

/// `sortBy`
#[must_use]
pub fn lists() -> Vec<Macro> {
    vec![Macro::on_receiver("sortBy", |x, list, [var, key]| {
        let (input, range) = (x.ident(INPUT), x.ident(INPUT));
        let keys = Loop { range, var: x.variable(var)?, var2: None }.map(x, None, key);
        let sorted = x.member_call(input, "@sortByAssociatedKeys", vec![keys]);
        Ok(x.bind(INPUT.into(), list, sorted))
    })]
}
