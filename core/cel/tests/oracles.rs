//! Our evaluator against two others, on expressions made at random.
//!
//! Each case is an expression and values for the variables that it reads. This crate, `cel` and `cel-core` evaluate it, and
//! their answers (a value, or that there was an error) must be the same, except for the differences that `oracle/known.rs`
//! lists with their reasons. Set `ORACLE_CASES` and `ORACLE_SEED` to run others, and `ORACLE_CASE` to look at one.

#[cfg(test)]
mod oracle;

#[test]
fn agreement_with_other_implementations() {
    oracle::run::from_environment();
}
