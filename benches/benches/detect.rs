//! Scans and the guard of streams: CPU time on prose, and instructions on texts that are made to hurt.
//!
//! ```text
//! cargo bench --bench detect --no-default-features                    # CPU time
//! cargo bench --bench detect --no-default-features -- --instructions  # instructions a byte, under valgrind
//! ```
//!
//! Instructions are those of a run less those of a run that only builds the scanner, for a text and for one of four times its
//! length: work is linear when both give the same a byte.

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use llm_policy_benches::measure::interleaved;
use llm_policy_engine::detect::stream::{Action, Guard};
use llm_policy_engine::detect::{Family, Scanner, Scratch};

/// Prose without findings.
const PROSE: &str = "The committee met on the second floor, where the windows look out over the river, and talked about the \
    new library for most of the afternoon. Nobody could say who had suggested the colour, but everybody had an opinion on it. ";

/// Names of hostile texts, and what they are made of.
const HOSTILE: &[(&str, &str)] = &[
    ("prose", PROSE),
    ("digits", "4"),
    ("dots", "."),
    ("a@", "a@"),
    ("brackets", "((((")   ,
    ("zero-width", "\u{200B}"),
    ("percent", "%2525"),
    ("base64 in base64", "WVdSaFFHVjRZVzF3YkdVdWIzSm5JR0Z1WkNCaWIySkFaWGhoYlhCc1pTNXZjbWM9 "),
    ("hexadecimal", "616461406578616d706c652e6f7267"),
    ("groups of digits", "12 34 "),
    ("cards", "4111 1111 1111 1111 "),
    ("keys", "-----BEGIN PRIVATE KEY-----"),
    ("names", "password=\""),
    ("single letters", "a "),
    ("look-alikes", "а"),
    ("Han", "漢"),
];

fn streamed() -> Scanner {
    let families = [Family::Pii, Family::Phi, Family::Secret, Family::Profanity];
    Scanner::builder().families(families).build().expect("a scanner")
}

fn whole() -> Scanner {
    Scanner::builder().budget(1 << 30).build().expect("a scanner")
}

fn stream(scanner: &Scanner, text: &str, size: usize) -> usize {
    let mut guard = Guard::new(scanner, |_| Action::Note).expect("families that stream");
    let mut out = 0;
    for chunk in text.as_bytes().chunks(size) {
        out += guard.push(black_box(chunk)).text.len();
    }
    out + guard.finish().text.len()
}

fn repeated(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes.div_ceil(unit.len()))
}

/// CPU time on 2 kB of prose.
fn times() {
    let text = repeated(PROSE, 2048);
    let (all, some) = (whole(), streamed());
    let mut scratch = (Scratch::default(), Scratch::default());
    let costs = interleaved(
        vec![
            Box::new(|| drop(black_box(all.scan(black_box(&text), &mut scratch.0)))),
            Box::new(|| drop(black_box(some.scan(black_box(&text), &mut scratch.1)))),
            Box::new(|| drop(black_box(stream(&some, &text, 4)))),
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

/// Runs one text in this process: for valgrind.
fn one(what: &str, unit: &str, bytes: usize) {
    let scanner = if what == "scan" { whole() } else { streamed() };
    if bytes > 0 {
        let text = repeated(unit, bytes);
        match what {
            "scan" => drop(black_box(scanner.scan(black_box(&text), &mut Scratch::default()))),
            _ => drop(black_box(stream(&scanner, &text, 512))),
        }
    }
}

/// Instructions of a run of this program, in millions.
fn instructions(what: &str, unit: &str, bytes: usize) -> f64 {
    let this = std::env::current_exe().expect("this program");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["--one", what, unit, &bytes.to_string()])
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&ran.stderr);
    let count = text.lines().find_map(|line| line.split("Collected : ").nth(1)).expect("valgrind counted");
    count.trim().parse::<f64>().expect("a number")
}

fn hostile() {
    const SHORT: usize = 256 << 10;
    println!("{:<18} {:>10} {:>10} {:>10} {:>10}   instructions a byte", "", "scan ¼ MiB", "1 MiB", "stream ¼", "1 MiB");
    let base = ["scan", "stream"].map(|what| instructions(what, "", 0));
    for (name, unit) in HOSTILE {
        let mut line = format!("{name:<18}");
        for (what, base) in ["scan", "stream"].iter().zip(base) {
            for bytes in [SHORT, 4 * SHORT] {
                let count = instructions(what, unit, bytes) - base;
                line += &format!(" {:>10.0}", count / bytes as f64);
            }
        }
        println!("{line}");
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let at = |place: usize| arguments.get(place).map_or("", String::as_str);
    match at(1) {
        "--one" => one(at(2), at(3), at(4).parse().unwrap_or(0)),
        _ if arguments.iter().any(|argument| argument == "--instructions") => hostile(),
        _ => times(),
    }
}
