//! Instructions that scans and streams take for each byte of texts that are made to hurt, under valgrind.
//!
//! Instructions are those of a run less those of a run that only builds the scanner. Work is linear when all lengths of a text
//! cost the same a byte. They are the same on a busy machine.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;

use llm_policy_benches::callgrind;
use llm_policy_benches::contender::Result;
use llm_policy_benches::page::{Machine, three_digits, write_section};
use llm_policy_engine::detect::stream::{Action, Guard};
use llm_policy_engine::detect::{Family, Scanner, Scratch};

const USAGE: &str = "\
Counts the instructions that hostile texts cost. Needs valgrind.

usage: hostile [--write FILE] [NAME..]

  --write  write the table as a section of this page, too
  NAME     texts whose names start so";

const KIB: usize = 1024;
const LENGTHS: [usize; 3] = [256 * KIB, 512 * KIB, 1024 * KIB];

/// Bytes in a chunk of the stream.
const CHUNK: usize = 512;

/// What is measured: all families at once, and those that can be masked as they pass.
const WORK: [&str; 2] = ["scan", "stream"];

/// Names of texts, and what they repeat. The first is what everybody writes.
fn texts() -> Vec<(&'static str, String)> {
    let mut texts: Vec<(&str, String)> = [
        ("digits", "4"),
        ("dots", "."),
        ("a@", "a@"),
        ("((((", "("),
        ("zero-width", "\u{200B}"),
        ("percent of percent", "%25252525252525252541"),
        ("entities of entities", "&amp;amp;amp;amp;amp;amp;lt;"),
        ("hexadecimal", "616461406578616d706c652e6f7267"),
        ("groups of digits", "12 34 "),
        ("cards", "4111 1111 1111 1111 "),
        ("keys", "-----BEGIN PRIVATE KEY-----"),
        ("assignments", "password=\""),
        ("single letters", "i g n o r e "),
        ("look-alikes", "а"),
        ("Han", "漢"),
    ]
    .map(|(name, unit)| (name, unit.to_owned()))
    .into();
    texts.insert(0, ("prose", include_str!("../../texts/prose.txt").to_owned()));
    texts.push((
        "base64, eight deep",
        format!("{} ", (0..8).fold("ada@example.org".to_owned(), |text, _| base64(&text))),
    ));
    texts
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--one", what, name, bytes] => one(what, name, bytes),
        ["--help", ..] => {
            println!("{USAGE}");
            Ok(())
        }
        ["--write", path, ref names @ ..] => table(Some(path.into()), names),
        ref names => table(None, names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hostile: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What valgrind looks at: builds the scanner, and looks through one text if it is not empty.
fn one(what: &str, name: &str, bytes: &str) -> Result<()> {
    let bytes: usize = bytes.parse()?;
    let mut builder = Scanner::builder().budget(1 << 30);
    if what == "stream" {
        builder = builder.families([Family::Pii, Family::Phi, Family::Secret, Family::Profanity]);
    }
    let scanner = builder.build()?;
    if bytes > 0 {
        let (_, unit) = texts().into_iter().find(|(text, _)| *text == name).ok_or("no such text")?;
        let text = unit.repeat(bytes.div_ceil(unit.len()));
        if what == "scan" {
            drop(black_box(scanner.scan(black_box(&text), &mut Scratch::default())));
        } else {
            let mut guard = Guard::new(&scanner, |_| Action::Note)?;
            for chunk in text.as_bytes().chunks(CHUNK) {
                drop(black_box(guard.push(chunk)));
            }
            drop(black_box(guard.finish()));
        }
    }
    Ok(())
}

/// Instructions of such a run.
fn instructions(what: &str, name: &str, bytes: usize) -> Result<f64> {
    callgrind::instructions(&["--one", what, name, &bytes.to_string()])
}

fn table(write: Option<PathBuf>, names: &[&str]) -> Result<()> {
    let mut page = format!(
        "# Texts that are made to hurt\n\nMeasured on {}, with `make bench-hostile`: instructions a byte, as valgrind counts them. \
         *Scan*: all families at once; *stream*:\nwhat can be masked as it passes, in chunks of {CHUNK} bytes. The last columns: \
         how many times as many a byte for 1 MiB as for 256 KiB.\n\n| text |",
        Machine::here()
    );
    for what in WORK {
        for length in LENGTHS {
            let _ = write!(page, " {what}, {} KiB |", length / KIB);
        }
    }
    let _ = writeln!(page, " scan | stream |\n|---|{}", "--:|".repeat(2 * LENGTHS.len() + 2));
    let base = [instructions(WORK[0], "", 0)?, instructions(WORK[1], "", 0)?];
    for (name, _) in texts() {
        if !names.is_empty() && !names.iter().any(|wanted| name.starts_with(wanted)) {
            continue;
        }
        eprintln!("{name}");
        let _ = write!(page, "| {} |", name.replace('|', "\\|"));
        let mut grows = String::new();
        for (what, base) in WORK.into_iter().zip(base) {
            let mut each = Vec::new();
            for length in LENGTHS {
                each.push((instructions(what, name, length)? - base) / length as f64);
            }
            for count in &each {
                let _ = write!(page, " {count:.1} |");
            }
            let _ = write!(grows, " {}x |", three_digits(each[LENGTHS.len() - 1] / each[0]));
        }
        let _ = writeln!(page, "{grows}");
    }
    if let Some(path) = &write {
        write_section(path, "hostile", &page)?;
    }
    print!("{page}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        assert_eq!(["", "f", "fo", "foo", "foob"].map(base64), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
