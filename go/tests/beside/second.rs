//! Another library that was written in Rust, with the standard library in it, a panic included.

use std::collections::HashMap;
use std::panic::catch_unwind;

/// Counts the distinct digits of a number; panics inside, on purpose, when it is 0.
#[unsafe(no_mangle)]
pub extern "C" fn second_digits(number: u64) -> i64 {
    let counted = catch_unwind(|| {
        assert!(number > 0, "this panic is on purpose");
        let mut seen = HashMap::new();
        number.to_string().chars().for_each(|c| *seen.entry(c).or_insert(0) += 1);
        seen.len()
    });
    counted.map_or(-1, |count| count as i64)
}
