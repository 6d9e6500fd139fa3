//! Looking through text and keeping limits, beside what Python offers for it: the figures, and the tables as Markdown.

use std::fmt::Write as _;

use crate::harness::Line;
use crate::measure::Nanoseconds;
use crate::page::{Machine, duration, ratio, three_digits};
use crate::report::OURS;

/// We, called from Rust.
pub const OURS_IN_RUST: &str = "ours, from Rust";

/// The times of every call, from all rounds, in the order in which contenders and calls first came.
#[derive(Debug, Default)]
pub struct Figures {
    took: Vec<(String, String, Vec<f64>)>,
    runtime: String,
}

impl Figures {
    /// Adds what one run said.
    pub fn add(&mut self, lines: Vec<Line>) {
        for line in lines {
            match line {
                Line::Runtime { runtime } => self.runtime = runtime,
                Line::Took { contender, call, nanoseconds } => {
                    let known = self.took.iter_mut().find(|(who, what, _)| *who == contender && *what == call);
                    match known {
                        Some((_, _, times)) => times.extend(nanoseconds),
                        None => self.took.push((contender, call, nanoseconds)),
                    }
                }
            }
        }
    }

    fn of(&self, contender: &str, call: &str) -> Option<Nanoseconds> {
        let found = self.took.iter().find(|(who, what, _)| who == contender && what == call);
        found.map(|(_, _, times)| Nanoseconds::of(times.clone()))
    }

    /// Those that took part in a call whose name starts so; we first.
    fn contenders(&self, calls: &str) -> Vec<&str> {
        let mut names = Vec::new();
        for (contender, call, _) in &self.took {
            if call.starts_with(calls) && !names.contains(&contender.as_str()) {
                names.push(contender.as_str());
            }
        }
        names.sort_by_key(|name| match *name {
            OURS => 0,
            OURS_IN_RUST => 1,
            _ => 2,
        });
        names
    }

    /// A row for each call: what it is, how its name starts, and how many there are of it in one time that was taken.
    fn table(&self, page: &mut String, head: &str, rows: &[(&str, &str)], contenders: &[&str]) {
        let _ = write!(page, "\n| {head} |");
        for contender in contenders {
            let _ = write!(page, " {contender} |");
        }
        let _ = writeln!(page, "\n|---|{}", "--:|".repeat(contenders.len()));
        for (title, call) in rows {
            let _ = write!(page, "| {title} |");
            let ours = self.of(contenders.first().unwrap_or(&""), call);
            for contender in contenders {
                let _ = match (self.of(contender, call), ours) {
                    (Some(time), Some(ours)) if !contender.starts_with(OURS) => {
                        write!(page, " {} [{}] |", both(time), ratio(time.median / ours.median))
                    }
                    (Some(time), _) => write!(page, " {} |", both(time)),
                    (None, _) => write!(page, " |"),
                };
            }
            page.push('\n');
        }
    }

    /// The whole section. `bytes` is the length of the text, `chunk` how many characters a chunk of the stream has.
    pub fn markdown(&self, machine: &Machine, bytes: usize, chunk: usize) -> String {
        let mut page = format!(
            "# Text and limits\n\nMeasured on {machine}, {}, with `make bench-guards`; the programs in turn, in several \
             rounds.\nEach cell is the median (and the minimum) of the thread's CPU time. In brackets: how many times as long \
             as ours, from {}.\n",
            self.runtime,
            if self.contenders("").first() == Some(&OURS) { "Python" } else { "Rust" },
        );
        let _ = write!(
            page,
            "\n## Looking through text\n\n`texts/prose.txt`, {bytes} bytes of prose without findings: all at once, for personal \
             data, secrets and injection; and as a stream in chunks of {chunk} characters\n(from Rust: bytes), of which each \
             is a row's call, for what can be masked as it passes.\n"
        );
        let rows = [("all at once", "scan"), ("a chunk of the stream", "stream")];
        let contenders = self.contenders("s");
        self.table(&mut page, "text", &rows, &contenders);
        self.scan_in_words(&mut page, &contenders, bytes);
        page.push_str(
            "\n## Limits\n\nOne request after the other of one user, books in memory. *One limit*: requests a minute; *three*: and \
             tokens a minute, and requests at a time.\nOurs decides about the request as JSON on the way; LiteLLM's is its \
             limiter's hook before the call, and the one after it, which settles.\n",
        );
        let rows = [
            "one limit: reserve",
            "one limit: reserve and settle",
            "three limits: reserve",
            "three limits: reserve and settle",
        ];
        let contenders = self.contenders(rows[0]);
        self.table(&mut page, "request", &rows.map(|row| (row, row)), &contenders);
        page
    }

    fn scan_in_words(&self, page: &mut String, contenders: &[&str], bytes: usize) {
        for name in contenders.iter().filter(|name| name.starts_with(OURS)) {
            let Some(ours) = self.of(name, "scan") else { continue };
            let peers = contenders.iter().filter(|name| !name.starts_with(OURS));
            let times: Vec<f64> = peers.filter_map(|name| Some(self.of(name, "scan")?.median)).collect();
            let fastest = times.iter().copied().min_by(f64::total_cmp).unwrap_or(0.0);
            let _ = writeln!(
                page,
                "\n{name}: {} MB/s; the others together take {} as long, the fastest of them {}.",
                three_digits(bytes as f64 * 1e3 / ours.median),
                ratio(times.iter().sum::<f64>() / ours.median),
                ratio(fastest / ours.median)
            );
        }
    }
}

fn both(time: Nanoseconds) -> String {
    format!("{} ({})", duration(time.median), duration(time.minimum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_ours_from_python_where_that_is_there() {
        let took = |contender: &str, call: &str, nanoseconds: f64| Line::Took {
            contender: contender.to_owned(),
            call: call.to_owned(),
            nanoseconds: vec![nanoseconds],
        };
        let mut figures = Figures::default();
        figures.add(vec![
            took(OURS_IN_RUST, "scan", 50.0),
            took("one 1.0", "scan", 600.0),
            took("two 1.0", "scan", 400.0),
        ]);
        let page = figures.markdown(&Machine::here(), 100, 4);
        assert!(page.contains("| all at once | 50.0 ns (50.0 ns) | 600 ns (600 ns) [12.0x] |"), "{page}");
        figures.add(vec![took(OURS, "scan", 100.0)]);
        let page = figures.markdown(&Machine::here(), 100, 4);
        assert!(page.contains("| 100 ns (100 ns) | 50.0 ns (50.0 ns) | 600 ns (600 ns) [6.00x] |"), "{page}");
        assert!(
            page.contains("ours: 1000 MB/s; the others together take 10.0x as long, the fastest of them 4.00x"),
            "{page}"
        );
    }
}
