//! The same decisions from other languages: the figures, and the tables as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::harness::Line;
use crate::measure::Nanoseconds;
use crate::page::{Machine, duration, ratio};
use crate::report::OURS;

/// The language that needs no border.
pub const RUST: &str = "Rust";

/// What a border may add to a decision about bytes of JSON, in nanoseconds; also the languages and their order in tables.
pub const AIMS: [(&str, f64); 5] = [("C", 10.0), ("Java", 25.0), ("Go", 45.0), ("Python", 50.0), ("Node", 200.0)];

/// The workload of which a peer judges one condition, and the one with which we are compared then.
const ONE: &str = "single";
const MANY: &str = "realistic";

/// The times of every call, from all rounds.
#[derive(Debug, Default)]
pub struct Figures {
    took: BTreeMap<Call, Vec<f64>>,
    runtimes: BTreeMap<&'static str, String>,
    workloads: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    language: &'static str,
    workload: &'static str,
    contender: String,
    call: String,
}

impl Figures {
    /// Adds what one run of a language's program said about a workload.
    pub fn add(&mut self, language: &'static str, workload: &'static str, lines: Vec<Line>) {
        if !self.workloads.contains(&workload) {
            self.workloads.push(workload);
        }
        for line in lines {
            match line {
                Line::Runtime { runtime } => _ = self.runtimes.insert(language, runtime),
                Line::Took { contender, call, nanoseconds } => {
                    let call = Call { language, workload, contender, call };
                    self.took.entry(call).or_default().extend(nanoseconds);
                }
            }
        }
    }

    fn of(&self, language: &'static str, workload: &'static str, contender: &str, call: &str) -> Option<Nanoseconds> {
        let call = Call { language, workload, contender: contender.to_owned(), call: call.to_owned() };
        self.took.get(&call).filter(|times| !times.is_empty()).map(|times| Nanoseconds::of(times.clone()))
    }

    fn languages(&self) -> impl Iterator<Item = (&'static str, f64)> {
        AIMS.into_iter().filter(|(language, _)| self.runtimes.contains_key(language))
    }

    /// Who took part in a language, we first.
    fn contenders(&self, language: &str) -> Vec<&str> {
        let mut names = vec![OURS];
        for call in self.took.keys().filter(|call| call.language == language) {
            if !names.contains(&call.contender.as_str()) {
                names.push(&call.contender);
            }
        }
        names
    }

    /// The whole section.
    pub fn markdown(&self, machine: &Machine) -> String {
        let mut page = format!(
            "# The same decision from other languages\n\nMeasured on {machine}, with `make bench-borders`; the languages' \
             programs in turn, in several rounds.\nEach cell is the median (and the minimum) of the CPU time of a call.\n"
        );
        self.borders(&mut page);
        for (language, _) in self.languages() {
            self.language(&mut page, language);
        }
        page
    }

    fn borders(&self, page: &mut String) {
        page.push_str(
            "\n## What a border adds\n\nThe request as 738 bytes of JSON, or prepared. *Effect* is whether it is allowed, *decision* \
             all that a decision says. In brackets: how much longer\nthe minimum is than that of the same call from Rust.\n",
        );
        let _ = write!(page, "\n| workload | answer | {RUST} |");
        for (language, _) in self.languages() {
            let _ = write!(page, " {language} |");
        }
        let _ = writeln!(page, "\n|---|---|--:|{}", "--:|".repeat(self.languages().count()));
        let rows = [
            ("effect, from JSON", "json", ["json, effect", "json"]),
            ("decision, from JSON", "json", ["json", "json"]),
            ("effect, prepared", "prepared", ["prepared, effect", "prepared"]),
        ];
        for &workload in &self.workloads {
            for (answer, base, calls) in rows {
                let Some(rust) = self.of(RUST, workload, OURS, base) else { continue };
                let _ = write!(page, "| {workload} | {answer} | {} |", both(rust));
                for (language, _) in self.languages() {
                    let found = calls.iter().find_map(|call| self.of(language, workload, OURS, call));
                    let _ = match found {
                        Some(time) => write!(page, " {} [{}] |", both(time), added(time.minimum - rust.minimum)),
                        None => write!(page, " |"),
                    };
                }
                page.push('\n');
            }
        }
        let _ = write!(page, "| aim | effect, from JSON | |");
        for (_, aim) in self.languages() {
            let _ = write!(page, " [{}] |", added(aim));
        }
        page.push('\n');
    }

    fn language(&self, page: &mut String, language: &'static str) {
        let contenders = self.contenders(language);
        let _ = write!(page, "\n## {language}\n\n{}.", self.runtimes[language]);
        if contenders.len() > 1 {
            page.push_str(" In brackets: how many times as long as ours in the same row.");
        }
        let _ = write!(page, "\n\n| workload | from |");
        for contender in &contenders {
            let _ = write!(page, " {contender} |");
        }
        let _ = writeln!(page, "\n|---|---|{}", "--:|".repeat(contenders.len()));
        for &workload in &self.workloads {
            for call in self.calls(language) {
                let cells: Vec<_> = contenders.iter().map(|name| self.of(language, workload, name, call)).collect();
                let Some(Some(ours)) = cells.first() else { continue };
                let _ = write!(page, "| {workload} | {call} | {} |", both(*ours));
                for cell in cells.iter().skip(1) {
                    let _ = match cell {
                        Some(time) => write!(page, " {} [{}] |", both(*time), ratio(time.median / ours.median)),
                        None => write!(page, " |"),
                    };
                }
                page.push('\n');
            }
        }
        self.one_condition(page, language, &contenders);
    }

    /// The others with one condition, and we with many rules.
    fn one_condition(&self, page: &mut String, language: &'static str, contenders: &[&str]) {
        let peers = contenders.iter().filter(|name| **name != OURS);
        let times = peers.filter_map(|name| Some((*name, self.of(language, ONE, name, "object")?.median)));
        let fastest = times.min_by(|(_, one), (_, other)| one.total_cmp(other));
        if let (Some((name, one)), Some(ours)) = (fastest, self.of(language, MANY, OURS, "object")) {
            let _ = writeln!(
                page,
                "\nWith one condition the fastest of the others, {name}, takes {}; ours with 100 rules of the workload \
                 *{MANY}* takes {}: {} as long.",
                duration(one),
                duration(ours.median),
                ratio(one / ours.median)
            );
        }
    }

    fn calls(&self, language: &str) -> Vec<&str> {
        const ORDER: [&str; 7] =
            ["json", "json, effect", "object", "object, effect", "builder", "prepared", "prepared, effect"];
        let has = |name: &str| self.took.keys().any(|call| call.language == language && call.call == name);
        ORDER.into_iter().filter(|name| has(name)).collect()
    }
}

fn both(time: Nanoseconds) -> String {
    format!("{} ({})", duration(time.median), duration(time.minimum))
}

fn added(nanoseconds: f64) -> String {
    format!("{nanoseconds:+.0} ns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_border_adds_is_taken_of_minimums_and_ratios_of_medians() {
        let mut figures = Figures::default();
        let took = |contender: &str, call: &str, nanoseconds: &[f64]| Line::Took {
            contender: contender.to_owned(),
            call: call.to_owned(),
            nanoseconds: nanoseconds.to_vec(),
        };
        for workload in [ONE, MANY] {
            figures.add(RUST, workload, vec![took(OURS, "json", &[100.0, 300.0, 200.0])]);
            let runtime = Line::Runtime { runtime: "Go 1".to_owned() };
            let ours = took(OURS, "object", &[400.0, 500.0, 600.0]);
            let peer = took("other 1.0", "object", &[5000.0]);
            figures.add("Go", workload, vec![runtime, took(OURS, "json", &[145.0, 200.0]), ours, peer]);
        }
        let page = figures.markdown(&Machine::here());
        assert!(page.contains("| 200 ns (100 ns) | 200 ns (145 ns) [+45 ns] |"), "{page}");
        assert!(page.contains("| 500 ns (400 ns) | 5.00 µs (5.00 µs) [10.0x] |"), "{page}");
        assert!(page.contains("other 1.0, takes 5.00 µs; ours with 100 rules"), "{page}");
        assert!(!page.contains("Java"), "{page}");
    }
}
