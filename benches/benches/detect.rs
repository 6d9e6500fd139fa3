//! Scans and the guard of streams: CPU time on prose. `make bench-guards` compares it with others, `make bench-hostile` counts the
//! instructions of texts that are made to hurt.
//!
//! ```text
//! cargo bench --bench detect --no-default-features
//! ```

use std::hint::black_box;
use std::time::Duration;

use llm_policy_benches::measure::interleaved;
use llm_policy_engine::detect::stream::{Action, Guard};
use llm_policy_engine::detect::{Family, Scanner, Scratch};

/// Prose without findings.
const PROSE: &str = include_str!("../texts/prose.txt");

fn streamed() -> Scanner {
    let families = [Family::Pii, Family::Phi, Family::Secret, Family::Profanity];
    Scanner::builder().families(families).build().expect("a scanner")
}

fn whole() -> Scanner {
    Scanner::builder().build().expect("a scanner")
}

fn stream(scanner: &Scanner, text: &str, size: usize) -> usize {
    let mut guard = Guard::new(scanner, |_| Action::Note).expect("families that stream");
    let mut out = 0;
    for chunk in text.as_bytes().chunks(size) {
        out += guard.push(black_box(chunk)).text.len();
    }
    out + guard.finish().text.len()
}

fn main() {
    let text = PROSE;
    let (all, some) = (whole(), streamed());
    let mut scratch = (Scratch::default(), Scratch::default());
    let costs = interleaved(
        vec![
            Box::new(|| drop(black_box(all.scan(black_box(text), &mut scratch.0)))),
            Box::new(|| drop(black_box(some.scan(black_box(text), &mut scratch.1)))),
            Box::new(|| _ = black_box(stream(&some, text, 4))),
        ],
        Duration::from_millis(20),
        30,
    );
    let (bytes, chunks) = (text.len() as f64, text.len().div_ceil(4) as f64);
    for (name, cost) in ["scan, all families", "scan, families that stream", "stream, chunks of 4"].iter().zip(&costs) {
        let time = cost.time.median;
        println!("{name:<28} {:>9.0} ns for {bytes} bytes, {:>6.1} MB/s", time, bytes * 1e3 / time);
    }
    println!("{:<28} {:>9.1} ns", "a chunk of 4 characters", costs[2].time.median / chunks);
}
