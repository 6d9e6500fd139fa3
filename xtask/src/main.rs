//! Chores of this repository, run as `cargo xtask <chore>`.

mod conformance;
mod functions;
mod generate;
mod header;
mod json_schema;
mod markdown;
mod providers;
mod results;
mod rust_table;
mod schema;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <chore>

  gen                  makes the files that come from schema/context.toml, from the functions' declarations and from the benchmarks
  gen --check          changes nothing; fails and names the files that are not up to date
  conformance          runs the cases of conformance/ in Rust and writes what came out to conformance/results/rust.json
  conformance --bless  writes what comes out into the cases, for their author to read
  conformance --flat FILE DIRECTORY
                       writes the cases for a program that cannot read JSON, and the files of cases below the directory
  parity [LANGUAGE...] compares what came out in all languages; fails for one of these that has no results";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match arguments.as_slice() {
        ["gen"] => generate::write(root),
        ["gen", "--check"] => generate::check(root),
        ["conformance"] => conformance::run(root),
        ["conformance", "--bless"] => conformance::bless(root),
        ["conformance", "--flat", out, directory] => {
            conformance::flat::write(root, Path::new(out), Path::new(directory))
        }
        ["parity", languages @ ..] => conformance::parity::run(root, languages),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
