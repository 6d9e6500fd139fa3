//! Chores of this repository, run as `cargo xtask <chore>`.

mod artefact;
mod conformance;
mod functions;
mod generate;
mod header;
mod json_schema;
mod licenses;
mod markdown;
mod providers;
mod results;
mod rust_table;
mod sbom;
mod schema;
mod versions;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <chore>

  gen                  makes the files that come from schema/context.toml, from the functions' declarations and from the benchmarks,
                       and writes the workspace's version where it is repeated
  gen --check          changes nothing; fails and names the files that are not up to date
  conformance          runs the cases of conformance/ in Rust and writes what came out to conformance/results/rust.json
  conformance --bless  writes what comes out into the cases, for their author to read
  conformance --flat FILE DIRECTORY
                       writes the cases for a program that cannot read JSON, and the files of cases below the directory
  parity [LANGUAGE...] compares what came out in all languages; fails for one of these that has no results
  licenses             fails when something that is shipped contains what has a licence that is not accepted
  notices CRATE PURL DIRECTORY TARGET...
                       writes LICENSE-THIRD-PARTY.txt and sbom.cdx.json for the package PURL, which holds the library CRATE, built for
                       these targets";

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
        ["licenses"] => licenses::check(root),
        ["notices", package, purl, directory, targets @ ..] if !targets.is_empty() => {
            notices(root, package, purl, Path::new(directory), targets)
        }
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

fn notices(root: &Path, package: &str, purl: &str, directory: &Path, targets: &[&str]) -> Result<(), String> {
    let parts = artefact::Workspace::read(root)?.parts(package, targets)?;
    for (name, text) in
        [("LICENSE-THIRD-PARTY.txt", licenses::texts(root, &parts)?), ("sbom.cdx.json", sbom::render(purl, &parts)?)]
    {
        std::fs::write(directory.join(name), text).map_err(|e| format!("{}: {e}", directory.join(name).display()))?;
    }
    Ok(())
}
