//! The tests that are out of scope: what they are called, one a line; `*` stands for any rest. No line excuses a wrong
//! tree before checking. One that begins with `golden ` excuses only the checked tree; the value must be right.

use std::collections::BTreeMap;

use crate::run::Failure;

const TEXT: &str = include_str!("out_of_scope.txt");

/// The list, and what became of its entries.
pub struct Scope {
    /// Names, and whether a test of this name failed.
    names: BTreeMap<&'static str, bool>,
    /// Beginnings of names, and whether a test failed that begins so.
    prefixes: BTreeMap<&'static str, bool>,
}

impl Scope {
    /// The list as it was written.
    pub fn read() -> Self {
        let mut scope = Self { names: BTreeMap::new(), prefixes: BTreeMap::new() };
        for line in TEXT.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let repeated = match line.strip_suffix('*') {
                Some(prefix) => scope.prefixes.insert(prefix, false),
                None => scope.names.insert(line, false),
            };
            assert!(repeated.is_none(), "out_of_scope.txt: `{line}` is there twice");
        }
        scope
    }

    /// Notes that `name` failed in this way; true when it may.
    pub fn excuses(&mut self, name: &str, failure: &Failure) -> bool {
        if failure.tree.is_some() {
            return false;
        }
        let golden = format!("golden {name}");
        if failure.value.is_none() && self.used(&golden) {
            return true;
        }
        self.used(name)
    }

    fn used(&mut self, name: &str) -> bool {
        if let Some(failed) = self.names.get_mut(name) {
            *failed = true;
            return true;
        }
        let mut found = false;
        for (_, failed) in self.prefixes.iter_mut().filter(|(prefix, _)| name.starts_with(**prefix)) {
            *failed = true;
            found = true;
        }
        found
    }

    /// The entries that no failing test has used.
    pub fn stale(&self) -> Vec<String> {
        let names = self.names.iter().filter(|(_, failed)| !**failed).map(|(name, _)| (*name).to_owned());
        let prefixes = self.prefixes.iter().filter(|(_, failed)| !**failed).map(|(prefix, _)| format!("{prefix}*"));
        names.chain(prefixes).collect()
    }
}
